/** What normalizations have in common on the engine. */
import { type LayerPlan, NONE, type OverStepsPlan } from '../../plan/layerPlan.js';
import type { Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';
import { fromFirst } from '../define.js';

/** Axes of a call's input. */
export function rankOf({ flow }: Planning): number {
  return flow.sequence ? 3 : 2;
}

/** What a layer of single rows does over the axes of a sample that `axis` says. @throws Unsupported for other axes */
export function overAxes(
  planning: Planning,
  axis: number | readonly number[],
  inner: OverStepsPlan['inner'],
): LayerPlan[] {
  const rank = rankOf(planning);
  const axes = fromFirst(axis, rank);
  if (axes.some((one) => one < 1 || one >= rank)) throw unsupported(planning, `takes axis ${axes}`);
  const overSteps = planning.flow.sequence && axes.includes(1);
  if (!overSteps) return [inner];
  const keepsMask = inner.kind !== 'rmsNormalization' || inner.keepsMask;
  return [{ kind: 'overSteps', groups: axes.includes(2) ? 1 : -1, inner, keepsMask }];
}

/** The weights of a layer that scales and centers, NONE for those that it has not, and the others, which it has after them. */
export function claimScaled(
  planning: Planning<{ scale: boolean; center: boolean }>,
  ...more: string[]
): { gamma: number; beta: number; others: number[] } {
  const { scale, center } = planning.settings;
  const claimed = planning.claim(...(scale ? ['gamma'] : []), ...(center ? ['beta'] : []), ...more);
  const gamma = scale ? claimed[0] : NONE;
  const beta = center ? claimed[scale ? 1 : 0] : NONE;
  return { gamma, beta, others: claimed.slice(Number(scale) + Number(center)) };
}
