import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import { parseTable, readTable } from '../../src/data/read.js';
import { evaluateForecast, type ForecastOptions, predictForecast, prepareForecast } from '../../src/tasks/forecast.js';

/** Answers each window with `answer(window's rows, features)`. */
const predictor = (outputs: number, answer: (rows: Float32Array, features: number) => number[]) => ({
  predict: async ({ data, shape: [n, window, features] }: NdArray): Promise<NdArray> => {
    const out = new Float32Array(n * outputs);
    for (let i = 0; i < n; i++) {
      const rows = Float32Array.from(data.subarray(i * window * features, (i + 1) * window * features));
      out.set(answer(rows, features), i * outputs);
    }
    return { data: out, shape: [n, outputs] };
  },
});
/** Repeats the last row's feature `column`: the naive forecast, when features and targets are scaled alike. */
const lastValue = (horizon = 1, column = 0) =>
  predictor(horizon, (rows, features) => new Array(horizon).fill(rows[rows.length - features + column]));

const table = (rows: (string | number)[][], header = 'date,a,b') =>
  parseTable([header, ...rows.map((row) => row.join(','))].join('\n'), 'w.csv');
const days = (n: number, a = (i: number) => i, b = (i: number) => 10 * i) =>
  table(
    Array.from({ length: n }, (_, i) => [new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10), a(i), b(i)]),
  );
const prepare = (rows: ReturnType<typeof table>, options: ForecastOptions, split = 0.2) =>
  prepareForecast(rows, options, split);

