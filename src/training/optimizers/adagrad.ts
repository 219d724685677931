import type { OptimizerFunction, OptimizerOptions } from './optimizer.js';
import { defineOptimizer, type Update } from './rule.js';

export interface AdagradOptions extends OptimizerOptions {
  initialAccumulatorValue?: number;
  epsilon?: number;
}

/**
 * a ← a + g²; w ← w - lr·g / √(a + epsilon) (Duchi et al., 2011), a from initialAccumulatorValue on.
 * Defaults: learningRate 0.001, initialAccumulatorValue 0.1, epsilon 1e-7.
 * @function
 */
export const adagrad: OptimizerFunction<AdagradOptions> = defineOptimizer(
  'adagrad',
  0.001,
  { initialAccumulatorValue: [0.1, 'notNegative'], epsilon: [1e-7, 'notNegative'] },
  ({ initialAccumulatorValue: initial, epsilon }) => {
    const update: Update = (weights, gradient, squares, [accumulator], rate) => {
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i];
        accumulator[i] += squares === undefined ? g * g : squares[i];
        weights[i] -= (rate * g) / Math.sqrt(accumulator[i] + epsilon);
      }
    };
    return { slotNames: ['accumulator'], initial, update };
  },
);
