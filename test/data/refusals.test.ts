/** Files that hold no table: the whole line, for each kind of file and of failure. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from '@jest/globals';
import { collect, contentOf, inflated, memoryBytes, openBytes } from '../../src/data/bytes.js';
import { parseJson } from '../../src/data/json.js';

const root = mkdtempSync(join(tmpdir(), 'memcell-refusals-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What a call is refused with, in one line. */
async function refusal(run: () => Promise<unknown>): Promise<[string, string]> {
  try {
    await run();
  } catch (error) {
    const { name, code, message } = error as Error & { code: string };
    expect([name, message.includes('\n')]).toEqual(['MemcellError', false]);
    return [code, message.replaceAll(root, 'F')];
  }
  throw new Error('nothing was thrown');
}

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test.each<[string, string]>([
  ['PK\x03\x04', 'an Excel workbook or another zip file; save the sheet as CSV'],
  ['\xd0\xcf\x11\xe0', 'an old Excel workbook; save the sheet as CSV'],
  ['\x89HDF\r\n\x1a\n', 'an HDF5 file; save the table as CSV or Parquet'],
  ['SQLite format 3\0', 'an SQLite database; save the table as CSV'],
  ['ARROW1\0\0', 'an Arrow (Feather) file; save the table as Parquet or CSV'],
  ['FEA1', 'a Feather file; save the table as Parquet or CSV'],
  ['PARE', 'an encrypted Parquet file; save it without encryption'],
  ['\x93NUMPY\x01\0', 'a NumPy array; save it as CSV with numpy.savetxt'],
  ['(\xb5/\xfd', 'compressed by zstd; decompress it, or compress it by gzip'],
  ['BZh9', 'compressed by bzip2; decompress it, or compress it by gzip'],
  ['\xfd7zXZ\0', 'compressed by xz; decompress it, or compress it by gzip'],
  ['%PDF-1.7', 'a PDF; give the table behind it as CSV'],
])('%j is told for what it is', async (signature, what) => {
  const bytes = memoryBytes('t', latin1(`${signature} and more`));
  expect(await refusal(() => contentOf(bytes))).toEqual(['data', `t: is ${what}`]);
});

test('tables are told by their first bytes', async () => {
  const of = (bytes: Uint8Array) => contentOf(memoryBytes('t', bytes));
  expect(await of(gzipSync('a,b\n1,2'))).toBe('gzip');
  expect(await of(latin1('PAR1\0\0'))).toBe('parquet');
  for (const text of ['a,b\n1,2', '', 'P', 'PKW,b', 'BZ,h', '%,PDF', '\x1f,'])
    expect(await of(latin1(text))).toBe('text');
});

test('what cannot be opened says why', async () => {
  const closed = join(root, 'closed.csv');
  writeFileSync(closed, 'a\n1');
  chmodSync(closed, 0);
  expect(await refusal(() => openBytes(join(root, 'none.csv')))).toEqual([
    'io',
    'F/none.csv: no such file; check the path',
  ]);
  expect(await refusal(() => openBytes(join(closed, 'x')))).toEqual([
    'io',
    'F/closed.csv/x: no such file; check the path',
  ]);
  expect(await refusal(() => openBytes(root))).toEqual([
    'io',
    'F: is a folder; give a file, or its files as FOLDER/*.csv',
  ]);
  mkdirSync(join(root, 'model'));
  writeFileSync(join(root, 'model', 'model.json'), '{}');
  expect(await refusal(() => openBytes(join(root, 'model')))).toEqual([
    'io',
    'F/model: is a model, not data; give a file of data (memcell summary and memcell report show a model)',
  ]);
  if (process.getuid?.() !== 0)
    expect(await refusal(() => openBytes(closed))).toEqual(['io', 'F/closed.csv: no permission to read it']);
  expect(await refusal(() => openBytes(`${root}/${'n'.repeat(300)}`))).toEqual([
    'io',
    `F/${'n'.repeat(300)}: cannot be read (ENAMETOOLONG)`,
  ]);
});

test('a part of a file is what is there of it', async () => {
  const path = join(root, 'ten.txt');
  writeFileSync(path, '0123456789');
  const text = async (start: number, end: number) => {
    const bytes = await openBytes(path);
    return new TextDecoder().decode(await bytes.slice(start, end));
  };
  expect([await text(0, 3), await text(3, 7), await text(8, 99), await text(12, 15)]).toEqual([
    '012',
    '3456',
    '89',
    '',
  ]);
});

test('streams are put together up to a limit', async () => {
  async function* stream(...parts: Uint8Array[]) {
    yield* parts;
  }
  const parts = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(0, 0, 3)];
  expect(await collect(stream(...parts), 's')).toEqual(Uint8Array.of(1, 2, 0, 0, 3));
  expect(await collect(stream(...parts), 's', 'stop', 5)).toHaveLength(5);
  const gibi = 2 ** 30;
  const large = { length: gibi * 1.5, subarray: () => Uint8Array.of(1) } as unknown as Uint8Array;
  expect(await refusal(() => collect(stream(large), 's'))).toEqual([
    'data',
    's: gives more than 1.0 GB; save it as a file',
  ]);
  expect(await refusal(() => collect(stream(...parts), 's', 'stop', 4))).toEqual([
    'data',
    's: gives more than 0.0 GB; stop',
  ]);
  expect(await refusal(() => collect(stream(new Uint8Array(9)), 's'))).toEqual([
    'data',
    's: holds nothing but zero bytes; give a table or a text',
  ]);
});

test('gzipped bytes are read in any part, and told where they are damaged', async () => {
  const text = Array.from({ length: 5000 }, (_, i) => `${i},${i % 7}`).join('\n');
  const packed = gzipSync(text);
  const whole = await inflated(memoryBytes('g', packed));
  expect(new TextDecoder().decode(await whole.slice(10, 20))).toBe(text.slice(10, 20));
  expect(new TextDecoder().decode(await whole.slice(0, 9))).toBe(text.slice(0, 9));
  expect([whole.size, await whole.inflatedSize?.()]).toEqual([packed.length, text.length]);
  const cut = await inflated(memoryBytes('g', packed.subarray(0, packed.length - 30)));
  expect(await refusal(() => cut.slice(3, 9))).toEqual([
    'data',
    'g: is a damaged gzip file (unexpected end of file); get it again',
  ]);
});

test.each(['{\n  "a": x\n}', '[\n1,\n2,,\n3]', '[{"a":\n\n\t1}', '{"a"\r\n1}', '[{"a": 1}\n]\n]'])(
  'JSON that is none is told in one line: %j',
  async (text) => {
    const [code, message] = await refusal(async () => parseJson(text, 't.json'));
    expect([code, message]).toEqual(['data', expect.stringMatching(/^t\.json: is not JSON: \S.*$/)]);
  },
);
