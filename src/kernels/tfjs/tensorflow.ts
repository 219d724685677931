/**
 * The LSTM on tfjs-node's backend ('tensorflow'): TensorFlow's operations BlockLSTMV2 and BlockLSTMGradV2, which know
 * tanh and sigmoid, no masks and no recurrent dropout. They take time-major tensors, the two kernels as one (I+U,4U), and
 * gates in Keras's order. Letters: B batch, T steps, I inputs, U units.
 */
import * as tf from '../../tf.js';
import { layOutWorkspace, lstmBackward, lstmForward, workspaceLength } from '../reference.js';
import { type ForwardInputs, type LSTMBackend, sizesOf } from './contract.js';

/** What this file uses of tfjs-node's NodeJSKernelBackend. */
interface NodeBackend {
  binding: {
    TF_ATTR_BOOL: number;
    TF_ATTR_FLOAT: number;
    TF_ATTR_TYPE: number;
    TF_FLOAT: number;
    TF_INT64: number;
    createTensor(shape: number[], dtype: number, values: Int32Array): number;
    deleteTensor(id: number): void;
    executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): object[];
  };
  getInputTensorIds(tensors: tf.TensorInfo[]): number[];
  createOutputTensor(metadata: object): tf.Tensor;
}

interface Attribute {
  name: string;
  type: number;
  value: number | boolean;
}

/** Outputs of BlockLSTMV2, each (T,B,U): gates i, f, o and C̃ (TensorFlow: ci), the states cs, tanh(cs) = co, and h. */
const BLOCK_OUTPUTS = 7;

/** Runs an operation whose first input is the 64-bit number of steps, which tfjs has no tensor for. */
function execute(
  backend: NodeBackend,
  name: string,
  attributes: Attribute[],
  steps: number,
  inputs: tf.TensorInfo[],
  outputs: number,
): tf.Tensor[] {
  const { binding } = backend;
  const stepsId = binding.createTensor([], binding.TF_INT64, Int32Array.of(steps, 0));
  try {
    const ids = [stepsId, ...backend.getInputTensorIds(inputs)];
    return binding.executeOp(name, attributes, ids, outputs).map((metadata) => backend.createOutputTensor(metadata));
  } finally {
    binding.deleteTensor(stepsId);
  }
}

/** x, the states before the first step, weights, peepholes (none) and bias, as both operations take them. */
function operandsOf(inputs: ForwardInputs, goBackwards: boolean): tf.Tensor[] {
  const { batch, units } = sizesOf(inputs);
  const state = (tensor?: tf.TensorInfo) => (tensor ? asTensor(tensor) : tf.zeros([batch, units]));
  const peephole = tf.zeros([units]);
  return [
    timeMajor(asTensor(inputs.x), goBackwards),
    state(inputs.initialC),
    state(inputs.initialH),
    tf.concat([asTensor(inputs.kernel), asTensor(inputs.recurrentKernel)], 0),
    peephole,
    peephole,
    peephole,
    inputs.bias ? asTensor(inputs.bias) : tf.zeros([4 * units]),
  ];
}

/** Kernels get tensors, which the type of a kernel function does not say. */
function asTensor(tensor: tf.TensorInfo): tf.Tensor {
  return tensor as tf.Tensor;
}

/** (B,T,…) to (T,B,…), in the order of processing; the same again leads back. */
function timeMajor(tensor: tf.Tensor, goBackwards: boolean, timeAxis = 1): tf.Tensor {
  return tf.transpose(goBackwards ? tf.reverse(tensor, timeAxis) : tensor, [1, 0, 2]);
}

/** A gradient of the last step only (B,U), as one of all steps (T,B,U). */
function atLastStep(gradient: tf.TensorInfo, steps: number): tf.Tensor {
  const [batch, units] = gradient.shape;
  return tf.pad(tf.reshape(asTensor(gradient), [1, batch, units]), [
    [steps - 1, 0],
    [0, 0],
    [0, 0],
  ]);
}

function lastStep(sequence: tf.Tensor): tf.Tensor {
  const [steps, batch, units] = sequence.shape;
  return tf.reshape(tf.slice(sequence, [steps - 1, 0, 0], [1, batch, units]), [batch, units]);
}

