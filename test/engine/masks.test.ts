/** Which layers hand a mask of steps on: as in Keras (see the generator beside the fixture), on the engine and on tfjs. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Input, Model } from '../../src/functional.js';
import * as l from '../../src/layers/index.js';
import { Sequential, sequential } from '../../src/sequential.js';
import { sgd } from '../../src/training/optimizers.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { built, engineOf, expectNear } from './compare.js';
import { unwatchArenas, watchArenas } from './guards.js';
import type { Sample } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { kept }: { kept: Record<string, boolean> } = JSON.parse(
  readFileSync(new URL('../fixtures/kerasMasks/masks.json', import.meta.url), 'utf8'),
);

const sequences = { returnSequences: true };
const LAYERS: Record<string, () => l.Layer> = {
  Dense: () => l.Dense(6),
  Activation: () => l.Activation('tanh'),
  Dropout: () => l.Dropout(0.2),
  SpatialDropout1D: () => l.SpatialDropout1D(0.2),
  GaussianNoise: () => l.GaussianNoise(0.2),
  GaussianDropout: () => l.GaussianDropout(0.2),
  LayerNormalization: () => l.LayerNormalization(),
  BatchNormalization: () => l.BatchNormalization(),
  RMSNormalization: () => l.RMSNormalization(),
  GroupNormalization: () => l.GroupNormalization({ groups: 2 }),
  UnitNormalization: () => l.UnitNormalization(),
  ReLU: () => l.ReLU(),
  LeakyReLU: () => l.LeakyReLU(),
  PReLU: () => l.PReLU(),
  ELU: () => l.ELU(),
  Softmax: () => l.Softmax(),
  ActivityRegularization: () => l.ActivityRegularization({ l2: 0.1 }),
  Conv1D: () => l.Conv1D(6, 2),
  DepthwiseConv1D: () => l.DepthwiseConv1D(2),
  SeparableConv1D: () => l.SeparableConv1D(6, 2),
  MaxPooling1D: () => l.MaxPooling1D(),
  AveragePooling1D: () => l.AveragePooling1D(),
  UpSampling1D: () => l.UpSampling1D(),
  ZeroPadding1D: () => l.ZeroPadding1D(),
  Cropping1D: () => l.Cropping1D(),
  Reshape: () => l.Reshape([6, 4]),
  Permute: () => l.Permute([2, 1]),
  GetItem: () => l.GetItem([1, null]),
  Rescaling: () => l.Rescaling(2),
  LSTM: () => l.LSTM(3, sequences),
  GRU: () => l.GRU(3, sequences),
  SimpleRNN: () => l.SimpleRNN(3, sequences),
  Bidirectional: () => l.Bidirectional(l.LSTM(3, sequences)),
  TimeDistributed: () => l.TimeDistributed(l.Dense(3)),
  RNN: () => l.RNN(l.LSTMCell(3), sequences),
};

test.each([undefined, 'tfjs'] as const)(
  'what a product of masked sequences gives has no mask, as in Keras: %p',
  async (engine) => {
    const x = Input({ shape: [4, 2] });
    const masked = l.Masking().apply(x);
    const model = new Model({ inputs: x, outputs: l.Dot(2).apply([masked, masked]) });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', ...(engine && { engine }) });
    const steps = { data: Float32Array.of(1, 0, 0, 2, 0, 0, 0, 0), shape: [1, 4, 2] };
    // Squares of 1 and 4 among 16 numbers; of the steps that count there would be 8.
    expect((await model.evaluate(steps, { data: new Float32Array(16), shape: [1, 4, 4] })).loss).toBeCloseTo(
      17 / 16,
      6,
    );
    model.dispose();
  },
);

test.each(['Attention', 'AdditiveAttention', 'MultiHeadAttention'] as const)(
  'steps count in what %s gives as they do in its query, whatever its value masks',
  async (kind) => {
    const layer = {
      Attention: l.Attention,
      AdditiveAttention: l.AdditiveAttention,
      MultiHeadAttention: () => l.MultiHeadAttention(1, 2),
    };
    const steps = [[[1, 2], [3, 4], [0, 0], [0, 0]]]; // biome-ignore format: a sequence
    for (const masksQuery of [false, true])
      for (const engine of [undefined, 'tfjs'] as const) {
        const [query, value] = [Input({ shape: [4, 2] }), Input({ shape: [4, 2] })];
        const masked = l.Masking();
        const read = masksQuery ? [masked.apply(query), value] : [query, masked.apply(value)];
        const model = new Model({ inputs: [query, value], outputs: layer[kind]().apply(read), seed: 3 });
        model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', ...(engine && { engine }) });
        const [given] = await model.predict<number[][][]>([steps, steps]);
        const counted = given.slice(0, masksQuery ? 2 : 4).flat();
        const mean = counted.reduce((sum, one) => sum + one * one, 0) / counted.length;
        const zeros = { data: new Float32Array(8), shape: [1, 4, 2] };
        expect((await model.evaluate([steps, steps], zeros)).loss).toBeCloseTo(mean, 5);
        model.dispose();
      }
  },
);

const STEPS = [
  [[1, 2], [3, 4], [0, 0], [0, 0]],
  [[5, 6], [0, 0], [7, 8], [0, 0]],
]; // biome-ignore format: a line for each input
test.each<[string, () => ReturnType<typeof l.Add>, number[][]]>([
  [
    'Add',
    () => l.Add(),
    [
      [6, 8],
      [3, 4],
      [7, 8],
      [0, 0],
    ],
  ],
  [
    'Multiply',
    () => l.Multiply(),
    [
      [5, 12],
      [3, 4],
      [7, 8],
      [0, 0],
    ],
  ],
  [
    'Average',
    () => l.Average(),
    [
      [3, 4],
      [1.5, 2],
      [3.5, 4],
      [0, 0],
    ],
  ],
  [
    'Maximum',
    () => l.Maximum(),
    [
      [5, 6],
      [3, 4],
      [7, 8],
      [0, 0],
    ],
  ],
  [
    'Minimum',
    () => l.Minimum(),
    [
      [1, 2],
      [3, 4],
      [7, 8],
      [0, 0],
    ],
  ],
])(
  '%s of two sequences: a step of one that does not count changes nothing; where none counts there is none',
  async (_, layer, expected) => {
    for (const engine of [undefined, 'tfjs'] as const)
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const inputs = STEPS.map(() => Input({ shape: [4, 2] }));
        const model = new Model({ inputs, outputs: layer().apply(inputs.map((one) => l.Masking().apply(one))) });
        model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', ...(engine && { engine }) });
        expect(await model.predict(order.map((i) => [STEPS[i]]))).toEqual([expected]);
        // Of squares of differences to 0, those at the three steps that count.
        const squares = expected
          .slice(0, 3)
          .flat()
          .reduce((sum, value) => sum + value * value, 0);
        const { loss } = await model.evaluate(
          order.map((i) => [STEPS[i]]),
          [
            [
              [0, 0],
              [0, 0],
              [0, 0],
              [9, 9],
            ],
          ],
        );
        expect(loss).toBeCloseTo(squares / 6, 4);
        model.dispose();
      }
  },
);

const ONE_STEP = [[[0, 0]], [[5, 1]]];
test.each<[string, () => ReturnType<typeof l.Add>, number[][]]>([
  [
    'Add',
    () => l.Add(),
    [
      [6, 3],
      [8, 5],
      [5, 1],
      [5, 1],
    ],
  ],
  [
    'Multiply',
    () => l.Multiply(),
    [
      [5, 2],
      [15, 4],
      [5, 1],
      [5, 1],
    ],
  ],
  [
    'Average',
    () => l.Average(),
    [
      [3, 1.5],
      [4, 2.5],
      [2.5, 0.5],
      [2.5, 0.5],
    ],
  ],
  [
    'Maximum',
    () => l.Maximum(),
    [
      [5, 2],
      [5, 4],
      [5, 1],
      [5, 1],
    ],
  ],
  [
    'Minimum',
    () => l.Minimum(),
    [
      [1, 1],
      [3, 1],
      [5, 1],
      [5, 1],
    ],
  ],
])('%s of four steps and one, which counts at all of them or at none', async (name, layer, both) => {
  const halved = name === 'Average' ? 0.5 : 1;
  const results = [];
  for (const engine of [undefined, 'tfjs'] as const)
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const inputs = [4, 1].map((steps) => Input({ shape: [steps, 2] }));
      const dense = l.Dense(2, { useBias: false, kernelInitializer: 'identity' });
      const masked = inputs.map((one) => dense.apply(l.Masking().apply(one)));
      const model = new Model({ inputs, outputs: layer().apply(order.map((i) => masked[i])) });
      model.compile({ optimizer: sgd(0.001), loss: 'meanSquaredError', ...(engine && { engine }) });
      expect(model.engine.kind).toBe(engine ?? 'memcell');
      const x = [[STEPS[0], STEPS[0]], ONE_STEP];
      const [without, withOne] = await model.predict<number[][][]>(x);
      expect(withOne).toEqual(both);
      expect(without.slice(0, 2)).toEqual(STEPS[0].slice(0, 2).map((step) => step.map((value) => value * halved)));
      const y = [without, withOne].map((steps) => steps.map((step) => step.map((value) => value + 1)));
      // At two steps of the first and at all of the second.
      const { loss } = await model.evaluate(x, y);
      expect(loss).toBeCloseTo(1, 5);
      const losses = [await model.trainOnBatch(x, y), await model.trainOnBatch(x, y)];
      results.push([...losses, ...model.getWeights().flatMap(({ data }) => [...data])]);
      model.dispose();
    }
  const [first, ...others] = results;
  expect(first[1]).toBeLessThan(first[0]);
  for (const other of others) expect(other).toEqual(first.map((value) => expect.closeTo(value, 5)));
});

test.each([
  ['Add', () => l.Add()],
  ['Subtract', () => l.Subtract()],
  ['Multiply', () => l.Multiply()],
  ['Average', () => l.Average()],
  ['Maximum', () => l.Maximum()],
  ['Minimum', () => l.Minimum()],
  ['Concatenate', () => l.Concatenate()],
  ['Concatenate over steps', () => l.Concatenate({ axis: 1 })],
] as const)(
  '%s of what layers with biases make of sequences whose steps count at other places: trained as on tfjs',
  async (_, join) => {
    const x = STEPS.map((steps) => [steps, STEPS[0]]);
    // What lies at the address of no mask is then 0, as in any program.
    unwatchArenas();
    // Of both in either order, of one, and of both twice.
    for (const given of [
      [0, 1],
      [1, 0],
      [0, 2],
      [2, 1],
      [0, 0],
    ]) {
      const results: number[][] = [];
      for (const engine of [undefined, 'tfjs'] as const) {
        const inputs = [0, 1].map(() => Input({ shape: [4, 2] }));
        const masked = inputs.map((input) => l.Masking().apply(input));
        const before = [...masked, inputs[1]].map((one) => l.Dense(3, 'tanh', { biasInitializer: 'ones' }).apply(one));
        const joined = join().apply(given.map((i) => before[i]));
        const also = l.GlobalAveragePooling1D().apply(l.Concatenate().apply(before));
        const outputs = l.Dense(2).apply(l.Concatenate().apply([l.LSTM(2).apply(joined), also]));
        const model = new Model({ inputs, outputs, seed: 2 });
        model.compile({ optimizer: sgd(0.1), loss: 'meanSquaredError', ...(engine && { engine }) });
        expect(model.engine.kind).toBe(engine ?? 'memcell');
        const y = [
          [0.1, -0.2],
          [0.3, 0.4],
        ];
        const losses = [await model.trainOnBatch(x, y), await model.trainOnBatch(x, y)];
        results.push([...losses.map(Number), ...model.getWeights().flatMap(({ data }) => [...data])]);
        model.dispose();
      }
      expectNear(results[0], results[1], 1e-5, `of ${given}`, 1e-4);
    }
    watchArenas();
  },
);

test.each(['concatenate', 'add', 'maximum'] as const)(
  "tfjs's own %s of masked sequences gives and trains what memcell's does",
  async (name) => {
    const own = { concatenate: () => l.Concatenate(), add: () => l.Add(), maximum: () => l.Maximum() };
    const x = STEPS.map((steps) => [steps, STEPS[0]]);
    // No masks at all, of both, and of one.
    for (const masks of [[], [0, 1], [0], [1]]) {
      const results: number[][] = [];
      for (const [join, engine] of [
        [own[name], 'tfjs'],
        [tf.layers[name], 'tfjs'],
        [tf.layers[name], undefined],
      ] as [() => tf.layers.Layer, 'tfjs' | undefined][]) {
        const inputs = [0, 1].map(() => tf.input({ shape: [4, 2] }));
        const given = inputs.map((one, i) =>
          masks.includes(i) ? l.Masking({ name: `masking${i}` }).apply(one) : one,
        ) as tf.SymbolicTensor[];
        const dense = l.Dense(2, { useBias: false, kernelInitializer: 'ones' });
        const joined = join().apply(given.map((one) => dense.apply(one) as tf.SymbolicTensor));
        const lstm = l.LSTM(2, { kernelInitializer: 'ones', recurrentInitializer: 'ones' });
        const model = Sequential.fromTf(
          tf.model({ inputs, outputs: lstm.apply(joined as tf.SymbolicTensor) as tf.SymbolicTensor }),
        );
        model.compile({ optimizer: sgd(0.1), loss: 'meanSquaredError', ...(engine && { engine }) });
        const y = [
          [0.1, 0.2],
          [0.3, 0.4],
        ];
        results.push([
          await model.trainOnBatch(x, y),
          await model.trainOnBatch(x, y),
          ...(await model.predict<number[][]>(x)).flat(),
        ]);
        model.dispose();
      }
      for (const result of results) expect(result).toEqual(results[0].map((value) => expect.closeTo(value, 5)));
    }
  },
);

test('every layer of the fixture is here', () => {
  expect(Object.keys(LAYERS)).toEqual(Object.keys(kept));
});

test.each(Object.entries(kept))('%s: a mask that it is given is there behind it: %p', (name, isKept) => {
  const sample: Sample = {
    layers: () => [l.Masking(), l.Dense(6), LAYERS[name]()],
    inputShape: [4, 6],
    loss: 'meanSquaredError',
    optimizer: () => sgd(),
    batch: 2,
    vocabulary: 0,
    zeroSteps: false,
    weighted: 'no',
    seed: 1,
  };
  const x = { data: Float32Array.from({ length: 48 }, (_, i) => (i % 24 < 12 ? 1 + (i % 5) : 0)), shape: [2, 4, 6] };
  const [own, other] = [built(sample), built(sample)];
  for (const runner of [engineOf(own), createTfjsRunner(other.model, other.compiled)]) {
    const { shape } = runner.predictBatch(x);
    const y = { data: new Float32Array(shape.reduce((product, size) => product * size, 1)), shape };
    const [mask] = runner.trainBatch(x, y).masks;
    expect(mask && Array.from(mask)).toEqual(isKept ? [1, 1, 0, 0, 1, 1, 0, 0] : undefined);
    runner.dispose();
  }
  for (const { model } of [own, other]) model.dispose();
});

test.each([
  'Masking, Dense(3, bias_initializer=ones), BatchNormalization, Dense(2)',
  'Masking, Dense(3, bias_initializer=ones), BatchNormalization, LSTM(2), Dense(1)',
  'Masking, Dense(3, bias_initializer=ones), GlobalAveragePooling1D, Dense(1)',
  'Masking, Dense(3, bias_initializer=ones), MultiHeadAttention(1, 2), Dense(2)',
  'Masking, Bidirectional(LSTM(2)), Dense(1)',
  'Masking, SLSTM(2), Dense(1)',
  'Masking, MinLSTM(2, return_sequences=true), Dense(1)',
  'Masking, RNN([LSTMCell(2), GRUCell(2)]), Dense(1)',
])('%s of samples without any step that counts, and of some beside others: as on tfjs', async (spec) => {
  const run = async (engine?: 'tfjs') => {
    const model = sequential(spec, { inputShape: [3, 2], seed: 2 });
    model.compile({ loss: 'mse', optimizer: sgd(0.1), ...(engine && { engine }) });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    const seen: number[] = [];
    for (const counting of [0, 1, 0]) {
      const data = Float32Array.from({ length: 12 }, (_, i) => counting * (i < 6 ? 0 : Math.sin(i)));
      const x = { data, shape: [2, 3, 2] };
      const { data: predicted, shape } = await model.predict(x);
      const y = { data: predicted.map((_, i) => Math.cos(i)), shape };
      seen.push(
        ...predicted,
        Number(await model.trainOnBatch(x, y)),
        (await model.evaluate(x, y, { verbose: 0 })).loss,
      );
    }
    for (const { data } of model.getWeights()) seen.push(...data);
    model.dispose();
    return seen;
  };
  expectNear(await run(), await run('tfjs'), 1e-5, 'what was seen', 1e-4);
});
