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
