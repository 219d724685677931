/** Operators on numbers that the file gives: shapes that are computed, weights that are cut and joined. */

import { elements } from '../../data/array.js';
import { counted } from '../../format.js';
import type { NodeReader } from './nodeReader.js';
import { freeSteps } from './signals.js';
import type { Constant } from './tensors.js';

type Fold = (node: NodeReader, inputs: Constant[]) => Constant;

export function whole(shape: number[], values: readonly number[]): Constant {
  return { kind: 'constant', shape, integer: true, data: Float64Array.from(values), fill: 0 };
}

/** The numbers of a constant that is not larger than the file allows. */
export function numbersOf(constant: Constant, node: NodeReader): Float32Array | Float64Array {
  const count = elements(constant.shape);
  node.spend(count);
  if (constant.data) return constant.data;
  const made = constant.integer ? new Float64Array(count) : new Float32Array(count);
  return made.fill(constant.fill);
}

/** The same numbers in other places: element i is that of `from(i)`. */
function moved(node: NodeReader, input: Constant, shape: number[], from: (index: number) => number): Constant {
  if (!input.data) return { ...input, shape };
  const count = elements(shape);
  node.spend(count);
  const data = input.integer ? new Float64Array(count) : new Float32Array(count);
  for (let index = 0; index < count; index++) data[index] = input.data[from(index)];
  return { ...input, shape, data };
}

function strides(shape: readonly number[]): number[] {
  const steps = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) steps[axis] = steps[axis + 1] * shape[axis + 1];
  return steps;
}

/** The place, in an array with these steps, of element `index` of an array of `shape`. */
function placeOf(index: number, shape: readonly number[], steps: readonly number[]): number {
  let place = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place += (index % shape[axis]) * steps[axis];
    index = Math.floor(index / shape[axis]);
  }
  return place;
}

export function transposed(node: NodeReader, input: Constant, perm: number[]): Constant {
  const shape = perm.map((axis) => input.shape[axis]);
  const from = strides(input.shape);
  const steps = perm.map((axis) => from[axis]);
  return moved(node, input, shape, (index) => placeOf(index, shape, steps));
}

function broadcast(node: NodeReader, shapes: number[][]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((each) => each !== 1) ?? 1;
    if (sizes.some((each) => each !== 1 && each !== size)) {
      throw node.damaged(`shapes [${shapes.join('] and [')}] do not fit each other`);
    }
    return size;
  });
}

/** Steps that repeat an array's axes of size 1 over `shape`. */
function stepsOver(from: readonly number[], shape: readonly number[]): number[] {
  const own = strides(from);
  return shape.map((_, axis) => {
    const at = axis - shape.length + from.length;
    return at < 0 || from[at] === 1 ? 0 : own[at];
  });
}

const eachOf =
  (apply: (...values: number[]) => number, result?: 'integer'): Fold =>
  (node, inputs) => {
    const shape = broadcast(
      node,
      inputs.map((input) => input.shape),
    );
    const integer = result === 'integer' || inputs.every((input) => input.integer);
    const rounded = (value: number) => (integer ? Math.trunc(value) : value);
    const triangle = inputs.find((input) => input.triangle);
    if (triangle) {
      const others = inputs.filter((input) => !input.triangle);
      const alone = ({ data, shape: own }: Constant) => !data || elements(own) === 1;
      if (!others.every(alone) || elements(shape) !== elements(triangle.shape))
        throw node.error('it computes with a mask what memcell does not know');
      const of = (part: 'below' | 'above') =>
        rounded(apply(...inputs.map((input) => input.triangle?.[part] ?? input.data?.[0] ?? input.fill)));
      return {
        kind: 'constant',
        shape,
        integer,
        fill: Number.NaN,
        triangle: { below: of('below'), above: of('above') },
      };
    }
    if (inputs.every(({ data }) => !data)) {
      return { kind: 'constant', shape, integer, fill: rounded(apply(...inputs.map(({ fill }) => fill))) };
    }
    const count = elements(shape);
    node.spend(count * inputs.length);
    const data = integer ? new Float64Array(count) : new Float32Array(count);
    const steps = inputs.map((input) => stepsOver(input.shape, shape));
    for (let index = 0; index < count; index++) {
      const values = inputs.map(({ data: own, fill }, i) => (own ? own[placeOf(index, shape, steps[i])] : fill));
      data[index] = rounded(apply(...values));
    }
    return { kind: 'constant', shape, integer, data, fill: 0 };
  };

