/** Opens a model wherever it is and in whatever format, which its content decides and not its name. */

import { usageError } from '../errors.js';
import { prepareEngine } from '../kernels/backend.js';
import type { EitherSpelling } from '../spelling.js';
import type { LayersModel } from '../tfjsTypes.js';
import { complete } from '../training/options.js';
import { type Beside, contentsOf, modelOf } from './contents.js';
import { SAVED_MODEL } from './foreign.js';
import { fetchBytes, LOAD_OPTIONS, type LoadOptions } from './http.js';
import { modelFiles } from './index.js';
import { hasEnding, isFolder, type ModelLocation, type ModelSource } from './location.js';
import type { ModelFile, StoredWeight } from './modelFile.js';
import { invalid, SHARDED } from './modelJson.js';
import { readSource, storedWeights } from './source.js';
import { type LoadedModel, loadHandled, modelOfStored, saveTfjs } from './tfjs.js';
import { assignStored } from './weights.js';

/**
 * Loads a model with all that its file has.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function openModel(from: ModelSource, given: EitherSpelling<LoadOptions> = {}): Promise<LoadedModel> {
  const options = complete<object, LoadOptions>('loadModel', {}, given, LOAD_OPTIONS);
  const read = await readSource(from, options);
  if (!read) return loadHandled(from as ModelLocation);
  await prepareEngine();
  if ('stored' in read) return modelOfStored(read.stored);
  return modelOf(read.contents, read.where);
}

/** The format of the file that a save to this name writes; undefined for a folder, an address and a handler. */
export function formatFor(to: ModelLocation): ModelFile | undefined {
  if (typeof to !== 'string' || !isFolder(to)) return undefined;
  return modelFiles.find(({ endings }) => hasEnding(to, endings));
}

/**
 * Saves a model: to a file of the format that its name ends in, or to a folder or address as tfjs has it.
 * @returns what the format does not hold, a line each
 * @throws MemcellError 'io', 'numeric' for weights that are not finite, 'usage' for a layer that the format has not; what was
 *   there before is still there
 */
export async function saveModel(model: LayersModel, to: ModelLocation, beside: Beside): Promise<string[]> {
  const format = formatFor(to);
  if (format && !format.write) {
    const writable = modelFiles.flatMap(({ endings, write }) => (write ? endings : []));
    throw usageError(
      `${String(to)}: ${format.name} files are read only; give a name that ends in ${writable.join(', ')}, or a folder`,
    );
  }
  if (typeof to === 'string' && format?.write) {
    const { writeModelFile } = await import('./file.js');
    const { bytes, lost } = await format.write(contentsOf(model, beside));
    await writeModelFile(to, bytes);
    return lost;
  }
  const { metadata, ...compiled } = beside;
  await saveTfjs(model, to, metadata, compiled);
  return [];
}

/**
 * Sets a model's weights from a file of weights, or of a whole model, which must have them all and no others.
 * @throws MemcellError 'model' with all that does not fit; the model is then as before
 */
export async function openWeights(model: LayersModel, from: string | Uint8Array | WeightsFile): Promise<void> {
  const { bytes, where } = typeof from === 'string' || from instanceof Uint8Array ? await bytesOf(from) : from;
  const { topology } = contentsOf(model, { metadata: {} });
  assignStored(model, await storedWeights(bytes, topology, where), where);
}

/** A file of weights that has no model, and its name for errors. */
export interface WeightsFile {
  bytes: Uint8Array;
  where: string;
}

/** A file that holds weights alone; undefined for all else. */
export async function weightsAlone(from: string): Promise<WeightsFile | undefined> {
  if (!isFolder(from) && !modelFiles.some(({ endings }) => hasEnding(from, endings))) return undefined;
  const file = isFolder(from) ? await readFile(from) : await bytesOf(from);
  if (!file) return undefined;
  const format = modelFiles.find(({ recognises }) => recognises(file.bytes));
  return (await format?.hasWeightsAlone?.(file.bytes, file.where)) ? file : undefined;
}

/**
 * The weights of a file for the layers of a model, whatever features its input has.
 * @throws MemcellError 'model' with every name in the file that fits no layer
 */
export async function weightsFor(model: LayersModel, { bytes, where }: WeightsFile): Promise<StoredWeight[]> {
  const { topology } = contentsOf(model, { metadata: {} });
  const open = JSON.stringify(topology, (key, value: unknown) => (key === 'batch_input_shape' ? undefined : value));
  const stored = await storedWeights(bytes, JSON.parse(open), where);
  if (stored.length === 0) throw invalid(where, 'has no weights in it');
  return stored;
}

async function readFile(from: string): Promise<WeightsFile | undefined> {
  const { readModelFile } = await import('./file.js');
  const file = await readModelFile(from);
  return file && { bytes: file.bytes, where: file.path };
}

async function bytesOf(from: string | Uint8Array): Promise<WeightsFile> {
  if (from instanceof Uint8Array) return { bytes: from, where: 'the weights' };
  if (!isFolder(from)) return { bytes: await fetchBytes(from), where: from };
  const { holdsSavedModel } = await import('./file.js');
  const file = await readFile(from);
  if (file) return file;
  if (await holdsSavedModel(from)) throw invalid(from, SAVED_MODEL);
  if (/\.(weights|index)\.json$/i.test(from)) throw invalid(from, SHARDED);
  throw invalid(from, 'no such file of weights');
}
