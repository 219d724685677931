/** The options and weights of the cells of LSTM, GRU and SimpleRNN, which their layers have too. */
import { common, kernelAndBias, type Shape, type WeightSpec } from '../define.js';
import * as kind from '../schema.js';

/** The options of all cells beside those of kernel and bias. */
export const ofCells = {
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
};

/** The options of a cell that is no layer of its own. */
export const cell = { name: common.name, trainable: common.trainable, ...kernelAndBias, ...ofCells };

export interface CellOptions extends kind.OptionsOf<typeof cell> {}

const gates = {
  /** Of the gates. Default 'sigmoid'. */
  recurrentActivation: kind.defaulted(kind.activation, 'sigmoid'),
};

/** Of LSTM and its cell. */
export const ofLSTM = {
  ...gates,
  /** Start the forget gate's bias at 1 (Jozefowicz et al. 2015). Default true. */
  unitForgetBias: kind.defaulted(kind.flag, true),
};

/** Of GRU and its cell. */
export const ofGRU = {
  ...gates,
  /** Apply the reset gate after the recurrent product, as cuDNN does, and not before it. Default true. */
  resetAfter: kind.defaulted(kind.flag, true),
};

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

/** GRU's weights; its bias is two where it resets after the product. */
export function gruWeights(
  settings: { units: number; useBias: boolean; resetAfter: boolean },
  input: Shape,
): WeightSpec[] {
  const gates = 3 * settings.units;
  return gated(3, settings, input, settings.resetAfter ? [2, gates] : [gates]);
}
