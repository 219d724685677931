/** Ends of graphs by hand: inputs that hold states or lengths, outputs in other orders, and files that are none; whole lines. */
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { int, ints, text, texts } from '../../../src/formats/onnx/builder.js';
import { decodeModel, encodeModel, type ModelProto, type NodeProto } from '../../../src/formats/onnx/proto.js';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import { floatTensor, intTensor } from '../../../src/formats/onnx/tensors.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import {
  BatchNormalization,
  Conv1D,
  Dense,
  GRU,
  GRUCell,
  type Layer,
  LayerNormalization,
  LSTM,
  LSTMCell,
  loadModel,
  RNN,
  SeparableConv1D,
  Sequential,
} from '../../../src/index.js';
import { type End, fileOf, type Graph, node } from './byHand.js';
import { contentsOf } from './runtime.js';

const [STEPS, UNITS] = [4, 2];
const without = 'export the model without it, or build its layers and read their weights with loadWeights';
const damaged = 'the file is damaged, or its graph is none: check it with onnx.checker, or export it again';
const leave = 'export the model without that output';
const weight = (name: string, ...shape: number[]) =>
  floatTensor(
    name,
    shape,
    Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => Math.sin(i)),
  );
const lists = Object.entries({ end: -1, begin: -99, back: -1 }).map(([name, value]) => intTensor(name, [1], [value]));
const tensors = [
  ...lists,
  ...[weight('W', 1, 4 * UNITS, 3), weight('R', 1, 4 * UNITS, UNITS), weight('B', 1, 8 * UNITS)],
  ...[weight('W2', 2, 4 * UNITS, 3), weight('R2', 2, 4 * UNITS, UNITS)],
  ...[weight('V', 3, 2), weight('v', 3, 1), weight('table', 7, 2), weight('each row', 2, STEPS, 3)],
];
const x: End = ['x', ['batch', STEPS, 3]];
const lengths: End = ['n', ['batch'], 6];
const turned = node('Transpose', ['x'], 't', { perm: ints([1, 0, 2]) });
const lstm = (input: string[], output: string[]) => node('LSTM', input, output, { hidden_size: int(UNITS) });
const padded = [turned, lstm(['t', 'W', 'R', 'B', 'n'], ['Y', 'h']), node('Squeeze', ['Y', 'one'], 'sequence')];
const sorted = [
  node('Shape', ['n'], 'rows'),
  node('TopK', ['n', 'rows'], ['in order', 'order'], { axis: int(0) }),
  turned,
];
const last = node('Squeeze', ['h', 'zero'], 'y');
const round = (input: string) => node('Slice', [input, 'end', 'begin', 'one', 'back'], 'round');

const graphOf = (nodes: NodeProto[], more: Partial<Graph> = {}): Graph => {
  const used = new Set(nodes.flatMap(({ input = [] }) => input));
  return { nodes, tensors: tensors.filter(({ name }) => used.has(name ?? '')), inputs: [x], ...more };
};
const withLengths = { inputs: [x, lengths] };

