/** Sequences of lengths that a layer has no output for: whole lines, and the nearest length that it takes. */
import { expect, test } from '@jest/globals';
import { Input, Model } from '../../src/functional.js';
import * as l from '../../src/layers/index.js';
import { type Sequential, sequential } from '../../src/sequential.js';
import { expectNear } from './compare.js';

type Tensor = ReturnType<typeof Input>;
const stack = (spec: string) => sequential(spec, { inputShape: [null, 3] });
const graph = (build: (a: Tensor, b: Tensor) => Tensor) => {
  const [a, b] = [Input({ shape: [null, 3] }), Input({ shape: [null, 3] })];
  return new Model({ inputs: [a, b], outputs: build(a, b) });
};

const joined = (steps: number, other: number) =>
  `a layer that joins sequences gets ${steps} steps of one and ${other} of another; give x as many steps in each`;
const short = (name: string, least: number, got: number) =>
  `layer ${name} needs sequences of at least ${least} steps, and got ${got}; give longer ones, or the layer padding 'same'`;

test.each<[message: string, make: () => Sequential, wrong: number[], right: number[]]>([
  [
    'layer cropping1d leaves out 3 steps and gets 3; give it longer sequences',
    () => stack('Cropping1D([1, 2])'),
    [3],
    [4],
  ],
  [
    'layer get_item picks [null,-5] of 5 steps, which have none there; give it longer sequences',
    () => stack('GetItem([None, -5])'),
    [5],
    [6],
  ],
  [
    'layer get_item picks -3 of 2 steps, which have none there; give it longer sequences',
    () => stack('GetItem(-3)'),
    [2],
    [3],
  ],
  [short('conv1d', 3, 2), () => stack('Conv1D(2, 3)'), [2], [3]],
  [short('conv1d', 5, 4), () => stack('Conv1D(2, 3, dilation_rate=2)'), [4], [5]],
  [short('max_pooling1d', 2, 1), () => stack('MaxPooling1D(2)'), [1], [2]],
  [short('average_pooling1d', 4, 3), () => stack('AveragePooling1D(4)'), [3], [4]],
  [
    'layer reshape gets 12 values of each sample, which do not fill its targetShape; give it sequences of another length',
    () => stack('Reshape([6, 3])'),
    [4],
    [6],
  ],
  [
    'layer reshape gets 9 values of each sample, which do not fill its targetShape; give it sequences of another length',
    () => stack('Reshape([-1, 6])'),
    [3],
    [4],
  ],
  [
    'layer position_embedding has 4 places and got 5 steps; give shorter sequences, or the layer a larger sequenceLength',
    () => stack('PositionEmbedding(4)'),
    [5],
    [4],
  ],
  [joined(4, 5), () => graph((a, b) => l.Add().apply([a, b]) as Tensor), [4, 5], [5, 5]],
  [joined(4, 5), () => graph((a, b) => l.Concatenate().apply([a, b]) as Tensor), [4, 5], [4, 4]],
  [
    'layer dot multiplies along axes of 4 and of 5; give x sequences of as many steps',
    () => graph((a, b) => l.Dot(1).apply([a, b]) as Tensor),
    [4, 5],
    [5, 5],
  ],
])('%s', async (message, make, wrong, right) => {
  const model = make();
  expect(model.engine).toEqual({ kind: 'memcell' });
  const given = (lengths: number[]) => {
    const arrays = lengths.map((steps) => ({ data: new Float32Array(2 * steps * 3).fill(0.5), shape: [2, steps, 3] }));
    return model.predict(arrays.length > 1 ? arrays : arrays[0]);
  };
  await expect(given(wrong)).rejects.toMatchObject({ name: 'MemcellError', code: 'data', message });
  await expect(given(right)).resolves.toBeDefined();
  model.dispose();
});

