/** How training goes, whatever the task, and what loading refuses. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DataInput, openSource } from '../../src/data/source.js';
import { MemcellError, modelError } from '../../src/errors.js';
import { Dense, LSTM } from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import { loadSaved } from '../../src/tasks/saved.js';
import type { TaskKind, TrainingSettings } from '../../src/tasks/settings.js';
import type { Start } from '../../src/tasks/start.js';
import { type AnyTrained, type TrainTaskOptions, trainingFault, trainTask } from '../../src/tasks/train.js';
import type { Callback } from '../../src/training/callbacks.js';
import { version } from '../../src/version.js';

/** A wave with a period of 12 steps, by month. */
const wave = Array.from({ length: 120 }, (_, i) => ({
  month: `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`,
  level: Number((20 + 5 * Math.sin(i / 1.91)).toFixed(4)),
}));
const flowers = Array.from({ length: 60 }, (_, i) => ({ v: i % 7, w: i % 5, kind: i % 7 > 3 ? 'up' : 'down' }));
const text = (name: string, content: string) => ({ name, text: content });

const small: Record<TaskKind, { data: DataInput; options: object; layers: string }> = {
  forecast: {
    data: wave,
    options: { targets: ['level'], window: 12, horizon: 2 },
    layers: 'LSTM(8), Dense(2)',
  },
  classify: { data: flowers, options: { label: 'kind' }, layers: 'LSTM(4), Dense(2, softmax)' },
  text: {
    data: text('letters.txt', 'abcde '.repeat(80)),
    options: { window: 10 },
    layers: 'Embedding(6, 4), LSTM(12, return_sequences=true), Dense(6, softmax)',
  },
  symbols: {
    data: text('counting.txt', Array.from({ length: 101 }, (_, i) => i % 10).join(' ')),
    options: { window: 1 },
    layers: 'LSTM(8), Dense(10, softmax)',
  },
};

/** Trains plainly for three epochs. */
async function plain(
  kind: TaskKind,
  settings: Partial<TrainingSettings> = {},
  more: TrainTaskOptions & { data?: DataInput; options?: object } = {},
): Promise<AnyTrained> {
  const { data = small[kind].data, options, ...rest } = more;
  const trained = await trainTask(kind, openSource(data), options ?? small[kind].options, {
    plain: true,
    layers: small[kind].layers,
    ...rest,
    settings: { epochs: 3, batchSize: 16, learningRate: 0.02, ...settings },
  });
  if (trained === undefined) throw new Error('ended before training');
  return trained;
}