const refused: [message: string, nodes: NodeProto[], more?: Partial<Graph>][] = [
  [`node "Sum" (Sum): its input 1 does not come from the model's input; ${without}`, [node('Sum', ['x', 'v'], 'y')]],
  [
    'node "Add" (Add): it meets numbers that stand for every row; the exporter has unrolled a recurrent layer for a fixed number of steps; export it with its operator (PyTorch: dynamo=False)',
    [node('Add', ['x', 'each row'], 'y')],
  ],
  [
    `node "MaxPool" (MaxPool): it reads [batch, steps, features], where [batch, features, steps] should be; ${without}`,
    [node('MatMul', ['x', 'V'], 'made'), node('MaxPool', ['made'], 'y', { kernel_shape: ints([2]) })],
  ],
  [
    `node "Gather" (Gather): its indices are computed by other layers; ${without}`,
    [node('Relu', ['x'], 'r'), node('Gather', ['table', 'r'], 'y')],
    { inputs: [['x', ['batch', 'steps'], 7]] },
  ],
  [
    `node "OneHot" (OneHot): its indices are computed by other layers; ${without}`,
    [node('Relu', ['x'], 'r'), node('OneHot', ['r', 'depth', 'values'], 'y')],
    {
      inputs: [['x', ['batch', 'steps'], 7]],
      tensors: [intTensor('depth', [], [3]), floatTensor('values', [2], [0, 1])],
    },
  ],
  ...(
    [
      [[1, 'batch', 'units'], '1,0,0'],
      [['layers', 'batch', 2], '0,0,2'],
      [[65, 'batch', 2], '65,0,2'],
      [[1, 'batch', 65_537], '1,0,65537'],
      [['batch', 2], '0,2'],
    ] as [End[1], string][]
  ).map(([dims, sizes]): [string, NodeProto[], Partial<Graph>] => [
    `input "h0" holds states of sizes [${sizes}], not [layers, batch, features] with layers and features fixed; leave those two axes out of the free ones`,
    [turned, lstm(['t', 'W', 'R', 'B', '', 'h0', 'h0'], ['', 'h']), last],
    { inputs: [x, ['h0', dims]] },
  ]),
  [
    'output "y": its GlobalMaxPooling1D over padded sequences would leave out the padding, which it does not in the file; export the model without that output',
    [...padded, node('ReduceMax', ['sequence', 'zero'], 'y', { keepdims: int(0) })],
    withLengths,
  ],
  [
    'node "Gather" (Gather): it takes one step of padded sequences, behind the end of most; take the final state in its place',
    [...padded, node('Gather', ['sequence', 'end'], 'y')],
    withLengths,
  ],
  [
    'output "y": its rows stand in the order of their lengths; put them back in the model that is exported (PyTorch: enforce_sorted=False)',
    [
      ...sorted,
      node('Gather', ['t', 'order'], 'rows in order', { axis: int(1) }),
      lstm(['rows in order', 'W', 'R', 'B', 'in order'], ['', 'h']),
      last,
    ],
    withLengths,
  ],
  [
    `node "Gather" (Gather): it takes rows of [steps, batch, features] in an order that memcell does not know; ${without}`,
    [...sorted, node('Gather', ['t', 'order'], 'y', { axis: int(0) })],
    withLengths,
  ],
  [
    `node "Gather" (Gather): it takes rows of [steps, batch, features] in an order that memcell does not know; ${without}`,
    [
      ...sorted,
      node('Gather', ['t', 'order'], 'once', { axis: int(1) }),
      node('Gather', ['once', 'order'], 'y', { axis: int(1) }),
    ],
    withLengths,
  ],
  [
    'node "LSTM" (LSTM): sequence_lens: it reads only a part of each sequence, by lengths that come from elsewhere than a packed sequence; export it with the lengths as an input (PyTorch: pack_padded_sequence), or without lengths',
    [...sorted, lstm(['t', 'W', 'R', 'B', 'in order'], ['', 'h']), last],
    withLengths,
  ],
  [
    `node "TopK" (TopK): it computes with the lengths of the sequences, which memcell knows of packed sequences alone; ${without}`,
    [
      ...sorted.map((each) =>
        each.opType === 'TopK' ? node('TopK', ['n', 'rows'], ['in order', 'order'], { largest: int(0) }) : each,
      ),
      lstm(['t', 'W', 'R', 'B', 'in order'], ['', 'h']),
      last,
    ],
    withLengths,
  ],
  [
    'input "n" holds states of sizes [0], not [layers, batch, features] with layers and features fixed; leave those two axes out of the free ones',
    [turned, lstm(['t', 'W', 'R', 'B', '', 'n', 'n'], ['', 'h']), last],
    withLengths,
  ],
  [
    'output "y" is [batch·steps, features], which no layer of Keras gives; export the model without what orders its axes so',
    [node('MatMul', ['x', 'V'], 'made'), node('Reshape', ['made', 'rows'], 'y')],
    { tensors: [weight('V', 3, 2), intTensor('rows', [2], [-1, 2])] },
  ],
  [
    'output "y" runs from the end; turn it round in the model that is exported',
    [node('MatMul', ['x', 'v'], 'made'), round('made'), node('Squeeze', ['round', 'two'], 'y')],
  ],
  [
    `output "y": the directions are not joined with the features: [steps, directions, batch, features]; ${leave}`,
    [turned, node('LSTM', ['t', 'W2', 'R2'], ['y'], { hidden_size: int(UNITS), direction: text('bidirectional') })],
  ],
  [
    'output "y": it joins outputs of recurrent operators that are not the two directions of one layer; export the model without that output',
    [
      turned,
      node('RNN', ['t', 'W3', 'R3'], ['', 'h'], {
        hidden_size: int(UNITS),
        direction: text('bidirectional'),
        activations: texts(['Tanh', 'Relu']),
      }),
      node('Transpose', ['h'], 'sides', { perm: ints([1, 0, 2]) }),
      node('Flatten', ['sides'], 'y'),
    ],
    { tensors: [weight('W3', 2, UNITS, 3), weight('R3', 2, UNITS, UNITS)] },
  ],
  [
    `node "ReverseSequence" (ReverseSequence): it turns round a part of [batch, steps, features], not all steps of it; ${without}`,
    [node('ReverseSequence', ['x', 'four'], 'y', { time_axis: int(0), batch_axis: int(1) })],
    { tensors: [intTensor('four', [1], [4])] },
  ],
  [
    `node "ReverseSequence" (ReverseSequence): it turns round a part of [batch, steps, features], not all steps of it; ${without}`,
    [node('ReverseSequence', ['x', 'four'], 'y', { time_axis: int(1), batch_axis: int(0) })],
    { tensors: [intTensor('four', [1], [3])] },
  ],
  [
    `node "Squeeze" (Squeeze): it drops the steps; ${without}`,
    [node('Flatten', ['x'], 'flat'), node('Squeeze', ['flat', 'one'], 'y')],
    { inputs: [['x', ['batch', 1, 1]]] },
  ],
  [
    `node "Sin" (Sin): memcell reads no such operator; ${without}`,
    [node('Reshape', ['x', 'frozen'], 'same'), node('Sin', ['same'], 'y')],
    { inputs: [['x', ['batch', 'steps', 3]]], tensors: [intTensor('frozen', [3], [-1, STEPS, 3])] },
  ],
  [
    `node "MatMul" (MatMul): it reads [batch, steps·features] with the features on axis 1; ${without}`,
    [round('x'), node('Flatten', ['round'], 'all'), node('MatMul', ['all', 'wide'], 'y')],
    { tensors: [...lists, weight('wide', 3 * STEPS, 2)] },
  ],
  [
    `node "Concat" (Concat): it joins outputs along [steps]; ${without}`,
    [turned, lstm(['t', 'W', 'R', 'B'], ['Y']), node('Concat', ['Y', 'Y'], 'y', { axis: int(0) })],
  ],
  [
    `node "Slice" (Slice): it takes 0 of the 3 elements of [features]; ${without}`,
    [node('Slice', ['x', 'zero', 'zero', 'two'], 'y')],
  ],
  [
    `node "Slice" (Slice): it takes 2 of the 3 elements of [features]; ${without}`,
    [node('Slice', ['x', 'zero', 'three', 'two', 'two'], 'y')],
    { tensors: [intTensor('three', [1], [3])] },
  ],
  [
    `node "LSTM" (LSTM): it reads [batch, features, steps], where [steps, batch, features] should be; ${without}`,
    [node('Transpose', ['x'], 'c', { perm: ints([0, 2, 1]) }), lstm(['c', 'W', 'R', 'B'], ['', 'h']), last],
  ],
  [
    `node "LSTM" (LSTM): it reads [steps, batch, features], where [batch, steps, features] should be; ${without}`,
    [turned, node('LSTM', ['t', 'W', 'R', 'B'], ['', 'h'], { hidden_size: int(UNITS), layout: int(1) }), last],
  ],
  [
    `node "Thing" (Thing): it is of the domain ${JSON.stringify('d'.repeat(80))}, which memcell does not read; ${without}`,
    [{ ...node('Thing', ['x'], 'y'), domain: 'd'.repeat(90) }],
  ],
  [
    `node "toString" (toString): memcell does not compute this operator of numbers in the file; ${without}`,
    [node('toString', ['v'], 'w'), node('Add', ['x', 'w'], 'y')],
  ],
  [`node "constructor" (constructor): memcell reads no such operator; ${without}`, [node('constructor', ['x'], 'y')]],
  [
    `node ${JSON.stringify('n'.repeat(80))} (Sin): memcell reads no such operator; ${without}`,
    [{ ...node('Sin', ['x'], 'y'), name: 'n'.repeat(90) }],
  ],
  [`node "y" (Sin): memcell reads no such operator; ${without}`, [{ ...node('Sin', ['x'], ['', 'y']), name: '' }]],
  [
    `no node gives ${JSON.stringify('m'.repeat(80))}, or nodes read each other in a circle`,
    [node('Tanh', ['m'.repeat(90)], 'y')],
  ],
  [`node "Relu" (Relu): its output 1 is not known; ${without}`, [node('Relu', ['x'], ['z', 'y'])]],
  [
    'an output is the lengths of the sequences; export the model without that output',
    [node('Identity', ['n'], 'y')],
    withLengths,
  ],
  [
    `node "Gather" (Gather): index 1 is none of 1; ${damaged}`,
    [turned, lstm(['t', 'W', 'R', 'B'], ['', 'h']), node('Gather', ['h', 'far'], 'y')],
    { tensors: [...tensors, intTensor('far', [], [1])] },
  ],
];

