/** The time from one row to the next: a number of units. Business days are Monday to Friday; 'number' is plain numbers. */
export interface TimeStep {
  unit: 'month' | 'millisecond' | 'business day' | 'number';
  count: number;
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