/** The first line of the error: a misspelt spec has its place below. */
async function failure(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MemcellError)) throw error ?? new Error('nothing was thrown');
  return error.message.split('\n')[0];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-train-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('how training goes', () => {
  test.each<TaskKind>(['forecast', 'classify', 'text', 'symbols'])(
    '%s: the same seed trains the same weights, another one others',
    async (kind) => {
      const [a, b, c] = [
        await plain(kind, {}, { seed: 1 }),
        await plain(kind, {}, { seed: 1 }),
        await plain(kind, {}, { seed: 2 }),
      ];
      expect(b.history).toEqual(a.history);
      expect(b.model.getWeights()).toEqual(a.model.getWeights());
      expect(c.model.getWeights()).not.toEqual(a.model.getWeights());
      expect(a.settings).toMatchObject({ epochs: 3, batchSize: 16, learningRate: 0.02, optimizer: 'adam', seed: 1 });
      for (const { model } of [a, b, c]) model.dispose();
    },
  );

  test.each<TaskKind>(['forecast', 'classify', 'text', 'symbols'])(
    '%s: the network has the threads given',
    async (kind) => {
      for (const plainly of [true, false]) {
        const { model } = await plain(kind, { epochs: 1 }, { plain: plainly, threads: 3 });
        expect(model.threads).toBe(3);
        model.dispose();
      }
    },
  );

  test("the recipe's result does not depend on the number of threads", async () => {
    const weights = async (threads: number) => {
      const { model } = await plain('forecast', { epochs: 2 }, { plain: false, threads });
      const found = model.getWeights();
      model.dispose();
      return found;
    };
    expect(await weights(2)).toEqual(await weights(1));
  });

  test('onPrepared tells the samples, and ends it with false; a file is named by its path in the record', async () => {
    const path = join(folder, 'wave.csv');
    await writeFile(path, `month,level\n${wave.map(({ month, level }) => `${month},${level}`).join('\n')}\n`);
    const seen: number[] = [];
    const { model } = await plain(
      'forecast',
      {},
      {
        data: path,
        onPrepared: ({ samples, heldOut }) => {
          seen.push(samples, heldOut);
          return undefined;
        },
      },
    );
    expect(seen).toEqual([83, 23]);
    await model.save(join(folder, 'wave'));
    model.dispose();
    const { artefact, kind, model: loaded } = await loadSaved(join(folder, 'wave'));
    expect(kind).toBe('forecast');
    expect(artefact.training).toMatchObject({
      source: path,
      createdWith: `memcell ${version}`,
      layers: 'LSTM(8), Dense(2)',
    });
    loaded.dispose();
    const { data, options } = small.forecast;
    const ended = await trainTask('forecast', openSource(data), options, {
      onPrepared: () => false,
      callbacks: [{ onTrainBegin: () => void seen.push(-1) }],
    });
    expect(ended).toBeUndefined();
    expect(seen).not.toContain(-1);
  });

  test('what is saved when training has ended is the model that is kept, with its record', async () => {
    let saved: unknown;
    const { model, history } = await plain(
      'symbols',
      {},
      {
        onTrained: async (trained) => {
          saved = trained.metadata.task;
          await trained.save(join(folder, 'early'));
        },
      },
    );
    expect(saved).toMatchObject({ kind: 'symbols', training: { source: 'counting.txt', history } });
    const loaded = await loadSaved(join(folder, 'early'));
    expect(loaded.model.getWeights()).toEqual(model.getWeights());
    loaded.model.dispose();
    model.dispose();
  });

  test('patience stops early with the weights of the best epoch', async () => {
    const losses: number[] = [];
    const callback: Callback = { onEpochEnd: (_, logs) => void losses.push(logs.val_loss) };
    const { history, stopped, model, settings } = await plain(
      'forecast',
      { epochs: 60, patience: 1, learningRate: 0.3 },
      { callbacks: [callback] },
    );
    expect(history.val_loss).toEqual(losses);
    expect(stopped?.reason).toBe('callback');
    expect(history.loss.length).toBeLessThan(60);
    const best = history.val_loss.indexOf(Math.min(...history.val_loss));
    expect(best).toBeLessThan(history.val_loss.length - 1);
    const untilThen = await plain('forecast', { epochs: best + 1, learningRate: 0.3 });
    expect(model.getWeights()).toEqual(untilThen.model.getWeights());
    expect(settings.patience).toBe(1);
  });

  test.each<TaskKind>(['forecast', 'classify', 'text', 'symbols'])(
    '%s: an aborted signal stops after the batch and keeps what there is',
    async (kind) => {
      const controller = new AbortController();
      const callback: Callback = {
        onBatchEnd: (batch) => {
          if (batch === 1) controller.abort();
        },
      };
      const { stopped, evaluation, history, model } = await plain(
        kind,
        { batchSize: 8 },
        { callbacks: [callback], signal: controller.signal },
      );
      expect(stopped).toEqual({ reason: 'interrupted', epoch: 0, batch: 2 });
      expect(evaluation.kind).toBe(kind);
      expect(history).toEqual({});
      const to = join(folder, `interrupted-${kind}`);
      await model.save(to);
      model.dispose();
      const loaded = await loadSaved(to);
      expect(loaded.artefact.training?.history).toEqual({});
      loaded.model.dispose();
    },
  );

  test.each<TaskKind>(['forecast', 'classify', 'text', 'symbols'])(
    '%s: the recipe too keeps what there is',
    async (kind) => {
      const controller = new AbortController();
      const abort = () => controller.abort();
      const { stopped, evaluation, model } = await plain(
        kind,
        { epochs: 50 },
        {
          plain: false,
          // The networks of a forecast's folds have no epochs that callbacks see.
          ...(kind === 'forecast'
            ? { stage: (part) => part.startsWith('networks') && abort() }
            : { callbacks: [{ onEpochEnd: abort }] }),
          signal: controller.signal,
        },
      );
      expect(stopped?.reason).toBe('interrupted');
      expect(evaluation.kind).toBe(kind);
      for (const { data } of model.getWeights()) expect(data.every(Number.isFinite)).toBe(true);
      model.dispose();
    },
  );

  test('a spent budget ends it with a model', async () => {
    const { history, model, stopped } = await plain('text', { epochs: 100_000 }, { budget: 0.3 });
    expect(history.loss?.length ?? 0).toBeLessThan(100_000);
    expect(stopped?.reason).toBe('callback');
    model.dispose();
  });

  test('a loss that is not finite in the first epoch is an error; later, the good weights are kept', async () => {
    const diverging = { optimizer: 'sgd', learningRate: 1e30 };
    expect(await failure(plain('forecast', diverging))).toMatch(/epoch 1/);
    const callback: Callback = {
      onEpochBegin: (epoch, { optimizer }) => {
        optimizer.learningRate = epoch < 2 ? 0.01 : 1e30;
      },
    };
    const { diverged, history, model } = await plain(
      'forecast',
      { ...diverging, epochs: 9 },
      { callbacks: [callback] },
    );
    expect(diverged?.message).toMatch(/epoch [34]/);
    expect(history.loss.every(Number.isFinite)).toBe(true);
    for (const { data } of model.getWeights()) expect(data.every(Number.isFinite)).toBe(true);
  });
});

