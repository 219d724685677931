import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Attention, Input, LSTM, Model } from '../../src/index.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { loadModel, sequential } from '../../src/sequential.js';
import { adamw, type OptimizerIdentifier, rmsprop, sgd } from '../../src/training/optimizers.js';
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
