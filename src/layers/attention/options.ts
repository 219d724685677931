import * as kind from '../schema.js';

/** The options that Attention and AdditiveAttention share. */
export const attending = {
  /** Share of the weights to drop in training. Default 0. */
  dropout: kind.defaulted(kind.rate, 0),
  /** Step t looks at steps up to t alone. In Keras an option of the call. Default false. */
  useCausalMask: kind.defaulted(kind.flag, false),
};
