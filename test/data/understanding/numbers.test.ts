/** How columns of texts write numbers, how one such number is read, and how gaps between them are filled: by hand. */
import { describe, expect, test } from '@jest/globals';
import { fillLast, fillLinear, median } from '../../../src/data/understanding/fill.js';
import { findGaps, insertRows, spreadOut } from '../../../src/data/understanding/gaps.js';
import {
  certainDecimal,
  type NumberOptions,
  numberNotation,
  numberParser,
} from '../../../src/data/understanding/numbers.js';

const nothing = Number.NaN;
const all = (cells: readonly string[]) => cells.map((_, i) => i);
const isMissing = (cell: string) => cell === 'NA';

describe('what the cells of a column say', () => {
  const semicolons = { semicolons: true };
  const german = { decimal: ',', thousands: '.' };
  /** Cells, what else is known, and the reading; cells that are no numbers, or that nothing settles. */
  test.each<[string, Partial<NumberOptions>, object | string]>([
    ['1|2.5|-3e4', {}, { decimal: '.' }],
    ['1,234.5|2', {}, { decimal: '.', thousands: ',' }],
    ['1.234,5|2', {}, german],
    ["1'234|5", {}, { decimal: '.', thousands: "'" }],
    ['1’234,5|5', {}, { decimal: ',', thousands: "'" }],
    ['1 234|5', {}, { decimal: '.', thousands: ' ' }],
    ['1_234|5', {}, { decimal: '.', thousands: ' ' }],
    ['1.234.567|5', {}, german],
    // Three digits behind a single separator.
    ['1.070|987', semicolons, german],
    ['1.070|987|98|97', semicolons, '1.070, 987: .'],
    ['1.070|98', semicolons, '1.070, 98: .'],
    ['1.070', semicolons, '1.070, 1.070: .'],
    ['1.070|98', {}, { decimal: '.' }],
    ['1.070|12345', semicolons, { decimal: '.' }],
    ['-1,070|-2345', semicolons, { decimal: ',' }],
    ['1,070|98', semicolons, '1,070, 98: ,'],
    ['1,070|98', {}, { decimal: '.', thousands: ',' }],
    ['1.070|1,070', {}, '1.070, 1.070: .'],
    ['1.070|98', { ...semicolons, fileDecimal: ',' }, german],
    ['1.070|98', { ...semicolons, fileDecimal: '.' }, { decimal: '.' }],
    ['1.070', { decimal: ',' }, german],
    ['1,070', { decimal: ',' }, { decimal: ',' }],
    ['1.5|2', { decimal: ',' }, { decimal: '.' }],
    ['0.070|98', semicolons, { decimal: '.' }],
    ['.070|98', semicolons, { decimal: '.' }],
    ['1234.070|98', semicolons, { decimal: '.' }],
    ['123.070|98', semicolons, '123.070, 98: .'],
    ['1 234.070|98', semicolons, { decimal: '.', thousands: ' ' }],
    ['1.07|98', semicolons, { decimal: '.' }],
    ['1.5|2,5|3,5', {}, german],
    ['1.5|2.5|3,5', {}, { decimal: '.', thousands: ',' }],
    // What stands behind numbers.
    ['1 kg|2', {}, { decimal: '.', unit: 'kg' }],
    ['1 kg|2 g', {}, 'no numbers'],
    ['2M|1K|3', {}, { decimal: '.', unit: 'K, M' }],
    ['1 p|2*|3', {}, { decimal: '.', marks: ['*', 'p'] }],
    ['1*|2', {}, { decimal: '.', marks: ['*'] }],
    ['1 p|2', {}, { decimal: '.', unit: 'p' }],
    ['1 p|2 kg', {}, 'no numbers'],
    // Missing cells, and those that are none.
    ['1|NA|NA', {}, { decimal: '.' }],
    ['1|x', {}, 'no numbers'],
    ['1|2|x', {}, { decimal: '.', misfits: 1 }],
    ['NA', {}, 'no numbers'],
  ])('%s with %j', (text, known, told) => {
    const cells = text.split('|');
    const found = numberNotation(cells, all(cells), { semicolons: false, isMissing, ...known });
    const misfits = typeof told === 'object' && 'misfits' in told ? 1 : 0;
    const counts = { fits: cells.filter((cell) => cell !== 'NA').length - misfits, misfits };
    if (found === undefined) expect(told).toBe('no numbers');
    else if ('ambiguous' in found) {
      expect(`${found.ambiguous.join(', ')}: ${found.separator}`).toBe(told);
      expect(found).toMatchObject(counts);
    } else {
      const { marks, misfits: _, ...reading } = told as { marks?: string[]; misfits?: number };
      expect(found).toEqual({ reading: { kind: 'number', ...reading }, ...counts, ...(marks && { marks }) });
    }
  });

  test('only the rows that are kept count', () => {
    const cells = ['1,5', 'x', 'y', '2.5'];
    const options = { semicolons: false, isMissing };
    expect(numberNotation(cells, [0], options)).toMatchObject({ reading: { decimal: ',' } });
    expect(numberNotation(cells, [3, 1], options)).toBeUndefined();
  });

  test('a column of texts is given up after 300 of them, where they are three of four', () => {
    const fits = (...parts: [string, number][]) => {
      const cells = parts.flatMap(([cell, times]) => Array<string>(times).fill(cell));
      return numberNotation(cells, all(cells), { semicolons: false, isMissing })?.fits;
    };
    expect(fits(['x', 300], ['1', 400])).toBe(400);
    expect(fits(['x', 301], ['1', 400])).toBeUndefined();
    expect(fits(['1', 101], ['x', 301], ['1', 400])).toBe(501);
    expect(fits(['1', 100], ['x', 301], ['1', 400])).toBeUndefined();
  });

  test.each<[string, '.' | ',' | undefined]>([
    ['1.5|2', '.'],
    ['1,234,567|2', '.'],
    ['1,5|x', ','],
    ['1.234.567', ','],
    ['1.070|1,070|12', undefined],
    ['1.5|2,5', undefined],
    ['x', undefined],
  ])('%s leaves no doubt: %s', (text, decimal) => {
    const cells = text.split('|');
    expect(certainDecimal(cells, all(cells))).toBe(decimal);
  });
});

