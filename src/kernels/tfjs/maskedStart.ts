/**
 * Sequences whose first steps are masked: until the first unmasked step Keras (and the kernels) put out zeros,
 * TensorFlow.js's layer the initial h. These two functions make TensorFlow.js's rule of the kernels' one. B batch, T steps, U units.
 */
import type { LSTMSizes } from '../reference.js';

/** Calls back with (b, s) for every step s, in the order of processing, that comes before the first unmasked one of row b. */
function forMaskedStart(
  mask: ArrayLike<number>,
  { batch, steps }: LSTMSizes,
  goBackwards: boolean,
  callback: (b: number, s: number) => void,
): void {
  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < steps && !mask[b * steps + (goBackwards ? steps - 1 - s : s)]; s++) callback(b, s);
  }
}

/** Writes initialH (B,U) into the rows of y (B,T,U) that are masked from the start. */
export function fillMaskedStart(
  y: Float32Array,
  initialH: Float32Array,
  mask: ArrayLike<number>,
  sizes: LSTMSizes,
  goBackwards: boolean,
): void {
  const { steps, units } = sizes;
  forMaskedStart(mask, sizes, goBackwards, (b, s) => {
    y.set(initialH.subarray(b * units, (b + 1) * units), (b * steps + s) * units);
  });
}

/** The backward pass of fillMaskedStart: adds the gradients dy (B,T,U) of those rows to that of initialH (B,U). */
export function addMaskedStartGradient(
  dInitialH: Float32Array,
  dy: Float32Array,
  mask: ArrayLike<number>,
  sizes: LSTMSizes,
  goBackwards: boolean,
): void {
  const { steps, units } = sizes;
  forMaskedStart(mask, sizes, goBackwards, (b, s) => {
    for (let u = 0; u < units; u++) dInitialH[b * units + u] += dy[(b * steps + s) * units + u];
  });
}
