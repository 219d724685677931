import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { StandardScaler } from '../../../src/data/scaler.js';
import type { PlainArtefact } from '../../../src/tasks/forecast/artefact.js';
import { readData } from '../../../src/tasks/forecast/data.js';
import type { ForecastOptions } from '../../../src/tasks/forecast/options.js';
import { fitScaling, plainForecasts, plainSamples } from '../../../src/tasks/forecast/plain.js';
import { trainingRows } from '../../../src/tasks/forecast/seriesSet.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import { days, failure, fixture, rowsOf, runOf, saved, source, train } from './support.js';

const plain = { plain: true } as const;
const one = { settings: { epochs: 1 }, ...plain };
const climbing = (n: number, a: (i: number) => number = (i) => i, b: (i: number) => number = (i) => 10 * i) =>
  source(days(n, { a, b }), 'w.csv');
const prepare = (data: ReturnType<typeof source>, options: ForecastOptions, validationSplit?: number) =>
  forecastTask.prepare(
    data,
    options,
    runOf({ ...plain, settings: validationSplit === undefined ? {} : { validationSplit } }),
  );

/** The windows that a plain network is given. */
async function samplesOf(
  data: ReturnType<typeof source>,
  options: ForecastOptions,
  split: number,
  outputShape: (number | null)[],
) {
  const { set, columns, widths, horizon, frame } = await readData(data, options, runOf(plain), split);
  const trained = trainingRows(set.series, split);
  const artefact: PlainArtefact = {
    kind: 'forecast',
    method: 'plain',
    targets: columns.targets,
    features: columns.past,
    channels: set.past,
    window: options.window ?? 30,
    horizon,
    season: set.season,
    featureScaling: fitScaling(set.series, trained, (series) => series.past, widths.past),
    targetScaling: fitScaling(set.series, trained, (series) => series.targets, widths.targets),
    reading: frame.reading,
    series: [],
  };
  return { artefact, ...plainSamples(artefact, set.series, trained, outputShape) };
}

