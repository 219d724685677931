/**
 * What a model is, as plain data: the plan crosses to worker threads, so nothing here knows tfjs. Weights are numbers into
 * Plan.weights, the order of the tfjs model's own list; NONE where a layer has no such weight.
 */
import type { ActivationId } from '../kernels/activationIds.js';
import type { MergeId } from '../kernels/mergeIds.js';
import type { PickedRange } from './picked.js';

export const NONE = -1;

/** What flows through a signal: (B, T, F) rather than (B, F). Whole numbers are (B, T) with F = 1. */
export interface SignalShape {
  sequence: boolean;
  /** F */
  width: number;
}

/** What a weight is kept to: no number below 0, or norms along the axes. */
export type ConstraintPlan =
  | { kind: 'notNegative' }
  | { kind: 'norm'; axes: readonly number[]; least: number; most: number; rate: number };

/** A Keras variable. */
export interface WeightPlan {
  name: string;
  shape: number[];
  /** Factors of the L1 and L2 penalties, 0 for none. */
  l1: number;
  l2: number;
  /** Holds after every update. */
  constraint?: ConstraintPlan;
  /** The optimizer moves it: it is of no frozen layer, and no moving average. The model's list has these first. */
  trained: boolean;
}

/** y = x·W + b over the last axis; the activation after it is a layer of its own. */
export interface DensePlan {
  kind: 'dense';
  inputs: number;
  units: number;
  kernel: number;
  bias: number;
}

export interface ActivationPlan {
  kind: 'activation';
  activation: ActivationId;
  /** Nobody else reads the values before: they may be overwritten. */
  inPlace: boolean;
}

export interface EmbeddingPlan {
  kind: 'embedding';
  vocabulary: number;
  width: number;
  table: number;
  maskZero: boolean;
  /** Its gradient is uses of single rows; a penalty makes it one of the whole table, as in Keras. */
  sparse: boolean;
}

export interface MaskingPlan {
  kind: 'masking';
  value: number;
}

export interface DropoutPlan {
  kind: 'dropout';
  rate: number;
  /** Whether a feature is kept or dropped at all steps of a sample. */
  spatial: boolean;
  /** Names the layer's random numbers, as in model/walk.ts. */
  path: string;
}

/** In training y = x + noise, or x∘(1 + noise), noise normal of that deviation. */
export interface NoisePlan {
  kind: 'noise';
  multiplies: boolean;
  deviation: number;
  /** Names the layer's random numbers, as in model/walk.ts. */
  path: string;
}

/** y = x, at most `most`, where x ≥ threshold, and slope∘(x − threshold) below. */
export interface RectifierPlan {
  kind: 'rectifier';
  slope: number;
  threshold: number;
  /** ∞ for no limit. */
  most: number;
  /** Slopes (rows, width) below a threshold of 0, in place of the one; rows is T, or 1 for the same at all steps. */
  alpha: number;
  rows: number;
  width: number;
}

/** y = gamma∘x/√(mean of x² + epsilon) over the last axis, or, `unit`, gamma∘x/√Σx². */
export interface RmsNormalizationPlan {
  kind: 'rmsNormalization';
  unit: boolean;
  /** false: nothing says after it which steps count. */
  keepsMask: boolean;
  width: number;
  epsilon: number;
  gamma: number;
}

/** What a layer of single rows does, over all steps of the features of each group; -1 groups for each feature by itself. */
export interface OverStepsPlan {
  kind: 'overSteps';
  groups: number;
  inner: ActivationPlan | LayerNormalizationPlan | RmsNormalizationPlan;
  keepsMask: boolean;
}

/** y = gamma∘x + beta for each feature. */
export interface ScalePlan {
  kind: 'scale';
  width: number;
  gamma: number;
  beta: number;
  /** In place of weights, of each feature. */
  constants?: { gamma: number[]; beta: number[] };
}

/** y = (x − mean)/√variance for each feature, or inverted x·√variance + mean. */
export interface StandardizationPlan {
  kind: 'standardization';
  width: number;
  inverted: boolean;
  of:
    | { kind: 'weights'; mean: number; variance: number; count: number }
    | { kind: 'constants'; mean: number[]; variance: number[] };
}

export interface LayerNormalizationPlan {
  kind: 'layerNormalization';
  width: number;
  epsilon: number;
  gamma: number;
  beta: number;
}

/** Windows of `size` steps, `dilation` steps apart, `stride` steps from one to the next, zeros around the sequence as `padding` says. */
export interface WindowsPlan {
  size: number;
  stride: number;
  dilation: number;
  padding: 'valid' | 'same' | 'causal';
}

