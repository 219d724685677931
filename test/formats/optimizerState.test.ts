import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { contentsOf, modelOf } from '../../src/formats/contents.js';
import type { ModelContents } from '../../src/formats/modelFile.js';
import {
  Attention,
  BatchNormalization,
  Dense,
  GRUCell,
  Input,
  LSTM,
  LSTMCell,
  Model,
  RNN,
  Sequential,
  SimpleRNNCell,
} from '../../src/index.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { loadModel, sequential } from '../../src/sequential.js';
import { adamw, getOptimizer, type OptimizerIdentifier, rmsprop, sgd } from '../../src/training/optimizers.js';
import { exponentialDecay } from '../../src/training/schedules.js';
import { stock, temporaryFolder } from './models.js';

const root = temporaryFolder();
const x = { shape: [12, 4, 2], data: Float32Array.from({ length: 96 }, (_, i) => Math.sin(1.3 * i)) };
const y = { shape: [12, 2], data: Float32Array.from({ length: 24 }, (_, i) => Math.cos(i)) };

beforeAll(async () => {
  await prepareBackend();
});

describe('a folder keeps the optimizer: two fits with a save between are one', () => {
  const optimizers: { [name: string]: () => OptimizerIdentifier } = {
    adam: () => 'adam',
    'adamw with a schedule': () =>
      adamw({ learningRate: exponentialDecay({ initialLearningRate: 0.01, decaySteps: 5, decayRate: 0.5 }) }),
    'rmsprop, centered, with momentum': () => rmsprop({ momentum: 0.5, centered: true }),
    'sgd without slots': () => 'sgd',
    'sgd with momentum': () => sgd({ momentum: 0.9, nesterov: true }),
  };

  test.each(Object.entries(optimizers))('%s', async (name, optimizer) => {
    for (const engine of [undefined, 'tfjs'] as const) {
      const build = () => {
        // A layer of a slot's name must not pass for one.
        const model = sequential("Dropout(0.3), LSTM(3, name='velocity'), Dense(2)", { inputShape: [4, 2], seed: 4 });
        model.compile({ optimizer: optimizer(), loss: 'mse', ...(engine && { engine }) });
        return model;
      };
      const options = { batchSize: 5, seed: 11, verbose: 0 } as const;
      const whole = build();
      await whole.fit(x, y, { ...options, epochs: 4 });
      const first = build();
      await first.fit(x, y, { ...options, epochs: 2 });
      const folder = join(root, `${name}-${engine}`);
      expect(await first.save(folder)).toEqual([]);
      const second = await loadModel(folder);
      expect(second.lost).toEqual([]);
      if (engine) {
        const { training } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')).userDefinedMetadata.memcell;
        expect(training.optimizer.name).toBeDefined();
      }
      await second.fit(x, y, { ...options, initialEpoch: 2, epochs: 4 });
      if (engine === undefined) expect(second.getWeights()).toEqual(whole.getWeights());
      for (const model of [whole, first, second]) model.dispose();
    }
  });

  test('stock tfjs loads such a folder, and predicts the same', async () => {
    const model = sequential('LSTM(3), Dense(2)', { inputShape: [4, 2], seed: 4 });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    const folder = join(root, 'for-stock');
    await model.save(folder);
    const { output } = stock('load', folder, { input: Array.from(x.data), shape: x.shape });
    const own = await model.predict(x);
    own.data.forEach((value, i) => {
      expect(Math.abs(value - output[i])).toBeLessThanOrEqual(1e-5);
    });
  });

  test('includeOptimizer: false leaves it out; the settings of compile stay', async () => {
    const model = sequential('Dense(2)', { inputShape: [3], seed: 4 });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    await model.trainOnBatch([[1, 2, 3]], [[1, 2]]);
    const folder = join(root, 'without');
    await model.save(folder, { includeOptimizer: false });
    expect(readFileSync(join(folder, 'weights.bin'))).toHaveLength(4 * 8);
    expect((await loadModel(folder)).isCompiled).toBe(true);
  });
});