export const tensorflowLSTM: LSTMBackend = {
  obstacle({ mask, recurrentDropout }) {
    if (mask) return "TensorFlow's BlockLSTMV2 has no masks";
    if (recurrentDropout) return "TensorFlow's BlockLSTMV2 has no recurrent dropout";
    return selfCheck();
  },

  forward(inputs, { returnSequences, returnState, goBackwards, recorded }, backend) {
    const node = backend as NodeBackend;
    const { binding } = node;
    const { steps } = sizesOf(inputs);
    return tf.tidy(() => {
      const attributes = [
        { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
        { name: 'cell_clip', type: binding.TF_ATTR_FLOAT, value: 0 },
        { name: 'use_peephole', type: binding.TF_ATTR_BOOL, value: false },
      ];
      const all = execute(node, 'BlockLSTMV2', attributes, steps, operandsOf(inputs, goBackwards), BLOCK_OUTPUTS);
      const [cs, h] = [all[1], all[6]];
      const output = returnSequences ? timeMajor(h, false) : lastStep(h);
      if (recorded) return [output, lastStep(h), lastStep(cs), ...all];
      return returnState ? [output, lastStep(h), lastStep(cs)] : [output];
    });
  },

  backward(inputs, { returnSequences, goBackwards }, backend) {
    const node = backend as NodeBackend;
    const { binding } = node;
    const { steps, inputs: features, units } = sizesOf(inputs);
    return tf.tidy(() => {
      const saved = Array.from({ length: BLOCK_OUTPUTS }, (_, k) => inputs[`saved${k}`]);
      const { dOutput, dH, dC } = inputs;
      const fromOutput = returnSequences ? timeMajor(asTensor(dOutput), false) : atLastStep(dOutput, steps);
      const dh = dH ? tf.add(fromOutput, atLastStep(dH, steps)) : fromOutput;
      const dcs = dC ? atLastStep(dC, steps) : tf.zerosLike(dh);
      const attributes = [
        { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
        { name: 'use_peephole', type: binding.TF_ATTR_BOOL, value: false },
      ];
      const operands = [...operandsOf(inputs, goBackwards), ...saved, dcs, dh];
      const [dx, dInitialC, dInitialH, dWeights, , , , dBias] = execute(
        node,
        'BlockLSTMGradV2',
        attributes,
        steps,
        operands,
        8,
      );
      const [dKernel, dRecurrentKernel] = tf.split(dWeights, [features, units], 0);
      return [
        timeMajor(dx, goBackwards, 0),
        dKernel,
        dRecurrentKernel,
        ...(inputs.bias ? [dBias] : []),
        ...(inputs.initialH ? [dInitialH, dInitialC] : []),
      ];
    });
  },
};

/** The outcome of the self-check: a reason against the operations, '' for none, undefined before the first use. */
let checked: string | undefined;

/**
 * Runs one small LSTM on TensorFlow and on the reference, forward and backward, before TensorFlow's operations are first
 * relied on: they are not part of what tfjs-node promises. Returns the reason against them, if any.
 */
function selfCheck(): string | undefined {
  if (checked === undefined && tf.getBackend() === 'tensorflow') {
    try {
      const difference = tf.tidy(largestDifference);
      checked = difference <= 1e-5 ? '' : `BlockLSTMV2 differs from the reference by ${difference} on this machine`;
    } catch (error) {
      checked = `BlockLSTMV2 does not run: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
    }
  }
  return checked || undefined;
}

function largestDifference(): number {
  const sizes = { batch: 2, steps: 3, inputs: 3, units: 2 };
  const values = (length: number, phase: number) => Float32Array.from({ length }, (_, k) => Math.sin(1.7 * k + phase));
  const operands = {
    x: values(18, 0),
    kernel: values(24, 1),
    recurrentKernel: values(16, 2),
    bias: values(8, 3),
    initialH: values(4, 4),
    initialC: values(4, 5),
  };
  const outputGradients = { y: values(12, 6), h: values(4, 7), c: values(4, 8) };
  const inputs = {
    x: tf.tensor(operands.x, [2, 3, 3]),
    kernel: tf.tensor(operands.kernel, [3, 8]),
    recurrentKernel: tf.tensor(operands.recurrentKernel, [2, 8]),
    bias: tf.tensor(operands.bias),
    initialH: tf.tensor(operands.initialH, [2, 2]),
    initialC: tf.tensor(operands.initialC, [2, 2]),
  };
  const attributes = { returnSequences: true, returnState: true, goBackwards: true, recorded: true, inputs: [] };
  const outputs = tensorflowLSTM.forward(inputs, attributes, tf.backend());
  const gradientInputs = {
    ...inputs,
    ...Object.fromEntries(outputs.slice(3).map((tensor, k) => [`saved${k}`, tensor])),
    dOutput: tf.tensor(outputGradients.y, [2, 3, 2]),
    dH: tf.tensor(outputGradients.h, [2, 2]),
    dC: tf.tensor(outputGradients.c, [2, 2]),
  };
  const gradients = tensorflowLSTM.backward(gradientInputs, attributes, tf.backend());

  const workspace = layOutWorkspace(new Float32Array(workspaceLength(sizes)), sizes);
  const { y, h, c } = lstmForward(operands, sizes, { goBackwards: true }, workspace);
  const expected = lstmBackward(outputGradients, operands, sizes, { goBackwards: true }, workspace);
  const { x, kernel, recurrentKernel, bias, initialH, initialC } = expected;
  const wanted = [y, h, c, x, kernel, recurrentKernel, bias, initialH, initialC];
  return Math.max(
    ...[...outputs.slice(0, 3), ...gradients].map((tensor, k) => {
      const found = asTensor(tensor).dataSync();
      return Math.max(...wanted[k].map((value, i) => Math.abs(value - found[i])));
    }),
  );
}