/** y = Σₖ x at step t·stride + k·dilation · W[k] + b: (B, T, I) → (B, T', F); the activation after it is a layer of its own. */
export interface ConvolutionPlan extends WindowsPlan {
  kind: 'convolution';
  /** I */
  inputs: number;
  /** F */
  filters: number;
  /** Channels of each group read no others, and I and F are multiples of their number. */
  groups: number;
  kernel: number;
  bias: number;
  /** Names the layer in messages. */
  name: string;
}

/** (B, T, F) → (B, T', F): the mean or the largest of the steps of each window that are not padding. */
export interface WindowPoolingPlan extends WindowsPlan {
  kind: 'averageWindows' | 'maxWindows';
  /** Names the layer in messages. */
  name: string;
}

/** y = gamma∘(x − mean)/√(variance + epsilon) + beta for each feature over all rows of the batch. */
export interface BatchNormalizationPlan {
  kind: 'batchNormalization';
  width: number;
  epsilon: number;
  /** Of the moving averages. */
  momentum: number;
  gamma: number;
  beta: number;
  movingMean: number;
  movingVariance: number;
  /** false: takes the moving averages in training too, and leaves them as they are. */
  trained: boolean;
}

/** (B, T, F) → (B, F) */
export interface PoolingPlan {
  kind: 'averagePooling' | 'maxPooling';
}

/** (B, T, F) → (B, T·F) */
export interface FlattenPlan {
  kind: 'flatten';
}

/** (B, F) → (B, n, F) */
export interface RepeatPlan {
  kind: 'repeat';
  times: number;
}

/** (B, T, F) → (B, T', F') of as many numbers; -1 for the one of the two that follows from the other. */
export interface ReshapePlan {
  kind: 'reshape';
  steps: number;
  width: number;
  /** Whether the output has steps. */
  sequence: boolean;
  /** Names the layer in messages. */
  name: string;
}

/** (B, T, F) → (B, F, T) */
export interface TransposePlan {
  kind: 'transpose';
}

/** One step or feature, or a range of them: (B, T, F) → (B, F), (B, T', F) or (B, T, F'). */
export interface PickPlan {
  kind: 'pick';
  item: number | PickedRange;
  /** Of the steps; else of the features. */
  overSteps: boolean;
  /** Whether the output has steps. */
  sequence: boolean;
  /** Names the layer in messages. */
  name: string;
}

/** (B, T, F) → (B, before + T + after, F): steps of zeros, or without steps where a number is below 0. */
export interface PaddingPlan {
  kind: 'padding';
  before: number;
  after: number;
  /** Names the layer in messages. */
  name: string;
}

/** (B, T, F) → (B, times·T, F): every step so many times. */
export interface UpSamplingPlan {
  kind: 'upSampling';
  times: number;
}

/** Σ|x|·l1 + Σx²·l2 of what flows through, divided by the number of samples, is part of the loss. */
export interface ActivityPlan {
  kind: 'activity';
  l1: number;
  l2: number;
  /** How many flow through: all that the layer before gives. */
  signals: number;
}

/** The product of two inputs, sample by sample, summed over the steps or the features of each. */
export interface DotPlan {
  kind: 'dot';
  overSteps: [boolean, boolean];
  /** Both are divided by their length along that axis first. */
  normalize: boolean;
  /** Names the layer in messages. */
  name: string;
}

/** Inputs element by element, what has one step or one feature as often as others have more. */
export interface MergePlan {
  kind: 'merge';
  mode: MergeId;
  /** What has no steps, or one, stands beside each step of others. */
  repeatsSteps: boolean;
}

/** Inputs one after the other: the features of each step, or the steps of each sample. */
export interface ConcatenatePlan {
  kind: 'concatenate';
  overSteps: boolean;
}

/** softmax(query·keyᵀ/√K)·value of N heads, each of the three and the output a layer of its own. */
export interface MultiHeadAttentionPlan {
  kind: 'multiHeadAttention';
  heads: number;
  /** K, of one head. */
  keyWidth: number;
  /** Query t looks at keys up to t alone. */
  causal: boolean;
  /** Share of the weights that training drops. */
  dropout: number;
  /** Names the layer's random numbers, as in model/walk.ts. */
  path: string;
  query: DensePlan;
  key: DensePlan;
  value: DensePlan;
  output: DensePlan;
  /** What each of the four adds to the loss. */
  activity?: ActivityPlan;
}

/** softmax(scores)·value: scores factor·query·key, or additive, Σ coefficients∘tanh(factor·(query + key)). */
export interface AttentionPlan {
  kind: 'attention';
  heads: 1;
  keyWidth: number;
  causal: boolean;
  dropout: number;
  path: string;
  additive: boolean;
  factor: number;
  coefficients: number;
  /** One coefficient for all features. */
  oneCoefficient: boolean;
}