test.each([
  ['adam', () => tf.train.adam(0.01, 0.9, 0.999, 1e-10)],
  ['rmsprop', () => tf.train.rmsprop(0.01, 0.8)],
  ['rmsprop with momentum', () => tf.train.rmsprop(0.01, 0.8, 0.5)],
  ['sgd', () => tf.train.sgd(0.1)],
  ['momentum', () => tf.train.momentum(0.1, 0.8)],
  ['momentum, as Nesterov has it', () => tf.train.momentum(0.1, 0.8, true)],
] as const)('what stock tfjs saves of %s is read: the next steps are its own to 1e-5', async (_, optimizer) => {
  // Where a gradient is all rounding, adam and rmsprop step by its sign: the same weights on every run.
  const drawn = (seed: number) => tf.initializers.glorotUniform({ seed });
  const cell = { units: 3, recurrentActivation: 'sigmoid', kernelInitializer: drawn(1) } as const;
  const theirs = tf.sequential({
    layers: [
      tf.layers.lstm({ ...cell, inputShape: [4, 2], recurrentInitializer: tf.initializers.orthogonal({ seed: 2 }) }),
      tf.layers.dense({ units: 2, kernelInitializer: drawn(3) }),
    ],
  });
  theirs.compile({ optimizer: optimizer(), loss: 'meanSquaredError' });
  const train = () =>
    theirs.fit(tf.tensor(x.data, x.shape), tf.tensor(y.data, y.shape), {
      batchSize: 12,
      epochs: 3,
      shuffle: false,
      verbose: 0,
    });
  await train();
  let saved: tf.io.ModelArtifacts = {};
  const save = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await theirs.save(save, { includeOptimizer: true });
  // As TensorFlow names its variables.
  for (const spec of saved.weightSpecs ?? []) if (!('group' in spec && spec.group === 'optimizer')) spec.name += ':0';
  const ours = await loadModel({ load: async () => saved });
  expect(ours.lost).toEqual([]);
  await train();
  await ours.fit(x, y, { batchSize: 12, epochs: 3, shuffle: false, verbose: 0 });
  const expected = theirs.getWeights();
  ours.getWeights().forEach(({ data }, i) => {
    const values = expected[i].dataSync();
    data.forEach((value, at) => {
      expect(Math.abs(value - values[at])).toBeLessThanOrEqual(1e-5);
    });
  });
});

test.each(['folder', 'model.keras', 'model.h5'])('weights that are one number keep their slots: %s', async (file) => {
  const input = Input({ shape: [4, 2] });
  const steps = LSTM(3, { returnSequences: true }).apply(input) as ReturnType<typeof Input>;
  const looked = Attention({ useScale: true, scoreMode: 'concat' }).apply([steps, steps]);
  const model = new Model({ inputs: input, outputs: looked, seed: 3 });
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const target = { shape: [12, 4, 3], data: Float32Array.from({ length: 144 }, (_, i) => Math.cos(i)) };
  await model.fit(x, target, { epochs: 2, shuffle: false, verbose: 0 });
  const path = join(root, `one-number-${file}`);
  await model.save(path);
  const again = await loadModel(path);
  expect(again.lost).toEqual([]);
  for (const each of [model, again]) await each.fit(x, target, { epochs: 2, shuffle: false, verbose: 0 });
  expect(again.getWeights()).toEqual(model.getWeights());
  model.dispose();
  again.dispose();
});

test.each(['folder', 'model.keras', 'model.h5'])(
  'frozen layers and cells, and running means, have no slots: %s',
  async (file) => {
    const inner = new Sequential([Dense(2, { name: 'held' }), Dense(2, { name: 'learns' })], {
      inputShape: [4, 3],
      seed: 1,
    });
    inner.layers[0].trainable = false;
    const model = new Sequential(
      [
        Dense(3, { inputShape: [4, 2], name: 'still', trainable: false }),
        BatchNormalization({ name: 'norm' }),
        inner,
        RNN([LSTMCell(2), GRUCell(3, { trainable: false }), SimpleRNNCell(2, { useBias: false })], { name: 'stack' }),
        Dense(2, { name: 'end' }),
      ],
      { seed: 2 },
    );
    model.compile({ optimizer: 'adam', loss: 'mse' });
    await model.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
    const path = join(root, `frozen-${file}`);
    await model.save(path);
    if (file === 'folder') {
      const { weightsManifest } = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
      const { weights }: { weights: { name: string; shape: number[] }[] } = weightsManifest[0];
      const slots = weights.filter(({ name }) => name.endsWith('/velocity'));
      const named = slots.map(({ name, shape }) => [name.slice('optimizer/'.length, -'/velocity'.length), shape]);
      const own = weights.filter(({ name }) => !name.startsWith('optimizer/')).map(({ name, shape }) => [name, shape]);
      const learns = ['norm/gamma', 'norm/beta', 'learns/kernel', 'end/kernel', 'end/bias'];
      for (const name of learns) expect(named.map(String).join(' ')).toMatch(name);
      for (const one of named) expect(own).toContainEqual(one);
      expect(named.map(String).join(' ')).not.toMatch(/still|held|moving/);
    }
    const again = await loadModel(path);
    expect(again.lost).toEqual([]);
    for (const each of [model, again]) await each.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
    expect(again.getWeights()).toEqual(model.getWeights());
    model.dispose();
    again.dispose();
  },
);

