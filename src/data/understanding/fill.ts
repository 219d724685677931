import type { SeriesRange } from '../frame.js';

/**
 * Fills missing values (NaN) in place, series by series: on a line between the values around them, by time where rows are
 * irregular; the next value at the start, the last one at the end. Returns how many were filled; a series without any
 * value is left as it is.
 */
export function fillLinear(values: Float64Array, series: readonly SeriesRange[], times?: Float64Array): number {
  let filled = 0;
  for (const { from, to } of series) {
    let last = -1;
    for (let row = from; row < to; row++) {
      if (Number.isNaN(values[row])) continue;
      if (row > last + 1 && last >= from) {
        for (let gap = last + 1; gap < row; gap++) {
          const share = times === undefined ? (gap - last) / (row - last) : shareOf(times, last, gap, row);
          values[gap] = values[last] + share * (values[row] - values[last]);
          filled++;
        }
      } else if (last < from) {
        values.fill(values[row], from, row);
        filled += row - from;
      }
      last = row;
    }
    if (last >= from) {
      values.fill(values[last], last + 1, to);
      filled += to - last - 1;
    }
  }
  return filled;
}

/** Fills missing flags and categories in place with the last one before them, or the next at the start. */
export function fillLast(values: Float64Array, series: readonly SeriesRange[]): number {
  let filled = 0;
  for (const { from, to } of series) {
    const first = values.subarray(from, to).findIndex((value) => !Number.isNaN(value));
    if (first < 0) continue;
    let last = values[from + first];
    for (let row = from; row < to; row++) {
      if (!Number.isNaN(values[row])) last = values[row];
      else {
        values[row] = last;
        filled++;
      }
    }
  }
  return filled;
}

/** The middle one of the values that are there. */
export function median(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return Number.NaN;
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function shareOf(times: Float64Array, last: number, row: number, next: number): number {
  const span = times[next] - times[last];
  return span > 0 ? (times[row] - times[last]) / span : (row - last) / (next - last);
}
