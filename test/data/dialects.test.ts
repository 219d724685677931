import { describe, expect, test } from '@jest/globals';
import { type Dialect, guessDialect, shape } from '../../src/data/dialect.js';
import { parseTable } from '../../src/data/read.js';
import { openSource } from '../../src/data/source.js';
import type { Table } from '../../src/data/table.js';
import { MemcellError } from '../../src/errors.js';

const fixtures = 'test/fixtures/tables';
const ends = (table: Table) => table.columns.map(({ name, cells }) => `${name}: ${cells[0]} … ${cells.at(-1)}`);

describe('files as programs write them', () => {
  const dates = 'date: 2020-01-01 … 2020-07-18';
  test.each<[string, number, string[], string[]]>([
    ['excel-sep.csv', 200, ['Datum: 2020-01-01 … 2020-07-18', 'Umsatz: 1070,5 … 1165,5'], []],
    ['excel-utf16.txt', 200, ['Date: 2020-01-01 … 2020-07-18', 'Revenue: 1070 … 1165'], []],
    [
      'latin1.csv',
      200,
      ['Datum: 2020-01-01 … 2020-07-18', 'Menge für Süd: 1070,5 … 1165,5'],
      ['read as Latin-1 (Windows-1252), since it is not UTF-8'],
    ],
    ['preamble.csv', 200, [dates, 'value: 1070 … 1165'], ['skipped 2 lines before the header']],
    [
      'trailing-delim.csv',
      200,
      [dates, 'value: 1070 … 1165'],
      ['left out a column without name and values (a separator at the end of each line)'],
    ],
    ['noheader.csv', 200, ['c1: 2020-01-01 … 2020-07-18', 'c2: 1070 … 1165'], ['no header: the columns are c1 to c2']],
    ['total-row.csv', 201, ['date: 2020-01-01 … Total', 'value: 1070 … 200430'], []],
    ['pipe.csv', 200, [dates, 'value: 98.78 … 108.76'], ['separator |']],
    ['spaces.txt', 200, [dates, 'value: 98.78 … 108.76'], ['separator spaces']],
    ['bom-crlf.csv', 200, [dates, 'value: 1070 … 1165'], []],
    ['tsv-decimal-comma.tsv', 200, [dates, 'value: 98,78 … 108,76'], []],
    ['gsheets-de.csv', 200, [dates, 'value: 98,78 … 108,76'], []],
    ['pandas-index.csv', 200, ['index: 0 … 199', dates, 'value: 1070 … 1165'], ['column 1 has no name: called index']],
    ['pandas-index-named.csv', 200, ['id: 0 … 199', dates, 'value: 1070 … 1165'], []],
    ['h24.csv', 240, ['time: 2020-01-01 01:00 … 2020-01-10 24:00', 'load: 1 … 24'], []],
    ['onecol.txt', 200, ['c1: 98.78 … 108.76'], ['no header: the columns are c1']],
    ['a.json', 120, ['date: 2020-01-01 … 2020-04-29', 'v: 0 … 0'], []],
    ['arr.json', 120, ['c1: 0 … 0'], []],
    ['wrapped.json', 120, ['date: 2020-01-01 … 2020-04-29', 'v: 0 … 0'], ['rows are those under data']],
    [
      'extra.json',
      120,
      ['date: 2020-01-01 … 2020-04-29', 'v: 0 … 0', 'note:  … '],
      ['column note first comes in row 6: missing in 119 of 120 rows'],
    ],
    [
      'isoZ.json',
      120,
      ['date: 2020-01-01T00:00:00.000Z … 2020-04-29T00:00:00.000Z', 'v: 0 … 0', 'ok: false … true'],
      [],
    ],
  ])('%s', async (name, rows, columns, notes) => {
    const table = await openSource(`${fixtures}/${name}`).table();
    expect(table.rows).toBe(rows);
    expect(ends(table)).toEqual(columns);
    expect(table.notes).toEqual(notes);
  });

  test('places count the lines that were skipped', async () => {
    expect((await openSource(`${fixtures}/preamble.csv`).table()).where(0)).toBe(`${fixtures}/preamble.csv, line 4`);
    expect((await openSource(`${fixtures}/excel-sep.csv`).table()).where(199)).toBe(
      `${fixtures}/excel-sep.csv, line 202`,
    );
  });
});

