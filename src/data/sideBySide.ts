/** Several arrays of as many rows as one: what a model with several inputs or outputs takes and gives, batch by batch. */
import { elements, type NdArray } from './array.js';

/** Row by row side by side, their shapes in `parts`. Whole numbers up to 2²⁴ are exact in it. One array is itself. */
export function sideBySide(arrays: readonly NdArray[]): NdArray {
  if (arrays.length === 1) return arrays[0];
  const rows = arrays[0].shape[0];
  const parts = arrays.map(({ shape }) => shape.slice(1));
  const sizes = parts.map(elements);
  const width = sizes.reduce((sum, size) => sum + size, 0);
  const data = new Float32Array(rows * width);
  let at = 0;
  arrays.forEach((array, i) => {
    for (let row = 0; row < rows; row++) {
      data.set(array.data.subarray(row * sizes[i], (row + 1) * sizes[i]), row * width + at);
    }
    at += sizes[i];
  });
  return { data, shape: [rows, width], parts };
}

/** The arrays that lie side by side, copied; an array that is one alone is itself. */
export function partsOf(array: NdArray): NdArray[] {
  if (!array.parts) return [array];
  return array.parts.map((_, index) => partOf(array, index));
}

export function partOf(array: NdArray, index: number): NdArray {
  if (!array.parts) return array;
  const shape = [array.shape[0], ...array.parts[index]];
  const data = new Float32Array(elements(shape));
  putPart(array, index, data, 0);
  return { data, shape };
}

/** One of the arrays that lie side by side, all of its rows, from `at` on into another's floats or integers. */
export function putPart(array: NdArray, index: number, into: Float32Array | Int32Array, at: number): void {
  if (!array.parts) {
    into.set(array.data, at);
    return;
  }
  const [rows, width] = array.shape;
  const sizes = array.parts.map(elements);
  const from = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
  const size = sizes[index];
  for (let row = 0; row < rows; row++) {
    const start = row * width + from;
    into.set(array.data.subarray(start, start + size), at + row * size);
  }
}
