/** The bytes of a model wherever it is, and the format that they are in, which the content decides and not the name. */
import { fetchBytes, fetchModel, type LoadOptions } from './http.js';
import { modelFiles } from './index.js';
import { hasEnding, isAddress, isFolder, type ModelSource } from './location.js';
import type { ModelFile } from './modelFile.js';
import { invalid, type StoredModel } from './modelJson.js';

/** A file in one of the formats, or a model.json with its weights. */
export type Read = { bytes: Uint8Array; where: string } | { stored: StoredModel };

/**
 * Reads a model; undefined for what TensorFlow.js alone reads: its handlers and schemes.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function readSource(from: ModelSource, options: LoadOptions = {}): Promise<Read | undefined> {
  if (from instanceof Uint8Array) return { bytes: from, where: 'the model' };
  if (from instanceof ArrayBuffer) return { bytes: new Uint8Array(from), where: 'the model' };
  if (typeof from !== 'string' || from === '') return undefined;
  if (isFolder(from)) {
    const { readModelFile } = await import('./file.js');
    const file = await readModelFile(from);
    if (file) return { bytes: file.bytes, where: file.path };
    const { modelFolder, readModel } = await import('./folder.js');
    return { stored: await readModel(modelFolder(from)) };
  }
  if (!isAddress(from)) return undefined;
  if (/^https?:/i.test(from) && modelFiles.some((file) => hasEnding(from, file.endings)))
    return { bytes: await fetchBytes(from, options), where: from };
  return { stored: await fetchModel(from, options) };
}

/** @throws MemcellError 'model' for bytes of no format that is known */
export function formatOf(bytes: Uint8Array, where: string): ModelFile {
  const format = modelFiles.find((file) => file.recognises(bytes));
  if (format) return format;
  const known = modelFiles.flatMap(({ endings }) => endings).join(', ');
  throw invalid(where, `not a model: neither a folder with model.json nor, by its content, one of ${known}`);
}
