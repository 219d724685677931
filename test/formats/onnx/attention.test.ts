/** Attention in graphs by hand: what is read gives what ONNX Runtime gives, and what no layer is, is refused in whole lines. */
import { describe, expect, test } from '@jest/globals';
import { int, ints, text } from '../../../src/formats/onnx/builder.js';
import type { NodeProto, TensorProto } from '../../../src/formats/onnx/proto.js';
import { floatTensor, intTensor } from '../../../src/formats/onnx/tensors.js';
import { loadModel } from '../../../src/index.js';
import { fileOf, type Graph, node } from './byHand.js';
import { expectInAnyOrder } from './reordered.js';
import { draws, largest, type Numbers, run } from './runtime.js';

const [BATCH, STEPS, FEATURES] = [2, 4, 4];
const drawn = draws(5);
const numbers = (...shape: number[]) =>
  Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => drawn(-0.9, 0.9));
const all: Numbers = { shape: [BATCH, STEPS, FEATURES], data: numbers(BATCH, STEPS, FEATURES) };

/** What is 0 on and below the diagonal, and `above` elsewhere. */
const triangle = (name: string, above: number, shape = [STEPS, STEPS]) =>
  floatTensor(
    name,
    shape,
    Array.from({ length: STEPS * STEPS }, (_, at) => (at % STEPS > Math.floor(at / STEPS) ? above : 0)),
  );
const number = (name: string, value: number, shape: number[] = []) => floatTensor(name, shape, [value]);

const across = node('Transpose', ['x'], 'across', { perm: ints([0, 2, 1]) });
const products = node('MatMul', ['x', 'across'], 'scores');
/** Nodes between the scores and their softmax, and the attention to x around them. */
const between = (...nodes: NodeProto[]) => [
  across,
  products,
  ...nodes,
  node('Softmax', [nodes.at(-1)?.output?.[0] ?? 'scores'], 'shares', { axis: int(-1) }),
  node('MatMul', ['shares', 'x'], 'y'),
];
/** Nodes from the shares on. */
const behind = (...nodes: NodeProto[]) => [...between().slice(0, 3), ...nodes];
/** The shares of steps (batch, steps, 1), as a layer gives them. */
const weighing = [
  node('MatMul', ['x', 'v'], 'weight of each'),
  node('Softmax', ['weight of each'], 'weights', { axis: int(1) }),
];
const v = floatTensor('v', [FEATURES, 1], numbers(FEATURES, 1));
const list = (name: string, ...values: number[]) => intTensor(name, [values.length], values);
const heads = (name: string, from: string, to: string, order: number[]) => [
  node('Reshape', [from, 'parts'], `${name} parts`),
  node('Transpose', [`${name} parts`], to, { perm: ints(order) }),
];
const parts = list('parts', 0, 0, 2, 2);
const joined = [
  node('Transpose', ['heads'], 'beside', { perm: ints([0, 2, 1, 3]) }),
  node('Reshape', ['beside', 'flat'], 'y'),
];
const flat = list('flat', 0, 0, -1);
const inHeads = (...scaled: NodeProto[]) => [
  ...heads('q', 'x', 'q', [0, 2, 1, 3]),
  ...heads('k', 'x', 'k', [0, 2, 3, 1]),
  ...heads('v', 'x', 'v', [0, 2, 1, 3]),
  node('MatMul', ['q', 'k'], 'scores'),
  ...scaled,
  node('Softmax', [scaled.at(-1)?.output?.[0] ?? 'scores'], 'shares', { axis: int(-1) }),
  node('MatMul', ['shares', 'v'], 'heads'),
  ...joined,
];

type Case = [classes: string, nodes: NodeProto[], tensors?: TensorProto[], more?: Partial<Graph>];

