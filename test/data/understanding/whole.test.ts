/** All that is made of small tables: what is told, what is kept with a model, and every value, worked out by hand. */
import { describe, expect, test } from '@jest/globals';
import type { Frame } from '../../../src/data/frame.js';
import type { UnderstandOptions } from '../../../src/data/understanding/understand.js';
import { csv, failure, next } from './frames.js';

const day = 86_400_000;
const daily = { unit: 'millisecond', count: day };
const day1 = Date.UTC(2020, 0, 1);

/** What a frame has beside its account and its reading. */
const rest = ({ rows, series, time, origins, columns }: Frame) => ({
  rows,
  series,
  days: time && Array.from(time.times, (at) => (at - day1) / day),
  origins: [...origins],
  values: Object.fromEntries(columns.filter(({ values }) => values.length > 0).map((c) => [c.name, [...c.values]])),
});

const feature = (name: string, how: string, more = {}) => ({ name, use: 'feature', how, ...more });
const out = (name: string, why: string) => ({ name, use: 'out', how: 'left out', why });
const between = 'filled in between, next or last value at the ends';

const shops = [
  'shop,date,price,kind,open,promo,shipped,same,x,y',
  'b,2020-01-04,,k1,,1,2020-02-04,7,1,40',
  'a,2020-01-02,3,,no,0,2020-02-02,7,1,20',
  'a,2020-01-01,1,k2,yes,0,2020-02-01,7,1,10',
  'a,2020-01-03,,k1,,1,2020-02-03,7,1,',
  'a,2020-01-04,7,k1,no,,2020-02-05,7,1,40',
  'a,2020-01-05,9,k2,no,1,2020-02-06,7,2,50',
  'b,2020-01-01,,k2,no,0,2020-02-07,7,2,1',
  'b,2020-01-02,,k2,yes,0,2020-02-08,7,2,2',
].join('\n');
const asked: UnderstandOptions = { targets: ['y'], group: ['shop'], known: ['promo'], drop: ['x'] };

