import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { compare } from './compare.js';
import { tensorCount } from './models.js';
import { recurrentSample } from './recurrentModels.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('models with recurrent layers: predictions 1e-5, losses 1e-4 relative, weights 1e-4, as tfjs', () => {
  const tensors = tensorCount();
  fc.assert(
    fc.property(recurrentSample, (sample) => {
      compare(sample, 6);
    }),
    { numRuns: 18 },
  );
  expect(tensorCount()).toBe(tensors);
});
