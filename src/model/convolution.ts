/** tfjs's Conv1D with the padding that it has not. */
import * as tf from '@tensorflow/tfjs';
import { registeredLayer } from './registered.js';

interface Convolution extends tf.layers.Layer {
  padding: string;
  kernelSize: number[];
  dilationRate: number | number[];
}

/** Padding 'causal': x (B,T,F) gets (k − 1)·dilation steps of zeros before its first, so that no step sees one after it. */
export class Conv1D extends registeredLayer<Convolution>('Conv1D') {
  static className = 'Conv1D';

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: Parameters<tf.layers.Layer['call']>[1],
  ): tf.Tensor | tf.Tensor[] {
    if (this.padding !== 'causal') return super.call(inputs, kwargs);
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const [dilation] = [this.dilationRate].flat();
    const before = (this.kernelSize[0] - 1) * dilation;
    this.padding = 'valid';
    try {
      return super.call(
        tf.pad(x, [
          [0, 0],
          [before, 0],
          [0, 0],
        ]),
        kwargs,
      );
    } finally {
      this.padding = 'causal';
    }
  }
}
