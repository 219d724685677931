/** The kernel modules as base64, each fetched when it is asked for: a page takes one. */
import { MemcellError, usageError } from '../errors.js';
import type { BinaryName } from './binaries.js';

const load: Record<BinaryName, () => Promise<{ default: string }>> = {
  plain: () => import('./generated/plain.js'),
  relaxed: () => import('./generated/relaxed.js'),
};

const loaded = new Map<BinaryName, string>();

/** @throws MemcellError before loadBinary() has fetched it */
export function binary(name: BinaryName): string {
  const text = loaded.get(name);
  if (text !== undefined) return text;
  throw usageError('kernels: not loaded yet; call await prepareBackend() before');
}

export async function loadBinary(name: BinaryName): Promise<string> {
  const { default: text } = await load[name]().catch((error: unknown) => {
    const reason = String(error instanceof Error ? error.message : error).split('\n')[0];
    throw new MemcellError(`kernels: they could not be loaded (${reason})`, { code: 'io', cause: error });
  });
  loaded.set(name, text);
  return text;
}
