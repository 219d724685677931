import { activity } from '../../plan/activation.js';
import { type DensePlan, type LayerPlan, NONE } from '../../plan/layerPlan.js';
import type { Planning } from '../../plan/planning.js';
import type { EitherSpelling } from '../../spelling.js';
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { type Call, type ComputedWeight, computedLayer } from '../computed.js';
import { common, features, type KernelOptions, kernel, layerFunction, type Shape, sequence } from '../define.js';
import * as kind from '../schema.js';
import { requireSteps } from './planned.js';
import { droppedWeights, scoresMask } from './scores.js';

const own = {
  /** Features of each head's values; keyDim if left out. */
  valueDim: kind.defaulted(kind.nullable(kind.units), null),
  /** Share of the weights to drop in training. Default 0. */
  dropout: kind.defaulted(kind.rate, 0),
  /** Features of the output; the query's if left out. */
  outputShape: kind.defaulted(kind.nullable(kind.single(kind.units)), null),
  /** Step t looks at steps up to t alone. In Keras an option of the call. Default false. */
  useCausalMask: kind.defaulted(kind.flag, false),
};

export interface MultiHeadAttentionOptions extends KernelOptions, kind.OptionsOf<typeof own> {}

const schema = {
  ...common,
  ...kernel,
  numHeads: kind.required(kind.units),
  keyDim: kind.required(kind.units),
  ...own,
};

type Settings = kind.SettingsOf<typeof schema>;

/** In place of scores that do not count, which so have no gradient, as in Keras. */
const LOWEST = -3e38;

/** query, value and key; of one input all three are that, and of two the key is the value. */
function threeOf<T>(inputs: readonly T[]): [query: T, value: T, key: T] {
  const [query, value = query, key = value] = inputs;
  return [query, value, key];
}

function weights(settings: Settings, inputs: readonly Shape[]): ComputedWeight[] {
  const { numHeads, keyDim, valueDim, outputShape, useBias } = settings;
  const [query, value, key] = threeOf(inputs).map(features);
  const kernelOptions = {
    initializer: settings.kernelInitializer,
    regularizer: settings.kernelRegularizer,
    constraint: settings.kernelConstraint,
  };
  const biasOptions = {
    initializer: settings.biasInitializer,
    regularizer: settings.biasRegularizer,
    constraint: settings.biasConstraint,
  };
  const part = (name: string, shape: number[], bias: number[]): ComputedWeight[] => [
    { name: `${name}_kernel`, shape, ...kernelOptions },
    ...(useBias ? [{ name: `${name}_bias`, shape: bias, ...biasOptions }] : []),
  ];
  const valueSize = valueDim ?? keyDim;
  const output = outputShape ?? query;
  return [
    ...part('query', [query, numHeads, keyDim], [numHeads, keyDim]),
    ...part('key', [key, numHeads, keyDim], [numHeads, keyDim]),
    ...part('value', [value, numHeads, valueSize], [numHeads, valueSize]),
    ...part('output', [numHeads, valueSize, output], [output]),
  ];
}

/** x (B,T,I) → each head's (B,N,T,K). */
function project(x: tf.Tensor, name: string, { tf, weight, settings, penalise }: Call<Settings>): tf.Tensor {
  const [batch, steps] = x.shape;
  const kernelOf = weight(`${name}_kernel`);
  const [inputs = 0, heads = 0, size = 0] = kernelOf.shape;
  const rows = tf.matMul(tf.reshape(x, [-1, inputs]) as tf.Tensor2D, tf.reshape(kernelOf, [inputs, heads * size]));
  const projected: tf.Tensor = settings.useBias
    ? tf.add(rows, tf.reshape(weight(`${name}_bias`), [heads * size]))
    : rows;
  penalise(tf.reshape(projected, [batch, -1]));
  return tf.transpose(tf.reshape(projected, [batch, steps, heads, size]), [0, 2, 1, 3]);
}

function plan(planning: Planning<Settings>): LayerPlan[] {
  requireSteps(planning);
  const { flow, path, settings } = planning;
  const { numHeads: heads, keyDim: keyWidth, useCausalMask: causal, dropout, useBias } = settings;
  const valueWidth = settings.valueDim ?? keyWidth;
  const output = settings.outputShape ?? flow.width;
  const [query, value, key] = threeOf(planning.inputs);
  const names = useBias ? ['kernel', 'bias'] : ['kernel'];
  const claimed = planning.claim(...names, ...names, ...names, ...names);
  const dense = (part: number, inputs: number, units: number): DensePlan => {
    const [own, bias = NONE] = claimed.slice(names.length * part, names.length * (part + 1));
    return { kind: 'dense', inputs, units, kernel: own, bias };
  };
  const [counted] = activity(planning);
  flow.width = output;
  return [
    {
      kind: 'multiHeadAttention',
      heads,
      keyWidth,
      causal,
      dropout,
      path,
      ...(counted && { activity: counted }),
      query: dense(0, query.width, heads * keyWidth),
      key: dense(1, key.width, heads * keyWidth),
      value: dense(2, value.width, heads * valueWidth),
      output: dense(3, heads * valueWidth, output),
    },
  ];
}

