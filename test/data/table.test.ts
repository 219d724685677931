import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecordReader } from '../../src/data/csv.js';
import { guessDelimiter, guessDialect } from '../../src/data/dialect.js';
import { guessEncoding } from '../../src/data/encoding.js';
import { parseTable } from '../../src/data/read.js';
import { openSource } from '../../src/data/source.js';
import { MemcellError } from '../../src/errors.js';

const data = 'test/fixtures/data';
const cells = (text: string, name = 't.csv') =>
  Object.fromEntries(parseTable(text, name).columns.map((column) => [column.name, column.cells]));
const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof MemcellError && !error.message.includes('\n')) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('what is read', () => {
  test('the shared tables, whole', async () => {
    const weather = await openSource(`${data}/seattle-weather.csv`).table();
    expect(weather.rows).toBe(1461);
    expect(weather.columns.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'date: date',
      'precipitation: number',
      'temp_max: number',
      'temp_min: number',
      'wind: number',
      'weather: text',
    ]);
    expect([...weather.numbers('temp_max').slice(-2)]).toEqual([5.6, 5.6]);
    expect((await openSource(`${data}/digits.csv`).table()).namesOf('number')).toHaveLength(65);
    expect((await openSource(`${data}/co2-concentration.csv`).table()).numbers('adjusted CO2')[0]).toBe(314.44);
  });

  test.each([
    ['comma', 'a,b\n1,x\n2,y\n'],
    ['semicolon', 'a;b\n1;x\n2;y\n'],
    ['tab', 'a\tb\n1\tx\n2\ty\n'],
    ['CRLF', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['CR', 'a,b\r1,x\r2,y'],
    ['mixed line ends', 'a,b\r\n1,x\n2,y'],
    ['byte order mark', '\uFEFFa,b\n1,x\n2,y\n'],
    ['quotes', '"a","b"\n"1","x"\n"2","y"\n'],
    ['spaces around cells', 'a , b\n 1,  x\n2 ,y \n'],
    ['blank lines', 'a,b\n\n1,x\n\n2,y\n\n\n'],
  ])('%s', (_, text) => {
    expect(cells(text)).toEqual({ a: ['1', '2'], b: ['x', 'y'] });
  });

  test('quoted cells hold delimiters, quotes and line ends; the line after them is still right', () => {
    const table = parseTable('a,b\n"1,5","say ""hi""\nthere"\n2,z\n', 't.csv');
    expect(table.columns[0].cells).toEqual(['1,5', '2']);
    expect(table.columns[1].cells).toEqual(['say "hi"\nthere', 'z']);
    expect(table.where(1, 'b')).toBe('t.csv, line 4, column b');
  });

  test('decimal commas in a semicolon-separated file only', () => {
    expect([...parseTable('a;b\n1,5;2\n-0,25;3\n', 't.csv').numbers('a')]).toEqual([1.5, -0.25]);
    expect(failure(() => parseTable('a\tb\n1,5\t2\n', 't.csv').numbers('a'))).toContain("'1,5' is not a number");
  });

  test('a first line of numbers is data; its columns are c1, c2, …', () => {
    const table = parseTable('1,2\n3,4\n', 't.csv');
    expect(table.columns.map((column) => column.name)).toEqual(['c1', 'c2']);
    expect([...table.numbers('c2')]).toEqual([2, 4]);
    expect(table.where(1)).toBe('t.csv, line 2');
  });

  test('JSON and lines of JSON', () => {
    const rows = [
      { date: '2020-01', n: 1.5, on: true },
      { n: -2, date: '2020-02', on: false },
    ];
    const expected = { date: ['2020-01', '2020-02'], n: ['1.5', '-2'], on: ['true', 'false'] };
    expect(cells(JSON.stringify(rows), 't.json')).toEqual(expected);
    expect(cells(rows.map((row) => JSON.stringify(row)).join('\n'), 't.jsonl')).toEqual(expected);
    expect([...parseTable('[3, 1, 2]', 't.json').numbers('c1')]).toEqual([3, 1, 2]);
  });

  test('any cells, written with quotes, come back; any delimiter', () => {
    const cell = fc.string({ unit: 'grapheme' }).map((text) => `x${text.replace(/[\r\s\uFEFF\0]/g, '_')}`);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t'),
        (rows, delimiter) => {
          const quoted = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(delimiter));
          const table = parseTable([['p', 'q', 'r'].join(delimiter), ...quoted].join('\n'), 't.csv');
          expect(table.columns.map((column) => [...column.cells])).toEqual([0, 1, 2].map((i) => rows.map((r) => r[i])));
        },
      ),
    );
  });

  test('the delimiter is the one that stands equally often in most lines', () => {
    expect(guessDelimiter('name\n"a,b"\n')).toBe(',');
    expect(guessDelimiter('1,5;2,5\n3,5;4\n')).toBe(';');
    expect(guessDelimiter('a,b;c\n1,2;3\n4,5\n')).toBe(',');
    // Inches open no quoted cell.
    expect(guessDelimiter('size v\n5" 1\n6" 2\n7" 3\n')).toBe(' ');
  });
});

