import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { EarlyStopping } from '../../src/training/callbacks.js';
import { fingerprintOf } from '../../src/training/fingerprint.js';
import { getLoss, huber } from '../../src/training/losses.js';
import { getMetric } from '../../src/training/metrics.js';
import { sgd } from '../../src/training/optimizers.js';
import { type DescribedRun, settingsOfRun } from '../../src/training/runSettings.js';
import { structureOf } from '../../src/training/structure.js';

const array = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] });
const run = {
  settings: { shuffle: true, validationFreq: 2 },
  params: { epochs: 5, initialEpoch: 1, batchSize: 16, seed: 3 },
  compiled: {
    loss: huber({ delta: 2 }),
    metrics: [getMetric('mae')],
    weightedMetrics: [getMetric('accuracy')],
  },
  runner: { kind: 'memcell', optimizer: sgd({ learningRate: 0.5, momentum: 0.25 }) },
  callbacks: [{}, new EarlyStopping({ patience: 3, monitor: 'loss' })],
  train: { x: array(1, 2), y: array(3) },
  validation: undefined,
  model: ['Dense(2)'],
  seedIsDrawn: false,
} as never as DescribedRun;

test('what a resumed fit must be given again, whole', () => {
  const described = settingsOfRun(run);
  expect(described).toEqual({
    data: { x: fingerprintOf(array(1, 2)), y: fingerprintOf(array(3)) },
    epochs: 5,
    initialEpoch: 1,
    batchSize: 16,
    shuffle: true,
    seed: 3,
    optimizer: { name: 'sgd', ...sgd({ learningRate: 0.5, momentum: 0.25 }).config },
    loss: { name: 'huber', delta: 2 },
    metrics: ['mae', 'accuracy'],
    callbacks: [expect.objectContaining({ callback: 'EarlyStopping', patience: 3, monitor: 'loss' })],
    engine: 'memcell',
    model: ['Dense(2)'],
  });
});

test('with validation, weights, several outputs and a seed that nobody has asked for', () => {
  const more = {
    ...run,
    train: { ...run.train, weights: array(4) },
    validation: { x: array(5), y: array(6) },
    compiled: {
      ...run.compiled,
      outputs: [
        { name: 'a', weight: 2, loss: getLoss('mse') },
        { name: 'b', weight: 1, loss: huber() },
      ],
    },
    seedIsDrawn: true,
  } as never as DescribedRun;
  const described = settingsOfRun(more);
  expect(described).toMatchObject({
    data: { x: fingerprintOf(array(1, 2)), y: fingerprintOf(array(3)), weights: fingerprintOf(array(4)) },
    validation: { x: fingerprintOf(array(5)), y: fingerprintOf(array(6)) },
    validationFreq: 2,
    validationBatchSize: 16,
    loss: [
      { output: 'a', weight: 2, loss: { name: 'meanSquaredError' } },
      { output: 'b', weight: 1, loss: { name: 'huber', delta: 1 } },
    ],
  });
  expect(described).not.toHaveProperty('seed');
  const batches = { ...more, settings: { ...run.settings, validationBatchSize: 4 } } as never as DescribedRun;
  expect(settingsOfRun(batches)).toMatchObject({ validationBatchSize: 4 });
});

test('models that are built alike have one structure, whatever tfjs has called their layers and however their weights begin', () => {
  const made = (units = 2, activation: 'relu' | 'tanh' = 'relu', kernelInitializer: 'zeros' | 'ones' = 'zeros') => {
    const input = tf.input({ shape: [3] });
    const [one, other] = ['relu', activation].map((name) =>
      tf.layers.dense({ units, activation: name as 'relu', kernelInitializer }).apply(input),
    ) as tf.SymbolicTensor[];
    const joined = tf.layers.concatenate().apply([one, other]) as tf.SymbolicTensor;
    return tf.model({ inputs: input, outputs: joined, name: 'own' });
  };
  const model = made();
  expect(made().layers.map(({ name }) => name)).not.toEqual(model.layers.map(({ name }) => name));
  for (const same of [made(), made(2, 'relu', 'ones')]) expect(structureOf(same)).toEqual(structureOf(model));
  for (const other of [made(3), made(2, 'tanh')]) expect(structureOf(other)).not.toEqual(structureOf(model));
});
