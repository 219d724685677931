/** The bytes of a model wherever it is, and the format that they are in, which the content decides and not the name. */
import type { Description } from './file.js';
import { CHECKPOINT, foreignKind } from './foreign.js';
import { fetchBytes, fetchModel, type LoadOptions } from './http.js';
import { modelFiles } from './index.js';
import { normalTopology } from './keras/topology.js';
import { hasEnding, isAddress, isFolder, type ModelSource } from './location.js';
import type { ModelContents, ModelFile, StoredWeight } from './modelFile.js';
import { invalid, type Json, type StoredModel } from './modelJson.js';

/** What a file of one of the formats holds, or Keras's description of a model and the file of its weights; or a model.json with its weights. */
export type Read = { contents: ModelContents; where: string } | { stored: StoredModel };

/**
 * Reads a model; undefined for what TensorFlow.js alone reads: its handlers and schemes.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function readSource(from: ModelSource, options: LoadOptions = {}): Promise<Read | undefined> {
  if (from instanceof Uint8Array) return opened(from, 'the model');
  if (from instanceof ArrayBuffer) return opened(new Uint8Array(from), 'the model');
  if (typeof from !== 'string' || from === '') return undefined;
  if (isFolder(from)) {
    const { isCheckpoint, readDescription, readModelFile } = await import('./file.js');
    const file = await readModelFile(from);
    if (file) return opened(file.bytes, file.path);
    const described = await readDescription(from);
    if (described) return { contents: await contentsOf(described), where: described.weights };
    if (await isCheckpoint(from)) throw invalid(from, CHECKPOINT);
    const { modelPlace, readModel } = await import('./folder.js');
    const { folder, file: name } = await modelPlace(from);
    try {
      return { stored: await readModel(folder, name) };
    } catch (error) {
      // A save may have put the file there after it was looked for.
      const late = await readModelFile(from);
      if (late) return opened(late.bytes, late.path);
      throw error;
    }
  }
  if (!isAddress(from)) return undefined;
  if (/^https?:/i.test(from) && modelFiles.some((file) => hasEnding(from, file.endings)))
    return opened(await fetchBytes(from, options), from);
  return { stored: await fetchModel(from, options) };
}

async function opened(bytes: Uint8Array, where: string): Promise<Read> {
  return { contents: await formatOf(bytes, where).read(bytes, where), where };
}

/** A model that Keras described in JSON, with its weights from the file beside it. */
async function contentsOf({ model, where, weights: beside }: Description): Promise<ModelContents> {
  const { topology, lost } = normalTopology(model, where);
  const { readModelFile } = await import('./file.js');
  const file = await readModelFile(beside);
  if (!file) throw invalid(beside, 'no such file of weights');
  return { topology, weights: await storedWeights(file.bytes, topology, file.path), metadata: {}, lost };
}

/** The weights of a file of weights, or of a whole model, for a topology. */
export async function storedWeights(
  bytes: Uint8Array,
  topology: { [key: string]: Json },
  where: string,
): Promise<StoredWeight[]> {
  const format = formatOf(bytes, where);
  return format.readWeights ? format.readWeights(bytes, topology, where) : (await format.read(bytes, where)).weights;
}

/** @throws MemcellError 'model' for bytes of no format that is known */
function formatOf(bytes: Uint8Array, where: string): ModelFile {
  const other = foreignKind(bytes, where);
  if (other !== undefined) throw invalid(where, other);
  const format = modelFiles.find((file) => file.recognises(bytes));
  if (format) return format;
  const known = modelFiles.flatMap(({ endings }) => endings).join(', ');
  throw invalid(where, `not a model: neither a folder with model.json nor, by its content, one of ${known}`);
}
