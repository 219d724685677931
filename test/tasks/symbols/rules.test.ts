/** How a sequence is learnt by its length, what scores are made of, and what is said of them. */
import { describe, expect, test } from '@jest/globals';
import { MemcellError } from '../../../src/errors.js';
import type { Run } from '../../../src/tasks/definition.js';
import type { SymbolsArtefact } from '../../../src/tasks/symbols/artefact.js';
import { type SymbolsEvaluation, verdict } from '../../../src/tasks/symbols/evaluation.js';
import { scoreSymbols } from '../../../src/tasks/symbols/network.js';
import { evaluateSequence } from '../../../src/tasks/symbols/predict.js';
import { novelty, prepareSequence } from '../../../src/tasks/symbols/prepare.js';
import type { SymbolValue } from '../../../src/tasks/symbols/sequence.js';
import { symbolsTask } from '../../../src/tasks/symbols/task.js';
import { runOf } from '../runs.js';

const prepared = (values: SymbolValue[], options = {}, run: Partial<Run> = {}) =>
  prepareSequence({ values, notes: [] }, 's.txt', options, runOf(run));
const turns = (n: number) => Array.from({ length: n }, (_, i) => i % 2);

describe('what is learnt, and how', () => {
  const upTo8 = [1, 2, 3, 4, 6, 8];
  const all = [...upTo8, 12, 16];
  test.each([
    // Fewer than 50 are all trained on; fewer than 40 have no part that stops.
    [39, { edge: 39, stopAt: 39, windows: upTo8, split: 0, epochs: 400, batchSize: 8, patience: 60 }],
    [40, { edge: 40, stopAt: 32, windows: upTo8, split: 0, epochs: 500, batchSize: 8, patience: 75 }],
    [49, { edge: 49, stopAt: 39, windows: upTo8, split: 0, epochs: 400, batchSize: 8, patience: 60 }],
    [50, { edge: 40, stopAt: 32, windows: upTo8, split: 0.2, epochs: 500, batchSize: 8, patience: 75 }],
    [16, { edge: 16, stopAt: 16, windows: [1, 2, 3, 4], split: 0, epochs: 1000, batchSize: 8, patience: 150 }],
    [1250, { edge: 1000, stopAt: 800, windows: all, split: 0.2, epochs: 20, batchSize: 8, patience: 3 }],
    [1260, { edge: 1008, stopAt: 806, windows: all, split: 0.2, epochs: 77, batchSize: 32, patience: 12 }],
  ])('%d symbols: %j', (n, { edge, stopAt, windows, split, ...settings }) => {
    const corpus = prepared(turns(n));
    expect(corpus).toMatchObject({ edge, stopAt, windows, symbols: [0, 1], input: 'index', scale: 1 });
    expect(corpus.layers).toBe('Embedding(2, 16), LSTM(50), Dense(2, softmax)');
    expect(corpus.settings).toEqual({
      optimizer: 'adam',
      validationSplit: split,
      learningRate: 0.005,
      seed: 7,
      ...settings,
    });
  });

  test.each([
    [1000, 1],
    [1001, 32],
  ])('plain, %d symbols: batches of %d', (n, batchSize) => {
    const corpus = prepared(turns(n), {}, { plain: true });
    expect(corpus).toMatchObject({ plain: true, edge: n, stopAt: n, windows: [1], input: 'scaled' });
    expect(corpus.layers).toBe('LSTM(50), Dense(2, softmax)');
    expect(corpus.settings).toEqual({
      optimizer: 'adam',
      validationSplit: 0,
      epochs: 100,
      batchSize,
      learningRate: 0.001,
      seed: 7,
    });
  });

  test('what is given goes before', () => {
    const settings = { epochs: 4, batchSize: 16, learningRate: 0.1, validationSplit: 0.5, patience: 2 };
    const corpus = prepared(turns(100), { window: 5 }, { settings, layers: ' LSTM(3),\n Dense(2, softmax) ' });
    expect(corpus).toMatchObject({ edge: 50, stopAt: 40, windows: [5], layers: 'LSTM(3), Dense(2, softmax)' });
    expect(corpus.settings).toEqual({ optimizer: 'adam', seed: 7, ...settings });
    expect(prepared(turns(100), {}, { settings: { batchSize: 16 } }).settings).toMatchObject({
      epochs: 500,
      patience: 75,
    });
    // Settings are chosen by what is not held out.
    expect(prepared(turns(100), {}, { purpose: 'choose' }).ids).toHaveLength(80);
  });

  test('symbols in their order, and what numbers are divided by', () => {
    expect(prepared([10, -20, 9, 10])).toMatchObject({
      symbols: [-20, 9, 10],
      scale: 20,
      ids: Int32Array.of(2, 0, 1, 2),
    });
    expect(prepared(['b', 'a', 'B', 'b'])).toMatchObject({ symbols: ['B', 'a', 'b'], scale: 2 });
  });

  test('more than 10,000 different ones are something else', () => {
    const numbers = Array.from({ length: 10_001 }, (_, i) => i);
    const refusal = (values: SymbolValue[]) => expect(() => prepared(values));
    refusal(numbers).toThrow(new MemcellError('s.txt: 10001 different symbols are more than 10000; use --forecast'));
    refusal(numbers.map((i) => `w${i}`)).toThrow(
      new MemcellError('s.txt: 10001 different symbols are more than 10000; use --text --tokens words'),
    );
    refusal(numbers.slice(1)).not.toThrow();
  });

  test('symbols that come late are told where they are more than a fifth of what is held out', () => {
    const late = (unknown: number, word = (i: number): SymbolValue => i) =>
      novelty(
        prepared([...turns(40).map(word), ...Array.from({ length: 10 }, (_, i) => word(i < unknown ? 2 + i : 0))]),
      );
    expect(late(2)).toEqual([]);
    expect(late(3)).toEqual([
      's.txt: 3 of the 10 symbols held out are not among those to train on; for numbers that go on, use --forecast',
    ]);
    expect(late(3, (i) => `w${i}`)).toEqual(['s.txt: 3 of the 10 symbols held out are not among those to train on']);
  });
});

