/** tfjs layers that normalise, to plan data. */
import { ActivationId } from '../kernels/activationIds.js';
import type { LayerPath } from '../model/walk.js';
import type * as tf from '../tf.js';
import { type LayerPlan, NONE, type OverStepsPlan } from './layerPlan.js';
import type { Config, Planner, Planning } from './planLayers.js';
import { claim } from './planWeights.js';
import { unsupported } from './unsupported.js';

export const NORMALIZATIONS: Record<string, Planner> = {
  BatchNormalization: planBatchNormalization,
  LayerNormalization: planLayerNormalization,
  RMSNormalization: (layer, config, _path, planning) => {
    const [gamma] = claim(layer, layer.weights, ['scale'], config, planning);
    const width = layer.weights[0].shape.reduce<number>((product, size) => product * Number(size), 1);
    const { epsilon, axis } = config;
    return overAxes(layer, axis, planning, {
      kind: 'rmsNormalization',
      unit: false,
      keepsMask: false,
      width,
      epsilon: Number(epsilon),
      gamma,
    });
  },
  UnitNormalization: (layer, { axis }, _path, planning) =>
    overAxes(layer, axis, planning, {
      kind: 'rmsNormalization',
      unit: true,
      keepsMask: true,
      width: planning.state.width,
      epsilon: 0,
      gamma: NONE,
    }),
  Softmax: (layer, { axis }, _path, planning) =>
    overAxes(layer, axis, planning, { kind: 'activation', activation: ActivationId.softmax, inPlace: false }),
  GroupNormalization: planGroupNormalization,
  Normalization: planNormalization,
};

/** What a layer of single rows does over the axes of a sample that `axis` says. */
function overAxes(
  layer: tf.layers.Layer,
  axis: unknown,
  { state: { sequence } }: Planning,
  inner: OverStepsPlan['inner'],
): LayerPlan[] {
  const last = sequence ? 2 : 1;
  const axes = [axis].flat().map((one) => (Number(one) < 0 ? last + 1 + Number(one) : Number(one)));
  if (axes.some((one) => !(one >= 1 && one <= last))) throw unsupported(layer, `takes axis ${axes}`);
  const overSteps = sequence && axes.includes(1);
  if (!overSteps) return [inner];
  const keepsMask = inner.kind !== 'rmsNormalization' || inner.keepsMask;
  return [{ kind: 'overSteps', groups: axes.includes(2) ? 1 : -1, inner, keepsMask }];
}

function planGroupNormalization(
  layer: tf.layers.Layer,
  config: Config,
  _path: LayerPath,
  planning: Planning,
): LayerPlan[] {
  const { groups, epsilon } = config;
  const { width } = planning.state;
  const { gamma, beta } = scaleAndCenter(layer, config, planning);
  const inner: OverStepsPlan['inner'] = {
    kind: 'layerNormalization',
    width,
    epsilon: Number(epsilon),
    gamma: NONE,
    beta: NONE,
  };
  const normalised: LayerPlan = { kind: 'overSteps', groups: Number(groups), inner, keepsMask: true };
  return gamma === NONE && beta === NONE ? [normalised] : [normalised, { kind: 'scale', width, gamma, beta }];
}

/** The weights of a layer that scales and centers, NONE for those that it has not. */
function scaleAndCenter(
  layer: tf.layers.Layer,
  config: Config,
  planning: Planning,
  more: readonly string[] = [],
): Record<string, number> {
  const names = [...(config.scale === false ? [] : ['gamma']), ...(config.center === false ? [] : ['beta']), ...more];
  const claimed = claim(layer, layer.weights, names, config, planning);
  return { gamma: NONE, beta: NONE, ...Object.fromEntries(names.map((name, i) => [name, claimed[i]])) };
}

function planNormalization(layer: tf.layers.Layer, config: Config, _path: LayerPath, planning: Planning): LayerPlan[] {
  const { sequence, width } = planning.state;
  const { axis, mean, variance, invert } = config;
  const axes = axis === null ? [] : [axis].flat();
  if (axes.some((one) => one !== -1 && one !== (sequence ? 2 : 1)))
    throw unsupported(layer, `normalises axis ${axes}, not the last`);
  const common = { kind: 'standardization', width, inverted: invert === true } as const;
  if (mean !== null) {
    const each = (given: unknown) => (Array.isArray(given) ? given.map(Number) : Array(width).fill(Number(given)));
    const of = { kind: 'constants', mean: each(mean), variance: each(variance) } as const;
    if (of.mean.length !== width || of.variance.length !== width)
      throw unsupported(layer, `has no mean and variance of each of its ${width} features`);
    return [{ ...common, of }];
  }
  if (axes.length === 0) throw unsupported(layer, 'has one mean of all values as a weight');
  const [ofMean, ofVariance, count] = claim(layer, layer.weights, ['mean', 'variance', 'count'], config, planning);
  return [{ ...common, of: { kind: 'weights', mean: ofMean, variance: ofVariance, count } }];
}

function planLayerNormalization(
  layer: tf.layers.Layer,
  config: Config,
  _path: LayerPath,
  planning: Planning,
): LayerPlan[] {
  const { axis, epsilon } = config;
  const { state } = planning;
  const axes = Array.isArray(axis) ? axis : [axis];
  const last = state.sequence ? 2 : 1;
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== last))
    throw unsupported(layer, `normalises axis ${axes}, not the last`);
  const { gamma, beta } = scaleAndCenter(layer, config, planning);
  return [
    {
      kind: 'layerNormalization',
      width: state.width,
      epsilon: Number(epsilon),
      gamma,
      beta,
    },
  ];
}

function planBatchNormalization(
  layer: tf.layers.Layer,
  config: Config,
  _path: LayerPath,
  planning: Planning,
): LayerPlan[] {
  const { axis, epsilon, momentum } = config;
  const { state } = planning;
  if (axis !== -1 && axis !== (state.sequence ? 2 : 1))
    throw unsupported(layer, `normalises axis ${axis}, not the last`);
  const moving = ['movingMean', 'movingVariance'];
  const { gamma, beta, movingMean, movingVariance } = scaleAndCenter(layer, config, planning, moving);
  return [
    {
      kind: 'batchNormalization',
      width: state.width,
      epsilon: Number(epsilon),
      momentum: Number(momentum),
      gamma,
      beta,
      movingMean,
      movingVariance,
      trained: layer.trainable,
    },
  ];
}
