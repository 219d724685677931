/** Losses of classes beside the cross-entropies: divergence, margins, and cross-entropies that look away from what is easy. */
import * as tf from '../../tf.js';
import { complete } from '../options.js';
import { type Loss, PROBABILITY_EPSILON } from './loss.js';

/** Σ over the last axis of yTrue · log(yTrue / yPred), both kept in [1e-7, 1]. */
export function kullbackLeiblerDivergence(): Loss {
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const [p, q] = [yTrue, yPred].map((x) => tf.clipByValue(x, PROBABILITY_EPSILON, 1));
    return tf.sum(tf.mul(p, tf.log(tf.div(p, q))), -1);
  };
  return { name: 'kullbackLeiblerDivergence', config: {}, targets: 'probabilities', positions };
}

/** mean over the last axis of max(1 - y · yPred, 0), y = -1 or 1; targets of 0 and 1 alone are taken for -1 and 1. */
export function hinge(): Loss {
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const [zeros, ones] = [tf.equal(yTrue, 0), tf.equal(yTrue, 1)];
    const binary = tf.cast(tf.all(tf.logicalOr(zeros, ones)), 'float32');
    // 2y - 1 where all targets are 0 or 1, y elsewhere.
    const signs = tf.add(yTrue, tf.mul(binary, tf.sub(yTrue, 1)));
    return tf.mean(tf.relu(tf.sub(1, tf.mul(signs, yPred))), -1);
  };
  return { name: 'hinge', config: {}, targets: 'values', positions };
}

/** 1 - PROBABILITY_EPSILON as a 32-bit float. */
const HIGHEST_PROBABILITY = Math.fround(1 - PROBABILITY_EPSILON);

/** max(largest of (1 - yTrue)·yPred - Σ yTrue·yPred + 1, 0) over the last axis. */
export function categoricalHinge(): Loss {
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const own = tf.sum(tf.mul(yTrue, yPred), -1);
    const other = tf.max(tf.mul(tf.sub(1, yTrue), yPred), -1);
    return tf.relu(tf.add(tf.sub(other, own), 1));
  };
  return { name: 'categoricalHinge', config: {}, targets: 'probabilities', positions };
}

/**
 * mean over the last axis of (1 - pₜ)^gamma · binary cross-entropy, pₜ the probability given to what is true (Lin et al., 2017);
 * applyClassBalancing multiplies by alpha where yTrue is 1 and 1 - alpha where it is 0.
 */
export function binaryFocalCrossentropy(
  options: {
    applyClassBalancing?: boolean;
    alpha?: number;
    gamma?: number;
    labelSmoothing?: number;
    fromLogits?: boolean;
  } = {},
): Loss {
  const defaults = { applyClassBalancing: false, alpha: 0.25, gamma: 2, labelSmoothing: 0, fromLogits: false };
  const config = complete('binaryFocalCrossentropy', defaults, options, {
    applyClassBalancing: 'boolean',
    alpha: 'fraction',
    gamma: 'notNegative',
    labelSmoothing: 'fraction',
    fromLogits: 'boolean',
  });
  const { applyClassBalancing, alpha, gamma, labelSmoothing, fromLogits } = config;
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const y = tf.add(tf.mul(yTrue, 1 - labelSmoothing), labelSmoothing / 2);
    const whole = fromLogits ? tf.sigmoid(yPred) : yPred;
    // Of logits without the digits that 1 - p loses.
    const rest = fromLogits ? tf.sigmoid(tf.neg(yPred)) : tf.sub(1, whole);
    const p = tf.clipByValue(whole, PROBABILITY_EPSILON, HIGHEST_PROBABILITY);
    const q = tf.clipByValue(rest, 1 - HIGHEST_PROBABILITY, 1 - PROBABILITY_EPSILON);
    const mix = (ofOnes: tf.Tensor, ofZeros: tf.Tensor) => tf.add(tf.mul(y, ofOnes), tf.mul(tf.sub(1, y), ofZeros));
    const entropy = tf.neg(mix(tf.log(p), tf.log(q)));
    const focal = tf.mul(tf.pow(mix(rest, whole), gamma), entropy);
    const weight = tf.add(tf.mul(y, alpha), tf.mul(tf.sub(1, y), 1 - alpha));
    return tf.mean(applyClassBalancing ? tf.mul(weight, focal) : focal, -1);
  };
  return { name: 'binaryFocalCrossentropy', config, targets: 'probabilities', positions };
}

/** -Σ over the last axis of alpha · (1 - p)^gamma · yTrue · log p, p scaled to sum 1 (Lin et al., 2017). */
export function categoricalFocalCrossentropy(
  options: { alpha?: number; gamma?: number; labelSmoothing?: number; fromLogits?: boolean } = {},
): Loss {
  const defaults = { alpha: 0.25, gamma: 2, labelSmoothing: 0, fromLogits: false };
  const config = complete('categoricalFocalCrossentropy', defaults, options, {
    alpha: 'notNegative',
    gamma: 'notNegative',
    labelSmoothing: 'fraction',
    fromLogits: 'boolean',
  });
  const { alpha, gamma, labelSmoothing, fromLogits } = config;
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const classes = yPred.shape[yPred.rank - 1];
    const y = tf.add(tf.mul(yTrue, 1 - labelSmoothing), labelSmoothing / classes);
    const given = fromLogits ? tf.softmax(yPred) : yPred;
    const scaled = tf.div(given, tf.sum(given, -1, true));
    const p = tf.clipByValue(scaled, PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON);
    const entropy = tf.neg(tf.mul(y, tf.log(p)));
    return tf.sum(tf.mul(tf.mul(tf.pow(tf.sub(1, p), gamma), alpha), entropy), -1);
  };
  return { name: 'categoricalFocalCrossentropy', config, targets: 'probabilities', positions };
}