describe('series with gaps', () => {
  const frame = csv(shops, asked);
  const notes = [
    '1 time is missing and filled in, the first after line 9 (2020-01-02)',
    'price: 1 series without any value has that of the others (5)',
  ];
  const uses = {
    shop: ['group', { kind: 'text' }],
    date: ['time', { kind: 'time' }],
    price: ['feature', { kind: 'number', decimal: '.' }],
    kind: ['feature', { kind: 'flag', zero: 'k1', one: 'k2' }],
    open: ['feature', { kind: 'flag', zero: 'no', one: 'yes' }],
    promo: ['known', { kind: 'flag', zero: '0', one: '1' }],
    shipped: ['out', { kind: 'text' }],
    same: ['out', { kind: 'text' }],
    x: ['out', { kind: 'text' }],
    y: ['target', { kind: 'number', decimal: '.' }],
  };
  const reading = (columns: object) => ({
    columns: Object.entries(columns).map(([name, [use, reading]]) => ({ name, use, reading })),
    time: { columns: ['date'], notation: 'yyyy-MM-dd', step: daily, season: 7 },
    group: ['shop'],
    fill: 'linear',
  });

  test('the account has every column, gap and series', () => {
    expect(frame.account).toEqual({
      source: 't.csv',
      read: 8,
      rows: 9,
      time: {
        columns: ['date'],
        notation: 'yyyy-MM-dd',
        first: '2020-01-01',
        last: '2020-01-05',
        step: '1 day',
        season: 7,
        gaps: 1,
        sorted: true,
      },
      columns: [
        { name: 'shop', use: 'group', how: 'text' },
        { name: 'date', use: 'time', how: 'time' },
        feature('price', 'number', { missing: 5, filled: between }),
        feature('kind', '0/1 (k1, k2)', { missing: 2, filled: 'last value' }),
        feature('open', '0/1 (no, yes)', { missing: 3, filled: 'last value' }),
        { ...feature('promo', '0/1 (0, 1)', { missing: 2, filled: 'last value' }), use: 'known' },
        out('shipped', 'a time as well; the time is date'),
        out('same', 'every value is 7'),
        out('x', 'dropped'),
        { ...feature('y', 'number', { missing: 2, filled: between }), use: 'target' },
      ],
      series: { columns: ['shop'], count: 2, shortest: 4, longest: 5 },
      notes,
    });
    expect(frame.notes).toEqual(notes);
    expect(frame.reading).toEqual(reading(uses));
    expect(frame.time).toMatchObject({ columns: ['date'], step: daily, season: 7 });
  });

  test('every value is where its day is, in the order of the series', () => {
    expect(rest(frame)).toEqual({
      rows: 9,
      series: [
        { name: 'a', from: 0, to: 5 },
        { name: 'b', from: 5, to: 9 },
      ],
      days: [0, 1, 2, 3, 4, 0, 1, 2, 3],
      origins: [2, 1, 3, 4, 5, 6, 7, -1, 0],
      values: {
        price: [1, 3, 5, 7, 9, 5, 5, 5, 5],
        kind: [1, 1, 0, 0, 1, 1, 1, 1, 0],
        open: [1, 0, 0, 0, 0, 0, 1, 1, 1],
        promo: [0, 0, 1, 1, 1, 0, 0, 0, 1],
        y: [10, 20, 30, 40, 50, 1, 2, 21, 40],
      },
    });
    expect(frame.columns.map(({ cells }) => cells[7])).toEqual(Array(10).fill(''));
    expect([4, 6, 7].map((row) => frame.where(row, 'y'))).toEqual([
      't.csv, line 7, column y',
      't.csv, line 9, column y',
      't.csv, line 9, column y, 1 filled in after it',
    ]);
  });

  test('only features asked for go in', () => {
    const { account } = csv(shops, { targets: ['y'], group: ['shop'], features: ['price', 'same'] });
    const left = 'not among the features';
    expect(account.columns.map(({ name, use, why }) => [name, why ?? use])).toEqual([
      ['shop', 'group'],
      ['date', 'time'],
      ['price', 'feature'],
      ['kind', left],
      ['open', left],
      ['promo', left],
      ['shipped', 'a time as well; the time is date'],
      ['same', 'feature'],
      ['x', left],
      ['y', 'target'],
    ]);
  });

  test('missing times, then missing values, are refused where nothing is to be filled', () => {
    expect(failure(() => csv(shops, { ...asked, fill: 'none' }))).toBe(
      't.csv: 1 time is missing, the first after line 9 (2020-01-02); add the rows, or leave out --fill none to have them filled in',
    );
    const whole = shops.replace('b,2020-01-04', 'b,2020-01-03');
    // Column by column, the first that is missing in the order of series and time.
    expect(failure(() => csv(whole, { ...asked, fill: 'none' }))).toBe(
      't.csv, line 5, column price: the value is missing; fill it, leave the row or the column out, or leave out --fill none to have it filled in',
    );
  });

  test('another table is read as the model’s was', () => {
    const text = 'shop,date,price,kind,open,promo,extra,y\nc,2020-01-07,5,K1 ,YES,2,u,3\nc,2020-01-06,,k2,no,1,v,\n';
    const other = csv(text, { like: frame.reading });
    const note = 'promo: 1 value beside 0 and 1, which is all that the model has seen';
    expect(other.account).toEqual({
      source: 't.csv',
      read: 2,
      rows: 2,
      time: { ...frame.account.time, first: '2020-01-06', last: '2020-01-07', gaps: 0 },
      columns: [
        { name: 'shop', use: 'group', how: 'text' },
        { name: 'date', use: 'time', how: 'time' },
        feature('price', 'number', { missing: 1, filled: between }),
        feature('kind', '0/1 (k1, k2)'),
        feature('open', '0/1 (no, yes)'),
        { ...feature('promo', '0/1 (0, 1)'), use: 'known' },
        out('extra', 'the model does not use it'),
        { ...feature('y', 'number', { missing: 1, filled: between }), use: 'target' },
      ],
      series: { columns: ['shop'], count: 1, shortest: 2, longest: 2 },
      notes: [note],
    });
    const { shipped: _, same: __, x: ___, y, ...used } = uses;
    expect(other.reading).toEqual(reading({ ...used, extra: ['out', { kind: 'text' }], y }));
    expect(rest(other)).toEqual({
      rows: 2,
      series: [{ name: 'c', from: 0, to: 2 }],
      days: [5, 6],
      origins: [1, 0],
      values: { price: [5, 5], kind: [1, 0], open: [0, 1], promo: [1, 2], y: [3, 3] },
    });
    const ahead = csv('shop,date,promo,y\nc,2020-01-07,1,\nc,2020-01-08,0,\n', {
      like: frame.reading,
      only: ['known'],
    });
    expect(ahead.account.columns.at(-1)).toEqual(out('y', 'not needed here'));
    expect(rest(ahead).values).toEqual({ promo: [1, 0] });
    expect(failure(() => csv(text.replace('k2', 'k3'), { like: frame.reading }))).toBe(
      "t.csv, line 3, column kind: 'k3' is neither k1 nor k2, which the column holds elsewhere; correct it, or leave the column out with --drop",
    );
  });
});

