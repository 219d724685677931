/** tfjs's Conv1D as matrix products: its wasm backend has no gradient for convolutions, and no backend has padding 'causal'. */
import * as tf from '../tf.js';
import { registeredLayer } from './registered.js';

interface Convolution extends tf.layers.Layer {
  padding: string;
  dataFormat: string;
  kernelSize: number[];
  strides: number[];
  dilationRate: number | number[];
  activation: { apply(x: tf.Tensor): tf.Tensor } | null;
  kernel: tf.LayerVariable;
  bias: tf.LayerVariable | null;
  filters: number;
}

/**
 * y = activation(Σₖ x at step t·s + k·d times Wₖ + b): x (B,T,I), W (K,I,F), b (F) → (B,T',F), with stride s and dilation d.
 * Zeros are put before and after the steps for padding 'same', before them alone for 'causal'.
 */
export class Conv1D extends registeredLayer<Convolution>('Conv1D') {
  static className = 'Conv1D';

  /** tfjs counts the steps of padding 'causal' as it does those of 'valid'. */
  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    const [batch, steps] = Array.isArray(inputShape[0]) ? inputShape[0] : (inputShape as tf.Shape);
    if (this.padding !== 'causal') return super.computeOutputShape(inputShape);
    return [batch, steps === null ? null : Math.ceil(steps / this.strides[0]), this.filters];
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: Parameters<tf.layers.Layer['call']>[1],
  ): tf.Tensor | tf.Tensor[] {
    if (this.dataFormat === 'channelsFirst') return super.call(inputs, kwargs);
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const [size] = this.kernelSize;
      const [stride] = this.strides;
      const [dilation] = [this.dilationRate].flat();
      const span = (size - 1) * dilation + 1;
      const padded = tf.pad(x, [[0, 0], this.zeros(x.shape[1] ?? 0, span, stride), [0, 0]]);
      const steps = Math.floor(((padded.shape[1] ?? 0) - span) / stride) + 1;
      const taken = Array.from({ length: size }, (_, k) => everyNth(padded, k * dilation, steps, stride));
      const kernel = this.kernel.read();
      const [, channels, filters] = kernel.shape;
      const rows = tf.reshape(tf.concat(taken, 2), [-1, size * channels]);
      let y: tf.Tensor = tf.matMul(rows as tf.Tensor2D, tf.reshape(kernel, [size * channels, filters]));
      if (this.bias) y = tf.add(y, this.bias.read());
      const output = tf.reshape(y, [x.shape[0], steps, filters]);
      return this.activation ? this.activation.apply(output) : output;
    });
  }

  private zeros(steps: number, span: number, stride: number): [before: number, after: number] {
    if (this.padding === 'causal') return [span - 1, 0];
    if (this.padding !== 'same') return [0, 0];
    const all = Math.max((Math.ceil(steps / stride) - 1) * stride + span - steps, 0);
    return [Math.floor(all / 2), all - Math.floor(all / 2)];
  }
}

/** The steps from, from + stride, …: (B,count,I). tfjs has no gradient for a slice with a stride. */
function everyNth(x: tf.Tensor, from: number, count: number, stride: number): tf.Tensor {
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
