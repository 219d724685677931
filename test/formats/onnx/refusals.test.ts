/** Operators that no layer is as they are set, and ends of graphs that no model has: whole lines. */
import { expect, test } from '@jest/globals';
import { float, int, ints, text } from '../../../src/formats/onnx/builder.js';
import type { NodeProto, TensorProto } from '../../../src/formats/onnx/proto.js';
import { floatTensor, intTensor } from '../../../src/formats/onnx/tensors.js';
import { loadModel } from '../../../src/index.js';
import { type Attributes, fileOf, type Graph, node } from './byHand.js';

const STEPS = 4;
const without = 'export the model without it, or build its layers and read their weights with loadWeights';
const damaged = 'the file is damaged, or its graph is none: check it with onnx.checker, or export it again';
const leave = 'export the model without that output';

const refusal = (graph: Graph) =>
  loadModel(fileOf(graph)).then(
    (model) => {
      model.dispose();
      return 'nothing';
    },
    (error) => {
      expect(error).toMatchObject({ name: 'MemcellError', code: 'model' });
      return error.message.replace(/^the model: /, '');
    },
  );

const weight = (name: string, ...shape: number[]) =>
  floatTensor(name, shape, new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5));
const fixed: Graph['inputs'] = [['x', ['batch', STEPS, 3]]];
const channels = node('Transpose', ['x'], 'c', { perm: ints([0, 2, 1]) });

/** One operator, over x [batch, 4, 3], its channels c [batch, 3, 4] or those as an image [batch, 3, 4, 1]. */
type One = [opType: string, attributes: Attributes, message: string, input?: string[], tensors?: TensorProto[]];

const kernel = [weight('K', 2, 3, 2)];
const convolution = (attributes: Attributes, message: string, tensors = kernel): One => [
  'Conv',
  attributes,
  message,
  ['c', 'K'],
  tensors,
];
const pooling = (attributes: Attributes, message: string, opType = 'AveragePool'): One => [
  opType,
  { kernel_shape: ints([2]), ...attributes },
  message,
  ['c'],
];
const numbers = (name: string, ...values: number[]) => floatTensor(name, [values.length], values);

/** Inputs that have to be numbers of the file, each by what it is called. */
const computed: One[] = (
  [
    ['Expand', 'shape', ['x', 'x']],
    ['Conv', 'kernel', ['c', 'c']],
    ['Conv', 'bias', ['c', 'K', 'x']],
    ['Gemm', 'weights', ['x', 'x']],
    ['Gemm', 'bias', ['x', 'W', 'x']],
    ['LayerNormalization', 'scale', ['x', 'x']],
    ['LayerNormalization', 'bias', ['x', 'g', 'x']],
    ['PRelu', 'slope', ['x', 'c']],
    ['Clip', 'min', ['x', 'x']],
    ['Clip', 'max', ['x', 'half', 'x']],
    ['ReduceMean', 'list of axes', ['x', 'x']],
  ] as [string, string, string[]][]
).map(([opType, what, input]) => [
  opType,
  {},
  `its ${what} is computed from the model's input; ${without}`,
  input,
  [...kernel, weight('W', 3, 2), numbers('g', 1, 1, 1), floatTensor('half', [], [0.5])].filter(({ name }) =>
    input.includes(name ?? ''),
  ),
]);

