/** How models of several outputs were compiled: as Keras's files say it, and what evaluate gives by it, against Keras's own. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { compileOptionsOf } from '../../src/formats/keras/compileOptions.js';
import {
  kerasOptimizer,
  optimizerOfDescription,
  optimizerStateFrom,
  slotsInOrder,
  trainingFrom,
  trainingOfDescription,
} from '../../src/formats/keras/training.js';
import { kerasCompile } from '../../src/formats/keras/writtenTraining.js';
import type { Json } from '../../src/formats/modelJson.js';
import { loadModel } from '../../src/index.js';
import type { OptimizerIdentifier } from '../../src/training/optimizers.js';

type JsonRecord = { [key: string]: Json };

const place = (name: string) => fileURLToPath(new URL(`../fixtures/kerasTraining/${name}`, import.meta.url));

interface Evaluated {
  x: number[];
  a: number[];
  b: number[];
  weights: number[];
  scores: Record<string, Record<string, number>>;
}
const { x, a, b, weights, scores }: Evaluated = JSON.parse(readFileSync(place('evaluated.json'), 'utf8'));

test.each(Object.entries(scores))('%s evaluates as in Keras, to 1e-5', async (name, expected) => {
  const model = await loadModel(place(name));
  expect(model.lost).toEqual([]);
  const array = (data: number[], ...sample: number[]) => ({ data: Float32Array.from(data), shape: [6, ...sample] });
  const logs = await model.evaluate(array(x, 3, 2), [array(a, 2), array(b, 1)], {
    sampleWeight: { a: weights, b: weights },
  });
  expect(logs).toEqual(
    Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, expect.closeTo(value, 5)])),
  );
  model.dispose();
});

type Training = Parameters<typeof compileOptionsOf>[0];

/** compile()'s options with losses, metrics and the optimizer as they describe themselves. */
function told(training: Training, state?: Parameters<typeof compileOptionsOf>[1]) {
  const lost: string[] = [];
  const options = compileOptionsOf(training, state, lost);
  const described = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(described);
    if (typeof value !== 'object' || value === null) return value;
    if ('positions' in value && 'name' in value && 'config' in value) return [value.name, value.config];
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, described(one)]));
  };
  const { optimizer, ...rest } = options ?? {};
  const { name, iterations } = (optimizer ?? {}) as { name?: string; iterations?: number };
  return { ...(options && { optimizer: [name, iterations], ...(described(rest) as object) }), lost };
}

const huber = { name: 'huber', config: { delta: 0.3 } };
const topK = { name: 'TopKCategoricalAccuracy', config: { k: 2, name: 'top2' } };

