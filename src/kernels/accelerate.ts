/** Gives the LSTM layers of a TensorFlow.js model the fused kernel. */
import { usageError } from '../errors.js';
import { shown } from '../spelling.js';
import * as tf from '../tf.js';
import type { Layer, LayersModel } from '../tfjsTypes.js';
import { isBuiltIn } from './tfjs/builtIn.js';
import type { LSTMUses } from './tfjs/contract.js';
import { lstm } from './tfjs/lstm.js';
import { lstmBackends, registerKernels } from './tfjs/register.js';

type Kwargs = Parameters<tf.layers.Layer['call']>[1];

interface NamedActivation {
  getClassName(): string;
}

/** What this file uses of tfjs's LSTMCell. */
interface LSTMCell extends tf.layers.Layer {
  activation: NamedActivation;
  recurrentActivation: NamedActivation;
  units: number;
  dropout: number;
  recurrentDropout: number;
  /** Masks of the last call on tfjs's path. */
  dropoutMask: tf.Tensor | tf.Tensor[] | null;
  recurrentDropoutMask: tf.Tensor | tf.Tensor[] | null;
  dropoutFunc?: (ones: tf.Tensor, rate: number) => tf.Tensor;
  kernel: { read(): tf.Tensor };
  recurrentKernel: { read(): tf.Tensor };
  bias: { read(): tf.Tensor } | null;
}

/** What this file uses of tfjs's LSTM layer. */
interface LSTMLayer extends tf.layers.Layer {
  cell: LSTMCell;
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  states: tf.Tensor[];
  resetStates(states?: tf.Tensor[]): void;
}

/** 'fused': memcell's kernel runs the layer; 'tfjs': TensorFlow.js does, step by step and operation by operation, and why. */
export type LSTMPath = { path: 'fused'; reason?: undefined } | { path: 'tfjs'; reason: string };

const accelerated = new WeakSet<tf.layers.Layer>();

/**
 * Makes every built-in LSTM layer of a TensorFlow.js model run on memcell's fused kernel where it has tanh and sigmoid: in models
 * that memcell builds. What accelerate() makes of a user's model goes further.
 *
 * @returns the same model.
 */
export function fuseLSTMs<Model extends LayersModel>(model: Model): Model {
  for (const layer of model.layers) fuseLSTM(layer);
  return model;
}

/** The same for one layer and the layers in it. */
export function fuseLSTM(layer: Layer): void {
  registerKernels();
  for (const inner of innerLayers(layer)) fuseLSTM(inner);
  if (!isBuiltInLSTM(layer) || accelerated.has(layer)) return;
  accelerated.add(layer);
  const builtIn = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => fusedCall(layer, inputs, kwargs ?? {}) ?? builtIn(inputs, kwargs);
}

/** The layers that a wrapper or a nested model holds. */
function innerLayers(layer: tf.layers.Layer): tf.layers.Layer[] {
  if (isBidirectional(layer)) return [layer.forwardLayer, layer.backwardLayer];
  if (isModel(layer)) return layer.layers;
  return isWrapper(layer) ? [layer.layer] : [];
}

function isBidirectional(
  layer: tf.layers.Layer,
): layer is tf.layers.Layer & Record<'forwardLayer' | 'backwardLayer', tf.layers.Layer> {
  return 'forwardLayer' in layer && 'backwardLayer' in layer;
}

function isModel(layer: tf.layers.Layer): layer is tf.LayersModel {
  return 'layers' in layer;
}

function isWrapper(layer: tf.layers.Layer): layer is tf.layers.Layer & { layer: tf.layers.Layer } {
  return 'layer' in layer;
}

/** Exactly tfjs's class: a subclass may compute something else. */
function isBuiltInLSTM(layer: tf.layers.Layer): layer is LSTMLayer {
  return layer.getClassName() === 'LSTM' && isBuiltIn(layer);
}

/**
 * How an LSTM layer of an accelerated model runs on a backend, by default the current one. A wrapper runs as the layer in
 * it. A single call may still take tfjs's path, for an input without any element, a mask of another shape than (B,T), or
 * on the backend 'tensorflow' for any mask.
 */
export function lstmPath(layer: Layer, backend: string | undefined = tf.getBackend()): LSTMPath {
  if (typeof layer?.getClassName !== 'function') throw usageError(`lstmPath takes a layer, not ${shown(layer)}`);
  const [inner] = innerLayers(layer);
  if (inner) return lstmPath(inner, backend);
  if (!isBuiltInLSTM(layer)) return { path: 'tfjs', reason: `${layer.getClassName()} has no fused kernel` };
  const reason = accelerated.has(layer)
    ? obstacle(layer, backend, { mask: false, recurrentDropout: isRate(layer.cell.recurrentDropout) })
    : 'accelerate() has not been called on its model';
  return reason === undefined ? { path: 'fused' } : { path: 'tfjs', reason };
}

