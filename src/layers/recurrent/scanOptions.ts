/** What MinGRU, MinLSTM and sLSTM have in common. */
import type { ComputedWeight } from '../computed.js';
import { common, features, type KernelOptions, kernel, type Shape } from '../define.js';
import type { SettingsOf } from '../schema.js';
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

/** Kernel (I,gU) and bias (gU) of g gates of U units over I inputs, and what comes between them. */
export function scanWeights(
  gates: number,
  settings: SettingsOf<typeof scanned>,
  input: Shape,
  between: readonly ComputedWeight[] = [],
): ComputedWeight[] {
  const { units, useBias, kernelInitializer, kernelRegularizer, kernelConstraint } = settings;
  const { biasInitializer, biasRegularizer, biasConstraint } = settings;
  const columns = gates * units;
  return [
    {
      name: 'kernel',
      shape: [features(input), columns],
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    },
    ...between,
    ...(useBias
      ? [
          {
            name: 'bias',
            shape: [columns],
            initializer: biasInitializer,
            regularizer: biasRegularizer,
            constraint: biasConstraint,
          },
        ]
      : []),
  ];
}