const reduced =
  (start: number, step: (sum: number, value: number) => number): Fold =>
  (node, [input]) => {
    const axes = node.axes(1, input.shape.length) ?? input.shape.map((_, axis) => axis);
    const kept = input.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const steps = strides(kept).map((each, axis) => (axes.includes(axis) ? 0 : each));
    const values = numbersOf(input, node);
    const sums = new Float64Array(elements(kept)).fill(start);
    for (let index = 0; index < values.length; index++) {
      const place = placeOf(index, input.shape, steps);
      sums[place] = step(sums[place], values[index]);
    }
    const shape = node.int('keepdims', 1) === 1 ? kept : kept.filter((_, axis) => !axes.includes(axis));
    return {
      kind: 'constant',
      shape,
      integer: input.integer,
      data: input.integer ? sums : Float32Array.from(sums),
      fill: 0,
    };
  };

function gather(node: NodeReader, [input, indices]: Constant[]): Constant {
  const axis = node.axis('axis', input.shape.length, 0);
  const size = input.shape[axis];
  const { data: asked } = indices;
  // The places of all steps, of a file in which their number is free: as many as there are.
  if (asked?.length === freeSteps && size < freeSteps && asked.every((value, at) => value === at)) {
    const places = indices.shape.map((each) => (each === freeSteps ? size : each));
    return { ...input, shape: [...input.shape.slice(0, axis), ...places, ...input.shape.slice(axis + 1)] };
  }
  const places = [...numbersOf(indices, node)].map((index) => (index < 0 ? index + size : index));
  if (places.some((place) => !(Number.isInteger(place) && place >= 0 && place < size))) {
    throw node.damaged(`an index is not one of the ${size} on axis ${axis}`);
  }
  const inner = elements(input.shape.slice(axis + 1));
  const shape = [...input.shape.slice(0, axis), ...indices.shape, ...input.shape.slice(axis + 1)];
  const row = places.length * inner;
  return moved(node, input, shape, (index) => {
    const outer = Math.floor(index / row);
    const place = places[Math.floor((index % row) / inner)];
    return (outer * size + place) * inner + (index % inner);
  });
}

function slice(node: NodeReader, [input]: Constant[]): Constant {
  let made = input;
  for (const { axis, start, step, count } of node.slices(input.shape)) {
    const { shape } = made;
    const size = shape[axis];
    const inner = elements(shape.slice(axis + 1));
    const next = shape.map((each, at) => (at === axis ? count : each));
    made = moved(node, made, next, (index) => {
      const outer = Math.floor(index / (count * inner));
      const place = start + (Math.floor(index / inner) % count) * step;
      return (outer * size + place) * inner + (index % inner);
    });
  }
  return made;
}

function concat(node: NodeReader, inputs: Constant[]): Constant {
  const [first] = inputs;
  const axis = node.axis('axis', first.shape.length, undefined);
  const fits = inputs.every(
    ({ shape }) =>
      shape.length === first.shape.length && shape.every((size, at) => at === axis || size === first.shape[at]),
  );
  if (!fits) throw node.damaged(`shapes [${inputs.map(({ shape }) => shape).join('] and [')}] do not fit each other`);
  const shape = first.shape.map((size, at) =>
    at === axis ? inputs.reduce((sum, input) => sum + input.shape[axis], 0) : size,
  );
  const count = elements(shape);
  node.spend(count);
  const integer = inputs.every((input) => input.integer);
  const data = integer ? new Float64Array(count) : new Float32Array(count);
  const inner = elements(shape.slice(axis + 1));
  let at = 0;
  for (let outer = 0; outer < elements(shape.slice(0, axis)); outer++) {
    for (const input of inputs) {
      const length = input.shape[axis] * inner;
      if (input.data) data.set(input.data.subarray(outer * length, (outer + 1) * length), at);
      else data.fill(input.fill, at, at + length);
      at += length;
    }
  }
  return { kind: 'constant', shape, integer, data, fill: 0 };
}

