import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTable } from '../../../src/data/read.js';
import { Table } from '../../../src/data/table.js';
import { notationOf } from '../../../src/data/understanding/notations.js';
import { startOfStep } from '../../../src/data/understanding/steps.js';
import { accountText, labelsAfter, readTime, understand } from '../../../src/data/understanding/understand.js';
import { failure, next } from './frames.js';
import '../../propertySeed.js';

const folder = 'test/fixtures/tables/dates';

/** A table of a time column and a column of counts. */
function tableOf(times: readonly string[], name = 'when'): Table {
  return new Table({
    name: 't.csv',
    header: [name, 'y'],
    cells: [times, times.map((_, i) => `${i}.5`)],
    lines: times.length,
  });
}

function following(times: readonly string[], n = 2, name = 'when'): { step: string | undefined; next: string[] } {
  const frame = understand(tableOf(times, name), { targets: ['y'] });
  const { time } = frame.reading;
  if (time === undefined || frame.time === undefined) throw new Error(accountText(frame.account).join('\n'));
  return { step: frame.account.time?.step, next: labelsAfter(time, frame.time.times[frame.rows - 1], n) };
}

describe('the same two hundred rows, newest first', () => {
  const step = (file: string) => (file.startsWith('m-week') ? '1 week' : file.startsWith('m-') ? '1 month' : '1 hour');
  test.each(readdirSync(folder))('%s', (file) => {
    const table = parseTable(readFileSync(`${folder}/${file}`, 'utf8'), file);
    const frame = understand(table, { targets: ['load'] });
    expect(frame.account.time).toMatchObject({ columns: ['when'], step: step(file), sorted: true });
    expect(frame.columns.map(({ use }) => use)).toEqual(['time', 'target']);
    expect(Array.from(frame.column('load').values.slice(0, 9))).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80]);
    // Each row's label written from the ones before it is the cell of the file.
    const { time } = frame.reading;
    const { cells } = frame.column('when');
    const from = file.startsWith('m-week') ? 195 : 3;
    expect(labelsAfter(time!, frame.time!.times[from], 3)).toEqual(cells.slice(from + 1, from + 4));
    expect(readTime(time!, cells[7])).toBe(frame.time!.times[7]);
  });
});

test.each<[notation: string, numbers: string[], first: string]>([
  ['seconds since 1970', ['1583020800', '1583107200', '1583193600'], '2020-03-01T00:00'],
  // An hour of 1583 each, were they digits of dates.
  ['seconds since 1970', ['1583020800', '1583020801', '1583020802'], '2020-03-01T00:00'],
  ['yyyyMMddHH', ['1850010100', '1850010101', '1850010102'], '1850-01-01T00:00'],
  ['milliseconds since 1970', ['1583020800000', '1583107200000', '1583193600000'], '2020-03-01T00:00'],
  ['microseconds since 1970', ['1583020800000000', '1583107200000000', '1583193600000000'], '2020-03-01T00:00'],
  ['days of Excel', ['43891', '43892', '43893'], '2020-03-01T00:00'],
  ['days of Excel', ['43891.25', '43891.5', '43891.75'], '2020-03-01T06:00'],
])('numbers, %s: %p', (notation, numbers, first) => {
  const { reading, time } = understand(tableOf(numbers, 'time'), { targets: ['y'] });
  expect(reading.time?.notation).toBe(notation);
  expect(new Date(time!.times[0]).toISOString().slice(0, 16)).toBe(first);
  expect(readTime(reading.time!, numbers[1])).toBe(time!.times[1]);
  expect(labelsAfter(reading.time!, time!.times[1], 1)).toEqual([numbers[2]]);
});

test.each([
  [1583996400, 60, true],
  [1583996400, 3600, true],
  [1583996400, 1, false],
  [1583020800, 1, false],
  [1583996400, 30, false],
  [1583996400, 90, false],
])(
  'numbers from %i of a column that does not speak of time, %i apart: seconds since 1970: %p',
  (from, step, isTime) => {
    const numbers = Array.from({ length: 6 }, (_, i) => String(from + step * i));
    const { time } = understand(tableOf(numbers, 'n'), { targets: ['y'] }).reading;
    expect(time?.notation).toBe(isTime ? 'seconds since 1970' : 'number');
  },
);

