import type { EitherSpelling } from '../../spelling.js';
import { complete } from '../options.js';
import { NadamFactors } from './nadamFactors.js';
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

export interface NadamOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * Adam with Nesterov momentum (Dozat, 2016), t from 1: uₜ = beta1·(1 - 0.96ᵗ/2), Uₜ = u₁·…·uₜ; m and v as in adam;
 * w ← w - lr·(uₜ₊₁·m/(1 - Uₜ₊₁) + (1 - uₜ)·g/(1 - Uₜ)) / (√(v/(1 - beta2ᵗ)) + epsilon).
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7.
 */
export function nadam(learningRate: LearningRate, options?: EitherSpelling<NadamOptions>): Optimizer;
export function nadam(options?: EitherSpelling<NadamOptions>): Optimizer;
export function nadam(first?: Given<NadamOptions>, rest?: EitherSpelling<NadamOptions>): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const config = complete('nadam', defaults, rateFirst('nadam', first, rest), {
    ...COMMON,
    beta1: 'belowOne',
    beta2: 'belowOne',
    epsilon: 'notNegative',
  });
  const { beta1, beta2 } = config;
  const epsilon = Math.max(config.epsilon, LEAST_EPSILON);
  const factors = new NadamFactors(beta1);
  const update: Update = (weights, gradient, squares, [m, v], rate, step) => {
    const { ofMomentum, ofGradient } = factors.at(step);
    const unbiased = 1 - beta2 ** (step + 1);
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      m[i] += (1 - beta1) * (g - m[i]);
      v[i] += (1 - beta2) * ((squares === undefined ? g * g : squares[i]) - v[i]);
      weights[i] -= (rate * (ofMomentum * m[i] + ofGradient * g)) / (Math.sqrt(v[i] / unbiased) + epsilon);
    }
  };
  return new RuleOptimizer({ name: 'nadam', slotNames: ['momentum', 'velocity'], update }, config);
}
