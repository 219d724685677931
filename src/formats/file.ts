/** A model in one file on disk, read and replaced as one. For Node; reached by a dynamic import. */
import { promises as fs } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemcellError } from '../errors.js';
import { invalid, type Json, mostJsonBytes, parseJsonText, reasonOf } from './modelJson.js';

/** Node reads no more at once. */
const MOST_BYTES = 2 ** 31 - 1;

/** The path that a user's `m.keras` or `file:///…` means. */
export function filePath(name: string): string {
  return name.startsWith('file://') ? fileURLToPath(name) : name;
}

/**
 * The bytes of a file; undefined for what is no file, or one of JSON, which has its weights beside it.
 * @throws MemcellError 'io'
 */
export async function readModelFile(name: string): Promise<{ bytes: Uint8Array; path: string } | undefined> {
  const path = filePath(name);
  const found = await fs.stat(path).catch(() => undefined);
  if (!found?.isFile() || isJson(path)) return undefined;
  if (found.size > MOST_BYTES)
    throw new MemcellError(`${path}: ${found.size} bytes; the most is 2 GiB`, { code: 'io' });
  try {
    return { bytes: new Uint8Array(await fs.readFile(path)), path };
  } catch (cause) {
    throw new MemcellError(`${path}: cannot be read: ${reasonOf(cause)}`, { code: 'io', cause });
  }
}

/** Whether a folder is one that TensorFlow has saved a model in. */
export async function holdsSavedModel(name: string): Promise<boolean> {
  const found = await fs.stat(join(filePath(name), 'saved_model.pb')).catch(() => undefined);
  return found !== undefined;
}

/** Whether a name is the beginning of those of a checkpoint's files: model, of model.index and model.data-00000-of-00001. */
export async function isCheckpoint(name: string): Promise<boolean> {
  const found = await fs.stat(`${filePath(name)}.index`).catch(() => undefined);
  return found?.isFile() ?? false;
}

const isJson = (path: string) => /\.json$/i.test(path);

/** What people call the weights of `model.json`. */
const weightsBeside = (base: string) =>
  [base, `${base}.weights`, `${base}_weights`, 'weights'].flatMap((name) => [`${name}.h5`, `${name}.hdf5`]);

export interface Description {
  model: { [key: string]: Json };
  /** The file of it. */
  where: string;
  /** The file of its weights. */
  weights: string;
}

/**
 * Keras's description of a model alone, `model.to_json()`, and the file of its weights, `model.save_weights()`, beside it;
 * undefined for what is no such description.
 * @throws MemcellError 'model' where there are no weights beside it
 */
export async function readDescription(name: string): Promise<Description | undefined> {
  const given = filePath(name);
  const path = isJson(given) ? given : join(given, 'model.json');
  const found = await fs.stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > mostJsonBytes) return undefined;
  const text = await fs.readFile(path, 'utf8').catch(() => '');
  if (text.includes('"modelTopology"') || !text.includes('"class_name"')) return undefined;
  const model = parseJsonText(text, path);
  if (typeof model.class_name !== 'string' || model.config === undefined) return undefined;
  const names = weightsBeside(basename(path).replace(/\.json$/i, ''));
  for (const file of names) {
    const weights = join(dirname(path), file);
    if ((await fs.stat(weights).catch(() => undefined))?.isFile()) return { model, where: path, weights };
  }
  throw invalid(
    path,
    `Keras's description of a model, without its weights; put them beside it as ${names[0]} or ${names[2]}`,
  );
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
