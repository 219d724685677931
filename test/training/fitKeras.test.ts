import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { weightsInOrder } from '../../src/model/initialise.js';
import { parseSpec } from '../../src/model/spec.js';
import { type Callback, EarlyStopping, ReduceLROnPlateau } from '../../src/training/callbacks.js';
import { compileTraining } from '../../src/training/compile.js';
import { evaluate } from '../../src/training/evaluate.js';
import { fit as train } from '../../src/training/fit.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { engineOf } from '../engine/compare.js';
import { difference, reference } from './reference.js';

/** The callbacks of generate.py, told from the history that they leave. */
function callbacksOf({ history, fit: { epochs } }: (typeof reference.fits)[number]): Callback[] {
  if ('learning_rate' in history)
    return [new ReduceLROnPlateau({ factor: 0.3, patience: 1, cooldown: 1, minDelta: 0.05 })];
  if (history.loss.length < epochs)
    return [new EarlyStopping({ patience: 2, restoreBestWeights: true, minDelta: 0.01 })];
  return [];
}

describe.each(['cpu', 'wasm', 'the engine'])('fit on %s', (backend) => {
  beforeAll(async () => {
    await prepareBackend();
    await tf.setBackend(backend === 'wasm' ? 'wasm' : 'cpu');
  });

  test.each(reference.fits.map((entry) => [`${entry.spec}, ${entry.loss}`, entry] as const))(
    "%s: Keras's history, evaluation and weights to 2e-5",
    async (_, entry) => {
      const model = buildModel(parseSpec(entry.spec), { seed: 1 });
      tf.tidy(() => {
        weightsInOrder(model).forEach((weight, i) => {
          weight.write(tf.tensor(entry.start[i], weight.shape.map(Number)));
        });
      });
      const { loss, metrics, weightedMetrics, optimizer } = entry;
      const compiled = compileTraining(model, { loss, metrics, weightedMetrics, optimizer });
      const runner = backend === 'the engine' ? engineOf({ model, compiled }) : createTfjsRunner(model, compiled);
      const x = { data: Float32Array.from(entry.x), shape: entry.xShape };
      const y = { data: Float32Array.from(entry.y), shape: entry.yShape };
      const tensors = tf.memory().numTensors;
      const { batch_size, epochs, validation_split, sample_weight, class_weight } = entry.fit;
      const history = await train(runner, compiled, x, y, {
        batchSize: batch_size,
        epochs,
        validationSplit: validation_split,
        sampleWeight: sample_weight && Float32Array.from(sample_weight),
        classWeight: class_weight,
        shuffle: false,
        verbose: 0,
        callbacks: callbacksOf(entry),
      });
      expect(Object.keys(history.history).sort()).toEqual(Object.keys(entry.history).sort());
      for (const [key, values] of Object.entries(entry.history))
        expect([key, difference(history.history[key], values) < 2e-5, history.history[key]]).toEqual([
          key,
          true,
          history.history[key],
        ]);
      const final = await evaluate(runner, compiled, x, y, { batchSize: 5 });
      for (const [key, value] of Object.entries(entry.evaluate)) expect(final[key]).toBeCloseTo(value, 4);
      runner.capture().weights.forEach((weight, i) => {
        expect(difference(weight, entry.end[i])).toBeLessThan(2e-5);
      });
      expect(tf.memory().numTensors).toBe(tensors);
      runner.dispose();
      model.dispose();
    },
  );
});