const operators: One[] = [
  ...computed,
  convolution({ group: int(3) }, `group: its channels are convolved in groups; ${without}`),
  convolution({}, `its kernel is for 5 features; ${damaged}`, [weight('K', 2, 5, 2)]),
  convolution({}, `its kernel is for 2 features; ${damaged}`, [weight('K', 2, 2, 2)]),
  ...(
    [
      ['strides', [1, 2], 'strides [1,2]'],
      ['dilations', [1, 2], 'dilations [1,2]'],
      ['pads', [0, 1, 0, 0], 'pads [0,1,0,0]'],
      ['pads', [0, 0, 0, 1], 'pads [0,0,0,1]'],
    ] as [string, number[], string][]
  ).map(
    ([name, values, message]): One => [
      'Conv',
      { [name]: ints(values) },
      `${message}; ${without}`,
      ['image', 'K'],
      [weight('K', 2, 3, 2, 1)],
    ],
  ),
  convolution({}, `its kernel has shape [2,3,2,2], which reaches over other axes than the steps; ${without}`, [
    weight('K', 2, 3, 2, 2),
  ]),
  convolution({ strides: ints([0]) }, `strides 0, dilations 1; ${damaged}`),
  convolution({ dilations: ints([0]) }, `strides 1, dilations 0; ${damaged}`),
  convolution({ strides: ints([1, 1]) }, `strides [1,1]; ${without}`),
  convolution({ pads: ints([1, 0, 0]) }, `pads [1,0,0]; ${without}`),
  convolution({ pads: ints([1, 1]) }, `pads [1,1] with strides 1 are none of Keras's: valid, same, causal; ${without}`),
  convolution(
    { pads: ints([0, 1]), strides: ints([2]) },
    `pads [0,1] with strides 2 are none of Keras's: valid, same, causal; ${without}`,
  ),
  convolution({ auto_pad: text('SAME_LOWER') }, `auto_pad SAME_LOWER; ${without}`),
  convolution({}, `its window is longer than the sequence; ${damaged}`, [weight('K', 2, 3, STEPS + 1)]),
  pooling({ kernel_shape: ints([0]) }, `kernel_shape 0, strides 1; ${damaged}`),
  pooling({ strides: ints([0]) }, `kernel_shape 2, strides 0; ${damaged}`),
  pooling({ ceil_mode: int(1) }, `ceil_mode or dilations; ${without}`),
  pooling({ dilations: ints([2]) }, `ceil_mode or dilations; ${without}`, 'MaxPool'),
  pooling({ pads: ints([0, 1]), count_include_pad: int(1) }, `count_include_pad; ${without}`),
  pooling({ pads: ints([1, 0]) }, `pads: Keras has no causal pooling; ${without}`),
  pooling({ kernel_shape: ints([5]) }, `its window is longer than the sequence; ${damaged}`, 'MaxPool'),
  ['Gemm', { transA: int(1) }, `transA: it turns its input round; ${without}`, ['x', 'W'], [weight('W', 3, 2)]],
  ['Gemm', {}, `its weights have shape [3], not two axes; ${without}`, ['x', 'W'], [weight('W', 3)]],
  ['MatMul', {}, `its second factor has shape [1,3,2], not two axes; ${without}`, ['x', 'W'], [weight('W', 1, 3, 2)]],
  ['MatMul', {}, `its second factor is computed from the model's input; ${without}`, ['W', 'x'], [weight('W', 3, 3)]],
  [
    'Clip',
    {},
    `memcell has no activation that clips to 0 … 5; ${without}`,
    ['x', 'a', 'b'],
    [numbers('a', 0), numbers('b', 5)],
  ],
  ['Clip', {}, `memcell has no activation that clips to -Infinity … 6; ${without}`, ['x', '', 'b'], [numbers('b', 6)]],
  ['HardSigmoid', { alpha: float(0.25) }, `memcell has no HardSigmoid of alpha 0.25 and beta 0.5; ${without}`],
  ['HardSigmoid', { beta: float(0.25) }, `memcell has no HardSigmoid of alpha 0.2 and beta 0.25; ${without}`],
  ['Shrink', { bias: float(0.25) }, `memcell has no Shrink of lambd 0.5 and bias 0.25; ${without}`],
  ['Shrink', { lambd: float(0.25) }, `memcell has no Shrink of lambd 0.25 and bias 0; ${without}`],
  ['Celu', { alpha: float(2) }, `memcell has no Celu of alpha 2; ${without}`],
  ['Gelu', { approximate: text('tanh') }, `memcell has no gelu with these settings; ${without}`],
  ['ThresholdedRelu', {}, `memcell has no relu with these settings; ${without}`],
  ['LayerNormalization', { axis: int(1) }, `axis 1 is not its last; ${without}`, ['x', 'g'], [numbers('g', 1, 1, 1)]],
  ['ReduceMean', {}, `it reduces other than one axis; ${without}`],
  ['ReduceMean', {}, `it reduces other than one axis; ${without}`, ['x', 'a'], [intTensor('a', [2], [1, 2])]],
  ['ReduceMean', { axes: ints([3]) }, `axis 3 is none of 3; ${damaged}`],
  ['ReduceMean', { axes: ints([-4]) }, `axis -4 is none of 3; ${damaged}`],
  ['ReduceSum', {}, `it reduces [steps] of [batch, steps, features]; ${without}`, ['x', 'one']],
  ['Sub', {}, `it subtracts what comes from the input; ${without}`, ['a', 'x'], [numbers('a', 1)]],
  ['Sub', {}, `it subtracts what comes from the input; ${without}`, ['x', 'x']],
  ['Div', {}, `it divides by what comes from the input; ${without}`, ['a', 'x'], [numbers('a', 1)]],
  ['Add', {}, `numbers of shape [2] are not one for each of 3 features; ${without}`, ['x', 'a'], [numbers('a', 1, 2)]],
  [
    'Add',
    {},
    `it adds to [batch, features, steps], where features are not the last axis; ${without}`,
    ['c', 'a'],
    [weight('a', 3, 1)],
  ],
  [
    'OneHot',
    {},
    `it writes 3 values of 0 and 2 along axis -1, which no layer does; ${without}`,
    ['x', 'three', 'values'],
    [intTensor('three', [], [3]), numbers('values', 0, 2)],
  ],
  [
    'OneHot',
    { axis: int(1) },
    `it writes 3 values of 0 and 1 along axis 1, which no layer does; ${without}`,
    ['x', 'three', 'values'],
    [intTensor('three', [], [3]), numbers('values', 0, 1)],
  ],
  [
    'OneHot',
    {},
    `it writes 4097 values of 0 and 1 along axis -1, which no layer does; ${without}`,
    ['x', 'many', 'values'],
    [intTensor('many', [], [4097]), numbers('values', 0, 1)],
  ],
  ...[7, -5].map((index): One => {
    const at = [intTensor('at', [], [index])];
    return ['Gather', { axis: int(1) }, `index ${index} is none of 4; ${damaged}`, ['x', 'at'], at];
  }),
  ['Gather', {}, `it looks up something else than rows of a table; ${without}`, ['W', 'x'], [weight('W', 3)]],
  [
    'Gather',
    { axis: int(1) },
    `it looks up something else than rows of a table; ${without}`,
    ['W', 'x'],
    [weight('W', 3, 2)],
  ],
  ['MatMul', {}, `it multiplies [batch, steps, features] and [batch, steps, features]; ${without}`, ['x', 'x']],
  ['MatMul', {}, `it multiplies [batch, features, steps] and [batch, features, steps]; ${without}`, ['c', 'c']],
  [
    'Tile',
    {},
    `it repeats [batch, steps, features] to shape [1009,8,3]; ${without}`,
    ['x', 'a'],
    [intTensor('a', [3], [1, 2, 1])],
  ],
  [
    'Expand',
    {},
    `it repeats [batch, steps, features] to shape [1,8,3]; ${without}`,
    ['x', 'a'],
    [intTensor('a', [3], [1, 8, 3])],
  ],
];

