/** What runs beside a training does not change its history, nor the other way about. */
import { expect, test } from '@jest/globals';
import { Dense, LSTM } from '../../src/layers/index.js';
import { Random } from '../../src/random.js';
import { Sequential } from '../../src/sequential.js';
import * as tf from '../../src/tf.js';
import { adam } from '../../src/training/optimizers.js';

const random = new Random(5);
const samples = 600;
const x = { data: Float32Array.from({ length: samples * 12 }, () => random.normal()), shape: [samples, 4, 3] };
const y = { data: Float32Array.from({ length: samples }, (_, i) => Number(x.data[12 * i] > 0)), shape: [samples, 1] };
const none = { data: new Float32Array(samples).fill(1), shape: [samples, 1] };

function model(engine?: 'tfjs'): Sequential {
  const made = new Sequential([LSTM(5), Dense(1, 'sigmoid')], { inputShape: [4, 3], seed: 1 });
  made.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy', (yTrue, yPred) => tf.mean(tf.abs(tf.sub(yTrue, yPred)), -1)],
    weightedMetrics: ['mae'],
    ...(engine ? { engine } : {}),
  });
  return made;
}

/** Gives others their turn after every batch, and the number of batches that were. */
function turns() {
  const count = { batches: 0 };
  const callback = {
    onBatchEnd: () => {
      count.batches++;
      return new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
  return { count, callback };
}

test.each([undefined, 'tfjs' as const])('evaluate beside fit, on %s', async (engine) => {
  const options = { epochs: 2, batchSize: 50, seed: 1, verbose: 0 as const, validationSplit: 0.2 };
  const alone = await model(engine).fit(x, y, { ...options, callbacks: [turns().callback] });
  const made = model(engine);
  const { callback, count } = turns();
  const training = made.fit(x, y, { ...options, callbacks: [callback] });
  const seen: number[] = [];
  for (let done = false; !done; ) {
    const before = count.batches;
    // Targets that none of it comes near: what they do to a shared count is seen.
    await made.evaluate(x, none, { batchSize: 100, verbose: 0 });
    seen.push(before);
    done = await Promise.race([training.then(() => true), new Promise<boolean>((r) => setImmediate(() => r(false)))]);
  }
  const history = await training;
  expect(seen.some((batches) => batches > 0 && batches < 20)).toBe(true);
  expect(history.history).toEqual(alone.history);
});

test('two evaluations at once', async () => {
  const made = model();
  // Batches of one, so that both wait for the event loop.
  const options = { batchSize: 1, verbose: 0 as const };
  const apart = [await made.evaluate(x, y, options), await made.evaluate(x, none, options)];
  const together = await Promise.all([made.evaluate(x, y, options), made.evaluate(x, none, options)]);
  expect(together).toEqual(apart);
});
