/** Random stacks from format to format: bits stay where formats hold weights as they are, ONNX's other order of gates too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import {
  BatchNormalization,
  Bidirectional,
  Dense,
  Embedding,
  GRU,
  GRUCell,
  LSTM,
  LSTMCell,
  MultiHeadAttention,
  Normalization,
  RNN,
  TimeDistributed,
} from '../../src/layers/index.js';
import { loadModel, Sequential } from '../../src/sequential.js';
import { temporaryFolder } from './models.js';
import { stacks } from './onnx/stacks.js';

const root = temporaryFolder('in memory');
const saved = fileURLToPath(new URL('../fixtures/savedModels', import.meta.url));

/** The model after it has been saved and loaded at each place in turn. */
async function through(model: Sequential, places: readonly string[]): Promise<Sequential> {
  let now = model;
  for (const name of places) {
    const place = join(root, name);
    expect(await now.save(place)).toEqual([]);
    if (now !== model) now.dispose();
    now = await loadModel(place);
    expect(now.lost).toEqual([]);
  }
  return now;
}

it('folder, .keras, .h5 and folder give the same bits', async () => {
  await fc.assert(
    fc.asyncProperty(stacks, async (stack) => {
      const { model, x } = stack.make();
      const before = await model.predict(x);
      const after = await through(model, ['a', 'b.keras', 'c.h5', 'd']);
      expect(after.getWeights()).toEqual(model.getWeights());
      expect(await after.predict(x)).toEqual(before);
      after.dispose();
      model.dispose();
    }),
    { numRuns: 12 },
  );
});

it('folder, .onnx and folder give the same to 1e-6', async () => {
  await fc.assert(
    fc.asyncProperty(stacks, async (stack) => {
      const { model, x } = stack.make();
      const before = await model.predict(x);
      const after = await through(model, ['e', 'f.onnx', 'g']);
      const { data, shape } = await after.predict(x);
      expect(shape).toEqual(before.shape);
      data.forEach((value, i) => {
        expect(Math.abs(value - before.data[i])).toBeLessThanOrEqual(1e-6);
      });
      after.dispose();
      model.dispose();
    }),
    { numRuns: 20 },
  );
});

/** What stock tfjs makes of a folder. Its model.json of Keras 2 it reads as it is. */
async function stock(name: string): Promise<tf.LayersModel> {
  const json = JSON.parse(readFileSync(join(saved, name, 'model.json'), 'utf8'));
  const bytes = readFileSync(join(saved, name, 'weights.bin'));
  const weightSpecs = json.weightsManifest.flatMap(({ weights }: { weights: object[] }) => weights);
  // L2 is a name of Keras 3 that stock tfjs does not know, and changes no output.
  const modelTopology = JSON.parse(
    JSON.stringify(json.modelTopology, (key, value) => (key.endsWith('_regularizer') ? null : value)),
  );
  return tf.loadLayersModel({
    load: async () => ({
      modelTopology,
      weightSpecs,
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    }),
  });
}

test.each([
  'no-format',
  'l2-regularizer',
  'functional-chain',
  'two-outputs',
  'two-inputs',
  'hard-sigmoid-functional',
  'conv1d-lstm',
  'spatial-dropout',
  'stateful',
])('%s gives what stock tfjs gives', async (name) => {
  const model = await loadModel(join(saved, name));
  const theirs = await stock(name);
  const xs = model.inputs.map(({ shape }): NdArray => {
    const sizes = [shape[0] ?? 2, ...shape.slice(1).map((size) => size ?? 3)];
    const count = sizes.reduce((product, size) => product * size, 1);
    const ids = name === 'spatial-dropout';
    return { shape: sizes, data: Float32Array.from({ length: count }, (_, i) => (ids ? i % 3 : Math.sin(i + 1))) };
  });
  // Twice: the second call of a stateful model goes on where the first ended.
  for (let call = 0; call < 2; call++) {
    const ours = await model.predict<NdArray | NdArray[]>(xs.length > 1 ? xs : xs[0]);
    const tensors = xs.map(({ data, shape }) => tf.tensor(data, shape));
    const expected = [theirs.predict(tensors.length > 1 ? tensors : tensors[0])].flat();
    for (const [i, { data, shape }] of [ours].flat().entries()) {
      expect(shape).toEqual(expected[i].shape);
      expected[i].dataSync().forEach((value, at) => {
        expect(Math.abs(value - data[at])).toBeLessThan(1e-6);
      });
    }
    tf.dispose([tensors, expected]);
  }
  model.dispose();
});

test('what is frozen is trained in no format, and what goes on is as in the model that was saved', async () => {
  const still = { trainable: false };
  const layers = [
    Embedding(5, 3, { ...still, inputShape: [4] }),
    Bidirectional(GRU(2, { returnSequences: true }), still),
    TimeDistributed(Dense(3), still),
    RNN([LSTMCell(2, still), GRUCell(3)], { returnSequences: true }),
    RNN([LSTMCell(2), GRUCell(3)], { ...still, returnSequences: true }),
    BatchNormalization(still),
    LSTM(2, still),
    Dense(1),
  ];
  const model = new Sequential(layers, { seed: 4 });
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const [x, y] = [[[0, 1, 2, 3]], [[1]]];
  const before = model.getWeights();
  await model.trainOnBatch(x, y);
  const loaded = await Promise.all(
    ['frozen', 'frozen.keras', 'frozen.h5'].map(async (name) => {
      await model.save(join(root, name));
      return loadModel(join(root, name));
    }),
  );
  await model.trainOnBatch(x, y);
  const after = model.getWeights();
  const trained = after.flatMap(({ data }, i) => (data.some((value, at) => value !== before[i].data[at]) ? [i] : []));
  // Those of the GRU above the frozen LSTM cell, and of the last Dense.
  expect(trained).toEqual([12, 13, 14, after.length - 2, after.length - 1]);
  for (const one of loaded) {
    await one.trainOnBatch(x, y);
    expect(one.getWeights()).toEqual(after);
    one.dispose();
  }
  model.dispose();
});

test('null says something of a layer: one mean of all values stays one in every format', async () => {
  const model = new Sequential([Normalization({ axis: null, inputShape: [3] }), Dense(1)], { seed: 1 });
  const weights = model.getWeights();
  expect(weights.slice(0, 3).map(({ shape }) => shape)).toEqual([[], [], []]);
  model.setWeights([...[2, 4, 9].map((value) => ({ data: [value], shape: [] })), ...weights.slice(3)]);
  const x = [[2, 4, 6]];
  const [[now]] = await model.predict<number[][]>(x);
  const loaded = await through(model, ['h', 'i.keras', 'j.h5']);
  const [[moved]] = await loaded.predict<number[][]>(x);
  const [, b, c] = Array.from(weights[3].data);
  expect(now).toBeCloseTo(b + 2 * c, 5);
  expect(moved).toBe(now);
});

test.each(['keras', 'h5', 'onnx'])('attention in a chain keeps its causal mask in .%s', async (ending) => {
  const layers = [
    LSTM(4, { inputShape: [5, 3], returnSequences: true }),
    MultiHeadAttention(2, 3, { useCausalMask: true }),
  ];
  const model = new Sequential(layers, { seed: 2 });
  const x = { data: Float32Array.from({ length: 30 }, (_, i) => Math.sin(i)), shape: [2, 5, 3] };
  const before = await model.predict(x);
  const after = await through(model, [`attending.${ending}`]);
  expect(await after.predict(x)).toEqual(before);
  after.dispose();
  model.dispose();
});
