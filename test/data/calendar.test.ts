import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dateStep, nextDates, nextNumbers, numberStep } from '../../src/data/calendar.js';
import { formatDate, parseDate } from '../../src/data/cells.js';
import { readTable } from '../../src/data/read.js';

const parse = (written: string) => parseDate(written)!;
/** What follows a series of dates, or undefined when it has no regular step. */
const following = (written: string[], n = 3) => {
  const found = dateStep(Float64Array.from(written, (date) => parse(date).time));
  const last = parse(written.at(-1)!);
  return found && nextDates(last.time, found.step, n, last.style);
};

describe('dates', () => {
  test.each([
    '2012-01',
    '2012/01/31',
    '2012-02-29',
    '2012-01-31 12:05',
    '2012-01-31T23:59:59Z',
    '2012-01-31T00:00:00.250+02:00',
  ])('%s is read and written back', (written) => {
    const { time, style } = parse(written);
    expect(formatDate(time, style)).toBe(written);
  });

  test.each([
    '2012',
    '2012-13',
    '2012-02-30',
    '2013-02-29',
    '2012-00-01',
    '2012-01/02',
    '2012-01-01 25:00',
    '1.2.2012',
    '2012-01-01Z',
  ])('%s is not a date', (written) => expect(parseDate(written)).toBeUndefined());

  test('any time survives in any style', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2e9, max: 4e9 }),
        fc.constantFrom('-', '/'),
        fc.constantFrom('T', ' '),
        fc.constantFrom('', 'Z', '-03:30'),
        (seconds, separator, joint, zone) => {
          const style = { separator, joint, zone, precision: 'second' as const };
          expect(parseDate(formatDate(seconds * 1000, style))).toEqual({ time: seconds * 1000, style });
        },
      ),
    );
  });
});

describe('the dates that follow', () => {
  test.each([
    ['days', ['2012-02-26', '2012-02-27', '2012-02-28'], ['2012-02-29', '2012-03-01', '2012-03-02']],
    ['weeks', ['2012/12/18', '2012/12/25'], ['2013/01/01', '2013/01/08', '2013/01/15']],
    ['hours', ['2012-01-01 22:00', '2012-01-01 23:00'], ['2012-01-02 00:00', '2012-01-02 01:00', '2012-01-02 02:00']],
    ['months', ['2019-11-01', '2019-12-01', '2020-01-01'], ['2020-02-01', '2020-03-01', '2020-04-01']],
    ['month names', ['2019-10', '2019-11', '2019-12'], ['2020-01', '2020-02', '2020-03']],
    ['month ends', ['2019-12-31', '2020-01-31', '2020-02-29'], ['2020-03-31', '2020-04-30', '2020-05-31']],
    ['quarters', ['2019-01-15', '2019-04-15', '2019-07-15'], ['2019-10-15', '2020-01-15', '2020-04-15']],
    ['years', ['2019-01-01', '2020-01-01', '2021-01-01'], ['2022-01-01', '2023-01-01', '2024-01-01']],
  ])('%s', (_, dates, next) => {
    expect(following(dates)).toEqual(next);
  });

  test('no step: working days; one date', () => {
    expect(following(['2024-01-04', '2024-01-05', '2024-01-08', '2024-01-09', '2024-01-10'])).toBeUndefined();
    expect(following(['2024-01-04'])).toBeUndefined();
  });

  test('a few missing months are gaps, with their rows', async () => {
    const table = await readTable('test/fixtures/data/co2-concentration.csv');
    const { times } = table.dates('Date');
    const found = dateStep(times);
    expect(found?.step).toEqual({ unit: 'month', count: 1 });
    expect(found?.gaps.map((row) => table.column('Date').cells[row])).toEqual([
      '1958-07-01',
      '1958-11-01',
      '1964-05-01',
    ]);
  });

  test('plain numbers', () => {
    const found = numberStep(Float64Array.of(0.1, 0.2, 0.3, 0.4));
    expect(nextNumbers(0.4, found!.step, 2)).toEqual(['0.5', '0.6']);
  });
});
