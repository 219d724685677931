/** useEma and gradientAccumulationSteps, beside the numbers of Keras in optimizers.test.ts and fitKeras.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildModel } from '../../src/model/build.js';
import { parseSpec } from '../../src/model/spec.js';
import { Random } from '../../src/random.js';
import { loadModel, sequential } from '../../src/sequential.js';
import { compileTraining } from '../../src/training/compile.js';
import { adam, rmsprop, sgd } from '../../src/training/optimizers.js';
import { engineOf, poison, split } from '../engine/compare.js';

const array = (random: Random, ...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
  shape,
});

test.each([
  ['adam', () => adam({ gradientAccumulationSteps: 3, clipnorm: 0.1, useEma: true, emaOverwriteFrequency: 1 })],
  ['rmsprop', () => rmsprop({ momentum: 0.9, centered: true, useEma: true, emaMomentum: 0.5 })],
])('%s: equal bits in one, two and three shares, steps of different lengths', (_, make) => {
  const run = (parts: number) => {
    const model = buildModel(parseSpec('LSTM(9, kernel_regularizer=L2(0.1)), Dense(2)'), {
      inputShape: [null, 3],
      seed: 2,
    });
    const engine = engineOf({ model, compiled: compileTraining(model, { loss: 'mse', optimizer: make() }) });
    split(engine, parts);
    const random = new Random(1);
    for (let step = 0; step < 7; step++) {
      const [x, y] = [array(random, 5, step % 2 === 0 ? 1 : 4, 3), array(random, 5, 2)];
      if (step > 1) poison(engine);
      engine.trainBatch(x, y);
    }
    engine.average();
    const { weights, optimizer } = engine.capture();
    engine.dispose();
    model.dispose();
    return [...weights, ...(optimizer?.state ?? [])].map((values) => Array.from(values));
  };
  const whole = run(1);
  expect(whole.flat().every(Number.isFinite)).toBe(true);
  expect(run(2)).toEqual(whole);
  expect(run(3)).toEqual(whole);
});

test.each(['model', 'model.keras'])(
  '%s keeps sums and averages: training goes on to the same weights',
  async (file) => {
    const random = new Random(3);
    const [x, y] = [array(random, 12, 4, 3), array(random, 12, 1)];
    const options = { optimizer: adam({ gradientAccumulationSteps: 2, useEma: true }), loss: 'mse' as const };
    const settings = { batchSize: 4, shuffle: false, verbose: 0 as const };
    const folder = mkdtempSync(join(tmpdir(), 'memcell-averages-'));
    try {
      const whole = sequential('LSTM(4), Dense(1)', { inputShape: [4, 3], seed: 5 });
      whole.compile(options);
      // Three batches: one is summed, and not yet in any update.
      await whole.fit(x, y, { ...settings, epochs: 1 });
      await whole.save(join(folder, file));
      const loaded = await loadModel(join(folder, file));
      for (const model of [whole, loaded]) await model.fit(x, y, { ...settings, epochs: 2 });
      const weights = [whole, loaded].map((model) => model.tf.getWeights().map((weight) => [...weight.dataSync()]));
      expect(weights[1]).toEqual(weights[0]);
      for (const model of [whole, loaded]) model.dispose();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.each([undefined, 'tfjs'] as const)(
  'there is nothing to average after a step that was refused (%s)',
  async (engine) => {
    const model = sequential('Dense(2)', { inputShape: [3], seed: 1 });
    model.compile({ loss: 'mse', optimizer: adam({ useEma: true }), ...(engine && { engine }) });
    const before = model.getWeights();
    const [x, y] = [array(new Random(4), 5, 3), array(new Random(5), 5, 2)];
    await expect(model.trainOnBatch(x, { ...y, data: y.data.map(() => 3e38) })).rejects.toThrow(
      'the loss of this batch',
    );
    await model.fit(x, y, { epochs: 0, verbose: 0 });
    expect(model.getWeights()).toEqual(before);
    model.dispose();
  },
);

test('what does not fit is refused by name', () => {
  expect(() => sgd({ gradientAccumulationSteps: 1 })).toThrow('sgd: gradientAccumulationSteps must be at least 2');
  expect(() => sgd({ emaMomentum: 1.5 })).toThrow('sgd: emaMomentum must be a number from 0 to 1, not 1.5');
  expect(() => sgd({ emaOverwriteFrequency: 0 })).toThrow(
    'emaOverwriteFrequency must be a whole number of at least 1, or null',
  );
});
