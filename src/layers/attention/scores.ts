/** Which steps attention may look at, and the weights it gives them. */
import { dropoutMask } from '../../random.js';
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';

type Mask = tf.Tensor | undefined;

/** 1 where step t may look at step s ≤ t: (T,S). */
function causalMask(tf: TensorFlow, queries: number, values: number): tf.Tensor {
  const rows = tf.reshape(tf.range(0, queries), [queries, 1]);
  return tf.cast(tf.lessEqual(tf.reshape(tf.range(0, values), [1, values]), rows), 'float32');
}

/** 1 where a query may look: (B,1,S) of the values' mask and (1,T,S) of the causal one; undefined for everywhere. */
export function scoresMask(tf: TensorFlow, values: Mask, causal: boolean, [, queries = 0, steps = 0]: number[]): Mask {
  const padding = values && tf.expandDims(tf.cast(values, 'float32'), 1);
  if (!causal) return padding;
  const before = tf.expandDims(causalMask(tf, queries, steps), 0);
  return padding ? tf.mul(padding, before) : before;
}

/** The softmax of scores over the last axis, those outside of the mask lowered by 10⁹ as in Keras. */
export function maskedSoftmax(tf: TensorFlow, scores: tf.Tensor, mask: Mask): tf.Tensor {
  return tf.softmax(mask ? tf.sub(scores, tf.mul(tf.sub(1, mask), 1e9)) : scores, -1);
}

/** Weights with a share of them dropped. */
export function droppedWeights(tf: TensorFlow, weights: tf.Tensor, rate: number, key: number): tf.Tensor {
  return tf.mul(weights, tf.tensor(dropoutMask(key, weights.size, rate), weights.shape));
}

/** Zeros at the steps that do not count: (B,T,I). */
export function withoutMasked(tf: TensorFlow, x: tf.Tensor, mask: Mask): tf.Tensor {
  return mask ? tf.mul(x, tf.expandDims(tf.cast(mask, 'float32'), -1)) : x;
}
