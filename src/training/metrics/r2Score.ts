import type { NdArray } from '../../data/array.js';
import { complete } from '../options.js';
import type { Metric, MetricCount } from './metric.js';
import { eachRow } from './positions.js';

/**
 * The coefficient of determination, 1 - Σ(y - ŷ)² / Σ(y - mean)², of each output, their mean or their mean weighted by variance;
 * numRegressors p adjusts it to 1 - (1 - R²)·(n - 1)/(n - p - 1) for n numbers, as Keras counts samples. Defaults: classAggregation 'uniform_average',
 * numRegressors 0.
 */
export function r2Score(
  options: {
    classAggregation?: 'uniform_average' | 'variance_weighted_average';
    numRegressors?: number;
    name?: string;
  } = {},
): Metric {
  const defaults = { classAggregation: 'uniform_average', numRegressors: 0, name: 'r2Score' };
  const config = complete('r2Score', defaults, options, {
    classAggregation: ['uniform_average', 'variance_weighted_average'],
    numRegressors: 'count',
    name: 'string',
  });
  const { name, numRegressors, classAggregation }: typeof defaults = config;
  const start = (): MetricCount => {
    const outputs: { count: number; sum: number; squares: number; residual: number }[] = [];
    let samples = 0;
    const update = (yTrue: NdArray, yPred: NdArray, weights?: Float32Array) => {
      samples += yPred.data.length;
      eachRow(name, yTrue, yPred, weights, (at, size, weight) => {
        for (let i = 0; i < size; i++) {
          outputs[i] ??= { count: 0, sum: 0, squares: 0, residual: 0 };
          const y = yTrue.data[at + i];
          outputs[i].count += weight;
          outputs[i].sum += weight * y;
          outputs[i].squares += weight * y * y;
          outputs[i].residual += weight * (y - yPred.data[at + i]) ** 2;
        }
      });
    };
    const result = (): number => {
      if (outputs.length === 0) return Number.NaN;
      const totals = outputs.map(({ count, sum, squares }) => squares - (sum * sum) / count);
      const scores = outputs.map(({ residual }, i) => (totals[i] === 0 ? 0 : 1 - residual / totals[i]));
      const weights = classAggregation === 'uniform_average' ? totals.map(() => 1) : totals;
      const whole = weights.reduce((sum, weight) => sum + weight, 0);
      const score = scores.reduce((sum, one, i) => sum + weights[i] * one, 0) / whole;
      const free = samples - numRegressors - 1;
      // With as many regressors as samples there is nothing to adjust by, and Keras leaves the score as it is.
      return numRegressors === 0 || free <= 0 ? score : 1 - ((1 - score) * (samples - 1)) / free;
    };
    return { update, result };
  };
  return { name, direction: 'up', made: { name: 'r2Score', config }, start };
}
