/** What is said of tables and options that cannot be classified, and of answers: whole lines, each number of its own. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseTable } from '../../../src/data/read.js';
import { openSource } from '../../../src/data/source.js';
import { classify } from '../../../src/index.js';
import { divide, readClasses } from '../../../src/tasks/classify/classifyData.js';
import { drawSamples } from '../../../src/tasks/classify/drawnSamples.js';
import { scoreClasses } from '../../../src/tasks/classify/evaluation.js';
import type { ClassifyOptions } from '../../../src/tasks/classify/options.js';
import { prepareClassify } from '../../../src/tasks/classify/plain.js';
import { classifyInput } from '../../../src/tasks/classify/predict.js';
import { optionsFrom } from '../../../src/tasks/classify/startFrom.js';
import type { Run } from '../../../src/tasks/definition.js';
import { tasks } from '../../../src/tasks/index.js';
import { refusal } from '../../refusal.js';
import { runOf } from '../runs.js';
import { streamed } from '../streamed.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const table = (head: string, rows: number, of: (i: number) => unknown[]) =>
  openSource({ name: 't.csv', text: `${head}\n${list(rows, (i) => of(i).join(',')).join('\n')}\n` });
const prepare = (source: ReturnType<typeof openSource>, options: ClassifyOptions, given: Partial<Run> = {}) =>
  tasks.classify.prepare(source, options, runOf(given));
const four = (rows: number) => table('a,b,kind', rows, (i) => [i % 7, (i * i) % 5, 'uv'[i % 2]]);
const texts = table('said,kind', 8, (i) => [`${'abcdefgh'[i]}x ${'abcdefgh'[i]}y`, 'uv'[i % 2]]);

describe('before anything is trained', () => {
  test.each<[string, () => unknown]>([
    [
      'usage: --steps and --group exclude each other: a sample is one row, one group of rows, or one text',
      () => prepare(four(20), { label: 'kind', steps: 2, group: ['a'] }),
    ],
    [
      'usage: --group and --text-column exclude each other: a sample is one row, one group of rows, or one text',
      () => prepare(four(20), { label: 'kind', group: ['a'], textColumn: 'b' }),
    ],
    [
      'usage: --features: kind is the class itself',
      () => prepare(four(20), { label: 'kind', features: ['a', 'kind'] }),
    ],
    ['usage: --text-column: kind is the class itself', () => prepare(four(20), { label: 'kind', textColumn: 'kind' })],
    [
      'usage: --text-column and --features exclude each other: a text is classified by itself',
      () => prepare(texts, { label: 'kind', textColumn: 'said', features: ['a'] }),
    ],
    [
      'usage: --tokens belongs to --text-column; give both',
      () => prepare(four(20), { label: 'kind', tokens: 'words' }),
    ],
    ['data: t.csv: has 1 sample; training needs at least two', () => prepare(four(1), { label: 'kind' })],
    [
      "data: t.csv, column kind: every row is 'w'; there must be at least two classes",
      () =>
        prepare(
          table('a,kind', 9, (i) => [i, 'w']),
          { label: 'kind' },
        ),
    ],
    [
      'data: t.csv, column kind: 7 different values in 9 samples are no classes; choose another column, or forecast this one',
      () =>
        prepare(
          table('a,kind', 9, (i) => [i * 3, `k${i % 7}`]),
          { label: 'kind' },
        ),
    ],
    [
      'data: t.csv, column kind: 5 different values in 8 rows are no classes; choose another column, or forecast this one',
      () =>
        prepare(
          table('a,kind', 8, (i) => [i * 3, `k${i % 5}`]),
          { label: 'kind' },
          { plain: true },
        ),
    ],
    [
      'data: t.csv, column kind: 1001 classes are more than the 1000 that a model tells apart; choose another column, join rare classes into one, or forecast it if it is a number',
      () =>
        prepare(
          table('a,kind', 3003, (i) => [(i * 7) % 11, `k${i % 1001}`]),
          { label: 'kind' },
        ),
    ],
    [
      'data: t.csv, column said: no word occurs twice; give more texts',
      async () => (await prepare(texts, { label: 'kind', textColumn: 'said', tokens: 'words' })).train(),
    ],
    [
      'data: t.csv, column said: no character occurs twice; give more texts',
      () =>
        prepare(
          table('said,kind', 8, (i) => [String.fromCodePoint(97 + 2 * i, 98 + 2 * i), 'uv'[i % 2]]),
          { label: 'kind', textColumn: 'said', tokens: 'characters' },
        ).then((prepared) => prepared.train()),
    ],
    [
      'usage: t.csv: 20 samples are too few for 21 folds',
      () => tasks.classify.backtest?.(four(20), { label: 'kind' }, runOf(), { folds: 21, refit: true }),
    ],
    [
      'usage: plain: takes no textColumn; leave one of them out',
      () => prepare(texts, { label: 'kind', textColumn: 'said' }, { plain: true }),
    ],
    [
      'usage: plain: group is one column',
      () => prepare(four(20), { label: 'kind', group: ['a', 'b'] }, { plain: true }),
    ],
    [
      'numeric: values up to 1e+308 are too large to scale; divide them first',
      () =>
        prepare(
          table('a,kind', 20, (i) => [i % 2 ? 1e308 : -1e308 + i, 'uv'[i % 2]]),
          { label: 'kind' },
        ),
    ],
    [
      'usage: m: was trained with --plain; give it',
      () => optionsFrom({ label: 'kind' } as Any, { label: 'kind' }, runOf(), { name: 'm' } as Any),
    ],
    [
      'usage: m: was not trained with --plain; leave it out',
      () =>
        optionsFrom({ label: 'kind', reading: {} } as Any, { label: 'kind' }, runOf({ plain: true }), {
          name: 'm',
        } as Any),
    ],
    [
      'usage: label: sort is not that of m, which is kind; give the column that name',
      () => optionsFrom({ label: 'kind', reading: {} } as Any, { label: 'sort' }, runOf(), { name: 'm' } as Any),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe('of answers', () => {
  let full: Any;
  const rows = list(40, (i) => ({ a: i % 7, b: (i * i) % 5, g: `g${i >> 2}`, kind: (i >> 2) % 2 ? 'odd' : 'even' }));
  beforeAll(async () => {
    const own = { label: 'kind', epochs: 1, seed: 1, layers: 'Dense(2, softmax)' };
    full = await classify(rows, { ...own, features: ['a', 'b'] });
  });
  const grouped = [...rows.slice(0, 6), { ...rows[6], kind: 'even' }];

  test.each<[string, () => unknown]>([
    ["usage: from: 'June' is not a row, counted from 1", () => full.evaluate(rows, { from: 'June' })],
    [
      "data: data, row 3, column kind: 'none' is no class of this model; its classes: even, odd; remove these rows",
      () => full.evaluate(rows.map((row, i) => (i === 2 ? { ...row, kind: 'none' } : row))),
    ],
    [
      "data: data, row 7, column kind: group g1 is 'odd' before and 'even' here; a group has one class",
      () => classify(grouped, { label: 'kind', group: ['g'] } as Any),
    ],
    ['usage: the model: give the DATA whose rows are to be classified', () => full.predict(undefined as Any)],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });

  test('one row or group beyond those that are shown is counted as one', async () => {
    const { text } = await tasks.classify.predict(full.loaded, openSource(list(41, (i) => rows[i % 40])), {});
    expect(text?.split('\n').at(-1)).toBe('… 1 more row; --out FILE or --json gives all');
  });
});

test.each<[string, number[], number, string, boolean]>([
  [
    'of two, one as good as guessing',
    [0, 0, 1, 1],
    0.5,
    'no better than guessing: 50.0 % of each class right on average, 50.0 % by guessing',
    false,
  ],
])('with balanced weights, %s', (_, answers, __, verdict, better) => {
  const actual = Int32Array.of(0, 1, 0, 1);
  const probabilities = answers.flatMap((c) => (c === 0 ? [0.75, 0.25] : [0.25, 0.75]));
  const scores = scoreClasses(actual, probabilities, { classes: ['a', 'b'], majority: 0, balanced: true });
  expect([scores.verdict, scores.better]).toEqual([verdict, better]);
});

test('what is kept of the model that training starts from is told', () => {
  const told = (before: object, given: object, own: Partial<Run> = {}) => {
    const said: string[] = [];
    const from = { name: 'm', say: (line: string) => said.push(line) };
    return [
      optionsFrom({ label: 'kind', ...before } as Any, { label: 'kind', ...given }, runOf(own), from as Any),
      said,
    ];
  };
  expect(told({ reading: {}, features: ['a'], groups: ['g'] }, {})).toEqual([
    { label: 'kind', group: ['g'] },
    ['columns, scaling and values are those of m, not learnt from this data'],
  ]);
  expect(told({ reading: {}, features: ['said'], text: { kind: 'words' } }, {})).toEqual([
    { label: 'kind', textColumn: 'said', tokens: 'words' },
    ['columns, scaling, known words and values are those of m, not learnt from this data'],
  ]);
  expect(told({ features: ['a', 'b'], steps: 2 }, {}, { plain: true })).toEqual([
    { label: 'kind', steps: 2, features: ['a', 'b'] },
    ['columns, scaling and values are those of m, not learnt from this data'],
  ]);
});

test('rows that stand in the order of their classes are told to be shuffled', async () => {
  const warned = async (of: (i: number) => string) =>
    (
      await prepare(
        table('a,kind', 20, (i) => [(i * 7) % 11, of(i)]),
        { label: 'kind' },
        { plain: true },
      )
    ).warnings;
  expect(await warned((i) => (i < 8 ? 'u' : i < 17 ? 'w' : 'v'))).toEqual([
    'kind: v occurs only in the part held out; the model cannot learn it; shuffle the rows',
  ]);
  expect(await warned((i) => (i < 5 ? 'u' : 'v'))).toEqual([
    'the rows are sorted by kind, so the part held out is not like the rest; shuffle the rows',
  ]);
  expect(await warned((i) => 'uv'[i % 2])).toEqual([]);
});

describe('of a long table', () => {
  const long = (rows: number, of: (i: number) => string) =>
    streamed(`x,y,kind\n${list(rows, (i) => `${(i * 37) % 101},${i},${of(i)}`).join('\n')}\n`);
  test.each<[number, string]>([
    [11, ', and 1 other'],
    [14, ', and 4 others'],
    [10, ''],
  ])('%d classes are counted, ten by name', async (classes, rest) => {
    const drawn = await drawSamples(
      long(600, (i) => `k${10 + (i % classes)}`),
      { label: 'kind', mostRows: 400 },
      1,
    );
    const shown = list(10, (c) => `k${10 + c} ${Math.floor((599 - c) / classes) + 1}`).join(', ');
    expect(drawn.notes[1]).toBe(`classes in all rows: ${shown}${rest}`);
  });

  test.each([1, 2, 3, 4, 5])(
    'a class of few rows is trained on though no row of it is drawn, seed %d',
    async (seed) => {
      const options = { label: 'kind', mostRows: 600, features: ['x', 'y'] };
      const drawn = await drawSamples(
        long(6000, (i) => (i % 1500 === 7 ? 'rare' : 'often')),
        options,
        seed,
      );
      const data = readClasses(drawn, options, runOf());
      for (const purpose of [undefined, 'choose'] as const) {
        const { train, held } = divide(data, runOf(purpose ? { purpose } : {}));
        const kinds = new Set(Array.from(train, (sample) => data.classes[data.actual[sample]]));
        expect([[...kinds].sort(), held.length > 50]).toEqual([['often', 'rare'], true]);
      }
    },
  );
});

describe('stages and notes of a training', () => {
  test('folds of a cross-validation are named, and one that is interrupted is no score', async () => {
    const stages: string[] = [];
    const run = (own: Partial<Run> = {}) =>
      runOf({ settings: { epochs: 1 }, layers: 'Dense(2, softmax)', stage: (text) => stages.push(text), ...own });
    await tasks.classify.backtest?.(four(24), { label: 'kind' }, run(), { folds: 3, refit: true });
    expect(stages).toEqual(
      [1, 2, 3].flatMap((fold) => [`fold ${fold} of 3: training`, `fold ${fold} of 3: training on all of its samples`]),
    );
    const stop = AbortSignal.abort();
    expect(
      await refusal(() =>
        tasks.classify.backtest?.(four(24), { label: 'kind' }, run({ signal: stop }), { folds: 3, refit: true }),
      ),
    ).toBe('interrupted: interrupted before every fold was scored');
  });

  test('without a part held out, the model that is scored is the one that is saved', async () => {
    const stages: string[] = [];
    const run = runOf({
      settings: { epochs: 1, validationSplit: 0 },
      layers: 'Dense(2, softmax)',
      stage: (text) => stages.push(text),
    });
    await (await prepare(four(24), { label: 'kind' }, run)).train();
    expect(stages).toEqual([
      'the model that is saved: training',
      'the model that is saved: training on all of its samples',
    ]);
  });
});

describe('of a plain model', () => {
  test('data of another width than the model that training starts from is refused', async () => {
    const rows = parseTable('a,b,kind\n1,2,u\n3,4,v\n5,6,u\n', 't.csv');
    const before = { scaling: { mean: [1, 2, 3], std: [1, 1, 1] }, names: (names: string[]) => names } as Any;
    expect(await refusal(() => prepareClassify(rows, { label: 'kind' }, 0, before))).toBe(
      'usage: from: the model takes 3 numbers a step, and this data has 2; start from a model of such data',
    );
  });

  test.each([
    [1, 'is 1 sample'],
    [2, 'are 2 samples'],
  ])('of %d rows, a sample beyond them is told how many there are', async (rows, there) => {
    const { artefact } = prepareClassify(parseTable('a,b,kind\n1,2,u\n3,4,v\n5,6,u\n', 't.csv'), { label: 'kind' }, 0);
    const source = table('a,b', rows, (i) => [i, i]);
    expect(await refusal(() => classifyInput({ artefact }, source, 3))).toBe(`usage: sample: there ${there}, not 3`);
  });
});