describe('prepareForecast', () => {
  test('by hand: 10 rows, the last 2 held out, window 3', () => {
    const { artefact, inputShape, layers, samples } = prepare(days(10), { targets: ['a'], window: 3 });
    expect(inputShape).toEqual([3, 2]);
    expect(layers).toBe('LSTM(32), Dense(1)');
    expect(artefact).toMatchObject({ features: ['a', 'b'], targets: ['a'], window: 3, horizon: 1 });
    expect(artefact.featureScaling.mean).toEqual([3.5, 35]);
    expect(artefact.time).toEqual({ column: 'date', step: { unit: 'millisecond', count: 86_400_000 } });
    expect(artefact.end.rows).toEqual([7, 70, 8, 80, 9, 90]);
    const { train, validation } = samples([null, 1]);
    expect(train.x.shape).toEqual([5, 3, 2]);
    const days_ = (z: ArrayLike<number>) => Array.from(z, (v) => Math.round(v * artefact.targetScaling.std[0] + 3.5));
    expect(days_(train.y.data)).toEqual([3, 4, 5, 6, 7]);
    expect(days_(validation!.y.data)).toEqual([8, 9]);
    expect(days_(validation!.x.data.filter((_, i) => i % 2 === 0).slice(0, 3))).toEqual([5, 6, 7]);
  });

  test('several targets and steps, as (N, H·C) or (N, H, C)', () => {
    const { layers, samples } = prepare(days(20), { targets: ['b', 'a'], window: 4, horizon: 3 });
    expect(layers).toBe('LSTM(32), Dense(6)');
    const flat = samples([null, 6]).train.y;
    expect(flat.shape).toEqual([10, 6]);
    expect(samples([null, 3, 2]).train.y).toEqual({ data: flat.data, shape: [10, 3, 2] });
    expect(() => samples([null, 1])).toThrow(
      'layers: the output has shape (1), this task needs (6) or (3, 2); end the layers with Dense(6)',
    );
  });

  test('features that are asked for; a target need not be one of them', () => {
    const { artefact } = prepare(days(10), { targets: ['a'], window: 2, features: ['b'] });
    expect(artefact).toMatchObject({ features: ['b'], targets: ['a'] });
  });

  test('nothing held out', () => {
    const { samples } = prepare(days(10), { targets: ['a'], window: 3 }, 0);
    const { train, validation } = samples([null, 1]);
    expect(train.x.shape[0]).toBe(7);
    expect(validation).toBeUndefined();
  });

  test('held-out rows change neither the scaling nor any training sample', () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 24, maxLength: 24 });
    const column = fc.constantFrom('a', 'b');
    fc.assert(
      fc.property(
        values,
        fc.double({ min: 0.1, max: 0.5, noNaN: true }),
        fc.integer({ min: 1, max: 3 }),
        column,
        (v, split, horizon, target) => {
          const edge = Math.floor(24 * (1 - split) + 1e-9);
          const options = { targets: [target], window: 3, horizon };
          const [one, other] = [v, v.map((x, i) => (i < edge ? x : 1e6 + 7 * i))].map((column) => {
            const prepared = prepare(
              days(
                24,
                (i) => column[i] + i * 1e-3,
                (i) => 2 * column[i] - i,
              ),
              options,
              split,
            );
            return { ...prepared, ...prepared.samples([null, horizon]) };
          });
          expect(other.artefact.featureScaling).toEqual(one.artefact.featureScaling);
          expect(other.artefact.targetScaling).toEqual(one.artefact.targetScaling);
          expect(other.train).toEqual(one.train);
          expect(other.train.y.data.every((z) => Math.abs(z) < 1000)).toBe(true);
          expect(other.validation?.y.data.every((z) => z > 1000)).toBe(true);
        },
      ),
    );
  });

  test.each<[string, ForecastOptions, number, string]>([
    ['an unknown column', { targets: ['aa'] }, 50, 'w.csv: no column aa; did you mean a? Its columns: date, a, b'],
    ['an unknown feature', { targets: ['a'], features: ['c'] }, 50, 'w.csv: no column c'],
    ['an unknown time', { targets: ['a'], time: 'day' }, 50, 'w.csv: no column day'],
    ['the same target twice', { targets: ['a', 'a'] }, 50, 'forecast: column a is named twice'],
    ['no target', { targets: [] }, 50, 'forecast: name a column to forecast'],
    ['a date as target', { targets: ['date'] }, 50, "w.csv, line 2, column date: '2020-01-01' is not a number"],
    ['a window of 0', { targets: ['a'], window: 0 }, 50, 'window: 0 is not a whole number of at least 1'],
    ['half a step', { targets: ['a'], horizon: 1.5 }, 50, 'horizon: 1.5 is not a whole number of at least 1'],
    [
      'a window longer than the data',
      { targets: ['a'], window: 40 },
      50,
      'w.csv: its 40 rows without the 10 held out are too few for window 40 and horizon 1; take --window 39 or less',
    ],
    [
      'a horizon longer than the part held out',
      { targets: ['a'], window: 5, horizon: 11 },
      50,
      'w.csv: the 10 rows held out are fewer than horizon 11',
    ],
    ['one row', { targets: ['a'] }, 1, 'w.csv: has 1 row; training needs at least two'],
  ])('%s', (_, options, rows, message) => {
    expect(() => prepare(days(rows), options)).toThrow(message);
  });

  test('a constant target; an empty cell; rows out of order', () => {
    expect(() =>
      prepare(
        days(50, () => 3),
        { targets: ['a'] },
      ),
    ).toThrow('w.csv, line 41, column a: every value up to here is 3; there is nothing to learn from a constant');
    expect(() =>
      prepare(
        table([
          ['2020-01-01', 1, 2],
          ['2020-01-02', '', 3],
          ['2020-01-03', 4, 5],
        ]),
        { targets: ['a'] },
      ),
    ).toThrow('w.csv, line 3, column a: the cell is empty');
    expect(() =>
      prepare(
        table([
          ['2020-01-02', 1, 2],
          ['2020-01-01', 2, 3],
        ]),
        { targets: ['a'] },
      ),
    ).toThrow('w.csv, line 3, column date: 2020-01-01 is not later than 2020-01-02 before it; sort the rows by date');
  });

  test('gaps in the times are a warning', async () => {
    const co2 = await readTable('test/fixtures/data/co2-concentration.csv');
    expect(prepare(co2, { targets: ['CO2'] }).warnings.slice(0, 1)).toEqual([
      'test/fixtures/data/co2-concentration.csv, line 5, column Date: 3 gaps in the times, the first before this row; rows count as consecutive',
    ]);
    expect(
      prepare(
        days(50, (i) => i % 7),
        { targets: ['a'] },
      ).warnings,
    ).toEqual([]);
  });
});

test('a trend is a warning', () => {
  const rows = days(
    50,
    (i) => i,
    (i) => i % 7,
  );
  expect(prepare(rows, { targets: ['a', 'b'] }).warnings).toEqual([
    'a: 10 of the 10 values held out are beyond all that are trained on; the model cannot follow a trend: forecast the change from row to row instead',
  ]);
  expect(prepare(rows, { targets: ['a'] }, 0).warnings).toEqual([]);
});

