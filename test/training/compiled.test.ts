/** Losses and metrics with options: told to compile(), saved with the model, and read from Keras's files. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import * as l from '../../src/index.js';
import { describeTraining, resolveTraining } from '../../src/training/description.js';

const x = [
  [1, 2, 3],
  [3, 1, 0],
  [0, -1, 2],
];
const y = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 0, 1],
];
const classes = () => l.sequential('Dense(4, softmax)', { inputShape: [3] });

/** What a model evaluates to once it has been saved in each of the formats that keep compile()'s settings. */
async function saved(
  model: l.Sequential | l.Model,
  evaluate = (again: l.Sequential): Promise<unknown> => again.evaluate(x, y, { verbose: 0 }),
): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'memcell-compiled-'));
  const found: unknown[] = [];
  for (const name of ['folder', 'model.keras', 'model.h5']) {
    await model.save(join(folder, name));
    const again = await l.loadModel(join(folder, name));
    found.push(await evaluate(again));
    again.dispose();
  }
  await rm(folder, { recursive: true });
  return found;
}

const losses: [string, Parameters<l.Sequential['compile']>[0]['loss'], object][] = [
  ['huber', l.huber({ delta: 2 }), { delta: 2 }],
  [
    "Keras's class",
    { class_name: 'Huber', config: { name: 'huber', reduction: 'sum_over_batch_size', delta: 2 } },
    { delta: 2 },
  ],
  [
    "Keras's class, with a type of numbers",
    { class_name: 'Huber', config: { name: 'huber', reduction: 'sum_over_batch_size', dtype: 'float32', delta: 2 } },
    { delta: 2 },
  ],
  ['labelSmoothing', l.categoricalCrossentropy({ labelSmoothing: 0.2 }), { labelSmoothing: 0.2 }],
  ['alpha and gamma', l.binaryFocalCrossentropy({ alpha: 0.3, gamma: 3 }), { alpha: 0.3, gamma: 3 }],
  ['quantile', l.quantile({ quantile: 0.9 }), { quantile: 0.9 }],
  ['a divergence', 'kld', {}],
];
test.each(losses)('a loss is kept with its options: %s', async (_, loss, options) => {
  const described = describeTraining(resolveTraining({ loss }));
  expect(described?.loss).toEqual(expect.objectContaining({ config: expect.objectContaining(options) }));
  const model = classes();
  model.compile({ loss });
  const before = await model.evaluate(x, y, { verbose: 0 });
  expect(await saved(model)).toEqual([before, before, before]);
  model.dispose();
});

test('metrics are kept with their options', async () => {
  const model = classes();
  const metrics = [
    'accuracy' as const,
    l.precision({ thresholds: 0.3 }),
    l.recall({ classId: 0 }),
    l.auc({ curve: 'PR', numThresholds: 20 }),
    l.f1Score({ average: 'micro', threshold: 0.2 }),
    l.binaryAccuracy({ threshold: 0.3, name: 'mine' }),
    l.topKCategoricalAccuracy({ k: 2 }),
    l.r2Score({ numRegressors: 1 }),
    { class_name: 'Precision', config: { thresholds: 0.2, name: 'other' } },
  ];
  model.compile({ loss: 'mse', metrics });
  const before = await model.evaluate(x, y, { verbose: 0 });
  expect(Object.keys(before)).toEqual([
    ...['loss', 'accuracy', 'precision', 'recall', 'auc', 'f1Score', 'mine', 'topKCategoricalAccuracy', 'r2Score'],
    'other',
  ]);
  expect(await saved(model)).toEqual([before, before, before]);
  model.dispose();
});

test.each<[string, Parameters<l.Model['compile']>[0]]>([
  [
    'by names',
    {
      loss: { b: l.huber({ delta: 2 }), a: 'mae' },
      lossWeights: { b: 0.5, a: 2 },
      metrics: { b: ['mse', 'mae'] },
      weightedMetrics: { a: ['rmse'], b: [] },
    },
  ],
  [
    'in lists',
    { loss: ['mae', l.quantile({ quantile: 0.9 })], lossWeights: [3, 0.5], metrics: ['mse'], weightedMetrics: ['mae'] },
  ],
])('what is compiled for several outputs is kept: %s', async (_, compiled) => {
  const input = l.Input({ shape: [3] });
  const outputs = ['a', 'b'].map((name) => l.Dense(2, { name }).apply(input)) as l.SymbolicTensor[];
  const model = new l.Model({ inputs: input, outputs, seed: 1 });
  model.compile(compiled);
  const targets = [0, 2].map((from) => y.map((row) => row.slice(from, from + 2)));
  const options = { verbose: 0, sampleWeight: [1, 2, 4] } as const;
  const before = await model.evaluate(x, targets, options);
  expect(Object.keys(before)).toHaveLength(_ === 'in lists' ? 7 : 6);
  expect(await saved(model, (again) => again.evaluate(x, targets, options))).toEqual([before, before, before]);
  model.dispose();
});

test("a Keras file's metrics come with their options; those that are not known here are named", async () => {
  const model = await l.loadModel(fileURLToPath(new URL('../fixtures/training/metrics.keras', import.meta.url)));
  expect(model.lost).toEqual([
    'metric precision with thresholds [0.2,0.5] is not known here',
    'metric auc with multi_label true is not known here',
  ]);
  const twin = classes();
  twin.setWeights(model.getWeights());
  twin.compile({
    loss: l.categoricalCrossentropy({ labelSmoothing: 0.1 }),
    metrics: [
      l.topKCategoricalAccuracy({ k: 2, name: 'top_k_categorical_accuracy' }),
      l.precision({ thresholds: 0.3, name: 'precision_1' }),
      l.auc({ curve: 'PR', numThresholds: 50, name: 'auc_1' }),
      l.f1Score({ average: 'micro', threshold: 0.4, name: 'f1_score' }),
      l.recall({ classId: 1 }),
      l.binaryAccuracy({ threshold: 0.7, name: 'mine' }),
      'mean_squared_error',
      'accuracy',
      l.r2Score({ numRegressors: 1, name: 'r2_score' }),
      l.topKCategoricalAccuracy({ k: 3, name: 'sparse_top_k_categorical_accuracy' }),
    ],
  });
  expect(await model.evaluate(x, y, { verbose: 0 })).toEqual(await twin.evaluate(x, y, { verbose: 0 }));
  for (const one of [model, twin]) one.dispose();
});

test.each([
  [
    { name: 'precision', config: { threshold: 0.3 } },
    "precision: unknown option 'threshold'; did you mean thresholds?",
  ],
  [{ name: 'precision', config: { thresholds: 3 } }, 'precision: thresholds must be a number from 0 to 1, not 3'],
  [{ name: 'mse', config: { delta: 2 } }, "meanSquaredError: unknown option 'delta'"],
  [{ class_name: 'Nothing', config: {} }, "unknown metric 'Nothing'"],
  [{}, 'a metric is a name, one that precision({ thresholds: 0.3 }) and its kin make'],
])('metric %j: %s', (metric, message) => {
  const compile = () => classes().compile({ loss: 'mse', metrics: [metric as 'accuracy'] });
  expect(compile).toThrow(message);
});
