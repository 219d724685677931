/** tfjs layers, one by one, to plan data. */

import { isKnownActivation } from '../activations.js';
import { ActivationId } from '../kernels/activationIds.js';
import { isKnownLayer } from '../model/ownClasses.js';
import { isBidirectional, isRecurrent, isWrapper, type LayerPath } from '../model/walk.js';
import type * as tf from '../tf.js';
import {
  type DensePlan,
  type LayerPlan,
  NONE,
  type RecurrentPlan,
  type WeightPlan,
  type WindowPoolingPlan,
  type WindowsPlan,
} from './layerPlan.js';
import { ATTENTION, isAttention } from './planAttention.js';
import type { InputPlan, SignalShape } from './planData.js';
import { isMerge, planMerge } from './planMerge.js';
import { MOVING } from './planMoving.js';
import { NORMALIZATIONS } from './planNormalization.js';
import { RECTIFIERS } from './planRectifiers.js';
import { claim, isNamed, penalty } from './planWeights.js';
import { Unsupported, unsupported } from './unsupported.js';

/** What flows from one layer to the next, changed by the layers that change it. */
export type Flow = SignalShape;

export interface Planning {
  model: tf.LayersModel;
  /** Filled in, by number, as layers claim their weights. */
  weights: (WeightPlan | undefined)[];
  /** Whose each weight is, by its number: a layer that is called again uses them again. */
  owners: Map<number, tf.layers.Layer>;
  /** What flows: the first input at first, and the output at last. */
  state: Flow;
  /** All inputs, and what the model knows of their shapes where it is a graph. */
  inputs: readonly Flow[];
  shapes: readonly tf.Shape[];
  /** Whether the first input is one of the model's. */
  first: boolean;
}

/** What a layer comes down to: the engine's, one after the other, and what flows out of the last. */
export interface Planned {
  layers: LayerPlan[];
  outputs: Flow[];
}

/** What flows in where the model begins. @throws Unsupported */
export function planInput(tensor: tf.SymbolicTensor, readers: readonly tf.layers.Layer[]): InputPlan {
  const { shape } = tensor;
  const embeddings = readers.filter((layer) => layer.getClassName() === 'Embedding').length;
  const integers = embeddings > 0;
  if (integers && embeddings < readers.length)
    throw new Unsupported('an Embedding and other layers read the same input');
  const sequence = integers ? shape.length === 2 : shape.length === 3;
  if (!sequence && (integers || shape.length !== 2))
    throw new Unsupported(
      `its input has ${shape.length} axes; the engine takes (samples, features) and (samples, steps, features)`,
    );
  const width = integers ? 1 : Number(shape[shape.length - 1]);
  if (!(width > 0)) throw new Unsupported('its number of features is open');
  return { sequence, width, integers };
}

/** A layer's configuration, as its getConfig() gives it. */
export type Config = Readonly<Record<string, unknown>>;

export type Planner = (layer: tf.layers.Layer, config: Config, path: LayerPath, planning: Planning) => LayerPlan[];

const PLANNERS: Record<string, Planner> = {
  ...ATTENTION,
  ...MOVING,
  Dense: planDense,
  Activation: (layer, config) => activation(layer, config.activation, false),
  Dropout: (layer, { rate, noiseShape }, path) => {
    if (noiseShape !== null && noiseShape !== undefined) throw unsupported(layer, 'has a noiseShape');
    return [{ kind: 'dropout', rate: Number(rate), spatial: false, path }];
  },
  SpatialDropout1D: (_layer, { rate }, path) => [{ kind: 'dropout', rate: Number(rate), spatial: true, path }],
  GaussianDropout: (_layer, { rate }, path) => {
    const deviation = Math.sqrt(Number(rate) / (1 - Number(rate)));
    return [{ kind: 'noise', multiplies: true, deviation, path }];
  },
  GaussianNoise: (_layer, { stddev }, path) => [{ kind: 'noise', multiplies: false, deviation: Number(stddev), path }],
  Embedding: planEmbedding,
  Masking: (layer, { maskValue }, _path, { state }) => {
    if (!state.sequence) throw unsupported(layer, 'has an input without steps');
    return [{ kind: 'masking', value: Number(maskValue ?? 0) }];
  },
  ...NORMALIZATIONS,
  ...RECTIFIERS,
  Conv1D: planConvolution,
  AveragePooling1D: (layer, config, _path, { state }) => planPooling('averageWindows', layer, config, state),
  MaxPooling1D: (layer, config, _path, { state }) => planPooling('maxWindows', layer, config, state),
  GlobalAveragePooling1D: (_layer, _config, _path, { state }) => {
    state.sequence = false;
    return [{ kind: 'averagePooling' }];
  },
  GlobalMaxPooling1D: (_layer, _config, _path, { state }) => {
    state.sequence = false;
    return [{ kind: 'maxPooling' }];
  },
};

