import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Input, Model } from '../../src/functional.js';
import { Dense } from '../../src/layers/index.js';
import type { SymbolicTensor } from '../../src/layers/symbolic.js';
import { Sequential } from '../../src/sequential.js';
import {
  type Callback,
  EarlyStopping,
  getCallbacks,
  LearningRateScheduler,
  ReduceLROnPlateau,
  type TrainingContext,
} from '../../src/training/callbacks.js';
import { CSVLogger } from '../../src/training/csvLogger.js';
import type { Logs } from '../../src/training/history.js';
import { ModelCheckpoint } from '../../src/training/modelCheckpoint.js';
import { sgd } from '../../src/training/optimizers.js';
import { TensorBoard } from '../../src/training/tensorBoard.js';

/**
 * A run that only logs: what the callback did to it.
 * @param cut the epoch before which it is interrupted and taken up again, with a callback of the second kind
 */
async function runThrough(
  callback: Callback,
  epochs: Logs[],
  validationSamples = 5,
  cut?: { before: number; anew: () => Callback },
) {
  const saved: string[] = [];
  const printed: string[] = [];
  const restored: number[] = [];
  const rates: number[] = [];
  let epoch = 0;
  const context: TrainingContext = {
    params: { epochs: epochs.length, initialEpoch: 0, batchSize: 1, steps: 2, samples: 2, validationSamples, seed: 0 },
    optimizer: sgd({ learningRate: 1 }),
    stopTraining: false,
    capture: () => ({ weights: [Float32Array.of(epoch)] }),
    restore: ({ weights }) => void restored.push(weights[0][0]),
    save: async (folder) => void saved.push(folder),
    directionOf: (key) => (({ loss: 'down', val_loss: 'down', accuracy: 'up' }) as const)[key as 'loss'],
    print: (line) => void printed.push(line),
  };
  await callback.onTrainBegin?.(context);
  for (const logs of epochs) {
    if (epoch === cut?.before) {
      const { arrays, ...state } = callback.saveState?.() ?? { options: {}, values: {} };
      callback = cut.anew();
      await callback.onTrainBegin?.(context);
      callback.loadState?.({ ...JSON.parse(JSON.stringify(state)), arrays });
    }
    await callback.onEpochBegin?.(epoch, context);
    for (let batch = 0; batch < 2; batch++) await callback.onBatchEnd?.(batch, logs, context);
    await callback.onEpochEnd?.(epoch, logs, context);
    rates.push(context.optimizer.learningRate);
    epoch++;
    if (context.stopTraining) break;
  }
  await callback.onTrainEnd?.({}, context);
  return { saved, printed, restored, rates, epochs: epoch };
}

const losses = (...values: number[]): Logs[] =>
  values.map((value) => ({ loss: value, val_loss: value, accuracy: value }));

describe('EarlyStopping', () => {
  test('stops after `patience` epochs without improvement and goes back to the best', async () => {
    const callback = new EarlyStopping({ patience: 2, restoreBestWeights: true, verbose: 1 });
    const { epochs, restored, printed } = await runThrough(callback, losses(3, 2, 2.5, 2, 1));
    expect([epochs, restored, callback.bestEpoch, callback.stoppedEpoch]).toEqual([4, [1], 1, 3]);
    expect(printed).toEqual(['Epoch 4: early stopping', 'Weights are those of epoch 2, the best one']);
  });

  test('an improvement must exceed minDelta; max wants more', async () => {
    expect((await runThrough(new EarlyStopping({ minDelta: 0.5, patience: 1 }), losses(3, 2.6, 2))).epochs).toBe(2);
    expect((await runThrough(new EarlyStopping({ mode: 'max', patience: 1 }), losses(1, 2, 3, 2))).epochs).toBe(4);
    const accuracy = new EarlyStopping({ monitor: 'accuracy', patience: 1 });
    expect((await runThrough(accuracy, losses(1, 2, 1.5, 3))).epochs).toBe(3);
  });

  test('without beating the baseline, patience runs on; startFromEpoch ignores what is before', async () => {
    expect(
      (await runThrough(new EarlyStopping({ baseline: 1, patience: 3 }), losses(5, 4, 3, 2.9, 2.8, 3))).epochs,
    ).toBe(6);
    expect((await runThrough(new EarlyStopping({ startFromEpoch: 2, patience: 1 }), losses(1, 2, 3, 4))).epochs).toBe(
      4,
    );
  });

  test('can be used again', async () => {
    const callback = new EarlyStopping({ patience: 1 });
    await runThrough(callback, losses(1, 2));
    expect((await runThrough(callback, losses(5, 4, 3))).epochs).toBe(3);
  });

  test('restores the best also when it was not stopped', async () => {
    const callback = new EarlyStopping({ patience: 9, restoreBestWeights: true });
    expect((await runThrough(callback, losses(3, 1, 2))).restored).toEqual([1]);
  });
});

