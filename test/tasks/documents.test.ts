/**
 * Each task on small data, all that comes of it: what was understood, the words and numbers of the evaluation, the pictures, what is
 * saved, what is predicted, and the scores of a backtest. That the numbers are right is for the other tests of the tasks.
 */
import { expect, test } from '@jest/globals';
import { type DataInput, openSource, type Source } from '../../src/data/source.js';
import { Fields } from '../../src/fields.js';
import { Random } from '../../src/random.js';
import type { PreparedTask, SavedTask, Trained } from '../../src/tasks/definition.js';
import { scoredOn, tasks } from '../../src/tasks/index.js';
import { checkOptions } from '../../src/tasks/options.js';
import type { TaskKind } from '../../src/tasks/settings.js';
import type { Shown } from '../../src/tasks/shown.js';
import { runOf, type TrainTaskOptions } from '../../src/tasks/train.js';
import { expectDocument } from '../documents.js';
import { streamed } from './streamed.js';

interface Case {
  kind: TaskKind;
  data: DataInput | Streamed;
  options: object;
  how: TrainTaskOptions;
  /** Options of predicting, from the end of the training data and from data. */
  predict?: object;
  from?: DataInput | Streamed;
  /** The part that is scored again. */
  scored?: { from?: string };
  backtest?: { folds: number; refit: boolean };
  /** How far numbers may be off, where long training makes more of an order of sums. */
  share?: number;
}

const noise = (i: number) => ((i * 7919) % 101) / 101 - 0.5;
const day = (i: number) => new Date(Date.UTC(2023, 0, 1 + i)).toISOString().slice(0, 10);
const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const monthOf = (i: number) => `${2017 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`;
const text = (name: string, content: string) => ({ name, text: content });

const longer = list(76, (i) => ({
  month: monthOf(i),
  sales: 100 + 2 * i + 20 * Math.sin((Math.PI * i) / 6) + 6 * noise(i),
  staff: (i * 5) % 7,
}));
const months = longer.slice(0, 72);
const stores = ['north', 'south', 'west'].flatMap((store, s) =>
  list(70 + 7 * s, (i) => ({
    day: day(i),
    store,
    promo: (i * 7 + s) % 9 === 0 ? 'yes' : 'no',
    sold:
      i === 31 && s === 1 ? '' : 50 + 10 * s + 5 * (i % 7) + ((i * 7 + s) % 9 === 0 ? 40 : 0) + 8 * noise(i + 13 * s),
  })),
);
const walk = list(90, (i) => ({ level: list(i + 1, noise).reduce((a, b) => a + b), other: (i * i) % 13 }));
const people = list(120, (i) => ({
  age: 20 + ((i * 37) % 50),
  height: i % 11 === 3 ? '' : 150 + ((i * 17) % 45),
  town: ['Ulm', 'Bonn', 'Jena', 'Kiel'][(i * i + 1) % 4],
  kind: (i * 37) % 50 > 25 ? ((i * 17) % 45 > 20 ? 'tall' : 'old') : noise(i) > 0.42 ? 'old' : 'young',
}));
const dated = list(100, (i) => ({
  day: day(i),
  a: noise(i),
  b: noise(3 * i),
  up: noise(i) + noise(3 * i) > 0 ? 1 : 0,
}));
const groups = list(40, (g) => g).flatMap((g) =>
  list(4 + (g % 3), (i) => ({
    run: `r${g}`,
    x: Math.sin(i * (g % 4 === 0 ? 2 : 0.4)) + 0.2 * noise(g + i),
    y: i % 3,
    fast: g % 4 === 0 ? 'fast' : 'slow',
  })),
);
const reviews = list(60, (i) => ({
  said: `the ${['room', 'food', 'view'][i % 3]} was ${i % 4 < 2 ? ['good', 'very fine'][i % 2] : ['bad', 'so dull'][i % 2]} ${['today', 'again'][(i * i) % 2]}`,
  mood: i % 4 < 2 ? 'glad' : 'sad',
}));
const prose = list(
  60,
  (i) =>
    `the ${['cat', 'dog', 'bird'][(i * i) % 3]} saw ${['a tree', 'the sea', 'one more house'][i % 3]}.${i % 5 ? ' ' : '\n'}`,
).join('');
const digits = list(140, (i) => [1, 2, 3, 1, 2, 4, 5][i % 7]).join(' ');
const words = list(100, (i) => ['red', 'green', 'green', 'blue'][(i + Math.floor(i / 20)) % 4]).join(' ');

