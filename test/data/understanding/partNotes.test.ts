import { expect, test } from '@jest/globals';
import { PartNotes } from '../../../src/data/understanding/partNotes.js';

test('what is said of parts is said once, counts added up', () => {
  const notes = new PartNotes();
  const x = (values: number) => [{ name: 'x', values, how: 'the median, 3' }];
  notes.add([{ rows: 1, why: 'no kind', first: 'row 7' }, 'decimal comma'], x(2));
  notes.add(["t.csv, row 70000, column c: 'D' is none of the 3 values known", 'decimal comma']);
  notes.add([{ rows: 1200, why: 'no kind', first: 'row 80000' }], x(1001));
  notes.add(["t.csv, row 90000, column c: 'E' is none of the 3 values known"]);
  expect(notes.list()).toEqual([
    '1,201 rows left out: no kind (the first is row 7)',
    'decimal comma',
    'x: 1,003 missing values (the median, 3)',
    "t.csv, row 70000, column c: 'D' is none of the 3 values known; 1 more part of the table alike",
  ]);
});

test('columns whose names differ in a number are two, and numbers of one kind of note are not', () => {
  const notes = new PartNotes();
  const infinite = (column: string, times: number) => `${column}: ${times} infinite values taken as missing`;
  const gap = (line: number, time: string) =>
    `2 times are missing and filled in, the first after line ${line} (${time})`;
  notes.add([infinite('x1', 2), infinite('x12', 30), infinite('y_2', 2), gap(17, '2020-01-01T12:00')]);
  notes.add(
    [infinite('x1', 4), infinite('x12', 30), gap(1800, '2020-01-02T13:00'), gap(18, '2020-01-02T13:00')],
    [
      { name: 'x1', values: 1, how: 'last value' },
      { name: 'x2', values: 3, how: 'last value' },
      { name: 'x1', values: 1, how: 'the median, 3' },
    ],
  );
  expect(notes.list()).toEqual([
    `${infinite('x1', 2)}; 1 more part of the table alike`,
    infinite('x12', 30),
    infinite('y_2', 2),
    `${gap(17, '2020-01-01T12:00')}; 2 more parts of the table alike`,
    'x1: 1 missing value (last value)',
    'x2: 3 missing values (last value)',
    'x1: 1 missing value (the median, 3)',
  ]);
});
