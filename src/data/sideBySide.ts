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
  const [rows, width] = array.shape;
  const sizes = array.parts.map(elements);
  const at = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
  const size = sizes[index];
  const data = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    data.set(array.data.subarray(row * width + at, row * width + at + size), row * size);
  }
  return { data, shape: [rows, ...array.parts[index]] };
}
