/** The gradient of Unpack (tf.unstack), where TensorFlow.js's own fails. */
import * as tf from '../../tf.js';

/**
 * dx = the outputs' gradients, packed again. tfjs hands the gradient of a single output over without an array, which its
 * own version does not expect: the input of a recurrent layer has no gradient there when there is one step.
 */
export const unpackGradient: tf.GradConfig = {
  kernelName: 'Unpack',
  gradFunc: (dy, _, attrs) => ({ value: () => tf.stack(Array.isArray(dy) ? dy : [dy], Number(attrs.axis)) }),
};
