/** Layers by families, on the engine and on tfjs. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import { sgd } from '../../src/training/optimizers.js';
import { built, compare, engineOf, expectNear } from './compare.js';
import { kindsSample } from './kindModels.js';
import { inputOf, type Sample, targetOf, tensorCount } from './models.js';
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
    { numRuns: 15 },
  );
  expect(tensorCount()).toBe(tensors);
});

/** Smooth layers, whose gradient is the slope of the loss wherever it is measured. */
const SMOOTH: [string, () => l.Layer][] = [
  ['ELU', () => l.ELU()],
  ['Softmax over steps', () => l.Softmax({ axis: 1 })],
  ['Softmax over both', () => l.Softmax({ axis: [1, 2] })],
  ['RMSNormalization', () => l.RMSNormalization()],
  ['RMSNormalization over steps', () => l.RMSNormalization({ axis: 1 })],
  ['RMSNormalization over both', () => l.RMSNormalization({ axis: [1, 2] })],
  ['UnitNormalization', () => l.UnitNormalization()],
  ['UnitNormalization over steps', () => l.UnitNormalization({ axis: 1 })],
  ['GroupNormalization', () => l.GroupNormalization({ groups: 2 })],
  ['Normalization', () => l.Normalization({ axis: null, mean: 0.2, variance: 3 })],
  ['Reshape', () => l.Reshape([2, 9])],
  ['Permute', () => l.Permute([2, 1])],
  ['ZeroPadding1D', () => l.ZeroPadding1D({ padding: [2, 1] })],
  ['Cropping1D', () => l.Cropping1D({ cropping: [1, 0] })],
  ['UpSampling1D', () => l.UpSampling1D({ size: 3 })],
  ['GetItem of a range of steps', () => l.GetItem([1, null])],
  ['GetItem of steps from the last one', () => l.GetItem([null, null, -2])],
  ['GetItem of a range of features', () => l.GetItem([1, 4], { axis: -1 })],
  ['GetItem of every other feature', () => l.GetItem([null, null, 2], { axis: 2 })],
  ['Rescaling', () => l.Rescaling([1, 2, -1, 0.5, 3, -2], { offset: 0.3 })],
];

test.each(SMOOTH)('%s: every gradient is the slope of the loss to 2e-3', (_name, make) => {
  const rate = 0.25;
  const sample: Sample = {
    layers: () => [l.Dense(6, { biasInitializer: 'ones' }), make(), l.Flatten(), l.Dense(2)],
    inputShape: [3, 4],
    loss: 'meanSquaredError',
    optimizer: () => sgd({ learningRate: rate }),
    batch: 5,
    vocabulary: 0,
    zeroSteps: false,
    weighted: 'no',
    seed: 7,
  };
  const own = built(sample);
  const engine = engineOf(own, { threads: 1 });
  const x = inputOf(sample, sample.batch, 0);
  const y = targetOf(sample, [sample.batch, 2], 0);
  const before = engine.capture();
  engine.trainBatch(x, y);
  const after = engine.capture();
  const lossOf = (weight: number, i: number, change: number) => {
    const weights = before.weights.map((values) => Float32Array.from(values));
    weights[weight][i] += change;
    engine.restore({ ...before, weights });
    return engine.evaluateBatch(x, y).loss;
  };
  before.weights.forEach((values, weight) => {
    // Every fifth number of each weight, the first one too.
    for (let i = 0; i < values.length; i += 5) {
      const slope = (lossOf(weight, i, 0.01) - lossOf(weight, i, -0.01)) / 0.02;
      const gradient = (values[i] - after.weights[weight][i]) / rate;
      expectNear([gradient], [slope], 2e-3, `weight ${weight}, element ${i}`, 1e-2);
    }
  });
  engine.dispose();
  own.model.dispose();
});

test('Normalization takes the mean and variance that its weights have now, a variance of 0 as 1e-14', async () => {
  const model = new Sequential([l.Normalization({ inputShape: [2] })]);
  expect(model.engine).toEqual({ kind: 'memcell' });
  const weight = (values: number[]) => ({ data: Float32Array.from(values), shape: values.length > 1 ? [2] : [] });
  const x = { data: Float32Array.of(3, 1, 5, 2), shape: [2, 2] };
  expect([...(await model.predict(x)).data]).toEqual([3, 1, 5, 2]);
  model.setWeights([weight([1, 2]), weight([4, 0]), weight([9])]);
  const { data } = await model.predict(x);
  expectNear(data, [1, -1e7, 2, 0], 1e-6, 'normalised', 1e-6);
  model.dispose();
});

