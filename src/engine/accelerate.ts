/** Gives the recurrent layers of a TensorFlow.js model memcell's kernels. */
import { isKnownActivation } from '../activations.js';
import { modelError, usageError } from '../errors.js';
import { drawDropout, fuseLSTM, isRate, isStepMask, lstmPath, stepMask } from '../kernels/accelerate.js';
import { ActivationId } from '../kernels/activationIds.js';
import { wasmObstacle } from '../kernels/module.js';
import { isPenalised } from '../layers/penalised.js';
import { isKnownLayer } from '../model/ownClasses.js';
import { innerLayers, isRecurrent } from '../model/walk.js';
import { activationId } from '../plan/activation.js';
import { NONE, type RecurrentPlan, STATES } from '../plan/layerPlan.js';
import { shown } from '../spelling.js';
import * as tf from '../tf.js';
import type { Layer, LayersModel } from '../tfjsTypes.js';
import { type CellCall, TensorCell } from './tensorCell.js';

/** 'fused': memcell's kernels run the layer; 'tfjs': TensorFlow.js does, step by step and operation by operation, and why. */
export type RecurrentPath = { path: 'fused'; reason?: undefined } | { path: 'tfjs'; reason: string };

/** Whose tensors can be read and made at once. */
const BACKENDS = ['cpu', 'wasm', 'tensorflow'];

const KINDS: Partial<Record<string, RecurrentPlan['kind']>> = { LSTM: 'lstm', GRU: 'gru', SimpleRNN: 'simpleRNN' };

type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Activation = Parameters<typeof isKnownActivation>[0];

/** What this file uses of tfjs's recurrent layers. */
type RecurrentLayer = tf.RNN & {
  cell: Parameters<typeof drawDropout>[0] & { activation: Activation; recurrentActivation?: Activation };
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  states: tf.Tensor[];
};

/** The cells of layers that have been accelerated, made when they are first called, anew for other weights' shapes. */
const cells = new WeakMap<tf.layers.Layer, { cell?: TensorCell; layout?: string }>();

/**
 * Makes every LSTM, GRU and SimpleRNN layer of a TensorFlow.js model run on memcell's kernels, with any activation that is of one
 * number at a time: in Sequential and functional models, inside Bidirectional and TimeDistributed, and in nested models. The model
 * stays the same otherwise: weights, configuration, serialisation, and results, up to rounding. Where the kernels cannot run a
 * layer, it runs as before: recurrentPath() says why.
 *
 * Stateful layers give their old state's memory back at once, where TensorFlow.js keeps all states of a training run
 * until resetStates().
 *
 * @returns the same model.
 */
export function accelerate<Model extends LayersModel>(model: Model): Model {
  if (!Array.isArray(model?.layers))
    throw usageError(`accelerate takes a LayersModel of TensorFlow.js, not ${shown(model)}`);
  for (const layer of model.layers) accelerateLayer(layer);
  return model;
}

/** accelerate() for one layer and the layers in it. */
export function accelerateLayer(layer: Layer): void {
  fuseLSTM(layer);
  for (const [inner] of innerLayers(layer, '')) {
    if (!isCellLayer(inner) || cells.has(inner)) continue;
    cells.set(inner, {});
    const before = inner.call.bind(inner);
    inner.call = (inputs, kwargs) => cellCall(inner, inputs, kwargs ?? {}) ?? before(inputs, kwargs);
  }
}

/** Exactly tfjs's classes, or memcell's GRU: a subclass may compute something else. */
function isCellLayer(layer: tf.layers.Layer): layer is RecurrentLayer {
  return KINDS[layer.getClassName()] !== undefined && isRecurrent(layer) && isKnownLayer(layer) && !isPenalised(layer);
}

/**
 * How a recurrent layer of an accelerated model runs on a backend, by default the current one. A wrapper runs as the layer in
 * it. A single call may still take tfjs's path: for an input without any element, a mask of another shape than (B,T), a mask where
 * there are initial states, and recurrent dropout, but for an LSTM of tanh and sigmoid; on the backend 'tensorflow' that with any mask.
 */
export function recurrentPath(layer: Layer, backend: string | undefined = tf.getBackend()): RecurrentPath {
  if (typeof layer?.getClassName !== 'function') throw usageError(`recurrentPath takes a layer, not ${shown(layer)}`);
  const [inner = layer] = [...innerLayers(layer, '')].map(([one]) => one).filter(isRecurrent);
  if (!isCellLayer(inner)) return { path: 'tfjs', reason: `${inner.getClassName()} has no fused kernel` };
  if (!cells.has(inner)) return { path: 'tfjs', reason: 'accelerate() has not been called on its model' };
  if (lstmPath(inner, backend).path === 'fused') return { path: 'fused' };
  const reason = obstacle(inner, backend);
  return reason === undefined ? { path: 'fused' } : { path: 'tfjs', reason };
}

/** Why the cells cannot run a layer, whatever it is called with. */
function obstacle(layer: RecurrentLayer, backend: string | undefined): string | undefined {
  if (backend && !BACKENDS.includes(backend)) return `tfjs's backend ${backend} has no fused kernel`;
  if (isRate(layer.cell.recurrentDropout))
    return 'recurrentDropout; the kernels have it for an LSTM of tanh and sigmoid only';
  const { activation, recurrentActivation = activation } = layer.cell;
  for (const own of [activation, recurrentActivation])
    if (!isKnownActivation(own)) return `the activation ${own.getClassName()} of a class of its own`;
  return wasmObstacle();
}

