import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { parquetWriteBuffer as WriteParquet } from 'hyparquet-writer';
import { collect, inflateByWeb, memoryBytes } from '../../src/data/bytes.js';
import { openParquet } from '../../src/data/parquet.js';
import { type DataInput, openSource, type Source, type SourceOptions } from '../../src/data/source.js';
import type { StreamColumn } from '../../src/data/stream.js';
import type { Table } from '../../src/data/table.js';
import { MemcellError } from '../../src/errors.js';
import { refusal } from '../refusal.js';

type SchemaElement = NonNullable<Parameters<typeof WriteParquet>[0]['schema']>[number];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-sources-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const contentOf = (table: Table) => Object.fromEntries(table.columns.map((column) => [column.name, [...column.cells]]));

async function failure(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof MemcellError && !error.message.includes('\n')) return error.message.replaceAll(folder, '');
    throw error;
  }
  throw new Error('nothing was thrown');
}

async function streamed(source: Source, columns: readonly StreamColumn[]): Promise<number[][]> {
  const values: number[][] = columns.map(() => []);
  let next = 0;
  for await (const chunk of source.stream?.(columns) ?? []) {
    expect(chunk.from).toBe(next);
    // Only what is said at the end has no rows.
    expect(chunk.rows > 0 || (chunk.notes ?? []).length > 0).toBe(true);
    next += chunk.rows;
    for (const [i, column] of chunk.columns.entries()) {
      expect(column).toHaveLength(chunk.rows);
      values[i].push(...column);
    }
  }
  return values;
}

describe('one table in every form', () => {
  const csv = 'date,v\n2020-01-01,1.5\n2020-01-02,\n2020-01-03,-2\n';
  const rows = [
    { date: '2020-01-01', v: 1.5 },
    { date: '2020-01-02', v: null },
    { date: '2020-01-03', v: -2 },
  ];
  const same = { date: ['2020-01-01', '2020-01-02', '2020-01-03'], v: ['1.5', '', '-2'] };

  test.each<[string, string | Uint8Array]>([
    ['plain.csv', csv],
    ['zipped.csv.gz', gzipSync(csv)],
    ['zipped-without-saying.csv', gzipSync(csv)],
    ['members.gz', Buffer.concat([gzipSync(csv.slice(0, 20)), gzipSync(csv.slice(20))])],
    ['utf16-without-mark.csv', Buffer.from(csv, 'utf16le')],
    ['json-without-saying', JSON.stringify(rows)],
    ['json-lines-without-saying.txt', rows.map((row) => JSON.stringify(row)).join('\n')],
    ['spaced.json', JSON.stringify(rows, null, 2)],
  ])('%s', async (name, content) => {
    const source = openSource(await file(name, content));
    expect(contentOf(await source.table())).toEqual(same);
    const numbers = await streamed(source, [{ name: 'v' }, { name: 'date', read: (cell) => Date.parse(cell) }]);
    expect(numbers).toEqual([[1.5, Number.NaN, -2], same.date.map((day) => Date.parse(day))]);
    const head = await source.head?.(2);
    expect(head?.table.columns[0].cells.slice(0, 2)).toEqual(same.date.slice(0, 2));
  });

  test.each<[string, DataInput]>([
    ['objects', rows],
    ['columns', { date: same.date, v: [1.5, null, -2] }],
    ['typed columns', { date: same.date, v: Float64Array.of(1.5, Number.NaN, -2) }],
    ['dates', { date: same.date.map((day) => new Date(day)), v: [1.5, undefined, -2] }],
    ['a text', { name: 'data.csv', text: csv }],
    ['bytes', { name: 'data', bytes: gzipSync(csv) }],
  ])('in code: %s', async (_, input) => {
    const table = await openSource(input).table();
    expect(contentOf(table)).toEqual(same);
  });

  test('numbers and dates in code stay values; text of them is written when asked for', async () => {
    const days = [new Date('2020-01-01T06:00:00Z'), null];
    const table = await openSource({ n: Float32Array.of(0.5, 2), at: days, on: [true, null] }).table();
    expect(table.columns.map(({ numbers, times }) => [numbers, times])).toEqual([
      [Float64Array.of(0.5, 2), undefined],
      [undefined, Float64Array.of(Date.UTC(2020, 0, 1, 6), Number.NaN)],
      [undefined, undefined],
    ]);
    expect(contentOf(table)).toEqual({ n: ['0.5', '2'], at: ['2020-01-01T06:00:00Z', ''], on: ['true', ''] });
    expect((await openSource([3, 1, 2]).table()).numbers('c1')).toEqual(Float64Array.of(3, 1, 2));
    expect(table.where(1, 'n')).toBe('data, row 2, column n');
  });

  test('what is no table in code', async () => {
    expect(await failure(() => openSource({ a: [1], b: [1, 2] }).table())).toBe(
      'data, column b: has 2 values where a has 1; give as many',
    );
    expect(await failure(() => openSource([]).table())).toBe('data: holds no rows; it must hold data');
    expect(await failure(() => openSource([{ a: 1 }], { sql: 'select 1' }))).toContain('sql selects from files');
    expect(await failure(() => openSource([1, 2]).text())).toContain('is a table, not a text');
  });
});

