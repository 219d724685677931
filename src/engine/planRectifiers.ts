/** ReLU and its kin, layers of tfjs's form, to plan data. */
import { ActivationId } from '../kernels/activationIds.js';
import { type LayerPlan, NONE, type RectifierPlan } from './layerPlan.js';
import type { Planner } from './planLayers.js';
import { claim } from './planWeights.js';
import { unsupported } from './unsupported.js';

/** The least normal float32 above 0. */
const LEAST = 2 ** -126;

export const RECTIFIERS: Record<string, Planner> = {
  ReLU: (_layer, { maxValue, negativeSlope, threshold }, _path, { state }) => {
    const most = maxValue === null || maxValue === undefined ? Number.POSITIVE_INFINITY : Number(maxValue);
    if (most === Number.POSITIVE_INFINITY && negativeSlope === 0 && threshold === 0) return [plain(ActivationId.relu)];
    return [rectifier(state.width, { slope: Number(negativeSlope), threshold: Number(threshold), most })];
  },
  LeakyReLU: (_layer, { negativeSlope, alpha }, _path, { state }) => [
    rectifier(state.width, { slope: Number(alpha ?? negativeSlope) }),
  ],
  // elu(x) is below 0 where x is; 0 itself counts as below, where the slope is alpha.
  ELU: (_layer, { alpha }, _path, { state }) =>
    alpha === 1
      ? [plain(ActivationId.elu)]
      : [plain(ActivationId.elu), rectifier(state.width, { slope: Number(alpha), threshold: LEAST })],
  PReLU: (layer, config, _path, planning) => {
    const { width } = planning.state;
    const shape = layer.weights[0].shape.map(Number);
    if (shape.at(-1) !== width) throw unsupported(layer, 'shares its factors between features');
    const [alpha] = claim(layer, layer.weights, ['alpha'], config, planning);
    return [rectifier(width, { alpha, rows: shape.length > 1 ? shape[0] : 1 })];
  },
};

function plain(activation: ActivationId): LayerPlan {
  return { kind: 'activation', activation, inPlace: false };
}

function rectifier(width: number, given: Partial<RectifierPlan>): RectifierPlan {
  const otherwise = { slope: 0, threshold: 0, most: Number.POSITIVE_INFINITY, alpha: NONE, rows: 1 };
  return { ...otherwise, ...given, kind: 'rectifier', width };
}