/** The layers of the engine that do what a call of a tfjs layer does; the first of them reads all inputs. @throws Unsupported */
export function planLayer(layer: tf.layers.Layer, path: LayerPath, planning: Planning): Planned {
  const layers = isMerge(layer) ? planMerge(layer, planning) : planLayers(layer, path, planning);
  return { layers, outputs: outputsOf(layers, planning.state) };
}

/** What flows out of layers: states after the output of recurrent ones. */
function outputsOf(layers: readonly LayerPlan[], state: Flow): Flow[] {
  const last = layers.at(-1);
  const output = { ...state };
  if (last?.kind === 'bidirectional') {
    const outputs = last.mergeMode === 'none' ? [output, { ...output }] : [output];
    return [...outputs, ...statesOf(last.forward), ...statesOf(last.backward)];
  }
  if (last?.kind === 'lstm' || last?.kind === 'gru' || last?.kind === 'simpleRNN') return [output, ...statesOf(last)];
  return [output];
}

function statesOf({ kind, units, returnState }: RecurrentPlan): Flow[] {
  const state = { sequence: false, width: units };
  if (!returnState) return [];
  return kind === 'lstm' ? [state, state] : [state];
}

function planLayers(layer: tf.layers.Layer, path: LayerPath, planning: Planning): LayerPlan[] {
  requireKnown(layer);
  if (planning.inputs.length > 1 && !isRecurrent(layer) && !isBidirectional(layer) && !isAttention(layer))
    throw unsupported(layer, 'has several inputs');
  if (isBidirectional(layer)) return planBidirectional(layer, path, planning);
  const config: Config = layer.getConfig();
  if (isRecurrent(layer)) {
    const plan = planRecurrent(layer, path, planning);
    planning.state.sequence = plan.returnSequences;
    planning.state.width = plan.units;
    return [plan];
  }
  const name = layer.getClassName();
  if (name === 'TimeDistributed' && isWrapper(layer)) {
    const inner = layer.layer;
    requireKnown(inner);
    if (!['Dense', 'Activation', 'Dropout', 'LayerNormalization'].includes(inner.getClassName()))
      throw unsupported(layer, `wraps ${inner.getClassName()}`);
    return PLANNERS[inner.getClassName()](inner, inner.getConfig(), `${path}/layer`, planning);
  }
  if (!Object.hasOwn(PLANNERS, name)) throw unsupported(layer, 'is of a kind that the engine does not have');
  return PLANNERS[name](layer, config, path, planning);
}

function requireKnown(layer: tf.layers.Layer): void {
  if (!isKnownLayer(layer)) throw unsupported(layer, 'is of a class of its own');
}

function planDense(layer: tf.layers.Layer, config: Config, _path: LayerPath, planning: Planning): LayerPlan[] {
  const { state } = planning;
  const [kernel, bias] = claim(layer, layer.weights, ['kernel', 'bias'], config, planning);
  const units = Number(config.units);
  const dense: DensePlan = { kind: 'dense', inputs: state.width, units, kernel, bias: bias ?? NONE };
  state.width = units;
  return [dense, ...activation(layer, config.activation, true)];
}

