import type { NdArray } from '../../data/array.js';
import { usageError } from '../../errors.js';
import { complete } from '../options.js';
import type { Metric, MetricCount } from './metric.js';
import { eachRow, ratio } from './positions.js';

/**
 * The area under the curve of true positives against false ones (ROC), or of precision against recall (PR, interpolated as Davis and
 * Goadrich, 2006), over evenly spaced thresholds of predictions in [0, 1]. Defaults: numThresholds 200, curve 'ROC'.
 */
export function auc(options: { numThresholds?: number; curve?: 'ROC' | 'PR'; name?: string } = {}): Metric {
  const defaults = { numThresholds: 200, curve: 'ROC', name: 'auc' };
  const config = complete('auc', defaults, options, {
    numThresholds: 'positiveCount',
    curve: ['ROC', 'PR'],
    name: 'string',
  });
  const { numThresholds, curve, name }: typeof defaults = config;
  if (numThresholds < 2) throw usageError('auc: numThresholds must be at least 2');
  const start = (): MetricCount => {
    // By bucket k: predictions that are above the thresholds 0 … k and no others.
    const positives = new Float64Array(numThresholds);
    const negatives = new Float64Array(numThresholds);
    let seen = false;
    const update = (yTrue: NdArray, yPred: NdArray, weights?: Float32Array) =>
      eachRow(name, yTrue, yPred, weights, (at, size, weight) => {
        for (let i = at; i < at + size; i++) {
          seen = true;
          const to = yTrue.data[i] !== 0 ? positives : negatives;
          to[bucketOf(yPred.data[i], numThresholds, name)] += weight;
        }
      });
    return { update, result: () => (seen ? area(positives, negatives, curve) : Number.NaN) };
  };
  return { name, direction: 'up', made: { name: 'auc', config }, start };
}

/** Thresholds lie below 0, at 1/(n - 1), 2/(n - 1), …, and above 1. */
function bucketOf(prediction: number, thresholds: number, metric: string): number {
  if (!(prediction >= 0 && prediction <= 1))
    throw usageError(
      `metric ${metric}: a prediction is ${prediction}; it takes probabilities, so end the model with sigmoid or softmax`,
    );
  return Math.max(0, Math.min(Math.ceil(prediction * (thresholds - 1)) - 1, thresholds - 2));
}

function area(positives: Float64Array, negatives: Float64Array, curve: string): number {
  const n = positives.length;
  // What is above each threshold.
  const tp = new Float64Array(n);
  const fp = new Float64Array(n);
  for (let k = n - 2; k >= 0; k--) {
    tp[k] = tp[k + 1] + positives[k];
    fp[k] = fp[k + 1] + negatives[k];
  }
  let sum = 0;
  for (let k = 0; k < n - 1; k++) {
    if (curve === 'ROC') {
      sum += ratio(fp[k] - fp[k + 1], fp[0]) * ratio((tp[k] + tp[k + 1]) / 2, tp[0]);
      continue;
    }
    const [all, next] = [tp[k] + fp[k], tp[k + 1] + fp[k + 1]];
    const slope = ratio(tp[k] - tp[k + 1], all - next);
    const intercept = tp[k + 1] - slope * next;
    const logarithm = all > 0 && next > 0 ? Math.log(all / next) : 0;
    sum += ratio(slope * (tp[k] - tp[k + 1] + intercept * logarithm), tp[0]);
  }
  return sum;
}
