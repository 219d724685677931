/** Long steps between which other work runs: how long a wait for another thread has lasted is told to who waits. */
import { expect, jest, test } from '@jest/globals';
import { type Pieces, WORD } from '../../src/engine/threads/control.js';
import { runInTurns } from '../../src/engine/threads/turns.js';
import { sequential } from '../../src/index.js';

/** What threads tell each other, of none but this one. */
const newWords = () => new Int32Array(new SharedArrayBuffer(4 * (Math.max(...Object.values(WORD)) + 1)));

/** A step that waits where others have not come as far as `count`, as often as there are counts. */
function* waiting(counts: readonly number[], slept: number[]): Pieces {
  // Longer than a step may hold the event loop.
  const end = performance.now() + 30;
  while (performance.now() < end) yield;
  for (const count of counts) slept.push((yield count) ?? 0);
}

test('a wait is as long as it lasted: the longest where nobody came, none where somebody had come', async () => {
  const words = newWords();
  words[WORD.arrived] = 3;
  const slept: number[] = [];
  const step = runInTurns(waiting([3, 2, 3], slept), words);
  expect(step).toBeInstanceOf(Promise);
  await step;
  expect(slept).toEqual([100, 0, 100]);
  expect(words[WORD.sleepers]).toBe(0);
});

test('who comes ends the wait', async () => {
  const words = newWords();
  const slept: number[] = [];
  // On a busy machine the wait may end by itself before anybody comes.
  for (let tries = 0; tries < 10 && slept.at(-1) !== 0; tries++) {
    const waits = slept.length + 1;
    const step = runInTurns(waiting([words[WORD.arrived]], slept), words);
    while (Atomics.load(words, WORD.sleepers) === 0 && slept.length < waits)
      await new Promise((done) => setImmediate(done));
    Atomics.add(words, WORD.arrived, 1);
    Atomics.notify(words, WORD.arrived);
    await step;
  }
  expect(slept.at(-1)).toBe(0);
});

test('Node goes on running as long as a step sleeps, and no longer', async () => {
  const words = newWords();
  jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick', 'queueMicrotask', 'Date'] });
  try {
    const step = runInTurns(waiting([0], []), words);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(10_000);
    expect(jest.getTimerCount()).toBe(1);
    await step;
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('a loss that is not finite in a long step: the error says where, and the weights are those of the last good epoch', async () => {
  const model = sequential('LSTM(128, return_sequences=true), LSTM(128), Dense(3)', { inputShape: [60, 32], seed: 1 });
  model.compile({ optimizer: { name: 'sgd', config: { learningRate: 1e30 } }, loss: 'meanSquaredError', threads: 1 });
  const samples = 128;
  const x = { data: Float32Array.from({ length: samples * 60 * 32 }, (_, i) => Math.sin(i)), shape: [samples, 60, 32] };
  const y = { data: new Float32Array(samples * 3).fill(1), shape: [samples, 3] };
  const before = model.getWeights();
  // By a clock on which a pause is due after the first piece.
  let clock = 0;
  const now = jest.spyOn(performance, 'now').mockImplementation(() => (clock += 1000));
  let others = 0;
  const count = () => {
    others++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  try {
    await expect(model.fit(x, y, { epochs: 2, batchSize: 64, verbose: 0 })).rejects.toMatchObject({
      code: 'numeric',
      message: expect.stringMatching(/^the loss is Infinity in epoch 1, batch 2 of 2; stopped with the weights after/),
    });
  } finally {
    now.mockRestore();
    clearImmediate(next);
  }
  expect(others).toBeGreaterThan(2);
  expect(model.getWeights()).toEqual(before);
  const { data } = await model.predict(x);
  expect(data.every(Number.isFinite)).toBe(true);
  model.dispose();
});
