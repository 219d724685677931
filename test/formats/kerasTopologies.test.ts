/** Descriptions of models, of any Keras, whole: what is read of them, and in which order. */
import { expect, test } from '@jest/globals';
import { normalTopology } from '../../src/formats/keras/topology.js';
import type { Json } from '../../src/formats/modelJson.js';

type Config = { [key: string]: Json };

const layer = (class_name: string, config: Config = {}, more: Config = {}): Config => ({
  class_name,
  config: { name: class_name.toLowerCase(), ...config },
  ...more,
});
const chain = (layers: Json[], config: Config = {}): Config => ({
  class_name: 'Sequential',
  config: { name: 's', ...config, layers },
});
const read = (given: Config, version?: string) => normalTopology(given, 'F', version);
const layersIn = (given: Config, version?: string) =>
  (read(given, version).topology.config as { layers: { class_name: string; config: Config }[] }).layers;
const input = (shape: Json, more: Config = {}) => layer('InputLayer', { batch_input_shape: shape, ...more });
const dense = (name: string, more: Config = {}) => layer('Dense', { name, units: 1, ...more });

test('whose it is, is told by its version, or by the modules in it', () => {
  // Keras 3 has another hard sigmoid.
  const lstm = layer('LSTM', { units: 1, recurrent_activation: 'hard_sigmoid' });
  const activation = (given: Config, version?: string) => layersIn(given, version)[0].config.recurrent_activation;
  const plain = chain([lstm]);
  const [two, three] = [activation(plain, '2.9.0'), activation(plain, '3.0.0')];
  expect(two).not.toBe(three);
  expect(activation(plain)).toBe(two);
  expect(activation(plain, '10.1')).toBe(three);
  expect(activation(plain, 'nightly')).toBe(two);
  expect(activation({ ...plain, keras_version: '3.1.0' })).toBe(three);
  expect(activation({ ...plain, keras_version: 3 })).toBe(two);
  expect(activation({ ...plain, module: 'keras' })).toBe(three);
  expect(activation({ ...plain, registered_name: null })).toBe(three);
  expect(activation({ ...plain, module: 'keras', keras_version: '2.15.0' })).toBe(two);
  expect(activation({ ...plain, keras_version: '2.15.0' }, '3.0.0')).toBe(three);
  expect(activation({ model_config: plain, keras_version: '3.0.0', training_config: {} })).toBe(three);
  expect(activation({ model_config: { ...plain, module: 'keras' } })).toBe(three);
});

