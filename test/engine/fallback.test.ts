/** Layers on tfjs, where a model falls back to it, as on the engine: values, gradients, what several steps share, whole masked rows. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import * as l from '../../src/layers/index.js';
import { customObjects } from '../../src/model/customObjects.js';
import { Sequential } from '../../src/sequential.js';
import { adam, sgd } from '../../src/training/optimizers.js';
import { compare } from './compare.js';
import type { Sample } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const base: Omit<Sample, 'layers'> = {
  inputShape: [5, 3],
  loss: 'meanSquaredError',
  optimizer: () => adam({ learningRate: 0.01, epsilon: 1e-3 }),
  batch: 4,
  vocabulary: 0,
  zeroSteps: true,
  weighted: 'no',
  seed: 3,
};

const words = { ...base, inputShape: [5], vocabulary: 3 };

const stacks: [string, Sample][] = [
  ...(['softmax', 'sigmoid'] as const).flatMap((activation): [string, Sample][] =>
    (['binaryCrossentropy', 'sparseCategoricalCrossentropy'] as const).map((loss) => [
      `${loss} with dropout behind ${activation}, which takes logits in evaluation alone`,
      { ...base, loss, layers: () => [l.LSTM(4), l.Dense(3, activation), l.Dropout(0.4)] },
    ]),
  ),
  [
    'LayerNormalization without scale',
    { ...base, layers: () => [l.LSTM(4, { returnSequences: true }), l.LayerNormalization({ scale: false }), l.GRU(3)] },
  ],
  [
    'LayerNormalization without center',
    { ...base, layers: () => [l.Dense(6), l.LayerNormalization({ center: false }), l.Flatten(), l.Dense(2)] },
  ],
  [
    'LayerNormalization without either',
    { ...base, layers: () => [l.Dense(6), l.LayerNormalization({ center: false, scale: false }), l.LSTM(2)] },
  ],
  [
    'the maximum of steps that are the same word',
    { ...words, layers: () => [l.Embedding(3, 4), l.GlobalMaxPooling1D(), l.Dense(2)] },
  ],
  [
    'the maximum of steps that relu makes 0',
    { ...base, layers: () => [l.Dense(7, 'relu'), l.GlobalMaxPooling1D(), l.Dense(2)] },
  ],
  [
    'Masking in the middle',
    { ...base, layers: () => [l.Dense(2, 'relu'), l.Masking(), l.LSTM(4, { returnSequences: true }), l.GRU(3)] },
  ],
  [
    'Masking in the middle of a whole sequence',
    { ...base, weighted: 'steps', layers: () => [l.Dense(2, 'relu'), l.Masking(), l.Dense(3)] },
  ],
  [
    'the mean of rows that are masked throughout',
    {
      ...words,
      inputShape: [2],
      layers: () => [l.Embedding(3, 4, { maskZero: true }), l.GlobalAveragePooling1D(), l.Dense(2)],
    },
  ],
  [
    'Masking, Bidirectional, Flatten, Dense',
    {
      ...base,
      layers: () => [l.Masking(), l.Bidirectional(l.LSTM(4, { returnSequences: true })), l.Flatten(), l.Dense(3)],
    },
  ],
  [
    'weights on steps behind Masking',
    { ...base, weighted: 'steps', layers: () => [l.Masking(), l.LSTM(4, { returnSequences: true }), l.Dense(2)] },
  ],
];

test.each(stacks)('%s: tfjs and the engine train alike', (_, sample) => {
  compare(sample);
});

test('the gradient of a maximum is shared among the steps that reach it', () => {
  const layer = l.GlobalMaxPooling1D();
  const gradient = tf.grad((x: tf.Tensor) => layer.apply(x) as tf.Tensor)(
    tf.tensor3d([[[1], [4], [4], [4], [2]]]),
    tf.tensor2d([[6]]),
  );
  expect([...gradient.dataSync()]).toEqual([0, 2, 2, 2, 0]);
  const missing = layer.apply(tf.tensor3d([[[1], [Number.NaN], [3]]])) as tf.Tensor;
  expect([...missing.dataSync()]).toEqual([Number.NaN]);
});

describe.each([{}, { engine: 'tfjs' as const }])('compiled with %p', (options) => {
  test('the mean of a row that is masked throughout is 0, whatever its steps hold', async () => {
    const model = new Sequential([l.Masking({ maskValue: 7, inputShape: [3, 1] }), l.GlobalAveragePooling1D()]);
    model.compile({ loss: 'mse', ...options });
    expect(
      await model.predict([
        [[7], [7], [7]],
        [[1], [7], [3]],
      ]),
    ).toEqual([[0], [2]]);
    expect(await model.evaluate([[[7], [7], [7]]], [[2]], { verbose: 0 })).toEqual({ loss: 4 });
  });
});

test('a model that comes back from its description trains on tfjs as before', async () => {
  const layers = () => [
    l.Dense(4, { inputShape: [5, 3], activation: 'relu' }),
    l.Masking(),
    l.LayerNormalization({ scale: false }),
    l.GlobalMaxPooling1D(),
  ];
  const made = new Sequential(layers(), { seed: 1 });
  const back = Sequential.fromTf(
    (await tf.models.modelFromJSON(
      { modelTopology: JSON.parse(String(made.tf.toJSON())) },
      customObjects,
    )) as tf.LayersModel,
  );
  back.setWeights(made.getWeights());
  const x = { data: Float32Array.from({ length: 30 }, (_, i) => Math.sin(i * i)), shape: [2, 5, 3] };
  const y = { data: Float32Array.from({ length: 8 }, (_, i) => i % 3), shape: [2, 4] };
  const losses = [];
  for (const model of [made, back]) {
    // A loss of the user's own is for tfjs.
    model.compile({
      loss: (yTrue, yPred) => tf.mean(tf.squaredDifference(yTrue, yPred), -1),
      optimizer: sgd({ learningRate: 0.1 }),
    });
    expect(model.engine.kind).toBe('tfjs');
    losses.push([await model.trainOnBatch(x, y), await model.trainOnBatch(x, y)]);
  }
  expect(losses[0][1]).toBeLessThan(losses[0][0]);
  expect(losses[1]).toEqual(losses[0]);
});
