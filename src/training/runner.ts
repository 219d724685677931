import type { NdArray } from '../data/array.js';
import type { Samples } from './batches.js';
import type { Optimizer } from './optimizers.js';

/** What one batch gives back. The arrays may be views that the next call on the runner overwrites. */
export interface BatchResult {
  /** Mean loss of the batch, regularisation included; for training, before the update. */
  loss: number;
  /** Of a model with several outputs, the loss of each, before weights and regularisation. */
  losses?: number[];
  /** What the model answered, (B, …), several outputs side by side: in training mode for trainBatch. */
  predictions: NdArray;
  /** (B·T) the mask that came with each output, 1 where a step counts; undefined where there is none. */
  masks: readonly (Float32Array | undefined)[];
}

/** Everything that training changes, copied: what stopping, resuming and going back to a good epoch need. */
export interface TrainingState {
  /** Every weight of the model, in the order of weightsInOrder(). */
  weights: Float32Array[];
  /** The optimizer's slots, in the order of Optimizer.state(); absent: leave the optimizer as it is. */
  optimizer?: { iterations: number; state: Float32Array[] };
}

/** A TrainingState as the runner that made it keeps it: quick to copy, and of use to that runner alone. */
export interface Checkpoint {
  /** All weights; there may be zeros among them that are none. */
  weights: Float32Array[];
  optimizer: { iterations: number; state: Float32Array[] };
  /** What stateful layers carry to the next batch. */
  states: Float32Array[];
}

/**
 * Runs a compiled model batch by batch. The optimizer's learningRate and iterations are read before every trainBatch
 * and iterations is one higher after it, whoever owns the slots. Every batch takes the states of stateful layers on, unless its loss
 * is not finite, or for predictions these states.
 */
export interface Runner {
  readonly kind: 'memcell' | 'tfjs';
  readonly optimizer: Optimizer;
  /** The only batch size that a model with stateful layers takes. */
  readonly batch: number | undefined;
  /** Governs dropout: the masks are a function of (seed, layer, optimizer.iterations). */
  seed: number;
  /**
   * Forward, loss, backward, optimizer. sampleWeight is (B) or (B·T). When the loss is not finite, it is returned and
   * nothing is updated.
   */
  trainBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult;
  /** Forward and loss, as at prediction time. */
  evaluateBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult;
  /** Forward only. The array may be a view, as in BatchResult. */
  predictBatch(x: NdArray): NdArray;
  /**
   * The three again, but where a batch takes long, timers and other work run in between, and a promise comes back. `take` is given
   * what the batch gives before another may begin, and what it gives comes back. Calls of these wait for each other; none of the others
   * may be called meanwhile, but those that only read weights.
   */
  trainInTurns<R>(samples: Samples, take: (result: BatchResult) => R): R | Promise<R>;
  evaluateInTurns<R>(samples: Samples, take: (result: BatchResult) => R): R | Promise<R>;
  predictInTurns<R>(x: NdArray, take: (predictions: NdArray) => R): R | Promise<R>;
  /** Whether no weight is infinite or NaN. */
  weightsAreFinite(): boolean;
  /** Copies out all weights and the optimizer's slots. */
  capture(): TrainingState;
  /** Puts a captured state back; states of stateful layers are none of it. */
  restore(state: TrainingState): void;
  /** The same for going back within a training; copies into the arrays of an earlier checkpoint where one is given. */
  checkpoint(into?: Checkpoint): Checkpoint;
  /** Puts a checkpoint back. */
  goBack(checkpoint: Checkpoint): void;
  /** Makes the trained weights their moving averages, where the optimizer keeps any. */
  average(): void;
  /** Brings the tfjs variables, the tfjs layers' states and the optimizer's own slots in step with what the runner holds. */
  sync(): void;
  /** Frees what the runner holds beside the model. */
  dispose(): void;
}
