import type { EitherSpelling } from '../../spelling.js';
import { sequence } from '../define.js';
import { recurrentFunction, recurrentShape } from './options.js';
import { cellLayer } from './ownCell.js';
import { scanPlanner } from './planned.js';
import { gatesOf, scanWeights } from './scanned.js';
import { candidate, type MinimalOptions, scanned } from './scanOptions.js';

const minGRU = cellLayer({
  class: 'MinGRU',
  positional: ['units', 'activation'],
  schema: { ...scanned, ...candidate },
  rank: sequence,
  keras: false,
  engine: scanPlanner('minGRU'),
  states: 1,
  shape: recurrentShape,
  weights: (settings, input) => scanWeights(2, settings, input),
  step: (step) => {
    const { tf } = step;
    const [z, proposed] = gatesOf(2, step);
    const [h] = step.states;
    return [tf.add(h, tf.mul(tf.sigmoid(z), tf.sub(step.activate(proposed), h)))];
  },
});

/**
 * A gated recurrent unit whose gate reads the input alone (Feng et al. 2024, "Were RNNs All We Needed?", arXiv 2410.01201, section
 * 3.1): x (B,T,I) → the last h (B,U), or every step's (B,T,U) with returnSequences. Kernel (I,2U), bias (2U); in the order z, h̃:
 *
 *     z = σ(x·W_z + b_z)   h̃ = x·W_h + b_h   h' = (1 − z)∘h + z∘h̃
 *
 * Keras and ONNX have no such layer.
 */
export const MinGRU = recurrentFunction<EitherSpelling<MinimalOptions>>(minGRU);