describe('what cannot be', () => {
  test.each<
    [string, TaskKind, Partial<TrainingSettings>, TrainTaskOptions & { data?: DataInput; options?: object }, string]
  >([
    [
      'a wrong output',
      'forecast',
      {},
      { layers: 'LSTM(8), Dense(1)' },
      'layers: the output has shape (1), this task needs (2) or (2, 1); end the layers with Dense(2)',
    ],
    [
      'no probabilities',
      'classify',
      {},
      { layers: 'LSTM(8), Dense(2)' },
      'layers: this task needs probabilities; end the layers with Dense(2, softmax)',
    ],
    ['a misspelt layer', 'text', {}, { layers: 'LTSM(8)' }, 'did you mean LSTM?'],
    ['an unknown optimizer', 'symbols', { optimizer: 'adm' }, {}, "unknown optimizer 'adm'; did you mean adam?"],
    ['no epochs', 'symbols', { epochs: 0 }, {}, 'epochs: 0 is not a whole number of at least 1'],
    ['a batch of half a sample', 'symbols', { batchSize: 0.5 }, {}, 'batch size: 0.5 is not a whole number'],
    ['no patience', 'symbols', { patience: 0 }, {}, 'patience: 0 is not a whole number of at least 1'],
    ['a learning rate of 0', 'symbols', { learningRate: 0 }, {}, 'learning rate: 0 is not a number above 0'],
    ['a split of 1', 'symbols', { validationSplit: 1 }, {}, 'validation split: 1 is not in [0, 1)'],
    ['half a seed', 'symbols', {}, { seed: 0.5 }, 'seed: 0.5 is not a whole number'],
    ['no file', 'symbols', {}, { data: 'none/here.txt' }, 'none/here.txt: no such file; check the path'],
    [
      'an unknown option',
      'symbols',
      {},
      { options: { windw: 2 } },
      "symbols: unknown option 'windw'; did you mean window?",
    ],
    [
      'an option of another kind',
      'symbols',
      {},
      { options: { window: '2' } },
      'symbols: window must be a whole number of at least 1, not "2"',
    ],
  ])('%s', async (_, kind, settings, more, message) => {
    expect(await failure(plain(kind, settings, more))).toContain(message);
  });

  test.each<Partial<TrainingSettings>>([{ epochs: 0 }, { learningRate: -1 }, { optimizer: 'adm' }, { patience: 0.5 }])(
    'every task refuses %j, without plain too',
    async (settings) => {
      for (const kind of ['forecast', 'classify', 'text', 'symbols'] as const) {
        const [name] = Object.keys(settings);
        const told = name === 'learningRate' ? 'learning rate' : name;
        expect(await failure(plain(kind, settings, { plain: false }))).toContain(told);
      }
    },
  );

  test('a model without a task, a damaged task, a task of another model', async () => {
    const bare = new Sequential([LSTM(2), Dense(1)], { inputShape: [1, 1] });
    await bare.save(join(folder, 'bare'));
    expect(await failure(loadSaved(join(folder, 'bare')))).toContain('bare: the model was not saved by memcell train');

    const { model } = await plain('symbols');
    const to = join(folder, 'changed');
    await model.save(to);
    const json = await readFile(join(to, 'model.json'), 'utf8');
    const load = async (from: string | RegExp, into: string) => {
      const changed = json.replace(from, into);
      expect(changed).not.toBe(json);
      await writeFile(join(to, 'model.json'), changed);
      return failure(loadSaved(to));
    };
    expect(await load('"kind":"symbols"', '"kind":"symbol"')).toContain('model.json: task.kind is damaged');
    expect(await load('"kind":"symbols"', '"kind":"text"')).toMatch(/model\.json: task\.\w+ is damaged/);
    expect(await load('"symbols":[0,1,2,3,4,5,6,7,8,9],"input"', '"symbols":[0,1,2,3,4,5,6,7,8],"input"')).toMatch(
      /changed: the model takes \(1, 1\) and gives \(10\), which is not what its symbols task needs; train the model again/,
    );
    expect(await load(/"epochs":\d+/, '"epochs":"many"')).toContain('task.training.settings.epochs is damaged');
  });
});

test.each<[string, Error, { from?: string; layers?: string }, string, string]>([
  [
    'of layers, with a model to start from',
    modelError('layers: no Dense'),
    { from: 'm.keras' },
    'm.keras: no Dense',
    'usage',
  ],
  [
    'of layers, with both',
    modelError('layers: no Dense'),
    { from: 'm.keras', layers: 'x' },
    'm.keras: no Dense',
    'usage',
  ],
  ['of something else, with a model to start from', modelError('no layers: x'), { from: 'm' }, 'no layers: x', 'model'],
  ['of the program, with a model to start from', new TypeError('layers: x'), { from: 'm' }, 'layers: x', ''],
  ['of a model, with layers', modelError('no Dense'), { layers: 'x' }, 'layers: no Dense', 'usage'],
  ['of layers, with layers', modelError('layers: no Dense'), { layers: 'x' }, 'layers: no Dense', 'usage'],
  ['of data, with layers', new MemcellError('no rows'), { layers: 'x' }, 'no rows', 'data'],
  ['of a model, with neither', modelError('no Dense'), {}, 'no Dense', 'model'],
])('a fault %s', (_, error, { from, layers }, message, code) => {
  const given = { ...(from && { from: { name: from } as Start }), ...(layers && { layers }) };
  const told = trainingFault(error, given);
  expect(told).toMatchObject({ message, ...(code && { code }) });
  if (message === error.message && code !== 'usage') expect(told).toBe(error);
});
