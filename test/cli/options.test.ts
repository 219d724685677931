/** Every option of every task changes what comes out, so that none is read and then ignored. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { flags, kinds } from '../../src/tasks/flags.js';
import type { TaskKind } from '../../src/tasks/settings.js';
import { file, memcell, temporaryFolder } from './streams.js';

const folder = temporaryFolder();

const table = (name: string, head: string, n: number, row: (i: number) => (string | number)[]) =>
  file(folder, name, `${head}\n${Array.from({ length: n }, (_, i) => row(i).join(';')).join('\n')}\n`);
const day = (i: number) => new Date(Date.UTC(2021, 0, 1 + i)).toISOString().slice(0, 10);
const wave = (i: number) => (50 + 10 * Math.sin(i / 2) + ((i * 7) % 5)).toFixed(2);

const verse = 'tick tock goes the clock, and the mouse ran up the clock.\n';
const letters = new Set(verse).size;

/** In [0, 1), of no order. */
const chance = (i: number) => {
  const x = Math.sin(12.9898 * i + 78.233) * 43758.5453;
  return x - Math.floor(x);
};

const data = {
  series: table('series.csv', 'date;value;other', 60, (i) => [day(i), wave(i), (i * 5) % 11]),
  // A table counts as long by its bytes.
  long: table('long.csv', 'date;value;other', 900, (i) => [day(i), wave(i), (i * 5) % 11]),
  longRows: table('long-rows.csv', 'a;b;kind', 1200, (i) => [i % 7, (i * 5) % 11, i % 7 > 3 ? 'up' : 'down']),
  noise: table('noise.csv', 'date;value;other', 60, (i) => [day(i), (50 + 10 * chance(i)).toFixed(2), (i * 5) % 11]),
  twoTimes: table('times.csv', 'made;sent;value', 60, (i) => [day(i), day((i * 7) % 60), wave(i)]),
  holes: table('holes.csv', 'date;value;other', 60, (i) => [day(i), i === 9 ? '' : wave(i), (i * 5) % 11]),
  marks: table('marks.csv', 'date;value;other', 60, (i) => [day(i), wave(i), i % 9 === 4 ? 'broken' : (i * 5) % 11]),
  // 1,234 is a thousand or a bit more than one.
  decimals: table('decimals.csv', 'date;value;other', 60, (i) => [
    day(i),
    wave(i),
    `${1 + (i % 9)},${100 + ((i * 7) % 900)}`,
  ]),
  // The first of every month, or twelve days a year.
  dates: table('dates.csv', 'date;value', 60, (i) => [
    `${String((i % 12) + 1).padStart(2, '0')}/01/${2001 + Math.floor(i / 12)}`,
    wave(i),
  ]),
  promo: table('promo.csv', 'date;value;promo', 60, (i) => [
    day(i),
    Number(wave(i)) + (i % 7 === 3 ? 40 : 0),
    i % 7 === 3 ? 1 : 0,
  ]),
  stores: table('stores.csv', 'store;value', 80, (i) => [
    i % 2 ? 'north' : 'south',
    (i % 2 ? 100 : 0) + Number(wave(i)),
  ]),

  rows: table('rows.csv', 'a;b;kind', 60, (i) => [i % 7, (i * 5) % 11, i % 7 > 3 ? 'up' : 'down']),
  rare: table('rare.csv', 'a;b;kind', 80, (i) => [(i % 7) + (i % 9 ? 0 : 3), (i * 5) % 11, i % 9 ? 'often' : 'rare']),
  rowHoles: table('row-holes.csv', 'a;b;kind', 60, (i) => [
    i === 9 ? '' : i % 7,
    (i * 5) % 11,
    i % 7 > 3 ? 'up' : 'down',
  ]),
  rowMarks: table('row-marks.csv', 'a;b;kind', 60, (i) => [
    i % 9 === 4 ? 'broken' : i % 7,
    (i * 5) % 11,
    i % 7 > 3 ? 'up' : 'down',
  ]),
  rowDecimals: table('row-decimals.csv', 'a;b;kind', 60, (i) => [
    i % 7,
    `${1 + (i % 9)},${100 + ((i * 7) % 900)}`,
    i % 7 > 3 ? 'up' : 'down',
  ]),
  walks: table('walks.csv', 'who;made;sent;v;kind', 120, (i) => [
    `p${Math.floor(i / 4)}`,
    day(i),
    day(i - (i % 4) + 3 - (i % 4)),
    (i % 4) * (Math.floor(i / 4) % 2 ? 1 : -1) + (i % 3),
    Math.floor(i / 4) % 2 ? 'up' : 'down',
  ]),
  walkDates: table('walk-dates.csv', 'who;when;v;kind', 120, (i) => [
    `p${Math.floor(i / 4)}`,
    // In the order of months, or of days.
    ['01/04/2020', '02/03/2020', '03/02/2020', '04/01/2020'][i % 4],
    (i % 4) * (Math.floor(i / 4) % 2 ? 1 : -1) + (i % 3),
    Math.floor(i / 4) % 2 ? 'up' : 'down',
  ]),
  reviews: table('reviews.csv', 'text;kind', 60, (i) => [
    `${i % 2 ? 'good' : 'bad'} film number ${i % 5} and ${i % 3 ? 'long' : 'short'}`,
    i % 2 ? 'yes' : 'no',
  ]),

  poem: file(folder, 'poem.txt', verse.repeat(30)),
  verses: file(folder, 'verses.txt', verse.repeat(8)),
  cycle: file(folder, 'cycle.txt', '0 1 2 3 4 '.repeat(15)),
  dice: file(folder, 'dice.txt', Array.from({ length: 150 }, (_, i) => Math.floor(6 * chance(i))).join(' ')),
  counting: file(folder, 'counting.txt', Array.from({ length: 150 }, (_, i) => (i * i) % 7).join(' ')),
};