describe('rows by themselves', () => {
  const text =
    'id,x,w,on,one,same,kind\n1,1,a,yes,1.5,3,u\n2,,b,no,1.5,3,v\n3,3,,,1.5,3,\n4,9,c,no,,3,v\n5,5,a,no,1.5,3,v\n6,5,c,,1.5,3,u\n7,2,b,no,1.5,3,u\n';
  const asked: UnderstandOptions = { label: 'kind', timeless: true };
  const frame = csv(text, asked);
  const columns = (x = {}, on = {}) => [
    out('id', 'counts the rows'),
    feature('x', 'number', { missing: 1, ...x }),
    feature('w', 'one-hot of 3'),
    feature('on', '0/1 (no, yes)', { missing: 1, ...on }),
    out('one', 'every value is 1.5'),
    out('same', 'every value is 3'),
    { name: 'kind', use: 'label', how: 'text' },
  ];

  test('take what is missing from the others, and remember the median, or the more frequent', () => {
    expect(frame.account).toEqual({
      source: 't.csv',
      read: 7,
      rows: 6,
      columns: columns({ filled: 'the median, 5' }, { filled: '0' }),
      notes: ['1 row left out: no kind (line 4)'],
    });
    expect(frame.notes).toEqual([{ rows: 1, why: 'no kind', first: 'line 4' }]);
    const text = { kind: 'text' };
    expect(frame.reading).toEqual({
      columns: [
        { name: 'id', use: 'out', reading: text },
        { name: 'x', use: 'feature', reading: { kind: 'number', decimal: '.', middle: 5 } },
        { name: 'w', use: 'feature', reading: { kind: 'category', values: ['a', 'b', 'c'] } },
        { name: 'on', use: 'feature', reading: { kind: 'flag', zero: 'no', one: 'yes', middle: 0 } },
        { name: 'one', use: 'out', reading: text },
        { name: 'same', use: 'out', reading: text },
        { name: 'kind', use: 'label', reading: text },
      ],
      fill: 'linear',
    });
    expect(rest(frame)).toEqual({
      rows: 6,
      series: [{ name: '', from: 0, to: 6 }],
      days: undefined,
      origins: [0, 1, 3, 4, 5, 6],
      values: { x: [1, 5, 9, 5, 5, 2], w: [0, 1, 2, 0, 2, 1], on: [1, 0, 0, 0, 0, 0] },
    });
  });

  test('of another table take that median, and no category', () => {
    const other = csv('x,w,on,one\n,b,no,\n,,yes,\n', { like: frame.reading, timeless: true });
    expect(other.account.columns).toEqual([
      feature('x', 'number', { missing: 2, filled: 'the median, 5' }),
      feature('w', 'one-hot of 3', { missing: 1, filled: 'none of them' }),
      feature('on', '0/1 (no, yes)'),
      out('one', 'the model does not use it'),
    ]);
    expect(rest(other).values).toEqual({ x: [5, 5], w: [1, Number.NaN], on: [0, 1] });
    expect(other.reading.columns[0].reading).toEqual({ kind: 'number', decimal: '.', middle: 5 });
  });

  test('keep what is missing where that is asked for, or are refused', () => {
    const left = csv(text, { ...asked, fill: 'leave' });
    expect(left.account.columns).toEqual(columns());
    expect(left.reading.columns[1].reading).toEqual({ kind: 'number', decimal: '.' });
    expect(left.reading.fill).toBe('linear');
    expect(rest(left).values).toEqual({
      x: [1, Number.NaN, 9, 5, 5, 2],
      w: [0, 1, 2, 0, 2, 1],
      on: [1, 0, 0, 0, Number.NaN, 0],
    });
    expect(failure(() => csv(text, { ...asked, fill: 'none' }))).toBe(
      't.csv, line 3, column x: the value is missing; fill it, leave the row or the column out, or leave out --fill none to have it filled in',
    );
    expect(csv('a,kind\n1,u\n2,v\n', { ...asked, fill: 'none' }).reading.fill).toBe('none');
  });
});

