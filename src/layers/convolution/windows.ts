/** Windows of steps, as convolutions and pooling take them. */
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import type { Shape } from '../define.js';

export interface Windows {
  size: number;
  stride: number;
  dilation: number;
  padding: 'valid' | 'same' | 'causal';
}

/** How many steps a window of `size` reaches over. */
const spanOf = ({ size, dilation }: Windows) => (size - 1) * dilation + 1;

/** Steps put before and after T others: as many as 'same' needs, half of them before; as many as a window reaches back for 'causal'. */
function added(windows: Windows, steps: number): [before: number, after: number] {
  const span = spanOf(windows);
  if (windows.padding === 'causal') return [span - 1, 0];
  if (windows.padding === 'valid') return [0, 0];
  const all = Math.max((Math.ceil(steps / windows.stride) - 1) * windows.stride + span - steps, 0);
  return [Math.floor(all / 2), all - Math.floor(all / 2)];
}

/** How many windows T steps have. @throws Error for fewer steps than a window has */
function windowCount(windows: Windows, steps: number | null): number | null {
  if (steps === null) return null;
  const [before, after] = added(windows, steps);
  const count = Math.floor((steps + before + after - spanOf(windows)) / windows.stride) + 1;
  if (count < 1) throw new Error(`a window of ${spanOf(windows)} steps is longer than the ${steps} there are`);
  return count;
}

/** The shape of the output: (B,T,I) → (B,T',features). */
export function windowsShape(windows: Windows, [batch, steps]: Shape, features: number | null): Shape {
  return [batch, windowCount(windows, steps), features];
}

/** The k-th step of every window, for each k: (B,T',I) each; `fill` stands where there are no steps. */
export function windowSteps(tf: TensorFlow, x: tf.Tensor, windows: Windows, fill = 0): tf.Tensor[] {
  const steps = x.shape[1] ?? 0;
  const padded = tf.pad(x, [[0, 0], added(windows, steps), [0, 0]], fill);
  const count = windowCount(windows, steps) ?? 0;
  return Array.from({ length: windows.size }, (_, k) =>
    everyNth(tf, padded, k * windows.dilation, count, windows.stride),
  );
}

/** The steps from, from + stride, …: (B,count,I). tfjs has no gradient for a slice with a stride. */
function everyNth(tf: TensorFlow, x: tf.Tensor, from: number, count: number, stride: number): tf.Tensor {
  const [batch, , channels] = x.shape;
  const length = (count - 1) * stride + 1;
  const part = tf.slice(x, [0, from, 0], [batch, length, channels]);
  if (stride === 1) return part;
  const whole = tf.pad(part, [
    [0, 0],
    [0, count * stride - length],
    [0, 0],
  ]);
  const groups = tf.reshape(whole, [batch, count, stride * channels]);
  return tf.slice(groups, [0, 0, 0], [batch, count, channels]);
}

/** What steps a layer's windows have. */
export function windowsOf(settings: {
  kernelSize: number;
  strides: number;
  padding: Windows['padding'];
  dilationRate: number;
}): Windows {
  const { kernelSize: size, strides: stride, padding, dilationRate: dilation } = settings;
  return { size, stride, padding, dilation };
}
