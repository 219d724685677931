/** A compiled model as plain data: what threads need to run the same program. */
import type { LayerPlan, SignalShape, WeightPlan } from '../plan/layerPlan.js';

export type LossKind =
  | 'softmaxCategorical'
  | 'softmaxSparse'
  | 'sigmoidBinary'
  | 'categorical'
  | 'sparseCategorical'
  | 'binary'
  | 'squared'
  | 'absolute'
  | 'huber'
  | 'percentage'
  | 'logarithmic'
  | 'logCosh'
  | 'poisson'
  | 'quantile'
  | 'gaussian'
  | 'cosine'
  | 'divergence'
  | 'hinge'
  | 'categoricalHinge'
  | 'binaryFocal'
  | 'categoricalFocal';

export interface LossPlan {
  kind: LossKind;
  /** labelSmoothing, huber's delta, or the quantile; 0 for losses that have none. */
  option: number;
  /** Of the focal losses. */
  focal?: { alpha: number; gamma: number; balanced: boolean; ofLogits: boolean };
  /** The signal that the loss reads in place of the output: the logits that an activation makes it of. */
  reads?: number;
  /** Whether the loss computes that activation itself; nobody else reads the output then. */
  takesActivation: boolean;
  /** Targets are whole numbers, one for each row. */
  labels: boolean;
}

export interface OptimizerPlan {
  rule: 'sgd' | 'sgdMomentum' | 'rmsprop' | 'adam' | 'adamAmsgrad' | 'adagrad' | 'adamax' | 'nadam' | 'lion';
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
  /** Batches whose gradients make one update: 1 for all but where the last slot holds their sums. */
  batches: number;
  /** The slot of the weights' moving averages, with its momentum, and after how many updates the weights become these: 0 for never. */
  average: { slot: number; momentum: number; frequency: number } | undefined;
}

/** A layer in its place. Signals are numbered: the model's inputs first, then what the nodes give, node after node. */
export interface NodePlan {
  layer: LayerPlan;
  /** The signals that it reads: of earlier nodes, or the model's inputs. */
  inputs: number[];
  /** How many signals it gives. */
  outputs: number;
}

export interface InputPlan extends SignalShape {
  /** int32, for an Embedding. */
  integers: boolean;
}

export interface OutputPlan extends SignalShape {
  signal: number;
  loss: LossPlan;
  /** What evaluates, where that is another: of logits that dropout is behind of in training. */
  evaluationLoss?: LossPlan;
  /** What the loss is multiplied by in the sum of all outputs' losses. */
  weight: number;
}

export interface Plan {
  weights: WeightPlan[];
  /** In an order in which every node comes after those whose signals it reads. */
  nodes: NodePlan[];
  inputs: InputPlan[];
  /** The batch size that stateful layers carry states for; left out where there are none, and any size will do. */
  batch?: number;
  outputs: OutputPlan[];
  optimizer: OptimizerPlan;
}

/** The number of each node's first signal. */
export function firstSignals({ nodes, inputs }: Pick<Plan, 'nodes' | 'inputs'>): number[] {
  let next = inputs.length;
  return nodes.map(({ outputs }) => {
    next += outputs;
    return next - outputs;
  });
}
