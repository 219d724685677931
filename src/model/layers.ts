import type { EitherSpelling, Spelling } from '../spelling.js';
import type { ConfigDict, Layer, SerializableObject } from '../tfjsTypes.js';
import type { Activation as ActivationName } from './activations.js';
import type { Initializer } from './initializers.js';
import { makeLayer } from './make.js';
import type { ConstraintName, RegularizerName } from './options.js';
import type { LayerClass } from './table.js';

/** A layer of a model: TensorFlow.js's own, or one that behaves like it. */
export type { Layer };

/** l1·Σ|w| + l2·Σw², added to the loss; a name alone means a factor of 0.01. */
export type Regularizer =
  | RegularizerName
  | Capitalize<RegularizerName>
  | 'l1_l2'
  | 'L1L2'
  | { l1?: number; l2?: number }
  | SerializableObject
  | null;

/** What a weight is brought back to after every update. */
export type Constraint =
  | Spelling<ConstraintName>
  | { className: string; config: ConfigDict }
  | SerializableObject
  | null;

export interface LayerOptions {
  /** Part of the names of its weights; the class's name in snake_case, numbered, if left out. */
  name?: string;
  /** false: its weights are not trained. */
  trainable?: boolean;
  /** For a model's first layer: one sample's shape, null for a number of steps that may vary: [30, 4], [null, 4]. */
  inputShape?: readonly (number | null)[];
  /** Beside inputShape: the only number of samples that a batch may have, which stateful layers need. */
  batchSize?: number;
  /** In place of the two: [batch, steps, features]. */
  batchShape?: readonly (number | null)[];
}

export interface KernelOptions extends LayerOptions {
  /** Default true. */
  useBias?: boolean;
  /** Default 'glorotUniform'. */
  kernelInitializer?: Initializer;
  /** Default 'zeros'. */
  biasInitializer?: Initializer;
  kernelRegularizer?: Regularizer;
  biasRegularizer?: Regularizer;
  kernelConstraint?: Constraint;
  biasConstraint?: Constraint;
}

export interface DenseOptions extends KernelOptions {
  /** Default 'linear'. */
  activation?: ActivationName;
}

export interface RecurrentOptions extends KernelOptions {
  /** Default 'tanh'. */
  activation?: ActivationName;
  /** Default 'orthogonal'. */
  recurrentInitializer?: Initializer;
  recurrentRegularizer?: Regularizer;
  recurrentConstraint?: Constraint;
  /** Share of the inputs to drop in training, the same ones at every step. Default 0. */
  dropout?: number;
  /** Share of the state to drop in training, the same units at every step. Default 0. */
  recurrentDropout?: number;
  /** Give the output of every step (B,T,U), not only the last (B,U). Default false. */
  returnSequences?: boolean;
  /** Give the final state as well; not in a Sequential, where a layer has one output. Default false. */
  returnState?: boolean;
  /** Read the sequence from its end. Default false. */
  goBackwards?: boolean;
  /**
   * Begin every batch with the states that the one before ended with, row by row, in fit, evaluate and predict alike; no gradient
   * flows back into that batch. Needs a fixed batch size (batchShape). States are zero at first and after resetStates() of the
   * model or the layer; nothing else resets them, no epoch and no validation. They are not saved. Default false.
   */
  stateful?: boolean;
}

export interface LSTMOptions extends RecurrentOptions {
  /** Of the gates. Default 'sigmoid'. */
  recurrentActivation?: ActivationName;
  /** Start the forget gate's bias at 1 (Jozefowicz et al. 2015). Default true. */
  unitForgetBias?: boolean;
}

export interface GRUOptions extends RecurrentOptions {
  /** Of the gates. Default 'sigmoid'. */
  recurrentActivation?: ActivationName;
  /** Apply the reset gate after the recurrent product, as cuDNN does, and not before it. Default true. */
  resetAfter?: boolean;
}

export interface BidirectionalOptions extends LayerOptions {
  /** How the outputs of the two directions are joined. Default 'concat'. */
  mergeMode?: 'concat' | 'sum' | 'ave' | 'mul';
}

export interface EmbeddingOptions extends LayerOptions {
  /** Default 'randomUniform', between -0.05 and 0.05. */
  embeddingsInitializer?: Initializer;
  embeddingsRegularizer?: Regularizer;
  embeddingsConstraint?: Constraint;
  /** Take index 0 as padding that the layers after it skip. Default false. */
  maskZero?: boolean;
  /** Steps of a sequence, in place of inputShape. */
  inputLength?: number;
}

export interface LayerNormalizationOptions extends LayerOptions {
  /** Added to the variance. Default 1e-3. */
  epsilon?: number;
  /** Add a learned offset. Default true. */
  center?: boolean;
  /** Multiply by a learned factor. Default true. */
  scale?: boolean;
}

export interface MaskingOptions extends LayerOptions {
  /** Default 0. */
  maskValue?: number;
}

