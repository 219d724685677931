/** Models with branches, several inputs and outputs, shared layers and states that go from layer to layer: the engine against tfjs. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { Input, Model } from '../../src/functional.js';
import * as l from '../../src/layers/index.js';
import { Random } from '../../src/random.js';
import { sgd } from '../../src/training/optimizers.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { engineOf, expectNear, poison, split } from './compare.js';
import { builtGraph, type GraphSample, graphSample, inputsOf, targetsOf, weightsOf } from './graphModels.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const shapesOf = ({ parts, shape }: { parts?: readonly (readonly number[])[]; shape: number[] }) =>
  (parts ?? [shape.slice(1)]).map((part) => [shape[0], ...part]);

function compareGraph(sample: GraphSample): void {
  const [own, other] = [builtGraph(sample), builtGraph(sample)];
  const tfjs = createTfjsRunner(other.model, other.compiled);
  const engine = engineOf(own, { threads: 1 });
  tfjs.seed = sample.seed;
  engine.seed = sample.seed;
  for (let step = 0; step < 3; step++) {
    const batch = sample.batch + (step === 2 ? 1 : 0);
    const x = inputsOf(own.model, sample, batch, step);
    const expected = tfjs.predictBatch(x);
    engine.predictBatch(x);
    poison(engine);
    const got = engine.predictBatch(x);
    expect(shapesOf(got)).toEqual(shapesOf(expected));
    expectNear(got.data, expected.data, 1e-5, 'predictions', 1e-4);
    const y = targetsOf(shapesOf(expected), sample.seed, step);
    const weights = weightsOf(sample, shapesOf(expected), step);
    const seen = tfjs.evaluateBatch(x, y, weights);
    const evaluated = engine.evaluateBatch(x, y, weights);
    expectNear([evaluated.loss, ...(evaluated.losses ?? [])], [seen.loss, ...(seen.losses ?? [])], 1e-5, 'loss', 1e-4);
    const before = tfjs.trainBatch(x, y, weights);
    poison(engine);
    const trained = engine.trainBatch(x, y, weights);
    expectNear([trained.loss, ...(trained.losses ?? [])], [before.loss, ...(before.losses ?? [])], 1e-5, 'step', 1e-4);
    trained.masks.forEach((mask, i) => {
      expectNear(mask ?? [], before.masks[i] ?? [], 0, 'mask');
    });
  }
  engine.sync();
  own.model.weights.forEach((weight, i) => {
    const expected = other.model.weights[i].read().dataSync();
    expectNear(weight.read().dataSync(), expected, 2e-4, `weight ${weight.originalName}`, 1e-3);
  });
  for (const runner of [tfjs, engine]) runner.dispose();
  for (const { model } of [own, other]) model.dispose();
}

test('random graphs: predictions, losses, and weights after training as on tfjs', () => {
  fc.assert(fc.property(graphSample, compareGraph), { numRuns: 30 });
});

const alone = { masked: false, batch: 5, weighted: false, seed: 3 };
const step = { from: 0, also: 0, again: false };
const certain: Record<string, GraphSample> = {
  'a sum over rows that two read, above layers that learn': {
    ...alone,
    steps: [
      { ...step, kind: 'overRows' },
      { ...step, kind: 'activation', from: 3 },
    ],
    heads: [0, 3],
  },
  'a penalty on the outputs of an LSTM that are 0': {
    ...alone,
    steps: [
      { ...step, kind: 'subtract', from: 1, also: 1 },
      { ...step, kind: 'dense', from: 1 },
      { ...step, kind: 'activity', from: 10 },
    ],
    heads: [0],
  },
  'an LSTM over what has a mask beside what has none': {
    ...alone,
    masked: true,
    steps: [
      { ...step, kind: 'beside', also: 1 },
      { ...step, kind: 'lstm', from: 2 },
    ],
    heads: [0],
  },
  'an LSTM over what has no mask beside what has one': {
    ...alone,
    masked: true,
    steps: [
      { ...step, kind: 'beside', from: 1 },
      { ...step, kind: 'lstm', from: 2 },
    ],
    heads: [0],
  },
  ...Object.fromEntries(
    [false, true].map((masked) => [
      `an LSTM that begins with what two layers give, its sequence and states each with a loss of its own, masked: ${masked}`,
      {
        ...alone,
        masked,
        steps: [
          { ...step, kind: 'dense', from: 2 },
          { ...step, kind: 'dense', from: 2 },
          { ...step, kind: 'encoded', from: 2, also: 1, again: true },
        ],
        heads: [0, 5, 6],
      } satisfies GraphSample,
    ]),
  ),
  'an LSTM that begins with an input as h and what a layer gives as C': {
    ...alone,
    steps: [
      { ...step, kind: 'dense', from: 2 },
      { ...step, kind: 'encoded', from: 1, again: true },
    ],
    heads: [0, 4],
  },
  'a SimpleRNN that begins with what a layer gives': {
    ...alone,
    masked: true,
    steps: [
      { ...step, kind: 'dense', from: 2 },
      { ...step, kind: 'encoded', from: 0, also: 1 },
    ],
    heads: [0],
  },
  'the last h and C of an LSTM, each with a loss of its own': {
    ...alone,
    steps: [{ ...step, kind: 'lastState', again: true }],
    heads: [0, 4],
  },
};
test.each(Object.entries(certain))('%s: as on tfjs', (_, sample) => compareGraph(sample));

test('vectors shorter than those that Dot brings to length 1, and long ones: outputs and gradients as on tfjs', async () => {
  // Of words: none of length 0, of 1e-8, and of 1; 1e-7 is the least length that is divided by.
  const rows = [
    [0, 0, 0],
    [6e-9, -8e-9, 0],
    [0.6, 0, 0.8],
  ];
  const table = { data: Float32Array.from(rows.flat()), shape: [3, 3] };
  const make = async (axes: number, engine?: 'tfjs') => {
    const words = Input({ shape: [3] });
    const embedding = l.Embedding(3, 3);
    const other = Input({ shape: [3, 3] });
    const outputs = l.Dot(axes, { normalize: true }).apply([embedding.apply(words), other]);
    const model = new Model({ inputs: [words, other], outputs, seed: 1 });
    model.setWeights([table]);
    model.compile({ loss: 'mse', optimizer: sgd({ learningRate: 1e-9 }), ...(engine && { engine }) });
    const given = [
      [
        [0, 1, 2],
        [1, 2, 2],
      ],
      [0, 1].map((b) => rows.map((row) => row.map((value) => value + b + 0.1))),
    ];
    const predicted = (await model.predict(given)) as number[][][];
    await model.trainOnBatch(
      given,
      predicted.map((matrix) => matrix.map((row) => row.map((value) => value - 1))),
    );
    const [after] = model.getWeights();
    const { kind } = model.engine;
    model.dispose();
    return { kind, predicted, moved: Array.from(after.data, (value, i) => (table.data[i] - value) * 1e9) };
  };
  for (const axes of [2, 1]) {
    const [own, other] = [await make(axes), await make(axes, 'tfjs')];
    expect([own.kind, other.kind]).toEqual(['memcell', 'tfjs']);
    expectNear(own.predicted.flat(2), other.predicted.flat(2), 1e-6, 'outputs', 1e-5);
    expectNear(own.moved, other.moved, 1e-3, 'gradients', 1e-3);
    expect(Math.max(...own.moved.slice(3, 6).map(Math.abs))).toBeGreaterThan(1);
  }
});

test('cells one upon the other in both directions begin with states of their own: outputs and gradients as on tfjs', async () => {
  const make = (engine?: 'tfjs') => {
    const x = Input({ shape: [4, 3] });
    const states = [2, 2, 4, 2, 2, 4].map((size) => Input({ shape: [size] }));
    const cells = l.RNN([l.LSTMCell(2), l.GRUCell(4)], { returnSequences: true });
    const begun = states.map((state) => l.Dense(state.shape[1] ?? 0, 'tanh').apply(state));
    const both = l.Bidirectional(cells).apply(x, { initialState: begun });
    const model = new Model({ inputs: [x, ...states], outputs: l.Dense(2).apply(both), seed: 3 });
    model.compile({ loss: 'mse', optimizer: sgd({ learningRate: 0.1 }), ...(engine && { engine }) });
    return model;
  };
  const random = new Random(5);
  const draw = (...shape: number[]) => ({
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
    shape,
  });
  const given = [draw(3, 4, 3), ...[2, 2, 4, 2, 2, 4].map((size) => draw(3, size))];
  const y = draw(3, 4, 2);
  const [own, other] = [make(), make('tfjs')];
  expect([own.engine.kind, other.engine.kind]).toEqual(['memcell', 'tfjs']);
  const outputs = async (model: Model) => ((await model.predict(given)) as unknown as { data: Float32Array }).data;
  expectNear(await outputs(own), await outputs(other), 1e-5, 'outputs');
  for (let step = 0; step < 2; step++) {
    const loss = await other.trainOnBatch(given, y);
    expectNear([await own.trainOnBatch(given, y)], [loss], 1e-5, 'loss');
  }
  own.getWeights().forEach(({ data }, i) => {
    expectNear(data, other.getWeights()[i].data, 1e-5, `weight ${i}`);
  });
  for (const model of [own, other]) model.dispose();
});

describe('where only a part of what a layer gives or takes has a gradient, training is as on tfjs', () => {
  const random = new Random(8);
  const draw = (...shape: number[]) => ({
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
    shape,
  });
  const x = draw(3, 4, 3);
  // What a Masking leaves out: the last two steps of one sample, and the third of another.
  x.data.fill(0, 6, 12);
  x.data.fill(0, 30, 33);

  async function expectSame(make: (x: l.SymbolicTensor) => l.SymbolicTensor): Promise<void> {
    const trained = async (engine?: 'tfjs') => {
      const input = Input({ shape: [4, 3] });
      const model = new Model({ inputs: input, outputs: make(input), seed: 3 });
      model.compile({ loss: 'mse', optimizer: sgd({ learningRate: 0.1 }), ...(engine && { engine }) });
      expect(model.engine.kind).toBe(engine ?? 'memcell');
      const before = model.getWeights().flatMap(({ data }) => [...data]);
      for (let step = 0; step < 2; step++) await model.trainOnBatch(x, y);
      const weights = model.getWeights().flatMap(({ data }) => [...data]);
      model.dispose();
      expect(weights).not.toEqual(before);
      return weights;
    };
    const y = draw(3, 2);
    expectNear(await trained(), await trained('tfjs'), 1e-5, 'weights');
  }

  const states = { returnState: true, returnSequences: true };
  test.each([
    ...(['concat', 'sum', 'mul', 'ave'] as const).map(
      (mergeMode) =>
        [
          `states of a Bidirectional, ${mergeMode}`,
          (input: l.SymbolicTensor) => {
            const [, h, , , c] = [l.Bidirectional(l.LSTM(3, states), { mergeMode }).apply(input)].flat();
            return l.Dense(2).apply(l.Concatenate().apply([h, c]));
          },
        ] as const,
    ),
    ...(['first', 'second', 'both', 'second and the states'] as const).map(
      (which) =>
        [
          `outputs of a masked Bidirectional that stay two, the ${which}`,
          (input: l.SymbolicTensor) => {
            const before = l.Masking().apply(l.Dense(3, { useBias: false }).apply(input));
            const [a, b, h] = [l.Bidirectional(l.LSTM(3, states), { mergeMode: null }).apply(before)].flat();
            const ends = { first: [a], second: [b], both: [a, b], 'second and the states': [b] }[which];
            const read = ends.map((end) => l.Flatten().apply(l.Dense(2).apply(end)));
            const also = which === 'second and the states' ? [h] : [];
            return l.Dense(2).apply(l.Concatenate().apply([...read, ...also, l.Flatten().apply(input)]));
          },
        ] as const,
    ),
    ...(['concat', 'sum', 'mul', 'ave'] as const).map(
      (mergeMode) =>
        [
          `a masked Bidirectional, ${mergeMode}, and its states`,
          (input: l.SymbolicTensor) => {
            const before = l.Masking().apply(l.Dense(3, { useBias: false }).apply(input));
            const [y, h] = [l.Bidirectional(l.GRU(3, states), { mergeMode }).apply(before)].flat();
            return l.Dense(2).apply(l.Concatenate().apply([l.Flatten().apply(l.Dense(2).apply(y)), h]));
          },
        ] as const,
    ),
    ...[l.Add, l.Subtract, l.Multiply, l.Average, l.Maximum, l.Minimum, l.Concatenate].flatMap((make) =>
      [true, false].map(
        (first) =>
          [
            `what ${make().getClassName()} gives of the input and of a layer, the input first: ${first}`,
            (input: l.SymbolicTensor) => {
              const learnt = l.Dense(3, 'tanh').apply(input);
              return l.LSTM(2).apply(make().apply(first ? [input, learnt] : [learnt, input]));
            },
          ] as const,
      ),
    ),
    ...[l.Add, l.Multiply, l.Average, l.Maximum, l.Concatenate].map(
      (make) =>
        [
          `what ${make().getClassName()} gives of one input`,
          (input: l.SymbolicTensor) => l.LSTM(2).apply(make().apply([l.Dense(3, 'tanh').apply(input)])),
        ] as const,
    ),
    [
      'one state of cells',
      (input: l.SymbolicTensor) => {
        const cells = l.RNN([l.LSTMCell(3), l.GRUCell(2)], states);
        return l.Dense(2).apply([cells.apply(input)].flat()[2]);
      },
    ],
    [
      'C alone of an SLSTM',
      (input: l.SymbolicTensor) => l.Dense(2).apply([l.SLSTM(3, states).apply(l.Dense(3).apply(input))].flat()[2]),
    ],
    [
      'the query of a frozen MultiHeadAttention',
      (input: l.SymbolicTensor) => {
        const heads = l.MultiHeadAttention(2, 4, { trainable: false });
        return l.Dense(2).apply(l.GlobalAveragePooling1D().apply(heads.apply([l.Dense(3).apply(input), input])));
      },
    ],
    [
      'the value of a frozen MultiHeadAttention',
      (input: l.SymbolicTensor) => {
        const heads = l.MultiHeadAttention(2, 4, { trainable: false });
        const value = l.Dense(3).apply(input);
        return l.Dense(2).apply(l.GlobalAveragePooling1D().apply(heads.apply([input, value, input])));
      },
    ],
  ])('%s', (_, make) => expectSame(make));
});

test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])(
  'labels of sequences and of samples beside numbers, masked: %p, weighted: %p: each loss and what is trained as on tfjs',
  async (masked, weighted) => {
    const random = new Random(6);
    const numbers = (...shape: number[]) => ({
      data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
      shape,
    });
    const labels = (below: number, ...shape: number[]) => ({
      data: Int32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () =>
        random.integer(below),
      ),
      shape,
    });
    const x = numbers(3, 4, 3);
    if (masked) x.data.fill(0, 6, 12);
    const y = [labels(3, 3, 4), numbers(3, 4, 2), labels(4, 3), numbers(3, 5)];
    const steps = { data: Float32Array.from({ length: 12 }, () => random.uniform()), shape: [3, 4] };
    const samples = { data: Float32Array.of(0.5, 2, 1), shape: [3] };
    const options = weighted ? { sampleWeight: [steps, null, samples, samples] } : {};
    const run = async (engine?: 'tfjs') => {
      const input = Input({ shape: [4, 3] });
      const given = masked ? l.Masking().apply(input) : input;
      const hidden = l.LSTM(5, { returnSequences: true }).apply(given);
      const last = l.GRU(2).apply(hidden);
      const outputs = [
        l.Dense(3, 'softmax').apply(hidden),
        l.Dense(2).apply(hidden),
        l.Dense(4, 'softmax').apply(last),
        l.Dense(5).apply(last),
      ];
      const model = new Model({ inputs: input, outputs, seed: 2 });
      const sparse = 'sparseCategoricalCrossentropy';
      model.compile({
        loss: [sparse, 'mse', sparse, 'mae'],
        lossWeights: [1, 0.5, 2, 0.3],
        optimizer: sgd({ learningRate: 0.1 }),
        ...(engine && { engine }),
      });
      expect(model.engine.kind).toBe(engine ?? 'memcell');
      const seen: number[] = [];
      for (let step = 0; step < 2; step++) {
        seen.push(Number(await model.trainOnBatch(x, y, options)));
        const logs = await model.evaluate(x, y, { ...options, verbose: 0 });
        expect(Object.keys(logs)).toHaveLength(5);
        seen.push(...Object.values(logs));
      }
      for (const { data } of model.getWeights()) seen.push(...data);
      model.dispose();
      return seen;
    };
    expectNear(await run(), await run('tfjs'), 1e-5, 'losses and weights', 1e-4);
  },
);

type Ends = (hidden: l.SymbolicTensor) => l.SymbolicTensor[];
const probabilities = (hidden: l.SymbolicTensor, activation: 'softmax' | 'sigmoid' = 'softmax') =>
  l.Dense(3, activation).apply(hidden);
const [categorical, binary, sparse] = [
  'categoricalCrossentropy',
  'binaryCrossentropy',
  'sparseCategoricalCrossentropy',
] as const;

test.each<[string, ('mse' | typeof categorical | typeof binary | typeof sparse)[], Ends]>([
  ['alone', [categorical], (hidden) => [probabilities(hidden)]],
  [
    'read by another layer as well',
    [categorical, 'mse'],
    (hidden) => {
      const given = probabilities(hidden);
      return [given, l.Dense(2).apply(given)];
    },
  ],
  [
    'read by another layer as well, labels',
    [sparse, 'mse'],
    (hidden) => {
      const given = probabilities(hidden);
      return [given, l.Dense(2, 'tanh').apply(given)];
    },
  ],
  [
    'of a sigmoid, read by another layer as well',
    ['mse', binary],
    (hidden) => {
      const given = probabilities(hidden, 'sigmoid');
      return [l.Dense(2).apply(given), given];
    },
  ],
  [
    'read by two others, one of them an output through nothing but a Dropout of nothing',
    [categorical, 'mse', 'mse'],
    (hidden) => {
      const given = probabilities(hidden);
      return [given, l.Dropout(0).apply(given), l.Dense(2).apply(given)];
    },
  ],
  [
    'of logits that another layer reads',
    [categorical, 'mse'],
    (hidden) => {
      const logits = l.Dense(3).apply(hidden);
      return [l.Activation('softmax').apply(logits), l.Dense(2, 'tanh').apply(logits)];
    },
  ],
  [
    'of logits that are an output themselves',
    [categorical, 'mse'],
    (hidden) => {
      const logits = l.Dense(3).apply(hidden);
      return [l.Activation('softmax').apply(logits), logits];
    },
  ],
  [
    'of the same logits, by two activations',
    [categorical, binary],
    (hidden) => {
      const logits = l.Dense(3).apply(hidden);
      return [l.Activation('softmax').apply(logits), l.Activation('sigmoid').apply(logits)];
    },
  ],
  ['behind which a Dropout drops nothing', [categorical], (hidden) => [l.Dropout(0).apply(probabilities(hidden))]],
  [
    'behind which an Activation does nothing, read by another layer',
    [binary, 'mse'],
    (hidden) => {
      const given = l.Activation('linear').apply(probabilities(hidden, 'sigmoid'));
      return [given, l.Dense(2).apply(given)];
    },
  ],
  ['of a softmax of a softmax', [categorical], (hidden) => [l.Activation('softmax').apply(probabilities(hidden))]],
  ['of a sigmoid for another loss', [categorical], (hidden) => [probabilities(hidden, 'sigmoid')]],
  ['of a softmax for another loss', [binary], (hidden) => [probabilities(hidden)]],
  ['of the sum of two', [categorical], (hidden) => [l.Average().apply([probabilities(hidden), probabilities(hidden)])]],
])('probabilities %s: losses, predictions and what is trained as on tfjs', async (_, losses, ends) => {
  const random = new Random(4);
  const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const x = { data: draw(20), shape: [4, 5] };
  const run = async (engine?: 'tfjs') => {
    const input = Input({ shape: [5] });
    const outputs = ends(l.Dense(4, 'tanh').apply(input));
    const model = new Model({ inputs: input, outputs, seed: 2 });
    const metrics = losses.includes(sparse) ? [] : (['mae', 'mse'] as const);
    model.compile({ loss: losses, metrics, optimizer: sgd({ learningRate: 0.2 }), ...(engine && { engine }) });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    const y = losses.map((loss, i) => {
      if (loss === sparse) return { data: Int32Array.of(0, 2, 1, 1), shape: [4] };
      const width = Number(outputs[i].shape[1]);
      const data = Float32Array.from({ length: 4 * width }, (_, k) =>
        loss === 'mse' ? Math.sin(k) : Number(k % width === Math.floor(k / width) % width),
      );
      return { data, shape: [4, width] };
    });
    const given = (y.length === 1 ? y[0] : y) as never;
    const seen: number[] = [];
    for (let step = 0; step < 3; step++) {
      seen.push(Number(await model.trainOnBatch(x, given)));
      seen.push(...Object.values(await model.evaluate(x, given, { verbose: 0 })));
      for (const { data } of [(await model.predict(x)) as unknown].flat() as { data: Float32Array }[])
        seen.push(...data);
    }
    for (const { data } of model.getWeights()) seen.push(...data);
    model.dispose();
    return seen;
  };
  expectNear(await run(), await run('tfjs'), 1e-5, 'what was seen', 1e-4);
});

/** What evaluation does otherwise than training, and what has corners. */
const ROUGH: readonly string[] = [
  ...['lstm', 'dropout', 'overRows', 'maximum', 'minimum', 'pool', 'activity', 'spread', 'constrained'],
  ...['window', 'rectify', 'noise'],
];

