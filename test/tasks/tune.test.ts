import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { classify, symbols, tune } from 'memcell';
import { type DataInput, openSource } from '../../src/data/source.js';
import { Sequential } from '../../src/index.js';
import { drawNew, type Given, nothing } from '../../src/tasks/drawnSettings.js';
import { flags } from '../../src/tasks/flags.js';
import { withHidden } from '../../src/tasks/hiddenLayers.js';
import { tasks } from '../../src/tasks/index.js';
import { type Search, type SearchOptions, searchSettings, type TrialRecords } from '../../src/tasks/search.js';
import type { TaskKind } from '../../src/tasks/settings.js';
import { TrialJournal } from '../../src/tasks/trialJournal.js';
import { compareErrors, tuneTask, tuneText } from '../../src/tasks/tune.js';

const squares = (n: number, change = (value: number, _: number) => value) => ({
  name: 'squares.txt',
  text: Array.from({ length: n }, (_, i) => change((i * i) % 7, i)).join(' '),
});

function search(
  kind: TaskKind,
  data: DataInput,
  options: Record<string, unknown>,
  given: Partial<SearchOptions> = {},
): Promise<Search | undefined> {
  return searchSettings(kind, openSource(data), options, {
    trials: 1,
    ...given,
    settings: { epochs: 2, ...given.settings },
  });
}

/** What does not hang on how long it took. */
function drawn({ trials }: Search) {
  return trials.map(({ seconds: _, ...trial }) => trial);
}

