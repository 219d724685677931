/** Models from descriptions by hand: options in all of Keras's spellings, and what ONNX cannot hold, in whole lines. */
import { expect, test } from '@jest/globals';
import type { StoredWeight } from '../../../src/formats/modelFile.js';
import type { Json } from '../../../src/formats/modelJson.js';
import { decodeModel } from '../../../src/formats/onnx/proto.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { draws } from './runtime.js';

type Config = { [key: string]: Json };
type Layer = { class_name: string; config: Config; name: string; inbound_nodes: Json[] };

const layer = (class_name: string, config: Config = {}, ...read: string[]): Layer => ({
  class_name,
  name: class_name.toLowerCase(),
  config: { name: class_name.toLowerCase(), ...config },
  inbound_nodes: read.length > 0 ? [read.map((name): Json => [name, 0, 0, {}])] : [],
});
const stack = (shape: (number | null)[], ...layers: Layer[]) => {
  const [first, ...others] = layers;
  const config = { ...first.config, batch_input_shape: [null, ...shape], dtype: 'float32' };
  return { class_name: 'Sequential', config: { name: 's', layers: [{ ...first, config }, ...others] } };
};
const input = (name: string, ...shape: (number | null)[]): Layer => {
  const config = { name, batch_input_shape: [null, ...shape], dtype: 'float32' };
  return { class_name: 'InputLayer', name, config, inbound_nodes: [] };
};
const graph = (layers: Layer[], output: string) => ({
  class_name: 'Model',
  config: {
    name: 'm',
    layers: layers as Json[],
    input_layers: layers.flatMap(({ class_name, name }): Json[] => (class_name === 'InputLayer' ? [[name, 0, 0]] : [])),
    output_layers: [[output, 0, 0]],
  },
});
const weight = (of: string, name: string, ...shape: number[]): StoredWeight => ({
  layer: of,
  name,
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});
const cell = { units: 2, activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: false };
const rnnWeights = (of: string, prefix = '') => [
  weight(of, `${prefix}kernel`, 3, 2),
  weight(of, `${prefix}recurrent_kernel`, 2, 2),
];
const dense = { units: 2, activation: 'linear', use_bias: false };
const inner = (class_name: string, config: Config = {}): Json => ({ class_name, config: { name: 'inner', ...config } });
const masked = (...layers: Layer[]) => stack([4, 3], layer('Masking', { mask_value: 0 }), ...layers);

/** Layers without weights, and a model of them. */
const flat = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    ...layer('Flatten'),
    name: `flat_${at}`,
    config: { name: `flat_${at}` },
  }));
const inModel = (name: string, count: number) => ({ ...layer('Sequential', { layers: flat(count) as Json[] }), name });
const reading = (...names: string[]): Json[] => [names.map((name): Json => [name, 0, 0, {}])];
const pair = {
  ...graph([input('one', 3), input('other', 3), layer('Add', {}, 'one', 'other')], 'add'),
  name: 'pair',
} as unknown as Layer;

