import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memoryBytes } from '../../src/data/bytes.js';
import { streamRows } from '../../src/data/heldRows.js';
import { parseJson } from '../../src/data/json.js';
import { elementsAt, elementsOf } from '../../src/data/jsonElements.js';
import { placeNote, rowsPlace } from '../../src/data/jsonPlaces.js';
import { openSource } from '../../src/data/source.js';
import { headOf } from '../../src/data/stream.js';
import { MemcellError } from '../../src/errors.js';

async function* blocksOf(text: string, sizes: readonly number[]) {
  let at = 0;
  for (let i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length];
    yield text.slice(at, at + size);
    at += size;
  }
}

async function elements(text: string, sizes: readonly number[] = [7]): Promise<string[]> {
  const found: string[] = [];
  for await (const one of elementsOf(blocksOf(text, sizes), 'a.json')) {
    expect(one.line).toBe(found.length + 1);
    found.push(one.text);
  }
  return found;
}

test('any array, cut anywhere, is the elements that it has', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), sizes, fc.integer({ min: 0, max: 3 }), async (values, cuts, indent) => {
      const found = await elements(` ${JSON.stringify(values, undefined, indent)}\n`, cuts);
      expect(found.map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
});

/** A document of tables, columns side by side, dictionaries and single values, down to where rows are no longer looked for. */
const { document } = fc.letrec((tie) => {
  const single = fc.oneof(fc.integer(), fc.constantFrom('x', ']{"', null, true));
  const members = fc.oneof(
    { maxDepth: 6 },
    single,
    fc.array(single, { maxLength: 4 }),
    fc.array(fc.record({ a: fc.integer(), b: fc.constantFrom('[', '\\"', '}') }), { maxLength: 5 }),
    fc.array(fc.tuple(fc.integer(), single), { maxLength: 5 }),
    tie('document'),
  );
  const key = fc.constantFrom('columns', 'data', 'index', 'rows', 'a"', '0', '1');
  return {
    document: fc.oneof(fc.dictionary(key, members), fc.record({ columns: fc.constant(['p', 'q']), data: members })),
  };
});

test('in any document, cut anywhere, rows are found where they are when it is read whole', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  let [streamed, aside] = [0, 0];
  await fc.assert(
    fc.asyncProperty(document, sizes, fc.integer({ min: 0, max: 2 }), async (value, cuts, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const place = await rowsPlace(blocksOf(text, cuts), 'a.json');
      const whole = attempt(() => parseJson(text, 'a.json'));
      // Rows under keys, or nothing: read whole.
      if (place === undefined) return;
      const note = placeNote(place.path, place.others);
      if (whole !== undefined && place.path.length > 0) expect(whole.notes).toContain(note);
      if ('columns' in place) {
        aside++;
        const inside: object = place.path.reduce((value: object, key) => Object(value)[key], JSON.parse(text));
        for (const { name, at } of place.columns) {
          const cells: unknown[] = [];
          for await (const one of elementsAt(blocksOf(text, cuts), at, 'a.json')) cells.push(JSON.parse(one.text));
          expect(cells).toEqual(Object(inside)[name]);
        }
        if (whole) expect(whole.columns.map(({ name }) => name)).toEqual(place.columns.map(({ name }) => name));
        return;
      }
      streamed++;
      const found: unknown[] = [];
      for await (const one of elementsAt(blocksOf(text, cuts), place.at, 'a.json')) found.push(JSON.parse(one.text));
      expect(found).toEqual(place.path.reduce((inside: unknown, key) => Object(inside)[key], JSON.parse(text)));
      if (place.header && whole) expect(whole.columns.map(({ name }) => name)).toEqual(place.header);
    }),
    { numRuns: 300 },
  );
  expect(streamed).toBeGreaterThan(50);
  expect(aside).toBeGreaterThan(10);
});

