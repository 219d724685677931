/** Recurrent operators in graphs by hand: what is read gives what ONNX Runtime gives, and what no layer is, is refused in whole lines. */
import { describe, expect, test } from '@jest/globals';
import * as ort from 'onnxruntime-web';
import { int, ints, text, texts } from '../../../src/formats/onnx/builder.js';
import type { NodeProto, TensorProto } from '../../../src/formats/onnx/proto.js';
import { floatTensor, intTensor } from '../../../src/formats/onnx/tensors.js';
import { loadModel } from '../../../src/index.js';
import { type Attributes, type End, fileOf, type Graph, node } from './byHand.js';
import { expectInAnyOrder } from './reordered.js';
import { draws, largest, type Numbers } from './runtime.js';

const [BATCH, STEPS, FEATURES, UNITS] = [2, 4, 3, 5];

const drawn = draws(11);
const numbers = (...shape: number[]) =>
  Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => drawn(-0.9, 0.9));
const weight = (name: string, ...shape: number[]) => floatTensor(name, shape, numbers(...shape));

/** W, R and B of an operator of `gates` gates. */
const weights = (gates: number, { directions = 1, features = FEATURES, end = '' } = {}): TensorProto[] => [
  weight(`W${end}`, directions, gates * UNITS, features),
  weight(`R${end}`, directions, gates * UNITS, UNITS),
  weight(`B${end}`, directions, 2 * gates * UNITS),
];

const x: End = ['x', ['batch', 'steps', FEATURES]];
const fixed: End = ['x', ['batch', STEPS, FEATURES]];
const lengths: End = ['n', ['batch'], 6];

const turned = node('Transpose', ['x'], 't', { perm: ints([1, 0, 2]) });
const hidden = { hidden_size: int(UNITS) };
/** The last state as y [batch, units]. */
const last = node('Squeeze', ['h', 'zero'], 'y');

const lstm = (input: string[], output: string[] = ['', 'h'], attributes: Attributes = {}) =>
  node('LSTM', input, output, { ...hidden, ...attributes });

interface Case extends Graph {
  classes: string;
  lost?: string[];
  /** Where ONNX Runtime has not what the file asks for: a file that gives the same. */
  as?: Graph;
}

const padded = 'input "n", how long each sequence is: here a step of nothing but 0 is padding';
const range = (size: string) => [
  node('Shape', ['x'], 'sizes'),
  node('Gather', ['sizes', 'zero'], 'rows', { axis: int(0) }),
  node('Expand', [size, 'rows'], 'each'),
  node('Cast', ['each'], 'n', { to: int(6) }),
];

