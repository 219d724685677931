/**
 * Whole reports of numbers that are known, each different from all others, as they were when people last looked at them: every
 * figure and table in them. After a change that is meant, `jest test/report/drawn -u` writes them anew: look at the difference.
 */
import { expect, test } from '@jest/globals';
import { gunzipSync, strFromU8 } from 'fflate';
import { plot } from 'memcell';
import { drawGates } from '../../src/report/figures/gates.js';
import { gatesPage } from '../../src/report/index.js';
import type { ReportInput } from '../../src/report/input.js';
import { livePage } from '../../src/report/live.js';
import { renderReport } from '../../src/report/page.js';
import { figuresOf, lookPage, sheetOf } from '../../src/report/plot.js';
import { lookSections } from '../../src/report/sections/look.js';
import type { ForecastEvaluation } from '../../src/tasks/forecast/evaluation.js';
import type { ShownForecasts } from '../../src/tasks/shown.js';

/** A page without its style and programs, a tag to a line, and what is packed in it unpacked. */
function linesOf(page: string): string {
  return page
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/<script>\(function (\w+)[\s\S]*?<\/script>/g, '<script>$1</script>')
    .replace(
      /data-packed="([^"]*)"[^>]*>/g,
      (_, packed: string) => `packed>${strFromU8(gunzipSync(Buffer.from(packed, 'base64')))}`,
    )
    .replace(/>(?=<)/g, '>\n');
}

const day = 86_400_000;
const dates = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => Date.UTC(2024, 1, 27) + (from + i) * day);
const wave = (count: number, scale: number) =>
  Array.from({ length: count }, (_, i) => scale * (10 + ((i * 7) % 5) + i / 8));

const settings = { epochs: 3, batchSize: 16, optimizer: 'adam', learningRate: 0.002, validationSplit: 0.2, seed: 7 };
const common: Omit<ReportInput, 'kind'> = {
  title: 'A <title> & more',
  headline: ['4 forecasts of 3 steps', 'better than "guesses"'],
  warnings: ['few rows', 'and <old> ones'],
  shown: [],
  left: 0,
  network: [
    { name: 'lstm (LSTM)', output: '(null, 8)', parameters: 320, runs: 'engine' },
    { name: 'dense (Dense)', output: '(null, 2)', parameters: 18, runs: 'TensorFlow.js: too small' },
  ],
  layers: 'LSTM(8), Dense(2)',
  settings,
  made: [
    ['made by', 'memcell train'],
    ['data', 'x.csv'],
  ],
  account: {
    source: 'x.csv',
    read: 30,
    rows: 33,
    time: {
      columns: ['year', 'day'],
      notation: 'yyyy DDD',
      first: '2024 058',
      last: '2024 090',
      step: '1 day',
      season: 7,
      gaps: 3,
      sorted: true,
    },
    columns: [
      { name: 'sold', use: 'target', how: 'number', missing: 2, filled: 'linear' },
      {
        name: 'price',
        use: 'target',
        how: 'number, thousands 1.070',
        why: 'the only one',
        missing: 1,
        filled: 'last value',
      },
      { name: 'note', use: 'out', how: 'text', why: 'differs in nearly every row', missing: 4 },
    ],
    series: { columns: ['shop'], count: 4, shortest: 9, longest: 24 },
    notes: ['a footer of 2 rows was left out'],
  },
};

