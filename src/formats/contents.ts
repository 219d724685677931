/** A file's contents as a model of tfjs, and a model as a file's contents. */

import { elements } from '../data/array.js';
import { MemcellError, modelError } from '../errors.js';
import { isModel, isWrapper } from '../layers/kinds.js';
import { weightsByLayer } from '../model/initialise.js';
import type { Layer, LayersModel } from '../tfjsTypes.js';
import type { TrainingDescription } from '../training/description.js';
import type { Optimizer } from '../training/optimizers.js';
import { firstNotFinite } from './decode.js';
import { normalTopology } from './keras/topology.js';
import { trainingOfDescription } from './keras/training.js';
import type { ModelContents, StoredWeight } from './modelFile.js';
import { isJsonObject, type Json } from './modelJson.js';
import type { LoadedModel } from './tfjs.js';
import { buildTopology } from './topology.js';
import { assignStored } from './weights.js';

/** @throws MemcellError 'model': layers that nothing runs, weights that do not fit them */
export async function modelOf(contents: ModelContents, where: string): Promise<LoadedModel> {
  const { topology, weights, training, optimizerState, metadata } = contents;
  const lost = [...contents.lost];
  const size = weights.reduce((sum, { data }) => sum + data.length, 0);
  const model = await buildTopology(topology, size, where);
  try {
    const variables = assignStored(model, weights, where);
    const state = optimizerState && inOrderOf(model, variables, optimizerState, lost);
    return { model, metadata, lost, ...(training && { training }), ...(state && { optimizerState: state }) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

type State = NonNullable<ModelContents['optimizerState']>;
type Variable = LayersModel['weights'][number];

/** The slots in the order of the model's trainable weights, which need not be the file's. */
function inOrderOf(
  model: LayersModel,
  variables: readonly Variable[],
  state: State,
  lost: string[],
): State | undefined {
  const trainable = new Set(model.trainableWeights);
  const inFile = variables.filter((variable) => trainable.has(variable));
  const sizes = inFile.map(({ shape }) => elements(shape.map(Number)));
  const fits = fittingState(state, sizes, lost);
  if (!fits) return undefined;
  const order = model.trainableWeights.map((variable) => inFile.indexOf(variable));
  const slots = Object.entries(fits.slots).map(([slot, arrays]): [string, Float32Array[]] => [
    slot,
    order.map((index) => arrays[index]),
  ]);
  return { iterations: fits.iterations, slots: Object.fromEntries(slots) };
}

/** The state when it has an array of the right size for every weight; otherwise none, noted in `lost`. */
export function fittingState(state: State, sizes: readonly number[], lost: string[]): State | undefined {
  const fits = Object.values(state.slots).every(
    (arrays) =>
      arrays.length === sizes.length &&
      arrays.every((array, i) => array.length === sizes[i] && array.every(Number.isFinite)),
  );
  if (fits) return state;
  lost.push("the optimizer's state is of other weights, or not finite; it starts anew");
  return undefined;
}

/** What is saved beside a model. */
export interface Beside {
  training?: TrainingDescription;
  /** With its slots, in the order of the model's trainable weights. */
  optimizer?: Optimizer;
  metadata: Record<string, unknown>;
}

/** @throws MemcellError 'numeric' when a weight is not finite */
export function contentsOf(model: LayersModel, { training, optimizer, metadata }: Beside): ModelContents {
  const written: unknown = JSON.parse(JSON.stringify(model.toJSON(undefined, false)));
  if (!isJsonObject(written)) throw modelError('this model cannot be described');
  const { topology, lost } = normalTopology(written, 'the model');
  sayInputShapes(topology, model);
  // A layer that the model shares with one in it is there twice, as the topology has it.
  const variables: Variable[] = [];
  const weights: StoredWeight[] = [];
  for (const [layer, own] of weightsByLayer(model)) {
    const names = new Set<string>();
    for (const variable of own) {
      const stored = storedWeight(layer, variable, names);
      names.add(stored.name);
      variables.push(variable);
      weights.push(stored);
    }
  }
  const others = model.getUserDefinedMetadata();
  if (others && Object.keys(others).length > 0) lost.push(`metadata ${Object.keys(others).join(', ')} is not kept`);
  const state = optimizer && stateInOrder(model, variables, optimizer);
  return {
    topology,
    weights,
    ...(training && { training: trainingOfDescription(training, lost) }),
    ...(state && { optimizerState: state }),
    metadata,
    lost,
  };
}

/** Says of each GetItem what shape it reads, sizes that are not the same in all its calls left open, as Keras does of its layers: not all formats can say x[:, item]. */
function sayInputShapes(description: Json, layer: Layer): void {
  if (!isJsonObject(description) || !isJsonObject(description.config)) return;
  const { layers, layer: inner = null } = description.config;
  if (isModel(layer) && Array.isArray(layers)) {
    for (const one of layers) {
      const { name } = isJsonObject(one) && isJsonObject(one.config) ? one.config : {};
      const own = layer.layers.find((other) => other.name === name);
      if (own) sayInputShapes(one, own);
    }
  } else if (isWrapper(layer)) sayInputShapes(inner, layer.layer);
  if (layer.getClassName() !== 'GetItem') return;
  const [shape, ...others] = layer.inboundNodes.map(({ inputShapes }) => [inputShapes[0]].flat());
  if (!shape || others.some(({ length }) => length !== shape.length)) return;
  const input_shape = shape.map((size, axis) => (others.every((other) => other[axis] === size) ? size : null));
  description.build_config = { input_shape };
}

function storedWeight(layer: string, variable: Variable, taken: ReadonlySet<string>): StoredWeight {
  const parts = variable.originalName.split('/');
  const own = layer.slice(layer.lastIndexOf('/') + 1);
  const from = parts.indexOf(own);
  const base = parts.slice(from === -1 ? -1 : from + 1).join('/');
  let name = base;
  for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
  const data = variable.read().dataSync();
  const index = firstNotFinite(data);
  if (index !== -1) {
    throw new MemcellError(`weight ${layer}/${name} is not finite at element ${index}; the model is not saved`, {
      code: 'numeric',
    });
  }
  const values = data instanceof Int32Array ? data.slice() : Float32Array.from(data);
  return { layer, name, shape: variable.shape.map(Number), data: values };
}

/** The optimizer's slots by name, in the order of the stored weights that are trained. */
function stateInOrder(model: LayersModel, stored: readonly Variable[], optimizer: Optimizer): State | undefined {
  const { slotNames, iterations } = optimizer;
  const arrays = optimizer.state();
  const count = model.trainableWeights.length;
  if (iterations === 0 || arrays.length !== slotNames.length * count) return undefined;
  const order = stored.flatMap((variable) => {
    const index = model.trainableWeights.indexOf(variable);
    return index === -1 ? [] : [index];
  });
  const slots = slotNames.map((slot, i): [string, Float32Array[]] => [
    slot,
    order.map((index) => arrays[index * slotNames.length + i].slice()),
  ]);
  return { iterations, slots: Object.fromEntries(slots) };
}
