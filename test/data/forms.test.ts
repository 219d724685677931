/**
 * Tables of separated values and of JSON, whole: every column, what is said, and where the last row stands; the same as a
 * beginning, and as a stream.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseJson, parseJsonLines } from '../../src/data/json.js';
import { parseTable } from '../../src/data/read.js';
import { openSource } from '../../src/data/source.js';
import type { Table } from '../../src/data/table.js';
import { MemcellError } from '../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-forms-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 'a: 1 2', …, what is said, and the last row's place; or the message. */
function whole(read: () => Table): string[] {
  try {
    const table = read();
    const columns = table.columns.map(({ name, cells }) => `${name}: ${cells.join(' ')}`);
    return [...columns, ...table.notes.map((note) => `- ${note}`), table.where(table.rows - 1)];
  } catch (error) {
    if (error instanceof MemcellError && !error.message.includes('\n')) return [error.message];
    throw error;
  }
}

const lines = 'date;v\n2020-01-01;1\n2020-01-02;2\n2020-01-03;3\n';
const three = ['date: 2020-01-01 2020-01-02 2020-01-03', 'v: 1 2 3'];
const five = ['date: 2020-01-01 2020-01-02 2020-01-03 2020-01-04 2020-01-05', 'v: 1 2 3 4 5'];
const left = (what: string) => `- left out ${what}`;
const short = (line: number) => `line ${line}: 1 cell where the header has 2 columns; correct the row`;
const unnamed = (column: number, name = `column ${column}`) => `- column ${column} has no name: called ${name}`;
const aside = (columns: string) => left(`${columns} without name and values (a separator at the end of each line)`);

