/** Activations in the engine's memory. Letters: B batch, T steps, F features. */
import type { Arena } from './arena.js';

/** B entries, and which rows lie together: those of a step, or, where nothing goes from step to step, those of an entry. */
export interface RowOrder {
  readonly batch: number;
  readonly batchMajor: boolean;
}

/**
 * Rows of floats: element (t, b, j) lies at byte `address` + 4·(t·stepStride + b·rowStride + j). Of the engine's own buffers rows in
 * order are `ld` apart: time-major, rowStride = ld and stepStride = B·ld, or batch-major, stepStride = ld and rowStride = T·ld. A
 * caller's (B, T, F) array is batch-major with ld = F.
 */
export interface Rows {
  address: number;
  stepStride: number;
  rowStride: number;
  /** From a row to the next in memory. */
  ld: number;
  /** T; 1 for a batch without time. */
  steps: number;
  /** F: floats of a row that count. */
  width: number;
}

/** What flows from one layer to those that read it: of several readers each has a signal of its own of the same values. */
export interface Signal {
  values: Rows;
  /** (B, T, F) rather than (B, F). */
  sequence: boolean;
  /** Address of one float per row, 1 where the step counts and 0 where it does not; 0: no mask. */
  mask: number;
  /** Whether someone before needs dL/d values. */
  wantsGradient: boolean;
  /**
   * Where the reader writes dL/d values, set by the reader when it is placed (gradients.ts), or before by what gives the signal: space that
   * nothing else uses until the giver's backward.
   */
  gradient?: Rows;
}

/** A signal of these values that is otherwise as the one that they come from. */
export function signalFrom(
  { sequence, mask, wantsGradient }: Signal,
  values: Rows,
  otherwise: Partial<Pick<Signal, 'sequence' | 'mask' | 'wantsGradient'>> = {},
): Signal {
  return { values, sequence, mask, wantsGradient, ...otherwise };
}

/** A thread's share of the batch, rows from ≤ b < to. */
export interface Range {
  from: number;
  to: number;
}

/**
 * Floats from one row to the next for rows of at least `width`: whole panels of 16, and no multiple of 256 bytes, which
 * would make the rows share cache sets.
 */
export function rowLength(width: number): number {
  const floats = Math.ceil(width / 16) * 16;
  return floats % 64 === 0 ? floats + 16 : floats;
}

/** Time-major rows at this address. */
export function timeMajor(address: number, batch: number, steps: number, width: number, ld: number): Rows {
  return { address, stepStride: batch * ld, rowStride: ld, ld, steps, width };
}

/** Batch-major rows at this address. */
export function batchMajor(address: number, steps: number, width: number, ld = width): Rows {
  return { address, stepStride: ld, rowStride: steps * ld, ld, steps, width };
}

/** Rows of an arena, in its order, whose contents are undefined at the start of every step. */
export function newRows(space: RowOrder & { readonly arena: Arena }, steps: number, width: number): Rows {
  const ld = rowLength(width);
  const { batch } = space;
  const address = space.arena.floats(batch * steps * ld);
  return space.batchMajor ? batchMajor(address, steps, width, ld) : timeMajor(address, batch, steps, width, ld);
}

/** Whether rows lie as in a (B, T, F) array, be it that there is one step or one entry. */
export function isBatchMajor({ batch, batchMajor }: RowOrder, steps: number): boolean {
  return batchMajor || steps === 1 || batch === 1;
}

/** How far apart the numbers of rows are: from a step to the next, and from an entry to the next. */
export function rowNumbers(order: RowOrder, steps: number): { step: number; entry: number } {
  return order.batchMajor ? { step: 1, entry: steps } : { step: order.batch, entry: 1 };
}

/** Calls visit for the numbers of the rows of a share of the batch, in as few runs of neighbouring rows as there are. */
export function eachRun(
  { from, to }: Range,
  { batch, batchMajor }: RowOrder,
  steps: number,
  visit: (from: number, to: number) => void,
): void {
  if (batchMajor || steps === 1 || to - from === batch) visit(from * steps, to * steps);
  else for (let t = 0; t < steps; t++) visit(t * batch + from, t * batch + to);
}

/** The same rows from the last step to the first. */
export function reversed(rows: Rows): Rows {
  const { address, steps, stepStride } = rows;
  return { ...rows, address: address + 4 * (steps - 1) * stepStride, stepStride: -stepStride };
}
