import { afterEach, expect, jest, test } from '@jest/globals';
import { Clock, startOf } from '../../src/tasks/clock.js';
import { symbolsTask } from '../../src/tasks/symbols/task.js';
import { textTask } from '../../src/tasks/text/task.js';
import { runOf, sourceOf } from './runs.js';

afterEach(() => {
  jest.restoreAllMocks();
});

test('a run without a budget has all its epochs and no deadline', () => {
  const clock = new Clock(runOf());
  clock.ended(3);
  expect([clock.deadline(0.5), clock.epochs(40)]).toEqual([{}, 40]);
});

test.each([
  ['symbols', symbolsTask, Array.from({ length: 60 }, (_, i) => (i * i) % 5).join(' '), { window: 2 }],
  ['text', textTask, 'a bad cab, a dab, '.repeat(20), { window: 8, pure: true }],
] as const)('%s: an epoch takes what the first fit took by its epochs', async (_, task, text, options) => {
  const ended = jest.spyOn(Clock.prototype, 'ended');
  const layers = task === textTask ? 'Embedding(6, 3), LSTM(4, return_sequences=true), Dense(6, softmax)' : undefined;
  const run = runOf({ settings: { epochs: 3 }, ...(layers && { layers }) });
  const { model, history } = await (await task.prepare(sourceOf(text), options, run)).train();
  model.dispose();
  expect(history.loss).toHaveLength(3);
  expect(ended.mock.calls).toEqual([[3]]);
});

test('of a budget, half of the time that is left is for the next epochs; what a killed run took counts', () => {
  let now = 100_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const fits = { spent: 20 } as NonNullable<ReturnType<typeof runOf>['fits']>;
  expect(startOf(runOf())).toBe(100_000);
  const run = runOf({ budget: 60, fits });
  expect(startOf(run)).toBe(80_000);
  const clock = new Clock(run);
  expect(clock.deadline(0.25)).toEqual({ deadline: 95_000 });
  now += 4000;
  // 24 s for 8 epochs: 3 s each. 36 s are left, and half of them are enough for 6.
  clock.ended(8);
  expect([clock.epochs(5), clock.epochs(6), clock.epochs(7)]).toEqual([5, 6, 6]);
  now += 2000;
  expect(clock.epochs(7)).toBe(5);
  now += 60_000;
  expect(clock.epochs(7)).toBe(0);
  clock.ended(0);
  expect(clock.epochs(7)).toBe(0);
});
