/** A weight that is not a number is told of, wherever it stands: no kernel makes a number of it again. */
import { expect, test } from '@jest/globals';
import * as l from '../../src/index.js';
import { Sequential, sequential } from '../../src/index.js';
import * as tf from '../../src/tf.js';
import { adam } from '../../src/training/optimizers.js';

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

test.each([undefined, 'tfjs'] as const)(
  'a batch whose loss is not finite moves nothing, and what comes after it is as without it: engine %p',
  async (engine) => {
    const batch = { data: x.data.slice(0, 12), shape: [3, 4] };
    const y = (value: number) => ({ data: new Float32Array(6).fill(value), shape: [3, 2] });
    for (const options of [{}, { emaOverwriteFrequency: 1 }, { gradientAccumulationSteps: 3 }]) {
      const run = async (spoilt: boolean) => {
        const layers = [
          l.Dense(4, { kernelConstraint: 'nonNeg', biasConstraint: 'nonNeg', inputShape: [4] }),
          l.BatchNormalization({ momentum: 0.5 }),
          l.Dense(2, { kernelConstraint: 'unitNorm', kernelRegularizer: 'l2' }),
        ];
        const model = new Sequential(layers, { seed: 4 });
        const optimizer = adam({ learningRate: 0.1, useEma: true, emaMomentum: 0.5, ...options });
        model.compile({ optimizer, loss: 'mse', ...(engine && { engine }) });
        expect(model.engine.kind).toBe(engine ?? 'memcell');
        await model.trainOnBatch(batch, y(0.5));
        await model.trainOnBatch(batch, y(-0.5));
        // Out of what the constraints and the averages would make of them.
        const away = (_: number, i: number) => (i % 3) - 1.5;
        const isMoving = (weight: number) => weight === 4 || weight === 5;
        const moved = model
          .getWeights()
          .map(({ data, shape }, w) => ({ data: isMoving(w) ? data : data.map(away), shape }));
        model.setWeights(moved);
        const seen: unknown[] = [];
        const look = async () => {
          const { data } = await model.predict(batch);
          seen.push(Array.from(data), ...model.getWeights().map((weight) => Array.from(weight.data)));
          seen.push(optimizer.iterations, ...optimizer.state().map((slot) => Array.from(slot)));
        };
        if (spoilt) await expect(model.trainOnBatch(batch, y(3e38))).rejects.toMatchObject({ code: 'numeric' });
        await look();
        await model.trainOnBatch(batch, y(0.5));
        await look();
        model.dispose();
        return seen;
      };
      expect(await run(true)).toEqual(await run(false));
    }
  },
);
