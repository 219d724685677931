/** What compile and fit refuse: the whole line, with the numbers and names in it. */
import { describe, expect, test } from '@jest/globals';
import { MemcellError } from '../../src/errors.js';
import {
  adam,
  Dense,
  EarlyStopping,
  Input,
  LearningRateScheduler,
  Model,
  precision,
  ReduceLROnPlateau,
  Sequential,
  sgd,
} from '../../src/index.js';
import { getCallbacks } from '../../src/training/callbacks.js';
import { getLoss } from '../../src/training/losses.js';
import { auc } from '../../src/training/metrics/auc.js';
import { getMetric, getMetrics } from '../../src/training/metrics.js';
import { getOptimizer } from '../../src/training/optimizers.js';
import { complete, type OptionRule } from '../../src/training/options.js';
import { cosineDecayRestarts, getSchedule, piecewiseConstantDecay } from '../../src/training/schedules.js';

/** The one line that a call, which need not be as the types say, is refused with. */
async function refusal(run: () => unknown, code = 'usage'): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof MemcellError && !error.message.includes('\n')) {
      expect(error.code).toBe(code);
      return error.message;
    }
    throw error;
  }
  return 'nothing';
}
// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

test.each<[string, () => unknown]>([
  [
    'adam: clipnorm and clipvalue are both given; only one kind of clipping can be',
    () => adam({ clipnorm: 1, clipvalue: 2 }),
  ],
  [
    'sgd: gradientAccumulationSteps must be at least 2, or null for an update at every batch, not 1',
    () => sgd({ gradientAccumulationSteps: 1 }),
  ],
  ...(
    [
      { metrics: ['mae', 'mse', 'mae'] },
      { weightedMetrics: ['mae', 'mae'] },
      { metrics: ['mse', 'mae'], weightedMetrics: ['mae'] },
    ] as const
  ).map((given): [string, () => unknown] => [
    "two metrics are called 'mae'; give one of them another name",
    () => new Sequential([Dense(1)], { inputShape: [2] }).compile({ loss: 'mse', ...given }),
  ]),
  ['adam: learningRate is given twice; leave one out', () => adam(0.1, { learningRate: 0.2 } as Any)],
  ['adam: learningRate must be a number of at least 0 or a schedule, not -1', () => adam(-1)],
  [
    'adam takes its options, or the learning rate and then its options; not {"beta1":0.5}',
    () => adam({ beta1: 0.5 } as Any, {}),
  ],
  ['adam: beta1 must be a number of at least 0 and below 1, not 1', () => adam({ beta1: 1 })],
  [
    "optimizer: give options as adam({ … }) or { name: 'adam', config: { … } }",
    () => getOptimizer({ name: 'adam', learningRate: 1 } as Any),
  ],
  ["unknown optimizer 'adm'; did you mean adam?", () => getOptimizer('adm')],
  ["an optimizer is a name, such as 'adam', or what adam({ … }) and its kin make; not 3", () => getOptimizer(3 as Any)],
  [
    'adam: the learning rate follows piecewiseConstantDecay, so it cannot be set; compile with a number',
    () => {
      adam(piecewiseConstantDecay({ boundaries: [1], values: [1, 2] })).learningRate = 3;
    },
  ],
  [
    'sgd: this optimizer belongs to another model (2 variables with 7 elements, now 1 variable with 3 elements); make a new one',
    () => {
      const optimizer = sgd(0.1);
      optimizer.build([
        { name: 'a', size: 3 },
        { name: 'b', size: 4 },
      ]);
      optimizer.build([{ name: 'a', size: 3 }]);
    },
  ],
  [
    'adam: the saved optimizer state is of another model',
    () => {
      const optimizer = adam(0.1);
      optimizer.build([{ name: 'a', size: 3 }]);
      optimizer.restore([new Float32Array(3), new Float32Array(4)], 2);
    },
  ],
  ["unknown loss 'mze'; did you mean mse?", () => getLoss('mze')],
  [
    "a loss is a name, such as 'meanSquaredError', one that huber({ delta: 2 }) and its kin make, or a function of (yTrue, yPred); not 7",
    () => getLoss(7 as Any),
  ],
  ["unknown metric 'acuracy'; did you mean accuracy?", () => getMetric('acuracy')],
  [
    'a metric is a name, one that precision({ thresholds: 0.3 }) and its kin make, a function of (yTrue, yPred), or an object with a name and start(), which gives { update, result }',
    () => getMetric({ name: 'mine' } as Any),
  ],
  [`metrics must be a list, such as ['accuracy'], not "accuracy"`, () => getMetrics('metrics', 'accuracy' as Any)],
  ['auc: numThresholds must be at least 2', () => auc({ numThresholds: 1 })],
  [
    'metric auc: a prediction is 1.5; it takes probabilities, so end the model with sigmoid or softmax',
    () =>
      auc()
        .start()
        .update({ data: Float32Array.of(1), shape: [1, 1] }, { data: Float32Array.of(1.5), shape: [1, 1] }),
  ],
  [
    'cosineDecayRestarts: tMul must be at least 1, since periods must not end, not 0.5',
    () => cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 2, tMul: 0.5 }),
  ],
  [
    'piecewiseConstantDecay: 2 boundaries need 3 values, not 2',
    () => piecewiseConstantDecay({ boundaries: [1, 2], values: [1, 2] }),
  ],
  [
    'piecewiseConstantDecay: boundaries must rise, not be 1, 1',
    () => piecewiseConstantDecay({ boundaries: [1, 1], values: [1, 2, 3] }),
  ],
  [
    "unknown learning-rate schedule 'cosine'; the known ones are exponentialDecay, inverseTimeDecay, polynomialDecay, cosineDecay, cosineDecayRestarts, piecewiseConstantDecay",
    () => getSchedule({ name: 'cosine', config: {} }),
  ],
  [
    'callbacks: 5 is no callback; give an object such as { onEpochEnd(epoch, logs) { … } }',
    () => getCallbacks([5] as Any),
  ],
  ['callbacks: onEpochEnd must be a function, not true', () => getCallbacks([{ onEpochEnd: true }] as Any)],
  [
    'callbacks: on_epoch_end is never called here; it is spelt onEpochEnd',
    () => getCallbacks([{ on_epoch_end: () => {} }] as Any),
  ],
  ['LearningRateScheduler takes a function of (epoch, learningRate)', () => new LearningRateScheduler(0.1 as Any)],
])('%s', async (message, run) => {
  expect(await refusal(run, message.includes('saved optimizer state') ? 'model' : 'usage')).toBe(message);
});