test.each<[Partial<Parameters<typeof numberParser>[0]>, [string, number][]]>([
  [
    {},
    [
      ['12', 12],
      ['-1.5e3', -1500],
      ['(5)', -5],
      ['5-', -5],
      ['+5 kg', 5],
      ['–5', -5],
      ['$-5', -5],
      ['-$5', -5],
      ['$(5)', -5],
      ['5 %', 5],
      ['1.5e3 kg', 1500],
      ['$ -', 0],
      ['12.–', 12],
      ["'12.5", 12.5],
      ['="12.5"', 12.5],
      ['１２', 12],
      ['1,5', nothing],
      ['-5-', nothing],
      ['-$-5', nothing],
      ['(5', nothing],
      ['5)', nothing],
      ['x', nothing],
      ['', nothing],
    ],
  ],
  [
    { thousands: ',' },
    [
      ['1,234', 1234],
      ['12,34,567.5', 1_234_567.5],
      ['1,23', nothing],
      ['1,234,56', nothing],
      ['1234,567', nothing],
      ['1.5', 1.5],
    ],
  ],
  [
    { decimal: ',', thousands: '.' },
    [
      ['1.234,5', 1234.5],
      ['12.34.567', 1_234_567],
      ['1.23', nothing],
      ['1.234.56', nothing],
      ['-1.234', -1234],
      ['1,5', 1.5],
    ],
  ],
  [
    { decimal: ',' },
    [
      ['1.5', nothing],
      ['-1,5', -1.5],
    ],
  ],
  [
    { thousands: ' ' },
    [
      ['1 234', 1234],
      ['1_234.5', 1234.5],
    ],
  ],
  [
    { thousands: "'" },
    [
      ['1’234', 1234],
      ["1'234.5", 1234.5],
      ['1 234', nothing],
    ],
  ],
  [
    { unit: 'K, M' },
    [
      ['1.5K', 1500],
      ['2M', 2e6],
      ['(2M)', nothing],
      ['3', 3],
      ['3 X', 3],
    ],
  ],
  [
    { unit: 'thousand, K, k, M, m, B, b, T, mn, bn, million, billion, Tsd., Tsd, Mio., Mio, Mrd., Mrd' },
    [
      ...['K', 'k', 'thousand', 'Tsd.', 'Tsd'].map((word): [string, number] => [`1.5 ${word}`, 1500]),
      ...['M', 'm', 'mn', 'million', 'Mio.', 'Mio'].map((word): [string, number] => [`1.5${word}`, 1.5e6]),
      ...['B', 'b', 'bn', 'billion', 'Mrd.', 'Mrd'].map((word): [string, number] => [`-1.5${word}`, -1.5e9]),
      ['2T', 2e12],
      ['$2M', 2e6],
    ],
  ],
  [{ unit: 'K' }, [['1.5K', 1500]]],
  [
    {},
    [
      ['1.5K', 1.5],
      ['2 M', 2],
    ],
  ],
  [{ unit: 'kg' }, [['1.5K', 1.5]]],
])('numbers in %j', (reading, cells) => {
  const parse = numberParser({ kind: 'number', decimal: '.', ...reading });
  expect(cells.map(([cell]) => [cell, parse(cell)])).toEqual(cells);
});

const currencies = 'EUR USD GBP CHF JPY CNY RMB INR AUD CAD NZD SEK NOK DKK PLN CZK HUF RUB TRY BRL MXN ZAR KRW SGD HKD'
  .split(' ')
  .concat('Rs', 'Rs.', 'R$', 'kr', 'kr.', 'US$', '€', '£', '¥', '₹');

