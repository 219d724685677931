/** What training says beyond its refusals of options: whole lines, each number of its own, so that none stands for another. */

import { describe, expect, test } from '@jest/globals';
import { adam, Dense, Input, Model, sequential } from '../../src/index.js';
import type { Whole } from '../../src/training/backup.js';
import type { TrainingContext } from '../../src/training/callbacks.js';
import { compileTraining } from '../../src/training/compile.js';
import { describeTraining, resolveTraining } from '../../src/training/description.js';
import { LambdaCallback } from '../../src/training/lambdaCallback.js';
import { gaussianLikelihood } from '../../src/training/losses/regression.js';
import { getLoss } from '../../src/training/losses.js';
import { Meter } from '../../src/training/meter.js';
import { accuracy, getMetric } from '../../src/training/metrics.js';
import { ModelCheckpoint } from '../../src/training/modelCheckpoint.js';
import { getOptimizer } from '../../src/training/optimizers.js';
import { readBackup, storedBackup } from '../../src/training/storedBackup.js';
import { combinedWeight, prepareTargets } from '../../src/training/targets.js';
import { refusal } from '../refusal.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const zeros = (...shape: number[]) => ({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape });
const mse = getLoss('mse');

function twoOutputs() {
  const x = Input({ shape: [2] });
  const outputs = ['high', 'low'].map((name) => Dense(1, { name }).apply(x));
  return new Model({ inputs: x, outputs: outputs as Any, seed: 1 });
}
const compiledTwo = () => {
  const model = twoOutputs();
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  return model;
};
const stateful = () => {
  const model = sequential('Input(batch_shape=(4, 3, 1)), LSTM(2, stateful=True), Dense(1)', { seed: 1 });
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  return model;
};
const dense = (activation = 'linear') => {
  const model = sequential(`Dense(2, '${activation}')`, { inputShape: [3], seed: 1 });
  model.compile({ loss: 'mse', optimizer: adam(0.125) });
  return model;
};
const huge = (samples: number) => ({ data: new Float32Array(samples * 3).fill(3e38), shape: [samples, 3] });

const whole = (sizes: number[]): Whole => ({
  weights: sizes.map((size) => new Float32Array(size)),
  optimizer: { iterations: 3, state: [new Float32Array(5)] },
  states: [new Float32Array(7)],
});
const backup = {
  epoch: 1,
  batch: 2,
  begun: true,
  seed: 4,
  history: { epoch: [0], history: { loss: [1] } },
  logs: {},
  now: whole([2, 3]),
  callbacks: [],
} as Any;
const metered = { lossTotal: 1, samples: 2, outputTotals: [3], counts: [[4, 5], []] };
const restored = (change: (stored: { values: Any; arrays: Float32Array[] }) => void, is = whole([2, 3])) => {
  const stored = storedBackup(backup, {} as Any) as { values: Any; arrays: Float32Array[] };
  change(stored);
  return readBackup(stored, is, 'kept/3');
};

