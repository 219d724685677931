/** What an optimizer is to those that use one, and the options that all have. */
import type { EitherSpelling } from '../../spelling.js';
import type { ClippingOptions } from '../clipping.js';
import type { OptimizerName } from '../optimizers.js';
import type { LearningRateSchedule, SerializedSchedule } from '../schedules.js';

/** A trainable variable as far as an optimizer is concerned. */
export interface OptimizedVariable {
  name: string;
  /** The number of its elements. */
  size: number;
}

export interface Optimizer {
  readonly name: OptimizerName;
  /** Every option in camelCase with its value, as JSON; getOptimizer({ name, config }) makes an equal optimizer. */
  readonly config: Readonly<OptimizerConfig>;
  /** The slots of each variable, in the order of state(). */
  readonly slotNames: readonly string[];
  /** The rate of the next step. It can be set, unless a schedule governs it. */
  learningRate: number;
  /** The number of steps done. */
  iterations: number;
  /** Allocates the slots, as they are at first, for these variables in this order. Does nothing when they are there already. */
  build(variables: readonly OptimizedVariable[]): void;
  /**
   * One step: changes the weights in place. Clipping overwrites the gradients and the squares.
   *
   * @param squares for a variable that a batch uses row by row (an Embedding's), the sum of the squares of what each use
   *   adds to the gradient. Adam, RMSprop and the norms of clipping take it where they square a gradient, as Keras does
   *   on TensorFlow; with globalClipnorm only the norm does. With clipvalue the caller has limited each use.
   */
  apply(
    weights: readonly Float32Array[],
    gradients: readonly Float32Array[],
    squares?: readonly (Float32Array | undefined)[],
  ): void;
  /** Makes the weights their moving averages, if there are any: what fit ends with. */
  average(weights: readonly Float32Array[]): void;
  /** Whether weight decay applies to the variable. */
  decays(variable: OptimizedVariable): boolean;
  /** The slots themselves, not copies: for each variable one array for each of slotNames. Empty before build(). */
  state(): Float32Array[];
  /** Copies saved slots and the step count back in. */
  restore(state: readonly Float32Array[], iterations: number): void;
  /** Forgets slots and steps, as new. */
  reset(): void;
}

/** A number, or a schedule by iteration. */
export type LearningRate = number | LearningRateSchedule;

export interface OptimizerOptions extends ClippingOptions {
  learningRate?: LearningRate;
  /** Each step multiplies the weights by 1 - learningRate · weightDecay (decoupled decay). */
  weightDecay?: number | null;
  /** Names (or parts of names) of variables that do not decay, such as 'bias'. */
  excludeFromWeightDecay?: string[];
  /**
   * Keep an exponential moving average of the weights: after every batch average ← emaMomentum·average + (1 − emaMomentum)·weight, the
   * first time the weight itself. At the end of fit the weights become their averages. Default false.
   */
  useEma?: boolean;
  /** From 0 to 1. Default 0.99. */
  emaMomentum?: number;
  /** Let the weights become their averages after every so many steps too; null: not before the end. Default null. */
  emaOverwriteFrequency?: number | null;
  /** Update the weights once for so many batches, by the mean of their gradients; at least 2, null for every batch. Default null. */
  gradientAccumulationSteps?: number | null;
}

/** Makes an optimizer: `adam({ beta1: 0.8 })`, `adam(0.01)`, `adam(0.01, { beta1: 0.8 })`. */
export interface OptimizerFunction<Options extends OptimizerOptions> {
  (learningRate: LearningRate, options?: EitherSpelling<Options>): Optimizer;
  (options?: EitherSpelling<Options>): Optimizer;
}

export type OptimizerConfig = Omit<Required<OptimizerOptions>, 'learningRate'> & {
  learningRate: number | SerializedSchedule;
} & Record<string, unknown>;
