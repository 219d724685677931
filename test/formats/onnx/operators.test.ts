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

  test.each<[what: string, classes: string, nodes: NodeProto[]]>([
    ['gelu', 'Activation', gelu()],
    ['softplus', 'Activation', softplus()],
    ['a layer normalization', 'LayerNormalization', normalized()],
  ])('%s', async (_, classes, nodes) => {
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
  ])('%s is none', async (_, operator, nodes) => {
    const known =
      operator === 'ReduceMean 1'
        ? 'it reduces [features] of [batch, steps, features]'
        : 'memcell reads no such operator';
    await expect(loadModel(fileOf(graphOf(nodes)))).rejects.toThrow(
      `the model: node "${operator}" (${operator.replace(/ .*/, '')}): ${known}; export the model without it`,
    );
  });

  test('a scale for each step is no part of a layer normalization', async () => {
    await expect(loadModel(fileOf(graphOf(normalized({ scale: 'for each step' }))))).rejects.toMatchObject({
      message: expect.stringContaining('node "Mul" (Mul): '),
    });
  });
});
