/** Operations of Keras 3's graphs (`keras.ops.relu(x)`, `2 * x`, `x[:, -1]`) that are layers here. */
import { invalid, isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';
import { argumentsOf, type TensorOf, tensorsIn } from './nodes.js';
import {
  axesOf,
  einsum,
  getItem,
  NoSuchAxis,
  permuted,
  reshape,
  reshaped,
  type Sizes,
  type Stand,
  stack,
} from './shapeOperations.js';

/** Functions of one number, by the names that Activation has for them. */
const ACTIVATIONS: Record<string, string> = {
  Exp: 'exponential',
  HardSigmoid: 'hard_sigmoid',
  HardSilu: 'hard_silu',
  LogSigmoid: 'log_sigmoid',
  Relu: 'relu',
  Relu6: 'relu6',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  Silu: 'silu',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Tanh: 'tanh',
};

/** What a number beside a value makes of it, scale·x + offset; where the number stands first, by another name. */
const RESCALINGS: Record<string, (number: number, isFirst: boolean) => [scale: number, offset: number] | undefined> = {
  Add: (number) => [1, number],
  Multiply: (number) => [number, 0],
  Subtract: (number, isFirst) => (isFirst ? [-1, number] : [1, -number]),
  Divide: (number, isFirst) => (isFirst || number === 0 ? undefined : [1 / number, 0]),
  TrueDivide: (number, isFirst) => (isFirst || number === 0 ? undefined : [1 / number, 0]),
};

/** Layers that do the same with two values. */
const MERGES = ['Add', 'Maximum', 'Minimum', 'Multiply', 'Subtract'];

/** Operations that Keras makes masks of; those that are left then are told with what they are given to. */
const OF_MASKS = ['Any', 'ConvertToTensor', 'LogicalOr', 'NotEqual', 'OnesLike', 'ZerosLike'];

/** One call of an operation. */
interface Given {
  config: JsonObject;
  args: Json[];
  /** The shapes of the tensors among them. */
  shapes: Sizes[];
}

/** The layers that do what an operation does, each of which reads the one before; in words, why there are none. */
const STANDS: Record<string, (given: Given) => Stand[] | string> = {
  LeakyRelu: ({ config }) => [['LeakyReLU', { negative_slope: config.negative_slope ?? 0.2 }]],
  Elu: ({ config }) => [['ELU', { alpha: config.alpha ?? 1 }]],
  Softmax: ({ config: { axis = -1 } }) => (axis === null ? 'goes over all values at once' : [['Softmax', { axis }]]),
  Negative: () => [times(-1)],
  Mean: (given) => overAxis(given, () => [['GlobalAveragePooling1D', {}]]),
  Sum: (given) =>
    overAxis(given, (size) =>
      size === null ? 'sums an open number of steps' : [['GlobalAveragePooling1D', {}], times(size)],
    ),
  Max: (given) => overAxis(given, () => [['GlobalMaxPooling1D', {}]]),
  Min: (given) => overAxis(given, () => [times(-1), ['GlobalMaxPooling1D', {}], times(-1)]),
  GetItem: ({ args: [, key], shapes: [shape] }) => getItem(key, shape),
  ExpandDims: ({ config, shapes: [shape] }) => {
    const [axis, ...others] = axesOf(config.axis, shape.length + 1);
    if (others.length > 0) return 'puts in several axes at once';
    return axis > 0 ? reshaped(shape.toSpliced(axis, 0, 1)) : 'puts an axis before that of the samples';
  },
  Squeeze: ({ config, shapes: [shape] }) => {
    const axes = axesOf(config.axis, shape.length);
    const left = shape.filter((size, i) => (axes.length > 0 ? !axes.includes(i) : i === 0 || size !== 1));
    return axes.includes(0) ? 'takes away the axis of the samples' : reshaped(left);
  },
  Reshape: ({ config, shapes: [shape] }) => reshape(config.newshape, shape),
  Transpose: ({ config, shapes: [shape] }) =>
    permuted(config.axes === null ? [...shape.keys()].reverse() : axesOf(config.axes, shape.length)),
  Swapaxes: ({ config, shapes: [shape] }) => {
    const [one, other] = axesOf([config.axis1, config.axis2], shape.length);
    return permuted([...shape.keys()].map((axis) => (axis === one ? other : axis === other ? one : axis)));
  },
  Moveaxis: ({ config, shapes: [shape] }) => {
    const [from, to] = [config.source, config.destination].map((axes) => axesOf(axes, shape.length));
    const order = [...shape.keys()].filter((axis) => !from.includes(axis));
    for (const [at, axis] of to.map((at, i) => [at, from[i]]).sort(([a], [b]) => a - b)) order.splice(at, 0, axis);
    return permuted(order);
  },
  Concatenate: ({ config, shapes: [shape] }) =>
    axesOf(config.axis, shape.length)[0] === 0 ? 'joins samples' : [['Concatenate', { axis: config.axis ?? 0 }]],
  Matmul: ({ shapes }) =>
    shapes.length === 2 && shapes.every(({ length }) => length === 3)
      ? [['Dot', { axes: [2, 1] }]]
      : 'multiplies others than two values of samples with steps',
  Einsum: ({ config, shapes }) => einsum(String(config.subscripts), shapes),
};

/** Whether it is an operation; in `.h5`, which has no modules, one has neither the dtype nor the trainable that layers have. */
export function isOperation({ module, config }: JsonObject): boolean {
  if (typeof module === 'string') return module.startsWith('keras.src.ops.');
  if (!isJsonObject(config) || config.layers !== undefined) return false;
  return config.dtype === undefined && config.trainable === undefined;
}

/** Whether what it is here neither minds the mask of what it reads nor passes it on, as in Keras no operation does. */
export function endsMask({ class_name }: JsonObject): boolean {
  return ENDING.has(String(class_name));
}

const ENDING = new Set('Einsum ExpandDims GetItem Matmul Moveaxis Reshape Squeeze Stack Swapaxes Transpose'.split(' '));

/**
 * The layers of a functional model with layers in the place of its operations.
 * @throws MemcellError 'model' that names an operation which no layer does
 */
export function withoutOperations(layers: Json[], place: string): Json[] {
  return layers.flatMap((layer) => (isJsonObject(layer) && isOperation(layer) ? standsOf(layer, place) : [layer]));
}

function standsOf(layer: JsonObject, place: string): Json[] {
  const { class_name, config, inbound_nodes: calls } = layer;
  const kind = String(class_name);
  const isCalled = Array.isArray(calls) && calls.length > 0 && calls.every(isJsonObject);
  if (!isJsonObject(config) || !isCalled || isOfMasks(layer)) return [layer];
  const name = String(config.name ?? layer.name);
  const refused = (why: string) =>
    invalid(
      place,
      `operation ${JSON.stringify(name)} (${kind}) ${why}; nothing here runs that: make it of layers, and save the model again`,
    );
  const given = calls.map((call): Given => {
    const args = argumentsOf(call);
    return { config, args, shapes: shapesIn(args) };
  });
  if (given.some(({ shapes }) => shapes.length === 0)) throw refused('is called without a value');
  if (/"__(tensor|numpy)__"/.test(JSON.stringify(calls))) throw refused('takes an array that is not computed');
  const found = given.map((one) => {
    try {
      return standsFor(kind, one);
    } catch (error) {
      if (error instanceof NoSuchAxis) return error.message;
      throw error;
    }
  });
  const [first] = found;
  if (typeof first === 'string') throw refused(first);
  if (found.some((one) => JSON.stringify(one) !== JSON.stringify(first)))
    throw refused('is called several times with values of unlike shapes');
  if (kind === 'Stack') return stacked(name, first, calls);
  return first.map(([className, options], i): JsonObject => {
    const own = i === first.length - 1 ? name : partOf(name, i);
    const inbound_nodes = calls.map((call, n) =>
      i === 0 ? { ...call, args: tensorsOnly(argumentsOf(call)) } : callWith([[partOf(name, i - 1), n, 0]]),
    );
    return { ...layerOf(className, options, own), inbound_nodes };
  });
}

const partOf = (name: string, index: number) => `${name}_part_${index + 1}`;

function layerOf(class_name: string, options: JsonObject, name: string): JsonObject {
  return { module: 'keras.layers', class_name, config: { ...options, name }, name };
}

function callWith(tensors: TensorOf[]): JsonObject {
  const args = tensors.map((history) => ({ class_name: '__keras_tensor__', config: { keras_history: history } }));
  return { args, kwargs: {} };
}

function standsFor(kind: string, given: Given): Stand[] | string {
  const { args, config } = given;
  if (Object.hasOwn(ACTIVATIONS, kind)) return [['Activation', { activation: ACTIVATIONS[kind] }]];
  const number = args.find((one) => typeof one === 'number');
  if (number !== undefined && Object.hasOwn(RESCALINGS, kind)) {
    const [scale, offset] = RESCALINGS[kind](number, args[0] === number) ?? [];
    return scale === undefined ? 'divides by a value, or by 0' : [['Rescaling', { scale, offset: offset ?? 0 }]];
  }
  if (MERGES.includes(kind) && args.length === 2 && given.shapes.length === 2) {
    const [one, other] = given.shapes;
    return one.length === other.length ? [[kind, {}]] : 'joins values of unlike numbers of axes';
  }
  if (kind === 'Stack') return stack(config.axis, given.shapes);
  if (!Object.hasOwn(STANDS, kind)) return 'is none that a layer does';
  return STANDS[kind](given);
}

function times(scale: number): Stand {
  return ['Rescaling', { scale, offset: 0 }];
}

/** The mean, the largest, … over the steps of a sequence, of every feature, or over its features, of every step. */
function overAxis(
  { config, shapes: [shape] }: Given,
  overSteps: (size: number | null) => Stand[] | string,
): Stand[] | string {
  const [axis = 0, ...others] = axesOf(config.axis, shape.length);
  if ((config.initial ?? null) !== null) return 'begins with a number of its own';
  if (shape.length !== 3 || axis === 0 || others.length > 0)
    return 'goes over other axes than the steps of a sequence, or its features';
  const stands = overSteps(shape[axis]);
  if (typeof stands === 'string') return stands;
  const turned: Stand[] = axis === 2 ? [['Permute', { dims: [2, 1] }]] : [];
  const kept: Stand[] = config.keepdims === true ? [['RepeatVector', { n: 1 }], ...turned] : [];
  return [...turned, ...stands, ...kept];
}

function stacked(name: string, [[className, options], [joining, along]]: Stand[], calls: Json[]): JsonObject[] {
  const part = partOf(name, 0);
  const read = calls.map((call) => tensorsIn(argumentsOf(call)));
  let calledBefore = 0;
  const joined = read.map((tensors) => callWith(tensors.map((): TensorOf => [part, calledBefore++, 0])));
  return [
    { ...layerOf(className, options, part), inbound_nodes: read.flat().map((tensor) => callWith([tensor])) },
    { ...layerOf(joining, along, name), inbound_nodes: joined },
  ];
}

/** Values without the numbers beside them. */
function tensorsOnly(args: Json[]): Json[] {
  return args.filter((one) => shapesIn([one]).length > 0);
}

function shapesIn(value: Json): Sizes[] {
  if (Array.isArray(value)) return value.flatMap(shapesIn);
  if (!isJsonObject(value) || value.class_name !== '__keras_tensor__' || !isJsonObject(value.config)) return [];
  const { shape } = value.config;
  return Array.isArray(shape) ? [shape.map((size) => (typeof size === 'number' ? size : null))] : [];
}

function isOfMasks(layer: JsonObject): boolean {
  return OF_MASKS.includes(String(layer.class_name)) || /"dtype":"bool"/.test(JSON.stringify(layer.inbound_nodes));
}
