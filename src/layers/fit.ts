/** Whether what flows into a layer is what it takes. */
import { modelError } from '../errors.js';
import { counted } from '../format.js';
import type { LayersModel } from '../tfjsTypes.js';
import { definitionOf, type Layer, type Shape } from './define.js';
import { isBidirectional, isRecurrent, isWrapper } from './kinds.js';

/** [30, 4], with None for a size that may vary, as Keras writes it: (30, 4), (None, 4), (4,) */
export function shapeText(shape: Shape): string {
  const sizes = shape.map((size) => size ?? 'None');
  return `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
}

/** Whether a stateful layer knows for how many samples it keeps states. */
export function checkState(layer: Layer, what: string, shape: Shape): void {
  if (!layer.stateful || shape[0] !== null) return;
  throw modelError(
    `${what} is stateful and needs a fixed batch size; give the first layer a batchShape, such as [32, 30, 4] (in the notation: Input(batch_shape=(32, 30, 4)) before it)`,
  );
}

/** Whether what flows into a model as a layer is as many inputs as it has, each of its shape; sizes that are open on either side fit any. */
export function checkModelInputs(model: LayersModel, what: string, shapes: readonly Shape[]): void {
  const { inputs } = model;
  if (shapes.length !== inputs.length)
    throw modelError(`${what} takes ${counted(inputs.length, 'input')}, not ${shapes.length}`);
  for (const [i, shape] of shapes.entries()) {
    const wanted = inputs[i].shape;
    const fits = (size: number | null, axis: number) => size === null || wanted[axis] === null || wanted[axis] === size;
    if (shape.length !== wanted.length || !shape.every(fits))
      throw modelError(`${what} takes ${shapeText(wanted)} as input ${i}, not ${shapeText(shape)}`);
  }
}

/** Whether the input has the axes that the layer needs, and a known size on the last one where there are weights for it. */
export function checkInput(layer: Layer, what: string, shape: Shape, before: readonly Layer[]): void {
  const definition = definitionOf(layer.getClassName());
  if (!definition) return;
  const { cellOf, class: className, rank } = definition;
  if (cellOf !== undefined) throw modelError(`${what} is a cell and no layer; RNN runs it: RNN(${className}(…))`);
  if ('exactly' in rank ? shape.length === rank.exactly : shape.length >= rank.atLeast) {
    if (isWrapper(layer))
      checkInput(
        layer.layer,
        what.replace(')', ` of ${layer.layer.getClassName()})`),
        [shape[0], ...shape.slice(2)],
        [],
      );
    if (layer.getClassName() === 'Flatten' && shape.slice(1).includes(null)) {
      throw modelError(`${what} needs a fixed number of steps, but gets ${shapeText(shape)}`);
    }
    if (definition.weights && layer.getClassName() !== 'Embedding' && shape[shape.length - 1] === null) {
      throw modelError(`${what} needs a fixed number of features, but gets ${shapeText(shape)}`);
    }
    return;
  }
  const needed = 'exactly' in rank ? rank.exactly : rank.atLeast;
  const last = before.at(-1);
  const previous = last && (isBidirectional(last) ? last.layer : last);
  const position = `layer ${before.length} (${last?.getClassName()})`;
  if (needed === 3 && shape.length === 2 && previous && isRecurrent(previous) && !previous.returnSequences) {
    throw modelError(
      `${what} needs every step's output, but ${position} gives only the last; write return_sequences=true in ${position} (in code returnSequences: true)`,
    );
  }
  const axes = { 2: '(samples, features)', 3: '(samples, steps, features)' }[needed] ?? `${needed} axes`;
  const least = 'exactly' in rank ? '' : ' at least';
  const found = last ? `${position} gives ${shapeText(shape)}` : `its input is ${shapeText(shape)}`;
  throw modelError(`${what} needs${least} ${axes}, but ${found}`);
}
