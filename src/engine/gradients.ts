/**
 * Gradients of signals. Whoever reads a signal that wants one places it, then and there, unless what gives the signal has done so,
 * where its own input's gradient is to be; what gives the signal reads it in backward.
 * A layer none of whose outputs has a reader with a gradient is not asked for backward; in one that is, only outputs beside others
 * (a recurrent layer's states) may be without.
 */
import type { Space } from './layers/layer.js';
import { newRows, type Rows, type Signal } from './rows.js';

/** A place for dL/d values of a signal that wants one, where it has none yet: the only way to say that an input has no gradient. */
export function placeGradient(input: Signal, space: Space): Rows | undefined {
  if (!input.wantsGradient) return undefined;
  const { steps, width } = input.values;
  input.gradient ??= newRows(space, steps, width);
  return input.gradient;
}

/**
 * dL/d values of a signal, once its readers are placed.
 * @throws Error where there is none: a fault of the engine's own
 */
export function gradientOf({ gradient }: Signal): Rows {
  if (gradient) return gradient;
  throw new Error('bug: a signal whose gradient is asked for has none');
}

/**
 * The same of one of several outputs of a layer: undefined where only others are read.
 * @throws Error where there is none of any: a fault of the engine's own
 */
export function gradientBeside(output: Signal, others: readonly Signal[]): Rows | undefined {
  if (output.gradient) return output.gradient;
  return others.some(({ gradient }) => gradient) ? undefined : gradientOf(output);
}

/**
 * That a reader, now placed, has given the signals it reads the gradients that they want.
 * @throws Error where it has not: a fault of the engine's own
 */
export function requireGradients(inputs: readonly Signal[], reader: string): void {
  inputs.forEach(({ wantsGradient, gradient }, i) => {
    if (wantsGradient && !gradient) throw new Error(`bug: ${reader} has placed no gradient of its input ${i}`);
  });
}
