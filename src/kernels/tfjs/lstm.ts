/** The LSTM as a TensorFlow.js operation. Letters: B batch, T steps, I inputs, U units; gate order i, f, c, o. */
import { modelError } from '../../errors.js';
import * as tf from '../../tf.js';
import { LSTM_KERNEL, type LSTMAttributes, sizesOf } from './contract.js';
import { lstmBackends, registerKernels } from './register.js';

export interface LSTMTensors {
  /** (B,T,I) float32 */
  x: tf.Tensor;
  /** (I,4U) */
  kernel: tf.Tensor;
  /** (U,4U) */
  recurrentKernel: tf.Tensor;
  /** (4U) */
  bias?: tf.Tensor;
  /** h and C before the first step, (B,U) each; zeros if absent. */
  initialState?: [h: tf.Tensor, c: tf.Tensor];
  /** (B,T) bool; false: the step leaves the state as it is and puts out h. */
  mask?: tf.Tensor;
  /** (B,U): factors on h in the recurrent product, the same at every step. */
  recurrentDropout?: tf.Tensor;
}

export type LSTMSettings = Partial<Pick<LSTMAttributes, 'returnSequences' | 'returnState' | 'goBackwards'>>;

/**
 * Runs the layer over all steps on tfjs's current backend: returns [output], or [output, h, C] with returnState. Sequences
 * that are masked from the first step put out the initial h until their first unmasked step, as TensorFlow.js's layer does.
 *
 * Differentiable, once, in every tensor but mask and recurrentDropout.
 *
 * @throws MemcellError for shapes that do not belong together.
 */
export function lstm(tensors: LSTMTensors, settings: LSTMSettings = {}): tf.Tensor[] {
  registerKernels();
  checkShapes(tensors);
  const { x, kernel, recurrentKernel, bias, initialState, mask, recurrentDropout } = tensors;
  const recorded = tf.engine().isTapeOn();
  const workspace = recorded ? lstmBackends[tf.getBackend()]?.workspace?.(sizesOf(tensors)) : undefined;
  const [initialH, initialC] = initialState ?? [];
  const named = { x, kernel, recurrentKernel, bias, initialH, initialC, mask, recurrentDropout, workspace };
  const inputs = Object.entries(named).filter((entry): entry is [string, tf.Tensor] => entry[1] !== undefined);
  const attributes: LSTMAttributes = {
    returnSequences: settings.returnSequences ?? false,
    returnState: settings.returnState ?? false,
    goBackwards: settings.goBackwards ?? false,
    recorded,
    inputs: inputs.map(([name]) => name),
  };
  // As an array: only so does tfjs save all inputs for the gradient.
  const array = inputs.map(([, tensor]) => tensor) as unknown as tf.NamedTensorMap;
  const outputs: tf.Tensor[] = tf.engine().runKernel(LSTM_KERNEL, array, { ...attributes });
  const wanted = attributes.returnState ? 3 : 1;
  tf.dispose([workspace ?? [], outputs.slice(wanted)]);
  return outputs.slice(0, wanted);
}

function checkShapes(tensors: LSTMTensors): void {
  const rank = tensors.x.shape.length;
  if (rank !== 3) {
    throw modelError(`LSTM: x has ${rank} dimensions; it needs 3: batch, steps, inputs`);
  }
  const { batch, steps, inputs, units } = sizesOf(tensors);
  const expect = (name: string, tensor: tf.Tensor | undefined, shape: number[], dtype = 'float32') => {
    if (!tensor || (tensor.dtype === dtype && tf.util.arraysEqual(tensor.shape, shape))) return;
    const found = `${tensor.dtype} [${tensor.shape}]`;
    throw modelError(`LSTM: ${name} is ${found}; it needs to be ${dtype} [${shape}]`);
  };
  expect('x', tensors.x, [batch, steps, inputs]);
  expect('kernel', tensors.kernel, [inputs, 4 * units]);
  expect('recurrentKernel', tensors.recurrentKernel, [units, 4 * units]);
  expect('bias', tensors.bias, [4 * units]);
  expect('initialState[0]', tensors.initialState?.[0], [batch, units]);
  expect('initialState[1]', tensors.initialState?.[1], [batch, units]);
  expect('mask', tensors.mask, [batch, steps], 'bool');
  expect('recurrentDropout', tensors.recurrentDropout, [batch, units]);
}
