import { expect, test } from '@jest/globals';
import { Dense } from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import { type FitPlan, fitNetwork } from '../../src/tasks/fitNetwork.js';
import { sgd } from '../../src/training/optimizers.js';

const numbers = { data: Float32Array.from([1, 2, 3, 4]), shape: [4, 1] };

test.each<[string, Partial<FitPlan>, object | undefined]>([
  ['a patience that is used up', { patience: 2 }, { reason: 'callback', by: 'patience' }],
  ['a loss that is good enough', { patience: 2, enough: 1e9 }, { reason: 'callback', by: 'enough' }],
  ['time that is up', { patience: 2, deadline: 1e-3 }, { reason: 'callback', by: 'time' }],
  ['all epochs done', { epochs: 2 }, undefined],
])('what ends a fit is told: %s', async (_, plan, stopped) => {
  const model = new Sequential([Dense(1)], { inputShape: [1], seed: 1 });
  // Nothing is learnt, so no epoch is better than the first.
  model.compile({ loss: 'meanSquaredError', optimizer: sgd(0) });
  const samples = { x: numbers, y: numbers };
  const fit = await fitNetwork(model, { train: samples, epochs: 9, batchSize: 4, seed: 0, callbacks: [], ...plan });
  if (stopped) expect(fit.stopped).toMatchObject(stopped);
  else expect(fit.stopped).toBeUndefined();
  model.dispose();
});
