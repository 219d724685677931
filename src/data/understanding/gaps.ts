import { addSteps, daysOfWeek, type TimeStep } from '../calendar.js';
import type { SeriesRange } from '../frame.js';
import { stepsBetween } from './steps.js';

const hour = 3_600_000;

/** Missing times inside series: rows after which some are missing, and how many. */
export interface Gaps {
  /** The row before each gap. */
  after: number[];
  counts: number[];
  /** Missing times in all. */
  missing: number;
}

/**
 * The gaps of a regular step. Days of business have none (holidays), and an hour that is missing where another comes twice is a
 * clock that was put forward.
 */
export function findGaps(
  calendar: Float64Array,
  series: readonly SeriesRange[],
  step: TimeStep,
  clockChanges: boolean,
): Gaps {
  const gaps: Gaps = { after: [], counts: [], missing: 0 };
  if (daysOfWeek(step) !== undefined) return gaps;
  for (const { from, to } of series) {
    for (let row = from + 1; row < to; row++) {
      const count = Math.round(stepsBetween(calendar[row - 1], calendar[row], step)) - 1;
      if (count < 1) continue;
      if (clockChanges && calendar[row] - calendar[row - 1] === step.count + hour) continue;
      gaps.after.push(row - 1);
      gaps.counts.push(count);
      gaps.missing += count;
    }
  }
  return gaps;
}

/** Rows with those of the gaps between them: which row each was (−1 for an added one), the times and the series. */
export function insertRows(
  calendar: Float64Array,
  series: readonly SeriesRange[],
  step: TimeStep,
  gaps: Gaps,
): { origin: Int32Array; calendar: Float64Array; series: SeriesRange[] } {
  const rows = calendar.length + gaps.missing;
  const origin = new Int32Array(rows).fill(-1);
  const times = new Float64Array(rows);
  const ranges: SeriesRange[] = [];
  let at = 0;
  let gap = 0;
  for (const { name, from, to } of series) {
    const begin = at;
    for (let row = from; row < to; row++) {
      origin[at] = row;
      times[at++] = calendar[row];
      if (gaps.after[gap] !== row) continue;
      for (let i = 1; i <= gaps.counts[gap]; i++) times[at++] = addSteps(calendar[row], step, i);
      gap++;
    }
    ranges.push({ name, from: begin, to: at });
  }
  return { origin, calendar: times, series: ranges };
}

/** Values with NaN in the rows that were added. */
export function spreadOut(values: Float64Array, origin: Int32Array): Float64Array {
  const spread = new Float64Array(origin.length);
  for (let row = 0; row < origin.length; row++) spread[row] = origin[row] < 0 ? Number.NaN : values[origin[row]];
  return spread;
}
