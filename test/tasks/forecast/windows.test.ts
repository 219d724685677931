/** What goes into a forecast's network and its ridge, number by number, and how the network is tried on folds of it. */
import { describe, expect, jest, test } from '@jest/globals';
import { Sequential } from '../../../src/index.js';
import { prepareBackend } from '../../../src/kernels/backend.js';
import type { Run } from '../../../src/tasks/definition.js';
import type { Layout, Tracked } from '../../../src/tasks/forecast/channels.js';
import { writeWindow } from '../../../src/tasks/forecast/channels.js';
import { noCorrections } from '../../../src/tasks/forecast/corrections.js';
import { checkLayers } from '../../../src/tasks/forecast/fit.js';
import { foldGate, makeNetwork, trainNetwork, tryNetwork } from '../../../src/tasks/forecast/network.js';
import { asRegression, regressorsOf } from '../../../src/tasks/forecast/regressors.js';
import { collectOrigins, makeWindows, ownChannels } from '../../../src/tasks/forecast/samples.js';
import type { Callback } from '../../../src/training/callbacks.js';
import { runOf } from '../runs.js';
import { setOf } from './series.js';

function layoutOf(own: Partial<Record<'past' | 'known', number>> & Partial<Pick<Layout, 'levels' | 'year'>>): Layout {
  const { past = 0, known = 0, levels = [true], year = false } = own;
  const columns = (n: number) =>
    Array.from({ length: n }, (_, index) => ({ column: `${index}`, index, mean: 0, std: 1, change: false }));
  return {
    window: 3,
    horizon: 2,
    targets: levels.length,
    levels,
    year,
    past: columns(past),
    known: columns(known),
  };
}
/** Of n rows: the errors are the rows' numbers, the values their squares, and what lies ahead is 0. */
function targetOf(n: number, scale: number, trend = 'none') {
  const rows = Float64Array.from({ length: n }, (_, row) => row);
  const track = {
    errors: rows,
    values: rows.map((row) => row * row),
    deviation: (origin: number, row: number) => 100 * origin + row,
    ahead: () => 0,
    anchor: { trend },
  };
  return { track: track as never, scale, mean: 1, std: 3 };
}

test.each([
  [0, 8],
  [1, 8],
  [2, 6],
  [6, 6],
  [7, 7],
  [24, 24],
  [96, 96],
  [97, 96],
  [168, 96],
])('the rows that a network reads where nobody says it: of a season of %d, %d', async (season, rows) => {
  await prepareBackend();
  const set = setOf({ targets: [[1, 2, 3]] }, season);
  const taken = (width: number) => () =>
    checkLayers(set, { horizon: 1, run: runOf({ layers: `Conv1D(2, ${width}), GlobalMaxPooling1D(), Dense(1)` }) });
  expect(taken(rows)).not.toThrow();
  expect(taken(rows + 1)).toThrow(`${rows + 1}`);
});

test('a window has the targets’ channels, the year’s, past columns, and known ones of the rows ahead', () => {
  const normal = { rows: Float64Array.of(0, 2, 4, 6, 8, 10), mean: Float64Array.of(0, 1, 3, 5, 7, 9, 11) };
  const series: Tracked = {
    rows: 6,
    targets: [targetOf(6, 2), { ...targetOf(6, 4), normal }, targetOf(6, 1, 'additive')],
    past: Float64Array.from({ length: 12 }, (_, i) => 20 + i),
    known: Float64Array.from({ length: 7 }, (_, i) => 40 + i),
    year: Float64Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5),
  };
  const layout = layoutOf({ levels: [true, true, true], year: true, past: 2, known: 1 });
  const out = new Float32Array(1 + 3 * 19);
  writeWindow(series, layout, 6, 19, out, 1);
  const year = (angle: number) => [Math.sin(angle), Math.cos(angle), Math.sin(2 * angle), Math.cos(2 * angle)];
  const expected = [
    [1.5, 301.5, 8 / 3, 0.75, 150.75, 1.5, 3, 603, 0, ...year(0.3), 0, 7 / 4, 0, 26, 27, 45],
    [2, 302, 15 / 3, 1, 151, 2, 4, 604, 0, ...year(0.4), 0, 9 / 4, 0, 28, 29, 46],
    // What is known ends before the last row's.
    [2.5, 302.5, 24 / 3, 1.25, 151.25, 2.5, 5, 605, 0, ...year(0.5), 0, 11 / 4, 0, 30, 31, 0],
  ];
  expect([...out]).toEqual([0, ...expected.flat()].map((value) => expect.closeTo(value, 4)));
});

