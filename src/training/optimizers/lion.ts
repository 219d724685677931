import type { EitherSpelling } from '../../spelling.js';
import { complete } from '../options.js';
import {
  COMMON,
  type Given,
  type LearningRate,
  NO_CHANGE,
  type Optimizer,
  type OptimizerOptions,
  RuleOptimizer,
  rateFirst,
  type Update,
} from './rule.js';

export interface LionOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
}

/**
 * w ← w - lr · sign(beta1·m + (1 - beta1)·g); m ← beta2·m + (1 - beta2)·g (Chen et al., 2023).
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.99.
 */
export function lion(learningRate: LearningRate, options?: EitherSpelling<LionOptions>): Optimizer;
export function lion(options?: EitherSpelling<LionOptions>): Optimizer;
export function lion(first?: Given<LionOptions>, rest?: EitherSpelling<LionOptions>): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.001, beta1: 0.9, beta2: 0.99 };
  const config = complete('lion', defaults, rateFirst('lion', first, rest), {
    ...COMMON,
    beta1: 'positiveFraction',
    beta2: 'belowOne',
  });
  const { beta1, beta2 } = config;
  const update: Update = (weights, gradient, _squares, [m], rate) => {
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      weights[i] -= rate * Math.sign(beta1 * m[i] + (1 - beta1) * g);
      m[i] = beta2 * m[i] + (1 - beta2) * g;
    }
  };
  return new RuleOptimizer({ name: 'lion', slotNames: ['momentum'], update }, config);
}