test('schedules of Keras’s spelling are ours, at their ends and restarts', () => {
  const steps = piecewiseConstantDecay({ boundaries: [10, 20], values: [3, 2, 1] });
  expect([0, 10, 11, 20, 21, 99].map((step) => steps.at(step))).toEqual([3, 3, 2, 2, 1, 1]);
  const again = cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 4, tMul: 2, mMul: 0.5 });
  // Begun anew at 4, 12 and 28, each time at half the rate.
  expect([0, 2, 4, 8, 12, 20, 28].map((step) => again.at(step))).toEqual(
    [1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125].map((rate) => expect.closeTo(rate, 12)),
  );
  expect(getSchedule({ name: 'PiecewiseConstantDecay', config: { boundaries: [1], values: [5, 4] } }).at(1)).toBe(5);
});

/** Every kind of option: what it must be, values that it takes and those that it does not. */
const kinds: [OptionRule, string, unknown[], unknown[]][] = [
  ['number', 'a finite number', [-1.5, 0], [null, undefined, Number.NaN, Number.POSITIVE_INFINITY, '1']],
  ['number?', 'a finite number, or null', [-1.5, null, undefined], [Number.NaN, '1']],
  ['notNegative', 'a number of at least 0', [0, 0.1], [-0.1, null, Number.NaN]],
  ['notNegative?', 'a number of at least 0, or null', [0, null, undefined], [-0.1, 'a']],
  ['positive', 'a number above 0', [0.1], [0, -1, null]],
  ['positive?', 'a number above 0, or null', [0.1, null, undefined], [0, -1]],
  ['fraction', 'a number from 0 to 1', [0, 0.5, 1], [-0.1, 1.1, null]],
  ['aboveZero', 'a number above 0, and at most 1', [0.1, 1], [0, 1.1]],
  ['belowOne', 'a number of at least 0 and below 1', [0, 0.9], [-0.1, 1]],
  ['count', 'a whole number of at least 0', [0, 3], [-1, 1.5, null]],
  ['count?', 'a whole number of at least 0, or null', [0, null, undefined], [-1, 1.5]],
  ['positiveCount', 'a whole number of at least 1', [1], [0, 1.5, null]],
  ['positiveCount?', 'a whole number of at least 1, or null', [1, null, undefined], [0, 1.5]],
  ['integer?', 'a whole number, or null', [-2, 0, null, undefined], [0.5, '1']],
  ['boolean', 'true or false', [true, false], [0, null, 'true']],
  ['string', 'text', ['a'], ['', 1, null]],
  ['strings', 'an array of strings', [[], ['a', 'b']], ['a', ['a', 1]]],
  ['numbers', 'a non-empty array of finite numbers', [[1, 2]], [[], [1, Number.NaN], 1]],
  ['verbosity', 'one of 0, 1, 2', [0, 1, 2], [3, -1, true]],
  ['function?', 'a function, or null', [() => {}, null, undefined], ['f', 1]],
  [
    'signal?',
    "an AbortSignal, such as a new AbortController()'s, or null",
    [new AbortController().signal, null],
    [1, {}],
  ],
  ['record?', 'an object, or null', [{}, { a: 1 }, null], [[], 1]],
  [['a', 'b', 'c'], 'one of a, b, c', ['a', 'c'], ['d', 1, null]],
];

