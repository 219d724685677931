import { NadamFactors } from './nadamFactors.js';
import type { OptimizerFunction, OptimizerOptions } from './optimizer.js';
import { defineOptimizer, type Update } from './rule.js';

export interface NadamOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * Adam with Nesterov momentum (Dozat, 2016), t from 1: uₜ = beta1·(1 - 0.96ᵗ/2), Uₜ = u₁·…·uₜ; m and v as in adam;
 * w ← w - lr·(uₜ₊₁·m/(1 - Uₜ₊₁) + (1 - uₜ)·g/(1 - Uₜ)) / (√(v/(1 - beta2ᵗ)) + epsilon).
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7.
 * @function
 */
export const nadam: OptimizerFunction<NadamOptions> = defineOptimizer(
  'nadam',
  0.001,
  { beta1: [0.9, 'belowOne'], beta2: [0.999, 'belowOne'], epsilon: [1e-7, 'notNegative'] },
  ({ beta1, beta2, epsilon }) => {
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
    return { slotNames: ['momentum', 'velocity'], update };
  },
);