describe('times as people write them', () => {
  test.each<[string[], string, string[]]>([
    [['Jan 2020', 'Feb 2020', 'Mar 2020'], '1 month', ['Apr 2020', 'May 2020']],
    [['JAN 2020', 'FEB 2020', 'MAR 2020'], '1 month', ['APR 2020', 'MAY 2020']],
    [['Januar 2020', 'Februar 2020', 'März 2020'], '1 month', ['April 2020', 'Mai 2020']],
    [['janvier 2020', 'février 2020', 'mars 2020'], '1 month', ['avril 2020', 'mai 2020']],
    [['enero de 2020', 'febrero de 2020', 'marzo de 2020'], '1 month', ['abril de 2020', 'mayo de 2020']],
    [['Dez 19', 'Jan 20', 'Feb 20', 'Mrz 20'], '1 month', ['Apr 20', 'Mai 20']],
    [['Ocak 2020', 'Şubat 2020', 'Mart 2020'], '1 month', ['Nisan 2020', 'Mayıs 2020']],
    [['2020年1月', '2020年2月', '2020年3月'], '1 month', ['2020年4月', '2020年5月']],
    [['12/1/1979', '01/1/1980', '02/1/1980', '03/1/1980'], '1 month', ['04/1/1980', '05/1/1980']],
    [['10/1/1980', '11/1/1980', '12/1/1980', '1/1/1981'], '1 month', ['2/1/1981', '3/1/1981']],
    [['7.02.2020', '8.02.2020', '9.02.2020'], '1 day', ['10.02.2020', '11.02.2020']],
    [['2020-1-08', '2020-1-09', '2020-1-10'], '1 day', ['2020-1-11', '2020-1-12']],
    [['2020年1月1日', '2020年1月2日', '2020年1月3日'], '1 day', ['2020年1月4日', '2020年1月5日']],
    [['1/1/20 3:00 PM', '1/1/20 4:00 PM', '1/1/20 5:00 PM'], '1 hour', ['1/1/20 6:00 PM', '1/1/20 7:00 PM']],
    [
      ['1/1/2020 11:00 am', '1/1/2020 12:00 pm', '1/1/2020 1:00 pm'],
      '1 hour',
      ['1/1/2020 2:00 pm', '1/1/2020 3:00 pm'],
    ],
    [['2020-W01-1', '2020-W01-2', '2020-W01-3'], '1 day', ['2020-W01-4', '2020-W01-5']],
    [['2020-W52', '2020-W53', '2021-W01'], '1 week', ['2021-W02', '2021-W03']],
    [['2020 W6', '2020 W7', '2020 W8'], '1 week', ['2020 W9', '2020 W10']],
    [['2020/W6', '2020/W7', '2020/W8'], '1 week', ['2020/W9', '2020/W10']],
    [
      ['2020-01-09 07:00 +0000', '2020-01-09 08:00 +0000'],
      '1 hour',
      ['2020-01-09 09:00 +0000', '2020-01-09 10:00 +0000'],
    ],
    [
      ['2020-01-01T00:00:00.000000', '2020-01-02T00:00:00.000000'],
      '1 day',
      ['2020-01-03T00:00:00.000000', '2020-01-04T00:00:00.000000'],
    ],
    [
      ['2020-01-01 00:00:00', '2020-01-01 00:00:00.5', '2020-01-01 00:00:01'],
      '500 milliseconds',
      ['2020-01-01 00:00:01.5', '2020-01-01 00:00:02'],
    ],
    [
      ['Thu, 09 Jan 2020 07:00:00 +0000', 'Fri, 10 Jan 2020 07:00:00 +0000', 'Sat, 11 Jan 2020 07:00:00 +0000'],
      '1 day',
      ['Sun, 12 Jan 2020 07:00:00 +0000', 'Mon, 13 Jan 2020 07:00:00 +0000'],
    ],
    [
      ['Thu Jan  9 07:00:00 2020', 'Thu Jan  9 08:00:00 2020'],
      '1 hour',
      ['Thu Jan 9 09:00:00 2020', 'Thu Jan 9 10:00:00 2020'],
    ],
    [
      ['10/Oct/2000:13:55:00 -0700', '10/Oct/2000:13:56:00 -0700'],
      '1 minute',
      ['10/Oct/2000:13:57:00 -0700', '10/Oct/2000:13:58:00 -0700'],
    ],
    [['2019Q3', '2019Q4', '2020Q1'], '1 quarter', ['2020Q2', '2020Q3']],
    [['Q3 2019', 'Q4 2019', 'Q1 2020'], '1 quarter', ['Q2 2020', 'Q3 2020']],
    [['2019-Q3', '2019-Q4', '2020-Q1'], '1 quarter', ['2020-Q2', '2020-Q3']],
    [['1959M11', '1959M12', '1960M01'], '1 month', ['1960M02', '1960M03']],
    [['01JAN2020', '02JAN2020', '03JAN2020'], '1 day', ['04JAN2020', '05JAN2020']],
    [['1. Januar 2020', '2. Januar 2020', '3. Januar 2020'], '1 day', ['4. Januar 2020', '5. Januar 2020']],
    [['31.12.2019', '01.01.2020', '02.01.2020'], '1 day', ['03.01.2020', '04.01.2020']],
    [['9.12.2019 07.00', '9.12.2019 08.00', '9.12.2019 09.00'], '1 hour', ['9.12.2019 10.00', '9.12.2019 11.00']],
    [['2019-12-31', '2020-01-31', '2020-02-29'], '1 month', ['2020-03-31', '2020-04-30']],
    [['2018-12-31', '2019-12-31', '2020-12-31'], '1 year', ['2021-12-31', '2022-12-31']],
    [
      ['2024-01-03', '2024-01-04', '2024-01-05', '2024-01-08', '2024-01-09'],
      '1 business day',
      ['2024-01-10', '2024-01-11'],
    ],
    [['20200109T070000Z', '20200109T080000Z'], '1 hour', ['20200109T090000Z', '20200109T100000Z']],
    [["Jan '20", "Feb '20", "Mar '20"], '1 month', ["Apr '20", "May '20"]],
    [
      ['07:00 09/01/2020', '07:00 10/01/2020', '07:00 11/01/2020', '07:00 12/01/2020', '07:00 13/01/2020'],
      '1 day',
      ['07:00 14/01/2020', '07:00 15/01/2020'],
    ],
    [['2020-001', '2020-002', '2020-003'], '1 day', ['2020-004', '2020-005']],
    [
      ['2020-03-28 12:00 Europe/Paris', '2020-03-29 12:00 Europe/Paris', '2020-03-30 12:00 Europe/Paris'],
      '1 day',
      ['2020-03-31 12:00 Europe/Paris', '2020-04-01 12:00 Europe/Paris'],
    ],
    [
      ['2020-10-25T01:00:00+02:00[Europe/Paris]', '2020-10-25T02:00:00+02:00[Europe/Paris]'],
      '1 hour',
      ['2020-10-25T02:00:00+01:00[Europe/Paris]', '2020-10-25T03:00:00+01:00[Europe/Paris]'],
    ],
    [['1-11', '1-12', '2-01'], '1 month', ['2-02', '2-03']],
    [['12/2019', '01/2020', '02/2020'], '1 month', ['03/2020', '04/2020']],
    [
      ['2020-01-01 00:15', '2020-01-01 00:30', '2020-01-01 00:45'],
      '15 minutes',
      ['2020-01-01 01:00', '2020-01-01 01:15'],
    ],
    [['Sept. 2020', 'Oct. 2020', 'Nov. 2020'], '1 month', ['Dec. 2020', 'Jan. 2021']],
    [
      ['Monday, January 6, 2020', 'Tuesday, January 7, 2020', 'Wednesday, January 8, 2020'],
      '1 day',
      ['Thursday, January 9, 2020', 'Friday, January 10, 2020'],
    ],
    [['2020/1/9 7:05', '2020/1/9 7:10', '2020/1/9 7:15'], '5 minutes', ['2020/1/9 7:20', '2020/1/9 7:25']],
    [['5 Ιανουαρίου 2020', '6 Ιανουαρίου 2020'], '1 day', ['7 Ιανουαρίου 2020', '8 Ιανουαρίου 2020']],
    [['5 января 2020', '6 января 2020'], '1 day', ['7 января 2020', '8 января 2020']],
  ])('%j', (times, step, next) => {
    expect(following(times)).toEqual({ step, next });
    expect(following([...times].reverse())).toEqual({ step, next });
  });

  test.each<[string, string[], string, string[]]>([
    ['year', ['2018', '2019', '2020'], '1 year', ['2021', '2022']],
    ['month', ['201911', '201912', '202001'], '1 month', ['202002', '202003']],
    ['date', ['20191230', '20191231', '20200101'], '1 day', ['20200102', '20200103']],
    ['ts', ['1577836800', '1577836860', '1577836920'], '1 minute', ['1577836980', '1577837040']],
    ['ts', ['1577836800000000000', '1577840400000000000'], '1 hour', ['1577844000000000000', '1577847600000000000']],
    ['date', ['43831', '43832', '43833'], '1 day', ['43834', '43835']],
    ['time', ['1949.83', '1949.92', '1950', '1950.08'], '1 month', ['1950.17', '1950.25']],
    ['t', ['0', '1', '2'], '1', ['3', '4']],
    ['time', ['0.1', '0.2', '0.3'], '0.1', ['0.4', '0.5']],
  ])('numbers in a column %s: %j', (name, times, step, next) => {
    const frame = understand(tableOf(times, name), { targets: ['y'] });
    expect(frame.account.time?.step).toBe(step);
    expect(labelsAfter(frame.reading.time!, frame.time!.times[times.length - 1], 2)).toEqual(next);
  });

  test.each([2, 3, 4, 7, 10])('months as fractions of years, to %i decimals, are known without a name', (decimals) => {
    const years = Array.from({ length: 30 }, (_, i) => String(Number((1949 + i / 12).toFixed(decimals))));
    const frame = understand(tableOf(years, 'x'), { targets: ['y'] });
    expect(frame.account).toMatchObject({
      time: { columns: ['x'], step: '1 month', season: 12 },
      notes: ['x: its numbers are read as times'],
    });
    expect(labelsAfter(frame.reading.time!, frame.time!.times[29], 1)).toEqual([
      String(Number((1949 + 30 / 12).toFixed(decimals))),
    ]);
  });

  test.each<[string, (i: number) => number]>([
    ['quarters of a number', (i) => 1900 + i / 4],
    ['twelfths that are not rounded as all are', (i) => 1900 + i / 12 + (i === 7 ? 0.003 : 0)],
    ['twelfths with one left out', (i) => 1900 + (i < 20 ? i : i + 1) / 12],
    ['twelfths twice', (i) => 1900 + Math.floor(i / 2) / 12],
    ['twelfths beyond all years', (i) => 2300 + i / 12],
  ])('%s are a feature', (_, value) => {
    const cells = Array.from({ length: 30 }, (_, i) => String(Number(value(i).toFixed(4))));
    const frame = understand(tableOf(cells, 'x'), { targets: ['y'] });
    expect(frame.time).toBeUndefined();
    expect(frame.column('x').use).toBe('feature');
  });

  test('numbers that only look like times stay numbers', () => {
    const values = ['1577836800', '1580000001', '1570000003', '1590000004'];
    const table = new Table({ name: 't.csv', header: ['x', 'y'], cells: [values, ['1', '2', '3', '5']], lines: 4 });
    expect(understand(table, { targets: ['y'] }).column('x')).toMatchObject({
      use: 'feature',
      reading: { kind: 'number' },
    });
  });
});

