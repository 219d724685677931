/** What layers that join several inputs have in common on the engine. */
import type { MergeId } from '../../kernels/mergeIds.js';
import type { Planner, Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';

/** What the engine does for a layer that takes inputs element by element, one step or one feature as often as others have more. */
export function elementwise(mode: MergeId): Planner {
  return (planning) => {
    const { inputs, flow } = planning;
    flow.width = Math.max(...inputs.map(({ width }) => width));
    flow.sequence = inputs.some(({ sequence }) => sequence);
    const steps = planning.shapes.map((shape) => (shape.length === 3 ? shape[1] : 1));
    return [{ kind: 'merge', mode, repeatsSteps: steps.some((count) => count !== steps[0]) }];
  };
}

/** @throws Unsupported */
export function sameAxes(planning: Planning): void {
  const { inputs } = planning;
  const sequences = inputs.filter(({ sequence }) => sequence).length;
  if (sequences > 0 && sequences < inputs.length) throw unsupported(planning, 'joins inputs with steps and without');
}

/** @throws Unsupported */
export function sameWidths(planning: Planning): void {
  const { inputs } = planning;
  if (inputs.some(({ width }) => width !== inputs[0].width))
    throw unsupported(planning, 'joins inputs of unlike numbers of features');
}

/** Steps that are known must be as many; those that are open, the batch tells. @throws Unsupported */
export function sameSteps(planning: Planning): void {
  const known = planning.shapes
    .filter(({ length }) => length === 3)
    .map(([, steps]) => steps)
    .filter((steps) => steps !== null);
  if (known.some((steps) => steps !== known[0])) throw unsupported(planning, 'joins inputs of unlike numbers of steps');
}