test.each<[unknown, string[] | undefined, header?: string[]]>([
  [{ data: [{ a: 1 }], meta: [1, 2] }, ['meta']],
  [{ data: [{ a: 1 }, { a: 2 }], meta: [1, 2] }, ['data']],
  [{ page: { rows: { all: [{ a: 1 }] } }, n: 1 }, ['page', 'rows', 'all']],
  [
    {
      columns: ['p', 'q'],
      index: [0, 1],
      data: [
        [1, 2],
        [3, 4],
      ],
    },
    ['data'],
    ['p', 'q'],
  ],
  [
    {
      columns: ['p', 2],
      index: [0, 1],
      data: [
        [1, 2],
        [3, 4],
      ],
    },
    ['data'],
  ],
  [{ p: [1, 2], q: [3, 4] }, [], ['p', 'q']],
  [{ hourly: { p: [1, 2], q: [3, 4] }, rows: [{ a: 1 }] }, ['hourly'], ['p', 'q']],
  [{ '2020-01-01': { p: 1 }, '2020-01-02': { p: 2 }, '2020-01-03': { p: 3 } }, undefined],
  [{ p: { 0: 1, 1: 2 }, q: { 0: 3, 1: 4 } }, undefined],
  [{ p: { 0: 1, 1: 2, 2: 5 }, q: { 0: 3, 1: 4, 2: 6 } }, undefined],
  [{ p: { 0: 1, 1: 2, 2: 5 }, q: [3, 4, 6] }, undefined],
  [{ a: { b: { c: { d: { e: [{ a: 1 }] } } } } }, undefined],
])('%j: rows under %j', async (value, path, ...[header]) => {
  const place = await rowsPlace(blocksOf(JSON.stringify(value), [3]), 'a.json');
  expect(place?.path).toEqual(path);
  const names = place && 'columns' in place ? place.columns.map(({ name }) => name) : place?.header;
  expect(names).toEqual(header);
});

test.each([
  ['{"data":[{"a":1}', 'a.json: ends within its JSON; it may be cut off'],
  ['{"data":[{"a":1}]} {"b"', "a.json: '{' stands after the end of its JSON; remove it"],
  ['x{"data":[]}', 'a.json: is not JSON: it begins with \'x{"data":[]}\''],
])('%s is refused while rows are looked for', async (text, message) => {
  await expect(rowsPlace(blocksOf(text, [100]), 'a.json')).rejects.toThrow(message);
});

test('rows under keys, of which all go into memory, are refused above 200 MB', async () => {
  const text = '{"2020-01-01":{"p":1},"2020-01-02":{"p":2},"2020-01-03":{"p":3}}';
  const head = (size: number) => {
    const bytes = { ...memoryBytes('keyed.json', new TextEncoder().encode(text)), size };
    return headOf({ bytes, content: 'text' }, 10);
  };
  expect((await head(2e8)).rows).toBe(3);
  await expect(head(2e8 + 1)).rejects.toThrow('keyed.json: its rows are under keys, so that all 200 MB would go into');
});

test.each([
  ['values', 'a,b\n1,2\n3,4\n5,6\n7,8\n', 2],
  // One more tells whether that was all.
  ['lines', '{"a":1,"b":2}\n{"a":3,"b":4}\n{"a":5,"b":6}\n{"a":7,"b":8}\n', 3],
])('the head of %s is as many rows as were asked for', async (_, text, rows) => {
  const head = await headOf({ bytes: memoryBytes('t', new TextEncoder().encode(text)), content: 'text' }, 2);
  expect(head.columns.map(({ cells }) => cells)).toEqual(
    [1, 2].map((first) => Array.from({ length: rows }, (__, i) => String(first + 2 * i))),
  );
});

