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
