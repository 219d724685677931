import type { EitherSpelling } from '../../spelling.js';
import { complete } from '../options.js';
import {
  COMMON,
  type Given,
  LEAST_EPSILON,
  type LearningRate,
  NO_CHANGE,
  type Optimizer,
  type OptimizerOptions,
  RuleOptimizer,
  rateFirst,
  type Update,
} from './rule.js';

export interface AdagradOptions extends OptimizerOptions {
  initialAccumulatorValue?: number;
  epsilon?: number;
}

/**
 * a ← a + g²; w ← w - lr·g / √(a + epsilon) (Duchi et al., 2011), a from initialAccumulatorValue on.
 * Defaults: learningRate 0.001, initialAccumulatorValue 0.1, epsilon 1e-7.
 */
export function adagrad(learningRate: LearningRate, options?: EitherSpelling<AdagradOptions>): Optimizer;
export function adagrad(options?: EitherSpelling<AdagradOptions>): Optimizer;
export function adagrad(first?: Given<AdagradOptions>, rest?: EitherSpelling<AdagradOptions>): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 };
  const config = complete('adagrad', defaults, rateFirst('adagrad', first, rest), {
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
