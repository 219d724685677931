import { expect, test } from '@jest/globals';
import { PartNotes } from '../../../src/data/understanding/partNotes.js';

test('what is said of parts is said once, counts added up', () => {
  const notes = new PartNotes();
  notes.add(['1 row left out: no kind (row 7)', 'x: 2 missing values (the median, 3)', 'decimal comma']);
  notes.add(["t.csv, row 70000, column c: 'D' is none of the 3 values known", 'decimal comma']);
  notes.add(['1,200 rows left out: no kind (the first is row 80000)', 'x: 1,001 missing values (the median, 3)']);
  notes.add(["t.csv, row 90000, column c: 'E' is none of the 3 values known"]);
  expect(notes.list()).toEqual([
    '1,201 rows left out: no kind (the first is row 7)',
    'x: 1,003 missing values (the median, 3)',
    'decimal comma',
    "t.csv, row 70000, column c: 'D' is none of the 3 values known; 1 more part of the table alike",
  ]);
});