const attention = 'InputLayer, Attention';
const several = 'MultiHeadAttention';
const read: Record<string, Case> = {
  plain: [attention, between()],
  'scores times a number': [attention, between(node('Mul', ['scores', 'half'], 'scaled')), [number('half', 0.5)]],
  'a number times scores': [attention, between(node('Mul', ['half', 'scores'], 'scaled')), [number('half', 0.5, [1])]],
  'scores by a number, twice': [
    attention,
    between(node('Div', ['scores', 'root'], 'once'), node('Div', ['once', 'root'], 'twice')),
    [number('root', 1.5)],
  ],
  'scores times a number and by another, and times one again': [
    attention,
    between(
      node('Mul', ['scores', 'half'], 'once'),
      node('Div', ['once', 'root'], 'twice'),
      node('Mul', ['three', 'twice'], 'thrice'),
    ),
    [number('half', 0.5), number('root', 1.5), number('three', 2.5)],
  ],
  'scores and nothing added': [attention, between(node('Add', ['zeros', 'scores'], 'sum')), [number('zeros', 0)]],
  'scores and a mask of zeros': [
    attention,
    between(node('Add', ['scores', 'mask'], 'sum')),
    [floatTensor('mask', [STEPS, STEPS], new Float32Array(STEPS * STEPS))],
  ],
  'a mask of what may be looked at': [
    attention,
    between(node('Add', ['scores', 'mask'], 'sum')),
    [triangle('mask', -1e4)],
  ],
  'a mask for all rows, before the scale': [
    attention,
    between(node('Add', ['mask', 'scores'], 'sum'), node('Mul', ['sum', 'half'], 'scaled')),
    [triangle('mask', -1e9, [1, STEPS, STEPS]), number('half', 0.5)],
  ],
  'a mask that is made of its numbers': [
    attention,
    [
      node('ConstantOfShape', ['sizes'], 'ones', { value: { t: number('', 1, [1]), type: 4 } }),
      node('Trilu', ['ones'], 'lower', { upper: int(0) }),
      node('Equal', ['lower', 'zero number'], 'hidden'),
      node('Where', ['hidden', 'far', 'zero number'], 'mask'),
      ...between(node('Add', ['scores', 'mask'], 'sum')),
    ],
    [list('sizes', STEPS, STEPS), number('zero number', 0), number('far', -1e9)],
  ],
  'the part above the diagonal': [
    attention,
    [
      node('ConstantOfShape', ['sizes'], 'all', { value: { t: number('', -1e9, [1]), type: 4 } }),
      node('Trilu', ['all', 'next'], 'mask'),
      ...between(node('Add', ['scores', 'mask'], 'sum')),
    ],
    [list('sizes', STEPS, STEPS), intTensor('next', [], [1])],
  ],
  'through what changes nothing': [
    attention,
    between(
      node('Identity', ['scores'], 'same'),
      node('Cast', ['same'], 'cast', { to: int(1) }),
      node('Dropout', ['cast'], 'all'),
      node('Unsqueeze', ['all', 'one'], 'wide'),
      node('Add', ['wide', 'mask'], 'sum'),
      node('Squeeze', ['sum', 'one'], 'narrow'),
      node('Reshape', ['narrow', 'sizes'], 'kept'),
    ),
    [triangle('mask', -1e9, [1, 1, STEPS, STEPS]), list('sizes', -1, STEPS, STEPS)],
  ],
  'turned round twice': [
    attention,
    between(
      node('Transpose', ['scores'], 'turned', { perm: ints([0, 2, 1]) }),
      node('Transpose', ['turned'], 'back', { perm: ints([0, 2, 1]) }),
    ),
  ],
  'over the queries, which are the keys then': [
    'InputLayer, Activation, Attention',
    [
      across,
      node('Tanh', ['x'], 'bounded'),
      node('MatMul', ['bounded', 'across'], 'scores'),
      node('Softmax', ['scores'], 'shares', { axis: int(1) }),
      node('MatMul', ['across', 'shares'], 'sums'),
      node('Transpose', ['sums'], 'y', { perm: ints([0, 2, 1]) }),
    ],
  ],
  'of the last step alone': [
    'InputLayer, SimpleRNN, Reshape, Attention, Flatten',
    [
      across,
      node('Slice', ['x', 'end', 'far', 'one'], 'asking'),
      node('MatMul', ['asking', 'across'], 'scores'),
      node('Softmax', ['scores'], 'shares', { axis: int(2) }),
      node('MatMul', ['shares', 'x'], 'sum'),
      node('Squeeze', ['sum', 'one'], 'y'),
    ],
    [list('end', -1), list('far', 99)],
  ],
  'along letters': [
    attention,
    [
      node('Einsum', ['x', 'x'], 'scores', { equation: text('bid, bjd -> bij') }),
      node('Softmax', ['scores'], 'shares', { axis: int(-1) }),
      node('Einsum', ['shares', 'x'], 'y', { equation: text('bij,bjd->bid') }),
    ],
  ],
  'along letters, in other orders': [
    attention,
    [
      across,
      node('Einsum', ['across', 'x'], 'scores', { equation: text('bdi,bjd->jbi') }),
      node('Softmax', ['scores'], 'shares', { axis: int(0) }),
      node('Einsum', ['x', 'shares'], 'y', { equation: text('bjd,jbi->bid') }),
    ],
  ],
  'of two heads': [several, inHeads(), [parts, flat]],
  'of two heads, scaled and masked': [
    several,
    inHeads(node('Div', ['scores', 'root'], 'scaled'), node('Add', ['scaled', 'mask'], 'masked')),
    [parts, flat, number('root', 1.5), triangle('mask', -1e9)],
  ],
  'of two heads, through a matrix and moved': [
    several,
    [
      ...inHeads().slice(0, -1),
      node('Reshape', ['beside', 'flat'], 'attended'),
      node('MatMul', ['attended', 'W'], 'product'),
      node('Add', ['product', 'b'], 'once'),
      node('Add', ['once', 'b'], 'y'),
    ],
    [parts, flat, floatTensor('W', [FEATURES, 3], numbers(FEATURES, 3)), floatTensor('b', [3], numbers(3))],
  ],
  'of two heads of matrices': [
    several,
    [
      ...['q', 'k', 'v'].flatMap((name) => [
        node('MatMul', ['x', `W${name}`], `p${name}`),
        ...(name === 'v' ? [] : [node('Add', [`p${name}`, 'b'], `s${name}`)]),
      ]),
      ...heads('q', 'sq', 'q', [0, 2, 1, 3]),
      ...heads('k', 'sk', 'k', [0, 2, 3, 1]),
      ...heads('v', 'pv', 'v', [0, 2, 1, 3]),
      ...inHeads(node('Mul', ['scores', 'half'], 'scaled')).slice(6),
    ],
    [
      ...['q', 'k', 'v'].map((name) => floatTensor(`W${name}`, [FEATURES, 4], numbers(FEATURES, 4))),
      ...[floatTensor('b', [4], numbers(4)), number('half', 0.5), parts, flat],
    ],
  ],
  'steps times their weights, summed': [
    'InputLayer, Dense, Softmax, Dot, Flatten',
    [
      ...weighing,
      node('Mul', ['weights', 'x'], 'weighed'),
      node('ReduceSum', ['weighed', 'one axis'], 'y', { keepdims: int(0) }),
    ],
    [v, list('one axis', 1)],
  ],
  'steps times their weights, the steps first and an axis kept': [
    'InputLayer, Dense, Softmax, Dot, Flatten',
    [
      ...weighing,
      node('Mul', ['x', 'weights'], 'weighed'),
      node('ReduceSum', ['weighed', 'one axis'], 'sum'),
      node('Squeeze', ['sum', 'one'], 'y'),
    ],
    [v, list('one axis', 1)],
  ],
  'of two heads, the steps first and one row beside them': [
    several,
    [
      node('Reshape', ['x', 'steps of heads'], 'apart'),
      node('Transpose', ['apart'], 'q', { perm: ints([1, 2, 0, 3]) }),
      node('Transpose', ['apart'], 'k', { perm: ints([1, 2, 3, 0]) }),
      node('MatMul', ['q', 'k'], 'scores'),
      node('Softmax', ['scores'], 'shares', { axis: int(-1) }),
      node('MatMul', ['shares', 'q'], 'heads'),
      ...joined,
    ],
    [list('steps of heads', STEPS, 1, 2, 2), flat],
    { inputs: [['x', [1, STEPS, FEATURES]]] },
  ],
  'weights that meet steps': [
    'InputLayer, Dense, Softmax, Dot, Flatten',
    [
      ...weighing,
      node('Squeeze', ['weights', 'two'], 'flat weights'),
      node('Unsqueeze', ['flat weights', 'one'], 'row'),
      node('MatMul', ['row', 'x'], 'sum'),
      node('Squeeze', ['sum', 'one'], 'y'),
    ],
    [v],
  ],
  'steps that meet weights': [
    'InputLayer, Dense, Softmax, Dot, Flatten',
    [
      ...weighing,
      across,
      node('Squeeze', ['weights', 'two'], 'flat weights'),
      node('Unsqueeze', ['flat weights', 'two'], 'column'),
      node('MatMul', ['across', 'column'], 'sum'),
      node('Squeeze', ['sum', 'two'], 'y'),
    ],
    [v],
  ],
};

