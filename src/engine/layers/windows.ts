/** Where windows over the steps of a sequence lie. */
import { MemcellError } from '../../errors.js';
import type { WindowsPlan } from '../../plan/layerPlan.js';

export interface Windows {
  /** Steps of padding before the first step. */
  before: number;
  /** T', how many windows there are. */
  count: number;
}

/**
 * Windows over `steps` steps, as TensorFlow places them: all inside for 'valid', ⌈T/stride⌉ with padding on both sides, the odd
 * one after, for 'same', none that sees a later step than its last for 'causal'.
 * @throws MemcellError when not even one fits
 */
export function windowsOver(steps: number, plan: WindowsPlan & { name: string }): Windows {
  const { size, stride, dilation, padding, name } = plan;
  const span = (size - 1) * dilation + 1;
  if (padding === 'causal') return { before: span - 1, count: Math.floor((steps - 1) / stride) + 1 };
  if (padding === 'same') {
    const count = Math.ceil(steps / stride);
    const all = Math.max((count - 1) * stride + span - steps, 0);
    return { before: Math.floor(all / 2), count };
  }
  if (steps < span)
    throw new MemcellError(
      `layer ${name} needs sequences of at least ${span} steps, and got ${steps}; give longer ones, or the layer padding 'same'`,
      { code: 'data' },
    );
  return { before: 0, count: Math.floor((steps - span) / stride) + 1 };
}