test.each<[string, object, object]>([
  ['nothing else', {}, { windows: [3] }],
  ['a window', { options: { window: 2 } }, { windows: [2] }],
  ['as Keras would', { run: { plain: true } }, { windows: [3], plain: true }],
  ['as Keras would, and a window', { options: { window: 4 }, run: { plain: true } }, { windows: [4], plain: true }],
])(
  'from a model symbols, coding, window and layers are taken though the data has fewer of them: asked for is %s',
  (_, { options, run }: { options?: object; run?: Partial<Run> }, chosen) => {
    const symbols = [-10, 0, 1, 2];
    const before = { kind: 'symbols', window: 3, symbols, input: 'scaled', scale: 16, majority: 0, end: [0, 1, 2] };
    const asked: unknown[] = [];
    const from = {
      name: 'm',
      read: () => before,
      layersFor: (...given: unknown[]) => {
        asked.push(given);
        return 'Embedding(9, 2),\n Dense(4, softmax)';
      },
    };
    const corpus = prepared([...turns(60), 2, 1], options, {
      ...run,
      from: from as unknown as NonNullable<Run['from']>,
    });
    expect(corpus).toMatchObject({
      ...chosen,
      symbols,
      input: 'scaled',
      scale: 16,
      layers: 'Embedding(9, 2), Dense(4, softmax)',
    });
    expect([...corpus.ids.slice(0, 3), ...corpus.ids.slice(-2)]).toEqual([1, 2, 1, 3, 2]);
    expect(asked).toEqual([[[[4]], 'softmax']]);
  },
);

