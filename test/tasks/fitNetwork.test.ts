import { describe, expect, jest, test } from '@jest/globals';
import { MemcellError } from '../../src/errors.js';
import { Dense } from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import { type FitPlan, fitNetwork, fitOrDispose } from '../../src/tasks/fitNetwork.js';
import type { BackupStore, StoredBackup } from '../../src/training/backup.js';
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

test.each<[string, Partial<FitPlan>, object]>([
  ['a patience that is used up', { patience: 2 }, { history: { loss: [7.5, 7.5, 7.5] }, best: 1, by: 'patience' }],
  ['a loss that is good enough', { enough: 1e9 }, { history: { loss: [7.5] }, best: 1, by: 'enough' }],
  ['time that is up', { deadline: 1e-3 }, { history: { loss: [7.5] }, best: 1, by: 'time' }],
  ['all epochs done', { epochs: 2 }, { history: { loss: [7.5, 7.5] }, best: 2 }],
])('a fit that is found over is told as it was: %s', async (_, plan, { by, ...told }: { by?: string }) => {
  let kept: StoredBackup | undefined;
  const asked: string[] = [];
  const store: BackupStore = {
    name: 'memory',
    every: { epochs: 1 },
    keepsEnd: true,
    startAnew: (wrong) => void asked.push(...wrong),
    newest: async () => kept,
    write: async (backup) => {
      kept = structuredClone(backup);
    },
    clear: async () => {},
  };
  let batches = 0;
  const run = async (own: Partial<FitPlan> = {}) => {
    const model = new Sequential([Dense(1, { useBias: false, kernelInitializer: 'zeros' })], { inputShape: [1] });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd(0) });
    const count = { onBatchBegin: () => void batches++ };
    const samples = { x: numbers, y: numbers };
    const given = { train: samples, epochs: 9, batchSize: 4, seed: 0, callbacks: [count], ...plan, ...own };
    const { history, best, stopped } = await fitNetwork(model, { ...given, fits: { spent: 0, next: () => store } });
    model.dispose();
    return { history, best, stopped };
  };
  const first = await run();
  expect(first).toMatchObject(told);
  expect(first.stopped?.by).toBe(by);
  const before = batches;
  expect(await run()).toEqual(first);
  expect([batches, asked]).toEqual([before, []]);
});

describe('the best epoch is told as how many epochs there are up to it', () => {
  const fitAt = async (rates: readonly number[], plan: Partial<FitPlan>) => {
    const model = new Sequential([Dense(1, { useBias: false, kernelInitializer: 'zeros' })], { inputShape: [1] });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd(0) });
    const rate: FitPlan['callbacks'][number] = {
      onEpochBegin: (epoch, { optimizer }) => {
        optimizer.learningRate = rates[epoch];
      },
    };
    const samples = { x: numbers, y: numbers };
    const epochs = rates.length;
    const fit = await fitNetwork(model, { train: samples, epochs, batchSize: 4, seed: 0, callbacks: [rate], ...plan });
    const [{ data }] = model.getWeights();
    model.dispose();
    return { epochs: fit.history.loss.length, best: fit.best, diverged: fit.diverged?.code, weight: data[0] };
  };

  // The squares' mean is 7.5: a step of rate r multiplies the weight's distance from 1 by 1 − 15 r. The loss is that before the step.
  const better = 1 / 60;
  const worse = 1 / 6;
  test.each<[string, number[], Partial<FitPlan>, object]>([
    ['without a patience the last', [better, better, better], {}, { epochs: 3, best: 3, weight: 37 / 64 }],
    ['the last', [better, better, better], { patience: 2 }, { epochs: 3, best: 3, weight: 37 / 64 }],
    ['one in between', [better, better, worse, worse, worse, worse], { patience: 2 }, { epochs: 5, best: 3 }],
    ['the first', [worse, worse, worse, worse], { patience: 2 }, { epochs: 3, best: 1, weight: 5 / 2 }],
    [
      'no other that is hardly better',
      [better, better, better, better],
      { patience: 2, minDelta: 100 },
      { epochs: 3, best: 1, weight: 1 / 4 },
    ],
    [
      'the one before a loss that is not finite',
      [better, better, 1e38, better],
      { patience: 2 },
      { epochs: 2, best: 2, diverged: 'numeric' },
    ],
    [
      'by what is held out',
      [better, better, worse, worse, worse],
      { patience: 2, validation: { x: numbers, y: numbers } },
      { epochs: 4, best: 2, weight: 7 / 16 },
    ],
  ])('%s', async (_, rates, plan, told) => {
    expect(await fitAt(rates, plan)).toMatchObject(told);
  });
});

test.each<[string, number, Partial<FitPlan>, object, boolean]>([
  ['that is whole', 0, {}, { whole: true }, false],
  ['that is stopped', 0, { deadline: 1e-3 }, { whole: false, stopped: { reason: 'callback', by: 'time' } }, true],
  ['whose loss is not finite in its second epoch', 1e38, {}, { whole: false }, true],
  ['whose loss is not finite at once', 1e38, { batchSize: 2 }, { whole: false }, true],
])('a network to take the place of another, %s, stays or is freed', async (_, rate, plan, told, isFreed) => {
  const model = new Sequential([Dense(1)], { inputShape: [1], seed: 1 });
  model.compile({ loss: 'meanSquaredError', optimizer: sgd(rate) });
  const freed = jest.spyOn(model, 'dispose');
  const given = { train: { x: numbers, y: numbers }, epochs: 3, batchSize: 4, seed: 0, callbacks: [], ...plan };
  const made = await fitOrDispose(model, given);
  expect(made).toMatchObject(told);
  expect('stopped' in made).toBe('stopped' in told);
  expect(freed.mock.calls).toHaveLength(isFreed ? 1 : 0);
  model.dispose();
});

test('a network to take the place of another, in whose training something throws, is freed', async () => {
  const model = new Sequential([Dense(1)], { inputShape: [1], seed: 1 });
  model.compile({ loss: 'meanSquaredError', optimizer: sgd(0) });
  const freed = jest.spyOn(model, 'dispose');
  const onEpochEnd = () => {
    throw new MemcellError('told of an epoch', { code: 'data' });
  };
  const given = { train: { x: numbers, y: numbers }, epochs: 3, batchSize: 4, seed: 0, callbacks: [{ onEpochEnd }] };
  await expect(fitOrDispose(model, given)).rejects.toThrow('told of an epoch');
  expect(freed).toHaveBeenCalledTimes(1);
});
