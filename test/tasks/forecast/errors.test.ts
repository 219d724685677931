import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { baselines, seasonalScale } from '../../../src/tasks/forecast/baselines.js';
import { ErrorSums } from '../../../src/tasks/forecast/errors.js';
import { verdictOf } from '../../../src/tasks/forecast/verdict.js';

describe('ErrorSums', () => {
  test('by hand: actual 10 and 4, forecast 8 and 6, in units of 4', () => {
    const sums = new ErrorSums(2);
    sums.add(0, 8, 10, 4);
    sums.add(1, 6, 4, 4);
    sums.add(0, 3, 0, 4);
    const { steps, ...all } = sums.result();
    expect(all.mae).toBeCloseTo(7 / 3, 12);
    expect(all.rmse).toBeCloseTo(Math.sqrt((4 + 4 + 9) / 3), 12);
    // 200·2/18, 200·2/10 and 200·3/3
    expect(all.smape).toBeCloseTo((400 / 18 + 40 + 200) / 3, 12);
    expect(all.mase).toBeCloseTo(7 / 12, 12);
    expect(all.coverage).toBeUndefined();
    expect(steps).toEqual([
      { step: 1, mae: 2.5, rmse: Math.sqrt(6.5), smape: (400 / 18 + 200) / 2, mase: 0.625 },
      { step: 2, mae: 2, rmse: 2, smape: 40, mase: 0.5 },
    ]);
  });

  test('zeros that were forecast are no error; a scale of 0 leaves no MASE; a step without forecasts is left out', () => {
    const sums = new ErrorSums(3);
    sums.add(0, 0, 0, 0);
    const { smape, mase, steps } = sums.result();
    expect([smape, mase]).toEqual([0, null]);
    expect(steps.map(({ step }) => step)).toEqual([1]);
  });

  test('errors of different scales are divided by their own', () => {
    const sums = new ErrorSums(1);
    sums.add(0, 1000, 1500, 1000);
    sums.add(0, 1, 1.5, 1);
    expect(sums.result().mase).toBe(0.5);
  });

  test('the share inside intervals, their ends counted in', () => {
    const sums = new ErrorSums(2);
    for (const [h, actual] of [
      [0, 1],
      [0, 2],
      [1, 3],
      [1, 0.9],
    ]) {
      sums.add(h, 1.5, actual, 1);
      sums.addInterval(h, 0.8, 1, 2, actual);
    }
    const { coverage, steps } = sums.result();
    expect(coverage).toEqual([{ probability: 0.8, share: 0.5 }]);
    expect(steps.map((step) => step.coverage?.[0].share)).toEqual([1, 0]);
  });
});

describe('baselines', () => {
  const season = Float64Array.from([1, 2, 3, 11, 12, 13, 21]);

  test('by hand: season of 3, from row 6', () => {
    const at = (h: number) => baselines(season, 1, 0, 6, h, 3);
    expect([0, 1, 2, 3, 5].map((h) => at(h).seasonalNaive)).toEqual([11, 12, 13, 11, 13]);
    expect([0, 4].map((h) => at(h).naive)).toEqual([13, 13]);
    // 13 + (13 − 1) / 5 a step
    expect([0, 4].map((h) => at(h).drift)).toEqual([15.4, 25]);
  });

  test('without a season, and before the first one is over, there is no seasonal guess', () => {
    expect(baselines(season, 1, 0, 6, 0, 1)).not.toHaveProperty('seasonalNaive');
    expect(baselines(season, 1, 0, 2, 0, 3)).not.toHaveProperty('seasonalNaive');
    expect(baselines(season, 1, 0, 1, 3, 3)).toEqual({ naive: 1, drift: 1 });
  });

  test('the second of two columns', () => {
    const two = Float64Array.from([0, 5, 0, 6, 0, 8]);
    expect(baselines(two, 2, 1, 3, 1, 2)).toEqual({ naive: 8, drift: 11, seasonalNaive: 8 });
    expect(seasonalScale(two, 2, 1, 3, 1)).toBe(1.5);
    expect(seasonalScale(two, 2, 0, 3, 1)).toBe(0);
  });

  test('the scale is the error of the seasonal guess in the rows given; of the naive one in less than a season', () => {
    expect(seasonalScale(season, 1, 0, 7, 3)).toBe(10);
    expect(seasonalScale(season, 1, 0, 3, 3)).toBe(1);
    expect(seasonalScale(season, 1, 0, 1, 3)).toBe(0);
  });

  test('the seasonal guess has a MASE of 1 one season ahead, in the rows that scale it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 9, maxLength: 30 }), (values) => {
        const y = Float64Array.from([...values, 1e3]);
        const sums = new ErrorSums(1);
        const scale = seasonalScale(y, 1, 0, y.length, 4);
        for (let t = 4; t < y.length; t++) sums.add(0, baselines(y, 1, 0, t, 0, 4).seasonalNaive ?? 0, y[t], scale);
        expect(sums.result().mase).toBeCloseTo(1, 10);
      }),
    );
  });
});

describe('verdictOf', () => {
  const errors = (mase: number, mae = mase) => ({ mae, rmse: mae, smape: 1, mase });
  const target = (column: string, own: number, naive: number, seasonal: number | undefined, drift: number) => ({
    column,
    ...errors(own),
    naive: errors(naive),
    ...(seasonal !== undefined && { seasonalNaive: errors(seasonal) }),
    drift: errors(drift),
  });

  test('better than the best of the simple guesses', () => {
    expect(verdictOf([target('a', 0.82, 2, 1, 3)], 12)).toEqual({
      than: 'seasonal naive',
      ratio: expect.closeTo(0.82, 10),
      better: true,
      text: '18 % better than the best simple guess (seasonal naive, 12 rows before)',
    });
  });

  test('no better', () => {
    expect(verdictOf([target('a', 1.1, 1, undefined, 3)], 1)).toMatchObject({
      better: false,
      text: 'no better than the best simple guess (naive, the last value); use that',
    });
    expect(verdictOf([target('a', 0.999, 3, undefined, 1)], 1)).toMatchObject({ than: 'drift', better: false });
  });

  test('over columns the geometric mean; the guess is one for all', () => {
    const { than, ratio } = verdictOf([target('a', 1, 4, 2, 9), target('b', 1, 1, 2, 9)], 7);
    expect(than).toBe('naive');
    expect(ratio).toBeCloseTo(0.5, 10);
  });

  test('guesses without an error, and constants', () => {
    expect(verdictOf([target('a', 1, 0, undefined, 5)], 1)).toMatchObject({
      than: 'naive',
      ratio: null,
      better: false,
    });
    expect(verdictOf([target('a', 0, 0, undefined, 0)], 1)).toMatchObject({
      ratio: 1,
      better: false,
      text: 'every forecast is exact, and so is the best simple guess (naive, the last value): nothing here needs a model',
    });
    expect(verdictOf([target('a', 0, 1, undefined, 2)], 1)).toMatchObject({ ratio: 0, better: true });
    const bare = { ...target('a', 0.5, 1, undefined, 2), mase: null };
    expect(verdictOf([bare], 1).ratio).toBeCloseTo(0.5, 10);
  });
});
