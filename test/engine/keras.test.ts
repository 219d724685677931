/** The engine against Keras itself: every case of test/fixtures/keras, and the cells of test/fixtures/activations. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { NdArray } from '../../src/data/array.js';
import { buildModel } from '../../src/model/build.js';
import { weightsInOrder } from '../../src/model/initialise.js';
import { parseSpec } from '../../src/model/spec.js';
import { compileTraining } from '../../src/training/compile.js';
import type { OptimizerIdentifier } from '../../src/training/optimizers.js';
import { prepareTargets } from '../../src/training/targets.js';
import { engineOf, expectNear, poison } from './compare.js';

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

type Nested = number | Nested[];

interface Case {
  input: Nested[];
  output: Nested[];
  weights: { shape: number[]; value: Nested }[];
  /** Absent where only outputs were recorded. */
  training?: {
    optimizer: OptimizerIdentifier;
    loss: string;
    batch_size: number;
    x: Nested[];
    y: Nested[];
    step_losses: number[];
    weights_after: Nested[];
  };
}

function arrayOf(nested: Nested): NdArray {
  if (!Array.isArray(nested)) return { data: Float32Array.of(nested), shape: [] };
  const parts = nested.map(arrayOf);
  return { data: Float32Array.from(parts.flatMap(({ data }) => [...data])), shape: [nested.length, ...parts[0].shape] };
}

function rowsOf(array: NdArray, from: number, count: number): NdArray {
  const size = array.data.length / array.shape[0];
  return { data: array.data.subarray(from * size, (from + count) * size), shape: [count, ...array.shape.slice(1)] };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));

const { cells }: { cells: (Case & { spec: string })[] } = fixture('activations/keras');

test.each([
  ...Object.entries(models).map(([name, spec]): [string, Case] => [spec, fixture(`keras/${name}/case`)]),
  ...cells.map(({ spec, ...given }): [string, Case] => [spec, given]),
])('%s: outputs to 1e-5, step losses to 1e-4 relative, weights after to 1e-4', (spec, given) => {
  const { input, output, weights, training } = given;
  const model = buildModel(parseSpec(spec), { seed: 1 });
  weightsInOrder(model).forEach((weight, i) => {
    tf.tidy(() => {
      weight.write(tf.tensor(arrayOf(weights[i].value).data, weight.shape.map(Number)));
    });
  });
  const compiled = compileTraining(model, { optimizer: training?.optimizer ?? 'adam', loss: training?.loss ?? 'mse' });
  const engine = engineOf({ model, compiled });
  expectNear(engine.predictBatch(arrayOf(input)).data, arrayOf(output).data, 1e-5, 'outputs');
  if (training) {
    const { batch_size: batch } = training;
    const x = arrayOf(training.x);
    const y = prepareTargets(compiled.loss, arrayOf(training.y), compiled.outputShape);
    const losses = training.step_losses.map((_, step) => {
      poison(engine);
      return engine.trainBatch(rowsOf(x, step * batch, batch), rowsOf(y, step * batch, batch)).loss;
    });
    expectNear(losses, training.step_losses, 0, 'step losses', 1e-4);
    engine.sync();
    weightsInOrder(model).forEach((weight, i) => {
      expectNear(weight.read().dataSync(), arrayOf(training.weights_after[i]).data, 1e-4, weight.originalName);
    });
    expect(compiled.optimizer.iterations).toBe(losses.length);
  }
  model.dispose();
});

test('only lstm_hard_sigmoid comes without a training run', () => {
  const without = Object.keys(models).filter((name) => !('training' in fixture(`keras/${name}/case`)));
  expect(without).toEqual(['lstm_hard_sigmoid']);
});
