import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import * as l from '../../src/layers/index.js';
import { adam } from '../../src/training/optimizers.js';
import { built, engineOf } from './compare.js';
import type { Sample } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const sample: Sample = {
  layers: () => [l.LSTM(50), l.Dense(10, 'softmax')],
  inputShape: [1, 3],
  loss: 'categoricalCrossentropy',
  optimizer: () => adam(),
  batch: 1,
  vocabulary: 0,
  zeroSteps: false,
  weighted: 'no',
  seed: 3,
};

test('100,000 steps: no growth of heap, memory or tensors', () => {
  const own = built(sample);
  const engine = engineOf(own);
  const x = { data: Float32Array.of(0.3, -0.2, 0.8), shape: [1, 1, 3] };
  const y = { data: Float32Array.from({ length: 10 }, (_, i) => Number(i === 4)), shape: [1, 10] };
  const steps = (n: number) => {
    for (let i = 0; i < n; i++) engine.trainBatch(x, y);
  };
  steps(2000);
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  gc();
  const tensors = tf.memory().numTensors;
  const bytes = engine.program.memory.buffer.byteLength;
  const heap = process.memoryUsage().heapUsed;
  steps(100_000);
  gc();
  expect(tf.memory().numTensors).toBe(tensors);
  expect(engine.program.memory.buffer.byteLength).toBe(bytes);
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(1e6);
  expect(engine.trainBatch(x, y).loss).toBeLessThan(0.01);
  own.model.dispose();
});

test('batches of two sizes in turn take the memory of the larger one', () => {
  const own = built(sample);
  const engine = engineOf(own);
  const train = (batch: number) =>
    engine.trainBatch(
      { data: new Float32Array(3 * batch).fill(0.1), shape: [batch, 1, 3] },
      { data: new Float32Array(10 * batch).fill(0.1), shape: [batch, 10] },
    );
  for (const batch of [64, 3, 64]) train(batch);
  const bytes = engine.program.memory.buffer.byteLength;
  for (let round = 0; round < 40; round++) for (const batch of [3, 64]) train(batch);
  expect(engine.program.memory.buffer.byteLength).toBe(bytes);
  own.model.dispose();
});
