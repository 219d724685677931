import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { NdArray } from '../../src/data/array.js';
import { lstmPath } from '../../src/kernels/accelerate.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { weightsInOrder } from '../../src/model/initialise.js';
import { parseSpec } from '../../src/model/spec.js';
import { compileTraining } from '../../src/training/compile.js';
import type { OptimizerIdentifier } from '../../src/training/optimizers.js';
import { prepareTargets } from '../../src/training/targets.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';

/** The models of test/fixtures/keras/generate.py that it trains. */
const models: Record<string, string> = {
  document: 'Input((1, 1)), LSTM(50), Dense(10, softmax)',
  lstm_last: 'Input((5, 3)), LSTM(4), Dense(2)',
  lstm_stacked: 'Input((6, 3)), LSTM(5, return_sequences=true), LSTM(4), Dense(3, softmax)',
  lstm_sequences: 'Input((6, 3)), LSTM(5, return_sequences=true), TimeDistributed(Dense(2))',
  lstm_no_bias_backwards: 'Input((5, 3)), LSTM(4, use_bias=false, go_backwards=true), Dense(1, sigmoid)',
  gru_reset_after: 'Input((5, 3)), GRU(4, return_sequences=true), GRU(3), Dense(2)',
  gru_reset_before: 'Input((5, 3)), GRU(4, reset_after=false), Dense(2)',
  simple_rnn: 'Input((5, 3)), SimpleRNN(4), Dense(2)',
  bidirectional_lstm:
    'Input((5, 3)), Bidirectional(LSTM(4, return_sequences=true)), Bidirectional(LSTM(3), merge_mode=sum), Dense(2)',
  masked_lstm: 'Input((6, 3)), Masking(0.0), LSTM(4, return_sequences=true), LSTM(3), Dense(2)',
  embedding_lstm: 'Input((6,)), Embedding(11, 5, mask_zero=true), LSTM(4), Dense(3, softmax)',
  regularised_lstm: 'Input((5, 3)), LSTM(4, kernel_regularizer=L2(0.02), recurrent_regularizer=L1(0.01)), Dense(2)',
};

type Nested = number | Nested[];

interface Case {
  weights: { shape: number[]; value: Nested }[];
  training: {
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

function readCase(name: string): Case {
  return JSON.parse(readFileSync(new URL(`../fixtures/keras/${name}/case.json`, import.meta.url), 'utf8'));
}

describe.each(['cpu', 'wasm'])('training as Keras 3 does it, on %s', (backend) => {
  beforeAll(async () => {
    await prepareBackend();
    await tf.setBackend(backend);
  });

  test.each(Object.keys(models))('%s: step losses to 1e-4 relative, weights after to 1e-4', (name) => {
    const { weights, training } = readCase(name);
    const model = buildModel(parseSpec(models[name]), { seed: 1 });
    for (const layer of model.layers)
      if (layer.getClassName() === 'LSTM') expect(lstmPath(layer)).toEqual({ path: 'fused' });
    tf.tidy(() => {
      weightsInOrder(model).forEach((weight, i) => {
        weight.write(tf.tensor(arrayOf(weights[i].value).data, weights[i].shape));
      });
    });
    const compiled = compileTraining(model, { optimizer: training.optimizer, loss: training.loss });
    const runner = createTfjsRunner(model, compiled);
    const x = arrayOf(training.x);
    const y = prepareTargets(compiled.loss, arrayOf(training.y), compiled.outputShape);
    const rows = (array: NdArray, step: number): NdArray => {
      const size = (array.data.length / array.shape[0]) * training.batch_size;
      return {
        data: array.data.subarray(step * size, (step + 1) * size),
        shape: [training.batch_size, ...array.shape.slice(1)],
      };
    };
    const tensors = tf.memory().numTensors;
    const losses = training.step_losses.map((_, step) => runner.trainBatch(rows(x, step), rows(y, step)).loss);
    expect(tf.memory().numTensors).toBe(tensors);
    losses.forEach((loss, step) => {
      expect(Math.abs(loss / training.step_losses[step] - 1)).toBeLessThanOrEqual(1e-4);
    });
    model.trainableWeights.forEach((weight, i) => {
      const got = weight.read().dataSync();
      arrayOf(training.weights_after[i]).data.forEach((expected, j) => {
        expect(Math.abs(got[j] - expected)).toBeLessThanOrEqual(1e-4);
      });
    });
    expect(compiled.optimizer.iterations).toBe(losses.length);
    model.dispose();
  });
});