const read: Record<string, Case> = {
  'the step that a layer which runs from the end has read first': {
    nodes: [
      turned,
      lstm(['t', 'W', 'R', 'B'], ['all'], { direction: text('reverse') }),
      node('Squeeze', ['all', 'one'], 'sequence'),
      node('Gather', ['sequence', 'end'], 'y'),
    ],
    tensors: [...weights(4), intTensor('end', [], [-1])],
    classes: 'LSTM, SimpleRNN',
  },
  'the last step of shares over the steps': {
    nodes: [
      turned,
      lstm(['t', 'W', 'R', 'B'], ['all']),
      node('Squeeze', ['all', 'one'], 'sequence'),
      node('Softmax', ['sequence'], 'shares', { axis: int(0) }),
      node('Gather', ['shares', 'end'], 'y'),
    ],
    tensors: [...weights(4), intTensor('end', [], [-1])],
    classes: 'LSTM, Softmax, SimpleRNN',
  },
  'lengths as an input': {
    nodes: [turned, lstm(['t', 'W', 'R', 'B', 'n']), last],
    tensors: weights(4),
    inputs: [x, lengths],
    classes: 'Masking, LSTM',
    lost: [padded],
  },
  'lengths, of both directions': {
    nodes: [
      turned,
      node('GRU', ['t', 'W', 'R', 'B', 'n'], ['', 'h'], {
        ...hidden,
        direction: text('bidirectional'),
        linear_before_reset: int(1),
      }),
      node('Transpose', ['h'], 'sides', { perm: ints([1, 0, 2]) }),
      node('Flatten', ['sides'], 'y'),
    ],
    tensors: weights(3, { directions: 2 }),
    inputs: [x, lengths],
    classes: 'Masking, Bidirectional',
    lost: [padded],
  },
  'lengths behind a layer of each step': {
    nodes: [
      turned,
      node('MatMul', ['t', 'V'], 'product'),
      node('Add', ['product', 'v'], 'sum'),
      node('Tanh', ['sum'], 'bounded'),
      lstm(['bounded', 'W', 'R', 'B', 'n']),
      last,
    ],
    tensors: [weight('V', FEATURES, 2), weight('v', 2), ...weights(4, { features: 2 })],
    inputs: [x, lengths],
    classes: 'Masking, Dense, LSTM',
    lost: [padded],
  },
  'lengths of two layers, which one mask serves': {
    nodes: [
      turned,
      lstm(['t', 'W', 'R', 'B', 'n'], ['Y']),
      node('Squeeze', ['Y', 'one'], 'sequence'),
      node('RNN', ['sequence', 'W1', 'R1', 'B1', 'n'], ['', 'h'], hidden),
      last,
    ],
    tensors: [...weights(4), ...weights(1, { features: UNITS, end: '1' })],
    inputs: [x, lengths],
    classes: 'Masking, LSTM, SimpleRNN',
    lost: [padded],
  },
  'lengths of an input that is not the first': {
    nodes: [
      node('Transpose', ['z'], 't', { perm: ints([1, 0, 2]) }),
      lstm(['t', 'W', 'R', 'B', 'n']),
      node('Squeeze', ['h', 'zero'], 'state'),
      node('Concat', ['x', 'state'], 'y', { axis: int(1) }),
    ],
    tensors: weights(4),
    inputs: [['x', ['batch', FEATURES]], ['z', ['batch', 'steps', FEATURES]], lengths],
    classes: 'InputLayer, Masking, InputLayer, LSTM, Concatenate',
    lost: [padded],
  },
  'lengths that are all steps, computed': {
    nodes: [turned, ...range('steps'), lstm(['t', 'W', 'R', 'B', 'n']), last],
    tensors: [intTensor('steps', [1], [STEPS]), ...weights(4)],
    inputs: [fixed],
    classes: 'LSTM',
  },
  'lengths that are all steps of any number, computed': {
    nodes: [
      turned,
      node('Shape', ['t'], 'all'),
      node('Gather', ['all', 'zero'], 'steps', { axis: int(0) }),
      ...range('steps'),
      lstm(['t', 'W', 'R', 'B', 'n']),
      last,
    ],
    tensors: weights(4),
    classes: 'LSTM',
  },
  'lengths that are all steps, listed': {
    nodes: [turned, lstm(['t', 'W', 'R', 'B', 'n']), last],
    tensors: [{ name: 'n', dims: [BATCH], dataType: 6, int32Data: new Array(BATCH).fill(STEPS) }, ...weights(4)],
    inputs: [['x', [BATCH, STEPS, FEATURES]]],
    classes: 'LSTM',
  },
  'one step of features': {
    nodes: [node('Unsqueeze', ['x', 'zero'], 't'), lstm(['t', 'W', 'R', 'B']), last],
    tensors: weights(4),
    inputs: [['x', ['batch', FEATURES]]],
    classes: 'RepeatVector, LSTM',
  },
  'one step of features, in both directions, its length said': {
    nodes: [
      node('Unsqueeze', ['x', 'zero'], 't'),
      ...range('one'),
      node('RNN', ['t', 'W', 'R', 'B', 'n'], ['', 'h'], { ...hidden, direction: text('bidirectional') }),
      node('Transpose', ['h'], 'sides', { perm: ints([1, 0, 2]) }),
      node('Flatten', ['sides'], 'y'),
    ],
    tensors: weights(1, { directions: 2 }),
    inputs: [['x', ['batch', FEATURES]]],
    classes: 'RepeatVector, Bidirectional',
  },
  'numbers in a row, of any number': {
    nodes: [
      node('Unsqueeze', ['x', 'two'], 'column'),
      node('Transpose', ['column'], 't', { perm: ints([1, 0, 2]) }),
      lstm(['t', 'W', 'R', 'B']),
      last,
    ],
    tensors: weights(4, { features: 1 }),
    inputs: [['x', ['batch', 'steps']]],
    classes: 'Reshape, LSTM',
  },
  'first states of zeros, listed and filled': {
    nodes: [
      turned,
      node('ConstantOfShape', ['sizes of states'], 'c0'),
      lstm(['t', 'W', 'R', 'B', '', 'h0', 'c0']),
      last,
    ],
    tensors: [
      ...weights(4),
      floatTensor('h0', [1, BATCH, UNITS], new Float32Array(BATCH * UNITS)),
      intTensor('sizes of states', [3], [1, BATCH, UNITS]),
    ],
    inputs: [['x', [BATCH, 'steps', FEATURES]]],
    classes: 'LSTM',
  },
  'peepholes of zeros': {
    nodes: [turned, lstm(['t', 'W', 'R', 'B', '', '', '', 'P']), last],
    tensors: [...weights(4), floatTensor('P', [1, 3 * UNITS], new Float32Array(3 * UNITS))],
    classes: 'LSTM',
  },
  'no bias, backwards, functions of its own': {
    nodes: [
      turned,
      lstm(['t', 'W', 'R'], ['', 'h'], {
        direction: text('reverse'),
        activations: texts(['HardSigmoid', 'Softsign', 'Softsign']),
        activation_alpha: { floats: [0.2], type: 6 },
        activation_beta: { floats: [0.5], type: 6 },
      }),
      last,
    ],
    tensors: weights(4).slice(0, 2),
    classes: 'LSTM',
  },
  ...Object.fromEntries(
    ['Elu', 'Softplus'].map((name) => [
      `functions whose numbers are not said: HardSigmoid, ${name}`,
      {
        nodes: [turned, lstm(['t', 'W', 'R'], ['', 'h'], { activations: texts(['HardSigmoid', name, name]) }), last],
        tensors: weights(4).slice(0, 2),
        classes: 'LSTM',
      },
    ]),
  ),
  'turned round, and read backwards': {
    nodes: [
      turned,
      node('Slice', ['t', 'end', 'begin', 'zero', 'back'], 'round'),
      lstm(['round', 'W', 'R', 'B'], ['', 'h'], { direction: text('reverse') }),
      last,
    ],
    tensors: [
      ...weights(4),
      ...Object.entries({ end: -1, begin: -1000, back: -1 }).map(([name, n]) => intTensor(name, [1], [n])),
    ],
    inputs: [fixed],
    classes: 'LSTM',
  },
  'a Dense behind it, scaled and moved': {
    nodes: [
      turned,
      lstm(['t', 'W', 'R', 'B']),
      node('Squeeze', ['h', 'zero'], 'state'),
      node('MatMul', ['state', 'V'], 'product'),
      node('Add', ['product', 'v'], 'sum'),
      node('Mul', ['sum', 'scale'], 'scaled'),
      node('Add', ['scaled', 'shift'], 'y'),
    ],
    tensors: [...weights(4), weight('V', UNITS, 2), weight('v', 2), weight('scale', 2), weight('shift', 2)],
    classes: 'LSTM, Dense',
  },
  'the cell of an LSTM beside its last state': {
    nodes: [
      turned,
      lstm(['t', 'W', 'R', 'B'], ['', 'h', 'c']),
      node('Squeeze', ['h', 'zero'], 'state'),
      node('Squeeze', ['c', 'zero'], 'cell'),
      node('Concat', ['state', 'cell'], 'y', { axis: int(-1) }),
    ],
    tensors: weights(4),
    classes: 'InputLayer, LSTM, Concatenate',
  },
};

