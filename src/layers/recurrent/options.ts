import { common, type KernelOptions, kernel, type LayerDefinition, type Shape } from '../define.js';
import { makeLayer } from '../make.js';
import * as kind from '../schema.js';
import type { GraphLayer, SymbolicTensor } from '../symbolic.js';
import { ofCells } from './cellOptions.js';

/** What a layer gives of the steps, and where it begins. */
export const overSteps = {
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
export const recurrent = { ...common, ...kernel, ...ofCells, ...overSteps };

export interface RecurrentOptions
  extends KernelOptions,
    kind.OptionsOf<typeof ofCells>,
    kind.OptionsOf<typeof overSteps> {}

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