test.each(refused.map((one) => [one[0], one] as const))('%s', async (_, [message, nodes, more]) => {
  const refusal = await loadModel(fileOf(graphOf(nodes, more))).then(
    () => undefined,
    (error) => error,
  );
  expect(refusal).toMatchObject({ name: 'MemcellError', code: 'model' });
  expect(refusal.message).toBe(`the model: ${message}`);
});

test('inputs whose names are alike without their signs are told apart', async () => {
  const model = await loadModel(
    fileOf({
      nodes: [node('Sum', ['x 1', 'x/1', 'x_1'], 'y')],
      inputs: ['x 1', 'x/1', 'x_1'].map((name): End => [name, ['batch', STEPS, 3]]),
    }),
  );
  expect(model.inputs.map(({ name }) => name)).toEqual(['x_1', 'x_1_1', 'x_1_2']);
  model.dispose();
});

test.each([[[0, 0, 3]], [[-1, -1, 3]], [[0, 'steps', 3]]])('sizes of 0 and below are free: %j', async (dims) => {
  const graph = graphOf([turned, lstm(['t', 'W', 'R', 'B'], ['', 'h']), last], { inputs: [['x', dims]] });
  const model = await loadModel(fileOf(graph));
  const named = await loadModel(fileOf({ ...graph, inputs: [['x', ['batch', 'steps', 3]]] }));
  expect(model.inputs).toEqual(named.inputs);
  expect(model.inputs[0].shape).toEqual([null, null, 3]);
  const values = { shape: [3, 5, 3], data: Float32Array.from({ length: 45 }, (_, i) => Math.cos(i)) };
  expect(await model.predict(values)).toEqual(await named.predict(values));
  expect([model.lost, named.lost]).toEqual([[], []]);
  const states = (size: number | string): Partial<Graph> => ({
    inputs: [
      ['x', dims],
      ['h0', [1, size, UNITS]],
    ],
  });
  const nodes = [turned, lstm(['t', 'W', 'R', 'B', '', 'h0', 'h0'], ['', 'h']), last];
  const started = await loadModel(fileOf(graphOf(nodes, states(0))));
  expect(started.inputs.map(({ shape }) => shape)).toEqual([
    [null, null, 3],
    [null, UNITS],
  ]);
  for (const one of [model, named, started]) one.dispose();
});

