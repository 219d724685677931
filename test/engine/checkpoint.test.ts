import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { Dense } from '../../src/layers/index.js';
import { adam } from '../../src/training/optimizers.js';
import { built, engineOf } from './compare.js';
import { inputOf, plainSample, type Sample, targetOf } from './models.js';

const one: Omit<Sample, 'layers'> = {
  inputShape: [3],
  loss: 'meanSquaredError',
  optimizer: () => adam({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 }),
  batch: 4,
  vocabulary: 0,
  zeroSteps: false,
  weighted: 'no',
  seed: 3,
};

test('after goBack, training goes on as from the checkpoint: the same bits in weights and optimizer', () => {
  fc.assert(
    fc.property(plainSample, (sample) => {
      const own = built(sample);
      const engine = engineOf(own);
      const train = (from: number, to: number) => {
        for (let step = from; step < to; step++) {
          const x = inputOf(sample, sample.batch, step);
          engine.trainBatch(x, targetOf(sample, engine.predictBatch(x).shape, step));
        }
      };
      const unused = engine.checkpoint();
      train(0, 2);
      const checkpoint = engine.checkpoint(unused);
      expect(checkpoint.weights[0]).toBe(unused.weights[0]);
      const there = engine.capture();
      train(2, 4);
      const further = engine.capture();
      engine.goBack(checkpoint);
      expect(engine.capture()).toEqual(there);
      train(2, 4);
      expect(engine.capture()).toEqual(further);
      engine.restore(there);
      engine.goBack(checkpoint);
      engine.sync();
      expect(Array.from(own.model.weights[0].read().dataSync())).toEqual(Array.from(there.weights[0]));
      expect(engine.optimizer.state()).toEqual(there.optimizer?.state);
      own.model.dispose();
    }),
    { numRuns: 30 },
  );
});

test('the optimizer may have been put back meanwhile: training goes on from the checkpoint, and averages are those of before', () => {
  const sample: Sample = { ...one, layers: () => [Dense(2, 'tanh'), Dense(1)] };
  const own = built(sample);
  const engine = engineOf(own);
  const train = () => {
    const x = inputOf(sample, sample.batch, 1);
    engine.trainBatch(x, targetOf(sample, engine.predictBatch(x).shape, 1));
  };
  train();
  const first = engine.checkpoint();
  const begun = engine.capture();
  engine.average();
  const early = engine.capture().weights;
  engine.restore(begun);
  train();
  const second = engine.capture();
  train();
  // The slots are now the optimizer's own.
  engine.restore(second);
  engine.goBack(first);
  train();
  expect(engine.capture()).toEqual(second);
  engine.average();
  const averaged = engine.capture().weights;
  expect(averaged).not.toEqual(second.weights);
  engine.restore(second);
  engine.average();
  expect(engine.capture().weights).toEqual(averaged);
  // In the engine's memory are the averages of later on.
  engine.restore(begun);
  engine.average();
  expect(engine.capture().weights).toEqual(early);
  expect(early).not.toEqual(averaged);
  own.model.dispose();
});

test('nothing is averaged without an average, or before the first step', () => {
  for (const [optimizer, steps] of [
    [() => adam(), 1],
    [() => adam({ useEma: true }), 0],
  ] as const) {
    const sample: Sample = { ...one, optimizer, layers: () => [Dense(1)] };
    const own = built(sample);
    const engine = engineOf(own);
    for (let step = 0; step < steps; step++) {
      const x = inputOf(sample, sample.batch, step);
      engine.trainBatch(x, targetOf(sample, [sample.batch, 1], step));
    }
    const { weights } = engine.capture();
    engine.average();
    expect(engine.capture().weights).toEqual(weights);
    own.model.dispose();
  }
});

test('what is captured stays as it is while training goes on, the optimizer in its own memory or in the engine’s', () => {
  fc.assert(
    fc.property(plainSample, (sample) => {
      const own = built(sample);
      const engine = engineOf(own);
      const train = () => {
        const x = inputOf(sample, sample.batch, 1);
        engine.trainBatch(x, targetOf(sample, engine.predictBatch(x).shape, 1));
        engine.sync();
      };
      train();
      const inEngine = engine.capture();
      engine.restore(inEngine);
      const inOptimizer = engine.capture();
      expect(inOptimizer).toEqual(inEngine);
      const before = structuredClone(inOptimizer);
      train();
      expect([inEngine, inOptimizer]).toEqual([before, before]);
      own.model.dispose();
    }),
    { numRuns: 10 },
  );
});

test('a weight that somebody writes while training has gone on stays as written when the others are handed over', () => {
  const sample: Sample = { ...one, layers: () => [Dense(2, 'tanh'), Dense(1)] };
  const own = built(sample);
  const engine = engineOf(own);
  const x = inputOf(sample, sample.batch, 1);
  engine.trainBatch(x, targetOf(sample, [sample.batch, 1], 1));
  const trained = engine.capture().weights;
  const { weights } = own.model;
  const written = new Float32Array(trained[1].length).fill(0.25);
  weights[1].write(tf.tensor1d(written));
  engine.sync();
  const handed = weights.map((weight) => Float32Array.from(weight.read().dataSync()));
  expect(handed).toEqual([trained[0], written, ...trained.slice(2)]);
  expect(engine.capture().weights).toEqual(handed);
  own.model.dispose();
});
