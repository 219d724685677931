/** Operators in graphs by hand, alone and where two meet: what is read gives what ONNX Runtime gives. */
import { describe, expect, test } from '@jest/globals';
import { float, int, ints, text } from '../../../src/formats/onnx/builder.js';
import type { NodeProto } from '../../../src/formats/onnx/proto.js';
import { floatTensor, intTensor } from '../../../src/formats/onnx/tensors.js';
import { loadModel } from '../../../src/index.js';
import { type End, fileOf, type Graph, node } from './byHand.js';
import { expectInAnyOrder } from './reordered.js';
import { draws, largest, type Numbers, run } from './runtime.js';

const [BATCH, STEPS, UNITS] = [2, 4, 2];
const drawn = draws(3);
const numbers = (low: number, high: number, ...shape: number[]) =>
  Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => drawn(low, high));
const weight = (name: string, ...shape: number[]) => floatTensor(name, shape, numbers(-0.9, 0.9, ...shape));
const scale = (name: string, ...shape: number[]) => floatTensor(name, shape, numbers(0.4, 1.6, ...shape));
const number = (name: string, value: number) => floatTensor(name, [], [value]);
const list = (name: string, ...values: number[]) => intTensor(name, [values.length], values);

const tensors = [
  ...[weight('W', 3, 2), weight('V', 2, 3), weight('b', 2), weight('c', 3), scale('g', 3), scale('s', 3)],
  ...[
    weight('positions', 4, 3),
    weight('1 positions', 1, 4, 3),
    weight('2 positions', 2, 2),
    weight('wide', 12, 2),
    weight('W4', 3, 4),
    weight('W6', 3, 6),
    weight('b6', 6),
    weight('wider', 4 * STEPS, 2),
  ],
  ...[
    weight('W1', 1, UNITS, 3),
    weight('R1', 1, UNITS, UNITS),
    weight('K', 2, 3, 2),
    weight('image', 2, 3, 2, 1),
    weight('row image', 2, 3, 1, 2),
  ],
  ...[weight('W2', 2, UNITS, 3), weight('R2', 2, UNITS, UNITS), weight('B2', 2, 2 * UNITS)],
  ...[number('half', 0.5), number('six', 6), number('zero number', 0), number('low', -1), number('high', 1)],
  ...[list('end', -1), list('begin', -99), list('back', -1), list('three', 3), list('parts', 0, 0, 2, 2)],
  ...[list('repeated', 1, 5, 1), list('expanded', 1, 5, 3), list('alike', 1, 1, 1), list('flat', 0, -1)],
  ...[list('steps of two', -1, 2, 2), list('sizes', 1, 2), intTensor('first', [], [0]), intTensor('last', [], [-1])],
  ...[list('steps and features', STEPS, 3), intTensor('twelve', [], [12])],
  list('two of three', 0, 0, 2, 3),
  ...[intTensor('middle', [], [1]), list('apart', 0, 0, 0, -1), list('together', 0, 0, -1)],
];
const rowOf = (shape: 'row' | 'steps' | 'one step'): End =>
  shape === 'row' ? ['x', ['batch', 3]] : ['x', ['batch', shape === 'steps' ? STEPS : 1, 3]];

const channels = node('Transpose', ['x'], 'c0', { perm: ints([0, 2, 1]) });
const turned = node('Transpose', ['x'], 't', { perm: ints([1, 0, 2]) });
const round = node('Slice', ['x', 'end', 'begin', 'one', 'back'], 'round');
const dense = (from = 'x') => node('MatMul', [from, 'W4'], 'made');
const both = node('RNN', ['t', 'W2', 'R2', 'B2'], ['Y', 'h'], {
  hidden_size: int(UNITS),
  direction: text('bidirectional'),
});
const back = (from: string) => node('Transpose', [from], 'y', { perm: ints([1, 0, 2]) });
const gemm = (attributes = {}, input = ['x', 'W', 'b']) => [node('Gemm', input, 'y', attributes)];

const gemmOf = (from: string) => gemm({}, [from, 'W', 'b']);
const half = floatTensor('', [1], [0.5]);