const cases: [why: string, topology: Config, weights?: StoredWeight[]][] = [
  ['layer thick (Thick) cannot be written: memcell knows no operator of ONNX for it', stack([3], layer('Thick'))],
  [
    'layer timedistributed (TimeDistributed) cannot be written: memcell knows no operator of ONNX for Thick',
    stack([4, 3], layer('TimeDistributed', { layer: inner('Thick') })),
  ],
  [
    'layer timedistributed (TimeDistributed) cannot be written: it holds Flatten, whose sizes are not all fixed',
    stack([4, null, 3], layer('TimeDistributed', { layer: inner('Flatten') })),
  ],
  [
    'layer timedistributed (TimeDistributed) cannot be written: it holds Flatten and reads a masked sequence',
    masked(layer('TimeDistributed', { layer: inner('Flatten') })),
  ],
  [
    'layer permute (Permute) cannot be written: it would read a masked sequence',
    masked(layer('Permute', { dims: [2, 1] })),
  ],
  [
    'layer maxpooling1d (MaxPooling1D) cannot be written: it would read a masked sequence',
    masked(layer('MaxPooling1D', { pool_size: [2], strides: [2], padding: 'valid' })),
  ],
  [
    'layer zeropadding1d (ZeroPadding1D) cannot be written: data_format is channels_first',
    stack([4, 3], layer('ZeroPadding1D', { padding: [1, 1], data_format: 'channels_first' })),
  ],
  [
    'layer zeropadding1d (ZeroPadding1D) cannot be written: data_format is channels_first',
    stack([4, 3], layer('ZeroPadding1D', { padding: [1, 1], data_format: 'channelsFirst' })),
  ],
  ['layer cropping1d (Cropping1D) cannot be written: cropping is missing', stack([4, 3], layer('Cropping1D'))],
  [
    'layer zeropadding1d (ZeroPadding1D) cannot be written: padding is [1,2,3]',
    stack([4, 3], layer('ZeroPadding1D', { padding: [1, 2, 3] })),
  ],
  ['layer upsampling1d (UpSampling1D) cannot be written: size is missing', stack([4, 3], layer('UpSampling1D'))],
  [
    'layer upsampling1d (UpSampling1D) cannot be written: the number of its input features is not fixed',
    stack([4, null], layer('UpSampling1D', { size: 2 })),
  ],
  [
    'layer softmax (Softmax) cannot be written: axis [1,2] is not one',
    stack([4, 3], layer('Softmax', { axis: [1, 2] })),
  ],
  [
    'layer activation (Activation) cannot be written: ONNX has no activation "wavy"',
    stack([3], layer('Activation', { activation: 'wavy' })),
  ],
  ...['constructor', 'toString'].flatMap((activation): [string, Config, StoredWeight[]?][] => [
    [
      `layer dense (Dense) cannot be written: ONNX has no activation "${activation}"`,
      stack([3], layer('Dense', { ...dense, activation })),
      [weight('dense', 'kernel', 3, 2)],
    ],
    [
      `layer simplernn (SimpleRNN) cannot be written: activation "${activation}" is none that ONNX's recurrent operators have (tanh, sigmoid, relu, linear, hardSigmoid, hardSigmoidKeras3, sparseSigmoid, elu, leakyRelu, softsign, softplus)`,
      stack([4, 3], layer('SimpleRNN', { ...cell, activation })),
      rnnWeights('simplernn'),
    ],
    [
      `layer dense (${activation}) cannot be written: memcell knows no operator of ONNX for it`,
      stack([3], { ...layer('Dense', dense), class_name: activation }),
    ],
    [
      `layer bidirectional (Bidirectional) cannot be written: it wraps a ${activation}`,
      stack([4, 3], layer('Bidirectional', { layer: inner(activation, cell) })),
    ],
    [
      `layer bidirectional (Bidirectional) cannot be written: merge_mode is "${activation}"`,
      stack([4, 3], layer('Bidirectional', { layer: inner('SimpleRNN', cell), merge_mode: activation })),
      [...rnnWeights('bidirectional', 'forward/'), ...rnnWeights('bidirectional', 'backward/')],
    ],
    [
      `layer timedistributed (TimeDistributed) cannot be written: memcell knows no operator of ONNX for ${activation}`,
      stack([4, 3], layer('TimeDistributed', { layer: inner(activation) })),
    ],
  ]),
  ['layer dense (Dense) cannot be written: its kernel is missing', stack([3], layer('Dense', dense))],
  [
    'layer dense (Dense) cannot be written: its kernel has shape [2,3], not [3,2]',
    stack([3], layer('Dense', dense)),
    [weight('dense', 'kernel', 2, 3)],
  ],
  [
    'layer dense (Dense) cannot be written: nothing of its operator holds the weight bias',
    stack([3], layer('Dense', dense)),
    [weight('dense', 'kernel', 3, 2), weight('dense', 'bias', 2)],
  ],
  [
    'layer other cannot be written: nothing of its operator holds the weight kernel',
    stack([3], layer('Dense', dense)),
    [weight('dense', 'kernel', 3, 2), weight('other', 'kernel', 2)],
  ],
  [
    'layer simplernn (SimpleRNN) cannot be written: stateful: an ONNX model keeps nothing from one call to the next',
    stack([4, 3], layer('SimpleRNN', { ...cell, stateful: true })),
    rnnWeights('simplernn'),
  ],
  [
    'layer simplernn (SimpleRNN) cannot be written: its input has 2 axes, not 3',
    stack([3], layer('SimpleRNN', cell)),
    rnnWeights('simplernn'),
  ],
  [
    'layer rnn (RNN) cannot be written: it starts from states, or gives them',
    stack([4, 3], layer('RNN', { cell: inner('SimpleRNNCell', cell), return_state: true })),
  ],
  ['layer rnn (RNN) cannot be written: its cell is a Thick', stack([4, 3], layer('RNN', { cell: inner('Thick') }))],
  ['layer rnn (RNN) cannot be written: its cell is a nothing', stack([4, 3], layer('RNN', { cell: null }))],
  [
    'layer bidirectional (Bidirectional) cannot be written: it wraps a Dense',
    stack([4, 3], layer('Bidirectional', { layer: inner('Dense', dense), merge_mode: 'concat' })),
  ],
  [
    'layer bidirectional (Bidirectional) cannot be written: go_backwards of the layer that it wraps',
    stack(
      [4, 3],
      layer('Bidirectional', { layer: inner('SimpleRNN', { ...cell, go_backwards: true }), merge_mode: 'concat' }),
    ),
  ],
  [
    'layer bidirectional (Bidirectional) cannot be written: merge_mode is "max"',
    stack([4, 3], layer('Bidirectional', { layer: inner('SimpleRNN', cell), merge_mode: 'max' })),
    [...rnnWeights('bidirectional', 'forward/'), ...rnnWeights('bidirectional', 'backward/')],
  ],
  [
    'layer embedding (Embedding) cannot be written: mask_zero of an input that is no sequence',
    stack([4, 3], layer('Embedding', { input_dim: 5, output_dim: 2, mask_zero: true })),
    [weight('embedding', 'embeddings', 5, 2)],
  ],
  [
    'layer embedding (Embedding) cannot be written: input_dim is missing',
    stack([4], layer('Embedding', { output_dim: 2 })),
  ],
  [
    'layer normalization (Normalization) cannot be written: mean has 2 numbers',
    stack([3], layer('Normalization', { axis: -1, mean: [1, 2], variance: [1, 2] })),
  ],
  [
    'layer concatenate (Concatenate) cannot be written: it joins masked sequences one behind the other',
    graph(
      [input('x', 4, 3), layer('Masking', { mask_value: 0 }, 'x'), layer('Concatenate', { axis: 1 }, 'masking', 'x')],
      'concatenate',
    ),
  ],
  [
    'layer concatenate (Concatenate) cannot be written: it joins masked sequences one behind the other',
    graph(
      [input('x', 4, 3), layer('Masking', { mask_value: 0 }, 'x'), layer('Concatenate', { axis: -2 }, 'x', 'masking')],
      'concatenate',
    ),
  ],
  [
    'layer dot (Dot) cannot be written: its inputs have not two or three axes each',
    graph([input('x', 4, 3), input('z', 3), layer('Dot', { axes: [2, 1] }, 'x', 'z')], 'dot'),
  ],
  [
    'layer dense cannot be written: memcell writes no output 2 of it',
    {
      ...graph([input('x', 3), layer('Dense', dense, 'x')], 'dense'),
      config: {
        ...graph([input('x', 3), layer('Dense', dense, 'x')], 'dense').config,
        output_layers: [['dense', 0, 1]],
      },
    },
    [weight('dense', 'kernel', 3, 2)],
  ],
  ['the model cannot be written: it has no layers', { class_name: 'Sequential', config: { name: 's', layers: [] } }],
  [
    'the model cannot be written: it names no outputs',
    {
      class_name: 'Model',
      config: { name: 'm', layers: [input('x', 3) as Json], input_layers: [['x', 0, 0]], output_layers: [] },
    },
  ],
  [
    'the model cannot be written: it names call 1 of a layer "y" that it has not',
    graph([input('x', 3), layer('Dense', dense, 'y')], 'dense'),
  ],
  [
    'the model cannot be written: it names call 1 of a layer "z" that it has not',
    graph([input('x', 3), layer('Dense', dense, 'x')], 'z'),
  ],
  [
    'layer dense cannot be written: it reads its own output',
    graph([input('x', 3), layer('Dense', dense, 'dense')], 'dense'),
  ],
  [
    'layer batchnormalization (BatchNormalization) cannot be written: axis [1] is not the last',
    stack([4, 3], layer('BatchNormalization', { axis: [1] })),
  ],
  [
    'layer batchnormalization (BatchNormalization) cannot be written: axis 0 is not the last',
    stack([4, 3], layer('BatchNormalization', { axis: 0 })),
  ],
  [
    'layer conv1d (Conv1D) cannot be written: padding is "reflect"',
    stack([4, 3], layer('Conv1D', { filters: 2, kernel_size: [2], padding: 'reflect', use_bias: false })),
    [weight('conv1d', 'kernel', 2, 3, 2)],
  ],
  [
    'layer lstm (LSTM) cannot be written: it starts from 1 state',
    graph([input('x', 4, 3), input('s', 2), layer('LSTM', cell, 'x', 's')], 'lstm'),
    [weight('lstm', 'kernel', 3, 8), weight('lstm', 'recurrent_kernel', 2, 8)],
  ],
  [
    'layer lstm (LSTM) cannot be written: it starts from 3 states',
    graph(
      [input('x', 4, 3), input('s', 2), input('t', 2), input('u', 2), layer('LSTM', cell, 'x', 's', 't', 'u')],
      'lstm',
    ),
    [weight('lstm', 'kernel', 3, 8), weight('lstm', 'recurrent_kernel', 2, 8)],
  ],
  [
    'layer multiheadattention (MultiHeadAttention) cannot be written: the features of its query are not fixed',
    graph(
      [input('x', 4, null), layer('MultiHeadAttention', { num_heads: 2, key_dim: 3 }, 'x', 'x')],
      'multiheadattention',
    ),
  ],
  [
    'layer multiheadattention (MultiHeadAttention) cannot be written: the features of its key are not fixed',
    graph(
      [
        input('x', 4, 5),
        input('z', 4, null),
        layer('MultiHeadAttention', { num_heads: 2, key_dim: 3, use_bias: false }, 'x', 'x', 'z'),
      ],
      'multiheadattention',
    ),
    [weight('multiheadattention', 'query_kernel', 5, 2, 3)],
  ],
  [
    'layer dense_input (InputLayer) cannot be written: the shape of its input is not known; build the model first',
    { class_name: 'Sequential', config: { name: 's', layers: [layer('Dense', dense)] } },
  ],
  [
    'layer simplernn (SimpleRNN) cannot be written: its recurrent kernel is missing',
    stack([4, 3], layer('SimpleRNN', cell)),
    rnnWeights('simplernn').slice(0, 1),
  ],
  [
    'layer bidirectional (Bidirectional) cannot be written: its reverse recurrent kernel is missing',
    stack([4, 3], layer('Bidirectional', { layer: inner('SimpleRNN', cell), merge_mode: 'concat' })),
    [...rnnWeights('bidirectional', 'forward/'), weight('bidirectional', 'backward/kernel', 3, 2)],
  ],
  ['layer dense (Dense) cannot be written: it has no input', graph([input('x', 3), layer('Dense', dense)], 'dense')],
  ...(
    [
      ['Conv1D', 'kernel_size', [2, 2], '[2,2]', { filters: 2 }],
      ['Conv1D', 'filters', '2', '"2"', {}],
      ['DepthwiseConv1D', 'strides', [], '[]', { kernel_size: 2 }],
      ['SeparableConv1D', 'dilation_rate', ['1'], '["1"]', { filters: 2, kernel_size: 2 }],
      ['MaxPooling1D', 'pool_size', undefined, 'missing', {}],
      ['AveragePooling1D', 'strides', true, 'true', { pool_size: [2] }],
      ['RepeatVector', 'n', null, 'null', {}],
      ['GroupNormalization', 'groups', undefined, 'missing', { axis: -1 }],
      ['LayerNormalization', 'epsilon', '1', '"1"', { center: false, scale: false }],
      ['MultiHeadAttention', 'key_dim', undefined, 'missing', { num_heads: 2 }],
      ['PositionEmbedding', 'sequence_length', undefined, 'missing', {}],
      ['SinePositionEncoding', 'max_wavelength', undefined, 'missing', {}],
      ['LSTM', 'units', undefined, 'missing', {}],
      ['Dense', 'units', undefined, 'missing', {}],
    ] as [string, string, Json | undefined, string, Config][]
  ).map(([name, option, value, shown, others]): [string, Config] => [
    `layer ${name.toLowerCase()} (${name}) cannot be written: ${option} is ${shown}`,
    stack([4, 3], layer(name, { ...others, ...(value !== undefined && { [option]: value }) })),
  ]),
  ...['LayerNormalization', 'RMSNormalization', 'UnitNormalization', 'GroupNormalization', 'Normalization'].flatMap(
    (name) =>
      ([1, [1], [1, 2], [2, -1], 3] as Json[]).map((axis): [string, Config] => [
        `layer ${name.toLowerCase()} (${name}) cannot be written: axis ${JSON.stringify(axis)} is not the last`,
        stack([4, 3], layer(name, { axis })),
      ]),
  ),
  [
    'layer sinepositionencoding (SinePositionEncoding) cannot be written: the number of its input features is not fixed',
    stack([4, null], layer('SinePositionEncoding', { max_wavelength: 100 })),
  ],
  ['the model cannot be written: it has 2001 layers; the most is 2000', stack([3], ...flat(2001))],
  [
    'the model cannot be written: it has 2001 layers; the most is 2000',
    stack([3], ...flat(1000), inModel('inside', 1001 - 1)),
  ],
  [
    'layer inside cannot be written: it has 1 input and is given 2',
    graph([input('x', 3), input('z', 3), { ...inModel('inside', 1), inbound_nodes: reading('x', 'z') }], 'inside'),
  ],
  [
    'layer pair cannot be written: it has 2 inputs and is given 1',
    graph([input('x', 3), { ...pair, inbound_nodes: reading('x') }], 'pair'),
  ],
  [
    'layer pair cannot be written: it has no output 2',
    graph(
      [
        input('x', 3),
        input('z', 3),
        { ...pair, inbound_nodes: reading('x', 'z') },
        { ...layer('Flatten'), inbound_nodes: [[['pair', 0, 1, {}]]] },
      ],
      'flatten',
    ),
  ],
  [
    'the model cannot be written: it names call 3 of a layer "x" that it has not',
    graph([input('x', 3), { ...layer('Flatten'), inbound_nodes: [[['x', 2, 0, {}]]] }], 'flatten'),
  ],
  [
    'layer flatten cannot be written: its inputs are not those of one call',
    graph([input('x', 3), { ...layer('Flatten'), inbound_nodes: [['x']] }], 'flatten'),
  ],
  [
    'layer flatten cannot be written: it is called with training,mask',
    graph(
      [input('x', 3), { ...layer('Flatten'), inbound_nodes: [[['x', 0, 0, { training: true, mask: null }]]] }],
      'flatten',
    ),
  ],
  [
    'layer flatten cannot be written: it is called with training',
    graph([input('x', 3), { ...layer('Flatten'), inbound_nodes: [[['x', 0, 0, { training: true }]]] }], 'flatten'),
  ],
];

