import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import '../../propertySeed.js';
import type { Series, SeriesSet } from '../../../src/tasks/forecast/forecaster.js';
import { forecastFrom } from '../../../src/tasks/forecast/forecastFrom.js';
import { fitted, noise, quick, seasonal, seriesOf, values } from './series.js';
import { noise as at, rowsOf, source, train } from './support.js';

const [n, H] = [90, 4];

/** Three series of two targets, a column beside them and one that is known for 12 rows more; the first target scaled and shifted. */
function panel(scale = 1, shift = 0): SeriesSet {
  const series = ['a', 'b', 'c'].map((name, s) => {
    const promo = noise(n + 12, s + 40).map((e) => (e > 0.8 ? 1 : 0));
    // Below 0 too, so that it is not smoothed as logarithm.
    const y = seasonal(n, s + 1).map((value, t) => scale * (value - 53 + 20 * promo[t]) + shift);
    const z = noise(n, s + 20).map((e, t) => 3 * Math.sin(t / 5) + e);
    return seriesOf({ targets: [y, z], past: [noise(n, s + 30)], known: [promo] }, name);
  });
  return { targets: ['y', 'z'], past: ['p'], known: ['promo'], series, season: 4 };
}

/** The same up to a row, and what is known up to `steps` after it. */
function changedAfter(series: Series, row: number, steps: number, by: number): Series {
  const later = (list: Float64Array, width: number, from: number) =>
    list.map((value, i) => (i < from * width ? value : value + by));
  return {
    ...series,
    targets: later(series.targets, 2, row),
    past: later(series.past, 1, row),
    known: later(series.known, 1, row + steps),
  };
}

describe('several series, targets, columns beside them and known ahead', () => {
  test('what comes later never changes a forecast, one row or several horizons ahead', async () => {
    const set = panel();
    const forecaster = await fitted(set, H);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 8, max: n }),
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom(1, H, 2 * H + 3),
        fc.double({ min: -50, max: 50, noNaN: true }),
        async (origin, which, steps, by) => {
          const series = set.series[which];
          const before = await values(forecaster, series, [origin], steps);
          expect(before).toHaveLength(2 * steps);
          const other = changedAfter(series, origin, steps, by);
          expect(await values(forecaster, other, [origin], steps)).toEqual(before);
          // A forecast from several rows at once is that from each of them.
          const both = await values(forecaster, other, [origin, Math.max(8, origin - 5)], steps);
          expect(both.slice(0, 2 * steps)).toEqual(before);
        },
      ),
      { numRuns: 30 },
    );
  });

  const whole = async (set: SeriesSet) => {
    const { model, state } = await fitted(set, H, quick);
    const made = await Promise.all(
      set.series.map(async (series) => {
        const { values, intervals } = await forecastFrom(model, state, series, [n - 7, n], H, [0.8]);
        return [values, intervals[0].lower, intervals[0].upper].flatMap((list) => Array.from(list));
      }),
    );
    return made.flat();
  };

  test('a target scaled by 1000, or with a constant added, is forecast so, and the other one as before', async () => {
    const plain = await whole(panel());
    const [scaled, shifted] = [await whole(panel(1000)), await whole(panel(1, -1000))];
    for (const [i, value] of plain.entries()) {
      const first = i % 2 === 0;
      expect(scaled[i] / (first ? 1000 : 1)).toBeCloseTo(value, 1);
      expect(shifted[i] + (first ? 1000 : 0)).toBeCloseTo(value, 1);
    }
  });
});

test('the order of rows never matters, in several series with columns known ahead', async () => {
  const header = 'store,date,promo,sales,cost';
  const rows = Array.from({ length: 56 }, (_, i) => {
    const date = new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
    return ['north', 'south'].map((store, s) => {
      const promo = at(i, s + 5) > 0.3 ? 1 : 0;
      const sales = 50 + 10 * Math.sin((2 * Math.PI * i) / 7) + 20 * promo + at(i, s);
      return `${store},${date},${promo},${sales.toFixed(3)},${(sales / 3 + at(i, s + 9)).toFixed(3)}`;
    });
  }).flat();
  const mixed = [...rows].sort(
    (a, b) => at(a.length * 7 + Number(a.slice(-3))) - at(b.length * 7 + Number(b.slice(-3))),
  );
  expect(mixed).not.toEqual(rows);
  const future = Array.from({ length: 14 }, (_, i) => ({
    store: i % 2 === 0 ? 'north' : 'south',
    date: new Date(Date.UTC(2020, 0, 57 + Math.floor(i / 2))).toISOString().slice(0, 10),
    promo: i % 3 === 0 ? 1 : 0,
  }));
  const [one, other] = await Promise.all(
    [rows, mixed].map(async (list) => {
      const options = { targets: ['sales', 'cost'], group: ['store'], known: ['promo'] };
      const trained = await train(source([header, ...list].join('\n')), options, { settings: { epochs: 2 } });
      const answer = await rowsOf(trained.loaded, undefined, { future });
      const late = list === rows ? future : [...future].reverse();
      expect(await rowsOf(trained.loaded, undefined, { future: late })).toEqual(answer);
      return { answer, targets: trained.evaluation.targets };
    }),
  );
  expect(other).toEqual(one);
}, 120_000);

test('rows without a target at the end are those to come where columns are known ahead, and predict reads them', async () => {
  const date = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
  const promo = (i: number) => (at(i, 5) > 0.25 ? 1 : 0);
  const sales = (i: number) => (30 + 3 * Math.sin((2 * Math.PI * i) / 7) + 20 * promo(i) + at(i)).toFixed(3);
  const lines = (upTo: number, known: number) =>
    [
      'date,promo,sales',
      ...Array.from({ length: known }, (_, i) => `${date(i)},${promo(i)},${i < upTo ? sales(i) : ''}`),
    ].join('\n');
  const options = { targets: ['sales'], known: ['promo'], horizon: 7 };
  const settings = { settings: { epochs: 2 } };
  const { loaded, evaluation, prepared } = await train(source(lines(100, 110)), options, settings);
  const alone = await train(source(lines(100, 100)), options, settings);
  expect(evaluation.targets).toEqual(alone.evaluation.targets);
  expect(prepared.account?.notes.join('\n')).toContain(
    '10 rows at the end have no sales: taken as rows to come, whose promo predict reads',
  );
  const expected = await rowsOf(alone.loaded, undefined, { future: { name: 'f.csv', text: lines(100, 110) } });
  expect(expected).toHaveLength(7);
  expect(await rowsOf(loaded, source(lines(100, 110)), {})).toEqual(expected);
  await expect(rowsOf(loaded, source(lines(100, 100)), {})).rejects.toThrow(/give --future FILE/);
  await expect(rowsOf(loaded, source(lines(100, 104)), {})).rejects.toThrow(/has 4 rows after the end/);
}, 60_000);
