import type { EitherSpelling } from '../../spelling.js';
import type { TensorFlow } from '../../tensorflow.js';
import { defineLayer, sequence, tfjsLayer } from '../define.js';
import { penalisable } from '../penalised.js';
import { registeredLayer } from '../registered.js';
import type * as kind from '../schema.js';
import { gruWeights, ofGRU } from './cellOptions.js';
import { type RecurrentOptions, recurrent, recurrentFunction, recurrentShape } from './options.js';
import { recurrentPlanner } from './planned.js';
import { type GRUConfig, resetAfterGRU } from './resetAfterGru.js';

export interface GRUOptions extends RecurrentOptions, kind.OptionsOf<typeof ofGRU> {}

const variants = {
  resetAfter: penalisable(resetAfterGRU, (settings: object, tf) => new (resetAfterGRU(tf))(settings as GRUConfig)),
  resetBefore: penalisable(
    () => registeredLayer('GRU'),
    tfjsLayer((tf) => tf.layers.gru),
  ),
};

const make = (settings: { resetAfter?: unknown }, tf: TensorFlow) =>
  variants[settings.resetAfter === true ? 'resetAfter' : 'resetBefore'](settings, tf);

const gru = defineLayer({
  class: 'GRU',
  positional: ['units', 'activation'],
  schema: { ...recurrent, ...ofGRU },
  rank: sequence,
  groups: ['cell'],
  engine: recurrentPlanner('gru'),
  make,
  own: resetAfterGRU,
  load: (config, _, tf) => make(config, tf),
  shape: recurrentShape,
  weights: gruWeights,
});

/**
 * Gated recurrent unit (Cho et al. 2014): x (B,T,I) → the last h (B,U), or every step's (B,T,U) with returnSequences.
 * Kernel (I,3U), recurrent kernel (U,3U), bias (2,3U), or (3U) without resetAfter; gates in the order z, r, h:
 *
 *     z = σ(x·W_z + b₀_z + h·R_z + b₁_z)   r = σ(x·W_r + b₀_r + h·R_r + b₁_r)
 *     h̃ = tanh(x·W_h + b₀_h + r∘(h·R_h + b₁_h))   h' = z∘h + (1 − z)∘h̃
 */
export const GRU = recurrentFunction<EitherSpelling<GRUOptions>>(gru);
