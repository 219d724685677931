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

/** The index of the largest value of row `row` of (rows, n); the first one when several are equal. */
export function argMax(values: ArrayLike<number>, row: number, n: number): number {
  let best = 0;
  for (let i = 1; i < n; i++) if (values[row * n + i] > values[row * n + best]) best = i;
  return best;
}
