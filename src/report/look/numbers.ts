import { autocorrelation, findSeason } from '../../tasks/forecast/season.js';
import { histogramOf, reducePoints } from '../../tasks/shown.js';
import { type Clock, cyclesOf } from './cycles.js';
import { quantile } from './quantile.js';
import type { LookedAutocorrelation, LookedNumbers } from './shown.js';

/** Rows that autocorrelation looks at, the newest, and lags: bounds of the time it takes. */
const [mostRows, mostLags, fewLags] = [50_000, 400, 40];

/** Stretches without a value that are told of a column. */
const mostGaps = 50;

/**
 * A column of numbers of one series.
 * @param y one per row, NaN where the value is missing
 * @param points that its line has at most
 */
export function lookAtNumbers(name: string, y: Float64Array, clock: Clock, points: number): LookedNumbers {
  const there = y.filter((value) => !Number.isNaN(value)).sort();
  const n = there.length;
  const mean = there.reduce((sum, value) => sum + value, 0) / n;
  const squares = there.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const auto = autocorrelationOf(y, n, clock.season);
  return {
    kind: 'numbers',
    name,
    values: n,
    missing: y.length - n,
    least: there[0],
    quartiles: [quantile(there, 0.25), quantile(there, 0.5), quantile(there, 0.75)],
    most: there[n - 1],
    mean,
    deviation: n < 2 ? 0 : Math.sqrt(squares / (n - 1)),
    line: reducePoints(clock.x, y, points),
    gaps: gapsOf(y, clock.x),
    histogram: histogramOf(there),
    ...(auto && { autocorrelation: auto }),
    cycles: cyclesOf(y, clock, auto?.season ?? 1),
  };
}

/** Missing values count as the mean, and so add nothing. Undefined of fewer than eight values, and of constant ones. */
function autocorrelationOf(
  y: Float64Array,
  values: number,
  calendar: number | undefined,
): LookedAutocorrelation | undefined {
  if (values < 8) return undefined;
  const newest = y.subarray(Math.max(0, y.length - mostRows));
  const season = calendar ?? findSeason(withMean(newest));
  const lags = Math.min(Math.floor(newest.length / 2), mostLags, Math.max(fewLags, Math.ceil(2.5 * season)));
  const changes = newest.slice(1).map((value, i) => value - newest[i]);
  const [ofValues, ofChanges] = [newest, changes].map((all) => autocorrelation(withMean(all), lags));
  if (ofValues[0] === 0) return undefined;
  return {
    values: Array.from(ofValues.subarray(1)),
    changes: Array.from(ofChanges.subarray(1)),
    rows: newest.length,
    bound: 1.96 / Math.sqrt(newest.length),
    season,
    by: calendar === undefined ? 'changes' : 'calendar',
  };
}

function withMean(values: Float64Array): Float64Array {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  const mean = count === 0 ? 0 : sum / count;
  return values.map((value) => (Number.isNaN(value) ? mean : value));
}

function gapsOf(y: Float64Array, x: ArrayLike<number>): LookedNumbers['gaps'] {
  const gaps: LookedNumbers['gaps'] = [];
  for (let row = 0; row < y.length; row++) {
    if (!Number.isNaN(y[row])) continue;
    const first = row;
    while (row + 1 < y.length && Number.isNaN(y[row + 1])) row++;
    gaps.push({ from: x[Math.max(0, first - 1)], to: x[Math.min(y.length - 1, row + 1)], rows: row - first + 1 });
  }
  return gaps.sort((a, b) => b.rows - a.rows).slice(0, mostGaps);
}
