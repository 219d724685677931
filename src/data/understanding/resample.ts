import type { TimeStep } from '../calendar.js';
import type { SeriesRange } from '../frame.js';
import { startOfStep } from './steps.js';

/** Rows put together by the step that they lie in: bucket i has the ordered rows [from[i], to[i]). */
export interface Buckets {
  from: Int32Array;
  to: Int32Array;
  /** The start of each step. */
  calendar: Float64Array;
  series: SeriesRange[];
  /** First and last steps of a series that were left out because rows are missing from them. */
  partial: number;
}

/**
 * Puts ordered rows together, step by step. Where rows are regular, a first or last step that has fewer of them than the
 * step holds is left out: its sum would be no sum.
 * @param rowsIn how many rows the step that begins at a time has, where that is known
 */
export function bucketRows(
  calendar: Float64Array,
  series: readonly SeriesRange[],
  step: TimeStep,
  rowsIn: ((start: number) => number) | undefined,
): Buckets {
  const from: number[] = [];
  const to: number[] = [];
  const starts: number[] = [];
  const ranges: SeriesRange[] = [];
  let partial = 0;
  for (const range of series) {
    let own: { from: number; to: number; start: number }[] = [];
    for (let i = range.from; i < range.to; i++) {
      const start = startOfStep(calendar[i], step);
      const last = own[own.length - 1];
      if (last?.start === start) last.to = i + 1;
      else own.push({ from: i, to: i + 1, start });
    }
    const size = (bucket: { from: number; to: number }) => bucket.to - bucket.from;
    if (rowsIn !== undefined && own.length > 2) {
      const whole = own.filter((bucket, i) => (i > 0 && i < own.length - 1) || size(bucket) >= rowsIn(bucket.start));
      partial += own.length - whole.length;
      own = whole;
    }
    ranges.push({ name: range.name, from: from.length, to: from.length + own.length });
    for (const bucket of own) {
      from.push(bucket.from);
      to.push(bucket.to);
      starts.push(bucket.start);
    }
  }
  return {
    from: Int32Array.from(from),
    to: Int32Array.from(to),
    calendar: Float64Array.from(starts),
    series: ranges,
    partial,
  };
}

export type Aggregate = 'sum' | 'mean' | 'max' | 'most frequent';

const amounts =
  /count|sales|sold|amount|amt|qty|quantity|volume|total|orders?|visits?|views|clicks|revenue|turnover|umsatz|menge|anzahl|absatz|precip|rain|regen|snow|kwh|passengers|trips|rides|units|demand|consumption|verbrauch|cases|deaths|births|tickets|calls|events?|transactions/i;
const levels =
  /temp|price|preis|prix|rate|level|humid|pressure|avg|average|mean|median|index|percent|pct|ratio|share|wind|speed|angle|voltage|score|close|open|high|low|stock|inventory|bestand|balance|population|age/i;

/**
 * Whether a column's numbers are amounts, which add up over time, or levels, which do not: by its name or unit, else whole
 * numbers of at least 0 are counts.
 */
export function aggregateOf(name: string, values: Float64Array, unit: string | undefined): 'sum' | 'mean' {
  if (unit !== undefined && /[%°‰]|\/|kW$|MW$|^W$|^V$|^A$|Pa$/.test(unit)) return 'mean';
  if (levels.test(name)) return 'mean';
  if (amounts.test(name) || (unit !== undefined && /Wh$|\p{Sc}/u.test(unit))) return 'sum';
  return values.every((value) => Number.isNaN(value) || (value >= 0 && Number.isInteger(value))) ? 'sum' : 'mean';
}

/** One value per bucket; NaN where every value of it is missing. */
export function aggregate(values: Float64Array, { from, to }: Buckets, how: Aggregate): Float64Array {
  const result = new Float64Array(from.length).fill(Number.NaN);
  for (let bucket = 0; bucket < result.length; bucket++) {
    const part = values.subarray(from[bucket], to[bucket]).filter((value) => !Number.isNaN(value));
    if (part.length === 0) continue;
    if (how === 'most frequent') result[bucket] = mostFrequent(part);
    else if (how === 'max') result[bucket] = part.reduce((a, b) => Math.max(a, b));
    else {
      const sum = part.reduce((a, b) => a + b);
      result[bucket] = how === 'sum' ? sum : sum / part.length;
    }
  }
  return result;
}

/** Of equally frequent ones the last. */
function mostFrequent(values: Float64Array): number {
  const counts = new Map<number, number>();
  let best = values[values.length - 1];
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) if (count > (counts.get(best) ?? 0)) best = value;
  return best;
}
