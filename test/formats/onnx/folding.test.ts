/** What is computed of numbers in a file while it is read: all of it as ONNX Runtime does. */
import { describe, expect, test } from '@jest/globals';
import {
  type AttributeProto,
  dataTypes,
  encodeModel,
  type NodeProto,
  type TensorProto,
} from '../../../src/formats/onnx/proto.js';
import { floatTensor, intTensor } from '../../../src/formats/onnx/tensors.js';
import { loadModel } from '../../../src/index.js';
import { run } from './runtime.js';

type Inputs = TensorProto[];
type Attributes = AttributeProto[];
const int = (name: string, i: number) => ({ name, type: 2, i });
const ints = (name: string, values: number[]) => ({ name, type: 7, ints: values });
const floats = (name: string, values: number[]) => ({ name, type: 6, floats: values });

interface More {
  outputs?: number;
  opset?: number;
  /** Inputs that are made of their first number, by their places. */
  filled?: number[];
  /** What numbers are lowered by, so that their last digits show. */
  less?: number;
  /** Whether they stay as the operator gives them. */
  plain?: boolean;
}

/** The type of what an operator gives, if it is float or int64. */
function typeOf(opType: string, inputs: Inputs, attribute: Attributes): number | undefined {
  if (['Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual', 'And', 'Or', 'Not'].includes(opType))
    return undefined;
  if (opType === 'Shape' || opType === 'Size') return dataTypes.int64;
  const [own] = attribute;
  if (opType === 'Cast') return own.i;
  if (opType === 'ConstantOfShape') return own?.t?.dataType ?? dataTypes.float;
  if (opType === 'Constant')
    return own?.t?.dataType ?? (own?.name?.includes('int') ? dataTypes.int64 : dataTypes.float);
  return inputs[opType === 'Where' ? 1 : 0]?.dataType;
}

/**
 * A file whose y is the numbers and then the shape of what an operator gives, all of its outputs joined; of x [batch, 1, 3] only
 * the number of rows counts. Between, numbers are multiplied by 3 and divided by 2 as those of their type are.
 */
function fileOf(
  opType: string,
  inputs: Inputs,
  attribute: Attributes,
  width: number,
  { outputs = 1, opset = 18, filled = [], less = 0, plain = false }: More = {},
): Uint8Array {
  const names = Array.from({ length: outputs }, (_, i) => `r${i}`);
  const node = (type: string, input: string[], output: string[], attributes: Attributes = []): NodeProto => ({
    opType: type,
    input,
    output,
    attribute: attributes,
  });
  const type = typeOf(opType, inputs, attribute);
  const isWhole = type === dataTypes.int64;
  const computed = !plain && (isWhole || type === dataTypes.float);
  const number = (name: string, value: number) =>
    isWhole ? intTensor(name, [], [value]) : floatTensor(name, [], [value]);
  const made = filled.flatMap((place): [NodeProto, TensorProto][] => {
    const { name = '', dims = [], dataType, rawData = new Uint8Array() } = inputs[place];
    const bytes = { [dataTypes.float]: 4, [dataTypes.int64]: 8, [dataTypes.bool]: 1 }[dataType ?? 0];
    const value = { name: 'value', type: 4, t: { name: '', dims: [1], dataType, rawData: rawData.slice(0, bytes) } };
    return [
      [node('ConstantOfShape', [`${name} sizes`], [name], [value]), intTensor(`${name} sizes`, [dims.length], dims)],
    ];
  });
  const told = names.flatMap((name) => [
    ...(computed
      ? [
          node('Sub', [name, 'less'], [`${name}l`]),
          node('Mul', [`${name}l`, 'three'], [`${name}m`]),
          node('Div', [`${name}m`, 'two'], [`${name}d`]),
        ]
      : []),
    node('Cast', [computed ? `${name}d` : name], [`${name}f`], [int('to', 1)]),
    node('Reshape', [`${name}f`, 'flat'], [`${name}v`]),
    node('Shape', [name], [`${name}s`]),
    node('Cast', [`${name}s`], [`${name}sf`], [int('to', 1)]),
  ]);
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: 'g',
      node: [
        ...made.map(([one]) => one),
        node(
          opType,
          inputs.map(({ name }) => name ?? ''),
          names,
          attribute,
        ),
        ...told,
        node(
          'Concat',
          names.flatMap((name) => [`${name}v`, `${name}sf`]),
          ['all'],
          [int('axis', 0)],
        ),
        ...(width === 0
          ? [node('Identity', ['all'], ['y'])]
          : [
              node('Gather', ['x', 'last'], ['row'], [int('axis', 1)]),
              node('MatMul', ['row', 'zeros'], ['product']),
              node('Add', ['product', 'all'], ['y']),
            ]),
      ],
      initializer: [
        ...inputs.filter(({ name }, place) => name && !filled.includes(place)),
        ...made.map(([, sizes]) => sizes),
        ...(computed ? [number('less', less), number('three', 3), number('two', 2)] : []),
        intTensor('flat', [1], [-1]),
        ...(width === 0
          ? []
          : [intTensor('last', [], [-1]), floatTensor('zeros', [3, width], new Float32Array(3 * width))]),
      ],
      input: [
        {
          name: 'x',
          type: { tensorType: { elemType: 1, shape: { dim: [{ param: 'batch' }, { value: 1 }, { value: 3 }] } } },
        },
      ],
      output: [{ name: 'y', type: { tensorType: { elemType: 1 } } }],
    },
  });
}

