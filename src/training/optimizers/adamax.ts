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

export interface AdamaxOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * m ← m + (1 - beta1)(g - m); u ← max(beta2·u, |g|); w ← w - lr/(1 - beta1ᵗ) · m / (u + epsilon), with t from 1 (Kingma and Ba, 2015,
 * section 7.1). |g| is of the whole gradient; Keras on TensorFlow adds up those of the uses of an Embedding's row.
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7.
 */
export function adamax(learningRate: LearningRate, options?: EitherSpelling<AdamaxOptions>): Optimizer;
export function adamax(options?: EitherSpelling<AdamaxOptions>): Optimizer;
export function adamax(first?: Given<AdamaxOptions>, rest?: EitherSpelling<AdamaxOptions>): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const config = complete('adamax', defaults, rateFirst('adamax', first, rest), {
    ...COMMON,
    beta1: 'belowOne',
    beta2: 'belowOne',
    epsilon: 'notNegative',
  });
  const { beta1, beta2 } = config;
  const epsilon = Math.max(config.epsilon, LEAST_EPSILON);
  const update: Update = (weights, gradient, _squares, [m, u], rate, step) => {
    const alpha = rate / (1 - beta1 ** (step + 1));
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      m[i] += (1 - beta1) * (g - m[i]);
      u[i] = Math.max(beta2 * u[i], Math.abs(g));
      weights[i] -= (alpha * m[i]) / (u[i] + epsilon);
    }
  };
  return new RuleOptimizer({ name: 'adamax', slotNames: ['momentum', 'norm'], update }, config);
}
