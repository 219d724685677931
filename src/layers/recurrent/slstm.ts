import type { EitherSpelling } from '../../spelling.js';
import { sequence } from '../define.js';
import { LayerError } from '../make.js';
import * as kind from '../schema.js';
import { recurrentFunction, recurrentShape } from './options.js';
import { cellLayer } from './ownCell.js';
import { scanPlanner } from './planned.js';
import { gatesOf, scanWeights } from './scanned.js';
import { type ScanOptions, scanned } from './scanOptions.js';

const own = {
  /** Parts of the units, each of which reads its own states alone; units is a multiple of it. Default 1. */
  heads: kind.defaulted(kind.units, 1),
  /** What the forget gate is of its sum: σ, or e to its power. Default 'sigmoid'. */
  forgetGate: kind.defaulted(kind.oneOf('sigmoid', 'exponential'), 'sigmoid'),
  /** Default 'orthogonal'. */
  recurrentInitializer: kind.defaulted(kind.initializer, 'orthogonal'),
  recurrentRegularizer: kind.optional(kind.regularizer),
  recurrentConstraint: kind.optional(kind.constraint),
};

export interface SLSTMOptions extends ScanOptions, kind.OptionsOf<typeof own> {}

const slstm = cellLayer({
  class: 'SLSTM',
  positional: ['units', 'heads'],
  schema: { ...scanned, ...own },
  rank: sequence,
  keras: false,
  engine: scanPlanner('sLSTM'),
  states: 4,
  check: ({ units, heads }) => {
    if (units % heads !== 0)
      throw new LayerError(`SLSTM: heads must divide the ${units} units, not be ${heads}`, 'heads');
  },
  shape: recurrentShape,
  weights: (settings, input) =>
    scanWeights(4, settings, input, [
      {
        name: 'recurrent_kernel',
        shape: [settings.units / settings.heads, 4 * settings.units],
        initializer: settings.recurrentInitializer,
      },
    ]),
  step: (step) => {
    const { tf, settings, states, weight } = step;
    const [h, c, n, m] = states;
    const { units, heads } = settings;
    const size = units / heads;
    const byHead = tf.transpose(tf.reshape(weight('recurrent_kernel'), [size, 4, heads, size]), [2, 0, 1, 3]);
    const ownStates = tf.transpose(tf.reshape(h, [-1, heads, size]), [1, 0, 2]);
    const products = tf.matMul(ownStates, tf.reshape(byHead, [heads, size, 4 * size]));
    const fromStates = tf.transpose(tf.reshape(products, [heads, -1, 4, size]), [1, 2, 0, 3]);
    const recurrent = tf.split(tf.reshape(fromStates, [-1, 4 * units]), 4, 1);
    const [input, forget, proposed, output] = gatesOf(4, step).map((part, i) => tf.add(part, recurrent[i]));
    const logForget = settings.forgetGate === 'exponential' ? forget : tf.neg(tf.softplus(tf.neg(forget)));
    // n > 0, by operations that tfjs has gradients of.
    const isBegun = tf.cast(tf.step(n), 'bool');
    const zeros = tf.zerosLike(n);
    const kept = tf.where(isBegun, tf.add(logForget, m), zeros);
    const nextM = tf.where(isBegun, tf.maximum(kept, input), input);
    const i = tf.exp(tf.sub(input, nextM));
    const f = tf.where(isBegun, tf.exp(tf.where(isBegun, tf.sub(kept, nextM), zeros)), zeros);
    const nextC = tf.add(tf.mul(f, c), tf.mul(i, tf.tanh(proposed)));
    const nextN = tf.add(tf.mul(f, n), i);
    return [tf.mul(tf.sigmoid(output), tf.div(nextC, nextN)), nextC, nextN, nextM];
  },
});

/**
 * The xLSTM's scalar cell (Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory", arXiv 2405.04517, section 2.2): x (B,T,I) → the
 * last h (B,U), or every step's (B,T,U) with returnSequences. Kernel (I,4U), bias (4U), and recurrent kernel (U/heads,4U), whose
 * column of a unit reads the units of that unit's head; gates in the order i, f, z, o:
 *
 *     ĩ f̃ z̃ õ = x·W + h·R + b   z = tanh(z̃)   o = σ(õ)   log f = log σ(f̃), or f̃ with forgetGate 'exponential'
 *     m' = max(log f + m, ĩ)    i = e^(ĩ − m')    f = e^(log f + m − m')
 *     c' = f∘c + i∘z            n' = f∘n + i      h' = o∘c'/n'
 *
 * The states are h, c, n and m, in this order; n is the sum of the gates by which c is divided, and m keeps their exponents in range
 * without changing h. Where n is not above 0, as at first, nothing has come yet: m' = ĩ, and c and m are not read. Keras and ONNX have no
 * such layer.
 */
export const SLSTM = recurrentFunction<EitherSpelling<SLSTMOptions>>(slstm);
