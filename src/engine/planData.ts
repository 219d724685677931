/** A compiled model as plain data: what threads need to run the same program. */
import type { LayerPlan, WeightPlan } from './layerPlan.js';

export type LossKind =
  | 'softmaxCategorical'
  | 'softmaxSparse'
  | 'sigmoidBinary'
  | 'categorical'
  | 'sparseCategorical'
  | 'binary'
  | 'squared'
  | 'absolute'
  | 'huber';

export interface LossPlan {
  kind: LossKind;
  /** labelSmoothing, or huber's delta; 0 for losses that have neither. */
  option: number;
  /** The layer, by number, whose input the loss reads: the activation that makes the output of its logits. Left out, it reads the output. */
  reads?: number;
  /** Whether the loss computes that activation itself; it is then the last layer. */
  takesActivation: boolean;
  /** Targets are whole numbers, one for each row. */
  labels: boolean;
}

export interface OptimizerPlan {
  rule: 'sgd' | 'sgdMomentum' | 'rmsprop' | 'adam' | 'adamAmsgrad';
  /** Arrays of state of each weight, in the order of Optimizer.slotNames. */
  slots: number;
  momentum: number;
  nesterov: boolean;
  rho: number;
  centered: boolean;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** 0: none. */
  weightDecay: number;
  /** Whether each weight decays, by its number. */
  decays: boolean[];
  clip: { kind: 'norm' | 'globalNorm' | 'value'; limit: number } | undefined;
}

export interface Plan {
  weights: WeightPlan[];
  layers: LayerPlan[];
  input: {
    /** (B, T, F) rather than (B, F). Whole numbers are (B, T) with F = 1. */
    sequence: boolean;
    /** F */
    width: number;
    /** int32, for an Embedding. */
    integers: boolean;
  };
  /** The batch size that stateful layers carry states for; left out where there are none, and any size will do. */
  batch?: number;
  output: { sequence: boolean; width: number };
  loss: LossPlan;
  /** What evaluates, where that is another: of logits that dropout is behind of in training. */
  evaluationLoss?: LossPlan;
  optimizer: OptimizerPlan;
}
