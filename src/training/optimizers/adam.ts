import type { OptimizerFunction, OptimizerOptions } from './optimizer.js';
import { defineOptimizer, type Update } from './rule.js';

export interface AdamOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
  amsgrad?: boolean;
}

const options = {
  beta1: [0.9, 'belowOne'],
  beta2: [0.999, 'belowOne'],
  epsilon: [1e-7, 'notNegative'],
  amsgrad: [false, 'boolean'],
} as const;

/**
 * m ← m + (1 - beta1)(g - m); v ← v + (1 - beta2)(g² - v); w ← w - lr·√(1 - beta2ᵗ)/(1 - beta1ᵗ) · m / (√v + epsilon),
 * with t from 1 (Kingma and Ba, 2015, the form before section 2.1). amsgrad takes the largest v so far.
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7.
 * @function
 */
export const adam: OptimizerFunction<AdamOptions> = defineOptimizer('adam', 0.001, options, rule);

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019). Defaults: as adam, and weightDecay 0.004.
 * @function
 */
export const adamw: OptimizerFunction<AdamOptions> = defineOptimizer(
  'adamw',
  0.001,
  { ...options, weightDecay: [0.004, 'notNegative?'] },
  rule,
);

function rule({ beta1, beta2, epsilon, amsgrad }: Required<Omit<AdamOptions, keyof OptimizerOptions>>) {
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
  return { slotNames: ['momentum', 'velocity', ...(amsgrad ? ['velocityHat'] : [])], update };
}
