import type { NdArray } from '../../data/array.js';

/** What is measured; the numbers are in the counts that it starts. */
export interface Metric {
  /** Its key in logs and history. */
  readonly name: string;
  /** Whether more or less of it is better; what callbacks with mode 'auto' go by. */
  readonly direction?: 'up' | 'down';
  /** Which of several outputs it is of. */
  readonly output?: number;
  /** What makes the same again, of memcell's own: its kind's name and its options. A saved model has it. */
  readonly made?: { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
  /** Begins a pass over samples, which shares nothing with any other. */
  start(): MetricCount;
}

/** A metric over the batches of one pass. */
export interface MetricCount {
  /** Takes one batch in. weights has one number for each position. */
  update(yTrue: NdArray, yPred: NdArray, weights?: Float32Array): void;
  /** The metric over all batches so far; NaN when there were none. */
  result(): number;
  /** What it has counted so far, which `restore` of another count takes: backups within an epoch need the two. */
  save?(): number[];
  restore?(counted: readonly number[]): void;
}