test('origins have a window, the anchor’s start and a horizon; too many are thinned evenly', async () => {
  const tracked = [8, 3, 7].map((rows) => ({ rows, targets: [targetOf(rows, 1)] }) as never as Tracked);
  const { origins, available } = collectOrigins(tracked, layoutOf({}), 1);
  expect({ origins, available }).toEqual({
    origins: [
      { series: 0, origin: 4 },
      { series: 0, origin: 5 },
      { series: 0, origin: 6 },
      { series: 2, origin: 4 },
      { series: 2, origin: 5 },
    ],
    available: 5,
  });
  const windows = await makeWindows(tracked, layoutOf({}), origins.slice(2, 4), 3);
  expect(windows).toEqual({
    x: Float32Array.from(
      [
        [3, 603, 8 / 3, 4, 604, 15 / 3, 5, 605, 24 / 3],
        [1, 401, 0, 2, 402, 3 / 3, 3, 403, 8 / 3],
      ].flat(),
    ),
    y: Float32Array.of(36, 49, 16, 25),
    rows: 2,
    steps: 3,
    channels: 3,
    answers: 2,
  });
  const first = ownChannels(windows, 1);
  expect({ ...first, x: [...first.x] }).toEqual({ ...windows, x: [3, 4, 5, 1, 2, 3], channels: 1 });
  expect(ownChannels(windows, 3)).toBe(windows);
  const long = collectOrigins([{ ...tracked[0], rows: 20_005 }], layoutOf({}), 9);
  // The anchor has four rows of a long season.
  expect([long.available, long.origins.length, long.origins[1].origin]).toEqual([19_997, 19_997, 8]);
  const longer = collectOrigins([{ ...tracked[0], rows: 20_009 }], layoutOf({}), 9);
  expect([longer.available, longer.origins.length, longer.origins[1].origin]).toEqual([20_001, 10_001, 9]);
});

test('regressors: targets of all rows, the year of the newest, known columns, past ones that count less the older they are', () => {
  const layout = layoutOf({ levels: [true, false], year: true, past: 1, known: 1 });
  const { regressors, ends } = regressorsOf(layout);
  const own = (lag: number) => [0, 0, 0, 1, 1].map((target, channel) => ({ lag, channel, weight: 1, target }));
  const at = (lag: number, channel: number, weight = 1) => ({ lag, channel, weight });
  const year = [5, 6, 7, 8, 9, 10].map((channel) => at(1, channel));
  const known = [1, 2, 3].map((lag) => at(lag, 12));
  expect(regressors).toEqual([
    ...own(3),
    ...own(2),
    ...own(1),
    ...year,
    ...known,
    at(1, 11),
    at(2, 11, 4),
    at(3, 11, 9),
  ]);
  expect(ends).toEqual([21, 24, 25, 27]);
  // Windows whose numbers are their places.
  const x = Float32Array.from({ length: 2 * 3 * 13 }, (_, i) => i);
  const windows = { x, y: Float32Array.of(1, 2), rows: 2, steps: 3, channels: 13, answers: 1 };
  const places = regressors.map(({ lag, channel }) => [26, 13, 0][lag - 1] + channel);
  expect(asRegression(windows, layout, regressors)).toEqual({
    x: Float32Array.from([...places, ...places.map((place) => place + 39)]),
    y: windows.y,
    rows: 2,
    regressors: 27,
    answers: 1,
  });
});

test.each([
  [{}, [9]],
  [{ known: 60 }, [9, 9 + 120]],
  [{ known: 61 }, [9, 9 + 61]],
  [{ past: 40 }, [9, 49, 49 + 80]],
  [{ past: 60 }, [9, 69, 69 + 60]],
  [{ past: 61 }, [9, 70]],
])('of many columns fewer rows: %j', (columns, ends) => {
  const found = regressorsOf(layoutOf(columns));
  expect(found.ends).toEqual(ends);
  expect(found.regressors).toHaveLength(ends[ends.length - 1]);
});

/** Windows whose answers are the newest row's first channel, and twice as much; or nothing. */
function windowsOf(rows: number, size = 1) {
  const x = Float32Array.from({ length: rows * 3 * 2 }, (_, i) => Math.sin(i * 1.7));
  const y = Float32Array.from({ length: rows * 2 }, (_, i) => size * (1 + (i % 2)) * x[(i >> 1) * 6 + 4]);
  return { x, y, rows, steps: 3, channels: 2, answers: 2 };
}
/** Blocks that are held out in turn. */
function foldsOf(rows: number, count: number) {
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  return Array.from({ length: count }, (_, k) => {
    const held = (i: number) => Math.floor((i * count) / rows) === k;
    return { held: all.filter(held), trained: all.filter((i) => !held(i)) };
  });
}
const network = (settings: object, deadline = Number.POSITIVE_INFINITY) => ({
  units: 4,
  run: runOf({ settings: { batchSize: 4, learningRate: 0.02, ...settings } }),
  deadline,
  absoluteError: (corrections: Float32Array) => corrections.length,
});
const sum = (values: Float32Array) => values.reduce((all, value) => all + Math.abs(value), 0);

