import * as kind from '../schema.js';

/** The options of normalizations that scale and center. */
export const scaled = {
  /** Added to the variance. Default 1e-3. */
  epsilon: kind.defaulted(kind.notNegative, 1e-3),
  /** Add a learned offset β. Default true. */
  center: kind.defaulted(kind.flag, true),
  /** Multiply by a learned factor γ. Default true. */
  scale: kind.defaulted(kind.flag, true),
  /** Default 'zeros'. */
  betaInitializer: kind.defaulted(kind.initializer, 'zeros'),
  /** Default 'ones'. */
  gammaInitializer: kind.defaulted(kind.initializer, 'ones'),
  betaRegularizer: kind.optional(kind.regularizer),
  gammaRegularizer: kind.optional(kind.regularizer),
  betaConstraint: kind.optional(kind.constraint),
  gammaConstraint: kind.optional(kind.constraint),
};
