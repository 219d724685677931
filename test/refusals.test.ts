/** What layers, models and tasks refuse: the first line whole, and the code by which a program tells it. */
import { describe, expect, test } from '@jest/globals';
import { openSource } from '../src/data/source.js';
import {
  Conv1D,
  classify,
  Dense,
  Embedding,
  forecast,
  LSTM,
  MaxPooling1D,
  Sequential,
  sequential,
  symbols,
  textModel,
} from '../src/index.js';
import { tasks } from '../src/tasks/index.js';
import { runOf } from '../src/tasks/train.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

async function refused(run: () => unknown): Promise<[string | undefined, string]> {
  try {
    await run();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return [code, message.split('\n')[0]];
  }
  return [undefined, 'nothing'];
}

const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const rows = list(40, (i) => ({ a: i % 7, b: (i * i) % 5, said: `so ${i % 4}`, kind: i % 2 ? 'odd' : 'even' }));
const short = { epochs: 1, seed: 1 };
const trained = () => classify(rows, { label: 'kind', features: ['a', 'b'], plain: true, ...short });

describe('layers and models', () => {
  test.each<[string, string | undefined, () => unknown]>([
    [
      'Dense: batchShape already says what inputShape does; leave that out',
      'model',
      () => Dense(1, { batchShape: [2, 3], inputShape: [3] } as Any),
    ],
    [
      'Dense: batchShape already says what batchSize does; leave that out',
      'model',
      () => Dense(1, { batchShape: [2, 3], batchSize: 2 } as Any),
    ],
    [
      'LSTM: batchSize goes with inputShape; or give batchShape, such as [32, 30, 4]',
      'model',
      () => LSTM(2, { batchSize: 2 } as Any),
    ],
    [
      'Dense: kernelInitializer must be an initializer such as glorotUniform, glorotNormal, heUniform and 12 more, not 3',
      'model',
      () => Dense(1, { kernelInitializer: 3 } as Any),
    ],
    [
      'Dense: kernelConstraint must be one of maxNorm, minMaxNorm, nonNeg, unitNorm, not 3',
      'model',
      () => Dense(1, { kernelConstraint: 3 } as Any),
    ],
    ['fromTf takes a LayersModel of TensorFlow.js, not 3', 'usage', () => Sequential.fromTf(3 as Any)],
    [
      'engine: "wasm"; it can be \'tfjs\' or left out',
      'usage',
      () => sequential('Dense(1)', { inputShape: [2] }).compile({ loss: 'mse', engine: 'wasm' } as Any),
    ],
    [
      'x: data[1] is "a"; it must be a number',
      'data',
      () => sequential('Dense(1)', { inputShape: [2] }).predict({ shape: [1, 2], data: [1, 'a'] } as Any),
    ],
    [
      'layer 2 (LSTM) needs (samples, steps, features), but layer 1 (Dense) gives (None, 2)',
      'model',
      () => new Sequential([Dense(2, { inputShape: [3] }), LSTM(2)]).build(),
    ],
    [
      'layer 1 (MaxPooling1D) cannot take an input of shape (None, 3, 2): a window of 5 steps is longer than the 3 there are',
      'model',
      () => new Sequential([MaxPooling1D({ poolSize: 5, inputShape: [3, 2] } as Any), Dense(1)]).build(),
    ],
    [
      "layers: Dense: unknown option 'unitz' at character 10; did you mean units?",
      'model',
      () => sequential('Dense(1, unitz=3)'),
    ],
    [
      'layers: units is given twice at character 30',
      'model',
      () => sequential('Conv1D(2, 3), Dense(units=1, units=2)'),
    ],
    [
      'layer 2 (Conv1D) cannot take an input of shape (None, 2, 2): a window of 5 steps is longer than the 2 there are',
      'model',
      () => new Sequential([Embedding(3, 2, { inputLength: 2 } as Any), Conv1D(2, 5)]).build(),
    ],
  ])('%s', async (message, code, run) => {
    expect(await refused(run)).toEqual([code, message]);
  });
});

describe('tasks', () => {
  test.each<[string, string | undefined, () => unknown]>([
    [
      'backup must be a folder or { folder, minutes, epochs }, not 3',
      'usage',
      () => symbols([1, 2, 3, 1, 2, 3], { backup: 3 as Any }),
    ],
    [
      'backup: folder is missing; give the folder that keeps the backups',
      'usage',
      () => symbols([1, 2, 3, 1, 2, 3], { backup: {} as Any }),
    ],
    [
      'backup: "https://a.b/c" is no folder on a disk, which backups need',
      'usage',
      () => symbols([1, 2, 3, 1, 2, 3], { backup: 'https://a.b/c' }),
    ],
    [
      'data: 40 samples are too few for 60 folds',
      'usage',
      () =>
        tasks.classify.backtest?.(openSource(rows), { label: 'kind' }, runOf({}, 'data'), { folds: 60, refit: true }),
    ],
    [
      'backtest takes no --plain when it tells classes',
      'usage',
      () =>
        tasks.classify.backtest?.(openSource(rows), { label: 'kind' }, runOf({ plain: true }, 'data'), {
          folds: 3,
          refit: true,
        }),
    ],
    [
      'from: a plain model scores all rows; leave it out',
      'usage',
      async () => (await trained()).evaluate(rows, { from: 'June' }),
    ],
    [
      "data, column kind: only 'y' is left to train on without the part held out; shuffle the rows or hold out less",
      'data',
      () =>
        classify(
          list(10, (i) => ({ a: i, kind: i ? 'x' : 'y' })),
          { label: 'kind', plain: true, validationSplit: 0.9, ...short },
        ),
    ],
    [
      'sequence.json: 20000 different symbols are more than 10000; use forecast',
      'data',
      () => symbols(list(20_000, (i) => i)),
    ],
    [
      'test/fixtures/tables/none.csv: no such file; check the path',
      'io',
      () => symbols({ files: ['test/fixtures/tables/none.csv'] }),
    ],
    [
      "sequence.json, row 2, column c1: '2.5' is not a whole number; numbers with a fraction are for forecast",
      'data',
      () => symbols([1, 2.5, 3]),
    ],
    [
      'from is for tables; give a file with the symbols to evaluate',
      'usage',
      async () =>
        (await symbols([1, 2, 3, 1, 2, 3, 1, 2, 3], { plain: true, ...short })).evaluate('1 2 3', { from: '2' }),
    ],
    [
      'text: its 2 characters held out are too few for window 2; take window 1 or less',
      'data',
      () => textModel('abcdefghij'.repeat(3), { window: 2, plain: true, validationSplit: 0.04, ...short }),
    ],
    [
      'layers: the output has shape (14, 4), this task needs (14, 2) or (2); end the layers with Dense(2, softmax)',
      'usage',
      () =>
        textModel('abab'.repeat(40), { layers: 'Embedding(4, 2), LSTM(2, return_sequences=true), Dense(4)', ...short }),
    ],
    [
      'forecast: budget must be a number above 0, not -1',
      'usage',
      () =>
        forecast(
          list(40, (i) => i),
          { budget: -1, ...short },
        ),
    ],
  ])('%s', async (message, code, run) => {
    expect(await refused(run)).toEqual([code, message]);
  });
});
