import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addSteps, countedDay, daysOfWeek, monthOf } from '../../src/data/calendar.js';
import { isDate, isMissing } from '../../src/data/cells.js';
import { dayOf, daysIn, firstWeek, remainder, weekOf } from '../../src/data/days.js';

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
    // Before 1970, too.
    ['1960-01-31T06:30', 'month', 1, 1, '1960-02-29T06:30'],
    ['1970-02-28T23:00', 'month', 1, -2, '1969-12-31T23:00'],
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

  test('business and working days are those that a walk day by day counts, at the same hour', () => {
    const hour = 3_600_000;
    fc.assert(
      fc.property(
        fc.constantFrom(5, 6),
        fc.integer({ min: -20_000, max: 40_000 }),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: -40, max: 40 }),
        (days, from, clock, n) => {
          const counts = (at: number) => (at + 3 + 7e6) % 7 < days;
          let at = from;
          // A day that does not count stands for the last one before it that does.
          while (!counts(at)) at--;
          for (let left = Math.abs(n); left > 0; ) {
            at += Math.sign(n);
            if (counts(at)) left--;
          }
          const unit = days === 5 ? ('business day' as const) : ('working day' as const);
          const start = from * 24 * hour + clock * hour;
          expect(addSteps(start, { unit, count: 1 }, n)).toBe(at * 24 * hour + clock * hour);
          expect(daysOfWeek({ unit, count: 1 })).toBe(days);
          expect(countedDay(addSteps(start, { unit, count: 1 }, n), days) - countedDay(start, days)).toBe(n);
        },
      ),
    );
    expect((['month', 'millisecond', 'number'] as const).map((unit) => daysOfWeek({ unit, count: 1 }))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
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

describe('days', () => {
  test('are those of Date, in each month of each year, the first hundred too', () => {
    for (let year = 0; year <= 2500; year++) {
      for (let month = 1; month <= 12; month++) {
        const first = Date.parse(`${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-01T00:00Z`);
        const next = new Date(first);
        next.setUTCMonth(month);
        const length = (next.getTime() - first) / 86_400_000;
        if (daysIn(year, month) !== length || dayOf(year, month, 1) !== first / 86_400_000)
          throw new Error(`${year}-${month}`);
      }
    }
    expect([dayOf(1970, 1, 1), dayOf(1969, 12, 31), dayOf(99, 12, 31) - dayOf(100, 1, 1)]).toEqual([0, -1, -1]);
  });

  test('an ISO week begins on Monday, and is the year of its Thursday', () => {
    for (let today = dayOf(1950, 1, 1); today < dayOf(2060, 1, 1); today++) {
      const date = new Date(today * 86_400_000);
      const thursday = new Date((today - ((date.getUTCDay() + 6) % 7) + 3) * 86_400_000);
      const year = thursday.getUTCFullYear();
      const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1;
      const found = weekOf(today);
      if (found.year !== year || found.week !== week)
        throw new Error(`${date.toISOString()}: ${JSON.stringify(found)}`);
      if (week === 1) expect(firstWeek(year)).toBe(thursday.getTime() / 86_400_000 - 3);
    }
    expect([remainder(-1, 7), remainder(7, 7), remainder(-7, 7), remainder(2.5, 1)]).toEqual([6, 0, 0, 0.5]);
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