/** h_t = f(x_t·V + v + h_(t−1)·R + c), written step by step. */
interface WrittenOut {
  piece?: 'Gather' | 'Slice';
  function?: 'Tanh' | 'Relu';
  inner?: boolean;
  outer?: boolean;
  reverse?: boolean;
  sequence?: boolean;
  /** The numbers of the steps, one after the other. */
  steps?: number[];
  /** What stands at a step in the place of the others' matrix, bias, function or sequence. */
  odd?: Partial<Record<'R' | 'c' | 'function' | 'sequence', string>>;
  tensors?: TensorProto[];
}
const stepList = Array.from({ length: STEPS }, (_, t) => t);
function writtenOut(how: WrittenOut): Graph {
  const {
    piece = 'Gather',
    function: own = 'Tanh',
    inner = true,
    outer = true,
    reverse = false,
    sequence = false,
  } = how;
  const { steps = stepList, odd = {}, tensors = [] } = how;
  const linear = [node('MatMul', ['t', 'V'], 'product'), ...(inner ? [node('Add', ['product', 'v'], 'in')] : [])];
  const given = inner ? 'in' : 'product';
  const from = reverse ? 'round' : given;
  const written = steps.flatMap((t, at) => {
    const last = at === steps.length - 1;
    const of = (what: 'R' | 'c' | 'function' | 'sequence', usual: string) => (last ? (odd[what] ?? usual) : usual);
    const taken =
      piece === 'Gather'
        ? [node('Gather', [of('sequence', from), `at ${t}`], `x ${at}`)]
        : [
            node('Slice', [of('sequence', from), `from ${t}`, `from ${t + 1}`, 'zero', 'one'], `cut ${at}`),
            node('Squeeze', [`cut ${at}`, 'zero'], `x ${at}`),
          ];
    const before = at === 0 ? 'start' : `h ${at - 1}`;
    return [
      ...taken,
      node('MatMul', [before, of('R', 'R')], `back ${at}`),
      ...(outer ? [node('Add', [`back ${at}`, of('c', 'c')], `moved ${at}`)] : []),
      node('Add', [`x ${at}`, outer ? `moved ${at}` : `back ${at}`], `sum ${at}`),
      node(of('function', own), [`sum ${at}`], `h ${at}`),
    ];
  });
  const states = steps.map((_, at) => `h ${at}`);
  const end = sequence
    ? [
        node('Concat', reverse ? states.toReversed() : states, 'all', { axis: int(0) }),
        node('Transpose', ['all'], 'y', { perm: ints([1, 0, 2]) }),
      ]
    : [node('Squeeze', [states[states.length - 1], 'zero'], 'y')];
  const round = [node('Slice', [given, 'end', 'far', 'zero', 'back'], 'round')];
  const all = [turned, ...linear, ...(reverse ? round : []), ...written, ...end];
  const used = new Set(all.flatMap(({ input = [] }) => input));
  const ours = [
    ...[weight('V', FEATURES, UNITS), weight('v', UNITS), weight('R', UNITS, UNITS), weight('c', UNITS)],
    ...[weight('R other', UNITS, UNITS), weight('c other', UNITS)],
    floatTensor('start', [1, 1, UNITS], new Float32Array(UNITS)),
    ...Object.entries({ end: -1, far: -9999, back: -1 }).map(([name, n]) => intTensor(name, [1], [n])),
    ...stepList.map((t) => intTensor(`at ${t}`, [], [t])),
    ...[...stepList, STEPS].map((t) => intTensor(`from ${t}`, [1], [t])),
  ];
  const known = new Set(tensors.map(({ name }) => name));
  return {
    nodes: all,
    tensors: [...tensors, ...ours.filter(({ name }) => used.has(name ?? '') && !known.has(name))],
    inputs: [fixed],
  };
}
const ways: [what: string, how: WrittenOut][] = [
  ['', {}],
  [', of slices', { piece: 'Slice' }],
  [', a Relu, without biases', { function: 'Relu', inner: false, outer: false }],
  [', without a bias of its states', { outer: false, sequence: true }],
  [', without a bias of its inputs', { inner: false, sequence: true }],
  [', from the end', { reverse: true }],
  [', from the end, all states in the order of the steps', { reverse: true, sequence: true, piece: 'Slice' }],
];
for (const [what, how] of ways) {
  // What runs from the end gives its states from the end, so that another layer turns them round.
  const classes = how.reverse && how.sequence ? 'SimpleRNN, SimpleRNN' : 'SimpleRNN';
  read[`written out step by step${what}`] = { ...writtenOut(how), classes };
}

