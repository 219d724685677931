/** What is chosen for training where nobody says, at every size at which another thing is chosen. */
import { describe, expect, test } from '@jest/globals';
import { Random } from '../../src/random.js';
import { linearRecipe, type Problem, rowRecipe, sequenceRecipe } from '../../src/tasks/classify/recipes.js';
import { Clock, learn, recipeFor } from '../../src/tasks/classify/train.js';
import type { Run } from '../../src/tasks/definition.js';
import { prepareSequence } from '../../src/tasks/symbols/prepare.js';
import { prepareCorpus } from '../../src/tasks/text/prepare.js';
import { runOf } from './runs.js';

describe('classes', () => {
  const scaling = { mean: [0, 0], std: [1, 1] };
  const rows = (samples: number): Problem => ({ samples, inputShape: [2], classes: 3, encoding: { scaling } as never });
  const steps = (samples: number): Problem => ({
    samples,
    inputShape: [5, 2],
    classes: 3,
    encoding: { scaling, steps: 5, padded: 'end' },
  });
  const texts = (samples: number): Problem => ({
    samples,
    inputShape: [5],
    classes: 3,
    encoding: { scaling: { mean: [], std: [] }, steps: 5, text: { kind: 'words', known: ['a', 'b'] } },
  });
  const own = { inputShape: [2], classes: 3, optimizer: 'adam', clipnorm: 1, least: 5e-4 };
  const network = { ...own, layers: 'Dense(64, relu), Dense(3, softmax)', learningRate: 0.005 };

  test.each([
    // 3,000 steps or 10 times through the data; a quarter of that is the patience.
    [1000, {}, { batchSize: 32, epochs: 94, patience: 24 }],
    [19_200, {}, { batchSize: 32, epochs: 10, patience: 3 }],
    [19_201, {}, { batchSize: 64, epochs: 10, patience: 3 }],
    [1_000_000, {}, { batchSize: 512, epochs: 10, patience: 3 }],
    [1000, { epochs: 7 }, { batchSize: 32, epochs: 7, patience: 7, least: undefined }],
    [
      1000,
      { patience: 2, batchSize: 8, optimizer: 'sgd', learningRate: 0.1 },
      { batchSize: 8, epochs: 24, patience: 2, optimizer: 'sgd', learningRate: 0.1 },
    ],
  ])('%d rows, %j', (samples, settings, chosen) => {
    expect(rowRecipe(rows(samples), runOf({ settings }))).toEqual({ ...network, ...chosen });
  });

  test('classes of different weights', () => {
    const weights = Float64Array.of(1, 2, 3);
    expect(rowRecipe({ ...rows(1000), weights }, runOf()).weights).toBe(weights);
  });

  test.each([
    [1000, {}, { batchSize: 32, epochs: 32, patience: 8 }],
    [100_000, {}, { batchSize: 256, epochs: 3, patience: 1 }],
    // What was given for the network is not for the linear model, but for the optimizer and the batches.
    [
      1000,
      { epochs: 7, patience: 2, learningRate: 0.1, batchSize: 8, optimizer: 'sgd' },
      { batchSize: 8, epochs: 8, patience: 2, optimizer: 'sgd' },
    ],
  ])('a linear model of %d rows, %j', (samples, settings, chosen) => {
    const recipe = linearRecipe(rows(samples), runOf({ settings, layers: 'Dense(3, softmax)' }));
    expect(recipe).toEqual({ ...own, layers: 'Dense(3, softmax)', learningRate: 0.03, ...chosen });
  });

  const mixed =
    'Bidirectional(LSTM(32, return_sequences=true)), Dense(64, relu, use_bias=false), GlobalMaxPooling1D, Dense(3, softmax)';
  test.each([
    ['sequences', steps(640), { epochs: 45, patience: 23, decaySteps: 900 }],
    ['sequences', steps(6400), { epochs: 15, patience: 8, decaySteps: 3000 }],
    ['texts', texts(6400), { epochs: 10, patience: 5, decaySteps: 2000 }],
  ])('%s', (kind, problem, chosen) => {
    // Two words, unknown ones, and padding.
    const layers = kind === 'texts' ? `Embedding(4, 32, mask_zero=true), ${mixed}` : mixed;
    const expected = { ...own, inputShape: problem.inputShape, learningRate: 0.01, batchSize: 32, layers, ...chosen };
    expect(sequenceRecipe(problem, runOf())).toEqual(expected);
    const masked = kind === 'texts' ? layers : `Masking(-1000), ${layers}`;
    expect(recipeFor(problem, runOf())).toEqual({ ...expected, layers: masked });
  });

  /** Learns from rows of two classes that cannot be told apart. */
  async function learnt(samples: number, own: Partial<Run>) {
    const random = new Random(1);
    const data = Float32Array.from({ length: samples }, () => random.normal());
    const y = Int32Array.from(data, (_, i) => i % 2);
    const stages: string[] = [];
    const settings = { epochs: 1, batchSize: 1000 };
    const run = runOf({ settings, stage: (text) => void stages.push(text), ...own });
    const problem = { samples, inputShape: [1], classes: 2, encoding: { scaling: { mean: [0], std: [1] } } as never };
    const labelled = { x: { data, shape: [samples, 1] }, y };
    const { model, layers, joined } = await learn(labelled, problem, run, {
      clock: new Clock(run),
      time: 1,
      name: 'rows',
    });
    model.dispose();
    return { stages, layers, joined };
  }

  test.each([
    [4, {}, 'training'],
    [5, {}, 'network 1 of 5'],
    [5000, {}, 'network 1 of 5'],
    [5001, {}, 'training'],
    [5000, { layers: 'Dense(4), Dense(2, softmax)' }, 'training'],
  ])('%d rows, %j: %s', async (samples, more, first) => {
    const { stages } = await learnt(samples, { ...more, signal: AbortSignal.abort() });
    expect(stages).toEqual([`rows: ${first}`]);
  });

  test('five networks and five linear models become one, as is said', async () => {
    const { stages, layers, joined } = await learnt(5, {});
    expect(stages).toEqual([1, 2, 3, 4, 5].map((one) => `rows: network ${one} of 5`));
    const units = Number(/^Dense\((\d+), relu\), Dense\(2, softmax\)$/.exec(layers)?.[1]);
    const of = { 4: '5 linear models', 320: networks, 324: `${networks} and 5 linear models` }[units];
    expect(joined).toBe(`${layers} is ${of}, side by side: each was stopped by another fifth of the samples`);
  });
  const networks = '5 networks of Dense(64, relu), Dense(2, softmax)';
});