const asked: Record<TaskKind, string[]> = {
  forecast: ['--forecast', 'value'],
  classify: ['--classify', 'kind'],
  text: ['--text'],
  symbols: ['--symbols'],
};

/** What training brought, without what only repeats the options; the same command is run once, for a seed governs everything. */
function outcome(...argv: string[]): Promise<object> {
  const key = argv.join('\0');
  const known = outcomes.get(key) ?? trainingOutcome(argv);
  outcomes.set(key, known);
  return known;
}

const outcomes = new Map<string, Promise<object>>();

async function trainingOutcome([path, ...argv]: string[]): Promise<object> {
  const { code, out } = await memcell('train', path, ...argv, '--out', join(folder, 'model'), '--force', '--json');
  const result = JSON.parse(out);
  if (code !== 0) return { code, error: result.error.message };
  const { task, understood, parameters, samples, heldOut, history, evaluation } = result;
  return { code, task, understood, parameters, samples, heldOut, history, evaluation };
}

/** A case: the data and options of both runs, the option of the second, and what the first has in its place. */
interface Case {
  data: string;
  both?: string[];
  given: string[];
  instead?: string[];
  /** The option makes it an error, or is needed for it to be none. */
  refused?: RegExp;
  needed?: RegExp;
}

const plain = ['--plain', '--window', '5', '--epochs', '1'];
const quick = ['--plain', '--epochs', '2'];
const recipe = ['--horizon', '2', '--epochs', '2'];
/** With --plain, classify takes none of the options that understand more of a table. */
const few = ['--epochs', '2'];
const byWho = ['--group', 'who', ...few];

const cases: { [Kind in TaskKind]: Record<string, Case> } = {
  forecast: {
    window: {
      data: data.series,
      both: ['--plain', '--epochs', '1'],
      given: ['--window', '5'],
      instead: ['--window', '6'],
    },
    horizon: { data: data.series, both: plain, given: ['--horizon', '2'] },
    features: { data: data.series, both: plain, given: ['--features', 'value'] },
    drop: { data: data.series, both: plain, given: ['--drop', 'other'] },
    time: { data: data.twoTimes, both: plain, given: ['--time', 'sent'], instead: ['--time', 'made'] },
    fill: { data: data.holes, both: plain, given: ['--fill', 'none'], refused: /line 11, column value: .*missing/ },
    missing: { data: data.marks, both: plain, given: ['--missing', 'broken'], needed: /'broken' is not a number/ },
    decimal: { data: data.decimals, both: plain, given: ['--decimal', ','], instead: ['--decimal', '.'] },
    dates: { data: data.dates, both: plain, given: ['--dates', 'day'], instead: ['--dates', 'month'] },
    known: { data: data.promo, both: recipe, given: ['--known', 'promo'] },
    group: { data: data.stores, both: plain, given: ['--group', 'store'] },
    every: { data: data.series, both: plain, given: ['--every', '2d'] },
    mostRows: { data: data.long, both: plain, given: ['--most-rows', '40'] },
  },
  classify: {
    steps: { data: data.rows, both: few, given: ['--steps', '2'] },
    group: { data: data.walks, both: few, given: ['--group', 'who'] },
    textColumn: { data: data.reviews, both: few, given: ['--text-column', 'text'] },
    tokens: { data: data.reviews, both: [...few, '--text-column', 'text'], given: ['--tokens', 'characters'] },
    classWeights: { data: data.rare, both: few, given: ['--class-weights', 'balanced'] },
    features: { data: data.rows, both: few, given: ['--features', 'a'] },
    drop: { data: data.rows, both: few, given: ['--drop', 'b'] },
    time: { data: data.walks, both: byWho, given: ['--time', 'sent'], instead: ['--time', 'made'] },
    fill: { data: data.rowHoles, both: few, given: ['--fill', 'none'], refused: /line 11, column a: .*missing/ },
    missing: { data: data.rowMarks, both: few, given: ['--missing', 'broken'], needed: /'broken' is not a number/ },
    decimal: { data: data.rowDecimals, both: few, given: ['--decimal', ','], instead: ['--decimal', '.'] },
    dates: { data: data.walkDates, both: byWho, given: ['--dates', 'day'], instead: ['--dates', 'month'] },
    mostRows: { data: data.longRows, both: few, given: ['--most-rows', '40'] },
  },
  text: {
    window: { data: data.poem, both: quick, given: ['--window', '10'] },
    tokens: { data: data.poem, both: [...quick, '--window', '10'], given: ['--tokens', 'bpe'] },
    vocabulary: {
      data: data.poem,
      both: [...quick, '--window', '10', '--tokens', 'bpe'],
      given: ['--vocabulary', '5'],
    },
    pure: { data: data.verses, both: ['--epochs', '1', '--window', '10'], given: ['--pure'] },
  },
  symbols: {
    window: { data: data.counting, both: quick, given: ['--window', '4'] },
  },
};