test.each(cases.map(([why, topology, weights = []]) => ({ why, topology, weights })))(
  '$why',
  async ({ why, topology, weights }) => {
    await expect(writeOnnx({ topology, weights, metadata: {}, lost: [] })).rejects.toMatchObject({
      name: 'MemcellError',
      code: 'usage',
      message: `ONNX: ${why}; save the model to a folder instead`,
    });
  },
);

test('weights of the name that an input has are refused', async () => {
  const topology = graph([input('dense/kernel', 3), layer('Dense', dense, 'dense/kernel')], 'dense');
  await expect(
    writeOnnx({ topology, weights: [weight('dense', 'kernel', 3, 2)], metadata: {}, lost: [] }),
  ).rejects.toMatchObject({ code: 'usage', message: 'two weights are named dense/kernel; rename a layer' });
});

test('more weights than a file holds are refused', async () => {
  const most = 2 ** 31 - 2 ** 20;
  const topology = stack([3], layer('Dense', dense));
  const [kernel] = [weight('dense', 'kernel', 3, 2)];
  const write = (byteLength: number) =>
    writeOnnx({
      topology,
      weights: [{ ...kernel, data: { ...kernel.data, length: 6, byteLength } as Float32Array }, kernel].slice(0, 1),
      metadata: {},
      lost: [],
    });
  await expect(write(most + 1)).rejects.toThrow(
    `ONNX: the model cannot be written: its weights are ${most + 1} bytes, and one file holds 2 GiB`,
  );
  expect((await write(most)).lost).toEqual([]);
});

