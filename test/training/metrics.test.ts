import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { NdArray } from '../../src/data/array.js';
import { Random } from '../../src/random.js';
import { namedOptions } from '../../src/spelling.js';
import { getLoss } from '../../src/training/losses.js';
import {
  accuracy,
  auc,
  binaryAccuracy,
  f1Score,
  getMetric,
  type Metric,
  precision,
  r2Score,
  recall,
  topKCategoricalAccuracy,
} from '../../src/training/metrics.js';
import { lossName, metricName } from '../../src/training/names.js';
import { difference, reference } from './reference.js';

const array = (data: number[], shape: number[]): NdArray => ({ data: Float32Array.from(data), shape });

/** Metrics by Keras's names, with Keras's options. */
const makers: Record<string, (options: Record<string, unknown>) => Metric> = {
  AUC: auc,
  Precision: precision,
  Recall: recall,
  F1Score: f1Score,
  R2Score: r2Score,
  CosineSimilarity: () => getMetric('cosineSimilarity'),
};

test.each(
  reference.metrics.map(
    (entry) => [`${entry.name} ${JSON.stringify(entry.options ?? {})} (${entry.batches[0].pShape})`, entry] as const,
  ),
)('%s: streaming, with and without weights, as Keras 3 to 1e-5', (_, { name, k, options, batches }) => {
  const metric = options
    ? makers[name](namedOptions(name, options))
    : k == null
      ? getMetric(name)
      : topKCategoricalAccuracy({ k });
  let count = metric.start();
  batches.forEach(({ y, yShape, p, pShape, weight, result }, i) => {
    if (i % 2 === 0) count = metric.start();
    const steps = pShape.slice(1, -1).reduce((product, size) => product * size, 1);
    const weights = weight && Float32Array.from(weight.flatMap((w) => Array<number>(steps).fill(w)));
    count.update(array(y, yShape), array(p, pShape), weights ?? undefined);
    expect(difference([count.result()], [result])).toBeLessThan(1e-5);
  });
});

// What Keras 3.15's metrics of these names say.
test.each([
  ['meanSquaredLogarithmicError', 0.02065872773528099],
  ['msle', 0.02065872773528099],
  ['logCosh', 0.016921013593673706],
  ['poisson', 0.6709200143814087],
  ['kullbackLeiblerDivergence', 0.24269802868366241],
  ['kld', 0.24269802868366241],
])('%s as in Keras', (name, expected) => {
  const count = getMetric(name).start();
  count.update(array([0.2, 0.8, 0, 0.5, 0.25, 0.25], [2, 3]), array([0.1, 0.6, 0.3, 0.7, 0.2, 0.1], [2, 3]));
  expect(Math.abs(count.result() - expected)).toBeLessThan(1e-6);
});

describe("'accuracy' goes by the shapes", () => {
  test('one output: the side of 0.5', () => {
    const metric = accuracy().start();
    metric.update(array([1, 0, 1, 0], [4, 1]), array([0.9, 0.4, 0.5, 0.6], [4, 1]));
    expect(metric.result()).toBe(0.5);
  });

  test('labels, one-hot rows, and steps', () => {
    const predictions = array([0.1, 0.7, 0.2, 0.5, 0.3, 0.2], [2, 3]);
    const labels = accuracy().start();
    labels.update(array([1, 2], [2]), predictions);
    const rows = accuracy().start();
    rows.update(array([0, 1, 0, 0, 0, 1], [2, 3]), predictions);
    const steps = accuracy().start();
    steps.update(array([1, 2], [1, 2]), { ...predictions, shape: [1, 2, 3] });
    expect([labels.result(), rows.result(), steps.result()]).toEqual([0.5, 0.5, 0.5]);
  });

  test('a masked step does not count, whatever it holds', () => {
    const metric = accuracy().start();
    metric.update(array([1, 2], [1, 2]), array([0, 1, 0, Number.NaN, 0, 0], [1, 2, 3]), Float32Array.of(1, 0));
    expect(metric.result()).toBe(1);
  });
});

test('r2Score is adjusted by the regressors while there are samples beyond them and one more', () => {
  const scores = [0, 1, 2, 3, 4].map((numRegressors) => {
    const count = r2Score({ numRegressors }).start();
    count.update(array([1, 2, 3, 4], [4, 1]), array([1, 2, 3, 3], [4, 1]));
    return count.result();
  });
  // 1 − 1/5, then 1 − (1/5)·3/(4 − k − 1).
  for (const [k, expected] of [0.8, 0.7, 0.4, 0.8, 0.8].entries()) expect(scores[k]).toBeCloseTo(expected, 6);
});

test('what weighs nothing does not count, whatever it holds', () => {
  const nothing = Float32Array.of(1, 0);
  for (const [metric, expected] of [
    [getMetric('mse'), 0.25],
    [r2Score(), 0],
    [auc(), 0],
  ] as const) {
    const count = metric.start();
    count.update(array([1, 1], [2, 1]), array([0.5, Number.NaN], [2, 1]), nothing);
    expect(count.result()).toBe(expected);
  }
});

