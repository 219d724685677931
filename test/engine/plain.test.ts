import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { compare } from './compare.js';
import { plainSample, tensorCount } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('models without recurrent layers: predictions 1e-5, losses 1e-4 relative, weights 1e-4, as tfjs', () => {
  const tensors = tensorCount();
  fc.assert(
    fc.property(plainSample, (sample) => compare(sample)),
    { numRuns: 40 },
  );
  expect(tensorCount()).toBe(tensors);
});
