import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';
import { rectifier } from './rectifier.js';

const own = {
  /** Factor below 0. Default 0.3. */
  negativeSlope: kind.defaulted(kind.notNegative, 0.3),
  /** Keras 2's name for it. */
  alpha: kind.optional(kind.notNegative),
};

export interface LeakyReLUOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const leakyReLU = computedLayer({
  class: 'LeakyReLU',
  positional: ['negativeSlope'],
  schema: { ...common, ...own },
  rank: anyRank,
  perStep: true,
  engine: ({ flow, settings: { alpha, negativeSlope } }) => [rectifier(flow.width, { slope: alpha ?? negativeSlope })],
  call: ({ tf, x, settings: { alpha, negativeSlope } }) =>
    tf.sub(tf.relu(x), tf.mul(tf.relu(tf.neg(x)), alpha ?? negativeSlope)),
});

/** x, or negativeSlope·x below 0. */
export const LeakyReLU = layerFunction(leakyReLU, (options?: EitherSpelling<LeakyReLUOptions>) => [[], options]);
