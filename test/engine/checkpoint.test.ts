import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { Dense, GRU, LSTM } from '../../src/layers/index.js';
import { statefulLayers } from '../../src/model/walk.js';
import { adam } from '../../src/training/optimizers.js';
import type { Runner } from '../../src/training/runner.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { type Built, built, engineOf, expectNear } from './compare.js';
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

/** What may happen to a model between its steps, on either runner: afterwards one more step is trained, and all is looked at. */
const HAPPENINGS: Record<string, (runner: Runner, own: Built, train: (times: number) => void) => void> = {
  'put back to before its first step': (runner, _, train) => {
    const begun = runner.capture();
    train(2);
    runner.restore(begun);
  },
  'put back to before its first step, the checkpoint': (runner, _, train) => {
    const begun = runner.checkpoint();
    train(2);
    runner.goBack(begun);
  },
  'put back to other weights, the optimizer as it is': (runner, _, train) => {
    train(1);
    const { weights } = runner.capture();
    train(2);
    runner.restore({ weights });
  },
  'written, and then put back': (runner, own, train) => {
    train(1);
    const there = runner.capture();
    train(1);
    write(own);
    runner.restore(there);
  },
  'written and its states reset, and then gone back': (runner, own, train) => {
    train(1);
    const there = runner.checkpoint();
    train(1);
    runner.sync();
    write(own);
    statefulLayers(own.model)[0].resetStates();
    runner.goBack(there);
  },
  'written, and a checkpoint of that': (runner, own, train) => {
    train(1);
    runner.sync();
    write(own);
    const there = runner.checkpoint();
    train(2);
    runner.goBack(there);
  },
  'written, and captured': (runner, own, train) => {
    train(1);
    runner.sync();
    write(own);
    const there = runner.capture();
    train(2);
    runner.restore(there);
  },
  'written, and averaged': (runner, own, train) => {
    train(3);
    runner.sync();
    write(own);
    runner.average();
  },
  'averaged after it was read': (runner, _, train) => {
    train(3);
    runner.sync();
    runner.average();
  },
  'read twice, its states set in between': (runner, own, train) => {
    train(1);
    runner.sync();
    statefulLayers(own.model)[1].resetStates(tf.fill([4, 2], 0.5));
    runner.sync();
  },
};

function write({ model }: Built): void {
  for (const weight of model.weights)
    tf.tidy(() => {
      weight.write(tf.fill(weight.shape as number[], 0.3, 'float32'));
    });
}

test.each(Object.entries(HAPPENINGS))('a model %s: the engine and TensorFlow.js go on alike', (_, happen) => {
  const layers = () => [
    LSTM(3, { stateful: true, returnSequences: true, batchShape: [4, 2, 3] }),
    GRU(2, { stateful: true }),
    Dense(1),
  ];
  const sample: Sample = { ...one, inputShape: [2, 3], layers };
  const after = (make: (own: Built) => Runner) => {
    const own = built(sample);
    const runner = make(own);
    const x = inputOf(sample, 4, 1);
    const y = targetOf(sample, [4, 1], 1);
    const train = (times: number) => {
      for (let i = 0; i < times; i++) runner.trainBatch(x, y);
    };
    const seen = () => {
      const { weights, optimizer } = runner.capture();
      runner.sync();
      return {
        iterations: optimizer?.iterations,
        // Before the first step there may be none yet, or zeros.
        slots: optimizer?.iterations === 0 ? [] : optimizer?.state.map((slot) => slot.slice()),
        captured: weights.map((weight) => weight.slice()),
        handed: own.model.weights.map((weight) => Float32Array.from(weight.read().dataSync())),
        states: statefulLayers(own.model).flatMap((layer) => layer.states.map((state) => state.dataSync())),
        predicted: [runner.predictBatch(x).data.slice()],
      };
    };
    happen(runner, own, train);
    const once = seen();
    train(1);
    const twice = seen();
    expect(runner.weightsAreFinite()).toBe(true);
    const [first] = own.model.weights;
    tf.tidy(() => {
      first.write(tf.fill(first.shape as number[], Number.NaN));
    });
    expect(runner.weightsAreFinite()).toBe(false);
    runner.dispose();
    for (const layer of statefulLayers(own.model)) tf.dispose(layer.states);
    own.model.dispose();
    return [once, twice];
  };
  const ours = after((own) => engineOf(own));
  const theirs = after(({ model, compiled }) => createTfjsRunner(model, compiled));
  ours.forEach(({ iterations, ...numbers }, i) => {
    const expected = theirs[i];
    expect(iterations).toBe(expected.iterations);
    for (const [name, arrays] of Object.entries(numbers)) {
      const wanted = expected[name as keyof typeof numbers] ?? [];
      expect([name, arrays?.length]).toEqual([name, wanted.length]);
      arrays?.forEach((values, k) => {
        expectNear(values, wanted[k], 1e-4, `${name} ${k} at ${i}`, 1e-4);
      });
    }
  });
});
