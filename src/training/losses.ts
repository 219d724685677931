/**
 * Losses in tfjs operations, with Keras 3's definitions (https://keras.io/api/losses/). A loss gives one value for each
 * position, which is what is left of the output's shape without its last axis: (B, C) → (B), (B, T, C) → (B, T).
 */
import { didYouMean } from '../data/suggest.js';
import { usageError } from '../errors.js';
import { type EitherSpelling, namedOptions, type Spelling, short, shown } from '../spelling.js';
import * as tf from '../tf.js';
import type { Tensor, TensorFunction } from '../tfjsTypes.js';
import {
  binaryFocalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  hinge,
  kullbackLeiblerDivergence,
} from './losses/classification.js';
import { type Loss, PROBABILITY_EPSILON } from './losses/loss.js';
import {
  absolute,
  cosineSimilarity,
  gaussianLikelihood,
  logCosh,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  poisson,
  quantile,
} from './losses/regression.js';
import { lossName, shortLossNames } from './names.js';
import { complete, type Options } from './options.js';

export { type Loss, PROBABILITY_EPSILON } from './losses/loss.js';
export {
  binaryFocalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  gaussianLikelihood,
  hinge,
  kullbackLeiblerDivergence,
  logCosh,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  poisson,
  quantile,
};

/** A function of two tensors that gives one value for each position, or a scalar. */
export type LossFunction = TensorFunction;

/** A loss's name, in any of Keras's spellings, or short: 'mse', 'mae', 'bce'. */
export type LossName = Spelling<keyof typeof LOSSES> | (typeof shortLossNames)[number];

/** A name, what Keras serialises, a function such as huber({ delta: 2 }) made, or a function of the user's own. */
export type LossIdentifier =
  | LossName
  | Loss
  | LossFunction
  | { name: string; config: Record<string, unknown> }
  | { class_name: string; config: Record<string, unknown> };

/** mean over the last axis of (yTrue - yPred)². */
export function meanSquaredError(): Loss {
  return {
    name: 'meanSquaredError',
    config: {},
    targets: 'values',
    positions: (yTrue, yPred) => tf.mean(tf.squaredDifference(yPred, yTrue), -1),
  };
}

/** mean over the last axis of |yTrue - yPred|. */
export function meanAbsoluteError(): Loss {
  return {
    name: 'meanAbsoluteError',
    config: {},
    targets: 'values',
    positions: (yTrue, yPred) => tf.mean(absolute(tf.sub(yPred, yTrue)), -1),
  };
}

/**
 * mean over the last axis of e²/2 where |e| ≤ delta and delta·|e| - delta²/2 elsewhere, e = yPred - yTrue.
 * Default: delta 1.
 */
export function huber(options: { delta?: number } = {}): Loss {
  const config = complete('huber', { delta: 1 }, options, { delta: 'positive' });
  const { delta } = config;
  const positions: Loss['positions'] = (yTrue, yPred) => {
    const error = tf.abs(tf.sub(yPred, yTrue));
    const near = tf.minimum(error, delta);
    // near²/2 + delta·(|e| - near) is both branches in one: beyond delta it is delta·|e| - delta²/2.
    return tf.mean(tf.add(tf.mul(tf.square(near), 0.5), tf.mul(tf.sub(error, near), delta)), -1);
  };
  return { name: 'huber', config, targets: 'values', positions };
}

/**
 * -Σ over the last axis of yTrue · log p, p the probabilities scaled to sum 1, or the softmax of the logits.
 * labelSmoothing s: yTrue ← yTrue·(1 - s) + s / classes.
 */
