import { expect, test } from '@jest/globals';
import { scaleColumns, usefulColumns } from '../../../src/tasks/forecast/columns.js';
import type { Series } from '../../../src/tasks/forecast/forecaster.js';

test.each([1, 1e-3])('of many columns those that go with the next error stay, errors of size %d', (size) => {
  const [rows, count] = [80, 40];
  const noise = (row: number, index: number) => Math.sin(1 + 12.9898 * row + 78.233 * index * index) % 1;
  const errors = Float64Array.from({ length: rows }, (_, row) => size * noise(row, 0));
  const series: Series = {
    name: '',
    rows,
    targets: errors,
    past: new Float64Array(),
    known: new Float64Array(),
  };
  const covariates = Array.from({ length: count }, (_, index) => ({
    column: `c${index}`,
    index,
    mean: 0,
    std: 1,
    change: false,
  }));
  // The last column tells the next error, the others nothing, or the error of their own row, which comes too late.
  const column = (_: Series, index: number) =>
    Float64Array.from({ length: rows }, (_, row) =>
      index === count - 1 ? (errors[row + 1] ?? 0) : noise(row, index + 1) + (index % 8 ? 9 * noise(row, 0) : 0),
    );
  const kept = usefulColumns(covariates, [series], column, [errors]);
  expect(kept).toHaveLength(30);
  expect(kept.map(({ index }) => index)).toContain(count - 1);
});

test.each([
  // By hand: 1.9/√(2·2.54) = 0.84 and 0.9/√(2·2.01) = 0.45.
  [[0, 2, 1.9], true],
  [[0, 2, 0.9], false],
  [[3, 3, 3], false],
])('%j enters as its change: %s', (values, change) => {
  const series: Series = {
    name: '',
    rows: 3,
    targets: new Float64Array(3),
    past: new Float64Array(),
    known: new Float64Array(),
  };
  const scaled = (changes: boolean) => scaleColumns(['c'], [series], () => Float64Array.from(values), changes)[0];
  expect(scaled(true).change).toBe(change);
  expect(scaled(false).change).toBe(false);
});