function planOf(layer: RecurrentLayer, inputs: number): RecurrentPlan {
  const { cell, returnSequences, returnState, stateful, goBackwards } = layer;
  const kind = KINDS[layer.getClassName()] ?? 'lstm';
  return {
    kind,
    path: layer.name,
    units: cell.units,
    inputs,
    activation: activationId(layer, cell.activation.getClassName()),
    recurrentActivation: cell.recurrentActivation
      ? activationId(layer, cell.recurrentActivation.getClassName())
      : ActivationId.linear,
    resetAfter: layer.getConfig().resetAfter === true,
    returnSequences,
    returnState: returnState || stateful,
    goBackwards,
    stateful: false,
    dropout: 0,
    recurrentDropout: 0,
    kernel: 0,
    recurrentKernel: 1,
    bias: cell.bias ? 2 : NONE,
  };
}

/** The layer's call on its cell, or undefined if that cannot run it or the LSTM's own kernel does. */
function cellCall(
  layer: RecurrentLayer,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: Kwargs,
): tf.Tensor | tf.Tensor[] | undefined {
  const input: tf.Tensor = Array.isArray(inputs) ? inputs[0] : inputs;
  const mask: tf.Tensor | undefined = kwargs.mask ?? undefined;
  const initial: tf.Tensor[] = kwargs.initialState ?? (layer.stateful ? layer.states : []);
  const backend = tf.getBackend();
  if (lstmPath(layer, backend).path === 'fused' || input.size === 0) return undefined;
  if (mask && (!isStepMask(mask, input) || initial.length > 0)) return undefined;
  const training = Boolean(kwargs.training);
  if (obstacle(layer, backend) !== undefined) return undefined;
  return tf.tidy(() => {
    const { cell } = layer;
    const [batch, , features] = input.shape;
    const dropout = training ? drawDropout(cell, batch, features) : {};
    const x = input.dtype === 'float32' ? input : tf.cast(input, 'float32');
    const weights = [cell.kernel, cell.recurrentKernel, cell.bias].flatMap((weight) => (weight ? [weight.read()] : []));
    const [output, ...states] = run(cellOf(layer, features), {
      x: dropout.input ? tf.mul(x, tf.expandDims(dropout.input, 1)) : x,
      weights,
      initial,
      mask: mask && stepMask(mask),
      plan: planOf(layer, features),
    });
    if (layer.stateful) layer.resetStates(states);
    return layer.returnState ? [output, ...states] : output;
  });
}

function cellOf(layer: RecurrentLayer, features: number): TensorCell {
  const known = cells.get(layer) ?? {};
  const plan = planOf(layer, features);
  const layout = JSON.stringify(plan);
  if (!known.cell || known.layout !== layout) Object.assign(known, { cell: new TensorCell(plan), layout });
  return known.cell as TensorCell;
}

interface CellTensors {
  x: tf.Tensor;
  weights: tf.Tensor[];
  initial: tf.Tensor[];
  mask: tf.Tensor | undefined;
  plan: RecurrentPlan;
}

/** The output and the last states, differentiable in all but the mask. */
function run(cell: TensorCell, { x, weights, initial, mask, plan }: CellTensors): tf.Tensor[] {
  const [batch, steps] = x.shape;
  const { units, returnSequences, returnState, kind } = plan;
  const shapes = [
    returnSequences ? [batch, steps, units] : [batch, units],
    ...Array.from({ length: returnState ? STATES[kind] : 0 }, () => [batch, units]),
  ];
  const recorded = tf.engine().isTapeOn();
  const inputs = [x, ...weights, ...initial];
  // tfjs takes gradients of functions of one result: all outputs side by side.
  const flat = tf.customGrad(() => {
    const call: CellCall = {
      batch,
      steps,
      x: floats(x),
      weights: weights.map(floats),
      initial: initial.map(floats),
      mask: mask?.dataSync(),
      recorded,
    };
    const gradFunc = (dy: tf.Tensor) => {
      const gradients = onceOnly([dy, ...inputs], () => {
        const found = cell.backward(call, cut(floats(dy), shapes));
        return joined([found.x, ...found.weights, ...found.initial]);
      });
      return pieces(
        gradients,
        inputs.map(({ shape }) => shape),
      );
    };
    return { value: tf.tensor1d(joined(cell.forward(call))), gradFunc };
  })(...inputs);
  return pieces(flat, shapes);
}

/** Numbers made of tensors by a way that tfjs cannot differentiate. */
function onceOnly(inputs: tf.Tensor[], make: () => Float32Array): tf.Tensor {
  const gradFunc = (): never => {
    throw modelError(
      'the kernels of recurrent layers have no second-order gradient; take it of a model that is not accelerated',
    );
  };
  return tf.customGrad(() => ({ value: tf.tensor1d(make()), gradFunc }))(...inputs);
}

/** Tensors that lie side by side in one. */
function pieces(flat: tf.Tensor, shapes: readonly number[][]): tf.Tensor[] {
  let from = 0;
  return shapes.map((shape) => {
    const size = tf.util.sizeFromShape(shape);
    from += size;
    return tf.reshape(size === flat.size ? flat : tf.slice(flat, [from - size], [size]), shape);
  });
}

function floats(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<'float32'>();
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function cut(values: Float32Array, shapes: readonly (readonly number[])[]): Float32Array[] {
  let from = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((product, one) => product * one, 1);
    from += size;
    return values.subarray(from - size, from);
  });
}
