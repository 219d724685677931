import type { Tensor } from '../../tfjsTypes.js';

/** Probabilities are kept this far from 0 and 1 before their logarithm is taken. */
export const PROBABILITY_EPSILON = 1e-7;

export interface Loss {
  /** In camelCase; 'custom' for a user's own function. */
  readonly name: string;
  /** Every option with its value, as JSON; getLoss({ name, config }) makes the same loss. */
  readonly config: Readonly<Record<string, unknown>>;
  /**
   * What the targets are: 'values' in the shape of the output, 'probabilities' the same and in [0, 1], 'labels' whole
   * numbers that count the output's last axis, 'any' whatever a user's own function takes.
   */
  readonly targets: 'values' | 'probabilities' | 'labels' | 'any';
  /**
   * For a cross-entropy, the activation that it undoes. From a model that ends in softmax or sigmoid, be it this one or the other,
   * positions() gets the logits, as in Keras.
   */
  readonly logitsOf?: 'softmax' | 'sigmoid';
  /** The value of each position; a user's own function may give a scalar. */
  positions(yTrue: Tensor, yPred: Tensor, fromLogits: boolean): Tensor;
}
