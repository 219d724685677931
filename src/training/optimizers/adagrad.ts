import { complete } from '../options.js';
import {
  COMMON,
  LEAST_EPSILON,
  NO_CHANGE,
  type Optimizer,
  type OptimizerOptions,
  RuleOptimizer,
  type Update,
} from './rule.js';

/**
 * a ← a + g²; w ← w - lr·g / √(a + epsilon) (Duchi et al., 2011), a from initialAccumulatorValue on.
 * Defaults: learningRate 0.001, initialAccumulatorValue 0.1, epsilon 1e-7.
 */
export function adagrad(
  options: OptimizerOptions & { initialAccumulatorValue?: number; epsilon?: number } = {},
): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 };
  const config = complete('adagrad', defaults, options, {
    ...COMMON,
    initialAccumulatorValue: 'notNegative',
    epsilon: 'notNegative',
  });
  const epsilon = Math.max(config.epsilon, LEAST_EPSILON);
  const update: Update = (weights, gradient, squares, [accumulator], rate) => {
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      accumulator[i] += squares === undefined ? g * g : squares[i];
      weights[i] -= (rate * g) / Math.sqrt(accumulator[i] + epsilon);
    }
  };
  const initial = config.initialAccumulatorValue;
  return new RuleOptimizer({ name: 'adagrad', slotNames: ['accumulator'], initial, update }, config);
}