const smiles = list(
  60,
  (i) => `${['the 😀', 'a 🐈', 'one more 😀'][(i * i) % 3]} saw ${['it', 'the 🌊'][i % 2]}. `,
).join('');
/** What comes is a product of numbers of the row before, which no linear method sees, and a share of one, which needs no network. */
const draws = new Random(5);
const pairs = list(220, () => ({ a: draws.normal(), b: draws.normal() }));
const swings = pairs.map((row, i) => ({
  ...row,
  y: i === 0 ? 0 : 5 * pairs[i - 1].a * pairs[i - 1].b + draws.normal(),
  z: i === 0 ? 0 : 3 * pairs[i - 1].a + 0.01 * draws.normal(),
}));
const hour = (i: number) => new Date(Date.UTC(2023, 0, 2, i)).toISOString().slice(0, 16).replace('T', ' ');
/** Hours with gaps, some rows missing, some cells, and a text that changes. */
const hours = list(24 * 40, (i) => ({
  when: hour(i),
  load: i % 97 === 50 ? '' : 30 + 8 * Math.sin((Math.PI * i) / 12) + 4 * noise(i) + (i % 168 >= 120 ? -6 : 0),
  wind: i % 53 === 7 ? 'n/a' : 5 + 3 * noise(7 * i),
  shift: ['early', 'late', 'night'][Math.floor((i % 24) / 8)],
})).filter((_, i) => i % 211 !== 100);
const counts = ['x', 'y'].flatMap((item, s) =>
  list(80 - 20 * s, (i) => ({
    item,
    day: day(i),
    sold: (i * 7919 + s) % 5 < 3 ? 0 : (i * 31) % 4,
    price: s === 1 && i % 13 === 4 ? '?' : 2 + ((i * 3) % 4),
    open: i % 7 === 6 ? 'no' : 'yes',
  })),
);
const rare = list(90, (i) => ({
  run: Math.floor(i / 3),
  x: noise(i),
  town: ['Ulm', 'Bonn'][(i * i) % 2],
  kind: Math.floor(i / 3) % 6 === 0 ? 'rare' : 'common',
}));

/** Rows as a file that is read as a stream. */
class Streamed {
  readonly source: Source;
  constructor(rows: object[]) {
    const lines = rows.map((row) => Object.values(row).join(','));
    this.source = streamed(`${Object.keys(rows[0]).join(',')}\n${lines.join('\n')}\n`);
  }
}
const sourceOf = (data: DataInput | Streamed) => (data instanceof Streamed ? data.source : openSource(data));
/** Two years and more of days with a year and a week in them. */
const weather = list(770, (i) => ({
  day: day(i),
  warm: 12 + 9 * Math.sin((2 * Math.PI * i) / 365.25) + (i % 7 === 6 ? 2 : 0) + 3 * noise(i),
  rain: (i * 31) % 17,
  holiday: i % 7 === 6 || i % 30 === 4 ? 1 : 0,
}));
/** Shops that grow, which open one after the other. */
const shops = ['a', 'b', 'c', 'd'].flatMap((shop, s) =>
  list(26 - 2 * s, (i) => ({
    month: monthOf(3 * s + i),
    shop,
    turnover: (20 + 5 * s) * 1.04 ** i * (1 + 0.1 * noise(i + 17 * s)),
    visits: 100 + ((i * 13 + s) % 29),
  })),
);
const sensors = list(300, (i) => i).flatMap((i) =>
  ['p', 'q'].map((sensor, s) => ({
    at: hour(i),
    sensor,
    level: (10 + 4 * Math.sin((Math.PI * i) / 12) + 2 * noise(2 * i + s) + 0.01 * i).toFixed(3),
    open: (i + s) % 5 === 0 ? 'yes' : 'no',
  })),
);
const parcels = list(1500, (i) => ({
  weight: ((i * 37) % 101) / 10,
  size: (noise(i) * 10).toFixed(2),
  from: ['Ulm', 'Bonn', 'Jena'][(i * i) % 3],
  kind: i % 300 === 7 ? 'lost' : (i * 37) % 101 > 60 + 40 * noise(i) ? 'late' : 'right',
}));

