import type { OptimizerFunction, OptimizerOptions } from './optimizer.js';
import { defineOptimizer, type Update } from './rule.js';

export interface AdamaxOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * m ← m + (1 - beta1)(g - m); u ← max(beta2·u, |g|); w ← w - lr/(1 - beta1ᵗ) · m / (u + epsilon), with t from 1 (Kingma and Ba, 2015,
 * section 7.1). |g| is of the whole gradient; Keras on TensorFlow adds up those of the uses of an Embedding's row.
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7.
 * @function
 */
export const adamax: OptimizerFunction<AdamaxOptions> = defineOptimizer(
  'adamax',
  0.001,
  { beta1: [0.9, 'belowOne'], beta2: [0.999, 'belowOne'], epsilon: [1e-7, 'notNegative'] },
  ({ beta1, beta2, epsilon }) => {
    const update: Update = (weights, gradient, _squares, [m, u], rate, step) => {
      const alpha = rate / (1 - beta1 ** (step + 1));
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i];
        m[i] += (1 - beta1) * (g - m[i]);
        u[i] = Math.max(beta2 * u[i], Math.abs(g));
        weights[i] -= (alpha * m[i]) / (u[i] + epsilon);
      }
    };
    return { slotNames: ['momentum', 'norm'], update };
  },
);