test.each([
  ['2020,x', 0],
  [',x', 0],
  ['date,x', 0],
])('before texts %s is no header whose lines before it are skipped', (row, skipped) => {
  expect(guessDialect(`remark,\n${row}\na,b\nc,d\ne,f\n`).skippedLines).toBe(skipped);
});

test.each([
  ['a,b', 1],
  ['2020,b', 1],
  [',b', 1],
  ['2020-02-01,5', 0],
  [',5', 0],
])('before dates and numbers %s is a header where something else stands in it: %i line skipped', (row, skipped) => {
  expect(guessDialect(`remark,\n${row}\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n`).skippedLines).toBe(skipped);
});

describe('lines before a header are skipped, up to 40 of them', () => {
  const numbers = Array.from({ length: 60 }, (_, i) => `2020-01-${String(1 + (i % 28)).padStart(2, '0')},${i}\n`).join(
    '',
  );
  const lines = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('');
  test.each<[string, (i: number) => string, string, number]>([
    ['of fewer cells', (i) => `remark ${i}`, '', 0],
    ['of more cells', (i) => `of,three,cells ${i}`, '', 0],
    ['padded with empty cells', (i) => `remark ${i},`, '', 0],
    ['of as many cells, before an empty line', (i) => `name ${i},text`, '\n', 1],
  ])('%s', (_, line, between, empty) => {
    const skipped = (count: number) => guessDialect(`${lines(count, line)}${between}date,v\n${numbers}`).skippedLines;
    expect([1, 2, 40].map(skipped)).toEqual([1, 2, 40].map((count) => count + empty));
    expect(skipped(41)).toBe(0);
  });
});

const body = '2020-01-01;1,5\n2020-01-02;2\n2020-01-03;3\n';
const plain = ['date: 2020-01-01 … 2020-01-03', 'v: 1,5 … 3'];

