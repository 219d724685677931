/** What Attention and AdditiveAttention have in common: [query, value] or [query, value, key], scores, their softmax, a mean of values. */
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import type { Call } from '../computed.js';
import { type Shape, sequence } from '../define.js';
import { droppedWeights, maskedSoftmax, scoresMask, withoutMasked } from './scores.js';

interface Settings {
  dropout: number;
  useCausalMask: boolean;
}

export const attention = {
  rank: sequence,
  joins: true,
  shape: (_: unknown, inputs: readonly Shape[]): Shape => {
    const [query, value, key = value] = inputs;
    if (inputs.length < 2 || inputs.length > 3) throw new Error('it takes two inputs or three: query, value, key');
    if (value[1] !== key[1]) throw new Error(`value has ${value[1]} steps and key ${key[1]}`);
    return [...query.slice(0, -1), value[value.length - 1]];
  },
} as const;

/** Each query's mean of the values, weighted by the softmax of its scores (B,T,S). */
export function attend(
  { tf, inputs, masks, training, draw, settings }: Call<Settings>,
  scores: (query: tf.Tensor, key: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const [query, value, key = value] = inputs;
  const scored = scores(query, key);
  let weights = maskedSoftmax(tf, scored, scoresMask(tf, masks[1], settings.useCausalMask, scored.shape));
  if (training && settings.dropout > 0) weights = droppedWeights(tf, weights, settings.dropout, draw('scores'));
  return withoutMasked(tf, tf.matMul(weights, value), masks[0]);
}

/** Every query beside every key: (B,T,1,I) + (B,1,S,I). */
export function pairs(tf: TensorFlow, query: tf.Tensor, key: tf.Tensor): tf.Tensor {
  return tf.add(tf.expandDims(query, 2), tf.expandDims(key, 1));
}
