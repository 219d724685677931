/** How layers of Keras's files are joined, and called where their names do not fit: whole descriptions, and each refusal. */
import { expect, test } from '@jest/globals';
import { activationsApart } from '../../src/formats/keras/activationLayers.js';
import { withFittingNames } from '../../src/formats/keras/layerNames.js';
import { CallsOfModels, checkOrder, inboundNodes, type JoinedLayer, tensorsIn } from '../../src/formats/keras/nodes.js';
import { picksAsLayers } from '../../src/formats/keras/picksAsLayers.js';
import { normalTopology } from '../../src/formats/keras/topology.js';
import type { ModelContents } from '../../src/formats/modelFile.js';
import type { Json } from '../../src/formats/modelJson.js';

const tensor = (name: string, call = 0, output = 0): Json => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 2], keras_history: [name, call, output] },
});
const read = (nodes: Json, layer: { [key: string]: Json } = { class_name: 'LSTM', config: {} }) => {
  const lost: string[] = [];
  return { calls: inboundNodes(nodes, layer, 'f: a', { where: 'f', keras3: true, lost }), lost, layer };
};

test('tensors are found in order in whatever holds them', () => {
  expect(
    tensorsIn([
      tensor('a', 1, 2),
      { q: ['b', 0, 1], k: [['c', 3, 0, {}]] },
      null,
      'd',
      ['e', -1, 0],
      ['f', 0, 0.5],
      ['g', 0],
    ]),
  ).toEqual([
    ['a', 1, 2],
    ['b', 0, 1],
    ['c', 3, 0],
  ]);
});

test('calls as Keras 3 and Keras 2 write them', () => {
  const options = { mask: null, training: false, initial_state: [tensor('h'), tensor('c', 0, 1)] };
  expect(
    read([
      { args: [[tensor('x'), tensor('y', 1)]], kwargs: options },
      { args: [tensor('z')], kwargs: {} },
    ]),
  ).toMatchObject({
    calls: [
      [
        ['x', 0, 0, {}],
        ['y', 1, 0, {}],
        ['h', 0, 0, {}],
        ['c', 0, 1, {}],
      ],
      [['z', 0, 0, {}]],
    ],
    lost: [],
  });
  expect(
    read([
      [
        ['x', 0, 0, {}],
        ['y', 1, 2, { training: false, initial_state: [['h', 0, 0]] }],
      ],
      ['z', 0, 0, {}],
    ]),
  ).toMatchObject({
    calls: [
      [
        ['x', 0, 0, {}],
        ['y', 1, 2, {}],
        ['h', 0, 0, {}],
      ],
      [['z', 0, 0, {}]],
    ],
    lost: ['f: a: training=False of its call is not applied'],
  });
  // Of several inputs none has a mask.
  expect(read([{ args: [[tensor('x'), tensor('y')]], kwargs: { mask: [null, null] } }]).calls).toEqual([
    [
      ['x', 0, 0, {}],
      ['y', 0, 0, {}],
    ],
  ]);
  // An option of the call that is one of the layer here.
  const causal = read(
    [{ args: [tensor('q')], kwargs: { value: tensor('v'), key: tensor('k'), use_causal_mask: true } }],
    { class_name: 'Attention', config: { use_scale: true } },
  );
  expect([causal.calls, causal.layer.config]).toEqual([
    [
      [
        ['q', 0, 0, {}],
        ['v', 0, 0, {}],
        ['k', 0, 0, {}],
      ],
    ],
    { use_scale: true, use_causal_mask: true },
  ]);
});

test.each<[Json, string]>([
  ['x', 'f: a: inbound_nodes is not a list'],
  [['x'], 'f: a: inbound_nodes holds what is no list'],
  [[[['x', 0]]], 'f: a: it is called with ["x",0], which is no layer\'s output'],
  [[[]], 'f: a: it is called without the output of another layer; nothing here runs it'],
  [[{ args: [], kwargs: {} }], 'f: a: it is called without the output of another layer; nothing here runs it'],
  [
    [{ args: [tensor('x'), 2], kwargs: {} }],
    "f: a: its arguments hold 2 beside other layers' outputs; nothing here runs that: make it of layers",
  ],
  [
    [{ args: [tensor('x')], kwargs: { mask: tensor('m') } }],
    'f: a: LSTM is called with mask: nothing here runs that; call it without, and save the model again',
  ],
  [
    [{ args: [[tensor('x'), tensor('y')]], kwargs: { mask: [null, tensor('m')] } }],
    'f: a: LSTM is called with mask: nothing here runs that; call it without, and save the model again',
  ],
  [
    [{ args: [tensor('x')], kwargs: { training: true } }],
    'f: a: LSTM is called with training: nothing here runs that; call it without, and save the model again',
  ],
])('calls that nothing here makes are refused: %j', (nodes, message) => {
  expect(() => read(nodes)).toThrow(expect.objectContaining({ code: 'model', message }));
});

