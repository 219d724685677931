import { setWeight, weightsByLayer } from '../model/initialise.js';
import * as tf from '../tf.js';
import { decodeEntries, firstNotFinite, type WeightData } from './decode.js';
import { modernWeights } from './keras/olderWeights.js';
import type { StoredWeight } from './modelFile.js';
import { invalid, reasonOf, type WeightEntry } from './modelJson.js';

/** Names of the model and of the cell may stand in a weight's name beside those of its layers. */
const MOST_PARTS_BESIDE = 2;

/**
 * Sets the weights of `model` from the manifest's entries, which must be exactly the model's: same names, shapes and dtypes.
 * A name may have parts beside the model's (`sequential/lstm/lstm_cell/kernel` for `lstm/kernel`), as Keras's converter writes.
 * @throws MemcellError 'model': a weight is missing, is not the model's, has another shape or dtype, or is not finite
 */
export function assignWeights(model: tf.LayersModel, groups: readonly WeightData[], where: string): void {
  const entries = new Map<string, WeightEntry>();
  for (const entry of groups.flatMap(({ group }) => group.weights)) {
    if (entry.group !== 'optimizer') entries.set(entry.name, entry);
  }
  const names = namesOf(model, model.weights);
  const ordered = model.weights.map(({ shape, dtype }, i) => {
    const entry = takeEntry(entries, names[i]);
    if (!entry) throw invalid(where, `weight ${names[i]} of shape [${shape}] is not in weightsManifest`);
    if (entry.dtype !== dtype)
      throw invalid(where, `weight ${entry.name} is ${entry.dtype}, but the model's is ${dtype}`);
    return entry;
  });
  const values = decodeWeights(groups, where);
  const stored = inModernOrder(
    ordered.map(({ name, shape }, i) => ({ layer: layerIn(names[i]), name, shape, data: values.get(name)! })),
  );
  for (const [i, { shape }] of model.weights.entries()) {
    if (stored[i].shape.length === shape.length && stored[i].shape.every((size, axis) => size === shape[axis]))
      continue;
    const { name, shape: given } = ordered[i];
    throw invalid(where, `weight ${name} has shape [${given}], but the model's topology makes it [${shape}]`);
  }
  for (const name of entries.keys()) throw invalid(where, `weight ${name} belongs to no layer of the model's topology`);
  for (const [i, weight] of model.weights.entries()) {
    const tensor = tf.tensor(stored[i].data, stored[i].shape, weight.dtype);
    try {
      setWeight(weight, tensor);
    } catch (cause) {
      throw invalid(where, `the weights cannot be set: ${reasonOf(cause)}`, cause);
    } finally {
      tensor.dispose();
    }
  }
}

const layerIn = (name: string) => name.slice(0, name.lastIndexOf('/'));

/** cuDNN's layers' weights as other layers have them, all in the order in which they came. */
function inModernOrder(weights: StoredWeight[]): StoredWeight[] {
  const modern = new Map(modernWeights(weights).map((weight) => [weight.name, weight]));
  return weights.map((weight) => modern.get(weight.name) ?? weight);
}

type Variable = tf.LayersModel['weights'][number];

/**
 * The names of weights in a folder: tfjs's own, which stock tfjs looks for, and 'inner/dense/kernel' where models in the model have
 * layers of one name. A layer that several of them share is there as often as they have it.
 */
export function namesOf(model: tf.LayersModel, variables: readonly Variable[]): string[] {
  const counts = new Map<string, number>();
  for (const { originalName } of model.weights) counts.set(originalName, (counts.get(originalName) ?? 0) + 1);
  const prefixes = new Map<Variable, string[]>();
  for (const [path, own] of weightsByLayer(model)) {
    const prefix = path.slice(0, path.lastIndexOf('/') + 1);
    for (const variable of own) prefixes.set(variable, [...(prefixes.get(variable) ?? []), prefix]);
  }
  return variables.map((variable) => {
    const { originalName } = variable;
    if (counts.get(originalName) === 1) return originalName;
    return (prefixes.get(variable)?.shift() ?? '') + originalName;
  });
}

