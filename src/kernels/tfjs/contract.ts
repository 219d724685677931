/**
 * The two LSTM kernels as TensorFlow.js sees them, 'MemcellLSTM' and its gradient 'MemcellLSTMGrad': inputs, attributes, and
 * what a backend must bring to run them. Letters: B batch, T steps, I inputs, U units; gate order i, f, c, o.
 */
import type * as tf from '../../tf.js';
import type { LSTMSizes } from '../reference.js';

export const LSTM_KERNEL = 'MemcellLSTM';
export const LSTM_GRADIENT_KERNEL = 'MemcellLSTMGrad';

export interface ForwardInputs {
  /** (B,T,I) */
  x: tf.TensorInfo;
  /** (I,4U) */
  kernel: tf.TensorInfo;
  /** (U,4U) */
  recurrentKernel: tf.TensorInfo;
  /** (4U) */
  bias?: tf.TensorInfo;
  /** (B,U), there if and only if initialC is */
  initialH?: tf.TensorInfo;
  /** (B,U) */
  initialC?: tf.TensorInfo;
  /** (B,T) bool */
  mask?: tf.TensorInfo;
  /** (B,U) */
  recurrentDropout?: tf.TensorInfo;
  /** As made by LSTMBackend.workspace, when a gradient may follow. The forward pass fills it. */
  workspace?: tf.TensorInfo;
}

export interface BackwardInputs extends ForwardInputs {
  /** Gradient of the layer's output, (B,T,U) or (B,U). */
  dOutput: tf.TensorInfo;
  /** (B,U), with returnState */
  dH?: tf.TensorInfo;
  /** (B,U), with returnState */
  dC?: tf.TensorInfo;
  /** What the forward pass returned beyond its third output. */
  [saved: `saved${number}`]: tf.TensorInfo;
}

/** Attributes of both kernels. The forward kernel's inputs come as an array, in the order of the attribute `inputs`. */
export interface LSTMAttributes {
  /** Output every step's h (B,T,U) in the order of processing, instead of the last one's (B,U). */
  returnSequences: boolean;
  /** Output the final h and C as well. */
  returnState: boolean;
  /** Read x from the last step to the first. */
  goBackwards: boolean;
  /** Whether a gradient may follow, so that the forward pass must leave what backward needs. */
  recorded: boolean;
  /** Names of the inputs, in order. */
  inputs: string[];
}

export interface LSTMBackend {
  /** Makes the tensor in which a recorded forward pass keeps what backward needs; absent if that is in its outputs. */
  workspace?(sizes: LSTMSizes): tf.Tensor;
  /** Returns [output], or with returnState [output, h, C]; with all three, more may follow for the backward pass. */
  forward(inputs: ForwardInputs, attributes: LSTMAttributes, backend: object): tf.TensorInfo[];
  /** Returns the gradients of x, kernel, recurrentKernel, and of bias, initialH, initialC as far as they are there. */
  backward(inputs: BackwardInputs, attributes: LSTMAttributes, backend: object): tf.TensorInfo[];
  /** Why the kernel cannot run here; undefined if it can. */
  obstacle?(uses: LSTMUses): string | undefined;
}

/** What of the LSTM a layer or call uses that not every backend has. */
export interface LSTMUses {
  mask: boolean;
  recurrentDropout: boolean;
}

/** B, T, I and U, from the shapes of a kernel's inputs. */
export function sizesOf({ x, recurrentKernel }: { x: Shaped; recurrentKernel: Shaped }): LSTMSizes {
  const [batch, steps, inputs] = x.shape;
  return { batch, steps, inputs, units: recurrentKernel.shape[0] };
}

interface Shaped {
  shape: number[];
}
