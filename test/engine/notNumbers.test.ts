/** A weight that is not a number is told of, wherever it stands: no kernel makes a number of it again. */
import { expect, test } from '@jest/globals';
import { sequential } from '../../src/index.js';
import * as tf from '../../src/tf.js';

const x = { shape: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i + 1)) };
const smooth = ['tanh', 'sigmoid', 'softmax', 'gelu', 'swish', 'softplus', 'elu', 'selu', 'exponential', 'mish'];

test.each([
  'LSTM(5, return_sequences=true)',
  'LSTM(5, sigmoid, recurrent_activation=tanh)',
  'GRU(5, return_sequences=true)',
  'GRU(5, reset_after=false)',
  'SimpleRNN(5)',
  'MinLSTM(5)',
  'MinGRU(5)',
  'SLSTM(4, return_sequences=true)',
  'Bidirectional(LSTM(5))',
  ...smooth.map((activation) => `Dense(5, ${activation})`),
  'Conv1D(5, 2, activation=tanh)',
  'DepthwiseConv1D(2, activation=tanh)',
  'SeparableConv1D(5, 2, activation=tanh)',
  'MultiHeadAttention(2, 3)',
  'LayerNormalization',
  'BatchNormalization',
  'RMSNormalization',
  'GroupNormalization(2)',
])('%s', async (spec) => {
  const model = sequential(spec, { inputShape: [3, 4], seed: 5 });
  await model.predict(x);
  expect(model.engine).toEqual({ kind: 'memcell' });
  for (const weight of model.tf.weights) {
    const whole = weight.read().dataSync();
    // The first of each gate and each row, the last of all, and some between.
    const places = new Set([0, whole.length - 1, ...Array.from({ length: 24 }, (_, i) => (i * 5) % whole.length)]);
    for (const place of places) {
      const spoilt = Float32Array.from(whole);
      spoilt[place] = Number.NaN;
      weight.write(tf.tensor(spoilt, weight.shape as number[]));
      const told = await model.predict(x).then(
        () => `nothing, with NaN at ${place} of ${weight.name}`,
        ({ code }) => code,
      );
      expect(told).toBe('numeric');
    }
    weight.write(tf.tensor(whole, weight.shape as number[]));
  }
  model.dispose();
});
