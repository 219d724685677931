/**
 * The options of everything that compile and fit take: their names in order, their defaults, which are what get_config() of
 * Keras 3.15 says, and what each of them must be.
 */
import { expect, test } from '@jest/globals';
import { EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, TensorBoard } from '../../src/index.js';
import { getLoss } from '../../src/training/losses.js';
import { getMetric } from '../../src/training/metrics.js';
import { getOptimizer } from '../../src/training/optimizers.js';
import { getSchedule } from '../../src/training/schedules.js';

type Table = Record<string, Record<string, [unknown, string]>>;

const none = null;
const finite = 'a finite number';
const least = 'a number of at least 0';
const fraction = 'a number from 0 to 1';
const below = 'a number of at least 0 and below 1';
const flag = 'true or false';
const text = 'text';

const common = {
  learningRate: [0.001, 'a number of at least 0 or a schedule'],
  weightDecay: [none, 'a number of at least 0, or null'],
  excludeFromWeightDecay: [[], 'an array of strings'],
  clipnorm: [none, 'a number above 0, or null'],
  clipvalue: [none, 'a number above 0, or null'],
  globalClipnorm: [none, 'a number above 0, or null'],
  useEma: [false, flag],
  emaMomentum: [0.99, fraction],
  emaOverwriteFrequency: [none, 'a whole number of at least 1, or null'],
  gradientAccumulationSteps: [none, 'a whole number of at least 1, or null'],
} satisfies Table[string];
const epsilon = { epsilon: [1e-7, least] } satisfies Table[string];
const moments = { beta1: [0.9, below], beta2: [0.999, below] } satisfies Table[string];

const optimizers: Table = {
  sgd: { ...common, learningRate: [0.01, common.learningRate[1]], momentum: [0, fraction], nesterov: [false, flag] },
  rmsprop: { ...common, rho: [0.9, fraction], momentum: [0, fraction], ...epsilon, centered: [false, flag] },
  adam: { ...common, ...moments, ...epsilon, amsgrad: [false, flag] },
  adamw: {
    ...common,
    weightDecay: [0.004, common.weightDecay[1]],
    ...moments,
    ...epsilon,
    amsgrad: [false, flag],
  },
  adagrad: { ...common, initialAccumulatorValue: [0.1, least], ...epsilon },
  adamax: { ...common, ...moments, ...epsilon },
  nadam: { ...common, ...moments, ...epsilon },
  lion: { ...common, beta1: [0.9, 'a number above 0, and at most 1'], beta2: [0.99, below] },
};

const decay = { initialLearningRate: [0.5, finite], decaySteps: [7, 'a number above 0'] } satisfies Table[string];
const byRate = { ...decay, decayRate: [0.25, finite], staircase: [false, flag] } satisfies Table[string];
const schedules: Table = {
  exponentialDecay: byRate,
  inverseTimeDecay: byRate,
  polynomialDecay: { ...decay, endLearningRate: [0.0001, finite], power: [1, finite], cycle: [false, flag] },
  cosineDecay: {
    ...decay,
    alpha: [0, finite],
    warmupTarget: [none, `${finite}, or null`],
    warmupSteps: [0, 'a whole number of at least 0'],
  },
  cosineDecayRestarts: {
    initialLearningRate: [0.5, finite],
    firstDecaySteps: [7, 'a number above 0'],
    tMul: [2, 'a number above 0'],
    mMul: [1, least],
    alpha: [0, finite],
  },
  piecewiseConstantDecay: {
    boundaries: [[1], 'a non-empty array of finite numbers'],
    values: [[2, 3], 'a non-empty array of finite numbers'],
  },
};
/** Those that have no default. */
const required: Record<string, object> = {
  exponentialDecay: { initialLearningRate: 0.5, decaySteps: 7, decayRate: 0.25 },
  inverseTimeDecay: { initialLearningRate: 0.5, decaySteps: 7, decayRate: 0.25 },
  polynomialDecay: { initialLearningRate: 0.5, decaySteps: 7 },
  cosineDecay: { initialLearningRate: 0.5, decaySteps: 7 },
  cosineDecayRestarts: { initialLearningRate: 0.5, firstDecaySteps: 7 },
  piecewiseConstantDecay: { boundaries: [1], values: [2, 3] },
};

const smoothed = { labelSmoothing: [0, fraction], fromLogits: [false, flag] } satisfies Table[string];
const losses: Table = {
  huber: { delta: [1, 'a number above 0'] },
  categoricalCrossentropy: smoothed,
  sparseCategoricalCrossentropy: { fromLogits: smoothed.fromLogits },
  binaryCrossentropy: smoothed,
  binaryFocalCrossentropy: {
    applyClassBalancing: [false, flag],
    alpha: [0.25, fraction],
    gamma: [2, least],
    ...smoothed,
  },
  categoricalFocalCrossentropy: { alpha: [0.25, least], gamma: [2, least], ...smoothed },
  quantile: { quantile: [0.5, fraction] },
};

