/** The LSTM on TensorFlow.js's cpu backend: the reference. */
import * as tf from '../../tf.js';
import { type LSTMOperands, layOutWorkspace, lstmBackward, lstmForward, workspaceLength } from '../reference.js';
import { type ForwardInputs, type LSTMBackend, sizesOf } from './contract.js';
import { addMaskedStartGradient, fillMaskedStart } from './maskedStart.js';

/** What this file uses of tfjs's MathBackendCPU. */
interface CpuBackend {
  /** The tensor's own array, not a copy: Float32Array for float32, Uint8Array for bool. */
  readSync(dataId: object): Float32Array;
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

export const cpuLSTM: LSTMBackend = {
  workspace: (sizes) => tf.tensor1d(new Float32Array(workspaceLength(sizes))),

  forward(inputs, { returnSequences, returnState, goBackwards }, backend) {
    const cpu = backend as CpuBackend;
    const sizes = sizesOf(inputs);
    const { batch, steps, units } = sizes;
    const operands = operandsOf(inputs, cpu);
    const workspace = inputs.workspace && layOutWorkspace(cpu.readSync(inputs.workspace.dataId), sizes);
    const { y, h, c } = lstmForward(operands, sizes, { goBackwards }, workspace);
    const { initialH, mask } = operands;
    if (mask && initialH) fillMaskedStart(y, initialH, mask, sizes, goBackwards);
    const output = returnSequences
      ? cpu.makeTensorInfo([batch, steps, units], 'float32', y)
      : cpu.makeTensorInfo([batch, units], 'float32', h);
    if (!returnState) return [output];
    return [output, ...[h.slice(), c].map((values) => cpu.makeTensorInfo([batch, units], 'float32', values))];
  },

  backward(inputs, { returnSequences, goBackwards }, backend) {
    const cpu = backend as CpuBackend;
    const sizes = sizesOf(inputs);
    const operands = operandsOf(inputs, cpu);
    const workspace = layOutWorkspace(cpu.readSync(inputs.workspace!.dataId), sizes);
    const dOutput = cpu.readSync(inputs.dOutput.dataId);
    const dH = inputs.dH && cpu.readSync(inputs.dH.dataId);
    const dC = inputs.dC && cpu.readSync(inputs.dC.dataId);
    const outputGradients = returnSequences
      ? { y: dOutput, h: dH, c: dC }
      : { h: dH ? dOutput.map((value, i) => value + dH[i]) : dOutput, c: dC };
    const gradients = lstmBackward(outputGradients, operands, sizes, { goBackwards }, workspace);
    if (operands.mask && operands.initialH && returnSequences) {
      addMaskedStartGradient(gradients.initialH, dOutput, operands.mask, sizes, goBackwards);
    }
    return (['x', 'kernel', 'recurrentKernel', 'bias', 'initialH', 'initialC'] as const).flatMap((name) => {
      const input = inputs[name];
      return input ? [cpu.makeTensorInfo(input.shape, 'float32', gradients[name])] : [];
    });
  },
};

function operandsOf(inputs: ForwardInputs, cpu: CpuBackend): LSTMOperands<Float32Array> {
  const values = (tensor?: tf.TensorInfo) => tensor && cpu.readSync(tensor.dataId);
  return {
    x: cpu.readSync(inputs.x.dataId),
    kernel: cpu.readSync(inputs.kernel.dataId),
    recurrentKernel: cpu.readSync(inputs.recurrentKernel.dataId),
    bias: values(inputs.bias),
    initialH: values(inputs.initialH),
    initialC: values(inputs.initialC),
    mask: values(inputs.mask),
    recurrentDropout: values(inputs.recurrentDropout),
  };
}