describe('a long text in every form and encoding streams as it is read whole, and says the same of itself', () => {
  const rows = Array.from({ length: 2900 }, (_, i) => ({ süd: `${'ü'.repeat(390)} ${i % 7}`, v: (i * 7919) % 1000 }));
  const json = rows.map((row) => JSON.stringify(row));
  const columns = { süd: rows.map((row) => row.süd), v: rows.map((row) => row.v) };
  const forms: [name: string, text: string, notes: string[]][] = [
    ['values.csv', `süd,v\n${rows.map(({ süd, v }) => `${süd},${v}\n`).join('')}`, []],
    ['lines.jsonl', json.join('\n'), []],
    ['array.json', `[${json.join(',\n')}]`, []],
    ['inner.json', `{"about": {"süd": 1}, "data": [${json.join(',\n')}]}`, ['rows are those under data']],
    ['columns.json', JSON.stringify(columns), []],
  ];
  const encodings: [name: string, of: (text: string) => Uint8Array, notes: string[]][] = [
    ['UTF-8', (text) => Buffer.from(text), []],
    ['UTF-8 with a mark', (text) => Buffer.from(`\uFEFF${text}`), []],
    ['UTF-16', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'), []],
    ['UTF-16, the other way', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(), []],
    ['Latin-1', (text) => Buffer.from(text, 'latin1'), ['read as Latin-1 (Windows-1252), since it is not UTF-8']],
  ];
  const matrix = forms.flatMap(([form, text, said]) =>
    encodings.map(([encoding, of, notes]) => ({ form, encoding, bytes: of(text), notes: [...notes, ...said] })),
  );
  test.each(matrix)('$form in $encoding', async ({ form, bytes, notes }) => {
    const source = openSource(await file(`long-${form}`, bytes));
    const table = await source.table();
    expect(table.notes).toEqual(notes);
    expect(contentOf(table).süd).toEqual(columns.süd);
    expect([...table.numbers('v')]).toEqual(columns.v);
    const read = [{ name: 'v' }, { name: 'süd', read: (cell: string) => Number(cell.slice(-1)) + cell.length }];
    expect(await streamed(source, read)).toEqual([columns.v, rows.map((_, i) => (i % 7) + 392)]);
    const said: string[] = [];
    for await (const chunk of source.stream?.(read) ?? []) said.push(...(chunk.notes ?? []));
    expect(said).toEqual(notes);
    const head = await source.head?.(3);
    expect(head?.table.columns.map(({ name }) => name)).toEqual(['süd', 'v']);
    expect(head?.table.columns[0].cells.slice(0, 3)).toEqual(columns.süd.slice(0, 3));
  });
});

test('lines of lists stream as they are read whole, the first of names or not', async () => {
  for (const [n, names] of ['["d","v"]\n', ''].entries()) {
    const source = openSource(await file(`lists${n}.jsonl`, `${names}["x",1]\n["y",2]\n["z",4]\n`));
    const v = names === '' ? 'c2' : 'v';
    expect([...(await source.table()).numbers(v)]).toEqual([1, 2, 4]);
    expect(await streamed(source, [{ name: v }])).toEqual([[1, 2, 4]]);
  }
});

describe('several files', () => {
  test('a pattern: in the order of their names, each row with its own file and line', async () => {
    await mkdir(join(folder, 'parts'));
    for (const [n, day] of [
      [10, '03'],
      [2, '02'],
      [1, '01'],
    ]) {
      await file(`parts/p${n}.csv`, `date;v\n2020-01-${day};${n}\n`);
    }
    const source = openSource(join(folder, 'parts', 'p*.csv'));
    const table = await source.table();
    expect(contentOf(table)).toEqual({ date: ['2020-01-01', '2020-01-02', '2020-01-03'], v: ['1', '2', '10'] });
    expect(table.where(2, 'v')).toBe(`${join(folder, 'parts/p10.csv')}, line 2, column v`);
    expect(table.notes[0]).toContain('3 files: ');
    expect(await streamed(source, [{ name: 'v' }])).toEqual([[1, 2, 10]]);
    await file('parts/p3.csv', 'date;w\n2020-01-05;1\n');
    expect(await failure(() => openSource(join(folder, 'parts', 'p*.csv')).table())).toContain(
      'p3.csv: has no column v, which /parts/p1.csv has; its columns: date, w',
    );
    expect(await failure(() => openSource(join(folder, '*.none')).table())).toBe(
      '/*.none: no file matches it; check the pattern',
    );
  });

  test('texts are joined', async () => {
    const files = [await file('one.txt', 'ab\r\n'), await file('two.txt', 'cd\n')];
    expect(await openSource({ files }).text()).toBe('ab\ncd\n');
    const [whole, open] = [await file('whole.txt', 'ef\n'), await file('open.txt', 'gh')];
    expect(await openSource({ files: [open, whole] }).text()).toBe('gh\nef\n');
    expect(await openSource({ files: [whole, open, open] }).text()).toBe('ef\ngh\ngh');
    const source = openSource(await file('süd.txt', Buffer.from('für\n', 'latin1')));
    expect(await source.text()).toBe('für\n');
    expect(source.notes).toEqual([`${source.name}: read as Latin-1 (Windows-1252), since it is not UTF-8`]);
  });
});

describe('Parquet', () => {
  const columns = `i, i / 4.0 as quarter, case when i % 3 = 0 then null else i * 1.5 end as holes,
    date '2020-01-01' + cast(i as integer) as day, timestamp '2020-01-01' + interval (i) hour as hour,
    case when i = 1 then null else 'x' || (i % 2) end as word, i % 2 = 0 as flag, cast(i as decimal(9, 2)) as money`;
  const options = ['', ', compression zstd', ', compression gzip', ', row_group_size 2048', ', parquet_version v2'];
  let files: string[];
  beforeAll(async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    files = options.map((_, i) => join(folder, `t${i}.parquet`));
    for (const [i, option] of options.entries()) {
      await connection.run(`copy (select ${columns} from range(5000) r(i)) to '${files[i]}' (format parquet${option})`);
    }
    await connection.run(
      `copy (select [1, 2] as list, {'a': 1} as object, 3 as n, 9007199254740995 as big)
       to '${join(folder, 'nested.parquet')}' (format parquet)`,
    );
  });

  test.each(options)('written by DuckDB%s: typed columns', async (option) => {
    const path = files[options.indexOf(option)];
    const source = openSource(path);
    const table = await source.table();
    expect(table.rows).toBe(5000);
    expect(table.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'i number',
      'quarter number',
      'holes number',
      'day date',
      'hour date',
      'word text',
      'flag text',
      'money number',
    ]);
    const row = (at: number) => table.columns.map(({ cells }) => cells[at]);
    expect(row(1)).toEqual(['1', '0.25', '1.5', '2020-01-02', '2020-01-01T01:00:00', '', 'false', '1']);
    expect(row(3)).toEqual(['3', '0.75', '', '2020-01-04', '2020-01-01T03:00:00', 'x1', 'false', '3']);
    expect(table.column('i').numbers?.[4999]).toBe(4999);
    expect(table.column('holes').numbers?.[4998]).toBeNaN();
    expect(table.where(6, 'i')).toBe(`${path}, row 7, column i`);
    const asked = [{ name: 'money' }, { name: 'hour' }, { name: 'word', read: (cell: string) => cell.length }];
    const [money, hour, word] = await streamed(source, asked);
    expect(money).toEqual(Array.from({ length: 5000 }, (_, i) => i));
    expect(hour[4999]).toBe(Date.UTC(2020, 0, 1) + 4999 * 3_600_000);
    expect(word.slice(0, 3)).toEqual([2, 0, 2]);
    expect(await source.head?.(10)).toMatchObject({ rows: 5000, table: { rows: 10 } });
  });

  test('columns that are never missing, and texts that another file has as numbers', async () => {
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const whole = [0n, -1n, 2n ** 32n, -(2n ** 40n) - 3n, 4_294_967_295n];
    const halves = [0.5, -0.25, 3, 1e-3, 2e6];
    const required = { nullable: false };
    const columnData = [
      { name: 'long', type: 'INT64' as const, data: whole, ...required },
      { name: 'int', type: 'INT32' as const, data: [1, -2, 3, -4, 5], ...required },
      { name: 'double', type: 'DOUBLE' as const, data: halves, ...required },
      { name: 'float', type: 'FLOAT' as const, data: halves, ...required },
      {
        name: 'at',
        type: 'TIMESTAMP' as const,
        data: whole.map((_, i) => new Date(Date.UTC(2020, 0, 1 + i))),
        ...required,
      },
    ];
    const path = await file('required.parquet', new Uint8Array(parquetWriteBuffer({ columnData })));
    const source = openSource(path);
    const table = await source.table();
    const expected = {
      long: whole.map(Number),
      int: [1, -2, 3, -4, 5],
      double: halves,
      float: halves.map(Math.fround),
      at: whole.map((_, i) => Date.UTC(2020, 0, 1 + i)),
    };
    for (const [name, values] of Object.entries(expected)) {
      const { numbers, times } = table.column(name);
      expect([name, Array.from(times ?? numbers ?? [])]).toEqual([name, values]);
    }
    const texts = await file('texts.csv', 'int,at\nlow,soon\n7,later\n');
    const cells: string[][] = [[], []];
    const both = openSource({ files: [texts, path] });
    const columns = cells.map((into, i) => ({ name: ['int', 'at'][i], read: (cell: string) => into.push(cell) }));
    await streamed(both, columns);
    expect(cells).toEqual([
      ['low', '7', '1', '-2', '3', '-4', '5'],
      ['soon', 'later', '2020-01-01', '2020-01-02', '2020-01-03', '2020-01-04', '2020-01-05'],
    ]);
  });

  test('times of any unit are milliseconds, bytes are hexadecimal, and a time of day is a text', async () => {
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const at = Date.UTC(2020, 0, 1, 6, 0, 0, 7);
    const times = [at, at + 1, Date.UTC(1969, 11, 31, 23)];
    const scaled = (by: number, more: number) => times.map((time) => BigInt(time) * BigInt(by) + BigInt(more));
    const timestamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS', isAdjustedToUTC: boolean) =>
      ({ logical_type: { type: 'TIMESTAMP', unit, isAdjustedToUTC } }) as const;
    const long = { type: 'INT64', repetition_type: 'REQUIRED' } as const;
    const written: [string, Omit<SchemaElement, 'name'>, unknown[], unknown[], boolean?][] = [
      ['old millis', { ...long, converted_type: 'TIMESTAMP_MILLIS' }, scaled(1, 0), times, true],
      ['old micros', { ...long, converted_type: 'TIMESTAMP_MICROS' }, scaled(1e3, 999), times, true],
      ['millis', { ...long, ...timestamp('MILLIS', true) }, scaled(1, 0), times, true],
      ['micros', { ...long, ...timestamp('MICROS', false) }, scaled(1e3, 999), times, false],
      ['nanos', { ...long, ...timestamp('NANOS', true) }, scaled(1e6, 500_000), times, true],
      ['days', { type: 'INT32', converted_type: 'DATE' }, [1, undefined, -1], [864e5, Number.NaN, -864e5], false],
      ['other days', { type: 'INT32', logical_type: { type: 'DATE' } }, [0, 2, 1], [0, 2 * 864e5, 864e5], false],
      [
        'bytes',
        { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2 },
        [Uint8Array.of(10, 255), undefined, Uint8Array.of(0, 1)],
        ['0aff', '', '0001'],
      ],
      ['clock', { type: 'INT32', converted_type: 'TIME_MILLIS' }, [1000, 2000, undefined], ['1000', '2000', '']],
    ];
    const schema: SchemaElement[] = [
      { name: 'root', num_children: written.length },
      ...written.map(([name, element]) => ({ repetition_type: 'OPTIONAL' as const, ...element, name })),
    ];
    const columnData = written.map(([name, , data]) => ({ name, data }));
    const bytes = new Uint8Array(parquetWriteBuffer({ schema, columnData }));
    const table = await openSource({ name: 'times', bytes }).table();
    for (const [name, , , expected, utc] of written) {
      const column = table.column(name);
      const found = column.times === undefined ? [...column.cells] : [...column.times];
      expect([name, column.utc, found]).toEqual([name, utc, expected]);
    }
  });

  test('blocks of any length, over and within row groups, hold the rows in their order', async () => {
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const data = Array.from({ length: 23 }, (_, i) => i + 0.5);
    const texts = data.map((value) => (value % 3 === 0.5 ? null : `x${value}`));
    const columnData = [
      { name: 'v', data, type: 'DOUBLE' as const, nullable: false },
      { name: 'whole', data: data.map((value) => BigInt(value - 0.5)), type: 'INT64' as const, nullable: false },
      { name: 'holes', data: data.map((value) => (value < 9 ? null : value)), type: 'DOUBLE' as const },
      { name: 's', data: texts, type: 'STRING' as const },
    ];
    for (const rowGroupSize of [5, 8, 100]) {
      const content = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
      for (const most of [1, 3, 5, 7, 30]) {
        const reader = await openParquet(memoryBytes('t', content), most);
        expect([reader.rows, reader.columns.map(({ name }) => name)]).toEqual([23, ['v', 'whole', 'holes', 's']]);
        const found: unknown[][] = [[], [], [], []];
        for await (const { rows, columns } of reader.blocks(['s', 'holes', 'whole', 'v'])) {
          expect(rows).toBeLessThanOrEqual(Math.min(most, rowGroupSize));
          for (const [i, column] of columns.entries()) found[i].push(...column);
        }
        expect(found).toEqual([
          texts.map((text) => text ?? ''),
          data.map((value) => (value < 9 ? Number.NaN : value)),
          data.map((value) => value - 0.5),
          data,
        ]);
      }
    }
  });

  test('what is wrong in a second file is told by its own row', async () => {
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const written = (name: string, data: string[]) =>
      file(name, new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'v', data, type: 'STRING' }] })));
    const [one, two] = [await written('one.parquet', ['1', '2', '3']), await written('two.parquet', ['4', 'many'])];
    const told = await failure(() => streamed(openSource({ files: [one, two] }), [{ name: 'v' }]));
    expect(told).toContain('two.parquet, row 2, column v: ');
  });

  test('one row group of millions of rows', async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const path = join(folder, 'group.parquet');
    const rows = 4_300_000;
    await connection.run(
      `copy (select i from range(${rows}) r(i)) to '${path}' (format parquet, row_group_size ${rows})`,
    );
    const source = openSource(path);
    let sum = 0;
    for await (const { columns, from } of source.stream?.([{ name: 'i' }]) ?? []) {
      expect(columns[0][0]).toBe(from);
      sum = columns[0].reduce((total, value) => total + value, sum);
    }
    expect(sum).toBe((rows * (rows - 1)) / 2);
    expect((await source.head?.(3))?.rows).toBe(rows);
  }, 60_000);

  test('lists and objects are left out, and it is said; so is rounding', async () => {
    const table = await openSource(join(folder, 'nested.parquet')).table();
    expect(table.columns.map(({ name }) => name)).toEqual(['n', 'big']);
    expect(table.notes).toEqual([
      'column list left out: it holds lists or objects',
      'column object left out: it holds lists or objects',
      'column big: whole numbers beyond 2^53 are rounded',
    ]);
  });

  test('damaged at any byte: the table, or one line', async () => {
    const content = await readFile(files[3]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.option(fc.nat(content.length)),
        async (flips, length) => {
          const bytes = new Uint8Array(content.subarray(0, length ?? content.length));
          for (const [at, by] of flips) if (at < bytes.length) bytes[at] ^= by;
          try {
            expect((await openSource({ name: 'damaged', bytes }).table()).rows).toBeGreaterThan(0);
          } catch (error) {
            if (!(error instanceof MemcellError)) throw error;
            expect(error.message).toMatch(/^damaged[:,] .*$/);
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  test('each byte of a small file damaged: the table, or what is wrong with it', async () => {
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const data = [1.5, 2, 4];
    const columnData = [{ name: 'v', data, type: 'DOUBLE' as const, nullable: false }];
    const whole = new Uint8Array(parquetWriteBuffer({ columnData }));
    const told = async (bytes: Uint8Array) => {
      const source = openSource({ name: 't', bytes });
      return refusal(async () => expect((await source.table()).columns.length).toBe(1));
    };
    const found = new Set<string>();
    for (let at = 4; at < whole.length - 4; at++)
      for (const flip of [1, 2]) found.add(await told(whole.map((byte, i) => (i === at ? byte ^ flip : byte))));
    const kind = /^data: t: is damaged Parquet, or of a kind that can't be read \((?!\w*Error: )[^\n]{1,120}\)$/;
    const others = [...found].filter((line) => !kind.test(line));
    expect(others.sort()).toEqual([
      "data: t: is damaged Parquet: its row groups don't add up; get it again",
      'nothing',
    ]);
    const why = [...found].map((line) => /\((.*)\)$/.exec(line)?.[1]);
    expect(why).toEqual(expect.arrayContaining(['column v has 2 of 3 rows', 'a page of -25 bytes']));
    // The page's header: its kind, its size, and its size when compressed, here less by what the larger number takes.
    expect([4, 5, 6, 8].map((at) => whole[at])).toEqual([0x15, 6, 0x15, 0x15]);
    const sized = (...size: number[]) =>
      told(Uint8Array.of(...whole.subarray(0, 7), ...size, 0x15, whole[9] - 8, ...whole.subarray(10)));
    expect(await sized(0x82, 0x80, 0x80, 0x80, 0x08)).toContain('(a page of 1073741825 bytes)');
    expect(await sized(0x80, 0x80, 0x80, 0x80, 0x08)).not.toContain('a page of');
    const packed = gzipSync(whole);
    expect(await told(packed)).toBe('nothing');
    expect(await told(packed.subarray(0, packed.length - 12))).toBe(
      'data: t: is a damaged gzip file (unexpected end of file); get it again',
    );
  });

  test('--sql: a view for each file, data for one; nothing else can be read', async () => {
    const csv = await file('sales.csv', 'day,v\n2020-01-02,1\n2020-01-01,2.5\n');
    const items = await file('items.json.gz', gzipSync('[{"day": "2020-01-01", "name": "x"}]'));
    const select = (sql: string, input: DataInput = csv, more: SourceOptions = {}) =>
      openSource(input, { sql, ...more });
    const source = select('select * from data order by day;');
    expect(contentOf(await source.table())).toEqual({ day: ['2020-01-01', '2020-01-02'], v: ['2.5', '1'] });
    expect(await streamed(source, [{ name: 'v' }, { name: 'day' }])).toEqual([
      [2.5, 1],
      [Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2)],
    ]);
    const joined = select(
      'select s.day, name, v > 2 as high from sales s left join items i using (day) order by s.day',
      {
        files: [csv, items],
      },
    );
    expect(contentOf(await joined.table())).toEqual({
      day: ['2020-01-01', '2020-01-02'],
      name: ['x', ''],
      high: ['true', 'false'],
    });
    const [table, head] = [await source.table(), await source.head?.(1)];
    expect([table.name, table.notes]).toEqual([csv, ['selected by --sql from sales, data']]);
    expect([head?.table.rows, head?.rows, head?.bytes]).toEqual([1, undefined, 34]);
    expect((await joined.table()).notes).toEqual(['selected by --sql from sales, items']);
    await file('part-1.csv', 'day,v\n2020-01-02,1\n2020-01-01,2.5\n');
    await file('part-2.csv', 'v,day\n7,2020-01-03\n');
    const both = select('select * from data order by day', join(folder, 'part-*.csv'));
    expect(contentOf(await both.table())).toEqual({
      day: ['2020-01-01', '2020-01-02', '2020-01-03'],
      v: ['2.5', '1', '7'],
    });
    expect((await select('select sum(i) as s from data', files[0]).table()).numbers('s')).toEqual(
      Float64Array.of(12_497_500),
    );
    const padded = await select("select ' a ' as name, 1 as v union all select null, 2 order by v").table();
    expect(contentOf(padded)).toEqual({ name: ['a', ''], v: ['1', '2'] });
    expect(await failure(() => select('select * from nothing').table())).toContain('(tables: sales, data)');
    expect(await failure(() => select("select * from read_text('/etc/hostname')").table())).toContain('Permission');
    expect(await failure(() => select(`copy data to '${csv}' (use_tmp_file false)`).table())).toContain('--sql: ');
    expect(await failure(() => select('select 1; select 2').table())).toBe('--sql: must be one query, not 2');
    expect(await failure(() => select('select 1', '-').table())).toContain('--sql reads files');
    expect(await readFile(csv, 'utf8')).toBe('day,v\n2020-01-02,1\n2020-01-01,2.5\n');
  });
});

describe('what a query selects from', () => {
  const select = (sql: string, ...files: string[]) => openSource({ files }, { sql });

  test('files of one name are told apart by a number, and names may need quotes', async () => {
    for (const n of [1, 2, 3]) await mkdir(join(folder, `years ${n}`), { recursive: true });
    const files = await Promise.all(
      [1, 2, 3].map((n) => file(`years ${n}/sales.2020.csv.gz`, gzipSync(`v\n${n}\n${n}\n`))),
    );
    const sql = 'select a.v, b.v as w, c.v as x from "sales.2020" a, "sales.2020_2" b, "sales.2020_3" c limit 1';
    const table = await select(sql, ...files).table();
    expect(contentOf(table)).toEqual({ v: ['1'], w: ['2'], x: ['3'] });
    expect(table.notes).toEqual(['selected by --sql from sales.2020, sales.2020_2, sales.2020_3']);
    const odd = await file(`it's a "name".csv`, 'the "v",w\n1,2\n');
    expect(contentOf(await select('select * from data', odd).table())).toEqual({ 'the "v"': ['1'], w: ['2'] });
  });

  test('each form and encoding, with a header or none; lists and objects are left out', async () => {
    const of = async (name: string, content: string | Uint8Array) => {
      const table = await select('select * from data', await file(name, content)).table();
      return table.columns.map(({ name, kind, cells }) => [name, kind, ...cells]);
    };
    const umlauts = [
      ['süd', 'text', 'für', 'über'],
      ['v', 'number', '1', '2'],
    ];
    const text = 'süd,v\nfür,1\nüber,2\n';
    expect(await of('q-utf8.csv', text)).toEqual(umlauts);
    expect(await of('q-latin.csv', Buffer.from(text, 'latin1'))).toEqual(umlauts);
    expect(await of('q-utf16.csv', Buffer.from(`\uFEFF${text}`, 'utf16le'))).toEqual(umlauts);
    expect(await of('q-gzip.csv', gzipSync(text))).toEqual(umlauts);
    expect((await of('q-headless.csv', '1,2.5\n3,4\n')).map(([, ...cells]) => cells)).toEqual([
      ['number', '1', '3'],
      ['number', '2.5', '4'],
    ]);
    const rows = [
      { süd: 'für', v: 1, o: { a: [2] } },
      { süd: 'über', v: 2 },
    ];
    expect(await of('q-array.json', JSON.stringify(rows))).toEqual(umlauts);
    expect(await of('q-lines.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))).toEqual(umlauts);
    // The beginning from which the encoding is told ends within a letter.
    const whole = Buffer.from(`head\n${`${'ü'.repeat(9)}\n`.repeat(14_000)}`);
    expect([whole.length > 2 ** 18, whole[2 ** 18] & 0xc0]).toEqual([true, 0x80]);
    const path = await file('q-long.csv', whole);
    expect(contentOf(await select('select count(*) as n from data', path).table())).toEqual({ n: ['14000'] });
  });

  test('what cannot be read, or stumbles later, is told in one line', async () => {
    const broken = await file('broken.json', '[{"a": 1}, {"a": ');
    expect(await failure(() => select('select * from data', broken).table())).toMatch(
      /^\/broken\.json: cannot be read for --sql: (?!Error)\S/,
    );
    const fine = await file('fine.csv', 'v,w\n1,x\n2,3\n');
    const stumbling = select('select cast(w as integer) as n from fine', fine);
    expect(await failure(() => stumbling.table())).toMatch(
      /^--sql: (?!Error)\S.* \(tables: fine, data\); in 'select cast\(w as integer\) as n from fine'$/,
    );
    const long = `select nothing_of_that_name from data where ${'v = 1 and '.repeat(9)} v = 2`;
    expect(await failure(() => select(` ${long}`, fine).table())).toMatch(new RegExp(`; in '${long.slice(0, 60)}'$`));
  });
});

test('a name with the signs of a pattern is a file where there is one', async () => {
  const path = await file('sales[1].csv', 'v\n1\n');
  await file('sales1.csv', 'v\n2\n');
  expect(contentOf(await openSource(path).table())).toEqual({ v: ['1'] });
  expect(contentOf(await openSource(join(folder, 'sales[12].csv')).table())).toEqual({ v: ['2'] });
  expect(contentOf(await openSource(join(folder, '{sales1,sales[[]1[]]}.csv')).table()).v.sort()).toEqual(['1', '2']);
});

describe('odd and hostile input', () => {
  test.each<[string, string | Uint8Array, string]>([
    [
      'cut.csv.gz',
      gzipSync('a,b\n1,2\n'.repeat(50)).subarray(0, 30),
      'is a damaged gzip file (unexpected end of file)',
    ],
    ['twice.gz', gzipSync(gzipSync('a\n1\n')), 'is gzipped twice; decompress it once'],
    ['book.xlsx', 'PK\x03\x04\x14\x00', 'is an Excel workbook or another zip file; save the sheet as CSV'],
    ['short.parquet', 'PAR1PAR1', 'is damaged Parquet'],
    ['binary.bin', Uint8Array.of(1, 2, 0, 3, 0xff, 0xfe, 9), 'holds binary data, not text; give a text file'],
    ['noise.csv', Uint8Array.of(0x61, 0x01, 0xe9, 0x0a), 'holds binary data, not text; give a text file'],
    [
      'wide.csv',
      `${Array.from({ length: 100_000 }, (_, i) => `c${i}x`).join()}\n`,
      'has 100000 columns; at most 16384',
    ],
    ['wide.json', JSON.stringify([Array.from({ length: 20_000 }, (_, i) => i)]), 'has 20000 columns; at most 16384'],
    ['nothing.csv', '', 'is empty'],
  ])('%s', async (name, content, message) => {
    const path = await file(name, content);
    expect(await failure(() => openSource(path).table())).toContain(`/${name}: ${message}`);
  });

  test('UTF-8 with one wrong character is not taken for Latin-1', async () => {
    const path = await file('mixed.csv', Buffer.concat([Buffer.from('a\né\né\n'), Uint8Array.of(0xe9, 0x0a)]));
    expect(await failure(() => openSource(path).table())).toBe(
      '/mixed.csv, line 4: a character is not UTF-8, though others are; correct it',
    );
  });

  test('browsers inflate with what they have', async () => {
    const written = gzipSync('a,b\n1,2\n');
    const inflated = await collect(inflateByWeb(memoryBytes('t', written)), 't');
    expect(new TextDecoder().decode(inflated)).toBe('a,b\n1,2\n');
  });

  test('a device without end, and a pipe', async () => {
    expect(await failure(() => openSource('/dev/zero').table())).toBe(
      '/dev/zero: holds nothing but zero bytes; give a table or a text',
    );
    const program =
      "import { openSource } from './dist/data/source.js';" +
      "const table = await openSource('-').table(); console.log(table.name, table.rows, table.columns[1].cells[1]);";
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    run.child.stdin?.end(gzipSync('a;b\n1;2\n3;4\n'));
    expect((await run).stdout).toBe('stdin 2 4\n');
  });
});

test('quotes behind backslashes do not part cells across blocks', async () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => (i % 3 === 1 ? `"5\\" disk",${i}` : `"a\nb",${i}`));
  const path = await file('disks.csv', `text,v\n${lines.join('\n')}\n`);
  const [lengths, v] = await streamed(openSource(path), [{ name: 'text', read: (cell) => cell.length }, { name: 'v' }]);
  expect(v).toEqual(Array.from({ length: 100_000 }, (_, i) => i));
  expect(lengths.slice(0, 2)).toEqual(['a\nb'.length, '5" disk'.length]);
});

test('a long file streams in chunks, quoted cells across blocks; a fault is told with its line', async () => {
  const lines = Array.from({ length: 150_000 }, (_, i) => (i % 1000 === 7 ? `"two\nlines",${i}` : `word ${i},${i}`));
  const path = await file('long.csv', `text,v\r\n${lines.join('\r\n')}\r\n`);
  const [lengths, v] = await streamed(openSource(path), [{ name: 'text', read: (cell) => cell.length }, { name: 'v' }]);
  expect(v).toEqual(Array.from({ length: 150_000 }, (_, i) => i));
  expect(lengths[7]).toBe('two\nlines'.length);
  const wrong = await file('wrong.csv', `text,v\n${lines.join('\n')}\nend,x\n`);
  expect(await failure(() => streamed(openSource(wrong), [{ name: 'v' }]))).toBe(
    "/wrong.csv, line 150152, column v: 'x' is not a number; correct it, or choose another column",
  );
  expect(await failure(() => streamed(openSource(wrong), [{ name: 'w' }]))).toContain('no column w');
}, 60_000);
