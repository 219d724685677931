/**
 * Sequences of one step give an LSTM's recurrent weights no gradient, and the engine then leaves them out. Steps of several
 * lengths in turn: what one length leaves behind must not reach the next.
 */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import * as l from '../../src/layers/index.js';
import { Random } from '../../src/random.js';
import { Sequential } from '../../src/sequential.js';
import { adam, adamw, type Optimizer, rmsprop, sgd } from '../../src/training/optimizers.js';
import { built, engineOf, expectNear } from './compare.js';
import { inputOf, type Sample, targetOf } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const LENGTHS = [1, 1, 1, 4, 4, 1, 1, 1, 3, 1];

const optimizers: [string, () => Optimizer][] = [
  ['adam', () => adam({ learningRate: 0.01, epsilon: 1e-3 })],
  ['adam with amsgrad', () => adam({ learningRate: 0.01, epsilon: 1e-3, amsgrad: true })],
  ['adam with clipnorm', () => adam({ learningRate: 0.01, epsilon: 1e-3, clipnorm: 0.05 })],
  ['adam with globalClipnorm', () => adam({ learningRate: 0.01, epsilon: 1e-3, globalClipnorm: 0.05 })],
  ['adamw', () => adamw({ learningRate: 0.01, epsilon: 1e-3, weightDecay: 0.1 })],
  [
    'adamw with amsgrad',
    () => adamw({ learningRate: 0.01, beta2: 0.5, epsilon: 1e-3, weightDecay: 0.1, amsgrad: true }),
  ],
  ['sgd', () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true })],
  ['rmsprop', () => rmsprop({ learningRate: 0.005, momentum: 0.5, centered: true, epsilon: 1e-3 })],
];

async function train(optimizer: Optimizer, lengths: number[], penalty: boolean, engine?: 'tfjs') {
  const options = penalty
    ? { recurrentRegularizer: { l2: 0.05 }, kernelRegularizer: { l1: 0.01 }, biasRegularizer: { l2: 0.03 } }
    : {};
  const model = new Sequential([l.LSTM(17, { ...options, inputShape: [null, 3] }), l.Dense(4, 'softmax')], { seed: 2 });
  model.compile({ optimizer, loss: 'categoricalCrossentropy', ...(engine ? { engine } : {}) });
  expect(model.engine.kind).toBe(engine ?? 'memcell');
  const random = new Random(5);
  for (const steps of lengths) {
    const x = { data: Float32Array.from({ length: 2 * steps * 3 }, () => random.normal()), shape: [2, steps, 3] };
    await model.trainOnBatch(x, { data: Float32Array.of(0, 1, 0, 0, 0, 0, 0, 1), shape: [2, 4] });
  }
  const weights = model.getWeights().map(({ data }) => Float32Array.from(data));
  model.dispose();
  return weights;
}

test.each(optimizers.flatMap(([name, make]) => [false, true].map((penalty) => [name, penalty, make] as const)))(
  '%s, with penalties %p: the weights of tfjs to 1e-4 after sequences of 1, 4, 1, 3 and 1 steps',
  async (_, penalty, make) => {
    const got = await train(make(), LENGTHS, penalty);
    const expected = await train(make(), LENGTHS, penalty, 'tfjs');
    got.forEach((weight, i) => {
      expectNear(weight, expected[i], 1e-4, `weight ${i}`, 1e-4);
    });
  },
);

test('single steps alone leave the recurrent weights as they were, to the bit', async () => {
  const [kernel, recurrent] = await train(adam({ learningRate: 0.01 }), [1, 1, 1], false);
  const [start, recurrentStart] = await train(adam({ learningRate: 0.01 }), [], false);
  expect(recurrent).toEqual(recurrentStart);
  expect(kernel).not.toEqual(start);
});

test.each([3, 17])(
  'a restored state moves the recurrent weights of single steps on, %i units, as in the run that it is from',
  (units) => {
    const sample = (steps: number): Sample => ({
      layers: () => [l.LSTM(units), l.Dense(4, 'softmax')],
      inputShape: [steps, 3],
      loss: 'categoricalCrossentropy',
      optimizer: () => adam({ learningRate: 0.01 }),
      batch: 2,
      vocabulary: 0,
      zeroSteps: false,
      weighted: 'no',
      seed: 3,
    });
    const target = targetOf(sample(1), [2, 4], 1);
    const single = inputOf(sample(1), 2, 1);
    const first = engineOf(built(sample(4)));
    first.trainBatch(inputOf(sample(4), 2, 1), target);
    const state = first.capture();
    const checkpoint = first.checkpoint();
    first.trainBatch(single, target);
    const other = engineOf(built(sample(1)));
    other.trainBatch(single, target);
    other.restore(state);
    other.trainBatch(single, target);
    expect(other.capture()).toEqual(first.capture());
    expect(other.capture().weights[1]).not.toEqual(state.weights[1]);
    // So does a checkpoint, in an engine whose recurrent weights stood still.
    const third = engineOf(built(sample(1)));
    third.trainBatch(single, target);
    third.goBack(checkpoint);
    third.trainBatch(single, target);
    expect(third.capture()).toEqual(first.capture());
  },
);

test.each([
  ['mse', 'linear'],
  ['categoricalCrossentropy', 'softmax'],
  ['hinge', 'tanh'],
] as const)(
  '%s of a batch whose every step is masked is 0, and leaves the weights to the bit, as on tfjs',
  async (loss, activation) => {
    for (const choice of [{}, { engine: 'tfjs' }] as const) {
      const layers = [l.Masking({ inputShape: [3, 2] }), l.LSTM(5, { returnSequences: true }), l.Dense(4, activation)];
      const model = new Sequential(layers, { seed: 2 });
      model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, ...choice });
      const before = model.getWeights().map(({ data }) => data.slice());
      const x = { data: new Float32Array(12), shape: [2, 3, 2] };
      const y = { data: new Float32Array(24).fill(0.25), shape: [2, 3, 4] };
      expect(await model.trainOnBatch(x, y)).toBe(0);
      expect((await model.evaluate(x, y, { verbose: 0 })).loss).toBe(0);
      expect(model.getWeights().map(({ data }) => data)).toEqual(before);
      model.dispose();
    }
  },
);
