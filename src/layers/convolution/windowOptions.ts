import * as kind from '../schema.js';

/** The options of convolutions that say which steps a window takes. */
export const windowOptions = {
  /** Steps from one window to the next. Default 1. */
  strides: kind.defaulted(kind.single(kind.units), 1),
  /** 'same' puts steps before and after, so that there are as many windows as steps where strides is 1. Default 'valid'. */
  padding: kind.defaulted(kind.oneOf('valid', 'same', 'causal'), 'valid'),
  /** Steps from one step of a window to the next. Default 1. */
  dilationRate: kind.defaulted(kind.single(kind.units), 1),
};
