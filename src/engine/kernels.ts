/** The kernels as the engine calls them. */
import type { KernelFunctions } from '../kernels/generated/functions.js';
import { instantiateKernels, type Speed } from '../kernels/module.js';

export type Kernels = KernelFunctions;

/** All functions of the kernel module on this memory, and whether its 16-column tiles run. */
export function engineKernels(
  memory: WebAssembly.Memory,
  wanted?: Speed,
): { kernels: Kernels; wide: boolean; speed: Speed } {
  const { exports, wide, speed } = instantiateKernels(memory, wanted === undefined ? {} : { speed: wanted });
  return { kernels: exports, wide, speed };
}
