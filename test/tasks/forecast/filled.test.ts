/** Values that were missing and are filled in are nothing that happened: no error is counted for them. */

import { describe, expect, test } from '@jest/globals';
import { Scores } from '../../../src/tasks/forecast/evaluation.js';
import type { Series } from '../../../src/tasks/forecast/forecaster.js';
import { continued, keep } from '../../../src/tasks/forecast/kept.js';
import { sliceSeries } from '../../../src/tasks/forecast/seriesSet.js';
import { parseState } from '../../../src/tasks/forecast/state.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import type { Shown, ShownForecasts } from '../../../src/tasks/shown.js';
import { fitted, noise as noiseOf, seriesOf, setOf } from './series.js';
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
  const shown: ShownForecasts[] = [];
  const scores = new Scores(['a', 'b'], 2, 1, { shown: (part) => part.kind === 'forecast' && shown.push(part) });
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
  return { ...scores.evaluation(false, ['first']), drawn: shown[0].columns.map(({ mae }) => mae) };
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
    const { targets, notes, drawn } = await scored([0, 0, 0, 0, 0, 1, 1, 1, 0, 1]);
    expect(targets.map(({ mae }) => mae)).toEqual([4, 40]);
    expect(drawn).toEqual([4, 40]);
    expect(notes).toEqual([
      'first',
      '1 value of these rows is filled in and not scored',
      'b: scored against values that were filled in, as there are no others',
    ]);
  });
});

describe('intervals are made of the errors of what happened, of each column by itself', () => {
  /** Two columns of noise, with marks of values that were filled in: [row, column]. */
  const marked = (rows: number, key: number, marks: readonly (readonly [number, number])[], name = '') => {
    const one = seriesOf({ targets: [noiseOf(rows, key), noiseOf(rows, key + 1)] }, name);
    const filled = new Uint8Array(2 * rows);
    for (const [row, c] of marks) filled[2 * row + c] = 1;
    return { ...one, ...(marks.length > 0 && { filled }) };
  };
  const horizon = 4;
  const quantilesOf = async (series: Series[]) => {
    const set = setOf({ targets: [[1], [2]] }, 1, { series });
    const { model, state } = await fitted(set, horizon);
    model.dispose();
    const { quantiles } = parseState(state, 'state').spreads;
    // By column and step.
    return [0, 1].map((c) => Array.from({ length: horizon }, (_, h) => quantiles[2 * h + c]));
  };
  /** Windows begin after 9 rows; of shorter series every row but the first is forecast. */
  const originsOf = (rows: number) =>
    rows > 20
      ? Array.from({ length: rows - horizon - 9 + 1 }, (_, i) => 9 + i)
      : Array.from({ length: rows - 1 }, (_, i) => 1 + i);

  test.each([40, 14])('one column of %d rows does not hang on what is missing of the other', async (rows) => {
    const marks = [
      [5, 1],
      [11, 1],
      [rows - 2, 1],
    ] as const;
    const [whole, holes] = [await quantilesOf([marked(rows, 1, [])]), await quantilesOf([marked(rows, 1, marks)])];
    expect(holes[0]).toEqual(whole[0]);
    for (let h = 0; h < horizon; h++) {
      const real = originsOf(rows).filter((t) => t + h < rows && !marks.some(([row]) => row === t + h));
      expect([h, holes[1][h].length]).toEqual([h, real.length]);
      expect(whole[1][h]).toEqual(expect.arrayContaining(holes[1][h]));
      expect(whole[1][h].length).toBeGreaterThan(real.length);
    }
  });

  test.each([40, 14])('of several series of %d rows each has its own marks', async (rows) => {
    const marks = [
      [rows - 3, 0],
      [rows - 4, 1],
      [rows - 1, 1],
    ] as const;
    const of = (...own: (readonly (readonly [number, number])[])[]) =>
      quantilesOf(own.map((one, s) => marked(rows, 1 + 4 * s, one, `s${s}`)));
    const [whole, second, both] = [await of([], []), await of([], marks), await of([[rows - 2, 0]], marks)];
    for (const [found, all] of [
      [second, [[], marks]],
      [both, [[[rows - 2, 0]], marks]],
    ] as const) {
      for (const c of [0, 1]) {
        for (let h = 0; h < horizon; h++) {
          const counts = all.map(
            (own) =>
              originsOf(rows).filter((t) => t + h < rows && !own.some(([row, k]) => row === t + h && k === c)).length,
          );
          expect([c, h, found[c][h].length]).toEqual([c, h, counts[0] + counts[1]]);
          expect(whole[c][h]).toEqual(expect.arrayContaining(found[c][h]));
        }
      }
    }
  });

  test('a column that is filled in all over has those of all', async () => {
    const marks = Array.from({ length: 40 }, (_, row) => [row, 1] as const);
    expect(await quantilesOf([marked(40, 1, marks)])).toEqual(await quantilesOf([marked(40, 1, [])]));
  });
});

test('marks of new rows go behind what the model keeps, column by column', () => {
  const widths = { targets: 2, past: 0, known: 0 };
  const times = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => 10 * (from + i));
  const rows = (from: number, to: number) => ({
    ...seriesOf({ targets: [times(from, to), times(from, to).map((t) => -t)], times: times(from, to) }, 's'),
  });
  const time = { columns: ['t'], notation: 'number', step: { unit: 'number' as const, count: 10 } };
  const [kept] = keep([rows(0, 20)], [20], [[1, 1]], widths, [3]);
  const filled = Uint8Array.of(0, 1, 1, 0, 0, 0);
  const { series, before } = continued(kept, { ...rows(20, 23), filled }, widths, time);
  expect(before).toBe(3);
  expect(series.filled).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0));
  // Of rows that both have, the new ones' marks count.
  const overlapping = continued(kept, { ...rows(18, 21), filled }, widths, time);
  expect([overlapping.before, overlapping.series.filled]).toEqual([1, Uint8Array.of(0, 0, 0, 1, 1, 0, 0, 0)]);
  expect(continued(kept, rows(20, 23), widths, time).series).not.toHaveProperty('filled');
  expect(sliceSeries(series, widths, 3, 5).filled).toEqual(Uint8Array.of(0, 1, 1, 0));
});
