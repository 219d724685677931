import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { built, engineOf } from './compare.js';
import { inputOf, plainSample, targetOf } from './models.js';

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