describe('texts', () => {
  const textOf = (length: number) => 'ab'.repeat(length / 2);
  const network = (units: number, dropout: number) =>
    `Embedding(2, 32), Dropout(0.2), LSTM(${units}, return_sequences=true), Dropout(${dropout}), Dense(2, softmax)`;
  const chosen = (length: number, own: Partial<Run> = {}) => {
    const { ids, edge, window, layers, settings } = prepareCorpus(textOf(length), 'a.txt', {}, runOf(own));
    return { tokens: ids.length, edge, window, layers, settings };
  };
  const base = { optimizer: 'adam', validationSplit: 0.2, seed: 7 };
  const small = { ...base, batchSize: 8, learningRate: 0.008 };
  const large = { ...base, batchSize: 16, learningRate: 0.004, patience: 5 };

  // Of the first nine tenths of the first four fifths: 5,000 steps of 32 tokens, and 150 steps of patience.
  test.each([
    [100, 80, 9, network(128, 0.5), { ...small, epochs: 17_778, patience: 150 }],
    [1000, 800, 32, network(128, 0.5), { ...small, epochs: 1667, patience: 50 }],
    [69_000, 55_200, 32, network(192, 0.3), { ...small, epochs: 26, patience: 5 }],
    [70_000, 56_000, 32, network(192, 0.3), { ...large, epochs: 51 }],
    [1_000_000, 800_000, 32, network(256, 0.3), { ...large, epochs: 8 }],
  ])('of %d characters', (tokens, edge, window, layers, settings) => {
    expect(chosen(tokens)).toEqual({ tokens, edge, window, layers, settings });
  });

  test('layers of one’s own have longer windows and a lower rate; what is given goes before', () => {
    const layers = 'LSTM(4,\n return_sequences=true), Dense(2, softmax)';
    expect(chosen(1000, { layers })).toEqual({
      tokens: 1000,
      edge: 800,
      window: 64,
      layers: 'LSTM(4, return_sequences=true), Dense(2, softmax)',
      settings: { ...small, learningRate: 0.005, epochs: 1250, patience: 75 },
    });
    const settings = {
      epochs: 3,
      batchSize: 4,
      learningRate: 0.1,
      patience: 2,
      optimizer: 'sgd',
      validationSplit: 0.5,
    };
    expect(chosen(1000, { settings })).toMatchObject({ edge: 500, settings: { ...settings, seed: 7 } });
  });

  test('plain, and to choose settings by', () => {
    expect(chosen(1000, { plain: true })).toEqual({
      tokens: 1000,
      edge: 800,
      window: 50,
      layers: 'Embedding(2, 32), LSTM(128, return_sequences=true), Dense(2, softmax)',
      settings: { ...base, epochs: 10, batchSize: 32, learningRate: 0.004 },
    });
    expect(chosen(1000, { purpose: 'choose' })).toMatchObject({ tokens: 800, edge: 640, window: 32 });
  });
});

