import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import type { LossName } from '../../src/training/losses.js';
import { sgd } from '../../src/training/optimizers.js';
import { built, compare, engineOf } from './compare.js';
import { inputOf, plainSample, type Sample, targetOf, tensorCount } from './models.js';

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

const ENDS: Partial<Record<LossName, 'softmax' | 'softplus' | 'sigmoid'>> = {
  poisson: 'softplus',
  meanSquaredLogarithmicError: 'softplus',
  kullbackLeiblerDivergence: 'softmax',
  categoricalFocalCrossentropy: 'softmax',
  binaryFocalCrossentropy: 'sigmoid',
};

/** Three steps, the last of which may be masked. */
const ofLoss = (name: LossName, units: number): Sample => ({
  layers: () => [l.Masking(), l.Dense(6, 'tanh'), l.Dense(units, ENDS[name] ?? 'linear')],
  inputShape: [3, 4],
  loss: name === 'quantile' ? { name, config: { quantile: 0.8 } } : name,
  optimizer: () => sgd({ learningRate: 0.02 }),
  batch: 5,
  vocabulary: 0,
  zeroSteps: true,
  weighted: 'alternately',
  seed: 3,
});

test.each<[LossName, number]>([
  ['meanAbsolutePercentageError', 5],
  ['meanSquaredLogarithmicError', 5],
  ['logCosh', 5],
  ['poisson', 5],
  ['quantile', 5],
  ['gaussianLikelihood', 2],
  ['cosineSimilarity', 5],
  ['kullbackLeiblerDivergence', 5],
  ['hinge', 5],
  ['categoricalHinge', 5],
  ['binaryFocalCrossentropy', 5],
  ['categoricalFocalCrossentropy', 5],
])('%s under masks and weights: predictions, losses and weights as tfjs', (name, units) => {
  compare(ofLoss(name, units), 6);
});

test.each<[string, Sample['loss']]>([
  ['binary', { name: 'binaryFocalCrossentropy', config: { fromLogits: true, applyClassBalancing: true, gamma: 1.5 } }],
  [
    'categorical',
    { name: 'categoricalFocalCrossentropy', config: { fromLogits: true, labelSmoothing: 0.1, gamma: 3 } },
  ],
])('%s focal cross-entropy of logits: predictions, losses and weights as tfjs', (_name, loss) => {
  compare({ ...ofLoss('meanSquaredError', 5), loss }, 6);
});

test('hinge takes targets of 0 and 1 alone, in the whole batch, for -1 and 1', () => {
  const sample = ofLoss('hinge', 5);
  const engine = engineOf(built(sample), { threads: 1 });
  const x = inputOf(sample, 5, 0);
  const given = targetOf(sample, [5, 3, 5], 0);
  const zeros = given.data.map((value) => Number(value > 0));
  const signs = zeros.map((value) => 2 * value - 1);
  const lossOf = (data: Float32Array | Int32Array) => engine.evaluateBatch(x, { data, shape: given.shape }).loss;
  expect(lossOf(zeros)).toBe(lossOf(signs));
  // One other number, wherever it stands, and all stand for themselves.
  for (const at of [0, zeros.length - 1]) {
    const others = zeros.slice();
    others[at] = -1;
    expect(lossOf(others)).not.toBe(lossOf(signs.map((sign, i) => (i === at ? -1 : sign))));
  }
});

test('gaussianLikelihood of another number of columns is left to tfjs, which says what it takes', () => {
  expect(() => engineOf(built(ofLoss('gaussianLikelihood', 3)))).toThrow(
    'gaussianLikelihood takes an output of 2 numbers, not 3',
  );
});
