/** The gradient of the kernel 'MemcellLSTM', for TensorFlow.js's registry. */
import { modelError } from '../../errors.js';
import * as tf from '../../tf.js';
import { LSTM_GRADIENT_KERNEL, LSTM_KERNEL } from './contract.js';

/** The gradient kernel returns the gradients of these inputs, in this order, leaving out those that are not there. */
const DIFFERENTIABLE = ['x', 'kernel', 'recurrentKernel', 'bias', 'initialH', 'initialC'];

/** The forward kernel's outputs: the layer's output, h and C, and up to seven for the backward pass only. */
const OUTPUTS_TO_SAVE = [false, false, false, true, true, true, true, true, true, true];

const lstmGradient: tf.GradConfig = {
  kernelName: LSTM_KERNEL,
  saveAllInputs: true,
  outputsToSave: OUTPUTS_TO_SAVE,
  gradFunc: (dy, saved, attrs) => {
    const names = Array.isArray(attrs.inputs) ? attrs.inputs.map(String) : [];
    const inputs: tf.NamedTensorMap = {};
    saved.forEach((tensor, i) => {
      inputs[names[i] ?? `saved${i - names.length}`] = tensor;
    });
    const [dOutput, dH, dC] = Array.isArray(dy) ? dy : [dy];
    inputs.dOutput = dOutput;
    if (attrs.returnState) Object.assign(inputs, { dH, dC });
    // Here and not in the functions below: tfjs disposes what those make beside their result.
    const gradients: tf.Tensor[] = tf.engine().runKernel(LSTM_GRADIENT_KERNEL, inputs, attrs);
    const order = DIFFERENTIABLE.filter((name) => names.includes(name));
    const result: Record<string, () => tf.Tensor> = {};
    names.forEach((name, i) => {
      if (order.includes(name)) result[i] = () => gradients[order.indexOf(name)];
      if (name === 'mask') result[i] = () => tf.zeros(saved[i].shape); // wherever it has a gradient
    });
    return result;
  },
};

const secondGradient: tf.GradConfig = {
  kernelName: LSTM_GRADIENT_KERNEL,
  gradFunc: () => {
    throw modelError(
      'LSTM: the fused kernel has no second-order gradient; differentiate a model that accelerate() has not changed',
    );
  },
};

export const lstmGradients = [lstmGradient, secondGradient];
