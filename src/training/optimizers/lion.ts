import type { OptimizerFunction, OptimizerOptions } from './optimizer.js';
import { defineOptimizer, type Update } from './rule.js';

export interface LionOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
}

/**
 * w ← w - lr · sign(beta1·m + (1 - beta1)·g); m ← beta2·m + (1 - beta2)·g (Chen et al., 2023).
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.99.
 * @function
 */
export const lion: OptimizerFunction<LionOptions> = defineOptimizer(
  'lion',
  0.001,
  { beta1: [0.9, 'aboveZero'], beta2: [0.99, 'belowOne'] },
  ({ beta1, beta2 }) => {
    const update: Update = (weights, gradient, _squares, [m], rate) => {
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i];
        weights[i] -= rate * Math.sign(beta1 * m[i] + (1 - beta1) * g);
        m[i] = beta2 * m[i] + (1 - beta2) * g;
      }
    };
    return { slotNames: ['momentum'], update };
  },
);
