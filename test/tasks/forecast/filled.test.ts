/** Values that were missing and are filled in are nothing that happened: no error is counted for them. */

import { describe, expect, test } from '@jest/globals';
import { Scores } from '../../../src/tasks/forecast/evaluation.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import type { Shown, ShownForecasts } from '../../../src/tasks/shown.js';
import { days, noise, source, train } from './support.js';

const values = (i: number) => Math.round(1000 * (20 + 3 * noise(i))) / 1000;
const isMissing = (i: number) => i === 30 || i === 88 || i === 93;
/** What a straight line between the neighbours of a missing value gives. */
const whole = (i: number) => (isMissing(i) ? (values(i - 1) + values(i + 1)) / 2 : values(i));

async function trained(y: (i: number) => number | string, horizon: number) {
  const shown: ShownForecasts[] = [];
  const { loaded, evaluation } = await train(
    source(days(100, { y })),
    { targets: ['y'], horizon },
    { shown: (part: Shown) => part.kind === 'forecast' && shown.push(part) },
  );
  return { loaded, evaluation, shown };
}

describe('a table with three missing values, two of them held out', () => {
  test('scores the forecasts of all others as a table that holds the filled values does', async () => {
    const [gaps, full] = [await trained((i) => (isMissing(i) ? '' : values(i)), 1), await trained(whole, 1)];
    const { x, y } = full.shown[0].columns[0].residuals;
    const real = [...x.keys()].filter((i) => !isMissing(Math.round((x[i] - Date.UTC(2020, 0, 1)) / 86_400_000)));
    expect([x.length, real.length]).toEqual([20, 18]);
    const mae = real.reduce((sum, i) => sum + Math.abs(y[i]), 0) / 18;
    const [of, with2] = [gaps.evaluation.targets[0], full.evaluation.targets[0]];
    expect(of.mae).toBeCloseTo(mae, 9);
    expect(Math.abs(of.mae - with2.mae)).toBeGreaterThan(1e-3);
    expect(gaps.shown[0].columns[0].residuals).toEqual({ x: real.map((i) => x[i]), y: real.map((i) => y[i]) });
    expect(gaps.shown[0].columns[0].mae).toBeCloseTo(mae, 9);
    expect(gaps.shown[0].columns[0].histogram.reduce((sum, { count }) => sum + count, 0)).toBe(18);
    expect(gaps.evaluation.samples).toBe(20);
    expect(gaps.evaluation.notes).toContain('2 values of these rows are filled in and not scored');
    expect(full.evaluation.notes.join()).not.toMatch('not scored');
    // Intervals are made of errors of forecasts of what happened: one row in 80 tells.
    const spreads = [gaps, full].map(({ loaded: { artefact } }) => JSON.stringify(artefact));
    expect(spreads[0]).not.toBe(spreads[1]);
    for (const one of [gaps, full]) one.loaded.model.dispose();
  }, 60_000);

  test('evaluating new rows leaves them out too, after those that the model keeps', async () => {
    const { loaded } = await trained((i) => (isMissing(i) ? '' : values(i)), 2);
    const missing = (i: number) => i === 104 || i === 105;
    const gaps = await forecastTask.evaluate(
      loaded,
      source(days(10, { y: (i) => (missing(i) ? '' : values(i)) }, 100)),
      {},
    );
    const line = (i: number) => values(103) + ((i - 103) / 3) * (values(106) - values(103));
    const full = await forecastTask.evaluate(
      loaded,
      source(days(10, { y: (i) => (missing(i) ? line(i) : values(i)) }, 100)),
      {},
    );
    expect(gaps.notes).toContain('2 values of these rows are filled in and not scored');
    expect([gaps.samples, full.samples]).toEqual([10, 10]);
    // 10 forecasts of one step and 9 of two; each missing row is forecast at both.
    const [of, all] = [gaps.targets[0].steps, full.targets[0].steps];
    expect(of.map(({ step }) => step)).toEqual([1, 2]);
    expect(gaps.targets[0].mae).toBeCloseTo((8 * of[0].mae + 7 * of[1].mae) / 15, 9);
    expect(full.targets[0].mae).toBeCloseTo((10 * all[0].mae + 9 * all[1].mae) / 19, 9);
    loaded.model.dispose();
  }, 60_000);
});

/** Forecasts of 0 from rows 2 and 3 of two columns, two steps each, with an interval of ± 5. */
async function scored(filled: number[] | undefined, calls = 1) {
  const scores = new Scores(['a', 'b'], 2, 1);
  const targets = Float64Array.from([1, 10, 2, 20, 3, 30, 4, 40, 5, 50]);
  const series = {
    name: '',
    rows: 5,
    targets,
    past: new Float64Array(),
    known: new Float64Array(),
    ...(filled && { filled: Uint8Array.from(filled) }),
  };
  const zeros = new Float64Array(8);
  const intervals = [{ probability: 0.8, lower: zeros.map(() => -4.5), upper: zeros.map(() => 4.5) }];
  for (let call = 0; call < calls; call++) {
    await scores.add({ series, origins: [2, 3], scales: [1, 1] }, { values: zeros, intervals });
  }
  return scores.evaluation(false, ['first']);
}

describe('of two columns', () => {
  test('nothing is left out of a series without missing values', async () => {
    const { targets, notes } = await scored(undefined);
    expect(targets.map(({ mae }) => mae)).toEqual([(3 + 4 + 4 + 5) / 4, 40]);
    expect(notes).toEqual(['first']);
  });

  test('each is scored by its own values, its guesses and intervals too', async () => {
    // Row 3 of a; and row 1 of b, which no forecast is compared with.
    const { targets, notes } = await scored([0, 0, 0, 1, 0, 0, 1, 0, 0, 0], 2);
    expect(targets.map(({ mae }) => mae)).toEqual([4, 40]);
    expect(targets[0].steps.map(({ mae }) => mae)).toEqual([3, 5]);
    expect(targets[0].naive.mae).toBe((1 + 2) / 2);
    expect(targets[0].coverage).toEqual([{ probability: 0.8, share: 0.5 }]);
    expect(targets[1].steps.map(({ mae }) => mae)).toEqual([35, 45]);
    expect(notes).toEqual(['first', '1 value of these rows is filled in and not scored']);
  });

  test('one without a value of its own in these rows is scored all the same, which is told', async () => {
    const { targets, notes } = await scored([0, 0, 0, 0, 0, 1, 1, 1, 0, 1]);
    expect(targets.map(({ mae }) => mae)).toEqual([4, 40]);
    expect(notes).toEqual([
      'first',
      '1 value of these rows is filled in and not scored',
      'b: scored against values that were filled in, as there are no others',
    ]);
  });
});