read['from a state that other layers give'] = {
  nodes: [
    node('ReduceMean', ['x'], 'mean', { axes: ints([1]), keepdims: int(0) }),
    node('MatMul', ['mean', 'V'], 'product'),
    node('Unsqueeze', ['product', 'zero'], 'h0'),
    turned,
    node('RNN', ['t', 'W', 'R', 'B', '', 'h0'], ['', 'h'], hidden),
    last,
  ],
  tensors: [...weights(1), weight('V', FEATURES, UNITS)],
  opset: 17,
  classes: 'InputLayer, GlobalAveragePooling1D, Dense, SimpleRNN',
};

const layers = { nodes: [turned, lstm(['t', 'W', 'R', 'B']), last], tensors: weights(4) };
const sequences = {
  nodes: [turned, lstm(['t', 'W', 'R', 'B'], ['Y']), node('Squeeze', ['Y', 'one'], 'sequence')],
  tensors: weights(4),
};

read['the cell alone'] = {
  nodes: [turned, lstm(['t', 'W', 'R', 'B'], ['', '', 'c']), node('Squeeze', ['c', 'zero'], 'y')],
  tensors: weights(4),
  classes: 'InputLayer, LSTM',
};
read['the cell alone, in two ways'] = {
  nodes: [
    turned,
    lstm(['t', 'W', 'R', 'B'], ['', '', 'c']),
    node('Squeeze', ['c', 'zero'], 'cell'),
    node('Tanh', ['cell'], 'bounded'),
    node('Add', ['cell', 'bounded'], 'y'),
  ],
  tensors: weights(4),
  classes: 'InputLayer, LSTM, Activation, Add',
};
read['both directions, all steps and the last of each'] = {
  nodes: [
    turned,
    lstm(['t', 'W', 'R', 'B'], ['Y', 'h'], { direction: text('bidirectional') }),
    node('ReduceSum', ['Y', 'one'], 'sums', { keepdims: int(0) }),
    node('ReduceMean', ['sums', 'zero'], 'mean', { keepdims: int(0) }),
    node('ReduceSum', ['h', 'zero'], 'ends', { keepdims: int(0) }),
    node('Concat', ['mean', 'ends'], 'y', { axis: int(1) }),
  ],
  tensors: weights(4, { directions: 2 }),
  classes: 'InputLayer, Bidirectional, GlobalAveragePooling1D, Bidirectional, Concatenate',
};
// ONNX Runtime has no operator whose batch comes first.
read['the batch first: the last state'] = {
  nodes: [lstm(['x', 'W', 'R', 'B'], ['', 'h'], { layout: int(1) }), node('Squeeze', ['h', 'one'], 'y')],
  tensors: layers.tensors,
  as: layers,
  classes: 'LSTM',
};
read['the batch first: all states'] = {
  nodes: [lstm(['x', 'W', 'R', 'B'], ['Y'], { layout: int(1) }), node('Squeeze', ['Y', 'two'], 'y')],
  tensors: sequences.tensors,
  as: { ...sequences, nodes: [...sequences.nodes, node('Transpose', ['sequence'], 'y', { perm: ints([1, 0, 2]) })] },
  classes: 'LSTM',
};

/** The inputs of a graph: of its rows the last one is whole, and of others the steps at their ends are padding where lengths are told. */
function given(inputs: End[]): Record<string, Numbers> {
  const told = inputs.some(([name]) => name === 'n');
  return Object.fromEntries(
    inputs.map(([name, dims]): [string, Numbers] => {
      const shape = dims.map((size) => (size === 'batch' ? BATCH : size === 'steps' ? STEPS : Number(size)));
      if (name === 'n') return [name, { shape, data: Float32Array.of(STEPS - 2, STEPS) }];
      const data = numbers(...shape);
      if (told && shape.length === 3) data.fill(0, FEATURES * (STEPS - 2), FEATURES * STEPS);
      return [name, { shape, data }];
    }),
  );
}

/** What ONNX Runtime gives as y; lengths are whole numbers. */
async function ofRuntime(file: Uint8Array, inputs: Record<string, Numbers>): Promise<Numbers> {
  const session = await ort.InferenceSession.create(file);
  const feeds = Object.entries(inputs).map(([name, { data, shape }]) => [
    name,
    name === 'n' ? new ort.Tensor('int32', Int32Array.from(data), shape) : new ort.Tensor('float32', data, shape),
  ]);
  const { y } = await session.run(Object.fromEntries(feeds));
  await session.release();
  return { data: Float32Array.from(y.data as Float32Array), shape: [...y.dims] };
}

