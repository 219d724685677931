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

/** The first `days` of each week from Monday on, counted from 1970; a day after them counts as the last one before it. */
export function countedDay(time: number, days: number): number {
  const all = Math.floor(time / 86_400_000) + 3;
  const week = Math.floor(all / 7);
  return week * days + Math.min(all - week * 7, days - 1);
}

function fromDay(count: number, days: number, time: number): number {
  const week = Math.floor(count / days);
  const clock = time - Math.floor(time / 86_400_000) * 86_400_000;
  return (week * 7 + (count - week * days) - 3) * 86_400_000 + clock;
}

/** Months since the year 0. */
export function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