describe('separated values', () => {
  test.each<[string, string[]]>([
    // What stands at the end.
    [
      `${lines}Total of all;\n\nSource: x\n`,
      [...three, left("the last 2 lines, which are no rows: 'Total of all'"), 'line 4'],
    ],
    [
      `${lines}${'x: '.repeat(13)}x\n`,
      [...three, left(`the last line, which is no row: '${'x: '.repeat(13)}x'`), 'line 4'],
    ],
    [
      `${lines}${'x: '.repeat(13)}xy\n`,
      [...three, left(`the last line, which is no row: '${'x: '.repeat(13)}…'`), 'line 4'],
    ],
    [`${lines};\n`, [...three, left('the last line, which is empty'), 'line 4']],
    [`${lines};\n;\n`, [...three, left('the last 2 lines, which are empty'), 'line 4']],
    [`${lines}(3 rows affected)\n`, [...three, left("the last line, which is no row: '(3 rows affected)'"), 'line 4']],
    [`${lines}(1 row)\n`, [...three, left("the last line, which is no row: '(1 row)'"), 'line 4']],
    [
      `${lines}${'Note: one\n'.repeat(20)}`,
      [...three, left("the last 20 lines, which are no rows: 'Note: one'"), 'line 4'],
    ],
    [`${lines}${'Note: one\n'.repeat(21)}`, [short(5)]],
    [`${lines}Note: one\n2020-01-04;4\n`, [short(5)]],
    ['name;v\nBob;1\nAnn;2\nCarl\n', [short(4)]],
    [
      'name;v\nBob;1\nAnn;2\nMade by us\n',
      ['name: Bob Ann', 'v: 1 2', left("the last line, which is no row: 'Made by us'"), 'line 3'],
    ],
    [`${lines}2020-01-04;\n2020-01-05;\n`, [five[0], 'v: 1 2 3  ', 'line 6']],
    ['v\na\nb\nNote: x\n', ['v: a b Note: x', 'line 4']],
    ['v\n1\n2\n\n\n', ['v: 1 2', 'line 3']],
    ['a,b\n1,2\n\n3,4\n , \n5,6\n', ['a: 1 3  5', 'b: 2 4  6', 'line 6']],
    // What stands between the rows.
    [`${lines}date;v\n2020-01-04;4\n2020-01-05;5\n`, [...five, left('line 5, the header again'), 'line 7']],
    [
      `${lines}date;v\n2020-01-04;4\ndate;v\n2020-01-05;5\n`,
      [...five, left('2 lines, the header again (the first is line 5)'), 'line 8'],
    ],
    [
      `${lines}#one\n2020-01-04;4\n#two\n2020-01-05;5\n`,
      [...five, left('2 lines, comments (the first is line 5)'), 'line 8'],
    ],
    ['# c\na,b\n1,2 # x\n#3,4\n5,6\n', ['a: 1 5', 'b: 2 # x 6', '- skipped 1 line before the header', 'line 5']],
    ['a\tb\n1\t2 # x\n#3\t4\n', ['a: 1 #3', 'b: 2 # x 4', 'line 3']],
    // Columns without a name, and separators at the end.
    [',v\n0,1.5\n1,2\n1,4\n', ['column 1: 0 1 1', 'v: 1.5 2 4', unnamed(1), 'line 4']],
    [',v\n0,1.5\n1,2\n2,4\n', ['index: 0 1 2', 'v: 1.5 2 4', unnamed(1, 'index'), 'line 4']],
    [',v\n0.5,1.5\n1,2\n2,4\n', ['column 1: 0.5 1 2', 'v: 1.5 2 4', unnamed(1), 'line 4']],
    ['index,,v\na,0,1\nb,1,2\n', ['index: a b', 'column 2: 0 1', 'v: 1 2', unnamed(2), 'line 3']],
    [',,v\n0,5,1\n1,6,2\n', ['index: 0 1', 'column 2: 5 6', 'v: 1 2', unnamed(1, 'index'), unnamed(2), 'line 3']],
    [',,v\n0,,1\n1,,2\n', ['index: 0 1', 'v: 1 2', unnamed(1, 'index'), aside('a column'), 'line 3']],
    ['a,,\n1,,\n2,,\n', ['a: 1 2', aside('2 columns'), 'line 3']],
    ['a,,\n1,x,\n2,,\n', ['a: 1 2', 'column 2: x ', unnamed(2), aside('a column'), 'line 3']],
    ['a,b,\n1,2\n3,4\n', ['a: 1 3', 'b: 2 4', aside('a column'), 'line 3']],
    [
      'a,b\n1,2,\n3,4\n5,6,,\n',
      ['a: 1 3 5', 'b: 2 4 6', '- dropped the separator at the end of 2 of 3 lines', 'line 4'],
    ],
    ['a,b\n1,2\n"3\n4",5\n6,7,8\n', ['line 5: 3 cells where the header has 2 columns; correct the row']],
    // Quotes and spaces.
    ['a;b\n"x ""y""";1\n"z;w\n";2\n', ['a: x "y" z;w\n', 'b: 1 2', 'line 4']],
    ['a;b\n"x \\"y\\"";1\n"z";2\n', ['a: x "y" z', 'b: 1 2', 'line 3']],
    ['size,v\n"5\\"",1\n"6\\"",2\n', ['size: 5" 6"', 'v: 1 2', 'line 3']],
    ['size,v\n"a \\"b\\", c",1\n"6\\"",2\n"7, \\"",3\n', ['size: a "b", c 6" 7, "', 'v: 1 2 3', 'line 4']],
    ['a,b\n"C:\\""x""",1\n"D:\\",2\n', ['a: C:\\"x" D:\\', 'b: 1 2', 'line 3']],
    ['a,b\n"C:\\""",1\n"D:\\",2\n', ['a: C:\\" D:\\', 'b: 1 2', 'line 3']],
    [
      'date,"5\\" disk","6\\" disk"\n,"m\\"m","kg"\n2020-01-01,1,2\n2020-01-02,2,3\n',
      [
        'date: 2020-01-01 2020-01-02',
        '5" disk: 1 2',
        '6" disk: 2 3',
        '- skipped the line below the header: ,"m"m","kg"',
        'line 4',
      ],
    ],
    ['a b\n1 2\n 3   4 \n5 6\n', ['a: 1 3 5', 'b: 2 4 6', '- separator spaces', 'line 4']],
    ['a,b\n1,"2\n3,4\n', ['line 2: a quote " opens here and never closes; close it']],
    ['a,b\n"1" x,2\n3,4\n', ['line 2: text after a closing quote "; double the quotes inside a cell']],
    ['a,b\n3,4\n"1"x,2\n', ['line 3: text after a closing quote "; double the quotes inside a cell']],
    [
      'a,b\n1,2\n1,x"y\n2,"z"\n',
      ['line 3: a quote " inside an unquoted cell; quote the whole cell and double the quotes in it'],
    ],
    ['\uFEFFa,b\n1,2\n', ['a: 1', 'b: 2', 'line 2']],
  ])('%j', async (text, expected) => {
    const told = whole(() => parseTable(text, 't.csv'));
    expect(told).toEqual([...expected.slice(0, -1), `t.csv, ${expected.at(-1)}`]);
    if (expected.length === 1) return;
    const path = join(folder, 't.csv');
    writeFileSync(path, text);
    const source = openSource(path);
    const [table, head] = [await source.table(), await source.head?.(1000)];
    expect(whole(() => head!.table)).toEqual(whole(() => table));
    const cells: string[][] = table.columns.map(() => []);
    const notes: string[] = [];
    const columns = table.columns.map(({ name }, i) => ({ name, read: (cell: string) => cells[i].push(cell) }));
    for await (const chunk of source.stream?.(columns) ?? []) notes.push(...(chunk.notes ?? []));
    expect([cells, notes]).toEqual([table.columns.map((column) => [...column.cells]), [...table.notes]]);
  });

  test.each<[string, string, string[]]>([
    ['{"v":1}\n{"v":2}\n', 't.txt', ['v: 1 2', 't.txt, line 2']],
    ['[{"v":1}]', 't.txt', ['v: 1', 't.txt, row 1']],
    ['{"v":[1,2]}', 't.JSON.gz', ['v: 1 2', 't.JSON.gz, row 2']],
    ['\uFEFF[{"v":1}]', 't.json', ['v: 1', 't.json, row 1']],
    ['[x]\n1\n', 't', ['[x]: 1', 't, line 2']],
    [
      '{"v":1}\n',
      't.tsv',
      ['t.tsv, line 1: a quote " inside an unquoted cell; quote the whole cell and double the quotes in it'],
    ],
    ['a,b\n1,2\n', 't.ndjson', ['t.ndjson, line 1: is not JSON; each line must hold one object']],
    ['  ', 't.json', ['t.json: is empty; it must hold a header and rows']],
    ['\uFEFF\n', 't', ['t: is empty; it must hold a header and rows']],
  ])('%j named %s', (text, name, expected) => {
    expect(whole(() => parseTable(text, name))).toEqual(expected);
  });
});