test.each(currencies)(
  '%s stands before or behind an amount, its sign and its brackets; a dash beside it is 0',
  (of) => {
    const cells: [string, number][] = [
      [`${of}5`, 5],
      [`${of} 5`, 5],
      [`-${of} 5.5`, -5.5],
      [`${of}-5`, -5],
      [`${of} (5)`, -5],
      [`(${of} 5)`, -5],
      [`${of} -`, 0],
      [`- ${of}`, 0],
      [`5 ${of}`, 5],
      [`x${of} 5`, nothing],
    ];
    const parse = numberParser({ kind: 'number', decimal: '.' });
    expect(cells.map(([cell]) => [cell, parse(cell)])).toEqual(cells);
    const written = (...all: string[]) =>
      numberNotation(
        all,
        all.map((_, i) => i),
        { semicolons: false, isMissing },
      );
    expect(written(`1.5 M ${of}`, `2 K ${of}`, '3')).toMatchObject({ fits: 3, misfits: 0 });
  },
);

describe('gaps', () => {
  const series = [
    { name: 'a', from: 0, to: 5 },
    { name: 'b', from: 5, to: 8 },
    { name: 'c', from: 8, to: 9 },
  ];
  const gappy = () => Float64Array.of(nothing, 1, nothing, nothing, 7, nothing, 4, nothing, nothing);

  test('are filled on lines inside their series, by rows or by time', () => {
    const even = gappy();
    expect(fillLinear(even, series)).toBe(5);
    expect([...even]).toEqual([1, 1, 3, 5, 7, 4, 4, 4, nothing]);
    const timed = gappy();
    expect(fillLinear(timed, series, Float64Array.of(0, 10, 11, 13, 16, 0, 1, 2, 0))).toBe(5);
    expect([...timed]).toEqual([1, 1, 2, 4, 7, 4, 4, 4, nothing]);
    const still = Float64Array.of(2, nothing, 4);
    fillLinear(still, [{ name: '', from: 0, to: 3 }], Float64Array.of(5, 5, 5));
    expect([...still]).toEqual([2, 3, 4]);
  });

  test('of what is no number are filled by the last one', () => {
    const values = gappy();
    expect(fillLast(values, series)).toBe(5);
    expect([...values]).toEqual([1, 1, 1, 1, 7, 4, 4, 4, nothing]);
  });

  test('the middle of what is there', () => {
    const middle = (...values: number[]) => median(Float64Array.from(values));
    expect([middle(), middle(nothing), middle(3, nothing), middle(10, 9, 1), middle(10, -2, 4, 1)]).toEqual([
      nothing,
      nothing,
      3,
      9,
      2.5,
    ]);
  });

  test('are found by the step, and their rows inserted', () => {
    const hour = 3_600_000;
    const step = { unit: 'millisecond', count: hour } as const;
    const calendar = Float64Array.from([0, 1, 3, 6, 7, 0, 1, 4, 9], (at) => at * hour);
    const gaps = findGaps(calendar, series, step, false);
    expect(gaps).toEqual({ after: [1, 2, 6], counts: [1, 2, 2], missing: 5 });
    // Where a clock is put back it is put forward, too: an hour alone is no gap.
    expect(findGaps(calendar, series, step, true)).toEqual({ after: [2, 6], counts: [2, 2], missing: 4 });
    for (const minutes of [10, 15, 30, 60]) {
      const [count, hour] = [minutes * 60_000, 60 / minutes];
      const times = Float64Array.from([0, 1, 2, 3 + hour, 4 + hour, 12 + hour], (at) => at * count);
      const found = (clockChanges: boolean) =>
        findGaps(times, [{ name: '', from: 0, to: 6 }], { unit: 'millisecond', count }, clockChanges);
      expect(found(true)).toEqual({ after: [4], counts: [7], missing: 7 });
      expect(found(false)).toEqual({ after: [2, 4], counts: [hour, 7], missing: hour + 7 });
    }
    expect(findGaps(calendar, series, { unit: 'business day', count: 1 }, false).missing).toBe(0);
    const whole = insertRows(calendar, series, step, gaps);
    expect([...whole.origin]).toEqual([0, 1, -1, 2, -1, -1, 3, 4, 5, 6, -1, -1, 7, 8]);
    expect(Array.from(whole.calendar, (at) => at / hour)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 9]);
    expect(whole.series).toEqual([
      { name: 'a', from: 0, to: 8 },
      { name: 'b', from: 8, to: 13 },
      { name: 'c', from: 13, to: 14 },
    ]);
    expect([...spreadOut(Float64Array.of(5, 6, 7), Int32Array.of(2, -1, 0))]).toEqual([7, nothing, 5]);
  });
});