describe('plain windows', () => {
  test('a column of texts that is asked for goes in as a channel for each of them', async () => {
    const data = source(days(30, { a: (i) => i % 7, sky: (i) => ['sun', 'rain', 'fog'][i % 3] }), 'w.csv');
    const { artefact, model } = await train(data, { targets: ['a'], features: ['sky', 'a'], window: 3 }, one);
    expect(artefact).toMatchObject({ features: ['sky', 'a'], channels: ['sky=fog', 'sky=rain', 'sky=sun', 'a'] });
    expect(model.inputShape).toEqual([null, 3, 4]);
    expect(saved(artefact)).toEqual(artefact);
    model.dispose();
  });

  test('by hand: 10 rows, the last 2 held out, window 3', async () => {
    const { prepared, artefact } = await train(climbing(10), { targets: ['a'], window: 3 }, one);
    expect(prepared).toMatchObject({ layers: 'LSTM(32), Dense(1)', samples: 5, heldOut: 2 });
    expect(artefact).toMatchObject({ method: 'plain', targets: ['a'], features: ['a', 'b'], window: 3, horizon: 1 });
    expect(artefact.reading.time).toMatchObject({
      columns: ['date'],
      step: { unit: 'millisecond', count: 86_400_000 },
    });
    expect(artefact.series).toMatchObject([{ rows: 10, trained: 8, past: [7, 70, 8, 80, 9, 90], targets: [7, 8, 9] }]);
    const {
      train: trained,
      validation,
      artefact: of,
    } = await samplesOf(climbing(10), { targets: ['a'], window: 3 }, 0.2, [null, 1]);
    expect(of.featureScaling.mean).toEqual([3.5, 35]);
    expect(trained.x.shape).toEqual([5, 3, 2]);
    const back = (z: ArrayLike<number>) => Array.from(z, (v) => Math.round(v * of.targetScaling.std[0] + 3.5));
    expect(back(trained.y.data)).toEqual([3, 4, 5, 6, 7]);
    expect(back(validation!.y.data)).toEqual([8, 9]);
    expect(back(validation!.x.data.filter((_, i) => i % 2 === 0).slice(0, 3))).toEqual([5, 6, 7]);
  });

  test('several targets and steps, as (N, H·C) or (N, H, C)', async () => {
    const options = { targets: ['b', 'a'], window: 4, horizon: 3 };
    expect((await prepare(climbing(20), options)).layers).toBe('LSTM(32), Dense(6)');
    const flat = (await samplesOf(climbing(20), options, 0.2, [null, 6])).train.y;
    expect(flat.shape).toEqual([10, 6]);
    expect((await samplesOf(climbing(20), options, 0.2, [null, 3, 2])).train.y).toEqual({
      data: flat.data,
      shape: [10, 3, 2],
    });
    expect(await failure(samplesOf(climbing(20), options, 0.2, [null, 1]))).toBe(
      'layers: the output has shape (1), this task needs (6) or (3, 2); end the layers with Dense(6)',
    );
  });

  test('features that are asked for; a target need not be one of them', async () => {
    const { artefact } = await train(climbing(10), { targets: ['a'], window: 2, features: ['b'] }, one);
    expect(artefact).toMatchObject({ features: ['b'], targets: ['a'] });
  });

  const leftOut = (names: string) =>
    `left out, as a plain network takes columns of numbers: ${names}; --features takes them in`;
  test.each<[string, Partial<ForecastOptions>, string[], string[]]>([
    ['nothing else', {}, ['a', 'b', 'c'], [leftOut('sky, town')]],
    ['a column of numbers to leave out', { drop: ['b'] }, ['a', 'c'], [leftOut('sky, town')]],
    ['a column of texts to leave out', { drop: ['sky'] }, ['a', 'b', 'c'], [leftOut('town')]],
    ['both', { drop: ['c', 'town'] }, ['a', 'b'], [leftOut('sky')]],
    ['all texts to leave out', { drop: ['sky', 'town', 'b'] }, ['a', 'c'], []],
    ['columns to take in', { features: ['town', 'c'] }, ['town', 'c'], []],
  ])('columns of texts are left out, which is said: asked for is %s', async (_, asked, features, warnings) => {
    const data = source(
      days(40, {
        a: (i) => i % 9,
        b: (i) => (i * i) % 11,
        sky: (i) => ['sun', 'rain', 'fog', 'snow'][((i * i + i) % 5) % 4],
        c: (i) => (i * 7) % 13,
        town: (i) => ['x', 'y', 'z'][i % 3],
      }),
    );
    const options = { targets: ['a'], window: 3, ...asked };
    expect((await prepare(data, options)).warnings).toEqual(warnings);
    expect((await samplesOf(data, options, 0.2, [null, 1])).artefact.features).toEqual(features);
  });

  test('nothing held out', async () => {
    const { train: trained, validation } = await samplesOf(climbing(10), { targets: ['a'], window: 3 }, 0, [null, 1]);
    expect(trained.x.shape[0]).toBe(7);
    expect(validation).toBeUndefined();
  });

  test('windows never cross series', async () => {
    const lines = ['date,s,a'];
    for (let i = 0; i < 12; i++)
      for (const s of ['x', 'y'])
        lines.push(`2020-01-${String(i + 1).padStart(2, '0')},${s},${s === 'x' ? i : 100 + i}`);
    const data = source(lines.join('\n'));
    const { train: trained, artefact } = await samplesOf(data, { targets: ['a'], window: 3, group: ['s'] }, 0, [
      null,
      1,
    ]);
    expect(trained.x.shape).toEqual([18, 3, 1]);
    const scaler = new StandardScaler(artefact.featureScaling.mean, artefact.featureScaling.std);
    for (let i = 0; i < 18; i++) {
      const rows = Array.from({ length: 3 }, (_, t) => Math.round(scaler.inverse(trained.x.data[3 * i + t], 0)) + 0);
      const next = Math.round(scaler.inverse(trained.y.data[i], 0)) + 0;
      expect([...rows, next]).toEqual([0, 1, 2, 3].map((t) => rows[0] + t));
    }
  });

  test('held-out rows change neither the scaling nor any training sample', async () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 24, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.double({ min: 0.1, max: 0.5, noNaN: true }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom('a', 'b'),
        async (v, split, horizon, target) => {
          const edge = Math.floor(24 * (1 - split) + 1e-9);
          const options = { targets: [target], window: 3, horizon };
          const [first, other] = await Promise.all(
            [v, v.map((x, i) => (i < edge ? x : 1e6 + 7 * i))].map((column) =>
              samplesOf(
                climbing(
                  24,
                  (i) => column[i] + i * 1e-3,
                  (i) => 2 * column[i] - i,
                ),
                options,
                split,
                [null, horizon],
              ),
            ),
          );
          expect(other.artefact.featureScaling).toEqual(first.artefact.featureScaling);
          expect(other.artefact.targetScaling).toEqual(first.artefact.targetScaling);
          expect(other.train).toEqual(first.train);
          expect(other.train.y.data.every((z) => Math.abs(z) < 1000)).toBe(true);
          expect(other.validation?.y.data.every((z) => z > 1000)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each<[string, ForecastOptions, number, string]>([
    ['an unknown column', { targets: ['aa'] }, 50, 'w.csv: no column aa; did you mean a? Its columns: date, a, b'],
    ['an unknown feature', { targets: ['a'], features: ['c'] }, 50, 'w.csv: no column c'],
    ['an unknown time', { targets: ['a'], time: ['day'] }, 50, 'w.csv: no column day'],
    ['the same target twice', { targets: ['a', 'a'] }, 50, 'column a is named twice'],
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
    [
      'columns known ahead',
      { targets: ['a'], known: ['b'] },
      50,
      'known: a plain network takes no columns known ahead',
    ],
  ])('%s', async (_, options, rows, message) => {
    expect(await failure(prepare(climbing(rows), options))).toContain(message);
  });

  test('a constant target; a trend', async () => {
    expect(
      await failure(
        prepare(
          climbing(50, () => 3),
          { targets: ['a'] },
        ),
      ),
    ).toBe('w.csv, line 41, column a: every value up to here is 3; there is nothing to learn from a constant');
    const rows = climbing(
      50,
      (i) => i,
      (i) => i % 7,
    );
    expect((await prepare(rows, { targets: ['a', 'b'] })).warnings).toEqual([
      'a: 10 of the 10 values held out are beyond all that are trained on; a plain network cannot follow a trend: leave --plain out',
    ]);
    expect((await prepare(rows, { targets: ['a'] }, 0)).warnings).toEqual([]);
  });
});

describe('plain forecasts', () => {
  /** Answers each window with the last step's change once more, and once more: exact on a straight line. */
  const straight = {
    predict: async ({ data, shape: [n, window] }: { data: ArrayLike<number>; shape: number[] }) => {
      const out = new Float32Array(2 * n);
      for (let i = 0; i < n; i++) {
        const [before, last] = [data[(i + 1) * window - 2], data[(i + 1) * window - 1]];
        out.set([2 * last - before, 3 * last - 2 * before], 2 * i);
      }
      return { data: out, shape: [n, 2] };
    },
  };

  test('feeds back for more steps than the horizon, and for fewer takes the first', async () => {
    const { artefact } = await samplesOf(
      climbing(20),
      { targets: ['a'], features: ['a'], window: 3, horizon: 2 },
      0.2,
      [null, 2],
    );
    const { set } = await readData(climbing(20), { targets: ['a'], features: ['a'] }, runOf(plain), 0);
    const rounded = async (origins: number[], steps: number) =>
      Array.from(
        (await plainForecasts(straight, artefact, set.series[0], origins, steps)).values,
        (v) => Math.round(v * 1e3) / 1e3,
      );
    expect(await rounded([20], 5)).toEqual([20, 21, 22, 23, 24]);
    expect(await rounded([20, 10], 1)).toEqual([20, 10]);
    expect(await rounded([10, 12], 3)).toEqual([10, 11, 12, 12, 13, 14]);
  });

  test.each([
    ['a,b', 'a,b'],
    ['a,b', 'b,a'],
    ['a,b', 'b'],
    ['b,a', 'a,b'],
    ['a,b,c', 'b,c,a'],
  ])('of %s, feeds back what goes in: %s', async (all, fed) => {
    const targets = all.split(',');
    const features = fed.split(',');
    const lines = { a: (i: number) => i, b: (i: number) => 10 * i, c: (i: number) => 500 - 3 * i };
    const data = source(days(20, lines), 'w.csv');
    const options = { targets, features, window: 3, horizon: 2 };
    const { artefact } = await samplesOf(data, options, 0.2, [null, 2 * targets.length]);
    const { set } = await readData(data, options, runOf(plain), 0);
    // Answers every target by the first channel of the newest row, and one and two steps on: on a line all z-scores are one.
    const rising = {
      predict: async ({ data: x, shape: [n, window, width] }: { data: ArrayLike<number>; shape: number[] }) => {
        const out = Array.from({ length: n }, (_, i) => {
          const [before, last] = [window - 2, window - 1].map((row) => (i * window + row) * width);
          const channels = targets.map((name) => Math.max(0, features.indexOf(name)));
          return [1, 2].flatMap((h) => channels.map((c) => x[last + c] + h * (x[last + c] - x[before + c])));
        });
        return { data: Float32Array.from(out.flat()), shape: [n, 2 * targets.length] };
      },
    };
    const made = await plainForecasts(rising, artefact, set.series[0], [20, 12], 5);
    const expected = [20, 12].flatMap((origin) =>
      [0, 1, 2, 3, 4].flatMap((h) => targets.map((name) => lines[name as keyof typeof lines](origin + h))),
    );
    expect([...made.values]).toEqual(expected.map((value) => expect.closeTo(value, 2)));
  });

  test('needs a window of rows, and to be scored a horizon more to compare with', async () => {
    const options = { targets: ['a'], features: ['a'], window: 4, horizon: 2 };
    const { loaded } = await train(
      climbing(20, (i) => i % 6),
      options,
      one,
    );
    const rows = (n: number) => source(days(n, { a: (i) => i % 6 }, 900), 'new.csv');
    for (const n of [1, 2, 3]) {
      expect(await failure(forecastTask.predict(loaded, rows(n), {}))).toBe(
        `new.csv: has ${n} row${n === 1 ? '' : 's'}; this model needs 4 to forecast from`,
      );
    }
    expect(await rowsOf(loaded, rows(4), {})).toHaveLength(2);
    for (const n of [1, 3, 4, 5]) {
      expect(await failure(forecastTask.evaluate(loaded, rows(n), {}))).toBe(
        `new.csv: has ${n} row${n === 1 ? '' : 's'}; this model needs 4 to forecast from and 2 to compare with`,
      );
    }
    expect(await forecastTask.evaluate(loaded, rows(6), {})).toMatchObject({ samples: 1, trainedOn: false });
    expect(await failure(forecastTask.evaluate(loaded, rows(9), { from: '9' }))).toBe(
      'new.csv: no row is left to score: the model needs 4 rows to forecast from and 2 to compare with',
    );
    loaded.model.dispose();
  });

  test('goes on from the end, from data, and not beyond what it can', async () => {
    const { loaded, artefact } = await train(
      climbing(40, (i) => i % 6),
      { targets: ['a'], window: 4 },
      one,
    );
    const before = await rowsOf(loaded, undefined, {});
    expect(before).toEqual([{ step: 1, time: '2020-02-10', values: [expect.any(Number)] }]);
    expect(await rowsOf({ ...loaded, artefact: saved(artefact) }, undefined, {})).toEqual(before);
    expect(
      await rowsOf(
        loaded,
        climbing(40, (i) => i % 6),
        {},
      ),
    ).toEqual(before);
    expect(await failure(forecastTask.predict(loaded, undefined, { steps: 3 }))).toBe(
      'steps: this model forecasts 1 at once, and going on needs b, which it does not forecast; train with --horizon 3, or with --features a',
    );
    expect(await failure(forecastTask.predict(loaded, undefined, { interval: [80] }))).toMatch(
      /--plain has no intervals/,
    );
    const evaluation = await forecastTask.evaluate(
      loaded,
      climbing(40, (i) => i % 6),
      {},
    );
    expect(evaluation).toMatchObject({ samples: 8, trainedOn: false });
  });
});

test('the weather as Keras would: 2.16 °C with four columns, 2.36 by the last value', async () => {
  const { evaluation, prepared, history, warnings } = await train(
    await fixture('data/seattle-weather.csv'),
    { targets: ['temp_max'] },
    { ...plain, seed: 7 },
  );
  expect(prepared).toMatchObject({ samples: 1138, heldOut: 293, layers: 'LSTM(32), Dense(1)' });
  const [{ mae, naive, column }] = evaluation.targets;
  expect(evaluation.samples).toBe(293);
  expect(column).toBe('temp_max');
  expect(naive.mae).toBeCloseTo(2.356, 3);
  expect(mae).toBeLessThan(2.25);
  expect(Object.keys(history)).toEqual(['loss', 'mae', 'val_loss', 'val_mae']);
  expect(history.val_loss).toHaveLength(30);
  expect(warnings).toEqual([]);
}, 60_000);