function expand(node: NodeReader, [input, target]: Constant[]): Constant {
  const shape = broadcast(node, [input.shape, [...numbersOf(target, node)]]);
  // One number repeated takes no memory.
  if (elements(input.shape) === 1) return { ...input, shape, data: undefined, fill: input.data?.[0] ?? input.fill };
  const steps = stepsOver(input.shape, shape);
  return moved(node, input, shape, (index) => placeOf(index, shape, steps));
}

/** Of zeros only: what an exporter leaves where a first state meets its weights. */
function matMul(node: NodeReader, [a, b]: Constant[]): Constant {
  if (a.data || a.fill !== 0 || b.shape.length !== 2)
    throw node.error('memcell computes no product of numbers in the file');
  return { kind: 'constant', shape: [...a.shape.slice(0, -1), b.shape[1]], integer: false, fill: 0 };
}

function constantOfShape(node: NodeReader, [shape]: Constant[]): Constant {
  const value = node.tensor('value');
  const sizes = [...numbersOf(shape, node)];
  if (sizes.length > 8 || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw node.damaged(`the shape [${sizes.slice(0, 9)}] is none`);
  }
  return { kind: 'constant', shape: sizes, integer: value?.integer ?? false, fill: value?.data?.[0] ?? 0 };
}

function range(node: NodeReader, inputs: Constant[]): Constant {
  const [start, limit, step] = inputs.map((input) => numbersOf(input, node)[0]);
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!Number.isFinite(count)) throw node.damaged('the range has no end');
  node.spend(count);
  return whole(
    [count],
    Array.from({ length: count }, (_, index) => start + index * step),
  );
}

function split(node: NodeReader, [input]: Constant[], output: number): Constant {
  const axis = node.axis('axis', input.shape.length, 0);
  const sizes = node.splits(input.shape[axis]);
  const start = sizes.slice(0, output).reduce((sum, size) => sum + size, 0);
  const count = sizes[output];
  const inner = elements(input.shape.slice(axis + 1));
  const shape = input.shape.map((size, at) => (at === axis ? count : size));
  return moved(node, input, shape, (index) => {
    const outer = Math.floor(index / (count * inner));
    return (outer * input.shape[axis] + start) * inner + (index % (count * inner));
  });
}

/** ONNX's integer types. */
const integerTypes = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

function cast(node: NodeReader, [input]: Constant[]): Constant {
  const integer = integerTypes.has(node.int('to', 0));
  if (integer === input.integer) return input;
  const data = input.data && (integer ? Float64Array.from(input.data, Math.trunc) : Float32Array.from(input.data));
  return { ...input, integer, data, fill: integer ? Math.trunc(input.fill) : input.fill };
}

const reshaped =
  (target: (node: NodeReader, input: Constant) => number[]): Fold =>
  (node, [input]) => ({ ...input, shape: target(node, input) });

/** A matrix of one number, of which the part above or below a diagonal becomes 0. */
function trilu(node: NodeReader, [input, k]: Constant[]): Constant {
  const upper = node.int('upper', 1) === 1;
  const from = k ? (k.data?.[0] ?? k.fill) : 0;
  const { shape, integer } = input;
  const square = shape.length === 2 && shape[0] === shape[1];
  if (input.triangle || !square) throw node.error('it cuts a triangle of what is no square matrix');
  if (input.data) {
    const [, columns] = shape;
    const kept = (at: number) => {
      const past = (at % columns) - Math.floor(at / columns) - from;
      return upper ? past >= 0 : past <= 0;
    };
    node.spend(input.data.length);
    return { ...input, data: input.data.map((value, at) => (kept(at) ? value : 0)) };
  }
  if (from !== (upper ? 1 : 0)) throw node.error(`it cuts a triangle at ${from}, not at the diagonal`);
  const triangle = upper ? { below: 0, above: input.fill } : { below: input.fill, above: 0 };
  return { kind: 'constant', shape, integer, fill: Number.NaN, triangle };
}

/** Operators that know what to do with a triangle. */
const TRIANGLES = new Set([
  ...['Identity', 'Shape', 'Size', 'Cast', 'Unsqueeze', 'Squeeze', 'Reshape', 'Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'],
  ...['Neg', 'Abs', 'Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual', 'Not', 'And', 'Or', 'Where', 'Expand'],
]);

