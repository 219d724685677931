/** Numbers that the file gives an operator beside what comes from the input. */
import { elements } from '../../data/array.js';
import { numbersOf } from './fold.js';
import { unrolled } from './moves.js';
import type { NodeReader } from './nodeReader.js';
import type { Constant } from './tensors.js';

export const single = (constant: Constant): number => constant.data?.[0] ?? constant.fill;

export const floats = (constant: Constant, node: NodeReader) => Float32Array.from(numbersOf(constant, node));

/** Numbers that an operator spreads over all axes but the features: one, or one for each feature. */
export function perFeature(constant: Constant, features: number, node: NodeReader): Float32Array {
  const own = elements(constant.shape);
  if (own === 1) return new Float32Array(features).fill(single(constant));
  if (own === features && constant.shape.at(-1) === features) return floats(constant, node);
  if (!constant.data) return new Float32Array(features).fill(constant.fill);
  if (own > features) throw node.error('it meets numbers that stand for every row', unrolled);
  throw node.error(`numbers of shape [${constant.shape}] are not one for each of ${features} features`);
}
