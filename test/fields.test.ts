/** Fields of an object out of a file: what each kind takes, what it refuses, and with which words. */
import { describe, expect, test } from '@jest/globals';
import { Fields, isNumber, isRecord } from '../src/fields.js';

type Read = (fields: Fields) => unknown;

/** A kind of field, what it must be, values that it takes as they are, and values that it does not take. */
const kinds: [string, Read, string, unknown[], unknown[]][] = [
  ['string', (f) => f.string('it'), 'text', ['', 'a'], [1, null, undefined, ['a']]],
  ['oneOf', (f) => f.oneOf('it', ['a', 'b', 'c']), 'one of a, b, c', ['a', 'b', 'c'], ['d', 1, undefined]],
  ['number', (f) => f.number('it'), 'a finite number', [0, -1.5], [Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
  ['integer', (f) => f.integer('it', 2), 'a whole number of at least 2', [2, 3], [1, 2.5, '2', Number.NaN, undefined]],
  [
    'names',
    (f) => f.names('it', 2),
    '2 or more different texts',
    [
      ['a', 'b'],
      ['a', 'b', 'c'],
    ],
    [['a'], ['a', 'a'], ['a', 'b', 'a'], ['a', 'b', 3], 'ab', {}],
  ],
  ['no names', (f) => f.names('it', 0), '0 or more different texts', [[]], [['a', 'a'], undefined]],
  ['texts', (f) => f.texts('it'), 'texts', [[], ['a', 'a']], [['a', 1], 'a', undefined]],
  ['numbers', (f) => f.numbers('it'), 'finite numbers', [[], [1, -2.5]], [[1, '2'], [Number.NaN], 3, undefined]],
  ['two numbers', (f) => f.numbers('it', 2), '2 finite numbers', [[1, 1]], [[1], [1, 2, 3], [1, 2, null], 'ab']],
  ['list', (f) => f.list('it'), 'a list', [[], [1, 'a', null]], [{}, 'a', undefined]],
  ['boolean', (f) => f.boolean('it'), 'true or false', [true, false], [0, 1, 'true', undefined]],
  [
    'booleans',
    (f) => f.booleans('it', 2),
    '2 times true or false',
    [[true, false]],
    [[true], [true, true, true], [true, 1], [true, false, 1], 'ab'],
  ],
];

test.each(kinds)('%s', (_, read, must, right, wrong) => {
  for (const it of right) expect(read(new Fields({ it }, 'a file'))).toEqual(it);
  for (const it of wrong)
    expect(() => read(new Fields({ it }, 'a file'))).toThrow(
      expect.objectContaining({
        code: 'model',
        message: `a file.it is damaged: must be ${must}; train the model again`,
      }),
    );
});

describe('fields within fields', () => {
  const fields = (it: unknown) => new Fields({ it, other: 1 }, 'a file');
  const damaged = (message: string) =>
    expect.objectContaining({ code: 'model', message: `${message}; train the model again` });

  test('what is no object is damaged, and named by where it stands', () => {
    for (const wrong of [3, 'a', null, undefined, [1]]) {
      expect(() => new Fields(wrong, 'a file')).toThrow(damaged('a file is damaged: not an object'));
      for (const name of ['object', 'record', 'series'] as const)
        expect(() => fields(wrong)[name]('it')).toThrow(damaged('a file.it is damaged: not an object'));
    }
    expect(() => fields({ a: {} }).object('it').number('a')).toThrow(
      damaged('a file.it.a is damaged: must be a finite number'),
    );
    expect(fields({ a: 'x' }).object('it').string('a')).toBe('x');
    expect(fields({ a: 'x', b: [1] }).record('it')).toEqual({ a: 'x', b: [1] });
    expect(fields(1).path('it')).toBe('a file.it');
  });

  test('objects of a list', () => {
    expect(
      fields([{ a: 1 }, { a: 2 }])
        .objects('it', 2)
        .map((one) => one.number('a')),
    ).toEqual([1, 2]);
    expect(fields([]).objects('it')).toEqual([]);
    for (const wrong of [[{}], {}, undefined])
      expect(() => fields(wrong).objects('it', 2)).toThrow(
        damaged('a file.it is damaged: must be a list of 2 or more'),
      );
    expect(() => fields([{}, 3]).objects('it')).toThrow(damaged('a file.it[1] is damaged: not an object'));
    expect(() =>
      fields([{}, { a: 'x' }])
        .objects('it')[1]
        .number('a'),
    ).toThrow(damaged('a file.it[1].a is damaged: must be a finite number'));
  });

  test('lists of numbers, by position and by name', () => {
    expect(fields([[1], [], [2, 3]]).lists('it', 3)).toEqual([[1], [], [2, 3]]);
    for (const wrong of [[[1]], [[1], [2], [3]], 'ab', { length: 2 }])
      expect(() => fields(wrong).lists('it', 2)).toThrow(damaged('a file.it is damaged: must be 2 lists of numbers'));
    expect(() => fields([[1], ['a']]).lists('it', 2)).toThrow(
      damaged('a file.it.1 is damaged: must be finite numbers'),
    );
    expect(fields({ a: [1, 2], b: [] }).series('it')).toEqual({ a: [1, 2], b: [] });
    expect(() => fields({ a: [1], b: [null] }).series('it')).toThrow(
      damaged('a file.it.b is damaged: must be finite numbers'),
    );
  });

  test('a field that may be left out', () => {
    const read = (one: Fields) => one.number('it');
    expect(new Fields({}, 'a file').optional('it', read)).toBeUndefined();
    expect(fields(0).optional('it', read)).toBe(0);
    for (const wrong of [null, '', false]) expect(() => fields(wrong).optional('it', read)).toThrow('a finite number');
  });

  test('later changes of the object are none of the fields', () => {
    const given: Record<string, unknown> = { it: 1 };
    const read = new Fields(given, 'a file');
    given.it = 'no number';
    expect(read.number('it')).toBe(1);
  });
});

test('numbers are finite; records are objects and no lists', () => {
  expect([0, -1.5, Number.NaN, Number.NEGATIVE_INFINITY, '1', null, undefined].map(isNumber)).toEqual([
    true,
    true,
    ...Array(5).fill(false),
  ]);
  expect([{}, { a: 1 }, [], null, 'a', undefined, 3].map(isRecord)).toEqual([true, true, ...Array(5).fill(false)]);
});
