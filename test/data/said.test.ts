/** What is said of data that cannot be read, and of how it was read: whole lines with the places, names and cells in them. */

import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { memoryBytes } from '../../src/data/bytes.js';
import { tooLong } from '../../src/data/encoding.js';
import { expandPath } from '../../src/data/paths.js';
import { parseTable } from '../../src/data/read.js';
import { openSource } from '../../src/data/source.js';
import { textBlocks } from '../../src/data/textForm.js';
import type { UnderstandOptions } from '../../src/data/understanding/request.js';
import { typedTimes } from '../../src/data/understanding/times.js';
import { understand } from '../../src/data/understanding/understand.js';
import { formatOf, writeContent } from '../../src/data/write.js';
import { refusal as refusalOf } from '../refusal.js';

const root = join(tmpdir(), `memcell-said-${process.pid}`);
mkdirSync(root);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const refusal = (run: () => unknown) => refusalOf(run, (message) => message.replaceAll(root, 'F'));
const read = (text: string, options: UnderstandOptions) => understand(parseTable(text, 't.csv'), options);
const target = { targets: ['y'] };
const column = (cells: string[], options: Partial<UnderstandOptions> = {}) =>
  read(`x;y\n${cells.map((cell, i) => `${i};${cell}`).join('\n')}\n`, { ...target, ...options });

describe('refused', () => {
  test.each<[string, () => unknown]>([
    [
      'data: t: is gzipped twice; decompress it once',
      () => openSource({ name: 't', bytes: gzipSync(gzipSync('a,b\n1,2\n')) }).table(),
    ],
    [
      'data: t: more than 500 MB of text do not fit into memory at once; save the table as Parquet, or select from it with --sql',
      () => {
        throw tooLong('t');
      },
    ],
    ['io: F/*.csv: no file matches it; check the pattern', () => expandPath(join(root, '*.csv'))],
    [
      'usage: out: has no ending; a table is written as .csv, .tsv, .json, .jsonl, .ndjson, .parquet',
      () => formatOf('out'),
    ],
    [
      'usage: a/b.xlsx: the ending .xlsx is not known; a table is written as .csv, .tsv, .json, .jsonl, .ndjson, .parquet',
      () => formatOf('a/b.xlsx'),
    ],
    [
      'io: F/none/x.csv: cannot be written (ENOENT); give another file',
      () => writeContent('a', join(root, 'none/x.csv')),
    ],
    ['data: t.csv: is empty; it must hold a header and rows', () => parseTable('\n\n', 't.csv')],
    [
      'data: t.csv: has 16385 columns; at most 16384 can be read: select from them with --sql, or transpose it',
      () => parseTable(`${Array.from({ length: 16_385 }, (_, i) => `c${i}`).join(',')}\n`, 't.csv'),
    ],
    [
      'data: t: begins as UTF-8 and goes on as something else; save all of it as UTF-8',
      async () => {
        const bytes = memoryBytes('t', Uint8Array.of(97, 98, 0xe4, 0xf6, 99));
        for await (const _ of textBlocks(bytes, 'utf-8'));
      },
    ],
    ['usage: t.csv: no column zzz. Its columns: x, y', () => read('x,y\n1,2\n2,3\n', target).column('zzz')],
    [
      'usage: t.csv: no column yy; did you mean y? Its columns: x, y',
      () => read('x,y\n1,2\n2,3\n', target).column('yy'),
    ],
    [
      "data: t.csv, line 2, column y: '1.234' may have a decimal point or thousands; say which: --decimal , for 1234, --decimal . for 1.234",
      () => column(['1.234', '5.678', '2.345']),
    ],
    [
      "data: t.csv, line 4, column y: '1.234' and '567' may have a decimal point or thousands; say which: --decimal , for 1234, --decimal . for 1.234",
      () => column(['12', '567', '1.234', '89']),
    ],
    [
      "data: t.csv, line 2, column y: '1,234' may have a decimal comma or thousands; say which: --decimal . for 1234, --decimal , for 1.234",
      () => column(['1,234', '1,234', '1,234']),
    ],
    [
      "data: t.json: is not JSON: Expected ',' or ']' after array element in JSON at position 5",
      () => parseTable('[1, 2', 't.json'),
    ],
    ['usage: data, column b: has 1 value where a has 2; give as many', () => openSource({ a: [1, 2], b: [1] }).table()],
    ['usage: data, column b: has 0 values where a has 2; give as many', () => openSource({ a: [1, 2], b: [] }).table()],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

test('columns without anything to learn from say why', () => {
  const whyOf = (text: string) =>
    read(text, target).account.columns.map(
      ({ name, use, why }) => `${name} ${use}${why === undefined ? '' : `: ${why}`}`,
    );
  const rows = (of: (i: number) => string) =>
    Array.from({ length: 30 }, (_, i) => `2020-01-${10 + (i % 20)},${of(i)},${i}`).slice(0, 20);
  const head = 'date,x,y\n';
  const given = [
    () => '1',
    () => 'a',
    () => '',
    (i: number) => (i < 5 ? '' : 'a'),
    (i: number) => `word ${'abcdefghijklmnopqrst'[i]}`,
  ];
  expect(given.map((of) => whyOf(head + rows(of).join('\n'))[1])).toEqual([
    'x out: every value is 1',
    'x out: every cell is a',
    'x out: every cell is missing',
    'x out: every cell that is not empty is a',
    'x out: text that differs in nearly every row',
  ]);
});

test.each<[number[], boolean, string]>([
  [[0, 86_400_000], true, 'yyyy-MM-dd'],
  [[0, 3_600_000], true, "yyyy-MM-dd'T'HH:mmZ"],
  [[0, 3_600_000], false, 'yyyy-MM-dd HH:mm'],
  [[0, 1000], false, 'yyyy-MM-dd HH:mm:ss'],
  [[0, 1], false, 'yyyy-MM-dd HH:mm:ss.SSS'],
  [[0, 1], true, "yyyy-MM-dd'T'HH:mm:ss.SSSZ"],
])('times of a typed column, %j, in UTC %j: %s', (times, utc, notation) => {
  expect(typedTimes('t', Float64Array.from(times), utc).reading).toEqual({ columns: ['t'], notation });
});
