import { MemcellError } from '../errors.js';
import type * as tf from '../tf.js';
import type { Layer } from './layers.js';
import { batchSize as checkBatchSize, show } from './options.js';
import { entryOf } from './table.js';
import { isBidirectional, isRecurrent, isWrapper } from './walk.js';

/** A shape with its batch axis; null for a size that is not fixed. */
export type Shape = readonly (number | null)[];

/**
 * The most weights of a model: training keeps four numbers for each (weight, gradient, two of the optimizer), 16 bytes,
 * and WebAssembly's memory ends at 4 GiB.
 */
const mostWeights = 2 ** 28;

/** The input's shape with its batch axis, from the model's options or from the first layer's. */
export function inputShapeOf(first: Layer, inputShape?: Shape, batchSize?: number): Shape {
  const own: Shape | undefined = first.batchInputShape;
  if (batchSize !== undefined) {
    checkBatchSize(batchSize, 'batchSize');
    if (own && own[0] !== null && own[0] !== batchSize)
      throw new MemcellError(
        `batchSize ${batchSize} does not fit the first layer's batch of ${own[0]}; give only one`,
        { code: 'model' },
      );
  }
  const batch = batchSize ?? own?.[0] ?? null;
  if (inputShape === undefined) {
    if (own) return [batch, ...own.slice(1)];
    throw new MemcellError(
      `the model's input shape is not known; give its first layer (${first.getClassName()}) an inputShape, such as [steps, features]`,
      { code: 'model' },
    );
  }
  const isSize = (size: number | null) => size === null || (Number.isInteger(size) && size > 0);
  if (!Array.isArray(inputShape) || inputShape.length === 0 || !inputShape.every(isSize)) {
    throw new MemcellError(`inputShape must be a list of whole numbers above 0, not ${show(inputShape)}`, {
      code: 'model',
    });
  }
  const fits = (size: number | null, axis: number) => size === null || size === inputShape[axis];
  if (own && !(own.length === inputShape.length + 1 && own.slice(1).every(fits))) {
    throw new MemcellError(
      `inputShape ${shapeText(inputShape)} does not fit the first layer's ${shapeText(own.slice(1))}; give only one`,
      { code: 'model' },
    );
  }
  return [batch, ...inputShape];
}

/** [30, 4], with None for a size that may vary, as Keras writes it: (30, 4), (None, 4), (4,) */
export function shapeText(shape: Shape): string {
  const sizes = shape.map((size) => size ?? 'None');
  return `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
}

/** Goes through the stack by shapes alone. `before` are the layers that are already in the model. */
export function checkLayers(layers: readonly Layer[], inputShape: Shape, before: readonly Layer[] = []): void {
  let shape = inputShape;
  let weights = before.reduce((sum, layer) => sum + layer.countParams(), 0);
  const stack = [...before];
  for (const layer of layers) {
    const what = `layer ${stack.length + 1} (${layer.getClassName()})`;
    if (stack.includes(layer) || layer.inboundNodes.length > 0) {
      throw new MemcellError(`${what} is already in a model; make a layer of its own for every place`, {
        code: 'model',
      });
    }
    checkInput(layer, what, shape, stack);
    checkState(layer, what, shape);
    weights += entryOf(layer.getClassName())?.weights?.(settingsOf(layer), shape[shape.length - 1] ?? 0) ?? 0;
    if (weights > mostWeights) {
      throw new MemcellError(
        `${what} brings the model to ${weights} weights; the most is ${mostWeights}, since training needs 16 bytes for each and WebAssembly's memory ends at 4 GiB; use fewer units`,
        { code: 'model' },
      );
    }
    shape = outputShape(layer, what, shape);
    stack.push(layer);
  }
}

/** Whether a stateful layer knows for how many samples it keeps states. */
export function checkState(layer: Layer, what: string, shape: Shape): void {
  if (!layer.stateful || shape[0] !== null) return;
  throw new MemcellError(
    `${what} is stateful and needs a fixed batch size; give the first layer a batchShape, such as [32, 30, 4] (in the notation: Input(batch_shape=(32, 30, 4)) before it)`,
    { code: 'model' },
  );
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
  throw new MemcellError(
    `${what} has ${outputs.length} outputs, but a Sequential passes on one; leave returnState out`,
    {
      code: 'model',
    },
  );
}

/** Whether the input has the axes that the layer needs, and a known size on the last one where there are weights for it. */
export function checkInput(layer: Layer, what: string, shape: Shape, before: readonly Layer[]): void {
  const entry = entryOf(layer.getClassName());
  if (!entry) return;
  const { rank } = entry;
  if ('exactly' in rank ? shape.length === rank.exactly : shape.length >= rank.atLeast) {
    if (isWrapper(layer))
      checkInput(
        layer.layer,
        what.replace(')', ` of ${layer.layer.getClassName()})`),
        [shape[0], ...shape.slice(2)],
        [],
      );
    if (layer.getClassName() === 'Flatten' && shape.slice(1).includes(null)) {
      throw new MemcellError(`${what} needs a fixed number of steps, but gets ${shapeText(shape)}`, { code: 'model' });
    }
    if (entry.weights && layer.getClassName() !== 'Embedding' && shape[shape.length - 1] === null) {
      throw new MemcellError(`${what} needs a fixed number of features, but gets ${shapeText(shape)}`, {
        code: 'model',
      });
    }
    return;
  }
  const needed = 'exactly' in rank ? rank.exactly : rank.atLeast;
  const last = before.at(-1);
  const previous = last && (isBidirectional(last) ? last.layer : last);
  const position = `layer ${before.length} (${last?.getClassName()})`;
  if (needed === 3 && shape.length === 2 && previous && isRecurrent(previous) && !previous.returnSequences) {
    throw new MemcellError(
      `${what} needs every step's output, but ${position} gives only the last; write return_sequences=true in ${position} (in code returnSequences: true)`,
      { code: 'model' },
    );
  }
  const axes = { 2: '(samples, features)', 3: '(samples, steps, features)' }[needed] ?? `${needed} axes`;
  const least = 'exactly' in rank ? '' : ' at least';
  const found = last ? `${position} gives ${shapeText(shape)}` : `its input is ${shapeText(shape)}`;
  throw new MemcellError(`${what} needs${least} ${axes}, but ${found}`, { code: 'model' });
}