const multiHeadAttention = computedLayer({
  class: 'MultiHeadAttention',
  positional: ['numHeads', 'keyDim', 'valueDim', 'dropout'],
  schema,
  rank: sequence,
  takesSeveral: true,
  penalises: true,
  groups: ['query_dense', 'key_dense', 'value_dense', 'output_dense'],
  weights,
  engine: plan,
  shape: ({ outputShape }, inputs) => {
    const [query, value, key] = threeOf(inputs);
    if (inputs.length > 3) throw new Error('it takes one to three inputs: query, value, key');
    if (value[1] !== key[1]) throw new Error(`value has ${value[1]} steps and key ${key[1]}`);
    return [query[0], query[1], outputShape ?? features(query)];
  },
  call: (call) => {
    const { tf, settings, inputs, masks, training, draw, weight, penalise } = call;
    const [queries, values, keys] = threeOf(inputs);
    const query = tf.mul(project(queries, 'query', call), 1 / Math.sqrt(settings.keyDim));
    const key = project(keys, 'key', call);
    const value = project(values, 'value', call);
    const scores = tf.matMul(query, key, false, true);
    const [batch, heads = 0, steps = 0, others = 0] = scores.shape;
    const mask = attentionMask(tf, masks, inputs.length, settings.useCausalMask, [batch, steps, others]);
    const counts = mask && tf.expandDims(mask, 1);
    let shares = tf.softmax(counts ? tf.where(tf.cast(counts, 'bool'), scores, LOWEST) : scores, -1);
    // Where no key counts, Keras gives zeros if it has dropout to apply, in evaluation too, and else the mean of all values.
    if (counts && settings.dropout > 0) shares = tf.mul(shares, counts);
    if (training && settings.dropout > 0) shares = droppedWeights(tf, shares, settings.dropout, draw('scores'));
    const size = value.shape[3] ?? 0;
    const joined = tf.reshape(tf.transpose(tf.matMul(shares, value), [0, 2, 1, 3]), [batch * steps, heads * size]);
    const kernelOf = weight('output_kernel');
    const output = kernelOf.shape[2] ?? 0;
    const rows = tf.matMul(joined as tf.Tensor2D, tf.reshape(kernelOf, [heads * size, output]));
    const made = tf.reshape(settings.useBias ? tf.add(rows, weight('output_bias')) : rows, [batch, steps, output]);
    penalise(made);
    return made;
  },
});

/** 1 where a query may look, (B,T,S): not at steps of value or key that are masked, nor, if it is masked itself, at any. */
function attentionMask(
  tf: TensorFlow,
  masks: readonly (tf.Tensor | undefined)[],
  inputs: number,
  causal: boolean,
  shape: number[],
): tf.Tensor | undefined {
  const [query] = masks;
  const value = inputs === 1 ? query : masks[1];
  const key = inputs === 3 ? masks[2] : undefined;
  const both = value && key ? tf.logicalAnd(value, key) : (value ?? key);
  const over = scoresMask(tf, both, causal, shape);
  if (!query) return over;
  const rows = tf.expandDims(tf.cast(query, 'float32'), -1);
  return over ? tf.mul(rows, over) : rows;
}

/**
 * Attention in N heads (Vaswani et al. 2017): of inputs [query (B,T,I), value (B,S,V), key (B,S,J)], or of one that is all three,
 *
 *     softmax((query·W_q + b_q)·(key·W_k + b_k)ᵀ/√K)·(value·W_v + b_v) for each head, then all heads·W_o + b_o: (B,T,I)
 *
 * W_q (I,N,K), W_k (J,N,K), W_v (V,N,valueDim), W_o (N,valueDim,outputShape).
 */
export const MultiHeadAttention = layerFunction(
  multiHeadAttention,
  (numHeads: number, keyDim: number, options?: EitherSpelling<MultiHeadAttentionOptions>) => [
    [numHeads, keyDim],
    options,
  ],
);