describe('a search over settings', () => {
  it('begins with the defaults, and is the same again with the same seed', async () => {
    const [once, again, other] = await Promise.all(
      [3, 3, 4].map((seed) => search('symbols', squares(80), { window: 2 }, { trials: 4, seed })),
    );
    if (!once || !again || !other) throw new Error('was interrupted');
    expect(drawn(again)).toEqual(drawn(once));
    expect(drawn(other).slice(1)).not.toEqual(drawn(once).slice(1));
    expect(once.trials[0]).toMatchObject({ trial: 1, options: {}, settings: {} });
    expect(once.trials.map(({ trial }) => trial)).toEqual([1, 2, 3, 4]);
    const errors = once.trials.map(({ error = Number.NaN }) => error);
    expect(new Set(errors).size).toBeGreaterThan(2);
    expect(once.best.error).toBe(Math.min(...errors));
    expect(once).toMatchObject({ metric: 'nats per symbol', ended: 'finished', defaults: once.trials[0] });
  });

  it('ends where there is nothing else to try', async () => {
    const settings = { learningRate: 0.01 };
    const found = await search(
      'symbols',
      squares(80),
      { window: 1 },
      { trials: 30, settings, layers: 'LSTM(4), Dense(4, softmax)' },
    );
    // Batches of 4, 8, 16 or 32.
    expect(found).toMatchObject({ ended: 'exhausted' });
    expect(found?.trials.map((trial) => trial.settings.batchSize).sort()).toEqual([16, 32, 4, 8, undefined]);
  });

  it('refuses data of which nothing can be held out', async () => {
    await expect(search('symbols', squares(30), {})).rejects.toThrow(
      'nothing is held out that settings could be chosen by',
    );
  });

  it('has nothing to compare with where the defaults have no error, or are ended before they are trained', async () => {
    const score = jest.spyOn(tasks.symbols, 'score').mockReturnValue({ name: 'nats per symbol', value: Number.NaN });
    await expect(search('symbols', squares(80), { window: 2 })).rejects.toThrow(
      new Error('squares.txt: with the defaults, its error is no finite number'),
    );
    expect(score).toHaveBeenCalledTimes(1);
    score.mockRestore();
    const trials: unknown[] = [];
    const onTrial = (trial: unknown) => trials.push(trial);
    expect(await search('symbols', squares(80), { window: 2 }, { onPrepared: () => false, onTrial })).toBeUndefined();
    expect(trials).toEqual([]);
  });

  it('tells what is wrong with settings that were drawn, and goes on', async () => {
    const rows = Array.from({ length: 24 }, (_, i) => ({ value: i % 3 }));
    const found = await search('forecast', rows, { targets: ['value'], horizon: 2 }, { trials: 8, layers: 'LSTM(2)' });
    const failed = found?.trials.filter(({ error }) => error === undefined) ?? [];
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(7);
    for (const { failed: why, options } of failed) expect(why).toContain(`window ${options.window} is longer than the`);
  });

  it('ends with a signal: what was done counts, what was not does not', async () => {
    const controller = new AbortController();
    const found = await search(
      'symbols',
      squares(80),
      {},
      {
        trials: 9,
        signal: controller.signal,
        onTrial: ({ trial }) => {
          if (trial === 3) controller.abort();
        },
      },
    );
    expect(found).toMatchObject({ ended: 'interrupted' });
    expect(found?.trials).toHaveLength(3);
    expect(await search('symbols', squares(80), {}, { trials: 9, signal: controller.signal })).toBeUndefined();
  });

  it('does not count, nor keep, a trial whose scoring the signal may have cut short', async () => {
    const controller = new AbortController();
    const { score } = tasks.symbols;
    let scored = 0;
    const cut = jest.spyOn(tasks.symbols, 'score').mockImplementation((...given) => {
      if (++scored === 3) controller.abort();
      return score(...given);
    });
    const added: number[] = [];
    const records: TrialRecords = { spent: 0, find: () => undefined, add: async (trial) => void added.push(trial) };
    const given = { trials: 9, signal: controller.signal, records };
    const found = await search('symbols', squares(80), { window: 1 }, given);
    cut.mockRestore();
    expect(found).toMatchObject({ ended: 'interrupted' });
    expect([found?.trials.map(({ trial }) => trial), added]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('ends with the budget, after the defaults at least', async () => {
    const found = await search('symbols', squares(150), {}, { trials: 1000, budget: 0.05, reserve: 3 });
    expect(found?.ended).toBe('budget');
    expect(found?.trials.length).toBeGreaterThan(0);
  });

  it.each([
    // A fourth trial takes 10 s more at most, of which there are enough until what is kept for the end.
    [{ budget: 100 }, 'finished', 4],
    [{ budget: 41 }, 'finished', 4],
    [{ budget: 39 }, 'budget', 3],
    [{ budget: 100, reserve: 5 }, 'finished', 4],
    [{ budget: 100, reserve: 7 }, 'budget', 3],
    // What is on disk costs nothing.
    [{ budget: 100, trials: 3, reserve: 9 }, 'finished', 3],
  ] as const)('%j, with three trials of 10 s on disk: %s after %d', async (given, ended, trials) => {
    const added: number[] = [];
    const outcome = { metric: 'nats per symbol', samples: 16, layers: 'LSTM(4), Dense(4, softmax)', seconds: 10 };
    const records: TrialRecords = {
      spent: 30,
      find: (trial) => (trial <= 3 ? { ...outcome, error: trial } : undefined),
      add: async (trial) => void added.push(trial),
    };
    const found = await search('symbols', squares(80), { window: 1 }, { trials: 4, ...given, records });
    expect(found).toMatchObject({ ended, samples: 16, metric: 'nats per symbol' });
    expect(found?.trials.map(({ trial }) => trial)).toEqual([1, 2, 3, 4].slice(0, trials));
    expect(added).toEqual(trials === 4 ? [4] : []);
  });
});

/** Data of a task, whose last fifth, or newest fifth, may be another one. */
const data: Record<
  TaskKind,
  { options: Record<string, unknown>; make(changed: boolean, from: number): DataInput; size: number }
> = {
  symbols: {
    options: { window: 2 },
    size: 200,
    make: (changed, from) => squares(200, (value, i) => (changed && i >= from ? (value === 1 ? 2 : 1) : value)),
  },
  text: {
    options: { pure: true },
    size: 1000,
    make: (changed, from) => ({
      name: 'text.txt',
      text: Array.from({ length: 1000 }, (_, i) => 'abcde'[changed && i >= from ? (i * i) % 5 : i % 5]).join(''),
    }),
  },
  forecast: {
    options: { targets: ['value'], horizon: 2, window: 4 },
    size: 60,
    make: (changed, from) => ({
      value: Array.from({ length: 60 }, (_, i) => Math.sin(i) + (changed && i >= from ? 5 : 0)),
    }),
  },
  classify: {
    options: { label: 'kind', time: ['day'] },
    size: 100,
    make: (changed, from) => ({
      day: Array.from({ length: 100 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10)),
      x: Array.from({ length: 100 }, (_, i) => Math.sin(i)),
      kind: Array.from({ length: 100 }, (_, i) => (Math.sin(i) > 0 !== (changed && i >= from) ? 'up' : 'down')),
    }),
  },
};

it.each(Object.keys(data) as TaskKind[])('%s: settings are chosen by nothing of the part held out', async (kind) => {
  const { options, make, size } = data[kind];
  const errorOf = async (input: DataInput) =>
    (await search(kind, input, options, { layers: layersOf[kind] }))?.best.error;
  const usual = await errorOf(make(false, size));
  expect(usual).toBeGreaterThan(0);
  // All that is held out is other; then the last of what is not as well.
  expect(await errorOf(make(true, 0.8 * size))).toBe(usual);
  expect(await errorOf(make(true, 0.75 * size))).not.toBe(usual);
});

const layersOf: Record<TaskKind, string> = {
  symbols: 'LSTM(3), Dense(4, softmax)',
  text: 'Embedding(5, 3), LSTM(3, return_sequences=true), Dense(5, softmax)',
  forecast: 'LSTM(2)',
  classify: 'Dense(3, relu), Dense(2, softmax)',
};

describe('tuning', () => {
  it('trains the best with the part held out, and compares it with the defaults there', async () => {
    const saved: string[] = [];
    const tuned = await tuneTask(
      'symbols',
      openSource(squares(200)),
      { window: 2 },
      {
        trials: 6,
        settings: { epochs: 3 },
        layers: 'Embedding(4, 4), LSTM(8), Dense(4, softmax)',
        toSave: true,
        final: { onTrained: async (model) => void saved.push(model.summaryText()) },
      },
    );
    if (!tuned) throw new Error('was interrupted');
    const { search: found, trained, compared } = tuned;
    expect(found.best).not.toBe(found.defaults);
    expect(saved.length).toBeGreaterThan(0);
    expect(trained.evaluation).toMatchObject({ kind: 'symbols', samples: 40, crossEntropy: compared?.error });
    expect(compared?.better).toBe((compared?.error ?? 0) < 0.995 * (compared?.defaults ?? 0));
    const [first, second] = tuneText(tuned);
    expect(first).toContain(`the best is trial ${found.best.trial}: nats per symbol`);
    expect(second).toContain(compared?.better ? '% better than the defaults' : ': no better than the defaults');
    trained.model.dispose();
  });

  it.each(['is interrupted', 'fails'])(
    'the best is kept where the training with the defaults after it %s',
    async (how) => {
      const controller = new AbortController();
      const freed = jest.spyOn(Sequential.prototype, 'dispose');
      const { prepare } = tasks.symbols;
      let begun = 0;
      // Six trials, the best again, and the defaults again.
      const prepared = jest.spyOn(tasks.symbols, 'prepare').mockImplementation((...given) => {
        if (++begun === 8 && how === 'fails') throw new Error('no memory');
        if (begun === 8) controller.abort();
        return prepare(...given);
      });
      const models: Sequential[] = [];
      try {
        const tuned = tuneTask(
          'symbols',
          openSource(squares(200)),
          { window: 2 },
          {
            trials: 6,
            settings: { epochs: 3 },
            layers: 'Embedding(4, 4), LSTM(8), Dense(4, softmax)',
            toSave: false,
            signal: controller.signal,
            final: { onTrained: async (model) => void models.push(model) },
          },
        );
        const gone = (model: Sequential) => freed.mock.contexts.includes(model);
        if (how === 'fails') {
          await expect(tuned).rejects.toThrow('no memory');
          expect(models.map(gone)).toEqual([true]);
        } else {
          const { search: found, trained, compared, interrupted } = (await tuned) ?? {};
          expect(found?.ended).toBe('finished');
          expect({ compared, interrupted }).toEqual({ compared: undefined, interrupted: true });
          expect(trained?.stopped).toBeUndefined();
          expect([...models, trained?.model].map((model) => model && gone(model))).toEqual([false, false]);
          trained?.model.dispose();
        }
        expect(begun).toBe(8);
      } finally {
        freed.mockRestore();
        prepared.mockRestore();
      }
    },
  );

  it.each([true, false])(
    'a signal ends the search; the best so far is trained to its end, to be saved: %j',
    async (toSave) => {
      const controller = new AbortController();
      const tuned = await tuneTask(
        'symbols',
        openSource(squares(100)),
        { window: 2 },
        {
          trials: 9,
          settings: { epochs: 3 },
          layers: 'Embedding(4, 4), LSTM(4), Dense(4, softmax)',
          toSave,
          signal: controller.signal,
          onTrial: ({ trial }) => void (trial === 2 && controller.abort()),
        },
      );
      const { search: found, trained, compared, interrupted } = tuned ?? {};
      expect(found).toMatchObject({ ended: 'interrupted' });
      expect(found?.trials).toHaveLength(2);
      expect({ compared, interrupted, stopped: trained?.stopped }).toEqual({
        compared: undefined,
        interrupted: true,
        stopped: undefined,
      });
      expect(trained?.history.loss).toHaveLength(3);
      trained?.model.dispose();
    },
  );

  it('is better than the defaults by half a per cent, whatever the size of the errors', () => {
    const better = (share: number) => [1e-3, 1, 700].map((error) => compareErrors(share * error, error).better);
    expect(better(0.994)).toEqual([true, true, true]);
    expect(better(0.996)).toEqual([false, false, false]);
  });

  it('says that nothing is better than the defaults', async () => {
    const tuned = await tuneTask(
      'symbols',
      openSource(squares(100)),
      { window: 2 },
      { trials: 1, settings: { epochs: 1 }, toSave: false },
    );
    if (!tuned) throw new Error('was interrupted');
    tuned.trained.model.dispose();
    expect(tuned.compared).toBeUndefined();
    expect(tuneText(tuned)).toEqual([
      expect.stringMatching(/^no better than the defaults \(nats per symbol [\d.]+\): 0 other trials/),
    ]);
  });
});

describe('in code', () => {
  const sequence = Array.from({ length: 80 }, (_, i) => (i * i) % 7);

  it('gives a model that answers, trained with the best settings, and what training it alone gives', async () => {
    const told: number[] = [];
    const settings = { epochs: 2, seed: 3, window: 2 };
    const found = await tune('symbols', sequence, { ...settings, trials: 4, onTrial: ({ trial }) => told.push(trial) });
    const { model, best, trials, metric, compared, ended, verdict } = found;
    expect(told).toEqual([1, 2, 3, 4]);
    expect({ metric, ended }).toEqual({ metric: 'nats per symbol', ended: 'finished' });
    expect(best.error).toBe(Math.min(...trials.map(({ error = Number.NaN }) => error)));
    expect(compared).toBeDefined();
    expect(verdict).toHaveLength(2);
    expect(await model.predict([1, 4], { steps: 3 })).toHaveLength(3);
    const { layers } = best;
    const again = await symbols(sequence, {
      ...settings,
      ...best.options,
      ...best.settings,
      ...(layers && { layers }),
    });
    expect(again.evaluation).toEqual(model.evaluation);
    expect(model.report()).toContain('held out');
    model.dispose();
    again.dispose();
  });

  it.each([
    [
      'symbols that come late',
      async () => {
        const late = Array.from({ length: 50 }, (_, i) => (i < 40 ? i % 2 : i));
        const given = { epochs: 1, window: 1, seed: 3 };
        return [await tune('symbols', late, { ...given, trials: 1 }), await symbols(late, given)] as const;
      },
      [
        'sequence.json: 10 of the 10 symbols held out are not among those to train on; for numbers that go on, use forecast',
        'sequence.json: the model is no better than the most frequent symbol (0.0 %)',
      ],
    ],
    [
      'a class that comes late',
      async () => {
        const rows = Array.from({ length: 100 }, (_, i) => ({
          at: new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
          x: i % 2,
          kind: i > 95 ? 'new' : 'ab'[i % 2],
        }));
        const given = {
          label: 'kind',
          time: ['at'],
          epochs: 20,
          seed: 3,
          learningRate: 0.05,
          layers: 'Dense(3, softmax)',
        };
        return [await tune('classify', rows, { ...given, trials: 1 }), await classify(rows, given)] as const;
      },
      ['kind: new is only in the part held out, where the model that is scored cannot know it'],
    ],
  ])('warns as training alone does, and understands the same: %s', async (_, make, warnings) => {
    const [{ model }, alone] = await make();
    expect(model.warnings).toEqual(warnings);
    expect(alone.warnings).toEqual(warnings);
    expect(model.understood).toEqual(alone.understood);
    const report = model.report();
    for (const warning of warnings) expect(report).toContain(warning);
    model.dispose();
    alone.dispose();
  });

  it('knows the columns of a forecast', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ sold: Math.sin(i), day: i }));
    const options = {
      target: 'sold',
      horizon: 2,
      epochs: 1,
      trials: 1,
      layers: 'LSTM(2), Dense(2)',
      threads: 3,
    } as const;
    const { model, best } = await tune('forecast', rows, options);
    expect(model.network.threads).toBe(3);
    const [{ values }] = await model.predict();
    expect(Number.isFinite(values.sold)).toBe(true);
    expect(best).toMatchObject({ trial: 1, options: {}, settings: {} });
    model.dispose();
  });

  it('refuses what cannot be, and what was aborted before it began', async () => {
    const wrong = tune as (...given: unknown[]) => Promise<unknown>;
    await expect(wrong('colours', sequence)).rejects.toThrow(
      'the task is forecast, classify, text, symbols, not "colours"',
    );
    await expect(wrong('classify', [{ a: 1 }], {})).rejects.toThrow('label is missing');
    await expect(wrong('forecast', [{ a: 1 }], {})).rejects.toThrow('target is missing');
    await expect(wrong('symbols', sequence, { trials: 0 })).rejects.toThrow('trials must be a whole number');
    await expect(wrong('symbols', sequence, { plain: true })).rejects.toThrow('tune: it takes no plain');
    const signal = AbortSignal.abort();
    await expect(tune('symbols', sequence, { signal })).rejects.toThrow(
      new Error('tune: aborted before the first trial was done'),
    );
  });
});

