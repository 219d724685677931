import type { Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';

/** A size of a layer's output on the engine. @throws Unsupported where it is open */
export function knownSize(planning: Planning, axis: number, otherwise: string): number {
  const size = planning.outputShape[axis];
  if (typeof size === 'number' && size > 0) return size;
  throw unsupported(planning, otherwise);
}
