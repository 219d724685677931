import { ActivationId } from '../../kernels/activationIds.js';
import { plainActivation } from '../../plan/activation.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';
import { rectifier } from './rectifier.js';

const own = {
  /** What comes out far below 0 is −alpha. Default 1. */
  alpha: kind.defaulted(kind.notNegative, 1),
};

export interface ELUOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

/** The least normal float32 above 0. */
const LEAST = 2 ** -126;

const elu = computedLayer({
  class: 'ELU',
  positional: ['alpha'],
  schema: { ...common, ...own },
  rank: anyRank,
  perStep: true,
  // elu(x) is below 0 where x is; 0 itself counts as below, where the slope is alpha.
  engine: ({ flow, settings: { alpha } }) =>
    alpha === 1
      ? [plainActivation(ActivationId.elu)]
      : [plainActivation(ActivationId.elu), rectifier(flow.width, { slope: alpha, threshold: LEAST })],
  call: ({ tf, x, settings: { alpha } }) => tf.add(tf.relu(x), tf.mul(tf.sub(tf.exp(tf.minimum(x, 0)), 1), alpha)),
});

/** x, or alpha·(eˣ − 1) below 0 (Clevert et al. 2015). */
export const ELU = layerFunction(elu, (options?: EitherSpelling<ELUOptions>) => [[], options]);
