/** Registers memcell's kernels with TensorFlow.js: the LSTM wherever it exists, and what tfjs's wasm backend lacks. */
import * as tf from '../../tf.js';
import {
  type BackwardInputs,
  type ForwardInputs,
  LSTM_GRADIENT_KERNEL,
  LSTM_KERNEL,
  type LSTMAttributes,
  type LSTMBackend,
} from './contract.js';
import { cpuLSTM } from './cpu.js';
import { lstmGradients } from './gradient.js';
import { identity } from './identity.js';
import { unsortedSegmentSum } from './segmentSum.js';
import { tensorflowLSTM } from './tensorflow.js';
import { unpackGradient } from './unpack.js';
import { wasmLSTM } from './wasm.js';

/** The backends that run the LSTM kernel, by tfjs's names. */
export const lstmBackends: Partial<Record<string, LSTMBackend>> = {
  cpu: cpuLSTM,
  wasm: wasmLSTM,
  tensorflow: tensorflowLSTM,
};

let registered = false;

/** Safe to call any number of times; once after the wasm backend has been imported it must be, to mend that one. */
export function registerKernels(): void {
  mendWasm();
  if (registered) return;
  registered = true;
  for (const [backendName, kernels] of Object.entries(lstmBackends)) {
    if (!kernels) continue;
    tf.registerKernel({
      kernelName: LSTM_KERNEL,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const attributes = attrs as unknown as LSTMAttributes;
        const named = Object.fromEntries(attributes.inputs.map((name, i) => [name, inputs[i]]));
        return kernels.forward(named as unknown as ForwardInputs, attributes, backend);
      },
    });
    tf.registerKernel({
      kernelName: LSTM_GRADIENT_KERNEL,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        kernels.backward(inputs as unknown as BackwardInputs, attrs as unknown as LSTMAttributes, backend),
    });
  }
  for (const gradient of [...lstmGradients, unpackGradient]) tf.registerGradient(gradient);
}

/** Brings the wasm backend, if it is there, what training needs. */
function mendWasm(): void {
  const current = tf.getKernel('Identity', 'wasm');
  if (!current || current === identity) return;
  tf.unregisterKernel('Identity', 'wasm');
  tf.registerKernel(identity);
  if (!tf.getKernel('UnsortedSegmentSum', 'wasm')) tf.registerKernel(unsortedSegmentSum);
}
