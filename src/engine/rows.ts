/** Activations in the engine's memory. Letters: B batch, T steps, F features. */
import type { Arena } from './arena.js';

/**
 * Rows of floats: element (t, b, j) lies at byte `address` + 4·(t·stepStride + b·rowStride + j). The engine's own buffers are
 * time-major, stepStride = B·rowStride, so that one step's rows lie together; a caller's (B, T, F) array is the same with
 * stepStride F and rowStride T·F.
 */
export interface Rows {
  address: number;
  stepStride: number;
  rowStride: number;
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
  /** Address of one float per row t·B + b, 1 where the step counts and 0 where it does not; 0: no mask. */
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
export function timeMajor(address: number, batch: number, steps: number, width: number, rowStride: number): Rows {
  return { address, stepStride: batch * rowStride, rowStride, steps, width };
}

/** Rows of an arena, time-major, whose contents are undefined at the start of every step. */
export function newRows(arena: Arena, batch: number, steps: number, width: number): Rows {
  const ld = rowLength(width);
  return timeMajor(arena.floats(batch * steps * ld), batch, steps, width, ld);
}

/** Calls visit for the rows t·B + b of a share of the batch, in as few runs of neighbouring rows as there are. */
export function eachRun(share: Range, batch: number, steps: number, visit: (from: number, to: number) => void): void {
  if (share.to - share.from === batch) visit(0, steps * batch);
  else for (let t = 0; t < steps; t++) visit(t * batch + share.from, t * batch + share.to);
}

/** The same rows from the last step to the first. */
export function reversed(rows: Rows): Rows {
  const { address, steps, stepStride } = rows;
  return { ...rows, address: address + 4 * (steps - 1) * stepStride, stepStride: -stepStride };
}
