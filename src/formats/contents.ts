/** A file's contents as a model of tfjs. */
import type * as tf from '@tensorflow/tfjs';
import { elements } from '../data/array.js';
import type { ModelContents } from './modelFile.js';
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
type Variable = tf.LayersModel['weights'][number];

/** The slots in the order of the model's trainable weights, which need not be the file's. */
function inOrderOf(
  model: tf.LayersModel,
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
