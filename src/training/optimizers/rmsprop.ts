import type { OptimizerFunction, OptimizerOptions } from './optimizer.js';
import { defineOptimizer, type Update } from './rule.js';

export interface RmspropOptions extends OptimizerOptions {
  /** Default 0.9. */
  rho?: number;
  momentum?: number;
  epsilon?: number;
  centered?: boolean;
}

/**
 * v ← rho·v + (1 - rho)·g²; w ← w - lr·g / √(v + epsilon). centered takes the square of the mean gradient off v in the
 * root; momentum accumulates the steps. Defaults: learningRate 0.001, rho 0.9, epsilon 1e-7.
 * @function
 */
export const rmsprop: OptimizerFunction<RmspropOptions> = defineOptimizer(
  'rmsprop',
  0.001,
  { rho: [0.9, 'fraction'], momentum: [0, 'fraction'], epsilon: [1e-7, 'notNegative'], centered: [false, 'boolean'] },
  ({ rho, momentum, epsilon, centered }) => {
    const slotNames = ['velocity', ...(momentum > 0 ? ['momentum'] : []), ...(centered ? ['averageGradient'] : [])];
    const update: Update = (weights, gradient, squares, slots, rate) => {
      const velocity = slots[0];
      const accumulated = momentum > 0 ? slots[1] : undefined;
      const average = centered ? slots[slots.length - 1] : undefined;
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i];
        velocity[i] = rho * velocity[i] + (1 - rho) * (squares === undefined ? g * g : squares[i]);
        let denominator = velocity[i] + epsilon;
        if (average !== undefined) {
          average[i] = rho * average[i] + (1 - rho) * g;
          denominator -= average[i] * average[i];
        }
        let step = (rate * g) / Math.sqrt(denominator);
        if (accumulated !== undefined) step = accumulated[i] = momentum * accumulated[i] + step;
        weights[i] -= step;
      }
    };
    return { slotNames, update };
  },
);
