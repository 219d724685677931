/** Layers applied to tensors that have shapes and no numbers: the description of a model with branches. */

import { MemcellError, modelError } from '../errors.js';
import { counted } from '../format.js';
import { shown } from '../spelling.js';
import { tensorFlow } from '../tensorflow.js';
import type * as tf from '../tf.js';
import { definitionOf, type Layer, type Shape } from './define.js';
import { described } from './described.js';
import { checkInput, checkModelInputs, checkState, shapeText } from './fit.js';
import { cellsIn, isBidirectional, isModel, isRecurrent, statesOfCell } from './kinds.js';

/** One call of a layer, or of a model as a layer of another. */
export interface LayerCall {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

/** What Input or a layer gives in a model that is being described. */
export class SymbolicTensor {
  /**
   * @param shape with the batch axis, null where a size is open
   * @param call what gives it; undefined for an Input
   * @param name of an Input
   */
  constructor(
    readonly shape: Shape,
    readonly call?: LayerCall,
    readonly name?: string,
  ) {}
}

export interface ApplyOptions {
  /** States before the first step of a recurrent layer: h and c for LSTM, h for the others; of Bidirectional those of both directions. */
  initialState?: SymbolicTensor | readonly SymbolicTensor[];
}

/** A layer that is applied to tensors of a model to be: Out is a list where the layer gives several. */
export type GraphLayer<Out = SymbolicTensor> = {
  /**
   * What the layer gives for what Input() or other layers give, in a `Model` to be. A layer that is applied several times shares its weights.
   * @throws MemcellError 'model' that names the layer and what does not fit
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[], options?: ApplyOptions): Out;
} & Layer;

/**
 * Lets a layer of tfjs be applied to tensors of ours.
 * @internal
 */
export function applicable(layer: Layer): GraphLayer<never> {
  const { apply } = layer;
  const own = (inputs: unknown, options?: unknown) => {
    if (isSymbolic(inputs)) return applySymbolically(layer, inputs, options as ApplyOptions);
    if (isOfTfjs(inputs)) return apply.call(layer, ...([inputs, options] as Parameters<typeof apply>));
    throw modelError(
      `layer ${layer.name} (${layer.getClassName()}) is applied to ${shown(inputs)}; give it what Input() or another layer gives`,
    );
  };
  return Object.assign(described(layer), { apply: own as GraphLayer<never>['apply'] });
}

function isOfTfjs(inputs: unknown): boolean {
  const { Tensor, SymbolicTensor: TfjsSymbolicTensor } = tensorFlow();
  const all: unknown[] = Array.isArray(inputs) ? inputs : [inputs];
  return all.length > 0 && all.every((one) => one instanceof Tensor || one instanceof TfjsSymbolicTensor);
}

type Tensors = SymbolicTensor | readonly SymbolicTensor[];

function isSymbolic(inputs: unknown): inputs is Tensors {
  return (
    inputs instanceof SymbolicTensor || (Array.isArray(inputs) && inputs.some((one) => one instanceof SymbolicTensor))
  );
}

/** What is none of them too, which is then refused by name. */
const listOf = (tensors: Tensors): readonly SymbolicTensor[] =>
  Array.isArray(tensors) ? tensors : [tensors as SymbolicTensor];

/**
 * What a layer gives for tensors: one, or a list of them where it has several outputs.
 * @throws MemcellError 'model' that names the layer and what does not fit
 */
export function applySymbolically(
  layer: Layer,
  inputs: Tensors,
  { initialState = [] }: ApplyOptions = {},
): SymbolicTensor | SymbolicTensor[] {
  const given = [...listOf(inputs), ...listOf(initialState)];
  const what = `layer ${layer.name} (${layer.getClassName()})`;
  const other = given.find((one) => !(one instanceof SymbolicTensor));
  if (other !== undefined)
    throw modelError(`${what} is applied to ${shown(other)}; give it what Input() or another layer gives`);
  checkInputs(layer, what, given);
  const shapes = outputShapes(layer, what, given);
  const outputs: SymbolicTensor[] = [];
  const call: LayerCall = { layer, inputs: given, outputs };
  for (const shape of shapes) outputs.push(new SymbolicTensor(shape, call));
  return outputs.length === 1 ? outputs[0] : outputs;
}

function checkInputs(layer: Layer, what: string, inputs: readonly SymbolicTensor[]): void {
  const [first, ...others] = inputs;
  if (!first) throw modelError(`${what} is applied to nothing`);
  const takesStates = isRecurrent(layer) || isBidirectional(layer);
  if (isModel(layer)) {
    const shapes = inputs.map(({ shape }) => shape);
    checkModelInputs(layer, what, shapes);
    return;
  }
  const definition = definitionOf(layer.getClassName());
  if (definition && !definition.joins) {
    if (others.length > 0 && !takesStates && !definition.takesSeveral)
      throw modelError(`${what} takes one input, not ${inputs.length}; join them first, as Concatenate() does`);
    checkInput(layer, what, first.shape, []);
  }
  checkState(layer, what, first.shape);
  if (!takesStates || others.length === 0) return;
  const units = isBidirectional(layer)
    ? [...stateSizes(layer.forwardLayer), ...stateSizes(layer.backwardLayer)]
    : stateSizes(layer);
  if (others.length !== units.length)
    throw modelError(
      `${what} has ${counted(units.length, 'state')}, but ${others.length} ${others.length === 1 ? 'is given as the initial one' : 'are given as initial ones'}`,
    );
  for (const [i, { shape }] of others.entries())
    if (shape.length !== 2 || shape[1] !== units[i])
      throw modelError(
        `${what}: initial state ${i} has the shape ${shapeText(shape)}; it must be ${shapeText([null, units[i]])}`,
      );
}

function stateSizes(layer: tf.RNN): number[] {
  return cellsIn(layer).flatMap(statesOfCell);
}

function outputShapes(layer: Layer, what: string, inputs: readonly SymbolicTensor[]): Shape[] {
  const shapes = inputs.map(({ shape }) => [...shape]);
  const one = shapes.length === 1 || isRecurrent(layer) || isBidirectional(layer);
  try {
    const given = layer.computeOutputShape(one ? shapes[0] : shapes);
    return Array.isArray(given[0]) ? (given as tf.Shape[]) : [given as tf.Shape];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    const found = shapes.map(shapeText).join(', ');
    throw new MemcellError(`${what} cannot take inputs of shape ${found}: ${reason}`, { code: 'model', cause });
  }
}
