/** Readies the engine's kernels. */
import { compileKernels } from './module.js';
import { enableWide } from './wide.js';

export async function prepareKernels(): Promise<void> {
  const onNode = typeof process !== 'undefined' && process.versions?.node;
  if (onNode && process.env.MEMCELL_WIDE === '1') await enableWide();
  // Browsers compile only small modules on a page's main thread.
  if (!onNode) await compileKernels();
}
