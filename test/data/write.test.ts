import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { encodeTable } from '../../src/data/encodeTable.js';
import { openSource } from '../../src/data/source.js';
import { openTableWriter, writeContent, writeTable } from '../../src/data/write.js';
import { refusal } from '../refusal.js';

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
  const empty = openSource({ name: 'empty.parquet', bytes: await encodeTable(['a', 'b'], [], 'parquet') });
  await expect(empty.table()).rejects.toThrow('empty.parquet: has columns and no rows; it must hold data');
  await expect(encodeTable(['a', 'a'], [], 'parquet')).rejects.toThrow('two columns are named a; write them as CSV');
});

test('a file has its name when it is whole, and keeps its mode and its place; what is discarded leaves nothing', async () => {
  const own = join(folder, 'own');
  await mkdir(own);
  const written = async (target: string, end: 'close' | 'discard') => {
    const writer = await openTableWriter(['a'], target);
    await writer.write([[1], [2]]);
    const beside = (await readdir(own)).filter((name) => name.endsWith('.tmp'));
    expect(beside).toEqual([expect.stringMatching(/^t\.csv\.[0-9a-f]{8}\.tmp$/)]);
    await writer.write([]);
    await writer.write([[3]]);
    const before = await readFile(target, 'utf8').catch(() => 'none');
    await writer[end]();
    return before;
  };
  const target = join(own, 't.csv');
  expect(await written(target, 'discard')).toBe('none');
  expect(await readdir(own)).toEqual([]);
  expect(await written(target, 'close')).toBe('none');
  expect(await readFile(target, 'utf8')).toBe('a\n1\n2\n3\n');
  await writeFile(target, 'old');
  await chmod(target, 0o600);
  const link = join(folder, 'link.csv');
  await symlink(target, link);
  expect(await written(link, 'discard')).toBe('old');
  expect([await readdir(own), await readFile(target, 'utf8')]).toEqual([['t.csv'], 'old']);
  expect(await written(link, 'close')).toBe('old');
  expect([await readdir(own), await readFile(target, 'utf8')]).toEqual([['t.csv'], 'a\n1\n2\n3\n']);
  expect([(await stat(target)).mode & 0o777, await readFile(link, 'utf8')]).toEqual([0o600, 'a\n1\n2\n3\n']);
});

test('a file whose name was taken meanwhile, and a device that is full, are told; nothing stays beside them', async () => {
  const own = join(folder, 'meanwhile');
  await mkdir(own);
  const target = join(own, 't.jsonl');
  const told = (message: string) => message.replace(own, 'F');
  const writer = await openTableWriter(['a'], target);
  await writer.write([[1]]);
  await mkdir(join(target, 'x'), { recursive: true });
  expect(await refusal(() => writer.close(), told)).toBe(
    'io: F/t.jsonl: cannot be written (EISDIR); give another file',
  );
  await writer.discard();
  expect(await readdir(own)).toEqual(['t.jsonl']);
  if (existsSync('/dev/full'))
    expect(await refusal(() => writeContent('text', '/dev/full'))).toBe(
      'io: /dev/full: cannot be written (ENOSPC); give another file',
    );
});

test('- is stdout', async () => {
  const said: unknown[] = [];
  let cause: Error | undefined;
  const write = (content: unknown, done: (cause?: Error) => void) => {
    said.push(content);
    done(cause);
    return true;
  };
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation(write as typeof process.stdout.write);
  try {
    await writeContent('a\n', '-');
    await writeTable(['a', 'b'], [[1, 'x']], '-');
    cause = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(await refusal(() => writeContent('b\n', '-'))).toBe(
      'io: stdout: cannot be written (EPIPE); give another file',
    );
  } finally {
    spy.mockRestore();
  }
  expect(said).toEqual(['a\n', 'a,b\n1,x\n', 'b\n']);
});
