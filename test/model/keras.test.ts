import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { weightsInOrder } from '../../src/model/initialise.js';
import { parseSpec } from '../../src/model/spec.js';
import { summaryText } from '../../src/model/summary.js';
import { forward } from '../../src/training/forward.js';

/** The models of test/fixtures/keras/generate.py, as it writes them. */
const models: Record<string, string> = {
  document: 'Input((1, 1)), LSTM(50), Dense(10, activation="softmax")',
  lstm_last: 'Input((5, 3)), LSTM(4), Dense(2)',
  lstm_stacked: 'Input((6, 3)), LSTM(5, return_sequences=True), LSTM(4), Dense(3, activation="softmax")',
  lstm_sequences: 'Input((6, 3)), LSTM(5, return_sequences=True), TimeDistributed(Dense(2))',
  lstm_no_bias_backwards: 'Input((5, 3)), LSTM(4, use_bias=False, go_backwards=True), Dense(1, activation="sigmoid")',
  lstm_hard_sigmoid: 'Input((5, 3)), LSTM(4, recurrent_activation="hard_sigmoid"), Dense(2)',
  gru_reset_after: 'Input((5, 3)), GRU(4, return_sequences=True), GRU(3), Dense(2)',
  gru_reset_before: 'Input((5, 3)), GRU(4, reset_after=False), Dense(2)',
  simple_rnn: 'Input((5, 3)), SimpleRNN(4), Dense(2)',
  bidirectional_lstm:
    'Input((5, 3)), Bidirectional(LSTM(4, return_sequences=True)), Bidirectional(LSTM(3), merge_mode="sum"), Dense(2)',
  masked_lstm: 'Input((6, 3)), Masking(0.0), LSTM(4, return_sequences=True), LSTM(3), Dense(2)',
  embedding_lstm: 'Input((6,)), Embedding(11, 5, mask_zero=True), LSTM(4), Dense(3, activation="softmax")',
  regularised_lstm:
    'Input((5, 3)), LSTM(4, kernel_regularizer=keras.regularizers.L2(0.02), recurrent_regularizer=L1(0.01)), Dense(2)',
};

interface Case {
  input: number[][] | number[][][];
  output: number[][] | number[][][];
  weights: { shape: number[]; value: number[] }[];
}

function readCase(name: string): Case {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/keras', name);
  return JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'));
}

/** The model of a case with the case's weights. */
function loadCase(name: string, { weights }: Case): tf.Sequential {
  const model = buildModel(parseSpec(models[name]), { seed: 1 });
  const own = weightsInOrder(model);
  expect(own.map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));
  tf.tidy(() => {
    for (const [i, weight] of own.entries()) weight.write(tf.tensor(weights[i].value));
  });
  return model;
}

function largestDifference(a: tf.Tensor, b: tf.TensorLike): number {
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]);
}

describe.each(['cpu', 'wasm'])('on tfjs backend %s', (backend) => {
  beforeAll(async () => {
    await prepareBackend();
    await startBackend(backend);
  });

  test.each(Object.keys(models))("%s: Keras's weights in its order, its outputs to 1e-5, nothing left", (name) => {
    const { input, output, weights } = readCase(name);
    const before = tf.memory().numTensors;
    const model = loadCase(name, { input, output, weights });
    const built = tf.memory().numTensors;
    tf.tidy(() => {
      expect(largestDifference(forward(model, [tf.tensor(input)], false).outputs[0].value, output)).toBeLessThan(1e-5);
      expect(largestDifference(model.predict(tf.tensor(input)) as tf.Tensor, output)).toBeLessThan(1e-5);
    });
    expect(tf.memory().numTensors).toBe(built);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('every layer that can take the fused kernel takes it', () => {
    for (const [name, spec] of Object.entries(models)) {
      const model = buildModel(parseSpec(spec), { seed: 1 });
      const lstms = summaryText(model)
        .split('\n')
        .filter((line) => /\((LSTM|Bidirectional)\)/.test(line));
      const fused = lstms.filter((line) => line.includes('fused kernel')).length;
      expect([name, fused]).toEqual([name, name === 'lstm_hard_sigmoid' ? 0 : lstms.length]);
      model.dispose();
    }
  });
});