test('a model that is only an output may be counted from 0 or from 1, and is the same', () => {
  const graph = (name: string, inner: Config, output: Json): Config => ({
    class_name: 'Functional',
    config: {
      name,
      layers: [
        layer('InputLayer', { name: 'x', batch_input_shape: [null, 3] }, { name: 'x', inbound_nodes: [] }),
        inner,
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [output],
    },
  });
  const called = (one: Config, name: string): Config => ({ ...one, name, inbound_nodes: [[['x', 0, 0, {}]]] });
  const inner = called(graph('m', called(dense('d'), 'd'), ['d', 0, 0]), 'm');
  const [zero, one] = [0, 1].map((call) => read(graph('whole', inner, ['m', call, 0])));
  expect(zero.lost).toEqual([]);
  expect(zero).toEqual(one);
});

test('a chain begins with what its input says, or what it was built for', () => {
  const starts = (given: Config) =>
    layersIn(given).map(({ class_name, config: { name, batch_input_shape, dtype } }) => [
      class_name,
      name,
      batch_input_shape,
      dtype,
    ]);
  const two = [dense('a'), dense('b')];
  const none = [undefined, undefined];
  expect(starts(chain(two))).toEqual([
    ['Dense', 'a', ...none],
    ['Dense', 'b', ...none],
  ]);
  expect(starts(chain([input([32, 4], { dtype: 'int32' }), ...two]))).toEqual([
    ['Dense', 'a', [null, 4], 'float32'],
    ['Dense', 'b', ...none],
  ]);
  // What the input says holds, and the layer's own type is that of its weights.
  const words = layer('Embedding', {
    name: 'e',
    input_dim: 5,
    output_dim: 2,
    batch_input_shape: [8, 9],
    dtype: 'int32',
  });
  expect(starts(chain([input([32, 4], { dtype: 'int32' }), words]))).toEqual([
    ['Embedding', 'e', [null, 4], 'float32'],
  ]);
  expect(starts(chain([words]))).toEqual([['Embedding', 'e', [null, 9], 'int32']]);
  expect(starts(chain([input(null), ...two]))).toEqual([
    ['Dense', 'a', null, 'float32'],
    ['Dense', 'b', ...none],
  ]);
  // A model in it has an input of its own, and the other stays before it.
  const inner = { ...chain([dense('c', { batch_input_shape: [null, 4] })]), name: 'inner' };
  expect(starts(chain([input([32, 4], { dtype: 'uint8' }), inner]))[0]).toEqual([
    'InputLayer',
    'inputlayer',
    [null, 4],
    'int32',
  ]);
  expect(starts(chain([input([32, 4])]))).toEqual([['InputLayer', 'inputlayer', [null, 4], 'float32']]);
  const built = { build_input_shape: [32, 3] };
  expect(starts(chain(two, built))[0]).toEqual(['Dense', 'a', [null, 3], undefined]);
  const own = [dense('a', { batch_input_shape: [8, 5] }), dense('b')];
  expect(starts(chain(own, built))[0]).toEqual(['Dense', 'a', [null, 5], 'float32']);
  expect(starts(chain([dense('a', { batch_shape: [8, 5], dtype: 'float16' })], built))[0]).toEqual([
    'Dense',
    'a',
    [null, 5],
    'float32',
  ]);
  expect(starts(chain([inner], built))[0]).toEqual(['Sequential', 's', ...none]);
  expect(starts(chain(two, { build_input_shape: 3 }))[0]).toEqual(['Dense', 'a', ...none]);
  expect(starts(chain(two, { build_input_shape: { class_name: 'TensorShape', items: [9, 3] } }))[0][2]).toEqual([
    null,
    3,
  ]);
});

test('batches are free, but where a layer at any depth keeps its states', () => {
  const first = (more: Json[]) => layersIn(chain([dense('a', { batch_input_shape: [32, 4, 2] }), ...more]))[0].config;
  const held = (stateful: boolean) => layer('Bidirectional', { layer: layer('LSTM', { units: 1, stateful }) });
  expect(first([held(false)]).batch_input_shape).toEqual([null, 4, 2]);
  expect(first([held(true)]).batch_input_shape).toEqual([32, 4, 2]);
  const inner = chain([dense('x', { batch_input_shape: [32, 2] })]);
  const [steps] = layersIn(chain([layer('TimeDistributed', { layer: inner, batch_input_shape: [16, 4, 2] })]));
  expect([steps.config.batch_input_shape, JSON.stringify(steps)]).toEqual([
    [null, 4, 2],
    expect.stringContaining('"batch_input_shape":[null,2]'),
  ]);
});

test('what layers hold is read as they are', () => {
  const [embedding, fixed, whole] = layersIn(
    chain([
      layer('Embedding', { input_dim: 5, output_dim: 2, input_length: null }),
      layer('Embedding', { name: 'f', input_dim: 5, output_dim: 2, input_length: 7 }),
      layer('Embedding', { name: 'w', input_dim: 5, output_dim: 2, input_length: null, batch_input_shape: [null, 3] }),
    ]),
  );
  expect(Object.keys(embedding.config)).not.toContain('input_length');
  expect(fixed.config.input_length).toBe(7);
  expect(whole.config).toMatchObject({ input_length: null, batch_input_shape: [null, 3], dtype: 'float32' });

  const lstm = (more: Config = {}) => layer('LSTM', { units: 2, ...more });
  const backward_layer = lstm({ name: 'backward_l', go_backwards: true, zero_output_for_mask: true });
  const [ways, stack] = layersIn(
    chain([
      layer('Bidirectional', { layer: lstm({ name: 'forward_l', zero_output_for_mask: true }), backward_layer }),
      layer('RNN', {
        cell: layer('StackedRNNCells', { cells: [layer('LSTMCell', { units: 1 }), layer('GRUCell', { units: 2 })] }),
      }),
    ]),
  );
  expect(ways.config).toEqual({
    name: 'bidirectional',
    layer: { class_name: 'LSTM', config: expect.objectContaining({ name: 'l', units: 2 }) },
  });
  const { cell } = stack.config as { cell: { class_name: string; config: { cells: Json } } };
  expect([cell.class_name, cell.config.cells]).toEqual([
    'StackedRNNCells',
    [
      { class_name: 'LSTMCell', config: expect.objectContaining({ name: 'lstmcell', units: 1 }) },
      { class_name: 'GRUCell', config: expect.objectContaining({ name: 'grucell', units: 2 }) },
    ],
  ]);
  const none = layersIn(chain([layer('Bidirectional', { layer: lstm(), backward_layer: null })]));
  expect(none[0].config).not.toHaveProperty('backward_layer');
});

test('names stand in the settings or beside them, and where there are none they come of the class', () => {
  const named = (...given: Json[]) => layersIn(chain(given)).map(({ config }) => config.name);
  const bare = (class_name: string, more: Config = {}): Config => ({ class_name, config: { units: 1 }, ...more });
  expect(named(bare('Dense', { name: 'x' }), dense('y', {}), { ...dense('z'), name: 'other' })).toEqual([
    'x',
    'y',
    'z',
  ]);
  expect(named(bare('Dense'), bare('Dense'), dense('dense_1'), bare('Dense', { name: '' }))).toEqual([
    'dense',
    'dense_2',
    'dense_1',
    'dense_3',
  ]);
  expect(named(bare('LayerNormalization'))).toEqual(['layer_normalization']);
  expect(read({ class_name: 'Sequential', config: [dense('a')] }).topology.config).toMatchObject({
    name: 'sequential',
  });
  expect(read(chain([dense('a')], { name: 7 })).topology.config).toMatchObject({ name: 'sequential' });
});

/** A graph of layers by name, each call with the outputs that it reads as 'name' or 'name call'. */
const graph = (nodes: Record<string, string[][]>, outputs: string[], more: Config = {}): Config => {
  const tensorOf = (said: string) => {
    const [name, call = '0'] = said.split(' ');
    return [name, Number(call), 0];
  };
  return {
    class_name: 'Functional',
    config: {
      layers: Object.entries(nodes).map(([name, calls]) => ({
        ...(calls.length === 0
          ? input([null, 2], { name })
          : calls[0].length > 1
            ? layer('Add', { name })
            : dense(name)),
        inbound_nodes: calls.map((call) => call.map((said) => [...tensorOf(said), {}])),
      })),
      input_layers: Object.entries(nodes).flatMap(([name, calls]) => (calls.length === 0 ? [[name, 0, 0]] : [])),
      output_layers: outputs.map(tensorOf),
      ...more,
    },
  };
};
const joinedIn = (given: Config) => {
  const { topology, lost } = read(given);
  const config = topology.config as { name: string; layers: { name: string; inbound_nodes: Json[] }[] } & Config;
  const told = (tensors: Json) => (tensors as [string, number][]).map(([name, call]) => `${name} ${call}`);
  return {
    name: config.name,
    layers: Object.fromEntries(config.layers.map(({ name, inbound_nodes }) => [name, inbound_nodes.map(told)])),
    ends: [config.input_layers, config.output_layers].map(told),
    lost,
  };
};

test('calls are numbered as tfjs makes them, going through the layers in their order as often as it takes', () => {
  // d is called with the later layer b first: tfjs makes its second call before.
  expect(joinedIn(graph({ x: [], d: [['b'], ['x']], b: [['x']], sum: [['d', 'd 1']] }, ['sum', 'd 1', 'd']))).toEqual({
    name: 'model',
    layers: { x: [], d: [['x 0'], ['b 0']], b: [['x 0']], sum: [['d 1', 'd 0']] },
    ends: [['x 0'], ['sum 0', 'd 0', 'd 1']],
    lost: [],
  });
  // A second layer whose calls change places only when the first's have.
  const twice = graph({ x: [], e: [['d'], ['d 1']], d: [['b'], ['x']], b: [['x']] }, ['e', 'e 1'], { name: 'g' });
  expect(joinedIn(twice)).toEqual({
    name: 'g',
    layers: { x: [], e: [['d 0'], ['d 1']], d: [['x 0'], ['b 0']], b: [['x 0']] },
    ends: [['x 0'], ['e 1', 'e 0']],
    lost: [],
  });
  expect(joinedIn(graph({ x: [], y: [], a: [['x']] }, ['a']))).toEqual({
    name: 'model',
    layers: { x: [], a: [['x 0']] },
    ends: [['x 0'], ['a 0']],
    lost: ['input "y" leads to no output: the model takes the others alone'],
  });
});

test('what is wrong with calls is said with the place of the model, also of one in the model', () => {
  const inner = (given: Config): Config => ({ ...chain([dense('a'), { ...given, name: 'inner' }]) });
  for (const [nodes, outputs, message] of [
    [{ x: [], a: [['y']] }, ['a'], 'there is no layer "y", whose output is used'],
    [{ x: [], a: [['x']] }, ['a 1'], 'layer "a" is called 1 times, but the output of call 2 is used'],
    [{ x: [], a: [['x 1']] }, ['a'], 'layer "x" is never called, but the output of call 2 is used'],
    [{ x: [], a: [['a']] }, ['a'], 'layer "a" waits for its own output'],
    [{ x: [], b: [['x']], a: [['b', 'a 1'], ['a']] }, ['b'], 'layer "a" waits for its own output'],
  ] as [Record<string, string[][]>, string[], string][]) {
    const given = graph(nodes, outputs);
    expect(() => read(given)).toThrow(`F: modelTopology: ${message}`);
    expect(() => read(inner(given))).toThrow(`F: modelTopology.config.layers[1]: ${message}`);
  }
  const apart = graph({ x: [], y: [], a: [['x', 'y']] }, ['a'], { input_layers: [['x', 0, 0]] });
  expect(() => read(apart)).toThrow('F: modelTopology: the outputs need "y", which is none of input_layers');
  const idle = graph({ x: [], y: [], a: [['x']] }, ['a']);
  expect(() => read(inner(idle))).toThrow(
    'F: modelTopology.config.layers[1]: input "y" leads to no output; nothing here runs such a model in a model: make it without the input',
  );
});
