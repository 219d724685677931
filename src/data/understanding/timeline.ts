import { MemcellError, usageError } from '../../errors.js';
import { addSteps, daysOfWeek, type TimeStep } from '../calendar.js';
import { day } from '../days.js';
import type { Note, SeriesRange, TimeReading } from '../frame.js';
import type { Table } from '../table.js';
import type { ChosenTime } from './chooseTime.js';
import { findGaps, insertRows } from './gaps.js';
import type { Request, UnderstandOptions } from './request.js';
import { type Buckets, bucketRows } from './resample.js';
import type { Ordered } from './series.js';
import {
  describeStep,
  findSpacing,
  fitsStep,
  parseEvery,
  type Spacing,
  seasonOf,
  stepsBetween,
  writeEvery,
} from './steps.js';
import { writeTime } from './timeText.js';
import { placeOf, times } from './wording.js';

/** The rows of a frame: which ordered rows they come from, and when they are. */
export interface Timeline {
  /** Rows put together, when they are resampled. */
  buckets?: Buckets;
  /** For each row of the frame the bucket or ordered row that it is; −1 for one that was filled in. */
  origin: Int32Array;
  calendar: Float64Array;
  series: SeriesRange[];
  /** Undefined for rows without a time. */
  reading?: TimeReading;
  /** Missing times that were filled in, or left. */
  gaps: number;
  /** Whether lines between values are drawn by time: rows are irregular. */
  irregular: boolean;
  /** Whether irregular rows were put together: a step without any had none of what is times. */
  events: boolean;
}

/**
 * The step of ordered rows; rows brought to a given step; missing times filled in.
 * @throws MemcellError for another step than the model's, a finer one than the rows have, and for gaps with fill 'none'
 */
export function timeline(
  table: Table,
  time: ChosenTime,
  ordered: Ordered,
  request: Request,
  options: UnderstandOptions,
  notes: Note[],
): Timeline {
  const numbers = time.reading.notation === 'number';
  let calendar = gather(time.calendar, ordered.rows);
  let { series } = ordered;
  let reading: TimeReading = { ...time.reading };
  const write = (at: number) => writeTime(reading, at - time.shift);
  let found = findSpacing(parts(calendar, series), numbers);
  let buckets: Buckets | undefined;
  let alike = false;
  if (request.every !== undefined && options.timeless !== true) {
    const every = parseEvery(request.every);
    if (numbers) throw usageError(`every: the times of ${table.name} are plain numbers; only dates can be resampled`);
    if (time.walls !== undefined && (every.unit === 'month' || every.count >= day)) {
      calendar = gather(time.walls, ordered.rows);
      reading = { ...reading, wall: true };
    }
    refuseFiner(table, calendar, series, found, every, request.every);
    alike = found !== undefined && found.off <= 0.05 * found.total;
    buckets = bucketRows(calendar, series, every, alike && found ? rowsOf(found.step, every) : undefined);
    const put = `${times(ordered.rows.length, 'row')} put together to ${times(buckets.calendar.length, 'step')} of ${describeStep(every)}`;
    notes.push(
      buckets.partial === 0
        ? put
        : `${put}; ${times(buckets.partial, 'first or last step')} left out, of which rows are missing`,
    );
    ({ calendar, series } = buckets);
    found = spacingOfEvery(parts(calendar, series), every);
  }
  const expected = options.like?.time?.step;
  if (expected !== undefined && options.timeless !== true) {
    refuseOther(table, parts(calendar, series), found, expected);
    found = { step: expected, off: 0, total: 0, ...(found?.missing !== undefined && { missing: found.missing }) };
    found.missing ??= fitsGrid(parts(calendar, series), expected, numbers);
  }
  const origin = new Int32Array(calendar.length).map((_, i) => i);
  const base = { series, origin, calendar, events: buckets !== undefined && !alike, ...(buckets && { buckets }) };
  if (found === undefined) {
    if (calendar.length > 2 && options.timeless !== true)
      notes.push(irregularNote(table, time, ordered, calendar, numbers));
    return { ...base, reading, gaps: 0, irregular: true };
  }
  const season = options.like === undefined ? seasonOf(found.step) : options.like.time?.season;
  reading = { ...reading, step: found.step, ...(season !== undefined && { season }) };
  const gaps = findGaps(calendar, series, found.step, ordered.putBack.length > 0);
  const place = (row: number) => {
    const at = buckets === undefined ? ordered.rows[row] : ordered.rows[buckets.from[row]];
    return `${placeOf(table, at)} (${write(calendar[row])})`;
  };
  if (gaps.missing === 0 || options.timeless === true)
    return { ...base, reading, gaps: gaps.missing, irregular: false };
  const many = `${times(gaps.missing, 'time')} ${gaps.missing === 1 ? 'is' : 'are'} missing`;
  if (options.label !== undefined || found.missing === undefined || gaps.missing > Math.max(10, calendar.length)) {
    notes.push(`${many}, the first after ${place(gaps.after[0])}; rows count as consecutive`);
    return { ...base, reading, gaps: gaps.missing, irregular: false };
  }
  if (request.fill === 'none') {
    throw new MemcellError(
      `${table.name}: ${many}, the first after ${place(gaps.after[0])}; add the rows, or leave out --fill none to have them filled in`,
    );
  }
  const how = request.fill === 'leave' ? 'and left empty' : 'and filled in';
  notes.push(`${many} ${how}, the first after ${place(gaps.after[0])}`);
  return { ...base, ...insertRows(calendar, series, found.step, gaps), reading, gaps: gaps.missing, irregular: false };
}