describe('evaluateForecast', () => {
  test('the last value, as a model, has the naive error; 2.36 °C on the weather held out', async () => {
    const weather = await readTable('test/fixtures/data/seattle-weather.csv');
    const prepared = prepare(weather, { targets: ['temp_max'] });
    const evaluation = await prepared.evaluate(lastValue(1, 1));
    if (evaluation.kind !== 'forecast') throw new Error('not a forecast');
    const [{ mae, rmse, naive }] = evaluation.targets;
    expect(evaluation.samples).toBe(293);
    expect(naive.mae).toBeCloseTo(2.356, 3);
    expect(mae).toBeCloseTo(naive.mae, 4);
    expect(rmse).toBeCloseTo(naive.rmse, 4);
  });

  test('by hand, two steps: off by 1 and 2 when the series climbs by 1', async () => {
    const rows = days(8);
    const { artefact } = prepare(rows, { targets: ['a'], features: ['a'], window: 2, horizon: 2 }, 0);
    const evaluation = await evaluateForecast(lastValue(2), artefact, rows);
    expect(evaluation.samples).toBe(5);
    expect(evaluation.targets[0].naive.mae).toBe(1.5);
    expect(evaluation.targets[0].mae).toBeCloseTo(1.5, 5);
    expect(evaluation.targets[0].naive.rmse).toBeCloseTo(Math.sqrt(2.5), 10);
  });

  test('too short a table', async () => {
    const { artefact } = prepare(days(20), { targets: ['a'], window: 5 });
    await expect(evaluateForecast(lastValue(), artefact, days(5))).rejects.toThrow(
      'w.csv: has 5 rows; this model needs 5 to forecast from and 1 to compare with',
    );
  });
});

describe('predictForecast', () => {
  /** The last step's change once more, and once more: exact on a straight line. */
  const straight = predictor(2, (rows) => {
    const [before, last] = rows.slice(-2);
    return [2 * last - before, 3 * last - 2 * before];
  });
  const options = { targets: ['a'], features: ['a'], window: 3, horizon: 2 };

  test('goes on from the end of the training data, with dates', async () => {
    const { artefact } = prepare(days(10), options);
    const { columns, rows } = await predictForecast(straight, artefact);
    expect(columns).toEqual(['a']);
    expect(rows.map(({ step, time }) => [step, time])).toEqual([
      [1, '2020-01-11'],
      [2, '2020-01-12'],
    ]);
    expect(rows.map(({ values }) => Math.round(values[0] * 1e4) / 1e4)).toEqual([10, 11]);
  });

  test('feeds back for more steps than the horizon, and for fewer takes the first', async () => {
    const { artefact } = prepare(days(10), options);
    const five = await predictForecast(straight, artefact, undefined, 5);
    expect(five.rows.map(({ values }) => Math.round(values[0] * 1e3) / 1e3)).toEqual([10, 11, 12, 13, 14]);
    expect(five.rows[4].time).toBe('2020-01-15');
    expect((await predictForecast(straight, artefact, undefined, 1)).rows).toEqual(five.rows.slice(0, 1));
    expect(artefact.end.rows).toEqual([7, 8, 9]);
  });

  test('goes on from a table, which may lack the time', async () => {
    const { artefact } = prepare(days(10), options);
    const later = await predictForecast(straight, artefact, days(70));
    expect(later.rows.map(({ time }) => time)).toEqual(['2020-03-11', '2020-03-12']);
    expect(later.rows[0].values[0]).toBeCloseTo(70, 3);
    const bare = await predictForecast(straight, artefact, parseTable('a\n1\n2\n3\n', 'bare.csv'));
    expect(bare.rows[0].values[0]).toBeCloseTo(4, 4);
    expect('time' in bare.rows[0]).toBe(false);
  });

  test('what cannot be', async () => {
    const { artefact } = prepare(days(20), { ...options, features: ['b', 'a'] });
    await expect(predictForecast(straight, artefact, undefined, 3)).rejects.toThrow(
      'steps: this model forecasts 2 at once, and going on needs b, which it does not forecast; train with --horizon 3, or with --features a',
    );
    await expect(predictForecast(straight, artefact, undefined, 0)).rejects.toThrow('steps: 0 is not a whole number');
    await expect(predictForecast(straight, artefact, days(2))).rejects.toThrow(
      'w.csv: has 2 rows; this model forecasts from the last 3',
    );
    await expect(predictForecast(straight, artefact, parseTable('b\n1\n2\n3\n', 'x.csv'))).rejects.toThrow(
      'x.csv: no column a',
    );
  });
});