test.each(kinds)('an option of the kind %j is %s', async (kind, says, right, wrong) => {
  const take = (value: unknown) => complete('fit', {}, { it: value } as Any, { it: kind });
  for (const value of right) expect(take(value)).toEqual({ it: value });
  for (const value of wrong) expect(await refusal(() => take(value))).toMatch(`fit: it must be ${says}, not `);
});

test('options that are none are named, with the one that is meant or all', async () => {
  const known = { patience: 'count', mode: ['min', 'max'] } as const;
  const given = { patience: 3, mode: 'min' };
  expect(complete('Stop', { patience: 1 }, given as Any, known)).toEqual(given);
  expect(await refusal(() => complete('Stop', given, { patince: 2 } as Any, known))).toBe(
    "Stop: unknown option 'patince'; did you mean patience?",
  );
  expect(await refusal(() => complete('Stop', given, { zzz: 2 } as Any, known))).toBe(
    "Stop: unknown option 'zzz'; it takes patience, mode",
  );
});

describe('of a model', () => {
  const xs = { data: Float32Array.from({ length: 12 }, (_, i) => i / 12), shape: [6, 2] };
  const ys = { data: Float32Array.from({ length: 6 }, (_, i) => i % 2), shape: [6, 1] };
  const one = () => new Sequential([Dense(1, { activation: 'sigmoid', inputShape: [2] })], { seed: 1 });
  const two = () => {
    const x = Input({ shape: [2] });
    const outputs = ['a', 'b'].map((name) => Dense(1, { name }).apply(x));
    return new Model({ inputs: x, outputs: outputs as Any, seed: 1 });
  };
  const compiled = (options: object) => () => two().compile(options as Any);
  const fitted =
    (options: object, y: object = ys, loss = 'binaryCrossentropy') =>
    async () => {
      const model = one();
      model.compile({ loss, optimizer: 'sgd', metrics: ['accuracy'] } as Any);
      await model.fit(xs, y as Any, { verbose: 0, epochs: 1, ...options } as Any);
    };
  const classes = { data: Float32Array.of(0, 1, 2, 0, 1, 5), shape: [6] };
  const ofThree = (options: object, y: object) => async () => {
    const model = new Sequential([Dense(3, { activation: 'softmax', inputShape: [2] })], { seed: 1 });
    model.compile({ loss: options, optimizer: 'sgd' } as Any);
    await model.fit(xs, y as Any, { verbose: 0, epochs: 1 });
  };

  test.each<[string, () => unknown]>([
    [
      'compile: 1 value in loss for the outputs a, b; give one for each, in this order or by name',
      compiled({ loss: ['mse'] }),
    ],
    ['compile: lossWeights for output b is "2"', compiled({ loss: 'mse', lossWeights: [1, '2'] })],
    ["compile: loss has 'c', but the outputs are a, b", compiled({ loss: { a: 'mse', c: 'mse' } })],
    ['compile: loss has nothing for output b; give one for each of a, b', compiled({ loss: { a: 'mse' } })],
    [
      'compile: lossWeights are a list, or an object by the names of outputs',
      compiled({ loss: 'mse', lossWeights: 2 }),
    ],
    [
      'compile: lossWeights are for a model with several outputs',
      () => one().compile({ loss: 'mse', lossWeights: [2] } as Any),
    ],
    [
      'compile: lossWeights are for a model with several outputs',
      () => one().compile({ loss: 'mse', lossWeights: { [one().outputs[0].name]: 0.5 } } as Any),
    ],
    [
      'validationSplit 0.9 of 6 samples leaves 0 to train and 6 to validate on; both need at least one',
      fitted({ validationSplit: 0.9 }),
    ],
    ['validationData must be [x, y] or { x, y }, not "x"', fitted({ validationData: 'x' })],
    [
      "EarlyStopping monitors val_loss, but there is no validation data; give validationSplit or validationData, or monitor 'loss'",
      fitted({ callbacks: [new EarlyStopping()] }),
    ],
    [
      "ReduceLROnPlateau monitors val_accuracy, but there is no validation data; give validationSplit or validationData, or monitor 'accuracy'",
      fitted({ callbacks: [new ReduceLROnPlateau({ monitor: 'val_accuracy' })] }),
    ],
    [
      "EarlyStopping: whether more or less speed is better is not known; give mode 'min' or 'max'",
      fitted({ callbacks: [new EarlyStopping({ monitor: 'speed' })] }),
    ],
    [
      'EarlyStopping monitors speed, which is not logged; logged are loss, accuracy',
      fitted({ callbacks: [new EarlyStopping({ monitor: 'speed', mode: 'max' })] }),
    ],
    ['classWeight: { 1: -2 }; expected class numbers with weights of at least 0', fitted({ classWeight: { 1: -2 } })],
    ['classWeight: { a: 2 }; expected class numbers with weights of at least 0', fitted({ classWeight: { a: 2 } })],
    ['sampleWeight: shape (5,); expected one weight for each sample, (6,)', fitted({ sampleWeight: [1, 1, 1, 1, 1] })],
    ['sampleWeight[2] is -1; weights must be at least 0', fitted({ sampleWeight: [1, 1, -1, 1, 1, 1] })],
    [
      'sampleWeight[2] is Infinity; weights must be at least 0',
      fitted({ sampleWeight: [1, 1, Number.POSITIVE_INFINITY, 1, 1, 1] }),
    ],
    [
      'sampleWeight and classWeight are both given; multiply the class weights into sampleWeight yourself',
      fitted({ sampleWeight: [1, 1, 1, 1, 1, 1], classWeight: { 1: 2 } }),
    ],
    [
      'validationData: sampleWeight: shape (5,); expected one weight for each sample, (6,)',
      fitted({ validationData: [xs, ys, [1, 1, 1, 1, 1]] }),
    ],
    [
      'validationData: sampleWeight[1] is -2; weights must be at least 0',
      fitted({ validationData: { x: xs, y: ys, sampleWeight: [1, -2, 1, 1, 1, 1] } }),
    ],
    [
      'validationData: y[2, 0] is NaN; clean the data first',
      fitted({ validationData: [xs, { ...ys, data: Float32Array.of(0, 1, Number.NaN, 0, 1, 0) }] }),
    ],
    ['y[3, 0] is NaN; clean the data first', fitted({}, { ...ys, data: Float32Array.of(0, 1, 0, Number.NaN, 0, 1) })],
    [
      'y[1, 0] is 1.5; binaryCrossentropy takes targets from 0 to 1',
      fitted({}, { ...ys, data: Float32Array.of(0, 1.5, 0, 1, 0, 1) }),
    ],
    [
      "y[5] is 5; labels must be whole numbers from 0 to 2, one per unit of the model's last layer",
      ofThree('sparseCategoricalCrossentropy' as Any, classes),
    ],
    [
      "y: shape (6,) does not fit the model's output (n, 3); categoricalCrossentropy takes (n, 3); for class numbers use sparseCategoricalCrossentropy, or make them one-hot",
      ofThree('categoricalCrossentropy' as Any, classes),
    ],
    [
      "y: shape (6, 3) does not fit the model's output (n, 3); sparseCategoricalCrossentropy takes (n,); for one-hot targets use categoricalCrossentropy",
      ofThree('sparseCategoricalCrossentropy' as Any, { data: new Float32Array(18), shape: [6, 3] }),
    ],
  ])('%s', async (message, run) => {
    const ofData = /^(validationData: )?(y|sampleWeight)[[:]/.test(message);
    expect(await refusal(run, ofData ? 'data' : 'usage')).toBe(message);
  });

  test('one output is no class for each', async () => {
    expect(await refusal(fitted({}, ys, 'categoricalCrossentropy'), 'model')).toBe(
      "categoricalCrossentropy needs an output for each class, but the model's output has size 1; use binaryCrossentropy, or a last layer with one unit per class",
    );
  });

  test('weights of 0 are weights', async () => {
    await fitted({ sampleWeight: [1, 0, 1, 1, 1, 1] })();
    await fitted({ classWeight: { 1: 0 } })();
    await fitted({ validationData: [xs, ys, [0, 1, 1, 1, 1, 1]] })();
  });

  test('options that leave nothing to validate on are wrong usage, not wrong data', async () => {
    await expect(fitted({ validationSplit: 0.9 })()).rejects.toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

test.each([-1, 3])('a metric of one class refuses class %d of three', async (classId) => {
  const model = new Sequential([Dense(3, 'softmax', { inputShape: [2] })], { seed: 1 });
  model.compile({ loss: 'categoricalCrossentropy', optimizer: 'sgd', metrics: [precision({ classId })] });
  await expect(model.evaluate([[1, 2]], [[0, 1, 0]])).rejects.toThrow(
    `metric precision: classId ${classId} of 3 classes; give one from 0 to 2`,
  );
  model.dispose();
});
