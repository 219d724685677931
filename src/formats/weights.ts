import * as tf from '../tf.js';
import { invalid, reasonOf, type WeightEntry, type WeightGroup } from './modelJson.js';

/** A group's weights and the bytes of its files, joined: `data.byteLength` is `group.bytes`. */
export interface WeightData {
  group: WeightGroup;
  data: ArrayBuffer;
}

/**
 * Sets the weights of `model` from the manifest's entries, which must be exactly the model's: same names, shapes and dtypes.
 * A name may have one more part than the model's (`lstm/lstm_cell/kernel` for `lstm/kernel`), as Keras's converter writes.
 * @throws MemcellError 'model': a weight is missing, is not the model's, has another shape or dtype, or is not finite
 */
export function assignWeights(model: tf.LayersModel, groups: readonly WeightData[], where: string): void {
  const entries = new Map<string, WeightEntry>();
  for (const entry of groups.flatMap(({ group }) => group.weights)) {
    if (entry.group !== 'optimizer') entries.set(entry.name, entry);
  }
  const ordered = model.weights.map(({ originalName, shape, dtype }) => {
    const entry = takeEntry(entries, originalName);
    if (!entry) throw invalid(where, `weight ${originalName} of shape [${shape}] is not in weightsManifest`);
    if (entry.shape.length !== shape.length || entry.shape.some((size, axis) => size !== shape[axis])) {
      throw invalid(
        where,
        `weight ${entry.name} has shape [${entry.shape}], but the model's topology makes it [${shape}]`,
      );
    }
    if (entry.dtype !== dtype)
      throw invalid(where, `weight ${entry.name} is ${entry.dtype}, but the model's is ${dtype}`);
    return entry;
  });
  for (const name of entries.keys()) throw invalid(where, `weight ${name} belongs to no layer of the model's topology`);

  const values = decodeWeights(groups, where);
  const tensors = ordered.map(({ name }) => values.get(name)!);
  try {
    model.setWeights(tensors);
  } catch (cause) {
    // A constraint of the layer is applied here; all else was checked.
    throw invalid(where, `the weights cannot be set: ${reasonOf(cause)}`, cause);
  } finally {
    tf.dispose(tensors);
  }
}

function takeEntry(entries: Map<string, WeightEntry>, name: string): WeightEntry | undefined {
  const isIt = (key: string) => {
    const parts = key.split('/');
    return key === name || [...parts.slice(0, -2), parts.at(-1)].join('/') === name;
  };
  const key = entries.has(name) ? name : [...entries.keys()].find(isIt);
  const entry = key === undefined ? undefined : entries.get(key);
  if (entry) entries.delete(entry.name);
  return entry;
}

function decodeWeights(groups: readonly WeightData[], where: string): Map<string, tf.Tensor> {
  const tensors = new Map<string, tf.Tensor>();
  for (const { group, data } of groups) {
    let offset = 0;
    for (const entry of group.weights) {
      const bytes = data.slice(offset, offset + entry.bytes);
      offset += entry.bytes;
      if (entry.group === 'optimizer') continue;
      const { name, shape, dtype, quantization } = entry;
      const tensor = tf.io.decodeWeights(bytes, [{ name, shape, dtype, ...(quantization && { quantization }) }])[name];
      tensors.set(name, tensor);
      const index = firstNotFinite(tensor.dataSync());
      if (index === -1) continue;
      tf.dispose([...tensors.values()]);
      throw invalid(where, `weight ${name} is not finite at element ${index}`);
    }
  }
  return tensors;
}

/** The index of the first NaN or infinity, or -1. */
export function firstNotFinite(values: ArrayLike<number>): number {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return index;
  return -1;
}