test.each(Object.entries(read))('%s: as ONNX Runtime to 1e-5', async (_, { classes, lost = [], as, ...graph }) => {
  const inputs = given(graph.inputs ?? [x]);
  const y = await ofRuntime(fileOf(as ?? graph), inputs);
  const model = await loadModel(fileOf(graph));
  expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(classes);
  expect(model.lost).toEqual(lost);
  const [only, ...others] = Object.entries(inputs).flatMap(([name, one]) => (name === 'n' ? [] : [one]));
  const made = await model.predict<Numbers>(others.length > 0 ? [only, ...others] : only);
  expect(made.shape).toEqual(y.shape);
  expect(largest(made, y)).toBeLessThan(1e-5);
  model.dispose();
  await expectInAnyOrder(fileOf(graph), others.length > 0 ? [only, ...others] : only, made);
});

test('from states of one unit: as ONNX Runtime to 1e-5', async () => {
  const state = (name: string): End => [name, [1, 'batch', 1]];
  const file = fileOf({
    nodes: [turned, lstm(['t', 'W', 'R', 'B', '', 'h0', 'c0'], ['', 'h'], { hidden_size: int(1) }), last],
    tensors: [weight('W', 1, 4, FEATURES), weight('R', 1, 4, 1), weight('B', 1, 8)],
    inputs: [x, state('h0'), state('c0')],
  });
  const inputs = given([x, state('h0'), state('c0')]);
  const y = await ofRuntime(file, inputs);
  const model = await loadModel(file);
  expect(model.metadata).toEqual({ inputs: ['x', 'h0', 'c0'], outputs: ['y'] });
  expect(model.inputs.map(({ shape }) => shape)).toEqual([
    [null, null, FEATURES],
    [null, 1],
    [null, 1],
  ]);
  const apart = ['h0', 'c0'].map((name) => ({ data: inputs[name].data, shape: [BATCH, 1] }));
  const made = await model.predict<Numbers>([inputs.x, ...apart]);
  expect(largest(made, y)).toBeLessThan(1e-5);
  model.dispose();
});

test('a row beside sequences whose steps come first: as ONNX Runtime to 1e-5', async () => {
  const [steps, z] = [numbers(STEPS, BATCH, FEATURES), numbers(BATCH, FEATURES)];
  const graph: Graph = {
    nodes: [
      node('LSTM', ['x', 'W', 'R', 'B'], ['', 'h'], hidden),
      node('Squeeze', ['h', 'zero'], 'state'),
      node('Concat', ['state', 'z'], 'y', { axis: int(1) }),
    ],
    tensors: weights(4),
    inputs: [
      ['x', ['steps', 'batch', FEATURES]],
      ['z', ['batch', FEATURES]],
    ],
  };
  const y = await ofRuntime(fileOf(graph), {
    x: { data: steps, shape: [STEPS, BATCH, FEATURES] },
    z: { data: z, shape: [BATCH, FEATURES] },
  });
  const model = await loadModel(fileOf(graph));
  expect(model.lost).toEqual([
    'the order of axes of input "x": [steps, batch, features] in the file, [batch, steps, features] here',
  ]);
  const byRow = Float32Array.from({ length: steps.length }, (_, at) => {
    const [row, step] = [Math.floor(at / (STEPS * FEATURES)), Math.floor(at / FEATURES) % STEPS];
    return steps[(step * BATCH + row) * FEATURES + (at % FEATURES)];
  });
  const made = await model.predict<Numbers>([
    { data: byRow, shape: [BATCH, STEPS, FEATURES] },
    { data: z, shape: [BATCH, FEATURES] },
  ]);
  expect(largest(made, y)).toBeLessThan(1e-5);
  model.dispose();
});

test('of the states in one input those that are read are inputs here, which is told', async () => {
  const state = (name: string): End => [name, [2, 'batch', UNITS]];
  const graph: Graph = {
    nodes: [
      turned,
      node('Split', ['h0', 'halves'], ['h first', 'h second'], { axis: int(0) }),
      node('Split', ['c0', 'halves'], ['c first', 'c second'], { axis: int(0) }),
      lstm(['t', 'W', 'R', 'B', '', 'h second', 'c second']),
      last,
    ],
    tensors: [...weights(4), intTensor('halves', [2], [1, 1])],
    inputs: [x, state('h0'), state('c0')],
  };
  const inputs = given([x, state('h0'), state('c0')]);
  const y = await ofRuntime(fileOf(graph), inputs);
  const model = await loadModel(fileOf(graph));
  expect(model.metadata).toEqual({ inputs: ['x', 'h0_1', 'c0_1'], outputs: ['y'] });
  expect(model.lost).toEqual(
    ['h0', 'c0'].map((name) => `input "${name}" as one of [2, batch, features]: here it is ${name}_1`),
  );
  const apart = ['h0', 'c0'].map((name) => ({ data: inputs[name].data.slice(BATCH * UNITS), shape: [BATCH, UNITS] }));
  const made = await model.predict<Numbers>([inputs.x, ...apart]);
  expect(largest(made, y)).toBeLessThan(1e-5);
  model.dispose();
});

