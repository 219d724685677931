/** Metrics of true and false positives and negatives. */
import type { NdArray } from '../../data/array.js';
import { usageError } from '../../errors.js';
import { complete } from '../options.js';
import type { Metric, MetricCount } from './metric.js';
import { eachRow, ratio } from './positions.js';

export interface ThresholdOptions {
  /** Predictions above it are positive. Default 0.5. */
  thresholds?: number;
  /** The only class that counts, by its number; null: all. */
  classId?: number | null;
  name?: string;
}

/** True positives over all predicted ones: the share of positive predictions that are right. Default: thresholds 0.5. */
export function precision(options: ThresholdOptions = {}): Metric {
  return overThreshold('precision', options, ({ truePositives, falsePositives }) =>
    ratio(truePositives, truePositives + falsePositives),
  );
}

/** True positives over all that are there: the share of positive targets that are found. Default: thresholds 0.5. */
export function recall(options: ThresholdOptions = {}): Metric {
  return overThreshold('recall', options, ({ truePositives, falseNegatives }) =>
    ratio(truePositives, truePositives + falseNegatives),
  );
}

interface Counts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
}

function overThreshold(own: string, options: ThresholdOptions, result: (counts: Counts) => number): Metric {
  const config = complete(own, { thresholds: 0.5, classId: null as number | null, name: own }, options, {
    thresholds: 'fraction',
    classId: 'integer?',
    name: 'string',
  });
  const { thresholds, classId, name } = config;
  const start = (): MetricCount => {
    const counts: Counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
    const update = (yTrue: NdArray, yPred: NdArray, weights?: Float32Array) =>
      eachRow(name, yTrue, yPred, weights, (at, size, weight) => {
        if (classId !== null && (classId < 0 || classId >= size))
          throw usageError(`metric ${name}: classId ${classId} of ${size} classes; give one from 0 to ${size - 1}`);
        const first = at + (classId ?? 0);
        const end = classId === null ? at + size : first + 1;
        for (let i = first; i < end; i++) count(counts, yTrue.data[i], yPred.data[i] > thresholds, weight);
      });
    return { update, result: () => result(counts) };
  };
  return { name, direction: 'up', made: { name: own, config: { ...config } }, start };
}

/** Targets other than 0 are positive, as Keras casts them to booleans. */
function count(counts: Counts, target: number, predicted: boolean, weight: number): void {
  if (predicted && target !== 0) counts.truePositives += weight;
  else if (predicted) counts.falsePositives += weight;
  else if (target !== 0) counts.falseNegatives += weight;
}

/**
 * 2 · precision · recall / (precision + recall) of each class, its mean over the classes (macro), weighted by how often each is
 * there (weighted), or of all counts together (micro). A row's prediction is its largest number, or with a threshold all above it.
 * Defaults: average 'macro' (Keras's null, a number for each class, is no metric of one number), threshold null.
 */
export function f1Score(
  options: { average?: 'macro' | 'micro' | 'weighted'; threshold?: number | null; name?: string } = {},
): Metric {
  const defaults = { average: 'macro' as const, threshold: null as number | null, name: 'f1Score' };
  const config = complete('f1Score', defaults, options, {
    average: ['macro', 'micro', 'weighted'],
    threshold: 'positive?',
    name: 'string',
  });
  const { average, threshold, name }: { average: string; threshold: number | null; name: string } = config;
  const start = (): MetricCount => {
    const classes: Counts[] = [];
    const update = (yTrue: NdArray, yPred: NdArray, weights?: Float32Array) =>
      eachRow(name, yTrue, yPred, weights, (at, size, weight) => {
        let largest = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < size; i++) largest = Math.max(largest, yPred.data[at + i]);
        for (let i = 0; i < size; i++) {
          classes[i] ??= { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
          const p = yPred.data[at + i];
          const predicted = threshold === null ? p >= largest && Math.abs(p) > 1e-9 : p > threshold;
          count(classes[i], yTrue.data[at + i], predicted, weight);
        }
      });
    return { update, result: () => f1Of(classes, average) };
  };
  return { name, direction: 'up', made: { name: 'f1Score', config }, start };
}

function f1Of(classes: readonly Counts[], average: string): number {
  if (classes.length === 0) return Number.NaN;
  const f1 = ({ truePositives, falsePositives, falseNegatives }: Counts) =>
    ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);
  const sum = (of: (counts: Counts) => number) => classes.reduce((total, counts) => total + of(counts), 0);
  if (average === 'micro')
    return f1({
      truePositives: sum(({ truePositives }) => truePositives),
      falsePositives: sum(({ falsePositives }) => falsePositives),
      falseNegatives: sum(({ falseNegatives }) => falseNegatives),
    });
  if (average === 'macro') return sum(f1) / classes.length;
  const present = ({ truePositives, falseNegatives }: Counts) => truePositives + falseNegatives;
  return ratio(
    sum((counts) => present(counts) * f1(counts)),
    sum(present),
  );
}
