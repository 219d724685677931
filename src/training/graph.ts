/** A tfjs model's layers run one after the other, as Keras runs them: with masks, several inputs and outputs, models in models. */

import { MemcellError, modelError } from '../errors.js';
import { isComputed } from '../layers/computed.js';
import { definitionOf } from '../layers/define.js';
import { shapeText } from '../layers/fit.js';
import { callsOf, isBidirectional, isModel, isRecurrent } from '../model/walk.js';
import * as tf from '../tf.js';

/** A tensor, and which of its steps count. */
export interface Masked {
  value: tf.Tensor;
  /** (B, T) */
  mask?: tf.Tensor;
}

/** Sees each call of a layer before it runs, in models in the model too; what it gives stands in place of the layer's outputs. */
export type Watcher = (layer: tf.layers.Layer, inputs: readonly Masked[]) => Masked[] | undefined;

/**
 * Runs a model on a batch. tfjs's own executor hands a mask on past layers that end it, such as an LSTM that returns its last
 * output only, gives layers of a model in the model no `training`, and knows no state as a layer's input.
 */
export function runGraph(
  model: tf.LayersModel,
  inputs: readonly Masked[],
  training: boolean,
  watcher?: Watcher,
): Masked[] {
  return model instanceof tf.Sequential
    ? [runStack(model, inputs[0], training, watcher)]
    : runCalls(model, inputs, training, watcher);
}

function runStack(model: tf.LayersModel, input: Masked, training: boolean, watcher?: Watcher): Masked {
  let flowing = input;
  for (const layer of model.layers) {
    if (layer.getClassName() !== 'InputLayer') [flowing] = runLayer(layer, [flowing], training, watcher);
  }
  return flowing;
}

function runCalls(model: tf.LayersModel, inputs: readonly Masked[], training: boolean, watcher?: Watcher): Masked[] {
  const known = new Map<tf.SymbolicTensor, Masked>();
  model.inputs.forEach((tensor, i) => {
    known.set(tensor, inputs[i]);
  });
  for (const { outboundLayer, inputTensors, outputTensors } of callsOf(model)) {
    const outputs = runLayer(
      outboundLayer,
      inputTensors.map((tensor) => found(known, tensor)),
      training,
      watcher,
    );
    outputTensors.forEach((tensor, i) => {
      known.set(tensor, outputs[i]);
    });
  }
  return model.outputs.map((tensor) => found(known, tensor));
}

function found(known: ReadonlyMap<tf.SymbolicTensor, Masked>, tensor: tf.SymbolicTensor): Masked {
  const masked = known.get(tensor);
  if (masked) return masked;
  throw modelError(`the model's layer ${tensor.sourceLayer.name} gives nothing for this batch`);
}

/** One layer, or model in a model, on a batch. */
export function runLayer(
  layer: tf.layers.Layer,
  inputs: readonly Masked[],
  training: boolean,
  watcher?: Watcher,
): Masked[] {
  if (isModel(layer)) return runGraph(layer, inputs, training, watcher);
  const seen = watcher?.(layer, inputs);
  if (seen) return seen;
  const values = inputs.map(({ value }) => value);
  const masks = inputs.map(({ mask }) => mask);
  const takesStates = isRecurrent(layer) || isBidirectional(layer);
  // States come with a recurrent layer's sequence, which alone has steps.
  const known = masks.some((one) => one !== undefined) ? masks : undefined;
  const mask = takesStates || masks.length === 1 ? masks[0] : isComputed(layer) ? known : undefined;
  const next = masksAfter(layer, values, masks);
  const outputs = tensorsOf(applied(layer, values, mask ? { training, mask } : { training }));
  return outputs.map((value, i) => {
    const made = next[i];
    return made ? { value, mask: withoutGradient(made) } : { value };
  });
}

/** What a layer gives for a batch: where the number of steps is open, only then it is known whether they fit. */
function applied(layer: tf.layers.Layer, values: tf.Tensor[], kwargs: object): ReturnType<tf.layers.Layer['apply']> {
  try {
    return layer.apply(values.length === 1 ? values[0] : values, { ...kwargs });
  } catch (cause) {
    const className = layer.getClassName();
    // A class of the user's own has errors of its own; shortage of memory is no plain Error.
    const passed = [MemcellError, RangeError, WebAssembly.RuntimeError].some((kind) => cause instanceof kind);
    if (passed || !(cause instanceof Error) || !definitionOf(className)) throw cause;
    const shapes = values.map(({ shape }) => shapeText(shape)).join(', ');
    const reason = cause.message.split('\n')[0];
    throw new MemcellError(`layer ${layer.name} (${className}) cannot take inputs of shape ${shapes}: ${reason}`, {
      code: 'data',
      cause,
    });
  }
}

/** The masks of a layer's outputs. */
function masksAfter(
  layer: tf.layers.Layer,
  values: tf.Tensor[],
  masks: (tf.Tensor | undefined)[],
): (tf.Tensor | null | undefined)[] {
  if (!layer.supportsMasking) return [];
  if (isComputed(layer) && values.length > 1) return listOf(layer.computeMask(values, masks as tf.Tensor[]));
  if (values.length === 1 || isRecurrent(layer) || isBidirectional(layer)) {
    return listOf(layer.computeMask(values[0], masks[0]));
  }
  const given = masks.filter((mask) => mask !== undefined);
  // As in Keras: a step counts that counts in any of them, if all have masks.
  return given.length < masks.length ? [] : [given.reduce((any, mask) => tf.logicalOr(any, mask))];
}

function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

function tensorsOf(outputs: tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[]): tf.Tensor[] {
  return listOf<tf.Tensor | tf.SymbolicTensor>(outputs).map((output) => {
    if (output instanceof tf.Tensor) return output;
    throw modelError('the model gave no tensor for this batch');
  });
}

/** A mask is a constant to what uses it: operations that make masks and count them have no gradients in tfjs. */
function withoutGradient(mask: tf.Tensor): tf.Tensor {
  return tf.tensor(mask.dataSync(), mask.shape, mask.dtype);
}
