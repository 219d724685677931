/** What is saved of a model that only predicts: layers and weights, as the engine's planner reads them. */
import { isRecord } from '../fields.js';
import { decodeEntries, firstNotFinite } from './decode.js';
import type { LoadOptions } from './http.js';
import { innerLayersOf, type LayerPlace, layersOf } from './keras/layerTree.js';
import { modernWeights } from './keras/olderWeights.js';
import { normalTopology } from './keras/topology.js';
import type { ModelSource } from './location.js';
import type { Json, StoredModel } from './modelJson.js';
import { readSource } from './source.js';

export interface SavedModel {
  /** The file's name, for errors. */
  where: string;
  /** As Keras 2 and tfjs write it. */
  topology: { [key: string]: Json };
  /** Layer by layer, each layer's in Keras's order; with its name where the file names it as its layer does. */
  weights: { layer: string; name?: string; shape: number[]; data: Float32Array }[];
  metadata: Record<string, unknown>;
  /** What the file had and this has not, a line each. */
  lost: string[];
}

/**
 * Reads a model without TensorFlow.js, or tells why it takes that.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function readSaved(from: ModelSource, options?: LoadOptions): Promise<SavedModel | { reason: string }> {
  const read = await readSource(from, options);
  if (!read) return { reason: 'it is where only TensorFlow.js reads from' };
  if ('stored' in read) return fromStored(read.stored);
  const { contents, where } = read;
  const { topology, weights, metadata, lost } = contents;
  const own = weights.map(({ layer, shape, data }) => ({ layer, shape, data }));
  return finite({ where, topology, weights: own, metadata, lost });
}

function fromStored({ json, where, data }: StoredModel): SavedModel | { reason: string } {
  const { topology, lost } = normalTopology(json.topology, where);
  const groups = json.groups.map((group, i) => ({ group, data: data[i] }));
  const { memcell } = json.userDefinedMetadata;
  const { version: _, training: __, ...metadata } = isRecord(memcell) ? memcell : {};
  const decoded = decodeEntries(groups, 'model');
  const taken = new Set<string>();
  // Bidirectional's weights are those of its forward layer, then the others.
  const inOrder = [false, true].flatMap((backward) =>
    decoded.filter(({ name }) => /\/backward_[^/]*\/[^/]*$/.test(name) === backward),
  );
  const weights = allLayers(topology).flatMap(({ path: layer, name: own }) =>
    inOrder.flatMap(({ name, shape, data: values }) => {
      // Keras's converter puts the model's name before the layer's, and the cell's behind it.
      if (!name.startsWith(`${layer}/`) && !name.split('/', 2).includes(own)) return [];
      taken.add(name);
      const data = values instanceof Uint8Array ? Int32Array.from(values) : values;
      return [{ layer, name: name.slice(name.lastIndexOf('/') + 1), shape, data }];
    }),
  );
  // A weight that is none's, or of layers of one name in several models.
  if (weights.length !== decoded.length || taken.size !== decoded.length)
    return { reason: 'its weights are not named after its layers' };
  return finite({ where, topology, weights: modernWeights(weights), metadata, lost });
}

function allLayers(topology: SavedModel['topology']): LayerPlace[] {
  const opened = (layer: LayerPlace): LayerPlace[] => innerLayersOf(layer)?.flatMap(opened) ?? [layer];
  return layersOf(topology).flatMap(opened);
}

type Weights = (Omit<SavedModel['weights'][number], 'data'> & { data: ArrayLike<number> })[];

/** A model whose weights are not all finite floats is for who says what is wrong with it. */
function finite({
  weights,
  ...model
}: Omit<SavedModel, 'weights'> & { weights: Weights }): SavedModel | { reason: string } {
  const floats = weights.flatMap(({ data, ...weight }) =>
    data instanceof Float32Array && firstNotFinite(data) === -1 ? [{ ...weight, data }] : [],
  );
  return floats.length === weights.length
    ? { ...model, weights: floats }
    : { reason: 'it has weights that are whole numbers, or not finite' };
}