test('states of two layers in one input, taken apart: as ONNX Runtime to 1e-5', async () => {
  const state = (name: string): End => [name, [2, 'batch', UNITS]];
  const graph: Graph = {
    nodes: [
      turned,
      node('Split', ['h0', 'halves'], ['h first', 'h second'], { axis: int(0) }),
      node('Split', ['c0', 'halves'], ['c first', 'c second'], { axis: int(0) }),
      lstm(['t', 'W', 'R', 'B', '', 'h first', 'c first'], ['Y']),
      node('Squeeze', ['Y', 'one'], 'sequence'),
      lstm(['sequence', 'W1', 'R1', 'B1', '', 'h second', 'c second'], ['', 'h']),
      last,
    ],
    tensors: [...weights(4), ...weights(4, { features: UNITS, end: '1' }), intTensor('halves', [2], [1, 1])],
    inputs: [x, state('h0'), state('c0')],
  };
  const inputs = given([x, state('h0'), state('c0')]);
  const y = await ofRuntime(fileOf(graph), inputs);
  const model = await loadModel(fileOf(graph));
  expect(model.metadata).toEqual({ inputs: ['x', 'h0_0', 'h0_1', 'c0_0', 'c0_1'], outputs: ['y'] });
  expect(model.lost).toEqual(
    ['h0', 'c0'].map((name) => `input "${name}" as one of [2, batch, features]: here it is ${name}_0, ${name}_1`),
  );
  const size = BATCH * UNITS;
  const apart = ['h0', 'c0'].flatMap((name) =>
    [0, 1].map((at) => ({ data: inputs[name].data.slice(at * size, (at + 1) * size), shape: [BATCH, UNITS] })),
  );
  const made = await model.predict<Numbers>([inputs.x, ...apart]);
  expect(largest(made, y)).toBeLessThan(1e-5);
  model.dispose();
});