function planConvolution(layer: tf.layers.Layer, config: Config, _path: LayerPath, planning: Planning): LayerPlan[] {
  const { state } = planning;
  const windows = windowsOf(layer, config.kernelSize, config.strides, config, state);
  if (windows.stride > 1 && windows.dilation > 1)
    throw unsupported(layer, 'has both strides and a dilationRate above 1');
  const [kernel, bias] = claim(layer, layer.weights, ['kernel', 'bias'], config, planning);
  const filters = Number(config.filters);
  const groups = Number(config.groups ?? 1);
  const convolution: LayerPlan = {
    kind: 'convolution',
    ...windows,
    name: layer.name,
    inputs: state.width,
    filters,
    groups,
    kernel,
    bias: bias ?? NONE,
  };
  state.width = filters;
  return [convolution, ...activation(layer, config.activation, true)];
}

function planPooling(
  kind: WindowPoolingPlan['kind'],
  layer: tf.layers.Layer,
  config: Config,
  state: Planning['state'],
): LayerPlan[] {
  const { poolSize, strides } = config;
  return [{ kind, ...windowsOf(layer, poolSize, strides ?? poolSize, config, state), name: layer.name }];
}

function windowsOf(
  layer: tf.layers.Layer,
  size: unknown,
  strides: unknown,
  { padding, dataFormat, dilationRate }: Config,
  { sequence }: Planning['state'],
): WindowsPlan {
  if (!sequence) throw unsupported(layer, 'has an input without steps');
  if (dataFormat === 'channelsFirst') throw unsupported(layer, 'reads channelsFirst');
  if (padding !== 'valid' && padding !== 'same' && padding !== 'causal')
    throw unsupported(layer, `has the padding ${String(padding)}`);
  const one = (value: unknown) => Number(Array.isArray(value) ? value[0] : value);
  return { size: one(size), stride: one(strides ?? 1), dilation: one(dilationRate ?? 1), padding };
}

function planEmbedding(layer: tf.layers.Layer, config: Config, _path: LayerPath, planning: Planning): LayerPlan[] {
  const { state, first } = planning;
  if (!first) throw unsupported(layer, 'is not the first layer');
  const [table] = claim(layer, layer.weights, ['embeddings'], config, planning);
  const width = Number(config.outputDim);
  state.width = width;
  const { inputDim, maskZero } = config;
  const { l1, l2 } = penalty(layer, 'embeddingsRegularizer', config);
  const sparse = l1 === 0 && l2 === 0;
  return [{ kind: 'embedding', vocabulary: Number(inputDim), width, table, maskZero: maskZero === true, sparse }];
}

function planRecurrent(layer: tf.RNN, path: LayerPath, planning: Planning): RecurrentPlan {
  const kinds: Record<string, RecurrentPlan['kind']> = { LSTM: 'lstm', GRU: 'gru', SimpleRNN: 'simpleRNN' };
  requireKnown(layer);
  const className = layer.getClassName();
  if (!Object.hasOwn(kinds, className)) throw unsupported(layer, 'has a cell that the engine does not have');
  const kind = kinds[className];
  const config: Config = layer.getConfig();
  if (layer.stateful && planning.inputs.length > 1)
    throw unsupported(layer, 'is stateful and is given its initial state');
  if (!planning.state.sequence) throw unsupported(layer, 'has an input without steps');
  const [kernel, recurrentKernel, bias] = claim(
    layer,
    layer.weights,
    ['kernel', 'recurrent', 'bias'],
    config,
    planning,
  );
  const gate = kind === 'simpleRNN' ? ActivationId.linear : cellActivation(layer, config.recurrentActivation);
  return {
    kind,
    path,
    units: Number(config.units),
    inputs: planning.state.width,
    activation: cellActivation(layer, config.activation),
    recurrentActivation: gate,
    resetAfter: config.resetAfter === true,
    returnSequences: config.returnSequences === true,
    returnState: config.returnState === true,
    goBackwards: config.goBackwards === true,
    stateful: layer.stateful,
    dropout: Number(config.dropout ?? 0),
    recurrentDropout: Number(config.recurrentDropout ?? 0),
    kernel,
    recurrentKernel,
    bias: bias ?? NONE,
  };
}

