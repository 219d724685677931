/**
 * What every layer of the engine does. A training step runs, with a barrier between any two when there are threads:
 * prepare, forward and backward on each thread's batch rows, gradients on each thread's share of the weights; a layer that gathers
 * cuts forward and backward in two. No result
 * depends on the number of threads: rows are independent, and sums over rows are taken in one order by one thread.
 */
import type { Draw } from '../../random.js';
import type { Arena } from '../arena.js';
import type { WeightBlock } from '../blocks.js';
import type { Kernels } from '../kernels.js';
import type { Range, RowOrder, Signal } from '../rows.js';
import type { CarriedState } from '../stateStore.js';

export type { Range, Signal } from '../rows.js';

/** What layers are made with; lives as long as the engine. */
export interface LayerContext {
  readonly kernels: Kernels;
  /** 1 where the 16-column tiles run, else 0. */
  readonly wide: number;
  /** What governs the random numbers of this training step. */
  readonly draw: Draw;
}

/** Where and for what a layer is placed. */
export interface Space extends RowOrder {
  readonly arena: Arena;
  /** Backward will be called, so keep what it needs. */
  readonly training: boolean;
  /** Recurrent layers, stateful or not, go on from the states that their last call left, one batch entry at a time. */
  readonly stream?: boolean;
}

/** States that a cell of a stream keeps from one step to the next, side by side: LSTM h and c (2,U), the others h (1,U). */
export interface KeptState {
  readonly address: number;
  readonly shape: readonly [number, number];
}

/**
 * Sums over all rows of the batch that a layer needs in the midst of a training step: every thread takes its share of the features,
 * all rows in one order, after all threads have come so far.
 */
export interface Gathering {
  /** Before forward, in training. */
  forward(part: number, parts: number): void;
  /** Before backward; reads output.gradient. */
  backward(part: number, parts: number): void;
}

/** A layer for as long as the engine lives. */
export interface EngineLayer {
  /** The layer's weights; their addresses are set before the first place(). */
  readonly blocks: readonly WeightBlock[];
  /** Takes rows batch-major too: no entry's work on a step needs the steps of other entries beside it. */
  readonly anyOrder?: boolean;
  /** What a stateful layer carries from batch to batch, of each cell. */
  readonly carried?: readonly CarriedState[];
  /**
   * Lays the layer out in space.arena for one batch size and number of steps. Places the gradients of the inputs that want one; those
   * of the outputs are placed later, with their readers. Called again, with a fresh arena, for every other batch size or number of
   * steps. What is written here rather than in forward or backward (constants, job records, padding) must be in arena.fixed(): the
   * rest is undefined at each call.
   * @param others the inputs after the first, of a layer that has several; treated alike
   */
  place(input: Signal, space: Space, others: readonly Signal[]): PlacedLayer;
}

/** A layer laid out for one batch size and number of steps. */
export interface PlacedLayer {
  readonly output: Signal;
  /** What the layer gives beside the output: the states of a recurrent layer. */
  readonly further?: readonly Signal[];
  /** Of each cell, zeros after a place() for a stream; none of a layer or a placement without. */
  readonly kept?: readonly KeptState[];
  /** Multiplications and additions of forward for a step of a batch entry, about, beside those of the blocks. */
  readonly flops?: number;
  readonly gathering?: Gathering | undefined;
  /** Derives from the weights what backward needs (transposed panels): this thread's share. Before each training step. */
  prepare?(part: number, parts: number): void;
  /** Phase A: the batch rows of one thread, at least one. `training` draws dropout; only ever true after a training place(). */
  forward(rows: Range, training: boolean): void;
  /**
   * Phase A: from the outputs' gradients those of the inputs, where wanted, and what gradients() needs. Neither is called where no
   * output has a gradient.
   */
  backward(rows: Range): void;
  /** Phase B: this thread's share of the columns of the weights' gradients, written (not added), summed over all rows in one order. */
  gradients(part: number, parts: number): void;
  /** What the layer adds to the loss of the batch, once forward has run on all threads. */
  penalty?(): number;
  /** After the gradients of a training step whose loss is finite: this thread's share of what the layer itself changes. */
  follow?(part: number, parts: number): void;
}

/** The share [from, to) of n things that part `part` of `parts` takes. */
export function share(n: number, part: number, parts: number): Range {
  return { from: Math.floor((n * part) / parts), to: Math.floor((n * (part + 1)) / parts) };
}