test.each(operators.map((one) => [one[0], one[2], one] as const))(
  '%s: %s',
  async (opType, message, [, attributes, , input = ['x'], tensors = []]) => {
    const image = input.includes('image') ? [node('Unsqueeze', ['c', 'behind'], 'image')] : [];
    const nodes = [channels, ...image, node(opType, input, 'y', attributes)];
    const all = [...tensors, ...image.map(() => intTensor('behind', [1], [3]))];
    expect(await refusal({ nodes, tensors: all, inputs: fixed })).toBe(`node "${opType}" (${opType}): ${message}`);
  },
);

/** γ·(x − mean)/√(variance + ε) of means over some axes. */
test.each<[what: string, Attributes, message: string]>([
  ['two axes', { axes: ints([-1, 1]) }, `node "ReduceMean 0" (ReduceMean): it reduces other than one axis; ${without}`],
  [
    'one axis, which it leaves out',
    { axes: ints([-1]), keepdims: int(0) },
    `node "ReduceMean 0" (ReduceMean): it reduces [features] of [batch, steps, features]; ${without}`,
  ],
  [
    'another axis than the last',
    { axes: ints([1]) },
    `node "Div" (LayerNormalization): axis 1 is not its last; ${without}`,
  ],
])('standardized over %s: no LayerNormalization', async (_, attributes, message) => {
  const nodes = [
    node('ReduceMean', ['x'], 'mean', attributes),
    node('Sub', ['x', 'mean'], 'centred'),
    node('Pow', ['centred', 'power'], 'squares'),
    node('ReduceMean', ['squares'], 'variance', attributes),
    node('Add', ['variance', 'epsilon'], 'sum'),
    node('Sqrt', ['sum'], 'deviation'),
    node('Div', ['centred', 'deviation'], 'y'),
  ];
  const tensors = [floatTensor('power', [], [2]), floatTensor('epsilon', [], [1e-5])];
  expect(await refusal({ nodes, tensors, inputs: fixed, opset: 13 })).toBe(message);
});