describe('rows put together by days', () => {
  const text =
    'ts,orders,temp,on,w\n2020-01-01 10:03,1,4 °C,1,a\n2020-01-01 12:44,2,8 °C,0,b\n2020-01-03 09:00,1,2 °C,0,b\n2020-01-03 19:30,5,,1,c\n2020-01-03 19:45,5,4 °C,1,c\n2020-01-04 01:00,1,1 °C,0,b\n';
  const asked: UnderstandOptions = { targets: ['orders'], every: '1d' };

  test('a day without a row has no orders, and what it had before of all else', () => {
    const frame = csv(text, asked);
    expect(frame.account).toEqual({
      source: 't.csv',
      read: 6,
      rows: 4,
      time: {
        columns: ['ts'],
        notation: 'yyyy-MM-dd HH:mm',
        first: '2020-01-01 00:00',
        last: '2020-01-04 00:00',
        step: '1 day',
        season: 7,
        gaps: 1,
        sorted: false,
      },
      columns: [
        { name: 'ts', use: 'time', how: 'time' },
        { name: 'orders', use: 'target', how: 'number, sum of a step, 0 in those without a row' },
        feature('temp', 'number, in °C, mean of a step', { missing: 1, filled: between }),
        feature('on', '0/1 (0, 1), max of a step', { missing: 1, filled: 'last value' }),
        feature('w', 'one-hot of 3, most frequent of a step', { missing: 1, filled: 'last value' }),
      ],
      notes: [
        '6 rows put together to 3 steps of 1 day',
        '1 time is missing and filled in, the first after line 2 (2020-01-01 00:00)',
      ],
    });
    expect(rest(frame)).toEqual({
      rows: 4,
      series: [{ name: '', from: 0, to: 4 }],
      days: [0, 1, 2, 3],
      origins: [0, -1, 2, 5],
      values: { orders: [3, 0, 11, 1], temp: [6, 4.5, 3, 1], on: [1, 1, 1, 0], w: [1, 1, 2, 1] },
    });
    expect(frame.reading).toMatchObject({ every: '1d', fill: 'linear', time: { step: daily, season: 7 } });
    expect(next(frame, 1)).toEqual(['2020-01-05 00:00']);
  });

  test('it is left empty, or refused', () => {
    const left = csv(text, { ...asked, fill: 'leave' });
    const nothing = Number.NaN;
    expect(left.account.columns.map(({ how, missing, filled }) => [how, missing, filled])).toEqual([
      ['time', undefined, undefined],
      ['number, sum of a step', 1, undefined],
      ['number, in °C, mean of a step', 1, undefined],
      ['0/1 (0, 1), max of a step', 1, undefined],
      ['one-hot of 3, most frequent of a step', 1, undefined],
    ]);
    expect(left.account.notes[1]).toBe('1 time is missing and left empty, the first after line 2 (2020-01-01 00:00)');
    expect(rest(left).values).toEqual({
      orders: [3, nothing, 11, 1],
      temp: [6, nothing, 3, 1],
      on: [1, nothing, 1, 0],
      w: [1, nothing, 2, 1],
    });
    expect(failure(() => csv(text, { ...asked, fill: 'none' }))).toBe(
      't.csv: 1 time is missing, the first after line 2 (2020-01-01 00:00); add the rows, or leave out --fill none to have them filled in',
    );
  });
});

