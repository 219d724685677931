/** What layers that look from one sequence at others have in common on the engine. */
import type { AttentionPlan, LayerPlan } from '../../plan/layerPlan.js';
import type { Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';

/** @throws Unsupported */
export function requireSteps(planning: Planning): void {
  if (planning.inputs.some(({ sequence }) => !sequence)) throw unsupported(planning, 'has an input without steps');
}

/** Attention of one head that scores as `scores` says. @throws Unsupported */
export function planScored(
  planning: Planning<{ useCausalMask: boolean; dropout: number }>,
  scores: Pick<AttentionPlan, 'additive' | 'factor' | 'coefficients' | 'oneCoefficient'>,
): LayerPlan[] {
  requireSteps(planning);
  const { flow, path, settings } = planning;
  const [query, value] = planning.inputs;
  const { useCausalMask: causal, dropout } = settings;
  flow.width = value.width;
  return [{ kind: 'attention', heads: 1, keyWidth: query.width, causal, dropout, path, ...scores }];
}