/** Two recurrent operators over one input, each with its order of axes. */
const recurrents = (...layouts: number[]): Graph => ({
  nodes: layouts.map((layout, i) =>
    node('RNN', ['x', 'W', 'R'], `y${i}`, { hidden_size: int(2), layout: int(layout) }),
  ),
  tensors: [weight('W', 1, 2, 3), weight('R', 1, 2, 2)],
  inputs: fixed,
  outputs: ['y0', 'y1'],
});

test.each<[message: string, Graph]>([
  [
    `node "Softmax" (Softmax): axis 1 is not its last; ${without}`,
    { nodes: [node('Softmax', ['x'], 'y', { axis: int(1) })], inputs: fixed, opset: 12 },
  ],
  [
    `node "RNN" (RNN): it reads [batch, steps, features], where [steps, batch, features] should be; ${without}`,
    recurrents(1, 0),
  ],
  [
    `node "RNN 0" (RNN): it reads [batch, steps, features], where [steps, batch, features] should be; ${without}`,
    recurrents(0, 1),
  ],
])('%s', async (message, graph) => {
  expect(await refusal(graph)).toBe(message);
});

test('an attention whose keys and values run in different directions is none', async () => {
  const tensors = Object.entries({ end: -1, begin: -1000, back: -1 }).map(([name, n]) => intTensor(name, [1], [n]));
  const graph = (keys: string, values: string): Graph => ({
    nodes: [
      node('Slice', ['x', 'end', 'begin', 'one', 'back'], 'round'),
      node('Transpose', [keys], 'keys', { perm: ints([0, 2, 1]) }),
      node('MatMul', ['x', 'keys'], 'scores'),
      node('Softmax', ['scores'], 'shares', { axis: int(-1) }),
      node('MatMul', ['shares', values], 'y'),
    ],
    tensors,
    inputs: fixed,
  });
  const message = `it multiplies [batch, steps, steps] of an attention and [batch, steps, features]; ${without}`;
  expect(await refusal(graph('x', 'x'))).toBe('nothing');
  expect(await refusal(graph('x', 'round'))).toBe(`node "MatMul" (MatMul): ${message}`);
  expect(await refusal(graph('round', 'x'))).toBe(`node "MatMul" (MatMul): ${message}`);
});

const dense = node('MatMul', ['x', 'W'], 'y');
const W = weight('W', 3, 2);
const three = ['batch', 'steps', 3];

test.each<[message: string, Graph]>([
  [
    'input "x" is of type 8; memcell reads numbers; export the model behind what turns it into numbers',
    { nodes: [dense], tensors: [W], inputs: [['x', three, 8]] },
  ],
  ...[1, 4].map((rank): [string, Graph] => [
    `input "x" has ${rank} axes; memcell reads sequences: [batch, steps, features] or [batch, steps]`,
    { nodes: [dense], tensors: [W], inputs: [['x', Array.from({ length: rank }, () => 3)]] },
  ]),
  [
    'input "x": the number of its features is not fixed: leave that axis out of the free ones (PyTorch: dynamic_axes, dynamic_shapes)',
    { nodes: [dense], tensors: [W], inputs: [['x', ['batch', 'steps', 'features']]] },
  ],
  [
    'input "x": the number of its features is 65537',
    { nodes: [node('Relu', ['x'], 'y')], inputs: [['x', ['batch', 'steps', 65_537]]] },
  ],
  ['the graph has no input', { nodes: [dense], tensors: [W], inputs: [] }],
  ['the graph has no output that a node gives', { nodes: [dense], tensors: [W], outputs: [] }],
  ['the graph has no output that a node gives', { nodes: [dense], tensors: [W], outputs: ['z'] }],
  ['the graph has no layer', { nodes: [node('Identity', ['x'], 'y')] }],
  [`output "y" does not depend on the input; ${leave}`, { nodes: [node('Identity', ['W'], 'y')], tensors: [W] }],
  [
    'an output is the lengths of the sequences; export the model without that output',
    {
      nodes: [dense, node('Identity', ['n'], 'm')],
      tensors: [W],
      inputs: [
        ['x', three],
        ['n', ['batch'], 6],
      ],
      outputs: ['y', 'm'],
    },
  ],
  [
    'the outputs do not depend on its first input; export the model without that input',
    {
      nodes: [node('MatMul', ['z', 'W'], 'y')],
      tensors: [W],
      inputs: [
        ['x', three],
        ['z', three],
      ],
    },
  ],
  [
    'its operators are of version 6; memcell knows 7 to 26; export it with opset_version=17',
    { nodes: [dense], tensors: [W], opset: 6 },
  ],
  [
    'its operators are of version 27; memcell knows 7 to 26; export it with opset_version=17',
    { nodes: [dense], tensors: [W], opset: 27 },
  ],
])('%s', async (message, graph) => {
  expect(await refusal(graph)).toBe(message);
});

