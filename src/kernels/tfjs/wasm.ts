/**
 * The LSTM on TensorFlow.js's wasm backend: the fused kernel on the tensors where they lie, in the backend's own memory.
 * Nothing is copied; what the kernel needs for a while is allocated by the backend and given back.
 */
import * as tf from '../../tf.js';
import { lstmBackward, lstmForward, lstmSizes } from '../fused.js';
import { instantiateKernels, instantiateKernelsAsync, type KernelExports } from '../module.js';
import { type LSTMBackend, sizesOf } from './contract.js';
import { addMaskedStartGradient, fillMaskedStart } from './maskedStart.js';
import { WasmHeap, wasmMemory } from './wasmHeap.js';

/** The backend of a memory lives as long as the memory. */
const instances = new WeakMap<WebAssembly.Memory, KernelExports>();

function kernelsOn(memory: WebAssembly.Memory): KernelExports {
  let kernels = instances.get(memory);
  if (!kernels) {
    kernels = instantiateKernels(memory);
    instances.set(memory, kernels);
  }
  return kernels;
}

/** If the wasm backend is there, compiles the kernels ahead of their first use, as a browser's main thread must. */
export async function prepareWasm(): Promise<void> {
  const memory = wasmMemory();
  if (memory && !instances.has(memory)) instances.set(memory, await instantiateKernelsAsync(memory));
}

export const wasmLSTM: LSTMBackend = {
  obstacle() {
    const ready = tf.engine().registry.wasm !== undefined;
    return ready && !wasmMemory() ? "this build of tfjs's wasm backend does not show its memory" : undefined;
  },

  workspace(sizes) {
    const { saved } = lstmSizes(sizes, { training: true });
    return tf.engine().makeTensorFromTensorInfo(new WasmHeap(tf.backend()).allocate([Math.ceil(saved / 4)]));
  },

  forward(inputs, { returnSequences, returnState, goBackwards }, backend) {
    const heap = new WasmHeap(backend);
    const sizes = sizesOf(inputs);
    const { batch, steps, units } = sizes;
    const training = inputs.workspace !== undefined;
    const output = heap.allocate(returnSequences ? [batch, steps, units] : [batch, units]);
    const finalState = returnState ? [heap.allocate([batch, units]), heap.allocate([batch, units])] : [];
    const scratch = heap.allocate([Math.ceil(lstmSizes(sizes, { training }).forwardScratch / 4)]);
    lstmForward(kernelsOn(heap.memory), heap.memory, {
      shape: sizes,
      training,
      goBackwards,
      x: heap.address(inputs.x),
      kernel: heap.address(inputs.kernel),
      recurrentKernel: heap.address(inputs.recurrentKernel),
      bias: heap.address(inputs.bias),
      h0: heap.address(inputs.initialH),
      c0: heap.address(inputs.initialC),
      mask: heap.address(inputs.mask),
      recurrentDropout: heap.address(inputs.recurrentDropout),
      sequences: returnSequences ? heap.address(output) : 0,
      hT: heap.address(returnSequences ? finalState[0] : output),
      cT: heap.address(finalState[1]),
      saved: heap.address(inputs.workspace),
      scratch: heap.address(scratch),
    });
    heap.free(scratch);
    if (returnSequences) {
      if (inputs.mask && inputs.initialH) {
        fillMaskedStart(heap.floats(output), heap.floats(inputs.initialH), heap.bytes(inputs.mask), sizes, goBackwards);
      }
    } else if (returnState) {
      heap.floats(finalState[0]).set(heap.floats(output));
    }
    return [output, ...finalState];
  },

  backward(inputs, { returnSequences, goBackwards }, backend) {
    const heap = new WasmHeap(backend);
    const sizes = sizesOf(inputs);
    const gradientOf = (input: tf.TensorInfo) => heap.allocate(input.shape);
    const dx = gradientOf(inputs.x);
    const dKernel = gradientOf(inputs.kernel);
    const dRecurrentKernel = gradientOf(inputs.recurrentKernel);
    const dBias = inputs.bias && gradientOf(inputs.bias);
    const dInitialH = inputs.initialH && gradientOf(inputs.initialH);
    const dInitialC = inputs.initialC && gradientOf(inputs.initialC);
    // Without sequences the output is the final h, so its gradient adds to that of h.
    const { dH, dOutput } = inputs;
    let dhT = returnSequences ? dH : dOutput;
    if (!returnSequences && dH) {
      dhT = heap.allocate(dH.shape);
      const sum = heap.floats(dhT);
      const a = heap.floats(dOutput);
      const b = heap.floats(dH);
      for (let i = 0; i < sum.length; i++) sum[i] = a[i] + b[i];
    }
    const scratch = heap.allocate([Math.ceil(lstmSizes(sizes, { training: true }).backwardScratch / 4)]);
    lstmBackward(kernelsOn(heap.memory), heap.memory, {
      shape: sizes,
      goBackwards,
      h0: heap.address(inputs.initialH),
      mask: heap.address(inputs.mask),
      recurrentDropout: heap.address(inputs.recurrentDropout),
      dSequences: returnSequences ? heap.address(dOutput) : 0,
      dhT: heap.address(dhT),
      dcT: heap.address(inputs.dC),
      dx: heap.address(dx),
      dKernel: heap.address(dKernel),
      dRecurrentKernel: heap.address(dRecurrentKernel),
      dBias: heap.address(dBias),
      dh0: heap.address(dInitialH),
      dc0: heap.address(dInitialC),
      saved: heap.address(inputs.workspace),
      scratch: heap.address(scratch),
    });
    heap.free(scratch);
    if (dhT && dhT !== dH && dhT !== dOutput) heap.free(dhT);
    if (returnSequences && inputs.mask && dInitialH) {
      addMaskedStartGradient(heap.floats(dInitialH), heap.floats(dOutput), heap.bytes(inputs.mask), sizes, goBackwards);
    }
    return [dx, dKernel, dRecurrentKernel, dBias, dInitialH, dInitialC].filter((tensor) => tensor !== undefined);
  },
};
