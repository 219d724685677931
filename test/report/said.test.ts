/** What stands in a report about what is left out, missing or of one only: whole lines. */

import { describe, expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { forecast } from '../../src/index.js';
import { describe as describeReport } from '../../src/report/describe.js';
import { drawInput } from '../../src/report/figures/input.js';
import type { Html } from '../../src/report/html.js';
import { gateFigures, report as reportOf } from '../../src/report/index.js';
import { dataSection, predictedSection } from '../../src/report/sections/common.js';
import { forecastSections } from '../../src/report/sections/forecast.js';
import { lookSections } from '../../src/report/sections/look.js';
import { checkKernels } from '../../src/speed/check.js';
import { refusal } from '../refusal.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const report = { title: 'm', headline: [], warnings: [], shown: [], left: 0, network: [], made: [] };
const read = (sections: (Html | undefined)[]) => parseHTML(`<html><body>${sections.join('')}</body></html>`).document;
const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));

test.each<[string, () => unknown]>([
  ['usage: gateFigures takes a model of layers, not {"a":1}', () => gateFigures({ a: 1 } as Any, [])],
  [
    'usage: a report is of a model that forecast(), classify(), … or loadTask gave, not "m"',
    () => reportOf('m' as Any),
  ],
  [
    'usage: a report is of a model that forecast(), classify(), … or loadTask gave, not null',
    () => reportOf(null as Any),
  ],
])('%s', async (message, run) => {
  expect(await refusal(run)).toBe(message);
});

describe('what was understood of the data', () => {
  const account = { source: 't.csv', read: 12, rows: 12, columns: [], notes: [], warnings: [] };
  const time = {
    columns: ['day'],
    notation: 'yyyy-MM-dd',
    first: '2020-01-01',
    last: '2020-02-03',
    gaps: 2,
    sorted: false,
  };
  const facts = (more: object) => {
    const document = read([dataSection({ account: { ...account, ...more } as Any })]);
    return Array.from(document.querySelectorAll('#data li'), ({ textContent }) => textContent);
  };
  test.each<[string, object, string[]]>([
    ['rows', {}, ['12 rows']],
    ['a row', { read: 1, rows: 1 }, ['1 row']],
    ['rows that are left out', { rows: 9 }, ['9 of 12 rows']],
    ['times that are missing', { rows: 15 }, ['12 rows; 15 with the times that are missing']],
    [
      'a time without steps',
      { time },
      ['12 rows', 'time: day (yyyy-MM-dd), 2020-01-01 to 2020-02-03', 'no regular step, 2 gaps'],
    ],
    [
      'a time of steps',
      { time: { ...time, step: '1 month', season: 12, gaps: 1, sorted: true } },
      [
        '12 rows',
        'time: day (yyyy-MM-dd), 2020-01-01 to 2020-02-03',
        'a row each month, a season of 12 rows, 1 gap; rows were sorted',
      ],
    ],
    [
      'a time of numbers',
      { time: { ...time, step: '2.5', gaps: 0 } },
      ['12 rows', 'time: day (yyyy-MM-dd), 2020-01-01 to 2020-02-03', 'a row each step of 2.5, 0 gaps'],
    ],
    [
      'several steps',
      { time: { ...time, step: '15 min', gaps: 0 } },
      ['12 rows', 'time: day (yyyy-MM-dd), 2020-01-01 to 2020-02-03', 'a row each 15 min, 0 gaps'],
    ],
    [
      'series',
      { series: { count: 3, columns: ['shop', 'item'], shortest: 4, longest: 7 }, notes: ['a note'] },
      ['12 rows', '3 series by shop, item, of 4 to 7 rows', 'a note'],
    ],
    [
      'series as long as each other',
      { series: { count: 2, columns: ['shop'], shortest: 6, longest: 6 } },
      ['12 rows', '2 series by shop, of 6 rows'],
    ],
  ])('%s', (_, more, lines) => {
    expect(facts(more)).toEqual(lines);
  });
});

test.each([
  [1, '1 more row; --out FILE writes all.'],
  [5, '5 more rows; --out FILE writes all.'],
])('%d rows that were predicted and are not shown are counted', (more, note) => {
  const predicted = { head: ['row', 'y'], rows: [[1, 2]], count: 1 + more };
  const document = read([predictedSection({ ...report, kind: 'forecast', predicted } as Any)]);
  expect(document.querySelector('#predicted .note')?.textContent).toBe(note);
});