const layer = (name: string, ...calls: (string | [string, number])[][]): JoinedLayer => ({
  name,
  class_name: name.startsWith('in') ? 'InputLayer' : 'Dense',
  inbound_nodes: calls.map((call) => call.map((one) => (typeof one === 'string' ? [one, 0, 0, {}] : [...one, 0, {}]))),
});
const checked = (layers: JoinedLayer[], inputs: string[], outputs: [string, number][]) => () =>
  checkOrder(
    layers,
    { inputs: inputs.map((name) => [name, 0, 0]), outputs: outputs.map(([name, call]) => [name, call, 0]) },
    'f',
  );

test('layers in any order, called twice, are in order', () => {
  const layers = [layer('b', ['a'], [['b', 0]]), layer('a', ['in']), layer('in')];
  expect(checked(layers, ['in'], [['b', 1]])).not.toThrow();
});

test.each<[string, () => void]>([
  ['f: there is no layer "c", whose output is used', checked([layer('in'), layer('a', ['in'])], ['in'], [['c', 0]])],
  ['f: there is no layer "c", whose output is used', checked([layer('in'), layer('a', ['c'])], ['in'], [['a', 0]])],
  [
    'f: layer "a" is never called, but the output of call 1 is used',
    checked([layer('in'), layer('a')], ['in'], [['a', 0]]),
  ],
  [
    'f: layer "a" is called 1 times, but the output of call 2 is used',
    checked([layer('in'), layer('a', ['in'])], ['in'], [['a', 1]]),
  ],
  [
    'f: layer "in" is never called, but the output of call 2 is used',
    checked([layer('in'), layer('a', [['in', 1]])], ['in'], [['a', 0]]),
  ],
  [
    'f: layer "a" waits for its own output',
    checked([layer('in'), layer('a', ['b']), layer('b', ['a'])], ['in'], [['a', 0]]),
  ],
  [
    'f: the outputs need "in2", which is none of input_layers',
    checked([layer('in'), layer('in2'), layer('a', ['in', 'in2'])], ['in'], [['a', 0]]),
  ],
  [
    'f: the outputs need "in4999", which is none of input_layers',
    checked(
      Array.from({ length: 5000 }, (_, i) => layer(`in${i}`)),
      [],
      [['in4999', 0]],
    ),
  ],
  [
    'f: 5001 layers; the most is 5000',
    checked(
      Array.from({ length: 5001 }, (_, i) => layer(`in${i}`)),
      [],
      [],
    ),
  ],
])('%s', (message, run) => {
  expect(run).toThrow(expect.objectContaining({ code: 'model', message }));
});

test('calls of models are counted from 0 here, whoever wrote them, and from 1 by tfjs', () => {
  const models = [
    ['m', 'Model'],
    ['n', 'Model'],
    ['s', 'Sequential'],
  ].map(([name, class_name]) => ({ name, class_name, inbound_nodes: [] }));
  const used: Json = [
    ['m', 1, 0, {}],
    ['n', 0, 0],
    ['a', 1, 0],
    ['s', 1, 0],
  ];
  const counted = (keras3: boolean, outputs: Json = used) => new CallsOfModels(models, { used, outputs, keras3 });
  const calls = (nodes: Json) => (nodes as Json[][]).map(([, call]) => call);
  expect(counted(false).fromZero(used)[0]).toEqual(['m', 0, 0, {}]);
  expect(calls(counted(false).fromZero(used))).toEqual([0, 0, 1, 0]);
  expect(calls(counted(false).endsFromZero(used))).toEqual([0, 0, 1, 0]);
  expect(counted(true).fromZero(used)).toEqual(used);
  // Of what a model gives Keras 3 counts the calls of functional models from 1; a file where one is 0 does not.
  expect(calls(counted(true).endsFromZero(used))).toEqual([0, 0, 1, 1]);
  expect(calls(counted(true, [['m', 0, 0]]).endsFromZero([['m', 1, 0]]))).toEqual([1]);
  expect(calls(counted(true).forTfjs(used))).toEqual([2, 1, 1, 2]);
});