function gather(values: Float64Array, rows: Int32Array): Float64Array {
  const gathered = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) gathered[i] = values[rows[i]];
  return gathered;
}

function parts(calendar: Float64Array, series: readonly SeriesRange[]): Float64Array[] {
  return series.map(({ from, to }) => calendar.subarray(from, to));
}

function spacingOfEvery(series: readonly Float64Array[], every: TimeStep): Spacing {
  const total = series.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0);
  return { step: every, off: 0, total, missing: 0 };
}

/** 0 where every time is a whole number of steps after the one before it: its gaps can be filled in. */
function fitsGrid(series: readonly Float64Array[], step: TimeStep, numbers: boolean): number | undefined {
  if (series.some(({ length }) => length > 1) && !fitsStep(series, step)) return undefined;
  const fixed = numbers || step.unit === 'millisecond';
  const whole = (steps: number) => Math.abs(steps - Math.round(steps)) < 1e-6;
  return series.every((times) =>
    times.every((time, i) => i === 0 || !fixed || whole((time - times[i - 1]) / step.count)),
  )
    ? 0
    : undefined;
}

/** How many rows of a step are in a longer one that begins at a time; undefined for days of which some are off. */
function rowsOf(step: TimeStep, every: TimeStep): ((start: number) => number) | undefined {
  if (daysOfWeek(step) !== undefined) return undefined;
  return (start) => Math.floor(stepsBetween(start, addSteps(start, every, 1), step) + 1e-6);
}

function refuseFiner(
  table: Table,
  calendar: Float64Array,
  series: readonly SeriesRange[],
  found: Spacing | undefined,
  every: TimeStep,
  text: string,
): void {
  const lengths: Record<TimeStep['unit'], number> = {
    month: 30 * day,
    millisecond: 1,
    'business day': day,
    'working day': day,
    number: 1,
  };
  const length = lengths[every.unit] * every.count;
  let step = found && lengths[found.step.unit] * found.step.count;
  if (step === undefined) {
    const spans = series.reduce((sum, { from, to }) => sum + calendar[to - 1] - calendar[from], 0);
    step = spans / Math.max(1, calendar.length - series.length) / 2;
  }
  if (length >= step) return;
  const is = found === undefined ? 'about ' : '';
  const written = describeStep(
    found?.step ?? { unit: 'millisecond', count: Math.max(1000, Math.round(step / 1000) * 1000) },
  );
  throw usageError(
    `every: the step of ${table.name} is ${is}${written}; ${text} would invent rows; take a longer step`,
  );
}

function refuseOther(
  table: Table,
  series: readonly Float64Array[],
  found: Spacing | undefined,
  expected: TimeStep,
): void {
  if (series.every(({ length }) => length < 2) || fitsStep(series, expected)) return;
  if (found === undefined || (found.step.unit === expected.unit && found.step.count === expected.count)) return;
  const every = writeEvery(expected);
  const remedy = every === undefined ? 'give it rows of that step' : `--every ${every} resamples`;
  throw new MemcellError(
    `${table.name}: the model's step is ${describeStep(expected)}, the file's ${describeStep(found.step)}; ${remedy}`,
  );
}

/** Where the first step is that differs from the most frequent one, and what mends it. */
function irregularNote(
  table: Table,
  time: ChosenTime,
  ordered: Ordered,
  calendar: Float64Array,
  numbers: boolean,
): string {
  const steps: number[] = [];
  let first = 0;
  for (const { from, to } of ordered.series) {
    for (let i = from + 1; i < to; i++) {
      const step = calendar[i] - calendar[i - 1];
      if (step <= 0) continue;
      if (first === 0 && steps.length > 0 && step !== steps[0]) first = i;
      steps.push(step);
    }
  }
  const middle = Float64Array.from(steps).sort()[steps.length >> 1] ?? 0;
  const row = ordered.rows[first];
  const place = `${placeOf(table, row)} (${writeTime(time.reading, time.calendar[row] - time.shift)})`;
  const every = middle < 3_600_000 ? '1h' : middle < day ? '1d' : middle < 7 * day ? '1w' : '1mo';
  const remedy = numbers ? '' : `; --every ${every} brings them to one step`;
  return `the steps between times differ, the first at ${place}; rows count as consecutive${remedy}`;
}
