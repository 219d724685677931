import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTable } from '../../src/data/read.js';
import { MemcellError } from '../../src/errors.js';
import { Dense, LSTM } from '../../src/model/layers.js';
import { Sequential } from '../../src/sequential.js';
import { predictClassify } from '../../src/tasks/classify/plain.js';
import { predictForecast } from '../../src/tasks/forecast.js';
import type { DataSource } from '../../src/tasks/source.js';
import { predictSymbols } from '../../src/tasks/symbols.js';
import { evaluateTask, loadTask, type TrainTaskOptions, trainTask } from '../../src/tasks/task.js';
import { generate } from '../../src/tasks/text.js';
import type { Callback } from '../../src/training/callbacks.js';

const source = (name: string, lines: string[]): DataSource => ({ name, text: `${lines.join('\n')}\n` });
/** A wave with a period of 12 steps, by month. */
const wave = source('wave.csv', [
  'month,level',
  ...Array.from(
    { length: 120 },
    (_, i) =>
      `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')},${(20 + 5 * Math.sin(i / 1.91)).toFixed(4)}`,
  ),
]);
/** Rising and falling sequences of three to five steps, alternating. */
const slopes = source('slopes.csv', [
  'who,v,kind',
  ...Array.from({ length: 40 }, (_, g) =>
    Array.from({ length: 3 + (g % 3) }, (_, t) => `g${g},${(g % 2 ? 1 : -1) * t + (g % 5)},${g % 2 ? 'up' : 'down'}`),
  ).flat(),
]);
const letters = { name: 'letters.txt', text: 'abcde '.repeat(80) };
const counting = { name: 'counting.txt', text: Array.from({ length: 101 }, (_, i) => i % 10).join(' ') };

const small: Record<string, TrainTaskOptions> = {
  forecast: {
    data: wave,
    task: { kind: 'forecast', options: { targets: ['level'], window: 12, horizon: 2 } },
    layers: 'LSTM(8), Dense(2)',
    settings: { epochs: 30, learningRate: 0.02, batchSize: 16 },
  },
  classify: {
    data: slopes,
    task: { kind: 'classify', options: { label: 'kind', group: 'who' } },
    layers: 'LSTM(8), Dense(2, softmax)',
    settings: { epochs: 30, learningRate: 0.02, batchSize: 8 },
  },
  text: {
    data: letters,
    task: { kind: 'text', options: { window: 10 } },
    layers: 'Embedding(6, 4), LSTM(12, return_sequences=true), Dense(6, softmax)',
    settings: { epochs: 20, learningRate: 0.03, batchSize: 8 },
  },
  symbols: { data: counting, task: { kind: 'symbols' } },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-tasks-'));
});
afterAll(() => rm(folder, { recursive: true }));

const failure = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MemcellError)) throw error ?? new Error('nothing was thrown');
  return error.message.split('\n')[0];
};