/** Why the kernel cannot run the layer on the backend, or undefined if it can. */
function obstacle({ cell }: LSTMLayer, backend: string | undefined, uses: LSTMUses): string | undefined {
  const activation = otherThan('tanh', cell.activation);
  if (activation) return `activation ${activation}; the kernel has tanh only`;
  const recurrentActivation = otherThan('sigmoid', cell.recurrentActivation);
  if (recurrentActivation) return `recurrentActivation ${recurrentActivation}; the kernel has sigmoid only`;
  if (!backend) return undefined;
  const kernels = lstmBackends[backend];
  return kernels ? kernels.obstacle?.(uses) : `tfjs's backend ${backend} has no fused kernel`;
}

/** What an activation is when it is not tfjs's own of that name. */
function otherThan(name: string, activation: NamedActivation): string | undefined {
  if (activation.getClassName() !== name) return activation.getClassName();
  return isBuiltIn(activation) ? undefined : `${name} of a class of its own`;
}

/** tfjs drops nothing at rate 0, nor at rate 1. */
export function isRate(rate: number): boolean {
  return 0 < rate && rate < 1;
}

/** The layer's call on the kernel, or undefined if the kernel cannot run it. */
function fusedCall(
  layer: LSTMLayer,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: Kwargs,
): tf.Tensor | tf.Tensor[] | undefined {
  const { cell } = layer;
  const input: tf.Tensor = Array.isArray(inputs) ? inputs[0] : inputs;
  const mask: tf.Tensor | undefined = kwargs.mask ?? undefined;
  const training = Boolean(kwargs.training);
  const recurrentDropout = training && isRate(cell.recurrentDropout);
  if (input.size === 0 || (mask && !isStepMask(mask, input))) return undefined;
  if (obstacle(layer, tf.getBackend(), { mask: mask !== undefined, recurrentDropout }) !== undefined) return undefined;

  return tf.tidy(() => {
    const [batch, , features] = input.shape;
    const dropout = training ? drawDropout(cell, batch, features) : {};
    const x = input.dtype === 'float32' ? input : tf.cast(input, 'float32');
    const initialState: [tf.Tensor, tf.Tensor] | undefined =
      kwargs.initialState ?? (layer.stateful ? layer.states : undefined);
    const [output, h, c] = lstm(
      {
        x: dropout.input ? tf.mul(x, tf.expandDims(dropout.input, 1)) : x,
        kernel: cell.kernel.read(),
        recurrentKernel: cell.recurrentKernel.read(),
        bias: cell.bias?.read(),
        initialState,
        mask: mask && stepMask(mask),
        recurrentDropout: dropout.recurrent,
      },
      {
        returnSequences: layer.returnSequences,
        returnState: layer.returnState || layer.stateful,
        goBackwards: layer.goBackwards,
      },
    );
    if (layer.stateful) layer.resetStates([h, c]);
    return layer.returnState ? [output, h, c] : output;
  });
}

/** Whether a mask is (B,T) or (B,T,1). */
export function isStepMask(mask: tf.Tensor, input: tf.Tensor): boolean {
  const [batch, steps] = input.shape;
  return [
    [batch, steps],
    [batch, steps, 1],
  ].some((shape) => tf.util.arraysEqual(mask.shape, shape));
}

/** Such a mask as (B,T) bool. */
export function stepMask(mask: tf.Tensor): tf.Tensor {
  const flat = mask.rank === 3 ? tf.squeeze(mask, [2]) : mask;
  return flat.dtype === 'bool' ? flat : tf.cast(flat, 'bool');
}

/**
 * The masks of one training call, as Keras has them: the same at all steps, scaled by 1/(1 − rate). Drawn as tfjs's cell
 * does it: the input's first, and a dropoutFunc may tell the other by the cell having the first one.
 */
export function drawDropout(
  cell: LSTMCell,
  batch: number,
  features: number,
): { input?: tf.Tensor; recurrent?: tf.Tensor } {
  for (const left of [cell.dropoutMask, cell.recurrentDropoutMask]) if (left) tf.dispose(left);
  cell.dropoutMask = null;
  cell.recurrentDropoutMask = null;
  const draw = (rate: number, width: number) => {
    if (!isRate(rate)) return undefined;
    const ones = tf.ones([batch, width]);
    return cell.dropoutFunc ? cell.dropoutFunc(ones, rate) : tf.dropout(ones, rate);
  };
  const input = draw(cell.dropout, features);
  cell.dropoutMask = input ?? null;
  const recurrent = draw(cell.recurrentDropout, cell.units);
  cell.dropoutMask = null;
  return { input, recurrent };
}