describe('what is plain is read, and said', () => {
  test.each<[string, string, string[], string[]]>([
    ['a title and a blank line', `Sales of 2020\n\ndate;v\n${body}`, plain, ['skipped 1 line before the header']],
    [
      'a preamble with keys',
      `Country: Germany; Unit: t; Made: today\nx\ndate;v\n${body}`,
      plain,
      ['skipped 2 lines before the header'],
    ],
    [
      'a preamble padded by Excel',
      `Report;;\n;;\ndate;v;w\n2020-01-01;1;2\n2020-01-02;2;3\n2020-01-03;2;3\n`,
      ['date: 2020-01-01 … 2020-01-03', 'v: 1 … 2', 'w: 2 … 3'],
      ['skipped 2 lines before the header'],
    ],
    [
      'a header in a comment',
      '# made today\n# t v\n0 1\n1 2\n2 3\n',
      ['t: 0 … 2', 'v: 1 … 3'],
      ['separator spaces', 'skipped 1 line before the header', 'the columns are named by the comment line before them'],
    ],
    [
      'a comment of other cells than the rows have',
      '# station, 7\n0,1,5\n1,2,6\n2,3,7\n',
      ['c1: 0 … 2', 'c2: 1 … 3', 'c3: 5 … 7'],
      ['skipped 1 line before the header', 'no header: the columns are c1 to c3'],
    ],
    ['a header that begins with #', '#,name,v\n1,Bob,3\n2,Ann,5\n', ['#: 1 … 2', 'name: Bob … Ann', 'v: 3 … 5'], []],
    [
      'comments between rows',
      '# by x\na,b\n1,2\n# "odd\n3,4\n',
      ['a: 1 … 3', 'b: 2 … 4'],
      ['skipped 1 line before the header'],
    ],
    [
      'a source below',
      `date;v\n${body}\nSource: somewhere\n`,
      plain,
      ["left out the last line, which is no row: 'Source: somewhere'"],
    ],
    [
      'a source below, padded',
      `date;v\n${body}Source: somewhere;\n;\n`,
      plain,
      ["left out the last 2 lines, which are no rows: 'Source: somewhere'"],
    ],
    [
      'row names without a header',
      '"date" "v"\n"1" "2020-01-01" 1.5\n"2" "2020-01-02" 2\n"3" "2020-01-03" 3\n',
      ['index: 1 … 3', 'date: 2020-01-01 … 2020-01-03', 'v: 1.5 … 3'],
      ['separator spaces', 'column 1 has no name: called index'],
    ],
    [
      'a separator that only rows end with',
      'date;v\n2020-01-01;1,5;\n2020-01-02;2;\n2020-01-03;3;\n',
      plain,
      ['dropped the separator at the end of 3 of 3 lines'],
    ],
    ['decimal commas in a single column', 'v\n98,78\n1,5\n2,5\n', ['v: 98,78 … 2,5'], []],
    [
      'no header, a class at the end',
      '5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,versicolor\n',
      ['c1: 5.1 … 7.0', 'c2: 3.5 … 3.2', 'c3: setosa … versicolor'],
      ['no header: the columns are c1 to c3'],
    ],
    [
      'no header, a separator at the end',
      '2020-01-01;1;\n2020-01-02;2;\n2020-01-03;3;\n',
      ['c1: 2020-01-01 … 2020-01-03', 'c2: 1 … 3'],
      [
        'no header: the columns are c1 to c2',
        'left out a column without name and values (a separator at the end of each line)',
      ],
    ],
    ['years name columns', 'name,2019,2020\nBob,1,2\nAnn,3,4\n', ['name: Bob … Ann', '2019: 1 … 3', '2020: 2 … 4'], []],
    ['months name columns', 's,2020-01,2020-02\nA,1,2\nB,3,4\n', ['s: A … B', '2020-01: 1 … 3', '2020-02: 2 … 4'], []],
    [
      'a column without a name',
      'a,,c\n1,x,3\n2,y,4\n',
      ['a: 1 … 2', 'column 2: x … y', 'c: 3 … 4'],
      ['column 2 has no name: called column 2'],
    ],
    ['separators inside quotes', '"a, b";c\n"x, y";1\n"x, z, w";2\n', ['a, b: x, y … x, z, w', 'c: 1 … 2'], []],
    ['as many of another inside quotes', '"a;b",c\n"x;y",1\n"x;z",2\n', ['a;b: x;y … x;z', 'c: 1 … 2'], []],
    [
      'numbers with # and a separator at the end',
      'id,v\n#1,5,\n#2,6,\n#3,7,\n',
      ['id: #1 … #3', 'v: 5 … 7'],
      ['dropped the separator at the end of 3 of 3 lines'],
    ],
    [
      'a data frame as R prints it',
      '   date v  w\n1  2020-01-01 1 NA\n2  2020-01-02 2  5\n3  2020-01-03 4  7\n',
      ['index: 1 … 3', 'date: 2020-01-01 … 2020-01-03', 'v: 1 … 4', 'w: NA … 7'],
      ['separator spaces', 'column 1 has no name: called index'],
    ],
    [
      'a series as R prints it, its first and last year incomplete',
      '     Qtr1 Qtr2 Qtr3 Qtr4\n1974       2.5   NA  4.5\n1975  5.5  6.5          \n',
      ['time: 1974 Q2 … 1975 Q2', 'value: 2.5 … 6.5'],
      ['printed with a row for each year: read as the columns time and value'],
    ],
    [
      'a series as R prints it, too wide for a line',
      '      Jan  Feb  Mar\n1974  100  200  300\n1975  400  500  600\n      Apr  May\n1974  350  370\n1975  650     \n',
      ['time: 1974 Jan … 1975 Apr', 'value: 100 … 650'],
      ['printed with a row for each year: read as the columns time and value'],
    ],
    [
      'single quotes',
      "'date','shop','v'\n'2020-01-01','it, here','1'\n'2020-01-02','b','2'\n",
      ['date: 2020-01-01 … 2020-01-02', 'shop: it, here … b', 'v: 1 … 2'],
      ["cells are quoted with '"],
    ],
    ['apostrophes are no quotes', "name,v\n'tis,1\nshops',2\n", ["name: 'tis … shops'", 'v: 1 … 2'], []],
    [
      'an index of rows chosen from more',
      ',v\n0,1.5\n3,2\n17,4\n',
      ['index: 0 … 17', 'v: 1.5 … 4'],
      ['column 1 has no name: called index'],
    ],
    [
      'lines of as many words, which are more than the header has',
      'name value\nAnna Maria 5\nBert Olaf 6\nCarl Gustav 7\n',
      ['name value: Anna Maria 5 … Carl Gustav 7'],
      [],
    ],
    ['numbered lines of words', 'step\n1 mix 5\n2 stir 6\n3 bake 7\n', ['step: 1 mix 5 … 3 bake 7'], []],
    ['missing at the end', 'a,b\n1,2\n2,\n', ['a: 1 … 2', 'b: 2 … '], []],
    ['a last line without its last cell, named by text', 'name,v\nBob,1\nAnn,2\n', ['name: Bob … Ann', 'v: 1 … 2'], []],
  ])('%s', (_, text, columns, notes) => {
    const table = parseTable(text, 't.csv');
    expect(ends(table)).toEqual(columns);
    expect(table.notes).toEqual(notes);
  });

  test.each<[string, string, string]>([
    [
      'cut off in the last row',
      'date,v,w\n2020-01-01,1,2\n2020-01-02,2\n',
      'line 3: 2 cells where the header has 3 columns',
    ],
    ['cut off within a text', 'name,v\nBob,1\nAn\n', 'line 3: 1 cell where the header has 2 columns'],
    ['a text row in the middle', `date;v\n${body}note\n${body}`, 'line 5: 1 cell where the header has 2 columns'],
    ['wider rows', 'a,b\n1,2,3\n4,5,6\n', 'line 2: 3 cells where the header has 2 columns'],
  ])('not plain: %s', (_, text, message) => {
    expect(() => parseTable(text, 't.csv')).toThrow(MemcellError);
    expect(() => parseTable(text, 't.csv')).toThrow(message);
  });
});

