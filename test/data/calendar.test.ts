import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addSteps, countedDay, monthOf } from '../../src/data/calendar.js';
import { isDate, isMissing } from '../../src/data/cells.js';

const at = (text: string) => Date.parse(`${text}Z`);
const written = (time: number) => new Date(time).toISOString().slice(0, 16);

describe('addSteps', () => {
  test.each<[string, 'month' | 'millisecond' | 'business day' | 'working day', number, number, string]>([
    ['2020-01-31T00:00', 'month', 1, 1, '2020-02-29T00:00'],
    ['2020-02-29T00:00', 'month', 1, 1, '2020-03-31T00:00'],
    ['2021-02-28T00:00', 'month', 1, 1, '2021-03-31T00:00'],
    ['2020-02-28T00:00', 'month', 1, 1, '2020-03-28T00:00'],
    ['2020-01-15T06:30', 'month', 1, 13, '2021-02-15T06:30'],
    ['2020-10-30T00:00', 'month', 3, 2, '2021-04-30T00:00'],
    ['2020-12-31T23:00', 'millisecond', 3_600_000, 2, '2021-01-01T01:00'],
    ['2020-01-03T00:00', 'business day', 1, 1, '2020-01-06T00:00'],
    ['2020-01-03T09:00', 'business day', 1, 6, '2020-01-13T09:00'],
    ['2020-01-03T09:00', 'working day', 1, 6, '2020-01-10T09:00'],
    ['2020-01-04T00:00', 'working day', 1, 1, '2020-01-06T00:00'],
  ])('%s by %s × %i, %i steps: %s', (from, unit, count, n, to) => {
    expect(written(addSteps(at(from), { unit, count }, n))).toBe(to);
  });

  test('any number of months: so many months later, on the same day or the last of a shorter month', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 40_000 }), fc.integer({ min: -300, max: 300 }), (day, n) => {
        const time = day * 86_400_000;
        const later = addSteps(time, { unit: 'month', count: 1 }, n);
        expect(monthOf(later) - monthOf(time)).toBe(n);
        expect(new Date(later).getUTCDate()).toBeGreaterThanOrEqual(Math.min(28, new Date(time).getUTCDate()));
      }),
    );
  });

  test('a Saturday and a Sunday count as the Friday before', () => {
    const days = ['2020-01-03', '2020-01-04', '2020-01-05', '2020-01-06'].map((day) =>
      countedDay(at(`${day}T00:00`), 5),
    );
    expect(days.map((day) => day - days[0])).toEqual([0, 0, 0, 1]);
  });

  test('business days come back, and never fall on a weekend', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 40_000 }), fc.integer({ min: -300, max: 300 }), (day, n) => {
        const later = addSteps(day * 86_400_000, { unit: 'business day', count: 1 }, n);
        expect([1, 2, 3, 4, 5]).toContain(new Date(later).getUTCDay());
        expect(countedDay(later, 5) - countedDay(day * 86_400_000, 5)).toBe(n);
      }),
    );
  });
});

test.each([
  ['2012-01-31', true],
  ['2012-01', true],
  ['2012/1/31', true],
  ['2012-01-31T23:59:59.999+01:00', true],
  ['2012-02-30', false],
  ['2012-13-01', false],
  ['2012-01-31 24:00', false],
  ['2012-01-31 23:59', true],
  ['2012-01-31 23:60', false],
  ['2012-01-31 23:59:59', true],
  ['2012-01-31 23:59:60', false],
  ['2012-00-01', false],
  ['2012-12-31', true],
  ['2012-01-00', false],
  ['2012-1-5 1:05', true],
  ['2012-01 12:00', false],
  ['2012-01-31 12', false],
  ['2012-01/31', false],
  ['2012-01-31Z', false],
  ['2012-01Z', false],
  ['31.01.2012', false],
  ['2012', false],
])('isDate(%j): %j', (cell, is) => {
  expect(isDate(cell)).toBe(is);
});

test.each(['', 'NaN', '-nan', 'inf', '-Infinity', 'NA', 'n/a', 'null', 'None', '-', '?'])('isMissing(%j)', (cell) => {
  expect(isMissing(cell)).toBe(true);
});

test.each(['0', 'nab', 'info', '--', 'n/a.', '1'])('not isMissing(%j)', (cell) => {
  expect(isMissing(cell)).toBe(false);
});