test('layers get names that fit, wherever they are named', () => {
  const topology = (a: string, b: string, c: string, told: string) => ({
    class_name: 'Functional',
    config: {
      name: told,
      layers: [
        { class_name: 'Dense', name: a, config: { name: a }, inbound_nodes: [] },
        { class_name: 'Dense', name: 'a_b', config: { name: 'a_b' }, inbound_nodes: [[[a, 0, 0, {}]]] },
        {
          class_name: 'TimeDistributed',
          name: b,
          config: { name: b, layer: { class_name: 'Dense', config: { name: c } } },
          inbound_nodes: [
            [
              ['a_b', 0, 0, {}],
              [a, 0, 0, {}],
            ],
          ],
        },
      ],
      input_layers: [[a, 0, 0]],
      output_layers: [
        [b, 0, 0],
        ['a_b', 0, 0],
      ],
    },
  });
  const weight = (name: string) => ({ layer: name, name: 'kernel', shape: [1], data: Float32Array.of(1) });
  const training = (name: string) => ({
    optimizer: { class_name: 'adam', config: {} },
    loss: { [name]: 'mse', a_b: 'mae' },
    lossWeights: { [name]: 2 },
    metrics: { [name]: ['mae'] },
    weightedMetrics: { [name]: ['mse'] },
  });
  const given = {
    topology: topology('a b', '~out', 'constructor', 'my model'),
    weights: ['a b', 'a_b', '~out'].map(weight),
    lost: ['before'],
    training: training('~out'),
  } as unknown as ModelContents;
  expect(withFittingNames(given)).toEqual({
    topology: topology('a_b_1', 'layer_out', 'constructor_', 'my_model'),
    weights: ['a_b_1', 'a_b', 'layer_out'].map(weight),
    training: training('layer_out'),
    lost: [
      'before',
      'layer "my model" is called "my_model" here',
      'layer "a b" is called "a_b_1" here',
      'layer "~out" is called "layer_out" here',
      'layer "constructor" is called "constructor_" here',
    ],
  });
  const fitting = { ...given, topology: topology('a', 'out', 'c', 'm') } as unknown as ModelContents;
  expect(withFittingNames(fitting)).toBe(fitting);
});

test('an activation that is a layer becomes one behind its layer, which the others and the ends then name', () => {
  const leaky = { class_name: 'LeakyReLU', config: { name: 'x', alpha: 0.5 } };
  const { layers, renamed } = activationsApart([
    {
      class_name: 'Dense',
      name: 'a',
      config: { name: 'a', activation: leaky },
      inbound_nodes: [[['in', 0, 0, {}]], [['in', 0, 0, {}]]],
    },
    {
      class_name: 'LSTM',
      name: 'b',
      config: { name: 'b', activation: leaky, recurrent_activation: 'tanh' },
      inbound_nodes: [[['a', 1, 0, {}]]],
    },
    { class_name: 'Dense', name: 'c', config: { name: 'c', activation: 'relu' } },
  ]);
  expect(layers).toEqual([
    {
      class_name: 'Dense',
      name: 'a',
      config: { name: 'a', activation: 'linear' },
      inbound_nodes: [[['in', 0, 0, {}]], [['in', 0, 0, {}]]],
    },
    {
      class_name: 'LeakyReLU',
      name: 'a_leaky_re_lu',
      config: { name: 'a_leaky_re_lu', alpha: 0.5 },
      inbound_nodes: [[['a', 0, 0, {}]], [['a', 1, 0, {}]]],
    },
    {
      class_name: 'LSTM',
      name: 'b',
      config: { name: 'b', activation: leaky, recurrent_activation: 'tanh' },
      inbound_nodes: [[['a_leaky_re_lu', 1, 0, {}]]],
    },
    { class_name: 'Dense', name: 'c', config: { name: 'c', activation: 'relu' } },
  ]);
  expect(
    renamed([
      ['a', 0, 0],
      ['c', 0, 0],
    ]),
  ).toEqual([
    ['a_leaky_re_lu', 0, 0],
    ['c', 0, 0],
  ]);
  expect(renamed({ y: ['a', 0, 0] })).toEqual({ y: ['a_leaky_re_lu', 0, 0] });
  const plain: Json[] = [{ class_name: 'Dense', config: { name: 'a' } }];
  const same = activationsApart(plain);
  expect([same.layers === plain, same.renamed(['a', 0, 0])]).toEqual([true, ['a', 0, 0]]);
});