describe('JSON', () => {
  const keyed = '- the keys of the rows are the column index';
  const under = (path: string, other?: string) =>
    `- rows are those under ${path}${other === undefined ? '' : `, the longest of 2 (not ${other})`}`;
  const nameless = '- no header: the columns are c1, c2, …';
  const none = 't.json: must be an array of objects, one per row, or an object of columns';
  const object = 'must be an object such as {"date": "2012-01-01", "value": 1.5}';
  const late = (column: string, place: string, missing: number, rows: number) =>
    `- column ${column} first comes in ${place}: missing in ${missing} of ${rows} rows`;
  test.each<[string, string[]]>([
    // Columns.
    ['{" v ":[1,2]}', ['v: 1 2', 'row 2']],
    ['{"v":[1,2],"s":"x"}', ['v: 1 2', 'row 2']],
    ['{"v":[],"s":"x"}', [none]],
    ['{"a":[1,2],"b":[1]}', ['c1: 1 2', under('a', 'b'), 'row 2']],
    ['{"v":{"0":1,"1":2},"w":{"0":3,"1":4}}', ['v: 1 2', 'w: 3 4', 'row 2']],
    ['{"v":{"5":1,"7":2},"w":{"5":3,"7":4}}', ['index: 5 7', 'v: 1 2', 'w: 3 4', keyed, 'row 2']],
    ['{"v":{"2020-01":1,"2020-02":2}}', ['index: 2020-01 2020-02', 'v: 1 2', keyed, 'row 2']],
    ['{"index":{"0":"a","2":"b"},"v":{"0":1,"2":2}}', ['index: a b', 'v: 1 2', 'row 2']],
    ['{"v":{"0":1,"1":2},"w":{"0":1,"2":2}}', [none]],
    ['{"v":{"a":1,"b":2}}', [none]],
    ['{"v":{"0":1,"a":2}}', [none]],
    ['{"v":{"2020-01":1,"a":2}}', [none]],
    ['{"v":{"0":1,"1":2},"by":"me"}', [none]],
    // Rows under keys.
    [
      '{"a":{"v":1},"b":{"v":2},"c":{"w":3}}',
      ['index: a b c', 'v: 1 2 ', 'w:   3', keyed, late('w', 'row 3', 2, 3), 'row 3'],
    ],
    ['{"a":{"v":1},"b":{"v":2}}', [none]],
    ['{"a":{"v":1},"b":{"v":2},"c":{}}', [none]],
    [
      '{"2020-01":1.5,"2020-02":null,"2020-03":"x"}',
      ['index: 2020-01 2020-02 2020-03', 'value: 1.5  x', keyed, 'row 3'],
    ],
    ['{"2020-01":1.5,"2020-02":2}', [none]],
    ['{"2020-01":1.5,"2020-02":2,"x":3}', [none]],
    // Rows under other keys.
    ['[{"page":1},[{"v":1},{"v":2}]]', ['v: 1 2', under('1'), 'row 2']],
    ['{"columns":["a","b"],"data":[[1,2],[3,4]]}', ['a: 1 3', 'b: 2 4', under('data'), 'row 2']],
    ['{"columns":["a"],"data":[[1,2],[3,4]]}', ['c1: 1 3', 'c2: 2 4', under('data', 'columns'), nameless, 'row 2']],
    ['{"columns":[1,2],"data":[[1,2],[3,4]]}', ['c1: 1 3', 'c2: 2 4', under('data', 'columns'), nameless, 'row 2']],
    ['{"columns":["a","b"],"rows":[[1,2],[3,4]]}', ['c1: 1 3', 'c2: 2 4', under('rows', 'columns'), nameless, 'row 2']],
    ['{"a":{"b":{"c":{"d":[{"v":1}]}}}}', ['v: 1', under('a.b.c.d'), 'row 1']],
    ['{"a":{"b":{"c":{"d":{"e":[{"v":1}]}}}}}', [none]],
    ['{"a":[1,2],"b":[{"v":1},{"v":2}]}', ['v: 1 2', under('b', 'a'), 'row 2']],
    ['{"a":[{"v":1},{"v":2}],"b":[{"v":3},{"v":4}]}', ['v: 1 2', under('a', 'b'), 'row 2']],
    ['{"a":[1,2,3],"b":[{"v":1},{"v":2}]}', ['c1: 1 2 3', under('a', 'b'), 'row 3']],
    // Rows of one kind.
    ['[1,null,"x"]', ['c1: 1  x', 'row 3']],
    ['[["a","1"],[3,4]]', ['c1: a 3', 'c2: 1 4', nameless, 'row 2']],
    ['[["a"," "],[3,4]]', ['c1: a 3', 'c2:  4', nameless, 'row 2']],
    ['[["a","b"],[3,4]]', ['a: 3', 'b: 4', 'row 2']],
    [
      '[{"a":[1]},{"a":{"b":1}},{" c ":1}]',
      [
        'a.b:  1 ',
        'c:   1',
        '- column a left out: row 1 holds a list in it',
        late('a.b', 'row 2', 2, 3),
        late(' c ', 'row 3', 2, 3),
        'row 3',
      ],
    ],
    [
      '[{"v":1},{"v":2,"a":{"b":{"c":1}}},{"v":4,"a":{"b":[1]}}]',
      ['v: 1 2 4', '- column a.b left out: row 2 holds an object in it', 'row 3'],
    ],
    ['[{"v":1},null]', [`t.json, row 2: ${object}`]],
    ['[{"v":1},5]', [`t.json, row 2: ${object}`]],
    ['[[1,2],{"v":1}]', ['t.json, row 2: must be an array, as the first one is']],
    ['[1,{"v":1}]', ['t.json, row 2: must be a single value, as the first one is']],
    ['[["a","a"],[1,2]]', ['t.json, row 1: names a column twice; rename one']],
    ['[[1,2],[3]]', ['t.json, row 2: 1 value where the first row has 2; correct the row']],
    [
      '[{"a":[1]}]',
      ['t.json: holds no column of numbers or text (column a left out: row 1 holds a list in it); it must hold some'],
    ],
    ['[{}]', ['t.json: holds no column of numbers or text; it must hold some']],
    ['[]', ['t.json: holds no rows; it must hold data']],
    ['{}', [none]],
    ['null', [none]],
    ['"x"', [none]],
  ])('%s', (text, expected) => {
    const place = expected.length === 1 ? expected[0] : `t.json, ${expected.at(-1)}`;
    expect(whole(() => parseJson(text, 't.json'))).toEqual([...expected.slice(0, -1), place]);
  });

  test.each<[string, string[]]>([
    [
      '{"v":1}\r\n\n{"v":NaN}\r{"v":-Infinity,"w":2}\n',
      [
        'v: 1  ',
        'w:   2',
        '- NaN and Infinity, which JSON does not have, read as missing',
        late('w', 'line 4', 2, 3),
        't.jsonl, line 4',
      ],
    ],
    ['1\nnull\n"NaN"', ['c1: 1  NaN', 't.jsonl, line 3']],
    ['{"v":1}\n{"v":}\n', ['t.jsonl, line 2: is not JSON; each line must hold one object']],
    ['{"v":1}\n{"v":NaN,}\n', ['t.jsonl, line 2: is not JSON; each line must hold one object']],
    ['{"v":1}\n[1]\n', [`t.jsonl, line 2: ${object}`]],
    ['["a","b"]\n[1,2]\n[3]\n', ['t.jsonl, line 3: 1 value where the first row has 2; correct the row']],
    ['\n\n', ['t.jsonl: holds no rows; it must hold data']],
  ])('lines: %j', (text, expected) => {
    expect(whole(() => parseJsonLines(text, 't.jsonl'))).toEqual(expected);
  });
});