/**
 * Sets the weights of `model` from those of a file, layer by layer in their order, and tells which is which: the variable of
 * each stored weight.
 * @throws MemcellError 'model' with all that do not fit: no such layer, too many or too few, another shape, not finite
 */
export function assignStored(model: tf.LayersModel, stored: readonly StoredWeight[], where: string): Variable[] {
  const waiting = new Map<string, StoredWeight[]>();
  for (const weight of stored) waiting.set(weight.layer, [...(waiting.get(weight.layer) ?? []), weight]);
  const pairs = new Map<StoredWeight, Variable>();
  const wrong: string[] = [];
  for (const [layer, variables] of weightsByLayer(model)) {
    const found = waiting.get(layer) ?? [];
    waiting.delete(layer);
    if (found.length !== variables.length) {
      const needed = variables.map(({ originalName, shape }) => `${originalName} [${shape}]`).join(', ');
      wrong.push(`layer ${layer} needs ${needed}, and the file has ${textOf(found)}`);
      continue;
    }
    variables.forEach((variable, i) => {
      const { shape, name } = found[i];
      if (shape.length === variable.shape.length && shape.every((size, axis) => size === variable.shape[axis])) {
        pairs.set(found[i], variable);
      } else wrong.push(`weight ${name} has shape [${shape}], but layer ${layer} takes [${variable.shape}]`);
    });
  }
  for (const [layer, left] of waiting) wrong.push(`no layer ${layer} of the model takes ${textOf(left)}`);
  if (wrong.length > 0) throw invalid(where, wrong.join('; '));
  for (const { name, data } of stored) {
    const index = firstNotFinite(data);
    if (index !== -1) throw invalid(where, `weight ${name} is not finite at element ${index}`);
  }
  for (const [{ data, shape }, variable] of pairs) {
    const tensor = tf.tensor(data, shape, variable.dtype);
    try {
      setWeight(variable, tensor);
    } finally {
      tensor.dispose();
    }
  }
  return stored.flatMap((weight) => pairs.get(weight) ?? []);
}

function textOf(weights: readonly StoredWeight[]): string {
  return weights.map(({ name, shape }) => `${name} [${shape}]`).join(', ') || 'none';
}

function takeEntry(entries: Map<string, WeightEntry>, name: string): WeightEntry | undefined {
  const own = name.split('/');
  // 'sequential/lstm/lstm_cell/kernel' for 'lstm/kernel': the fewer parts beside its own, the sooner.
  const beside = (key: string) => {
    // TensorFlow's names of variables end in ':0'.
    const parts = key.replace(/:\d+$/, '').split('/');
    let next = 0;
    for (const part of parts) if (part === own[next]) next++;
    const is = next === own.length && parts.at(-1) === own.at(-1) && parts.length <= own.length + MOST_PARTS_BESIDE;
    return is ? parts.length - own.length : Number.POSITIVE_INFINITY;
  };
  const candidates = [...entries.keys()].filter((key) => beside(key) < Number.POSITIVE_INFINITY);
  const key = entries.has(name) ? name : candidates.sort((a, b) => beside(a) - beside(b))[0];
  const entry = key === undefined ? undefined : entries.get(key);
  if (entry) entries.delete(entry.name);
  return entry;
}

function decodeWeights(groups: readonly WeightData[], where: string): Map<string, StoredWeight['data']> {
  const entries = decodeEntries(groups, 'model');
  for (const { name, data } of entries) {
    const index = firstNotFinite(data);
    if (index !== -1) throw invalid(where, `weight ${name} is not finite at element ${index}`);
  }
  return new Map(entries.map(({ name, data }) => [name, data instanceof Uint8Array ? Float32Array.from(data) : data]));
}
