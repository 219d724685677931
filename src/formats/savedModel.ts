/** What is saved of a model that only predicts: layers and weights, as the engine's planner reads them. */
import { decodeEntries, firstNotFinite } from './decode.js';
import type { LoadOptions } from './http.js';
import { normalTopology } from './keras/topology.js';
import type { ModelSource } from './location.js';
import { isJsonObject, isRecord, type Json, type StoredModel } from './modelJson.js';
import { formatOf, readSource } from './source.js';

export interface SavedModel {
  /** As Keras 2 and tfjs write it. */
  topology: { [key: string]: Json };
  /** Layer by layer, each layer's in Keras's order; with its name where the file names it as its layer does. */
  weights: { layer: string; name?: string; shape: number[]; data: Float32Array }[];
  metadata: Record<string, unknown>;
  /** What the file had and this has not, a line each. */
  lost: string[];
}

/**
 * Reads a model without TensorFlow.js; undefined for one that needs it.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function readSaved(from: ModelSource, options?: LoadOptions): Promise<SavedModel | undefined> {
  const read = await readSource(from, options);
  if (!read) return undefined;
  if ('stored' in read) return fromStored(read.stored);
  const { topology, weights, metadata, lost } = await formatOf(read.bytes, read.where).read(read.bytes, read.where);
  const own = weights.map(({ layer, shape, data }) => ({ layer, shape, data }));
  return finite({ topology, weights: own, metadata, lost });
}

function fromStored({ json, where, data }: StoredModel): SavedModel | undefined {
  const { topology, lost } = normalTopology(json.topology, where);
  const groups = json.groups.map((group, i) => ({ group, data: data[i] }));
  const { memcell } = json.userDefinedMetadata;
  const { version: _, training: __, ...metadata } = isRecord(memcell) ? memcell : {};
  const decoded = decodeEntries(groups, 'model');
  const weights = namesOf(topology).flatMap((layer) =>
    decoded
      .filter(({ name }) => name.startsWith(`${layer}/`))
      .map(({ name, shape, data: values }) => ({
        layer,
        name: name.slice(name.lastIndexOf('/') + 1),
        shape,
        data: values,
      })),
  );
  return weights.length === decoded.length ? finite({ topology, weights, metadata, lost }) : undefined;
}

/** The names of a model's layers, none where models are in it. */
function namesOf({ config }: SavedModel['topology']): string[] {
  const layers = isJsonObject(config) && Array.isArray(config.layers) ? config.layers : [];
  return layers.flatMap((layer) =>
    isJsonObject(layer) && isJsonObject(layer.config) && !('layers' in layer.config) ? [String(layer.config.name)] : [],
  );
}

type Weights = (Omit<SavedModel['weights'][number], 'data'> & { data: ArrayLike<number> })[];

/** A model whose weights are not all finite floats is for who says what is wrong with it. */
function finite({ weights, ...model }: Omit<SavedModel, 'weights'> & { weights: Weights }): SavedModel | undefined {
  const floats = weights.flatMap(({ data, ...weight }) =>
    data instanceof Float32Array && firstNotFinite(data) === -1 ? [{ ...weight, data }] : [],
  );
  return floats.length === weights.length ? { ...model, weights: floats } : undefined;
}
