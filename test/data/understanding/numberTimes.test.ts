/** Numbers that are times, each at both sides of its limits, and clocks in zones beside those of Intl. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { numberTimes, plainTimes, scaled, unscaled, yearTimes } from '../../../src/data/understanding/numberTimes.js';
import { offsetInZone, offsetOfWall } from '../../../src/data/understanding/zones.js';

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const iso = (time: number) => new Date(time).toISOString();
const column = (first: number, step: number, rows = 4) =>
  Float64Array.from({ length: rows }, (_, i) => first + i * step);
const of = (...values: number[]) => Float64Array.of(...values);

describe('what numbers stand for, beside the name of their column and where it stands', () => {
  const nowhere = { named: false, first: false };
  const named = { named: true, first: false };
  const first = { named: false, first: true };
  test.each<[string, Float64Array, { named: boolean; first: boolean }, string, number]>([
    ['x', column(2000, 1), first, 'yyyy', Date.UTC(2000, 0, 1)],
    ['x', column(2000, 1), named, 'yyyy', Date.UTC(2000, 0, 1)],
    ['x', column(2000, 1), nowhere, '', 0],
    ['x', of(2000, 2001, 2010, 2013), first, '', 0],
    ['x', column(1500, 1), first, 'yyyy', Date.UTC(1500, 0, 1)],
    ['x', column(1499, 1), first, '', 0],
    ['x', column(2197, 1), first, 'yyyy', Date.UTC(2197, 0, 1)],
    ['x', column(2198, 1), first, '', 0],
    ['x', of(2000.5, 2001.5, 2002.5), first, '', 0],
    ['x', of(20001, 20002, 20003, 20004, 20011), first, 'yyyyQ', Date.UTC(2000, 0, 1)],
    ['x', of(20001, 20002, 20003, 20004, 20011), nowhere, '', 0],
    ['x', of(201001, 201002, 201003, 201004, 201101), nowhere, "yyyy'0'Q", Date.UTC(2010, 0, 1)],
    ['x', of(201001, 201002, 201003, 201004), nowhere, 'yyyyMM', Date.UTC(2010, 0, 1)],
    ['x', of(201011, 201012, 201101, 201102), nowhere, 'yyyyMM', Date.UTC(2010, 10, 1)],
    ['week', of(201001, 201002, 201003, 201004), named, 'yyyyww', Date.UTC(2010, 0, 4)],
    ['yyyyww', of(201001, 201002, 201003, 201004), named, 'yyyyww', Date.UTC(2010, 0, 4)],
    ['x week', of(201001, 201002, 201003, 201004), named, 'yyyyww', Date.UTC(2010, 0, 4)],
    ['weekly', of(201001, 201002, 201003, 201004), named, 'yyyyMM', Date.UTC(2010, 0, 1)],
    ['x', of(20100130, 20100131, 20100201), nowhere, 'yyyyMMdd', Date.UTC(2010, 0, 30)],
    ['x', of(20100130, 20100131, 20100232), named, '', 0],
    ['x', of(20100130, 20100131, 20100501, 20100613), nowhere, '', 0],
    ['x', of(20100130, 20100131, 20100501, 20100613), named, 'yyyyMMdd', Date.UTC(2010, 0, 30)],
    ['x', of(2010013022, 2010013023, 2010013100), nowhere, 'yyyyMMddHH', Date.UTC(2010, 0, 30, 22)],
    ['x', of(1850010100, 1850010101, 1850010102), nowhere, 'yyyyMMddHH', Date.UTC(1850, 0, 1)],
    ['x', of(201001302210, 201001302220, 201001302230), nowhere, 'yyyyMMddHHmm', Date.UTC(2010, 0, 30, 22, 10)],
    ['x', of(20100130221000, 20100130222000, 20100130223000), nowhere, 'yyyyMMddHHmmss', Date.UTC(2010, 0, 30, 22, 10)],
    ['x', column(1.6e9, 60), nowhere, 'seconds since 1970', 1.6e12],
    ['x', column(1.6e9, 30), nowhere, '', 0],
    ['x', column(1.6e9, 30), named, 'seconds since 1970', 1.6e12],
    ['x', column(1.6e9 + 0.25, 1), named, 'seconds since 1970', 1.6e12 + 250],
    ['x', column(1.6e12, 60_000), nowhere, 'milliseconds since 1970', 1.6e12],
    ['x', column(1.6e15, 6e7), nowhere, 'microseconds since 1970', 1.6e12],
    ['x', column(1.6e18, 6e10), nowhere, 'nanoseconds since 1970', 1.6e12],
    ['x', column(1e8, 60), nowhere, 'seconds since 1970', 1e11],
    ['x', column(1e8 - 60, 60), named, '', 0],
    ['x', column(4.2e9 - 180, 60), nowhere, 'seconds since 1970', 4.2e12 - 180_000],
    ['x', column(4.2e9 - 120, 60), named, '', 0],
    ['x', column(43_831.5, 1), named, 'days of Excel', Date.UTC(2020, 0, 1, 12)],
    ['x', column(43_831.5, 1), first, '', 0],
    ['x', of(Number.NaN, Number.NaN), named, '', 0],
    ['x', of(-2000, -1999, -1998), first, '', 0],
  ])('%s: %j, %j: %s', (name, numbers, hints, notation, begins) => {
    const found = numberTimes(name, numbers, hints);
    expect(found?.reading).toEqual(notation === '' ? undefined : { columns: [name], notation });
    if (found === undefined) return;
    expect(iso(found.calendar[0])).toBe(iso(begins));
    expect([found.shift, found.odd]).toEqual([0, []]);
  });

  test('as they were read before, whatever they look like now', () => {
    const read = (numbers: Float64Array, notation: string) =>
      numberTimes('x', numbers, { ...nowhere, like: { columns: ['x'], notation } })?.reading.notation;
    expect(read(of(2000, 2001, 2010, 2013), 'yyyy')).toBe('yyyy');
    expect(read(column(1.6e9, 31), 'seconds since 1970')).toBe('seconds since 1970');
    expect(read(of(43_831, 43_840, 43_841), 'days of Excel')).toBe('days of Excel');
    expect(read(of(201001, 201002, 201003), "yyyy'0'Q")).toBe("yyyy'0'Q");
    expect(read(of(201001, 201002, 201003), 'yyyyww')).toBe('yyyyww');
    expect(read(column(1.6e9, 31), 'milliseconds since 1970')).toBeUndefined();
  });

  test('missing ones have no time', () => {
    const { calendar } = numberTimes('x', of(20100130, Number.NaN, 20100201), named) ?? { calendar: [] };
    expect(Array.from(calendar)).toEqual([Date.UTC(2010, 0, 30), Number.NaN, Date.UTC(2010, 1, 1)]);
  });
});

describe('years with fractions', () => {
  const months = (digits: number, rows = 12, start = 1949) =>
    Float64Array.from({ length: rows }, (_, i) => Number((start + i / 12).toFixed(digits)));
  test.each<[string, Float64Array, boolean, string]>([
    ['a year of months', months(4), false, 'years with 4 decimals'],
    ['rounded to two digits', months(2), false, 'years with 2 decimals'],
    ['a month less', months(4, 11), false, ''],
    ['a month less, named', months(4, 11), true, 'years with 4 decimals'],
    ['a month is missing', months(4, 14).filter((_, i) => i !== 5), false, ''],
    ['a month is missing, named', months(4, 14).filter((_, i) => i !== 5), true, 'years with 4 decimals'],
    ['a month is not quite one', months(4).map((value, i) => value + (i === 3 ? 0.001 : 0)), false, ''],
    [
      'a month is not quite one, named',
      months(4).map((value, i) => value + (i === 3 ? 0.001 : 0)),
      true,
      'years with 4 decimals',
    ],
    ['no month', months(4).map((value, i) => value + (i === 3 ? 0.02 : 0)), true, ''],
    ['quarters', column(1949, 0.25, 20), true, 'years with 2 decimals'],
    ['quarters, not named', column(1949, 0.25, 20), false, ''],
    ['whole years', column(1949, 1, 20), true, ''],
    ['before 1500', months(4, 13, 1499), true, ''],
    ['after 2200', months(4, 14, 2199), true, ''],
    ['from 1500', months(4, 13, 1500), true, 'years with 4 decimals'],
  ])('%s', (_, numbers, named, notation) => {
    const found = yearTimes('t', numbers, { named });
    expect(found?.reading).toEqual(notation === '' ? undefined : { columns: ['t'], notation });
    if (found) expect(new Date(found.calendar[1]).getUTCMonth()).toBe(Math.round((numbers[1] % 1) * 12));
  });

  test('a missing one has no time, and is no month of a year', () => {
    const numbers = Float64Array.of(...months(4, 13), Number.NaN);
    expect(yearTimes('t', numbers, { named: false })).toBeUndefined();
    expect(yearTimes('t', numbers, { named: true })?.calendar[13]).toBeNaN();
  });
});

test('numbers and their times go into one another', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2_600_000, max: 60_000_000 }), (minutes) => {
      const time = minutes * minute;
      const there = (notation: string, text: string) => {
        expect(unscaled(notation, time)).toBe(text);
        expect(scaled(notation, Number(text))).toBeCloseTo(time, -1);
      };
      there('seconds since 1970', `${minutes * 60}`);
      there('milliseconds since 1970', `${time}`);
      there('microseconds since 1970', `${time}000`);
      there('nanoseconds since 1970', `${time}000000`);
      there('number', `${time}`);
      const days = Number(unscaled('days of Excel', time));
      expect((days - 25_569) * day).toBeCloseTo(time, -1);
      const date = new Date(time);
      const year = date.getUTCFullYear() + date.getUTCMonth() / 12;
      expect(unscaled('years with 3 decimals', time)).toBe(String(Number(year.toFixed(3))));
      expect(scaled('years with 3 decimals', Number(year.toFixed(3)))).toBe(
        Date.UTC(date.getUTCFullYear(), date.getUTCMonth()),
      );
      expect([scaled('yyyy', 2020), unscaled('yyyy', time)]).toEqual([undefined, undefined]);
    }),
  );
  expect(plainTimes('t', of(1, 2, 3))).toMatchObject({
    reading: { columns: ['t'], notation: 'number' },
    shift: 0,
    odd: [],
  });
  expect(plainTimes('t', of(1)).spacing).toBeUndefined();
});

test('clocks of zones are those of Intl, of an hour that comes twice the first', () => {
  const zones = ['Europe/Paris', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Auckland', 'UTC', 'America/Sao_Paulo'];
  const shown = (zone: string, instant: number) => {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    return Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
  };
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 70_000 * 24 }), (zone, quarters) => {
      const instant = quarters * 900_000 + 1000;
      const wall = shown(zone, instant);
      expect(offsetInZone(zone, instant)).toBe((wall - instant) / minute);
      const offset = offsetOfWall(zone, wall) ?? Number.NaN;
      // What the clock shows comes from that instant, or from one an hour before that shows it as well.
      const at = wall - offset * minute;
      expect([shown(zone, at), at === instant || at === instant - hour]).toEqual([wall, true]);
    }),
  );
  // 27 October 2019, 2:30 in Paris comes at 0:30 and at 1:30 of UTC.
  expect(offsetOfWall('Europe/Paris', Date.UTC(2019, 9, 27, 2, 30))).toBe(120);
  expect([offsetInZone('Nowhere/Land', 0), offsetOfWall('Nowhere/Land', 0)]).toEqual([undefined, undefined]);
});
