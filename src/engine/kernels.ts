/** The kernels as the engine calls them. */
import type { EngineFunctions } from '../kernels/engineFunctions.js';
import type { LayerFunctions } from '../kernels/layerFunctions.js';
import { instantiateKernels, type KernelFunctions, type Speed } from '../kernels/module.js';
import type { TrainingFunctions } from '../kernels/trainingFunctions.js';

export type Kernels = KernelFunctions & LayerFunctions & TrainingFunctions & EngineFunctions;

/** All functions of the kernel module on this memory, and whether its 16-column tiles run. */
export function engineKernels(memory: WebAssembly.Memory, speed?: Speed): { kernels: Kernels; wide: boolean } {
  const { exports, wide } = instantiateKernels(memory, speed === undefined ? {} : { speed });
  const functions: object = exports;
  return { kernels: functions as Kernels, wide };
}
