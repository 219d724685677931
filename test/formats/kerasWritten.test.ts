/** Where weights, optimizers' numbers and layers' names stand in written files of Keras, for models of many parts. */
import { describe, expect, test } from '@jest/globals';
import { contentsOf } from '../../src/formats/contents.js';
import { readPlain } from '../../src/formats/hdf5/plain.js';
import { withFittingNames, withNamesForKeras } from '../../src/formats/keras/layerNames.js';
import { layersOf } from '../../src/formats/keras/layerTree.js';
import { picksAsLayers } from '../../src/formats/keras/picksAsLayers.js';
import { weightsInGroups } from '../../src/formats/keras/weightGroups.js';
import { writeH5, writeKeras } from '../../src/formats/keras/write.js';
import type { ModelContents } from '../../src/formats/modelFile.js';
import type { Json } from '../../src/formats/modelJson.js';
import { readZip } from '../../src/formats/zip.js';
import * as l from '../../src/index.js';

type Topology = ModelContents['topology'];

/** A model with a frozen layer, layers in a model, wrappers, cells and running means. */
function many() {
  const inner = new l.Sequential(
    [
      l.Dense(2, { name: 'held', trainable: false }),
      l.BatchNormalization({ name: 'means' }),
      l.Dense(2, { name: 'learns', useBias: false }),
    ],
    { inputShape: [4, 3], seed: 1, name: 'inner' },
  );
  return new l.Sequential(
    [
      l.Normalization({ name: 'spread', inputShape: [4, 2] }),
      l.TimeDistributed(l.Dense(3, { name: 'each' }), { name: 'steps' }),
      inner,
      l.Bidirectional(l.LSTM(1, { returnSequences: true, name: 'both' }), { name: 'ways' }),
      l.RNN([l.LSTMCell(2, { name: 'a', trainable: false }), l.GRUCell(3, { name: 'b', useBias: false })], {
        name: 'stack',
        returnSequences: true,
      }),
      l.RNN(l.SimpleRNNCell(2, { name: 'one' }), { name: 'alone' }),
      l.Dense(1, { name: 'first' }),
      l.Dense(1, { name: 'second', trainable: false }),
    ],
    { seed: 2, name: 'whole' },
  );
}

let made: ModelContents | undefined;

/** What the model's file holds, each weight full of its own number, with an optimizer's state where one is given. */
function contents(optimizer?: NonNullable<ModelContents['training']>['optimizer'], iterations = 0): ModelContents {
  made ??= contentsOf(many().tf, { metadata: {} });
  const { topology, weights } = made;
  const numbered = weights.map((weight, i) => ({ ...weight, data: new Float32Array(weight.data.length).fill(i) }));
  const trained = numbered.filter(({ layer, name }) => !FIXED.test(`${layer}/${name}`));
  const slot = (from: number) => trained.map(({ data }) => data.map((value) => from + value));
  const state = { iterations, slots: { momentum: slot(100), velocity: slot(200) } };
  return {
    topology,
    weights: numbered,
    metadata: {},
    lost: [],
    ...(optimizer && { training: { optimizer, loss: 'mse', metrics: [] }, optimizerState: state }),
  };
}

