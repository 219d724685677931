import { common, type KernelOptions, kernel, type LayerDefinition, type Shape, type WeightSpec } from '../define.js';
import { makeLayer } from '../make.js';
import * as kind from '../schema.js';
import type { GraphLayer, SymbolicTensor } from '../symbolic.js';

const own = {
  units: kind.required(kind.units),
  /** Default 'tanh'. */
  activation: kind.defaulted(kind.activation, 'tanh'),
  /** Default 'orthogonal'. */
  recurrentInitializer: kind.defaulted(kind.initializer, 'orthogonal'),
  recurrentRegularizer: kind.optional(kind.regularizer),
  recurrentConstraint: kind.optional(kind.constraint),
  /** Share of the inputs to drop in training, the same ones at every step. Default 0. */
  dropout: kind.optional(kind.rate),
  /** Share of the state to drop in training, the same units at every step. Default 0. */
  recurrentDropout: kind.optional(kind.rate),
  /** Give the output of every step (B,T,U), not only the last (B,U). Default false. */
  returnSequences: kind.optional(kind.flag),
  /** Give the last states as well, after the output: h and c of LSTM, h of the others; in a Model, not in a Sequential. Default false. */
  returnState: kind.optional(kind.flag),
  /** Read the sequence from its end. Default false. */
  goBackwards: kind.optional(kind.flag),
  /**
   * Begin every batch with the states that the one before ended with, row by row, in fit, evaluate and predict alike; no gradient
   * flows back into that batch. Needs a fixed batch size (batchShape). States are zero at first and after resetStates() of the
   * model or the layer; nothing else resets them, no epoch and no validation. They are not saved. Default false.
   */
  stateful: kind.optional(kind.flag),
};

/** The options of LSTM, GRU and SimpleRNN. */
export const recurrent = { ...common, ...kernel, ...own };

export interface RecurrentOptions extends KernelOptions, kind.OptionsOf<typeof own> {}

/** A function that makes a recurrent layer: one that gives a list, its output and then its last states, where it returns them. */
export interface RecurrentFunction<Options> {
  (units: number, options: Options & ({ returnState: true } | { return_state: true })): GraphLayer<SymbolicTensor[]>;
  (units: number, options?: Options): GraphLayer;
}

export function recurrentFunction<Options extends object>(definition: LayerDefinition): RecurrentFunction<Options> {
  return (units: number, options: object = {}) => makeLayer(definition, [units], options);
}

/** (B,T,I) → (B,U), or (B,T,U) with returnSequences. */
export function recurrentShape(
  { units, returnSequences }: { units: number; returnSequences?: boolean | undefined },
  [[batch, steps]]: readonly Shape[],
): Shape {
  return returnSequences ? [batch, steps, units] : [batch, units];
}

/** The weights of `gates` gates of U units over I inputs: kernel (I,gU), recurrent kernel (U,gU) and a bias. */
export function gated(
  gates: number,
  { units, useBias }: { units: number; useBias: boolean },
  input: Shape,
  bias: readonly number[] = [gates * units],
): WeightSpec[] {
  return [
    { name: 'kernel', shape: [input[input.length - 1] ?? 0, gates * units] },
    { name: 'recurrent_kernel', shape: [units, gates * units] },
    ...(useBias ? [{ name: 'bias', shape: bias }] : []),
  ];
}
