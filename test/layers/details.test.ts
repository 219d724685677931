import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import {
  Conv1D,
  Dense,
  type DenseOptions,
  Flatten,
  GlobalAveragePooling1D,
  GRU,
  type Layer,
  LayerNormalization,
  LSTM,
  Masking,
  MaxPooling1D,
  MinGRU,
  Normalization,
  PositionEmbedding,
  PReLU,
  RMSNormalization,
  RNN,
  Sequential,
  SimpleRNN,
  sgd,
  TimeDistributed,
} from '../../src/index.js';
import { cellClasses, definitionOf } from '../../src/layers/byName.js';
import { initializerNames } from '../../src/layers/initializers.js';
import { makeLayer } from '../../src/layers/make.js';
import { broadcastShape } from '../../src/layers/merge/merging.js';
import { madeCell } from '../../src/layers/recurrent/cells.js';
import { ofRegistered, registeredLayer } from '../../src/layers/registered.js';
import { savedSettings } from '../../src/layers/saved.js';
import {
  axes,
  batchSize,
  constraint,
  count,
  groups,
  initializer,
  item,
  pair,
  regularizer,
  units,
  vocabulary,
} from '../../src/layers/schema.js';

test("a regularizer's name alone is 0.01 of what it names, a new object each time", () => {
  const all = (['l1', 'l2', 'l1l2'] as const).map((name) => Dense(1, { kernelRegularizer: name }).getConfig());
  expect(all.map(({ kernelRegularizer }) => kernelRegularizer)).toEqual([
    { className: 'L1L2', config: { l1: expect.closeTo(0.01, 6), l2: 0 } },
    { className: 'L1L2', config: { l1: 0, l2: expect.closeTo(0.01, 6) } },
    { className: 'L1L2', config: { l1: expect.closeTo(0.01, 6), l2: expect.closeTo(0.01, 6) } },
  ]);
  const spelled = { l1: ['L1'], l2: ['L2'], l1l2: ['L1L2', 'l1_l2'] } as const;
  for (const [name, others] of Object.entries(spelled))
    for (const other of others) expect(regularizer(other, 'a')).toEqual(regularizer(name as keyof typeof spelled, 'b'));
  const [one, other] = [regularizer('l2', 'a'), regularizer('l2', 'b')];
  expect(one).toEqual(other);
  expect(one).not.toBe(other);
  if (one && other && 'config' in one && 'config' in other) expect(one.config).not.toBe(other.config);
});

test('every initializer that draws takes a seed, and no other does', () => {
  for (const name of initializerNames) {
    const className = name[0].toUpperCase() + name.slice(1);
    const make = () => initializer({ className, config: { seed: 3 } }, 'kernelInitializer');
    if (['zeros', 'ones', 'constant', 'identity'].includes(name)) expect(make).toThrow('seed');
    else expect(make()).toMatchObject({ config: { seed: 3 } });
  }
});

test.each(['memcell', 'tfjs'] as const)(
  'a constraint is applied once, after each update of the weights, not where they are read or averaged: %s',
  async (engine) => {
    // A norm of 3 becomes 0.8 + 0.3·2.2, that 0.8 + 0.3·0.66.
    const minmax = { className: 'MinMaxNorm', config: { minValue: 0.3, maxValue: 0.8, rate: 0.7, axis: 0 } } as const;
    const model = new Sequential([LSTM(2, { inputShape: [1, 1] }), Dense(1, { kernelConstraint: minmax })], {
      seed: 1,
    });
    const [weights, x, y] = [model.getWeights(), [[[1]]], [[0]]];
    weights[3].data.set([3, 0]);
    const norm = () => Math.hypot(...model.getWeights()[3].data);
    const compile = (useEma: boolean) => {
      model.setWeights(weights);
      model.compile({
        optimizer: sgd({ learningRate: 1e-9, useEma }),
        loss: 'meanSquaredError',
        ...(engine === 'tfjs' && { engine }),
      });
      expect(model.engine.kind).toBe(engine);
    };
    compile(false);
    for (const expected of [1.46, 0.998]) {
      await model.trainOnBatch(x, y);
      expect(norm()).toBeCloseTo(expected, 5);
      expect(norm()).toBeCloseTo(expected, 5);
    }
    // The average is of the weights as they are updated, before the constraint.
    compile(true);
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    expect(norm()).toBeCloseTo(3, 5);
    model.dispose();
  },
);