export function categoricalCrossentropy(
  options: EitherSpelling<{ labelSmoothing?: number; fromLogits?: boolean }> = {},
): Loss {
  const config = complete('categoricalCrossentropy', { labelSmoothing: 0, fromLogits: false }, options, {
    labelSmoothing: 'fraction',
    fromLogits: 'boolean',
  });
  const { labelSmoothing } = config;
  const positions: Loss['positions'] = (yTrue, yPred, fromLogits) => {
    const classes = yPred.shape[yPred.rank - 1];
    const target = labelSmoothing === 0 ? yTrue : tf.add(tf.mul(yTrue, 1 - labelSmoothing), labelSmoothing / classes);
    return tf.neg(tf.sum(tf.mul(target, logProbabilities(yPred, fromLogits || config.fromLogits)), -1));
  };
  return { name: 'categoricalCrossentropy', config, targets: 'probabilities', logitsOf: 'softmax', positions };
}

/**
 * -log p of the class that yTrue numbers, p the softmax of the logits, or the outputs scaled to sum 1 after each has been brought
 * into [1e-7, 1 - 1e-7] (in categoricalCrossentropy that comes last).
 */
export function sparseCategoricalCrossentropy(options: EitherSpelling<{ fromLogits?: boolean }> = {}): Loss {
  const config = complete('sparseCategoricalCrossentropy', { fromLogits: false }, options, { fromLogits: 'boolean' });
  const positions: Loss['positions'] = (yTrue, yPred, fromLogits) => {
    const target = tf.oneHot(tf.cast(yTrue, 'int32'), yPred.shape[yPred.rank - 1]);
    const logits = fromLogits || config.fromLogits ? yPred : tf.log(clipped(yPred));
    return tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits)), -1));
  };
  return { name: 'sparseCategoricalCrossentropy', config, targets: 'labels', logitsOf: 'softmax', positions };
}

/**
 * mean over the last axis of -(yTrue · log p + (1 - yTrue) · log(1 - p)), p a probability or the sigmoid of a logit.
 * labelSmoothing s: yTrue ← yTrue·(1 - s) + s/2.
 */
export function binaryCrossentropy(
  options: EitherSpelling<{ labelSmoothing?: number; fromLogits?: boolean }> = {},
): Loss {
  const config = complete('binaryCrossentropy', { labelSmoothing: 0, fromLogits: false }, options, {
    labelSmoothing: 'fraction',
    fromLogits: 'boolean',
  });
  const { labelSmoothing } = config;
  const positions: Loss['positions'] = (yTrue, yPred, fromLogits) => {
    const target = labelSmoothing === 0 ? yTrue : tf.add(tf.mul(yTrue, 1 - labelSmoothing), labelSmoothing / 2);
    if (fromLogits || config.fromLogits) return tf.mean(sigmoidCrossentropy(target, yPred), -1);
    const p = clipped(yPred);
    const values = tf.add(tf.mul(target, tf.log(p)), tf.mul(tf.sub(1, target), tf.log(tf.sub(1, p))));
    return tf.neg(tf.mean(values, -1));
  };
  return { name: 'binaryCrossentropy', config, targets: 'probabilities', logitsOf: 'sigmoid', positions };
}

function logProbabilities(yPred: tf.Tensor, fromLogits: boolean): tf.Tensor {
  if (fromLogits) return tf.logSoftmax(yPred);
  return tf.log(clipped(tf.div(yPred, tf.sum(yPred, -1, true))));
}

function clipped(probabilities: tf.Tensor): tf.Tensor {
  return tf.clipByValue(probabilities, PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON);
}

/**
 * max(x, 0) - x·y + log(1 + e^-|x|), which never overflows; its derivative by x is sigmoid(x) - y. The derivative is
 * given whole, since those of max and |x| are not what they must be at x = 0.
 */
function sigmoidCrossentropy(target: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  const withGradient = tf.customGrad((...inputs) => {
    const [x, y, save] = inputs as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([x, y]);
    const gradFunc = (dy: tf.Tensor, [logit, label]: tf.Tensor[]) => [
      tf.mul(dy, tf.sub(tf.sigmoid(logit), label)),
      tf.mul(dy, tf.neg(logit)),
    ];
    return { value: tf.add(tf.sub(tf.relu(x), tf.mul(x, y)), tf.log1p(tf.exp(tf.neg(tf.abs(x))))), gradFunc };
  });
  return withGradient(logits, target);
}