/** Options that say the same: the layer, its weights, all of its options, and for some of them what else they may be; undefined: nothing. */
type Spellings = [
  className: string,
  weights: [string, ...number[]][],
  options: Config,
  others: Record<string, (Json | undefined)[]>,
];
const always = [undefined];
const kernels: [string, ...number[]][] = [
  ['kernel', 2, 3, 2],
  ['bias', 2],
];
const conv = { padding: 'valid', strides: [1], dilation_rate: [1], groups: 1, use_bias: true, activation: null };
const convs = {
  padding: always,
  strides: [1, undefined],
  dilation_rate: [1, undefined],
  groups: always,
  use_bias: always,
  activation: [undefined, 'linear'],
};
const recurrent = {
  units: 2,
  activation: 'tanh',
  recurrent_activation: 'hard_sigmoid',
  use_bias: true,
  return_sequences: false,
  return_state: false,
  go_backwards: false,
  stateful: false,
};
const recurrents = {
  use_bias: always,
  return_sequences: always,
  return_state: always,
  go_backwards: always,
  stateful: always,
  recurrent_activation: ['hardSigmoid'],
};
const scaled: [string, ...number[]][] = [
  ['gamma', 3],
  ['beta', 3],
];
const axes = [undefined, [-1], 2, [2]];
const spellings: Spellings[] = [
  [
    'Dense',
    [
      ['kernel', 3, 2],
      ['bias', 2],
    ],
    { units: 2, use_bias: true, activation: null },
    { use_bias: always, activation: [undefined, 'linear'] },
  ],
  ['Conv1D', kernels, { ...conv, filters: 2, kernel_size: [2] }, { ...convs, kernel_size: [2] }],
  [
    'Conv1D',
    kernels,
    { ...conv, filters: 2, kernel_size: [2], data_format: 'channels_last' },
    { data_format: [undefined, 'channelsLast', null] },
  ],
  [
    'DepthwiseConv1D',
    [
      ['kernel', 2, 3, 1],
      ['bias', 3],
    ],
    { ...conv, kernel_size: [2], depth_multiplier: 1 },
    { ...convs, kernel_size: [2], depth_multiplier: always },
  ],
  [
    'SeparableConv1D',
    [
      ['depthwise_kernel', 2, 3, 1],
      ['pointwise_kernel', 1, 3, 2],
      ['bias', 2],
    ],
    { ...conv, filters: 2, kernel_size: [2], depth_multiplier: 1 },
    { ...convs, kernel_size: [2], depth_multiplier: always },
  ],
  [
    'MaxPooling1D',
    [],
    { pool_size: [2], strides: [2], padding: 'valid' },
    { pool_size: [2], strides: [2, null, undefined], padding: always },
  ],
  [
    'AveragePooling1D',
    [],
    { pool_size: 2, strides: 2, padding: 'valid' },
    { pool_size: [[2]], strides: [[2], null], padding: always },
  ],
  ['Cropping1D', [], { cropping: [1, 1] }, { cropping: [1] }],
  ['ZeroPadding1D', [], { padding: [2, 2] }, { padding: [2] }],
  [
    'LSTM',
    [
      ['kernel', 3, 8],
      ['recurrent_kernel', 2, 8],
      ['bias', 8],
    ],
    recurrent,
    recurrents,
  ],
  [
    'GRU',
    [
      ['kernel', 3, 6],
      ['recurrent_kernel', 2, 6],
      ['bias', 6],
    ],
    { ...recurrent, reset_after: false },
    { ...recurrents, reset_after: always },
  ],
  [
    'SimpleRNN',
    [
      ['kernel', 3, 2],
      ['recurrent_kernel', 2, 2],
      ['bias', 2],
    ],
    recurrent,
    { ...recurrents, recurrent_activation: always },
  ],
  [
    'LayerNormalization',
    scaled,
    { axis: -1, epsilon: 0.1, center: true, scale: true },
    { axis: axes, center: always, scale: always },
  ],
  [
    'BatchNormalization',
    [...scaled, ['moving_mean', 3], ['moving_variance', 3]],
    { axis: -1, epsilon: 0.1, center: true, scale: true },
    { axis: axes, center: always, scale: always },
  ],
  [
    'GroupNormalization',
    scaled,
    { axis: -1, epsilon: 0.1, center: true, scale: true, groups: 3 },
    { axis: axes, center: always, scale: always, groups: [-1] },
  ],
  ['RMSNormalization', [['scale', 3]], { axis: -1, epsilon: 0.1 }, { axis: axes }],
  ['UnitNormalization', [], { axis: -1 }, { axis: axes }],
  [
    'Normalization',
    [['mean', 3], ['variance', 3], ['count']],
    { axis: -1, mean: null, variance: null, invert: false },
    { axis: axes, mean: always, variance: always, invert: always },
  ],
  [
    'Normalization',
    [],
    { axis: -1, mean: [2, 2, 2], variance: [3, 3, 3] },
    { axis: axes, mean: [2, [2]], variance: [3, [3]] },
  ],
  ['Softmax', [], { axis: -1 }, { axis: [undefined, [-1]] }],
  [
    'ReLU',
    [],
    { max_value: null, negative_slope: 0, threshold: 0 },
    { max_value: always, negative_slope: [undefined, null], threshold: [undefined, null] },
  ],
  ['ReLU', [], { max_value: 2, negative_slope: 0.5, threshold: 0 }, { threshold: [undefined, null] }],
  [
    'ReLU',
    [],
    { max_value: null, negative_slope: 0, threshold: 0.5 },
    { max_value: always, negative_slope: [undefined, null] },
  ],
  ['LeakyReLU', [], { alpha: 0.3 }, { alpha: always }],
  ['ELU', [], { alpha: 1 }, { alpha: always }],
  ['PReLU', [['alpha', 4, 3]], { shared_axes: null }, { shared_axes: [undefined, []] }],
  ['Masking', [], { mask_value: 0 }, { mask_value: always }],
  ['Rescaling', [], { scale: 2, offset: 0 }, { offset: [undefined, null] }],
  ['GetItem', [], { item: 1, axis: 1 }, { axis: [undefined, -2] }],
  ['GetItem', [], { item: [1, 4, 1], axis: 1 }, { item: [[1, 4]], axis: [undefined, -2] }],
  ['Activation', [], { activation: 'relu6' }, {}],
  [
    'MultiHeadAttention',
    [
      ...['query', 'key', 'value'].flatMap((of): [string, ...number[]][] => [
        [`${of}_kernel`, 3, 2, 5],
        [`${of}_bias`, 2, 5],
      ]),
      ['output_kernel', 2, 5, 3],
      ['output_bias', 3],
    ],
    { num_heads: 2, key_dim: 5, value_dim: 5, use_bias: true, output_shape: [3], dropout: 0, use_causal_mask: false },
    {
      value_dim: [undefined, null],
      use_bias: always,
      output_shape: [3, null, undefined],
      dropout: always,
      use_causal_mask: always,
    },
  ],
];

