/** A model's weights as arrays, in Keras's order and shapes. */

import { elements } from '../data/array.js';
import { MemcellError } from '../errors.js';
import { counted } from '../format.js';
import { setWeight, weightsInOrder } from '../model/initialise.js';
import { fromBatch, type ModelInput, toBatch } from '../model/inputs.js';
import type { LayersModel } from '../tfjsTypes.js';

export function countWeights(model: LayersModel): number {
  return weightsInOrder(model).reduce((sum, { shape }) => sum + elements(shape.map(Number)), 0);
}

/** Copies of all. */
export function readWeights(model: LayersModel): { data: Float32Array; shape: number[] }[] {
  return weightsInOrder(model).map((weight) => ({
    data: Float32Array.from(weight.read().dataSync()),
    shape: weight.shape.map(Number),
  }));
}

/**
 * Sets all, each checked before one is set.
 * @throws MemcellError 'data' that names the weight that does not fit
 */
export function writeWeights(model: LayersModel, weights: readonly ModelInput[]): void {
  const own = weightsInOrder(model);
  if (weights.length !== own.length) {
    const names = own.map(({ originalName, shape }) => `${originalName} [${shape}]`).join(', ');
    throw new MemcellError(`setWeights got ${counted(weights.length, 'array')}; the model has ${own.length}: ${names}`);
  }
  const arrays = own.map(({ originalName, shape }, i) => {
    const given = weights[i];
    const flat: ModelInput = isTyped(given) ? { data: given, shape: shape.map(Number) } : given;
    return toBatch(flat, { shape }, `weight ${i} (${originalName})`).array;
  });
  for (const [i, { data, shape }] of arrays.entries()) {
    const tensor = fromBatch({ data: Float32Array.from(data), shape }, 'tensor');
    setWeight(own[i], tensor);
    tensor.dispose();
  }
}

function isTyped(given: ModelInput): given is Float32Array {
  return ArrayBuffer.isView(given);
}