const FIXED = /^spread|held|moving|RNNCell_0|second/;
const NUMBERS = [
  'spread/mean',
  'spread/variance',
  'spread/count',
  'steps/kernel',
  'steps/bias',
  'inner/held/kernel',
  'inner/held/bias',
  'inner/means/gamma',
  'inner/means/beta',
  'inner/means/moving_mean',
  'inner/means/moving_variance',
  'inner/learns/kernel',
  'ways/forward_both/kernel',
  'ways/forward_both/recurrent_kernel',
  'ways/forward_both/bias',
  'ways/backward_both/kernel',
  'ways/backward_both/recurrent_kernel',
  'ways/backward_both/bias',
  'stack/a/kernel',
  'stack/a/recurrent_kernel',
  'stack/a/bias',
  'stack/b/kernel',
  'stack/b/recurrent_kernel',
  'alone/kernel',
  'alone/recurrent_kernel',
  'alone/bias',
  'first/kernel',
  'first/bias',
  'second/kernel',
  'second/bias',
];
/** By the groups of Keras 3. */
const PLACES = `normalization/vars/0 normalization/vars/1 normalization/vars/2 time_distributed/layer/vars/0
time_distributed/layer/vars/1 sequential/layers/dense/vars/0 sequential/layers/dense/vars/1
sequential/layers/batch_normalization/vars/0 sequential/layers/batch_normalization/vars/1
sequential/layers/batch_normalization/vars/2 sequential/layers/batch_normalization/vars/3
sequential/layers/dense_1/vars/0 bidirectional/forward_layer/cell/vars/0 bidirectional/forward_layer/cell/vars/1
bidirectional/forward_layer/cell/vars/2 bidirectional/backward_layer/cell/vars/0
bidirectional/backward_layer/cell/vars/1 bidirectional/backward_layer/cell/vars/2
rnn/cell/cells/lstm_cell/vars/0 rnn/cell/cells/lstm_cell/vars/1 rnn/cell/cells/lstm_cell/vars/2
rnn/cell/cells/gru_cell/vars/0 rnn/cell/cells/gru_cell/vars/1 rnn_1/cell/vars/0 rnn_1/cell/vars/1 rnn_1/cell/vars/2
dense/vars/0 dense/vars/1 dense_1/vars/0 dense_1/vars/1`.split(/\s/);

const read = (bytes: Uint8Array | undefined) => readPlain(bytes ?? new Uint8Array());
const inZip = (bytes: Uint8Array) => readZip(bytes, { most: 1e6, remedy: '' }, 'F');

test('the weights of a model that does not learn stand in its order, with means in the middle', async () => {
  const names = async (trainable: boolean) => {
    const inner = new l.Sequential(
      [l.Dense(2, { name: 'a' }), l.BatchNormalization({ name: 'b' }), l.Dense(1, { name: 'c' })],
      { inputShape: [3], seed: 1, name: 'inner' },
    );
    const model = new l.Sequential([inner], { seed: 2 });
    const made = contentsOf(model.tf, { metadata: {} });
    model.dispose();
    for (const layer of layersOf(made.topology)) if (layer.name === 'inner') layer.config.trainable = trainable;
    const { bytes } = await writeH5(made);
    const told = read(bytes)?.attributes.get('model_weights/inner')?.get('weight_names') as string[];
    return told.map((name) => name.replace('inner/', ''));
  };
  const [a, c] = ['a', 'c'].map((name) => [`${name}/kernel`, `${name}/bias`]);
  const [learns, means] = [
    ['b/gamma', 'b/beta'],
    ['b/moving_mean', 'b/moving_variance'],
  ];
  expect(await names(true)).toEqual([...a, ...learns, ...c, ...means]);
  expect(await names(false)).toEqual([...a, ...learns, ...means, ...c]);
});