describe('JSON as programs write it', () => {
  test.each<[string, string, string[], string[]]>([
    ['arrays with a header', '[["d","v"],["x",1],["y",2]]', ['d: x … y', 'v: 1 … 2'], []],
    ['arrays without', '[["x",1],["y",2]]', ['c1: x … y', 'c2: 1 … 2'], ['no header: the columns are c1, c2, …']],
    ['columns', '{"d":["x","y"],"v":[1,null],"by":"me"}', ['d: x … y', 'v: 1 … '], []],
    ['columns of pandas', '{"d":{"0":"x","1":"y"},"v":{"0":1,"1":2}}', ['d: x … y', 'v: 1 … 2'], []],
    [
      'split by pandas',
      '{"columns":["d","v"],"index":[0,1],"data":[["x",1],["y",2]]}',
      ['d: x … y', 'v: 1 … 2'],
      ['rows are those under data, the longest of 2 (not index)'],
    ],
    [
      'columns under a key',
      '{"lat":1.5,"units":{"t":"C"},"hourly":{"time":["a","b"],"t":[1,2]}}',
      ['time: a … b', 't: 1 … 2'],
      ['rows are those under hourly'],
    ],
    [
      'several candidates',
      '{"meta":[{"k":1}],"deep":{"rows":[{"d":1},{"d":2}]}}',
      ['d: 1 … 2'],
      ['rows are those under deep.rows, the longest of 2 (not meta)'],
    ],
    [
      'nested values',
      '[{"a":{"b":1,"c":[1]},"t":[2]},{"a":{"b":2}}]',
      ['a.b: 1 … 2'],
      ['column a.c left out: row 1 holds a list in it', 'column t left out: row 1 holds a list in it'],
    ],
    [
      'NaN, as Python writes it',
      '[{"s":"NaN, NaN","v":NaN},{"s":"x","v":-Infinity},{"s":"x","v":1}]',
      ['s: NaN, NaN … x', 'v:  … 1'],
      ['NaN and Infinity, which JSON does not have, read as missing'],
    ],
  ])('%s', (_, text, columns, notes) => {
    const table = parseTable(text, 't.json');
    expect(ends(table)).toEqual(columns);
    expect(table.notes).toEqual(notes);
  });

  test('lines of arrays, and a header that looks like JSON', () => {
    expect(ends(parseTable('["d","v"]\n["x",1]\n["y",2]\n', 't.jsonl'))).toEqual(['d: x … y', 'v: 1 … 2']);
    expect(ends(parseTable('[x],[y]\n1,2\n3,4\n', 't'))).toEqual(['[x]: 1 … 3', '[y]: 2 … 4']);
    expect(() => parseTable('[[1,2],[3]]', 't.json')).toThrow('t.json, row 2: 1 value where the first row has 2');
  });
});