describe('day and month', () => {
  const said = (times: string[], dates?: 'day' | 'month') => {
    const { account } = understand(tableOf(times), { targets: ['y'], ...(dates && { dates }) });
    return { notation: account.time?.notation, notes: account.notes };
  };

  test('one day above twelve settles the column', () => {
    expect(said(['01/02/2020', '05/02/2020', '13/02/2020'])).toMatchObject({ notation: 'dd/MM/yyyy' });
    expect(said(['01/02/2020', '01/05/2020', '01/13/2020'])).toMatchObject({ notation: 'MM/dd/yyyy' });
  });

  test('regular steps settle what both orders fit', () => {
    const clock = (days: string[]) => days.flatMap((day) => [`${day}/2020 00:00`, `${day}/2020 12:00`]);
    expect(said(clock(['01/02', '02/02', '03/02', '05/02', '04/02'])).notation).toBe('dd/MM/yyyy HH:mm');
    expect(said(clock(['02/01', '02/02', '02/03', '02/05', '02/04'])).notation).toBe('MM/dd/yyyy HH:mm');
  });

  test('where as many steps differ, the order with the shorter gaps is meant', () => {
    const hours = Array.from({ length: 40 }, (_, i) => new Date(Date.UTC(2000, 8, 11, i)));
    const two = (n: number) => String(n).padStart(2, '0');
    const american = (at: Date) =>
      `${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())}/${at.getUTCFullYear()} ${two(at.getUTCHours())}:00`;
    // Nothing at midnight between the 11th and the 12th of September, which may be November and December.
    const times = hours.filter((_, i) => i !== 24).map(american);
    expect(said(times)).toEqual({
      notation: 'MM/dd/yyyy HH:mm',
      notes: ['1 time is missing and filled in, the first after line 24 (09/11/2000 23:00)'],
    });
    expect(said(times.toReversed()).notation).toBe('MM/dd/yyyy HH:mm');
  });

  test('nothing settles it: said, and settable', () => {
    const open = ['01/02/2020', '02/05/2020', '07/03/2020'];
    expect(said(open)).toEqual({
      notation: 'dd/MM/yyyy',
      notes: [
        'when: day and month fit in either order; read as dd/MM/yyyy; --dates month reads MM/dd/yyyy',
        expect.stringContaining('the steps between times differ'),
      ],
    });
    expect(said(open, 'month')).toMatchObject({ notation: 'MM/dd/yyyy', notes: [expect.stringContaining('differ')] });
  });
});

