/** A tfjs model's forward pass as Keras does it: with the mask that comes out, and the logits before the last activation. */
import * as tf from '@tensorflow/tfjs';
import { MemcellError } from '../errors.js';
import { everyLayer, isRecurrent, isWrapper } from '../model/walk.js';

type Probability = 'softmax' | 'sigmoid';

interface Activation {
  apply(x: tf.Tensor, axis?: number): tf.Tensor;
  getClassName(): string;
}

interface ActivatedLayer extends tf.layers.Layer {
  activation: Activation;
}

const LINEAR: Activation = { apply: (x) => x, getClassName: () => 'linear' };

/** How a batch uses an Embedding: which rows, and what each use adds to the gradient once that is known. */
export interface RowUse {
  layer: tf.layers.Layer;
  /** (B, T) */
  indices: tf.Tensor;
  /** (B, T, E), from tf.keep(); absent before the backward pass. */
  gradient?: tf.Tensor;
}

export interface Forward {
  output: tf.Tensor;
  /** (B, T), what the last layer makes of its mask. */
  mask?: tf.Tensor;
  rowUses: RowUse[];
}

/**
 * Runs the model on a batch.
 *
 * A Sequential is run layer by layer, each layer getting its predecessor's mask and no other: tfjs's own executor hands
 * a mask on past layers that end it, such as an LSTM that returns its last output only.
 *
 * @throws MemcellError ('model') for a model that is not sequential and makes masks
 */
export function forward(model: tf.LayersModel, x: tf.Tensor, training: boolean): Forward {
  if (!(model instanceof tf.Sequential)) {
    if (model.layers.some(makesMask))
      throw new MemcellError('masks are trained in sequential models only; this one has branches', { code: 'model' });
    return { output: oneTensor(model.apply(x, { training })), rowUses: [] };
  }
  const rowUses: RowUse[] = [];
  let output = x;
  let mask: tf.Tensor | undefined;
  for (const layer of model.layers) {
    if (layer.getClassName() === 'InputLayer') continue;
    const next = layer.supportsMasking ? layer.computeMask(output, mask) : undefined;
    const input = output;
    output = oneTensor(layer.apply(input, mask ? { training, mask } : { training }));
    if (training && layer.getClassName() === 'Embedding') output = watched(output, rowUses, { layer, indices: input });
    mask = Array.isArray(next) ? next[0] : (next ?? undefined);
  }
  return mask ? { output, mask, rowUses } : { output, rowUses };
}

/** The same tensor; its gradient is noted when it comes. */
function watched(output: tf.Tensor, rowUses: RowUse[], use: RowUse): tf.Tensor {
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

/**
 * For each element of the embeddings (V, E), the sum of the squares of what each use of its row adds to its gradient.
 * Disposes the kept gradient.
 */
export function rowSquares({ indices, gradient }: RowUse, size: number): Float32Array {
  const squares = new Float32Array(size);
  if (!gradient) return squares;
  const width = gradient.shape[gradient.rank - 1];
  const values = gradient.dataSync();
  const rows = indices.dataSync();
  for (let use = 0; use < rows.length; use++)
    for (let i = 0; i < width; i++) squares[rows[use] * width + i] += values[use * width + i] ** 2;
  gradient.dispose();
  return squares;
}

function makesMask(layer: tf.layers.Layer): boolean {
  return layer.getClassName() === 'Masking' || ('maskZero' in layer && layer.maskZero === true);
}

function oneTensor(output: tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[]): tf.Tensor {
  const first = Array.isArray(output) ? output[0] : output;
  if (first instanceof tf.Tensor) return first;
  throw new MemcellError('the model gave no tensor for this batch', { code: 'model' });
}

/**
 * The same with the last layer's activation left out, when that is `activation`: output is then the logits, from which
 * cross-entropy is computed without loss of precision. The layer is as before when this returns.
 */
export function forwardLogits(
  model: tf.LayersModel,
  x: tf.Tensor,
  training: boolean,
  activation: Probability,
): Forward {
  const last = lastActivated(model);
  if (last === undefined || last.activation.getClassName() !== activation)
    throw new MemcellError(`the model does not end in ${activation}`, { code: 'model' });
  const kept = last.activation;
  last.activation = LINEAR;
  try {
    return forward(model, x, training);
  } finally {
    last.activation = kept;
  }
}

/** The activation that the model ends in, when it is one that makes probabilities. */
export function finalActivation(model: tf.LayersModel): Probability | undefined {
  const name = lastActivated(model)?.activation.getClassName();
  return name === 'softmax' || name === 'sigmoid' ? name : undefined;
}

/** The Dense or Activation layer at the end, also inside TimeDistributed. */
function lastActivated(model: tf.LayersModel): ActivatedLayer | undefined {
  let layer = model.layers[model.layers.length - 1];
  while (isWrapper(layer)) layer = layer.layer;
  const activated = ['Dense', 'Activation'].includes(layer.getClassName());
  return activated && hasActivation(layer) ? layer : undefined;
}

function hasActivation(layer: tf.layers.Layer): layer is ActivatedLayer {
  return 'activation' in layer && typeof layer.activation === 'object' && layer.activation !== null;
}

/** Σ of all regularisation losses, those of recurrent cells included (which tfjs's own fit leaves out). */
export function regularisation(model: tf.LayersModel): tf.Scalar | undefined {
  const losses: tf.Scalar[] = [];
  for (const [layer] of everyLayer(model)) {
    const own = isRecurrent(layer) ? [layer, layer.cell] : [layer];
    for (const { losses: parts } of own) for (const part of parts) losses.push(part());
  }
  return losses.length === 0 ? undefined : tf.addN(losses);
}
