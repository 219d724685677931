/** A task makes many networks on its way, each with megabytes of WebAssembly's memory, and gives one. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { classify, forecast, Sequential, symbols, textModel } from '../../src/index.js';

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
