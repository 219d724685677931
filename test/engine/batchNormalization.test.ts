/** BatchNormalization, whose statistics are of all rows of a batch, and frozen layers, on the engine and on tfjs. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import { sgd } from '../../src/training/optimizers.js';
import { compare } from './compare.js';
import { gatheringSample } from './gatheringModels.js';
import { tensorCount } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('BatchNormalization and frozen layers: predictions 1e-5, losses 1e-4 relative, weights and averages 1e-4, as tfjs', () => {
  const tensors = tensorCount();
  fc.assert(
    fc.property(gatheringSample, (sample) => {
      compare(sample, 6);
    }),
    { numRuns: 40 },
  );
  expect(tensorCount()).toBe(tensors);
});

test.each(['memcell', 'tfjs'] as const)(
  'a step whose loss is not finite leaves the moving averages as they are, on %s',
  async (kind) => {
    const model = new Sequential([l.BatchNormalization({ inputShape: [3] }), l.Dense(1)], { seed: 1 });
    model.compile({ loss: 'mse', optimizer: 'sgd', ...(kind === 'tfjs' && { engine: kind }) });
    expect(model.engine.kind).toBe(kind);
    const x = { data: Float32Array.from({ length: 12 }, (_, i) => i), shape: [4, 3] };
    const y = { data: new Float32Array(4), shape: [4, 1] };
    const moving = () =>
      model
        .getWeights()
        .slice(2, 4)
        .map(({ data }) => [...data]);
    await model.trainOnBatch(x, y);
    const before = moving();
    // Keras: 0.99 · 0 + 0.01 · the mean of 0, 3, 6, 9, and 0.99 · 1 + 0.01 · their variance.
    expect(before[0][0]).toBeCloseTo(0.045, 6);
    expect(before[1][0]).toBeCloseTo(0.99 + 0.1125, 6);
    await expect(model.trainOnBatch(x, { data: new Float32Array(4).fill(3e38), shape: [4, 1] })).rejects.toThrow(
      /loss/,
    );
    expect(moving()).toEqual(before);
    model.dispose();
  },
);

test('wrapped in TimeDistributed: moments of each step, over the rows whose step is not masked', async () => {
  const model = new Sequential(
    [l.Masking({ inputShape: [2, 1] }), l.TimeDistributed(l.BatchNormalization({ epsilon: 0.001 }))],
    { seed: 1 },
  );
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  const x = { data: Float32Array.of(1, 0, 3, 5), shape: [2, 2, 1] };
  // Step 0: 1 and 3, as ∓ 1/√1.001; step 1: 5 alone, as 0. Three steps count.
  const loss = await model.trainOnBatch(x, { data: new Float32Array(4), shape: [2, 2, 1] });
  expect(loss).toBeCloseTo(2 / 1.001 / 3, 5);
  const [mean, variance] = model.getWeights().slice(2);
  expect(mean.data[0]).toBeCloseTo(0.99 * 0.02 + 0.01 * 5, 6);
  expect(variance.data[0]).toBeCloseTo(0.99 * 1 + 0.01 * 0, 6);
  model.dispose();
});

test('by steps, axis 1: each step has a mean and a variance of its own, as by hand', async () => {
  const x = { data: Float32Array.from({ length: 12 }, (_, i) => i * i), shape: [2, 3, 2] };
  const model = new Sequential([l.BatchNormalization({ axis: 1, momentum: 0, inputShape: [3, 2] })], { seed: 1 });
  model.compile({ loss: 'mse', optimizer: sgd({ learningRate: 0 }) });
  await model.trainOnBatch(x, { data: new Float32Array(12), shape: [2, 3, 2] });
  // Step t of both rows: (2t)², (2t + 1)², (2t + 6)², (2t + 7)².
  const squares = [0, 1, 2].map((t) => [2 * t, 2 * t + 1, 2 * t + 6, 2 * t + 7].map((i) => i * i));
  const means = squares.map((of) => of.reduce((sum, v) => sum + v, 0) / 4);
  const variances = squares.map((of, t) => of.reduce((sum, v) => sum + (v - means[t]) ** 2, 0) / 4);
  const [, , mean, variance] = model.getWeights().map(({ data }) => [...data]);
  means.forEach((value, t) => {
    expect(mean[t]).toBeCloseTo(value, 3);
    expect(variance[t] / variances[t]).toBeCloseTo(1, 5);
  });
});