it('a search that is resumed takes the trials that are done from disk, and comes to the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'memcell-trials-'));
  const place = join(folder, 'model.resume');
  const open = (resume: boolean, said: string[] = [], settings = 'the same') =>
    TrialJournal.open({ folder: place, resume, settings: { settings }, say: (line) => said.push(line) });
  try {
    const run = async (records: TrialRecords, most: number, signal?: AbortSignal, stop?: () => void) => {
      let trained = 0;
      const counting: TrialRecords = {
        spent: 0,
        find: (trial) => records.find(trial),
        add: async (trial, outcome) => {
          trained++;
          await records.add(trial, outcome);
          if (trial === 2) stop?.();
        },
      };
      const found = await search(
        'symbols',
        squares(80),
        {},
        { trials: most, records: counting, ...(signal && { signal }) },
      );
      return { found, trained };
    };
    const whole = await run({ spent: 0, find: () => undefined, add: async () => {} }, 4);
    const controller = new AbortController();
    await run(await open(false), 4, controller.signal, () => controller.abort());
    const said: string[] = [];
    const resumed = await run(await open(true, said), 4);
    expect(said).toEqual([`resuming from ${place}: 2 trials are done`]);
    expect({ whole: whole.trained, resumed: resumed.trained }).toEqual({ whole: 4, resumed: 2 });
    expect(resumed.found && drawn(resumed.found)).toEqual(whole.found && drawn(whole.found));
    // More trials go on where it ended.
    expect((await run(await open(true), 5)).trained).toBe(1);
    await expect(open(true, [], 'others')).rejects.toThrow(
      `${place} is of another search: settings was the same and is others`,
    );
    const anew: string[] = [];
    const journal = await open(false, anew);
    expect(anew).toEqual([expect.stringContaining('starting anew (--resume goes on with them)')]);
    expect(journal.find(1)).toBeUndefined();
    await journal.clear();
    expect(existsSync(place)).toBe(false);
    await open(true, anew);
    expect(anew.at(-1)).toBe(`there is nothing to resume in ${place}; starting anew`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('draws within the ranges, each setting in about half of the trials, and leaves what was given', () => {
  const layers = 'Embedding(4, 16), LSTM(50), Dense(4, softmax)';
  const draws = (given: Given) => {
    const seen = new Set([JSON.stringify(nothing)]);
    return Array.from({ length: 200 }, (_, trial) => drawNew(flags.symbols, given, layers, { seed: 1, trial, seen }));
  };
  const all = draws({ options: {}, settings: { learningRate: 0.004 } }).flatMap((one) => one ?? []);
  expect(all).toHaveLength(200);
  expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(200);
  expect(all.every(({ settings }) => settings.learningRate === undefined)).toBe(true);
  const windows = all.flatMap(({ options }) => options.window ?? []);
  for (const count of [windows.length, all.filter((one) => one.layers).length]) {
    expect(count).toBeGreaterThan(70);
    expect(count).toBeLessThan(180);
  }
  expect([...new Set(windows)].sort()).toEqual([1, 12, 16, 2, 3, 4, 6, 8]);
  expect(all.some((one) => one.layers?.includes('GRU(64, return_sequences=true), Dropout(0.1), GRU(64)'))).toBe(true);
  const own = draws({ options: { window: 2 }, layers });
  for (const one of own) expect(one?.options ?? {}).toEqual({});
  expect(own.every((one) => one?.layers === undefined)).toBe(true);
});

it('hidden layers are other ones; the first and the last stay', () => {
  const other = { units: 32, depth: 2, dropout: 0.2, cell: 'GRU' } as const;
  expect(withHidden('LSTM(16), Dense(6)', other)).toBe(
    'GRU(32, return_sequences=true), Dropout(0.2), GRU(32), Dropout(0.2), Dense(6)',
  );
  expect(withHidden('Dense(64, relu), Dense(3, softmax)', { ...other, dropout: 0 })).toBe(
    'Dense(32, relu), Dense(32, relu), Dense(3, softmax)',
  );
  const text = 'Embedding(9, 32), Dropout(0.2), LSTM(128, return_sequences=true), Dropout(0.5), Dense(9, softmax)';
  expect(withHidden(text, { ...other, depth: 1 })).toBe(
    'Embedding(9, 32), Dropout(0.2), GRU(32, return_sequences=true), Dropout(0.2), Dense(9, softmax)',
  );
  const wide =
    'Bidirectional(LSTM(32, return_sequences=true)), Dense(64, relu, use_bias=false), GlobalMaxPooling1D(), Dense(4, softmax)';
  expect(withHidden(wide, { ...other, depth: 1, dropout: 0 })).toBe(wide.replace('LSTM', 'GRU'));
});

it.each([
  // All hidden layers come in place of the first, with the options that it has.
  [
    'Bidirectional(LSTM(8, relu), sum), Dropout(0.5), GRU(4), Dropout(0.1), Dense(3)',
    2,
    0.2,
    'Bidirectional(GRU(32, relu, return_sequences=true), sum), Dropout(0.2), Bidirectional(GRU(32, relu), sum), Dropout(0.2), Dense(3)',
  ],
  [
    'Dropout(0.1), Dense(8, relu), Dropout(0.5), Dense(4, tanh), BatchNormalization, Dropout(0.3), Dense(3, softmax)',
    3,
    0,
    'Dropout(0.1), Dense(32, relu), Dense(32, relu), Dense(32, relu), BatchNormalization(), Dropout(0.3), Dense(3, softmax)',
  ],
  [
    'SimpleRNN(8, use_bias=false), Dense(6, relu), Dense(1)',
    1,
    0.2,
    'GRU(32, use_bias=false), Dropout(0.2), Dense(6, relu), Dense(1)',
  ],
  ['Dense(3, softmax)', 2, 0.2, 'Dense(3, softmax)'],
  ['Flatten, Dense(3, softmax)', 2, 0.2, 'Flatten, Dense(3, softmax)'],
])('hidden layers of %s, %d of them with a dropout of %d', (layers, depth, dropout, other) => {
  expect(withHidden(layers, { units: 32, depth, dropout, cell: 'GRU' })).toBe(other);
});

it('every task has ranges that draw what its options take', async () => {
  const { Random } = await import('../../src/random.js');
  const random = new Random(1);
  for (const { options, ranges } of Object.values(flags)) {
    for (const { range, kind } of Object.values(options)) {
      if (range) for (let i = 0; i < 50; i++) expect(kind.check(range.draw(random))).toBe(true);
    }
    for (let i = 0; i < 50; i++) {
      const rate = ranges.learningRate.draw(random);
      expect(rate).toBeGreaterThanOrEqual(0.001);
      expect(rate).toBeLessThanOrEqual(0.03);
      expect(Number.isInteger(ranges.batchSize.draw(random))).toBe(true);
    }
  }
});
