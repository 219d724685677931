/** The options of MinGRU, MinLSTM and sLSTM. */
import { common, type KernelOptions, kernel } from '../define.js';
import * as kind from '../schema.js';

const own = {
  units: kind.required(kind.units),
  /** Share of the inputs to drop in training, the same ones at every step. Default 0. */
  dropout: kind.optional(kind.rate),
  /** Give the output of every step (B,T,U), not only the last (B,U). Default false. */
  returnSequences: kind.optional(kind.flag),
  /** Give the last states as well, after the output; in a Model, not in a Sequential. Default false. */
  returnState: kind.optional(kind.flag),
  /** Read the sequence from its end. Default false. */
  goBackwards: kind.optional(kind.flag),
  /** Begin every batch with the states that the one before ended with, as LSTM's stateful does. Default false. */
  stateful: kind.optional(kind.flag),
};

export const scanned = { ...common, ...kernel, ...own };

export interface ScanOptions extends KernelOptions, kind.OptionsOf<typeof own> {}

/** Of MinGRU and MinLSTM. */
export const candidate = {
  /** Of the candidate h̃. Default 'linear'. */
  activation: kind.defaulted(kind.activation, 'linear'),
};

export interface MinimalOptions extends ScanOptions, kind.OptionsOf<typeof candidate> {}
