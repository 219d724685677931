/** What each kind of data gives: a table, a text, its head, a stream, what tells its files apart, and what it does not. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { allFinite } from '../../src/data/array.js';
import { inflated, openBytes } from '../../src/data/bytes.js';
import { type DataInput, openSource, type Source } from '../../src/data/source.js';
import type { TableChunk } from '../../src/data/stream.js';
import type { Table } from '../../src/data/table.js';
import { MemcellError } from '../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-open-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const digest = (content: string | Buffer) => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
};
const parquet = (name: string, values: number[]) =>
  file(name, new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'v', type: 'DOUBLE', data: values }] })));

async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof MemcellError) return `${error.code}: ${error.message.replaceAll(`${folder}/`, '')}`;
    throw error;
  }
  return 'nothing was thrown';
}

async function all<T>(from: AsyncIterable<T> | undefined): Promise<T[]> {
  const found: T[] = [];
  for await (const one of from ?? []) found.push(one);
  return found;
}

test.each<[unknown, string]>([
  [null, 'usage: null is no data; give a path, rows, columns or numbers'],
  [undefined, 'usage: nothing is no data; give a path, rows, columns or numbers'],
  [7, 'usage: 7 is no data; give a path, rows, columns or numbers'],
  [{ files: [] }, 'usage: no files are given; give at least one'],
  [{}, 'usage: data: has no columns; give at least one'],
  [{ v: [] }, 'usage: data: holds no rows; it must hold data'],
  [{ v: [1], w: 'ab' }, 'usage: data, column w: must be an array or a typed array'],
  [{ v: [1], w: new DataView(new ArrayBuffer(1)) }, 'usage: data, column w: must be an array or a typed array'],
  [{ v: [1, 2], w: [] }, 'usage: data, column w: has 0 values where v has 2; give as many'],
])('%j is no data', async (input, message) => {
  expect(await refusal(() => openSource(input as DataInput).table())).toBe(message);
});

test.each<[DataInput, [string, ...string[]][]]>([
  [{ files: ['a', 5] }, [['files', 'a', '5']]],
  [{ text: ['x'], name: ['a'] }, [['text', 'x'], ['name', 'a']]], // biome-ignore format: one case to a line
  [{ bytes: Uint8Array.of(1, 2), name: ['a', 'b'] }, [['bytes', '1', '2'], ['name', 'a', 'b']]], // biome-ignore format: one case to a line
  [{ bytes: Uint8Array.of(3) }, [['bytes', '3']]],
  [{ ' a ': [' x ', null] }, [['a', 'x', '']]],
  [Float32Array.of(0.5, 2), [['c1', '0.5', '2']]],
  [Float64Array.of(Number.NaN, 2), [['c1', '', '2']]],
  [[{ a: { b: 1 }, at: new Date('2020-01-02') }], [['a.b', '1'], ['at', '2020-01-02']]], // biome-ignore format: one case to a line
])('%j is a table of a program', async (input, columns) => {
  const source = openSource(input);
  const table = await source.table();
  expect([source.name, table.name]).toEqual(['data', 'data']);
  expect(table.columns.map(({ name, cells }) => [name, ...cells])).toEqual(columns);
  expect(await refusal(() => source.text())).toBe('usage: data: is a table, not a text; give { name, text }');
  expect([source.head, source.stream, source.digests, source.notes]).toEqual(Array(4).fill(undefined));
});

test('data is named after its file, or the first of its files', () => {
  const named = (input: DataInput) => openSource(input).name;
  expect([
    named('a.csv'),
    named('-'),
    named({ files: ['-'] }),
    named({ files: ['a', 'b'] }),
    named({ files: ['-', 'b', 'c'] }),
    named({ name: 'n', text: '' }),
    named({ name: 'm', bytes: Uint8Array.of() }),
  ]).toEqual(['a.csv', 'stdin', 'stdin', 'a and 1 more', '- and 2 more', 'n', 'm']);
});

describe('the text of files', () => {
  const files = [file('open.txt', latin1('für\r\nzwei')), file('empty.txt', ''), file('shut.txt', latin1('ü\r'))];
  const note = (name: string) => `${join(folder, name)}: read as Latin-1 (Windows-1252), since it is not UTF-8`;

  test('comes in blocks as it comes whole, and what is said of it once', async () => {
    const pair = { files: [files[0], files[2]] };
    for (const read of [
      (source: Source) => source.text(),
      async (source: Source) => (await all(source.textBlocks?.())).join(''),
    ]) {
      const source = openSource(pair);
      expect(await read(source)).toBe('für\nzwei\nü\n');
      await read(source);
      expect(source.notes).toEqual([note('open.txt'), note('shut.txt')]);
    }
    // A line end stands between two files once, whichever of them has it.
    const mixed = { files: [files[2], files[0], files[0], files[2]] };
    const joined = 'ü\nfür\nzwei\nfür\nzwei\nü\n';
    expect([await openSource(mixed).text(), (await all(openSource(mixed).textBlocks?.())).join('')]).toEqual([
      joined,
      joined,
    ]);
    // A file that is empty ends no line, and begins none.
    const three = openSource({ files: [files[2], files[1], files[0]] });
    expect((await all(three.textBlocks?.())).join('')).toBe('ü\nfür\nzwei');
    expect((await all(openSource({ files }).textBlocks?.())).join('')).toBe('für\nzwei\n\nü\n');
  });

  test('has about as many bytes as its files, six times those of gzipped ones', async () => {
    const packed = gzipSync('a,b\n1,2\n');
    const zipped = file('z.csv.gz', packed);
    expect(await openSource({ files: [files[0], files[2]] }).textSize?.()).toBe(9 + 2);
    expect(await openSource({ files: [files[0], zipped] }).textSize?.()).toBe(9 + 6 * packed.length);
    expect((await openSource({ files: [zipped, zipped] }).head?.(1))?.bytes).toBe(12 * packed.length);
    const table = parquet('text.parquet', [1]);
    expect(await openSource({ files: [files[0], table] }).textSize?.()).toBeUndefined();
    expect(await openSource(zipped, { sql: 'select 1' }).textSize?.()).toBeUndefined();
  });

  test('is none of a query or of Parquet', async () => {
    const table = parquet('no-text.parquet', [1]);
    expect(await refusal(() => openSource(files[0], { sql: 'select 1' }).text())).toBe(
      'usage: --sql selects a table, not a text',
    );
    expect(await refusal(() => openSource({ files: [files[0], table] }).text())).toBe(
      'data: no-text.parquet: is a table (Parquet), not a text',
    );
    expect(await refusal(() => openSource({ name: 't', text: 'a' }, { sql: 'select 1' }))).toBe(
      'usage: sql selects from files; data in code is given as it is',
    );
  });

  test('of a program keeps its name, and loses \\r', async () => {
    expect(await openSource({ name: 't', text: 'a\r\nb\r' }).text()).toBe('a\nb\n');
    expect(await openSource({ name: 't', bytes: gzipSync(latin1('ä\r\nb')) }).text()).toBe('ä\nb');
  });
});

describe('several files as one', () => {
  const numbers = [parquet('n1.parquet', [1, 2, 3]), parquet('n2.parquet', [4, 5])];
  const text = file('süd.csv', latin1('v;ü\n6;1\n7;2\n8;3\n'));
  const other = file('x.csv', 'ü;v\n1;9\n');

  test('heads are of the first; rows are known where all say them', async () => {
    const both = await openSource({ files: numbers }).head?.(2);
    expect([both?.rows, both?.table.rows, both?.table.name]).toEqual([5, 2, numbers[0]]);
    const mixed = await openSource({ files: [text, numbers[0]] }).head?.(1);
    expect([mixed?.rows, mixed?.table.name, mixed?.table.columns.map(({ name }) => name)]).toEqual([
      undefined,
      text,
      ['v', 'ü'],
    ]);
  });

  test('the head of values says what the whole table says of itself', async () => {
    for (const path of [
      file('coded.csv', latin1('Messung von März\n;ü;v\na;1,5;1\nb;2,5;2\nc;4;3\n\nc;5;3\n')),
      file('bars.csv', 'a|b\n1|2\n3|4\n'),
      file('comments.csv', '# one\n# two\na,b\n1,2\n3,4\n'),
    ]) {
      const [head, whole] = [(await openSource(path).head?.(9))?.table, await openSource(path).table()];
      const said = (table?: Table) => [
        table?.notes,
        table?.decimalComma,
        table?.rows,
        table?.columns.map(({ name, kind, cells }) => [name, kind, ...cells]),
        table?.where(1),
      ];
      expect(whole.notes).not.toEqual([]);
      expect(said(head)).toEqual(said(whole));
    }
  });

  test('stream one behind the other, and say of which file a note is', async () => {
    const shown = ({ from, rows, columns, notes }: TableChunk) => [
      from,
      rows,
      ...columns.map((one) => [...one]),
      notes,
    ];
    const coded = 'read as Latin-1 (Windows-1252), since it is not UTF-8';
    const source = openSource({ files: [text, numbers[1], other] });
    for (let again = 0; again < 2; again++) {
      expect((await all(source.stream?.([{ name: 'v' }]))).map(shown)).toEqual([
        [0, 3, [6, 7, 8], undefined],
        [3, 0, [], [`${text}: ${coded}`]],
        [3, 2, [4, 5], undefined],
        [5, 1, [9], undefined],
      ]);
    }
    // A pattern stands for several files as well, or for one.
    const [coded1, coded2] = ['part-1.csv', 'part-2.csv'].map((name) => file(name, latin1('v;ü\n6;1\n7;2\n')));
    for (const [pattern, said] of [
      ['part-*.csv', [`${coded1}: ${coded}`, `${coded2}: ${coded}`]],
      ['part-[2].csv', [coded]],
    ] as const) {
      const chunks = await all(openSource(join(folder, pattern)).stream?.([{ name: 'v' }]));
      expect(chunks.flatMap(({ notes }) => notes ?? [])).toEqual(said);
    }
    expect((await all(openSource(text).stream?.([{ name: 'ü' }, { name: 'v' }]))).map(shown)).toEqual([
      [0, 3, [1, 2, 3], [6, 7, 8], undefined],
      [3, 0, [], [], [coded]],
    ]);
  });

  test('are told apart by their bytes: unzipped where they are read, as they are where a query reads them', async () => {
    const content = 'v\n1\n2\n';
    const zipped = file('d.csv.gz', gzipSync(content));
    const open = file('e.csv', content);
    expect(await openSource({ files: [zipped, open] }).digests?.()).toEqual({
      [zipped]: digest(content),
      [open]: digest(content),
    });
    expect(await openSource(zipped, { sql: 'select * from data' }).digests?.()).toEqual({
      [zipped]: digest(gzipSync(content)),
    });
  });
});

test('a file that is gone, or shorter, after it was opened', async () => {
  const path = file('short.csv', 'v\n1\n2\n');
  const bytes = await openBytes(path);
  writeFileSync(path, 'v\n1');
  expect(Buffer.from(await bytes.slice(1, 6)).toString()).toBe('\n1');
  expect(await bytes.slice(5, 6)).toHaveLength(0);
  const zipped = await inflated(await openBytes(file('gone.csv.gz', gzipSync('v\n1\n'))));
  rmSync(path);
  rmSync(join(folder, 'gone.csv.gz'));
  expect(await refusal(() => bytes.slice(0, 1))).toBe('io: short.csv: no such file; check the path');
  expect(await refusal(() => zipped.slice(0, 1))).toBe('io: gone.csv.gz: no such file; check the path');
});

test('a query reads no pipe', async () => {
  const open = (path: string) => openSource({ files: [file('a.csv', 'v\n1\n'), path] }, { sql: 'select 1' });
  expect(await refusal(() => open('-').table())).toBe('usage: --sql reads files; save stdin as one');
  expect(await refusal(() => open('/dev/null').table())).toBe('usage: --sql reads files; save /dev/null as one');
});

test.each([0, 1, 2, 3, 5, 8])('a number that is not finite is found in place %i of nine', (place) => {
  const values = Float32Array.from({ length: 9 }, (_, i) => 3e38 * (-1) ** i);
  expect(allFinite(values)).toBe(true);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    values[place] = odd;
    expect(allFinite(values)).toBe(false);
  }
});

describe('streamed columns', () => {
  const long = `${'y'.repeat(39)}zz`;
  const texts = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'v', type: 'STRING', data: ['1', long] },
        { name: 'n', type: 'DOUBLE', data: [1, 2] },
      ],
    }),
  );
  test.each<[string, string | Uint8Array, string]>([
    ['s.csv', `v,n\n1,1\n${long},2\n`, 'line 3'],
    ['s.jsonl', `{"v":1,"n":1}\n\n{"v":"${long}","n":2}\n`, 'line 3'],
    ['s.json', `[{"v":1,"n":1},\n{"v":"${long}","n":2}]`, 'row 2'],
    ['keyed.json', `{"rows":[{"v":1,"n":1},{"v":"${long}","n":2}]}`, 'row 2'],
    ['side.json', `{"v":[1,"${long}"],"n":[1,2]}`, 'row 2'],
    ['s.parquet', texts, 'row 2'],
  ])(
    '%s: a cell that is no number has its place, and so has a column that is not there',
    async (name, content, place) => {
      const source = openSource(file(name, content));
      const column = async (...names: string[]) => all(source.stream?.(names.map((one) => ({ name: one }))));
      expect(await refusal(() => column('n', 'v'))).toBe(
        `data: ${name}, ${place}, column v: '${long.slice(0, 40)}' is not a number; correct it, or choose another column`,
      );
      // A row of JSON may lack any column.
      if (!['s.json', 's.jsonl'].includes(name)) {
        expect(await refusal(() => column('n', 'vv'))).toBe(
          `usage: ${name}: no column vv; did you mean v? Its columns: v, n`,
        );
        expect(await refusal(() => column('other'))).toBe(`usage: ${name}: no column other. Its columns: v, n`);
      }
      // What is read otherwise has the same place, and comes in the order asked for.
      const places: string[] = [];
      const read = (cell: string, where: () => string) => places.push(`${cell} ${where()}`);
      const [chunk] = await all(source.stream?.([{ name: 'v', read }, { name: 'n' }]));
      expect([[...chunk.columns[0]], [...chunk.columns[1]], chunk.rows]).toEqual([[1, 2], [1, 2], 2]);
      const first = place.startsWith('row') ? 'row 1' : name === 's.csv' ? 'line 2' : 'line 1';
      const path = join(folder, name);
      expect(places).toEqual([`1 ${path}, ${first}, column v`, `${long} ${path}, ${place}, column v`]);
    },
  );

  test('the head of Parquet has the rows asked for, of one group of rows or of several', async () => {
    const data = Array.from({ length: 7 }, (_, i) => i + 0.5);
    const columnData = [
      { name: 'v', type: 'DOUBLE' as const, data },
      { name: 's', type: 'STRING' as const, data: data.map((value) => `s${value}`) },
    ];
    const groups = file('groups.parquet', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 2 })));
    for (let asked = 1; asked < 9; asked++) {
      const head = await openSource(groups).head?.(asked);
      const there = data.slice(0, asked);
      expect([head?.rows, head?.table.rows, head?.table.columns.map(({ cells }) => cells)]).toEqual([
        7,
        there.length,
        [there.map(String), there.map((value) => `s${value}`)],
      ]);
    }
    const path = parquet('head.parquet', [1, 2, 3]);
    for (const [asked, cells] of [
      [2, ['1', '2']],
      [3, ['1', '2', '3']],
      [9, ['1', '2', '3']],
    ] as const) {
      const head = await openSource(path).head?.(asked);
      expect([head?.table.columns[0].cells, head?.table.where(1), head?.rows]).toEqual([cells, `${path}, row 2`, 3]);
    }
  });
});