test.each([
  // Epochs of four steps, of which five are nearest to 19 steps.
  [24, 3, { epochs: 4 }, [20], 4],
  // What an epoch is too long or too short for, later ones make up for: of 7 steps, as many as are nearest to 20, 40, 70, 100,
  // 150 and 151 in all.
  [42, 3, { epochs: 18, learningRate: 0.002 }, [21, 42, 70, 98, 147, 154], 7],
  // Nothing is nearer to 101 than to 100.
  [42, 3, { epochs: 12, learningRate: 0.002 }, [21, 42, 70, 98], 7],
  [18, 3, { epochs: 28, learningRate: 0.002 }, [21, 39, 69, 99, 102], 3],
  // Epochs of 25 steps are gone through in parts.
  [120, 6, { epochs: 1 }, [20, 24], 25],
  [120, 6, { epochs: 2, learningRate: 0.002 }, [20, 40, 48], 25],
])('%d windows in %d folds: steps until each comparison', async (rows, count, settings, ends, perEpoch) => {
  const windows = windowsOf(rows);
  const { best, history, late } = await tryNetwork(windows, foldsOf(rows, count), network(settings));
  if (!best) throw new Error('is no better than nothing');
  const at = ends.indexOf(best.steps);
  expect(at).toBeGreaterThanOrEqual(0);
  expect(best.epochs).toBeCloseTo(best.steps / perEpoch, 9);
  expect(best.error).toBeCloseTo(sum(best.outOfFold.map((value, i) => value - windows.y[i])), 3);
  expect(best.error).toBeLessThan(sum(windows.y));
  expect(history.val_loss[at]).toBe(best.error / (2 * rows));
  expect(history.val_mae).toEqual(ends.map(() => 2 * rows));
  expect(history.loss).toHaveLength(ends.length);
  expect(late).toBe(false);
});

test.each([
  ['three comparisons without a gain', {}, Number.POSITIVE_INFINITY, 3, false],
  ['patience in epochs', { patience: 10 }, Number.POSITIVE_INFINITY, 2, false],
  ['the time', {}, 0, 1, true],
])(
  '%s: that ends it, without a network that is better than nothing',
  async (_, settings, deadline, comparisons, late) => {
    const tried = await tryNetwork(windowsOf(24, 0), foldsOf(24, 3), network(settings, deadline));
    const none = new Array(comparisons).fill(0);
    expect(tried).toEqual({ late, history: { loss: none, val_loss: none, val_mae: none.map(() => 48) } });
  },
);

test('comparisons without a gain end it where they are three in a row, however many came before', async () => {
  let most = 0;
  for (const seed of [3, 4, 5, 6]) {
    const options = network({ learningRate: 0.2 });
    const run = { ...options.run, seed };
    const { best, history } = await tryNetwork(windowsOf(24), foldsOf(24, 2), { ...options, run });
    let least = Number.POSITIVE_INFINITY;
    const gains = history.val_loss.map((loss) => {
      const gain = loss < least;
      least = Math.min(loss, least);
      return gain ? '+' : '-';
    });
    expect(best?.error).toBeCloseTo(48 * least, 3);
    // After 1000 steps there is none to come.
    expect(gains.join('')).toMatch(gains.length < 11 ? /^(-?-?\+)+---$/ : /^(-?-?\+)+-?-?-?$/);
    most = Math.max(most, gains.filter((gain) => gain === '-').length);
  }
  expect(most).toBeGreaterThan(3);
});

test.each([
  [0.5, 1, 3],
  [0.01, 1, 1],
  [1, 1, 6],
  [2.6, 3, 18],
])('%d epochs on all windows', async (epochs, whole, batches) => {
  const seen = { epochs: 0, batches: 0 };
  const options = network({});
  const run = {
    ...options.run,
    callbacks: [
      {
        onBatchEnd: () => void seen.batches++,
        onEpochEnd: () => void seen.epochs++,
      },
    ],
  };
  (await trainNetwork(windowsOf(24), epochs, { ...options, run })).dispose();
  expect(seen).toEqual({ epochs: whole, batches });
});

