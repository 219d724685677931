import type { NdArray } from '../data/array.js';
import { MemcellError, usageError } from '../errors.js';

/** What a task needs of a model. */
export interface Predictor {
  predict(x: NdArray, options?: { batchSize?: number }): Promise<NdArray>;
}

export interface Samples {
  x: NdArray;
  y: NdArray;
}

/**
 * @param wanted the shapes that would do, without the batch
 * @throws MemcellError (usage) when the output shape is none of them.
 */
export function checkOutputShape(
  outputShape: readonly (number | null)[],
  wanted: readonly (readonly number[])[],
  remedy: string,
): void {
  const given = outputShape.slice(1);
  const fits = wanted.some((shape) => shape.length === given.length && shape.every((size, i) => size === given[i]));
  if (fits) return;
  const known = wanted.map((shape) => `(${shape.join(', ')})`).join(' or ');
  throw usageError(`layers: the output has shape (${given.join(', ')}), this task needs ${known}; ${remedy}`);
}

/**
 * @param edge how many of the `length` units are trained on
 * @throws MemcellError when the training part, or the part held out, has no more units than a window.
 */
export function checkParts(name: string, units: string, length: number, edge: number, window: number): void {
  const heldOut = length - edge;
  const shortest = heldOut > 0 ? Math.min(edge, heldOut) : edge;
  if (shortest > window) return;
  const part = heldOut === 0 ? '' : shortest === edge ? ' to train on' : ' held out';
  const remedy = shortest > 1 ? `take --window ${shortest - 1} or less` : 'take more data';
  throw new MemcellError(`${name}: its ${shortest} ${units}${part} are too few for window ${window}; ${remedy}`);
}
