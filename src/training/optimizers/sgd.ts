import type { OptimizerFunction, OptimizerOptions } from './optimizer.js';
import { defineOptimizer, type Update } from './rule.js';

export interface SgdOptions extends OptimizerOptions {
  /** Default 0. */
  momentum?: number;
  nesterov?: boolean;
}

/**
 * w ← w - lr·g; with momentum, v ← momentum·v - lr·g and w ← w + v, or with nesterov w ← w + momentum·v - lr·g.
 * Defaults: learningRate 0.01, momentum 0.
 * @function
 */
export const sgd: OptimizerFunction<SgdOptions> = defineOptimizer(
  'sgd',
  0.01,
  { momentum: [0, 'fraction'], nesterov: [false, 'boolean'] },
  ({ momentum, nesterov }) => {
    const update: Update = (weights, gradient, _squares, [velocity], rate) => {
      for (let i = 0; i < weights.length; i++) {
        const step = rate * gradient[i];
        if (velocity === undefined) {
          weights[i] -= step;
          continue;
        }
        velocity[i] = momentum * velocity[i] - step;
        weights[i] += nesterov ? momentum * velocity[i] - step : velocity[i];
      }
    };
    return { slotNames: momentum === 0 ? [] : ['momentum'], update };
  },
);