describe('scores', () => {
  test('by hand: a network that answers one more than the last', async () => {
    const artefact: SymbolsArtefact = {
      kind: 'symbols',
      window: 2,
      symbols: [0, 1, 2],
      input: 'scaled',
      scale: 2,
      majority: 1,
      end: [0, 1],
    };
    const predict = async ({ data, shape }: { data: Float32Array | Int32Array; shape: readonly number[] }) => {
      const answers = Array.from({ length: shape[0] }, (_, i) =>
        [0, 1, 2].map((c) => ((2 * data[2 * i + 1] + 1) % 3 === c ? 0.5 : 0.25)),
      );
      return { data: Float32Array.from(answers.flat()), shape: [shape[0], 3] };
    };
    // Of 2 → 0, 0 → 1, 1 → 1, 1 → 2: all but the third are one more.
    expect(await evaluateSequence({ predict }, artefact, [1, 2, 0, 1, 1, 2], 's')).toEqual({
      kind: 'symbols',
      samples: 4,
      accuracy: 0.75,
      majorityAccuracy: 0.5,
      window: 2,
      crossEntropy: expect.closeTo(-(3 * Math.log(0.5) + Math.log(0.25)) / 4, 6),
      repeatAccuracy: 0.25,
    });
  });

  const of = (accuracy: number, more: Partial<SymbolsEvaluation> = {}): SymbolsEvaluation => ({
    kind: 'symbols',
    samples: 20,
    accuracy,
    majorityAccuracy: 0.5,
    ...more,
  });
  test.each<[SymbolsEvaluation, boolean, string]>([
    [of(0.6), true, 'better than the most frequent symbol (50.0 %)'],
    [of(0.5), false, 'no better than the most frequent symbol (50.0 %)'],
    [of(0.6, { repeatAccuracy: 0.75 }), false, 'no better than the last symbol again (75.0 %)'],
    [of(0.6, { repeatAccuracy: 0.5 }), true, 'better than the most frequent symbol (50.0 %)'],
    [
      of(0.8, { counts: { accuracy: 0.9, back: 3 } }),
      false,
      'no better than counting what followed the last 3 (90.0 %)',
    ],
    [of(0.8, { counts: { accuracy: 0.9, back: 0 } }), true, 'better than the most frequent symbol (50.0 %)'],
    [
      of(1, { counts: { accuracy: 1, back: 1 } }),
      true,
      'always right, as is counting what followed the last 1 (100.0 %)',
    ],
  ])('%j: %j, %s', (evaluation, better, text) => {
    expect(verdict(evaluation)).toEqual({ better, text });
  });

  test('for people, and for a search', () => {
    expect(symbolsTask.tell(of(0.6, { samples: 1 }), '')).toEqual({
      headline: ['1 symbol: accuracy 60.0 %; always the most frequent one: 50.0 %'],
      details: [],
    });
    const whole = of(0.6, { repeatAccuracy: 0.25, window: 3, counts: { accuracy: 0.55, back: 2 }, crossEntropy: 0.7 });
    expect(symbolsTask.tell(whole, ', held out').headline).toEqual([
      '20 symbols, held out: accuracy 60.0 % from the last 3; always the most frequent one: 50.0 %; the last one again: 25.0 %; counting 2 back: 55.0 %',
      'Better than counting what followed the last 2 (55.0 %)',
    ]);
    expect(symbolsTask.score(whole, {})).toEqual({ value: 0.7, name: 'nats per symbol' });
    expect(symbolsTask.score(of(0.75), {})).toEqual({ value: 0.25, name: 'share of mistakes' });
  });
});

test.each([
  [0, 40, undefined, 40],
  [2, 3, undefined, 3],
  [100, 2700, undefined, 2700],
  // Interrupted, the first part is enough.
  [10, 2700, AbortSignal.abort(), 10 + 1024],
])('the tokens from %d to %d are scored, each after the window before it', async (from, to, signal, end) => {
  const window = 3;
  const ids = Int32Array.from({ length: 2700 }, (_, i) => ((i * i) >> 1) % 3);
  const rowOf = (before: ArrayLike<number>) =>
    [0, 1, 2].map((v) => ((before[0] + 2 * before[1] + 4 * before[2] + 3 * v) % 7) / 7);
  const asked: number[] = [];
  const network = {
    predict: async ({ data, shape: [n] }: { data: ArrayLike<number>; shape: readonly number[] }) => {
      asked.push(n);
      const rows = Array.from({ length: n }, (_, i) => rowOf(Array.from(data).slice(i * window, (i + 1) * window)));
      return { data: Float32Array.from(rows.flat()), shape: [n, 3] };
    },
  };
  const coding = { symbols: [0, 1, 2], input: 'index' as const, scale: 2 };
  const first = Math.max(from, window);
  if (end <= first) {
    expect((await scoreSymbols(network, ids, window, { from, to }, coding, signal)).samples).toBe(0);
    return;
  }
  const told = Array.from({ length: end - first }, (_, k) => {
    const i = first + k;
    const p = rowOf(ids.subarray(i - window, i));
    return { right: p.indexOf(Math.max(...p)) === ids[i], nats: -Math.log(Math.max(p[ids[i]], 1e-7)) };
  });
  const found = await scoreSymbols(network, ids, window, { from, to }, coding, signal);
  expect(found).toEqual({
    samples: told.length,
    accuracy: expect.closeTo(told.filter(({ right }) => right).length / told.length, 9),
    loss: expect.closeTo(told.reduce((sum, { nats }) => sum + nats, 0) / told.length, 5),
  });
  expect(Math.max(...asked)).toBeLessThanOrEqual(1024);
});
