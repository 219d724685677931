import type { EitherSpelling } from '../../spelling.js';
import { sequence } from '../define.js';
import { recurrentFunction, recurrentShape } from './options.js';
import { cellLayer } from './ownCell.js';
import { scanPlanner } from './planned.js';
import { gatesOf, scanWeights } from './scanned.js';
import { candidate, type MinimalOptions, scanned } from './scanOptions.js';

const minLSTM = cellLayer({
  class: 'MinLSTM',
  positional: ['units', 'activation'],
  schema: { ...scanned, ...candidate },
  rank: sequence,
  keras: false,
  engine: scanPlanner('minLSTM'),
  states: 1,
  shape: recurrentShape,
  weights: (settings, input) => scanWeights(3, settings, input),
  step: (step) => {
    const { tf } = step;
    const [forget, input, proposed] = gatesOf(3, step);
    const [h] = step.states;
    // σ(a)/(σ(a) + σ(b)) = σ(log σ(a) − log σ(b)), which neither 0 has a part in.
    const share = tf.sigmoid(tf.sub(tf.softplus(tf.neg(forget)), tf.softplus(tf.neg(input))));
    return [tf.add(h, tf.mul(share, tf.sub(step.activate(proposed), h)))];
  },
});

/**
 * A long short-term memory whose gates read the input alone and add up to 1 (Feng et al. 2024, "Were RNNs All We Needed?", arXiv
 * 2410.01201, section 3.2): x (B,T,I) → the last h (B,U), or every step's (B,T,U) with returnSequences. Kernel (I,3U), bias (3U); in
 * the order f, i, h̃:
 *
 *     f = σ(x·W_f + b_f)   i = σ(x·W_i + b_i)   h̃ = x·W_h + b_h   h' = f/(f + i)∘h + i/(f + i)∘h̃
 *
 * Keras and ONNX have no such layer.
 */
export const MinLSTM = recurrentFunction<EitherSpelling<MinimalOptions>>(minLSTM);