test('a layer has no name that an input has', async () => {
  const inputs = ['add', 'add_1'].map((name): End => [name, ['batch', STEPS, 3]]);
  const model = await loadModel(
    fileOf({ nodes: [node('Sum', ['add', 'add_1'], 'both'), node('Sum', ['both', 'add'], 'y')], inputs }),
  );
  expect(model.inputs.map(({ name }) => name)).toEqual(['add', 'add_1']);
  expect(model.layers.map(({ name }) => name)).toEqual(['add', 'add_1', 'add_2', 'add_3']);
  model.dispose();
});

const told: [what: string, lost: string[], classes: string, nodes: NodeProto[], more?: Partial<Graph>][] = [
  [
    'steps of padded sequences',
    [
      'output "sequence" behind the end of a sequence: here the last step\'s values again',
      'the order of axes of output "sequence": [steps, batch, features] in the file, [batch, steps, features] here',
      'input "n", how long each sequence is: here a step of nothing but 0 is padding',
    ],
    'Masking, LSTM',
    padded,
    { ...withLengths, outputs: ['sequence'] },
  ],
  [
    'lengths of indices',
    ['input "n", how long each sequence is: here index 0 is padding'],
    'Embedding, LSTM',
    [
      node('Gather', ['table', 'x'], 'looked up'),
      node('Transpose', ['looked up'], 't', { perm: ints([1, 0, 2]) }),
      lstm(['t', 'W', 'R', 'B', 'n'], ['', 'h']),
      last,
    ],
    {
      inputs: [['x', ['batch', STEPS], 7], lengths],
      tensors: [weight('table', 7, 3), ...tensors.filter(({ name }) => ['W', 'R', 'B'].includes(name ?? ''))],
    },
  ],
  [
    'halves as inputs',
    ['the rounding to float16 of what operators give: here all is computed in float32'],
    'Dense',
    [node('MatMul', ['x', 'V'], 'y')],
    { inputs: [['x', ['batch', STEPS, 3], 10]] },
  ],
  [
    'halves between operators',
    ['the rounding to bfloat16 of what operators give: here all is computed in float32'],
    'Dense',
    [node('Cast', ['x'], 'short', { to: int(16) }), node('MatMul', ['short', 'V'], 'y')],
  ],
  ['other casts', [], 'Dense', [node('Cast', ['x'], 'same', { to: int(11) }), node('MatMul', ['same', 'V'], 'y')]],
  [
    'a sequence that runs from its end, turned round by a layer',
    [],
    'Dense, SimpleRNN',
    [node('MatMul', ['x', 'V'], 'made'), round('made')],
    { outputs: ['round'] },
  ],
  [
    'the states of one row, an input',
    [
      'output "y" is [features] of one row in the file, with an axis of rows before it here',
      'input "x" is [steps] of one row in the file, with an axis of rows before it here',
      'input "h0" is [directions, 1, features] of one row in the file, with an axis of rows before it here',
      'the order of axes of input "h0": [directions, 1, features] in the file, [features] here',
    ],
    'InputLayer, Embedding, InputLayer, LSTM',
    [
      node('Gather', ['table', 'x'], 'looked up'),
      node('Unsqueeze', ['looked up', 'one'], 't'),
      lstm(['t', 'W', 'R', 'B', '', 'h0', 'h0'], ['', 'h']),
      node('Squeeze', ['h'], 'y'),
    ],
    {
      inputs: [
        ['x', [STEPS], 7],
        ['h0', [1, 1, UNITS]],
      ],
      tensors: [weight('table', 7, 3), ...tensors.filter(({ name }) => ['W', 'R', 'B'].includes(name ?? ''))],
    },
  ],
  [
    'two inputs of indices',
    [],
    'InputLayer, InputLayer, Embedding, Embedding, Add',
    [
      node('Gather', ['table', 'x'], 'looked up'),
      node('Gather', ['table', 'z'], 'beside'),
      node('Add', ['looked up', 'beside'], 'y'),
    ],
    {
      inputs: [
        ['x', ['batch', STEPS], 7],
        ['z', ['batch', STEPS], 6],
      ],
    },
  ],
  [
    'an axis of one at the end',
    ['the order of axes of output "y": [batch, steps, features, 1] in the file, [batch, steps, features] here'],
    'Dense',
    [node('MatMul', ['x', 'V'], 'made'), node('Unsqueeze', ['made', 'three'], 'y')],
    { tensors: [...tensors, intTensor('three', [1], [3])] },
  ],
  [
    'the largest of rows, through what changes nothing',
    ['output "y", the place of the largest value: here it is all values (node "ArgMax" (ArgMax))'],
    'Dense',
    [
      node('MatMul', ['x', 'V'], 'made'),
      node('ArgMax', ['made'], 'places', { axis: int(-1), keepdims: int(1) }),
      node('Squeeze', ['places', 'two'], 'once'),
      node('Cast', ['once'], 'y', { to: int(6) }),
    ],
  ],
];