test('any time survives being written and read, in any notation', () => {
  const patterns = [
    "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    'yyyy-MM-dd HH:mm:ssXXX',
    'dd/MM/yyyy HH:mm:ss',
    'EEE, dd MMM yyyy HH:mm:ss XX',
    'MM/dd/yyyy hh:mm:ss a',
    'yyyyMMddHHmmss',
    'd. MMMM yyyy H:mm:ss',
  ];
  fc.assert(
    fc.property(
      fc.integer({ min: -9e9, max: 9e9 }),
      fc.constantFrom(...patterns),
      fc.constantFrom(0, 60, -210, 345),
      fc.constantFrom('en', 'de', 'fr', 'pl', 'ru'),
      (seconds, pattern, offset, locale) => {
        const notation = notationOf({ pattern, locale });
        const written = notation.write(seconds * 1000, { locale, offset });
        expect(notation.read(written)).toBe(true);
        expect(notation.wall).toBe(seconds * 1000);
        if (/X/.test(pattern)) expect(notation.offset).toBe(offset);
      },
    ),
  );
});

describe('clocks', () => {
  const dst = (file: string) =>
    understand(parseTable(readFileSync(`test/fixtures/tables/${file}`, 'utf8'), file), { targets: ['load'] });

  test('offsets count: two o’clock in winter is an hour after two o’clock in summer', () => {
    const frame = dst('dst-offset.csv');
    expect(frame.rows).toBe(400);
    expect(frame.account.time).toMatchObject({ step: '1 hour', season: 24, gaps: 0 });
    const steps = frame.time!.times.subarray(1).map((time, i) => time - frame.time!.times[i]);
    expect(new Set(steps)).toEqual(new Set([3_600_000]));
  });

  test('the newest time says the offset of those that follow, wherever it stands and whatever has none', () => {
    const rows = Array.from({ length: 48 }, (_, hour) => {
      const offset = hour < 25 ? 2 : 1;
      const clock = new Date(Date.UTC(2020, 9, 24, hour + offset)).toISOString().slice(0, 16);
      return `${clock}+0${offset}:00,${hour % 5}`;
    });
    const [newest, ...older] = [...rows].reverse();
    for (const table of [
      rows,
      [newest, ...older],
      [...rows, 'NA,3'],
      ['NA,3', ...rows],
      [newest, ...older, ',3'],
      [newest, 'NA,3', ...older.slice(24).reverse(), ...older.slice(0, 24)],
      [...rows.slice(24), 'NA,3', ...rows.slice(0, 24)],
    ]) {
      const frame = understand(parseTable(`at,load\n${table.join('\n')}`, 'x.csv'), { targets: ['load'] });
      expect([table[0], frame.reading.time?.offset]).toEqual([table[0], 60]);
      expect(next(frame, 2)).toEqual(['2020-10-26T01:00+01:00', '2020-10-26T02:00+01:00']);
    }
  });

  test('days, weeks and months that rows are put together to are those of the clock', () => {
    const rows = Array.from({ length: 24 + 25 + 24 }, (_, hour) => {
      const offset = hour < 24 + 3 ? 2 : 1;
      const clock = new Date(Date.UTC(2020, 9, 23, 22 + hour + offset)).toISOString().slice(0, 16);
      return `${clock}+0${offset}:00,1\n`;
    });
    for (const [every, sums, first] of [
      ['1d', [24, 25, 24], 24],
      // Monday is the last of the three days.
      ['1w', [49, 24], 19],
      ['1mo', [73], 1],
    ] as const) {
      const table = parseTable(`at,load\n${rows.join('')}`, 'x.csv');
      const frame = understand(table, { targets: ['load'], every });
      expect([every, ...frame.column('load').values]).toEqual([every, ...sums]);
      expect([frame.time?.times[0], frame.reading.time?.wall]).toEqual([Date.UTC(2020, 9, first), true]);
    }
    // Shorter steps are those of time that passes.
    const halves = understand(parseTable(`at,load\n${rows.join('')}`, 'x.csv'), { targets: ['load'], every: '6h' });
    expect(halves.reading.time?.wall).toBeUndefined();
    expect(new Set(halves.column('load').values)).toEqual(new Set([6]));
  });

  test('days are counted by the clock although they are 23 or 25 hours long', () => {
    const times = [
      '2020-10-23T00:00+02:00',
      '2020-10-24T00:00+02:00',
      '2020-10-25T00:00+02:00',
      '2020-10-26T00:00+01:00',
      '2020-10-27T00:00+01:00',
    ];
    expect(following(times)).toEqual({ step: '1 day', next: ['2020-10-28T00:00+01:00', '2020-10-29T00:00+01:00'] });
  });

  test('an hour that comes twice in local time is said, and taken in the file’s order', () => {
    const frame = dst('dst-local.csv');
    expect(frame.rows).toBe(241);
    expect(frame.account.time).toMatchObject({ step: '1 hour', gaps: 0, sorted: false });
    expect(frame.account.notes).toEqual([expect.stringContaining('an hour comes twice at line 125')]);
  });

  test('in every series, in either order of its rows, and the hour that is left out in spring is no gap', () => {
    const clock = [0, 1, 2, 3].flatMap((day) =>
      Array.from({ length: 24 }, (_, hour) => `2020-06-0${day + 1} ${String(hour).padStart(2, '0')}:00`),
    );
    const changed = clock.flatMap((at) => (at === clock[26] ? [] : at === clock[74] ? [at, at] : [at]));
    const rows = changed.map((at, i) => `${at},${i}`);
    const series = (name: string, lines: string[]) => lines.map((line) => `${name},${line}\n`).join('');
    const text = `s,at,load\n${series('a', [...rows].reverse())}${series('b', rows)}`;
    const frame = understand(parseTable(text, 'x.csv'), { targets: ['load'], group: ['s'] });
    expect(frame.account.time).toMatchObject({ step: '1 hour', gaps: 0, sorted: true });
    expect(frame.account.notes).toEqual([
      'an hour comes twice at line 23, as clocks are put back; rows are taken in their order there',
    ]);
    expect(frame.series.map(({ from, to }) => [...frame.column('load').values.subarray(from, to)])).toEqual(
      Array(2).fill(rows.map((_, i) => i)),
    );
    // In another series of the same table a time that comes twice by day is none of these.
    const slip = `${text}${[10, 11, 12].map((hour) => `c,2020-06-01 ${hour}:00,${hour}\n`).join('')}c,2020-06-01 12:00`;
    const again = understand(parseTable(`${slip},12\n`, 'x.csv'), { targets: ['load'], group: ['s'] });
    expect([again.rows, ...again.account.notes]).toEqual([
      192 + 3,
      ...frame.account.notes,
      '1 row left out: the same as another one (line 197)',
    ]);
    expect(failure(() => understand(parseTable(`${slip},7\n`, 'x.csv'), { targets: ['load'], group: ['s'] }))).toBe(
      'x.csv, line 197, column at: 2020-06-01 12:00 stands in line 196 too; keep one row per time, or aggregate them: --every 1d (or another step)',
    );
    // Where nothing is put back, an hour that is left out is a gap.
    const spring = `s,at,load\n${series(
      'a',
      [...rows].filter((_, i) => i !== 74),
    )}`;
    expect(understand(parseTable(spring, 'x.csv'), { targets: ['load'], drop: ['s'] }).account.time?.gaps).toBe(1);
  });

  test('a time that comes twice with its offset is no clock put back', () => {
    const text = readFileSync('test/fixtures/tables/dst-local.csv', 'utf8');
    for (const offset of ['Z', '+01:00']) {
      const withOffset = text.replace(/^(\d{4}-\S+ \d\d:\d\d)/gm, `$1${offset}`);
      expect(withOffset).toMatch(`2020-10-25 02:00${offset},2`);
      // The row is there twice with one value: one of the two goes, which is said.
      const frame = understand(parseTable(withOffset, 'x.csv'), { targets: ['load'] });
      expect(frame.rows).toBe(240);
      expect(frame.account.notes.join()).not.toMatch('comes twice');
      const other = withOffset.replace(
        `02:00${offset},2\n2020-10-25 02:00${offset},2\n`,
        `02:00${offset},2\n2020-10-25 02:00${offset},3\n`,
      );
      expect(other).not.toBe(withOffset);
      expect(() => understand(parseTable(other, 'x.csv'), { targets: ['load'] })).toThrow(/2020-10-25 02:00/);
    }
  });

  test('24:00 is the next day’s midnight', () => {
    const frame = dst('h24.csv');
    expect(frame.account.time).toMatchObject({ step: '1 hour', gaps: 0, last: '2020-01-10 24:00' });
    expect(labelsAfter(frame.reading.time!, frame.time!.times[22], 2)).toEqual([
      '2020-01-01 24:00',
      '2020-01-02 01:00',
    ]);
  });

  test('midnight that is written in both ways is written as 00:00', () => {
    const both = ['2020-01-01 23:00', '2020-01-01 24:00', '2020-01-02 01:00'];
    const hours = Array.from({ length: 22 }, (_, i) => `2020-01-02 ${String(i + 2).padStart(2, '0')}:00`);
    const { reading, time } = understand(tableOf([...both, ...hours, '2020-01-03 00:00'], 't'), { targets: ['y'] });
    expect(time!.times[1]).toBe(Date.UTC(2020, 0, 2));
    expect(labelsAfter(reading.time!, Date.UTC(2020, 0, 3, 23), 1)).toEqual(['2020-01-04 00:00']);
  });
});