test.each(spellings.map((one, at) => [`${one[0]} ${at}`, one] as const))(
  '%s is the same in whatever way its options are told',
  async (_, [className, shapes, options, others]) => {
    const draw = draws(3);
    const name = className.toLowerCase();
    const weights = shapes.map(([what, ...shape]) => {
      const own = weight(name, what, ...shape);
      return { ...own, data: own.data.map(() => draw(-1, 1)) };
    });
    const written = async (config: Config) => {
      const topology = stack([4, 3], layer(className, config));
      return decodeModel((await writeOnnx({ topology, weights, metadata: {}, lost: [] })).bytes).graph;
    };
    const expected = await written(options);
    for (const [option, values] of Object.entries(others))
      for (const value of values) {
        const { [option]: __, ...left } = options;
        expect(await written(value === undefined ? left : { ...left, [option]: value })).toEqual(expected);
      }
  },
);

test('of two inputs options are the same in whatever way they are told', async () => {
  const written = async (className: string, config: Config) => {
    const topology = graph(
      [input('x', 4, 3), input('z', 4, 3), layer(className, config, 'x', 'z')],
      className.toLowerCase(),
    );
    const scale = className === 'AdditiveAttention' ? [weight('additiveattention', 'scale', 3)] : [];
    return decodeModel((await writeOnnx({ topology, weights: scale, metadata: {}, lost: [] })).bytes).graph;
  };
  const cases: [string, Config[]][] = [
    ['Concatenate', [{ axis: -1 }, {}, { axis: 2 }]],
    ['Concatenate', [{ axis: 1 }, { axis: -2 }]],
    ['Dot', [{ axes: 2, normalize: false }, { axes: [2, 2] }, { axes: -1 }, { axes: [-1, 2] }]],
    [
      'Dot',
      [
        { axes: 1, normalize: true },
        { axes: [1, -2], normalize: true },
      ],
    ],
    ['Attention', [{ use_scale: false, score_mode: 'dot', use_causal_mask: false }, {}]],
    ['AdditiveAttention', [{ use_scale: true }, {}]],
  ];
  for (const [className, [first, ...others]] of cases)
    for (const config of others) expect(await written(className, config)).toEqual(await written(className, first));
});