const interval = (probability: number, y: number[], wide: number) => ({
  probability,
  lower: y.map((value, i) => value - wide * (i + 1)),
  upper: y.map((value, i) => value + 1.5 * wide * (i + 1)),
});
const block = (x: number[], y: number[], wide: number) => ({
  x,
  y,
  intervals: [interval(0.8, y, wide), interval(0.95, y, 2 * wide)],
});
const seriesOf = (series: string, relative: number, axis: 'date' | 'row', scale: number): ShownForecasts => {
  const at = (from: number, count: number) =>
    axis === 'date' ? dates(from, count) : Array.from({ length: count }, (_, i) => from + i + 1);
  const column = (name: string, times: number) => ({
    name,
    actual: { x: at(0, 24), y: wave(24, scale * times) },
    forecasts: [
      block(
        at(18, 3),
        [5, 6, 4].map((y) => y * times * scale),
        times,
      ),
      block(
        at(21, 2),
        [7, 3].map((y) => y * times * scale),
        times / 2,
      ),
    ],
    residuals: { x: at(18, 5), y: [0.5, -1.25, 2, 0.125, -0.75].map((y) => y * times) },
    histogram: [
      { from: -2, to: 0, count: 2 },
      { from: 0, to: 2, count: 2 },
      { from: 2, to: 4, count: 1 },
    ],
    mae: 0.9 * times,
  });
  return {
    kind: 'forecast',
    series,
    axis,
    relative,
    scored: 9,
    shown: 5,
    columns: [column('sold', 1), column('price', 30)],
  };
};

const errors = (mae: number, mase: number | null = mae / 4) => ({
  mae,
  rmse: 1.5 * mae,
  smape: 11 * mae,
  mase,
  steps: [0.5, 1, 1.75].map((part, h) => ({ step: h + 1, mae: part * mae, rmse: 1.5 * part * mae })),
});
const verdict = (text: string, ratio: number | null) => ({ text, ratio, than: `the guess of ${text}` });
const covered = {
  ...errors(1.1),
  coverage: [
    { probability: 0.8, share: 0.75 },
    { probability: 0.95, share: 0.9375 },
  ],
  steps: [1, 2, 3].map((h) => ({
    step: h,
    mae: h / 2,
    rmse: h,
    coverage: [
      { probability: 0.8, share: 0.7 + h / 50 },
      { probability: 0.95, share: 0.91 + h / 100 },
    ],
  })),
};
const forecastScores = {
  kind: 'forecast',
  samples: 12,
  horizon: 3,
  season: 7,
  targets: [
    {
      column: 'sold',
      ...covered,
      naive: errors(2.2),
      seasonalNaive: errors(3.3),
      drift: errors(4.4),
      smoothing: errors(1.3),
    },
    { column: 'price', ...errors(50), naive: errors(60), drift: errors(70, null) },
  ],
  verdict: verdict('all', 0.7),
  series: [
    {
      name: 'north',
      samples: 5,
      targets: [
        { column: 'sold', ...errors(2) },
        { column: 'price', ...errors(33, null) },
      ],
      verdict: verdict('north', 0.456),
    },
    {
      name: 'south',
      samples: 7,
      targets: [
        { column: 'sold', ...errors(6) },
        { column: 'price', ...errors(44) },
      ],
      verdict: verdict('south', null),
    },
  ],
  folds: [
    { samples: 4, from: '2024-03-01', targets: [{ column: 'sold', ...errors(3) }], verdict: verdict('first', 0.5) },
    { samples: 8, targets: [{ column: 'sold', ...errors(5) }], verdict: verdict('second', 0.6) },
  ],
  trainedOn: false,
  notes: ['made so', 'scored so'],
} as unknown as ForecastEvaluation;

const layer = (name: string, units: number, halfLives?: (number | null)[]) => ({
  layer: name,
  kind: 'LSTM' as const,
  steps: 4,
  of: { units: units + 1, steps: 6 },
  units: Array.from({ length: units }, (_, i) => units - i),
  ...(halfLives && { halfLives }),
  maps: ['input', 'cell'].map((map, m) => ({
    name: map,
    low: -2.5 * m,
    high: 1 + 1.5 * m,
    bytes: btoa(String.fromCharCode(...Array.from({ length: 4 * units }, (_, i) => (i * 67 + 31 * m) % 256))),
  })),
});
const gates = {
  name: 'row 3',
  input: {
    values: [
      [1, -2],
      [3, 0.5],
      [-1, 4],
      [2, 2.5],
    ],
    features: ['sold', 'wind'],
  },
  layers: [layer('lstm', 3, [12.345, null, 0.5])],
  attribution: {
    what: 'yes',
    values: [
      [0.1, -0.4],
      [0.25, 0],
      [-0.3, 0.05],
      [0.6, 0.2],
    ],
    output: 1.25,
    baseline: 0.75,
    gap: 0.000123,
  },
};
const words = {
  name: 'a text',
  tokens: ['the', 'cat', '\n', 'internationalization', 'on', 'it'],
  layers: [layer('gru', 2)],
  attribution: { values: [[0.5], [-0.25], [0], [1], [0.125], [-2]], output: 3, baseline: -1, gap: 0.02 },
};

