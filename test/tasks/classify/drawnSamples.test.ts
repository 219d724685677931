import { expect, test } from '@jest/globals';
import { divide, readClasses } from '../../../src/tasks/classify/classifyData.js';
import { drawSamples } from '../../../src/tasks/classify/drawnSamples.js';
import { classifyTask } from '../../../src/tasks/classify/task.js';
import { runOf } from '../runs.js';
import { streamed } from '../streamed.js';

const classOf = (i: number) => (i % 1000 === 7 ? 'rare' : i % 4 === 0 ? 'b' : 'a');
const rows = Array.from({ length: 6000 }, (_, i) => `${(i * 37) % 101},${i},${classOf(i)}`);
const source = streamed(`x,place,kind\n${rows.join('\n')}\n`);
const options = { label: 'kind', mostRows: 600, features: ['x', 'place'] };

test('rows of all of the table, none of a rare class lost, and those added never held out', async () => {
  const drawn = await drawSamples(source, options, 1);
  const places = drawn.table.column('place').cells.map(Number);
  expect(drawn.table.rows).toBeLessThanOrEqual(600);
  expect(drawn.table.rows).toBeGreaterThan(400);
  for (const from of [0, 2000, 4000]) {
    expect(places.filter((i) => i >= from && i < from + 2000).length / places.length).toBeCloseTo(1 / 3, 1);
  }
  expect(drawn.table.column('kind').cells.filter((kind) => kind === 'rare')).toHaveLength(6);
  expect(drawn.notes[1]).toBe('classes in all rows: a 4,494, b 1,500, rare 6');
  expect(drawn.notes[0]).toMatch(/of 6,000 rows \d+ rows are drawn at random, and \d+ more of rare classes/);
  const data = readClasses(drawn, options, runOf());
  expect(data.frame.account).toMatchObject({ read: 6000 });
  // While settings are chosen, what is held out is of the part that is trained on: rows that were added are not either.
  const choosing = divide(data, runOf({ purpose: 'choose' }));
  expect(choosing.held.filter((sample) => data.added?.has(sample))).toHaveLength(0);
  expect(choosing.train.filter((sample) => data.added?.has(sample))).toHaveLength(drawn.added.size);
  const { train, held } = divide(data, runOf());
  expect(data.added?.size).toBe(drawn.added.size);
  expect(drawn.added.size).toBeGreaterThan(0);
  for (const sample of data.added ?? []) {
    expect(train).toContain(sample);
    expect(held).not.toContain(sample);
  }
  expect(train.length + held.length).toBe(drawn.table.rows);
  const share = (samples: Int32Array) =>
    samples.filter((s) => data.classes[data.actual[s]] === 'b').length / samples.length;
  expect(Math.abs(share(held) - 0.25)).toBeLessThan(0.08);
});

test('groups are drawn whole', async () => {
  const groups = Array.from({ length: 900 }, (_, i) => i);
  // The steps of a group are far from each other.
  const steps = [0, 1, 2, 3].flatMap((step) => groups.map((g) => `g${g},${step},${g % 2 ? 'up' : 'down'}`));
  const table = streamed(`g,v,kind\n${steps.join('\n')}\n`);
  const drawn = await drawSamples(table, { label: 'kind', group: ['g'], mostRows: 400 }, 1);
  const counts = new Map<string, number>();
  for (const g of drawn.table.column('g').cells) counts.set(g, (counts.get(g) ?? 0) + 1);
  expect([...counts.values()].every((count) => count === 4)).toBe(true);
  expect(counts.size).toBeGreaterThan(60);
  expect(drawn.table.rows).toBeLessThanOrEqual(400);
});

const ofGroups = streamed(
  `g,v,kind\n${Array.from({ length: 3600 }, (_, i) => `g${i % 900},${(i * 7) % 11},${i % 2 ? 'up' : 'down'}`).join('\n')}\n`,
);
test.each([
  [
    'rows',
    true,
    source,
    options,
    /^read as a stream: of 6,000 rows 600 rows are drawn at random$/,
    'a 4,494, b 1,500, rare 6',
  ],
  [
    'rows',
    false,
    source,
    options,
    /^read as a stream: of 6,000 rows \d+ rows are drawn at random, and \d+ more of rare classes, which are trained on and never held out$/,
    'a 4,494, b 1,500, rare 6',
  ],
  [
    'groups',
    true,
    ofGroups,
    { label: 'kind', group: ['g'], mostRows: 400 },
    /^read as a stream: of 3,600 rows \d+ rows in whole groups are drawn at random$/,
    'down 1,800, up 1,800',
  ],
  [
    'groups',
    false,
    ofGroups,
    { label: 'kind', group: ['g'], mostRows: 400 },
    /^read as a stream: of 3,600 rows \d+ rows in whole groups are drawn at random$/,
    'down 1,800, up 1,800',
  ],
])('that %s are drawn is said before training, plain (%j) or not', async (_, plain, data, how, drawn, classes) => {
  const { warnings, account, samples, heldOut } = await classifyTask.prepare(data, how, runOf({ plain }));
  const said = plain ? warnings : (account?.notes ?? []);
  expect(said.slice(0, 2)).toEqual([expect.stringMatching(drawn), `classes in all rows: ${classes}`]);
  // What is drawn is what is learnt from, in groups of four rows.
  const counted = said[0].match(/\d+ (?=rows (in|are)|more)/g) ?? [];
  const rows = counted.reduce((sum, count) => sum + Number(count), 0);
  expect(rows / ('group' in how ? 4 : 1)).toBe(samples + heldOut);
  expect(warnings).toHaveLength(plain ? 2 : 0);
});

test('a table that turns out to be short is whole', async () => {
  const head = source.head;
  const unsure = { ...source, head: async (n: number) => ({ ...(await head!(n)), rows: undefined, bytes: 1e9 }) };
  const drawn = await drawSamples(unsure, { ...options, mostRows: 6000 }, 1);
  expect([drawn.table.rows, drawn.of, drawn.notes]).toEqual([6000, undefined, []]);
});

test.each([undefined, 'choose'] as const)(
  'of rows with a time, those added of a rare class are trained on where they are before those held out, purpose %j',
  async (purpose) => {
    const day = (i: number) => new Date(Date.UTC(2001, 0, 1 + i)).toISOString().slice(0, 10);
    const dated = rows.map((row, i) => `${day(i)},${row}`).join('\n');
    const how = { label: 'kind', mostRows: 600, features: ['x'] };
    const drawn = await drawSamples(streamed(`day,x,place,kind\n${dated}\n`), how, 1);
    const data = readClasses(drawn, how, runOf());
    const { train, held, note } = divide(data, runOf(purpose ? { purpose } : {}));
    expect(note).toBe('held out: the newest rows by day');
    const placeOf = (sample: number) =>
      Number(drawn.table.column('place').cells[data.frame.origins[data.samples.rows[sample]]]);
    const added = [...(data.added ?? [])];
    const first = Math.min(...Array.from(held, placeOf));
    expect(Array.from(train, placeOf).filter((place) => place >= first)).toEqual([]);
    const early = added.filter((sample) => placeOf(sample) < first);
    expect(early.length).toBeGreaterThan(0);
    expect(early.length).toBeLessThan(added.length);
    expect(added.filter((sample) => train.includes(sample))).toEqual(early);
    expect(added.filter((sample) => held.includes(sample))).toEqual([]);
  },
);
