import { day, dayOf, daysIn, remainder } from './days.js';

/**
 * The time from one row to the next: a number of units. Business days are Monday to Friday, working days Monday to Saturday;
 * 'number' is plain numbers.
 */
export interface TimeStep {
  unit: 'month' | 'millisecond' | 'business day' | 'working day' | 'number';
  count: number;
}

/** Days of a week that count, from Monday on; undefined for steps that do not leave days out. */
export function daysOfWeek({ unit }: TimeStep): number | undefined {
  return unit === 'business day' ? 5 : unit === 'working day' ? 6 : undefined;
}

/** The time n steps after another one, by what the clock there shows. The last day of a month goes to the last of others. */
export function addSteps(time: number, step: TimeStep, n: number): number {
  const days = daysOfWeek(step);
  if (days !== undefined) return fromDay(countedDay(time, days) + n * step.count, days, time);
  if (step.unit !== 'month') return time + n * step.count;
  const date = new Date(time);
  const months = monthOf(time) + n * step.count;
  const [year, month] = [Math.floor(months / 12), remainder(months, 12) + 1];
  const lastDate = daysIn(year, month);
  const isLast = new Date(time + day).getUTCDate() === 1;
  const to = isLast ? lastDate : Math.min(date.getUTCDate(), lastDate);
  return dayOf(year, month, to) * day + remainder(time, day);
}

/** The first `days` of each week from Monday on, counted from 1970; a day after them counts as the last one before it. */
export function countedDay(time: number, days: number): number {
  const all = Math.floor(time / day) + 3;
  const week = Math.floor(all / 7);
  return week * days + Math.min(all - week * 7, days - 1);
}

function fromDay(count: number, days: number, time: number): number {
  const week = Math.floor(count / days);
  const clock = remainder(time, day);
  return (week * 7 + (count - week * days) - 3) * day + clock;
}

/** Months since the year 0. */
export function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
