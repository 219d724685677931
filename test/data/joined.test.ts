/** Tables of several files as one: their cells, places, notes, and what does not fit. */
import { expect, test } from '@jest/globals';
import { concatenate } from '../../src/data/inCode.js';
import { openSource } from '../../src/data/source.js';
import { Table } from '../../src/data/table.js';

const tableOf = async (name: string, text: string) => openSource({ name, text }).table();

test('texts, with the line of each in its own file', async () => {
  const [a, b] = [await tableOf('a.csv', 'x;y\n1,5;u\n2;v\n'), await tableOf('b.csv', 'y;x\nw;3\n')];
  const joined = concatenate([a, b], 'both');
  expect(joined.columns.map(({ name, cells }) => [name, [...cells]])).toEqual([
    ['x', ['1,5', '2', '3']],
    ['y', ['u', 'v', 'w']],
  ]);
  expect([0, 1, 2].map((row) => joined.where(row, 'x'))).toEqual([
    'a.csv, line 2, column x',
    'a.csv, line 3, column x',
    'b.csv, line 2, column x',
  ]);
  expect([joined.name, joined.rows, joined.decimalComma, a.decimalComma]).toEqual(['both', 3, true, true]);
  expect(joined.notes[0]).toBe('2 files: a.csv, b.csv');
});

test('numbers and times stay what they are, in the order of the files', async () => {
  const part = (n: number[], at: string[]) =>
    openSource({ n: Float64Array.from(n), at: at.map((day) => new Date(day)), s: at }).table();
  const parts = [await part([1, 2], ['2020-01-01', '2020-01-02']), await part([3], ['2020-01-05'])];
  const joined = concatenate(parts, 'both');
  expect(joined.columns.map(({ name, numbers, times, cells }) => [name, numbers ?? times ?? [...cells]])).toEqual([
    ['n', Float64Array.of(1, 2, 3)],
    ['at', Float64Array.of(...[1, 2, 5].map((day) => Date.UTC(2020, 0, day)))],
    ['s', ['2020-01-01', '2020-01-02', '2020-01-05']],
  ]);
});

test('rows that came by their number beside rows that came by their line', async () => {
  const rows = await openSource([
    { x: 'a', y: 'u' },
    { x: 'b', y: 'v' },
  ]).table();
  const numbers = await openSource({ x: ['c', 'd'], y: ['w', 'x'] }).table();
  const lines = await tableOf('l.csv', 'x;y\n1,5;u\n2;v\n');
  for (const [parts, places, decimalComma] of [
    [[rows, lines], ['data, row 1', 'data, row 2', 'l.csv, line 2', 'l.csv, line 3'], true],
    [[lines, numbers], ['l.csv, line 2', 'l.csv, line 3', 'data, row 1', 'data, row 2'], true],
    [[numbers, rows], ['data, row 1', 'data, row 2', 'data, row 1', 'data, row 2'], false],
    [[numbers, numbers], ['data, row 1', 'data, row 2', 'data, row 1', 'data, row 2'], false],
  ] as const) {
    const joined = concatenate(parts, 'both');
    expect([[0, 1, 2, 3].map((row) => joined.where(row)), joined.decimalComma]).toEqual([places, decimalComma]);
  }
});

test('times are moments where those of any file are', () => {
  const of = (utc: boolean) =>
    new Table({ name: 't', header: ['at'], cells: [{ times: Float64Array.of(0, 3_600_000), utc }], lines: 2 });
  for (const [first, second, utc] of [
    [true, false, true],
    [false, true, true],
    [false, false, false],
  ])
    expect(concatenate([of(first), of(second)], 'both').columns[0].utc).toBe(utc);
});

test('numbers beside texts are texts', async () => {
  const joined = concatenate(
    [await openSource({ v: Float64Array.of(0.5, 2) }).table(), await openSource({ v: ['a'] }).table()],
    'both',
  );
  expect([joined.columns[0].numbers, [...joined.columns[0].cells]]).toEqual([undefined, ['0.5', '2', 'a']]);
});

test('notes say of which file they are, and more than four files are counted', () => {
  const table = (name: string, notes: string[]) => new Table({ name, header: ['x'], cells: [['1']], lines: 1, notes });
  const [a, b] = [table('a', ['one', 'two']), table('b', ['three'])];
  expect(concatenate([a, b], 'both').notes).toEqual(['2 files: a, b', 'a: one', 'a: two', 'b: three']);
  expect(
    concatenate(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => table(name, [])),
      'all',
    ).notes,
  ).toEqual(['6 files: a, b, c, d and 2 more']);
});

test('columns that one file lacks, or has alone, are refused', async () => {
  const [a, b] = [await tableOf('a.csv', 'x,y\n1,2\n2,3\n'), await tableOf('b.csv', 'x,z\n1,2\n2,3\n')];
  expect(() => concatenate([a, b], 'both')).toThrow('b.csv: has no column y, which a.csv has; its columns: x, z');
  const c = await tableOf('c.csv', 'x,y,z\n1,2,3\n2,3,4\n');
  expect(() => concatenate([a, c], 'both')).toThrow(
    'c.csv: has a column z, which a.csv has not; take files of one kind',
  );
});