test.each<[Run['settings'], string, number]>([
  [{}, 'adam', 0.005],
  [{ learningRate: 0.2 }, 'adam', 0.2],
  [{ optimizer: 'sgd' }, 'sgd', 0.005],
  [{ optimizer: 'rmsprop', learningRate: 0.01, batchSize: 3 }, 'rmsprop', 0.01],
])('settings %j: trained by %s at a rate of %d', async (settings, name, rate) => {
  const seen = new Set<unknown>();
  const onBatchEnd: Callback['onBatchEnd'] = (_batch, _logs, { optimizer }) => {
    seen.add(optimizer.name).add(optimizer.learningRate);
  };
  const run = runOf({ settings, callbacks: [{ onBatchEnd }] });
  (await trainNetwork(windowsOf(9), 1, { ...network({}), run })).dispose();
  expect([...seen]).toEqual([name, rate]);
});

test('a network begins with nothing; folded into its last layer, a gate multiplies its answers', async () => {
  const { x, rows, steps, channels, answers } = windowsOf(5);
  const model = makeNetwork({ steps, channels, answers }, network({}), 1);
  const predict = async () => [...(await model.predict({ data: x, shape: [rows, steps, channels] })).data];
  expect(await predict()).toEqual(new Array(rows * answers).fill(0));
  const weights = model.getWeights();
  weights[3].data.set([1, -2, 3, 4, 0.5, 6, 7, -8]);
  weights[4].data.set([0.1, 0.2]);
  model.setWeights(weights);
  const before = await predict();
  foldGate(model, [0.5, 0.25]);
  expect(await predict()).toEqual(before.map((value, i) => expect.closeTo(value * (i % 2 ? 0.25 : 0.5), 6)));
  model.dispose();
});

test.each([
  [undefined, 3],
  [3, 3],
  [5, 5],
  [4, 3],
])(
  'too few rows for a network: one that starts from a model of %j channels takes %d, and adds nothing',
  async (features, channels) => {
    const layout = layoutOf({ past: 1, known: 1 });
    const windows = { ...windowsOf(4), channels: 5, x: new Float32Array(4 * 3 * 5).fill(1) };
    const assigned: Sequential[] = [];
    const from = {
      features,
      layersFor: () => 'LSTM(2), Dense(2)',
      assign: (model: Sequential) => assigned.push(model),
    };
    const run = runOf(features === undefined ? {} : { from: from as unknown as NonNullable<Run['from']> });
    const none = noCorrections(windows, layout, { ...network({}), run });
    expect(none).toEqual({
      model: none.model,
      channels,
      gates: [0, 1].map(() => ({ ridge: 0, network: 0 })),
      usesColumns: false,
      errors: windows.y,
      history: {},
      remarks: [],
    });
    expect(assigned).toEqual(features === undefined ? [] : [none.model]);
    expect(none.model.inputShape).toEqual([null, 3, channels]);
    const x = { data: new Float32Array(3 * channels).fill(1), shape: [1, 3, channels] };
    expect([...(await none.model.predict(x)).data]).toEqual([0, 0]);
    none.model.dispose();
  },
);

describe('a network that does not come about is freed', () => {
  const { steps, channels, answers } = windowsOf(5);
  const fail = (reason: string) => () => {
    throw new Error(reason);
  };
  const from = { layersFor: () => 'LSTM(2), Dense(2)', assign: fail('weights of another shape') };

  test.each<[string, () => unknown, string]>([
    [
      'its training ends with an error',
      () => {
        const run = runOf({ callbacks: [{ onEpochBegin: fail('told of an epoch') }] });
        return trainNetwork(windowsOf(24), 1, { ...network({}), run });
      },
      'told of an epoch',
    ],
    [
      'the weights to begin with do not fit',
      () =>
        makeNetwork(
          { steps, channels, answers },
          { ...network({}), run: { ...runOf(), from: from as unknown as NonNullable<Run['from']> } },
          1,
        ),
      'weights of another shape',
    ],
    [
      'it gives something at each step',
      () =>
        makeNetwork(
          { steps, channels, answers },
          { ...network({}), run: runOf({ layers: 'LSTM(4, return_sequences=true)' }) },
          1,
        ),
      `layers: the output has shape (${steps}, ${answers}), a forecast needs (${answers}); let the last recurrent layer give its last step only, or add Flatten()`,
    ],
  ])('%s', async (_, make, reason) => {
    const freed = jest.spyOn(Sequential.prototype, 'dispose');
    await expect(async () => make()).rejects.toThrow(new Error(reason));
    expect(freed).toHaveBeenCalledTimes(1);
    freed.mockRestore();
  });
});
