import type { EitherSpelling } from '../../spelling.js';
import { complete } from '../options.js';
import {
  COMMON,
  type Given,
  type LearningRate,
  NO_CHANGE,
  type Optimizer,
  RuleOptimizer,
  rateFirst,
  type SgdOptions,
  type Update,
} from './rule.js';

/**
 * w ← w - lr·g; with momentum, v ← momentum·v - lr·g and w ← w + v, or with nesterov w ← w + momentum·v - lr·g.
 * Defaults: learningRate 0.01, momentum 0.
 */
export function sgd(learningRate: LearningRate, options?: EitherSpelling<SgdOptions>): Optimizer;
export function sgd(options?: EitherSpelling<SgdOptions>): Optimizer;
export function sgd(first?: Given<SgdOptions>, rest?: EitherSpelling<SgdOptions>): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.01, momentum: 0, nesterov: false };
  const config = complete('sgd', defaults, rateFirst('sgd', first, rest), {
    ...COMMON,
    momentum: 'fraction',
    nesterov: 'boolean',
  });
  const { momentum, nesterov } = config;
  const update: Update = (weights, gradient, _squares, [velocity], rate) => {
    for (let i = 0; i < weights.length; i++) {
      const step = rate * gradient[i];
      if (velocity === undefined) {
        weights[i] -= step;
        continue;
      }
      velocity[i] = momentum * velocity[i] - step;
      weights[i] += nesterov ? momentum * velocity[i] - step : velocity[i];
    }
  };
  return new RuleOptimizer({ name: 'sgd', slotNames: momentum === 0 ? [] : ['momentum'], update }, config);
}
