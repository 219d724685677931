/** Identity for tfjs's wasm backend without a copy. */
import type * as tf from '../../tf.js';

/** What this file uses of tfjs's BackendWasm. */
interface WasmBackend {
  incRef(dataId: object): void;
}

/**
 * The same data under a new tensor, counted, as tfjs's other backends and its Reshape do it; kernels never write to their
 * inputs. tfjs's wasm backend copies, and every tensor saved for a gradient goes through Identity: the LSTM's workspace
 * would be copied at every step, and it must stay where it is.
 */
export const identity: tf.KernelConfig = {
  kernelName: 'Identity',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend }) => {
    const { dataId, shape, dtype } = (inputs as { x: tf.TensorInfo }).x;
    (backend as WasmBackend).incRef(dataId);
    return { dataId, shape, dtype };
  },
};
