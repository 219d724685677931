import { type LayerPlan, NONE } from '../../plan/layerPlan.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, features, type LayerOptions, layerFunction, type Shape } from '../define.js';
import * as kind from '../schema.js';
import { claimScaled } from './planned.js';
import { scaleAndCenter, scaledWeights } from './scaled.js';
import { scaled } from './scaledOptions.js';

const own = {
  /** How many groups the features are taken in; -1 for each by itself. Default 32. */
  groups: kind.defaulted(kind.groups, 32),
  /** The features' axis; only the last. Default -1. */
  axis: kind.defaulted(kind.oneAxis, -1),
};

export interface GroupNormalizationOptions
  extends LayerOptions,
    kind.OptionsOf<typeof scaled>,
    kind.OptionsOf<typeof own> {}

function groupsOf(groups: number, axis: unknown, input: Shape): number {
  const size = features(input);
  if (axis !== -1 && axis !== input.length - 1) throw new Error(`axis ${axis} is not the last`);
  const count = groups === -1 ? size : groups;
  if (count > size || size % count !== 0) throw new Error(`${size} features do not make ${count} groups of one size`);
  return count;
}

const groupNormalization = computedLayer({
  class: 'GroupNormalization',
  positional: ['groups', 'axis'],
  schema: { ...common, ...own, ...scaled },
  rank: anyRank,
  engine: (planning) => {
    const { groups, epsilon } = planning.settings;
    const { width } = planning.flow;
    const { gamma, beta } = claimScaled(planning);
    const inner = { kind: 'layerNormalization', width, epsilon, gamma: NONE, beta: NONE } as const;
    const normalised: LayerPlan = { kind: 'overSteps', groups, inner, keepsMask: true };
    return gamma === NONE && beta === NONE ? [normalised] : [normalised, { kind: 'scale', width, gamma, beta }];
  },
  weights: (settings, [input]) => scaledWeights(settings, features(input)),
  shape: ({ groups, axis }, [input]) => (groupsOf(groups, axis, input) > 0 ? input : []),
  call: ({ tf, x, weight, settings }) => {
    const groups = groupsOf(settings.groups, settings.axis, x.shape);
    const size = features(x.shape);
    const grouped = tf.reshape(x, [x.shape[0], -1, groups, size / groups]);
    const { mean, variance } = tf.moments(grouped, [1, 3], true);
    const normal = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, settings.epsilon)));
    return scaleAndCenter(tf, tf.reshape(normal, x.shape), settings, weight, [...x.shape.slice(1).map(() => 1), size]);
  },
});

/** y = γ∘(x − mean)/√(variance + ε) + β, over all steps and the features of a group (Wu & He 2018). γ, β (I). */
export const GroupNormalization = layerFunction(
  groupNormalization,
  (options?: EitherSpelling<GroupNormalizationOptions>) => [[], options],
);