describe('refused while training', () => {
  test.each<[string, () => unknown]>([
    [
      'usage: compile: lossWeights is "2" for the outputs high, low',
      () => twoOutputs().compile({ loss: 'mse', lossWeights: '2' as Any }),
    ],
    [
      "usage: compile: metrics has 'mid', but the outputs are high, low",
      () => twoOutputs().compile({ loss: 'mse', metrics: { high: ['mae'], mid: ['mae'] } as Any }),
    ],
    [
      "usage: compile: weightedMetrics has 'top', but the outputs are high, low",
      () => twoOutputs().compile({ loss: 'mse', weightedMetrics: { top: ['mae'] } as Any }),
    ],
    [
      'usage: batchSize is 8; this model has stateful layers for batches of 4; leave batchSize out',
      () => stateful().evaluate(zeros(8, 3, 1), zeros(8, 1), { batchSize: 8 }),
    ],
    [
      'data: x has 6 samples; this model has stateful layers for batches of 4, so give it a multiple of that',
      () => stateful().evaluate(zeros(6, 3, 1), zeros(6, 1)),
    ],
    [
      'data: validation: x has 5 samples; this model has stateful layers for batches of 4, so give it a multiple of that',
      () =>
        stateful().fit(zeros(8, 3, 1), zeros(8, 1), {
          validationData: { x: zeros(5, 3, 1), y: zeros(5, 1) },
          verbose: 0,
          epochs: 1,
        }),
    ],
    [
      'usage: validationBatchSize is 2; this model has stateful layers for batches of 4; leave validationBatchSize out',
      () => stateful().fit(zeros(8, 3, 1), zeros(8, 1), { validationSplit: 0.5, validationBatchSize: 2, verbose: 0 }),
    ],
    [
      'data: x has 8 samples; this model has stateful layers for batches of 4',
      () => stateful().trainOnBatch(zeros(8, 3, 1), zeros(8, 1)),
    ],
    ['data: x has no samples', () => dense().evaluate(zeros(0, 3), zeros(0, 2))],
    ['data: x has no samples', () => dense().predict(zeros(0, 3))],
    [
      'data: validationData: x has no samples',
      () =>
        dense().fit(zeros(2, 3), zeros(2, 2), { validationData: [zeros(0, 3), zeros(0, 2)], verbose: 0, epochs: 1 }),
    ],
    [
      'data: x has 4 samples and y has 5; they must have as many as each other',
      () => dense().evaluate(zeros(4, 3), zeros(5, 2)),
    ],
    [
      'data: validationData: x has 3 samples and validationData: y has 2; they must have as many as each other',
      () =>
        dense().fit(zeros(2, 3), zeros(2, 2), { validationData: [zeros(3, 3), zeros(2, 2)], verbose: 0, epochs: 1 }),
    ],
    [
      'usage: classWeight is for a model with one output; use sampleWeight',
      () => compiledTwo().fit(zeros(2, 2), [zeros(2, 1), zeros(2, 1)], { classWeight: { 0: 2 }, verbose: 0 }),
    ],
    [
      "numeric: the loss is Infinity: the model's weights or its inputs are too large for 32-bit numbers",
      () => dense().evaluate(huge(2), zeros(2, 2)),
    ],
    [
      "numeric: the prediction of sample 3 is NaN: the model's weights or its inputs are too large for 32-bit numbers",
      async () => {
        const model = dense();
        model.setWeights([Float32Array.of(1, 1, 2, 2, -3, -3), new Float32Array(2)] as Any);
        const x = { data: Float32Array.of(1, 2, 3, 1, 2, 3, 3e38, 3e38, 3e38), shape: [3, 3] };
        await model.predict(x);
      },
    ],
    [
      'numeric: the loss of this batch is Infinity; the weights are unchanged; try a lower learning rate (now 0.125) or clipnorm',
      () => dense().trainOnBatch(huge(2), zeros(2, 2)),
    ],
    [
      'numeric: val_loss is Infinity after epoch 2; stopped with the weights after the last good epoch; try a lower learning rate (now 0.125), clipnorm, or scaled data',
      () =>
        dense().fit(zeros(2, 3), zeros(2, 2), {
          validationData: [huge(2), zeros(2, 2)],
          validationFreq: 2,
          epochs: 3,
          verbose: 0,
        }),
    ],
    [
      'data: y: 5 numbers do not make the shape (2, 3)',
      () => prepareTargets(mse, { data: new Float32Array(5), shape: [2, 3] }, [null, 3]),
    ],
    [
      'data: y[1, 0] is 1.1; binaryCrossentropy takes targets from 0 to 1',
      () => prepareTargets(getLoss('bce'), { data: Float32Array.of(1, 1.1), shape: [2, 1] }, [null, 1]),
    ],
    [
      "data: y: shape (2,) does not fit the model's output (n, 3); categoricalFocalCrossentropy takes (n, 3)",
      () => prepareTargets(getLoss('categoricalFocalCrossentropy'), zeros(2), [null, 3]),
    ],
    [
      'data: sampleWeight: shape (3,); expected one weight for each sample, (2,)',
      () => compiledTwo().evaluate(zeros(2, 2), [zeros(2, 1), zeros(2, 1)], { sampleWeight: [1, 1, 1] }),
    ],
    [
      "usage: trainOnBatch: unknown option 'sampleWeights'; did you mean sampleWeight?",
      () => dense().trainOnBatch(zeros(2, 3), zeros(2, 2), { sampleWeights: [1, 1] } as Any),
    ],
    [
      'usage: trainOnBatch: classWeight must be an object, or null, not 2',
      () => dense().trainOnBatch(zeros(2, 3), zeros(2, 2), { classWeight: 2 } as Any),
    ],
    [
      'usage: sampleWeight: a list of arrays is for a model with several outputs; this one has one',
      () => combinedWeight(mse, zeros(2, 1), { sampleWeight: [zeros(2), zeros(2)] as Any }),
    ],
    [
      'data: weights: shape (4,); expected one weight for each sample, (2,), or one for each sample and step, (2, 3)',
      () => combinedWeight(mse, zeros(2, 3, 1), { sampleWeight: zeros(4) }, 'weights'),
    ],
    [
      'data: sampleWeight: shape (3, 2); expected one weight for each sample, (2,), or one for each sample and step, (2, 3)',
      () => combinedWeight(mse, zeros(2, 3, 1), { sampleWeight: zeros(3, 2) }),
    ],
    [
      'usage: classWeight needs one class for each sample; y has shape (2, 3, 4), so use sampleWeight',
      () => combinedWeight(mse, zeros(2, 3, 4), { classWeight: { 0: 2 } }),
    ],
    [
      'usage: classWeight needs one class for each sample; y has shape (2, 5), so use sampleWeight',
      () => combinedWeight(getLoss('sparseCategoricalCrossentropy'), zeros(2, 5), { classWeight: { 0: 2 } }),
    ],
    [
      'usage: gaussianLikelihood takes an output of 2 numbers, the mean and the logarithm of the variance, not 3; end the model with Dense(2)',
      async () => {
        const model = sequential('Dense(3)', { inputShape: [2], seed: 1 });
        model.compile({ loss: gaussianLikelihood(), optimizer: 'sgd' });
        await model.fit(zeros(2, 2), zeros(2, 3), { verbose: 0, epochs: 1 });
      },
    ],
    [
      'usage: metric accuracy: targets of shape (3, 2) do not fit predictions of shape (4, 5)',
      () => accuracy().start().update(zeros(3, 2), zeros(4, 5)),
    ],
    [
      'usage: metric precision: targets of shape (3, 2) do not fit predictions of shape (4, 5); it takes one target for each prediction, such as one-hot rows',
      () => getMetric('precision').start().update(zeros(3, 2), zeros(4, 5)),
    ],
    [
      "usage: unknown metric 'qqqqq'; the metrics are accuracy, binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy, topKCategoricalAccuracy, sparseTopKCategoricalAccuracy, meanSquaredError, rootMeanSquaredError, meanAbsoluteError, meanAbsolutePercentageError, meanSquaredLogarithmicError, huber, logCosh, poisson, kullbackLeiblerDivergence, binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy, perplexity, cosineSimilarity, auc, precision, recall, f1Score, r2Score, acc, rmse, f1, r2, mse, mae, bce, mape, msle, kld, kldivergence",
      () => getMetric('qqqqq'),
    ],
    [
      "usage: unknown optimizer 'qqqqq'; use sgd, rmsprop, adam, adamw, adagrad, adamax, nadam, lion",
      () => getOptimizer('qqqqq'),
    ],
    [
      'usage: adam: 3 weights and 2 gradients for 1 variable with 4 elements',
      () => {
        const optimizer = adam(0.1);
        optimizer.build([{ name: 'a', size: 4 }]);
        const all = [0, 1, 2].map(() => new Float32Array(4));
        optimizer.apply(all, all.slice(1));
      },
    ],
    [
      'usage: adam: weight 1 has 6 elements; expected 5',
      () => {
        const optimizer = adam(0.1);
        optimizer.build([4, 5].map((size) => ({ name: 'a', size })));
        const all = [4, 6].map((size) => new Float32Array(size));
        optimizer.apply(all, all);
      },
    ],
    [
      "usage: ModelCheckpoint: no 'lost' to put into 'at/{epoch}/{lost}'; there are loss, accuracy, epoch",
      () =>
        new ModelCheckpoint({ filepath: 'at/{epoch}/{lost}' }).onEpochEnd(
          0,
          { loss: 1, accuracy: 2 },
          {} as TrainingContext,
        ),
    ],
    ['usage: LambdaCallback: onEpochEnd must be a function, not 3', () => new LambdaCallback({ onEpochEnd: 3 as Any })],
    [
      "usage: LambdaCallback: unknown option 'onEpochStop'; it takes onTrainBegin, onEpochBegin, onBatchBegin, onBatchEnd, onEpochEnd, onTrainEnd, saveState, loadState",
      () => new LambdaCallback({ onEpochStop: () => {} } as Any),
    ],
    [
      'model: kept/3: the backup is of another version of memcell, or damaged; remove it to start anew',
      () =>
        restored(({ values }) => {
          values.version = 2;
        }),
    ],
    [
      'model: kept/3: the backup is damaged: 3 arrays where 4 are needed; remove it to start anew',
      () => restored(({ arrays }) => arrays.splice(1, 1)),
    ],
    [
      'model: kept/3: the backup is damaged: its weights are not those of this model; remove it to start anew',
      () => restored(() => {}, whole([2, 4])),
    ],
    [
      'model: kept/3: the backup is damaged: its states are not those of this model; remove it to start anew',
      () => restored(() => {}, { ...whole([2, 3]), states: [] }),
    ],
    [
      'model: the saved metrics are those of another model',
      () => {
        const meter = (metrics: string[]) =>
          new Meter({ metrics: metrics.map((name) => getMetric(name)), weightedMetrics: [] } as Any);
        meter(['mae']).restore(meter(['mae', 'mse']).save());
      },
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

/** Fields of a backup, each with values that are none of it. */
const notOfBackups: [path: string, wrong: Any[], right?: Any[]][] = [
  ['version', [0, 2, '1', undefined]],
  ['settings', []],
  ['epoch', [-1, 0.5, '1', undefined], [0]],
  ['batch', [-1, 0.5, '1', undefined], [0]],
  ['begun', [1, null, undefined], [false]],
  ['seed', [0.5, '4', undefined, 2 ** 60], [-3]],
  ['learningRate', ['0.1', {}], [0.1, null, undefined]],
  ['history', [null, [], 3]],
  ['history.epoch', [null, {}, [-1], ['0'], [0, 0.5]], [[0, 1]]],
  ['history.history', [null, [], { loss: 1 }, { loss: ['1'] }], [{}, { loss: [1], mae: [Number.NaN] }]],
  [
    'history.stopped',
    [3, { epoch: 1 }, { batch: 1 }, { epoch: -1, batch: 1 }],
    [null, { reason: 'callback', epoch: 1, batch: 2 }],
  ],
  ['logs', [null, [], { loss: '1' }], [{ loss: Number.NaN }]],
  [
    'meter',
    [
      3,
      [],
      {},
      ...['lossTotal', 'samples', 'outputTotals', 'counts'].map((name) => ({ ...metered, [name]: 'x' })),
      { ...metered, outputTotals: ['1'] },
      { ...metered, counts: [['1']] },
      { ...metered, counts: [1] },
    ],
    [null, undefined, metered],
  ],
  ['end', [3, 'x', { error: 3 }], [null, undefined, {}, { error: 'why' }]],
  ['now', [null, undefined, [], 3]],
  ...['iterations', 'weights', 'slots', 'states'].map((name): [string, Any[]] => [`now.${name}`, [-1, 0.5, '1', null]]),
  ['good', [3, {}, []], [null, undefined]],
  [
    'callbacks',
    [
      null,
      {},
      [undefined],
      [3],
      [{ values: {} }],
      [{ arrays: 0 }],
      [{ values: 3, arrays: 0 }],
      [{ values: {}, arrays: -1 }],
    ],
    [[], [null], [{ values: { a: 1 }, arrays: 0 }]],
  ],
];
test.each(notOfBackups)(
  'a backup is damaged where its %s is anything else than it may be',
  (path, wrong, right = []) => {
    const taken = (value: Any) => () =>
      restored(({ values }) => {
        const [first, second] = path.split('.');
        if (second) values[first] = { ...values[first], [second]: value };
        else values[first] = value;
      });
    const damaged = 'kept/3: the backup is of another version of memcell, or damaged; remove it to start anew';
    for (const value of wrong)
      expect(taken(value)).toThrow(expect.objectContaining({ code: 'model', message: damaged }));
    for (const value of right) expect(taken(value)).not.toThrow();
  },
);

test('a backup without settings, or that is nothing, is damaged', () => {
  expect(() => restored(({ values }) => delete values.settings)).toThrow('or damaged');
  for (const values of [[], null] as Any[])
    expect(() => readBackup({ values, arrays: [] }, whole([]), 'kept/3')).toThrow('or damaged');
});

test('a loss that is the sum of several has no values of its own', () => {
  const model = twoOutputs();
  const { loss } = compileTraining(model.tf, { loss: 'mse' });
  expect([loss.name, loss.targets, loss.config]).toEqual(['sum', 'any', {}]);
  expect(() => loss.positions({} as Any, {} as Any, false)).toThrow('this loss is a sum of several outputs');
  model.dispose();
});

test('what a description of a training leaves out is said', () => {
  const ownLoss = (_: Any, yPred: Any) => yPred;
  function ownMetric(yTrue: Any) {
    return yTrue;
  }
  const described = (options: object) => {
    const lost: string[] = [];
    const description = describeTraining(resolveTraining({ loss: 'mse', optimizer: 'sgd', ...options } as Any), lost);
    return [description !== undefined, lost];
  };
  expect(described({ metrics: ['mae'] })).toEqual([true, []]);
  expect(described({ metrics: [ownMetric, 'mae'], weightedMetrics: [{ name: 'mine', start: () => ({}) }] })).toEqual([
    true,
    ['metrics of your own are not kept: ownMetric, mine'],
  ]);
  // By output, too, and each of them.
  const byOutput = {
    metrics: { high: [ownMetric], low: ['mae'] },
    weightedMetrics: { low: [{ name: 'mine', start: () => ({}) }] },
  };
  expect(described(byOutput)).toEqual([true, ['metrics of your own are not kept: ownMetric, mine']]);
  const notKept = [false, ['a loss of your own is not kept, and the model comes back uncompiled: compile it anew']];
  expect(described({ loss: ownLoss, metrics: [ownMetric] })).toEqual(notKept);
  expect(described({ loss: { high: 'mse', low: ownLoss } })).toEqual(notKept);
});

test('the losses of several outputs are logged after the name of each', async () => {
  const model = compiledTwo();
  const logs = await model.evaluate(zeros(2, 2), [zeros(2, 1), { data: Float32Array.of(3, 3), shape: [2, 1] }]);
  expect(logs).toEqual({ loss: 9, high_loss: 0, low_loss: 9 });
  model.dispose();
});