test.each([
  [60, 'The longest first.'],
  [61, 'The 30 longest and the 30 shortest of 61.'],
  [99, 'The 30 longest and the 30 shortest of 99.'],
])(
  'of %d series in a table the longest and the shortest are listed, the longest first, and who is listed is said',
  async (count, note) => {
    const lengths = list(count, (i) => ({ name: `s${i}`, rows: (i * 7) % count, missing: i % 3 }));
    const look = {
      understood: { source: 't', read: 1, rows: 1, columns: [], notes: [] },
      axis: 'row',
      series: [],
      left: [],
      lengths,
    };
    const document = read(await lookSections(look as Any));
    expect(document.querySelector('#series .note')?.textContent).toBe(note);
    const sorted = lengths.sort((a, b) => b.rows - a.rows).map((one) => [one.name, `${one.rows}`, `${one.missing}`]);
    const listed = Array.from(document.querySelectorAll('#series tbody tr'), (row) =>
      Array.from(row.querySelectorAll('td'), ({ textContent }) => textContent),
    );
    expect(listed).toEqual(count > 60 ? [...sorted.slice(0, 30), ...sorted.slice(-30)] : sorted);
  },
);

test.each([
  [60, 60, 'The worst first.'],
  [61, 61, 'The 30 worst and the 30 best of 61.'],
  [60, 61, 'The worst first. 1 series has no rows in the part held out.'],
  [75, 78, 'The 30 worst and the 30 best of 75. 3 series have no rows in the part held out.'],
])('of %d series that were scored of %d, who is listed is said', async (scored, count, note) => {
  const verdict = { than: 'naive', ratio: 0.5, better: true, text: '' };
  const errors = { mae: 1, rmse: 1, smape: 1, mase: 1 };
  const series = list(scored, (i) => ({
    name: `s${i}`,
    samples: 3,
    targets: [{ column: 'y', ...errors }],
    verdict,
  }));
  const method = { ...errors, steps: [{ step: 1, ...errors }] };
  const evaluation = {
    kind: 'forecast',
    samples: 3,
    horizon: 1,
    season: 1,
    trainedOn: false,
    notes: [],
    verdict,
    series,
    targets: [{ column: 'y', ...method, naive: method, drift: method }],
  };
  const account = { series: { count, columns: ['g'], shortest: 1, longest: 2 } };
  const document = read(await forecastSections({ ...report, kind: 'forecast', evaluation, account, next: [] } as Any));
  expect(document.querySelector('#series .note')?.textContent).toBe(note);
});

test.each([
  [['a'], 'Input: a, as the network sees it'],
  [['a', 'b', 'c'], 'Input: a, b, c, as the network sees it'],
  [list(6, (i) => `f${i}`), 'Input: f0, f1, f2, f3, f4 and 1 more, as the network sees it'],
  [list(9, (i) => `f${i}`), 'Input: f0, f1, f2, f3, f4 and 4 more, as the network sees it'],
])('features of an input, %j, are named as far as they are drawn', async (features, title) => {
  const figure = await drawInput(
    list(4, (i) => features.map((_, f) => i + f)),
    features,
  );
  expect(figure.title).toBe(title);
});

describe('titles, and what comes next', () => {
  const rows = list(16, (i) => ({ y: i % 7, z: (i * i) % 5, known: i % 2, kind: 'uv'[i % 2] }));
  test('a forecast is of its columns; what it cannot go on from is warned of', async () => {
    const model = await forecast(rows, {
      target: ['y', 'z'],
      known: ['known'],
      horizon: 2,
      window: 4,
      epochs: 1,
      seed: 1,
    });
    const { title, warnings } = await describeReport({
      ...(model as Any),
      loaded: (model as Any).loaded,
      warnings: [],
      pictures: { shown: [], left: 0 },
    } as Any);
    expect([title, warnings]).toEqual([
      'Forecast of y, z, data',
      [
        'what comes next is not drawn: the model: needs known of the rows to come: give --future FILE with the columns known',
      ],
    ]);
  });
});

test.each(['batch', 'steps', 'inputs', 'units'] as const)('check refuses sizes that are none: %s', async (name) => {
  const shape = { batch: 1, steps: 1, inputs: 1, units: 1, [name]: 0 };
  expect(await refusal(() => (checkKernels as Any)({ shapes: [shape] }))).toBe(
    `usage: check: ${name} is 0; it needs to be a whole number from 1 up`,
  );
});
