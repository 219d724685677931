/** What settings may be when they are searched: each range is declared beside the setting, in its task's options. */
import type { Random } from '../random.js';

/** The values that a setting may have. */
export interface Range<T> {
  /** 'from 0.001 to 0.02', '16, 32 or 64' */
  readonly what: string;
  draw(random: Random): T;
}

/** Numbers whose logarithm is uniform, to two significant digits. */
export function between(from: number, to: number): Range<number> {
  return {
    what: `from ${from} to ${to}`,
    draw: (random) => Number((from * (to / from) ** random.uniform()).toPrecision(2)),
  };
}

/** Whole numbers, both ends included, each as likely as its logarithm is wide. */
export function wholeBetween(from: number, to: number): Range<number> {
  return {
    what: `from ${from} to ${to}`,
    draw: (random) => Math.floor(from * ((to + 1) / from) ** random.uniform()),
  };
}

/** One of some values, each as likely as the others. */
export function anyOf<const T extends number | string>(...values: readonly T[]): Range<T> {
  return {
    what: `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`,
    draw: (random) => values[random.integer(values.length)],
  };
}

/** What the hidden layers of a task's own network may be. Its other layers, the first and the last, stay as they are. */
export interface LayerRanges {
  units: Range<number>;
  /** How many of them follow one another. */
  depth: Range<number>;
  /** The rate of a Dropout after each. */
  dropout: Range<number>;
  /** Which recurrent layer it is; rows have none. */
  cell: Range<'LSTM' | 'GRU'>;
}

/** What is searched beside a task's own options. */
export interface TrainingRanges {
  learningRate: Range<number>;
  batchSize: Range<number>;
  layers: LayerRanges;
}