const graphOf = (nodes: NodeProto[], tensors: TensorProto[] = [], more: Partial<Graph> = {}): Graph => ({
  nodes,
  tensors,
  inputs: [['x', ['batch', STEPS, FEATURES]]],
  ...more,
});

test.each(Object.entries(read))('%s: as ONNX Runtime to 1e-5', async (_, [classes, nodes, tensors, more]) => {
  const file = fileOf(graphOf(nodes, tensors, more));
  const [[, [rows]]] = more?.inputs ?? [['x', [BATCH]]];
  const x = rows === 1 ? { shape: [1, STEPS, FEATURES], data: all.data.slice(0, STEPS * FEATURES) } : all;
  const theirs = await run(file, x);
  const model = await loadModel(file);
  expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(classes);
  expect(model.lost).toEqual([]);
  const ours = await model.predict<Numbers>(x);
  model.dispose();
  expect(ours.shape).toEqual(theirs.shape);
  expect(largest(ours, theirs)).toBeLessThan(1e-5);
  await expectInAnyOrder(file, x, ours);
});

describe('what no layer is', () => {
  const without = 'export the model without it, or build its layers and read their weights with loadWeights';
  const damaged = 'the file is damaged, or its graph is none: check it with onnx.checker, or export it again';
  /** 2 on and below the diagonal. */
  const lower = [
    node('ConstantOfShape', ['sizes'], 'all', { value: { t: number('', 2, [1]), type: 4 } }),
    node('Trilu', ['all'], 'mask', { upper: int(0) }),
  ];
  type Refused = [what: string, message: string, nodes: NodeProto[], tensors?: TensorProto[], more?: Partial<Graph>];
  const row: Partial<Graph> = { inputs: [['x', ['batch', FEATURES]]] };
  const twoHeads = heads('q', 'x', 'q', [0, 2, 1, 3]);
  const fourHeads = [
    node('Reshape', ['x', 'quarters'], 'in four'),
    node('Transpose', ['in four'], 'k', { perm: ints([0, 2, 3, 1]) }),
  ];
  const einsums = (equation: string, shown = equation): Refused => [
    `letters ${equation}`,
    `node "Einsum" (Einsum): equation ${JSON.stringify(shown)}: memcell knows products along one letter; ${without}`,
    [node('Einsum', ['x', 'x'], 'y', { equation: text(equation) })],
  ];
  const unlike = (what: string, message: string, mask: TensorProto): Refused => [
    what,
    `node "Add" (Add): ${message}; ${without}`,
    between(node('Add', ['scores', 'mask'], 'sum')),
    [mask],
  ];
  const noMask = 'its mask is none of those that memcell knows: none, or causal';
  const changed = (at: number, value: number) => {
    const data = Array.from({ length: STEPS * STEPS }, (_, i) => Number(i % STEPS > Math.floor(i / STEPS)) * -1e9);
    data[at] = value;
    return floatTensor('mask', [STEPS, STEPS], data);
  };
  const cases: Refused[] = [
    ...['bid,bdj', 'bid,bjd->bi', 'bii,bji->bj', 'bid,bjd->bijd', 'aid,bjd->aibj', 'bid,bjd,bkd->bij'].map((each) =>
      einsums(each),
    ),
    einsums('bid , bjd -> b i', 'bid,bjd->bi'),
    einsums(`${'a'.repeat(90)},b->ab`, 'a'.repeat(80)),
    unlike('a mask with a gap in its last row', noMask, changed(STEPS * STEPS - 2, -1e9)),
    unlike('a mask with an opening in its first row', noMask, changed(STEPS - 1, 0)),
    unlike('a mask of another number on its diagonal', noMask, changed(STEPS + 1, 1)),
    unlike('a mask of other numbers in each column', noMask, floatTensor('mask', [STEPS], [0, 0, 0, -1e9])),
    unlike('a mask of another number for all', noMask, floatTensor('mask', [1, 1, 1, 1], [1])),
    [
      'rows that meet rows',
      `node "MatMul" (MatMul): it multiplies [batch, features] and [batch, features]; ${without}`,
      [node('Tanh', ['x'], 't'), node('MatMul', ['x', 't'], 'y')],
      [],
      row,
    ],
    [
      'products of two sequences step by step, summed over the steps',
      `node "Einsum" (Einsum): it multiplies [batch, features, 1, steps] and [batch, features, steps, 1]; ${without}`,
      [node('Einsum', ['x', 'x'], 'y', { equation: text('bid,bid->bd') })],
    ],
    [
      'sequences that meet heads',
      `node "MatMul" (MatMul): it multiplies [batch, heads, steps, features] and [batch, features, steps]; ${without}`,
      [...twoHeads, across, node('MatMul', ['q', 'across'], 'y')],
      [parts],
    ],
    [
      'two heads that meet four',
      `node "MatMul" (MatMul): it multiplies [batch, heads, steps, features] and [batch, features, 1, steps]; ${without}`,
      [...twoHeads, ...fourHeads, node('MatMul', ['q', 'k'], 'y')],
      [parts, list('quarters', 0, 0, 4, 1)],
    ],
    [
      'shares of two heads that meet the values of none',
      `node "MatMul" (MatMul): it multiplies [batch, heads, steps, steps] of an attention and [batch, steps, features]; ${without}`,
      [...inHeads().slice(0, 8), node('MatMul', ['shares', 'x'], 'y')],
      [parts],
    ],
    [
      'shares of one row that meet the values of all',
      `node "MatMul" (MatMul): it multiplies [batch, 1, steps] of an attention and [batch, features, steps]; ${without}`,
      [
        across,
        node('Slice', ['x', 'end', 'far', 'one'], 'asking'),
        node('MatMul', ['asking', 'across'], 'scores'),
        node('Softmax', ['scores'], 'shares', { axis: int(2) }),
        node('MatMul', ['shares', 'across'], 'y'),
      ],
      [list('end', -1), list('far', 99)],
    ],
    ...[
      ['shares', 'Y'],
      ['Y', 'across'],
    ].map((input): [string, string, NodeProto[], TensorProto[]] => [
      `directions that are apart: ${input.join(' and ')}`,
      `node "MatMul" (MatMul): the directions are not joined with the features: [steps, directions, batch, features]; ${without}`,
      [
        ...between().slice(0, -1),
        node('Transpose', ['x'], 't', { perm: ints([1, 0, 2]) }),
        node('RNN', ['t', 'W', 'R'], ['Y'], { hidden_size: int(2), direction: text('bidirectional') }),
        node('MatMul', input, 'y'),
      ],
      [floatTensor('W', [2, 2, FEATURES], numbers(2, 2, FEATURES)), floatTensor('R', [2, 2, 2], numbers(2, 2, 2))],
    ]),
    [
      'a reshape of scores that cuts through an axis',
      `node "Reshape" (Reshape): it computes with scores of an attention what none of memcell's layers does; ${without}`,
      between(node('Reshape', ['scores', 'sizes'], 'cut')),
      [list('sizes', -1, 2, STEPS)],
    ],
    [
      'a squeeze of scores along their steps',
      `node "Squeeze" (Squeeze): it computes with scores of an attention what none of memcell's layers does; ${without}`,
      between(node('Squeeze', ['scores', 'one'], 'less')),
    ],
    [
      'scores times a number for each query',
      `node "Mul" (Mul): it computes with scores of an attention what none of memcell's layers does; ${without}`,
      between(node('Mul', ['scores', 'each'], 'scaled')),
      [floatTensor('each', [STEPS, 1], [1, 2, 3, 4])],
    ],
    [
      'scores less a number',
      `node "Sub" (Sub): it computes with scores of an attention what none of memcell's layers does; ${without}`,
      between(node('Sub', ['scores', 'half'], 'less')),
      [number('half', 0.5)],
    ],
    [
      'scores that meet scores',
      `node "Add" (Add): it computes with scores of an attention what none of memcell's layers does; ${without}`,
      between(node('Add', ['scores', 'scores'], 'twice')),
    ],
    [
      'steps times weights that run from the end',
      `node "Mul" (Mul): it joins [batch, steps, features] and [batch, steps, features]; ${without}`,
      [
        ...weighing,
        node('Slice', ['x', 'end', 'begin', 'one', 'back'], 'round'),
        node('Mul', ['weights', 'round'], 'weighed'),
        node('ReduceSum', ['weighed', 'one axis'], 'y', { keepdims: int(0) }),
      ],
      [v, list('one axis', 1), list('end', -1), list('begin', -99), list('back', -1)],
    ],
    [
      'weighed steps, summed over two axes',
      `node "ReduceSum" (ReduceSum): it reads steps times their weights, of which memcell knows the sum over all steps alone; ${without}`,
      [...weighing, node('Mul', ['weights', 'x'], 'weighed'), node('ReduceSum', ['weighed', 'both'], 'y')],
      [v, list('both', 1, 2)],
    ],
    [
      'the mean of weighed steps',
      `node "ReduceMean" (ReduceMean): it reads steps times their weights, of which memcell knows the sum over all steps alone; ${without}`,
      [...weighing, node('Mul', ['weights', 'x'], 'weighed'), node('ReduceMean', ['weighed', 'one'], 'y')],
      [v],
    ],
    [
      'letters of weighed steps',
      `node "Einsum" (Einsum): it reads steps times their weights, of which memcell knows the sum over all steps alone; ${without}`,
      [
        ...weighing,
        node('Mul', ['weights', 'x'], 'weighed'),
        node('Einsum', ['weighed', 'x'], 'y', { equation: text('bid,bjd->bij') }),
      ],
      [v],
    ],
    [
      'a bound on scores',
      `node "Tanh" (Tanh): it computes with scores of an attention what none of memcell's layers does; ${without}`,
      between(node('Tanh', ['scores'], 'bounded')),
    ],
    [
      'a number by scores',
      `node "Div" (Div): it computes with scores of an attention what none of memcell's layers does; ${without}`,
      between(node('Div', ['half', 'scores'], 'other')),
      [number('half', 0.5)],
    ],
    [
      'shares times a number',
      `node "Mul" (Mul): it computes with shares of an attention what none of memcell's layers does; ${without}`,
      behind(node('Mul', ['shares', 'half'], 'less'), node('MatMul', ['less', 'x'], 'y')),
      [number('half', 0.5)],
    ],
    [
      'shares of shares',
      `node "Softmax" (Softmax): it is a softmax of a softmax; ${without}`,
      behind(node('Softmax', ['shares'], 'again', { axis: int(-1) }), node('MatMul', ['again', 'x'], 'y')),
    ],
    [
      'a softmax over rows',
      `node "Softmax" (Softmax): it reads [batch, steps, steps] along axis 0; ${without}`,
      [across, products, node('Softmax', ['scores'], 'shares', { axis: int(0) }), node('MatMul', ['shares', 'x'], 'y')],
    ],
    [
      'a softmax over two axes, as older versions have it',
      `node "Softmax" (Softmax): axis 1 is not its last; ${without}`,
      [across, products, node('Softmax', ['scores'], 'shares'), node('MatMul', ['shares', 'x'], 'y')],
      [],
      { opset: 12 },
    ],
    [
      'a mask that keys look past',
      `node "Softmax" (Softmax): its mask lets keys look at queries; ${without}`,
      [
        across,
        products,
        node('Add', ['scores', 'mask'], 'masked'),
        node('Softmax', ['masked'], 'shares', { axis: int(1) }),
        node('MatMul', ['across', 'shares'], 'y'),
      ],
      [triangle('mask', -1e9)],
    ],
    [
      'a mask that is not low enough',
      `node "Add" (Add): its mask is none of those that memcell knows: none, or causal; ${without}`,
      between(node('Add', ['scores', 'mask'], 'sum')),
      [triangle('mask', -9999)],
    ],
    [
      'a mask of scores that are turned round',
      `node "Add" (Add): its mask is none of those that memcell knows: none, or causal; ${without}`,
      between(
        node('Transpose', ['scores'], 'turned', { perm: ints([0, 2, 1]) }),
        node('Add', ['turned', 'mask'], 'sum'),
      ),
      [triangle('mask', -1e9)],
    ],
    [
      'a mask of steps that run from the end',
      `node "Add" (Add): its mask is none of those that memcell knows: none, or causal; ${without}`,
      [
        node('Slice', ['x', 'end', 'begin', 'one', 'back'], 'round'),
        node('Transpose', ['round'], 'across', { perm: ints([0, 2, 1]) }),
        node('MatMul', ['round', 'across'], 'scores'),
        node('Add', ['scores', 'mask'], 'sum'),
        node('Softmax', ['sum'], 'shares', { axis: int(-1) }),
        node('MatMul', ['shares', 'round'], 'y'),
      ],
      [triangle('mask', -1e9), list('end', -1), list('begin', -99), list('back', -1)],
    ],
    [
      'scores without a softmax',
      `node "MatMul" (MatMul): it multiplies [batch, steps, steps] of an attention and [batch, steps, features]; ${without}`,
      [across, products, node('MatMul', ['scores', 'x'], 'y')],
    ],
    [
      'scores as an output',
      `output "y" is the scores of an attention, which no layer gives; export the model without them (PyTorch: need_weights=False)`,
      [across, node('MatMul', ['x', 'across'], 'y')],
    ],
    [
      'the largest share',
      `node "ArgMax" (ArgMax): it reads the scores of an attention, which no layer gives; export the model without them (PyTorch: need_weights=False)`,
      behind(node('ArgMax', ['shares'], 'y')),
    ],
    [
      'shares that meet shares',
      `node "Einsum" (Einsum): its factors are not outputs of layers; ${without}`,
      behind(node('Einsum', ['shares', 'shares'], 'y', { equation: text('bij,bjk->bik') })),
    ],
    [
      'a product along two letters',
      `node "Einsum" (Einsum): equation "bid,bid->b": memcell knows products along one letter; ${without}`,
      [node('Einsum', ['x', 'x'], 'y', { equation: text('bid,bid->b') })],
    ],
    [
      'letters of numbers in the file',
      `node "Einsum" (Einsum): its input 1 is no output of a layer; ${without}`,
      [node('Einsum', ['x', 'W'], 'y', { equation: text('bid,bjd->bij') })],
      [floatTensor('W', [2, STEPS, FEATURES], numbers(2, STEPS, FEATURES))],
    ],
    [
      'fewer letters than axes',
      `node "Einsum" (Einsum): equation bd,bjd->bj: its input 0 has 3 axes; ${damaged}`,
      [node('Einsum', ['x', 'x'], 'y', { equation: text('bd, bjd->bj') })],
    ],
    [
      'weighed steps that are not summed',
      `node "Tanh" (Tanh): it reads steps times their weights, of which memcell knows the sum over all steps alone; ${without}`,
      [...weighing, node('Mul', ['weights', 'x'], 'weighed'), node('Tanh', ['weighed'], 'y')],
      [v],
    ],
    [
      'weighed steps, summed over their features',
      `node "ReduceSum" (ReduceSum): it reads steps times their weights, of which memcell knows the sum over all steps alone; ${without}`,
      [...weighing, node('Mul', ['weights', 'x'], 'weighed'), node('ReduceSum', ['weighed', 'two'], 'y')],
      [v],
    ],
    [
      'the largest of weighed steps',
      `node "ArgMax" (ArgMax): it reads steps times their weights, which are not summed; ${without}`,
      [...weighing, node('Mul', ['weights', 'x'], 'weighed'), node('ArgMax', ['weighed'], 'y')],
      [v],
    ],
    [
      'weighed steps as an output',
      `output "y" is the scores of an attention, which no layer gives; export the model without them (PyTorch: need_weights=False)`,
      [...weighing, node('Mul', ['weights', 'x'], 'y')],
      [v],
    ],
    [
      'weights that run against their steps',
      `node "MatMul" (MatMul): its steps and their weights do not run alike; ${without}`,
      [
        ...weighing,
        node('Squeeze', ['weights', 'two'], 'flat weights'),
        node('Unsqueeze', ['flat weights', 'one'], 'row'),
        node('Slice', ['x', 'end', 'begin', 'one', 'back'], 'round'),
        node('MatMul', ['row', 'round'], 'y'),
      ],
      [v, list('end', -1), list('begin', -99), list('back', -1)],
    ],
    [
      'heads of heads',
      `node "MatMul" (MatMul): it multiplies [batch, heads, heads, steps, features], where the heads are not parts side by side; ${without}`,
      [
        node('Reshape', ['x', 'sizes'], 'apart'),
        node('Transpose', ['apart'], 'q', { perm: ints([0, 2, 3, 1, 4]) }),
        node('Transpose', ['apart'], 'k', { perm: ints([0, 2, 3, 4, 1]) }),
        node('MatMul', ['q', 'k'], 'y'),
      ],
      [list('sizes', 0, 0, 2, 2, 2)],
      { inputs: [['x', ['batch', STEPS, 8]]] },
    ],
    [
      'heads one by one',
      `node "Tanh" (Tanh): it reads [batch, steps, heads, features]: heads of an attention one by one; ${without}`,
      [node('Reshape', ['x', 'parts'], 'apart'), node('Tanh', ['apart'], 'y')],
      [parts],
    ],
    [
      'a mask as a matrix',
      `node "MatMul" (MatMul): its second factor is a mask; ${without}`,
      [...lower, node('MatMul', ['x', 'mask'], 'y')],
      [list('sizes', 4, 4)],
    ],
    [
      'a mask turned round',
      `node "Transpose" (Transpose): it computes with a mask what memcell does not know; ${without}`,
      [...lower, node('Transpose', ['mask'], 'turned'), node('Add', ['x', 'turned'], 'y')],
      [list('sizes', 4, 4)],
    ],
    [
      'a mask with another number in each column',
      `node "Mul" (Mul): it computes with a mask what memcell does not know; ${without}`,
      [...lower, node('Mul', ['mask', 'each'], 'made'), node('Add', ['x', 'made'], 'y')],
      [list('sizes', 4, 4), floatTensor('each', [4], [1, 2, 3, 4])],
    ],
    [
      'a triangle beside the diagonal',
      `node "Trilu" (Trilu): it cuts a triangle at 2, not at the diagonal; ${without}`,
      [
        node('ConstantOfShape', ['sizes'], 'all', { value: { t: number('', 2, [1]), type: 4 } }),
        node('Trilu', ['all', 'k'], 'mask'),
        node('Add', ['x', 'mask'], 'y'),
      ],
      [list('sizes', 4, 4), intTensor('k', [], [2])],
    ],
    ...[node('Tanh', ['places'], 'y'), node('Add', ['places', 'c'], 'y'), node('Add', ['x', 'places'], 'y')].map(
      (reader): Refused => [
        `places of the largest that ${reader.opType} of ${reader.input} reads`,
        `node "${reader.opType}" (${reader.opType}): it reads what the model: node "ArgMax" (ArgMax) gives: places, which are no outputs of a layer; ${without}`,
        [node('ArgMax', ['x'], 'places', { axis: int(-1) }), reader],
        [number('c', 1)],
      ],
    ),
    [
      'the place of the largest step',
      `node "ArgMax" (ArgMax): it looks for the largest of [steps]; ${without}`,
      [node('ArgMax', ['x'], 'y', { axis: int(1) })],
    ],
  ];
  test.each(cases.map((one) => [one[0], one] as const))('%s', async (_, [, message, nodes, tensors, more]) => {
    const refusal = await loadModel(fileOf(graphOf(nodes, tensors, more))).then(
      () => undefined,
      (error) => error,
    );
    expect(refusal).toMatchObject({ name: 'MemcellError', code: 'model' });
    expect(refusal.message).toBe(`the model: ${message}`);
  });
});
