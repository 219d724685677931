/** Convolutions and pooling over windows of steps, on the engine and on tfjs. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { compare } from './compare.js';
import { tensorCount } from './models.js';
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