const layerFunction = (className: LayerClass, positional: unknown[], options: object = {}) =>
  makeLayer(className, positional, options);

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with a forget gate): x (B,T,I) → the last h (B,U), or every
 * step's (B,T,U) with returnSequences. Kernel (I,4U), recurrent kernel (U,4U), bias (4U); gates in the order i, f, c, o:
 *
 *     i = σ(x·W_i + h·R_i + b_i)   f = σ(x·W_f + h·R_f + b_f)   o = σ(x·W_o + h·R_o + b_o)   C̃ = tanh(x·W_c + h·R_c + b_c)
 *     C' = f∘C + i∘C̃               h' = o∘tanh(C')
 */
export function LSTM(units: number, options?: EitherSpelling<LSTMOptions>): Layer {
  return layerFunction('LSTM', [units], options);
}

/**
 * Gated recurrent unit (Cho et al. 2014): x (B,T,I) → the last h (B,U), or every step's (B,T,U) with returnSequences.
 * Kernel (I,3U), recurrent kernel (U,3U), bias (2,3U), or (3U) without resetAfter; gates in the order z, r, h:
 *
 *     z = σ(x·W_z + b₀_z + h·R_z + b₁_z)   r = σ(x·W_r + b₀_r + h·R_r + b₁_r)
 *     h̃ = tanh(x·W_h + b₀_h + r∘(h·R_h + b₁_h))   h' = z∘h + (1 − z)∘h̃
 */
export function GRU(units: number, options?: EitherSpelling<GRUOptions>): Layer {
  return layerFunction('GRU', [units], options);
}

/** h' = tanh(x·W + h·R + b): x (B,T,I) → the last h (B,U), or every step's (B,T,U) with returnSequences. */
export function SimpleRNN(units: number, options?: EitherSpelling<RecurrentOptions>): Layer {
  return layerFunction('SimpleRNN', [units], options);
}

/** A recurrent layer over the sequence in both directions, each with its own weights: (B,T,I) → (B,2U), joined by mergeMode. */
export function Bidirectional(layer: Layer, options?: EitherSpelling<BidirectionalOptions>): Layer {
  return layerFunction('Bidirectional', [layer], options);
}

/** The same layer at every step: (B,T,…) → (B,T,…). */
export function TimeDistributed(layer: Layer, options?: EitherSpelling<LayerOptions>): Layer {
  return layerFunction('TimeDistributed', [layer], options);
}

/** y = activation(x·W + b) over the last axis: (B,…,I) → (B,…,U). Kernel (I,U), bias (U). */
export function Dense(
  units: number,
  activation?: ActivationName | EitherSpelling<DenseOptions> | null,
  options?: EitherSpelling<DenseOptions>,
): Layer {
  if (typeof activation === 'object' && activation !== null) return layerFunction('Dense', [units], activation);
  return layerFunction('Dense', [units, activation], options);
}

/** Vectors for whole numbers below inputDim: (B,T) → (B,T,outputDim). Weights (inputDim,outputDim). */
export function Embedding(inputDim: number, outputDim: number, options?: EitherSpelling<EmbeddingOptions>): Layer {
  return layerFunction('Embedding', [inputDim, outputDim], options);
}

/** In training, sets a share `rate` of the inputs to 0 and divides the others by 1 − rate. */
export function Dropout(rate: number, options?: EitherSpelling<LayerOptions>): Layer {
  return layerFunction('Dropout', [rate], options);
}

/** An activation function on its own. */
export function Activation(activation: ActivationName, options?: EitherSpelling<LayerOptions>): Layer {
  return layerFunction('Activation', [activation], options);
}

/** y = γ∘(x − mean)/√(variance + ε) + β over the last axis. γ, β (I). */
export function LayerNormalization(options?: EitherSpelling<LayerNormalizationOptions>): Layer {
  return layerFunction('LayerNormalization', [], options);
}

/** Marks steps whose features all equal maskValue, for the layers after it to skip: (B,T,I) → (B,T,I). */
export function Masking(options?: EitherSpelling<MaskingOptions>): Layer {
  return layerFunction('Masking', [], options);
}

/** (B,I) → (B,n,I), for a decoder that reads its input again at every step. */
export function RepeatVector(n: number, options?: EitherSpelling<LayerOptions>): Layer {
  return layerFunction('RepeatVector', [n], options);
}

/** (B,…) → (B, product of the others). */
export function Flatten(options?: EitherSpelling<LayerOptions>): Layer {
  return layerFunction('Flatten', [], options);
}

/** The mean over the steps that are not masked: (B,T,I) → (B,I). */
export function GlobalAveragePooling1D(options?: EitherSpelling<LayerOptions>): Layer {
  return layerFunction('GlobalAveragePooling1D', [], options);
}

/** The largest value of each feature over all steps: (B,T,I) → (B,I). */
export function GlobalMaxPooling1D(options?: EitherSpelling<LayerOptions>): Layer {
  return layerFunction('GlobalMaxPooling1D', [], options);
}