describe('symbols', () => {
  const chosen = (length: number, own: Partial<Run> = {}, options = {}) => {
    const values = Array.from({ length }, (_, i) => i % 3);
    const { ids, ...corpus } = prepareSequence({ values, notes: [] }, 's.txt', options, runOf(own));
    expect([...ids]).toEqual(values.slice(0, ids.length));
    return { ...corpus, length: ids.length };
  };
  const base = { name: 's.txt', symbols: [0, 1, 2], scale: 2 };
  const own = { ...base, input: 'index', layers: 'Embedding(3, 16), LSTM(50), Dense(3, softmax)' };
  const settings = { optimizer: 'adam', seed: 7, learningRate: 0.005 };
  const few = { ...settings, batchSize: 8 };
  const windows = [1, 2, 3, 4, 6, 8, 12, 16];

  // 2,000 steps at most, and 300 of patience; windows up to a quarter of what is trained on.
  test.each([
    [30, 30, 30, 5, { ...few, validationSplit: 0, epochs: 500, patience: 75 }],
    [49, 49, 39, 6, { ...few, validationSplit: 0, epochs: 400, patience: 60 }],
    [50, 40, 32, 6, { ...few, validationSplit: 0.2, epochs: 500, patience: 75 }],
    [1250, 1000, 800, 8, { ...few, validationSplit: 0.2, epochs: 20, patience: 3 }],
    [1300, 1040, 832, 8, { ...settings, validationSplit: 0.2, batchSize: 32, epochs: 77, patience: 12 }],
    [100_000, 80_000, 64_000, 8, { ...settings, validationSplit: 0.2, batchSize: 32, epochs: 3, patience: 3 }],
  ])('of %d symbols', (length, edge, stopAt, most, all) => {
    expect(chosen(length)).toEqual({ ...own, length, edge, stopAt, windows: windows.slice(0, most), settings: all });
  });

  test.each([
    [1000, 1],
    [1001, 32],
  ])('plain, of %d symbols: batches of %d', (length, batchSize) => {
    expect(chosen(length, { plain: true })).toEqual({
      ...base,
      input: 'scaled',
      layers: 'LSTM(50), Dense(3, softmax)',
      plain: true,
      length,
      edge: length,
      stopAt: length,
      windows: [1],
      settings: { ...settings, learningRate: 0.001, validationSplit: 0, batchSize, epochs: 100 },
    });
  });

  test('to choose settings by, and with a window and settings that are given', () => {
    expect(chosen(1250, { purpose: 'choose' })).toMatchObject({ length: 1000, edge: 800, stopAt: 640 });
    const given = { epochs: 2, batchSize: 5, learningRate: 0.1, patience: 4, validationSplit: 0.5, optimizer: 'sgd' };
    expect(chosen(100, { settings: given }, { window: 7 })).toMatchObject({
      edge: 50,
      stopAt: 40,
      windows: [7],
      settings: { ...given, seed: 7 },
    });
  });
});
