import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';

/** x / max(√Σx², ε) */
export function unitLength(tf: TensorFlow, x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), axes, true), epsilon ** 2)));
}