test('initializers and constraints are taken with their settings as tfjs and as Keras write them, and no others', () => {
  const told = (options: DenseOptions) => {
    const { kernelConstraint, kernelInitializer } = Dense(1, options).getConfig();
    return { kernelConstraint, kernelInitializer };
  };
  const [max_norm, minmax] = [
    { class_name: 'MaxNorm', config: { max_value: 0.1, axis: 0, seed: null } },
    { className: 'min_max_norm', config: { minValue: 0.2, rate: 0.5 } },
  ];
  expect(told({ kernelConstraint: max_norm }).kernelConstraint).toEqual(
    told({ kernelConstraint: { className: 'MaxNorm', config: { maxValue: 0.1, axis: 0 } } }).kernelConstraint,
  );
  expect(told({ kernelConstraint: max_norm }).kernelConstraint).toMatchObject({ config: { maxValue: 0.1 } });
  expect(told({ kernelConstraint: minmax }).kernelConstraint).toMatchObject({
    className: 'MinMaxNorm',
    config: { minValue: 0.2, rate: 0.5 },
  });
  const scaled = { class_name: 'VarianceScaling', config: { scale: 3, mode: 'fan_out', distribution: 'uniform' } };
  expect(told({ kernelInitializer: scaled }).kernelInitializer).toMatchObject({
    config: { scale: 3, mode: 'fanOut', distribution: 'uniform' },
  });
  for (const [options, message] of [
    [
      { kernelConstraint: { className: 'MaxNorm', config: { max: 1 } } },
      'MaxNorm has no setting "max"; it has maxValue, axis',
    ],
    [{ kernelConstraint: { className: 'NonNeg', config: { axis: 0 } } }, 'NonNeg has no setting "axis"; it has none'],
    [
      { kernelConstraint: { className: 'MaxNorm', config: { maxValue: -1 } } },
      'maxValue must be a number of at least 0',
    ],
    [
      { kernelInitializer: { class_name: 'Constant', config: { vale: 1 } } },
      'Constant has no setting "vale"; it has value',
    ],
    [
      { kernelInitializer: { class_name: 'RandomNormal', config: { stddev: 'a' } } },
      'stddev must be a number of at least 0',
    ],
  ] as const)
    expect(() => Dense(1, options)).toThrow(message);
});

test('each initializer and constraint takes its own settings, and says which they are', () => {
  const taken = {
    constraint: {
      MaxNorm: { maxValue: 3, axis: 1 },
      MinMaxNorm: { minValue: 1, maxValue: 3, rate: 0.5, axis: [0, 1] },
      NonNeg: {},
      UnitNorm: { axis: 1 },
    },
    initializer: {
      Zeros: {},
      Ones: {},
      Constant: { value: 3 },
      Identity: { gain: 2 },
      Orthogonal: { gain: 2, seed: 4 },
      RandomUniform: { minval: -1, maxval: 2, seed: 4 },
      RandomNormal: { mean: 1, stddev: 2, seed: 4 },
      TruncatedNormal: { mean: 1, stddev: 2, seed: 4 },
      VarianceScaling: { scale: 2, mode: 'fanAvg', distribution: 'untruncatedNormal', seed: 4 },
      GlorotUniform: { seed: 4 },
    },
  };
  for (const [kind, make] of [
    ['constraint', constraint],
    ['initializer', initializer],
  ] as const) {
    for (const [className, config] of Object.entries(taken[kind])) {
      expect(make({ className, config }, 'w')).toEqual({ className, config });
      const settings = Object.keys(config).join(', ') || 'none';
      expect(() => make({ className, config: { other: 1 } }, 'w')).toThrow(
        `w: ${className} has no setting "other"; it has ${settings}`,
      );
    }
  }
});