test('at their limits they are read', async () => {
  for (const graph of [
    { nodes: [node('Relu', ['x'], 'y')], inputs: [['x', ['batch', 'steps', 65_536]]] },
    { nodes: [dense], tensors: [W], opset: 7 },
    { nodes: [dense], tensors: [W], opset: 26 },
    { nodes: [channels, ...[node('Conv', ['c', 'K'], 'y')]], tensors: [weight('K', 2, 3, STEPS)], inputs: fixed },
  ] as Graph[])
    expect(await refusal(graph)).toBe('nothing');
});

test('lists are read up to 64 numbers, and shapes up to 8 axes', async () => {
  const mean = (length: number, isAttribute: boolean): Graph => ({
    nodes: isAttribute
      ? [node('ReduceMean', ['x'], 'y', { axes: ints(new Array(length).fill(1)) })]
      : [node('ReduceMean', ['x', 'a'], 'y')],
    tensors: isAttribute ? [] : [intTensor('a', [length], new Array(length).fill(1))],
    inputs: fixed,
  });
  const several = `node "ReduceMean" (ReduceMean): it reduces other than one axis; ${without}`;
  for (const isAttribute of [true, false]) expect(await refusal(mean(64, isAttribute))).toBe(several);
  expect(await refusal(mean(65, true))).toBe(`node "ReduceMean" (ReduceMean): its axes are 65 numbers; ${damaged}`);
  expect(await refusal(mean(65, false))).toBe(
    `node "ReduceMean" (ReduceMean): its list of axes is too long; ${without}`,
  );
  const long = (rank: number) => intTensor('long', [rank], [0, 0, 3, ...new Array(rank - 3).fill(1)]);
  const more = (rank: number) =>
    intTensor(
      'more',
      [rank - 3],
      [...new Array(rank - 3).keys()].map((at) => at + 3),
    );
  const through = (rank: number, isReshaped: boolean): Graph => ({
    nodes: [
      isReshaped ? node('Reshape', ['x', 'long'], 'all') : node('Unsqueeze', ['x', 'more'], 'all'),
      node('Reshape', ['all', 'short'], 'again'),
      node('MatMul', ['again', 'W'], 'y'),
    ],
    tensors: [isReshaped ? long(rank) : more(rank), intTensor('short', [3], [0, 0, 3]), W],
    inputs: fixed,
  });
  for (const isReshaped of [true, false]) expect(await refusal(through(8, isReshaped))).toBe('nothing');
  expect(await refusal(through(9, true))).toBe(`node "Reshape 0" (Reshape): its shape has too many axes; ${without}`);
  expect(await refusal(through(9, false))).toBe(
    `node "Unsqueeze" (Unsqueeze): its result has too many axes; ${without}`,
  );
});