test('ReduceLROnPlateau: factor, patience, cooldown, lower limit; logs the rate', async () => {
  const logs = losses(1, 1, 1, 1, 1, 1, 1, 1);
  const { rates } = await runThrough(
    new ReduceLROnPlateau({ factor: 0.5, patience: 2, cooldown: 1, minLr: 0.3 }),
    logs,
  );
  expect(rates).toEqual([1, 1, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3]);
  expect(logs.map(({ learning_rate }) => learning_rate)).toEqual([1, 1, 1, 0.5, 0.5, 0.3, 0.3, 0.3]);
});

test.each<[string, () => Callback, epochs: number]>([
  ['ReduceLROnPlateau', () => new ReduceLROnPlateau({ factor: 0.5, patience: 2, cooldown: 4 }), 4],
  ['ReduceLROnPlateau, in its patience', () => new ReduceLROnPlateau({ factor: 0.5, patience: 3 }), 3],
  ['EarlyStopping', () => new EarlyStopping({ patience: 2, monitor: 'loss' }), 5],
  ['EarlyStopping, in its patience', () => new EarlyStopping({ patience: 3, monitor: 'loss' }), 3],
  ['EarlyStopping, with what is best', () => new EarlyStopping({ patience: 3, restoreBestWeights: true }), 2],
])('%s: a second fit begins as the first', async (_, made, epochs) => {
  const callback = made();
  const flat = () => Array.from({ length: epochs }, (): Logs => ({ loss: 1, val_loss: 1 }));
  const first = await runThrough(callback, flat());
  expect(await runThrough(callback, flat())).toEqual(first);
});

/** Callbacks that keep a state, of any options; their verbose words too. */
const anyCallback = fc
  .tuple(fc.constantFrom('stopping', 'reducing', 'saving'), fc.nat(3), fc.nat(3), fc.boolean(), fc.constantFrom(0, 0.5))
  .map(([kind, a, b, flag, minDelta]) => ({
    text: JSON.stringify([kind, a, b, flag, minDelta]),
    make: (): Callback => {
      if (kind === 'stopping')
        return new EarlyStopping({ patience: a, startFromEpoch: b, restoreBestWeights: flag, minDelta, verbose: 1 });
      if (kind === 'reducing')
        return new ReduceLROnPlateau({
          factor: 0.5,
          patience: a,
          cooldown: b,
          minLr: flag ? 0.2 : 0,
          minDelta,
          verbose: 1,
        });
      const often = { saveBestOnly: flag, saveFreq: b === 0 ? ('epoch' as const) : b };
      return new ModelCheckpoint({ filepath: '{epoch}-{loss:.0f}', monitor: 'loss', ...often, verbose: 1 });
    },
  }));
const someLosses = (most: number) => fc.array(fc.nat(4), { minLength: 1, maxLength: most });