test.each([
  'Dense(2)',
  'Masking, Dense(2, tanh)',
  'Conv1D(2, 2, padding=same)',
  'LSTM(2, return_sequences=true), Dense(3, softmax)',
])(
  '%s: samples and steps that come to as many numbers as those before give what they give a new model',
  async (spec) => {
    const make = () => {
      const model = sequential(spec, { inputShape: [null, 3], seed: 1 });
      model.compile({ loss: 'mse', optimizer: 'sgd', metrics: ['mae'] });
      return model;
    };
    const width = spec.includes('softmax') ? 3 : 2;
    const model = make();
    for (const [samples, steps] of [
      [2, 3],
      [3, 2],
      [6, 1],
      [1, 6],
      [3, 2],
    ]) {
      const x = { data: Float32Array.from({ length: 18 }, (_, i) => Math.cos(i * i)), shape: [samples, steps, 3] };
      const y = { data: new Float32Array(6 * width).fill(0.5), shape: [samples, steps, width] };
      const fresh = make();
      for (const of of [
        (one: Sequential) => one.predict(x),
        (one: Sequential) => one.evaluate(x, y, { verbose: 0 }),
        (one: Sequential) => one.predict(x, { batchSize: 1 }),
      ])
        expect(await of(model)).toEqual(await of(fresh));
      fresh.dispose();
    }
    model.dispose();
  },
);

test.each([
  'LSTM(3, return_sequences=true), Dense(2)',
  'GRU(5, return_sequences=true, reset_after=false, go_backwards=true), LSTM(4)',
  'Masking, SimpleRNN(3, return_sequences=true, activation=relu), Dense(2, tanh)',
  'Bidirectional(LSTM(3, return_sequences=true)), GRU(2)',
  'Masking, Bidirectional(GRU(3, return_sequences=true), merge_mode=mul), Bidirectional(SimpleRNN(2))',
  'MinGRU(5, return_sequences=true), MinLSTM(3, go_backwards=true)',
  'SLSTM(4, heads=2, return_sequences=true), Dense(2)',
  'RNN([LSTMCell(3), GRUCell(2)], return_sequences=true), RNN([SimpleRNNCell(3), LSTMCell(2)])',
  'Conv1D(4, 3, padding=causal), Conv1D(3, 2, padding=same, dilation_rate=2), GlobalMaxPooling1D',
  'SeparableConv1D(3, 2, padding=same), DepthwiseConv1D(2, padding=same), MaxPooling1D(2, padding=same)',
  'UpSampling1D(2), AveragePooling1D(3, strides=1, padding=same), ZeroPadding1D([1, 2]), LSTM(2)',
  'PositionEmbedding(6), GlobalAveragePooling1D',
  'Dense(3), SinePositionEncoding, MultiHeadAttention(2, 3), Dense(2)',
  'Dense(3), BatchNormalization, LayerNormalization, Softmax(1)',
  'Dense(3), GroupNormalization(groups=1), UnitNormalization(axis=1), PReLU(shared_axes=[1]), LSTM(2)',
  'Dense(3), GetItem([None, None, -1]), RMSNormalization, GetItem(-1)',
  'Dense(4, tanh), Reshape([-1, 2]), LSTM(3)',
])(
  '%s: batches of other sizes and lengths in turn are predicted, trained on and evaluated as on tfjs',
  async (spec) => {
    const make = (engine?: 'tfjs') => {
      const model = sequential(spec, { inputShape: [null, 3], seed: 4 });
      const optimizer = { name: 'sgd', config: { learningRate: 0.05, momentum: 0.5 } } as const;
      model.compile({ loss: 'mse', optimizer, ...(engine && { engine }) });
      expect(model.engine.kind).toBe(engine ?? 'memcell');
      return model;
    };
    const models = [make(), make('tfjs')];
    const seen: number[][] = [[], []];
    for (const [samples, steps] of [
      [2, 3],
      [3, 2],
      [1, 5],
      [4, 1],
      [2, 3],
    ]) {
      const data = Float32Array.from({ length: samples * steps * 3 }, (_, i) => Math.cos(i * i + steps));
      // The last step of the last sample, of several, is one that a Masking leaves out.
      if (steps > 1) data.fill(0, data.length - 3);
      const x = { data, shape: [samples, steps, 3] };
      for (const [i, model] of models.entries()) {
        const { data: predicted, shape } = await model.predict(x);
        const y = { data: predicted.map((_, k) => Math.sin(k)), shape };
        const loss = await model.trainOnBatch(x, y);
        const after = await model.evaluate(x, y, { verbose: 0 });
        seen[i].push(...shape, ...predicted, Number(loss), after.loss);
      }
    }
    for (const [i, model] of models.entries()) {
      for (const { data } of model.getWeights()) seen[i].push(...data);
      model.dispose();
    }
    expectNear(seen[0], seen[1], 1e-4, 'what they gave', 1e-4);
  },
);