test.each(told.map((one) => [one[0], one] as const))('%s', async (_, [, lost, classes, nodes, more]) => {
  const model = await loadModel(fileOf(graphOf(nodes, more)));
  expect(model.lost).toEqual(lost);
  expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(classes);
  model.dispose();
});

test('what is no graph of ONNX, or not all of one', async () => {
  const said = (bytes: Uint8Array) =>
    readOnnx(bytes, 'F').then(
      () => 'nothing',
      ({ message }: Error) => message,
    );
  const plain = fileOf(graphOf([node('MatMul', ['x', 'V'], 'y')]));
  const changed = (change: (model: ModelProto) => ModelProto) => encodeModel(change(decodeModel(plain)));
  expect(await said(plain)).toBe('nothing');
  expect(await said(Uint8Array.of(0x08, 9, 0x38, 1))).toBe(
    'F: not an ONNX file, or damaged: field graph has wire type 0, not 2',
  );
  await expect(readOnnx(Uint8Array.of(0x08, 9, 0x38, 1), 'F')).rejects.toMatchObject({
    code: 'model',
    cause: expect.objectContaining({ message: 'field graph has wire type 0, not 2' }),
  });
  const large = { byteLength: 2 ** 31 + 1 } as Uint8Array;
  expect(await said(large)).toBe('F: 2147483649 bytes; an ONNX file has less than 2 GiB');
  expect(await said(Uint8Array.of(0x08, 9))).toBe('F: not an ONNX file: it has no graph');
  expect(
    await said(changed((model) => ({ ...model, graph: { ...model.graph, sparseInitializer: [Uint8Array.of(1)] } }))),
  ).toBe('F: it has sparse tensors; export it with dense weights');
  const version = (...opsetImport: { domain?: string; version?: number }[]) =>
    said(changed((model) => ({ ...model, opsetImport })));
  const unknown = (found: number) =>
    `F: its operators are of version ${found}; memcell knows 7 to 26; export it with opset_version=17`;
  expect(await version()).toBe(unknown(0));
  expect(await version({ domain: 'com.example', version: 17 })).toBe(unknown(0));
  expect(await version({ domain: 'com.example', version: 1 }, { domain: 'ai.onnx', version: 17 })).toBe('nothing');
  expect(await version({ version: 17 })).toBe('nothing');
});

