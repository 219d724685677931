import type { NdArray } from './array.js';
import { parseNumber } from './cells.js';

/** The distinct class names: in numeric order when all are numbers, else by code unit. */
export function classNames(cells: readonly string[]): string[] {
  const names = [...new Set(cells)];
  const numeric = names.every((name) => !Number.isNaN(parseNumber(name, false)));
  return numeric ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}

/** The index of each cell's class; −1 when it is not among the names. */
export function classIndices(cells: readonly string[], names: readonly string[]): Int32Array {
  const index = new Map(names.map((name, i) => [name, i]));
  return Int32Array.from(cells, (cell) => index.get(cell) ?? -1);
}

/** Class indices (N) to rows of 0 with one 1 (N, classes). */
export function oneHot(indices: Int32Array, classes: number): NdArray {
  const data = new Float32Array(indices.length * classes);
  for (let i = 0; i < indices.length; i++) data[i * classes + indices[i]] = 1;
  return { data, shape: [indices.length, classes] };
}

/** The index of the largest value of row `row` of (rows, n); the first one when several are equal. */
export function argMax(values: ArrayLike<number>, row: number, n: number): number {
  let best = 0;
  for (let i = 1; i < n; i++) if (values[row * n + i] > values[row * n + best]) best = i;
  return best;
}
