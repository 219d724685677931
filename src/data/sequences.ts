import { usageError } from '../errors.js';
import type { NdArray } from './array.js';

/**
 * F/T, the features of each of T steps that F columns are.
 * @throws MemcellError (usage) when T does not divide F.
 */
export function stepSize(features: number, steps: number): number {
  if (!Number.isInteger(steps) || steps < 1 || features % steps !== 0) {
    const divisors = Array.from({ length: features }, (_, i) => i + 1).filter((divisor) => features % divisor === 0);
    throw usageError(
      `steps: ${features} columns cannot be ${steps} steps of equal size; take one of ${divisors.join(', ')}`,
    );
  }
  return features / steps;
}

/**
 * Each row of F features as T steps of F/T: the first F/T columns are the first step (digits' 64 columns are 8 × 8).
 * The same numbers in the same order, so only the shape is new.
 * @throws MemcellError (usage) when T does not divide F.
 */
export function rowsToSteps(values: Float32Array, features: number, steps: number): NdArray {
  return { data: values, shape: [values.length / features, steps, stepSize(features, steps)] };
}

export interface Group {
  key: string;
  rows: number[];
}

/** The rows of each key, in order of first appearance; a group's rows keep their order and need not be neighbours. */
export function groupRows(keys: readonly string[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [row, key] of keys.entries()) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { key, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()];
}

/**
 * One sequence per group, padded at the end to `steps` with `maskValue`, for a Masking layer to leave out.
 * @param values row-major (rows, F)
 * @returns (groups, steps, F)
 */
export function padGroups(
  values: Float32Array,
  features: number,
  groups: readonly Group[],
  steps: number,
  maskValue: number,
): NdArray {
  const data = new Float32Array(groups.length * steps * features).fill(maskValue);
  for (const [i, { rows }] of groups.entries()) {
    for (const [t, row] of rows.entries()) {
      data.set(values.subarray(row * features, (row + 1) * features), (i * steps + t) * features);
    }
  }
  return { data, shape: [groups.length, steps, features] };
}
