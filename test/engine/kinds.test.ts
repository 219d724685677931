/** Layers by families, on the engine and on tfjs. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { compare } from './compare.js';
import { kindsSample } from './kindModels.js';
import { tensorCount } from './models.js';
import { movingSample } from './movingModels.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test.each([
  ['moving steps and features', movingSample],
  ['rectifiers, normalizations, noise', kindsSample],
])('%s: predictions 1e-5, losses 1e-4 relative, weights 1e-4, as tfjs', (_kind, samples) => {
  const tensors = tensorCount();
  fc.assert(
    fc.property(samples, (sample) => {
      compare(sample, 4);
    }),
    { numRuns: 25 },
  );
  expect(tensorCount()).toBe(tensors);
});