test('a file of memcell’s own whose weights are not those that it lists', async () => {
  const model = new Sequential([Dense(2, { inputShape: [3], name: 'd' })], { seed: 1 });
  const { bytes } = await writeOnnx(await contentsOf(model));
  model.dispose();
  const written = decodeModel(bytes);
  const told = (change: ModelProto) =>
    readOnnx(encodeModel({ ...written, ...change }), 'F').then(
      ({ metadata }) => JSON.stringify(metadata),
      ({ message }: Error) => message,
    );
  const kept = (change: (value: Record<string, unknown>) => object) =>
    told({
      metadataProps: written.metadataProps?.map(({ key, value }) => ({
        key,
        value: key === 'memcell' ? JSON.stringify(change(JSON.parse(value ?? ''))) : value,
      })),
    });
  const asForeign = '{"inputs":["x"],"outputs":["y"]}';
  expect(written.metadataProps?.map(({ key }) => key)).toEqual(['memcell']);
  expect(await kept((value) => value)).toBe('{}');
  const named = (name: string, shape: unknown) => ({ layer: 'd', name, shape });
  expect(await kept((value) => ({ ...value, weights: [named('kernel', [3, 3]), named('bias', [2])] }))).toBe(
    'F: the weight "kernel" has 6 numbers, not [3,3]',
  );
  expect(await kept((value) => ({ ...value, weights: [named('a', [3, 2]), named('b', [2]), named('c', [1])] }))).toBe(
    'F: the weight "c" has 0 numbers, not [1]',
  );
  // Of what is listed that is no weight nothing is read.
  const names = async (weights: unknown) => {
    const metadataProps = written.metadataProps?.map(({ key, value }) => ({
      key,
      value: JSON.stringify({ ...JSON.parse(value ?? ''), weights }),
    }));
    const read = await readOnnx(encodeModel({ ...written, metadataProps }), 'F');
    return read.weights.map(({ layer, name, shape }) => [layer, name, shape]);
  };
  const none = [5, null, ['kernel'], named('a', [0]), named('b', [-1]), named('c', [2.5]), named('d', ['x'])];
  expect(await names([...none, named('kernel', [3, 2]), ...none, named('bias', [2])])).toEqual([
    ['d', 'kernel', [3, 2]],
    ['d', 'bias', [2]],
  ]);
  expect(await names([{ ...named('kernel', [3, 2]), layer: 'e' }])).toEqual([]);
  expect(await names(Array.from({ length: 2 ** 16 }, () => 0))).toEqual([]);
  expect(await names(Array.from({ length: 2 ** 16 + 1 }, () => 0))).toHaveLength(2);
  // What is not as memcell writes it is read from the graph.
  for (const other of [
    { version: 2 },
    { structure: 'x' },
    { structure: undefined },
    { topology: [] },
    { metadata: 1 },
    { weights: {} },
  ])
    expect(await kept((value) => ({ ...value, ...other }))).not.toBe('{}');
  expect(await told({ metadataProps: [{ key: 'memcell', value: '{' }] })).toBe(asForeign);
  const { graph } = written;
  expect(
    await told({ graph: { ...graph, initializer: graph?.initializer?.filter(({ name }) => name !== 'd/bias') } }),
  ).toBe('F: its weight "d/bias" is missing');
});