const short = { seed: 3, threads: 1, settings: { epochs: 2 } };
const plain = { ...short, plain: true };
const cases: Record<string, Case> = {
  'forecast/season': {
    kind: 'forecast',
    data: months,
    options: { targets: ['sales'], horizon: 3 },
    how: short,
    predict: { steps: 5, interval: [50, 95] },
    from: longer,
    scored: { from: '2022-01' },
    backtest: { folds: 2, refit: true },
  },
  'forecast/stores': {
    kind: 'forecast',
    data: stores,
    options: { targets: ['sold'], group: ['store'], known: ['promo'], horizon: 2 },
    how: short,
    predict: {
      future: ['north', 'south', 'west'].flatMap((store, s) =>
        list(2, (i) => ({ day: day(70 + 7 * s + i), store, promo: i === 0 ? 'yes' : 'no' })),
      ),
    },
    backtest: { folds: 2, refit: false },
  },
  'forecast/walk': {
    kind: 'forecast',
    data: walk,
    options: { targets: ['level'] },
    how: short,
    scored: { from: '60' },
  },
  'forecast/pair': {
    kind: 'forecast',
    data: months.slice(20),
    options: { targets: ['sales', 'staff'], horizon: 2 },
    how: { ...short, layers: 'LSTM(3), Dense(4)' },
    predict: { steps: 3, interval: [80] },
    scored: { from: '2022-06' },
  },
  'forecast/plain': {
    kind: 'forecast',
    data: months,
    options: { targets: ['sales', 'staff'], window: 6, horizon: 2 },
    how: { ...plain, settings: { epochs: 2, batchSize: 8, optimizer: 'rmsprop', learningRate: 0.01 } },
    predict: { steps: 3 },
    from: months.slice(0, 50),
    scored: {},
    backtest: { folds: 2, refit: true },
  },
  'forecast/swings': {
    kind: 'forecast',
    data: swings,
    options: { targets: ['y', 'z'], horizon: 2, window: 4 },
    how: { seed: 3, threads: 1, settings: { epochs: 60, learningRate: 0.02 } },
    predict: { interval: [80] },
    scored: { from: '200' },
    share: 0.05,
  },
  'forecast/hours': {
    kind: 'forecast',
    data: hours,
    options: { targets: ['load'], features: ['wind'], every: '1d', missing: ['n/a'], horizon: 3 },
    how: short,
    predict: { steps: 4 },
    from: hours.slice(0, 500),
    scored: { from: '2023-02-01' },
  },
  'forecast/nights': {
    kind: 'forecast',
    data: hours.slice(0, 400),
    options: { targets: ['load'], known: ['shift'], drop: ['wind'], horizon: 4 },
    how: short,
    predict: { future: list(30, (i) => ({ when: hour(398 + i), shift: ['early', 'late', 'night'][i % 3] })), steps: 5 },
    scored: {},
    backtest: { folds: 2, refit: false },
  },
  'forecast/counts': {
    kind: 'forecast',
    data: counts,
    options: { targets: ['sold', 'price'], group: ['item'], known: ['open'], missing: ['?'], horizon: 3 },
    how: short,
    predict: {
      steps: 2,
      interval: [50],
      future: ['x', 'y'].flatMap((item, s) => list(3, (i) => ({ item, day: day(80 - 20 * s + i), open: 'no' }))),
    },
    scored: { from: '2023-02-20' },
    backtest: { folds: 2, refit: true },
  },
  'forecast/items': {
    kind: 'forecast',
    data: counts,
    options: { targets: ['sold'], group: ['item'], features: ['open'], window: 5, horizon: 2 },
    how: { ...plain, layers: 'GRU(4), Dense(2)' },
    from: counts.slice(0, 100),
    scored: {},
  },
  'forecast/weather': {
    kind: 'forecast',
    data: weather,
    options: { targets: ['warm'], known: ['holiday'], horizon: 2, window: 5 },
    how: short,
    predict: { steps: 3, future: list(4, (i) => ({ day: day(770 + i), holiday: i % 2 })) },
    scored: { from: '2025-01-20' },
  },
  'forecast/shops': {
    kind: 'forecast',
    data: shops,
    options: { targets: ['turnover'], group: ['shop'], horizon: 3 },
    how: short,
    predict: { interval: [60] },
    from: shops.filter(({ shop }) => shop !== 'b').slice(5),
    scored: {},
    backtest: { folds: 2, refit: true },
  },
  'forecast/sensors': {
    kind: 'forecast',
    data: new Streamed(sensors),
    options: { targets: ['level'], group: ['sensor'], features: ['open'], mostRows: 180, window: 4, horizon: 2 },
    how: short,
    from: new Streamed(sensors.slice(0, 500)),
  },
  'classify/parcels': {
    kind: 'classify',
    data: new Streamed(parcels),
    options: { label: 'kind', mostRows: 200 },
    how: short,
    from: parcels.slice(0, 6),
    scored: {},
  },
  'classify/steps': {
    kind: 'classify',
    data: list(90, (i) => ({
      a1: noise(i),
      b1: ['x', 'y'][i % 2],
      a2: i % 13 === 4 ? '' : noise(5 * i),
      b2: ['x', 'y', 'z'][(i * i) % 3],
      a3: noise(7 * i),
      b3: ['z', 'x'][(i * i) % 5 > 2 ? 1 : 0],
      c: noise(i) > noise(7 * i) ? 'fall' : 'rise',
    })),
    options: { label: 'c', steps: 3, classWeights: 'balanced' },
    how: short,
    scored: {},
    backtest: { folds: 2, refit: true },
  },
  'classify/layers': {
    kind: 'classify',
    data: people.map((row, i) => ({ ...row, member: i % 3 === 0, noted: day(i * 5) })),
    options: { label: 'kind', drop: ['height'] },
    how: { ...short, layers: 'Dense(6, relu), Dense(3, softmax)' },
    from: people.slice(3, 9).map((row, i) => ({ ...row, member: i % 2 === 0, noted: day(i) })),
    scored: {},
    backtest: { folds: 3, refit: true },
  },
  'classify/people': {
    kind: 'classify',
    data: people,
    options: { label: 'kind' },
    how: short,
    from: people.slice(0, 5),
    scored: {},
    backtest: { folds: 3, refit: true },
  },
  'classify/dated': {
    kind: 'classify',
    data: dated,
    options: { label: 'up' },
    how: short,
    from: dated.slice(90),
    scored: {},
  },
  'classify/groups': {
    kind: 'classify',
    data: groups,
    options: { label: 'fast', group: ['run'], classWeights: 'balanced' },
    how: short,
    from: groups.slice(0, 15),
    scored: {},
  },
  'classify/texts': {
    kind: 'classify',
    data: reviews,
    options: { label: 'mood', textColumn: 'said', tokens: 'words' },
    how: short,
    from: reviews.slice(0, 4),
    scored: {},
  },
  'classify/plain': {
    kind: 'classify',
    data: list(60, (i) => ({
      a1: noise(i),
      b1: noise(2 * i),
      a2: noise(5 * i),
      b2: noise(i * i),
      c: noise(i) > noise(5 * i) ? 'fall' : 'rise',
    })),
    options: { label: 'c', steps: 2 },
    how: plain,
    scored: {},
  },
  'classify/rare': {
    kind: 'classify',
    data: rare,
    options: { label: 'kind', group: ['run'], classWeights: 'balanced' },
    how: { ...plain, layers: 'LSTM(4), Dense(2, softmax)' },
    from: rare.slice(0, 9),
    scored: {},
  },
  'classify/letters': {
    kind: 'classify',
    data: reviews.map(({ said, mood }, i) => ({ said: i % 9 === 4 ? `${said} 😀` : said, mood, stars: (i * 7) % 5 })),
    options: { label: 'mood', textColumn: 'said', tokens: 'characters' },
    how: { ...short, layers: 'Embedding(24, 4), GRU(5), Dense(2, softmax)' },
    from: reviews.slice(0, 4),
    scored: {},
  },
  'text/characters': {
    kind: 'text',
    data: text('prose.txt', prose),
    options: { window: 8 },
    how: { ...short, layers: 'Embedding(17, 6), LSTM(8, return_sequences=true), Dense(17, softmax)' },
    predict: { prompt: 'the ', length: 30, temperature: 0.7, topK: 5 },
    scored: {},
  },
  'text/words': {
    kind: 'text',
    data: text('prose.txt', prose),
    options: { window: 6, tokens: 'words', vocabulary: 12 },
    how: plain,
    predict: { length: 12, topP: 0.9, seed: 4 },
    scored: {},
  },
  'text/pairs': {
    kind: 'text',
    data: text('prose.txt', prose),
    options: { window: 8, tokens: 'bpe', vocabulary: 20, pure: true },
    how: { ...short, layers: 'Embedding(37, 6), GRU(8, return_sequences=true), Dense(37, softmax)' },
    predict: { prompt: 'a', length: 10, stop: '\n' },
    scored: {},
  },
  'text/smiles': {
    kind: 'text',
    data: text('smiles.txt', smiles),
    options: { window: 6, tokens: 'words', vocabulary: 9 },
    how: plain,
    predict: { prompt: '😀', length: 8, topP: 0.9, seed: 4 },
    scored: {},
  },
  'text/last': {
    kind: 'text',
    data: text('smiles.txt', smiles),
    options: { window: 5 },
    how: { ...short, layers: 'Embedding(12, 6), LSTM(8), Dense(12, softmax)' },
    predict: { prompt: 'saw ', length: 9, temperature: 0.5 },
    scored: {},
  },
  'symbols/few': {
    kind: 'symbols',
    data: text('words.txt', words),
    options: { window: 2 },
    how: { ...short, layers: 'SimpleRNN(4), Dense(3, softmax)' },
    predict: { steps: 5, start: 'blue red' },
    scored: {},
  },
  'symbols/digits': {
    kind: 'symbols',
    data: text('digits.txt', digits),
    options: {},
    how: short,
    predict: { steps: 4, start: '3 1 2' },
    scored: {},
  },
  'symbols/words': {
    kind: 'symbols',
    data: text('words.txt', words),
    options: { window: 3 },
    how: plain,
    predict: { steps: 3 },
    scored: {},
  },
};