test.each<[string, ReportInput]>([
  [
    'forecasts of several series',
    {
      ...common,
      kind: 'forecast',
      evaluation: forecastScores,
      shown: [seriesOf('north', 0.75, 'date', 1), seriesOf('south', 0.5, 'date', 2)],
      left: 2,
      next: [
        { series: 'north', columns: [block(dates(24, 3), [12, 14, 13], 1), block(dates(24, 3), [300, 310, 290], 20)] },
      ],
      predicted: {
        head: ['shop', 'day', 'sold'],
        rows: [
          ['north', '2024-03-22', 12.34567],
          ['south', '2024-03-22', 0.00012345],
        ],
        count: 5,
      },
      history: { loss: [90, 4, 2], val_loss: [80, 3, 3.5], mae: [9, 8, 7], val_mae: [9.5, 8.5, 8] },
      gates,
    },
  ],
  [
    'the forecasts of one series that has no time',
    {
      ...common,
      kind: 'forecast',
      shown: [{ ...seriesOf('', 0, 'row', 100), scored: 5 }],
      next: [{ series: '', columns: [block([25], [1200], 100)] }],
      settings: { ...settings, patience: 2 },
      history: { loss: [3, 2, 1.5], val_loss: [4, 2.5, 2.75] },
      tuning: {
        metric: 'MAE',
        verdict: ['the best is trial 3', 'by 20 %'],
        best: 3,
        trials: [
          { trial: 1, given: '', error: 4, parameters: 320, seconds: 12 },
          { trial: 2, given: '--layers LSTM(9)', failed: 'no memory', seconds: 3 },
          { trial: 3, given: '--lr <0.1>', error: 0.25, parameters: 512, seconds: 75 },
          { trial: 4, given: '--seed 9', error: 5.5, seconds: 7 },
        ],
      },
    },
  ],
  [
    'classes',
    {
      ...common,
      kind: 'classify',
      evaluation: {
        kind: 'classify',
        samples: 20,
        accuracy: 0.75,
        majorityAccuracy: 0.4,
        balancedAccuracy: 0.7,
        macroF1: 0.65,
        auc: 0.91234,
        logLoss: 0.54321,
        classes: [
          { name: 'cat', samples: 8, precision: 0.875, recall: 0.75, f1: 0.8077 },
          { name: 'a long name of a class that is cut', samples: 12, precision: null, recall: 0.25, f1: 0 },
          { name: 'x', samples: 0, precision: 0.5, recall: null, f1: null },
        ],
        confusion: [
          [6, 2, 0],
          [4, 3, 5],
          [0, 0, 0],
        ],
        verdict: 'better',
        better: true,
        notes: ['held out: the last 20 %'],
      } as unknown as ReportInput['evaluation'],
      shown: [
        {
          kind: 'classify',
          classes: ['cat', 'x'],
          reliability: [
            { from: 0.5, to: 0.75, count: 3, probability: 0.625, right: 0.5 },
            { from: 0.75, to: 1, count: 12, probability: 0.9, right: 0.875 },
          ],
          mistakes: [
            {
              name: 'group 4',
              actual: 'cat',
              answered: 'x',
              probability: 0.98,
              steps: [
                [1, 20],
                [3, 15],
                [2, 30],
              ],
            },
            { name: 'row 7', actual: 'x', answered: 'cat', probability: 0.75, steps: [[1.25, -3]] },
            { name: 'row 9', actual: 'x', answered: 'cat', probability: 0.7, text: 'some <words>' },
            { name: 'row 11', actual: 'cat', answered: 'x', probability: 0.6 },
          ],
          inputs: ['height', 'width'],
        },
      ],
      predicted: {
        head: ['row', 'class', 'p(cat)', 'age'],
        rows: [
          [1, 'cat', 0.98765, 31.25],
          [2, 'x', 0.0001, 4],
        ],
        count: 2,
      },
      history: { loss: [0.5], val_loss: [0.25], accuracy: [0.75] },
    },
  ],
  [
    'a text',
    {
      ...common,
      kind: 'text',
      evaluation: {
        kind: 'text',
        samples: 500,
        crossEntropy: 1.25,
        bitsPerCharacter: 1.8034,
        perplexity: 3.49,
        unigramCrossEntropy: 2.5,
        network: {
          crossEntropy: 1.5,
          bitsPerCharacter: 2.164,
          perplexity: 4.48,
          cold: { crossEntropy: 1.75, bitsPerCharacter: 2.5247, perplexity: 5.75 },
        },
        counts: { crossEntropy: 1.4, bitsPerCharacter: 2.02, perplexity: 4.06, back: 5 },
      },
      shown: [
        {
          kind: 'text',
          tokens: [
            { text: 'a', bits: 0.5 },
            { text: '\n', bits: 4.25 },
            { text: '<', bits: 12 },
          ],
          confusions: [
            { actual: 'a', expected: '\n', count: 4 },
            { actual: '"', expected: 'b', count: 3 },
          ],
        },
      ],
      samples: [
        { temperature: 0.5, text: 'a <text>' },
        { temperature: 1.1, text: 'another' },
      ],
      history: { loss: [2, 1.5], val_loss: [2.2, 1.9] },
      gates: words,
    },
  ],
  [
    'symbols',
    {
      ...common,
      kind: 'symbols',
      evaluation: {
        kind: 'symbols',
        samples: 40,
        accuracy: 0.9,
        majorityAccuracy: 0.2,
        repeatAccuracy: 0.3,
        counts: { back: 2, accuracy: 0.85 },
      },
    },
  ],
])('a report of %s', async (_, input) => {
  expect(linesOf(await renderReport(input))).toMatchSnapshot();
});