test('weeks start on Monday, months on their first, other steps divide the day', () => {
  const hour = 3_600_000;
  const start = (time: number, count: number) => startOfStep(time, { unit: 'millisecond', count });
  // The third of January 2024 was a Wednesday.
  const time = Date.UTC(2024, 0, 3, 14, 20);
  expect(start(time, 7 * 24 * hour)).toBe(Date.UTC(2024, 0, 1));
  expect(start(time, 14 * 24 * hour)).toBe(Date.UTC(2024, 0, 1));
  expect(start(time, 21 * 24 * hour)).toBe(Date.UTC(2023, 11, 25));
  expect(start(time, 24 * hour)).toBe(Date.UTC(2024, 0, 3));
  expect(start(time, 6 * hour)).toBe(Date.UTC(2024, 0, 3, 12));
  expect(startOfStep(time, { unit: 'month', count: 3 })).toBe(Date.UTC(2024, 0, 1));
  expect(startOfStep(Date.UTC(2023, 10, 9), { unit: 'month', count: 3 })).toBe(Date.UTC(2023, 9, 1));
});

test('parts of a time in columns of their own, in any order and language, are the times they were written from', () => {
  const minute = 60_000;
  const depths = [
    { columns: ['year', 'month'], step: '1 month' },
    { columns: ['Jahr', 'Monat', 'Tag'], step: '1 day', every: 1440 },
    { columns: ['yyyy', 'mm', 'dd', 'hh'], step: '1 hour', every: 60 },
    { columns: ['YEAR', 'MO', 'DY', 'HR', 'MIN'], step: '15 minutes', every: 15 },
  ];
  const start = fc.date({ min: new Date('1990-01-01Z'), max: new Date('2030-01-01Z'), noInvalidDate: true });
  const property = (depth: number, date: Date, order: number[]) => {
    const { columns, step, every } = depths[depth];
    const first = every
      ? Math.floor(date.getTime() / (every * minute)) * every * minute
      : Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    const times = Array.from({ length: 120 }, (_, i) => {
      if (every) return first + i * every * minute;
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + i);
    });
    const parts = times.map((time) => {
      const [day, clock] = new Date(time).toISOString().split('T');
      return [...day.split('-'), ...clock.split(':')].slice(0, columns.length).map(Number);
    });
    const header = order.filter((column) => column < columns.length);
    const cells = header.map((column) => parts.map((row) => String(row[column])));
    const table = new Table({
      name: 't.csv',
      header: [...header.map((column) => columns[column]), 'y'],
      cells: [...cells, times.map((_, i) => `${i}.5`)],
      lines: times.length,
    });
    const frame = understand(table, { targets: ['y'] });
    expect(frame.account.time).toMatchObject({ columns, step, gaps: 0 });
    expect(Array.from(frame.time?.times ?? [])).toEqual(times);
  };
  fc.assert(
    fc.property(fc.nat(depths.length - 1), start, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), property),
    { numRuns: 40 },
  );
});

