/**
 * Metrics in plain TypeScript on typed arrays, streaming over batches, with Keras 3's definitions
 * (https://keras.io/api/metrics/). Most are a mean over positions, where a position is what is left of the prediction's
 * shape without its last axis: a sample for (B, C), a step of a sample for (B, T, C).
 */
import type { NdArray } from '../data/array.js';
import { didYouMean } from '../data/suggest.js';
import { usageError } from '../errors.js';
import { namedOptions, type Spelling, short, shown } from '../spelling.js';
import * as tf from '../tf.js';
import type { TensorFunction } from '../tfjsTypes.js';
import { PROBABILITY_EPSILON } from './losses.js';
import { auc } from './metrics/auc.js';
import { f1Score, precision, recall } from './metrics/confusion.js';
import type { Metric, MetricCount } from './metrics/metric.js';
import { r2Score } from './metrics/r2Score.js';
import { metricName, shortMetricNames } from './names.js';
import { complete, type Options } from './options.js';
import { arrayShape, largest } from './targets.js';

export type { Metric, MetricCount } from './metrics/metric.js';
export { auc, f1Score, precision, r2Score, recall };

export type MetricFunction = TensorFunction;

/** A metric's name, in any of Keras's spellings, or short: 'acc', 'mse', 'mae', 'rmse', … */
export type MetricName = Spelling<keyof typeof METRICS> | (typeof shortMetricNames)[number];

/** A name, what a saved model or Keras has for a metric with options, one that precision({ thresholds: 0.3 }) made, or a function of the user's own. */
export type MetricIdentifier =
  | MetricName
  | Metric
  | MetricFunction
  | { name: string; config: Record<string, unknown> }
  | { class_name: string; config: Record<string, unknown> };

/** One position: `size` predictions from `at`, and as many targets from `targetAt`, or one label there. */
type PositionValue = (
  yTrue: NdArray['data'],
  targetAt: number,
  yPred: NdArray['data'],
  at: number,
  size: number,
) => number;

/** Σ weight · value / Σ weight, over all positions of all batches. */
class MeanMetric implements Metric {
  constructor(
    readonly name: string,
    readonly direction: 'up' | 'down',
    readonly valueFor: (labels: boolean, size: number) => PositionValue,
    readonly takesLabels = false,
    readonly finish: (mean: number) => number = (mean) => mean,
    readonly made?: Metric['made'],
  ) {}

  start(): MetricCount {
    return new MeanCount(this);
  }
}

class MeanCount implements MetricCount {
  private total = 0;
  private count = 0;

  constructor(private readonly metric: MeanMetric) {}

  update(yTrue: NdArray, yPred: NdArray, weights?: Float32Array): void {
    const size = yPred.shape[yPred.shape.length - 1];
    const positions = yPred.data.length / size;
    const labels = yTrue.data.length === positions && size > 1;
    const stride = labels ? 1 : size;
    const { metric } = this;
    if (yTrue.data.length !== positions * stride || (labels && !metric.takesLabels))
      throw usageError(
        `metric ${metric.name}: targets of shape ${arrayShape(yTrue.shape)} do not fit predictions of shape ${arrayShape(yPred.shape)}`,
      );
    const value = metric.valueFor(labels, size);
    for (let i = 0; i < positions; i++) {
      const weight = weights === undefined ? 1 : weights[i];
      // A masked step may hold anything, also NaN.
      if (weight === 0) continue;
      this.total += weight * value(yTrue.data, i * stride, yPred.data, i * size, size);
      this.count += weight;
    }
  }

  result(): number {
    return this.count === 0 ? Number.NaN : this.metric.finish(this.total / this.count);
  }

  save(): number[] {
    return [this.total, this.count];
  }

  restore([total, count]: readonly number[]): void {
    this.total = total;
    this.count = count;
  }
}

/** Mean over the last axis of f(target, prediction). */
function elementwise(f: (target: number, prediction: number) => number): () => PositionValue {
  return () => (yTrue, targetAt, yPred, at, size) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += f(yTrue[targetAt + i], yPred[at + i]);
    return sum / size;
  };
}