/** x + a vector for each place: of a learnt table of so many rows, or sine and cosine waves. */
export interface PositionsPlan {
  kind: 'positions';
  width: number;
  of: { kind: 'table'; weight: number; length: number } | { kind: 'waves'; longest: number };
  /** Names the layer in messages. */
  name: string;
}

/** A caller's rows to the engine's own: before a layer that takes no others. */
export interface ArrangePlan {
  kind: 'arrange';
}

export interface RecurrentPlan {
  kind: 'lstm' | 'gru' | 'simpleRNN';
  /** Names the layer's random numbers, as in model/walk.ts. */
  path: string;
  units: number;
  inputs: number;
  activation: ActivationId;
  recurrentActivation: ActivationId;
  /** GRU only; false elsewhere. */
  resetAfter: boolean;
  returnSequences: boolean;
  /** Gives its last states too, after its output. */
  returnState: boolean;
  goBackwards: boolean;
  /** Begins with the states that the batch before ended with. */
  stateful: boolean;
  dropout: number;
  recurrentDropout: number;
  kernel: number;
  recurrentKernel: number;
  bias: number;
}

/** Cells whose products with x run over all steps at once: MinGRU and MinLSTM, which have no others, and sLSTM. */
export interface ScanPlan {
  kind: 'minGRU' | 'minLSTM' | 'sLSTM';
  /** Names the layer's random numbers, as in model/walk.ts. */
  path: string;
  units: number;
  inputs: number;
  /** Of the candidate of MinGRU and MinLSTM. */
  activation: ActivationId;
  /** Of sLSTM: blocks of the recurrent matrix; 1 elsewhere. */
  heads: number;
  /** Of sLSTM: its forget gate is e^f~, not σ(f~). */
  exponential: boolean;
  returnSequences: boolean;
  /** Gives its last states too, after its output. */
  returnState: boolean;
  goBackwards: boolean;
  /** Begins with the states that the batch before ended with. */
  stateful: boolean;
  /** Of the inputs. */
  dropout: number;
  kernel: number;
  /** NONE but for sLSTM. */
  recurrentKernel: number;
  bias: number;
}

/** Cells one upon the other, each of which reads every step's output of the one before; the rest is of all of them as of one. */
export interface StackedPlan {
  kind: 'stacked';
  /** With returnSequences and without returnState. */
  cells: RecurrentPlan[];
  units: number;
  inputs: number;
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  stateful: boolean;
}

/** A layer with a direction and states, as Bidirectional takes it. */
export type DirectedPlan = RecurrentPlan | ScanPlan | StackedPlan;

/** How many states each kind of cell hands from step to step. */
export const STATES: Readonly<Record<(RecurrentPlan | ScanPlan)['kind'], number>> = {
  lstm: 2,
  gru: 1,
  simpleRNN: 1,
  minGRU: 1,
  minLSTM: 1,
  sLSTM: 4,
};

export function isDirected(plan: LayerPlan): plan is DirectedPlan {
  return plan.kind === 'stacked' || Object.hasOwn(STATES, plan.kind);
}

/** The sizes of the states, cell by cell. */
export function stateSizes(plan: DirectedPlan): number[] {
  if (plan.kind === 'stacked') return plan.cells.flatMap(stateSizes);
  return Array<number>(STATES[plan.kind]).fill(plan.units);
}

export interface BidirectionalPlan {
  kind: 'bidirectional';
  forward: DirectedPlan;
  backward: DirectedPlan;
  mergeMode: 'concat' | 'sum' | 'ave' | 'mul' | 'none';
}

export type LayerPlan =
  | ActivationPlan
  | ActivityPlan
  | ArrangePlan
  | AttentionPlan
  | BatchNormalizationPlan
  | BidirectionalPlan
  | ConcatenatePlan
  | ConvolutionPlan
  | DensePlan
  | DotPlan
  | DropoutPlan
  | EmbeddingPlan
  | FlattenPlan
  | LayerNormalizationPlan
  | MaskingPlan
  | MergePlan
  | MultiHeadAttentionPlan
  | NoisePlan
  | OverStepsPlan
  | PaddingPlan
  | PickPlan
  | PoolingPlan
  | PositionsPlan
  | RectifierPlan
  | RecurrentPlan
  | RepeatPlan
  | ReshapePlan
  | RmsNormalizationPlan
  | ScalePlan
  | ScanPlan
  | StackedPlan
  | StandardizationPlan
  | TransposePlan
  | UpSamplingPlan
  | WindowPoolingPlan;