test('sequences too short for a Cropping1D, or of a length that a Reshape does not divide, are errors that name the layer', async () => {
  const cropped = new Sequential([l.Cropping1D({ cropping: 2, inputShape: [null, 3], name: 'shorter' })]);
  const folded = new Sequential([l.Reshape([-1, 6], { inputShape: [null, 3], name: 'pairs' })]);
  const x = (steps: number) => ({ data: new Float32Array(3 * steps), shape: [1, steps, 3] });
  for (const model of [cropped, folded]) expect(model.engine).toEqual({ kind: 'memcell' });
  await expect(cropped.predict(x(4))).rejects.toThrow(/shorter leaves out 4 steps and gets 4/);
  await expect(folded.predict(x(5))).rejects.toThrow(/pairs gets 15 values of each sample/);
  expect((await cropped.predict(x(5))).shape).toEqual([1, 1, 3]);
  expect((await folded.predict(x(6))).shape).toEqual([1, 3, 6]);
  for (const model of [cropped, folded]) model.dispose();
});

test('a stream of them gives step by step what predict gives', async () => {
  const model = new Sequential([
    l.Normalization({ mean: 0.3, variance: 2, axis: null, inputShape: [5, 3] }),
    l.LSTM(4, { returnSequences: true }),
    l.RMSNormalization(),
    l.PReLU({ sharedAxes: [1], alphaInitializer: 'glorotUniform' }),
    l.SpatialDropout1D(0.3),
    l.GaussianNoise(0.2),
    l.UnitNormalization(),
    l.LeakyReLU(),
    l.Softmax(),
  ]);
  const data = Float32Array.from({ length: 15 }, (_, i) => Math.sin(3 * i));
  const predicted = await model.predict({ data, shape: [1, 5, 3] });
  const stream = model.stream();
  for (let t = 0; t < 5; t++)
    expectNear(
      stream.push(data.subarray(3 * t, 3 * t + 3)),
      predicted.data.subarray(4 * t, 4 * t + 4),
      1e-6,
      `step ${t}`,
    );
  model.dispose();
});

const frozen = { trainable: false };
const sequences = { ...frozen, returnSequences: true };
const FROZEN: Record<string, () => l.Layer> = {
  Dense: () => l.Dense(6, 'tanh', frozen),
  PReLU: () => l.PReLU({ ...frozen, alphaInitializer: { className: 'Constant', config: { value: 0.3 } } }),
  LayerNormalization: () => l.LayerNormalization(frozen),
  RMSNormalization: () => l.RMSNormalization(frozen),
  GroupNormalization: () => l.GroupNormalization({ ...frozen, groups: 2 }),
  BatchNormalization: () => l.BatchNormalization(frozen),
  Conv1D: () => l.Conv1D(6, 2, frozen),
  DepthwiseConv1D: () => l.DepthwiseConv1D(2, frozen),
  SeparableConv1D: () => l.SeparableConv1D(6, 2, frozen),
  PositionEmbedding: () => l.PositionEmbedding(3, frozen),
  LSTM: () => l.LSTM(5, sequences),
  GRU: () => l.GRU(5, sequences),
  SimpleRNN: () => l.SimpleRNN(5, sequences),
  Bidirectional: () => l.Bidirectional(l.LSTM(5, { returnSequences: true }), frozen),
  MinLSTM: () => l.MinLSTM(5, sequences),
  MinGRU: () => l.MinGRU(5, sequences),
  SLSTM: () => l.SLSTM(6, { ...sequences, heads: 2 }),
  RNN: () => l.RNN([l.LSTMCell(4), l.GRUCell(5)], sequences),
  TimeDistributed: () => l.TimeDistributed(l.Dense(6), frozen),
};

test.each(Object.entries(FROZEN))(
  'a frozen %s between layers that learn: weights and losses as on tfjs',
  (_, middle) => {
    const sample: Sample = {
      layers: () => [l.Dense(6, 'tanh'), middle(), l.Flatten(), l.Dense(2)],
      inputShape: [3, 4],
      loss: 'meanSquaredError',
      optimizer: () => sgd({ learningRate: 0.05 }),
      batch: 5,
      vocabulary: 0,
      zeroSteps: false,
      weighted: 'no',
      seed: 4,
    };
    const { model } = built(sample);
    const isStill = model.layers.map(
      ({ weights, trainableWeights }) => weights.length > 0 && trainableWeights.length === 0,
    );
    expect(isStill.filter(Boolean)).toHaveLength(1);
    model.dispose();
    compare(sample, 4);
  },
);
