/** Random stacks from format to format: bits stay where formats hold weights as they are, ONNX's other order of gates too. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import { Input, Model, sequential } from '../../src/index.js';
import {
  AdditiveAttention,
  Attention,
  BatchNormalization,
  Bidirectional,
  Dense,
  Embedding,
  GetItem,
  GRU,
  GRUCell,
  LSTM,
  LSTMCell,
  MultiHeadAttention,
  Normalization,
  RNN,
  TimeDistributed,
  UpSampling1D,
} from '../../src/layers/index.js';
import { loadPredictor } from '../../src/predictor.js';
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

test.each(['Attention', 'AdditiveAttention'] as const)(
  '%s of a query, a value and a key keeps its causal mask',
  async (kind) => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => Input({ shape: [5, 3], name }));
    const at = (useCausalMask: boolean) =>
      kind === 'Attention' ? Attention({ useCausalMask }) : AdditiveAttention({ useCausalMask });
    const x = [1, 2, 3].map((from) => ({
      data: Float32Array.from({ length: 30 }, (_, i) => Math.sin(from * i)),
      shape: [2, 5, 3],
    }));
    for (const inputs of [
      [a, b],
      [a, b, c],
    ]) {
      const of = (causal: boolean) => new Model({ inputs, outputs: at(causal).apply(inputs), seed: 2 });
      const [model, open] = [of(true), of(false)];
      const given = x.slice(0, inputs.length);
      const expected = await model.predict(given);
      expect(expected).not.toEqual(await open.predict(given));
      for (const ending of ['.keras', '.h5', '']) {
        const path = join(root, `${kind} of ${inputs.length}${ending}`);
        await model.save(path);
        const again = await loadModel(path);
        expect(await again.predict(given)).toEqual(expected);
        again.dispose();
      }
      for (const one of [model, open]) one.dispose();
    }
  },
);

test.each([
  'PositionEmbedding(9)',
  'SinePositionEncoding()',
  'SLSTM(2)',
  'MinLSTM(2)',
  'MinGRU(2)',
  'Bidirectional(MinGRU(2))',
])('%s, which Keras has not, is in no file of Keras', async (spec) => {
  const model = sequential(spec, { inputShape: [3, 2], seed: 1 });
  for (const name of ['none.keras', 'none.h5']) {
    await expect(model.save(join(root, name))).rejects.toThrow(
      'is of a kind that cannot be written as Keras 3 has it; save the model to a folder instead',
    );
    expect(existsSync(join(root, name))).toBe(false);
  }
  model.dispose();
});

describe('models of parts that are unusual', () => {
  const values = (...shape: number[]): NdArray => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) =>
      Math.sin(1.3 * i),
    ),
  });
  type Tensor = ReturnType<typeof Input>;
  const kept = async (model: Model | Sequential, x: NdArray, endings = ['', '.keras', '.h5']) => {
    const expected = await model.predict<NdArray | NdArray[]>(x);
    for (const [at, ending] of endings.entries()) {
      const path = join(root, `unusual ${model.tf.name}${at}${ending}`);
      expect(await model.save(path)).toEqual([]);
      const again = await loadModel(path);
      expect([again.lost, await again.predict(x)]).toEqual([[], expected]);
      again.dispose();
    }
    model.dispose();
  };

  test('a layer that models in the model share', async () => {
    const shared = Dense(3, { name: 'shared' });
    const inner = (name: string) => {
      const x = Input({ shape: [3] });
      return new Model({ inputs: x, outputs: Dense(2, { name: 'own' }).apply(shared.apply(x)), name });
    };
    const x = Input({ shape: [3] });
    const outputs = ['one', 'two'].map((name) => inner(name).apply(x) as Tensor);
    await kept(new Model({ inputs: x, outputs, seed: 3, name: 'sharing' }), values(4, 3), ['', '.keras']);
  });

  test('x[:, item] within a layer of every step, and of values of unlike numbers of axes', async () => {
    const inner = new Sequential([Dense(2, { inputShape: [4, 3] }), GetItem([1, 3]), Dense(2)], { name: 'inner' });
    const steps = new Sequential([tf.layers.timeDistributed({ layer: inner.tf as never, inputShape: [5, 4, 3] })], {
      seed: 2,
      name: 'steps',
    });
    await kept(steps, values(2, 5, 4, 3));
    const [x, z] = [Input({ shape: [4, 3] }), Input({ shape: [4, 3, 2] })];
    const pick = GetItem([0, 2]);
    const both = new Model({ inputs: [x, z], outputs: [pick.apply(x), pick.apply(z)] as Tensor[], name: 'both' });
    const path = join(root, 'both.h5');
    await expect(both.save(path)).rejects.toThrow(
      'reads values of several shapes, and Keras opens no operation from .h5; save the model as .keras instead',
    );
    both.dispose();
  });

  test('a model of every step, in which states are given on: nothing is said when it is saved again', async () => {
    const x = Input({ shape: [4, 2] });
    const [, ...states] = LSTM(3, { returnState: true }).apply(x) as unknown as Tensor[];
    const inner = new Model({
      inputs: x,
      outputs: LSTM(2 + 1).apply(x, { initialState: states }) as Tensor,
      name: 'inner',
    });
    const model = new Sequential([tf.layers.timeDistributed({ layer: inner.tf as never, inputShape: [5, 4, 2] })], {
      seed: 2,
      name: 'every',
    });
    await model.save(join(root, 'every'));
    const said = jest.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      const again = await loadModel(join(root, 'every'));
      await again.save(join(root, 'every again'));
      expect(said.mock.calls).toEqual([]);
      for (const each of [model, again]) each.dispose();
    } finally {
      said.mockRestore();
    }
  });

  test('a layer that gives few values in its first call and too many in its last', async () => {
    const up = UpSampling1D({ size: 1024, name: 'up' });
    const x = Input({ shape: [1, 1] });
    const calls = [1, 2, 3].reduce((last) => up.apply(last) as Tensor, x);
    const model = new Model({ inputs: x, outputs: calls, name: 'growing' });
    await model.save(join(root, 'growing'));
    await expect(loadModel(join(root, 'growing'))).rejects.toThrow(
      'layer up gives [1073741824, 1] values a sample, which is too large',
    );
    model.dispose();
  });

  test('cuDNN’s layers in a folder are read alike with TensorFlow.js and without', async () => {
    const model = new Sequential([GRU(3, { inputShape: [4, 2], name: 'g' }), Dense(1)], { seed: 2 });
    const folder = join(root, 'cudnn');
    await model.save(folder);
    const path = join(folder, 'model.json');
    const json = JSON.parse(readFileSync(path, 'utf8'));
    json.modelTopology.config.layers[0].class_name = 'CuDNNGRU';
    const bias = json.weightsManifest[0].weights.find(({ name }: { name: string }) => name === 'g/bias');
    expect(bias.shape).toEqual([2, 9]);
    bias.shape = [18];
    writeFileSync(path, JSON.stringify(json));
    const x = values(3, 4, 2);
    const [read, predictor] = [await loadModel(folder), await loadPredictor(folder)];
    const expected = await read.predict(x);
    expect(await predictor.predict(x)).toEqual(expected);
    expect(expected).not.toEqual(await model.predict(x));
    for (const each of [model, read, predictor]) each.dispose();
  });

  test('the bytes of a file in whatever holds them', async () => {
    const model = new Sequential([Dense(2, { inputShape: [3] })], { seed: 2 });
    const path = join(root, 'bytes.keras');
    await model.save(path);
    const bytes = new Uint8Array(readFileSync(path));
    const within = new Uint8Array(bytes.length + 9);
    within.set(bytes, 4);
    const x = values(2, 3);
    for (const from of [bytes, bytes.buffer.slice(0), within.subarray(4, 4 + bytes.length)]) {
      const again = await loadModel(from);
      expect(await again.predict(x)).toEqual(await model.predict(x));
      again.dispose();
    }
    model.dispose();
  });
});