const squaredError = elementwise((target, prediction) => (target - prediction) ** 2);
const absoluteError = elementwise((target, prediction) => Math.abs(target - prediction));
const percentageError = elementwise(
  (target, prediction) => (100 * Math.abs(target - prediction)) / Math.max(Math.abs(target), PROBABILITY_EPSILON),
);
const logarithm = (value: number) => Math.log(Math.max(value, PROBABILITY_EPSILON) + 1);
const squaredLogarithmicError = elementwise((target, prediction) => (logarithm(target) - logarithm(prediction)) ** 2);
/** log cosh x = |x| + log(1 + e^(−2|x|)) − log 2, which does not overflow. */
const logCoshValue = elementwise((target, prediction) => {
  const error = Math.abs(prediction - target);
  return error + Math.log1p(Math.exp(-2 * error)) - Math.LN2;
});
const poissonValue = elementwise(
  (target, prediction) => prediction - target * Math.log(prediction + PROBABILITY_EPSILON),
);
/** Σ y·log(y/p) of a row, both between the smallest probability and 1. */
const divergence = (): PositionValue => (yTrue, targetAt, yPred, at, size) => {
  const within = (value: number) => Math.min(1, Math.max(PROBABILITY_EPSILON, value));
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const target = within(yTrue[targetAt + i]);
    sum += target * Math.log(target / within(yPred[at + i]));
  }
  return sum;
};
const binaryEntropy = elementwise((target, prediction) => {
  const p = clipped(prediction);
  return -(target * Math.log(p) + (1 - target) * Math.log(1 - p));
});

function clipped(probability: number): number {
  return Math.min(1 - PROBABILITY_EPSILON, Math.max(PROBABILITY_EPSILON, probability));
}

const entropy = (labels: boolean): PositionValue => {
  return (yTrue, targetAt, yPred, at, size) => {
    let sum = 0;
    if (labels) {
      for (let i = 0; i < size; i++) sum += clipped(yPred[at + i]);
      return -Math.log(clipped(yPred[at + yTrue[targetAt]]) / sum);
    }
    for (let i = 0; i < size; i++) sum += yPred[at + i];
    let value = 0;
    for (let i = 0; i < size; i++) value -= yTrue[targetAt + i] * Math.log(clipped(yPred[at + i] / sum));
    return value;
  };
};

const huberValue = elementwise((target, prediction) => {
  const error = Math.abs(target - prediction);
  return error <= 1 ? 0.5 * error * error : error - 0.5;
});

/** The cosine of the angle between a row of targets and one of predictions. */
const cosine = (): PositionValue => (yTrue, targetAt, yPred, at, size) => {
  let [product, ofTrue, ofPred] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    product += yTrue[targetAt + i] * yPred[at + i];
    ofTrue += yTrue[targetAt + i] ** 2;
    ofPred += yPred[at + i] ** 2;
  }
  return product / Math.sqrt(Math.max(ofTrue, 1e-12) * Math.max(ofPred, 1e-12));
};

const matches = (labels: boolean): PositionValue => {
  return (yTrue, targetAt, yPred, at, size) =>
    largest(yPred, at, size) === (labels ? yTrue[targetAt] : largest(yTrue, targetAt, size)) ? 1 : 0;
};

const thresholdMatches = (threshold: number) =>
  elementwise((target, prediction) => ((prediction > threshold ? 1 : 0) === target ? 1 : 0));

/** Correct when fewer than k predictions are larger than the true class's. */
const topMatches =
  (k: number) =>
  (labels: boolean): PositionValue => {
    return (yTrue, targetAt, yPred, at, size) => {
      const wanted = yPred[at + (labels ? yTrue[targetAt] : largest(yTrue, targetAt, size))];
      let larger = 0;
      for (let i = 0; i < size; i++) if (yPred[at + i] > wanted) larger++;
      return larger < k ? 1 : 0;
    };
  };

/**
 * The share of positions whose largest prediction is the true class; with one output, whose prediction is on the
 * target's side of 0.5. Targets are one-hot rows or labels, as Keras's 'accuracy' tells them apart.
 */
export function accuracy(options: { name?: string } = {}): Metric {
  const config = complete('accuracy', { name: 'accuracy' }, options, { name: 'string' });
  const value = (labels: boolean, size: number) => (size === 1 ? thresholdMatches(0.5)() : matches(labels));
  return new MeanMetric(config.name, 'up', value, true, undefined, { name: 'accuracy', config });
}

/** The share of elements with (prediction > threshold) = target. Default: threshold 0.5. */
export function binaryAccuracy(options: { threshold?: number; name?: string } = {}): Metric {
  const config = complete('binaryAccuracy', { threshold: 0.5, name: 'binaryAccuracy' }, options, {
    threshold: 'number',
    name: 'string',
  });
  const made = { name: 'binaryAccuracy', config };
  return new MeanMetric(config.name, 'up', thresholdMatches(config.threshold), false, undefined, made);
}

/** The share of positions whose true class is among the k largest predictions. Default: k 5. */
export function topKCategoricalAccuracy(options: { k?: number; name?: string } = {}): Metric {
  const config = complete('topKCategoricalAccuracy', { k: 5, name: 'topKCategoricalAccuracy' }, options, {
    k: 'positiveCount',
    name: 'string',
  });
  const made = { name: 'topKCategoricalAccuracy', config };
  return new MeanMetric(config.name, 'up', topMatches(config.k), true, undefined, made);
}

/** A mean that has no option but its name. */
function mean(
  own: string,
  ...rest: ConstructorParameters<typeof MeanMetric> extends [string, ...infer Rest] ? Rest : never
) {
  return (options: { name?: string } = {}): Metric =>
    new MeanMetric(complete(own, { name: own }, options, { name: 'string' }).name, ...rest);
}