describe('weights, each of its own number', () => {
  test('stand in .h5 under the names of their layers, those that learn first in a layer of several', async () => {
    const { bytes } = await writeH5(contents());
    const file = read(bytes);
    const names = ['spread', 'steps', 'inner', 'ways', 'stack', 'alone', 'first', 'second'];
    expect(file?.attributes.get('model_weights')?.get('layer_names')).toEqual(names);
    const told = names.flatMap((name) => file?.attributes.get(`model_weights/${name}`)?.get('weight_names'));
    const inner = ['means/gamma', 'means/beta', 'learns/kernel', 'held/kernel', 'held/bias'];
    const fixed = ['means/moving_mean', 'means/moving_variance'];
    expect(told).toEqual([
      ...NUMBERS.slice(0, 5),
      ...[...inner, ...fixed].map((name) => `inner/${name}`),
      ...NUMBERS.slice(12, 18),
      // The cell that does not learn is behind the one that does.
      ...NUMBERS.slice(21, 23),
      ...NUMBERS.slice(18, 21),
      ...NUMBERS.slice(23),
    ]);
    const found = [...(file?.datasets ?? [])].map(([path, { type, data }]) => [
      path.replace(/^model_weights\/\w+\//, ''),
      `${type} ${data[0]}`,
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(NUMBERS.map((name, i) => [name, `float32 ${i}`])));
  });

  test('stand in .keras in groups of their classes, and come back from there', async () => {
    const given = contents();
    const files = await inZip((await writeKeras(given)).bytes);
    const datasets = read(files.get('model.weights.h5'))?.datasets ?? new Map();
    const found = [...datasets].map(([path, { data }]) => [path, data[0]]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(PLACES.map((place, i) => [`layers/${place}`, i])));
    const back = weightsInGroups(datasets, layersOf(given.topology), 'F');
    expect(back.map(({ layer, name, shape, data }) => [layer, name, shape, data[0]])).toEqual(
      given.weights.map(({ layer, shape }, i) => [layer, `layers/${PLACES[i]}`, shape, i]),
    );
  });
});

test('cells whose groups are called otherwise have the order of their groups', () => {
  const cells = ['LSTMCell', 'GRUCell'].map((class_name) => ({ class_name, config: { units: 1 } }));
  const config: { [key: string]: Json } = { cell: { class_name: 'StackedRNNCells', config: { cells } } };
  const order = (...groups: string[]) => {
    const vars = groups.flatMap((group) => [0, 1, 2].map((at) => `layers/rnn/cell/cells/${group}/vars/${at}`));
    const datasets = new Map(
      vars.map((path) => [path, { shape: [1], type: 'float32' as const, data: new Float32Array(1) }]),
    );
    return weightsInGroups(datasets, [{ path: 'r', name: 'r', className: 'RNN', config }], 'F').flatMap(({ name }) =>
      name.endsWith('/0') ? [name.split('/')[4]] : [],
    );
  };
  expect(order('gru_cell', 'lstm_cell')).toEqual(['lstm_cell', 'gru_cell']);
  expect(order('own_cell', 'lstm_cell')).toEqual(['lstm_cell', 'own_cell']);
  expect(order('gru_cell', 'a_cell')).toEqual(['a_cell', 'gru_cell']);
});

describe('an optimizer’s numbers', () => {
  const trained = NUMBERS.flatMap((name, i) =>
    /spread|held|moving|stack\/a|second/.test(name) ? [] : [[name, i] as const],
  );
  /** Of Nadam, the product of what its momenta have been: β₁·(1 − 0.96ᵗ/2) at each step t, as Keras 3 has it. */
  const product = (beta: number, steps: number) => {
    let all = 1;
    for (let t = 1; t <= steps; t++) all *= beta * (1 - 0.5 * 0.96 ** t);
    return Math.fround(all);
  };

  test.each<[config: object, iterations: number, rate: number | undefined, product: number]>([
    [{ learning_rate: 0.5 }, 5, 0.5, product(0.9, 5)],
    [{ learning_rate: 0.25, beta_1: 0.5, gradient_accumulation_steps: 2 }, 5, 0.25, product(0.5, 2)],
    [
      { learning_rate: { class_name: 'cosineDecay', config: { initial_learning_rate: 1 } } },
      1,
      undefined,
      product(0.9, 1),
    ],
  ])(
    'of Nadam with %j: steps, rate, slots of what is trained, the product of its momenta',
    async (config, iterations, rate, last) => {
      const given = contents({ class_name: 'Nadam', config: config as { [key: string]: Json } }, iterations);
      const accumulates = 'gradient_accumulation_steps' in config;
      if (accumulates && given.optimizerState) {
        const { momentum } = given.optimizerState.slots;
        given.optimizerState.slots.gradientAccumulator = momentum.map((data) => data.map((value) => 200 + value));
      }
      const numbers = [
        ...(accumulates ? trained.map(([, i]) => 300 + i) : []),
        ...trained.flatMap(([, i]) => [100 + i, 200 + i]),
      ];
      const expected = [iterations, ...(rate === undefined ? [] : [rate]), ...numbers, last];
      const files = await inZip((await writeKeras(given)).bytes);
      const { datasets } = read(files.get('model.weights.h5')) ?? {};
      const own = expected.map((_, i) => datasets?.get(`optimizer/vars/${i}`));
      expect(own.map((one) => one?.data[0])).toEqual(expected);
      expect(own.map((one) => one?.type)).toEqual(expected.map((_, i) => (i === 0 ? 'int64' : 'float32')));
      expect(datasets?.has(`optimizer/vars/${expected.length}`)).toBe(false);
      const { bytes, lost } = await writeH5(given);
      expect(lost).toEqual([
        "Keras takes no optimizer's state from .h5 (memcell does): to go on training there, save .keras",
      ]);
      const h5 = read(bytes);
      const names = h5?.attributes.get('memcell_optimizer_weights')?.get('weight_names') as string[];
      expect(names.map((name) => h5?.datasets.get(`memcell_optimizer_weights/${name}`)?.data[0])).toEqual(expected);
      const called = trained.map(([name]) => name.replaceAll('/', '_').replace(/stack_b/, 'stack_RNNCell_1'));
      expect(names.slice(rate === undefined ? 1 : 2, -1)).toEqual([
        ...(accumulates ? called.map((name) => `nadam/${name}_gradient_accumulator`) : []),
        ...called.flatMap((name) => ['momentum', 'velocity'].map((slot) => `nadam/${name}_${slot}`)),
      ]);
    },
  );
});

describe('names of layers', () => {
  const chain = (...layers: Json[]): Topology => ({ class_name: 'Sequential', config: { name: 'model', layers } });
  const layer = (class_name: string, name: string, config: object = {}, more: object = {}) =>
    ({ class_name, config: { ...config, name }, ...more }) as Topology;
  const given = (topology: Topology, more: Partial<ModelContents> = {}): ModelContents => ({
    topology,
    weights: [],
    metadata: {},
    lost: ['before'],
    ...more,
  });

  test('that tfjs cannot have become ones that fit, each its own, wherever they stand', () => {
    const inner = (name: string, dense: string) =>
      layer('Functional', name, {
        layers: [layer('InputLayer', 'in 1', {}, { name: 'in 1', inbound_nodes: [] }), layer('Dense', dense)],
        input_layers: [['in 1', 0, 0]],
        output_layers: [
          ['x', 0, 0],
          [dense, 0, 0],
        ],
      });
    const topology: Topology = {
      class_name: 'Functional',
      config: {
        name: 'whole model',
        layers: [
          layer(
            'Dense',
            'ä b',
            {},
            { name: 'ä b', inbound_nodes: [[['in', 0, 0, {}]], [['_c', 1, 0, { mask: null }]]] },
          ),
          layer('Dense', '_c', {}, { name: '_c', inbound_nodes: [['ä b', 0, 0, {}]] }),
          layer('Dense', 'a b'),
          layer('Dense', '_ b'),
          layer('Dense', 'a_b'),
          layer('Dense', 'toString'),
          layer('Dense', 'a-1.x/y'),
          inner('in ner', 'd d'),
          layer('Bidirectional', 'ways', { layer: layer('LSTM', 'l m') }),
          layer('RNN', 'cells', { cell: layer('StackedRNNCells', 's', { cells: [layer('LSTMCell', 'c c'), 7] }) }),
        ],
        input_layers: [['in', 0, 0]],
        output_layers: [
          ['ä b', 0, 0],
          ['_c', 0, 0],
        ],
      },
    };
    const weights = [['ä b'], ['in ner/d d'], ['a_b'], ['other']].map(([path]) => ({
      layer: path,
      name: 'kernel',
      shape: [1],
      data: Float32Array.of(1),
    }));
    const training = {
      optimizer: { class_name: 'SGD', config: {} },
      loss: { 'ä b': 'mse', z: 'mae' },
      lossWeights: [1, 2],
      metrics: { _c: ['mae'] },
      weightedMetrics: { _c: [] },
    };
    const before = JSON.stringify(topology);
    const made = withFittingNames(given(topology, { weights, training }));
    expect(JSON.stringify(topology)).toBe(before);
    const here = (from: string, to: string) => `layer ${JSON.stringify(from)} is called ${JSON.stringify(to)} here`;
    expect(made.lost).toEqual([
      'before',
      here('whole model', 'whole_model'),
      here('ä b', 'layer__b'),
      here('_c', 'layer_c'),
      here('a b', 'a_b_1'),
      here('_ b', 'layer__b_1'),
      here('toString', 'toString_'),
      here('in ner', 'in_ner'),
      here('in 1', 'in_1'),
      here('d d', 'd_d'),
      here('l m', 'l_m'),
      here('c c', 'c_c'),
    ]);
    expect(made.topology).toEqual({
      class_name: 'Functional',
      config: {
        name: 'whole_model',
        layers: [
          layer(
            'Dense',
            'layer__b',
            {},
            {
              name: 'layer__b',
              inbound_nodes: [[['in', 0, 0, {}]], [['layer_c', 1, 0, { mask: null }]]],
            },
          ),
          layer('Dense', 'layer_c', {}, { name: 'layer_c', inbound_nodes: [['layer__b', 0, 0, {}]] }),
          layer('Dense', 'a_b_1'),
          layer('Dense', 'layer__b_1'),
          layer('Dense', 'a_b'),
          layer('Dense', 'toString_'),
          layer('Dense', 'a-1.x/y'),
          layer('Functional', 'in_ner', {
            layers: [layer('InputLayer', 'in_1', {}, { name: 'in_1', inbound_nodes: [] }), layer('Dense', 'd_d')],
            input_layers: [['in_1', 0, 0]],
            output_layers: [
              ['x', 0, 0],
              ['d_d', 0, 0],
            ],
          }),
          layer('Bidirectional', 'ways', { layer: layer('LSTM', 'l_m') }),
          layer('RNN', 'cells', { cell: layer('StackedRNNCells', 's', { cells: [layer('LSTMCell', 'c_c'), 7] }) }),
        ],
        input_layers: [['in', 0, 0]],
        output_layers: [
          ['layer__b', 0, 0],
          ['layer_c', 0, 0],
        ],
      },
    });
    expect(made.weights.map((weight) => weight.layer)).toEqual(['layer__b', 'in_ner/d_d', 'a_b', 'other']);
    expect(made.training).toEqual({
      optimizer: { class_name: 'SGD', config: {} },
      loss: { layer__b: 'mse', z: 'mae' },
      lossWeights: [1, 2],
      metrics: { layer_c: ['mae'] },
      weightedMetrics: { layer_c: [] },
    });
    const few = withFittingNames(given(chain(layer('Dense', 'a b')), { training: { metrics: [] } }));
    expect(few.training).toEqual({ metrics: [] });
    expect(Object.keys(withFittingNames(given(chain(layer('Dense', 'a b')))))).not.toContain('training');
    const fine = given(chain(layer('Dense', 'a'), { class_name: 'Dense' }));
    expect(withFittingNames(fine)).toBe(fine);
  });

  test('that Keras gives to what makes masks are others there, where there are masks', () => {
    const names = ['not_equal', 'any_12', 'squeeze_x', 'my_any', 'zeros_like', 'expand_dims_1', 'concatenate'];
    const masked = given(chain(layer('Masking', 'mask'), ...names.map((name) => layer('Dense', name))));
    const made = withNamesForKeras(masked);
    expect(layersOf(made.topology).map(({ name }) => name)).toEqual([
      'mask',
      'not_equal_layer',
      'any_layer_12',
      'squeeze_x',
      'my_any',
      'zeros_like_layer',
      'expand_dims_layer_1',
      'concatenate_layer',
    ]);
    expect(made.lost[1]).toBe(
      'layer "not_equal" is called "not_equal_layer" in the file, where Keras gives that name to what makes a mask',
    );
    const plain = given(chain(layer('Dense', 'any')));
    expect(withNamesForKeras(plain)).toBe(plain);
  });
});

describe('GetItem as layers of Keras', () => {
  const pick = (item: Json, axis: number, shape: Json, more: object = {}, config: object = {}) =>
    ({
      class_name: 'GetItem',
      config: { name: 'p', item, axis, ...config },
      ...(shape !== undefined && { build_config: { input_shape: shape } }),
      ...more,
    }) as Topology;
  const chain = (...layers: Json[]): Topology => ({ class_name: 'Sequential', config: { name: 's', layers } });
  /** Each layer by class and settings, with the name of the last, which has that of the pick. */
  const layers = (item: Json, axis: number, shape: Json) => {
    const { config } = picksAsLayers(chain(pick(item, axis, shape)));
    const made = (config as { layers: { class_name: string; config: { name: string } }[] }).layers;
    expect(made.map(({ config: { name } }) => name)).toEqual(
      made.map((_, i) => (i === made.length - 1 ? 'p' : `p_layer_${i + 1}`)),
    );
    return made.map(({ class_name, config: { name: _, ...options } }) => [class_name, ...Object.values(options)]);
  };
  const turned = ['Permute', [2, 1]];
  const crop = (before: number, after: number) => ['Cropping1D', [before, after]];

  test.each<[item: Json, axis: number, shape: Json, layers: Json[][]]>([
    [2, 1, [null, 5, 3], [crop(2, 2), ['Flatten']]],
    [-1, 1, [null, 5, 3], [crop(4, 0), ['Flatten']]],
    [[1, 4], 1, [null, 5, 3], [crop(1, 1)]],
    [[1, 4, 1], -2, [null, 5, 3], [crop(1, 1)]],
    [[-2, null], 1, [null, 5, 3], [crop(3, 0)]],
    [0, -1, [null, 5, 3], [turned, crop(0, 2), ['Flatten']]],
    [[0, 2], 2, [null, 5, 3], [turned, crop(0, 1), turned]],
    [[1, 3], 1, [null, 4], [['Reshape', [-1, 1]], crop(1, 1), ['Flatten']]],
    [[1, 3], -1, [null, 4], [['Reshape', [-1, 1]], crop(1, 1), ['Flatten']]],
    // Of an open number of steps.
    [[2, null], 1, [null, null, 3], [crop(2, 0)]],
    [[null, -2], 1, [null, null, 3], [crop(0, 2)]],
    [[1, -3, 1], 1, [null, null, 3], [crop(1, 3)]],
    [[null, null, null], 1, [null, null, 3], [crop(0, 0)]],
  ])('%j of axis %d of %j', (item, axis, shape, expected) => {
    expect(layers(item, axis, shape)).toEqual(expected);
  });

  const places = 'picks by places that no Cropping1D says';
  test.each<[item: Json, axis: number, shape: Json, why: string]>([
    [[null, null, 2], 1, [null, 5, 3], places],
    [[null, null, -1], 1, [null, 5, 3], places],
    [5, 1, [null, 5, 3], places],
    [0, 1, [null, null, 3], places],
    [[-1, null], 1, [null, null, 3], places],
    [[0, 3], 1, [null, null, 3], places],
    [[0, 0], 1, [null, null, 3], places],
    [[1, null, 2], 1, [null, null, 3], places],
    [0, 1, undefined as never, 'reads values of several shapes'],
    [0, 1, [null, 5, 3, 2], 'reads samples of more than two axes'],
    [[0, 1], 0, [5], 'reads samples of more than two axes'],
  ])('%j of axis %d of %j has none', (item, axis, shape, why) => {
    expect(() => layers(item, axis, shape)).toThrow(
      `layer "p" (GetItem) ${why}, and Keras opens no operation from .h5; save the model as .keras instead`,
    );
  });

  test('are called as often as it, and begin the model as it', () => {
    const nodes = [[['x', 0, 0, {}]], [['y', 1, 0, {}]]];
    const shared = pick(
      [0, 2],
      2,
      [null, 5, 3],
      { name: 'p', inbound_nodes: nodes },
      { batch_input_shape: [null, 5, 3] },
    );
    const inner = chain(shared);
    const wrapper = { class_name: 'TimeDistributed', config: { name: 't', layer: inner } };
    const { config } = picksAsLayers(chain(wrapper, 7));
    const node = (name: string) => [0, 1].map((call) => [[name, call, 0, {}]]);
    expect(config).toEqual({
      name: 's',
      layers: [
        {
          class_name: 'TimeDistributed',
          config: {
            name: 't',
            layer: {
              class_name: 'Sequential',
              config: {
                name: 's',
                layers: [
                  {
                    class_name: 'Permute',
                    name: 'p_layer_1',
                    config: { name: 'p_layer_1', dims: [2, 1], batch_input_shape: [null, 5, 3], dtype: undefined },
                    inbound_nodes: nodes,
                  },
                  {
                    class_name: 'Cropping1D',
                    name: 'p_layer_2',
                    config: { name: 'p_layer_2', cropping: [0, 1] },
                    inbound_nodes: node('p_layer_1'),
                  },
                  {
                    class_name: 'Permute',
                    name: 'p',
                    config: { name: 'p', dims: [2, 1] },
                    inbound_nodes: node('p_layer_2'),
                  },
                ],
              },
            },
          },
        },
        7,
      ],
    });
    expect(picksAsLayers({ class_name: 'Dense' })).toEqual({ class_name: 'Dense' });
  });

  test('stand in a graph as Keras orders it: what is furthest from the outputs first', () => {
    const node = (name: string, reads: [string, number][][], class_name = 'Dense') => ({
      class_name,
      config: { name },
      inbound_nodes: reads.map((each) => each.map(([other, call]) => [other, call, 0, {}])),
    });
    const order = (outputs: string[], ...nodes: Json[]) => {
      const output_layers = outputs.map((name) => [name, 0, 0]);
      const { config } = picksAsLayers({
        class_name: 'Functional',
        config: { layers: nodes, output_layers },
      } as Topology);
      return (config as { layers: { config: { name: string } }[] }).layers.map((one) => one.config.name);
    };
    // b is two steps away and a one, of c and d, which are as far, c is met first; z is of no output.
    const x = node('x', []);
    expect(
      order(
        ['out'],
        node('z', [[['x', 0]]]),
        node('out', [
          [
            ['c', 0],
            ['a', 0],
            ['d', 0],
          ],
        ]),
        node('d', [[['x', 0]]]),
        node('a', [[['b', 0]]]),
        node('b', [[['x', 0]]]),
        node('c', [[['x', 0]]]),
        x,
      ),
    ).toEqual(['x', 'b', 'c', 'a', 'd', 'z', 'out']);
    // A layer that is called twice is as far as its farthest call, and a model in the model counts its own making as a call.
    expect(
      order(
        ['two', 'one'],
        x,
        node('one', [[['s', 0]]]),
        node('two', [[['s', 1]]]),
        node('m', [[['x', 0]]]),
        node('s', [[['m', 0]], [['i', 1]]]),
        { ...node('i', [[['m', 0]]]), class_name: 'Sequential' },
      ),
    ).toEqual(['x', 'm', 'i', 's', 'two', 'one']);
  });
});
