/** UnsortedSegmentSum for tfjs's wasm backend, which lacks it: without it Embedding has no gradient there. */
import * as tf from '../../tf.js';
import { WasmHeap } from './wasmHeap.js';

/**
 * x (N,…), segmentIds (N) → (numSegments,…): output[k] = Σ x[n] over the n with segmentIds[n] = k. As in TensorFlow, rows
 * whose id is outside [0, numSegments) are left out.
 */
export const unsortedSegmentSum: tf.KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const heap = new WasmHeap(backend);
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
    const numSegments = Number(attrs?.numSegments);
    const rowShape = x.shape.slice(segmentIds.shape.length);
    const row = tf.util.sizeFromShape(rowShape);
    const output = heap.allocate([numSegments, ...rowShape], x.dtype);
    const view = (tensor: tf.TensorInfo) => (x.dtype === 'float32' ? heap.floats(tensor) : heap.integers(tensor));
    heap.address(x);
    const ids = heap.integers(segmentIds);
    const values = view(x);
    const sums = view(output).fill(0);
    for (let n = 0; n < ids.length; n++) {
      const id = ids[n];
      if (id < 0 || id >= numSegments) continue;
      for (let k = 0; k < row; k++) sums[id * row + k] += values[n * row + k];
    }
    return output;
  },
};
