import { ActivationId } from '../../kernels/activationIds.js';
import { plainActivation } from '../../plan/activation.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';
import { rectifier } from './rectifier.js';

const own = {
  /** The most that comes out; null for no limit. Default null. */
  maxValue: kind.defaulted(kind.nullable(kind.notNegative), null),
  /** Factor below the threshold. Default 0. */
  negativeSlope: kind.defaulted(kind.notNegative, 0),
  /** Default 0. */
  threshold: kind.defaulted(kind.notNegative, 0),
};

export interface ReLUOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const reLU = computedLayer({
  class: 'ReLU',
  positional: ['maxValue', 'negativeSlope', 'threshold'],
  schema: { ...common, ...own },
  rank: anyRank,
  perStep: true,
  engine: ({ flow, settings: { maxValue, negativeSlope: slope, threshold } }) => {
    if (maxValue === null && slope === 0 && threshold === 0) return [plainActivation(ActivationId.relu)];
    return [rectifier(flow.width, { slope, threshold, most: maxValue ?? Number.POSITIVE_INFINITY })];
  },
  call: ({ tf, x, settings: { maxValue, negativeSlope, threshold } }) => {
    const above = tf.cast(tf.greaterEqual(x, threshold), 'float32');
    const kept = threshold === 0 ? tf.relu(x) : tf.mul(x, above);
    const limited = maxValue === null ? kept : tf.minimum(kept, maxValue);
    if (negativeSlope === 0) return limited;
    return tf.add(limited, tf.mul(tf.mul(tf.sub(x, threshold), tf.sub(1, above)), negativeSlope));
  },
});

/** x from the threshold to maxValue, maxValue above, negativeSlope·(x − threshold) below. */
export const ReLU = layerFunction(reLU, (options?: EitherSpelling<ReLUOptions>) => [[], options]);
