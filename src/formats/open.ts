/** Opens a model wherever it is and in whatever format, which its content decides and not its name. */
import { modelOf } from './contents.js';
import { fetchBytes, type LoadOptions } from './http.js';
import { modelFiles } from './index.js';
import { invalid } from './modelJson.js';
import { isFolder, type LoadedModel, loadTfjs, type ModelLocation } from './tfjs.js';

/** A folder or file (Node), an address, a tfjs IOHandler, or a file's bytes. */
export type ModelSource = ModelLocation | Uint8Array | ArrayBuffer;

/**
 * Loads a model with all that its file has.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function openModel(from: ModelSource, options: LoadOptions = {}): Promise<LoadedModel> {
  if (from instanceof Uint8Array) return openBytes(from, 'the model');
  if (from instanceof ArrayBuffer) return openBytes(new Uint8Array(from), 'the model');
  if (typeof from === 'string' && isFolder(from)) {
    const { readModelFile } = await import('./file.js');
    const file = await readModelFile(from);
    if (file) return openBytes(file.bytes, file.path);
  } else if (
    typeof from === 'string' &&
    /^https?:/i.test(from) &&
    modelFiles.some((file) => hasEnding(from, file.endings))
  ) {
    return openBytes(await fetchBytes(from, options), from);
  }
  return loadTfjs(from, options);
}

function hasEnding(url: string, endings: readonly string[]): boolean {
  const path = url.replace(/[?#].*$/, '').toLowerCase();
  return endings.some((ending) => path.endsWith(ending));
}

async function openBytes(bytes: Uint8Array, where: string): Promise<LoadedModel> {
  const format = modelFiles.find((file) => file.recognises(bytes));
  if (!format) {
    const known = modelFiles.flatMap(({ endings }) => endings).join(', ');
    throw invalid(where, `not a model: neither a folder with model.json nor, by its content, one of ${known}`);
  }
  return modelOf(await format.read(bytes, where), where);
}
