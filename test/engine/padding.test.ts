/** What lies beyond the units and the weights in the engine's memory stays finite, and no count of threads changes a bit of what is theirs. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import * as l from '../../src/layers/index.js';
import { adam, rmsprop } from '../../src/training/optimizers.js';
import { built, compare, engineOf, expectNear, split } from './compare.js';
import type { Sample } from './models.js';
import { inputOf, targetOf } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const base: Omit<Sample, 'layers' | 'optimizer'> = {
  inputShape: [3, 2],
  loss: 'meanSquaredError',
  batch: 5,
  vocabulary: 0,
  zeroSteps: false,
  weighted: 'no',
  seed: 2,
};

function trained(sample: Sample, parts: number) {
  const own = built(sample);
  const engine = engineOf(own, { threads: 1 });
  split(engine, parts);
  const losses = [];
  for (let step = 0; step < 3; step++) {
    const x = inputOf(sample, sample.batch, step);
    losses.push(engine.trainBatch(x, targetOf(sample, engine.predictBatch(x).shape, step)).loss);
  }
  const finite = engine.weightsAreFinite();
  const { weights, optimizer } = engine.capture();
  own.model.dispose();
  return { losses, finite, weights, state: optimizer?.state };
}

test.each([
  ['rmsprop', () => rmsprop({ epsilon: 0, learningRate: 0.001 })],
  ['rmsprop with momentum', () => rmsprop({ epsilon: 0, learningRate: 0.001, momentum: 0.5 })],
  ['adam', () => adam({ epsilon: 0, learningRate: 0.001 })],
  ['amsgrad', () => adam({ epsilon: 0, learningRate: 0.001, amsgrad: true })],
])(
  '%s with epsilon 0: weights that have no gradient stay as they are, in any number of shares as on tfjs',
  (_, optimizer) => {
    // One step: the recurrent weights never have a gradient. Five units: padding in every row.
    const single = { ...base, inputShape: [1, 2], optimizer, layers: () => [l.LSTM(5), l.Dense(3)] };
    const words = { ...base, inputShape: [3], vocabulary: 9, optimizer, layers: () => [l.Embedding(40, 3), l.GRU(3)] };
    for (const sample of [single, words]) {
      const [one, three] = [trained(sample, 1), trained(sample, 3)];
      expect(one.finite).toBe(true);
      expect(one.losses.every(Number.isFinite)).toBe(true);
      expect(three).toEqual(one);
    }
    const { model } = built(single);
    const recurrent = model.weights.findIndex(({ originalName }) => originalName.includes('recurrent'));
    expectNear(
      trained(single, 3).weights[recurrent],
      model.weights[recurrent].read().dataSync(),
      0,
      'recurrent kernel',
    );
  },
);

test.each([1, 5, 8, 13])(
  'exponential in an LSTM of %p units over 120 steps: no lane without a unit overflows',
  (units) => {
    const sample: Sample = {
      ...base,
      inputShape: [120, 1],
      batch: 3,
      optimizer: () => adam({ learningRate: 0.001, epsilon: 1e-3 }),
      // Weights far below 0 keep the units' own states small.
      layers: () => [
        l.LSTM(units, {
          activation: 'exponential',
          recurrentActivation: 'exponential',
          unitForgetBias: false,
          biasInitializer: { className: 'Constant', config: { value: -2 } },
          kernelInitializer: { className: 'RandomUniform', config: { minval: -0.1, maxval: 0.1 } },
          recurrentInitializer: 'zeros',
        }),
        l.Dense(2),
      ],
    };
    compare(sample, 3);
    const { finite, losses } = trained(sample, 2);
    expect(finite).toBe(true);
    expect(losses.every(Number.isFinite)).toBe(true);
  },
);