describe('train, save, load, use', () => {
  test('forecast: a wave, better than the last value, goes on with its months', async () => {
    const { model, artefact, evaluation, history } = await trainTask(small.forecast);
    if (evaluation.kind !== 'forecast' || artefact.kind !== 'forecast') throw new Error('not a forecast');
    expect(evaluation.samples).toBe(23);
    expect(evaluation.targets[0].mae).toBeLessThan(0.5 * evaluation.targets[0].naive.mae);
    expect(Object.keys(history)).toEqual(['loss', 'mae', 'val_loss', 'val_mae']);
    expect(history.val_loss).toHaveLength(30);
    const before = await predictForecast(model, artefact);
    expect(before.rows.map(({ time }) => time)).toEqual(['2010-01', '2010-02']);

    await model.save(join(folder, 'wave'));
    model.dispose();
    const loaded = await loadTask(join(folder, 'wave'));
    if (loaded.artefact.kind !== 'forecast') throw new Error('not a forecast');
    expect(loaded.artefact).toEqual(artefact);
    expect(await predictForecast(loaded.model, loaded.artefact)).toEqual(before);
    const again = await evaluateTask(loaded.model, loaded.artefact, wave);
    expect(again).toMatchObject({ kind: 'forecast', samples: 107 });
    expect((await predictForecast(loaded.model, loaded.artefact, undefined, 5)).rows).toHaveLength(5);
  });

  test('classify: groups of unequal length, by their slope', async () => {
    const { model, artefact, evaluation } = await trainTask(small.classify);
    if (evaluation.kind !== 'classify' || artefact.kind !== 'classify') throw new Error('not a classification');
    expect(evaluation).toMatchObject({ samples: 8, accuracy: 1, majorityAccuracy: 0.5 });
    expect(model.layers[0].getClassName()).toBe('Masking');
    await model.save(join(folder, 'slopes'));
    const loaded = await loadTask(join(folder, 'slopes'));
    const table = parseTable('who,v\na,1\nb,3\na,2\nb,2\na,3\nb,1\n', 'new.csv');
    if (loaded.artefact.kind !== 'classify') throw new Error('not a classification');
    const { rows } = await predictClassify(loaded.model, loaded.artefact, table);
    expect(rows.map(({ group, label }) => [group, label])).toEqual([
      ['a', 'up'],
      ['b', 'down'],
    ]);
    for (const { probabilities } of rows) expect(probabilities[0] + probabilities[1]).toBeCloseTo(1, 5);
  });

  test('text: a cycle of letters, and goes on with it', async () => {
    const { model, artefact, evaluation } = await trainTask(small.text);
    if (evaluation.kind !== 'text' || artefact.kind !== 'text') throw new Error('not a text');
    expect(evaluation.crossEntropy).toBeLessThan(0.2);
    expect(evaluation.unigramCrossEntropy).toBeCloseTo(Math.log(6), 2);
    await model.save(join(folder, 'letters'));
    const loaded = await loadTask(join(folder, 'letters'));
    if (loaded.artefact.kind !== 'text') throw new Error('not a text');
    let made = '';
    for await (const character of generate(loaded.model, loaded.artefact, {
      prompt: 'abcd',
      length: 14,
      temperature: 0,
    })) {
      made += character;
    }
    expect(made).toBe('e abcde abcde ');
    expect(await evaluateTask(loaded.model, loaded.artefact, letters)).toMatchObject({ kind: 'text', samples: 470 });
  });

  test("text: the last step's output alone will do", async () => {
    const layers = 'Embedding(6, 4), LSTM(12), Dense(6, softmax)';
    const { model, artefact, evaluation } = await trainTask({
      ...small.text,
      layers,
      settings: { ...small.text.settings, epochs: 6 },
    });
    if (evaluation.kind !== 'text' || artefact.kind !== 'text') throw new Error('not a text');
    expect(evaluation.samples).toBe(86);
    expect(evaluation.crossEntropy).toBeLessThan(0.2);
    let made = '';
    for await (const character of generate(model, artefact, { prompt: 'e abcde abc', length: 4, topK: 1 }))
      made += character;
    expect(made).toBe('de a');
  });

  test("symbols: the document's program gets all ten digits", async () => {
    const { model, artefact, evaluation } = await trainTask({ ...small.symbols, settings: { seed: 7 } });
    if (artefact.kind !== 'symbols') throw new Error('not symbols');
    expect(artefact.training).toMatchObject({
      source: 'counting.txt',
      layers: 'LSTM(50), Dense(10, softmax)',
      settings: { epochs: 100, batchSize: 1, optimizer: 'adam', learningRate: 0.001, validationSplit: 0, seed: 7 },
    });
    expect(evaluation).toEqual({ kind: 'symbols', samples: 100, accuracy: 1, majorityAccuracy: 0.1 });
    expect(await predictSymbols(model, artefact, [7], 12)).toEqual([8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await model.save(join(folder, 'digits'));
    const loaded = await loadTask(join(folder, 'digits'));
    expect(await evaluateTask(loaded.model, loaded.artefact, counting)).toEqual(evaluation);
  });
});

describe('how training goes', () => {
  const short = (settings: TrainTaskOptions['settings'], more: Partial<TrainTaskOptions> = {}) =>
    trainTask({ ...small.forecast, ...more, settings: { ...small.forecast.settings, epochs: 3, ...settings } });

  test('the same seed trains the same weights, another one others', async () => {
    const [a, b, c] = [await short({ seed: 1 }), await short({ seed: 1 }), await short({ seed: 2 })];
    expect(b.history).toEqual(a.history);
    expect(b.model.getWeights()).toEqual(a.model.getWeights());
    expect(c.model.getWeights()).not.toEqual(a.model.getWeights());
  });

  test('onStart tells the samples; a file is read by its path', async () => {
    await writeFile(join(folder, 'wave.csv'), wave.text);
    const seen: number[] = [];
    const { artefact } = await short(
      {},
      { data: join(folder, 'wave.csv'), onStart: ({ samples, heldOut }) => seen.push(samples, heldOut) },
    );
    expect(seen).toEqual([83, 23]);
    expect(artefact.training?.source).toBe(join(folder, 'wave.csv'));
  });

  test('patience stops early with the weights of the best epoch', async () => {
    let losses: number[] = [];
    const callback: Callback = {
      onEpochEnd: (_, logs) => {
        losses = [...losses, logs.val_loss];
      },
    };
    const { history, stopped, model, artefact } = await short(
      { epochs: 60, patience: 1, learningRate: 0.3 },
      { callbacks: [callback] },
    );
    expect(history.val_loss).toEqual(losses);
    expect(stopped?.reason).toBe('callback');
    expect(history.loss.length).toBeLessThan(60);
    const best = history.val_loss.indexOf(Math.min(...history.val_loss));
    expect(best).toBeLessThan(history.val_loss.length - 1);
    const untilThen = await short({ epochs: best + 1, learningRate: 0.3 });
    expect(model.getWeights()).toEqual(untilThen.model.getWeights());
    expect(artefact.training?.settings.patience).toBe(1);
  });

  test('an aborted signal stops after the batch and keeps what there is', async () => {
    const controller = new AbortController();
    const callback: Callback = {
      onBatchEnd: (batch) => {
        if (batch === 1) controller.abort();
      },
    };
    const { stopped, evaluation, artefact } = await short({}, { callbacks: [callback], signal: controller.signal });
    expect(stopped).toEqual({ reason: 'interrupted', epoch: 0, batch: 2 });
    expect(evaluation.kind).toBe('forecast');
    expect(artefact.training?.history).toEqual({});
  });

  test('a loss that is not finite in the first epoch is an error; later, the good weights are kept', async () => {
    expect(await failure(short({ optimizer: 'sgd', learningRate: 1e30 }))).toMatch(/epoch 1/);
    const callback: Callback = {
      onEpochBegin: (epoch, { optimizer }) => {
        optimizer.learningRate = epoch < 2 ? 0.01 : 1e30;
      },
    };
    const { diverged, history, model } = await short({ optimizer: 'sgd', epochs: 9 }, { callbacks: [callback] });
    expect(diverged?.message).toMatch(/epoch [34]/);
    expect(history.loss.every(Number.isFinite)).toBe(true);
    for (const { data } of model.getWeights()) expect(data.every(Number.isFinite)).toBe(true);
  });
});

describe('what cannot be', () => {
  test.each<[string, string, Partial<TrainTaskOptions>, string]>([
    [
      'a wrong output',
      'forecast',
      { layers: 'LSTM(8), Dense(1)' },
      'layers: the output has shape (1), this task needs (2) or (2, 1); end the layers with Dense(2)',
    ],
    [
      'no probabilities',
      'classify',
      { layers: 'LSTM(8), Dense(2)' },
      'layers: this task needs probabilities; end the layers with Dense(2, softmax)',
    ],
    ['a misspelt layer', 'text', { layers: 'LTSM(8)' }, 'did you mean LSTM?'],
    [
      'an unknown optimizer',
      'symbols',
      { settings: { optimizer: 'adm' } },
      "unknown optimizer 'adm'; did you mean adam?",
    ],
    ['no epochs', 'symbols', { settings: { epochs: 0 } }, 'epochs: 0 is not a whole number of at least 1'],
    ['a learning rate of 0', 'symbols', { settings: { learningRate: 0 } }, 'learning rate: 0 is not a number above 0'],
    ['a split of 1', 'symbols', { settings: { validationSplit: 1 } }, 'validation split: 1 is not in [0, 1)'],
    ['half a seed', 'symbols', { settings: { seed: 0.5 } }, 'seed: 0.5 is not a whole number'],
    ['no file', 'symbols', { data: 'none/here.txt' }, 'none/here.txt: no such file; check the path'],
    [
      'no integers',
      'symbols',
      { data: { name: 's.txt', text: '1 x 2' } },
      "s.txt, line 1, column 3: 'x' is not an integer",
    ],
  ])('%s', async (_, kind, options, message) => {
    expect(await failure(trainTask({ ...small[kind], ...options }))).toContain(message);
  });

  test('a model without a task, a damaged task, a task of another model', async () => {
    const bare = new Sequential([LSTM(2), Dense(1)], { inputShape: [1, 1] });
    await bare.save(join(folder, 'bare'));
    expect(await failure(loadTask(join(folder, 'bare')))).toContain('bare: the model was not saved by memcell train');

    const trained = await trainTask({ ...small.symbols, settings: { epochs: 1 } });
    const to = join(folder, 'changed');
    await trained.model.save(to);
    const json = await readFile(join(to, 'model.json'), 'utf8');
    const load = async (change: (text: string) => string) => {
      await writeFile(join(to, 'model.json'), change(json));
      return failure(loadTask(to));
    };
    expect(await load((text) => text.replace('"kind":"symbols"', '"kind":"symbol"'))).toContain(
      'model.json: task.kind is damaged',
    );
    expect(await load((text) => text.replace('"window":1', '"window":2'))).toContain(
      'task.end is damaged: must be 2 finite numbers',
    );
    const narrower = '"symbols":[0,1,2,3,4,5,6,7,8]';
    expect(await load((text) => text.replace('"symbols":[0,1,2,3,4,5,6,7,8,9]', narrower))).toContain(
      'changed: the model takes (1, 1) and gives (10), which is not what its symbols task needs; train the model again',
    );
  });
});