test('inputs and outputs have the names that are wished where these are told apart, and their sizes', async () => {
  const ends = async (metadata: Record<string, unknown>, size: Config = { batch_shape: [null, 4, null] }) => {
    const given = { ...input('x'), config: { name: 'x', ...size } };
    const topology = graph([given, layer('Flatten', {}, 'x'), layer('Dropout', {}, 'x')], 'flatten');
    topology.config.output_layers.push(['dropout', 0, 0]);
    const { graph: made } = decodeModel((await writeOnnx({ topology, weights: [], metadata, lost: [] })).bytes);
    return [made?.input, made?.output].map((all = []) =>
      all.map(({ name, type }) => [
        name,
        ...(type?.tensorType?.shape?.dim ?? []).map(({ value, param }) => value ?? param),
      ]),
    );
  };
  const free = (name: string) => [name, 'batch', 4, `${name}_axis2`];
  expect(await ends({})).toEqual([[free('x')], [['flatten', 'batch', 'flatten_steps'], free('dropout')]]);
  expect(await ends({ inputs: ['in'], outputs: ['a', 'in'] })).toEqual([
    [free('in')],
    [['a', 'batch', 'a_steps'], free('in_')],
  ]);
  expect(await ends({ inputs: [''], outputs: ['y', 'y'] })).toEqual([
    [free('_')],
    [['y', 'batch', 'y_steps'], free('y_')],
  ]);
  // Names for another number of outputs are those of others.
  expect(await ends({ inputs: 'z', outputs: ['y'] })).toEqual(await ends({}));
  expect(await ends({}, { batch_input_shape: [7, null, 2], batch_shape: [1, 1, 1] })).toEqual([
    [['x', 'batch', 'steps', 2]],
    [
      ['flatten', 'batch', 'flatten_steps'],
      ['dropout', 'batch', 'dropout_steps', 2],
    ],
  ]);
});

test('what is told of arrays stands in the file, and what ONNX has no place for is said', async () => {
  const topology = stack([3], layer('Flatten'));
  const written = async (more: object) => {
    const { bytes, lost } = await writeOnnx({ topology, weights: [], metadata: {}, lost: [], ...more });
    return [decodeModel(bytes).metadataProps?.filter(({ key }) => key !== 'memcell'), lost];
  };
  expect(await written({ metadata: { arrays: { x: 'rows', y: { of: [1, 2] } } } })).toEqual([
    [
      { key: 'x', value: 'rows' },
      { key: 'y', value: '{"of":[1,2]}' },
    ],
    [],
  ]);
  expect(await written({ metadata: { arrays: 'rows' } })).toEqual([[], []]);
  expect(await written({ optimizerState: { weights: [] } })).toEqual([
    [],
    ['the state of the optimizer: ONNX files hold models to run, not to train on'],
  ]);
});
