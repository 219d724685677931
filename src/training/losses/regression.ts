/** Losses of numbers: errors, directions, quantiles and likelihoods. */
import { usageError } from '../../errors.js';
import * as tf from '../../tf.js';
import type { Tensor } from '../../tfjsTypes.js';
import { complete } from '../options.js';
import { type Loss, PROBABILITY_EPSILON } from './loss.js';

/** |x|, whose gradient at 0 is 0 as in Keras; that of tf.abs is -1. */
export function absolute(x: Tensor): Tensor {
  return tf.mul(x, tf.sign(x));
}

/** 100 · mean over the last axis of |yTrue - yPred| / max(|yTrue|, 1e-7). */
export function meanAbsolutePercentageError(): Loss {
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const sizes = tf.maximum(tf.abs(yTrue), PROBABILITY_EPSILON);
    return tf.mul(tf.mean(absolute(tf.div(tf.sub(yTrue, yPred), sizes)), -1), 100);
  };
  return { name: 'meanAbsolutePercentageError', config: {}, targets: 'values', positions };
}

/** mean over the last axis of (log(1 + yPred) - log(1 + yTrue))², both at least 1e-7. */
export function meanSquaredLogarithmicError(): Loss {
  const logarithm = (x: tf.Tensor) => tf.log(tf.add(tf.maximum(x, PROBABILITY_EPSILON), 1));
  const positions: Loss['positions'] = (yTrue, yPred) =>
    tf.mean(tf.squaredDifference(logarithm(yPred), logarithm(yTrue)), -1);
  return { name: 'meanSquaredLogarithmicError', config: {}, targets: 'values', positions };
}

/** mean over the last axis of log(cosh(e)) = e + softplus(-2e) - log 2, e = yPred - yTrue: e²/2 near 0, |e| - log 2 far from it. */
export function logCosh(): Loss {
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const error = tf.sub(yPred, yTrue);
    return tf.mean(tf.sub(tf.add(error, tf.softplus(tf.mul(error, -2))), Math.LN2), -1);
  };
  return { name: 'logCosh', config: {}, targets: 'values', positions };
}

/** mean over the last axis of yPred - yTrue · log(yPred + 1e-7): counts yTrue, rates yPred above 0. */
export function poisson(): Loss {
  const positions: Loss['positions'] = (yTrue, yPred) =>
    tf.mean(tf.sub(yPred, tf.mul(yTrue, tf.log(tf.add(yPred, PROBABILITY_EPSILON)))), -1);
  return { name: 'poisson', config: {}, targets: 'values', positions };
}

/** -Σ over the last axis of yTrue · yPred, each scaled to length 1: -1 for the same direction. */
export function cosineSimilarity(): Loss {
  const unit = (x: tf.Tensor) => tf.div(x, tf.sqrt(tf.maximum(tf.sum(tf.square(x), -1, true), 1e-12)));
  const positions: Loss['positions'] = (yTrue, yPred) => tf.neg(tf.sum(tf.mul(unit(yTrue), unit(yPred)), -1));
  return { name: 'cosineSimilarity', config: {}, targets: 'values', positions };
}

/**
 * mean over the last axis of max(q·e, (q - 1)·e), e = yTrue - yPred (Koenker and Bassett, 1978): the least for the quantile q of yTrue.
 * Default: quantile 0.5, half of the absolute error.
 */
export function quantile(options: { quantile?: number } = {}): Loss {
  const config = complete('quantile', { quantile: 0.5 }, options, { quantile: 'fraction' });
  const { quantile: q } = config;
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const error = tf.sub(yTrue, yPred);
    return tf.mean(tf.maximum(tf.mul(error, q), tf.mul(error, q - 1)), -1);
  };
  return { name: 'quantile', config, targets: 'values', positions };
}

/**
 * The negative logarithm of a normal density: (log(2π) + s + (yTrue - μ)²·e⁻ˢ)/2, s the logarithm of the variance. The model gives
 * (…, 2): μ and s; targets (…, 2) hold the value first, and what stands second is not read.
 */
export function gaussianLikelihood(): Loss {
  const positions: Loss['positions'] = (yTrue, yPred) => {
    if (yPred.shape[yPred.rank - 1] !== 2)
      throw usageError(
        `gaussianLikelihood takes an output of 2 numbers, the mean and the logarithm of the variance, not ${yPred.shape[yPred.rank - 1]}; end the model with Dense(2)`,
      );
    const [mean, logVariance] = tf.unstack(yPred, -1);
    const [value] = tf.unstack(yTrue, -1);
    const squares = tf.mul(tf.squaredDifference(value, mean), tf.exp(tf.neg(logVariance)));
    return tf.mul(tf.add(tf.add(logVariance, squares), Math.log(2 * Math.PI)), 0.5);
  };
  return { name: 'gaussianLikelihood', config: {}, targets: 'values', positions };
}