const folds: Record<string, Fold> = {
  Identity: (_, [input]) => input,
  Cast: cast,
  Shape: (node, [input]) => {
    const sizes = input.shape.slice(node.int('start', 0), node.optionalInt('end'));
    return whole([sizes.length], sizes);
  },
  Size: (_, [input]) => whole([], [elements(input.shape)]),
  ConstantOfShape: constantOfShape,
  Gather: gather,
  Slice: slice,
  Concat: concat,
  Expand: expand,
  Range: range,
  MatMul: matMul,
  Transpose: (node, [input]) => transposed(node, input, node.perm(input.shape.length)),
  Reshape: reshaped((node, { shape }) => node.reshaped(shape)),
  Flatten: reshaped((node, { shape }) => node.flattened(shape)),
  Squeeze: reshaped((node, { shape }) => {
    const axes = node.axes(1, shape.length) ?? shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
    if (axes.some((axis) => shape[axis] !== 1))
      throw node.damaged(`axes ${axes} of shape [${shape}] are not of size 1`);
    return shape.filter((_, axis) => !axes.includes(axis));
  }),
  Unsqueeze: reshaped((node, { shape }) => node.unsqueezed(shape, 1)),
  Add: eachOf((a, b) => a + b),
  Sub: eachOf((a, b) => a - b),
  Mul: eachOf((a, b) => a * b),
  Div: eachOf((a, b) => a / b),
  Max: eachOf(Math.max),
  Min: eachOf(Math.min),
  Neg: eachOf((a) => -a),
  Abs: eachOf(Math.abs),
  Sqrt: eachOf(Math.sqrt),
  Equal: eachOf((a, b) => Number(a === b), 'integer'),
  Less: eachOf((a, b) => Number(a < b), 'integer'),
  Greater: eachOf((a, b) => Number(a > b), 'integer'),
  LessOrEqual: eachOf((a, b) => Number(a <= b), 'integer'),
  GreaterOrEqual: eachOf((a, b) => Number(a >= b), 'integer'),
  And: eachOf((a, b) => Number(a !== 0 && b !== 0), 'integer'),
  Or: eachOf((a, b) => Number(a !== 0 || b !== 0), 'integer'),
  Not: eachOf((a) => Number(a === 0), 'integer'),
  Mod: eachOf((a, b) => a - b * Math.floor(a / b)),
  Trilu: trilu,
  Where: eachOf((condition, a, b) => (condition === 0 ? b : a)),
  ReduceProd: reduced(1, (product, value) => product * value),
  ReduceSum: reduced(0, (sum, value) => sum + value),
  ReduceMax: reduced(Number.NEGATIVE_INFINITY, Math.max),
  ReduceMin: reduced(Number.POSITIVE_INFINITY, Math.min),
};

/** How many inputs an operator needs that needs more than one. */
const INPUTS: Record<string, number> = {
  ...{ Gather: 2, Expand: 2, MatMul: 2, Sub: 2, Div: 2, Add: 2, Mul: 2, Equal: 2, Less: 2, Greater: 2 },
  ...{ Range: 3, Where: 3, Mod: 2, LessOrEqual: 2, GreaterOrEqual: 2, And: 2, Or: 2 },
};

/** A node of which all inputs are numbers; one constant for each of its outputs. */
export function fold(node: NodeReader, inputs: Constant[]): Constant[] {
  if (node.opType === 'Constant') return [node.constant()];
  if (node.opType === 'Split') return node.outputs.map((_, output) => split(node, inputs, output));
  if (!Object.hasOwn(folds, node.opType))
    throw node.error('memcell does not compute this operator of numbers in the file');
  const least = Object.hasOwn(INPUTS, node.opType) ? INPUTS[node.opType] : 1;
  if (inputs.length < least)
    throw node.damaged(`it has ${counted(inputs.length, 'input')} of the ${least} that it needs`);
  if (inputs.some(({ triangle }) => triangle) && !TRIANGLES.has(node.opType))
    throw node.error('it computes with a mask what memcell does not know');
  return [folds[node.opType](node, inputs)];
}