const x = { data: Float32Array.of(1, 2, 3), shape: [1, 1, 3] };

/** What memcell and ONNX Runtime make of an operator. */
async function both(opType: string, inputs: Inputs, attribute: Attributes, more: More = {}) {
  const alone = await run(fileOf(opType, inputs, attribute, 0, more), x);
  const model = await loadModel(fileOf(opType, inputs, attribute, alone.data.length, more));
  const [made] = await model.predict<number[][]>([[[1, 2, 3]]]);
  model.dispose();
  return { made, expected: Array.from(alone.data) };
}

const f =
  (shape: number[], ...data: number[]) =>
  (name: string) =>
    floatTensor(name, shape, data);
const i =
  (shape: number[], ...data: number[]) =>
  (name: string) =>
    intTensor(name, shape, data);
const a23 = f([2, 3], 1, -2, 3.5, 4, 0.25, -6.25);
const i23 = i([2, 3], 7, -2, 3, 4, 0, -6);
const b23 = i([2, 3], 2, 3, -2, 4, 5, 4);
const c234 = f([2, 3, 4], ...Array.from({ length: 24 }, (_, at) => at * 1.5 - 7));
type Case = [opType: string, inputs: ((name: string) => TensorProto)[], attribute?: Attributes, more?: More];

const cases: Case[] = [
  ['Identity', [a23]],
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual'].flatMap(
    (opType): Case[] => [
      [opType, [a23, f([3], 1, 2, 3)]],
      [opType, [f([2, 1], 3.5, 4), a23]],
      [opType, [i23, b23]],
      [opType, [f([], 0.5), f([], 2)]],
    ],
  ),
  ['Mod', [i23, b23]],
  ['Mod', [i([3], -7, 7, -1), i([], 3)]],
  ...['Neg', 'Abs'].flatMap((opType): Case[] => [
    [opType, [a23]],
    [opType, [i23]],
  ]),
  ['Sqrt', [f([3], 4, 2, 0)]],
  ...['And', 'Or'].map((opType): Case => [opType, [boolean(0, 0, 1, 1), boolean(0, 1, 0, 1)]]),
  ['Not', [boolean(0, 1, 1)]],
  ['Where', [boolean(0, 1, 1), f([3], 1, 2, 3), f([1], -4)]],
  ['Max', [a23, f([3], 1, 2, 3), f([], 2.5)]],
  ['Cast', [a23], [int('to', 7)]],
  ['Cast', [i23], [int('to', 1)]],
  ['Cast', [a23], [int('to', 1)]],
  ['Shape', [c234]],
  ['Shape', [c234], [int('start', 1), int('end', 2)]],
  ['Shape', [c234], [int('start', -1)]],
  ['Size', [c234]],
  ['ConstantOfShape', [i([2], 2, 3)]],
  ['ConstantOfShape', [i([1], 4)], [{ name: 'value', type: 4, t: intTensor('v', [1], [7]) }]],
  ['ConstantOfShape', [i([1], 4)], [{ name: 'value', type: 4, t: floatTensor('v', [1], [2.5]) }]],
  ['Gather', [c234, i([2], 1, 0)]],
  ['Gather', [c234, i([2, 2], 1, -1, 2, -3)], [int('axis', 1)]],
  ['Gather', [c234, i([], 2)], [int('axis', -1)]],
  ['Slice', [c234, i([2], 1, 1), i([2], 2, 3)]],
  ['Slice', [c234, i([1], -3), i([1], 99), i([1], 2)]],
  ['Slice', [c234, i([2], -1, 3), i([2], -99, 0), i([2], 1, -1), i([2], -1, -2)]],
  ['Slice', [c234], [ints('starts', [1]), ints('ends', [3]), ints('axes', [1])], { opset: 9 }],
  ['Concat', [a23, f([2, 2], 9, 8, 7, 6)], [int('axis', 1)]],
  ['Concat', [a23, f([1, 3], 9, 8, 7), a23], [int('axis', 0)]],
  ['Concat', [c234, f([2, 3, 1], 1, 2, 3, 4, 5, 6)], [int('axis', -1)]],
  ['Concat', [c234, f([2, 1, 4], 1, 2, 3, 4, 5, 6, 7, 8)], [int('axis', 1)]],
  ['Concat', [i([2], 1, 2), i([1], 3)], [int('axis', 0)]],
  ['Expand', [f([3], 1, 2, 3), i([2], 2, 3)]],
  ['Expand', [f([2, 1], 1, 2), i([3], 2, 1, 3)]],
  ['Expand', [f([1], 2.5), i([2], 2, 2)]],
  ['Expand', [f([3, 1], 1, 2, 3), i([2], 1, 2)]],
  ['Range', [f([], 1), f([], 3), f([], 0.75)]],
  ['Range', [i([], 5), i([], 0), i([], -2)]],
  ['Range', [i([], 5), i([], 5), i([], 1)]],
  ['Transpose', [c234]],
  ['Transpose', [c234], [ints('perm', [1, 2, 0])]],
  ['Reshape', [c234, i([3], 0, -1, 2)]],
  ['Reshape', [c234, i([2], 4, 6)]],
  ...[0, 1, 2, 3, -1].map((axis): Case => ['Flatten', [c234], [int('axis', axis)]]),
  ['Flatten', [c234]],
  ['Squeeze', [f([1, 2, 1], 4, 5)]],
  ['Squeeze', [f([1, 2, 1], 4, 5), i([1], -1)]],
  ['Squeeze', [f([1, 2, 1], 4, 5)], [ints('axes', [0])], { opset: 11 }],
  ['Unsqueeze', [a23, i([2], 0, -1)]],
  ['Unsqueeze', [a23], [ints('axes', [1])], { opset: 11 }],
  ['ReduceProd', [a23]],
  ['ReduceProd', [a23, i([1], -1)], [int('keepdims', 0)]],
  ['ReduceSum', [c234, i([2], 0, 2)]],
  ['ReduceSum', [c234, i([1], 1)], [int('keepdims', 0)]],
  ['ReduceSum', [i23]],
  ['ReduceMax', [c234], [ints('axes', [1])], { opset: 13 }],
  ['ReduceMin', [c234, i([1], 2)], [int('keepdims', 0)]],
  ['Trilu', [a23square()]],
  ['Trilu', [a23square(), i([], 1)]],
  ['Trilu', [a23square(), i([], -1)], [int('upper', 0)]],
  ['Split', [c234, i([2], 1, 2)], [int('axis', 1)], { outputs: 2 }],
  ['Split', [c234], [int('axis', 1), int('num_outputs', 2)], { outputs: 2 }],
  ['Split', [c234], [], { outputs: 2, opset: 11 }],
  ['Split', [c234], [int('axis', -1), ints('split', [3, 1])], { outputs: 2, opset: 11 }],
  ['Constant', [], [{ name: 'value', type: 4, t: floatTensor('v', [2, 1], [2.5, -1]) }]],
  ['Constant', [], [int('value_int', -3)]],
  ['Constant', [], [{ name: 'value_float', type: 1, f: 2.5 }]],
  ['Constant', [], [ints('value_ints', [4, -5])]],
  ['Constant', [], [floats('value_floats', [0.5, -0.25, 3])]],
];