test('a callback that is taken up again at any epoch goes on as if nothing had been', async () => {
  await fc.assert(
    fc.asyncProperty(anyCallback, someLosses(9), fc.nat(8), async ({ make }, values, before) => {
      const whole = await runThrough(make(), losses(...values));
      expect(await runThrough(make(), losses(...values), 5, { before, anew: make })).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

test('nothing of one fit is in the next', async () => {
  await fc.assert(
    fc.asyncProperty(anyCallback, someLosses(7), someLosses(5), async ({ make }, before, values) => {
      const used = make();
      await runThrough(used, losses(...before));
      expect(await runThrough(used, losses(...values))).toEqual(await runThrough(make(), losses(...values)));
    }),
    { numRuns: 300 },
  );
});

test('LearningRateScheduler sets the rate of each epoch', async () => {
  const { rates } = await runThrough(
    new LearningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2)),
    losses(1, 1, 1),
  );
  expect(rates).toEqual([1, 0.5, 0.25]);
});

describe('ModelCheckpoint', () => {
  test('every epoch, with numbers in the name', async () => {
    const { saved } = await runThrough(
      new ModelCheckpoint({ filepath: 'm/{epoch:03d}-{val_loss:.1f}' }),
      losses(2, 1.26),
    );
    expect(saved).toEqual(['m/001-2.0', 'm/002-1.3']);
  });

  test('only the best, or every so many batches', async () => {
    const best = new ModelCheckpoint({ filepath: 'm/{epoch}', saveBestOnly: true, initialValueThreshold: 5 });
    expect((await runThrough(best, losses(6, 3, 4, 2))).saved).toEqual(['m/2', 'm/4']);
    expect((await runThrough(new ModelCheckpoint({ filepath: 'm', saveFreq: 3 }), losses(1, 1, 1))).saved).toHaveLength(
      2,
    );
  });
});

test('callbacks know of every metric whether more of it is better, of the weighted ones and of each output too', async () => {
  const input = Input({ shape: [2] });
  const outputs = ['a', 'b'].map((name) => Dense(1, { name }).apply(input)) as SymbolicTensor[];
  const model = new Model({ inputs: input, outputs, seed: 1 });
  model.compile({
    loss: 'mse',
    metrics: { a: ['r2Score'], b: ['mae'] },
    weightedMetrics: { a: ['mape'], b: [{ name: 'cosineSimilarity', config: { name: 'cosine' } }] },
  });
  const asked = ['loss', 'a_r2Score', 'b_mae', 'a_mape', 'b_cosine', 'r2Score', 'learning_rate'];
  const found: Record<string, unknown> = {};
  const asks: Callback = {
    onTrainBegin: ({ directionOf }) => {
      for (const key of asked) found[key] = [directionOf(key), directionOf(`val_${key}`)];
    },
  };
  await model.fit([[1, 2]], [[[1]], [[2]]], { verbose: 0, callbacks: asks });
  model.dispose();
  expect(found).toEqual({
    loss: ['down', 'down'],
    a_r2Score: ['up', 'up'],
    b_mae: ['down', 'down'],
    a_mape: ['down', 'down'],
    b_cosine: ['up', 'up'],
    r2Score: [undefined, undefined],
    learning_rate: [undefined, undefined],
  });
});

test('a function is onEpochEnd', async () => {
  const seen: number[] = [];
  await runThrough(getCallbacks((epoch, { loss }) => void seen.push(epoch, loss))[0], losses(7, 8));
  expect(seen).toEqual([0, 7, 1, 8]);
});

test.each<[string, () => unknown, string]>([
  ['val_ without validation', () => runThrough(new EarlyStopping(), losses(1), 0), "or monitor 'loss'"],
  [
    'an unknown key',
    () => runThrough(new EarlyStopping({ monitor: 'acc', mode: 'max' }), losses(1)),
    'monitors acc, which is not logged',
  ],
  [
    'an unknown direction',
    () => runThrough(new EarlyStopping({ monitor: 'acc' }), losses(1)),
    "give mode 'min' or 'max'",
  ],
  [
    'a name in the path',
    () => runThrough(new ModelCheckpoint({ filepath: '{x}' }), losses(1)),
    "no 'x' to put into '{x}'",
  ],
  ['a mode', async () => new EarlyStopping({ mode: 'up' as 'max' }), 'mode must be one of auto, min, max, not "up"'],
  [
    'an option',
    async () => new EarlyStopping({ patienc: 1 } as object),
    "unknown option 'patienc'; did you mean patience?",
  ],
  [
    'a factor',
    async () => new ReduceLROnPlateau({ factor: 1 }),
    'factor must be a number of at least 0 and below 1, not 1',
  ],
  [
    'a frequency',
    async () => new ModelCheckpoint({ filepath: 'm', saveFreq: 0 }),
    "saveFreq must be 'epoch' or a number of batches",
  ],
])('refuses %s', async (_, run, message) => {
  await expect(run()).rejects.toThrow(message);
});

test('fit takes null for no callbacks, one, or a list of them', () => {
  const one: Callback = { onTrainBegin: () => {} };
  expect([getCallbacks(null), getCallbacks([]), getCallbacks(one), getCallbacks([one, one])]).toEqual([
    [],
    [],
    [one],
    [one, one],
  ]);
});

test('a hook that is no function is refused, whatever it is', () => {
  for (const wrong of [3, 'stop', {}, true, null, [() => undefined]])
    expect(() => getCallbacks([{ onEpochEnd: wrong } as never])).toThrow(
      'callbacks: onEpochEnd must be a function, not ',
    );
});

test('what one callback adds to the logs of a batch or an epoch, those after it see', async () => {
  const seen: [string, unknown][] = [];
  const adds: Callback = {
    onBatchEnd: (batch, logs) => {
      logs.added = batch + 10;
    },
    onEpochEnd: (epoch, logs) => {
      logs.added = epoch + 20;
    },
  };
  const reads: Callback = {
    onBatchEnd: (_, logs) => void seen.push(['batch', logs.added]),
    onEpochEnd: (_, logs) => void seen.push(['epoch', logs.added]),
  };
  const model = new Sequential([Dense(1, { inputShape: [1] })], { seed: 1 });
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  await model.fit([[1], [2], [3]], [[1], [2], [3]], { epochs: 2, batchSize: 2, verbose: 0, callbacks: [adds, reads] });
  const ofEpoch = [
    ['batch', 10],
    ['batch', 11],
  ];
  expect(seen).toEqual([...ofEpoch, ['epoch', 20], ...ofEpoch, ['epoch', 21]]);
  model.dispose();
});

/** Epochs of those val_losses. */
const valued = (...values: number[]): Logs[] => values.map((val_loss) => ({ loss: 1, val_loss }));
const nothing = { saved: [], printed: [], restored: [] };

test.each<[string, () => Callback, Logs[], object]>([
  [
    'EarlyStopping counts on until the baseline is beaten, and anew from there',
    () => new EarlyStopping({ baseline: 0.5, patience: 3, verbose: 1 }),
    valued(1, 0.9, 0.4, 0.45, 0.46, 0.47, 0.1),
    { ...nothing, printed: ['Epoch 6: early stopping'], rates: [1, 1, 1, 1, 1, 1], epochs: 6 },
  ],
  [
    'EarlyStopping, an improvement of minDelta itself is none',
    () => new EarlyStopping({ minDelta: 0.25, restoreBestWeights: true, verbose: 1 }),
    valued(1, 0.5, 0.25, 0),
    {
      ...nothing,
      restored: [1],
      printed: ['Epoch 3: early stopping', 'Weights are those of epoch 2, the best one'],
      rates: [1, 1, 1],
      epochs: 3,
    },
  ],
  [
    'EarlyStopping does not count epochs without validation',
    () => new EarlyStopping({ patience: 1, verbose: 1 }),
    [...valued(1), { loss: 1 }, { loss: 1 }, ...valued(1), { loss: 1 }],
    { ...nothing, printed: ['Epoch 4: early stopping'], rates: [1, 1, 1, 1], epochs: 4 },
  ],
  [
    'ReduceLROnPlateau does not count epochs without validation, in its patience and in its cooldown',
    () => new ReduceLROnPlateau({ factor: 0.5, patience: 1, cooldown: 2 }),
    [...valued(1), { loss: 1 }, ...valued(1), { loss: 1 }, ...valued(1, 1)],
    { ...nothing, rates: [1, 1, 0.5, 0.5, 0.5, 0.25], epochs: 6 },
  ],
  [
    'ReduceLROnPlateau says each reduction, and none once the rate is the least',
    () => new ReduceLROnPlateau({ factor: 0.5, patience: 1, minLr: 0.25, verbose: 1 }),
    valued(1, 1, 1, 1, 1),
    {
      ...nothing,
      printed: ['Epoch 2: learning rate reduced to 0.5', 'Epoch 3: learning rate reduced to 0.25'],
      rates: [1, 0.5, 0.25, 0.25, 0.25],
      epochs: 5,
    },
  ],
  [
    'ReduceLROnPlateau, the limit is kept where the factor would go below',
    () => new ReduceLROnPlateau({ factor: 0.5, patience: 2, minLr: 0.4 }),
    valued(1, 1, 1, 1, 1, 1),
    { ...nothing, rates: [1, 1, 0.5, 0.5, 0.4, 0.4], epochs: 6 },
  ],
  [
    'ReduceLROnPlateau, a cooldown of two epochs, and an improvement of minDelta itself is none',
    () => new ReduceLROnPlateau({ factor: 0.5, patience: 1, cooldown: 2, minDelta: 0.25 }),
    valued(1, 0.75, 0.75, 0.75, 0.75, 0.75),
    { ...nothing, rates: [1, 0.5, 0.5, 0.25, 0.25, 0.125], epochs: 6 },
  ],
  [
    'ReduceLROnPlateau, a cooldown begins with a reduction, not with the training',
    () => new ReduceLROnPlateau({ factor: 0.5, patience: 1, cooldown: 3 }),
    valued(1, 1, 1, 1, 1, 1),
    { ...nothing, rates: [1, 0.5, 0.5, 0.5, 0.25, 0.25], epochs: 6 },
  ],
  [
    'ModelCheckpoint saves what is better than the threshold and than the best, and says so',
    () =>
      new ModelCheckpoint({
        filepath: '{epoch:03d}-{val_loss:.2f}-{loss}',
        saveBestOnly: true,
        initialValueThreshold: 0.5,
        verbose: 1,
      }),
    valued(0.6, 0.4, 0.45, 0.3),
    {
      ...nothing,
      saved: ['002-0.40-1', '004-0.30-1'],
      printed: ['Epoch 2: model saved to 002-0.40-1', 'Epoch 4: model saved to 004-0.30-1'],
      rates: [1, 1, 1, 1],
      epochs: 4,
    },
  ],
  [
    'ModelCheckpoint, a threshold of 0',
    () => new ModelCheckpoint({ filepath: '{epoch:d}{epoch:2d}', saveBestOnly: true, initialValueThreshold: 0 }),
    valued(0.5, -0.5, -0.25),
    { ...nothing, saved: ['202'], rates: [1, 1, 1], epochs: 3 },
  ],
  [
    'ModelCheckpoint counts batches over epochs',
    () => new ModelCheckpoint({ filepath: 'at {epoch}', saveFreq: 3 }),
    valued(1, 1),
    { ...nothing, saved: ['at 2'], rates: [1, 1], epochs: 2 },
  ],
])('%s, in a first run and a second one', async (_, make, epochs, wanted) => {
  const callback = make();
  for (let run = 0; run < 2; run++) expect(await runThrough(callback, structuredClone(epochs))).toEqual(wanted);
});

test('EarlyStopping says nothing of a stop of the run before', async () => {
  const callback = new EarlyStopping({ verbose: 1 });
  expect((await runThrough(callback, valued(1, 1))).printed).toEqual(['Epoch 2: early stopping']);
  expect((await runThrough(callback, valued(1, 0.5))).printed).toEqual([]);
  expect(callback.stoppedEpoch).toBeUndefined();
});

test('the state of a callback holds all of its options, by which a backup tells another run', () => {
  const early = { monitor: 'loss', minDelta: 0.1, patience: 3, mode: 'max', baseline: 2, restoreBestWeights: true };
  const plateau = { monitor: 'loss', factor: 0.5, patience: 3, mode: 'min', minDelta: 0.2, cooldown: 2, minLr: 0.01 };
  const checkpoint = { filepath: 'f', monitor: 'loss', mode: 'max', saveBestOnly: true, saveFreq: 4, verbose: 1 };
  const states: [Callback, Record<string, unknown>][] = [
    [
      new EarlyStopping({ ...early, startFromEpoch: 4, verbose: 1 } as never),
      { ...early, startFromEpoch: 4, verbose: 1 },
    ],
    [new ReduceLROnPlateau({ ...plateau, verbose: 1 } as never), { ...plateau, verbose: 1 }],
    [
      new ModelCheckpoint({ ...checkpoint, initialValueThreshold: 3 } as never),
      { ...checkpoint, initialValueThreshold: 3 },
    ],
    [new CSVLogger('f.csv', { separator: ';', append: true }), { filename: 'f.csv', separator: ';', append: true }],
  ];
  for (const [callback, options] of states) expect(callback.saveState?.().options).toEqual(options);
  const board = new TensorBoard({ logDir: 'a', updateFreq: 3 });
  expect(board.saveState().options).toMatchObject({ logDir: 'a', updateFreq: 3 });
});

test('the values of a callback’s state come back as they were', () => {
  const values: [Callback, Record<string, unknown>][] = [
    [new EarlyStopping(), { wait: 2, bestEpoch: 3, stoppedEpoch: 5, best: 0.25 }],
    [new ReduceLROnPlateau(), { wait: 2, cooldown: 1, best: 0.25 }],
    [new ModelCheckpoint({ filepath: 'f' }), { epoch: 4, batches: 7, best: 0.25 }],
    [new CSVLogger('f.csv'), { names: ['a', 'loss'], bytes: 123 }],
    [new TensorBoard({ logDir: 'd' }), { train: { name: 'events', bytes: 9 }, validation: { name: 'v', bytes: 8 } }],
  ];
  for (const [callback, kept] of values) {
    callback.loadState?.({ options: {}, values: kept as never });
    expect(callback.saveState?.().values).toEqual(kept);
  }
});
