import { usageError } from '../../errors.js';
import { countedDay, daysOfWeek, monthOf, type TimeStep } from '../calendar.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The share of steps that must be alike for a step to be known at all. */
const knownShare = 0.9;

/** Steps from which on a table without Sundays has none on purpose. */
const fewestWorking = 18;

/** How times follow each other. */
export interface Spacing {
  step: TimeStep;
  /** Steps that differ from it. */
  off: number;
  /** Steps in all. */
  total: number;
  /** Times that would fill the gaps, or undefined when some time is not a whole number of steps after the one before. */
  missing?: number;
}

/**
 * The step of increasing times, several series one by one: fixed, in months (all on one day of the month, or on its last) or
 * in days without weekends or without Sundays, whichever leaves fewest steps that differ. Undefined below 90 % alike,
 * unless all times stand on one grid of which at least half is there.
 */
export function findSpacing(series: readonly Float64Array[], numbers: boolean): Spacing | undefined {
  const found: Spacing[] = [];
  const fixed = spacing(series.map(differences), numbers ? 'number' : 'millisecond');
  if (fixed !== undefined) found.push(fixed);
  const long = fixed !== undefined && fixed.step.count >= 28 * day;
  if (!numbers && (fixed?.off !== 0 || long)) {
    if (series.every(isMonthly)) {
      const months = spacing(
        series.map((times) => differences(times.map(monthOf))),
        'month',
      );
      // Months come first: from December to February all are 31 days long.
      if (months !== undefined) found.unshift(months);
    }
    for (const unit of ['business day', 'working day'] as const) {
      const days = daysOfWeek({ unit, count: 1 }) ?? 7;
      if (!series.every((times) => isWithin(times, days))) continue;
      const counted = series.map((times) => times.map((time) => countedDay(time, days)));
      const steps = spacing(counted.map(differences), unit);
      // Sundays alone are left out of a table by chance where it is short.
      const told = unit === 'business day' || (steps !== undefined && steps.total >= fewestWorking);
      if (told && steps?.step.count === 1) found.push(steps);
    }
  }
  const known = found.filter(({ off, total, missing }) => {
    if (off <= (1 - knownShare) * total) return true;
    return off <= total / 2 && missing !== undefined && missing <= total;
  });
  if (known.length === 0) return undefined;
  return known.reduce((best, one) => (one.off < best.off ? one : best));
}

/** The spacing of the different times among some, in their order; NaN is none. */
export function spacingOf(times: Float64Array, numbers: boolean): Spacing | undefined {
  const sorted = times.filter((time) => !Number.isNaN(time)).sort();
  let n = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[n - 1]) sorted[n++] = sorted[i];
  return findSpacing([sorted.subarray(0, n)], numbers);
}

/** Steps from one time to a later one, in whole steps where both are on one grid. */
export function stepsBetween(from: number, to: number, step: TimeStep): number {
  if (step.unit === 'month') return (monthOf(to) - monthOf(from)) / step.count;
  const days = daysOfWeek(step);
  if (days !== undefined) return (countedDay(to, days) - countedDay(from, days)) / step.count;
  return (to - from) / step.count;
}

/** Whether two steps are the same, and times of the one may be read as the other. */
export function fitsStep(series: readonly Float64Array[], step: TimeStep): boolean {
  let [fitting, total] = [0, 0];
  if (step.unit === 'month' && !series.every(isMonthly)) return false;
  const days = daysOfWeek(step);
  if (days !== undefined && !series.every((times) => isWithin(times, days))) return false;
  for (const times of series) {
    for (let i = 1; i < times.length; i++) {
      total++;
      if (Math.abs(stepsBetween(times[i - 1], times[i], step) - 1) < 1e-6) fitting++;
    }
  }
  return fitting >= total / 2;
}

/** '1 day', '15 minutes', '1 quarter', '1 business day'. */
export function describeStep({ unit, count }: TimeStep): string {
  const of = (n: number, name: string) => `${n} ${name}${n === 1 ? '' : 's'}`;
  if (unit === 'business day') return of(count, 'business day');
  if (unit === 'working day') return `${of(count, 'day')} without Sundays`;
  if (unit === 'number') return String(count);
  if (unit === 'month') {
    if (count % 12 === 0) return of(count / 12, 'year');
    return count % 3 === 0 ? of(count / 3, 'quarter') : of(count, 'month');
  }
  const units: [number, string][] = [
    [7 * day, 'week'],
    [day, 'day'],
    [hour, 'hour'],
    [minute, 'minute'],
    [1000, 'second'],
  ];
  const [size, name] = units.find(([size]) => count % size === 0) ?? [1, 'millisecond'];
  return of(count / size, name);
}

/** How `--every` writes a step: '1d', '15min', '1mo'. */
export function writeEvery({ unit, count }: TimeStep): string | undefined {
  if (unit === 'month') return count % 12 === 0 ? `${count / 12}y` : count % 3 === 0 ? `${count / 3}q` : `${count}mo`;
  if (unit !== 'millisecond') return undefined;
  const sizes: [number, string][] = [
    [7 * day, 'w'],
    [day, 'd'],
    [hour, 'h'],
    [minute, 'min'],
    [1000, 's'],
  ];
  const found = sizes.find(([size]) => count % size === 0);
  return found && `${count / found[0]}${found[1]}`;
}

