import { NONE, type RectifierPlan } from '../../plan/layerPlan.js';

/** ReLU and its kin on the engine: what is not given is ReLU's. */
export function rectifier(width: number, given: Partial<RectifierPlan>): RectifierPlan {
  const otherwise = { slope: 0, threshold: 0, most: Number.POSITIVE_INFINITY, alpha: NONE, rows: 1 };
  return { ...otherwise, ...given, kind: 'rectifier', width };
}