type Case = [classes: string, nodes: NodeProto[], shape?: 'row' | 'steps' | 'one step', opset?: number];
const read: Record<string, Case> = {
  'Gemm of a factor for its product': ['Dense', gemm({ alpha: float(0.5) }), 'row'],
  'Gemm of a factor for its bias': ['Dense', gemm({ beta: float(-2) }), 'row'],
  'Gemm of a kernel turned round': ['Dense', gemm({ transB: int(1), alpha: float(3) }, ['x', 'V', 'b']), 'row'],
  'Gemm without a bias': ['Dense', gemm({}, ['x', 'W']), 'row'],
  'BatchNormalization of its own epsilon': [
    'BatchNormalization',
    [
      channels,
      node('BatchNormalization', ['c0', 'g', 'c', 'c', 's'], 'n', { epsilon: float(0.1) }),
      node('Transpose', ['n'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
  'BatchNormalization of a row': [
    'BatchNormalization',
    [node('BatchNormalization', ['x', 'g', 'c', 'c', 's'], 'y')],
    'row',
  ],
  'LayerNormalization without a shift': [
    'LayerNormalization',
    [node('LayerNormalization', ['x', 'g'], 'y', { epsilon: float(0.3) })],
  ],
  LeakyRelu: ['LeakyReLU', [node('LeakyRelu', ['x'], 'y')]],
  'LeakyRelu of its own slope': ['LeakyReLU', [node('LeakyRelu', ['x'], 'y', { alpha: float(0.3) })]],
  Elu: ['Activation', [node('Elu', ['x'], 'y')]],
  'Elu of its own size': ['ELU', [node('Elu', ['x'], 'y', { alpha: float(0.5) })]],
  Celu: ['Activation', [node('Celu', ['x'], 'y')]],
  'ThresholdedRelu of 0': ['Activation', [node('ThresholdedRelu', ['x'], 'y', { alpha: float(0) })]],
  'Clip to 0 … 6': ['Activation', [node('Clip', ['x', 'zero number', 'six'], 'y')]],
  'Clip to −1 … 1, as older versions have it': [
    'Activation',
    [node('Clip', ['x'], 'y', { min: float(-1), max: float(1) })],
    'steps',
    10,
  ],
  'Clip to −1 … 1': ['Activation', [node('Clip', ['x', 'low', 'high'], 'y')]],
  'Shrink, hard': ['Activation', [node('Shrink', ['x'], 'y')]],
  'Shrink, soft': ['Activation', [node('Shrink', ['x'], 'y', { bias: float(0.5) })]],
  HardSigmoid: ['Activation', [node('HardSigmoid', ['x'], 'y')]],
  'HardSigmoid of Keras 3': ['Activation', [node('HardSigmoid', ['x'], 'y', { alpha: float(1 / 6) })]],
  'HardSigmoid behind a Dense': [
    'Dense',
    [node('MatMul', ['x', 'W'], 'made'), node('HardSigmoid', ['made'], 'y', { alpha: float(0.5) })],
  ],
  'x times its sigmoid': ['Activation', [node('Sigmoid', ['x'], 'open'), node('Mul', ['open', 'x'], 'y')]],
  'x times its hard sigmoid': [
    'Activation',
    [node('HardSigmoid', ['x'], 'open', { alpha: float(1 / 6) }), node('Mul', ['x', 'open'], 'y')],
  ],
  'x times another function of it': [
    'InputLayer, Activation, Multiply',
    [node('Tanh', ['x'], 'open'), node('Mul', ['x', 'open'], 'y')],
  ],
  'Softmax of a row, of an older version': ['Activation', [node('Softmax', ['x'], 'y')], 'row', 12],
  'Softmax over the steps': ['Softmax', [node('Softmax', ['x'], 'y', { axis: int(1) })]],
  LogSoftmax: ['Activation', [node('LogSoftmax', ['x'], 'y')]],
  'PRelu of a slope for each feature': ['PReLU', [node('PRelu', ['x', 'g'], 'y')]],
  'PRelu of one slope, of a row': ['PReLU', [node('PRelu', ['x', 'half'], 'y')], 'row'],
  'a number taken away': ['BatchNormalization', [node('Sub', ['x', 'half'], 'y')]],
  'numbers taken away and divided by, behind a Dense': [
    'Dense',
    [node('MatMul', ['x', 'W'], 'made'), node('Sub', ['made', 'b'], 'less'), node('Div', ['less', 'half'], 'y')],
  ],
  'numbers added and multiplied': [
    'BatchNormalization, BatchNormalization',
    [node('Add', ['c', 'x'], 'more'), node('Mul', ['g', 'more'], 'y')],
  ],
  'a number for features that do not come last': [
    'BatchNormalization',
    [channels, node('Div', ['c0', 'half'], 'less'), node('Transpose', ['less'], 'y', { perm: ints([0, 2, 1]) })],
  ],
  'numbers for each step': ['PositionEmbedding', [node('Add', ['x', 'positions'], 'y')]],
  'numbers for each step, which runs from the end': [
    'PositionEmbedding',
    [round, node('Add', ['1 positions', 'round'], 'sum'), node('Slice', ['sum', 'end', 'begin', 'one', 'back'], 'y')],
  ],
  'sums and means of several': [
    'InputLayer, Activation, Activation, Add, Average',
    [
      node('Tanh', ['x'], 'a'),
      node('Sigmoid', ['x'], 'b0'),
      node('Sum', ['x', 'a', 'b0'], 'sum'),
      node('Mean', ['sum', 'a'], 'y'),
    ],
  ],
  'one beside itself': ['InputLayer, Concatenate', [node('Concat', ['x', 'x'], 'y', { axis: int(2) })]],
  'steps joined with their features': [
    'Flatten, Dense',
    [node('Reshape', ['x', 'flat'], 'all'), node('MatMul', ['all', 'wide'], 'y')],
  ],
  'features joined with their steps': [
    'Permute, Flatten, Dense',
    [channels, node('Flatten', ['c0'], 'all'), node('MatMul', ['all', 'wide'], 'y')],
  ],
  'a row as steps': ['Dense, Reshape', [dense(), node('Reshape', ['made', 'steps of two'], 'y')], 'row'],
  'a row that is repeated': [
    'RepeatVector',
    [node('Unsqueeze', ['x', 'one'], 'wide row'), node('Tile', ['wide row', 'repeated'], 'y')],
    'row',
  ],
  'a row that is spread': [
    'RepeatVector, Dense',
    [
      node('Unsqueeze', ['x', 'one'], 'wide row'),
      node('Expand', ['wide row', 'expanded'], 'many'),
      node('MatMul', ['many', 'W'], 'y'),
    ],
    'row',
  ],
  'what is repeated once': ['Dense', [node('Tile', ['x', 'alike'], 'same'), node('MatMul', ['same', 'W'], 'y')]],
  'what is dropped in training alone': [
    'Dense, LeakyReLU',
    [dense(), node('Dropout', ['made', 'half'], 'kept'), node('LeakyRelu', ['kept'], 'y')],
  ],
  'one value joined with no other': [
    'Dense',
    [node('Concat', ['x'], 'same', { axis: int(1) }), ...gemmOf('same')],
    'row',
  ],
  'the same number at each step and feature': [
    'BatchNormalization',
    [
      node('ConstantOfShape', ['steps and features'], 'halves', { value: { t: half, type: 4 } }),
      node('Mul', ['x', 'halves'], 'y'),
    ],
  ],
  'rows that are counted by how many numbers there are': [
    'Flatten, Dense',
    [
      node('Size', ['x'], 'all numbers'),
      node('Div', ['all numbers', 'twelve'], 'count'),
      node('Unsqueeze', ['count', 'zero'], 'rows'),
      node('Concat', ['rows', 'end'], 'of rows', { axis: int(0) }),
      node('Reshape', ['x', 'of rows'], 'flat row'),
      node('MatMul', ['flat row', 'wide'], 'y'),
    ],
  ],
  'the only step': ['SimpleRNN', [node('Squeeze', ['x', 'one'], 'y')], 'one step'],
  'the first step of a Dense layer': [
    'Dense, SimpleRNN',
    [dense(), node('Gather', ['made', 'first'], 'y', { axis: int(1) })],
  ],
  'the last step of layers over an RNN': [
    'SimpleRNN, Dense, LeakyReLU',
    [
      turned,
      node('RNN', ['t', 'W1', 'R1'], ['Y'], { hidden_size: int(UNITS) }),
      node('Squeeze', ['Y', 'one'], 'all'),
      node('MatMul', ['all', 'V'], 'made'),
      node('LeakyRelu', ['made'], 'bent'),
      node('Gather', ['bent', 'last'], 'y'),
    ],
  ],
  'some of a layer’s features': ['Dense', [dense(), node('Slice', ['made', 'one', 'three', 'two'], 'y')]],
  'some of the input’s features': ['Dense', [node('Slice', ['x', 'one', 'three', 'two'], 'y')]],
  'one of the input’s features, by its number': [
    'Dense',
    [node('Gather', ['x', 'middle'], 'one of all', { axis: int(1) }), node('Unsqueeze', ['one of all', 'one'], 'y')],
    'row',
  ],
  'a layer’s features in two parts': [
    'InputLayer, Dense, Dense, Activation, Concatenate',
    [
      dense(),
      node('Split', ['made'], ['p', 'q'], { axis: int(-1), num_outputs: int(2) }),
      node('Tanh', ['p'], 'bounded'),
      node('Concat', ['q', 'bounded'], 'y', { axis: int(-1) }),
    ],
  ],
  'features of one group of two': [
    'Dense',
    [
      dense(),
      node('Reshape', ['made', 'parts'], 'groups'),
      node('Gather', ['groups', 'middle'], 'y', { axis: int(2) }),
    ],
  ],
  'two features of each group of three, of a layer with a bias': [
    'Dense',
    [
      node('MatMul', ['x', 'W6'], 'product'),
      node('Add', ['product', 'b6'], 'made'),
      node('Reshape', ['made', 'two of three'], 'groups'),
      node('Slice', ['groups', 'one', 'three', 'three'], 'less'),
      node('Reshape', ['less', 'together'], 'y'),
    ],
  ],
  'two features of each group of three, of an activation': [
    'Dense, Dense',
    [
      node('MatMul', ['x', 'W6'], 'product'),
      node('Tanh', ['product'], 'made'),
      node('Reshape', ['made', 'two of three'], 'groups'),
      node('Slice', ['groups', 'zero', 'two', 'three'], 'less'),
      node('Reshape', ['less', 'together'], 'y'),
    ],
  ],
  'a number for features in groups of a layer with a bias': [
    'Dense',
    [
      node('MatMul', ['x', 'W6'], 'product'),
      node('Add', ['product', 'b6'], 'made'),
      node('Reshape', ['made', 'two of three'], 'groups'),
      node('Mul', ['groups', 'half'], 'less'),
      node('Reshape', ['less', 'together'], 'y'),
    ],
  ],
  'a number for features in groups': [
    'Dense',
    [
      dense(),
      node('Reshape', ['made', 'parts'], 'groups'),
      node('Mul', ['groups', 'half'], 'less'),
      node('Reshape', ['less', 'together'], 'y'),
    ],
  ],
  'a number for features in groups of an activation': [
    'Dense, BatchNormalization',
    [
      dense(),
      node('Tanh', ['made'], 'bounded'),
      node('Reshape', ['bounded', 'parts'], 'groups'),
      node('Div', ['groups', 'half'], 'less'),
      node('Reshape', ['less', 'together'], 'y'),
    ],
  ],
  ...Object.fromEntries(
    ['ReduceSum', 'ReduceMean', 'ReduceProd'].map((type): [string, Case] => [
      `${type} of two directions`,
      ['Bidirectional', [turned, both, node(type, ['Y', 'one'], 'all', { keepdims: int(0) }), back('all')]],
    ]),
  ),
  'ReduceSum of the states of two directions, kept': [
    'Bidirectional',
    [turned, both, node('ReduceSum', ['h', 'zero'], 'all'), node('Squeeze', ['all', 'zero'], 'y')],
  ],
  'two directions, the sum of their halves': [
    'Bidirectional',
    [
      turned,
      both,
      node('Split', ['Y'], ['p', 'q'], { axis: int(1), num_outputs: int(2) }),
      node('Squeeze', ['p', 'one'], 'p0'),
      node('Squeeze', ['q', 'one'], 'q0'),
      node('Add', ['p0', 'q0'], 'all'),
      back('all'),
    ],
  ],
  'all steps of two directions in one row': [
    'Bidirectional, Flatten, Dense',
    [
      turned,
      both,
      node('Transpose', ['Y'], 'by rows', { perm: ints([2, 0, 1, 3]) }),
      node('Flatten', ['by rows'], 'row'),
      node('MatMul', ['row', 'wider'], 'y'),
    ],
  ],
  'ReduceMax over the steps, kept': [
    'GlobalMaxPooling1D',
    [node('ReduceMax', ['x', 'one'], 'most'), node('Squeeze', ['most'], 'y')],
  ],
  GlobalAveragePool: [
    'GlobalAveragePooling1D',
    [channels, node('GlobalAveragePool', ['c0'], 'mean'), node('Flatten', ['mean'], 'y')],
  ],
  'GlobalMaxPool of an image of one column': [
    'GlobalMaxPooling1D',
    [
      channels,
      node('Unsqueeze', ['c0', 'three'], 'wide image'),
      node('GlobalMaxPool', ['wide image'], 'mean'),
      node('Flatten', ['mean'], 'y'),
    ],
  ],
  'a convolution over an image of one column': [
    'Conv1D',
    [
      channels,
      node('Unsqueeze', ['c0', 'three'], 'wide image'),
      node('Conv', ['wide image', 'image'], 'over', { pads: ints([1, 0, 0, 0]), kernel_shape: ints([2, 1]) }),
      node('Squeeze', ['over', 'three'], 'less'),
      node('Transpose', ['less'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
  'a convolution of every second step, padded as it needs': [
    'Conv1D',
    [
      channels,
      node('Conv', ['c0', 'K', 'b'], 'over', { auto_pad: text('SAME_UPPER'), strides: ints([2]) }),
      node('Transpose', ['over'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
  'a convolution over an image of one row, and numbers for each step that it leaves': [
    'Conv1D, PositionEmbedding',
    [
      channels,
      node('Unsqueeze', ['c0', 'two'], 'wide image'),
      node('Conv', ['wide image', 'row image'], 'over', { strides: ints([1, 2]) }),
      node('Squeeze', ['over', 'two'], 'less'),
      node('Transpose', ['less'], 'in order', { perm: ints([0, 2, 1]) }),
      node('Add', ['in order', '2 positions'], 'y'),
    ],
  ],
  'numbers for each step of a padded convolution of every second': [
    'Conv1D, PositionEmbedding',
    [
      channels,
      node('Conv', ['c0', 'K'], 'over', { auto_pad: text('SAME_UPPER'), strides: ints([2]) }),
      node('Transpose', ['over'], 'in order', { perm: ints([0, 2, 1]) }),
      node('Add', ['in order', '2 positions'], 'y'),
    ],
  ],
  'a convolution over an image of one row, of its past': [
    'Conv1D',
    [
      channels,
      node('Unsqueeze', ['c0', 'two'], 'wide image'),
      node('Conv', ['wide image', 'row image'], 'over', { pads: ints([0, 1, 0, 0]) }),
      node('Squeeze', ['over', 'two'], 'less'),
      node('Transpose', ['less'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
  'the largest of two steps each of an image of one column, padded': [
    'MaxPooling1D',
    [
      channels,
      node('Unsqueeze', ['c0', 'three'], 'wide image'),
      node('MaxPool', ['wide image'], 'over', { kernel_shape: ints([2, 1]), pads: ints([0, 0, 1, 0]) }),
      node('Squeeze', ['over', 'three'], 'less'),
      node('Transpose', ['less'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
  'means of two steps each, with padding that there is none of': [
    'AveragePooling1D',
    [
      channels,
      node('AveragePool', ['c0'], 'over', { kernel_shape: ints([2]), count_include_pad: int(1) }),
      node('Transpose', ['over'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
  'means of two steps each, where the padding does not count': [
    'AveragePooling1D',
    [
      channels,
      node('AveragePool', ['c0'], 'over', { kernel_shape: ints([2]), pads: ints([0, 1]) }),
      node('Transpose', ['over'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
};

/** One feature has an axis of its own that may be any. */
const lost: Record<string, string[]> = {
  'one of the input’s features, by its number': [
    'the order of axes of output "y": [batch, 1] in the file, [batch, features] here',
  ],
};

test.each(Object.entries(read))(
  '%s: as ONNX Runtime to 1e-5',
  async (what, [classes, nodes, shape = 'steps', opset]) => {
    const used = new Set(nodes.flatMap(({ input = [] }) => input));
    const graph: Graph = {
      nodes,
      tensors: tensors.filter(({ name }) => used.has(name ?? '')),
      inputs: [rowOf(shape)],
      ...(opset && { opset }),
    };
    const sizes = rowOf(shape)[1].map((size) => (typeof size === 'number' ? size : BATCH));
    const x: Numbers = { shape: sizes, data: numbers(-2, 2, ...sizes) };
    const file = fileOf(graph);
    const theirs = await run(file, x);
    const model = await loadModel(file);
    expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(classes);
    expect(model.lost).toEqual(lost[what] ?? []);
    const ours = await model.predict<Numbers>(x);
    model.dispose();
    expect(ours.shape).toEqual(theirs.shape);
    expect(largest(ours, theirs)).toBeLessThan(1e-5);
    await expectInAnyOrder(file, x, ours);
  },
);

describe('several operators that are one, and others that are not', () => {
  const mean = (from: string, to: string) => node('ReduceMean', [from], to, { axes: ints([-1]) });
  const numbersOf = {
    ...{
      'root half': Math.SQRT1_2,
      root: Math.SQRT2,
      one: 1,
      half: 0.5,
      two: 2,
      three: 3,
      more: 0.71,
      epsilon: 0.25,
      bound: 16,
      below: 15.9,
    },
  };
  const own = Object.entries(numbersOf).map(([name, value]) => floatTensor(`n ${name}`, [], [value]));
  const gelu = (change: Partial<Record<'inside' | 'sum' | 'factor' | 'outer' | 'sign', string>> = {}) => {
    const { inside = 'n root half', sum = 'n one', factor = 'n half', outer = 'x', sign = 'Add' } = change;
    return [
      node('Tanh', ['x'], 'z'),
      node('Mul', ['x', inside], 'scaled'),
      node('Erf', ['scaled'], 'curve'),
      node(sign, ['curve', sum], 'more'),
      node('Mul', [outer, 'more'], 'product'),
      node('Mul', ['product', factor], 'y'),
    ];
  };
  const softplus = (change: Partial<Record<'test' | 'of' | 'bound' | 'same' | 'soft', string>> = {}) => {
    const { test: type = 'Greater', of = 'x', bound = 'n bound', same = 'x', soft = 'x' } = change;
    return [
      node('Tanh', ['x'], 'z'),
      node(type, [of, bound], 'large'),
      node('Softplus', [soft], 'curve'),
      node('Where', ['large', same, 'curve'], 'y'),
    ];
  };
  const normalized = (
    change: Partial<Record<'power' | 'meanOf' | 'above' | 'scale' | 'squared' | 'divide', string>> = {},
  ) => {
    const { power = 'n two', meanOf = 'x', above = 'centred', scale: factor = 'g', squared = 'centred' } = change;
    return [
      node('Tanh', ['x'], 'z'),
      mean(meanOf, 'mean'),
      node('Sub', ['x', 'mean'], 'centred'),
      node('Pow', [squared, power], 'squares'),
      mean('squares', 'variance'),
      node('Add', ['variance', 'n epsilon'], 'sum'),
      node('Sqrt', ['sum'], 'deviation'),
      node(change.divide ?? 'Div', [above, 'deviation'], 'ratio'),
      node('Mul', ['ratio', factor], 'scaled'),
      node('Add', ['scaled', 'c'], 'y'),
    ];
  };
  const each = weight('for each step', STEPS, 1);
  const graphOf = (nodes: NodeProto[]): Graph => {
    const used = new Set(nodes.flatMap(({ input = [] }) => input));
    return {
      nodes,
      tensors: [...tensors, ...own, each].filter(({ name }) => used.has(name ?? '')),
      inputs: [rowOf('steps')],
      opset: 13,
    };
  };

  /** x/√2 · x·½ · (1 + erf), in each order and notation that exporters have. */
  const scaledBy: [string, NodeProto][] = [
    ['x·1/√2', node('Mul', ['x', 'n root half'], 'scaled')],
    ['1/√2·x', node('Mul', ['n root half', 'x'], 'scaled')],
    ['x/√2', node('Div', ['x', 'n root'], 'scaled')],
  ];
  const products: [string, NodeProto[]][] = [
    ['(x·(1 + erf))·½', [node('Mul', ['x', 'more'], 'p'), node('Mul', ['p', 'n half'], 'y')]],
    ['½·((1 + erf)·x)', [node('Mul', ['more', 'x'], 'p'), node('Mul', ['n half', 'p'], 'y')]],
    ['(½·(1 + erf))·x', [node('Mul', ['n half', 'more'], 'p'), node('Mul', ['p', 'x'], 'y')]],
    ['x·((1 + erf)·½)', [node('Mul', ['more', 'n half'], 'p'), node('Mul', ['x', 'p'], 'y')]],
    ['(x·½)·(1 + erf)', [node('Mul', ['x', 'n half'], 'p'), node('Mul', ['p', 'more'], 'y')]],
    ['(1 + erf)·(½·x)', [node('Mul', ['n half', 'x'], 'p'), node('Mul', ['more', 'p'], 'y')]],
    ['(x/2)·(1 + erf)', [node('Div', ['x', 'n two'], 'p'), node('Mul', ['p', 'more'], 'y')]],
  ];
  const sums: [string, NodeProto[]][] = [
    ['erf + 1', [node('Erf', ['scaled'], 'curve'), node('Add', ['curve', 'n one'], 'more')]],
    ['1 + erf', [node('Erf', ['scaled'], 'curve'), node('Add', ['n one', 'curve'], 'more')]],
  ];
  const gelus = scaledBy.flatMap(([a, first], i) =>
    products.flatMap(([b, rest], j) =>
      sums.flatMap(([c, middle], k) =>
        (i + j + k) % 3 === 0 ? [[`gelu: ${a}, ${c}, ${b}`, 'Activation', [first, ...middle, ...rest]] as const] : [],
      ),
    ),
  );
  /** 1 − erf(−x/√2), as TensorFlow has it. */
  const negative = products.map(
    ([what, rest]) =>
      [
        `gelu: 1 − erf(−x/√2), ${what}`,
        'Activation',
        [
          node('Neg', ['x'], 'negative'),
          node('Mul', ['negative', 'n root half'], 'scaled'),
          node('Erf', ['scaled'], 'curve'),
          node('Sub', ['n one', 'curve'], 'more'),
          ...rest,
        ],
      ] as const,
  );
  const centred = [mean('x', 'mean'), node('Sub', ['x', 'mean'], 'centred')];
  const deviation = (
    squares: NodeProto = node('Pow', ['centred', 'n two'], 'squares'),
    sum = ['variance', 'n epsilon'],
  ) => [squares, mean('squares', 'variance'), node('Add', sum, 'sum'), node('Sqrt', ['sum'], 'deviation')];
  const inverse = node('Reciprocal', ['deviation'], 'factor');
  const divided = node('Div', ['n one', 'deviation'], 'factor');
  const shift = node('Add', ['scaled', 'c'], 'y');
  const negated = node('Neg', ['mean'], 'less mean');
  /** (x − mean)/√(variance + ε)·γ + β in each notation that exporters have. */
  const norms: [string, NodeProto[]][] = [
    ['without γ and β', [...deviation(), node('Div', ['centred', 'deviation'], 'y')]],
    ['without β', [...deviation(), node('Div', ['centred', 'deviation'], 'ratio'), node('Mul', ['g', 'ratio'], 'y')]],
    ['without γ', [...deviation(), node('Div', ['centred', 'deviation'], 'scaled'), shift]],
    [
      'of products',
      [...deviation(node('Mul', ['centred', 'centred'], 'squares')), node('Div', ['centred', 'deviation'], 'y')],
    ],
    ['ε first', [...deviation(undefined, ['n epsilon', 'variance']), node('Div', ['centred', 'deviation'], 'y')]],
    [
      'γ before the root',
      [...deviation(), node('Mul', ['g', 'centred'], 'spread'), node('Div', ['spread', 'deviation'], 'scaled'), shift],
    ],
    [
      'by a reciprocal',
      [
        ...deviation(),
        inverse,
        node('Mul', ['centred', 'factor'], 'ratio'),
        node('Mul', ['ratio', 'g'], 'scaled'),
        shift,
      ],
    ],
    ['by 1/root', [...deviation(), divided, node('Mul', ['factor', 'centred'], 'y')]],
    [
      'γ at the reciprocal',
      [
        ...deviation(),
        inverse,
        node('Mul', ['g', 'factor'], 'both'),
        node('Mul', ['centred', 'both'], 'scaled'),
        shift,
      ],
    ],
    [
      'x·f + (β − mean·f)',
      [
        ...deviation(),
        inverse,
        node('Mul', ['factor', 'g'], 'both'),
        node('Mul', ['x', 'both'], 'spread'),
        node('Mul', ['mean', 'both'], 'off'),
        node('Sub', ['c', 'off'], 'shift'),
        node('Add', ['spread', 'shift'], 'y'),
      ],
    ],
    [
      '(−mean·f + β) + x·f',
      [
        negated,
        ...deviation(),
        divided,
        node('Mul', ['less mean', 'factor'], 'off'),
        node('Mul', ['x', 'factor'], 'spread'),
        node('Add', ['off', 'c'], 'shift'),
        node('Add', ['shift', 'spread'], 'y'),
      ],
    ],
    [
      'x·f − mean·f',
      [
        negated,
        ...deviation(),
        inverse,
        node('Mul', ['x', 'factor'], 'spread'),
        node('Mul', ['less mean', 'factor'], 'off'),
        node('Add', ['spread', 'off'], 'y'),
      ],
    ],
  ];

  test.each<[what: string, classes: string, nodes: NodeProto[]]>([
    [
      'gelu whose number has several names',
      'Activation',
      [
        node('Identity', ['n one'], 'a one'),
        node('Identity', ['a one'], 'b one'),
        node('Identity', ['b one'], 'c one'),
        ...gelu({ sum: 'c one' }),
      ],
    ],
    ['gelu', 'Activation', gelu()],
    ['softplus', 'Activation', softplus()],
    ['a layer normalization', 'LayerNormalization', normalized()],
    ...gelus,
    ...negative,
    ...norms.map(
      ([what, nodes]) => [`a layer normalization ${what}`, 'LayerNormalization', [...centred, ...nodes]] as const,
    ),
  ] as [string, string, NodeProto[]][])('%s', async (_, classes, nodes) => {
    const file = fileOf(graphOf(nodes));
    const x: Numbers = { shape: [BATCH, STEPS, 3], data: numbers(-20, 20, BATCH, STEPS, 3) };
    const model = await loadModel(file);
    expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(classes);
    const ours = await model.predict<Numbers>(x);
    model.dispose();
    expect(largest(ours, await run(file, x))).toBeLessThan(1e-5);
    await expectInAnyOrder(file, x, ours);
  });

  test.each<[what: string, operator: string, nodes: NodeProto[]]>([
    ['gelu of another width', 'Erf', gelu({ inside: 'n more' })],
    ['gelu and another number', 'Erf', gelu({ sum: 'n two' })],
    ['gelu from one', 'Erf', gelu({ sign: 'Sub' })],
    ['gelu times another number', 'Erf', gelu({ factor: 'n more' })],
    [
      'gelu without its factors',
      'Erf',
      gelu()
        .slice(0, -2)
        .concat(node('Identity', ['more'], 'y')),
    ],
    [
      'gelu without its last factor',
      'Erf',
      gelu()
        .slice(0, -1)
        .concat(node('Add', ['product', 'x'], 'y')),
    ],
    ['gelu times another value', 'Erf', gelu({ outer: 'z' })],
    ['softplus below a bound', 'Less', softplus({ test: 'Less' })],
    ['softplus above a small bound', 'Greater', softplus({ bound: 'n below' })],
    ['softplus by another value', 'Greater', softplus({ of: 'z' })],
    ['softplus of another value', 'Greater', softplus({ soft: 'z' })],
    ['softplus or another value', 'Greater', softplus({ same: 'z' })],
    ['a norm of third powers', 'ReduceMean 1', normalized({ power: 'n three' })],
    ['a norm of another mean', 'ReduceMean 1', normalized({ meanOf: 'z' })],
    ['a norm of other squares', 'ReduceMean 1', normalized({ squared: 'z' })],
    ['a norm that is not centred', 'ReduceMean 1', normalized({ above: 'x' })],
    ['a norm of another value', 'ReduceMean 1', normalized({ above: 'z' })],
    ['a norm times its deviation', 'ReduceMean 1', normalized({ divide: 'Mul' })],
    ...(
      [
        [
          'one over a root',
          [...deviation(), node('Div', ['n two', 'deviation'], 'factor'), node('Mul', ['centred', 'factor'], 'y')],
        ],
        ['a root over what is centred', [...deviation(), node('Div', ['deviation', 'centred'], 'y')]],
        [
          'of another number than ε',
          [...deviation(undefined, ['variance', 'g']), node('Div', ['centred', 'deviation'], 'y')],
        ],
        [
          'of products with others',
          [
            node('Tanh', ['x'], 'z'),
            ...deviation(node('Mul', ['centred', 'z'], 'squares')),
            node('Div', ['centred', 'deviation'], 'y'),
          ],
        ],
        ['added to its factor', [...deviation(), inverse, node('Add', ['centred', 'factor'], 'y')]],
        [
          'of another value’s mean',
          [
            node('Tanh', ['x'], 'z'),
            mean('z', 'other mean'),
            ...deviation(),
            inverse,
            node('Mul', ['x', 'factor'], 'spread'),
            node('Mul', ['other mean', 'factor'], 'off'),
            node('Sub', ['c', 'off'], 'shift'),
            node('Add', ['spread', 'shift'], 'y'),
          ],
        ],
        [
          'with its mean added',
          [
            ...deviation(),
            inverse,
            node('Mul', ['x', 'factor'], 'spread'),
            node('Mul', ['mean', 'factor'], 'off'),
            node('Add', ['off', 'c'], 'shift'),
            node('Add', ['spread', 'shift'], 'y'),
          ],
        ],
        [
          'that nothing is added to',
          [
            ...deviation(),
            inverse,
            node('Mul', ['x', 'factor'], 'spread'),
            node('Mul', ['mean', 'factor'], 'off'),
            node('Mul', ['spread', 'off'], 'y'),
          ],
        ],
        [
          'three times',
          [
            ...deviation(),
            inverse,
            ...['a', 'b', 'd'].map((name) => node('Mul', ['centred', 'factor'], name)),
            node('Sum', ['a', 'b', 'd'], 'y'),
          ],
        ],
      ] as [string, NodeProto[]][]
    ).map(([what, nodes]): [string, string, NodeProto[]] => [`a norm ${what}`, 'ReduceMean', [...centred, ...nodes]]),
  ])('%s is none', async (_, operator, nodes) => {
    const known =
      operator === 'ReduceMean 1'
        ? 'it reduces [features] of [batch, steps, features]'
        : 'memcell reads no such operator';
    if (operator === 'ReduceMean') {
      await expect(loadModel(fileOf(graphOf(nodes)))).rejects.toThrow(
        /^the model: node "ReduceMean [012]" \(ReduceMean\): it reduces \[features\]/,
      );
      return;
    }
    await expect(loadModel(fileOf(graphOf(nodes)))).rejects.toThrow(
      `the model: node "${operator}" (${operator.replace(/ .*/, '')}): ${known}; export the model without it`,
    );
  });

  test('a variance along another axis than the mean is none of a layer normalization', async () => {
    const nodes = normalized().map((one) =>
      one.output?.[0] === 'variance' ? { ...one, attribute: [{ name: 'axes', ...ints([1]) }] } : one,
    );
    await expect(loadModel(fileOf(graphOf(nodes)))).rejects.toThrow(
      'node "ReduceMean 1" (ReduceMean): it reduces [features] of [batch, steps, features]',
    );
  });

  test('a scale for each step is no part of a layer normalization', async () => {
    await expect(loadModel(fileOf(graphOf(normalized({ scale: 'for each step' }))))).rejects.toMatchObject({
      message: expect.stringContaining('node "Mul" (Mul): '),
    });
  });
});
