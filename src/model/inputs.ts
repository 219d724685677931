/** What goes into a model, checked and brought into one form; and what comes out, in the form that went in. */

import { allFinite, elements, type NdArray } from '../data/array.js';
import { MemcellError, usageError } from '../errors.js';
import { counted } from '../format.js';
import { shown } from '../spelling.js';
import { isTensor, tensorFlow } from '../tensorflow.js';
import type { Tensor } from '../tfjsTypes.js';

/** Numbers, or lists of lists of them; the innermost lists may be typed arrays. */
export type NestedArray = number | ArrayLike<number> | readonly NestedArray[];

/** Numbers in row-major order with their shape. */
export interface ShapedArray {
  data: ArrayLike<number>;
  shape: readonly number[];
}

export type ModelInput = Tensor | NestedArray | ShapedArray;

/** In which form an input came, so that the answer can go out in the same. */
export type Form = 'tensor' | 'nested' | 'array';

export interface Expected {
  /** With the batch axis; null where any size will do. */
  shape: readonly (number | null)[];
  /** int32: whole numbers only. Default float32. */
  dtype?: 'float32' | 'int32';
  /** Values are 0 ≤ v < below. */
  below?: number;
}

/**
 * Checks an input and copies it where its form demands that; a Float32Array or Int32Array with a shape is taken as it is.
 * @param what names the input in errors: 'x'
 * @throws MemcellError 'data' with the position: ragged lists, not numbers, a shape or type that does not fit, NaN, infinity
 */
export function toBatch(input: ModelInput, expected: Expected, what: string): { array: NdArray; like: Form } {
  const { array, like } = readArray(input, what);
  checkShape(array.shape, expected.shape, what);
  checkValues(array, expected, what);
  return { array: { data: typed(array.data, expected.dtype ?? 'float32'), shape: array.shape }, like };
}

/** An input as an array, its form checked but not its shape or values. Whole numbers up to 2²⁴ are exact in it. */
export function readArray(input: ModelInput, what: string): { array: NdArray; like: Form } {
  if (isTensor(input)) {
    if (input.isDisposed) throw usageError(`${what} is a tensor that was disposed`);
    if (input.dtype === 'string' || input.dtype === 'complex64') {
      throw new MemcellError(`${what} is a tensor of ${input.dtype}; it must have numbers`);
    }
    return { array: { data: numbers(input.dataSync(), what), shape: input.shape.slice() }, like: 'tensor' };
  }
  if (isShaped(input)) {
    const shape = checkedShape(input.shape, what);
    if (elements(shape) !== input.data.length) {
      throw new MemcellError(
        `${what} has ${counted(input.data.length, 'value')}, but its shape [${shape}] has ${elements(shape)}`,
      );
    }
    return { array: { data: numbers(input.data, what), shape }, like: 'array' };
  }
  return { array: fromNested(input, what), like: 'nested' };
}

/** An array in the form that an input had. A tensor is the caller's to dispose. */
export function fromBatch(array: NdArray, like: 'tensor'): Tensor;
export function fromBatch(array: NdArray, like: Form): Tensor | NestedArray | NdArray;
export function fromBatch(array: NdArray, like: Form): Tensor | NestedArray | NdArray {
  if (like === 'array') return array;
  const dtype = array.data instanceof Int32Array ? 'int32' : 'float32';
  if (like === 'tensor') return tensorFlow().tensor(array.data, array.shape, dtype);
  return toNested(array);
}

function toNested({ data, shape }: NdArray): NestedArray {
  if (shape.length === 0) return data[0];
  if (shape.length === 1) return Array.from(data);
  const [rows, ...rest] = shape;
  const size = elements(rest);
  return Array.from({ length: rows }, (_, i) =>
    toNested({ data: data.subarray(i * size, (i + 1) * size), shape: rest }),
  );
}

function isShaped(input: unknown): input is ShapedArray {
  if (typeof input !== 'object' || input === null || !('data' in input) || !('shape' in input)) return false;
  return isList(input.data) && Array.isArray(input.shape);
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}

function checkedShape(shape: readonly number[], what: string): number[] {
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new MemcellError(`${what} has the shape ${shown(shape)}, which is not a list of whole numbers`);
  }
  return [...shape];
}

/** Without a copy where it is an array that memcell works on. */
function numbers(values: ArrayLike<number>, what: string): NdArray['data'] {
  if (values instanceof Float32Array || values instanceof Int32Array) return values;
  return Float32Array.from(values, (value, i) => {
    if (typeof value === 'number') return value;
    throw new MemcellError(`${what}: data[${i}] is ${shown(value)}; it must be a number`);
  });
}

function typed(data: NdArray['data'], dtype: 'float32' | 'int32'): NdArray['data'] {
  if (dtype === 'int32') return data instanceof Int32Array ? data : Int32Array.from(data);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

function fromNested(input: unknown, what: string): NdArray {
  const shape: number[] = [];
  for (let level = input; isList(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const data = new Float32Array(elements(shape));
  let next = 0;
  const path: number[] = [];
  const fill = (value: unknown): void => {
    const depth = path.length;
    if (depth === shape.length) {
      if (typeof value !== 'number') {
        throw new MemcellError(
          `${position(what, path)} is ${isList(value) ? 'a list' : shown(value)}; it must be a number`,
        );
      }
      data[next++] = value;
      return;
    }
    if (!isList(value) || value.length !== shape[depth]) {
      const found = isList(value) ? counted(value.length, 'value') : shown(value);
      const other = position(what, new Array(depth).fill(0));
      throw new MemcellError(
        `${position(what, path)} has ${found}, but ${other} has ${shape[depth]}; all must be alike`,
      );
    }
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      fill(value[i]);
      path.pop();
    }
  };
  fill(input);
  return { data, shape };
}

function checkShape(shape: readonly number[], expected: readonly (number | null)[], what: string): void {
  const fits =
    shape.length === expected.length && expected.every((size, axis) => size === null || size === shape[axis]);
  if (!fits) {
    const wanted = expected.map((size, axis) => size ?? (axis === 0 ? 'samples' : 'any')).join(', ');
    throw new MemcellError(`${what} has the shape [${shape.join(', ')}]; it must be [${wanted}]`);
  }
  if (shape[0] === 0) throw new MemcellError(`${what} has no samples`);
}

function checkValues({ data, shape }: NdArray, { dtype, below }: Expected, what: string): void {
  const wrong = (i: number, must: string) => {
    const place = position(what, indicesOf(i, shape));
    return new MemcellError(`${place} is ${data[i]}; it must be ${must}`);
  };
  if (dtype === 'int32') {
    for (let i = 0; i < data.length; i++) {
      if (!Number.isInteger(data[i])) throw wrong(i, 'a whole number');
      if (below !== undefined && !(data[i] >= 0 && data[i] < below)) throw wrong(i, `from 0 to ${below - 1}`);
    }
  } else if (data instanceof Float32Array && !allFinite(data)) {
    throw wrong(
      data.findIndex((value) => !Number.isFinite(value)),
      'a finite number',
    );
  }
}

function indicesOf(flat: number, shape: readonly number[]): number[] {
  const indices: number[] = [];
  for (const size of [...shape].reverse()) {
    indices.unshift(flat % size);
    flat = Math.floor(flat / size);
  }
  return indices;
}

function position(what: string, path: readonly number[]): string {
  return what + path.map((i) => `[${i}]`).join('');
}