test.each('de fr es it pt nl pl sv da nb fi cs sk hu ro hr tr el ru uk'.split(' '))(
  'months in the language %s',
  (language) => {
    const name = new Intl.DateTimeFormat(language, { month: 'long', timeZone: 'UTC' });
    const cells = Array.from(
      { length: 18 },
      (_, i) => `${name.format(Date.UTC(2019, i, 1))} ${2019 + Math.floor(i / 12)}`,
    );
    const { step, next } = following(cells, 1);
    expect(step).toBe('1 month');
    expect(next[0].toLowerCase()).toBe(`${name.format(Date.UTC(2020, 6, 1))} 2020`.toLowerCase());
  },
);

test('one row has the offset that is written in it, a space around a time says nothing, and no step no times that follow', () => {
  const { reading, time } = understand(tableOf(['2020-01-01 00:00+01:00']), { targets: ['y'] });
  expect(reading.time).toEqual({ columns: ['when'], notation: 'yyyy-MM-dd HH:mmXXX', offset: 60 });
  expect(Array.from(time!.times)).toEqual([Date.UTC(2019, 11, 31, 23)]);
  expect(readTime(reading.time!, ' 2020-01-01 00:00+01:00\n')).toBe(time!.times[0]);
  expect(labelsAfter(reading.time!, time!.times[0], 2)).toEqual([]);
});

test('where days begin by the clock in either offset, a time is read as what the clock shows', () => {
  const cells = [
    '2020-03-28 00:00+01:00',
    '2020-03-29 00:00+01:00',
    '2020-03-30 00:00+02:00',
    '2020-03-31 00:00+02:00',
  ];
  const { reading, time } = understand(tableOf(cells), { targets: ['y'] });
  expect(reading.time).toMatchObject({ wall: true, offset: 120, step: { unit: 'millisecond', count: 86_400_000 } });
  expect(Array.from(time!.times)).toEqual([28, 29, 30, 31].map((date) => Date.UTC(2020, 2, date)));
  expect(cells.map((cell) => readTime(reading.time!, cell))).toEqual(Array.from(time!.times));
});