test('TimeDistributed gives each step to what it wraps, in batches of any size: on the engine as on tfjs', async () => {
  for (const inner of [() => Dense(3, 'tanh'), () => LayerNormalization()]) {
    const model = new Sequential([TimeDistributed(inner())], { inputShape: [4, 2], batchSize: 3, seed: 1 });
    model.compile({ loss: 'mse', optimizer: 'sgd' });
    const x = { data: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * i)), shape: [5, 4, 2] };
    const own = await model.predict(x);
    expect(model.engine).toEqual({ kind: 'memcell' });
    model.compile({ loss: 'mse', optimizer: 'sgd', engine: 'tfjs' });
    const theirs = await model.predict(x);
    expect(own.shape).toEqual(theirs.shape);
    own.data.forEach((value, i) => {
      expect(value).toBeCloseTo(theirs.data[i], 5);
    });
    model.dispose();
  }
});

test('the factors of RMSNormalization over several axes are in the order of the axes, however they are given', async () => {
  for (const axis of [
    [1, 2],
    [2, 1],
    [-1, -2],
  ]) {
    const model = new Sequential([RMSNormalization({ axis })], { inputShape: [2, 3] });
    expect(model.getWeights().map(({ shape }) => shape)).toEqual([[2, 3]]);
    model.setWeights([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    const [rows] = await model.predict<number[][][]>([
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
    ]);
    expect(rows.flat()).toEqual([1, 2, 3, 4, 5, 6].map((value) => expect.closeTo(value, 4)));
    model.dispose();
  }
});

test('Normalization of a feature that does not vary gives its distance from the mean, not infinity', async () => {
  for (const engine of [undefined, 'tfjs'] as const) {
    const model = new Sequential([Normalization({ mean: [1, 2], variance: [0, 4] })], { inputShape: [2] });
    model.compile({ loss: 'mse', optimizer: 'sgd', ...(engine && { engine }) });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    expect(await model.predict([[1, 6]])).toEqual([[0, 2]]);
    // As Keras has it: the deviation, not the variance, is at least 1e-7.
    const [[far, other]] = await model.predict<number[][]>([[1.5, 6]]);
    expect([far / 5e6, other]).toEqual([expect.closeTo(1, 5), 2]);
    model.dispose();
  }
});

test('a mask ends at a convolution, on the engine and on tfjs', async () => {
  const x = [[[1], [2], [0], [3]]];
  const outputs = [];
  for (const engine of [undefined, 'tfjs'] as const) {
    const model = new Sequential([Masking(), Conv1D(1, 1, { useBias: false }), GlobalAveragePooling1D()], {
      inputShape: [4, 1],
    });
    model.compile({ loss: 'mse', optimizer: 'sgd', ...(engine && { engine }) });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    model.setWeights([[[[2]]]]);
    outputs.push(await model.predict(x));
    model.dispose();
  }
  // (2 + 4 + 0 + 6) / 4: all four steps count.
  expect(outputs).toEqual([[[3]], [[3]]]);
});

test('of equal steps in a window the first is the largest: it alone gets the gradient, on the engine and on tfjs', async () => {
  for (const engine of [undefined, 'tfjs'] as const) {
    const model = new Sequential(
      [
        Conv1D(1, 1, { useBias: false }),
        MaxPooling1D({ poolSize: 2 }),
        Flatten(),
        Dense(1, { useBias: false, trainable: false }),
      ],
      { inputShape: [2, 2] },
    );
    model.compile({ loss: 'mse', optimizer: sgd({ learningRate: 1 }), ...(engine && { engine }) });
    model.setWeights([[[[1], [1]]], [[1]]]);
    // Both steps give 3, of other features; the gradient of (3 - 2)² is 2.
    await model.trainOnBatch(
      [
        [
          [1, 2],
          [2, 1],
        ],
      ],
      [[2]],
    );
    expect(Array.from(model.getWeights()[0].data)).toEqual([-1, -3]);
    model.dispose();
  }
});

test.each<[(number | null)[][], (number | null)[]]>([
  [
    [
      [null, 3],
      [4, 3],
    ],
    [4, 3],
  ],
  [
    [
      [4, 1, 3],
      [null, 3],
    ],
    [4, 1, 3],
  ],
  [
    [
      [null, 3],
      [null, 5, 1],
      [2, 1, 3],
    ],
    [2, 5, 3],
  ],
  [
    [
      [null, null, 3],
      [null, 1, 3],
    ],
    [null, null, 3],
  ],
  [
    [
      [null, null, 3],
      [null, 7, 3],
    ],
    [null, 7, 3],
  ],
  [
    [
      [null, 7, null],
      [null, null, null],
    ],
    [null, 7, null],
  ],
])('shapes %j joined element by element are %j', (shapes, joined) => {
  expect(broadcastShape(shapes)).toEqual(joined);
});

test('objects of TensorFlow.js stand for initializers, regularizers and constraints as they are', () => {
  const given = {
    kernelInitializer: tf.initializers.constant({ value: 3 }),
    kernelRegularizer: tf.regularizers.l1({ l1: 0.25 }),
    kernelConstraint: tf.constraints.nonNeg(),
  };
  expect(initializer(given.kernelInitializer, 'a')).toBe(given.kernelInitializer);
  expect(regularizer(given.kernelRegularizer, 'a')).toBe(given.kernelRegularizer);
  expect(constraint(given.kernelConstraint, 'a')).toBe(given.kernelConstraint);
  expect([regularizer(null, 'a'), constraint(null, 'a')]).toEqual([undefined, undefined]);
  // In layers of TensorFlow.js and in those of memcell's own, whose weights say what they are.
  const own = PReLU({
    alphaInitializer: given.kernelInitializer,
    alphaRegularizer: given.kernelRegularizer,
    alphaConstraint: given.kernelConstraint,
  });
  const model = new Sequential([own, Dense(1, given)], { inputShape: [2], seed: 1 });
  expect(model.getWeights().map(({ data }) => [...data])).toEqual([[3, 3], [3, 3], [0]]);
  expect(own.getConfig()).toMatchObject({
    alphaInitializer: { className: 'Constant', config: { value: 3 } },
    alphaRegularizer: { className: 'L1L2' },
    alphaConstraint: { className: 'NonNeg' },
  });
  expect(own.getConfig().alphaRegularizer).toEqual({
    className: 'L1L2',
    config: expect.objectContaining({ l1: expect.closeTo(0.25, 6) }),
  });
  model.dispose();
});

test.each<[message: string, make: () => unknown]>([
  [
    'Dense: batchShape must be the batch size followed by the shape of one sample, such as [32, 30, 4], not 3',
    () => Dense(1, { batchShape: 3 as never }),
  ],
  [
    'Dense: batchShape must be the batch size followed by the shape of one sample, such as [32, 30, 4], not [3]',
    () => Dense(1, { batchShape: [3] }),
  ],
  ['Dense: batchShape[0] must be a whole number from 1 to 65536, not 0', () => Dense(1, { batchShape: [0, 3] })],
  ['Dense: batchShape must be a list of whole numbers above 0', () => Dense(1, { batchShape: [2, 0] })],
  [
    'Dense: batchShape already says what inputShape does; leave that out',
    () => Dense(1, { batchShape: [2, 3], inputShape: [3] }),
  ],
  [
    'Dense: batchShape already says what batchSize does; leave that out',
    () => Dense(1, { batchShape: [2, 3], batchSize: 2 }),
  ],
  ['Dense: batchSize goes with inputShape; or give batchShape, such as [32, 30, 4]', () => Dense(1, { batchSize: 2 })],
  ['Dense: the options must be an object, not 3', () => Dense(1, 'relu', 3 as never)],
  ['Flatten: takes no values by position, not 1 values', () => makeLayer(definitionOf('Flatten') as never, [3], {})],
  [
    'Dense: takes at most units, activation by position, not 3 values',
    () => makeLayer(definitionOf('Dense') as never, [3, 'relu', 1], {}),
  ],
  [
    'RNN: takes at most cell by position, not 2 values; several cells are a list: RNN([LSTMCell(32), GRUCell(16)])',
    () => makeLayer(definitionOf('RNN') as never, [1, 2], {}),
  ],
  ['Dense: useBias is given twice', () => Dense(1, { useBias: true, use_bias: true })],
  ['TensorFlow.js has no LTSM', () => registeredLayer('LTSM')],
  ['unknown class "Nothing"', () => ofRegistered(tf as never, { className: 'Nothing', config: {} })],
  ['unknown class "constructor"', () => ofRegistered(tf as never, { className: 'constructor', config: {} })],
  ['bug: Dense makes no cell', () => madeCell(definitionOf('Dense') as never, [2], {})],
  ['Rescaling: scale is missing', () => savedSettings(definitionOf('Rescaling') as never, {}).scale],
])('%s', (message, make) => {
  expect(make).toThrow(message);
});

test('options that are undefined are not given, batch shapes and sizes are told as TensorFlow.js has them', () => {
  const layer = Dense(2, { useBias: undefined, activation: undefined, batchShape: [null, 3] } as never);
  expect(layer.getConfig()).toMatchObject({ useBias: true, activation: 'linear', batchInputShape: [null, 3] });
  expect(layer.getConfig().name).toBe('dense');
  expect(Dense(2, { batchShape: [65_536, 3] }).getConfig()).toMatchObject({ batchInputShape: [65_536, 3] });
  expect(Dense(2, { inputShape: [3], batchSize: 4 }).batchInputShape).toEqual([4, 3]);
  expect(Dense(2, { trainable: false }).trainable).toBe(false);
  expect(TimeDistributed(Dense(2), { trainable: false }).trainable).toBe(false);
});

test('every cell says what weights it will have', () => {
  for (const name of cellClasses()) {
    if (name === 'StackedRNNCells') continue;
    for (const useBias of [true, false]) {
      const own = madeCell(definitionOf(name) as never, [2], { useBias });
      const others = () => [
        madeCell(definitionOf('LSTMCell') as never, [5], {}),
        madeCell(definitionOf(name) as never, [2], { useBias }),
      ];
      for (const cells of [own, others()]) {
        const config = RNN(cells).getConfig();
        const said = definitionOf('RNN')
          ?.weights?.(config, [null, 4, 3])
          .map(({ shape }) => shape);
        const model = new Sequential(
          [RNN(Array.isArray(cells) ? others() : madeCell(definitionOf(name) as never, [2], { useBias }))],
          { inputShape: [4, 3] },
        );
        expect([name, said]).toEqual([name, model.getWeights().map(({ shape }) => shape)]);
        model.dispose();
      }
    }
  }
});

test('nothing learns through what a mask is, and a position beyond the last is refused', async () => {
  const layer = Masking({ maskValue: 2 });
  const x = tf.tensor3d([
    [
      [2, 2],
      [1, 2],
    ],
  ]);
  const mask = (input: tf.Tensor) => tf.cast(layer.computeMask(input) as tf.Tensor, 'float32');
  expect(mask(x).arraySync()).toEqual([[0, 1]]);
  expect(
    tf
      .grad((input) => tf.sum(mask(input)))(x)
      .arraySync(),
  ).toEqual([
    [
      [0, 0],
      [0, 0],
    ],
  ]);
  expect(
    tf
      .grad((input) => tf.sum(layer.call(input, {}) as tf.Tensor))(x)
      .arraySync(),
  ).toEqual([
    [
      [0, 0],
      [1, 1],
    ],
  ]);

  const model = new Sequential([PositionEmbedding(3)], { inputShape: [null, 2], seed: 1 });
  const steps = (count: number) => [Array.from({ length: count }, () => [0, 0])];
  const [table] = model.getWeights();
  for (const engine of ['memcell', 'tfjs'] as const) {
    model.compile({ loss: 'mse', ...(engine === 'tfjs' && { engine }) });
    expect(model.engine.kind).toBe(engine);
    expect(((await model.predict(steps(2))) as number[][][]).flat(2)).toEqual([...table.data.subarray(0, 4)]);
    await expect(model.predict(steps(3))).resolves.toBeDefined();
    await expect(model.predict(steps(4))).rejects.toThrow(
      engine === 'tfjs' ? 'sequenceLength 3 is below its 4 steps' : 'position_embedding has 3 places and got 4 steps',
    );
  }
  model.dispose();
});

test.each(['memcell', 'tfjs'] as const)(
  'an activityRegularizer adds the penalty of each kind of layer’s outputs: %s',
  async (engine) => {
    const x = [
      [
        [1, 2],
        [0, -1],
      ],
      [
        [2, 0],
        [1, 1],
      ],
    ];
    for (const make of [SimpleRNN, GRU, LSTM, MinGRU, (units: number, options: object) => Dense(units, options)] as ((
      units: number,
      options: object,
    ) => Layer)[]) {
      const model = new Sequential([make(2, { activityRegularizer: { l1: 0.5, l2: 0.25 } })], {
        inputShape: [2, 2],
        seed: 3,
      });
      model.compile({ loss: 'mse', ...(engine === 'tfjs' && { engine }) });
      expect(model.engine.kind).toBe(engine);
      const y = (await model.predict(x)) as number[][];
      const outputs = y.flat(2) as number[];
      const penalty = outputs.reduce((sum, value) => sum + 0.5 * Math.abs(value) + 0.25 * value * value, 0) / 2;
      const { loss } = await model.evaluate(x, y as never);
      expect(loss).toBeCloseTo(penalty, 5);
      model.dispose();
    }
  },
);

test.each<[name: string, kind: (value: never, what: string) => unknown, least: number, most: number]>([
  ['units', units, 1, 65_536],
  ['a count of steps', count, 0, 65_536],
  ['groups', groups, -1, 65_536],
  ['a vocabulary', vocabulary, 1, 16_777_216],
  ['an axis', axes, -8, 8],
  ['a batch', batchSize, 1, 65_536],
  ['a place', item, -2_147_483_648, 2_147_483_648],
])('%s: from the least to the most', (_, kind, least, most) => {
  for (const value of [least, most]) expect(kind(value as never, 'n')).toBe(value);
  for (const value of [least - 1, most + 1, 2.5])
    expect(() => kind(value as never, 'n')).toThrow(
      expect.objectContaining({
        code: 'model',
        message: `n must be a whole number from ${least} to ${most}, not ${value}`,
      }),
    );
});

test('of a range each end is a place, of a pair each is a count, and seeds are 31 bits', () => {
  const most = 2 ** 31;
  expect(item([-most, most, -most], 'i')).toEqual([-most, most, -most]);
  for (const at of [0, 1, 2])
    expect(() => item([0, 1, 2].with(at, most + 1) as never, 'i')).toThrow(
      `i[${at}] must be a whole number from -2147483648 to 2147483648, not 2147483649`,
    );
  expect(() => item([1, 2, 0], 'i')).toThrow('i[2] must be another number than 0, not 0');
  expect(item([1, null, 1], 'i')).toEqual([1, null]);
  expect(pair(7, 'p')).toEqual([7, 7]);
  expect(() => pair([0, -1], 'p')).toThrow('p[1] must be a whole number from 0 to 65536, not -1');
  for (const given of [[1], [1, 2, 3]]) expect(() => pair(given as never, 'p')).toThrow('p must be a list of 2, not');
  const seeded = (seed: number) => initializer({ className: 'GlorotUniform', config: { seed } } as never, 'k');
  for (const seed of [0, most - 1]) expect(seeded(seed)).toMatchObject({ config: { seed } });
  for (const seed of [-1, most]) expect(() => seeded(seed)).toThrow(/seed must be a whole number from 0 to 2147483647/);
});
