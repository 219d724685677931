import { MemcellError, modelError } from '../errors.js';
import { definitionOf } from '../layers/byName.js';
import { countWeights, type Layer, type Shape } from '../layers/define.js';
import { checkInput, checkModelInputs, checkState, shapeText } from '../layers/fit.js';
import { batchSize as checkBatchSize, shape as oneShape } from '../layers/schema.js';
import type * as tf from '../tf.js';

import { isBidirectional, isModel, isWrapper } from './walk.js';

export type { Shape };
export { shapeText };

/**
 * The most weights of a model: training keeps four numbers for each (weight, gradient, two of the optimizer), 16 bytes,
 * and WebAssembly's memory ends at 4 GiB.
 */
const mostWeights = 2 ** 28;

/** What a model's first layer says of the input's shape, with the batch axis. */
export function ownInputShape(first: Layer): Shape | undefined {
  return isModel(first) ? first.inputs[0].shape : first.batchInputShape;
}

/** The input's shape with its batch axis, from the model's options or from the first layer's. */
export function inputShapeOf(first: Layer, inputShape?: Shape, batchSize?: number): Shape {
  const own = ownInputShape(first);
  if (batchSize !== undefined) {
    if (isModel(first) && own?.[0] !== batchSize)
      throw modelError(`the model's first layer is the model ${first.name}; give that the batchSize`);
    checkBatchSize(batchSize, 'batchSize');
    if (own && own[0] !== null && own[0] !== batchSize)
      throw modelError(`batchSize ${batchSize} does not fit the first layer's batch of ${own[0]}; give only one`);
  }
  const batch = batchSize ?? own?.[0] ?? null;
  if (inputShape === undefined) {
    if (own) return [batch, ...own.slice(1)];
    throw modelError(
      `the model's input shape is not known; give its first layer (${first.getClassName()}) an inputShape, such as [steps, features]`,
    );
  }
  const sample = oneShape(inputShape, 'inputShape');
  const fits = (size: number | null, axis: number) => size === null || size === sample[axis];
  if (own && !(own.length === sample.length + 1 && own.slice(1).every(fits))) {
    throw modelError(
      `inputShape ${shapeText(sample)} does not fit the first layer's ${shapeText(own.slice(1))}; give only one`,
    );
  }
  return [batch, ...sample];
}

/** Goes through the stack by shapes alone. `before` are the layers that are already in the model. */
export function checkLayers(layers: readonly Layer[], inputShape: Shape, before: readonly Layer[] = []): void {
  let shape = inputShape;
  let weights = before.reduce((sum, layer) => sum + layer.countParams(), 0);
  const stack = [...before];
  for (const layer of layers) {
    const what = `layer ${stack.length + 1} (${layer.getClassName()})`;
    if (stack.includes(layer) || (layer.inboundNodes.length > 0 && !isModel(layer))) {
      throw modelError(`${what} is already in a model; make a layer of its own for every place`);
    }
    if (isModel(layer)) {
      checkModelInputs(layer, what, [shape]);
      weights += layer.countParams();
    }
    checkInput(layer, what, shape, stack);
    checkState(layer, what, shape);
    const definition = definitionOf(layer.getClassName());
    if (definition) weights += countWeights(definition, settingsOf(layer), shape);
    if (weights > mostWeights) {
      throw modelError(
        `${what} brings the model to ${weights} weights; the most is ${mostWeights}, since training needs 16 bytes for each and WebAssembly's memory ends at 4 GiB; use fewer units`,
      );
    }
    shape = outputShape(layer, what, shape);
    stack.push(layer);
  }
}

/** A layer's configuration, with the layer that it wraps. */
function settingsOf(layer: Layer): Record<string, unknown> {
  const config: Record<string, unknown> = layer.getConfig();
  if (isBidirectional(layer) || isWrapper(layer)) config.layer = layer.layer;
  return config;
}

function outputShape(layer: Layer, what: string, shape: Shape): Shape {
  let outputs: tf.Shape | tf.Shape[];
  try {
    outputs = layer.computeOutputShape([...shape]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new MemcellError(`${what} cannot take an input of shape ${shapeText(shape)}: ${reason}`, {
      code: 'model',
      cause,
    });
  }
  if (!Array.isArray(outputs[0])) return outputs as tf.Shape;
  throw modelError(`${what} has ${outputs.length} outputs, but a Sequential passes on one; leave returnState out`);
}