test('a page of gates, and its figures alone', async () => {
  expect(linesOf(await gatesPage('gates of <m>', gates))).toMatchSnapshot();
  expect(
    [drawGates(gates.layers[0]), drawGates(words.layers[0], words.tokens)].map(({ svg }) => linesOf(svg)),
  ).toMatchSnapshot();
});

test('the page of a training that goes on', () => {
  expect(linesOf(livePage('training <m>', 'a token'))).toMatchSnapshot();
});

test('a look at two series, its page and its figures on a sheet', async () => {
  const kinds = ['rain', 'sun', 'a long name of a kind of weather', 'sun', 'fog'];
  const rows = ['north', 'south'].flatMap((shop, s) =>
    Array.from({ length: 30 - 4 * s }, (_, i) => ({
      shop,
      when: new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
      sold: i % 11 === 5 + s ? '' : 100 * (s + 1) + ((i * 5) % 11) + (i % 7 === 2 ? 20 : 0),
      wind: ((i * 13) % 10) / 4 - 1,
      weather: kinds[(i * i) % 5],
    })),
  );
  const { look } = await plot(rows, { group: ['shop'] });
  const sections = await lookSections(look);
  expect(linesOf(lookPage(look, sections))).toMatchSnapshot('page');
  const sheet = sheetOf(figuresOf(sections)).replace(/<svg (?!xmlns).*?<\/svg>/gs, 'a figure');
  expect(linesOf(sheet)).toMatchSnapshot('sheet');
});