function boolean(...values: number[]) {
  return (name: string): TensorProto => ({
    name,
    dims: [values.length],
    dataType: dataTypes.bool,
    rawData: Uint8Array.from(values),
  });
}
function a23square() {
  return f([3, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9);
}

test.each(cases.map((one, at) => [`${one[0]} ${at}`, one] as const))(
  '%s',
  async (_, [opType, inputs, attribute = [], more = {}]) => {
    const named = inputs.map((make, at) => make(`c${at}`));
    const { made, expected } = await both(opType, named, attribute, more);
    expect(made).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  },
);

/** The inputs of an operator that may be many times the same number, by their places: one of them, or all. */
function places(opType: string, count: number): number[][] {
  if (['Constant', 'ConstantOfShape', 'Trilu'].includes(opType)) return [];
  // Of the functions of each number some stand for all.
  if (/^(Add|Mul|Div|Max|Min|Less|Greater|.*OrEqual|Abs|Sqrt|And|Or)$/.test(opType)) return [];
  const moving = ['Slice', 'Expand', 'Reshape', 'Squeeze', 'Unsqueeze', 'Split', 'Transpose', 'Flatten'];
  if (moving.includes(opType) || opType.startsWith('Reduce')) return [[0]];
  const all = Array.from({ length: count }, (_, at) => at);
  return count === 1 ? [all] : [...all.map((at) => [at]), all];
}
const firsts = cases.filter(([opType], at) => cases.findIndex(([other]) => other === opType) === at);
const filled = firsts.flatMap(([opType, inputs, attribute = [], more = {}]) =>
  places(opType, inputs.length).map((at) => [opType, at, inputs, attribute, { ...more, filled: at }] as const),
);

// A product is computed where its first factor is zeros.
const none: Attributes = [];
const ofZeros: More = { filled: [0] };
const zeros = ['MatMul', [0], [f([2, 3], 0, 0, 0, 0, 0, 0), f([3, 2], 1, 2, 3, 4, 5, 6)], none, ofZeros] as const;

test.each([...filled, zeros])(
  '%s where all numbers of input %j are the same',
  async (opType, _, inputs, attribute, more) => {
    const named = inputs.map((make, at) => make(`c${at}`));
    const { made, expected } = await both(opType, named, attribute, more);
    expect(made).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  },
);

describe('whole numbers beyond those that 32 bits hold', () => {
  const most = 2 ** 53 - 1;
  const large = i([2, 3], most, most - 1, most - 2, most - 5, most - 8, most - 9);
  const one = i([1], most - 3);
  const less = most - 20;
  test.each<Case>([
    ['Identity', [large]],
    ['Gather', [large, i([2], 1, 0)]],
    ['Gather', [one, i([2], 0, 0)], [], { filled: [0] }],
    ['Slice', [large, i([2], 1, 1), i([2], 2, 3)]],
    ['Concat', [large, large], [int('axis', 0)]],
    ['Concat', [one, one], [int('axis', 0)], { filled: [0] }],
    ['Concat', [one, one], [int('axis', 0)], { filled: [0, 1] }],
    ['Expand', [i([2, 1], most, most - 1), i([2], 2, 3)]],
    ['Expand', [one, i([2], 2, 3)]],
    ['Range', [i([], most - 7), i([], most), i([], 3)]],
    ['Transpose', [large]],
    ['Reshape', [large, i([1], -1)]],
    ['Max', [large, i([], most - 4)]],
    ['Where', [boolean(1, 0, 1), large, one]],
    ['Split', [large], [int('axis', 1), int('num_outputs', 3)], { outputs: 3 }],
    ['ReduceMax', [large, i([1], 1)]],
    ['ReduceMin', [one, i([1], 0)], [], { filled: [0] }],
    ['Trilu', [i([2, 2], most, most - 2, most - 4, most - 7)]],
    ['ConstantOfShape', [i([1], 4)], [{ name: 'value', type: 4, t: intTensor('v', [1], [most - 6]) }]],
    ['Constant', [], [int('value_int', most - 2)]],
    ['Constant', [], [ints('value_ints', [most - 2, most])]],
  ])('%s', async (opType, inputs, attribute = [], more = {}) => {
    const named = inputs.map((make, at) => make(`c${at}`));
    const { made, expected } = await both(opType, named, attribute, { ...more, less });
    expect(made).toEqual(expected);
  });
});

describe('numbers as they stand in a file', () => {
  const half = Uint16Array.of(0x3c00, 0xc500, 0x3555, 0x0001);
  const brain = Uint16Array.of(0x3f80, 0xc0a0, 0x3eab, 0x4049);
  const raw = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
  const kinds: [string, TensorProto][] = [
    ['float, listed', { dataType: dataTypes.float, floatData: [1.5, -2, 0.1, 3e7] }],
    ['double, raw', { dataType: dataTypes.double, rawData: raw(Float64Array.of(1.5, -2, 0.1, 3e7)) }],
    ['double, listed', { dataType: dataTypes.double, doubleData: [1.5, -2, 0.1, 3e7] }],
    ['int32, raw', { dataType: dataTypes.int32, rawData: raw(Int32Array.of(1, -2, 70000, -8)) }],
    ['int32, listed', { dataType: dataTypes.int32, int32Data: [1, -2, 70000, -8] }],
    ['int64, raw', { dataType: dataTypes.int64, rawData: raw(BigInt64Array.of(1n, -2n, 5_000_000_000n, -8n)) }],
    ['int64, listed', { dataType: dataTypes.int64, int64Data: [1, -2, 5_000_000_000, -8] }],
    ['bool, listed', { dataType: dataTypes.bool, int32Data: [1, 0, 0, 1] }],
    ['float16, raw', { dataType: dataTypes.float16, rawData: raw(half) }],
    ['float16, listed', { dataType: dataTypes.float16, int32Data: [...half] }],
    ['bfloat16, raw', { dataType: dataTypes.bfloat16, rawData: raw(brain) }],
    ['bfloat16, listed', { dataType: dataTypes.bfloat16, int32Data: [...brain] }],
  ];
  test.each(kinds)('%s', async (_, tensor) => {
    const { made, expected } = await both('Identity', [{ name: 'c', dims: [2, 2], ...tensor }], []);
    expect(made).toEqual(expected.map((value) => expect.closeTo(value, 6)));
  });

  const fractions: [string, TensorProto][] = [
    ['float', { dataType: dataTypes.float, floatData: [1.5, -2.25, 0.5, 3] }],
    ['double', { dataType: dataTypes.double, doubleData: [1.5, -2.25, 0.5, 3] }],
    ['float16', { dataType: dataTypes.float16, rawData: raw(Uint16Array.of(0x3e00, 0xc080, 0x3800, 0x4200)) }],
  ];
  test.each(fractions)('what is computed from %s keeps its fractions', async (_, tensor) => {
    const { made, expected } = await both(
      'Mul',
      ['c', 'd'].map((name) => ({ name, dims: [2, 2], ...tensor })),
      [],
      { plain: true },
    );
    expect(made.slice(0, 4)).toEqual([2.25, 5.0625, 0.25, 9]);
    expect(made).toEqual(expected);
  });
});

describe('what cannot be computed is refused', () => {
  const where = 'the model: node "r0"';
  const damaged = 'the file is damaged, or its graph is none: check it with onnx.checker, or export it again';
  const without = 'export the model without it, or build its layers and read their weights with loadWeights';
  const big = i([9], 1, 1, 1, 1, 1, 1, 1, 1, 1);
  const many = (name: string) => intTensor(name, [65], new Array(65).fill(0));
  test.each<[Case, string]>([
    [['Add', [a23, f([2], 1, 2)]], `shapes [2,3] and [2] do not fit each other; ${damaged}`],
    [['Concat', [a23, f([2], 1, 2)], [int('axis', 0)]], `shapes [2,3] and [2] do not fit each other; ${damaged}`],
    [
      ['Concat', [a23, f([3, 2], 1, 2, 3, 4, 5, 6)], [int('axis', 0)]],
      `shapes [2,3] and [3,2] do not fit each other; ${damaged}`,
    ],
    [['Concat', [a23, a23]], `axis is missing; ${damaged}`],
    [['Concat', [a23, a23], [int('axis', 2)]], `axis 2 is none of 2; ${damaged}`],
    [['Concat', [a23, a23], [int('axis', -3)]], `axis -3 is none of 2; ${damaged}`],
    [['Gather', [a23, i([1], 2)]], `an index is not one of the 2 on axis 0; ${damaged}`],
    [['Gather', [a23, i([1], -4)], [int('axis', 1)]], `an index is not one of the 3 on axis 1; ${damaged}`],
    [['ConstantOfShape', [i([2], 2, -1)]], `the shape [2,-1] is none; ${damaged}`],
    [['ConstantOfShape', [big]], `the shape [1,1,1,1,1,1,1,1,1] is none; ${damaged}`],
    [['Range', [i([], 0), i([], 1), i([], 0)]], `the range has no end; ${damaged}`],
    [['Squeeze', [a23, i([1], 2)]], `axis 2 is none of 2; ${damaged}`],
    [['Squeeze', [a23, i([1], 1)]], `axes 1 of shape [2,3] are not of size 1; ${damaged}`],
    [['Unsqueeze', [a23, i([2], 0, 0)]], `axes [0,0] name one twice; ${damaged}`],
    [['Unsqueeze', [a23, i([7], 0, 1, 2, 3, 4, 5, 6)]], `its result has too many axes; ${without}`],
    [['Reshape', [a23, i([1], 5)]], `an array of shape [2,3] does not reshape to [5]; ${damaged}`],
    [
      ['Reshape', [a23, i([2], 0, 3)], [int('allowzero', 1)]],
      `an array of shape [2,3] does not reshape to [0,3]; ${damaged}`,
    ],
    [['Reshape', [a23, i([2], 4, -1)]], `an array of shape [2,3] does not reshape to [4,-1]; ${damaged}`],
    [['Reshape', [a23, big]], `its shape has too many axes; ${without}`],
    [['Reshape', [a23, many]], `its shape is too long; ${without}`],
    [['Reshape', [a23], [ints('shape', new Array(65).fill(1))]], `its shape are 65 numbers; ${damaged}`],
    [['Transpose', [a23], [ints('perm', [0, 0])]], `perm [0,0] is no order of 2 axes; ${damaged}`],
    [['Transpose', [a23], [ints('perm', [0])]], `perm [0] is no order of 2 axes; ${damaged}`],
    [['Transpose', [a23], [ints('perm', [0, 2])]], `perm [0,2] is no order of 2 axes; ${damaged}`],
    [['Slice', [a23, i([2], 0, 0), i([1], 1)]], `starts, ends and axes do not fit each other; ${damaged}`],
    [
      ['Slice', [a23, i([1], 0), i([1], 1), i([1], 0), i([1], 0)]],
      `starts, ends and axes do not fit each other; ${damaged}`,
    ],
    [['Split', [a23, i([2], 2, 2)], [int('axis', 1)], { outputs: 2 }], `parts of [2,2] do not make 3; ${damaged}`],
    [['Split', [a23, i([2], 4, -1)], [int('axis', 1)], { outputs: 2 }], `parts of [4,-1] do not make 3; ${damaged}`],
    [['Split', [a23, i([1], 3)], [int('axis', 1)], { outputs: 2 }], `parts of [3] do not make 3; ${damaged}`],
    [['MatMul', [a23, a23square()]], `memcell computes no product of numbers in the file; ${without}`],
    [['Trilu', [a23]], `it cuts a triangle of what is no square matrix; ${without}`],
    [['Sin', [a23]], `memcell does not compute this operator of numbers in the file; ${without}`],
    [['Constant', []], `it has no numbers; ${damaged}`],
    [['Sub', [a23]], `it has 1 input of the 2 that it needs; ${damaged}`],
    [['Where', [a23, a23]], `it has 2 inputs of the 3 that it needs; ${damaged}`],
  ])('%j', async ([opType, inputs, attribute = [], more = {}], what) => {
    const file = fileOf(
      opType,
      inputs.map((make, at) => make(`c${at}`)),
      attribute,
      9,
      more,
    );
    await expect(loadModel(file)).rejects.toMatchObject({
      name: 'MemcellError',
      code: 'model',
      message: `${where} (${opType}): ${what}`,
    });
  });

  test.each<[string, TensorProto, string]>([
    [
      'another type',
      { dims: [1], dataType: 8, rawData: new Uint8Array(1) },
      'data type 8; memcell reads float, half, int32, int64 and bool',
    ],
    [
      'no type',
      { dims: [1], rawData: new Uint8Array(1) },
      'data type 0; memcell reads float, half, int32, int64 and bool',
    ],
    [
      'nine axes',
      { dims: new Array(9).fill(1), dataType: 1, rawData: new Uint8Array(4) },
      'shape [1,1,1,1,1,1,1,1,1] is not a list of at most 8 whole numbers',
    ],
    [
      'a negative size',
      { dims: [-1], dataType: 1, rawData: new Uint8Array(4) },
      'shape [-1] is not a list of at most 8 whole numbers',
    ],
    [
      'too few numbers',
      { dims: [2, 2], dataType: 1, floatData: [1, 2, 3] },
      'shape [2,2] is 4 numbers, but 3 are there',
    ],
    [
      'half a number more',
      { dims: [1], dataType: 7, rawData: new Uint8Array(12) },
      'shape [1] is 1 numbers, but 1.5 are there',
    ],
    [
      'numbers elsewhere',
      { dims: [1], dataType: 1, floatData: [1], dataLocation: 1 },
      'its numbers are in another file (external data); save the model as one file (PyTorch: external_data=False; else onnx.save(onnx.load(path), path))',
    ],
    [
      'a place elsewhere',
      { dims: [1], dataType: 1, floatData: [1], externalData: [{ key: 'location', value: 'w' }] },
      'its numbers are in another file (external data); save the model as one file (PyTorch: external_data=False; else onnx.save(onnx.load(path), path))',
    ],
  ])('a tensor of %s', async (_, tensor, what) => {
    await expect(loadModel(fileOf('Identity', [{ name: 'c', ...tensor }], [], 9))).rejects.toMatchObject({
      name: 'MemcellError',
      code: 'model',
      message: `the model: tensor "c": ${what}`,
    });
  });
});