test.each([
  ['[{"a":1},{"a":', 'a.json: ends within row 2 of its array; it may be cut off'],
  ['[1,2', 'a.json: ends within row 2 of its array; it may be cut off'],
  ['[1,,2]', 'a.json, row 2: is empty: there is a comma too many'],
  ['[1,2,]', 'a.json, row 3: is empty: there is a comma too many'],
  ['[,1]', 'a.json, row 1: is empty: there is a comma too many'],
  ['[1,2]\n[3]', "a.json: '[3]' stands after the end of its array; remove it"],
])('%s is refused', async (text, message) => {
  await expect(elements(text, [100])).rejects.toThrow(message);
});

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof MemcellError)) throw error;
    return undefined;
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-json-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ['one array', 66_000, (text: string) => text, []],
  [
    'an array under a key, behind and before others',
    20_000,
    (text: string) => `{"meta": {"ids": [1, 2]}, "deep": {"rows": ${text}}, "at": "]"}`,
    ['rows are those under deep.rows, the longest of 2 (not meta)'],
  ],
])('%s streams as it is read whole', async (_, n, wrap, said) => {
  const rows = Array.from({ length: n }, (_, i) => ({
    day: `d"[${i}`,
    v: i % 7 === 0 ? null : i / 4,
    at: { x: i, deep: { y: 1 } },
    ...(i === n - 6000 && { late: 1 }),
  }));
  const text = wrap(JSON.stringify(rows, null, 1).replace('"v": 0.25', '"v": NaN'));
  const path = join(folder, 'rows.json.gz');
  await writeFile(path, gzipSync(text));
  const source = openSource(path);
  const head = await source.head?.(10);
  expect(head?.table.columns.map((column) => column.name)).toEqual(['day', 'v', 'at.x']);
  expect(head?.table.rows).toBeLessThan(20);
  const [v, x, length]: number[][] = [[], [], []];
  const notes: string[] = [];
  const columns = [{ name: 'v' }, { name: 'at.x' }, { name: 'day', read: (cell: string) => cell.length }];
  for await (const chunk of source.stream?.(columns) ?? []) {
    for (const [i, into] of [v, x, length].entries()) into.push(...chunk.columns[i]);
    notes.push(...(chunk.notes ?? []));
  }
  const whole = await source.table();
  expect(x).toEqual(Array.from({ length: n }, (_, i) => i));
  expect(v).toEqual(Array.from(whole.column('v').numbers ?? []));
  expect(length).toEqual(whole.column('day').cells.map((cell) => cell.length));
  expect(head?.table.notes).toEqual(expect.arrayContaining(said));
  expect(notes).toEqual([
    ...said,
    'NaN and Infinity, which JSON does not have, read as missing',
    `left out, as no row at the beginning has it: column late (from row ${n - 5999} on)`,
  ]);
});

test('columns side by side stream as they are read whole', async () => {
  const n = 70_000;
  const text = JSON.stringify({
    latitude: 46.9,
    hourly_units: { y: '°C' },
    hourly: {
      time: Array.from({ length: n }, (_, i) => `t"[${i}`),
      y: Array.from({ length: n }, (_, i) => (i % 7 === 0 ? null : i / 4)),
      'two  words': Array.from({ length: n }, (_, i) => i),
    },
  });
  const path = join(folder, 'columns.json.gz');
  await writeFile(path, gzipSync(text.replace('0.25', 'NaN')));
  const source = openSource(path);
  const head = await source.head?.(10);
  expect(head?.table.columns.map((column) => column.name)).toEqual(['time', 'y', 'two words']);
  expect(head?.table.rows).toBe(10);
  const [y, count]: number[][] = [[], []];
  const notes: string[] = [];
  for await (const chunk of source.stream?.([{ name: 'y' }, { name: 'two words' }]) ?? []) {
    y.push(...chunk.columns[0]);
    count.push(...chunk.columns[1]);
    notes.push(...(chunk.notes ?? []));
  }
  const whole = await source.table();
  expect(count).toEqual(Array.from({ length: n }, (_, i) => i));
  expect(y).toEqual(Array.from(whole.column('y').numbers ?? []));
  expect(notes).toEqual(whole.notes);
  const none = source.stream?.([{ name: 'z' }])[Symbol.asyncIterator]();
  await expect(none?.next()).rejects.toThrow('no column z; did you mean y? Its columns: time, y, two words');
});

