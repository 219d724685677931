import { describe, expect, test } from '@jest/globals';
import type { Series } from '../../../src/tasks/forecast/forecaster.js';
import { continued, fromKept, type KeptSeries, keep } from '../../../src/tasks/forecast/kept.js';
import { sliceSeries, trainingRows } from '../../../src/tasks/forecast/seriesSet.js';

const widths = { targets: 2, past: 1, known: 0 };
const step = { columns: ['t'], notation: 'number', step: { unit: 'number' as const, count: 10 } };

/** Rows whose values tell their place: targets (r, 100 + r), past 1000 + r, time 10 r. */
const rows = (from: number, to: number, timed = true): Series => {
  const places = Array.from({ length: to - from }, (_, i) => from + i);
  return {
    name: 's',
    rows: places.length,
    targets: Float64Array.from(places.flatMap((r) => [r, 100 + r])),
    past: Float64Array.from(places, (r) => 1000 + r),
    known: new Float64Array(0),
    ...(timed && { times: Float64Array.from(places, (r) => 10 * r) }),
  };
};
/** Of 20 rows, all or the first 15 fitted on; the last 6 of those and what follows are kept. */
const kept = (trained = 20, timed = true) => keep([rows(0, 20, timed)], [trained], [[1, 1]], widths, [6])[0];

describe('continued', () => {
  test('what is kept: rows before the last one fitted on, and all after', () => {
    expect(kept()).toMatchObject({ rows: 20, trained: 20, times: [140, 150, 160, 170, 180, 190] });
    expect(kept(15).past).toEqual([1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018, 1019]);
  });

  test('the next rows go on from it', () => {
    const { series, before, seen, keptFrom } = continued(kept(), rows(20, 23), widths, step);
    expect(series).toEqual(rows(14, 23));
    expect([before, seen, keptFrom]).toEqual([6, 6, 0]);
  });

  test('rows that overlap with it', () => {
    const { series, before, seen } = continued(kept(), rows(17, 25), widths, step);
    expect(series).toEqual(rows(14, 25));
    expect([before, seen]).toEqual([3, 6]);
  });

  test('all of the training data, and more', () => {
    const { series, before, seen, keptFrom } = continued(kept(), rows(0, 30), widths, step);
    expect(series).toEqual(rows(0, 30));
    expect([before, seen, keptFrom]).toEqual([0, 20, 14]);
    expect(continued(kept(15), rows(0, 30), widths, step)).toMatchObject({ before: 0, seen: 15, keptFrom: 9 });
    expect(continued(kept(), rows(5, 30), widths, step)).toMatchObject({ before: 0, seen: 15, keptFrom: 9 });
  });

  test('rows with a gap before them, and rows of another series', () => {
    expect(continued(kept(), rows(21, 25), widths, step)).toEqual({ series: rows(21, 25), before: 0, seen: 0 });
    const other = { ...rows(15, 25), targets: rows(115, 125).targets };
    expect(continued(kept(), other, widths, step)).toEqual({ series: other, before: 0, seen: 0 });
  });

  test('a revised value does not make it another series', () => {
    const revised = rows(14, 25);
    revised.targets[4] = 99;
    expect(continued(kept(), revised, widths, step)).toMatchObject({ before: 0, seen: 6 });
  });

  test('without times: data that begins as the training data did', () => {
    expect(continued(kept(20, false), rows(0, 30, false), widths)).toMatchObject({ before: 0, seen: 20, keptFrom: 14 });
    expect(continued(kept(20, false), rows(20, 30, false), widths)).toMatchObject({ before: 0, seen: 0 });
    expect(continued(kept(20, false), rows(0, 10, false), widths)).toMatchObject({ before: 0, seen: 0 });
    // Of 20 rows the first 14 are not kept: what has no more of them may be anything.
    expect(continued(kept(20, false), rows(0, 14, false), widths)).toEqual({
      series: rows(0, 14, false),
      before: 0,
      seen: 0,
    });
    expect(continued(kept(20, false), rows(0, 15, false), widths)).toMatchObject({ seen: 15, keptFrom: 14 });
    const { rows: _, ...uncounted } = kept(20, false);
    expect(continued(uncounted, rows(0, 30, false), widths)).toMatchObject({ before: 0, seen: 0 });
  });

  test.each<[string, KeptSeries, Series]>([
    ['times of the one only', kept(), rows(0, 30, false)],
    ['times of the other only', kept(20, false), rows(0, 30)],
    ['no rows', kept(), rows(20, 20)],
    ['nothing kept', keep([rows(0, 0)], [0], [[1, 1]], widths, [6])[0], rows(0, 3)],
  ])('with %s they stand apart', (_, before, data) => {
    expect(continued(before, data, widths, step)).toEqual({ series: data, before: 0, seen: 0 });
  });

  test('half of the rows that both have may be revised, no more', () => {
    const revised = (count: number) => {
      const data = rows(14, 25);
      // Of each the second target, by which a row is another one too.
      for (let row = 0; row < count; row++) data.targets[2 * row + 1] = -1;
      return continued(kept(), data, widths, step).seen;
    };
    expect([0, 3, 4, 6].map(revised)).toEqual([6, 6, 0, 0]);
  });
});

describe('trainingRows', () => {
  test('of one series: all but the newest share', () => {
    expect(trainingRows([rows(0, 10)], 0.2)).toEqual([8]);
    expect(trainingRows([rows(0, 10, false), rows(0, 4, false)], 0.5)).toEqual([5, 2]);
  });

  test('of several: up to one time, which none is trained beyond', () => {
    const all = [rows(0, 10), rows(5, 10), rows(0, 4)];
    const trained = trainingRows(all, 0.2);
    const last = Math.max(...all.map((one, i) => (trained[i] > 0 ? one.times![trained[i] - 1] : 0)));
    const first = Math.min(...all.map((one, i) => one.times![trained[i]] ?? Number.POSITIVE_INFINITY));
    expect(trained).toEqual([8, 3, 4]);
    expect(last).toBeLessThan(first);
    expect(trainingRows(all, 0)).toEqual([10, 5, 4]);
  });

  test('a slice takes the same rows of everything', () => {
    expect(sliceSeries(rows(3, 13), widths, 2, 5)).toEqual(rows(5, 8));
  });
});

test('a series begins where what was kept does; one of which nothing was kept is whole', () => {
  const series = rows(0, 9);
  const of = (keptFrom?: number) =>
    fromKept({ series, before: 0, seen: 0, ...(keptFrom !== undefined && { keptFrom }) }, widths);
  expect(of()).toEqual({ series, skipped: 0 });
  expect(of(0)).toEqual({ series, skipped: 0 });
  expect(of(1)).toEqual({ series: rows(1, 9), skipped: 1 });
  expect(of(4)).toEqual({ series: rows(4, 9), skipped: 4 });
});