describe('what is wrong, and where', () => {
  test.each([
    ['ragged, short', 'a,b,c\n1,2,3\n4,5\n', 't.csv, line 3: 2 cells where the header has 3 columns; correct the row'],
    ['ragged, long', 'a,b\n1,2\n\n4,5,6\n', 't.csv, line 4: 3 cells where the header has 2 columns; correct the row'],
    ['header only', 'a,b\n', 't.csv: has a header and no rows; it must hold data'],
    ['nothing', ' \n\n', 't.csv: is empty; it must hold a header and rows'],
    ['twice the same name', 'a,b,a\n1,2,3\n', 't.csv, header: columns 1 and 3 are both named a; rename one'],
    ['open quote', 'a,b\n1,2\n3,"4\n5,6\n', 't.csv, line 3: a quote " opens here and never closes; close it'],
    ['quote inside', 'a,b\n1,x"y"\n', 't.csv, line 2: a quote " inside an unquoted cell; quote the whole cell'],
    ['text after a quote', 'a,b\n1,"x"y\n', 't.csv, line 2: text after a closing quote "; double the quotes'],
  ])('%s', (_, text, message) => {
    expect(failure(() => parseTable(text, 't.csv'))).toContain(message);
  });

  test('a quote that is open for longer than any cell is, before all is read', () => {
    const reader = new RecordReader('t.csv', guessDialect('a,b\n1,2\n'));
    expect([...reader.read('a,b\n1,2\n')]).toHaveLength(2);
    expect(failure(() => [...reader.read(`3,4\n5,"6\n7,8\n${'9'.repeat(2 ** 26)}`)])).toBe(
      't.csv, line 4: a quote " opens here or below and never closes; close it',
    );
  });

  test.each([
    ['', 'the cell is empty; fill it, or remove the row or the column'],
    ['NaN', 'NaN is not a finite number; fill it, or remove the row or the column'],
    ['-inf', '-inf is not a finite number'],
    ['NA', 'NA is not a finite number'],
    ['1e999', '1e999 is not a finite number'],
    ['12.x', "'12.x' is not a number; correct it"],
    ['0x10', "'0x10' is not a number; correct it"],
    ['1 2', "'1 2' is not a number; correct it"],
  ])('%j in a number column', (cell, message) => {
    const table = parseTable(`date,t\n2012-01-01,1\n2012-01-02,2\n2012-01-03,${cell}\n2012-01-04,3\n`, 'w.csv');
    expect(table.columns[1].kind).toBe('number');
    expect(failure(() => table.numbers('t'))).toContain(`w.csv, line 4, column t: ${message}`);
  });

  test('an empty cell of a single column is not a blank line', () => {
    expect(failure(() => parseTable('a\n1\n\n3\n', 't.csv').numbers('a'))).toContain(
      't.csv, line 3, column a: the cell is',
    );
  });

  test('text where numbers are asked for; an unknown column; a missing label', () => {
    const table = parseTable('date,temp_max,sky\n2012-01-01,1,sun\n2012-02-30,2,\n2012-01-03,3,fog\n', 'w.csv');
    expect(failure(() => table.numbers('sky'))).toBe(
      "w.csv, line 2, column sky: 'sun' is not a number; the column holds text; choose one that holds numbers",
    );
    expect(failure(() => table.column('tempmax'))).toBe(
      'w.csv: no column tempmax; did you mean temp_max? Its columns: date, temp_max, sky',
    );
    expect(failure(() => table.column('Sky'))).toContain('did you mean sky?');
    expect(failure(() => table.column('precipitation'))).toBe(
      'w.csv: no column precipitation. Its columns: date, temp_max, sky',
    );
    const empty = 'column sky: the cell is empty; fill it or remove the row';
    expect(failure(() => table.texts('sky'))).toBe(`w.csv, line 3, ${empty}`);
    expect(failure(() => parseTable('sky,t\n,1\nfog,2\n', 'w.csv').texts('sky'))).toBe(`w.csv, line 2, ${empty}`);
    expect(parseTable('sky,t\nsun,1\nfog,2\n', 'w.csv').texts('sky')).toEqual(['sun', 'fog']);
  });

  test('JSON', () => {
    expect(failure(() => parseTable('[{"a": 1', 't.json'))).toContain('t.json: is not JSON');
    expect(failure(() => parseTable('{"a": 1}', 't.json'))).toBe(
      't.json: must be an array of objects, one per row, or an object of columns',
    );
    expect(failure(() => parseTable('[]', 't.json'))).toContain('holds no rows');
    expect(failure(() => parseTable('[{"a":1},[2]]', 't.json'))).toContain('t.json, row 2: must be an object');
    expect(failure(() => parseTable('[{"a":{}}]', 't.json'))).toContain('t.json: holds no column of numbers or text');
    expect(failure(() => parseTable('[{"a":1},{}]', 't.json').numbers('a'))).toContain(
      'row 2, column a: the cell is empty',
    );
    expect(failure(() => parseTable('{"a":1}\n{"a":', 't.jsonl'))).toContain('t.jsonl, line 2: is not JSON');
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'memcell-data-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each<[string, string | Uint8Array, string]>([
    ['empty.csv', '', 'is empty'],
    ['binary.csv', Uint8Array.of(0x61, 0x00, 0x0a), 'holds binary data, not text'],
  ])('%s', async (name, content, message) => {
    await writeFile(join(folder, name), content);
    await expect(openSource(join(folder, name)).table()).rejects.toThrow(`${name}: ${message}`);
  });

  test('no file, a folder', async () => {
    await expect(openSource(join(folder, 'none.csv')).table()).rejects.toMatchObject({
      name: 'MemcellError',
      code: 'io',
      message: `${join(folder, 'none.csv')}: no such file; check the path`,
    });
    await expect(openSource(folder).table()).rejects.toThrow('is a folder; give a file');
  });

  test('UTF-16 with a byte order mark; line ends of a text', async () => {
    await writeFile(join(folder, 'wide.csv'), Buffer.from('\uFEFFa\tb\r\n1\té\r\n', 'utf16le'));
    expect((await openSource(join(folder, 'wide.csv')).table()).column('b').cells).toEqual(['é']);
    // Of signs that have no byte of zero the mark alone tells the order.
    expect(guessEncoding(Uint8Array.of(0xff, 0xfe, 0x2d, 0x4e, 0x87, 0x65), 'a')).toBe('utf-16le');
    expect(guessEncoding(Uint8Array.of(0xfe, 0xff, 0x4e, 0x2d, 0x65, 0x87), 'a')).toBe('utf-16be');
    await writeFile(join(folder, 'dos.txt'), 'one\r\ntwo\rthree\n');
    expect(await openSource(join(folder, 'dos.txt')).text()).toBe('one\ntwo\nthree\n');
  });
});
