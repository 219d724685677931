import { argMax } from '../data/labels.js';

/** The most frequent of class indices below `classes`; the first one of equals. */
export function majority(indices: Int32Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const index of indices) counts[index]++;
  return argMax(counts, 0, classes);
}
