/** Convolutions and pooling over windows of steps, on the engine and on tfjs. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { sgd } from '../../src/training/optimizers.js';
import { compare } from './compare.js';
import { type Sample, tensorCount } from './models.js';
import { windowSample } from './windowModels.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('convolutions and pooling over windows: predictions 1e-5, losses 1e-4 relative, weights 1e-4, as tfjs', () => {
  const tensors = tensorCount();
  fc.assert(
    fc.property(windowSample, (sample) => {
      compare(sample, 6);
    }),
    { numRuns: 30 },
  );
  expect(tensorCount()).toBe(tensors);
});

const between = (layer: () => l.Layer, steps: number): Sample => ({
  layers: () => [l.Dense(2, 'tanh'), layer(), l.Flatten(), l.Dense(2)],
  inputShape: [steps, 3],
  loss: 'meanSquaredError',
  optimizer: () => sgd({ learningRate: 0.05 }),
  batch: 2,
  vocabulary: 0,
  zeroSteps: false,
  weighted: 'no',
  seed: 6,
});

test.each(['valid', 'same', 'causal'] as const)(
  'padding %s: windows that leave steps out, overlap or lie apart, below layers that learn',
  (padding) => {
    for (const size of [1, 2, 3])
      for (const [strides, dilationRate] of [
        [1, 1],
        [2, 1],
        [4, 1],
        [1, 2],
      ])
        compare(
          between(() => l.Conv1D(2, size, { strides, dilationRate, padding }), 7),
          2,
        );
    if (padding === 'causal') return;
    for (const poolSize of [1, 3])
      for (const strides of [1, 2, 4]) {
        compare(
          between(() => l.MaxPooling1D({ poolSize, strides, padding }), 7),
          2,
        );
        compare(
          between(() => l.AveragePooling1D({ poolSize, strides, padding }), 7),
          2,
        );
      }
  },
);

test('more windows than a part of the gradients has', () => {
  compare(
    between(() => l.Conv1D(3, 2, { padding: 'same' }), 530),
    2,
  );
});