describe.each(kinds)('an option of %s changes the model', (kind) => {
  const own = Object.keys(flags[kind].options).filter((name) => name !== flags[kind].choose.option);

  test('each has a case', () => {
    expect(Object.keys(cases[kind]).sort()).toEqual(own.sort());
  });

  test.each(Object.entries(cases[kind]))('%s', async (_, { data: path, both = [], given, instead = [], ...fails }) => {
    const { refused, needed } = fails;
    const without = await outcome(path, ...asked[kind], ...both, ...instead);
    const changed = await outcome(path, ...asked[kind], ...both, ...given);
    if (needed) expect(without).toEqual({ code: 1, error: expect.stringMatching(needed) });
    else expect(without).not.toHaveProperty('error');
    if (refused) expect(changed).toEqual({ code: 1, error: expect.stringMatching(refused) });
    else expect(changed).not.toHaveProperty('error');
    expect(changed).not.toEqual(without);
  });
});

/** The options of training, which all tasks take. */
const training: [name: string, both: string[], given: string[]][] = [
  ['--epochs', ['--epochs', '1'], ['--epochs', '3']],
  ['--batch-size', ['--epochs', '3'], ['--batch-size', '7']],
  ['--optimizer', ['--epochs', '3'], ['--optimizer', 'rmsprop']],
  ['--learning-rate', ['--epochs', '3'], ['--learning-rate', '0.03']],
  ['--validation-split', ['--epochs', '3'], ['--validation-split', '0.3']],
  ['--seed', ['--epochs', '3'], ['--seed', '5']],
  ['--budget', ['--epochs', '25'], ['--budget', '0.001']],
];
/** The learning rate is one at which the held-out loss soon rises. */
const trained: Record<TaskKind, { data: string; both: string[]; rate: string; layers: string }> = {
  forecast: { data: data.noise, both: ['--window', '5', '--horizon', '2'], rate: '0.03', layers: 'GRU(3), Dense(2)' },
  classify: { data: data.rows, both: [], rate: '0.3', layers: 'Dense(3, relu), Dense(2, softmax)' },
  text: {
    data: data.verses,
    both: ['--window', '10', '--pure'],
    rate: '0.3',
    layers: `Embedding(${letters}, 4), GRU(6, return_sequences=true), Dense(${letters}, softmax)`,
  },
  symbols: { data: data.dice, both: ['--window', '2'], rate: '0.3', layers: 'GRU(6), Dense(6, softmax)' },
};

