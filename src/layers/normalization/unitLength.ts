import * as tf from '../../tf.js';

/** x / max(√Σx², ε) */
export function unitLength(x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), axes, true), epsilon ** 2)));
}
