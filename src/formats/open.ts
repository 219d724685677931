/** Opens a model wherever it is and in whatever format, which its content decides and not its name. */

import { MemcellError } from '../errors.js';
import { prepareEngine } from '../kernels/backend.js';
import { type EitherSpelling, namedOptions } from '../spelling.js';
import type { LayersModel } from '../tfjsTypes.js';
import { type Beside, contentsOf, modelOf } from './contents.js';
import type { Description } from './file.js';
import { fetchBytes, type LoadOptions } from './http.js';
import { modelFiles } from './index.js';
import { normalTopology } from './keras/topology.js';
import type { ModelFile } from './modelFile.js';
import { invalid, type Json } from './modelJson.js';
import { isFolder, type LoadedModel, loadTfjs, type ModelLocation, saveTfjs } from './tfjs.js';
import { assignStored } from './weights.js';

/** A folder or file (Node), an address, a tfjs IOHandler, or a file's bytes. */
export type ModelSource = ModelLocation | Uint8Array | ArrayBuffer;

/**
 * Loads a model with all that its file has.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function openModel(from: ModelSource, given: EitherSpelling<LoadOptions> = {}): Promise<LoadedModel> {
  const options = namedOptions<LoadOptions>('loadModel', given);
  if (from instanceof Uint8Array) return openBytes(from, 'the model');
  if (from instanceof ArrayBuffer) return openBytes(new Uint8Array(from), 'the model');
  if (typeof from === 'string' && isFolder(from)) {
    const { readDescription, readModelFile } = await import('./file.js');
    const file = await readModelFile(from);
    if (file) return openBytes(file.bytes, file.path);
    const described = await readDescription(from);
    if (described) return openDescribed(described);
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
  await prepareEngine();
  return modelOf(await formatOf(bytes, where).read(bytes, where), where);
}

/** A model that Keras described in JSON, with its weights from the file beside it. */
async function openDescribed({ model, where, weights: beside }: Description): Promise<LoadedModel> {
  await prepareEngine();
  const { topology, lost } = normalTopology(model, where);
  const { bytes, where: path } = await bytesOf(beside);
  const weights = await storedWeights(bytes, topology, path);
  return modelOf({ topology, weights, metadata: {}, lost }, path);
}

/** @throws MemcellError 'model' for bytes of no format that is known */
function formatOf(bytes: Uint8Array, where: string): ModelFile {
  const format = modelFiles.find((file) => file.recognises(bytes));
  if (format) return format;
  const known = modelFiles.flatMap(({ endings }) => endings).join(', ');
  throw invalid(where, `not a model: neither a folder with model.json nor, by its content, one of ${known}`);
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
    throw new MemcellError(
      `${String(to)}: ${format.name} files are read only; give a name that ends in ${writable.join(', ')}, or a folder`,
      { code: 'usage' },
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
export async function openWeights(model: LayersModel, from: string | Uint8Array): Promise<void> {
  const { bytes, where } = await bytesOf(from);
  const { topology } = contentsOf(model, { metadata: {} });
  assignStored(model, await storedWeights(bytes, topology, where), where);
}

async function storedWeights(bytes: Uint8Array, topology: { [key: string]: Json }, where: string) {
  const format = formatOf(bytes, where);
  return format.readWeights ? format.readWeights(bytes, topology, where) : (await format.read(bytes, where)).weights;
}

async function bytesOf(from: string | Uint8Array): Promise<{ bytes: Uint8Array; where: string }> {
  if (from instanceof Uint8Array) return { bytes: from, where: 'the weights' };
  if (!isFolder(from)) return { bytes: await fetchBytes(from), where: from };
  const { readModelFile } = await import('./file.js');
  const file = await readModelFile(from);
  if (!file) throw invalid(from, 'no such file of weights');
  return { bytes: file.bytes, where: file.path };
}