test('a prediction at the threshold is negative', () => {
  const [found, missed] = [precision().start(), recall().start()];
  for (const count of [found, missed]) count.update(array([0, 1, 1], [3, 1]), array([0.5, 0.9, 0.5], [3, 1]));
  expect([found.result(), missed.result()]).toEqual([1, 0.5]);
});

test('auc: a prediction at a threshold is not above it', () => {
  // Of the thresholds below 0, 0.5 and above 1 one is at the positive: above it is nothing, and the curve is the diagonal.
  const scores = [0.5, 0.5001].map((prediction) => {
    const count = auc({ numThresholds: 3 }).start();
    count.update(array([1, 0], [2, 1]), array([prediction, 0.25], [2, 1]));
    return count.result();
  });
  expect(scores).toEqual([0.5, 1]);
});

test('f1Score: a row of zeros predicts no class, and a threshold is to be exceeded', () => {
  const score = (options: Parameters<typeof f1Score>[0], predictions: number[]) => {
    const count = f1Score({ average: 'micro', ...options }).start();
    count.update(array([1, 0, 1, 0], [2, 2]), array(predictions, [2, 2]));
    return count.result();
  };
  // One found and one missed.
  expect(score({}, [0.9, 0.1, 0, 0])).toBeCloseTo(2 / 3, 6);
  expect(score({ threshold: 0.5 }, [0.9, 0.1, 0.5, 0.5])).toBeCloseTo(2 / 3, 6);
});

test('names: the key is the spelling that was given', () => {
  expect(['acc', 'mae', 'mean_absolute_error', 'rmse'].map((name) => getMetric(name).name)).toEqual([
    'acc',
    'mae',
    'mean_absolute_error',
    'rmse',
  ]);
  expect(getMetric('rmse').direction).toBe('down');
  expect(binaryAccuracy({ threshold: 0.9, name: 'sure' }).name).toBe('sure');
});

test.each<[string, string]>([
  ['acc', 'accuracy'],
  ['Accuracy', 'accuracy'],
  ['rmse', 'rootMeanSquaredError'],
  ['RootMeanSquaredError', 'rootMeanSquaredError'],
  ['f1', 'f1Score'],
  ['F1Score', 'f1Score'],
  ['r2', 'r2Score'],
  ['R2Score', 'r2Score'],
  ['AUC', 'auc'],
  ['auc', 'auc'],
  ['LogCoshError', 'logCosh'],
  ['log_cosh', 'logCosh'],
])('the metric %s is %s', (written, name) => {
  expect(metricName(written)).toBe(name);
});

test.each<[string, string]>([
  ['mse', 'meanSquaredError'],
  ['MSE', 'meanSquaredError'],
  ['mean_squared_error', 'meanSquaredError'],
  ['MeanSquaredError', 'meanSquaredError'],
  ['mae', 'meanAbsoluteError'],
  ['bce', 'binaryCrossentropy'],
  ['mape', 'meanAbsolutePercentageError'],
  ['msle', 'meanSquaredLogarithmicError'],
  ['kld', 'kullbackLeiblerDivergence'],
  ['KLDivergence', 'kullbackLeiblerDivergence'],
  ['kl_divergence', 'kullbackLeiblerDivergence'],
])('the loss, and the metric, %s is %s', (written, name) => {
  expect([lossName(written), metricName(written)]).toEqual([name, name]);
});

test("a user's own function is a mean over samples and leaves no tensors", () => {
  const metric = getMetric(function largestError(yTrue: tf.Tensor, yPred: tf.Tensor) {
    return tf.max(tf.abs(tf.sub(yTrue, yPred)), -1);
  });
  const before = tf.memory().numTensors;
  const count = metric.start();
  count.update(array([0, 0, 0, 0], [2, 2]), array([1, 3, 2, 1], [2, 2]));
  count.update(array([0, 0], [1, 2]), array([4, 0], [1, 2]));
  expect([metric.name, count.result(), tf.memory().numTensors]).toEqual(['largestError', 3, before]);
});

