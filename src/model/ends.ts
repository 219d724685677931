/** A model's inputs and outputs, by number and by name, and what is given and got for them. */

import type { NdArray } from '../data/array.js';
import { partsOf, sideBySide } from '../data/sideBySide.js';
import { MemcellError, usageError } from '../errors.js';
import { counted } from '../format.js';
import type * as tf from '../tf.js';
import type { LayersModel, Tensor } from '../tfjsTypes.js';
import {
  type Expected,
  type Form,
  fromBatch,
  type ModelInput,
  type NestedArray,
  readArray,
  toBatch,
} from './inputs.js';
import type { Shape } from './stack.js';
import { isModel } from './walk.js';

/** One array; for a model with several inputs or outputs a list of them in the model's order, or an object by their names. */
export type ModelInputs = ModelInput | readonly ModelInput[] | { readonly [name: string]: ModelInput };

export type ModelOutput = Tensor | NestedArray | NdArray;

/** An input or output of a model. */
export interface ModelEnd {
  name: string;
  /** With the batch axis. */
  shape: Shape;
}

/** A model's inputs as x must be, and its outputs' names. */
export interface Ends {
  inputs: readonly (Expected & ModelEnd)[];
  outputNames: readonly string[];
}

/** What x must be, for every input: its shape, and whole numbers below the vocabulary's size for an Embedding, of several the smallest. */
export function expectedInputs(model: LayersModel): (Expected & ModelEnd)[] {
  return model.inputs.map((tensor, i) => {
    // A fixed batch size says for which one stateful layers hold states; how samples are put together is up to the caller.
    const end = { name: model.inputNames[i], shape: [null, ...tensor.shape.slice(1)] };
    const readers = readersOf(model, tensor);
    if (isEmbedding(readers[0])) {
      const sizes = readers.filter(isEmbedding).map((layer) => Number(layer.getConfig().inputDim));
      return { ...end, dtype: 'int32', below: Math.min(...sizes) };
    }
    return tensor.dtype === 'int32' ? { ...end, dtype: 'int32' } : end;
  });
}

const isEmbedding = (layer: tf.layers.Layer | undefined) => layer?.getClassName() === 'Embedding';

/** The layers that read an input, in models inside of the model too. */
function readersOf(model: tf.LayersModel, tensor: tf.SymbolicTensor): tf.layers.Layer[] {
  const layers = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
  const inside = (layer: tf.layers.Layer, input: number) =>
    isModel(layer) ? readersOf(layer, layer.inputs[input]) : [layer];
  const readers = layers.flatMap((layer) =>
    layer.inboundNodes.flatMap(({ inputTensors }) =>
      inputTensors.flatMap((input, i) => (input === tensor ? inside(layer, i) : [])),
    ),
  );
  return readers.length > 0 ? readers : layers.slice(0, 1).flatMap((layer) => inside(layer, 0));
}

/** Names of outputs, of which a layer may give several: 'lstm', 'lstm_1', … */
export function distinctNames(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return names.map((name) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}

/** How inputs came, so that outputs can go out alike. */
export interface Given {
  like: Form;
  byName: boolean;
}

/**
 * What is given for a model's inputs, each checked, side by side where there are several.
 * @param what names it in errors: 'x'
 * @throws MemcellError 'data' for what does not fit, 'usage' for a missing or unknown input
 */
export function readInputs(
  given: ModelInputs,
  expected: readonly (Expected & ModelEnd)[],
  what: string,
): { array: NdArray; given: Given } {
  if (expected.length === 1 && !isByName(given)) {
    const { array, like } = toBatch(given as ModelInput, expected[0], what);
    return { array, given: { like, byName: false } };
  }
  const { values, byName } = byEnds(
    given,
    expected.map(({ name }) => name),
    what,
    'input',
  );
  const read = values.map((value, i) => toBatch(value, expected[i], partName(what, expected, i)));
  return {
    array: joined(
      read.map(({ array }) => array),
      expected,
      what,
    ),
    given: { like: read[0].like, byName },
  };
}

/** Targets for a model's outputs: their shapes are checked by who knows the losses. */
export function readTargets(given: ModelInputs, outputs: readonly string[], what: string): NdArray {
  if (outputs.length === 1 && !isByName(given)) {
    const { array } = readArray(given as ModelInput, what);
    if (array.shape.length === 0) throw new MemcellError(`${what} has no samples`);
    return array;
  }
  const ends = outputs.map((name) => ({ name }));
  const { values } = byEnds(given, outputs, what, 'output');
  const arrays = values.map((value, i) => readArray(value, partName(what, ends, i)).array);
  return joined(arrays, ends, what);
}

/** A model's output, or a list or an object of them as the inputs came. */
export function outputsLike(
  array: NdArray,
  outputs: readonly string[],
  { like, byName }: Given,
): ModelOutput | ModelOutput[] | { [name: string]: ModelOutput } {
  if (outputs.length === 1) return fromBatch(array, like);
  const parts = partsOf(array).map((part) => fromBatch(part, like));
  return byName ? Object.fromEntries(outputs.map((name, i) => [name, parts[i]])) : parts;
}

function partName(what: string, ends: readonly { name: string }[], index: number): string {
  return ends.length === 1 ? what : `${what} (${ends[index].name})`;
}

function joined(arrays: readonly NdArray[], ends: readonly { name: string }[], what: string): NdArray {
  const [first] = arrays;
  arrays.forEach(({ shape }, i) => {
    if (shape.length === 0 || shape[0] !== first.shape[0]) {
      throw new MemcellError(
        `${partName(what, ends, i)} has ${shape.length === 0 ? 'no samples' : counted(shape[0], 'sample')} and ${partName(what, ends, 0)} has ${first.shape[0]}; they must have as many as each other`,
      );
    }
  });
  return sideBySide(arrays);
}

/** The values in the order of the ends. */
function byEnds(
  given: ModelInputs,
  names: readonly string[],
  what: string,
  kind: 'input' | 'output',
): { values: ModelInput[]; byName: boolean } {
  const named = isByName(given) ? given : undefined;
  if (named) {
    const unknown = Object.keys(named).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw usageError(`${what} has '${unknown}', but the model's ${kind}s are ${names.join(', ')}`);
    const values = names.map((name) => {
      if (Object.hasOwn(named, name)) return named[name];
      throw usageError(`${what} has nothing for the model's ${kind} ${name}`);
    });
    return { values, byName: true };
  }
  if (Array.isArray(given) && given.length === names.length) return { values: [...given], byName: false };
  const found = Array.isArray(given) ? `a list of ${given.length}` : 'one array';
  throw usageError(
    `${what} is ${found}, but the model has ${names.length} ${kind}s (${names.join(', ')}): give a list of ${names.length} arrays in this order, or an object by their names`,
  );
}

/** Whether values are given by names, and not as an array or a list. */
export function isByName<Value>(
  given: ModelInput | readonly Value[] | { readonly [name: string]: Value },
): given is { readonly [name: string]: Value } {
  if (typeof given !== 'object' || given === null || ('data' in given && 'shape' in given)) return false;
  return Object.getPrototypeOf(given) === Object.prototype;
}
