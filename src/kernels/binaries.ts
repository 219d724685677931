/** The kernel modules as base64, both at hand. The build for browsers has binariesOnDemand.ts in its place. */
import plain from './generated/plain.js';
import relaxed from './generated/relaxed.js';

export type BinaryName = 'plain' | 'relaxed';

const binaries: Record<BinaryName, string> = { plain, relaxed };

export function binary(name: BinaryName): string {
  return binaries[name];
}

export async function loadBinary(name: BinaryName): Promise<string> {
  return binaries[name];
}