test('layers without names, as Keras before 2.2.3 wrote models in a model, are numbered behind those that have them', () => {
  const dense = (name: string) => ({ class_name: 'Dense', config: { name, units: 2, batch_input_shape: [null, 2] } });
  const inner = (name: string) => ({ class_name: 'Sequential', config: [dense(name)] });
  const layers = [inner('a'), { ...inner('b'), name: 'sequential_1' }, inner('c'), inner('d'), dense('e')];
  const { topology } = normalTopology(
    { class_name: 'Sequential', config: layers } as { [key: string]: Json },
    'f',
    '2.1.0',
  );
  const names = (model: Json): Json => {
    const { name, layers = [] } = (model as { config: { [key: string]: Json } }).config;
    return [name, ...(layers as Json[]).map(names)];
  };
  expect(names(topology)).toEqual([
    'sequential',
    ['sequential', ['a']],
    ['sequential_1', ['b']],
    ['sequential_2', ['c']],
    ['sequential_3', ['d']],
    ['e'],
  ]);
});

/** A functional model of an input that nothing reads, and of one that a Dense does. */
const withIdleInput = (inside: boolean): { [key: string]: Json } => {
  const input = (name: string) => ({
    class_name: 'InputLayer',
    config: { name, batch_shape: [null, 2] },
    name,
    inbound_nodes: [],
  });
  const dense = {
    class_name: 'Dense',
    config: { name: 'd', units: 1, trainable: true },
    name: 'd',
    inbound_nodes: [{ args: [tensor('z')], kwargs: {} }],
  };
  const layers = [input('x'), input('z'), dense];
  const model = {
    class_name: 'Functional',
    config: {
      name: 'm',
      layers,
      input_layers: [
        ['x', 0, 0],
        ['z', 0, 0],
      ],
      output_layers: ['d', 0, 0],
    },
  };
  if (!inside) return model;
  const around = [
    input('a'),
    { ...model, name: 'm', inbound_nodes: [{ args: [[tensor('a'), tensor('a')]], kwargs: {} }] },
  ];
  return {
    class_name: 'Functional',
    config: { name: 'o', layers: around, input_layers: ['a', 0, 0], output_layers: ['m', 1, 0] },
  };
};

test('an input that leads to no output is left out, which is told, and refused in a model in a model', () => {
  const { topology, lost } = normalTopology(withIdleInput(false), 'f', '3.0.0');
  expect(lost).toEqual(['input "x" leads to no output: the model takes the others alone']);
  expect(topology).toMatchObject({ config: { input_layers: [['z', 0, 0]], layers: [{ name: 'z' }, { name: 'd' }] } });
  expect(() => normalTopology(withIdleInput(true), 'f', '3.0.0')).toThrow(
    'input "x" leads to no output; nothing here runs such a model in a model: make it without the input',
  );
});

test('x[:, item] in .h5 is of layers in the order in which Keras takes their weights', () => {
  const node = (name: string) => [[[name, 0, 0, {}]]];
  const layers: Json[] = [
    { class_name: 'InputLayer', config: { name: 'x' }, name: 'x', inbound_nodes: [] },
    { class_name: 'Dense', config: { name: 'd' }, name: 'd', inbound_nodes: node('x') },
    { class_name: 'GRU', config: { name: 'g' }, name: 'g', inbound_nodes: node('x') },
    {
      class_name: 'GetItem',
      config: { name: 'p', item: [0, 1], axis: 2 },
      build_config: { input_shape: [null, 3, 2] },
      name: 'p',
      inbound_nodes: node('g'),
    },
    {
      class_name: 'Add',
      config: { name: 's' },
      name: 's',
      inbound_nodes: [
        [
          ['d', 0, 0, {}],
          ['p', 0, 0, {}],
        ],
      ],
    },
  ];
  const model = {
    class_name: 'Model',
    config: { name: 'm', layers, input_layers: [['x', 0, 0]], output_layers: [['s', 0, 0]] },
  };
  const { config } = picksAsLayers(model) as { config: { layers: { name: string; class_name: string }[] } };
  expect(config.layers.map(({ name }) => name)).toEqual(['x', 'g', 'p_layer_1', 'p_layer_2', 'd', 'p', 's']);
  const kinds = config.layers.map((layer) => layer.class_name);
  expect(kinds).toEqual(['InputLayer', 'GRU', 'Permute', 'Cropping1D', 'Dense', 'Permute', 'Add']);
});
