import { argMax } from '../data/labels.js';

/** Counts of (actual, answered) pairs of class indices. */
export function confusionMatrix(actual: Int32Array, answered: Int32Array, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < actual.length; i++) counts[actual[i]][answered[i]]++;
  return counts;
}

/** The share of equal pairs. */
export function accuracy(actual: Int32Array, answered: Int32Array): number {
  let right = 0;
  for (let i = 0; i < actual.length; i++) if (actual[i] === answered[i]) right++;
  return right / actual.length;
}

/** The most frequent of class indices below `classes`; the first one of equals. */
export function majority(indices: Int32Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const index of indices) counts[index]++;
  return argMax(counts, 0, classes);
}
