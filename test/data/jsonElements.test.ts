import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { elementsOf } from '../../src/data/jsonElements.js';
import { openSource } from '../../src/data/source.js';

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

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-json-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('one array streams as it is read whole', async () => {
  const n = 66_000;
  const rows = Array.from({ length: n }, (_, i) => ({
    day: `d"[${i}`,
    v: i % 7 === 0 ? null : i / 4,
    at: { x: i, deep: { y: 1 } },
    ...(i === 60_000 && { late: 1 }),
  }));
  const text = JSON.stringify(rows, null, 1).replace('"v": 0.25', '"v": NaN');
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
  expect(notes).toEqual([
    'NaN and Infinity, which JSON does not have, read as missing',
    'left out, as no row at the beginning has it: column late (from row 60001 on)',
  ]);
});

test('a fault in a row of an array is told with its number', async () => {
  const path = join(folder, 'wrong.json');
  await writeFile(path, '[{"v":1},{"v":2},{"v":4 5}]');
  const read = async () => {
    for await (const _ of openSource(path).stream?.([{ name: 'v' }]) ?? []);
  };
  await expect(read()).rejects.toThrow('wrong.json, row 3: is not JSON; each row must hold one object');
  await writeFile(path, '[{"v":1},{"v":2},{"v":"x"}]');
  await expect(read()).rejects.toThrow("wrong.json, row 3, column v: 'x' is not a number");
});
