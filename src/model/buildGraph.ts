/** From tensors of layers applied to each other to a tfjs model. */

import { MemcellError, modelError } from '../errors.js';
import { fuseLSTMs } from '../kernels/accelerate.js';
import { ensureBackend } from '../kernels/backend.js';
import type { Layer } from '../layers/define.js';
import { canDraw } from '../layers/initializers.js';
import { isOfModel } from '../layers/kinds.js';
import type { LayerCall, SymbolicTensor } from '../layers/symbolic.js';
import * as tf from '../tf.js';
import type { LayersModel } from '../tfjsTypes.js';
import { freeName } from './build.js';
import { initialise, weightsOf } from './initialise.js';
import { isModel } from './walk.js';

export interface GraphOptions {
  inputs: readonly SymbolicTensor[];
  outputs: readonly SymbolicTensor[];
  name: string;
  seed: number;
}

export interface BuiltGraph {
  model: LayersModel;
  /** Layers that were in no model before: their weights are drawn now, the others' stay as they are. */
  fresh: ReadonlySet<Layer>;
}

/**
 * Makes the tfjs model between some inputs and outputs; every call of a layer is one of its own, so that layers share their
 * weights with the models that they are in already.
 * @throws MemcellError 'model' for inputs that do not lead to the outputs, names that are there twice, layers that do not fit
 */
export function buildGraph({ inputs, outputs, name, seed }: GraphOptions): BuiltGraph {
  const calls = callsBetween(inputs, outputs);
  ensureBackend();
  const layers = [...new Set(calls.map(({ layer }) => layer))];
  const fresh = new Set(layers.filter((layer) => layer.inboundNodes.length === 0 && !isModel(layer)));
  nameLayers(layers, fresh);
  const made = new Map<SymbolicTensor, tf.SymbolicTensor>();
  const names = new Set(layers.map((layer) => layer.name));
  for (const input of inputs) made.set(input, makeInput(input, names));
  for (const { layer, inputs: given, outputs: given_ } of calls) {
    if (fresh.has(layer))
      layer.setFastWeightInitDuringBuild([...weightsOf(layer, '')].every(({ initializer }) => canDraw(initializer)));
    const tensors = given.map((tensor) => found(made, tensor));
    const results = applied(layer, tensors);
    given_.forEach((tensor, i) => {
      made.set(tensor, results[i]);
    });
  }
  const model = fuseLSTMs(
    tf.model({
      inputs: inputs.map((tensor) => found(made, tensor)),
      outputs: outputs.map((tensor) => found(made, tensor)),
      name,
    }),
  );
  initialise(model, seed, (layer) => fresh.has(layer) && !isOfModel(layer));
  return { model, fresh };
}

/** The calls that lead to the outputs, each after those that give its inputs. */
function callsBetween(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): LayerCall[] {
  const done = new Set<LayerCall>();
  const used = new Set<SymbolicTensor>();
  const visit = (tensor: SymbolicTensor): void => {
    used.add(tensor);
    const { call } = tensor;
    if (inputs.includes(tensor)) return;
    if (!call)
      throw modelError(
        `the outputs hang on ${tensor.name ? `the input '${tensor.name}'` : 'an Input'} that is not among the model's inputs`,
      );
    if (done.has(call)) return;
    for (const input of call.inputs) visit(input);
    done.add(call);
  };
  for (const output of outputs) visit(output);
  const unused = inputs.findIndex((input) => !used.has(input));
  if (unused >= 0)
    throw modelError(`no output hangs on input ${inputs[unused].name ?? unused} of the model; leave it out`);
  return [...done];
}

function makeInput({ shape, name, call }: SymbolicTensor, taken: Set<string>): tf.SymbolicTensor {
  if (call) throw modelError(`an input of the model is what ${call.layer.name} gives; a model begins with Input()`);
  if (name !== undefined && taken.has(name))
    throw modelError(`an input is called ${name}, as another input or a layer is`);
  let free = name ?? 'input_layer';
  for (let i = 1; taken.has(free); i++) free = `input_layer_${i}`;
  taken.add(free);
  return tf.input({ batchShape: [...shape], name: free });
}

/** Keras's names for layers that have none yet. */
function nameLayers(layers: readonly Layer[], fresh: ReadonlySet<Layer>): void {
  const taken = new Set<string>();
  for (const layer of layers) {
    if (fresh.has(layer)) continue;
    if (taken.has(layer.name)) throw twice(layer.name);
    taken.add(layer.name);
  }
  for (const layer of layers) {
    if (!fresh.has(layer)) continue;
    layer.name = freeName(taken, layer);
    taken.add(layer.name);
  }
}

function applied(layer: Layer, inputs: tf.SymbolicTensor[]): tf.SymbolicTensor[] {
  try {
    const outputs = layer.apply(inputs.length === 1 ? inputs[0] : inputs);
    // tfjs notes states as an argument too, which it can't save; they are among the call's inputs.
    layer.inboundNodes[layer.inboundNodes.length - 1].callArgs = {};
    return [outputs].flat() as tf.SymbolicTensor[];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new MemcellError(`layer ${layer.name} (${layer.getClassName()}): ${reason}`, { code: 'model', cause });
  }
}

function found(made: ReadonlyMap<SymbolicTensor, tf.SymbolicTensor>, tensor: SymbolicTensor): tf.SymbolicTensor {
  const known = made.get(tensor);
  if (known) return known;
  throw new Error('a tensor of a call that was not made');
}

function twice(name: string): MemcellError {
  return modelError(`two layers are called ${name}; give one of them another name`);
}
