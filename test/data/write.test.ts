import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encodeTable } from '../../src/data/encodeTable.js';
import { openSource } from '../../src/data/source.js';
import { writeTable } from '../../src/data/write.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-write-'));
});
afterAll(() => rm(folder, { recursive: true }));

const head = ['day', 'value', 'steps'];
const rows = [
  ['2020-01-01', Math.fround(0.1), 1],
  ['x, "y"', Number.NaN, 123_456_789],
  [null, 2, null],
];

test.each(['csv', 'tsv', 'json', 'jsonl', 'parquet', 'CSV', 'Tsv', 'JSON', 'Parquet'])(
  '%s comes back',
  async (ending) => {
    const file = join(folder, `t.${ending}`);
    await writeTable(head, rows, file);
    const table = await openSource(file).table();
    expect(table.columns.map(({ name, cells }) => [name, ...cells])).toEqual([
      ['day', '2020-01-01', 'x, "y"', ''],
      ['value', '0.1', '', '2'],
      ['steps', '1', '123456789', ''],
    ]);
  },
);

test('DuckDB reads the Parquet', async () => {
  const file = join(folder, 'duck.parquet');
  await writeTable(head, rows, file);
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(`select * from '${file}'`);
  expect(reader.getRows()).toEqual([
    ['2020-01-01', 0.1, 1],
    ['x, "y"', null, 123_456_789],
    [null, 2, null],
  ]);
});

test('text for stdout; no infinity; a device is written to and stays one; what cannot be written', async () => {
  expect(await encodeTable(['a', 'b'], [[true, null]], 'csv')).toBe('a,b\ntrue,\n');
  expect(await encodeTable(['a', 'b'], [[Number.POSITIVE_INFINITY, -Infinity]], 'csv')).toBe('a,b\n,\n');
  expect(await encodeTable(['a'], [[1.23456789]], 'json')).toBe('[\n{"a":1.234568}\n]\n');
  await writeTable(head, rows, '/dev/null');
  expect(await readFile('/dev/null', 'utf8')).toBe('');
  await expect(writeTable(head, rows, join(folder, 'none', 't.csv'))).rejects.toThrow('cannot be written (ENOENT)');
  await mkdir(join(folder, 'folder.csv'));
  await expect(writeTable(head, rows, join(folder, 'folder.csv'))).rejects.toThrow('cannot be written (EISDIR)');
  await expect(writeTable(head, rows, join(folder, 't.xlsx'))).rejects.toThrow(
    'the ending .xlsx is not known; a table is written as .csv',
  );
  await expect(encodeTable(['a', 'a'], [], 'parquet')).rejects.toThrow('two columns are named a; write them as CSV');
});
