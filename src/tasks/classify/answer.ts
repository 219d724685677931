import type { NdArray } from '../../data/array.js';

/** The class of one row, or of a group of rows. */
export interface Answer {
  /** From 1. */
  row: number;
  group?: string;
  label: string;
  probabilities: number[];
}

/** One sample as the network sees it. */
export interface ClassifyInput {
  /** (1, features), (1, T, features) or (1, T) */
  x: NdArray;
  /** 'row 3', or the group. */
  name: string;
  /** What the numbers of a step are; not of texts, and where one row is several steps. */
  features?: string[];
}
