import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openSource, type Source } from '../../../src/data/source.js';
import { MemcellError } from '../../../src/errors.js';
import { Random } from '../../../src/random.js';
import type { ClassifyArtefact } from '../../../src/tasks/classify/artefact.js';
import { AreaUnderCurve } from '../../../src/tasks/classify/auc.js';
import type { ClassifyOptions } from '../../../src/tasks/classify/options.js';
import { readParts } from '../../../src/tasks/classify/readParts.js';
import { tableParts } from '../../../src/tasks/classify/tableParts.js';
import { classifyTask } from '../../../src/tasks/classify/task.js';
import type { Loaded } from '../../../src/tasks/definition.js';
import { networkInput } from '../../../src/tasks/networkInput.js';
import type { Shown } from '../../../src/tasks/shown.js';
import { runOf, sourceOf } from '../runs.js';
import { streamed } from '../streamed.js';

/** The same table as one that is too long to be held. */
function long(source: Source): Source {
  const { head } = source;
  return { ...source, head: async (n) => ({ ...(await head!(n)), rows: undefined, bytes: 1e9 }) };
}
const whole = (source: Source): Source => ({ name: source.name, table: source.table, text: source.text });

const random = new Random(1);
const kinds = ['low', 'high'];
const line = (i: number) => {
  const x = random.normal();
  const kind = kinds[Number(x + random.normal() > 0)];
  // Some values are missing, and some classes.
  return `${i},${i % 50 === 3 ? '' : x.toFixed(3)},${i % 1000 === 9 ? '' : kind}`;
};
const rows = Array.from({ length: 66_000 }, (_, i) => line(i));
const table = streamed(`place,x,kind\n${rows.join('\n')}\n`);

async function learnt(
  rows: Readonly<Record<string, unknown>>[],
  options: ClassifyOptions,
  layers?: string,
  epochs = 20,
): Promise<Loaded<ClassifyArtefact>> {
  const run = runOf({ settings: { epochs }, ...(layers && { layers }) });
  const { model, artefact } = await (await classifyTask.prepare(openSource(rows), options, run)).train();
  return { model, artefact, name: 'm' };
}

