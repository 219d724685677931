/** What a step of a random graph may put behind the tensors so far, beside the layers of graphModels.ts. */
import type * as tf from '@tensorflow/tfjs';
import * as l from '../../src/layers/index.js';

/** Features of everything between the inputs and the heads. */
export const WIDTH = 6;

/** Layers named so far; tfjs wants names of their own in a model. */
let named = 0;

export function startNames(): void {
  named = 0;
}

/** One tensor of what a layer gives. */
export function on(layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]): tf.SymbolicTensor {
  return all(layer, ...inputs)[0];
}

export function all(layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]): tf.SymbolicTensor[] {
  if (layer.inboundNodes.length === 0) layer.name = `${layer.getClassName()}_${named++}`;
  const outputs = layer.apply(inputs.length === 1 ? inputs[0] : inputs);
  return [outputs].flat() as tf.SymbolicTensor[];
}

/** What a step has to take from. */
export interface Taken {
  /** (B, T, WIDTH) */
  sequence: tf.SymbolicTensor;
  /** Another one, of as many steps or not. */
  beside: tf.SymbolicTensor;
  /** A sequence or a row. */
  any: tf.SymbolicTensor;
  /** (B, T), whole numbers. */
  words: tf.SymbolicTensor;
  /** Picks among the layers of a kind and their options. */
  choice: number;
  again: boolean;
}

const pick = <T>(list: readonly T[], choice: number): T => list[choice % list.length];
const stepsOf = ({ shape }: tf.SymbolicTensor) => shape[1] ?? 0;

/** Layers that only some steps or lengths allow give nothing elsewhere. */
export const FURTHER = {
  window({ sequence, choice, again }) {
    const padding = again ? 'same' : 'causal';
    const layers = [
      () => l.Conv1D(WIDTH, 3, { padding, dilationRate: 2, activation: 'tanh' }),
      () => l.Conv1D(WIDTH, 2, { padding, groups: 3 }),
      () => l.DepthwiseConv1D(3, { padding: 'same' }),
      () => l.SeparableConv1D(WIDTH, 3, { padding: 'same', activation: 'tanh' }),
      () => l.MaxPooling1D({ poolSize: 2, strides: 1, padding: 'same' }),
      () => l.AveragePooling1D({ poolSize: 3, strides: again ? 1 : 2, padding: 'same' }),
    ];
    return [on(pick(layers, choice)(), sequence)];
  },
  length({ sequence, choice, again }) {
    const steps = stepsOf(sequence);
    const layers = [
      () => l.ZeroPadding1D({ padding: again ? 1 : [0, 2] }),
      () => (steps > 2 ? l.Cropping1D({ cropping: again ? 1 : [0, 1] }) : undefined),
      () => (steps <= 8 ? l.UpSampling1D({ size: 2 }) : undefined),
    ];
    const layer = pick(layers, choice)();
    return layer ? [on(layer, sequence)] : [];
  },
  attention({ sequence, beside, choice, again }) {
    const layers = [
      () => l.MultiHeadAttention(2, 3),
      () => l.MultiHeadAttention(1, WIDTH, { valueDim: 2 }),
      () => l.Attention({ useScale: true }),
      () => l.AdditiveAttention(),
    ];
    return [on(pick(layers, choice)(), sequence, again ? sequence : beside)];
  },
  rectify({ any, choice, again }) {
    const layers = [
      () => l.ReLU({ negativeSlope: again ? 0.2 : 0, maxValue: 1.5 }),
      () => l.LeakyReLU(),
      () => l.PReLU({ alphaInitializer: { className: 'Constant', config: { value: 0.3 } } }),
      () => l.ELU({ alpha: 0.7 }),
      () => l.Softmax(),
    ];
    return [on(pick(layers, choice)(), any)];
  },
  norm({ any, choice, again }) {
    const layers = [
      () => l.RMSNormalization(),
      () => l.UnitNormalization({ axis: -1 }),
      () => l.GroupNormalization({ groups: again ? 2 : 3, epsilon: 0.01 }),
    ];
    return [on(pick(layers, choice)(), any)];
  },
  noise({ sequence, any, choice }) {
    const layers = [() => l.GaussianNoise(0.3), () => l.GaussianDropout(0.2)];
    if (choice % 3 === 2) return [on(l.SpatialDropout1D(0.4), sequence)];
    return [on(pick(layers, choice)(), any)];
  },
  arrange({ sequence, choice, again }) {
    const steps = stepsOf(sequence);
    if (choice % 3 === 0) return [on(l.GRU(WIDTH, { returnSequences: again }), on(l.Permute([2, 1]), sequence))];
    if (choice % 3 === 1) return [on(l.Dense(WIDTH), on(l.Reshape([again ? 2 * steps : -1, 3]), sequence))];
    return [on(l.Dense(WIDTH, 'tanh'), on(l.Flatten(), sequence))];
  },
  scan({ sequence, choice, again }) {
    const options = { returnSequences: again, goBackwards: choice % 2 === 0 };
    const layers = [
      () => l.MinLSTM(WIDTH, options),
      () => l.MinGRU(WIDTH, options),
      () => l.SLSTM(WIDTH, { ...options, heads: again ? 1 : 2 }),
    ];
    return [on(pick(layers, choice)(), sequence)];
  },
  position({ sequence, choice }) {
    const layer = choice % 2 === 0 ? l.PositionEmbedding(stepsOf(sequence)) : l.SinePositionEncoding();
    return [on(layer, sequence)];
  },
  embed({ words, again }) {
    return [on(l.Embedding(7, WIDTH, { maskZero: again }), words)];
  },
  perStep({ sequence }) {
    return [on(l.TimeDistributed(l.Dense(WIDTH, 'tanh')), sequence)];
  },
  stacked({ sequence, choice, again }) {
    const cells = [l.LSTMCell(3), again ? l.GRUCell(WIDTH) : l.SimpleRNNCell(WIDTH)];
    return [on(l.RNN(cells, { returnSequences: choice % 2 === 0, goBackwards: choice % 3 === 0 }), sequence)];
  },
} satisfies Record<string, (taken: Taken) => tf.SymbolicTensor[]>;