test('losses, their weights and metrics for all outputs, in order or by name; the optimizer and its state', () => {
  expect(
    told({ optimizer: { class_name: 'SGD', config: {} }, loss: 'mse', metrics: ['mae', topK] } as Training),
  ).toEqual({
    optimizer: ['sgd', 0],
    loss: ['meanSquaredError', {}],
    metrics: ['mae', topK],
    weightedMetrics: [],
    lost: [],
  });
  expect(told({ loss: [huber, 'mae'], lossWeights: [0.5, '2'], weightedMetrics: ['mae'] } as Training)).toEqual({
    optimizer: ['rmsprop', 0],
    loss: [
      ['huber', { delta: 0.3 }],
      ['meanAbsoluteError', {}],
    ],
    lossWeights: [0.5, 2],
    metrics: [],
    weightedMetrics: ['mae'],
    lost: [],
  });
  const named = {
    loss: { a: huber, b: 'mae' },
    lossWeights: { a: 0.5, b: 2 },
    metrics: { a: ['mae', 'nothing'], b: 'none' },
    weightedMetrics: { b: [topK] },
  };
  expect(told(named as unknown as Training)).toEqual({
    optimizer: ['rmsprop', 0],
    loss: { a: ['huber', { delta: 0.3 }], b: ['meanAbsoluteError', {}] },
    lossWeights: { a: 0.5, b: 2 },
    metrics: { a: ['mae'], b: [] },
    weightedMetrics: { b: [topK] },
    lost: ['metric "nothing" is not known here'],
  });
  // A loss without options.
  expect(told({ loss: { name: 'huber' } } as Training)).toMatchObject({ loss: ['huber', { delta: 1 }] });

  const state = { iterations: 7, slots: { momentum: [Float32Array.of(1, 2)], velocity: [Float32Array.of(3, 4)] } };
  const training = { optimizer: { class_name: 'Adam', config: { learning_rate: 0.5 } }, loss: 'mse' } as Training;
  const made = compileOptionsOf(training, state, [])?.optimizer;
  expect(made).toMatchObject({ name: 'adam', iterations: 7, learningRate: 0.5 });
  expect((made as { state(): Float32Array[] }).state()).toEqual([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
  // A state without one of the optimizer's slots is a bug, and no model that comes uncompiled.
  expect(() => compileOptionsOf(training, { ...state, slots: { momentum: [Float32Array.of(1)] } }, [])).toThrow(
    TypeError,
  );
});

test('what is not to be had here leaves a model uncompiled, and says so', () => {
  expect(told({ loss: 'nothing' } as Training)).toEqual({
    lost: [expect.stringMatching(/^the model comes uncompiled: [^;]*'nothing'[^;]*$/)],
  });
  expect(told({ loss: ['mse', { name: 'huber', config: { deltas: 1 } }] } as Training).lost).toEqual([
    expect.stringMatching(/^the model comes uncompiled: .*deltas/),
  ]);
  expect(
    told({ optimizer: { class_name: 'Adam', config: { beta_1: 2 } }, loss: 'mse' } as unknown as Training).lost,
  ).toEqual([expect.stringMatching(/^the model comes uncompiled: .*beta/i)]);
});

describe('what a file says of compile()', () => {
  const read = (given: unknown) => {
    const lost: string[] = [];
    const training = trainingFrom(given as Json, lost);
    return { ...training, ...(lost.length > 0 && { lost }) };
  };
  const optimizer = (written: unknown) => {
    const { optimizer: found, lost } = read({ optimizer: written, loss: 'mse' });
    return { ...found, ...(lost && { lost }) };
  };

  test('of the optimizer: its options by all their names, without those that change nothing', () => {
    for (const none of [null, 'adam', 7, {}, { optimizer: null }, { loss: 'mse' }]) expect(read(none)).toEqual({});
    expect(read({ optimizer: 'sgd', optimizer_config: 'Adam', loss: 'mse' })).toEqual({
      optimizer: { class_name: 'Adam', config: {} },
      loss: 'mse',
      metrics: [],
    });
    const cases: [written: unknown, class_name: string, config: object, ...lost: string[]][] = [
      ['Custom>LION', 'Lion', {}],
      ['adamw', 'AdamW', { weight_decay: null }],
      [{ class_name: 'AdamW', config: { weight_decay: 0.1 } }, 'AdamW', { weight_decay: 0.1 }],
      [
        { class_name: 'Adam', config: { name: 'a', lr: 0.1, beta1: 0.5, beta2: 0.6, weightDecay: 0, clipnorm: null } },
        'Adam',
        { learning_rate: 0.1, beta_1: 0.5, beta_2: 0.6 },
      ],
      [{ class_name: 'Adam', config: { weight_decay: false, amsgrad: false } }, 'Adam', { amsgrad: false }],
      [
        { class_name: 'Momentum', config: { useNesterov: true, momentum: 0.5, decay: 0, rho: false, x: null } },
        'SGD',
        { nesterov: true, momentum: 0.5 },
      ],
      [
        { class_name: 'SGD', config: { useNesterov: true, schedule_decay: 1, jit_compile: true } },
        'SGD',
        {},
        'optimizer option use_nesterov = true is not applied',
      ],
      [{ class_name: 'RMSprop', config: { decay: 0.8 } }, 'RMSprop', { rho: 0.8 }],
      [
        { class_name: 'RMSprop', config: { decay: 0.8, rho: 0.9 } },
        'RMSprop',
        { rho: 0.9 },
        'optimizer option decay = 0.8 is not applied',
      ],
      [
        { class_name: 'Lion', config: { epsilon: 1, use_ema: true, ema_momentum: 0.9, loss_scale_factor: [2] } },
        'Lion',
        { use_ema: true, ema_momentum: 0.9 },
        'optimizer option epsilon = 1 is not applied',
        'optimizer option loss_scale_factor = [2] is not applied',
      ],
    ];
    for (const [written, class_name, config, ...lost] of cases)
      expect(optimizer(written)).toEqual({ class_name, config, ...(lost.length > 0 && { lost }) });
    for (const written of ['ftrl', { class_name: 'Ftrl' }, 7])
      expect(optimizer(written)).toEqual({
        lost: [
          `optimizer ${JSON.stringify(typeof written === 'object' ? 'Ftrl' : written)} is not known here`,
          'the model comes uncompiled',
        ],
      });
    const rate = (learning_rate: unknown) =>
      (optimizer({ class_name: 'Adam', config: { learning_rate } }) as { config: JsonRecord }).config.learning_rate;
    expect(rate(0.5)).toBe(0.5);
    expect(rate({ class_name: 'CosineDecay' })).toEqual({ class_name: 'CosineDecay' });
    expect(rate({ class_name: 'CosineDecay', config: { name: 'x', decay_steps: 5 }, module: 'm' })).toEqual({
      class_name: 'cosineDecay',
      config: { decay_steps: 5 },
    });
  });

  test('of losses: a word, a kind with its options, or one for each output', () => {
    const loss = (written: unknown) => {
      const { loss: found, lost } = read({ optimizer: 'sgd', loss: written });
      return [found, ...(lost ?? [])];
    };
    const uncompiled = 'the model comes uncompiled';
    const kind = {
      class_name: 'Huber',
      config: { name: 'huber', reduction: 'auto', dtype: 'x', axis: 1, fn: 2, delta: 3 },
    };
    const own = { name: 'huber', config: { delta: 3 } };
    const sum = { class_name: 'Huber', config: { reduction: 'sum' } };
    expect(loss('mae')).toEqual(['mae']);
    expect(loss(kind)).toEqual([own]);
    expect(loss({ class_name: 'function', config: 'mae' })).toEqual(['mae']);
    expect(loss({ class_name: 'MeanSquaredError' })).toEqual([{ name: 'mean_squared_error', config: {} }]);
    for (const reduction of ['sum_over_batch_size', 'mean', 'mean_with_sample_weight', null])
      expect(loss({ class_name: 'Huber', config: { reduction } })).toEqual([{ name: 'huber', config: {} }]);
    const told = 'a loss with reduction "sum" is not known here';
    expect(loss(sum)).toEqual([undefined, told, uncompiled]);
    expect(loss(['mae', kind])).toEqual([['mae', own]]);
    expect(loss(['mae', sum])).toEqual([undefined, told, uncompiled]);
    expect(loss({ a: 'mae', b: [kind] })).toEqual([{ a: 'mae', b: [own] }]);
    expect(loss({ a: 'mae', b: sum })).toEqual([undefined, told, uncompiled]);
    expect(loss(7)).toEqual([undefined, 'loss 7 is not known here', uncompiled]);
    expect(loss(null)).toEqual([undefined, uncompiled]);
    expect(read({ optimizer: 'sgd', loss: 'mse', loss_weights: { a: 2 } })).toMatchObject({ lossWeights: { a: 2 } });
  });

  test('of metrics: words and kinds for all outputs, or by output', () => {
    const metrics = (written: unknown) => {
      const { metrics: found, lost, weightedMetrics } = read({ optimizer: 'sgd', loss: 'mse', metrics: written });
      expect(weightedMetrics).toBeUndefined();
      return [found, ...(lost ?? [])];
    };
    const kind = (class_name: string, config?: object) => ({ class_name, ...(config && { config }) });
    expect(metrics(null)).toEqual([[]]);
    expect(metrics('mae')).toEqual([['mae']]);
    expect(metrics(['mae', 'mae', 7, kind('function', 'x' as never)])).toEqual([['mae', 'x']]);
    expect(metrics({ a: ['mae'], b: 'mse', c: null })).toEqual([{ a: ['mae'], b: ['mse'], c: [] }]);
    const single = 'metrics of single outputs are computed for all outputs';
    expect(metrics([['mae'], [{ a: 'mse', b: ['mae'] }]])).toEqual([['mae', 'mse'], single]);
    expect(metrics([[], []])).toEqual([[]]);
    expect(metrics(kind('Precision'))).toEqual([['precision']]);
    expect(metrics([kind('MeanMetricWrapper', { name: 'mae', fn: 1 }), kind('MeanMetricWrapper')])).toEqual([['mae']]);
    const cases: [written: object, found: unknown, ...lost: string[]][] = [
      [kind('MeanSquaredError', { name: 'x', dtype: 'y', other: 1 }), 'mean_squared_error'],
      [
        kind('AUC', { num_thresholds: 200, curve: 'ROC', summation_method: 'interpolation', multi_label: false }),
        'auc',
      ],
      [kind('AUC', { name: 'a', curve: 'PR' }), { name: 'AUC', config: { curve: 'PR', name: 'a' } }],
      [kind('Recall', { class_id: 2 }), { name: 'Recall', config: { class_id: 2, name: 'recall' } }],
      [kind('BinaryAccuracy', { threshold: 0.5, axis: -1 }), 'binary_accuracy'],
      [
        kind('AUC', { summation_method: 'minoring' }),
        undefined,
        'metric auc with summation_method "minoring" is not known here',
      ],
      [
        kind('Precision', { thresholds: [0.1, 0.2] }),
        undefined,
        'metric precision with thresholds [0.1,0.2] is not known here',
      ],
      [kind('Precision', { top_k: 3 }), undefined, 'metric precision with top_k 3 is not known here'],
    ];
    for (const [written, found, ...lost] of cases) expect(metrics([written])).toEqual([found ? [found] : [], ...lost]);
    expect(read({ optimizer: 'sgd', loss: 'mse', weighted_metrics: ['mae'] })).toMatchObject({
      weightedMetrics: ['mae'],
    });
    expect(read({ optimizer: 'sgd', loss: 'mse', weighted_metrics: {} }).weightedMetrics).toBeUndefined();
  });
});

describe('an optimizer’s state', () => {
  const variable = (value: number, name?: string, shape: number[] = [1]) => ({
    ...(name !== undefined && { name }),
    shape,
    data: [value],
    isCount: name === undefined ? value === 9 : /iter/.test(name),
  });
  const count = (name?: string) => variable(9, name, []);
  const state = (class_name: string, config: object, variables: ReturnType<typeof variable>[], scalars = false) => {
    const lost: string[] = [];
    const found = optimizerStateFrom({ class_name, config: config as JsonRecord }, variables, lost, scalars);
    expect(lost).toEqual(
      found || variables.length === 0 ? [] : ["the optimizer's state is in an order not known here; it starts anew"],
    );
    return (
      found && {
        iterations: found.iterations,
        ...Object.fromEntries(Object.entries(found.slots).map(([slot, arrays]) => [slot, arrays.map(([one]) => one)])),
      }
    );
  };
  const inOrder = (values: number[], more: ReturnType<typeof variable>[] = [count()]) => [
    ...more,
    ...values.map((value) => variable(value)),
  ];

  test('is in the order of each optimizer where it has no names, side by side or one after the other', () => {
    expect(state('Adam', {}, [])).toBeUndefined();
    const cases: [class_name: string, config: object, slots: object][] = [
      ['SGD', {}, {}],
      ['SGD', { momentum: 0.5 }, { momentum: [1, 2, 3, 4] }],
      ['RMSprop', {}, { velocity: [1, 2, 3, 4] }],
      ['RMSprop', { momentum: 0.5 }, { velocity: [1, 2], momentum: [3, 4] }],
      ['RMSprop', { centered: true }, { velocity: [1, 2], averageGradient: [3, 4] }],
      ['Adagrad', {}, { accumulator: [1, 2, 3, 4] }],
      ['Adamax', {}, { momentum: [1, 3], norm: [2, 4] }],
      ['Lion', {}, { momentum: [1, 2, 3, 4] }],
      ['Adam', {}, { momentum: [1, 3], velocity: [2, 4] }],
      [
        'AdamW',
        { use_ema: true, gradient_accumulation_steps: 2 },
        { average: [1], gradientAccumulator: [2], momentum: [3], velocity: [4] },
      ],
      ['Lion', { use_ema: false, gradient_accumulation_steps: 2 }, { gradientAccumulator: [1, 2], momentum: [3, 4] }],
    ];
    for (const [class_name, config, slots] of cases)
      expect(state(class_name, config, inOrder(Object.keys(slots).length === 0 ? [] : [1, 2, 3, 4]))).toEqual({
        iterations: 9,
        ...slots,
      });
    expect(state('Nadam', { amsgrad: true }, inOrder([1, 2, 3, 4, 5, 6]))).toEqual({
      iterations: 9,
      momentum: [1, 3],
      velocity: [2, 4],
      velocityHat: [5, 6],
    });
    expect(state('Adam', {}, inOrder([1, 2, 3]))).toBeUndefined();
    expect(state('Adam', {}, inOrder([1, 2], []))).toBeUndefined();
    expect(state('Adam', {}, [{ ...count(), data: [-1] }, ...inOrder([1, 2], [])])).toBeUndefined();
    expect(state('Adam', {}, [{ ...count(), data: [0.5] }, ...inOrder([1, 2], [])])).toBeUndefined();
    expect(state('Adam', {}, [{ ...count(), data: [0] }, ...inOrder([1, 2], [])])).toMatchObject({ iterations: 0 });
    // The count is the one of no axis; the first number of none is the learning rate, unless a schedule gives it.
    const rate = variable(5, undefined, []);
    const list = { ...variable(8), isCount: true };
    expect(state('Lion', {}, [list, count(), rate, variable(1)])).toEqual({ iterations: 9, momentum: [8, 1] });
    expect(state('Lion', {}, [list, rate, variable(1)])).toEqual({ iterations: 8, momentum: [1] });
    const scalar = variable(2, undefined, []);
    expect(state('Lion', {}, [count(), rate, variable(1), scalar])).toEqual({ iterations: 9, momentum: [1] });
    expect(state('Lion', {}, [count(), rate, variable(1), scalar], true)).toEqual({ iterations: 9, momentum: [1, 2] });
    const schedule = { learning_rate: { class_name: 'cosineDecay', config: {} } };
    expect(state('Lion', schedule, [count(), variable(1), scalar], true)).toEqual({ iterations: 9, momentum: [1, 2] });
  });

  test('goes by the names that Keras and tfjs give, whatever the layers are called', () => {
    const named = (class_name: string, config: object, ...names: string[]) =>
      state(class_name, config, [count('iteration'), ...names.map((name, i) => variable(i, name))]);
    const adam = { momentum: [0, 2], velocity: [1, 3] };
    for (const names of [
      ['adam/d_kernel_momentum', 'adam/d_kernel_velocity', 'adam/d_bias_momentum', 'adam/d_bias_velocity'],
      ['adam/velocity_momentum', 'adam/accumulator_velocity', 'adam/velocity_bias_momentum', 'adam/norm_velocity'],
      ['Adam/m/d/kernel:0', 'Adam/v/d/kernel:0', 'Adam/m/d/bias:0', 'Adam/v/d/bias:0'],
      ['d/kernel/m:0', 'd/kernel/v:0', 'd/bias/m', 'd/bias/v'],
      ['velocity/k/momentum', 'momentum/k/velocity', 'velocity/b/momentum', 'momentum/b/velocity'],
    ])
      expect(named('Adam', {}, ...names)).toEqual({ iterations: 9, ...adam });
    expect(named('RMSprop', { centered: true }, 'k/rms', 'k/mg:0')).toEqual({
      iterations: 9,
      velocity: [0],
      averageGradient: [1],
    });
    // tfjs's RMSprop has a momentum whether it is used or not.
    expect(named('RMSprop', {}, 'k/rms', 'k/momentum')).toEqual({ iterations: 9, velocity: [0] });
    expect(named('Adam', { amsgrad: true }, 'k/m', 'k/v', 'k/vhat')).toEqual({
      iterations: 9,
      momentum: [0],
      velocity: [1],
      velocityHat: [2],
    });
    expect(named('Adamax', {}, 'Adamax/m/k', 'adamax/u/k', 'k_momentum', 'k_norm')).toEqual({
      iterations: 9,
      momentum: [0, 2],
      norm: [1, 3],
    });
    expect(named('Lion', { use_ema: true }, 'k_average', 'k/m')).toEqual({
      iterations: 9,
      average: [0],
      momentum: [1],
    });
    for (const names of [['k/m'], ['k/m', 'k/v', 'b/m'], ['k/m', 'k/v', 'k/other'], ['k/m', 'k/v', 'k/vhat']])
      expect(named('Adam', {}, ...names)).toBeUndefined();
  });

  test('is written as it is read', () => {
    const optimizer = { class_name: 'Adam', config: { amsgrad: true } };
    const slots = Object.fromEntries(
      ['momentum', 'velocity', 'velocityHat'].map((slot, i) => [slot, [1, 2].map((n) => Float32Array.of(10 * i + n))]),
    );
    const order = slotsInOrder(optimizer, { iterations: 9, slots });
    expect(order.map(({ slot, weight, data }) => [slot, weight, data[0]])).toEqual([
      ['momentum', 0, 1],
      ['velocity', 0, 11],
      ['momentum', 1, 2],
      ['velocity', 1, 12],
      ['velocity_hat', 0, 21],
      ['velocity_hat', 1, 22],
    ]);
    expect(state('Adam', { amsgrad: true }, inOrder(order.map(({ data }) => data[0])))).toEqual({
      iterations: 9,
      momentum: [1, 2],
      velocity: [11, 12],
      velocityHat: [21, 22],
    });
  });
});

describe('what is written of compile()', () => {
  const described = (optimizer: OptimizerIdentifier, more: object = {}) => {
    const lost: string[] = [];
    const { name, config } = resolved(optimizer);
    const training = { optimizer: { name, config }, loss: 'mse', metrics: [], ...more };
    const written = trainingOfDescription(training as unknown as Parameters<typeof trainingOfDescription>[0], lost);
    return { written, lost };
  };
  const resolved = (optimizer: OptimizerIdentifier) =>
    optimizer as unknown as { name: string; config: Record<string, unknown> };

  test('the optimizer, which comes back', () => {
    const { written } = described({ name: 'adam', config: { learningRate: 0.5, beta1: 0.8, clipnorm: 1 } } as never);
    expect(written.optimizer).toEqual({ class_name: 'Adam', config: { learning_rate: 0.5, beta_1: 0.8, clipnorm: 1 } });
    expect(kerasOptimizer({ class_name: 'Adam', config: { learning_rate: 0.5, beta_1: 0.8, foreign: 1 } })).toEqual({
      module: 'keras.optimizers',
      class_name: 'Adam',
      config: { name: 'adam', learning_rate: 0.5, beta_1: 0.8 },
      registered_name: null,
    });
    expect(kerasOptimizer({ class_name: 'AdamW', config: {} }).config).toEqual({ name: 'adamw', weight_decay: 0 });
    const schedule = { name: 'exponentialDecay', config: { initialLearningRate: 0.1, decaySteps: 5, decayRate: 0.5 } };
    const scheduled = described({
      name: 'sgd',
      config: { learningRate: schedule, momentum: 0, other: [1], none: [] },
    } as never);
    expect(scheduled.lost).toEqual(['optimizer option other is not kept']);
    const keras = kerasOptimizer(scheduled.written.optimizer as NonNullable<Training>['optimizer'] & object);
    expect(keras.config).toEqual({
      name: 'sgd',
      momentum: 0,
      learning_rate: {
        module: 'keras.optimizers.schedules',
        class_name: 'ExponentialDecay',
        config: { initial_learning_rate: 0.1, decay_steps: 5, decay_rate: 0.5 },
        registered_name: null,
      },
    });
    const again = trainingFrom({ optimizer: keras, loss: 'mse' } as Json, []);
    expect(again?.optimizer?.config.learning_rate).toEqual({
      class_name: 'exponentialDecay',
      config: { initial_learning_rate: 0.1, decay_steps: 5, decay_rate: 0.5 },
    });
    expect(optimizerOfDescription({ optimizer: { name: 'sgd', config: { useEma: true } } })).toEqual({
      class_name: 'SGD',
      config: { use_ema: true },
    });
    for (const none of [
      null,
      {},
      { optimizer: 1 },
      ...[{ name: 'other', config: {} }, { name: 'sgd' }, { config: {} }].map((optimizer) => ({ optimizer })),
    ])
      expect(optimizerOfDescription(none)).toBeUndefined();
  });

  test('losses and metrics, in Keras’s words or, for memcell alone, all of them', () => {
    const compiled = (training: object, keras = true) => {
      const lost: string[] = [];
      const { loss, loss_weights, metrics, weighted_metrics } = kerasCompile(
        training as never,
        keras ? lost : undefined,
      );
      return { loss, loss_weights, metrics, weighted_metrics, lost };
    };
    const none = { loss: null, loss_weights: null, metrics: null, weighted_metrics: null, lost: [] };
    expect(compiled({})).toEqual(none);
    const written = (name: string, class_name: string, config: object) => ({
      module: 'keras.losses',
      class_name,
      config: { name, reduction: 'sum_over_batch_size', ...config },
      registered_name: null,
    });
    const divergence = { name: 'kullbackLeiblerDivergence', config: {} };
    const own = { name: 'quantile', config: { quantiles: [0.1] } };
    const losses = ['mse', huber, divergence, own];
    const all = [
      'mse',
      written('huber', 'Huber', { delta: 0.3 }),
      written('kullback_leibler_divergence', 'KLDivergence', {}),
    ];
    const told = 'Keras has no loss quantile (memcell keeps it): compile there with another before you train';
    expect(compiled({ loss: losses })).toEqual({ ...none, loss: [...all, null], lost: [told] });
    expect(compiled({ loss: { a: huber, b: own } })).toEqual({ ...none, loss: { a: all[1], b: null }, lost: [told] });
    expect(compiled({ loss: losses, lossWeights: [1, 2] }, false)).toEqual({
      ...none,
      loss: [...all, written('quantile', 'Quantile', { quantiles: [0.1] })],
      loss_weights: [1, 2],
    });
    const metric = (class_name: string, config: object) => ({
      module: 'keras.metrics',
      class_name,
      config,
      registered_name: null,
    });
    const top = { name: 'TopKCategoricalAccuracy', config: { k: 2, className: 'x' } };
    const accuracy = { name: 'accuracy', config: { name: 'a' } };
    const metrics = ['mse', 'meanSquaredError', 'logCosh', 'auc', 'perplexity', top, accuracy, 7];
    const kept = metric('TopKCategoricalAccuracy', { k: 2, class_name: 'x' });
    expect(compiled({ metrics, weightedMetrics: { a: ['perplexity', 'mae'], b: null } })).toEqual({
      ...none,
      metrics: ['mse', 'mean_squared_error', 'log_cosh_error', 'auc', kept, 'accuracy', 7],
      weighted_metrics: { a: ['mae'], b: null },
      lost: ['Keras has no metric perplexity (memcell keeps it)', 'Keras has no metric perplexity (memcell keeps it)'],
    });
    expect(compiled({ metrics: ['perplexity'] })).toMatchObject({ metrics: null });
    expect(compiled({ metrics }, false).metrics).toEqual([
      'mse',
      'mean_squared_error',
      'log_cosh',
      'auc',
      'perplexity',
      kept,
      metric('Accuracy', { name: 'a' }),
      7,
    ]);
  });
});