/**
 * Rows to a season by the calendar: a year of months, quarters or weeks, a week of days, a day of anything between five
 * minutes and half a day. 1 for years, which have none; undefined where the step says nothing.
 */
export function seasonOf(step: TimeStep): number | undefined {
  const { unit, count } = step;
  const days = daysOfWeek(step);
  if (days !== undefined) return count === 1 ? days : undefined;
  if (unit === 'number') return undefined;
  if (unit === 'month') return 12 % count === 0 ? 12 / count : count % 12 === 0 ? 1 : undefined;
  if (count === 7 * day) return 52;
  if (count === day) return 7;
  return count >= 5 * minute && count < day && day % count === 0 ? day / count : undefined;
}

/**
 * A step as people write it: '1d', '15min', '1h', '1w', '1mo', '1q', '1y', '30s'.
 * @throws MemcellError (usage) for anything else
 */
export function parseEvery(text: string): TimeStep {
  const match = /^\s*(\d*)\s*([a-z]+)\s*$/i.exec(text);
  const count = match === null || match[1] === '' ? 1 : Number(match[1]);
  const unit = match?.[2].toLowerCase() ?? '';
  const sizes: [RegExp, TimeStep][] = [
    [/^(s|secs?|seconds?)$/, { unit: 'millisecond', count: 1000 }],
    [/^(min|mins|minutes?|t)$/, { unit: 'millisecond', count: minute }],
    [/^(h|hours?)$/, { unit: 'millisecond', count: hour }],
    [/^(d|days?)$/, { unit: 'millisecond', count: day }],
    [/^(w|weeks?)$/, { unit: 'millisecond', count: 7 * day }],
    [/^(mo|months?)$/, { unit: 'month', count: 1 }],
    [/^(q|quarters?)$/, { unit: 'month', count: 3 }],
    [/^(y|years?)$/, { unit: 'month', count: 12 }],
  ];
  const found = sizes.find(([pattern]) => pattern.test(unit));
  if (found === undefined || count < 1) {
    throw usageError(`every: '${text}' is not a step; write it as 15min, 1h, 1d, 1w, 1mo, 1q or 1y`);
  }
  return { unit: found[1].unit, count: found[1].count * count };
}

/** The start of the step that a time lies in: weeks start on Monday, months on their first, others divide the day. */
export function startOfStep(time: number, step: TimeStep): number {
  if (step.unit === 'month') {
    const month = Math.floor(monthOf(time) / step.count) * step.count;
    return Date.UTC(Math.floor(month / 12), month % 12, 1);
  }
  // 1970 began on a Thursday.
  const origin = step.count % (7 * day) === 0 ? -3 * day : 0;
  return Math.floor((time - origin) / step.count) * step.count + origin;
}

function differences(times: Float64Array): Float64Array {
  const steps = new Float64Array(Math.max(0, times.length - 1));
  for (let i = 0; i < steps.length; i++) steps[i] = times[i + 1] - times[i];
  return steps;
}

/** Whether two clocks are the same, or an hour apart, as those of a zone are in summer and winter when written in UTC. */
function likeClocks(one: number, other: number): boolean {
  const apart = Math.abs(one - other);
  return apart === 0 || apart === hour || apart === day - hour;
}

/** Times that are there twice (the hour that is put back) are no step. */
function spacing(series: readonly Float64Array[], unit: TimeStep['unit']): Spacing | undefined {
  const counts = new Map<number, number>();
  let total = 0;
  for (const steps of series) {
    for (const difference of steps) {
      const step = unit === 'number' ? Number(difference.toPrecision(9)) : difference;
      if (step <= 0) continue;
      counts.set(step, (counts.get(step) ?? 0) + 1);
      total++;
    }
  }
  if (total === 0) return undefined;
  const [count, alike] = [...counts].reduce((most, entry) =>
    entry[1] > most[1] || (entry[1] === most[1] && entry[0] < most[0]) ? entry : most,
  );
  let missing: number | undefined = 0;
  for (const [step, times] of counts) {
    const steps = step / count;
    if (Math.abs(steps - Math.round(steps)) > 1e-6 || Math.round(steps) < 1) missing = undefined;
    else if (missing !== undefined) missing += (Math.round(steps) - 1) * times;
  }
  return { step: { unit, count }, off: total - alike, total, ...(missing !== undefined && { missing }) };
}

function isMonthly(times: Float64Array): boolean {
  if (times.length === 0) return true;
  const clock = clockOf(times[0]);
  const first = new Date(times[0]).getUTCDate();
  let [same, last] = [true, true];
  for (const time of times) {
    if (!likeClocks(clockOf(time), clock)) return false;
    same &&= new Date(time).getUTCDate() === first;
    last &&= new Date(time + day).getUTCDate() === 1;
    if (!same && !last) return false;
  }
  return true;
}

/** Whether all times are of the first days of a week, from Monday on, and at one time of day. */
function isWithin(times: Float64Array, days: number): boolean {
  if (times.length === 0) return true;
  const clock = clockOf(times[0]);
  return times.every((time) => {
    return clockOf(time) === clock && (new Date(time).getUTCDay() + 6) % 7 < days;
  });
}

function clockOf(time: number): number {
  return time - Math.floor(time / day) * day;
}
