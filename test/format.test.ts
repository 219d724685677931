/** Numbers, tables and names as people read them, and the two spellings of options. */
import { describe, expect, test } from '@jest/globals';
import { MemcellError } from '../src/errors.js';
import {
  counted,
  fill,
  formatAlike,
  formatDuration,
  formatNumber,
  formatTable,
  formatValue,
  percent,
  shortPercent,
  shownName,
} from '../src/format.js';
import { camelCase, namedOptions, short, shown, snakeCase } from '../src/spelling.js';

test('a table: the first column to the left, columns of numbers to the right, no spaces at the ends', () => {
  const rows = [
    ['a', '1.5', 'x', '–3 %'],
    ['long', '-12,000', '', '1e+20'],
  ];
  expect(formatTable(['name', 'n', 'word', 'p'], rows).split('\n')).toEqual([
    'name        n  word      p',
    'a         1.5  x      –3 %',
    'long  -12,000         1e+20'.replace('         1e', '        1e'),
  ]);
  // Without a head its line is left out; a column with a word in it is no column of numbers, nor is the first ever.
  expect(
    formatTable(
      ['', ''],
      [
        ['1', 'one'],
        ['10', '2'],
      ],
    ),
  ).toBe('1   one\n10  2');
  expect(
    formatTable(
      ['', 'n'],
      [
        ['東京', '1'],
        ['abcde', '22'],
      ],
    ),
  ).toBe('        n\n東京    1\nabcde  22');
});

test('a text is filled up by the columns that it takes in a terminal', () => {
  expect([fill('ab', 4), fill('東', 4), fill('abcde', 3)]).toEqual(['ab  ', '東  ', 'abcde']);
});

test.each([
  [0, '0'],
  [-7, '-7'],
  [123456789, '123456789'],
  [999999999999999, '999999999999999'],
  [1e15, '1.000e+15'],
  [-1e15, '-1.000e+15'],
  [1.5, '1.500'],
  [-1.5, '-1.500'],
  [12.3456, '12.35'],
  [123.456, '123.5'],
  [1234.56, '1235'],
  [1234567.8, '1234568'],
  [0.5, '0.5000'],
  [0.0123456, '0.01235'],
  [0.00012346, '0.0001235'],
  [0.0001, '0.0001000'],
  // Rounding makes no fifth digit.
  [0.99996, '1.000'],
  [-99.996, '-100.0'],
  [999.96, '1000'],
  [1000.4, '1000'],
  [0.00009, '9.000e-5'],
])('the number %d is written %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [3, '3'],
  [1e15, '1.000e+15'],
  [1.25, '1.25'],
  [-0.1, '-0.1'],
  [1.23456789, '1.23457'],
  [123456.789, '123457'],
  [0.0001, '0.0001'],
  [0.00001, '1.000e-5'],
])('the value %d is written %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test('values beside each other have the decimals of a size', () => {
  expect(formatAlike([1, 2.5, -3], 1)).toEqual(['1.000', '2.500', '-3.000']);
  expect(formatAlike([1, 2.5], 9.9)).toEqual(['1.000', '2.500']);
  expect(formatAlike([1, 2.5], -123)).toEqual(['1.0', '2.5']);
  expect(formatAlike([1, 2.5], 12345)).toEqual(['1', '3']);
  expect(formatAlike([0.25, 0.5], 0.05)).toEqual(['0.25000', '0.50000']);
  expect(formatAlike([1.5, 2], 0)).toEqual(['1.500', '2.000']);
  expect(formatAlike([1, 20], 1)).toEqual(['1', '20']);
  expect(formatAlike([1e-9, 2e-9], 1e-5)).toEqual(['0.00000000', '0.00000000']);
  expect(formatAlike([1e-9, 2e-9], 1e-6)).toEqual(['1.000e-9', '2.000e-9']);
});