const over = (name: string) =>
  ({
    thresholds: [0.5, fraction],
    classId: [none, 'a whole number, or null'],
    name: [name, text],
  }) satisfies Table[string];
const metrics: Table = {
  accuracy: { name: ['accuracy', text] },
  binaryAccuracy: { threshold: [0.5, finite], name: ['binaryAccuracy', text] },
  topKCategoricalAccuracy: { k: [5, 'a whole number of at least 1'], name: ['topKCategoricalAccuracy', text] },
  precision: over('precision'),
  recall: over('recall'),
  f1Score: {
    average: ['macro', 'one of macro, micro, weighted'],
    threshold: [none, 'a number above 0, or null'],
    name: ['f1Score', text],
  },
  auc: { numThresholds: [200, 'a whole number of at least 1'], curve: ['ROC', 'one of ROC, PR'], name: ['auc', text] },
  r2Score: {
    classAggregation: ['uniform_average', 'one of uniform_average, variance_weighted_average'],
    numRegressors: [0, 'a whole number of at least 0'],
    name: ['r2Score', text],
  },
};

type Made = (config: object) => { config?: object };
/** The options of an owner, beside what it makes of them. */
function checkAll(owner: string, table: Table[string], make: Made, needed: object = {}): void {
  const config = make(needed).config;
  if (config) expect(config).toEqual(Object.fromEntries(Object.entries(table).map(([name, [value]]) => [name, value])));
  for (const [name, [, must]] of Object.entries(table)) {
    expect(() => make({ ...needed, [name]: { a: 1 } })).toThrow(`${owner}: ${name} must be ${must}, not {"a":1}`);
  }
  const all = Object.keys(table).join(', ');
  expect(() => make({ ...needed, zzzzzzzz: 1 })).toThrow(`${owner}: unknown option 'zzzzzzzz'; it takes ${all}`);
}
const owners = (table: Table) => Object.keys(table).map((name) => [name] as const);

test.each(owners(optimizers))('optimizer %s', (name) => {
  checkAll(name, optimizers[name], (config) => getOptimizer({ name, config } as never));
});

test.each(owners(schedules))('schedule %s', (name) => {
  checkAll(name, schedules[name], (config) => getSchedule({ name, config } as never), required[name]);
});

test.each(owners(losses))('loss %s', (name) => {
  checkAll(name, losses[name], (config) => getLoss({ name, config } as never));
});

test.each(owners(metrics))('metric %s', (name) => {
  checkAll(name, metrics[name], (config) => ({ config: getMetric({ name, config } as never).made?.config }));
});

const monitored = {
  monitor: ['val_loss', text],
  mode: ['auto', 'one of auto, min, max'],
} satisfies Table[string];
const verbose = [0, 'one of 0, 1, 2'] satisfies Table[string][string];
const callbacks: [string, Table[string], new (options: never) => object, object][] = [
  [
    'EarlyStopping',
    {
      ...monitored,
      minDelta: [0, least],
      verbose,
      patience: [0, 'a whole number of at least 0'],
      baseline: [none, `${finite}, or null`],
      restoreBestWeights: [false, flag],
      startFromEpoch: [0, 'a whole number of at least 0'],
    },
    EarlyStopping,
    {},
  ],
  [
    'ReduceLROnPlateau',
    {
      ...monitored,
      minDelta: [1e-4, least],
      verbose,
      factor: [0.1, below],
      patience: [10, 'a whole number of at least 0'],
      cooldown: [0, 'a whole number of at least 0'],
      minLr: [0, least],
    },
    ReduceLROnPlateau,
    {},
  ],
  [
    'ModelCheckpoint',
    {
      filepath: ['here', text],
      ...monitored,
      saveBestOnly: [false, flag],
      saveFreq: ['epoch', "'epoch' or a number of batches"],
      initialValueThreshold: [none, `${finite}, or null`],
      verbose,
    },
    ModelCheckpoint,
    { filepath: 'here' },
  ],
  [
    'TensorBoard',
    { logDir: ['logs', text], updateFreq: ['epoch', "'epoch', 'batch' or a number of batches"] },
    TensorBoard,
    {},
  ],
];

test.each(callbacks)('callback %s', (name, table, Made, needed) => {
  checkAll(name, table, (config) => ({ config: Reflect.get(new Made(config as never), 'options') }), needed);
});
