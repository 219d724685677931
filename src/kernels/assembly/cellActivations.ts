/**
 * Any activation of one number at a time in a recurrent cell, on one row of gates: `groups` groups of n floats that begin
 * `group` bytes apart. tanh and sigmoid together have code of their own in each cell.
 */
import { ActivationId, slopeTakesInput } from '../activationIds';
import { activationBackward } from './elementwise/activationGradients';
import { activationForward } from './elementwise/activations';

/** to = f(from); both may be the same. */
export function activateGroups(id: i32, from: usize, to: usize, group: usize, n: i32, groups: i32): void {
  const ld = <i32>(group >> 2);
  activationForward(id, from, ld, to, ld, n, 0, groups);
}

/** d *= f′, from the activations' inputs or outputs, whichever f′ takes. */
export function slopeGroups(
  id: i32, inputs: usize, outputs: usize, group: usize, d: usize, dGroup: usize, n: i32, groups: i32,
): void {
  const saved = slopeTakesInput(<ActivationId>id) ? inputs : outputs;
  const ld = <i32>(dGroup >> 2);
  activationBackward(id, saved, <i32>(group >> 2), d, ld, d, ld, n, 0, groups);
}
