/** Small rules of reading tables, each at both sides of its limit: names, lengths, forms and what is said of rows. */
import { describe, expect, test } from '@jest/globals';
import { type BlockReader, tableOfBlocks } from '../../src/data/blocks.js';
import { parseNumber } from '../../src/data/cells.js';
import { encodeTable, type TableFormat, tableEncoder } from '../../src/data/encodeTable.js';
import { decodeText, guessEncoding } from '../../src/data/encoding.js';
import { parseJson, parseJsonLines } from '../../src/data/json.js';
import { longTable } from '../../src/data/longTable.js';
import { printedSeries } from '../../src/data/printedSeries.js';
import { partOf, partsOf, putPart, sideBySide } from '../../src/data/sideBySide.js';
import { doubleQuoted, isSingleQuoted } from '../../src/data/singleQuotes.js';
import { openSource, type Source } from '../../src/data/source.js';
import { didYouMean, list } from '../../src/data/suggest.js';
import { Table } from '../../src/data/table.js';
import { formatOf } from '../../src/data/write.js';
import { MemcellError } from '../../src/errors.js';

function refused(run: () => unknown): [code: string, message: string] {
  try {
    run();
  } catch (error) {
    if (error instanceof MemcellError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('names', () => {
  test.each<[string, string[], string]>([
    ['SALES', ['sold', 'sales'], 'sales'],
    ['salse', ['sold', 'sales'], 'sales'],
    // Of five letters two may differ, of nine three, of three one.
    ['sxxes', ['sales'], 'sales'],
    ['sxxxs', ['sales'], ''],
    ['tempxxxre', ['temperature'], ''],
    ['texxxrature', ['temperature'], 'temperature'],
    ['ab', ['ac'], 'ac'],
    ['abc', ['axx'], ''],
    // The only one that begins so, of three letters or more.
    ['tem', ['temperature', 'wind'], 'temperature'],
    ['te', ['temperature', 'wind'], ''],
    ['tem', ['temperature', 'temporary'], ''],
    ['x', [], ''],
  ])('%j among %j: %j', (written, known, found) => {
    expect(didYouMean(written, known)).toBe(found === '' ? '' : `; did you mean ${found}?`);
  });

  test('lists say how many more there are; a name with a comma is quoted', () => {
    expect([list(['a', 'b,c', 'd'], 3), list(['a', 'b,c', 'd'], 2), list([])]).toEqual([
      'a, "b,c", d',
      'a, "b,c" and 1 more',
      '',
    ]);
    const many = Array.from({ length: 13 }, (_, i) => `n${i}`);
    expect(list(many)).toBe(`${many.slice(0, 12).join(', ')} and 1 more`);
    expect(list(many.slice(1))).toBe(many.slice(1).join(', '));
  });
});

describe('what is too long to be held', () => {
  const source = (size: { rows?: number; bytes: number }, columns = 2): Source => {
    const header = Array.from({ length: columns }, (_, i) => `c${i}`);
    const table = new Table({ name: 't', header, cells: header.map(() => ['1']), lines: 1 });
    return {
      name: 't',
      table: async () => table,
      text: async () => '',
      head: async () => ({ table, ...size }),
      async *stream() {},
    };
  };
  const most = async (of: Source, asked?: number) => (await longTable(of, asked))?.most;

  test('rows, or bytes where a file does not say its rows, above a limit', async () => {
    expect(await most(source({ rows: 500_000, bytes: 9e9 }))).toBeUndefined();
    expect(await most(source({ rows: 500_001, bytes: 1 }))).toBe(500_000);
    expect(await most(source({ bytes: 1e8 }))).toBeUndefined();
    expect(await most(source({ bytes: 1e8 + 1 }))).toBe(500_000);
    expect(await most(source({ rows: 10, bytes: 1 }), 10)).toBeUndefined();
    expect(await most(source({ rows: 11, bytes: 1 }), 10)).toBe(10);
    // 200 bytes a row.
    expect(await most(source({ bytes: 2000 }), 10)).toBeUndefined();
    expect(await most(source({ bytes: 2001 }), 10)).toBe(10);
  });

  test('wide tables hold fewer rows', async () => {
    expect(await most(source({ bytes: 1e9 }, 40))).toBe(500_000);
    expect(await most(source({ bytes: 1e9 }, 41))).toBe(487_805);
    expect(await most(source({ bytes: 1e9 }, 41), 600_000)).toBe(600_000);
  });

  test('what cannot be streamed is held', async () => {
    const { stream: _, ...still } = source({ bytes: 1e9 });
    expect(await longTable(still, undefined)).toBeUndefined();
    const { head: __, ...headless } = source({ bytes: 1e9 });
    expect(await longTable(headless, undefined)).toBeUndefined();
  });
});

test.each<[string, boolean, number]>([
  ['12', false, 12],
  ['-1.', false, -1],
  ['+.5e-3', false, 0.0005],
  ['1.5E-3', false, 0.0015],
  ['2E+4', true, 20_000],
  ['-3,5e2', true, -350],
  ['1e', false, Number.NaN],
  [',5', true, Number.NaN],
  ['3,5', true, 3.5],
  ['-3,5E2', true, -350],
  ['3,5', false, Number.NaN],
  ['3,', true, Number.NaN],
  ['.', false, Number.NaN],
  ['', true, Number.NaN],
  ['1 2', false, Number.NaN],
  ['0x1', false, Number.NaN],
])('parseNumber(%j, %j): %d', (cell, comma, number) => {
  expect(parseNumber(cell, comma)).toBe(number);
});

describe('series as R prints them', () => {
  test('months in blocks, the first and the last year in part', () => {
    const text = [
      '      Jan  Feb  Mar',
      '2001            3.5',
      '2002  1.0   NA -2.0',
      '',
      '      Nov  Dec',
      '2001  1.1  1.2',
    ].join('\n');
    expect(printedSeries(text)).toBe(
      'time,value\n2001 Mar,3.5\n2001 Nov,1.1\n2001 Dec,1.2\n2002 Jan,1.0\n2002 Feb,NA\n2002 Mar,-2.0\n',
    );
  });

  test('quarters', () => {
    expect(printedSeries('     Qtr1 Qtr2 Qtr3 Qtr4\n1990    1    2    3  4e2\n')).toBe(
      'time,value\n1990 Q1,1\n1990 Q2,2\n1990 Q3,3\n1990 Q4,4e2\n',
    );
  });

  test.each([
    ['another beginning', 'Jan Feb \n2001 1 2'],
    ['tabs', '     Jan  Feb \n2001\t1\t2'],
    ['a year of two digits', '     Jan  Feb \n01     1    2'],
    ['a value under no name', '     Jan  Feb  Mar\n2001  1     2'],
    ['a word for a value', '     Jan  Feb  Mar\n2001   x    2    3'],
    ['no rows', '     Jan  Feb  Mar\n'],
  ])('%s is none', (_, text) => {
    expect(printedSeries(text)).toBeUndefined();
  });
});

describe('blocks of values', () => {
  const reader = (given: Partial<BlockReader>, ...blocks: (Float64Array | string[])[][]): BlockReader => ({
    columns: [
      { name: 'n', kind: 'number', utc: false },
      { name: 'at', kind: 'date', utc: true },
      { name: 's', kind: 'text', utc: false },
    ],
    nested: [],
    async *blocks() {
      for (const columns of blocks) yield { rows: columns[0].length, columns };
    },
    ...given,
  });
  const block = (...n: number[]) => [Float64Array.from(n), Float64Array.from(n, (i) => 1000 * i), n.map(String)];

  test('become a table, whether their rows are known before or not', async () => {
    for (const rows of [5, undefined]) {
      const given = { nested: ['deep'], ...(rows !== undefined && { rows }) };
      const table = await tableOfBlocks(reader(given, block(1, 2, 3), block(4, 2 ** 53 + 2)), 'b', ['said']);
      expect(table.columns.map(({ numbers, times, utc }) => numbers ?? [times, utc])).toEqual([
        Float64Array.of(1, 2, 3, 4, 2 ** 53 + 2),
        [Float64Array.of(1000, 2000, 3000, 4000, 1000 * (2 ** 53 + 2)), true],
        [undefined, undefined],
      ]);
      expect(table.column('s').cells).toEqual(['1', '2', '3', '4', String(2 ** 53 + 2)]);
      expect(table.notes).toEqual([
        'said',
        'column deep left out: it holds lists or objects',
        'column n: whole numbers beyond 2^53 are rounded',
        'column at: whole numbers beyond 2^53 are rounded',
      ]);
      expect(table.where(4, 'n')).toBe('b, row 5, column n');
    }
  });

  test('more of them than there is room for at first', async () => {
    const blocks = Array.from({ length: 3 }, (_, b) =>
      block(...Array.from({ length: 30_000 }, (_, i) => 30_000 * b + i)),
    );
    const table = await tableOfBlocks(reader({}, ...blocks), 'b', []);
    expect(table.rows).toBe(90_000);
    expect(table.numbers('n')).toEqual(Float64Array.from({ length: 90_000 }, (_, i) => i));
  });

  test.each<[Partial<BlockReader>, string]>([
    [{ columns: [] }, 'b: has no column of numbers, times or text; it must hold some'],
    [{}, 'b: has columns and no rows; it must hold data'],
    [{ rows: 89_478_486 }, 'b: 89478486 rows and 3 columns take 2.0 GB; select some with --sql'],
  ])('%j: %s', async (given, message) => {
    await expect(tableOfBlocks(reader(given), 'b', [])).rejects.toThrow(
      expect.objectContaining({ code: 'data', message }),
    );
  });
});

describe('tables that are written', () => {
  const head = ['n', 'on'];
  const first = [
    [1.23456789, true],
    [null, false],
  ];
  const second = [[2 ** 40 + 1, null]];
  test.each<[TableFormat, string[], string]>([
    ['csv', ['n,on\n1.234568,true\n,false\n', '1099511627777,\n', ''], 'n,on\n'],
    ['tsv', ['n\ton\n1.234568\ttrue\n\tfalse\n', '1099511627777\t\n', ''], 'n\ton\n'],
    [
      'json',
      ['[\n{"n":1.234568,"on":true},\n{"n":null,"on":false}', ',\n{"n":1099511627777,"on":null}', '\n]\n'],
      '[\n\n]\n',
    ],
    ['jsonl', ['{"n":1.234568,"on":true}\n{"n":null,"on":false}\n', '{"n":1099511627777,"on":null}\n', ''], ''],
  ])('%s, in parts and without rows', async (format, parts, empty) => {
    const encoder = tableEncoder(head, format);
    expect([await encoder.rows(first), await encoder.rows(second), await encoder.end()]).toEqual(parts);
    const none = tableEncoder(head, format);
    expect(`${format === 'csv' || format === 'tsv' ? '' : await none.rows([])}${await none.end()}`).toBe(empty);
    expect(await encodeTable(head, [...first, ...second], format)).toBe(parts.join(''));
  });

  test('Parquet, in parts: columns are of the kind of the first rows', async () => {
    const encoder = tableEncoder([...head, 's'], 'parquet');
    const bytes: number[] = [];
    const rows = (part: (number | boolean | null)[][], s: (string | number)[]) => part.map((row, i) => [...row, s[i]]);
    for (const part of [rows(first, ['a', 'b']), [], rows(second, [7])])
      bytes.push(...((await encoder.rows(part)) as Uint8Array));
    bytes.push(...((await encoder.end()) as Uint8Array));
    const table = await openSource({ name: 'p', bytes: Uint8Array.from(bytes) }).table();
    expect(table.columns.map(({ name, kind, cells }) => [name, kind, ...cells])).toEqual([
      ['n', 'number', '1.234568', '', '1099511627777'],
      ['on', 'text', 'true', 'false', ''],
      ['s', 'text', 'a', 'b', '7'],
    ]);
  });

  test('their form is that of the ending', () => {
    const names = ['t.csv', 'T.TSV', 'a.b.json', 't.jsonl', 't.ndjson', 't.parquet', '-', '/dev/stdout'];
    expect(names.map(formatOf)).toEqual(['csv', 'tsv', 'json', 'jsonl', 'jsonl', 'parquet', 'csv', 'csv']);
    const known = 'a table is written as .csv, .tsv, .json, .jsonl, .ndjson, .parquet';
    expect(refused(() => formatOf('a.b/t'))).toEqual(['usage', `a.b/t: has no ending; ${known}`]);
    expect(refused(() => formatOf('t.XLS'))).toEqual(['usage', `t.XLS: the ending .xls is not known; ${known}`]);
    expect(refused(() => formatOf('t.constructor'))[1]).toContain('the ending .constructor is not known');
    for (const format of ['json', 'jsonl', 'parquet'] as const) {
      expect(refused(() => tableEncoder(['a', 'b', 'a'], format))).toEqual([
        'usage',
        'two columns are named a; write them as CSV',
      ]);
    }
    expect(() => tableEncoder(['a', 'a'], 'csv')).not.toThrow();
  });
});

describe('rows of JSON', () => {
  const read = (text: string) => {
    const { columns, notes } = parseJson(text, 't.json');
    return { columns: columns.map(({ name, numbers, cells }) => [name, ...(numbers ?? cells)]), notes };
  };

  test.each<[string, unknown[][], string[]]>([
    [
      '[{"a":1,"b":{"x":"u","y":2}},{"a":null}]',
      [
        ['a', 1, Number.NaN],
        ['b.x', 'u', ''],
        ['b.y', 2, Number.NaN],
      ],
      [],
    ],
    [
      '[["t","v"],["x",1],["y",2]]',
      [
        ['t', 'x', 'y'],
        ['v', 1, 2],
      ],
      [],
    ],
    [
      '[["7","v"],["x","1"]]',
      [
        ['c1', '7', 'x'],
        ['c2', 'v', '1'],
      ],
      ['no header: the columns are c1, c2, …'],
    ],
    ['[1,null,3]', [['c1', 1, Number.NaN, 3]], []],
    [
      '[{"a":1,"l":[2]},{"a":3,"o":{"p":{}}}]',
      [['a', 1, 3]],
      ['column l left out: row 1 holds a list in it', 'column o.p left out: row 2 holds an object in it'],
    ],
    // The first row that holds one, not the column's first.
    [
      '[{"a":1},{"a":3,"l":2},{"a":4,"l":[5]},{"a":5,"l":{}}]',
      [['a', 1, 3, 4, 5]],
      ['column l left out: row 3 holds a list in it'],
    ],
    [
      '[{"a":1},{"a":2},{"a":3,"late":"x"}]',
      [
        ['a', 1, 2, 3],
        ['late', '', '', 'x'],
      ],
      ['column late first comes in row 3: missing in 2 of 3 rows'],
    ],
  ])('%s', (text, columns, notes) => {
    expect(read(text)).toEqual({ columns, notes });
  });

  test.each([
    ['[{"a":1},[2]]', 't.json, row 2: must be an object such as {"date": "2012-01-01", "value": 1.5}'],
    ['[[1],{"a":2}]', 't.json, row 2: must be an array, as the first one is'],
    ['[1,[2]]', 't.json, row 2: must be a single value, as the first one is'],
    ['[{"a":1},null]', 't.json, row 2: must be an object such as {"date": "2012-01-01", "value": 1.5}'],
    ['[["a","a"],[1,2]]', 't.json, row 1: names a column twice; rename one'],
    ['[[1,2],[3]]', 't.json, row 2: 1 value where the first row has 2; correct the row'],
    ['[["a","b"]]', 't.json: holds no rows; it must hold data'],
    // Rows behind a header of their own are the second of two.
    ['[{"a":1},[{"b":2}],{"c":3}]', 't.json, row 2: must be an object such as {"date": "2012-01-01", "value": 1.5}'],
    // Names beside rows are theirs where all rows have as many.
    ['{"columns":["p","q"],"data":[[1],[2,3]]}', 't.json, row 2: 2 values where the first row has 1; correct the row'],
    [
      '[{"a":[1]}]',
      't.json: holds no column of numbers or text (column a left out: row 1 holds a list in it); it must hold some',
    ],
    ['[]', 't.json: holds no rows; it must hold data'],
    ['7', 't.json: must be an array of objects, one per row, or an object of columns'],
  ])('%s: %s', (text, message) => {
    expect(refused(() => parseJson(text, 't.json'))).toEqual(['data', message]);
  });

  test('lines keep their numbers, blank ones left out, and NaN is said once', () => {
    const table = parseJsonLines('{"a":1}\r\n\n{"a":NaN}\r{"a":-Infinity}\n', 't.jsonl', ['first']);
    expect(table.columns[0].numbers).toEqual(Float64Array.of(1, Number.NaN, Number.NaN));
    expect([0, 1, 2].map((row) => table.where(row))).toEqual(['t.jsonl, line 1', 't.jsonl, line 3', 't.jsonl, line 4']);
    expect(table.notes).toEqual(['first', 'NaN and Infinity, which JSON does not have, read as missing']);
    expect(parseJson('[{"s":"NaN \\" Infinity","v":NaN}]', 't').columns.map(({ cells }) => cells[0])).toEqual([
      'NaN " Infinity',
      '',
    ]);
    expect(refused(() => parseJsonLines('{"a":1}\n\n{"a"}\n', 't.jsonl'))).toEqual([
      'data',
      't.jsonl, line 3: is not JSON; each line must hold one object',
    ]);
  });
});

describe("cells quoted with '", () => {
  test.each<[boolean, string]>([
    [true, "'a','b'\n1,2\n3,4\n"],
    [true, "a;b\n'1';'2'\n 'x' ; 'y'\nend\n"],
    [true, "# note\n'a'\t'b'\n1\t2\n3\t4\n"],
    [false, "'a','b'\n1,\"2\"\n3,4\n"],
    [false, "'a','b'\n1,2\n"],
    [false, "'a'\n1\n2\n"],
    [false, "a,b\n'1','2'\n3,4\n5,6\n"],
    [false, "'a','it''s'\n1,2\n3,4\n"],
    [false, "'a','it\\'s'\n1,2\n3,4\n"],
  ])('%j: %j', (is, text) => {
    expect(isSingleQuoted(text)).toBe(is);
  });

  test('become quoted with ", and nothing else changes', () => {
    expect(doubleQuoted("'a', 'b c';it's\n\t'd'\t'e'f\n'g'")).toBe('"a", "b c";it\'s\n\t"d"\t\'e\'f\n"g"');
  });
});

test('arrays side by side, and each of them again', () => {
  const [a, b] = [
    { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] },
    { data: Int32Array.of(5, 6), shape: [2, 1, 1] },
  ];
  const both = sideBySide([a, b]);
  expect(both).toEqual({ data: Float32Array.of(1, 2, 5, 3, 4, 6), shape: [2, 3], parts: [[2], [1, 1]] });
  expect(partsOf(both)).toEqual([a, { data: Float32Array.of(5, 6), shape: [2, 1, 1] }]);
  expect(partOf(both, 1)).toEqual({ data: Float32Array.of(5, 6), shape: [2, 1, 1] });
  expect([sideBySide([a]), partsOf(a)[0], partOf(a, 0)].every((one) => one === a)).toBe(true);
  const into = new Float32Array(5);
  putPart(both, 0, into, 1);
  expect(into).toEqual(Float32Array.of(0, 1, 2, 3, 4));
  putPart(b, 0, into, 3);
  expect(into).toEqual(Float32Array.of(0, 1, 2, 5, 6));
});

describe('values of a program as a column', () => {
  const at = (...times: (string | null)[]) => times.map((time) => time && new Date(time));
  const [nothing, day] = [Number.NaN, 86_400_000];
  test.each<[unknown[], object]>([
    [
      [1, null, Number.NaN, undefined, 2],
      { numbers: [1, nothing, nothing, nothing, 2], cells: ['1', '', '', '', '2'] },
    ],
    [[1, Number.POSITIVE_INFINITY], { numbers: [1, Number.POSITIVE_INFINITY], cells: ['1', 'Infinity'] }],
    [[null, Number.NaN], { numbers: [nothing, nothing], cells: ['', ''] }],
    [[null, undefined], { cells: ['', ''] }],
    [[1, true, ' x ', null, ''], { cells: ['1', 'true', 'x', '', ''] }],
    [at('1970-01-02', null), { times: [day, nothing], utc: true, cells: ['1970-01-02', ''] }],
    [
      at('1970-01-02T00:00:01Z', '1970-01-01'),
      { times: [day + 1000, 0], utc: true, cells: ['1970-01-02T00:00:01Z', '1970-01-01T00:00:00Z'] },
    ],
    [at('1970-01-01T00:00:00.005Z'), { times: [5], utc: true, cells: ['1970-01-01T00:00:00.005Z'] }],
    [at('1970-01-01', 'x'), { times: [0, nothing], utc: true, cells: ['1970-01-01', ''] }],
    [[...at('1970-01-01', 'x'), 1], { cells: ['1970-01-01T00:00:00.000Z', '', '1'] }],
  ])('%j', async (values, expected) => {
    const table = await openSource({ v: values } as never).table();
    const { numbers, times, utc, cells } = table.columns[0];
    expect({
      ...(numbers && { numbers: [...numbers] }),
      ...(times && { times: [...times], utc }),
      cells: [...cells],
    }).toEqual(expected);
  });

  test('times that no calendar has are missing, and say nothing of the others', () => {
    const column = (utc: boolean, ...times: number[]) =>
      new Table({ name: 't', header: ['at'], cells: [{ times: Float64Array.from(times), utc }], lines: times.length })
        .columns[0];
    expect(column(true, 0, 8.64e15 + 1, -8.64e15).cells).toEqual(['1970-01-01', '', '-271821-04-20']);
    expect(column(false, 1000, 9e15).cells).toEqual(['1970-01-01T00:00:01', '']);
    expect(column(false, 1000.5).cells).toEqual(['1970-01-01T00:00:01.000']);
    expect([column(false, 0).kind, column(false, 0).utc]).toEqual(['date', false]);
  });
});

describe('a table', () => {
  const table = (cells: string[], more = {}) =>
    new Table({ name: 't', header: ['v'], cells: [cells], lines: cells.length, ...more });
  test.each<[string, boolean, string]>([
    ['1|2|x', false, 'number'],
    ['1|x', false, 'text'],
    ['1|2020-01|x', false, 'text'],
    ['2020-01|2020-02|x', false, 'date'],
    ['2020-01|x', false, 'text'],
    ['2020-01|2020-02|1|2|x', false, 'text'],
    ['2020-01|2020-02|2020-03|1|x', false, 'date'],
    ['1||NA|-', false, 'number'],
    ['1,5', false, 'text'],
    ['1,5', true, 'number'],
    ['', false, 'text'],
  ])('%s, decimal commas %s: %s', (cells, decimalComma, kind) => {
    const one = table(cells.split('|'), { decimalComma });
    expect([one.columns[0].kind, one.namesOf(kind as 'text')]).toEqual([kind, ['v']]);
  });

  test('each row has its own place, in its own part', () => {
    const parts = [
      { name: 'a', from: 0, unit: 'line' },
      { name: 'b', from: 2, unit: 'row' },
    ];
    const where = (one: Table) => [0, 1, 2, 3].map((row) => one.where(row));
    const cells = ['1', '2', '3', '4'];
    expect(where(table(cells, { parts }))).toEqual(['a, line 1', 'a, line 2', 'b, row 1', 'b, row 2']);
    expect(where(table(cells, { parts, lines: [2, 3, 2, 5] }))).toEqual([
      'a, line 2',
      'a, line 3',
      'b, row 2',
      'b, row 5',
    ]);
    expect(where(table(cells, { unit: 'row' }))).toEqual(['t, row 1', 't, row 2', 't, row 3', 't, row 4']);
  });

  test('refuses names that are none, and cells that are none', () => {
    const named = (...header: string[]) =>
      refused(() => new Table({ name: 't', header, cells: header.map(() => ['1']), lines: 1 }))[1];
    expect(named('a', '', 'b')).toBe('t, header: column 2 has no name; give it one');
    expect(named('a', 'b  c', 'b c')).toBe('t, header: columns 2 and 3 are both named b c; rename one');
    const cell = (text: string, more = {}) => refused(() => table(['1', '2', text], more).numbers('v'))[1];
    expect(cell('')).toBe('t, line 3, column v: the cell is empty; fill it, or remove the row or the column');
    expect(cell('NA')).toBe('t, line 3, column v: NA is not a finite number; fill it, or remove the row or the column');
    expect(cell('-1e999')).toBe(
      't, line 3, column v: -1e999 is not a finite number; fill it, or remove the row or the column',
    );
    expect(cell('1,5')).toBe("t, line 3, column v: '1,5' is not a number; correct it");
    expect([...table(['1', '1,5'], { decimalComma: true }).numbers('v')]).toEqual([1, 1.5]);
    const of = (...cells: string[]) => refused(() => table(cells).numbers('v'))[1];
    expect(of('1', 'x')).toBe(
      "t, line 2, column v: 'x' is not a number; the column holds text; choose one that holds numbers",
    );
    expect(of('2020-01')).toBe(
      "t, line 1, column v: '2020-01' is not a number; the column holds dates; choose one that holds numbers",
    );
    expect(refused(() => table(['a', '']).texts('v'))[1]).toBe(
      't, line 2, column v: the cell is empty; fill it or remove the row',
    );
    expect(refused(() => table(['a']).column('w'))).toEqual([
      'usage',
      't: no column w; did you mean v? Its columns: v',
    ]);
    expect(refused(() => table(['a']).column('other'))[1]).toBe('t: no column other. Its columns: v');
    const typed = new Table({
      name: 't',
      header: ['v'],
      cells: [{ numbers: Float64Array.of(Number.NaN, 1) }],
      lines: 2,
    });
    const infinite = new Table({
      name: 't',
      header: ['v'],
      cells: [{ numbers: Float64Array.of(1, -Infinity) }],
      lines: 2,
    });
    expect(refused(() => infinite.numbers('v'))[1]).toBe(
      't, line 2, column v: -Infinity is not a finite number; fill it, or remove the row or the column',
    );
    expect(refused(() => typed.numbers('v'))[1]).toBe(
      't, line 1, column v: the cell is empty; fill it, or remove the row or the column',
    );
  });
});

describe('how characters are written', () => {
  const bytes = (text: string, encoding: BufferEncoding = 'latin1') => new Uint8Array(Buffer.from(text, encoding));
  test.each<[string, Uint8Array, string]>([
    ['plain', bytes('a,b\n'), 'utf-8'],
    ['two bytes', bytes('für', 'utf8'), 'utf-8'],
    ['Latin-1', bytes('für\nsüd'), 'windows-1252'],
    ['as many right as wrong ones', Buffer.concat([bytes('für', 'utf8'), bytes('für')]), 'windows-1252'],
    ['UTF-16', bytes('a,b\n', 'utf16le'), 'utf-16le'],
    ['UTF-16, large bytes first', new Uint8Array(Buffer.from('a,b\n', 'utf16le').swap16()), 'utf-16be'],
    ['a mark alone', Uint8Array.of(0xff, 0xfe), 'utf-16le'],
    ['half a mark', Uint8Array.of(0xff, 0x61), 'windows-1252'],
    ['nothing', bytes(''), 'utf-8'],
    ['tabs and page ends', bytes('\tü\r\n\f\v\x1a'), 'windows-1252'],
    ['a zero', bytes('abcdefghij\0k'), 't: holds binary data, not text; give a text file'],
    ['zeros on both sides', bytes('\0a\0b\0c\0da\0'), 't: holds binary data, not text; give a text file'],
    ['another control character', bytes('ü\x02'), 't: holds binary data, not text; give a text file'],
    [
      'a slip among others',
      Buffer.concat([bytes('ü\nü\n', 'utf8'), bytes('ü\n'), bytes('üü\n', 'utf8'), bytes('ü')]),
      't, line 3: a character is not UTF-8, though others are; correct it',
    ],
  ])('%s', (_, content, expected) => {
    let told: string;
    try {
      told = guessEncoding(content, 't');
    } catch (error) {
      told = (error as Error).message;
    }
    expect(told).toBe(expected);
  });

  test('a letter that is cut at the end of a beginning is none to wonder at', () => {
    const cut = bytes('fü', 'utf8').subarray(0, 2);
    expect([guessEncoding(cut, 't', true), guessEncoding(cut, 't')]).toEqual(['utf-8', 'windows-1252']);
  });

  test('quotes and the euro of Windows come out, and it is said', () => {
    const notes = ['read as Latin-1 (Windows-1252), since it is not UTF-8'];
    expect(decodeText(Uint8Array.of(0x80, 0x93, 0xe9, 0x94, 0x9f, 0x81), 't')).toEqual({ text: '€“é”Ÿ\x81', notes });
    expect(decodeText(bytes('\uFEFFé', 'utf8'), 't')).toEqual({ text: 'é', notes: [] });
    expect(refused(() => decodeText(bytes(' \n'), 't'))[1]).toBe('t: is empty; it must hold data');
    expect(refused(() => decodeText(bytes(`${'a'.repeat(2000)}\0`), 't'))[1]).toBe(
      't: holds binary data, not text; give a text file',
    );
  });
});
