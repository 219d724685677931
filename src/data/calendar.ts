import { type DateStyle, formatDate } from './cells.js';

/** The time from one row to the next: a number of units. Business days are Monday to Friday; 'number' is plain numbers. */
export interface TimeStep {
  unit: 'month' | 'millisecond' | 'business day' | 'number';
  count: number;
}

/** The share of steps that must be alike for a time column to count as regular; the others are gaps. */
const regularShare = 0.95;

/**
 * The regular step of increasing dates, and where it is broken (rows after a gap). Months when the dates keep their day
 * of the month, or all are its last. Undefined when fewer than 95 % of the steps are alike.
 */
export function dateStep(times: Float64Array): { step: TimeStep; gaps: number[] } | undefined {
  const fixed = commonStep(differences(times), 'millisecond');
  if (fixed !== undefined) return fixed;
  const days = Array.from(times, (time) => new Date(time).getUTCDate());
  const lasts = Array.from(times, (time) => new Date(time + 86_400_000).getUTCDate() === 1);
  const clock = times[0] % 86_400_000;
  const monthly =
    times.every((time) => time % 86_400_000 === clock) &&
    (days.every((day) => day === days[0]) || lasts.every((last) => last));
  return monthly ? commonStep(differences(times.map(monthOf)), 'month') : undefined;
}

/** The regular step of increasing numbers; see `dateStep`. */
export function numberStep(values: Float64Array): { step: TimeStep; gaps: number[] } | undefined {
  return commonStep(differences(values), 'number');
}

/** The n dates that follow `last` by `step`, written in `style`. */
export function nextDates(last: number, step: TimeStep, n: number, style: DateStyle): string[] {
  return Array.from({ length: n }, (_, i) => formatDate(addSteps(last, step, i + 1), style));
}

/** The n numbers that follow `last` by `step`. */
export function nextNumbers(last: number, step: TimeStep, n: number): string[] {
  return Array.from({ length: n }, (_, i) => String(Number((last + step.count * (i + 1)).toPrecision(12))));
}

/** The time n steps after another one, by what the clock there shows. The last day of a month goes to the last of others. */
export function addSteps(time: number, step: TimeStep, n: number): number {
  if (step.unit === 'business day') return fromBusinessDay(businessDay(time) + n * step.count, time);
  if (step.unit !== 'month') return time + n * step.count;
  const date = new Date(time);
  const month = date.getUTCMonth() + n * step.count;
  const year = date.getUTCFullYear();
  const isLast = new Date(time + 86_400_000).getUTCDate() === 1;
  const lastDay = new Date(dayStart(year, month + 1, 0)).getUTCDate();
  const day = isLast && date.getUTCDate() >= 28 ? lastDay : Math.min(date.getUTCDate(), lastDay);
  return dayStart(year, month, day) + (time - Math.floor(time / 86_400_000) * 86_400_000);
}

/** Date.UTC takes the years 0 to 99 for 1900 to 1999. */
function dayStart(year: number, month: number, day: number): number {
  return new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, month, day);
}

/** Monday to Friday, counted from 1970; a Saturday or Sunday counts as the Friday before it. */
export function businessDay(time: number): number {
  const days = Math.floor(time / 86_400_000) + 3;
  const week = Math.floor(days / 7);
  return week * 5 + Math.min(days - week * 7, 4);
}

function fromBusinessDay(count: number, time: number): number {
  const week = Math.floor(count / 5);
  const clock = time - Math.floor(time / 86_400_000) * 86_400_000;
  return (week * 7 + (count - week * 5) - 3) * 86_400_000 + clock;
}

/** Months since the year 0. */
export function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function differences(values: Float64Array): Float64Array {
  return values.subarray(1).map((value, i) => value - values[i]);
}

function commonStep(steps: Float64Array, unit: TimeStep['unit']): { step: TimeStep; gaps: number[] } | undefined {
  if (steps.length === 0) return undefined;
  const rounded = unit === 'number' ? steps.map((step) => Number(step.toPrecision(9))) : steps;
  const counts = new Map<number, number>();
  for (const step of rounded) counts.set(step, (counts.get(step) ?? 0) + 1);
  const [count, times] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  if (times < regularShare * steps.length) return undefined;
  const gaps: number[] = [];
  for (let i = 0; i < rounded.length; i++) if (rounded[i] !== count) gaps.push(i + 1);
  return { step: { unit, count }, gaps };
}
