import type { EitherSpelling } from '../../spelling.js';
import { complete } from '../options.js';
import {
  type AdamOptions,
  COMMON,
  type Given,
  LEAST_EPSILON,
  type LearningRate,
  NO_CHANGE,
  type Optimizer,
  RuleOptimizer,
  rateFirst,
  type Update,
} from './rule.js';

/**
 * m ← m + (1 - beta1)(g - m); v ← v + (1 - beta2)(g² - v); w ← w - lr·√(1 - beta2ᵗ)/(1 - beta1ᵗ) · m / (√v + epsilon),
 * with t from 1 (Kingma and Ba, 2015, the form before section 2.1). amsgrad takes the largest v so far.
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7.
 */
export function adam(learningRate: LearningRate, options?: EitherSpelling<AdamOptions>): Optimizer;
export function adam(options?: EitherSpelling<AdamOptions>): Optimizer;
export function adam(first?: Given<AdamOptions>, rest?: EitherSpelling<AdamOptions>): Optimizer {
  return adamRule('adam', rateFirst('adam', first, rest), null);
}

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019). Defaults: as adam, and weightDecay 0.004. */
export function adamw(learningRate: LearningRate, options?: EitherSpelling<AdamOptions>): Optimizer;
export function adamw(options?: EitherSpelling<AdamOptions>): Optimizer;
export function adamw(first?: Given<AdamOptions>, rest?: EitherSpelling<AdamOptions>): Optimizer {
  return adamRule('adamw', rateFirst('adamw', first, rest), 0.004);
}

function adamRule(name: 'adam' | 'adamw', options: AdamOptions, weightDecay: number | null): Optimizer {
  const defaults = { ...NO_CHANGE, learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false };
  const config = complete(name, { ...defaults, weightDecay }, options, {
    ...COMMON,
    beta1: 'belowOne',
    beta2: 'belowOne',
    epsilon: 'notNegative',
    amsgrad: 'boolean',
  });
  const { beta1, beta2, amsgrad } = config;
  const epsilon = Math.max(config.epsilon, LEAST_EPSILON);
  const update: Update = (weights, gradient, squares, [m, v, largest], rate, step) => {
    const alpha = (rate * Math.sqrt(1 - beta2 ** (step + 1))) / (1 - beta1 ** (step + 1));
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      m[i] += (1 - beta1) * (g - m[i]);
      v[i] += (1 - beta2) * ((squares === undefined ? g * g : squares[i]) - v[i]);
      if (amsgrad) largest[i] = Math.max(largest[i], v[i]);
      weights[i] -= (alpha * m[i]) / (Math.sqrt(amsgrad ? largest[i] : v[i]) + epsilon);
    }
  };
  const slotNames = ['momentum', 'velocity', ...(amsgrad ? ['velocityHat'] : [])];
  return new RuleOptimizer({ name, slotNames, update }, config);
}
