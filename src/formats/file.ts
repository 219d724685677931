/** A model in one file on disk, read and replaced as one. For Node; reached by a dynamic import. */
import { promises as fs } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemcellError } from '../errors.js';
import { reasonOf } from './modelJson.js';

/** Node reads no more at once. */
const MOST_BYTES = 2 ** 31 - 1;

/** The file that a user's `m.keras` or `file:///…` means. */
function filePath(name: string): string {
  return name.startsWith('file://') ? fileURLToPath(name) : name;
}

/**
 * The bytes of a file; undefined for what is no file, or a model.json, which has its weights beside it.
 * @throws MemcellError 'io'
 */
export async function readModelFile(name: string): Promise<{ bytes: Uint8Array; path: string } | undefined> {
  const path = filePath(name);
  const found = await fs.stat(path).catch(() => undefined);
  if (!found?.isFile() || basename(path) === 'model.json') return undefined;
  if (found.size > MOST_BYTES)
    throw new MemcellError(`${path}: ${found.size} bytes; the most is 2 GiB`, { code: 'io' });
  try {
    return { bytes: new Uint8Array(await fs.readFile(path)), path };
  } catch (cause) {
    throw new MemcellError(`${path}: cannot be read: ${reasonOf(cause)}`, { code: 'io', cause });
  }
}

/**
 * Replaces a file; a crash at any moment leaves the old one or the new one, whole.
 * @throws MemcellError 'io'
 */
export async function writeModelFile(name: string, bytes: Uint8Array): Promise<void> {
  const path = filePath(name);
  const { default: writeFileAtomic } = await import('write-file-atomic');
  try {
    await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new MemcellError(`${path}: the model cannot be saved: ${reasonOf(cause)}`, { code: 'io', cause });
  }
}
