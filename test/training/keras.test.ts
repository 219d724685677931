import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { NdArray } from '../../src/data/array.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { compileTraining } from '../../src/training/compile.js';
import type { OptimizerIdentifier } from '../../src/training/optimizers.js';
import { prepareTargets } from '../../src/training/targets.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { kerasModel, kerasModels } from './kerasModels.js';

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
    if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend(backend);
  });

  test.each(Object.keys(kerasModels))('%s: step losses to 1e-4 relative, weights after to 1e-4', (name) => {
    const { weights, training } = readCase(name);
    const model = kerasModel(name);
    model.setWeights(weights.map(({ value, shape }) => tf.tensor(arrayOf(value).data, shape)));
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