test('random graphs: the gradient along any direction is the slope of the loss', () => {
  const smooth = graphSample.map((sample) => ({
    ...sample,
    weighted: false,
    steps: sample.steps.filter(({ kind }) => !ROUGH.includes(kind)),
  }));
  fc.assert(
    fc.property(smooth, fc.nat(1000), (sample, direction) => {
      const rate = 1e-2;
      const own = builtGraph(sample, sgd({ learningRate: rate }));
      const engine = engineOf(own, { threads: 1 });
      const x = inputsOf(own.model, sample, sample.batch, 0);
      const y = targetsOf(shapesOf(engine.predictBatch(x)), sample.seed, 0);
      const before = engine.capture();
      engine.trainBatch(x, y);
      const after = engine.capture();
      const random = new Random(direction);
      const along = before.weights.map((values) => Float64Array.from(values, () => random.normal()));
      const length = Math.hypot(...along.map((values) => Math.hypot(...values)));
      const lossAt = (distance: number) => {
        const weights = before.weights.map((values, i) =>
          Float32Array.from(values, (value, j) => value + (distance * along[i][j]) / length),
        );
        engine.restore({ ...before, weights });
        return engine.evaluateBatch(x, y).loss;
      };
      // By two distances, which leaves an error of the fourth power of theirs (Richardson).
      const between = (distance: number) => (lossAt(distance) - lossAt(-distance)) / (2 * distance);
      const slope = (4 * between(0.01) - between(0.02)) / 3;
      const gradient = along.reduce(
        (sum, values, i) =>
          sum + values.reduce((own, d, j) => own + (d * (before.weights[i][j] - after.weights[i][j])) / rate, 0),
        0,
      );
      expectNear([gradient / length], [slope], 2e-3, 'slope', 1e-2);
      engine.dispose();
      own.model.dispose();
    }),
    { numRuns: 15 },
  );
});

/** Everything that a few steps give. */
function run(sample: GraphSample, parts: number): unknown[] {
  const own = builtGraph(sample);
  const engine = engineOf(own, { threads: 1 });
  engine.seed = sample.seed;
  split(engine, parts);
  const seen: unknown[] = [];
  for (let step = 0; step < 2; step++) {
    const x = inputsOf(own.model, sample, sample.batch, step);
    const predicted = engine.predictBatch(x);
    seen.push(predicted.data.slice());
    const y = targetsOf(shapesOf(predicted), sample.seed, step);
    const weights = weightsOf(sample, shapesOf(predicted), step);
    seen.push(engine.trainBatch(x, y, weights).loss);
  }
  seen.push(engine.capture());
  engine.dispose();
  own.model.dispose();
  return seen;
}

test('random graphs give the same bits in 1, 2 and 3 shares', () => {
  fc.assert(
    fc.property(graphSample, (sample) => {
      const one = run(sample, 1);
      for (const parts of [2, 3]) expect(run(sample, parts)).toEqual(one);
    }),
    { numRuns: 10 },
  );
});
