/** A tfjs model's forward pass as Keras does it: with the mask that comes out, and the logits before the last activation. */

import { isKnownActivation } from '../activations.js';
import { modelError } from '../errors.js';
import { definitionOf } from '../layers/byName.js';
import { type Activation, isComputed } from '../layers/computed.js';
import { cellsIn } from '../layers/kinds.js';
import { addsToLoss, isPenalised } from '../layers/penalised.js';
import { isKnownLayer } from '../model/ownClasses.js';
import { everyLayer, isRecurrent, isWrapper } from '../model/walk.js';
import * as tf from '../tf.js';
import { limitEach } from './clipping.js';
import { runGraph } from './graph.js';
import type { Loss } from './losses.js';

type Probability = 'softmax' | 'sigmoid';

interface ActivatedLayer extends tf.layers.Layer {
  activation: Pick<Activation, 'apply' | 'getClassName'>;
}

/** How a batch uses an Embedding: which rows, and what each use adds to the gradient once that is known. */
export interface RowUse {
  layer: tf.layers.Layer;
  /** (B, T), from tf.keep(). */
  indices: tf.Tensor;
  /** (B, T, E), from tf.keep(); absent before the backward pass. */
  gradient?: tf.Tensor;
}

export interface Forward {
  outputs: Output[];
  rowUses: RowUse[];
  /** What layers add to the loss, from tf.keep(). */
  added: tf.Scalar[];
}

export interface Output {
  value: tf.Tensor;
  /** What the watched activation made the output of; from tf.keep(). */
  logits?: tf.Tensor;
  /** (B, T), what the last layer makes of its mask. */
  mask?: tf.Tensor;
}

/**
 * Runs the model on a batch.
 *
 * @param watched where there is a loss: for each output a layer whose activation's input is wanted too
 */
export function forward(
  model: tf.LayersModel,
  inputs: readonly tf.Tensor[],
  training: boolean,
  watched?: readonly (ActivatedLayer | undefined)[],
): Forward {
  const rowUses: RowUse[] = [];
  const restores = training ? watchEmbeddings(model, rowUses) : [];
  const added: tf.Scalar[] = [];
  const logits = new Map<ActivatedLayer, tf.Tensor>();
  if (watched) {
    restores.push(...collectAdded(model, added));
    for (const layer of new Set(watched)) if (layer) restores.push(watchActivation(layer, logits));
  }
  try {
    const ran = runGraph(
      model,
      inputs.map((value) => ({ value })),
      training,
    );
    const outputs = ran.map((output, i) => {
      const layer = watched?.[i];
      const before = layer && logits.get(layer);
      return before ? { ...output, logits: before } : output;
    });
    return { outputs, rowUses, added };
  } finally {
    for (const restore of restores) restore();
  }
}

/** Has layers put what they add to the loss in a list. Gives what ends that. */
function collectAdded(model: tf.LayersModel, added: tf.Scalar[]): (() => void)[] {
  const adding = [...everyLayer(model)].map(([layer]) => layer).filter(addsToLoss);
  return adding.map((layer) => {
    layer.addedLosses = added;
    return () => {
      layer.addedLosses = undefined;
    };
  });
}

/** Has what a layer's activation is applied to noted, from tf.keep(). Gives what ends that. */
function watchActivation(layer: ActivatedLayer, logits: Map<ActivatedLayer, tf.Tensor>): () => void {
  const { activation } = layer;
  layer.activation = {
    apply(z, axis) {
      logits.set(layer, tf.keep(tf.clone(z)));
      return activation.apply(z, axis);
    },
    getClassName: () => activation.getClassName(),
  };
  return () => {
    layer.activation = activation;
  };
}

/** Has each call of an Embedding noted, and its gradient when it comes. Gives what ends that. */
function watchEmbeddings(model: tf.LayersModel, rowUses: RowUse[]): (() => void)[] {
  const embeddings = [...everyLayer(model)].filter(([layer]) => layer.getClassName() === 'Embedding');
  return embeddings.map(([layer]) => {
    // What a penalty on the outputs says of them is part of what each use adds.
    const name = isPenalised(layer) ? 'unpenalised' : 'call';
    const call: tf.layers.Layer['call'] = Reflect.get(layer, name);
    const watched: typeof call = (inputs, kwargs) => {
      const indices = tf.keep(tf.clone(oneTensor(inputs)));
      return noted(oneTensor(call.call(layer, inputs, kwargs)), rowUses, { layer, indices });
    };
    Reflect.set(layer, name, watched);
    return () => {
      Reflect.set(layer, name, call);
    };
  });
}

/** The same tensor; its gradient is noted when it comes. */
function noted(output: tf.Tensor, rowUses: RowUse[], use: RowUse): tf.Tensor {
  rowUses.push(use);
  const note = tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => {
      use.gradient = tf.keep(dy.clone());
      return dy;
    },
  }));
  return note(output);
}

/** An Embedding's gradient (V, E) by uses: their sum, and the sum of their squares. */
export interface RowSums {
  gradient: Float32Array;
  squares: Float32Array;
}

/** Adds up what uses add to the elements of the embeddings, each first kept within ±limit. */
export function rowSums(uses: readonly RowUse[], size: number, limit: number): RowSums {
  const sums = { gradient: new Float32Array(size), squares: new Float32Array(size) };
  for (const { indices, gradient } of uses) {
    if (!gradient) continue;
    const width = gradient.shape[gradient.rank - 1];
    const values = Float32Array.from(gradient.dataSync());
    limitEach(values, limit);
    const rows = indices.dataSync();
    for (let use = 0; use < rows.length; use++)
      for (let i = 0; i < width; i++) {
        const value = values[use * width + i];
        sums.gradient[rows[use] * width + i] += value;
        sums.squares[rows[use] * width + i] += value ** 2;
      }
  }
  return sums;
}

