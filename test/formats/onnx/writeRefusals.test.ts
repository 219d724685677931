/** What ONNX cannot hold of layers, and weights that are not those of a layer: whole lines, from descriptions of models by hand. */
import { expect, test } from '@jest/globals';
import type { StoredWeight } from '../../../src/formats/modelFile.js';
import type { Json } from '../../../src/formats/modelJson.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';

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
