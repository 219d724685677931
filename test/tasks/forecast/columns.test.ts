import { expect, test } from '@jest/globals';
import { columnOf, scaleColumns, usefulColumns } from '../../../src/tasks/forecast/columns.js';
import type { Series } from '../../../src/tasks/forecast/forecaster.js';
import { noise } from './series.js';

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

const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const changesOf = (values: number[]) => values.slice(1).map((v, i) => v - values[i]);
/** Pearson's, by standardised values. */
function correlation(a: number[], b: number[]): number {
  const standard = (values: number[]) => {
    const mean = meanOf(values);
    const std = Math.sqrt(meanOf(values.map((v) => (v - mean) ** 2)));
    return values.map((v) => (std > 0 ? (v - mean) / std : 0));
  };
  const [x, y] = [standard(a), standard(b)];
  return meanOf(x.map((v, i) => v * y[i]));
}
const seriesOf = (rows: number, past: Float64Array): Series => ({
  name: '',
  rows,
  targets: new Float64Array(rows),
  past,
  known: new Float64Array(),
});

test('columns of several series have one scale, over all rows, or all changes where they follow a trend on the whole', () => {
  for (let key = 1; key <= 12; key++) {
    const width = 3;
    const series = [12, 5, 30].map((rows, s) =>
      seriesOf(
        rows,
        Float64Array.from(noise(rows * width, key + 10 * s), (e, i) => {
          const row = Math.floor(i / width);
          // The last is constant but for round-off.
          return i % width === 2
            ? 1e9 + (key % 2) * 1e-5 * e
            : e + ((key - 6) / 6) * (i % width) * row * (s === 1 ? -1 : 1);
        }),
      ),
    );
    const column = (one: Series, index: number) => columnOf(one.past, index, width);
    const listed = (one: Series, index: number) =>
      Array.from({ length: one.rows }, (_, row) => one.past[row * width + index]);
    for (const changes of [true, false]) {
      const expected = ['a', 'b', 'c'].map((name, index) => {
        const all = series.map((one) => listed(one, index));
        const trend = meanOf(
          all.map((one) =>
            Math.abs(
              correlation(
                one,
                one.map((_, i) => i),
              ),
            ),
          ),
        );
        const change = changes && trend > 0.7;
        const values = all.flatMap((one) => (change ? changesOf(one) : one));
        const mean = meanOf(values);
        const std = Math.sqrt(meanOf(values.map((v) => (v - mean) ** 2)));
        const near = std > 1e-12 * Math.abs(mean) ? expect.closeTo(std, 9) : 1;
        return { column: name, index, mean: expect.closeTo(mean, 5), std: near, change };
      });
      expect(scaleColumns(['a', 'b', 'c'], series, column, changes)).toEqual(expected);
    }
  }
});

test('without a row a column has the scale 1', () => {
  const none = scaleColumns(['a'], [seriesOf(0, new Float64Array())], () => new Float64Array(), true);
  expect(none).toEqual([{ column: 'a', index: 0, mean: 0, std: 1, change: false }]);
});

test('of many columns the thirty that go most with the next error in all series, in their order', () => {
  const width = 36;
  for (let key = 1; key <= 6; key++) {
    const series = [25, 14].map((rows, s) =>
      seriesOf(
        rows,
        Float64Array.from(noise(rows * width, key + 10 * s), (e, i) => {
          const index = i % width;
          // Two are constant, one only in the first series.
          if (index === 3 || index === 8 || (index === 5 && s === 0)) return index;
          return e + (index % 4 === 0 ? Math.floor(i / width) : 0);
        }),
      ),
    );
    const errors = series.map(({ rows }, s) => Float64Array.from(noise(rows, key + 77 + s)));
    const column = (one: Series, index: number) => columnOf(one.past, index, width);
    const names = Array.from({ length: width }, (_, i) => `c${i}`);
    const columns = scaleColumns(names, series, column, true);
    expect(columns.some(({ change }) => change)).toBe(true);
    const scored = columns
      .filter(({ index }) => index !== 3 && index !== 8)
      .map((one) => {
        const scores = series.map((own, s) => {
          const raw = [...column(own, one.index)];
          const values = one.change ? changesOf(raw) : raw;
          const next = [...errors[s]].slice(one.change ? 2 : 1);
          return Math.abs(correlation(values.slice(0, -1), next));
        });
        return { one, score: meanOf(scores) };
      });
    const least = scored.map(({ score }) => score).sort((a, b) => b - a)[29];
    expect(usefulColumns(columns, series, column, errors)).toEqual(
      scored.filter(({ score }) => score >= least).map(({ one }) => one),
    );
    const few = columns.filter(({ index }) => index < 20);
    expect(usefulColumns(few, series, column, errors)).toEqual(few.filter(({ index }) => index !== 3 && index !== 8));
  }
});