test.each([
  [0.04, '0.0 s'],
  [5.56, '5.6 s'],
  [9.9, '9.9 s'],
  [10, '10 s'],
  [59.4, '59 s'],
  [59.5, '1 min 0 s'],
  [184, '3 min 4 s'],
  [3599.4, '59 min 59 s'],
  [3599.5, '1 h 0 min'],
  [3725, '1 h 2 min'],
  [7199, '1 h 59 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('counts, shares and names', () => {
  expect([counted(0, 'row'), counted(1, 'row'), counted(2, 'row'), counted(2, 'axis', 'axes')]).toEqual([
    '0 rows',
    '1 row',
    '2 rows',
    '2 axes',
  ]);
  expect(counted(1, 'axis', 'axes')).toBe('1 axis');
  expect([percent(0.417), percent(1), percent(0.00049)]).toEqual(['41.7 %', '100.0 %', '0.0 %']);
  expect([shortPercent(0.8), shortPercent(0.975), shortPercent(0.123456)]).toEqual(['80 %', '97.5 %', '12.35 %']);
  expect(shownName('a/b-c.d:0_1')).toBe('a/b-c.d:0_1');
  expect(shownName('two words')).toBe('"two words"');
  expect(shownName('')).toBe('""');
  expect(shownName('a\n')).toBe('"a\\n"');
  expect(shownName('a'.repeat(80))).toBe('a'.repeat(80));
  expect(shownName('a'.repeat(81))).toBe(`"${'a'.repeat(80)}"`);
});

describe('spellings', () => {
  test('from Keras’s to ours and back', () => {
    const pairs = { return_sequences: 'returnSequences', units: 'units', l2_norm: 'l2Norm' };
    for (const [snake, camel] of Object.entries(pairs)) {
      expect(camelCase(snake)).toBe(camel);
      expect(snakeCase(camel)).toBe(snake);
    }
    expect(camelCase('beta_1')).toBe('beta1');
    expect(camelCase('a__b')).toBe('aB');
    expect(camelCase('alreadyFine')).toBe('alreadyFine');
    expect(snakeCase('MeanSquaredError')).toBe('mean_squared_error');
  });

  test('options under either, those that are undefined left out', () => {
    expect(namedOptions('fit', { batch_size: 3, epochs: undefined, verbose: 0 })).toEqual({ batchSize: 3, verbose: 0 });
    expect(namedOptions('fit', undefined)).toEqual({});
    expect(namedOptions('fit', { batch_size: undefined, batchSize: 4 })).toEqual({ batchSize: 4 });
  });

  test('options may have the names of what every object has', () => {
    expect(namedOptions('fit', { toString: 1, constructor: 'a', to_json: 0 })).toEqual({
      toString: 1,
      constructor: 'a',
      toJson: 0,
    });
  });

  test.each<[unknown, string]>([
    [null, 'null'],
    [3, '3'],
    [[1], '[1]'],
    ['a', '"a"'],
    [Float32Array.of(1), 'a Float32Array'],
    [() => 1, 'a function'],
  ])('what is no object of options: %p', (given, text) => {
    expect(() => namedOptions('fit', given)).toThrow(
      expect.objectContaining({ code: 'usage', message: `fit: the options must be an object, not ${text}` }),
    );
  });

  test('an option in both spellings is one too many', () => {
    for (const [first, second] of [
      ['batch_size', 'batchSize'],
      ['batchSize', 'batch_size'],
    ])
      expect(() => namedOptions('fit', { verbose: 1, [first]: 0, [second]: 3 })).toThrow(
        new MemcellError(`fit: batchSize is given twice, as ${first} and as ${second}; leave one out`, {
          code: 'usage',
        }),
      );
  });
});

test.each<[unknown, string]>([
  ['a "b"', '"a \\"b\\""'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Number.NaN, 'NaN'],
  [12n, '12'],
  [Symbol('x'), 'Symbol(x)'],
  [{ a: [1, 'b'] }, '{"a":[1,"b"]}'],
  [new DataView(new ArrayBuffer(1)), 'a DataView'],
  [class Own {}, 'a function'],
  [{ toJSON: () => undefined }, 'an object'],
  [{ n: 1n }, 'an object'],
  [[1n], 'a list'],
  [{ getClassName: () => 'Dense', computeOutputShape: () => [] }, 'a Dense layer'],
  [{ getClassName: () => 'L1L2' }, 'a L1L2'],
  [{ getClassName: 'no function' }, '{"getClassName":"no function"}'],
  ['x'.repeat(70), `"${'x'.repeat(56)}...`],
])('in an error %p is shown as %s', (value, text) => {
  expect(shown(value)).toBe(text);
});

test('a text of more than 60 characters is cut to that', () => {
  expect(short('a'.repeat(60))).toBe('a'.repeat(60));
  expect(short('a'.repeat(61))).toBe(`${'a'.repeat(57)}...`);
});
