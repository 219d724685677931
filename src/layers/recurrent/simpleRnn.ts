import type { EitherSpelling } from '../../spelling.js';
import { defineLayer, sequence, tfjsLayer } from '../define.js';
import { penalisable } from '../penalised.js';
import { registeredLayer } from '../registered.js';
import { gated } from './cellOptions.js';
import { type RecurrentOptions, recurrent, recurrentFunction, recurrentShape } from './options.js';
import { recurrentPlanner } from './planned.js';

const simpleRNN = defineLayer({
  class: 'SimpleRNN',
  positional: ['units', 'activation'],
  schema: recurrent,
  rank: sequence,
  groups: ['cell'],
  engine: recurrentPlanner('simpleRNN'),
  make: penalisable(
    () => registeredLayer('SimpleRNN'),
    tfjsLayer((tf) => tf.layers.simpleRNN),
  ),
  shape: recurrentShape,
  weights: (settings, input) => gated(1, settings, input),
});

/** h' = tanh(x·W + h·R + b): x (B,T,I) → the last h (B,U), or every step's (B,T,U) with returnSequences. */
export const SimpleRNN = recurrentFunction<EitherSpelling<RecurrentOptions>>(simpleRNN);
