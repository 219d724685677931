/** A task makes many networks on its way, each with megabytes of WebAssembly's memory, and gives one. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { openSource } from '../../src/data/source.js';
import { classify, forecast, Sequential, symbols, textModel } from '../../src/index.js';
import { tasks } from '../../src/tasks/index.js';
import { checkOptions } from '../../src/tasks/options.js';
import { runOf } from './runs.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const numbers = Array.from({ length: 96 }, (_, i) => 50 + 10 * Math.sin(i / 3) + ((i * 7) % 5));
const kinds = numbers.map((a, i) => ({ a, b: (i * 5) % 11, kind: a > 52 ? 'up' : 'down' }));
const short = { epochs: 3, seed: 1 };

test.each<[string, () => Promise<{ dispose(): void }>]>([
  [
    'symbols',
    () =>
      symbols(
        numbers.map((_, i) => (i * i) % 10),
        { epochs: 3, seed: 1 },
      ),
  ],
  [
    'symbols, plain',
    () =>
      symbols(
        numbers.map((_, i) => (i * i) % 10),
        { ...short, plain: true },
      ),
  ],
  ['forecast', () => forecast(numbers, { horizon: 2, ...short })],
  ['forecast, plain', () => forecast(numbers, { horizon: 2, window: 6, ...short, plain: true })],
  ['classify', () => classify(kinds, { label: 'kind', ...short })],
  ['classify, plain', () => classify(kinds, { label: 'kind', ...short, plain: true })],
  ['text', () => textModel('tick tock goes the clock, and the mouse ran up the clock.\n'.repeat(12), short)],
])('of the networks that are trained for %s, all are freed but those of the model', async (_, train) => {
  const trained = jest.spyOn(Sequential.prototype, 'fit');
  const freed = jest.spyOn(Sequential.prototype, 'dispose');
  const left = () => {
    const gone = new Set(freed.mock.contexts);
    return [...new Set(trained.mock.contexts)].filter((network) => !gone.has(network)).length;
  };
  const model = await train();
  expect(trained.mock.contexts.length).toBeGreaterThan(0);
  expect(left()).toBeLessThan(2);
  model.dispose();
  expect(left()).toBe(0);
});

describe('when something that is told of the training throws, no network is left', () => {
  const few = kinds.slice(0, 30);
  const squares = { name: 'squares', text: numbers.map((_, i) => (i * i) % 10).join(' ') };
  const clock = { name: 'clock', text: 'tick tock goes the clock, and the mouse ran up the clock.\n'.repeat(6) };
  const table = { value: numbers };
  const layers = 'Embedding(21, 4), LSTM(4), Dense(21, softmax)';
  const tiny = { window: 8, layers: 'Embedding(21, 4), LSTM(4, return_sequences=true), Dense(21, softmax)' };

  test.each([
    [
      'symbols',
      'symbols',
      squares,
      { window: 2 },
      {},
      ['an epoch', 'on the whole training part', 'the model', 'on all symbols'],
    ],
    ['symbols, plain', 'symbols', squares, { window: 2 }, { plain: true }, ['an epoch', 'the model']],
    [
      'forecast',
      'forecast',
      table,
      { targets: ['value'], horizon: 2 },
      {},
      ['a picture', 'fitting on all 96 rows', 'the model'],
    ],
    [
      'forecast, plain',
      'forecast',
      table,
      { targets: ['value'], window: 6 },
      { plain: true },
      ['an epoch', 'the model', 'a picture'],
    ],
    ['classify, folds', 'classify', few, { label: 'kind' }, {}, ['an epoch', 'to save: network 1 of 5']],
    [
      'classify',
      'classify',
      few,
      { label: 'kind' },
      { layers: 'Dense(2, softmax)' },
      [
        'an epoch',
        'the model that is scored: training on all of its samples',
        'the model that is saved: training on all samples',
        'the model',
        'a picture',
      ],
    ],
    ['classify, plain', 'classify', few, { label: 'kind' }, { plain: true }, ['an epoch', 'the model', 'a picture']],
    ['text', 'text', clock, { window: 8 }, tiny, ['an epoch', 'the model', 'a picture']],
    ['text, plain', 'text', clock, { window: 8 }, { plain: true, layers }, ['an epoch', 'the model']],
  ] as const)('%s', async (_, kind, data, options, how, points) => {
    const compiled = jest.spyOn(Sequential.prototype, 'compile');
    const freed = jest.spyOn(Sequential.prototype, 'dispose');
    const task = tasks[kind];
    for (const point of points) {
      const at = (told: string) => {
        if (told === point) throw new Error(`thrown at ${point}`);
      };
      const run = runOf({
        ...how,
        settings: { epochs: 1 },
        shown: () => at('a picture'),
        stage: at,
        trained: async () => at('the model'),
        callbacks: [{ onEpochBegin: () => at('an epoch') }],
      });
      const trained = task
        .prepare(openSource(data), checkOptions(task.options, options, kind), run)
        .then((prepared) => prepared.train());
      await expect(trained).rejects.toThrow(`thrown at ${point}`);
      const gone = new Set(freed.mock.contexts);
      const left = compiled.mock.contexts.filter((network) => !gone.has(network));
      expect([point, left.length]).toEqual([point, 0]);
    }
    expect(compiled.mock.contexts.length).toBeGreaterThan(0);
  });
});
