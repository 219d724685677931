/** Batches as rows of predictions with as many targets. */
import type { NdArray } from '../../data/array.js';
import { usageError } from '../../errors.js';
import { arrayShape } from '../targets.js';

/** Calls visit for each row that counts: where its predictions and targets begin, and its weight. Gives the length of a row. */
export function eachRow(
  metric: string,
  yTrue: NdArray,
  yPred: NdArray,
  weights: Float32Array | undefined,
  visit: (at: number, size: number, weight: number) => void,
): void {
  if (yTrue.data.length !== yPred.data.length)
    throw usageError(
      `metric ${metric}: targets of shape ${arrayShape(yTrue.shape)} do not fit predictions of shape ${arrayShape(yPred.shape)}; it takes one target for each prediction, such as one-hot rows`,
    );
  const size = yPred.shape[yPred.shape.length - 1];
  const rows = yPred.data.length / size;
  for (let row = 0; row < rows; row++) {
    const weight = weights === undefined ? 1 : weights[row];
    // A masked step may hold anything, also NaN.
    if (weight !== 0) visit(row * size, size, weight);
  }
}

/** a / b, and 0 where b is 0. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