test('a header before the rows, from a file', async () => {
  const path = join(folder, 'indicator.json');
  const rows = [2001, 2002, 2003].map((date) => ({ date, value: date / 2 }));
  await writeFile(path, JSON.stringify([{ page: 1, pages: 1 }, rows]));
  const head = await openSource(path).head?.(2);
  expect(head?.table.columns.map((column) => column.name)).toEqual(['date', 'value']);
  expect((await openSource(path).table()).rows).toBe(3);
});

test('a header before the rows, under a key', () => {
  const table = parseJson('{"made": 1, "by": [{"page": 1}, [{"v": 2}, {"v": 3}]], "old": [4]}', 'deep.json');
  expect(table.numbers('v')).toEqual(Float64Array.of(2, 3));
  expect(table.notes).toEqual(['rows are those under by.1, the longest of 2 (not old)']);
});

test('rows under keys stream as they are read whole, and what is said of them', async () => {
  const n = 66_000;
  const rows = Object.fromEntries(
    Array.from({ length: n }, (_, i) => [`k${i}`, { v: i / 4, word: i === 7 ? 'x' : `w${i}` }]),
  );
  const path = join(folder, 'keyed.json');
  await writeFile(path, JSON.stringify({ rows }));
  const source = openSource(path);
  const places: string[] = [];
  const read = (cell: string, where: () => string) => {
    if (['x', `w${n - 1}`].includes(cell)) places.push(where());
    return cell.length;
  };
  const columns = [{ name: 'v' }, { name: 'word', read }];
  const [v, length, sizes]: number[][] = [[], [], []];
  const notes: string[] = [];
  for await (const chunk of source.stream?.(columns) ?? []) {
    expect(chunk.from).toBe(v.length);
    sizes.push(chunk.rows);
    v.push(...chunk.columns[0]);
    length.push(...chunk.columns[1]);
    notes.push(...(chunk.notes ?? []));
  }
  const whole = await source.table();
  expect(sizes).toEqual([2 ** 16, n - 2 ** 16, 0]);
  expect(places).toEqual([8, n].map((row) => `${path}, row ${row}, column word`));
  expect(v).toEqual(Array.from(whole.numbers('v')));
  expect(length).toEqual(whole.column('word').cells.map((cell) => cell.length));
  expect(notes).toEqual(['rows are those under rows', 'the keys of the rows are the column index']);
  expect(whole.notes).toEqual(notes);
  const numbers = source.stream?.([{ name: 'word' }])[Symbol.asyncIterator]();
  await expect(numbers?.next()).rejects.toThrow(
    `${path}, row 1, column word: 'w0' is not a number; correct it, or choose another column`,
  );
});

test('a column of texts in the first of several files, of numbers in the next', async () => {
  const files = ['a', 'b'].map((name) => join(folder, `${name}.json`));
  const keyed = (values: unknown[]) => JSON.stringify(Object.fromEntries(values.map((v, i) => [`k${i}`, { v }])));
  await writeFile(files[0], keyed([1, 'low', 2]));
  await writeFile(files[1], keyed([3, 4, null]));
  const source = openSource({ files });
  const head = await source.head?.(3);
  if (head === undefined) throw new Error('no head');
  const cells: string[] = [];
  for await (const { columns } of streamRows(source, head.table))
    cells.push(...Array.from<string | number, string>(columns[1], String));
  expect(cells).toEqual(['1', 'low', '2', '3', '4', '']);
  expect(cells).toEqual((await source.table()).column('v').cells);
});

test('a fault in a row of an array is told with its number', async () => {
  const path = join(folder, 'wrong.json');
  await writeFile(path, '[{"v":1},{"v":2},{"v":4 5}]');
  const read = async () => {
    for await (const _ of openSource(path).stream?.([{ name: 'v' }]) ?? []);
  };
  await expect(read()).rejects.toThrow('wrong.json, row 3: is not JSON; each row must hold one object');
  const head = async () => openSource(path).head?.(10);
  await expect(head()).rejects.toThrow('wrong.json, row 3: is not JSON; each row must hold one object');
  await writeFile(path, '[{"v":1},{"v":2},{"v":"x"}]');
  await expect(read()).rejects.toThrow("wrong.json, row 3, column v: 'x' is not a number");
});
