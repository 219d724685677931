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

/** What a cell reads and writes. */
export interface CellPorts {
  input: Signal;
  output: CellOutput;
  /** Where dL/dx goes, if wanted. */
  dInput: Rows | undefined;
  /** The states before the first step, h and c: signals whose gradients are the cell's to place; none: zeros, or what the cell carries. */
  initial?: readonly Signal[];
  /** Whether the states after the last step go out, in finalStates. */
  givesStates?: boolean;
}

/** One recurrent cell over a sequence, in one direction. */
export interface SequenceCell {
  readonly blocks: readonly WeightBlock[];
  /** Of a stateful one, cell by cell in tfjs's order of their states: the last cell's first. */
  readonly carried: readonly CarriedState[];
  /** Number of states between cells. */
  readonly stateCount: number;
  /** Whether an output of every step must be kept apart from the states as they lie in training. */
  readonly keepsOutputApart: boolean;
  /** The rows in which the states after each step will lie, when the cell is placed for training: an output without a copy. */
  readonly states: Rows | undefined;
  /** What a placement for a stream keeps between calls, cell by cell. */
  readonly kept: readonly KeptState[];
  /** The states after the last step, where ports.givesStates. */
  readonly finalStates: readonly Signal[];
  place(ports: CellPorts, space: Space): void;
  prepare(part: number, parts: number): void;
  forward(rows: Range, training: boolean): void;
  /** Given the gradients of the outputs, of the same geometry each time. */
  backward(rows: Range, gradients: CellOutput): void;
  /** A thread's share of the weights' gradients, from all rows. */
  gradients(part: number, parts: number): void;
}
