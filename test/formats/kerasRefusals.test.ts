/** What of Keras's files is refused or left out, by what they say: whole lines and whole descriptions. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { unzipSync, zipSync } from 'fflate';
import type { Hdf5Contents } from '../../src/formats/hdf5/contents.js';
import { readHdf5File, writeHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { h5File } from '../../src/formats/keras/h5File.js';
import { keras3Topology, withChainsAsGraphs } from '../../src/formats/keras/keras3Topology.js';
import { withFittingNames } from '../../src/formats/keras/layerNames.js';
import { layersOf } from '../../src/formats/keras/layerTree.js';
import { moved } from '../../src/formats/keras/nodes.js';
import { picksAsLayers } from '../../src/formats/keras/picksAsLayers.js';
import { normalTopology } from '../../src/formats/keras/topology.js';
import { type OptimizerVariable, optimizerStateFrom, trainingFrom } from '../../src/formats/keras/training.js';
import { weightsInGroups } from '../../src/formats/keras/weightGroups.js';
import { WEIGHTS_ALONE } from '../../src/formats/modelFile.js';
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

const nested = (depth: number, inner: Config, around: (inner: Config) => Config): Config =>
  depth === 0 ? inner : around(nested(depth - 1, inner, around));

test('models in models, and layers around layers, are read up to 25 deep', () => {
  const dense = layer('Dense', { units: 1 });
  const models = (depth: number) => () =>
    normalTopology(
      nested(depth, chain(dense), (inner) => chain(inner)),
      'F',
    );
  const around = (depth: number) => () =>
    normalTopology(chain(nested(depth, dense, (inner) => layer('TimeDistributed', { layer: inner }))), 'F');
  for (const made of [models, around]) {
    expect(made(25)).not.toThrow();
    expect(made(26)).toThrow(/^F: modelTopology\.config\.layer.*: nested too deeply$/);
  }
  const { topology } = normalTopology(chain(layer('Dense', { units: 1, batch_shape: [null, 3] })), 'F');
  expect(topology).toMatchObject({
    config: { layers: [{ config: { batch_input_shape: [null, 3], dtype: 'float32' } }] },
  });
});

describe('weights in groups of .keras', () => {
  const dataset = (value: number) => ({ shape: [1], type: 'float32' as const, data: Float32Array.of(value) });
  const found = (paths: Record<string, number>, ...layers: Config[]) =>
    weightsInGroups(
      new Map(Object.entries(paths).map(([path, value]) => [path, dataset(value)])),
      layersOf(chain(...layers)),
      'F',
    ).map(({ layer: path, name, data }) => [path, name, data[0]]);
  const named = (class_name: string, name: string, config: Config = {}) => layer(class_name, { ...config, name });

  test('are by class, numbered in the order of the layers, those without weights counted', () => {
    const layers = [named('Dense', 'a'), named('LSTM', 'l'), named('Dense', 'b'), named('Dense', 'c')];
    expect(
      found(
        {
          'optimizer/vars/0': 9,
          'layers/dense_2/vars/0': 3,
          'layers/dense/vars/1': 2,
          'layers/dense/vars/0': 1,
          'layers/lstm/cell/vars/2': 6,
          'layers/lstm/cell/vars/0': 4,
          'layers/lstm/cell/vars/1': 5,
          'layers/lstm/cell/seed_generator/vars/0': 8,
        },
        ...layers,
      ),
    ).toEqual([
      ['a', 'layers/dense/vars/0', 1],
      ['a', 'layers/dense/vars/1', 2],
      ...[4, 5, 6].map((value, i) => ['l', `layers/lstm/cell/vars/${i}`, value]),
      ['c', 'layers/dense_2/vars/0', 3],
    ]);
    expect(found({ 'optimizer/vars/0': 9 }, ...layers)).toEqual([]);
    expect(() =>
      found({ 'layers/dense_3/vars/0': 1, 'layers/gru/cell/vars/0': 2, 'layers/add/x': 3 }, ...layers),
    ).toThrow('F: the weights in layers/dense_3, layers/gru, layers/add belong to no layer of the model');
    expect(() =>
      found({ 'layers/thick/vars/0': 1 }, named('InputLayer', 'i'), named('Thin', 't'), named('Thick2', 'u')),
    ).toThrow(/^F: layer "t": unknown class "Thin"/);
  });

  test('of Keras 2.12, which counted some layers more than once, are the groups of a class in order', () => {
    const root = '_layer_checkpoint_dependencies';
    const layers = [named('Dense', 'a'), named('Dense', 'b'), named('Dropout', 'o'), named('Dense', 'c')];
    const values = { 10: 3, 2: 2, 0: 1 };
    const paths = Object.entries(values).map(([n, value]): [string, number] => [
      `${root}\\dense${n === '0' ? '' : `_${n}`}\\vars\\0`,
      value,
    ]);
    expect(found(Object.fromEntries(paths), ...layers)).toEqual([
      ['a', `${root}/dense/vars/0`, 1],
      ['b', `${root}/dense_2/vars/0`, 2],
      ['c', `${root}/dense_10/vars/0`, 3],
    ]);
    expect(found({ [`${root}/dense_4/vars/0`]: 1 }, named('Dense', 'a'), named('Dense', 'b'))).toEqual([
      ['a', `${root}/dense_4/vars/0`, 1],
    ]);
  });

  test('of models in the model, of both directions and of cells', () => {
    const inner = { class_name: 'Functional', config: { name: 'in', layers: [named('Dense', 'd')] } };
    const other = { class_name: 'Sequential', config: { name: 'other', layers: [named('Dense', 'e')] } };
    const cells = ['LSTMCell', 'GRUCell', 'LSTMCell'].map((kind, i) => named(kind, `c${i}`, { use_bias: i !== 1 }));
    const stack = { cell: { class_name: 'StackedRNNCells', config: { cells } } };
    const places = [
      'functional/layers/dense/vars/0',
      'time_distributed/layer/layers/dense/vars/0',
      ...['forward', 'backward'].flatMap((way) => [0, 1, 2].map((i) => `bidirectional/${way}_layer/cell/vars/${i}`)),
      'time_distributed_1/layer/vars/0',
      ...['lstm_cell/vars/0', 'lstm_cell/vars/1', 'lstm_cell/vars/2', 'gru_cell/vars/0', 'gru_cell/vars/1'].map(
        (place) => `rnn/cell/cells/${place}`,
      ),
      ...[0, 1, 2].map((i) => `rnn/cell/cells/lstm_cell_1/vars/${i}`),
    ];
    const paths = Object.fromEntries(places.map((place, i) => [`layers/${place}`, i]).reverse());
    const layers = [
      inner,
      named('TimeDistributed', 't', { layer: other }),
      named('Bidirectional', 'b', { layer: lstm() }),
      named('TimeDistributed', 'u', { layer: layer('Dense') }),
      named('RNN', 'r', stack),
    ];
    const owners = ['in/d', 't/e', ...Array(6).fill('b'), 'u', ...Array(8).fill('r')];
    expect(found(paths, ...layers)).toEqual(places.map((place, i) => [owners[i], `layers/${place}`, i]));
    expect(found({ 'layers/functional/other/vars/0': 1 }, inner)).toEqual([]);
  });
});

describe('.h5', () => {
  const made = async ({
    attributes = {},
    datasets = [],
  }: {
    attributes?: Record<string, object>;
    datasets?: string[];
  }) =>
    writeHdf5File({
      attributes: new Map(Object.entries(attributes).map(([path, own]) => [path, new Map(Object.entries(own))])),
      datasets: new Map(
        datasets.map((path, i) => [path, { shape: [1], type: 'float32' as const, data: Float32Array.of(i + 1) }]),
      ),
    });
  const model = chain(...['a', 'b'].map((name) => layer('Dense', { name, units: 1, batch_input_shape: [null, 1] })));
  const both = ['a/k', 'b/k'];
  const names = (name: string) => ({ weight_names: [name] });

  test('lists names in as many attributes as it needs, and says by its version how it is written', async () => {
    const whole = (root: string) => ({
      [root]: { layer_names0: ['a'], layer_names1: 'b', layer_names3: ['c'] },
      [`${root === '' ? '' : `${root}/`}a`]: names('k'),
      [`${root === '' ? '' : `${root}/`}b`]: names('k'),
    });
    const read = await h5File.read(
      await made({
        attributes: { '': { model_config: JSON.stringify(model) }, ...whole('model_weights') },
        datasets: both.map((path) => `model_weights/${path}`),
      }),
      'F',
    );
    const weights = both.map((path, i) => ({ layer: path[0], name: 'k', shape: [1], data: Float32Array.of(i + 1) }));
    expect(read.weights).toEqual(weights);
    expect([read.metadata, read.training, read.optimizerState]).toEqual([{}, undefined, undefined]);
    const alone = await made({ attributes: whole(''), datasets: both });
    expect(await h5File.readWeights?.(alone, model, 'F')).toEqual(weights);
    expect(await h5File.hasWeightsAlone?.(alone, 'F')).toBe(true);
    expect(await h5File.hasWeightsAlone?.(await made({ attributes: { '': { layer_names: ['a'] } } }), 'F')).toBe(true);
    expect(
      await h5File.hasWeightsAlone?.(await made({ attributes: { '': { model_config: '{}' } }, datasets: both }), 'F'),
    ).toBe(false);
    expect(await h5File.hasWeightsAlone?.(await made({ attributes: { '': { other: 1 } } }), 'F')).toBe(false);
    await expect(h5File.read(alone, 'F')).rejects.toThrow(`F: ${WEIGHTS_ALONE}`);

    // What hard_sigmoid is, Keras 3 says otherwise than those before; without a version it is the first Keras's.
    const gru = layer('GRU', { units: 1, recurrent_activation: 'hard_sigmoid', batch_input_shape: [null, 2, 1] });
    const description = JSON.stringify(chain({ ...gru, module: 'keras.layers', registered_name: null }));
    const activation = async (version: object, ofWeights: object) => {
      const attributes = { '': { model_config: description, ...version }, model_weights: ofWeights };
      const { topology } = await h5File.read(await made({ attributes }), 'F');
      return (topology.config as { layers: { config: Config }[] }).layers[0].config.recurrent_activation;
    };
    expect(await activation({}, {})).toBe('hard_sigmoid');
    expect(await activation({ keras_version: '2.15.0' }, { keras_version: '3.1.0' })).toBe('hard_sigmoid');
    expect(await activation({ keras_version: '3.1.0' }, {})).toBe('hard_sigmoid_keras3');
    expect(await activation({ keras_version: 3 }, { keras_version: '3.1.0' })).toBe('hard_sigmoid_keras3');
  });

  test('has weights of layers of other names, which then are in order, or of layers that are not there', async () => {
    const file = await made({
      attributes: { '': { layer_names: ['x', 'nothing', 'y'] }, x: names('k'), nothing: {}, y: names('k') },
      datasets: ['x/k', 'y/k'],
    });
    const read = (topology: Config) => h5File.readWeights?.(file, topology, 'F') ?? Promise.reject();
    const [one, two] = (model.config as { layers: Config[] }).layers;
    expect((await read(chain(layer('Flatten'), one, layer('Dropout'), two))).map(({ layer: name }) => name)).toEqual([
      'a',
      'b',
    ]);
    const others =
      `InputLayer Activation ActivityRegularization Dropout SpatialDropout1D GaussianDropout GaussianNoise AlphaDropout Masking
      RepeatVector Flatten Reshape Permute GetItem Cropping1D ZeroPadding1D UpSampling1D MaxPooling1D AveragePooling1D GlobalAveragePooling1D
      GlobalMaxPooling1D Concatenate Add Subtract Multiply Average Maximum Minimum Dot ReLU LeakyReLU ELU Softmax ThresholdedReLU Rescaling
      UnitNormalization SinePositionEncoding`.split(/\s+/);
    for (const other of others)
      expect([other, (await read(chain(one, layer(other), two))).map(({ layer: name }) => name)]).toEqual([
        other,
        ['a', 'b'],
      ]);
    for (const topology of [
      chain(one),
      chain(one, two, layer('Dense', { name: 'c' })),
      chain(layer('Dense', { name: 'x' })),
    ])
      await expect(read(topology)).rejects.toThrow(/^F: the weights of layer "[xy]" belong to no layer of the model$/);
  });
});

test('what is the same of several layers is told once', () => {
  const half = (name: string) => layer('Dense', { name, units: 1, dtype: 'mixed_float16' });
  const { lost } = normalTopology(chain(half('a'), half('b'), layer('Dense', { name: 'c', units: 1, foo: 1 })), 'F');
  expect(lost).toEqual([
    'dtype mixed_float16: here all is computed in float32',
    'layer "c" (Dense): foo is not applied',
  ]);
});

test('.h5 has the weights of layers in a model that has the name of one of them', async () => {
  const inner = new Sequential([Dense(2, { name: 'a' }), Dense(2, { name: 'b' }), Dense(2, { name: 'c' })], {
    inputShape: [2],
    name: 'a',
  });
  const whole = new Sequential([inner, Dense(2, { name: 'b' })], { inputShape: [2], seed: 1 });
  for (const ending of ['h5', 'keras']) {
    const path = join(root, `a in a.${ending}`);
    await whole.save(path);
    const again = await loadModel(path);
    expect(again.getWeights()).toEqual(whole.getWeights());
    again.dispose();
  }
  whole.dispose();
});

describe('.keras', () => {
  const train = async (config: Record<string, unknown>) => {
    const made = new Sequential([Dense(1, { name: 'd', activation: 'sigmoid' })], { inputShape: [2], seed: 1 });
    made.compile({ loss: 'mse', optimizer: { name: 'adam', config } as never });
    await made.trainOnBatch([[1, 2]], [[1]]);
    const path = join(root, 'trained.keras');
    await made.save(path);
    return { made, path, files: unzipSync(readFileSync(path)) };
  };

  test('of Windows has the optimizer’s numbers by backslashes', async () => {
    const { made, path, files } = await train({});
    const { attributes, datasets } = await readHdf5File(files['model.weights.h5'], 'F');
    const turned = new Map([...datasets].map(([at, one]) => [at.replaceAll('/', '\\'), one]));
    const weights = await writeHdf5File({ attributes, datasets: turned });
    writeFileSync(path, zipSync({ ...files, 'model.weights.h5': weights }));
    const again = await loadModel(path);
    expect([again.lost, again.stepsTrained]).toEqual([[], 1]);
    for (const one of [made, again]) await one.trainOnBatch([[1, 2]], [[1]]);
    expect(again.getWeights()).toEqual(made.getWeights());
    for (const one of [made, again]) one.dispose();
  });

  test('that does not say its version is of Keras 3', async () => {
    const { made, path, files } = await train({});
    const text = new TextDecoder().decode(files['config.json']).replaceAll('"sigmoid"', '"hard_sigmoid"');
    const activation = async (metadata?: object) => {
      const { 'metadata.json': _, ...others } = files;
      const told = metadata && { 'metadata.json': new TextEncoder().encode(JSON.stringify(metadata)) };
      writeFileSync(path, zipSync({ ...others, ...told, 'config.json': new TextEncoder().encode(text) }));
      const again = await loadModel(path);
      const found = again.layers[0].getConfig().activation;
      again.dispose();
      return found;
    };
    const three = await activation({ keras_version: '3.4.1' });
    expect([await activation(), await activation({ date_saved: 'x' })]).toEqual([three, three]);
    expect(await activation({ keras_version: '2.15.0' })).not.toBe(three);
    made.dispose();
  });

  test('has as decimals what Python is to see as such, though it is whole', async () => {
    const { made, files } = await train({
      ...{ learningRate: 1, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 2 },
      ...{ clipvalue: 3, useEma: true, emaMomentum: 0, emaOverwriteFrequency: 4, gradientAccumulationSteps: 5 },
    });
    const text = new TextDecoder().decode(files['config.json']);
    const written = (name: string) => text.match(new RegExp(`"${name}":\\s*([^,}]+)`))?.[1];
    const names = 'learning_rate beta_1 beta_2 epsilon weight_decay clipvalue ema_momentum'.split(' ');
    expect(names.map(written)).toEqual(['1.0', '0.0', '0.0', '1.0', '2.0', '3.0', '0.0']);
    expect(['ema_overwrite_frequency', 'gradient_accumulation_steps', 'units'].map(written)).toEqual(['4', '5', '1']);
    made.dispose();
    for (const [option, name] of [
      ['clipnorm', 'clipnorm'],
      ['globalClipnorm', 'global_clipnorm'],
    ]) {
      const other = await train({ [option]: 3 });
      expect(new TextDecoder().decode(other.files['config.json'])).toMatch(new RegExp(`"${name}":\\s*3\\.0[,}]`));
      other.made.dispose();
    }
  });
});

describe('for Keras 3', () => {
  const refused = (run: () => unknown, message: string) =>
    expect(run).toThrow(expect.objectContaining({ name: 'MemcellError', code: 'usage', message }));
  const toFolder = 'save the model to a folder instead';

  test('what is no description of a model is refused, or left as it is', () => {
    refused(
      () => keras3Topology({ class_name: 'Sequential', config: null }, false),
      `layer "the model" (Sequential) has no config; ${toFolder}`,
    );
    refused(() => keras3Topology(chain(7), false), `layer "a layer" () is no object; ${toFolder}`);
    for (const same of [{ class_name: 'Model', config: null }, layer('Dense'), chain(7, layer('Dense'))]) {
      expect(withChainsAsGraphs(same)).toEqual(same);
      expect(picksAsLayers(same)).toEqual(same);
    }
    refused(
      () => withChainsAsGraphs(chain(7, layer('GetItem', { item: 0, axis: 1 }))),
      `layer "s" (Sequential) has no input of its own, which attention and GetItem need in Keras; ${toFolder}`,
    );
  });

  test('a chain with what Keras calls is a graph of its layers, models in it called anew', () => {
    const first = layer('Dense', { units: 1, batch_input_shape: [null, 4, 2], dtype: 'int32' });
    const inner = chain(layer('Flatten'));
    const attention = layer('Attention', { use_causal_mask: true });
    const made = withChainsAsGraphs(chain(first, inner, attention));
    const read = (name: string, call: number) => [[[name, call, 0, {}]]];
    expect(made).toEqual({
      class_name: 'Model',
      config: {
        name: 's',
        layers: [
          {
            class_name: 'InputLayer',
            config: { name: 'dense_input', batch_input_shape: [null, 4, 2], dtype: 'int32' },
            inbound_nodes: [],
          },
          { ...first, inbound_nodes: read('dense_input', 0) },
          { ...inner, inbound_nodes: read('dense', 0) },
          { ...attention, inbound_nodes: read('s', 1) },
        ],
        input_layers: [['dense_input', 0, 0]],
        output_layers: [['attention', 0, 0]],
      },
    });
    // The input of a chain that begins with a model stands in it.
    const input = layer('InputLayer', { name: 'x', batch_input_shape: [null, 4, 2], dtype: 'float32' });
    const begun = withChainsAsGraphs(chain(input, inner, attention)) as { config: { layers: Config[] } };
    expect(begun.config.layers).toEqual([
      { ...input, inbound_nodes: [] },
      { ...inner, inbound_nodes: read('x', 0) },
      { ...attention, inbound_nodes: read('s', 1) },
    ]);
    const held = layer('TimeDistributed', { layer: chain(first, attention) });
    const { config } = withChainsAsGraphs(chain(held)) as { config: { layers: { config: { layer: Config } }[] } };
    expect(config.layers[0].config.layer.class_name).toBe('Model');
  });

  test('what draws weights has the names that Keras has for it', () => {
    const drawn = (class_name: string, config: Config = {}): Json => {
      const dense = layer('Dense', { units: 1, kernel_initializer: { class_name, config } });
      const made = keras3Topology(chain(dense), false) as { config: { layers: { config: Config }[] } };
      return made.config.layers[0].config.kernel_initializer;
    };
    const own = (class_name: string, config: Config = {}) => ({
      module: 'keras.initializers',
      class_name,
      config,
      registered_name: null,
    });
    const scaling = { scale: 1, mode: 'fan_in' };
    expect(drawn('VarianceScaling', { ...scaling, distribution: 'normal' })).toEqual(
      own('VarianceScaling', { ...scaling, distribution: 'truncated_normal' }),
    );
    expect(drawn('VarianceScaling', { ...scaling, distribution: 'uniform' })).toEqual(
      own('VarianceScaling', { ...scaling, distribution: 'uniform' }),
    );
    expect(drawn('LeCunNormal')).toEqual(own('LecunNormal'));
    expect(drawn('LeCunUniform', { seed: 3 })).toEqual(own('LecunUniform', { seed: 3 }));
    expect(drawn('HeNormal')).toEqual(own('HeNormal'));
  });

  test('states of several cells stand cell by cell, and what is picked by its axis from either end', () => {
    const call = (kind: string, config: Config, ...read: string[]) => {
      const inputs = read.map((name) =>
        layer('InputLayer', { name, batch_input_shape: [null, 4, 2] }, { name, inbound_nodes: [] }),
      );
      const own = layer(kind, config, { inbound_nodes: [read.map((name) => [name, 0, 0, {}])] });
      const ends = read.map((name) => [name, 0, 0]);
      const { config: made } = keras3Topology(
        {
          class_name: 'Model',
          config: {
            name: 'm',
            layers: [...inputs, own],
            input_layers: ends,
            output_layers: [[kind.toLowerCase(), 0, 0]],
          },
        },
        false,
      ) as { config: { layers: { inbound_nodes: { args: Json; kwargs: Json }[] }[] } };
      return made.layers[read.length].inbound_nodes[0];
    };
    const names = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(names);
      const { config } = value as { config: { keras_history: Json[] } };
      return config.keras_history[0];
    };
    const cells = ['LSTMCell', 'GRUCell', 'LSTMCell'].map((kind) => layer(kind, { units: 2 }));
    const stacked = call('RNN', { cell: layer('StackedRNNCells', { cells }) }, ...['x', 'h1', 'c1', 'h2', 'h3', 'c3']);
    expect(names(stacked.args)).toEqual(['x']);
    expect(names((stacked.kwargs as Config).initial_state)).toEqual([['h1', 'c1'], 'h2', ['h3', 'c3']]);
    const single = call('RNN', { cell: cells[0] }, 'x', 'h', 'c');
    expect(names((single.kwargs as Config).initial_state)).toEqual(['h', 'c']);

    const slice = (start: Json, stop: Json, step: Json) => ({ class_name: '__slice__', config: { start, stop, step } });
    const whole = slice(null, null, null);
    const key = (item: Json, axis: number) => (call('GetItem', { item, axis }, 'x').args as Json[])[1];
    const dots = { class_name: '__ellipsis__', config: {} };
    expect(key(2, 1)).toEqual([whole, 2]);
    expect(key([1, null], 2)).toEqual([whole, whole, slice(1, null, null)]);
    expect(key([null, 5, 2], -1)).toEqual([dots, slice(null, 5, 2)]);
    expect(key(-1, -2)).toEqual([dots, -1, whole]);
    expect(key(0, -3)).toEqual([dots, 0, whole, whole]);
  });

  const picking = (item: Json, axis: number, input_shape?: Json): Config => ({
    ...layer('GetItem', { item, axis, batch_input_shape: [null, 5, 3], dtype: 'float32' }),
    ...(input_shape !== undefined && { build_config: { input_shape } }),
  });
  const cropping = (before: number, after: number) => ['Cropping1D', { cropping: [before, after] }];
  const flat = ['Flatten', {}];
  const turned = ['Permute', { dims: [2, 1] }];
  const steps = ['Reshape', { target_shape: [-1, 1] }];
  const open = [null, null, 3];
  const closed = [null, 5, 3];

  test.each<[what: string, picked: Config, parts: unknown[]]>([
    ['x[:, 1]', picking(1, 1, closed), [cropping(1, 3), flat]],
    ['x[:, -1]', picking(-1, 1, closed), [cropping(4, 0), flat]],
    ['x[:, 1:3]', picking([1, 3], 1, closed), [cropping(1, 2)]],
    ['x[:, ::1]', picking([null, null, 1], 1, closed), [cropping(0, 0)]],
    ['x[..., 1]', picking(1, 2, closed), [turned, cropping(1, 1), flat]],
    ['x[..., -2:]', picking([-2, null], -1, closed), [turned, cropping(1, 0), turned]],
    ['x[:, 1:] of numbers', picking([1, null], 1, [null, 4]), [steps, cropping(1, 0), flat]],
    ['x[:, 2:] of open steps', picking([2, null], 1, open), [cropping(2, 0)]],
    ['x[:, :-2] of open steps', picking([null, -2], 1, open), [cropping(0, 2)]],
    ['x[:, 1:-1:1] of open steps', picking([1, -1, 1], 1, open), [cropping(1, 1)]],
  ])('%s in .h5 is its layers', (_, picked, parts) => {
    const { config } = picksAsLayers(chain(picked)) as { config: { layers: { class_name: string; config: Config }[] } };
    expect(
      config.layers.map(({ class_name, config: { name: _name, batch_input_shape: _shape, dtype: _, ...options } }) => [
        class_name,
        options,
      ]),
    ).toEqual(parts);
    expect(config.layers.map((one) => one.config.name)).toEqual([
      ...parts.slice(1).map((_part, i) => `getitem_layer_${i + 1}`),
      'getitem',
    ]);
    expect(config.layers.map((one) => one.config.batch_input_shape)).toEqual(
      parts.map((_part, i) => (i === 0 ? closed : undefined)),
    );
  });

  const places = 'picks by places that no Cropping1D says';
  test.each<[what: string, picked: Config, why: string]>([
    ['x[:, 1] of several shapes', picking(1, 1), 'reads values of several shapes'],
    ['x[:, 1] of three axes', picking(1, 1, [null, 5, 3, 2]), 'reads samples of more than two axes'],
    ['x[:, ::2]', picking([null, null, 2], 1, closed), places],
    ['x[:, 5]', picking(5, 1, closed), places],
    ['x[:, 1] of open steps', picking(1, 1, open), places],
    ['x[:, -2:] of open steps', picking([-2, null], 1, open), places],
    ['x[:, :2] of open steps', picking([null, 2], 1, open), places],
    ['x[:, :0] of open steps', picking([null, 0], 1, open), places],
    ['x[:, ::2] of open steps', picking([null, null, 2], 1, open), places],
  ])('%s has none in .h5', (_, picked, why) => {
    refused(
      () => picksAsLayers(chain(picked)),
      `layer "getitem" (GetItem) ${why}, and Keras opens no operation from .h5; save the model as .keras instead`,
    );
  });

  test('names that are none are left, and what is no layer has no place', () => {
    const contents = (topology: Config) => ({ topology, weights: [], metadata: {}, lost: [] });
    const inner = { class_name: 'Dense', config: { units: 1 } };
    const odd: Config = {
      class_name: 'Model',
      config: {
        name: 'm',
        layers: [
          { class_name: 'Dense', config: null, inbound_nodes: 'none' },
          { ...layer('TimeDistributed', { name: 'a b', layer: inner }), inbound_nodes: [7, [['a b', 0, 0]]] },
        ],
        input_layers: 'a b',
      },
    };
    expect(withFittingNames(contents(odd)).topology).toEqual({
      class_name: 'Model',
      config: {
        name: 'm',
        layers: [
          { class_name: 'Dense', config: null, inbound_nodes: 'none' },
          { ...layer('TimeDistributed', { name: 'a_b', layer: inner }), inbound_nodes: [7, [['a_b', 0, 0]]] },
        ],
        input_layers: 'a b',
      },
    });
    expect(layersOf(chain(7, { class_name: 'Dense' }, layer('Dense')))).toEqual([
      { path: 'dense', name: 'dense', className: 'Dense', config: { name: 'dense' } },
    ]);
    expect([layersOf({}), layersOf({ config: {} })]).toEqual([[], []]);
    expect(moved([7, ['a', 1, 0, {}]], (name, call) => (name === 'a' ? call + 1 : 0))).toEqual([7, ['a', 3, 0, {}]]);
  });
});