test('a file of memcell’s own whose layers are not those of its graph', async () => {
  const said = async (layer: () => Layer, from: string, to: string) => {
    const model = new Sequential([layer()], { seed: 1 });
    const file = decodeModel((await writeOnnx(await contentsOf(model))).bytes);
    model.dispose();
    for (const prop of file.metadataProps ?? []) prop.value = prop.value?.replace(from, to);
    return readOnnx(encodeModel(file), 'F').then(
      () => 'nothing',
      ({ message }: Error) => message,
    );
  };
  const options = { inputShape: [4, 3], name: 'd' };
  expect(await said(() => LSTM(2, options), '"units":2', '"units":2')).toBe('nothing');
  for (const units of ['1', '3', '4'])
    expect(await said(() => LSTM(2, options), '"units":2', `"units":${units}`)).toBe(
      'F: the weight "d/kernel" has 0 numbers, not [3,8]',
    );
  expect(await said(() => LSTM(2, { ...options, useBias: false }), '"use_bias":false', '"use_bias":true')).toBe(
    'F: its weight "d/B" is missing',
  );
  expect(await said(() => GRU(2, options), '"reset_after":true', '"reset_after":false')).toBe(
    'F: the weight "d/bias" has 6 numbers, not [2,6]',
  );
  expect(await said(() => Conv1D(2, 2, { ...options, useBias: false }), '"use_bias":false', '"use_bias":true')).toBe(
    'F: its weight "d/bias" is missing',
  );
  expect(
    await said(() => SeparableConv1D(2, 2, { ...options, useBias: false }), '"use_bias":false', '"use_bias":true'),
  ).toBe('F: its weight "d/bias" is missing');
  expect(await said(() => LayerNormalization({ ...options, center: false }), '"center":false', '"center":true')).toBe(
    'F: its weight "d/beta" is missing',
  );
  expect(await said(() => BatchNormalization({ ...options, scale: false }), '"scale":false', '"scale":true')).toBe(
    'F: its weight "d/gamma" is missing',
  );
});

test('a file of memcell’s own gives back the weights of an RNN of one cell, and of several, each as it was', async () => {
  const cell = (name: string) => LSTMCell(UNITS, { name });
  for (const layer of [RNN(cell('c')), RNN([cell('c'), GRUCell(UNITS, { name: 'g' })])]) {
    const model = new Sequential([layer], { inputShape: [STEPS, 3], seed: 1 });
    const contents = await contentsOf(model);
    model.dispose();
    const { bytes } = await writeOnnx(contents);
    const { weights, topology } = await readOnnx(bytes, 'F');
    expect(topology).toEqual(contents.topology);
    expect(weights).toEqual(contents.weights);
  }
});

test('a stack that begins with a stack of TensorFlow.js, which says its input’s shape alone', async () => {
  const inner = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3], name: 'd' })], name: 'inner' });
  const model = Sequential.fromTf(tf.sequential({ layers: [inner, tf.layers.dense({ units: 1, name: 'e' })] }));
  const { bytes } = await writeOnnx(await contentsOf(model));
  model.dispose();
  const [input, ...others] = decodeModel(bytes).graph?.input ?? [];
  expect(others).toEqual([]);
  expect(input.type?.tensorType?.shape?.dim?.map(({ value }) => value)).toEqual([undefined, 3]);
});
