/** What of Keras's files is refused or left out, by what they say: whole lines and whole descriptions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { unzipSync, zipSync } from 'fflate';
import type { Hdf5Contents } from '../../src/formats/hdf5/contents.js';
import { readHdf5File, writeHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { normalTopology } from '../../src/formats/keras/topology.js';
import { type OptimizerVariable, optimizerStateFrom, trainingFrom } from '../../src/formats/keras/training.js';
import type { Json } from '../../src/formats/modelJson.js';
import { Dense, loadModel, Sequential } from '../../src/index.js';
import { temporaryFolder } from './models.js';

const root = temporaryFolder('in memory');

type Config = { [key: string]: Json };

const layer = (class_name: string, config: Config = {}, more: Config = {}): Config => ({
  class_name,
  config: { name: class_name.toLowerCase(), ...config },
  ...more,
});
const chain = (...layers: Json[]): Config => ({ class_name: 'Sequential', config: { name: 's', layers } });
const lstm = (config: Config = {}) => layer('LSTM', { units: 2, ...config });
const at = 'F: modelTopology.config.layers[0]';

test.each<[message: string, topology: Config]>([
  ['F: modelTopology: class_name is missing', {}],
  ['F: modelTopology: class "Dense" is not a model; known are Sequential, Functional, Model', layer('Dense')],
  ['F: modelTopology: Model has no config', { class_name: 'Model', config: null }],
  ['F: modelTopology.config.layers: missing or not a list', { class_name: 'Sequential', config: { name: 's' } }],
  [`${at}: not an object`, chain(7)],
  [`${at}: class_name is missing`, chain({ config: {} })],
  [`${at}: Dense has no config`, chain({ class_name: 'Dense', config: [] })],
  [
    'F: modelTopology: two layers are called "dense"',
    chain(layer('Dense', { units: 1 }), layer('Dense', { units: 1 })),
  ],
  [
    'F: modelTopology: input_layers or output_layers is missing or empty',
    {
      class_name: 'Functional',
      config: { layers: [layer('InputLayer')], input_layers: [], output_layers: [['inputlayer', 0, 0]] },
    },
  ],
  [
    'F: modelTopology: input_layers or output_layers is missing or empty',
    { class_name: 'Functional', config: { layers: [layer('InputLayer')], input_layers: [['inputlayer', 0, 0]] } },
  ],
  [`${at}: layer "bidirectional" (Bidirectional) has no layer`, chain(layer('Bidirectional'))],
  ...[lstm({ units: 3, go_backwards: true }), lstm(), layer('GRU', { units: 2, go_backwards: true })].map(
    (backward_layer): [string, Config] => [
      `${at}: layer "bidirectional" (Bidirectional) has a backward_layer that is not its layer read backwards; nothing here runs it`,
      chain(layer('Bidirectional', { layer: lstm(), backward_layer })),
    ],
  ),
  ...['CategoryEncoding', 'CenterCrop', 'RandomWidth', 'Resizing'].map((kind): [string, Config] => [
    `${at}: layer "${kind.toLowerCase()}" (${kind}) prepares inputs, which nothing here does; prepare them before, and save the model without it`,
    chain(layer(kind)),
  ]),
  ...[{ class_name: 'QuantizedDTypePolicy', config: { mode: 'int8' } }, 'int8_from_float32'].map(
    (dtype): [string, Config] => [
      `${at}: layer "dense" is quantized (${typeof dtype === 'string' ? dtype : 'int8'}), which nothing here runs; save the model as it was before model.quantize()`,
      chain(layer('Dense', { units: 1, dtype })),
    ],
  ),
  [
    `${at}: layer "lambda" is a Lambda: it holds Python code, which is not run; replace it by layers and save the model again`,
    chain(layer('Lambda')),
  ],
  ...[
    layer('Mine', {}, { registered_name: 'my>Mine' }),
    layer('my>Mine'),
    layer('Mine', {}, { module: 'my.layers', registered_name: 'Mine' }),
    layer('Mine', {}, { module: 'kerasx.layers' }),
  ].map((own): [string, Config] => [
    `${at}: layer "${String((own.config as Config).name)}" is of ${String(own.registered_name ?? own.class_name)}, a class of its own: Python code, which is not run`,
    chain(own),
  ]),
])('%s', (message, topology) => {
  expect(() => normalTopology(topology, 'F')).toThrow(
    expect.objectContaining({ name: 'MemcellError', code: 'model', message }),
  );
});

test('what is read of both directions of a layer, of types and of modules that are Keras’s', () => {
  const whole = normalTopology(
    chain(
      layer('Bidirectional', {
        layer: lstm({ name: 'forward_lstm' }),
        backward_layer: lstm({ name: 'b', go_backwards: true }),
      }),
      ...['float16', 'mixed_float16', 'float64'].map((dtype, i) => layer('Dense', { name: `d${i}`, units: 1, dtype })),
      layer('Dense', { name: 'k', units: 1 }, { module: 'keras.layers', registered_name: 'Custom>Dense' }),
    ),
    'F',
    '3.0.0',
  );
  expect(whole.lost).toEqual(
    ['float16', 'mixed_float16', 'float64'].map((type) => `dtype ${type}: here all is computed in float32`),
  );
  const [both] = (whole.topology.config as { layers: { config: { layer: { config: Config } } }[] }).layers;
  expect(both.config.layer.config.name).toBe('lstm');
});

const trained = (given: Json) => {
  const lost: string[] = [];
  return { training: trainingFrom(given, lost), lost };
};

test('compile’s words: what is known, what is not, and what is left out', () => {
  expect(trained(null)).toEqual({ training: undefined, lost: [] });
  expect(trained({ loss: 'mse' })).toEqual({ training: undefined, lost: [] });
  expect(trained({ optimizer: 'ftrl', loss: 'mse' })).toEqual({
    training: undefined,
    lost: ['optimizer "ftrl" is not known here', 'the model comes uncompiled'],
  });
  expect(trained({ optimizer: 'sgd' })).toEqual({ training: undefined, lost: ['the model comes uncompiled'] });
  expect(trained({ optimizer: 'sgd', loss: 7 })).toEqual({
    training: undefined,
    lost: ['loss 7 is not known here', 'the model comes uncompiled'],
  });
  const config = {
    name: 'adam',
    learning_rate: 0.01,
    beta_1: 0.8,
    clipnorm: null,
    weight_decay: 0,
    jit_compile: true,
    foo: 3,
    bar: 0,
  };
  expect(
    trained({
      optimizer_config: { class_name: 'Custom>Adam', config },
      loss: ['mse', 'mae'],
      metrics: [['mae'], ['mse', 'mae']],
    }),
  ).toEqual({
    training: {
      optimizer: { class_name: 'Adam', config: { learning_rate: 0.01, beta_1: 0.8 } },
      loss: ['mse', 'mae'],
      metrics: ['mae', 'mse'],
    },
    lost: ['optimizer option foo = 3 is not applied', 'metrics of single outputs are computed for all outputs'],
  });
  const told = (class_name: string, options: Config) => ({
    class_name,
    config: { name: 'm', dtype: 'float32', ...options },
  });
  expect(
    trained({
      optimizer: { class_name: 'AdamW', config: { learning_rate: told('ExponentialDecay', { decay_rate: 0.5 }) } },
      loss: { a: told('Huber', { delta: 2 }), b: { class_name: 'function', config: 'mae' } },
      loss_weights: { a: 2 },
      metrics: {
        a: [
          told('MeanSquaredError', {}),
          told('Precision', { thresholds: 0.3 }),
          told('Precision', { thresholds: [0.1] }),
        ],
        b: [
          told('AUC', { num_thresholds: 200, curve: 'ROC', summation_method: 'interpolation' }),
          told('AUC', { multi_label: true }),
        ],
      },
      weighted_metrics: [told('MeanMetricWrapper', {}), { class_name: 'function', config: 'mae' }],
    }),
  ).toEqual({
    training: {
      optimizer: {
        class_name: 'AdamW',
        config: {
          learning_rate: { class_name: 'exponentialDecay', config: { dtype: 'float32', decay_rate: 0.5 } },
          weight_decay: null,
        },
      },
      loss: { a: { name: 'huber', config: { delta: 2 } }, b: 'mae' },
      lossWeights: { a: 2 },
      metrics: {
        a: ['mean_squared_error', { name: 'Precision', config: { thresholds: 0.3, name: 'm' } }],
        b: ['auc'],
      },
      weightedMetrics: ['m', 'mae'],
    },
    lost: [
      'metric precision with thresholds [0.1] is not known here',
      'metric auc with multi_label true is not known here',
    ],
  });
});

test('an optimizer’s state by its names or its order, or anew where neither is known', () => {
  const variable = (name: string | undefined, ...data: number[]): OptimizerVariable => ({
    ...(name !== undefined && { name }),
    shape: [data.length],
    data,
    isCount: false,
  });
  const count = (value: number): OptimizerVariable => ({ shape: [], data: [value], isCount: true });
  const state = (class_name: string, config: Config, ...variables: OptimizerVariable[]) => {
    const lost: string[] = [];
    return { state: optimizerStateFrom({ class_name, config }, variables, lost), lost };
  };
  const slots = (named: Record<string, number[][]>) =>
    Object.fromEntries(Object.entries(named).map(([slot, all]) => [slot, all.map((data) => Float32Array.from(data))]));
  const anew = { state: undefined, lost: ["the optimizer's state is in an order not known here; it starts anew"] };

  expect(state('Adam', {})).toEqual({ state: undefined, lost: [] });
  // Side by side for each weight.
  expect(
    state(
      'Adam',
      {},
      count(3),
      variable(undefined, 1),
      variable(undefined, 2),
      variable(undefined, 3, 4),
      variable(undefined, 5, 6),
    ),
  ).toEqual({
    state: { iterations: 3, slots: slots({ momentum: [[1], [3, 4]], velocity: [[2], [5, 6]] }) },
    lost: [],
  });
  // One slot after the other.
  expect(
    state('RMSprop', { momentum: 0.5 }, count(1), ...[1, 2, 3, 4].map((value) => variable(undefined, value))),
  ).toEqual({
    state: { iterations: 1, slots: slots({ velocity: [[1], [2]], momentum: [[3], [4]] }) },
    lost: [],
  });
  expect(state('Adam', {}, count(2), variable('adam/w_velocity', 5), variable('adam/w_momentum', 6))).toEqual({
    state: { iterations: 2, slots: slots({ momentum: [[6]], velocity: [[5]] }) },
    lost: [],
  });
  expect(state('Adam', {}, count(2), variable('adam/w_strange', 5), variable('adam/w_momentum', 6))).toEqual(anew);
  expect(state('Adam', {}, count(2), variable(undefined, 5))).toEqual(anew);
  expect(state('Adam', {}, count(1.5), variable(undefined, 5), variable(undefined, 6))).toEqual(anew);
  expect(state('Adam', {}, count(-1), variable(undefined, 5), variable(undefined, 6))).toEqual(anew);
  expect(state('SGD', {}, count(9))).toEqual({ state: { iterations: 9, slots: {} }, lost: [] });
});

test('.keras and .h5 files without what belongs in them, or with what belongs to no layer', async () => {
  const model = new Sequential([Dense(2, { inputShape: [3], name: 'd' })], { seed: 1 });
  for (const name of ['whole.keras', 'whole.h5']) await model.save(join(root, name));
  model.dispose();
  const refused = (bytes: Uint8Array, message: string) =>
    expect(loadModel(bytes)).rejects.toMatchObject({
      name: 'MemcellError',
      code: 'model',
      message: `the model: ${message}`,
    });

  const files = unzipSync(readFileSync(join(root, 'whole.keras')));
  const zipOf = (change: Record<string, Uint8Array | undefined>) =>
    zipSync(
      Object.fromEntries(
        Object.entries({ ...files, ...change }).flatMap(([name, bytes]) => (bytes ? [[name, bytes]] : [])),
      ),
    );
  const text = (value: string) => new TextEncoder().encode(value);
  await refused(zipOf({ 'config.json': undefined }), 'a zip archive without config.json, so no .keras file');
  await refused(zipOf({ 'model.weights.h5': undefined }), 'there is no model.weights.h5 in it');
  await refused(
    zipOf({ 'config.json': text('{"class_name":"Dense","config":{}}') }),
    'config.json: modelTopology: class "Dense" is not a model; known are Sequential, Functional, Model',
  );
  await refused(
    zipOf({ 'metadata.json': text('{"keras_version":"3.0.0","memcell":{"version":2}}') }),
    'saved by a newer memcell (metadata version 2); update memcell to load it',
  );
  // Without its metadata it is Keras 3's.
  (await loadModel(zipOf({ 'metadata.json': undefined }))).dispose();

  const whole = await readHdf5File(new Uint8Array(readFileSync(join(root, 'whole.h5'))), 'whole');
  const h5Of = (change: (contents: Hdf5Contents) => void) => {
    const contents = structuredClone(whole);
    change(contents);
    return writeHdf5File(contents);
  };
  const attributesOf = ({ attributes }: Hdf5Contents, path = '') => attributes.get(path) ?? new Map();
  await refused(
    await h5Of((contents) => {
      attributesOf(contents).delete('model_config');
      contents.datasets.clear();
      contents.attributes.delete('model_weights');
    }),
    'an HDF5 file without model_config, so not a model of Keras',
  );
  await refused(
    await h5Of((contents) => attributesOf(contents, 'model_weights/d').set('weight_names', ['d/kernel', 'd/other'])),
    'weight "d/other" of layer d is listed, but not there',
  );
  await refused(
    await h5Of((contents) =>
      attributesOf(contents, 'model_weights/d').set('weight_names', ['d/kernel', 'd/lora_kernel_a']),
    ),
    'layer d has LoRA weights apart; save the model as .keras, in which Keras adds them to the others',
  );
});
