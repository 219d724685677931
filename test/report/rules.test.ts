/** Small rules of figures, by hand: ticks, places, seasons, gaps. */
import { describe, expect, test } from '@jest/globals';
import { placeText, powers, shortened, spanText, tick, wholeTicks } from '../../src/report/axes.js';
import { type Clock, cyclesOf } from '../../src/report/look/cycles.js';
import { missingOf } from '../../src/report/look/missing.js';
import { lookAtNumbers } from '../../src/report/look/numbers.js';

const day = 86_400_000;

describe('axes', () => {
  test.each<[number, string]>([
    [0, '0'],
    [-1.5, '−1.5'],
    [9999, '9999'],
    [10_000, '10 k'],
    [-12_345, '−12.345 k'],
    [999_999, '999.999 k'],
    [1e6, '1 M'],
    [2.5e8, '250 M'],
    [1e9, '1e9'],
    [1.5e12, '1.5e12'],
    [0.0001, '0.0001'],
    [0.00005, '5e−5'],
    [1 / 3, '0.333333'],
  ])('%d is written %s', (value, text) => {
    expect(tick(value)).toBe(text);
  });

  test('ticks of whole numbers stand at 1, 2 and 5 times powers of ten', () => {
    expect(wholeTicks(10, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(wholeTicks(11, 10)).toEqual([2, 4, 6, 8, 10]);
    expect(wholeTicks(21, 10)).toEqual([5, 10, 15, 20]);
    expect(wholeTicks(100, 10)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(wholeTicks(1, 10)).toEqual([1]);
    // One tick alone is as long as the axis: the sizes are 1, 2 and 5 times each power of ten.
    for (let power = 1; power <= 1e6; power *= 10)
      expect([1, 2, 5].map((size) => wholeTicks(size * power, 1))).toEqual([1, 2, 5].map((size) => [size * power]));
    expect(wholeTicks(3e5, 3)).toEqual([1e5, 2e5, 3e5]);
    expect(wholeTicks(5e8, 10)).toEqual([5e8]);
  });

  test('powers of ten, and their doubles and fives where they are few', () => {
    expect(powers([0.5, 30])).toEqual([0.5, 1, 2, 5, 10, 20]);
    expect(powers([1, 100])).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(powers([1, 1000])).toEqual([1, 10, 100, 1000]);
    expect(powers([0.003, 3])).toEqual([0.01, 0.1, 1]);
  });

  test('places and spans are told without the parts of a time that are 0', () => {
    const at = Date.UTC(2020, 1, 3, 4, 5, 6, 7);
    const minute = 60_000;
    expect([placeText('row', 3), placeText('time', 3.5), placeText('date', at)]).toEqual([
      'row 3',
      '3.5',
      '2020-02-03 04:05:06.007Z',
    ]);
    expect(placeText('date', Date.UTC(2020, 1, 3))).toBe('2020-02-03');
    expect(placeText('date', Date.UTC(2020, 1, 3) + 5 * minute)).toBe('2020-02-03 00:05');
    expect(placeText('date', Date.UTC(2020, 1, 3, 4))).toBe('2020-02-03 04:00');
    const first = Date.UTC(2020, 0, 1);
    expect(spanText('date', [first, first + day, first + 3 * 366 * day])).toBe(', 2020-01-01 to 2023-01-03');
    expect(spanText('date', [first, first + 3 * 366 * day + 1])).toBe('');
    expect([spanText('date', []), spanText('row', [1, 2])]).toEqual(['', '']);
  });

  test('long names keep a third of what is shown for their end', () => {
    expect([shortened('a'.repeat(40)), shortened(`${'a'.repeat(30)}${'b'.repeat(11)}`)]).toEqual([
      'a'.repeat(40),
      `${'a'.repeat(26)}…${'a'.repeat(2)}${'b'.repeat(11)}`,
    ]);
    expect(shortened('abcd', 2)).toBe('…d');
    expect(shortened('😀😀😀😀', 3)).toBe('😀…😀');
  });
});

describe('seasons', () => {
  const clock = (rows: number, step: number, from = Date.UTC(2024, 0, 1)): Clock => ({
    axis: 'date',
    x: Float64Array.from({ length: rows }, (_, i) => from + i * step),
  });
  const names = (rows: number, step: number) =>
    cyclesOf(new Float64Array(rows).fill(1), clock(rows, step), 1).map(({ name }) => name);
  const hour = 3_600_000;

  test('of the calendar: where rows are close enough, and fill two of them', () => {
    expect(names(49, hour)).toEqual(['hour']);
    expect(names(48, hour)).toEqual([]);
    expect(names(5, 13 * hour)).toEqual(['hour']);
    expect(names(5, 13 * hour + 1)).toEqual([]);
    expect(names(15, day)).toEqual(['weekday']);
    expect(names(14, day)).toEqual([]);
    expect(names(8, 2 * day)).toEqual(['weekday']);
    expect(names(9, 2 * day + 1)).toEqual([]);
    expect(names(731, day)).toEqual(['weekday', 'month']);
    expect(names(730, day)).toEqual(['weekday']);
    expect(names(9, 93 * day)).toEqual(['month']);
    expect(names(9, 93 * day + 1)).toEqual([]);
    expect(names(2, 1000 * day)).toEqual([]);
    expect(names(3, 365 * day)).toEqual([]);
  });

  test('each value stands at its place, before 1970 too', () => {
    const from = Date.UTC(1969, 11, 29, 22);
    const { x } = clock(50, hour, from);
    const [byHour] = cyclesOf(
      x.map((_, i) => i),
      clock(50, hour, from),
      1,
    );
    const place = (name: string) => byHour.places.find((one) => one.place === name);
    expect(place('22')).toMatchObject({ count: 3, mean: 24 });
    expect(place('21')).toMatchObject({
      count: 2,
      mean: 35,
      low: expect.closeTo(25.4, 9),
      high: expect.closeTo(44.6, 9),
    });
    // A Monday.
    const weekly = cyclesOf(
      Float64Array.from({ length: 15 }, (_, i) => (i === 3 ? Number.NaN : i)),
      clock(15, day, Date.UTC(1969, 11, 22)),
      1,
    );
    expect(weekly[0].places.map((one) => [one.place, one.mean])).toEqual([
      ['Mon', 7],
      ['Tue', 4.5],
      ['Wed', 5.5],
      ['Thu', 10],
      ['Fri', 7.5],
      ['Sat', 8.5],
      ['Sun', 9.5],
    ]);
  });

  test('of rows: one that was found, not of too many rows', () => {
    const of = (rows: number, season: number) =>
      cyclesOf(
        Float64Array.from({ length: rows }, (_, i) => i),
        { axis: 'row', x: Float64Array.from({ length: rows }, (_, i) => i) },
        season,
      );
    expect(of(6, 3)).toMatchObject([
      {
        name: 'row',
        places: [
          { place: '1', mean: 1.5 },
          { place: '2', mean: 2.5 },
          { place: '3', mean: 3.5 },
        ],
      },
    ]);
    expect([of(5, 3), of(9, 1), of(900, 401)]).toEqual([[], [], []]);
    expect(of(800, 400)).toHaveLength(1);
  });
});

test('a column of numbers: what there is of it, its gaps the longest first', () => {
  const gap = Number.NaN;
  const y = Float64Array.of(gap, 1, 4, gap, gap, 2, gap, 3, gap, gap, gap);
  const x = Float64Array.from(y, (_, i) => 10 * i);
  const looked = lookAtNumbers('v', y, { axis: 'time', x }, 100);
  expect(looked).toMatchObject({
    name: 'v',
    values: 4,
    missing: 7,
    least: 1,
    most: 4,
    quartiles: [1.75, 2.5, 3.25],
    mean: 2.5,
    deviation: Math.sqrt(5 / 3),
    line: { x: [10, 20, 50, 70], y: [1, 4, 2, 3] },
    gaps: [
      { from: 70, to: 100, rows: 3 },
      { from: 20, to: 50, rows: 2 },
      { from: 0, to: 10, rows: 1 },
      { from: 50, to: 70, rows: 1 },
    ],
  });
  expect(looked).not.toHaveProperty('autocorrelation');
  expect(lookAtNumbers('v', Float64Array.of(5), { axis: 'row', x: Float64Array.of(0) }, 10)).toMatchObject({
    deviation: 0,
    mean: 5,
  });
});

test('autocorrelation is that of eight values or more that are not all the same, to half of the rows or 40', () => {
  const of = (y: number[], season?: number) =>
    lookAtNumbers(
      'v',
      Float64Array.from(y),
      { axis: 'row', x: Float64Array.from(y, (_, i) => i), ...(season && { season }) },
      10,
    ).autocorrelation;
  const turns = (n: number) => Array.from({ length: n }, (_, i) => i % 2);
  expect(of(turns(7))).toBeUndefined();
  expect(of(new Array(9).fill(2))).toBeUndefined();
  const eight = of(turns(8));
  expect(eight).toMatchObject({ rows: 8, bound: 1.96 / Math.sqrt(8), by: 'changes' });
  // Of −½ and ½ in turn over eight rows, Σ at a lag k is (8 − k) / 4 in turn of both signs, over 8 / 4.
  expect(eight?.values).toEqual([-7, 6, -5, 4].map((n) => expect.closeTo(n / 8, 9)));
  expect(of(turns(200), 7)).toMatchObject({ season: 7, by: 'calendar' });
  expect([of(turns(200), 7), of(turns(200), 20), of(turns(2000), 365)].map((one) => one?.values.length)).toEqual([
    40, 50, 400,
  ]);
});

test('missing values by column over all series, or by series over all columns', () => {
  const gap = Number.NaN;
  const columns = [
    { name: 'a', values: Float64Array.of(1, gap, 3, 4, gap, gap, 7, 8) },
    { name: 'b', values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  ];
  const x = Float64Array.of(0, 1, 2, 3, 0, 1, 2, 3);
  const whole = [{ name: '', from: 0, to: 8 }];
  expect(missingOf([columns[1]], whole, { series: whole }, x)).toBeUndefined();
  const one = Float64Array.from({ length: 8 }, (_, i) => i);
  expect(missingOf(columns, whole, { series: whole }, one)).toEqual({
    of: 'column',
    names: ['a', 'b'],
    edges: [0, 1.75, 3.5, 5.25, 7],
    shares: [
      [0.5, 0, 1, 0],
      [0, 0, 0, 0],
    ],
  });
  const series = [
    { name: 's', from: 0, to: 4 },
    { name: 't', from: 4, to: 8 },
  ];
  expect(missingOf(columns, [series[1]], { series }, x)).toEqual({
    of: 'series',
    names: ['t'],
    edges: [0, 1.5, 3],
    shares: [[0.5, 0]],
  });
});
