import type { Covariate } from './channels.js';
import type { Series } from './forecaster.js';

/** Columns beside the targets that go in at most: those whose newest value goes most with what the anchor misses next. */
const MOST_COLUMNS = 30;

/** |correlation with time| from which a column follows a trend: it then enters as its change, as its level would leave all ranges. */
const TRENDING = 0.7;

/**
 * How the columns of all series are scaled: z-scores over all rows.
 * @param column the values of column `index` of a series
 * @param changes whether a column that follows a trend enters as its change
 */
export function scaleColumns(
  names: readonly string[],
  series: readonly Series[],
  column: (series: Series, index: number) => Float64Array,
  changes: boolean,
): Covariate[] {
  return names.map((name, index) => {
    const values = series.map((one) => column(one, index));
    const trend = mean(Float64Array.from(values, (one) => Math.abs(correlation(one, ramp(one.length)))));
    const change = changes && trend > TRENDING;
    const all = values.map((one) => (change ? differences(one) : one));
    const count = all.reduce((sum, one) => sum + one.length, 0);
    const centre = all.reduce((sum, one) => sum + one.reduce((part, value) => part + value, 0), 0) / Math.max(1, count);
    const squares = all.reduce((sum, one) => sum + one.reduce((part, value) => part + (value - centre) ** 2, 0), 0);
    const std = Math.sqrt(squares / Math.max(1, count));
    return { column: name, index, mean: centre, std: std > 1e-12 * Math.abs(centre) ? std : 1, change };
  });
}

/** Those columns that can be of use: not constant, and the best MOST_COLUMNS of them by correlation with the next error. */
export function usefulColumns(
  columns: readonly Covariate[],
  series: readonly Series[],
  column: (series: Series, index: number) => Float64Array,
  errors: readonly Float64Array[],
): Covariate[] {
  const varying = columns.filter(({ index }) =>
    series.some((one) => column(one, index).some((value, _, all) => value !== all[0])),
  );
  if (varying.length <= MOST_COLUMNS) return varying;
  const ranked = varying.map((covariate) => {
    const score = series.map((one, s) => {
      const raw = column(one, covariate.index);
      const values = covariate.change ? differences(raw) : raw;
      const from = errors[s].length - values.length;
      return Math.abs(correlation(values.subarray(0, -1), errors[s].subarray(from + 1)));
    });
    return { covariate, score: mean(Float64Array.from(score)) };
  });
  const kept = new Set(
    ranked
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST_COLUMNS)
      .map((one) => one.covariate),
  );
  return varying.filter((covariate) => kept.has(covariate));
}

/** Column `index` of row-major values. */
export function columnOf(values: Float64Array, index: number, width: number): Float64Array {
  return Float64Array.from({ length: values.length / width }, (_, row) => values[row * width + index]);
}

function differences(values: Float64Array): Float64Array {
  return values.subarray(1).map((value, i) => value - values[i]);
}

function ramp(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => i);
}

function mean(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Pearson's; 0 where one is constant. */
function correlation(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [mean(a), mean(b)];
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
