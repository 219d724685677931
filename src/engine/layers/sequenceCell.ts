/** What a recurrent layer has of a cell over a sequence, in one direction. */
import type { WeightBlock } from '../blocks.js';
import type { Range, Rows, Signal } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import type { KeptState, Space } from './layer.js';

/** Where a cell's outputs go: every step's, or the last's. */
export interface CellOutput {
  sequences?: Rows;
  last?: Rows;
}

/** dL/d a cell's outputs: none where nobody reads them, but only the states after the last step. */
export interface CellGradients {
  sequences?: Rows | undefined;
  last?: Rows | undefined;
}

/** What a cell reads and writes. */
export interface CellPorts {
  input: Signal;
  output: CellOutput;
  /** Where dL/dx goes, if wanted. */
  dInput: Rows | undefined;
  /** The states before the first step, h and c: signals whose gradients are the cell's to place; none: zeros, or what the cell carries. */
  initial: readonly Signal[];
  /** Whether the states after the last step go out, in finalStates. */
  givesStates: boolean;
}

/** One recurrent cell over a sequence, in one direction, for as long as the engine lives. */
export interface SequenceCell {
  readonly blocks: readonly WeightBlock[];
  /** Of a stateful one, cell by cell in tfjs's order of their states: the last cell's first. */
  readonly carried: readonly CarriedState[];
  /** Number of states between cells. */
  readonly stateCount: number;
  /** Whether an output of every step must be kept apart from the states as they lie in training. */
  readonly keepsOutputApart: boolean;
  place(ports: CellPorts, space: Space): PlacedSequenceCell;
}

/** A cell laid out for one batch size and number of steps. */
export interface PlacedSequenceCell {
  /** The rows in which the states after each step lie in training: an output without a copy. */
  readonly states: Rows | undefined;
  /** What a placement for a stream keeps between calls, cell by cell. */
  readonly kept: readonly KeptState[];
  /** The states after the last step, where ports.givesStates; those that nobody reads have no gradients. */
  readonly finalStates: readonly Signal[];
  prepare(part: number, parts: number): void;
  forward(rows: Range, training: boolean): void;
  /** Given the gradients of the outputs, of the same geometry each time. */
  backward(rows: Range, gradients: CellGradients): void;
  /** A thread's share of the weights' gradients, from all rows. */
  gradients(part: number, parts: number): void;
}
