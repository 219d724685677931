/** Columns known ahead, of several series: which rows are taken, and what is said where they are missing. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Loaded } from '../../../src/tasks/definition.js';
import type { ForecastArtefact } from '../../../src/tasks/forecast/artefact.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import { failure, noise, rowsOf, source, train } from './support.js';

const date = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
const promo = (i: number, s: number) => Number(noise(i, 3 + s) > 0.2);
const sold = (i: number, s: number) => (50 + 30 * s + 20 * promo(i, s) + (i % 7) + noise(i, 9)).toFixed(2);
/** Rows of a store from day `from` on; those after day `last` have no target. */
const rows = (s: number, from: number, to: number, last = to) =>
  Array.from({ length: to - from }, (_, k) => from + k).map(
    (i) => `${date(i)},${['north', 'south'][s]},${promo(i, s)},${i < last ? sold(i, s) : ''}`,
  );
const table = (...parts: string[][]) => ['date,store,promo,sold', ...parts.flat()].join('\n');
/** Data of 60 days of one store and 64 of the other; days that a plan has of each. */
const data = table(rows(0, 0, 60), rows(1, 0, 64));
const plan = (north: [number, number], south: [number, number]) => ({
  name: 'plan.csv',
  text: table(rows(0, ...north, 0), rows(1, ...south, 0)),
});

let loaded: Loaded<ForecastArtefact>;
beforeAll(async () => {
  const options = { targets: ['sold'], group: ['store'], known: ['promo'], horizon: 2 };
  ({ loaded } = await train(source(data), options, { settings: { epochs: 1 } }));
}, 60_000);

test('rows before the end and after the last step do not count; each series has its own', async () => {
  const exact = await rowsOf(loaded, undefined, { future: plan([60, 62], [64, 66]) });
  expect(exact.map(({ series, step, time }) => [series, step, time])).toEqual([
    ['north', 1, '2020-03-01'],
    ['north', 2, '2020-03-02'],
    ['south', 1, '2020-03-05'],
    ['south', 2, '2020-03-06'],
  ]);
  expect(await rowsOf(loaded, undefined, { future: plan([50, 70], [20, 70]) })).toEqual(exact);
  expect(await rowsOf(loaded, source(table(rows(0, 0, 62, 60), rows(1, 0, 67, 64))), {})).toEqual(exact);
});

test('what must not be silent about the rows ahead is told, after what is told of the data', async () => {
  const holes = { ...plan([60, 63], [64, 66]) };
  const gap = holes.text
    .replace('2020-03-02,north,1', '2020-03-02,north,')
    .replace('2020-03-02,north,0', '2020-03-02,north,');
  const stranger = table(
    rows(0, 50, 60),
    rows(1, 50, 64),
    rows(0, 50, 60).map((row) => row.replace('north', 'east')),
  );
  const told = async (text: string, from?: string) => {
    const given = from === undefined ? undefined : source(from, 'new.csv');
    return (await forecastTask.predict(loaded, given, { future: { name: 'plan.csv', text } })).notes;
  };
  const left = '1 series left out, which the model was not trained on: east';
  expect(await told(holes.text)).toEqual([]);
  const [filled, ...others] = await told(gap);
  expect(filled).toMatch(/^promo: 1 missing value \(/);
  expect(others).toEqual([]);
  expect(await told(holes.text, stranger)).toEqual([left]);
  expect(await told(gap, stranger)).toEqual([left, filled]);
});

const needed = 'model: needs promo of the rows to come: give --future FILE with the columns date, store, promo';
test.each<[string, object, string | undefined, string]>([
  ['neither plan nor rows ahead', {}, undefined, needed],
  ['rows ahead of the first series only', {}, table(rows(0, 0, 63, 60), rows(1, 0, 64)), needed],
  ['rows ahead of the second series only', {}, table(rows(0, 0, 60), rows(1, 0, 67, 64)), needed],
  [
    'a series that is missing',
    { future: { name: 'plan.csv', text: table(rows(0, 60, 63, 0)) } },
    undefined,
    'plan.csv: has no rows of series south, but of north',
  ],
  [
    'too few of the second series',
    { future: plan([60, 63], [64, 65]) },
    undefined,
    'plan.csv: has 1 row after the end of the data of south, and 2 steps are to be forecast; give more rows, or --steps 1',
  ],
  [
    'too few of the second series, beside rows before the end',
    { future: plan([60, 69], [10, 67]), steps: 4 },
    undefined,
    'plan.csv: has 3 rows after the end of the data of south, and 4 steps are to be forecast; give more rows, or --steps 3',
  ],
  [
    'too few of both',
    { future: plan([58, 61], [64, 67]), steps: 5 },
    undefined,
    'plan.csv: has 1 row after the end of the data of north, and 5 steps are to be forecast; give more rows, or --steps 1',
  ],
  [
    'a day between',
    { future: plan([60, 63], [65, 68]) },
    undefined,
    'plan.csv: has no row for 2020-03-05, the first one to forecast; its rows must go on from there',
  ],
  [
    'all before the end',
    { future: plan([50, 60], [64, 68]) },
    undefined,
    'plan.csv: has no row for 2020-03-01, the first one to forecast; its rows must go on from there',
  ],
  [
    'more rows than a prediction may have',
    { steps: 50_001 },
    undefined,
    'steps: 50001 are too many for 2 series; at most 50000',
  ],
  ['as many as it may have', { steps: 50_000 }, undefined, needed],
])('%s', async (_, options, from, message) => {
  const given = from === undefined ? undefined : source(from);
  expect(await failure(forecastTask.predict(loaded, given, options))).toBe(message);
});
