/** The kernels as the engine calls them. */
import type { EngineFunctions } from '../kernels/engineFunctions.js';
import type { LayerFunctions } from '../kernels/layerFunctions.js';
import { instantiateKernels, type KernelFunctions, type Speed } from '../kernels/module.js';
import type { TrainingFunctions } from '../kernels/trainingFunctions.js';

export type Kernels = KernelFunctions & LayerFunctions & TrainingFunctions & EngineFunctions;

/** All functions of the kernel module on this memory, and whether its 16-column tiles run. */
export function engineKernels(
  memory: WebAssembly.Memory,
  wanted?: Speed,
): { kernels: Kernels; wide: boolean; speed: Speed } {
  const { exports, wide, speed } = instantiateKernels(memory, wanted === undefined ? {} : { speed: wanted });
  const functions: object = exports;
  return { kernels: functions as Kernels, wide, speed };
}
