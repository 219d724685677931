/** What training leaves behind for what comes after it: nothing random, and of masked steps nothing. */
import { expect, test } from '@jest/globals';
import { AdditiveAttention, Attention, Dense, Input, Model, sequential } from '../../src/index.js';

const [BATCH, STEPS, FEATURES] = [3, 5, 4];

const numbers = (shape: number[], from: number) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) =>
    Math.sin((i + from) ** 2),
  ),
});
const x = numbers([BATCH, STEPS, FEATURES], 1);

const drawing = [
  'Dropout(0.5), Dense(2)',
  'SpatialDropout1D(0.5), Dense(2)',
  'GaussianNoise(0.5), Dense(2)',
  'GaussianDropout(0.5), Dense(2)',
  'LSTM(3, dropout=0.5, return_sequences=true), Dense(2)',
  'GRU(3, recurrent_dropout=0.5, return_sequences=true), Dense(2)',
  'SimpleRNN(3, dropout=0.5, recurrent_dropout=0.5, return_sequences=true), Dense(2)',
  'MinGRU(3, dropout=0.5, return_sequences=true), Dense(2)',
  'RNN([LSTMCell(3, dropout=0.5), GRUCell(2, recurrent_dropout=0.5)], return_sequences=true), Dense(2)',
  'Bidirectional(LSTM(3, dropout=0.5, return_sequences=true)), Dense(2)',
  'MultiHeadAttention(2, 3, dropout=0.5), Dense(2)',
  'BatchNormalization, Dense(2)',
].map((spec) => [spec, (seed: number) => sequential(spec, { inputShape: [STEPS, FEATURES], seed })] as const);

const attending = [Attention, AdditiveAttention].map(
  (layer) =>
    [
      layer.name,
      (seed: number) => {
        const inputs = Input({ shape: [STEPS, FEATURES] });
        const attended = layer({ dropout: 0.5 }).apply([inputs, inputs]);
        return new Model({ inputs, outputs: Dense(2).apply(attended), seed });
      },
    ] as const,
);

test.each([undefined, 'tfjs'] as const)(
  'engine %p: evaluated and predicted after a training step as by a model that was never trained',
  async (engine) => {
    for (const [spec, made] of [...drawing, ...attending]) {
      const [model, other] = [made(2), made(3)];
      for (const one of [model, other]) one.compile({ loss: 'meanSquaredError', optimizer: 'sgd', engine });
      const y = numbers([BATCH, STEPS, 2], 7);
      await model.trainOnBatch(x, y);
      const still = await model.evaluate(x, y, { verbose: 0 });
      expect([spec, model.engine.kind]).toEqual([spec, engine ?? 'memcell']);
      other.setWeights(model.getWeights());
      expect([spec, still]).toEqual([spec, await other.evaluate(x, y, { verbose: 0 })]);
      await model.trainOnBatch(x, y);
      other.setWeights(model.getWeights());
      expect([spec, await model.predict(x)]).toEqual([spec, await other.predict(x)]);
      for (const one of [model, other]) one.dispose();
    }
  },
);

test.each(['LSTM', 'GRU', 'SimpleRNN', 'MinLSTM', 'MinGRU', 'SLSTM'])(
  'stateful %s: zero at steps before the first that counts, in later batches too, trained or not',
  async (layer) => {
    const model = sequential(`Masking(0), ${layer}(3, return_sequences=true, stateful=true)`, {
      inputShape: [STEPS, FEATURES],
      batchSize: BATCH,
      seed: 3,
    });
    model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
    const late = { ...x, data: x.data.slice() };
    late.data.fill(0, STEPS * FEATURES, (STEPS + 2) * FEATURES);
    const outputs = [await model.predict(late), await model.predict(late)];
    expect(outputs[1]).not.toEqual(outputs[0]);
    await model.trainOnBatch(late, numbers([BATCH, STEPS, 3], 7));
    outputs.push(await model.predict(late));
    expect(model.engine).toEqual({ kind: 'memcell' });
    for (const { data } of outputs)
      for (let row = 0; row < BATCH * STEPS; row++) {
        const values = data.subarray(3 * row, 3 * row + 3);
        const counts = row !== STEPS && row !== STEPS + 1;
        expect([row, values.some((value) => value !== 0)]).toEqual([row, counts]);
      }
    model.dispose();
  },
);
