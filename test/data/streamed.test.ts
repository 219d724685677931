/** Rows as they come, by hand: what is held of them, and what is said of those that are not plain. */
import { expect, test } from '@jest/globals';
import type { Bytes } from '../../src/data/bytes.js';
import { type ColumnValues, HeldRows, streamRows } from '../../src/data/heldRows.js';
import type { Source } from '../../src/data/source.js';
import { JsonColumns } from '../../src/data/streamColumns.js';
import { headOfLines, JsonLines, type Line, linesOf } from '../../src/data/streamJson.js';
import { Table } from '../../src/data/table.js';
import { textBlocks } from '../../src/data/textForm.js';

async function* each<T>(...all: T[]) {
  yield* all;
}

const lines = (...texts: string[]): AsyncIterable<Line> => each(...texts.map((text, i) => ({ text, line: i + 1 })));

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}

test('a text in blocks is the same wherever they end, within a line’s end and a letter too', async () => {
  const text = 'für\r\nb\r\r\n\nc\rd\n\r';
  const bytes = new TextEncoder().encode(text);
  for (let cut = 0; cut <= bytes.length; cut++)
    for (let more = cut; more <= bytes.length; more++) {
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut, more), bytes.subarray(more)];
      const stream = { stream: () => each(...parts) } as unknown as Bytes;
      expect((await all(textBlocks(stream, 'utf-8'))).join('')).toBe('für\nb\n\n\nc\nd\n\n');
    }
});

test('rows that are held: more than there is room for, thinned, and in the order of their places', () => {
  const head = new Table({
    name: 'h',
    header: ['n', 'at', 's'],
    cells: [{ numbers: Float64Array.of(0) }, { times: Float64Array.of(0), utc: true }, ['x;y']],
    lines: 1,
    decimalComma: true,
  });
  const held = new HeldRows(head);
  const n = 3000;
  const chunk: ColumnValues[] = [
    Float64Array.from({ length: n }, (_, i) => i),
    Float64Array.from({ length: n }, (_, i) => 1000 * i),
    Array.from({ length: n }, (_, i) => `a text of ${i}`),
  ];
  for (let row = n - 1; row >= 0; row--) held.add(chunk, row, 10 + row);
  expect([held.count, held.placeOf(0), held.placeOf(n - 1)]).toEqual([n, 10 + n - 1, 10]);
  held.thin((row) => (n - 1 - row) % 1000 === 7);
  expect([held.count, held.placeOf(0), held.placeOf(2)]).toEqual([3, 2017, 17]);
  const given: unknown[] = [];
  held.give(1, (values, row, place) => given.push(...values.map((column) => column[row]), place));
  expect(given).toEqual([1007, 1_007_000, 'a text of 1007', 1017]);
  const table = held.table('t', ['said'], { name: 'more', cells: ['late', 'middle', 'early'] });
  expect(
    table.columns.map(({ name, numbers, times, utc, cells }) => [name, ...(numbers ?? times ?? cells), utc]),
  ).toEqual([
    ['n', 7, 1007, 2007, undefined],
    ['at', 7000, 1_007_000, 2_007_000, true],
    ['s', 'a text of 7', 'a text of 1007', 'a text of 2007', undefined],
    ['more', 'early', 'middle', 'late', undefined],
  ]);
  expect([table.where(1), table.notes, table.decimalComma]).toEqual(['t, row 1018', ['said'], true]);
});

test('cells that were read before their rows come wait for them', async () => {
  const head = new Table({ name: 'h', header: ['n', 's'], cells: [{ numbers: Float64Array.of(0) }, ['a']], lines: 1 });
  const source: Source = {
    name: 'h',
    table: async () => head,
    text: async () => '',
    async *stream(columns) {
      const cell = (text: string) => columns[1].read?.(text, () => '') ?? 0;
      for (const text of ['a', 'b', 'c']) cell(text);
      yield { from: 0, rows: 2, columns: [Float64Array.of(1, 2), new Float64Array(2)] };
      cell('d');
      yield { from: 2, rows: 2, columns: [Float64Array.of(3, 4), new Float64Array(2)] };
      yield { from: 4, rows: 0, columns: [new Float64Array(0), new Float64Array(0)], notes: ['said'] };
    },
  };
  expect(await all(streamRows(source, head))).toEqual([
    { from: 0, rows: 2, columns: [Float64Array.of(1, 2), ['a', 'b']] },
    { from: 2, rows: 2, columns: [Float64Array.of(3, 4), ['c', 'd']] },
    { from: 4, rows: 0, columns: [new Float64Array(0), []], notes: ['said'] },
  ]);
  const { stream: _, ...still } = source;
  expect(await all(streamRows(still, head))).toEqual([]);
});