describe('a table in parts is told as the whole', () => {
  let loaded: Loaded<ClassifyArtefact>;
  beforeAll(async () => {
    const some = Array.from({ length: 120 }, (_, i) => ({ x: (i % 12) - 6, kind: kinds[Number(i % 12 > 5)] }));
    loaded = await learnt(some, { label: 'kind' });
  });
  afterAll(() => loaded.model.dispose());

  test('evaluate', async () => {
    const shown: Shown[] = [];
    const add = (part: Shown) => shown.push(part);
    const one = await classifyTask.evaluate(loaded, whole(table), { shown: add });
    const parts = await classifyTask.evaluate(loaded, long(table), { shown: add });
    expect(one.samples).toBe(65_934);
    expect(one.notes).toEqual([
      '66 rows left out: no kind (the first is line 11)',
      expect.stringMatching(/^x: 1,320 missing values \(the median/),
    ]);
    expect(parts.notes).toEqual(one.notes.map((note) => note.replace('line 11', 'row 10')));
    const { notes: _, logLoss, ...same } = one;
    expect(parts).toMatchObject(same);
    expect(parts.logLoss).toBeCloseTo(logLoss, 10);
    const [a, b] = shown;
    expect(shown).toHaveLength(2);
    if (a.kind !== 'classify' || b.kind !== 'classify') throw new Error('classes are shown');
    expect(b.mistakes.map(({ probability }) => probability)).toEqual(a.mistakes.map((one) => one.probability));
    expect(b.reliability.map(({ count }) => count)).toEqual(a.reliability.map(({ count }) => count));
    const late = { from: '65001' };
    const ofLate = await classifyTask.evaluate(loaded, whole(table), late);
    expect(await classifyTask.evaluate(loaded, long(table), late)).toMatchObject({
      samples: ofLate.samples,
      confusion: ofLate.confusion,
    });
    await expect(classifyTask.evaluate(loaded, long(table), { from: '66001' })).rejects.toThrow(
      'from: nothing of long.csv begins at 66001 or later',
    );
  });

  test('predict, at once and handed over', async () => {
    const one = await classifyTask.predict(loaded, whole(table), {});
    const held = await classifyTask.predict(loaded, long(table), {});
    expect(JSON.stringify(held.rows)).toBe(JSON.stringify(one.rows));
    const taken: (string | number)[][] = [];
    const pieces: number[] = [];
    const handed = await classifyTask.predict(loaded, long(table), {}, async (head, part) => {
      expect(head).toEqual(one.head);
      pieces.push(part.length);
      taken.push(...part);
    });
    expect(pieces).toEqual([...new Array(4).fill(16_384), 66_000 - 4 * 16_384]);
    expect(JSON.stringify(taken)).toBe(JSON.stringify(one.rows));
    expect(handed).toMatchObject({ count: 66_000, rows: one.rows.slice(0, 40), notes: one.notes });
    expect(handed.text).toContain('… 65960 more rows; --out FILE gives all');
  });

  test('one sample is read without predicting any', async () => {
    const predict = () => Promise.reject(new Error('nothing is to be predicted'));
    const silent = { ...loaded, model: Object.create(loaded.model, { predict: { value: predict } }) };
    const [first, last] = [await networkInput(silent, long(table), 2), await networkInput(silent, long(table), 66_000)];
    expect([first.name, last.name, last.outputs]).toEqual(['row 2', 'row 66000', ['high', 'low']]);
    expect(first.features).toEqual(['x']);
    expect(last.x).toEqual((await networkInput(silent, whole(table), 66_000)).x);
    await expect(networkInput(silent, long(table), 66_001)).rejects.toThrow(
      'sample: there are 66000 samples, not 66001',
    );
  });
});

test.each(['together', 'apart'])('groups that stand %s are told whole', async (how) => {
  const values = Array.from({ length: 40 }, (_, i) => ({
    g: `g${i >> 1}`,
    v: (i >> 1) % 2,
    kind: kinds[(i >> 1) % 2],
  }));
  const loaded = await learnt(values, { label: 'kind', group: ['g'] }, 'LSTM(2), Dense(2, softmax)');
  const groups = 33_000;
  const places = Array.from({ length: 2 * groups }, (_, i) => (how === 'together' ? i >> 1 : i % groups));
  const source = streamed(`g,v,kind\n${places.map((g) => `n${g},${g % 3},${kinds[g % 2]}`).join('\n')}\n`);
  const one = await classifyTask.predict(loaded, whole(source), {});
  const parts = await classifyTask.predict(loaded, long(source), {});
  const byName = (rows: (string | number)[][]) => JSON.stringify(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(parts.rows).toHaveLength(groups);
  expect(byName(parts.rows)).toBe(byName(one.rows));
  expect(parts.notes.some((note) => note === 'rows of one g stand apart: the table is read 2 times')).toBe(
    how === 'apart',
  );
  const { confusion } = await classifyTask.evaluate(loaded, long(source), {});
  expect(confusion).toEqual((await classifyTask.evaluate(loaded, whole(source), {})).confusion);
  loaded.model.dispose();
});

test.each([
  ['the third row of one', '', 'a,1,low b,2,high a,3,low b,4,high b,5,high b,6,high', 'line 6: b has 4 rows'],
  ['the first of two by name', '', 'b,1,low b,2,low a,1,low b,3,low a,2,low a,3,low', 'line 7: a has 3 rows'],
  ['by the time', 't', 'b,1,low,9 b,2,low,7 a,1,low,1 b,3,low,8', 'line 2: b has 3 rows'],
])('the row that is too much for a group is told: %s', async (_, time, lines, message) => {
  const head = time ? ['g', 'v', 'kind', time] : ['g', 'v', 'kind'];
  const some = Array.from({ length: 16 }, (_, i) => [`g${i >> 1}`, i % 3, kinds[(i >> 1) % 2], i]);
  const rows = some.map((cells) => Object.fromEntries(head.map((name, c) => [name, cells[c]])));
  const options = { label: 'kind', group: ['g'], ...(time && { time: [time] }) };
  const loaded = await learnt(rows, options, 'LSTM(2), Dense(2, softmax)', 1);
  const source = sourceOf(`${head.join(',')}\n${lines.replaceAll(' ', '\n')}\n`, 'c.csv');
  const refusal = new MemcellError(`c.csv, ${message}; this model takes up to 2`);
  await expect(classifyTask.evaluate(loaded, source, {})).rejects.toThrow(refusal);
  await expect(classifyTask.predict(loaded, source, {})).rejects.toThrow(refusal);
  loaded.model.dispose();
});

test.each([
  ['without groups', { part: 6 }, 7, []],
  ['together', { part: 6, group: ['g'] }, 5, []],
  ['apart', { part: 6, group: ['w'] }, 2, ['rows of one w stand apart: the table is read 3 times']],
  ['apart, in one part', { part: 10, group: ['w'] }, 1, ['rows of one w stand apart: the table is read 2 times']],
])('what was not plain in reading is passed on once, %s', async (_, options, count, before) => {
  const text = Array.from({ length: 40 }, (_, i) => `g${i >> 2},w${i % 5},${i}`).join('\n');
  const source = long(streamed(`g,w,v\n${text}\n`));
  const noted: Source = {
    ...source,
    async *stream(columns) {
      yield* source.stream!(columns);
      yield { from: 40, rows: 0, columns: columns.map(() => new Float64Array(0)), notes: ['odd', 'ends'] };
    },
  };
  const { long: isLong, parts, notes } = await tableParts(noted, { ...options, longest: 9 });
  const places: number[] = [];
  const last: boolean[] = [];
  for await (const { table, goesOn, placeOf } of parts) {
    last.push(goesOn);
    for (let row = 0; row < table.rows; row++) {
      expect(table.column('v').cells[row]).toBe(String(placeOf(row)));
      places.push(placeOf(row));
    }
  }
  expect(isLong).toBe(true);
  expect(places.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(last).toHaveLength(count);
  expect(notes).toEqual([...before, 'odd', 'ends']);
});

test('a model knows the long table that its samples were drawn from', async () => {
  const some = rows.slice(0, 3000);
  const source = long(streamed(`place,x,kind\n${some.join('\n')}\n`));
  const loaded = await learnt(
    some.map((row) => ({ x: row.split(',')[1], kind: row.split(',')[2] })),
    { label: 'kind' },
  );
  const { drawSamples } = await import('../../../src/tasks/classify/drawnSamples.js');
  const { checksum } = await drawSamples(source, { label: 'kind', mostRows: 500 }, 3);
  const artefact = { ...loaded.artefact, drawnFrom: checksum, checksum: undefined };
  const of = async (one: Source) => (await classifyTask.evaluate({ ...loaded, artefact }, one, {})).notes[0];
  expect(await of(source)).toMatch(/^the model was trained on rows drawn from this table/);
  expect(await of(long(streamed(`place,x,kind\n${some.slice(1).join('\n')}\n`)))).not.toMatch(/drawn from/);
  loaded.model.dispose();
});

test('the area of many samples, in bins', () => {
  const [exact, binned] = [new AreaUnderCurve(2), new AreaUnderCurve(2, 1000)];
  const n = 20_000;
  const actual = Int32Array.from({ length: n }, () => Number(random.uniform() > 0.7));
  const p = Float32Array.from(actual, (c) => 1 / (1 + Math.exp(-c - random.normal())));
  const both = Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? 1 - p[i >> 1] : p[i >> 1]));
  exact.add(actual, both);
  for (let from = 0; from < n; from += 700) {
    const to = Math.min(n, from + 700);
    binned.add(actual.subarray(from, to), both.subarray(2 * from, 2 * to));
  }
  const [a, b] = [exact.areas(), binned.areas()];
  // Φ(1 / √2)
  expect(a[1]).toBeCloseTo(0.7602, 1);
  for (const c of [0, 1]) expect(Math.abs((b[c] ?? 0) - (a[c] ?? 0))).toBeLessThan(1e-5);
});

describe('parts of which no row can be used', () => {
  const artefact: ClassifyArtefact = {
    kind: 'classify',
    label: 'kind',
    features: ['x'],
    classes: ['low', 'high'],
    majority: 0,
    scaling: { mean: [0], std: [1] },
    reading: {
      columns: [
        { name: 'x', use: 'feature', reading: { kind: 'number', decimal: '.' } },
        { name: 'kind', use: 'label', reading: { kind: 'text' } },
      ],
      fill: 'linear',
    },
  };
  const tableOf = (told: (i: number) => boolean) =>
    streamed(`x,kind\n${Array.from({ length: 20 }, (_, i) => `${i},${told(i) ? 'low' : ''}`).join('\n')}\n`);
  const read = async (source: Source) => {
    const { long, parts, notes } = await readParts(source, artefact, {}, { most: 8, part: 5 });
    const rows: number[] = [];
    for await (const { samples, rowOf } of parts) for (const i of samples.rows.keys()) rows.push(rowOf(i));
    return { long, rows, notes: notes() };
  };

  test.each([[[0, 1, 2, 3, 4]], [[5, 6, 7, 8, 9, 12]], [[0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]]])(
    'are passed over, and told: %j',
    async (missing) => {
      const source = tableOf((i) => !missing.includes(i));
      const rows = Array.from({ length: 20 }, (_, i) => i).filter((i) => !missing.includes(i));
      const note = (first: string) => `${missing.length} rows left out: no kind (the first is ${first})`;
      expect(await read(source)).toEqual({ long: true, rows, notes: [note(`row ${missing[0] + 1}`)] });
      expect(await read(whole(source))).toEqual({ long: false, rows, notes: [note(`line ${missing[0] + 2}`)] });
    },
  );

  test('where that is all of them, the table is refused', async () => {
    const message = (rows: number, first: string) =>
      `long.csv: no row is left to learn from: ${rows} rows left out: no kind (the first is ${first})`;
    const none = tableOf(() => false);
    await expect(read(none)).rejects.toThrow(new MemcellError(message(5, 'row 1')));
    await expect(read(whole(none))).rejects.toThrow(new MemcellError(message(20, 'line 2')));
  });

  test('of texts in parts as many words are cut and unknown as in the whole', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `${i % 3 ? 'so it is' : 'who knows that'},low`);
    const source = streamed(`t,kind\n${texts.join('\n')}\n`);
    const ofTexts: ClassifyArtefact = {
      ...artefact,
      features: ['t'],
      steps: 2,
      scaling: { mean: [], std: [] },
      text: { kind: 'words', known: ['so', 'it'] },
      reading: {
        columns: [
          { name: 't', use: 'feature', reading: { kind: 'text' } },
          { name: 'kind', use: 'label', reading: { kind: 'text' } },
        ],
        fill: 'linear',
      },
    };
    const told = async (own: Source) => {
      const { parts, notes } = await readParts(own, ofTexts, {}, { most: 8, part: 5 });
      let rows = 0;
      for await (const part of parts) rows += part.samples.rows.length;
      return { rows, notes: notes() };
    };
    const found = await told(source);
    expect(found).toEqual(await told(whole(source)));
    expect(found.rows).toBe(20);
    expect(found.notes.length).toBeGreaterThan(0);
  });
});