describe.each(kinds)('training %s', (kind) => {
  const { data: path, both, rate, layers } = trained[kind];
  const run = (...argv: string[]) => outcome(path, ...asked[kind], ...both, ...argv);
  let usual: object;
  beforeAll(async () => {
    usual = await run('--epochs', '3');
    expect(usual).not.toHaveProperty('error');
  });

  test('--threads changes nothing', async () => {
    expect(await run('--epochs', '3', '--threads', '1')).toEqual(usual);
    // Nor is it passed over.
    expect(await run('--layers', layers, '--threads', '65')).toHaveProperty('error', expect.stringContaining('65'));
  });

  test.each([
    ['--layers', ['--layers', layers]],
    ['--plain', ['--plain']],
  ])('%s changes the model', async (_, given) => {
    const changed = await run('--epochs', '3', ...given);
    expect(changed).not.toHaveProperty('error');
    expect(changed).not.toEqual(usual);
  });

  test('--from changes the model', async () => {
    const base = join(folder, `base-${kind}`);
    const made = await memcell(
      'train',
      path,
      ...asked[kind],
      ...both,
      '--epochs',
      '1',
      '--layers',
      layers,
      '--out',
      base,
    );
    expect(made.code).toBe(0);
    const anew = await run('--epochs', '1', '--layers', layers);
    const changed = await run('--epochs', '1', '--from', base);
    for (const one of [anew, changed]) expect(one).not.toHaveProperty('error');
    expect(changed).not.toEqual(anew);
    // What would be trained is that model's network.
    const { code, out } = await memcell('train', path, ...asked[kind], ...both, '--from', base, '--dry-run', '--json');
    expect(code).toBe(0);
    const planned = JSON.parse(out);
    expect(planned.from.model).toBe(base);
    expect(planned.layers.replaceAll(' ', '')).toBe(layers.replaceAll(' ', ''));
    if (kind !== 'forecast' && kind !== 'classify') return;
    const tested = async (...given: string[]) => {
      const { code, out } = await memcell(
        ...['backtest', path, ...asked[kind], ...both, '--epochs', '1', '--folds', '2', ...given, '--json'],
      );
      expect(code).toBe(0);
      return JSON.parse(out);
    };
    const begun = await tested('--from', base);
    expect(begun.from).toEqual({ model: base, notes: [expect.stringContaining(`the weights of ${base}`)] });
    expect(begun.evaluation).not.toEqual((await tested('--layers', layers)).evaluation);
  });

  /** A text's own layers take their time. */
  const small = kind === 'text' ? ['--layers', layers] : [];
  const patience: (typeof training)[number] = [
    '--patience',
    ['--epochs', '25', '--learning-rate', rate, '--patience', '25'],
    ['--patience', '1'],
  ];
  test.each([...training, patience])('%s changes the model, with and without --plain', async (_, settings, given) => {
    for (const way of [[], ['--plain']]) {
      const without = await run(...way, ...small, ...settings);
      const changed = await run(...way, ...small, ...settings, ...given);
      for (const one of [without, changed]) expect(one).not.toHaveProperty('error');
      expect(changed).not.toEqual(without);
    }
  });
});

describe('an option of predicting changes the prediction', () => {
  const models = {
    forecast: join(folder, 'of-promo'),
    symbols: join(folder, 'of-symbols'),
    text: join(folder, 'of-text'),
  };
  const ahead = (promo: number) => table(`ahead${promo}.csv`, 'date;promo', 12, (i) => [day(60 + i), promo]);
  beforeAll(async () => {
    const made = [
      await memcell('train', data.promo, ...asked.forecast, '--known', 'promo', ...recipe, '--out', models.forecast),
      await memcell('train', data.cycle, ...asked.symbols, '--plain', '--epochs', '60', '--out', models.symbols),
      await memcell('train', data.poem, ...asked.text, '--epochs', '1', '--out', models.text),
    ];
    expect(made.map(({ code }) => code)).toEqual([0, 0, 0]);
  });
  const future = ['--future', ahead(0)];

  const predicting: {
    [Kind in 'forecast' | 'symbols' | 'text']: Record<string, [without: string[], given: string[]]>;
  } = {
    forecast: {
      steps: [future, ['--steps', '5']],
      interval: [future, ['--interval', '50,95']],
      future: [future, ['--future', ahead(1)]],
    },
    symbols: {
      steps: [[], ['--steps', '3']],
      start: [[], ['--start', '2']],
    },
    text: {
      prompt: [[], ['--prompt', 'the ']],
      length: [[], ['--length', '30']],
      stop: [[], ['--stop', 'c']],
      temperature: [[], ['--temperature', '3']],
      topK: [
        ['--temperature', '3'],
        ['--top-k', '2'],
      ],
      topP: [
        ['--temperature', '3'],
        ['--top-p', '0.5'],
      ],
      seed: [
        ['--temperature', '3'],
        ['--seed', '4'],
      ],
    },
  };

  describe.each(['forecast', 'symbols', 'text'] as const)('%s', (kind) => {
    const predict = (...argv: string[]) => memcell(kind === 'text' ? 'generate' : 'predict', models[kind], ...argv);

    test('each has a case', () => {
      expect(Object.keys(predicting[kind]).sort()).toEqual(Object.keys(flags[kind].predictOptions).sort());
    });

    test.each(Object.entries(predicting[kind]))('%s', async (_, [both, given]) => {
      const without = await predict(...both);
      expect(without.code).toBe(0);
      expect(await predict(...both)).toEqual(without);
      const changed = await predict(...both, ...given);
      expect(changed.code).toBe(0);
      expect(changed.out).not.toBe(without.out);
    });
  });
});