function planBidirectional(
  layer: tf.layers.Layer & { forwardLayer: tf.RNN; backwardLayer: tf.RNN; mergeMode: string | null },
  path: LayerPath,
  planning: Planning,
): LayerPlan[] {
  const { mergeMode } = layer;
  const known = ['concat', 'sum', 'ave', 'mul'] as const;
  const joins = mergeMode === null ? 'none' : known.find((mode) => mode === mergeMode);
  if (joins === undefined) throw unsupported(layer, `has mergeMode ${String(mergeMode)}`);
  const forward = planRecurrent(layer.forwardLayer, `${path}/forward`, planning);
  const backward = planRecurrent(layer.backwardLayer, `${path}/backward`, planning);
  planning.state.sequence = forward.returnSequences;
  planning.state.width = mergeMode === 'concat' ? 2 * forward.units : forward.units;
  return [{ kind: 'bidirectional', forward, backward, mergeMode: joins }];
}

/** Activations by the names that models hold: tfjs's, and memcell's own. */
const ACTIVATIONS: Record<string, ActivationId> = {
  linear: ActivationId.linear,
  relu: ActivationId.relu,
  relu6: ActivationId.relu6,
  leakyRelu: ActivationId.leakyRelu,
  elu: ActivationId.elu,
  selu: ActivationId.selu,
  sigmoid: ActivationId.sigmoid,
  hardSigmoid: ActivationId.hardSigmoid2,
  hardSigmoidKeras3: ActivationId.hardSigmoid,
  sparseSigmoid: ActivationId.sparseSigmoid,
  tanh: ActivationId.tanh,
  hardTanh: ActivationId.hardTanh,
  softplus: ActivationId.softplus,
  squareplus: ActivationId.squareplus,
  sparsePlus: ActivationId.sparsePlus,
  logSigmoid: ActivationId.logSigmoid,
  softsign: ActivationId.softsign,
  exponential: ActivationId.exponential,
  hardShrink: ActivationId.hardShrink,
  softShrink: ActivationId.softShrink,
  swish: ActivationId.silu,
  hardSilu: ActivationId.hardSilu,
  gelu: ActivationId.gelu,
  gelu_new: ActivationId.geluTanh,
  mish: ActivationId.mish,
  tanhShrink: ActivationId.tanhShrink,
  softmax: ActivationId.softmax,
  logSoftmax: ActivationId.logSoftmax,
};

function activationId(layer: tf.layers.Layer, serialized: unknown): ActivationId {
  for (const own of activationsOf(layer))
    if (!isKnownActivation(own))
      throw unsupported(layer, `has the activation ${own.getClassName()} of a class of its own`);
  const named =
    typeof serialized === 'object' && serialized !== null && 'className' in serialized
      ? serialized.className
      : serialized;
  if (typeof named === 'string' && Object.hasOwn(ACTIVATIONS, named)) return ACTIVATIONS[named];
  throw unsupported(layer, `has the activation ${String(named)}`);
}

/** What a layer, or its cell, applies. */
function activationsOf(layer: tf.layers.Layer): { getClassName(): string }[] {
  const holder = isRecurrent(layer) ? layer.cell : layer;
  const held: unknown[] = [Reflect.get(holder, 'activation'), Reflect.get(holder, 'recurrentActivation')];
  return held.filter(isNamed);
}

function activation(layer: tf.layers.Layer, serialized: unknown, inPlace: boolean): LayerPlan[] {
  const id = activationId(layer, serialized);
  return id === ActivationId.linear ? [] : [{ kind: 'activation', activation: id, inPlace }];
}

/** An activation inside a cell: of one number at a time. */
function cellActivation(layer: tf.layers.Layer, serialized: unknown): ActivationId {
  const id = activationId(layer, serialized);
  if (id === ActivationId.softmax || id === ActivationId.logSoftmax)
    throw unsupported(layer, 'has an activation that is not of one number at a time');
  return id;
}
