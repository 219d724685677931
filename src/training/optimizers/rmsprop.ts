import type { EitherSpelling } from '../../spelling.js';
import { complete } from '../options.js';
import {
  COMMON,
  type Given,
  LEAST_EPSILON,
  type LearningRate,
  NO_CHANGE,
  type Optimizer,
  type RmspropOptions,
  RuleOptimizer,
  rateFirst,
  type Update,
} from './rule.js';

/**
 * v ← rho·v + (1 - rho)·g²; w ← w - lr·g / √(v + epsilon). centered takes the square of the mean gradient off v in the
 * root; momentum accumulates the steps. Defaults: learningRate 0.001, rho 0.9, epsilon 1e-7.
 */
export function rmsprop(learningRate: LearningRate, options?: EitherSpelling<RmspropOptions>): Optimizer;
export function rmsprop(options?: EitherSpelling<RmspropOptions>): Optimizer;
export function rmsprop(first?: Given<RmspropOptions>, rest?: EitherSpelling<RmspropOptions>): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
  const config = complete('rmsprop', defaults, rateFirst('rmsprop', first, rest), {
    ...COMMON,
    rho: 'fraction',
    momentum: 'fraction',
    epsilon: 'notNegative',
    centered: 'boolean',
  });
  const { rho, momentum, centered } = config;
  const epsilon = Math.max(config.epsilon, LEAST_EPSILON);
  const slotNames = ['velocity', ...(momentum > 0 ? ['momentum'] : []), ...(centered ? ['averageGradient'] : [])];
  const update: Update = (weights, gradient, squares, slots, rate) => {
    const velocity = slots[0];
    const accumulated = momentum > 0 ? slots[1] : undefined;
    const average = centered ? slots[slots.length - 1] : undefined;
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      velocity[i] = rho * velocity[i] + (1 - rho) * (squares === undefined ? g * g : squares[i]);
      let denominator = velocity[i] + epsilon;
      if (average !== undefined) {
        average[i] = rho * average[i] + (1 - rho) * g;
        denominator -= average[i] * average[i];
      }
      let step = (rate * g) / Math.sqrt(denominator);
      if (accumulated !== undefined) step = accumulated[i] = momentum * accumulated[i] + step;
      weights[i] -= step;
    }
  };
  return new RuleOptimizer({ name: 'rmsprop', slotNames, update }, config);
}