describe('quotes', () => {
  test('around the line that names the separator, as spreadsheets write it', () => {
    const text = 'v;w,k\n1;5,x\n2;5,y\n3;5,z\n';
    expect(ends(parseTable(text, 'data.csv'))).toEqual(['v: 1 … 3', 'w,k: 5,x … 5,z']);
    expect(ends(parseTable(`"sep=,"\n${text}`, 'data.csv'))).toEqual(['v;w: 1;5 … 3;5', 'k: x … z']);
  });

  test('spaces in them part no words', () => {
    const text = '"a name" v w\n"new york" 1 2\n"san jose" 3 4\n"salt lake city" 5 6\n';
    expect(ends(parseTable(text, 'data.txt'))).toEqual(['a name: new york … salt lake city', 'v: 1 … 5', 'w: 2 … 6']);
  });
});

test.each<[string, string[]]>([
  ['', ['', '-', '—', '?', '...', 'NA', 'n/a', '#N/A', 'NaN', 'null', 'none']],
  [
    'number',
    ['5', '-5', '+5', '−5', '1,234.5', "1'234", '1 234', '.5', '5.', '5e-3', '$5', '€ 5', '(5)', '1.234.567,8'],
  ],
  ['number kWh', ['5 kWh', '5kWh', '(1,234.5 kWh)']],
  ['number %', ['5%', '-0.5 %']],
  ['number €', ['5 €', '1.234,50 €']],
  ['number µg/m³', ['5 µg/m³']],
  [
    'date',
    [
      '2020-01-05',
      '5.1.2020',
      '1/5',
      '2020-01-05T10:00',
      '12:30',
      '12:30:05 PM',
      '2020-W05',
      '2020Q1',
      '2020w5',
      '5 Jan 2020',
    ],
  ],
  ['date', ['Mon, 5 Jan 2020', 'Mär 2020', '5-mai-20', 'October, 5']],
  ['text', ['x', 'kWh', '5 and more', '5 kWhoursofpower', 'January', '12:3', '1,23 x 4']],
])('what looks like %j', (what, cells) => {
  expect(cells.map((cell) => [cell, shape(cell)])).toEqual(cells.map((cell) => [cell, what]));
});

test('a line that is cut off by the end of what is looked at does not count', () => {
  // Sixty lines of 4 kB: words are what their delimiter is told by, as many in each whole line.
  const line = (of: (i: number) => unknown) => Array.from({ length: 600 }, (_, i) => of(i)).join(' ');
  const lines = [line((i) => `c${i}`), ...Array.from({ length: 60 }, (_, row) => line((i) => 100000 + row * i))];
  expect(lines.join('\n').length).toBeGreaterThan(200_000);
  expect(guessDialect(`${lines.join('\n')}\n`).delimiter).toBe(' ');
});

test('of a table with quotes and spaces between cells, the spaces of a cell are its own', () => {
  const table = parseTable('"a name" value\n"x  y" 1\n"z  y" 2\n"x  w" 3\n', 'spaced.txt');
  expect(ends(table)).toEqual(['a name: x  y … x  w', 'value: 1 … 3']);
  const rows = '1 2\n3 4\n5 6\n';
  expect([`a b\n${rows}`, `"a" b\n${rows}`].map((text) => guessDialect(text).spaces)).toEqual([true, false]);
});

describe('apostrophes that are no quotes of cells', () => {
  test.each([
    ["'tis,1\nit's,2\nrock 'n' roll,3\n", ["'tis", "it's", "rock 'n' roll"]],
    ["'a',1\nb,2\nc,3\n", ["'a'", 'b', 'c']],
    ["'90s,1\n'80s,2\n'70s',3\n", ["'90s", "'80s", "'70s'"]],
  ])('%j', async (text, names) => {
    const whole = `name,n\n${text}`;
    for (const table of [
      parseTable(whole, 't.csv'),
      await openSource({ name: 't.csv', bytes: new TextEncoder().encode(whole) }).table(),
    ]) {
      expect(table.column('name').cells).toEqual(names);
      expect(table.notes).toEqual([]);
    }
  });

  test('cells that are quoted with them', () => {
    const table = parseTable("'name','n'\n'a, b','1'\n'c','2'\n", 't.csv');
    expect(table.column('name').cells).toEqual(['a, b', 'c']);
    expect(table.notes).toEqual(["cells are quoted with '"]);
  });
});

