/** What DepthwiseConv1D and SeparableConv1D have in common: each feature convolved by itself. */
import type { ConvolutionPlan } from '../../plan/layerPlan.js';
import type { Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { plannedWindows } from './plannedWindows.js';
import { type Windows, windowSteps } from './windows.js';

/** x (B,T,I), W (K,I,M) → (B,T',I·M): feature i gives the outputs i·M … i·M + M − 1. */
export function depthwise(tf: TensorFlow, x: tf.Tensor, kernel: tf.Tensor, windows: Windows): tf.Tensor {
  const [, channels = 0, multiplier = 0] = kernel.shape;
  const steps = windowSteps(tf, x, windows).map((step, k) => {
    const [batch, count] = step.shape;
    const own = tf.reshape(tf.slice(kernel, [k, 0, 0], [1, channels, multiplier]), [1, 1, channels, multiplier]);
    return tf.reshape(tf.mul(tf.reshape(step, [batch, count, channels, 1]), own), [
      batch,
      count,
      channels * multiplier,
    ]);
  });
  return steps.reduce((sum, step) => tf.add(sum, step));
}

/** The same on the engine: a convolution with a group for each feature, whose kernel (K,1,I·M) has W's numbers in W's order. */
export function plannedDepthwise(
  planning: Planning<{ dataFormat: 'channelsFirst' | 'channelsLast'; depthMultiplier: number }>,
  windows: Windows,
  weights: Pick<ConvolutionPlan, 'kernel' | 'bias'>,
): ConvolutionPlan {
  const planned = plannedWindows(planning, windows);
  if (windows.stride > 1 && windows.dilation > 1)
    throw unsupported(planning, 'has both strides and a dilationRate above 1');
  const { width: inputs } = planning.flow;
  const filters = inputs * planning.settings.depthMultiplier;
  return { kind: 'convolution', ...planned, inputs, filters, groups: inputs, ...weights };
}