const LOSSES = {
  meanSquaredError,
  meanAbsoluteError,
  huber,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  hinge,
  kullbackLeiblerDivergence,
  cosineSimilarity,
  gaussianLikelihood,
  logCosh,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  poisson,
  quantile,
} satisfies Record<string, (options: Options) => Loss>;

/**
 * A loss from its name ('mse', 'categoricalCrossentropy', 'categorical_crossentropy', …), from { name, config }, or a
 * user's own function of (yTrue, yPred) that gives one value for each position or a scalar; a loss is itself.
 *
 * @throws MemcellError ('usage') for an unknown name or option.
 */
export function getLoss(identifier: LossIdentifier | string): Loss {
  if (typeof identifier === 'function')
    return { name: 'custom', config: {}, targets: 'any', positions: (yTrue, yPred) => identifier(yTrue, yPred) };
  if (typeof identifier === 'string') return makeLoss(identifier, {});
  if (typeof identifier === 'object' && identifier !== null) {
    if ('positions' in identifier && typeof identifier.positions === 'function') return identifier;
    const name = 'class_name' in identifier ? identifier.class_name : identifier.name;
    if (typeof name === 'string' && 'config' in identifier) {
      const { name: _, reduction, dtype, ...config } = namedOptions(name, identifier.config);
      return makeLoss(name, config);
    }
  }
  throw usageError(
    `a loss is a name, such as 'meanSquaredError', one that huber({ delta: 2 }) and its kin make, or a function of (yTrue, yPred); not ${shown(identifier)}`,
  );
}

function makeLoss(written: string, config: Options): Loss {
  const name = lossName(written);
  const known = Object.keys(LOSSES) as (keyof typeof LOSSES)[];
  const found = known.find((one) => one === name);
  if (found) return (LOSSES[found] as (options: Options) => Loss)(config);
  const names = [...known, ...shortLossNames];
  throw usageError(
    `unknown loss '${short(written)}'${didYouMean(written, names) || `; the losses are ${names.join(', ')}`}`,
  );
}

/**
 * The scalar that is minimised: Σ value · weight / the number of values. A mask first spreads the weight of the steps
 * that do not count over those that do (each of the `valid` gets total / valid), so alone it makes the mean over the
 * unmasked steps.
 *
 * @param values (B) or (B, T), or a scalar, which can have neither weights nor mask
 * @param sampleWeight (B) or (B, T)
 * @param mask (B, T), 1 where a step counts
 */
export function weightedMean(values: Tensor, sampleWeight?: Tensor, mask?: Tensor): Tensor {
  if (values.rank === 0) {
    if (!sampleWeight && !mask) return tf.reshape(values, []);
    throw usageError(
      'the loss function gives one number for the batch, so sample weights and masks cannot apply; let it give one per sample',
    );
  }
  let weighted = values;
  if (mask && mask.size === values.size) {
    const counts = tf.reshape(tf.cast(mask, 'float32'), values.shape);
    weighted = tf.mul(weighted, tf.mul(counts, tf.divNoNan(counts.size, tf.sum(counts))));
  }
  if (sampleWeight) weighted = tf.mul(weighted, alignedWeight(values, sampleWeight));
  return tf.mean(weighted);
}

/** A weight for each sample, or one for each value, in a shape that broadcasts to the values. */
function alignedWeight(values: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  if (weight.size === values.size) return tf.reshape(weight, values.shape);
  // A user's own loss that gives one value for a sample of several steps.
  if (weight.size > values.size) return tf.reshape(tf.mean(weight, -1), values.shape);
  return tf.reshape(weight, [values.shape[0], ...Array<number>(values.rank - 1).fill(1)]);
}