/** Metrics that are the mean of a loss, and what else becomes of that mean. */
const ofLosses: [metric: string, loss: string, end: (mean: number) => number][] = [
  ...[
    'meanSquaredError',
    'meanAbsoluteError',
    'meanAbsolutePercentageError',
    'meanSquaredLogarithmicError',
    'huber',
    'logCosh',
    'poisson',
    'kullbackLeiblerDivergence',
    'binaryCrossentropy',
    'categoricalCrossentropy',
    'sparseCategoricalCrossentropy',
  ].map((name): (typeof ofLosses)[number] => [name, name, Number]),
  ['rootMeanSquaredError', 'meanSquaredError', Math.sqrt],
  ['perplexity', 'categoricalCrossentropy', Math.exp],
  ['cosineSimilarity', 'cosineSimilarity', (mean) => -mean],
];
test.each(ofLosses)(
  '%s is the weighted mean of the loss %s, also when it is saved between batches',
  (name, loss, end) => {
    const random = new Random(11);
    const own = getLoss(loss);
    const small = own.targets !== 'values' || /poisson|Logarithmic/.test(name);
    const draw = () => (small ? random.uniform() : 3 * random.normal());
    const metric = getMetric(name);
    let count = metric.start();
    let [total, weighed] = [0, 0];
    for (const rows of [3, 1, 4]) {
      const p = array(Array.from({ length: rows * 5 }, draw), [rows, 5]);
      const labels = own.targets === 'labels';
      const drawTarget = () => (labels ? random.integer(5) : draw());
      const y = array(Array.from({ length: labels ? rows : rows * 5 }, drawTarget), labels ? [rows] : [rows, 5]);
      const weights = Float32Array.from({ length: rows }, () => random.integer(3) / 2);
      count.update(y, p, weights);
      const values = tf.tidy(() =>
        own.positions(tf.tensor(y.data, y.shape), tf.tensor(p.data, p.shape), false).dataSync(),
      );
      weights.forEach((weight, i) => {
        total += weight * values[i];
        weighed += weight;
      });
      const saved = JSON.parse(JSON.stringify(count.save?.()));
      count = metric.start();
      count.restore?.(saved);
    }
    const expected = end(total / weighed);
    expect(difference([count.result()], [expected])).toBeLessThan(2e-5);
  },
);

test("a count of a user's own function goes on from what it saved", () => {
  const metric = getMetric((yTrue: tf.Tensor, yPred: tf.Tensor) => tf.mean(tf.sub(yPred, yTrue), -1));
  const count = metric.start();
  count.update(array([0, 0, 0], [3, 1]), array([1, 2, 3], [3, 1]));
  expect([metric.name, count.save?.()]).toEqual(['metric', [6, 3]]);
  const again = metric.start();
  again.restore?.([6, 3]);
  again.update(array([0], [1, 1]), array([10], [1, 1]));
  expect(again.result()).toBe(4);
});

test.each([
  ...ofLosses.map(([name]) => [name, Number.NaN] as const),
  ...['accuracy', 'topKCategoricalAccuracy', 'auc', 'f1Score', 'r2Score'].map((name) => [name, Number.NaN] as const),
  ['precision', 0],
  ['recall', 0],
])('%s of no samples at all, or of none that weighs, is %p', (name, expected) => {
  const count = getMetric(name).start();
  expect(count.result()).toBe(expected);
  count.update(array([1, 0], [1, 2]), array([0.25, 0.75], [1, 2]), Float32Array.of(0));
  expect(count.result()).toBe(expected);
});

test('no samples: NaN; two counts of one metric share nothing', () => {
  const metric = getMetric('mse');
  const [one, other] = [metric.start(), metric.start()];
  one.update(array([1], [1, 1]), array([3], [1, 1]));
  expect([one.result(), other.result()]).toEqual([4, Number.NaN]);
  other.update(array([1], [1, 1]), array([2], [1, 1]));
  expect([one.result(), other.result()]).toEqual([4, 1]);
});

test('sparse cross-entropy brings outputs into [1e-7, 1 - 1e-7] before it scales them', () => {
  const count = getMetric('sparseCategoricalCrossentropy').start();
  count.update(array([0], [1]), array([2, 3], [1, 2]));
  expect(count.result()).toBeCloseTo(Math.log(2), 6);
});

test.each<[string, number[], number[], number]>([
  // Up to 1 it is half of the square, from there on a straight line.
  ['huber', [0, 0, 0, 0], [0.5, -1, 2, -3], (0.125 + 0.5 + 1.5 + 2.5) / 4],
  ['mae', [1, -1], [3, 1], 2],
  ['mape', [1, -2], [2, -1], (100 + 50) / 2],
  // 0 counts as 1e-7.
  ['mape', [0], [1e-7], 100],
  ['logCosh', [0], [30], 30 - Math.LN2],
  ['cosineSimilarity', [3, 4], [4, 3], 24 / 25],
  ['cosineSimilarity', [3, 4], [0, 0], 0],
])('%s of %j and %j by hand', (name, targets, predictions, expected) => {
  const count = getMetric(name).start();
  const shape = [1, targets.length];
  count.update(array(targets, shape), array(predictions, shape));
  expect(count.result()).toBeCloseTo(expected, 5);
});

test('refuses unknown names and targets that do not fit', () => {
  expect(() => getMetric('acuracy')).toThrow("unknown metric 'acuracy'; did you mean accuracy?");
  expect(() =>
    getMetric('mse')
      .start()
      .update(array([1, 0], [2]), array([1, 0, 0, 1], [2, 2])),
  ).toThrow('metric mse: targets of shape (2,) do not fit predictions of shape (2, 2)');
});
