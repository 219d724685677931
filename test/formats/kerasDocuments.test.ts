/** The documents that stand in written .keras and .h5 files, whole, as Keras 3.10 has them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readPlain } from '../../src/formats/hdf5/plain.js';
import { readZip } from '../../src/formats/zip.js';
import { Dense, LSTM, Sequential } from '../../src/index.js';
import { temporaryFolder } from './models.js';

const root = temporaryFolder('in memory');
const of = (module: string, class_name: string, config: object) => ({
  module: `keras.${module}`,
  class_name,
  config,
  registered_name: null,
});
const glorot = of('initializers', 'VarianceScaling', {
  scale: 1,
  mode: 'fan_avg',
  distribution: 'uniform',
  seed: null,
});
const common = {
  dtype: 'float32',
  use_bias: true,
  kernel_initializer: glorot,
  bias_initializer: of('initializers', 'Zeros', {}),
  kernel_regularizer: null,
  bias_regularizer: null,
  kernel_constraint: null,
  bias_constraint: null,
  activity_regularizer: null,
};
const layers = [
  of('layers', 'InputLayer', { batch_shape: [null, 4, 3], dtype: 'float32', name: 'l_input' }),
  of('layers', 'LSTM', {
    ...common,
    name: 'l',
    trainable: true,
    return_sequences: false,
    return_state: false,
    go_backwards: false,
    stateful: false,
    activation: 'tanh',
    units: 2,
    recurrent_initializer: of('initializers', 'Orthogonal', { gain: 1, seed: null }),
    recurrent_regularizer: null,
    recurrent_constraint: null,
    dropout: 0,
    recurrent_dropout: 0,
    recurrent_activation: 'sigmoid',
    unit_forget_bias: true,
  }),
  of('layers', 'Dense', {
    ...common,
    name: 'd',
    trainable: false,
    units: 1,
    activation: 'linear',
    kernel_regularizer: of('regularizers', 'L1L2', { l1: 0, l2: 0.01 }),
  }),
];
const model = { name: 's', trainable: true, dtype: 'float32' };
const options = {
  name: 'sgd',
  learning_rate: 0.01,
  weight_decay: null,
  clipnorm: null,
  clipvalue: null,
  global_clipnorm: null,
  use_ema: false,
  ema_momentum: 0.99,
  ema_overwrite_frequency: null,
  gradient_accumulation_steps: null,
  momentum: 0,
  nesterov: false,
};
const compiled = {
  loss: of('losses', 'MeanSquaredError', { name: 'mean_squared_error', reduction: 'sum_over_batch_size' }),
  loss_weights: null,
  metrics: ['mae', of('metrics', 'Precision', { name: 'precision', thresholds: 0.3, class_id: null })],
  weighted_metrics: null,
  run_eagerly: false,
  steps_per_execution: 1,
  jit_compile: false,
};

test('a model of two layers, compiled', async () => {
  const made = new Sequential(
    [LSTM(2, { inputShape: [4, 3], name: 'l' }), Dense(1, { name: 'd', kernelRegularizer: 'l2', trainable: false })],
    { seed: 1, name: 's' },
  );
  const metrics = ['mae', { class_name: 'Precision', config: { thresholds: 0.3 } }] as const;
  made.compile({ optimizer: 'sgd', loss: 'mse', metrics });
  const paths = ['m.keras', 'm.h5'].map((name) => join(root, name));
  for (const path of paths) await made.save(path);
  made.dispose();
  const [keras, h5] = paths.map((path) => new Uint8Array(readFileSync(path)));

  const files = await readZip(keras, { most: 1e6, remedy: '' }, 'F');
  expect([...files.keys()]).toEqual(['metadata.json', 'config.json', 'model.weights.h5']);
  const json = (name: string) => JSON.parse(new TextDecoder().decode(files.get(name)));
  expect(json('metadata.json')).toEqual({
    keras_version: '3.10.0',
    date_saved: expect.stringMatching(/^\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d$/),
  });
  expect(json('config.json')).toEqual({
    module: 'keras',
    class_name: 'Sequential',
    config: { ...model, layers },
    registered_name: null,
    compile_config: { optimizer: of('optimizers', 'SGD', options), ...compiled },
  });

  const attributes = readPlain(h5)?.attributes;
  const told = (path: string) => Object.fromEntries(attributes?.get(path) ?? []);
  const { model_config, training_config, ...others } = told('');
  expect(others).toEqual({ keras_version: '3.10.0', backend: 'tensorflow' });
  // Layers in an .h5 are named by their classes alone.
  const legacy = layers.map(({ class_name, config }) => ({ class_name, config }));
  expect(JSON.parse(String(model_config))).toEqual({ class_name: 'Sequential', config: { ...model, layers: legacy } });
  expect(JSON.parse(String(training_config))).toEqual({
    ...compiled,
    optimizer_config: { class_name: 'SGD', config: options },
  });
  expect(told('model_weights')).toEqual({ layer_names: ['l', 'd'], backend: 'tensorflow', keras_version: '3.10.0' });
  expect(told('model_weights/l')).toEqual({ weight_names: ['l/kernel', 'l/recurrent_kernel', 'l/bias'] });
  expect(told('model_weights/d')).toEqual({ weight_names: ['d/kernel', 'd/bias'] });
});