test('lines end where blocks do not', async () => {
  const found = await all(linesOf(each('a\nb', '', 'c\n\n', 'd')));
  expect(found).toEqual([
    { text: 'a', line: 1 },
    { text: 'bc', line: 2 },
    { text: '', line: 3 },
    { text: 'd', line: 4 },
  ]);
  expect(await all(linesOf(each('a\n')))).toEqual([{ text: 'a', line: 1 }]);
});

test('the head of lines is one row more than was asked for', async () => {
  const texts = ['{"v":1}', '', '{"v":NaN}', '{"v":NaN}', '{"v":4}'];
  const head = await headOfLines(lines(...texts), { name: 't', rows: 2, notes: ['first'], unit: 'line' });
  expect(head.columns[0].numbers).toEqual(Float64Array.of(1, Number.NaN, Number.NaN));
  expect([head.where(2), head.notes]).toEqual([
    't, line 4',
    ['first', 'NaN and Infinity, which JSON does not have, read as missing'],
  ]);
});

test('lines of JSON: the columns asked for, and what is left out of others', async () => {
  const read = async (columns: string[], ...texts: string[]) => {
    const reader = new JsonLines('t', columns, 'line');
    const rows = await all(reader.rows(lines(...texts)));
    return { rows: rows.map(({ values, line }) => [...values, line]), notes: reader.notes() };
  };
  expect(
    await read(
      ['a', 'b c.d'],
      '{"a":1," b  c":{"d":"x"}}',
      '',
      '{"a":[2],"b c":{"d":{}}}',
      '{"a":{"x":1},"e":3,"f":null,"g":1}',
    ),
  ).toEqual({
    rows: [
      [1, 'x', 1],
      [undefined, undefined, 3],
      [undefined, undefined, 4],
    ],
    notes: [
      'left out, as no row at the beginning has it: columns a.x, e, g (from line 4 on)',
      'columns a, b c.d: lists and objects count as missing (the first is in line 3)',
    ],
  });
  expect(await read(['a'], '{"a":[1],"z":NaN}', '{"z":2}')).toEqual({
    rows: [
      [undefined, 1],
      [undefined, 2],
    ],
    notes: [
      'NaN and Infinity, which JSON does not have, read as missing',
      'left out, as no row at the beginning has it: column z (from line 2 on)',
      'column a: lists and objects count as missing (the first is in line 1)',
    ],
  });
  expect((await read(['c1'], '1', 'null', '"x"')).rows).toEqual([
    [1, 1],
    [null, 2],
    ['x', 3],
  ]);
  await expect(read(['a'], '["a","b"]', '[1,2]', '[3]')).rejects.toThrow(
    't, line 3: 1 value where the first row has 2; correct the row',
  );
});

test('columns side by side: what ends before others, and what is no single value', async () => {
  const text = '{"p": [1, [2], NaN], "two  words": [4, 5, {"a": 6}], "q": [7, 8]}';
  const columns = ['p', 'two  words', 'q'].map((name) => ({ name, at: text.indexOf('[', text.indexOf(`"${name}"`)) }));
  const reader = () =>
    new JsonColumns('t', () => each(text), { path: ['in', 'it'], others: ['o'], columns }, ['coded']);
  const whole = reader();
  const rows = await all(whole.rows(['two words', 'p']));
  expect(rows).toEqual([
    { values: [4, 1], line: 1 },
    { values: [5, undefined], line: 2 },
    { values: [undefined, null], line: 3 },
  ]);
  expect(whole.notes()).toEqual([
    'coded',
    'NaN and Infinity, which JSON does not have, read as missing',
    'rows are those under in.it, the longest of 2 (not o)',
    'lists and objects count as missing (the first is in column p, row 2)',
  ]);
  await expect(all(reader().rows(['p', 'q']))).rejects.toThrow('t: column q ends before row 3, where others go on');
  const head = await reader().head(2);
  expect(head.columns.map(({ name, cells }) => [name, ...cells])).toEqual([
    ['p', '1', ''],
    ['two words', '4', '5'],
    ['q', '7', '8'],
  ]);
});