/** A table of times in one or more columns, and a target. */
const rows = (header: string, ...cells: string[]) =>
  `${header},y\n${cells.map((cell, i) => `${cell},${(i * 7) % 5}`).join('\n')}\n`;

describe('what is told of a time', () => {
  const twoWays = rows('date', '01/02/2020', '02/02/2020', '03/02/2020');
  const joined = rows('date,hour', '2020-01-01,22', '2020-01-01,23', '2020-01-02,0', '2020-01-02,1');
  const dated = rows('date,x', '2020-01-01,1', '2020-01-02,2', '2020-01-03,4');
  const taken = (option: string, name = 'date') =>
    `${name} is taken as the time, so it is no column of ${option}: the season and the step come from it`;
  const repeats = (name: string) =>
    `${name}: its numbers repeat, so it is not taken as the time and rows count as consecutive; keep one row of each`;
  const untimed = (name: string) => `t.csv has no ${name}: its rows are taken in their order`;
  const like = (text: string) => ({ like: csv(text, { targets: ['y'] }).reading });
  /** The columns of the time, how they are written, the first time, the step, and the notes. */
  test.each<[string, UnderstandOptions, string, string[]]>([
    [
      twoWays,
      {},
      'date dd/MM/yyyy 01/02/2020 2020-02-01T00 1 day',
      ['date: day and month fit in either order; read as dd/MM/yyyy; --dates month reads MM/dd/yyyy'],
    ],
    [twoWays, { dates: 'day' }, 'date dd/MM/yyyy 01/02/2020 2020-02-01T00 1 day', []],
    [twoWays, { dates: 'month' }, 'date MM/dd/yyyy 01/02/2020 2020-01-02T00 1 month', []],
    [
      rows('date', '31.12.98', '31.12.99', '31.12.00'),
      {},
      'date dd.MM.yy 31.12.98 1998-12-31T00 1 year',
      ['date: years of two digits are read as 1998 to 2000'],
    ],
    [
      rows('Monat', 'März 2020', 'April 2020', 'Mai 2020'),
      {},
      'Monat MMMM yyyy (de) März 2020 2020-03-01T00 1 month',
      [],
    ],
    [rows('month', 'March 2020', 'April 2020', 'May 2020'), {}, 'month MMMM yyyy March 2020 2020-03-01T00 1 month', []],
    [
      joined,
      {},
      'date+hour yyyy-MM-dd H 2020-01-01 22 2020-01-01T22 1 hour',
      ['the columns date and hour make the time together'],
    ],
    [
      rows('date,time,minute', '2020-01-01,22,0', '2020-01-01,22,30', '2020-01-01,23,0', '2020-01-01,23,30'),
      {},
      'date+time+minute yyyy-MM-dd HH:mm 2020-01-01 22 0 2020-01-01T22 30 minutes',
      ['the columns date and time and minute make the time together'],
    ],
    [
      rows('at', '2020-01-01T00:00+02:00', '2020-01-01T01:00+02:00', '2020-01-01T02:00+02:00'),
      {},
      'at yyyy-MM-ddTHH:mmXXX 2020-01-01T00:00+02:00 2019-12-31T22 1 hour',
      [],
    ],
    [
      joined,
      { features: ['hour', 'date'] },
      'date+hour yyyy-MM-dd H 2020-01-01 22 2020-01-01T22 1 hour',
      ['the columns date and hour make the time together', taken('features'), taken('features', 'hour')],
    ],
    [
      joined,
      { known: ['hour'] },
      'date+hour yyyy-MM-dd H 2020-01-01 22 2020-01-01T22 1 hour',
      ['the columns date and hour make the time together', taken('known', 'hour')],
    ],
    [dated, { known: ['date'] }, 'date yyyy-MM-dd 2020-01-01 2020-01-01T00 1 day', [taken('known')]],
    [dated, { features: ['date', 'x'] }, 'date yyyy-MM-dd 2020-01-01 2020-01-01T00 1 day', [taken('features')]],
    // Of two columns of dates the regular one is the time, unless the other is named as one.
    [
      rows('a,b', '2020-01-01,2020-02-01', '2020-01-07,2020-02-02', '2020-01-08,2020-02-03'),
      {},
      'b yyyy-MM-dd 2020-02-01 2020-02-01T00 1 day',
      [],
    ],
    [
      rows(
        'a,date',
        '2020-01-01,2020-02-01',
        '2020-01-02,2020-02-03',
        '2020-01-03,2020-02-04',
        '2020-01-04,2020-02-07',
      ),
      {},
      'date yyyy-MM-dd 2020-02-01 2020-02-01T00 undefined',
      [
        'the steps between times differ, the first at line 4 (2020-02-04); rows count as consecutive; --every 1w brings them to one step',
      ],
    ],
    // Numbers.
    [rows('when', '5', '6'), { time: ['when'] }, 'when number 5 1970-01-01T00 1', []],
    [rows('when', '5.5', '7', '8.5'), { time: ['when'] }, 'when number 5.5 1970-01-01T00 1.5', []],
    [rows('when', '2001', '2002', '2003'), { time: ['when'] }, 'when yyyy 2001 2001-01-01T00 1 year', []],
    [
      rows('when', '1577836800', '1577840400', '1577844000'),
      { time: ['when'] },
      'when seconds since 1970 1577836800 2020-01-01T00 1 hour',
      [],
    ],
    [rows('id,t,x', '1,3,1', '2,4,5', '3,4,2', '4,5,9'), {}, 'id number 1 1970-01-01T00 1', [repeats('t')]],
    [rows('t,x', '3,1', '4,5', '4,2', '5,9'), {}, '', [repeats('t')]],
    [rows('year,x', '3,1', '4,5', '4,2', '5,9'), { features: ['x'] }, '', [repeats('year')]],
    [rows('t,x', '3.5,1', '4,5', '4,2', '5,9'), {}, '', []],
    // Times of one day, in either order.
    [
      rows('clock,x', '10:00,1', '09:45,5', '09:30,3'),
      {},
      'clock HH:mm 09:30 1970-01-01T09 15 minutes',
      ['clock: times of one day, which are read without a date'],
    ],
    // A model's table without its time.
    ['x,y\n1,2\n2,5\n', like(dated), '', [untimed('date')]],
    ['x,y\n1,2\n2,5\n', like(joined), '', [untimed('date, hour')]],
  ])('%j with %j', (text, options, told, notes) => {
    const { account, time } = csv(text, options.like ? options : { targets: ['y'], ...options });
    const { columns = [], notation, first, step } = account.time ?? {};
    const begins = time === undefined ? '' : new Date(time.times.reduce((a, b) => Math.min(a, b))).toISOString();
    expect(time === undefined ? '' : `${columns.join('+')} ${notation} ${first} ${begins.slice(0, 13)} ${step}`).toBe(
      told,
    );
    expect(account.notes).toEqual(notes);
  });

  test.each<[string, string[], string]>([
    [rows('when', 'soon', 'late'), ['when'], "t.csv, line 2, column when: 'soon'"],
    [
      rows('when,how', 'NA,', `x y z ${'0123456789'.repeat(4)},b`),
      ['when', 'how'],
      "t.csv, line 3, column when and how: 'x y z 0123456789012345678901234567890123'",
    ],
  ])('%j is no time', (text, time, place) => {
    expect(failure(() => csv(text, { targets: ['y'], time }))).toBe(
      `${place} is not a time that can be read; write times as 2012-01-31 or 2012-01-31 12:00`,
    );
  });
});