/** Whether a penalty on an Embedding's weights makes their gradient one of the whole table, as in Keras. */
export function hasPenalisedWeights(layer: tf.layers.Layer): boolean {
  const regularizer = layer.getConfig().embeddingsRegularizer;
  if (typeof regularizer !== 'object' || regularizer === null) return false;
  const config: unknown = Reflect.get(regularizer, 'config');
  const isOff = (name: string) => typeof config === 'object' && config !== null && Reflect.get(config, name) === 0;
  return !(isOff('l1') && isOff('l2'));
}

function oneTensor(output: tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[]): tf.Tensor {
  const first = Array.isArray(output) ? output[0] : output;
  if (first instanceof tf.Tensor) return first;
  throw modelError('the model gave no tensor for this batch');
}

/** Where a model's output comes from logits, as far as cross-entropy is concerned. */
export interface OutputLogits {
  /** Applies softmax or sigmoid to them. */
  layer: ActivatedLayer;
  activation: Probability;
  /** A layer behind the activation changes what it gives in training, so that the output comes from logits in evaluation only. */
  evaluationOnly: boolean;
}

/** Whether a layer passes on what it gets but in training, as long as its rate is not 0. */
function isNoise(layer: tf.layers.Layer): boolean {
  const className = layer.getClassName();
  // tfjs's own, which memcell does not make.
  const known = className === 'AlphaDropout' || definitionOf(className)?.noise === true;
  return known && isKnownLayer(layer);
}

/** The softmax or sigmoid that makes an output, layers behind it that pass on what they get included. */
function outputLogits(model: tf.LayersModel, output: number): OutputLogits | undefined {
  let layer: tf.layers.Layer | undefined = model.outputs[output].sourceLayer;
  let evaluationOnly = false;
  for (; layer; layer = layerBefore(model, layer)) {
    // Of a layer that is called several times, who watches sees the last call.
    if (callsIn(model, layer).length > 1) return undefined;
    if (isNoise(layer)) {
      const { rate, stddev } = layer.getConfig();
      evaluationOnly ||= (rate ?? stddev) !== 0;
      continue;
    }
    const activated = activatedLayer(layer);
    const activation = activated?.activation.getClassName();
    if (!activated || (activation === 'linear' && layer.getClassName() !== 'Activation')) return undefined;
    if (activation === 'linear') continue;
    return activation === 'softmax' || activation === 'sigmoid'
      ? { layer: activated, activation, evaluationOnly }
      : undefined;
  }
  return undefined;
}

/**
 * The logits that a loss takes in place of the model's output: a cross-entropy from a model that ends in softmax or sigmoid, be it
 * its own of the two or the other, as Keras does it. Inside TimeDistributed, where Keras takes none, only from its own, which makes
 * no difference but to the precision.
 */
export function lossLogits(model: tf.LayersModel, loss: Pick<Loss, 'logitsOf'>, output = 0): OutputLogits | undefined {
  const logits = loss.logitsOf && outputLogits(model, output);
  if (!logits || model.layers.includes(logits.layer)) return logits;
  return logits.activation === loss.logitsOf && !logits.evaluationOnly ? logits : undefined;
}

/** The activation that the model's output comes from, when it is one that makes probabilities. */
export function finalActivation(model: tf.LayersModel): Probability | undefined {
  return outputLogits(model, 0)?.activation;
}

/** The calls of a layer in a model: it may be in others too. */
function callsIn(model: tf.LayersModel, layer: tf.layers.Layer): (typeof layer)['inboundNodes'] {
  if (model instanceof tf.Sequential) return layer.inboundNodes.slice(0, 1);
  const calls = Object.values(model.nodesByDepth).flat();
  return calls.filter(({ outboundLayer }) => outboundLayer === layer);
}

/** The only layer that a layer gets its input from. */
function layerBefore(model: tf.LayersModel, layer: tf.layers.Layer): tf.layers.Layer | undefined {
  const [node, ...others] = callsIn(model, layer);
  return node && others.length === 0 && node.inboundLayers.length === 1 ? node.inboundLayers[0] : undefined;
}

/** A layer that ends in an activation, as Dense, Activation, Softmax and convolutions do, also inside TimeDistributed. */
function activatedLayer(layer: tf.layers.Layer): ActivatedLayer | undefined {
  let inner = layer;
  while (isWrapper(inner)) inner = inner.layer;
  const ends = isComputed(inner) || ['Dense', 'Activation'].includes(inner.getClassName());
  return ends && isKnownLayer(inner) && hasActivation(inner) && isKnownActivation(inner.activation) ? inner : undefined;
}

function hasActivation(layer: tf.layers.Layer): layer is ActivatedLayer {
  return 'activation' in layer && typeof layer.activation === 'object' && layer.activation !== null;
}

/**
 * Σ of all regularisation losses of weights that are trained (Keras leaves out those of frozen layers), those of recurrent cells
 * included (which tfjs's own fit leaves out), and of what layers added in the forward pass.
 */
export function regularisation(model: tf.LayersModel, added: readonly tf.Scalar[]): tf.Scalar | undefined {
  const losses = [...added];
  const trained = new Set(model.trainableWeights);
  for (const [layer] of everyLayer(model)) {
    for (const holder of isRecurrent(layer) ? [layer, ...cellsIn(layer)] : [layer]) {
      const isFrozen = !holder.weights.some((weight) => trained.has(weight));
      for (const part of isFrozen ? [] : holder.losses) losses.push(part());
    }
  }
  return losses.length === 0 ? undefined : tf.addN(losses);
}