test('what is left of a graph is told: inputs that nothing reads, final states, the order of axes', async () => {
  const lost = async (graph: Graph) => {
    const model = await loadModel(fileOf(graph));
    const { lost } = model;
    model.dispose();
    return lost;
  };
  expect(
    await lost({
      nodes: [dense],
      tensors: [W],
      inputs: [
        ['x', three],
        ['z', three],
      ],
    }),
  ).toEqual(['input "z", which the outputs do not depend on']);
  const back = node('Transpose', ['y'], 'turned', { perm: ints([0, 2, 1]) });
  expect(await lost({ nodes: [dense, back], tensors: [W], outputs: ['turned'] })).toEqual([
    'the order of axes of output "turned": [batch, features, steps] in the file, [batch, steps, features] here',
  ]);
  const cells = [
    node('Transpose', ['x'], 't', { perm: ints([1, 0, 2]) }),
    node('RNN', ['t', 'V', 'R'], ['Y', 'h'], { hidden_size: int(2) }),
    node('Squeeze', ['Y', 'one'], 'y'),
  ];
  expect(
    await lost({ nodes: cells, tensors: [weight('V', 1, 2, 3), weight('R', 1, 2, 2)], outputs: ['y', 'h'] }),
  ).toEqual([
    'the order of axes of output "y": [steps, batch, features] in the file, [batch, steps, features] here',
    'output "h", a final state of node "RNN" (RNN)',
  ]);
});

test('a sum of other numbers of features than one another is joined by no layer here', async () => {
  const join = (width: number): Graph => ({
    nodes: [node('MatMul', ['x', 'V'], 'one'), node('Add', ['x', 'one'], 'y')],
    tensors: [weight('V', 3, width)],
    inputs: fixed,
  });
  expect(await refusal(join(3))).toBe('nothing');
  expect(await refusal(join(1))).toMatch(/it joins \[.*\] and \[.*\]/);
});

/** Graphs of a few bytes that ask for millions of numbers, each where nothing else counts them. */
const wide: Graph['inputs'] = [['x', ['batch', STEPS, 65_536]]];
const sizesOf = (...made: NodeProto[]) => [
  ...made,
  node('Shape', ['many'], 'sizes'),
  node('ReduceProd', ['sizes'], 'count', { keepdims: int(0) }),
  node('Cast', ['count'], 'factor', { to: int(1) }),
  node('Mul', ['x', 'factor'], 'y'),
];
const row = weight('row', 1, 1500);
const column = weight('column', 1500, 1);
const list = (name: string, ...values: number[]) => intTensor(name, [values.length], values);
const numberOf = (name: string, value: number) => intTensor(name, [], [value]);

test.each<[what: string, nodes: NodeProto[], tensors: TensorProto[], inputs?: Graph['inputs']]>([
  [
    'a range',
    sizesOf(node('Range', ['from', 'to', 'by'], 'many')),
    [numberOf('from', 0), numberOf('to', 2e6), numberOf('by', 1)],
  ],
  ['a sum of rows and columns', sizesOf(node('Add', ['row', 'column'], 'many')), [row, column]],
  [
    'a row that is repeated',
    sizesOf(node('Expand', ['row', 'sizes of all'], 'many')),
    [row, list('sizes of all', 1500, 1500)],
  ],
  [
    'what is joined',
    sizesOf(node('ConstantOfShape', ['size'], 'zeros'), node('Concat', ['zeros', 'zeros'], 'many', { axis: int(0) })),
    [list('size', 1e6)],
  ],
  [
    'what is summed',
    [
      node('ConstantOfShape', ['size'], 'zeros'),
      node('ReduceSum', ['zeros'], 'factor', { keepdims: int(0) }),
      node('Add', ['x', 'factor'], 'y'),
    ],
    [list('size', 2e6)],
  ],
  [
    'weights of zeros',
    [node('ConstantOfShape', ['size'], 'W'), node('MatMul', ['x', 'W'], 'y')],
    [list('size', 3, 1e6)],
  ],
  [
    'classes that are told apart',
    [node('OneHot', ['x', 'depth', 'values'], 'y')],
    [numberOf('depth', 4096), numbers('values', 0, 1)],
    [['x', ['batch', STEPS], 7]],
  ],
  ['features that are chosen', [node('Slice', ['x', 'zero', 'twenty', 'two'], 'y')], [list('twenty', 20)], wide],
])('more numbers than a file of its size holds: %s', async (_, nodes, tensors, inputs = fixed) => {
  const message = 'it asks for more numbers than a file of its size can hold';
  expect(await refusal({ nodes, tensors, inputs })).toBe(message);
});