describe('what no layer is', () => {
  const without = 'export the model without it, or build its layers and read their weights with loadWeights';
  const damaged = 'the file is damaged, or its graph is none: check it with onnx.checker, or export it again';
  const operator = (attributes: Attributes, input = ['t', 'W', 'R', 'B']): Graph => ({
    nodes: [turned, lstm(input, ['', 'h'], attributes), last],
    tensors: weights(4),
  });
  const others = (more: TensorProto[], input: string[]): Graph => ({
    nodes: [turned, lstm(input), last],
    tensors: [...weights(4), ...more],
  });
  const states = (name: string, value: number) =>
    floatTensor(name, [1, BATCH, UNITS], new Float32Array(BATCH * UNITS).fill(value));
  const behind = (...nodes: NodeProto[]): Graph => ({ ...sequences, nodes: [...sequences.nodes, ...nodes] });
  const part =
    'sequence_lens: it reads only a part of each sequence, by lengths that come from elsewhere than a packed sequence; export it with the lengths as an input (PyTorch: pack_padded_sequence), or without lengths';

  const refused: [what: string, Graph, node: string, message: string][] = [
    [
      'a bound',
      operator({ clip: { f: 3, type: 1 } }),
      'LSTM',
      `clip: it bounds what goes into its activations, which no layer of Keras does; ${without}`,
    ],
    [
      'coupled gates',
      operator({ input_forget: int(1) }),
      'LSTM',
      `input_forget: its gates are coupled, which no layer of Keras has; ${without}`,
    ],
    [
      'another direction',
      operator({ direction: text('sideways') }),
      'LSTM',
      `direction sideways is none of forward,reverse,bidirectional; ${damaged}`,
    ],
    [
      'too few functions',
      operator({ activations: texts(['Tanh', 'Tanh']) }),
      'LSTM',
      `activations: 2 are given, not 3; ${damaged}`,
    ],
    [
      'a function that is not there',
      operator({ activations: texts(['Sigmoid', 'ScaledTanh', 'Tanh']) }),
      'LSTM',
      `activations: memcell has no ScaledTanh with these settings; ${without}`,
    ],
    [
      'a function of the second direction that is not there',
      {
        nodes: [
          turned,
          lstm(['t', 'W', 'R', 'B'], ['', 'h'], {
            direction: text('bidirectional'),
            activations: texts(['Sigmoid', 'Tanh', 'Tanh', 'Sigmoid', 'ScaledTanh', 'Tanh']),
          }),
          last,
        ],
        tensors: weights(4, { directions: 2 }),
      },
      'LSTM',
      `activations: memcell has no ScaledTanh with these settings; ${without}`,
    ],
    [
      'two functions in the place of one',
      operator({ activations: texts(['Sigmoid', 'Tanh', 'Relu']) }),
      'LSTM',
      `activations: tanh and relu; Keras's LSTM takes one for both; ${without}`,
    ],
    [
      'weights that are computed',
      operator({}, ['t', 't', 'R']),
      'LSTM',
      `its W is computed from the model's input; ${without}`,
    ],
    ['no weights', operator({}, ['t', '', 'R']), 'LSTM', `its W is missing; ${without}`],
    [
      'weights of another size',
      operator({}, ['t', 'R', 'R']),
      'LSTM',
      `W has shape [1,20,5], not [1,20,3]; ${damaged}`,
    ],
    ['states of another size', operator({}, ['t', 'W', 'W']), 'LSTM', `W has shape [1,20,3], not [1,12,3]; ${damaged}`],
    [
      'a bias of another size',
      operator({}, ['t', 'W', 'R', 'R']),
      'LSTM',
      `B has shape [1,20,5], not [1,40]; ${damaged}`,
    ],
    [
      'a number of steps that is not the sequence’s',
      { ...operator({ memcell_steps: int(3) }), inputs: [fixed] },
      'LSTM',
      `it is written out for 3 steps of 4; ${without}`,
    ],
    [
      'a first state of numbers',
      others([states('h0', 1)], ['t', 'W', 'R', 'B', '', 'h0']),
      'LSTM',
      'initial_h: its first state is a number in the file and not zero; export the model with its first states as inputs',
    ],
    [
      'a first cell of numbers',
      others([states('h0', 0), states('c0', 1)], ['t', 'W', 'R', 'B', '', 'h0', 'c0']),
      'LSTM',
      'initial_c: its first state is a number in the file and not zero; export the model with its first states as inputs',
    ],
    [
      'one first state of two',
      { ...others([states('c0', 0)], ['t', 'W', 'R', 'B', '', 'h0', 'c0']), inputs: [x, ['h0', [1, 'batch', UNITS]]] },
      'LSTM',
      'initial_h, initial_c: one of its first states is zero and the other one is not; export the model with both as inputs',
    ],
    [
      'first states of steps',
      others([], ['t', 'W', 'R', 'B', '', 't', 't']),
      'LSTM',
      `initial_h: it starts from [steps, batch, features], where [directions, batch, features] should be; ${without}`,
    ],
    [
      'lengths of fewer steps',
      {
        ...operator({}, ['t', 'W', 'R', 'B', 'n']),
        tensors: [...weights(4), intTensor('n', [1], [3])],
        inputs: [fixed],
      },
      'LSTM',
      part,
    ],
    [
      'lengths of one row of fewer steps',
      {
        ...operator({}, ['t', 'W', 'R', 'B', 'n']),
        tensors: [...weights(4), intTensor('n', [2], [4, 3])],
        inputs: [fixed],
      },
      'LSTM',
      part,
    ],
    [
      'lengths of so many steps where any number may come',
      { ...operator({}, ['t', 'W', 'R', 'B', 'n']), tensors: [...weights(4), intTensor('n', [1], [4])] },
      'LSTM',
      part,
    ],
    [
      'lengths behind a layer that reads the padding',
      {
        nodes: [turned, node('Add', ['t', 't'], 'sum'), lstm(['sum', 'W', 'R', 'B', 'n']), last],
        tensors: weights(4),
        inputs: [x, lengths],
      },
      'LSTM',
      `sequence_lens: Add below it reads the padding too, which a mask leaves out; ${without}`,
    ],
    [
      'lengths that are computed with',
      {
        ...layers,
        nodes: [node('Add', ['n', 'n'], 'more'), turned, lstm(['t', 'W', 'R', 'B', 'more']), last],
        inputs: [x, lengths],
      },
      'Add',
      `it computes with the lengths of the sequences, which memcell knows of packed sequences alone; ${without}`,
    ],
    [
      'the place of the largest of the lengths',
      {
        ...layers,
        nodes: [node('ArgMax', ['n'], 'most'), turned, lstm(['t', 'W', 'R', 'B', 'most']), last],
        inputs: [x, lengths],
      },
      'ArgMax',
      `it reads the lengths of the sequences, which memcell knows of packed sequences alone; ${without}`,
    ],
    [
      'a step in the middle',
      { ...behind(node('Gather', ['sequence', 'one'], 'y')), inputs: [fixed] },
      'Gather',
      'it takes step 1 alone, neither the first nor the last; the exporter has unrolled a recurrent layer for a fixed number of steps; export it with its operator (PyTorch: dynamo=False)',
    ],
    [
      'a step that is not there',
      {
        ...behind(node('Gather', ['sequence', 'far'], 'y')),
        tensors: [...sequences.tensors, intTensor('far', [], [STEPS])],
        inputs: [fixed],
      },
      'Gather',
      `index 4 is none of 4; ${damaged}`,
    ],
    [
      'several steps by number',
      {
        ...behind(node('Gather', ['sequence', 'both'], 'y')),
        tensors: [...sequences.tensors, intTensor('both', [2], [0, 1])],
        inputs: [fixed],
      },
      'Gather',
      `it takes several elements by number; ${without}`,
    ],
    [
      'several steps by number, in a table',
      {
        ...behind(node('Gather', ['sequence', 'table'], 'y')),
        tensors: [...sequences.tensors, intTensor('table', [1, 2], [0, 1])],
        inputs: [fixed],
      },
      'Gather',
      `it takes several elements by number; ${without}`,
    ],
    [
      'features of both directions, from within the first',
      {
        nodes: [
          turned,
          lstm(['t', 'W', 'R', 'B'], ['', 'h'], { direction: text('bidirectional') }),
          node('Transpose', ['h'], 'sides', { perm: ints([1, 0, 2]) }),
          node('Flatten', ['sides'], 'flat'),
          node('Slice', ['flat', 'one', 'six', 'one'], 'y'),
        ],
        tensors: [...weights(4, { directions: 2 }), intTensor('six', [1], [1 + UNITS])],
      },
      'Slice',
      `it takes 5 of the 10 elements of [directions·features]; ${without}`,
    ],
    [
      'one row',
      { ...behind(node('Gather', ['sequence', 'zero'], 'y', { axis: int(1) })), inputs: [fixed] },
      'Gather',
      `it takes one element of [batch]; ${without}`,
    ],
    [
      'some of the steps',
      { ...behind(node('Slice', ['sequence', 'zero', 'two', 'zero'], 'y')), inputs: [fixed] },
      'Slice',
      `it takes 2 of the 4 elements of [steps]; ${without}`,
    ],
    [
      'some of the steps, turned round',
      {
        ...behind(node('Slice', ['sequence', 'three', 'zero', 'zero', 'minus'], 'y')),
        tensors: [...sequences.tensors, intTensor('three', [1], [3]), intTensor('minus', [1], [-1])],
        inputs: [fixed],
      },
      'Slice',
      `it takes 3 of the 4 elements of [steps]; ${without}`,
    ],
    [
      'steps in two parts',
      { ...behind(node('Split', ['sequence'], ['y', 'rest'], { num_outputs: int(2) })), inputs: [fixed] },
      'Split',
      `it splits [steps]; ${without}`,
    ],
    [
      'an axis that is not of size 1',
      { ...behind(node('Squeeze', ['sequence', 'two'], 'y')), inputs: [fixed] },
      'Squeeze',
      `axis 2 of [steps, batch, features] is not of size 1; ${damaged}`,
    ],
    [
      'a shape that cuts through an axis',
      {
        ...behind(node('Reshape', ['sequence', 'sizes'], 'y')),
        tensors: [...sequences.tensors, intTensor('sizes', [3], [2, -1, 2])],
        inputs: [fixed],
      },
      'Reshape',
      `it cuts through an axis: [steps, batch, features] to shape [2,5045,2]; ${without}`,
    ],
    [
      'all states of both directions, one over the other',
      {
        nodes: [
          turned,
          node('Concat', ['t', 'back'], 'y', { axis: int(2) }),
          node('Slice', ['t', 'from', 'to', 'zero', 'minus'], 'back'),
        ].toSorted((a) => (a.opType === 'Concat' ? 1 : 0)),
        tensors: [intTensor('from', [1], [-1]), intTensor('to', [1], [-99]), intTensor('minus', [1], [-1])],
        inputs: [fixed],
      },
      'Concat',
      `it joins [steps, batch, features] and [steps, batch, features]; ${without}`,
    ],
    [
      'rows of two layers, one below the other',
      {
        nodes: [
          turned,
          lstm(['t', 'W', 'R', 'B']),
          node('Squeeze', ['h', 'zero'], 'state'),
          node('MatMul', ['state', 'V'], 'product'),
          node('Concat', ['product', 'product'], 'y', { axis: int(0) }),
        ],
        tensors: [...weights(4), weight('V', UNITS, 2)],
      },
      'Concat',
      `it joins outputs along [batch]; ${without}`,
    ],
    [
      'the two directions, the backward one first',
      {
        nodes: [
          turned,
          lstm(['t', 'W', 'R', 'B'], ['', 'h'], { direction: text('bidirectional') }),
          node('Slice', ['h', 'begin', 'end', 'zero', 'back'], 'other'),
          node('Transpose', ['other'], 'sides', { perm: ints([1, 0, 2]) }),
          node('Flatten', ['sides'], 'y'),
        ],
        tensors: [
          ...weights(4, { directions: 2 }),
          ...Object.entries({ begin: 1, end: -1000, back: -1 }).map(([name, n]) => intTensor(name, [1], [n])),
        ],
      },
      'output "y"',
      'it joins outputs of recurrent operators that are not the two directions of one layer; export the model without that output',
    ],
    [
      'the cells of both directions side by side',
      {
        nodes: [
          turned,
          lstm(['t', 'W', 'R', 'B'], ['', '', 'c'], { direction: text('bidirectional') }),
          node('Transpose', ['c'], 'sides', { perm: ints([1, 0, 2]) }),
          node('Flatten', ['sides'], 'y'),
        ],
        tensors: weights(4, { directions: 2 }),
      },
      'output "y"',
      'it reads the cell states of both directions of the model: node "LSTM" (LSTM), which no layer of Keras gives as one; take one direction after the other in the model that is exported',
    ],
  ];

  test.each<[what: string, how: WrittenOut]>([
    ['one step alone', { steps: [0] }],
    ['a step left out', { steps: [0, 2] }],
    ['no first step', { steps: [1, 2, 3] }],
    ['a step twice', { steps: [0, 1, 1] }],
    ['fewer steps than there are', { steps: [0, 1, 2] }],
    ['another matrix at the last step', { odd: { R: 'R other' } }],
    ['another bias at the last step', { odd: { c: 'c other' } }],
    ['another function at the last step', { odd: { function: 'Relu' } }],
    [
      'another sequence at the last step',
      {
        odd: { sequence: 't' },
        tensors: [
          weight('V', FEATURES, FEATURES),
          weight('v', FEATURES),
          weight('R', FEATURES, FEATURES),
          weight('c', FEATURES),
          floatTensor('start', [1, 1, FEATURES], [0, 0, 0]),
        ],
      },
    ],
    ['a matrix for one unit', { tensors: [weight('V', FEATURES, 1), weight('v', 1)] }],
    ['a bias of one number', { tensors: [weight('c', 1)] }],
    ['a bias of its inputs of one number', { tensors: [weight('v', 1)] }],
    [
      'a first state that is not zero',
      { tensors: [floatTensor('start', [1, 1, UNITS], new Float32Array(UNITS).fill(1))] },
    ],
  ])('steps that are no recurrent layer: %s', async (_, how) => {
    await expect(loadModel(fileOf(writtenOut(how)))).rejects.toMatchObject({ name: 'MemcellError', code: 'model' });
  });

  test.each(refused)('%s', async (_, graph, where, message) => {
    const place = where.startsWith('output') ? where : `node "${where}" (${where})`;
    await expect(loadModel(fileOf(graph))).rejects.toMatchObject({
      name: 'MemcellError',
      code: 'model',
      message: `the model: ${place}: ${message}`,
    });
  });
});
