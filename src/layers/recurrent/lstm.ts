import type { EitherSpelling } from '../../spelling.js';
import { defineLayer, sequence, tfjsLayer } from '../define.js';
import { penalisable } from '../penalised.js';
import { registeredLayer } from '../registered.js';
import type * as kind from '../schema.js';
import { gated, ofLSTM } from './cellOptions.js';
import { type RecurrentOptions, recurrent, recurrentFunction, recurrentShape } from './options.js';
import { recurrentPlanner } from './planned.js';

export interface LSTMOptions extends RecurrentOptions, kind.OptionsOf<typeof ofLSTM> {}

const lstm = defineLayer({
  class: 'LSTM',
  positional: ['units', 'activation'],
  schema: { ...recurrent, ...ofLSTM },
  rank: sequence,
  groups: ['cell'],
  engine: recurrentPlanner('lstm'),
  make: penalisable(
    () => registeredLayer('LSTM'),
    tfjsLayer((tf) => tf.layers.lstm),
  ),
  shape: recurrentShape,
  weights: (settings, input) => gated(4, settings, input),
});

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with a forget gate): x (B,T,I) → the last h (B,U), or every
 * step's (B,T,U) with returnSequences. Kernel (I,4U), recurrent kernel (U,4U), bias (4U); gates in the order i, f, c, o:
 *
 *     i = σ(x·W_i + h·R_i + b_i)   f = σ(x·W_f + h·R_f + b_f)   o = σ(x·W_o + h·R_o + b_o)   C̃ = tanh(x·W_c + h·R_c + b_c)
 *     C' = f∘C + i∘C̃               h' = o∘tanh(C')
 */
export const LSTM = recurrentFunction<EitherSpelling<LSTMOptions>>(lstm);