const METRICS = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy: mean('categoricalAccuracy', 'up', matches, true),
  sparseCategoricalAccuracy: mean('sparseCategoricalAccuracy', 'up', matches, true),
  topKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy: topKCategoricalAccuracy,
  meanSquaredError: mean('meanSquaredError', 'down', squaredError),
  rootMeanSquaredError: mean('rootMeanSquaredError', 'down', squaredError, false, Math.sqrt),
  meanAbsoluteError: mean('meanAbsoluteError', 'down', absoluteError),
  meanAbsolutePercentageError: mean('meanAbsolutePercentageError', 'down', percentageError),
  meanSquaredLogarithmicError: mean('meanSquaredLogarithmicError', 'down', squaredLogarithmicError),
  huber: mean('huber', 'down', huberValue),
  logCosh: mean('logCosh', 'down', logCoshValue),
  poisson: mean('poisson', 'down', poissonValue),
  kullbackLeiblerDivergence: mean('kullbackLeiblerDivergence', 'down', divergence),
  binaryCrossentropy: mean('binaryCrossentropy', 'down', binaryEntropy),
  categoricalCrossentropy: mean('categoricalCrossentropy', 'down', entropy, true),
  sparseCategoricalCrossentropy: mean('sparseCategoricalCrossentropy', 'down', entropy, true),
  /** e to the mean cross-entropy of labels or one-hot rows. */
  perplexity: mean('perplexity', 'down', entropy, true, Math.exp),
  cosineSimilarity: mean('cosineSimilarity', 'up', cosine),
  auc,
  precision,
  recall,
  f1Score,
  r2Score,
} satisfies Record<string, (options: never) => Metric>;

/**
 * A metric from its name, whose spelling is then its key in the history ('accuracy', 'mae', 'mean_absolute_error', …),
 * or a user's own function of (yTrue, yPred) that gives one value for each sample, or a scalar; a metric is itself.
 *
 * @throws MemcellError ('usage') for an unknown name, or what is no metric
 */
export function getMetric(identifier: MetricIdentifier | string): Metric {
  if (typeof identifier === 'function') return new FunctionMetric(identifier);
  if (typeof identifier === 'string') return makeMetric(identifier, { name: identifier });
  if (typeof identifier === 'object' && identifier !== null) {
    if ('start' in identifier && typeof identifier.start === 'function') return identifier;
    const kind = 'class_name' in identifier ? identifier.class_name : identifier.name;
    if (typeof kind === 'string' && 'config' in identifier) {
      const { dtype: _, ...config } = namedOptions<Options>(kind, identifier.config);
      return makeMetric(kind, config);
    }
  }
  throw usageError(
    'a metric is a name, one that precision({ thresholds: 0.3 }) and its kin make, a function of (yTrue, yPred), or an object with a name and start(), which gives { update, result }',
  );
}

function makeMetric(written: string, config: Options): Metric {
  const known = Object.keys(METRICS) as (keyof typeof METRICS)[];
  const name = metricName(written);
  const found = known.find((one) => one === name);
  if (found) return (METRICS[found] as (options: Options) => Metric)(config);
  const names = [...known, ...shortMetricNames];
  throw usageError(
    `unknown metric '${short(written)}'${didYouMean(written, names) || `; the metrics are ${names.join(', ')}`}`,
  );
}

/** @throws MemcellError ('usage') for what is no list of metrics */
export function getMetrics(option: string, given: readonly (MetricIdentifier | string)[] | null | undefined): Metric[] {
  if (given == null) return [];
  if (Array.isArray(given)) return given.map(getMetric);
  throw usageError(`${option} must be a list, such as ['accuracy'], not ${shown(given)}`);
}

/** A user's own function: the mean of what it gives, each batch counted by its samples. */
class FunctionMetric implements Metric {
  readonly name: string;

  constructor(private readonly compute: MetricFunction) {
    this.name = compute.name || 'metric';
  }

  start(): MetricCount {
    return new FunctionCount(this.compute);
  }
}

class FunctionCount implements MetricCount {
  private total = 0;
  private samples = 0;

  constructor(private readonly compute: MetricFunction) {}

  update(yTrue: NdArray, yPred: NdArray): void {
    const value = tf.tidy(() =>
      tf.mean(this.compute(tf.tensor(yTrue.data, yTrue.shape), tf.tensor(yPred.data, yPred.shape))).dataSync(),
    );
    this.total += value[0] * yPred.shape[0];
    this.samples += yPred.shape[0];
  }

  result(): number {
    return this.total / this.samples;
  }

  save(): number[] {
    return [this.total, this.samples];
  }

  restore([total, samples]: readonly number[]): void {
    this.total = total;
    this.samples = samples;
  }
}