test('a state of other weights than those that are trained now is not saved', async () => {
  const model = sequential("Dense(2, name='a'), Dense(1, name='b')", { inputShape: [3], seed: 4 });
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.trainOnBatch([[1, 2, 3]], [[1]]);
  model.tf.layers[0].trainable = false;
  for (const [name, bytes] of [
    ['fewer', 4 * 11],
    ['fewer.keras', 0],
  ] as const) {
    await model.save(join(root, name));
    if (bytes > 0) expect(readFileSync(join(root, name, 'weights.bin'))).toHaveLength(bytes);
    const again = await loadModel(join(root, name));
    expect([again.lost, again.isCompiled]).toEqual([[], true]);
    expect(again.getWeights()).toEqual(model.getWeights());
    again.dispose();
  }
  model.dispose();
});

describe('a model of a file’s contents', () => {
  const made = () => sequential("Dense(2, name='a')", { inputShape: [1], seed: 4 }).tf;
  const contents = (change: Partial<ModelContents> = {}): ModelContents => ({
    ...contentsOf(made(), { metadata: { a: 1 } }),
    ...change,
  });

  test('has its weights and its metadata, and a state where that is of its weights', async () => {
    const slots = (...sizes: number[]) => ({
      iterations: 3,
      slots: { momentum: sizes.map((size) => new Float32Array(size).fill(size)) },
    });
    const whole = await modelOf(contents({ optimizerState: slots(2, 2) }), 'F');
    expect(whole).toEqual({ model: expect.anything(), metadata: { a: 1 }, lost: [], optimizerState: slots(2, 2) });
    const anew = "the optimizer's state is of other weights, or not finite; it starts anew";
    for (const state of [
      slots(2),
      slots(2, 3),
      { iterations: 1, slots: { velocity: [Float32Array.of(1, Number.NaN), Float32Array.of(1, 1)] } },
    ]) {
      const other = await modelOf(contents({ optimizerState: state, lost: ['before'] }), 'F');
      expect(other).toEqual({ model: expect.anything(), metadata: { a: 1 }, lost: ['before', anew] });
      other.model.dispose();
    }
    whole.model.dispose();
  });

  test('is the model’s as it was, whatever becomes of the model', async () => {
    const model = sequential("Dense(2, name='a')", { inputShape: [1], seed: 4 });
    const optimizer = getOptimizer('adam');
    model.compile({ optimizer, loss: 'mse' });
    await model.trainOnBatch([[1]], [[1, 2]]);
    const { weights, optimizerState } = contentsOf(model.tf, { metadata: {}, optimizer });
    expect(optimizerState?.iterations).toBe(1);
    const before = structuredClone({ weights, optimizerState });
    for (let step = 0; step < 3; step++) await model.trainOnBatch([[2]], [[1, 2]]);
    expect({ weights, optimizerState }).toEqual(before);
    model.dispose();
  });

  test('keeps no tensor where its weights do not fit', async () => {
    const kernel = { layer: 'a', name: 'k', shape: [2, 2], data: new Float32Array(4) };
    const few = contents({ weights: [kernel] });
    const { numTensors } = tf.memory();
    await expect(modelOf(few, 'F')).rejects.toThrow(
      'F: layer a needs a/kernel [1,2], a/bias [2], and the file has k [2,2]',
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('names weights of one name apart, and refuses those that are not finite', () => {
    class Twice extends tf.layers.Layer {
      static className = 'Twice';
      override build(): void {
        for (const part of 'abc') this.addWeight(`${part}/w`, [1], 'float32', tf.initializers.ones());
        this.built = true;
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] {
        return inputs;
      }
    }
    tf.serialization.registerClass(Twice);
    const model = tf.sequential({ layers: [new Twice({ inputShape: [1], name: 't' })] });
    // Under its new name nothing tells the parts of its weights' names apart from its own.
    model.layers[0].name = 'u';
    model.setUserDefinedMetadata({ author: 'me', year: 1 });
    const { weights, lost } = contentsOf(model, { metadata: {} });
    expect(weights.map(({ layer, name }) => [layer, name])).toEqual(
      [0, 1, 2].map((i) => ['u', i === 0 ? 'w' : `w_${i}`]),
    );
    expect(lost).toEqual(['metadata author, year is not kept']);
    model.setWeights([[1], [2], [Number.POSITIVE_INFINITY]].map((values) => tf.tensor1d(values)));
    expect(() => contentsOf(model, { metadata: {} })).toThrow(
      expect.objectContaining({
        code: 'numeric',
        message: 'weight u/w_2 is not finite at element 0; the model is not saved',
      }),
    );
    expect(() => contentsOf({ toJSON: () => [] } as never, { metadata: {} })).toThrow('this model cannot be described');
    model.dispose();
  });
});