test.each(Object.entries(cases))(
  '%s',
  async (name, { kind, data, options, how, predict, from, scored, backtest, share }) => {
    const task = tasks[kind];
    const checked = checkOptions(task.options, options, kind);
    const stages: string[] = [];
    const shown: Shown[] = [];
    const run = runOf({ ...how, stage: (part) => stages.push(part), shown: (part) => shown.push(part) }, 'the data');
    const { train, ...prepared }: PreparedTask<SavedTask, { kind: TaskKind }> = await task.prepare(
      sourceOf(data),
      checked,
      run,
    );
    const { model, artefact, evaluation, ...trained }: Trained<SavedTask, { kind: TaskKind }> = await train();
    const loaded = { model, artefact, name: 'the model' };
    const asked = checkOptions(task.predictOptions, predict ?? {}, 'predict');
    const predicted = [kind === 'classify' ? undefined : await task.predict(loaded, undefined, asked)];
    if (from) predicted.push(await task.predict(loaded, sourceOf(from), predict && 'future' in predict ? {} : asked));
    const saved: unknown = JSON.parse(JSON.stringify(artefact));
    expect(JSON.parse(JSON.stringify(task.parse(new Fields(saved, 'saved'))))).toEqual(saved);
    expectDocument(
      `tasks/${name}`,
      {
        prepared,
        trained,
        stages,
        evaluation,
        told: task.tell(evaluation, scoredOn(prepared.heldOut)),
        score: task.score(evaluation, checked),
        next: task.next(artefact, 'folder', 'data.csv'),
        shapes: task.shapes(artefact),
        arrays: task.arrays(artefact),
        artefact,
        weights: model.getWeights().map(({ shape, data }) => ({ shape, data })),
        shown,
        predicted,
        ...(scored && { scored: await task.evaluate(loaded, sourceOf(data), scored) }),
        ...(backtest && {
          backtest: await task.backtest?.(sourceOf(data), checked, runOf(how, 'the data'), backtest),
        }),
      },
      share,
    );
    model.dispose();
  },
);
