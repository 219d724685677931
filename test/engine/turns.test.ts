/** Long steps between which other work runs: how long a wait for another thread has lasted is told to who waits. */
import { expect, test } from '@jest/globals';
import { type Pieces, WORD } from '../../src/engine/threads/control.js';
import { runInTurns } from '../../src/engine/threads/turns.js';

/** A step that waits where others have not come as far as `count`, as often as there are counts. */
function* waiting(counts: readonly number[], slept: number[]): Pieces {
  // Longer than a step may hold the event loop.
  const end = performance.now() + 30;
  while (performance.now() < end) yield;
  for (const count of counts) slept.push((yield count) ?? 0);
}

test('a wait is as long as it lasted: the longest where nobody came, none where somebody had come', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4 * (Math.max(...Object.values(WORD)) + 1)));
  words[WORD.arrived] = 3;
  const slept: number[] = [];
  const step = runInTurns(waiting([3, 2, 3], slept), words);
  expect(step).toBeInstanceOf(Promise);
  await step;
  expect(slept).toEqual([100, 0, 100]);
  expect(words[WORD.sleepers]).toBe(0);
});

test('who comes ends the wait', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4 * (Math.max(...Object.values(WORD)) + 1)));
  const slept: number[] = [];
  const step = runInTurns(waiting([0], slept), words);
  while (Atomics.load(words, WORD.sleepers) === 0) await new Promise((done) => setImmediate(done));
  Atomics.add(words, WORD.arrived, 1);
  Atomics.notify(words, WORD.arrived);
  await step;
  expect(slept).toEqual([0]);
});