test('bytes of a program are a text, whatever their line ends', async () => {
  const text = 'one\r\ntwo\rthree\n';
  expect(await openSource({ name: 't', bytes: new TextEncoder().encode(text) }).text()).toBe('one\ntwo\nthree\n');
});

describe('all that is told from a beginning', () => {
  const plain: Dialect = {
    delimiter: ',',
    spaces: false,
    start: 0,
    skippedLines: 0,
    backslash: false,
    singleQuotes: false,
    comments: false,
    names: undefined,
    rowNames: false,
    notes: [],
  };
  const days = '2020-01-01,1,2\n2020-01-02,2,3\n';
  const rows = Array.from({ length: 70 }, (_, i) => `${i};5\n`).join('');
  const skipped = (lines: number) => `skipped ${lines} line${lines === 1 ? '' : 's'} before the header`;
  test.each<[string, Partial<Dialect>]>([
    ['', {}],
    ['a,b\n1,2\n3,4\n', {}],
    // Separators.
    ['a|b\n1|2\n3|4\n', { delimiter: '|', notes: ['separator |'] }],
    ['SEP=|\na|b\n1|2\n3|4\n', { delimiter: '|', start: 6, skippedLines: 1 }],
    ['v\n1,5\n2,5\n', { delimiter: ';' }],
    ['v\n1,5\n', {}],
    ['v\n1,5\nx\n', {}],
    ['a,b\n1,5\n2,5\n', {}],
    ['a;b\nx\ny\nz\n', { delimiter: ';' }],
    ['x\ny\na;b\n1;2\n3;4\n', { delimiter: ';', start: 4, skippedLines: 2, notes: [skipped(2)] }],
    ['x\ny\na;b\n1;2\n', {}],
    ['a b\n1 2\n', {}],
    ['a b\n1 2\n3 4 5\n', {}],
    ['name value\nx 5\ny z\n', {}],
    ['name value\nx 5\ny 6\n', { delimiter: ' ', spaces: true, notes: ['separator spaces'] }],
    ['"name" value\nx 5\ny 6\n', { delimiter: ' ', notes: ['separator spaces'] }],
    [' name value\n1 x 5\n2 y 6\n', { delimiter: ' ', spaces: true, rowNames: true, notes: ['separator spaces'] }],
    // Quotes.
    ['a,b\n"5\\" disk",1\n"6\\" disk",2\n', { backslash: true }],
    ['a,b\n"5\\" disk",1\n"x ""y""",2\n', {}],
    ['a,b\n"C:\\",1\n"D:\\",2\n', {}],
    [
      "'date';'v'\n'2020-01-01';'1'\n'2020-01-02';'2'\n",
      { delimiter: ';', singleQuotes: true, notes: ["cells are quoted with '"] },
    ],
    [
      "'2020-01-01','1'\n'2020-01-02','2'\n'2020-01-03','3'\n",
      {
        singleQuotes: true,
        names: ['c1', 'c2'],
        notes: ["cells are quoted with '", 'no header: the columns are c1 to c2'],
      },
    ],
    // What stands before the header.
    [`"Sales\nof 2020"\n\ndate,v,w\n${days}`, { start: 17, skippedLines: 3, notes: [skipped(1)] }],
    [`"Sales ""net""\nof 2020"\ndate,v,w\n${days}`, { start: 24, skippedLines: 2, notes: [skipped(1)] }],
    [`Report,,\n,,\ndate,v,w\n${days}`, { start: 12, skippedLines: 2, notes: [skipped(2)] }],
    [`Unit,t,kg\n\ndate,v,w\n${days}`, { start: 11, skippedLines: 2, notes: [skipped(1)] }],
    [`${'x\n'.repeat(40)}t;v\n${rows}`, { delimiter: ';', start: 80, skippedLines: 40, notes: [skipped(40)] }],
    [`${'x\n'.repeat(41)}t;v\n${rows}`, { delimiter: ';' }],
    // Comments.
    ['# x\n#,name,v\n1,Bob,3\n2,Ann,5\n', { start: 13, skippedLines: 2, comments: true, notes: [skipped(2)] }],
    ['#,name,v\n1,Bob,3\n2,Ann,5\n', {}],
    [
      '# made today\n## t v\n0 1\n1 2\n2 3\n',
      {
        delimiter: ' ',
        spaces: true,
        start: 20,
        skippedLines: 2,
        comments: true,
        names: ['t', 'v'],
        notes: ['separator spaces', skipped(1), 'the columns are named by the comment line before them'],
      },
    ],
    ['# x,y\nt,v\n1,2\n3,4\n', { start: 6, skippedLines: 1, comments: true, notes: [skipped(1)] }],
    ['# x\nt,v\n1,2\n3,4\n', { start: 4, skippedLines: 1, comments: true, notes: [skipped(1)] }],
    ['2020Q1,5\n2020Q2,6\n2020Q3,7\n', { names: ['c1', 'c2'], notes: ['no header: the columns are c1 to c2'] }],
    // Names of rows, which the header has none for.
    ['a,b\nx,1,2\ny,3,4\nz,5,6\n', { rowNames: true }],
    ['a,b\n7,1,2\n8,3,4\n9,5,6\n', { rowNames: true }],
    ['a,b\nx,1,2\ny,3,4\nx,5,6\n', {}],
    ['a,b\n7,1,2\n9,3,4\n8,5,6\n', {}],
    ['a,b\nx,1,\ny,3,\nz,5,\n', {}],
    ['a,b\nx,y,\n1,2,\n3,4,\n', {}],
    // No header.
    ['5,1\n2020-01-01,2\n2020-01-02,3\n', { names: ['c1', 'c2'], notes: ['no header: the columns are c1 to c2'] }],
    ['2020-01-01,1\n5,2\n6,3\n', {}],
    [',5\n1,2\n3,4\n', { names: ['c1', 'c2'], notes: ['no header: the columns are c1 to c2'] }],
    ['x,5\ny,2\nz,4\n', {}],
    ['x,5.5\ny,2\nz,4\n', { names: ['c1', 'c2'], notes: ['no header: the columns are c1 to c2'] }],
    ['x,5\ny,2\nx,4\n', { names: ['c1', 'c2'], notes: ['no header: the columns are c1 to c2'] }],
    [
      'x,2020-01-01\ny,2020-01-02\nz,2020-01-03\n',
      { names: ['c1', 'c2'], notes: ['no header: the columns are c1 to c2'] },
    ],
    ['5 kg,2\n6 kg,3\n7 kg,4\n', { names: ['c1', 'c2'], notes: ['no header: the columns are c1 to c2'] }],
    ['5 h,2\n6 kg,3\n7 kg,4\n', {}],
    ['1\n2\n3\n', { names: ['c1'], notes: ['no header: the columns are c1'] }],
    [
      '2020-01-01,1,\n2020-01-02,,\n2020-01-03,3,\n',
      { names: ['c1', 'c2', ''], notes: ['no header: the columns are c1 to c2'] },
    ],
    // What stands below it.
    [
      `date,y,z\n,mm,kg\n${days}`,
      {
        start: 16,
        skippedLines: 2,
        names: ['date', 'y', 'z'],
        notes: ['skipped the line below the header: ,mm,kg'],
      },
    ],
    [
      `Price,y,y\nTicker,A,B\ndate,,\n${days}`,
      {
        start: 28,
        skippedLines: 3,
        names: ['date', 'y A', 'y B'],
        notes: ['skipped the 2 lines below the header: Ticker,A,B / date,,'],
      },
    ],
    [
      `x\ndate,y,y\nlevel,A,B\n---,---,---\n,mm,kg\n${days}`,
      {
        start: 40,
        skippedLines: 5,
        names: ['date', 'y A mm', 'y B kg'],
        notes: ['skipped the 3 lines below the header: level,A,B / ---,---,--- / ,mm,kg', skipped(1)],
      },
    ],
  ])('%j', (text, told) => {
    expect(guessDialect(text)).toEqual({ ...plain, ...told });
  });
});
