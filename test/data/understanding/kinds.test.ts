import { describe, expect, test } from '@jest/globals';
import type { Frame } from '../../../src/data/frame.js';
import { tableOfColumns } from '../../../src/data/inCode.js';
import { parseTable } from '../../../src/data/read.js';
import { openSource } from '../../../src/data/source.js';
import { labelsAfter, type UnderstandOptions, understand } from '../../../src/data/understanding/understand.js';
import { csv, days, failure, next, told, values } from './frames.js';

/** Inputs as programs and people write them, one line each: what is read of them. */
const targets: UnderstandOptions = { targets: ['y'] };
const quoted = (cell: string) => (/[,"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const column = (name: string, cells: readonly string[], more = '') =>
  csv(`${name},y${more}\n${cells.map((cell, i) => `${quoted(cell)},${(i * 37) % 11}`).join('\n')}\n`, targets);

describe('times', () => {
  test.each<[string, string, string, string]>([
    ['1. 1. 2023|2. 1. 2023|3. 1. 2023', 'date', '1 day', '4. 1. 2023'],
    ['2023. 1. 9.|2023. 1. 10.|2023. 1. 11.', 'date', '1 day', '2023. 1. 12.'],
    ['1er janvier 2023|2 janvier 2023|3 janvier 2023', 'date', '1 day', '4 janvier 2023'],
    ['30th June 2023|1st July 2023|2nd July 2023', 'date', '1 day', '3rd July 2023'],
    ['June 10th, 2023|June 11th, 2023|June 12th, 2023', 'date', '1 day', 'June 13th, 2023'],
    ['31012023|01022023|02022023', 'date', '1 day', '03022023'],
    ['2023-01-01Z|2023-01-02Z|2023-01-03Z', 'date', '1 day', '2023-01-04Z'],
    ['01.2020|02.2020|03.2020', 'Monat', '1 month', '04.2020'],
    ['2020m9|2020m10|2020m11', 'date', '1 month', '2020m12'],
    ['2020:01|2020:02|2020:03', 'date', '1 month', '2020:04'],
    ['Jan.20|Feb.20|Mrz.20', 'Monat', '1 month', 'Apr.20'],
    ['11-19|12-19|01-20', 'month', '1 month', '02-20'],
    ['FY2020-P11|FY2020-P12|FY2021-P01', 'period', '1 month', 'FY2021-P02'],
    ['2010q3|2010q4|2011q1', 'date', '1 quarter', '2011q2'],
    ["Q3 '10|Q4 '10|Q1 '11", 'date', '1 quarter', "Q2 '11"],
    ['3. Quartal 2010|4. Quartal 2010|1. Quartal 2011', 'Quartal', '1 quarter', '2. Quartal 2011'],
    ['2010-T3|2010-T4|2011-T1', 'date', '1 quarter', '2011-T2'],
    ['FY10Q3|FY10Q4|FY11Q1', 'date', '1 quarter', 'FY11Q2'],
    ['201003|201004|201101', 'quarter', '1 quarter', '201102'],
    ['20103|20104|20111', 'quarter', '1 quarter', '20112'],
    ['Jul-Sep 2010|Oct-Dec 2010|Jan-Mar 2011', 'date', '1 quarter', 'Apr-Jun 2011'],
    ['Oct-Dec 2010|Nov-Jan 2011|Dec-Feb 2011|Jan-Mar 2011', 'date', '1 month', 'Feb-Apr 2011'],
    ['2010 juil.-sept.|2010 oct.-déc.|2011 janv.-mars', 'date', '1 quarter', '2011 avr.-juin'],
    ['2010H1|2010H2|2011H1', 'date', '2 quarters', '2011H2'],
    ['FY2018|FY2019|FY2020', 'year', '1 year', 'FY2021'],
    ['2018/19|2019/20|2020/21', 'season', '1 year', '2021/22'],
    ['1998-1999|1999-2000|2000-2001', 'season', '1 year', '2001-2002'],
    ['2022-W51|2022-W52|2023-W1', 'date', '1 week', '2023-W2'],
    ['2022 W51|2022 W52|2023 W1', 'date', '1 week', '2023 W2'],
    ['2022/W9|2022/W10|2022/W11', 'date', '1 week', '2022/W12'],
    ['2022W9|2022W10|2022W11', 'date', '1 week', '2022W12'],
    ['2022 W09|2022 W10|2022 W11', 'date', '1 week', '2022 W12'],
    ['W9 2022|W10 2022|W11 2022', 'date', '1 week', 'W12 2022'],
    ['W9-2022|W10-2022|W11-2022', 'date', '1 week', 'W12-2022'],
    ['Week 9, 2023|Week 10, 2023|Week 11, 2023', 'date', '1 week', 'Week 12, 2023'],
    ['KW 9 2023|KW 10 2023|KW 11 2023', 'Woche', '1 week', 'KW 12 2023'],
    ['2023-KW09|2023-KW10|2023-KW11', 'Woche', '1 week', '2023-KW12'],
    ['9. KW 2023|10. KW 2023|11. KW 2023', 'Woche', '1 week', '12. KW 2023'],
    ['S09 2023|S10 2023|S11 2023', 'semaine', '1 week', 'S12 2023'],
    ['202251|202252|202301', 'week', '1 week', '202302'],
    ['51/2022|52/2022|01/2023', 'week', '1 week', '02/2023'],
    ['10:00|10:15|10:30', 'time', '15 minutes', '10:45'],
    ['2020-01-01 22:00 EST|2020-01-01 23:00 EST|2020-01-02 00:00 EST', 'date', '1 hour', '2020-01-02 01:00 EST'],
  ])('%s', (cells, name, step, after) => {
    const frame = column(name, cells.split('|'));
    expect(frame.account.time?.step).toBe(step);
    expect(next(frame, 1)).toEqual([after]);
  });

  test.each<[string, string, string]>([
    ['01.01.2023 00:00 - 01.01.2023 01:00|01.01.2023 01:00 - 01.01.2023 02:00', '1 hour', '01.01.2023 02:00'],
    ['2023-01-01 00:00 - 00:30|2023-01-01 00:30 - 01:00', '30 minutes', '2023-01-01 01:00'],
    ['2022-01-03/2022-01-09|2022-01-10/2022-01-16', '1 week', '2022-01-17'],
    ['2022-01-03 to 2022-01-09|2022-01-10 to 2022-01-16', '1 week', '2022-01-17'],
  ])('from one time to another: %s', (cells, step, after) => {
    const frame = column('week', cells.split('|'));
    expect(frame.account.time?.step).toBe(step);
    expect(next(frame, 1)).toEqual([after]);
    expect(frame.account.notes).toContain('week: each cell holds two times, of which the first counts');
  });

  test.each<[string, (i: number) => string, string]>([
    ['year,week', (i) => `${2020 + Math.floor((i + 50) / 53)},${((i + 50) % 53) + 1}`, '1 week'],
    ['Jahr,KW', (i) => `2020,KW ${i + 1}`, '1 week'],
    ['YEAR,DOY', (i) => `2020,${i + 1}`, '1 day'],
    ['OprDate,HE', (i) => `2023-01-0${1 + Math.floor(i / 24)},${(i % 24) + 1}`, '1 hour'],
    ['Datum,von,bis', (i) => `0${1 + Math.floor(i / 24)}.01.2023,${i % 24}:00,${(i + 1) % 24}:00`, '1 hour'],
  ])('columns that make it together: %s', (header, cells, step) => {
    const rows = Array.from({ length: 48 }, (_, i) => `${cells(i)},${(i * 37) % 11}`);
    const frame = csv(`${header},y\n${rows.join('\n')}`, targets);
    expect(frame.account.time).toMatchObject({ columns: header.split(',').slice(0, 2), step, gaps: 0 });
    expect(frame.columns.some(({ use }) => use === 'feature')).toBe(false);
    expect(labelsAfter(frame.reading.time!, frame.time!.times[47], 1)).toHaveLength(1);
  });

  test.each<[string, string, number, string]>([
    ['SETTLEMENT_DATE,SETTLEMENT_PERIOD', '2020-03-28', 46, '2020-03-31 1'],
    ['SETTLEMENT_DATE,SETTLEMENT_PERIOD', '2020-10-24', 50, '2020-10-27 1'],
    ['Trading_date,Trading_period', '2020-04-04', 50, '2020-04-07 1'],
    ['date,period', '2020-10-24', 48, '2020-10-27 1'],
  ])('half hours of a day, 46 or 50 where clocks change: %s from %s', (header, first, second, after) => {
    const day = (i: number) => new Date(Date.parse(first) + i * 86_400_000).toISOString().slice(0, 10);
    const rows = [48, second, 48].flatMap((count, i) =>
      Array.from({ length: count }, (_, period) => `${day(i)},${period + 1},${(period * 37) % 11}`),
    );
    const frame = csv(`${header},y\n${rows.join('\n')}`, targets);
    const told = {
      columns: header.split(','),
      notation: 'yyyy-MM-dd half-hour',
      step: '30 minutes',
      season: 48,
      gaps: 0,
    };
    expect(frame.account.time).toMatchObject(told);
    expect(frame.rows).toBe(96 + second);
    expect(next(frame, 1)).toEqual([after]);
    // From the first day on, the second is labelled as it is written.
    const { cells } = frame.column(header.split(',')[1]);
    expect(labelsAfter(frame.reading.time!, frame.time!.times[47], second).map((label) => label.split(' ')[1])).toEqual(
      cells.slice(48, 48 + second),
    );
  });

  test('a zone of three letters tells the instant, one that is not known leaves no time', () => {
    const of = (zone: string) => column('date', [`2020-01-01 22:00 ${zone}`, `2020-01-01 23:00 ${zone}`]);
    const { reading, time } = of('EST');
    expect(reading.time).toMatchObject({ notation: 'yyyy-MM-dd HH:mm z', zone: 'EST', offset: -300 });
    expect(time!.times[0]).toBe(Date.UTC(2020, 0, 2, 3));
    expect(of('XYZ').time).toBeUndefined();
  });

  test('half hours that are named as the time are read as those that are found', () => {
    const rows = days(2).flatMap((day) => Array.from({ length: 48 }, (_, i) => `${day},${i + 1},${(i * 37) % 11}`));
    const text = `date,Settlement Period,y\n${rows.join('\n')}`;
    const found = csv(text, targets);
    const named = csv(text, { ...targets, time: ['date', 'Settlement Period'] });
    expect(named.reading.time).toEqual(found.reading.time);
    expect(named.account.time).toMatchObject({ notation: 'yyyy-MM-dd half-hour', step: '30 minutes', gaps: 0 });
    expect(named.account.notes).toEqual([]);
    expect(found.account.notes).toEqual(['the columns date and Settlement Period make the time together']);
    // None beyond 24, or none of a day: no half hours.
    const hours = rows.filter((row) => Number(row.split(',')[1]) <= 24);
    expect(
      csv(`date,period,y\n${hours.join('\n')}`, { ...targets, time: ['date', 'period'] }).reading.time?.notation,
    ).toBe('yyyy-MM-dd H');
    const users = Array.from({ length: 30 }, (_, i) => `u${i},${i + 1},${i % 7}`);
    expect(failure(() => csv(`user,period,y\n${users.join('\n')}`, { ...targets, time: ['user', 'period'] }))).toBe(
      "t.csv, line 2, column user and period: 'u0 1' is not a time that can be read; write times as 2012-01-31 or 2012-01-31 12:00",
    );
  });

  test.each([',3', '2020,'])('a week without its year, or a year without its week, is no time: %s', (third) => {
    const weeks = ['2020,1', '2020,2', third, '2020,4', '2020,5'];
    const frame = csv(`year,week,y\n${weeks.map((week, i) => `${week},${i}`).join('\n')}`, targets);
    expect(frame.account.time).toMatchObject({ columns: ['year', 'week'], step: '1 week', gaps: 1 });
    expect(frame.account.notes.slice(1)).toEqual([
      '1 row left out: no time (line 4)',
      '1 time is missing and filled in, the first after line 3 (2020-W02)',
    ]);
    expect(values(frame, 'y')).toEqual([0, 1, 2, 3, 4]);
  });

  test('hours as numbers beside a date make the time with it, others than whole ones from 0 to 24 do not', async () => {
    const date = days(2).flatMap((day) => Array.from({ length: 24 }, () => day));
    const y = Float64Array.from(date, (_, i) => (i * 37) % 11);
    const of = async (hour: (i: number) => number) =>
      tableOfColumns({ date, hour: Float64Array.from(date, (_, i) => hour(i % 24)), y }, 't');
    for (const first of [0, 1]) {
      const { reading, account } = understand(await of((i) => i + first), targets);
      expect(reading.time).toMatchObject({ columns: ['date', 'hour'], notation: 'yyyy-MM-dd H' });
      expect(account.time).toMatchObject({ step: '1 hour', gaps: 0 });
    }
    for (const hour of [(i: number) => i - 1, (i: number) => i + 2, (i: number) => i / 2]) {
      const table = await of(hour);
      expect(failure(() => understand(table, targets))).toMatch(/^t, row 2, column date: 2020-01-01 stands in /);
    }
  });

  test('whole numbers up to 48 beside a date are half hours by their name only', () => {
    const rows = days(2).flatMap((day) => Array.from({ length: 48 }, (_, i) => `${day},${i + 1},${(i * 37) % 11}`));
    const table = (name: string) => `date,${name},y\n${rows.join('\n')}`;
    expect(csv(table('period'), targets).account.time?.columns).toEqual(['date', 'period']);
    expect(failure(() => csv(table('units'), targets))).toContain('2020-01-01 stands in another row too');
  });

  test('days without Sundays are a calendar of their own, whose holidays are no gaps', () => {
    const open = days(60).filter((day) => new Date(day).getUTCDay() !== 0 && day !== '2020-01-06');
    const frame = column('date', open.slice(0, 40));
    expect(frame.account.time).toMatchObject({ step: '1 day without Sundays', season: 6, gaps: 0 });
    expect(next(frame, 3)).toEqual(open.slice(40, 43));
    // Two Sundays that are missing may be two slips.
    expect(column('date', open.slice(0, 14)).account.time).toMatchObject({ step: '1 day', season: 7 });
  });

  test('seasons and other weak notations are times only where the name says so, and what is unread is told', () => {
    const ages = column('age', ['10-11', '11-12', '12-13', '10-11']);
    expect(ages.time).toBeUndefined();
    expect(column('date', ['X1-a', 'X2-b', 'X3-c']).account.notes).toEqual([
      "t.csv, line 2, column date: 'X1-a' is not read as a time, so rows count as consecutive; write times as 2012-01-31 or 2012-01-31 12:00",
    ]);
  });
});

/** A column of numbers, rows separated by bars. */
function numbers(cells: string, separator = ';'): Frame {
  const rows = cells.split('|').map((cell, i) => `${days(9)[i]}${separator}"${cell.replaceAll('"', '""')}"`);
  return csv(`date${separator}y\n${rows.join('\n')}`, targets);
}

describe('numbers', () => {
  test.each<[string, number[], string]>([
    [' $ 1,234.50 | $ (987.00)| $ -   ', [1234.5, -987, 0], 'number, thousands 1,000, in $'],
    ['1.234,50 €|-987,00 €|-   €', [1234.5, -987, 0], 'number, decimal comma, thousands 1.000, in €'],
    ["CHF 1'234.50|CHF 12.–|CHF 3.-", [1234.5, 12, 3], "number, thousands 1'000, in CHF"],
    ['$1.2M|$850K|$2B', [1.2e6, 850e3, 2e9], 'number, times B, K, M'],
    ['1,2 Mio. €|850 Tsd. €|2 Mrd. €', [1.2e6, 850e3, 2e9], 'number, decimal comma, times Mio., Mrd., Tsd.'],
    ['1,2 Mio. €|0,8 Mio. €|2 Mio. €', [1.2, 0.8, 2], 'number, decimal comma, in Mio.'],
    ["'12.5|'3|'-4", [12.5, 3, -4], 'number'],
    ['="12.5"|="3"|="-4"', [12.5, 3, -4], 'number'],
    ['１２３|９９|１', [123, 99, 1], 'number'],
  ])('%s', (cells, expected, how) => {
    const frame = numbers(cells);
    expect(values(frame, 'y')).toEqual(expected);
    expect(told(frame, 'y')).toMatchObject({ how });
    expect(frame.account.notes).toEqual([]);
  });

  test('letters and stars that say something of a number are not read, and told', () => {
    expect(values(numbers('123.4|124.1 p|130.0 e|99*'), 'y')).toEqual([123.4, 124.1, 130, 99]);
    expect(numbers('123.4|124.1 p|130.0 e|99*').account.notes).toEqual([
      'y: what stands behind numbers (*, e, p) is not read',
    ]);
  });

  test.each(
    '#NV|#N/D|#WERT!|#VALEUR!|#NUM!|\\N|k.A.|keine Angabe|n.a.|not available|(null)|<null>|undefined|unknown|unavailable|No Data|nd|***|#####|-nan(ind)|1.#QNAN'.split(
      '|',
    ),
  )('%s is missing among numbers', (mark) => {
    const frame = numbers(`1|2|${mark}|4`);
    expect(values(frame, 'y')).toEqual([1, 2, 3, 4]);
    expect(told(frame, 'y')).toMatchObject({ missing: 1 });
  });

  test('marks that are given come to the usual ones', () => {
    const text = 'x,y\n1,1\n-999,2\nNA,3\n,4\nunknown,5\nmis,6\n7,7\n';
    const frame = understand(parseTable(text, 'x.csv'), { targets: ['y'], missing: ['-999', 'mis'] });
    expect(told(frame, 'x')).toMatchObject({ how: 'number', missing: 5 });
    expect(values(frame, 'x')).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('words that multiply', () => {
  const words = { K: 3, k: 3, M: 6, B: 9, T: 12, mn: 6, bn: 9, thousand: 3, million: 6, billion: 9 };
  const german = { 'Tsd.': 3, Tsd: 3, 'Mio.': 6, Mio: 6, 'Mrd.': 9, Mrd: 9 };
  test.each(Object.entries({ ...words, ...german }))('%s beside another is 10 to the power %i', (word, power) => {
    const other = word === 'Mrd.' ? 'Mio.' : 'Mrd.';
    const read = values(numbers(`1.5 ${word}|2 ${other}|3 ${word}`), 'y');
    [1.5 * 10 ** power, 2 * 10 ** (other === 'Mrd.' ? 9 : 6), 3 * 10 ** power].forEach((value, i) => {
      expect(read[i] / value).toBeCloseTo(1, 12);
    });
  });
});

describe('yes and no, and names', () => {
  const flag = (cells: string) => {
    const list = cells.split('|');
    const rows = days(30).map((day, i) => `${day},${list[i % list.length]},${(i * 37) % 11}`);
    return csv(`date,f,y\n${rows.join('\n')}`, targets);
  };
  test.each(['nein|ja', 'N|J', 'inaktiv|aktiv', 'ne|ano', 'falso|vero', 'nie|tak', 'hayır|evet', '✗|✓'])(
    '%s',
    (pair) => {
      const [zero, one] = pair.split('|');
      for (const cells of [pair, `${one}|${zero}`]) {
        expect(told(flag(cells), 'f')).toMatchObject({ use: 'feature', how: `0/1 (${zero}, ${one})` });
      }
    },
  );

  test.each(['x', 'yes', 'TRUE', '1', 'Christmas'])('%s beside empty cells is a mark', (mark) => {
    const frame = flag(`|${mark}|`);
    expect(told(frame, 'f')).toMatchObject({ use: 'feature', how: `0/1 (empty, ${mark})` });
    expect(values(frame, 'f').slice(0, 4)).toEqual([0, 1, 0, 0]);
    const none = csv(`date,f,y\n2023-02-01,,1\n2023-02-02,,2`, { like: frame.reading });
    expect(values(none, 'f')).toEqual([0, 0]);
  });

  test('a text that is there in most rows is no mark', () => {
    expect(told(flag('Bern|Bern|'), 'f')).toMatchObject({ use: 'out', why: 'every cell that is not empty is Bern' });
  });

  test('texts that differ in case only are one, and that is told', () => {
    const frame = flag('Yes|yes|No|no |YES|Yes');
    expect(told(frame, 'f')).toMatchObject({ how: '0/1 (no, Yes)' });
    expect(frame.account.notes).toEqual(['f: count as the same: Yes, yes, YES; no, No']);
    const blanks = csv('f,y\n"yes ",1\nyes,2\nno,3\n', targets);
    expect(told(blanks, 'f')).toMatchObject({ how: '0/1 (no, yes)' });
    expect(values(blanks, 'f')).toEqual([1, 1, 0]);
    const marked = flag('x|X||||');
    expect(marked.account.notes).toEqual(['f: count as the same: x, X']);
    expect(values(marked, 'f').slice(0, 6)).toEqual([1, 1, 0, 0, 0, 0]);
    const sky = flag('sun|Sun|rain|fog');
    expect(sky.column('f').reading).toEqual({ kind: 'category', values: ['fog', 'rain', 'sun'] });
    expect(values(csv('date,f,y\n2023-02-01,SUN,1', { like: sky.reading }), 'f')).toEqual([2]);
  });
});

const lines = (n = 8, from = 0) =>
  days(n + from)
    .slice(from)
    .map((day, i) => `${day},${((i + from) * 37) % 11}`);
const body = lines().join('\n');

describe('files of separated values', () => {
  test.each<[string, string, RegExp | undefined]>([
    ['a preamble of the same width', `Station,Bern\nLatitude,46.9\n\ndate,y\n${body}`, /skipped 2 lines before/],
    ['a line of units', `date,y\nyyyy-mm-dd,degC\n${body}`, /skipped the line below the header: yyyy-mm-dd,degC/],
    ['units in brackets', `date,y\n[-],[°C]\n${body}`, /skipped the line below the header/],
    ['the header twice', `date,y\ndate,y\n${body}`, /below the header|the header again/],
    ['files one after the other', `date,y\n${body}\ndate,y\n${lines(4, 8).join('\n')}`, /line 10, the header again/],
    ['levels of names', `Price,y\nTicker,A\ndate,\n${body}`, /skipped the 2 lines below the header: Ticker,A \/ date,/],
    [
      'names of levels',
      `,y,y\n,min,max\ndate,,\n${lines()
        .map((line) => `${line},5`)
        .join('\n')}`,
      /skipped the 2 lines/,
    ],
    ['Markdown', `| date | y |\n|---|---|\n| ${lines().join(' |\n| ').replaceAll(',', ' | ')} |`, /below the header/],
    ['a database', ` date | y\n------+----\n ${body.replaceAll(',', ' | ')}\n(8 rows)\n`, /no row: '\(8 rows\)'/],
    [
      'rules',
      `+---+---+\n| date | y |\n+---+---+\n${lines()
        .map((line) => `| ${line.replace(',', ' | ')} |`)
        .join('\n')}\n+---+---+`,
      /skipped 1 line before/,
    ],
    [
      'a comment between rows',
      `date,y\n${body}\n# sensor replaced\n${lines(4, 8).join('\n')}`,
      /left out line 10, a comment/,
    ],
    ['several footers', `date,y\n${body}\nAverage,5\nMax,9\nMin,0\n`, /3 rows left out: a total or the like/],
    [
      'quotes behind backslashes',
      `date,memo,y\n${lines()
        .map((line) => line.replace(',', ',"a \\"b\\" c",'))
        .join('\n')}`,
      undefined,
    ],
  ])('%s', (_, text, note) => {
    const frame = csv(text, text.includes(',max') ? { targets: ['y min'] } : targets);
    expect(frame.account.time).toMatchObject({ columns: ['date'], step: '1 day', first: '2020-01-01' });
    expect(values(frame, text.includes(',max') ? 'y min' : 'y').slice(0, 8)).toEqual([0, 4, 8, 1, 5, 9, 2, 6]);
    if (note === undefined) expect(frame.account.notes).toEqual([]);
    else expect(frame.account.notes).toContainEqual(expect.stringMatching(note));
  });

  test('two tables in one file are not one with a preamble, and one slip is no line of units', () => {
    expect(failure(() => csv(`date,y\n${body}\n\nday,z\n${body}`, targets))).toContain("'day' is not a time");
    expect(failure(() => csv('x,y\nfour,1\n2,3\n3,4\n4,5\n5,6', targets))).toContain("'four' is not a number");
  });

  test('Windows-1252 has a euro sign', async () => {
    const bytes = Buffer.from(
      `day;y\n${days(4)
        .map((day) => `${day};3,5 \x80`)
        .join('\n')}`,
      'latin1',
    );
    const frame = understand(await openSource({ name: 't.csv', bytes }).table(), targets);
    expect(told(frame, 'y')).toMatchObject({ how: 'number, decimal comma, in €' });
  });
});

describe('series', () => {
  const stores = (names: readonly string[], cells = '') =>
    csv(
      `date,store,y\n${days(12)
        .map((day, i) => `${day},${names[i % names.length]},${i}\n${day},Z,${i}`)
        .join('\n')}\n${cells}`,
      { targets: ['y'], group: ['store'] },
    );
  test('names that differ in case only, or as 1 and 1.0 do, are one series, which is told', () => {
    const frame = stores(['North', 'north', 'North']);
    expect(frame.series).toMatchObject([{ name: 'North' }, { name: 'Z' }]);
    expect(frame.account).toMatchObject({ time: { step: '1 day' }, notes: ['store: count as the same: North, north'] });
    expect(stores(['1', '1.0']).series.map(({ name }) => name)).toEqual(['1', 'Z']);
    expect(stores(['01', '1']).series.map(({ name }) => name)).toEqual(['01', '1', 'Z']);
  });

  test.each([
    ['Country', '2000,2001,2002,2003,2004', '2004', '--group Country'],
    ['Year', 'Jan,Feb,Mar,Apr,May', 'May', 'into name month value value'],
    ['item', '2020-01,2020-02,2020-03,2020-04', '2020-02', '--forecast value --group item'],
  ])('a series in each row is told, with how to turn the table: %s', (first, header, target, remedy) => {
    const cells = header.split(',').map((_, i) => i * i);
    const rows = [1, 2, 3, 4].map((row) => [
      first === 'Year' ? 2000 + row : `c${row}`,
      ...cells.map((cell) => cell + row),
    ]);
    const text = `${first},${header}\n${rows.map((row) => row.join(',')).join('\n')}`;
    const note = csv(text, { targets: [target] }).account.notes.find((one) => one.includes('unpivot'));
    expect(note).toContain(remedy);
    expect(csv(text, { label: target, timeless: true }).account.notes.join()).not.toContain('unpivot');
  });

  test('three columns named as times are no series in each row', () => {
    const rows = [1, 2, 3, 4].map((row) => `c${row},${row},${2 * row},${3 * row}`);
    const frame = csv(`Country,2000,2001,2002\n${rows.join('\n')}`, { targets: ['2002'] });
    expect(frame.account.notes.join()).not.toContain('unpivot');
  });
});

describe('JSON', () => {
  const rows = days(8).map((date, i) => ({ date, y: (i * 37) % 11 }));
  const keyed = Object.fromEntries(rows.map(({ date, y }) => [date, { y, other: 1 - y }]));
  test.each<[string, unknown, string]>([
    ['rows under numbers', { ...rows }, 'date'],
    ['rows under dates', keyed, 'index'],
    ['rows under dates under a key', { meta: { symbol: 'X' }, daily: keyed }, 'index'],
    ['values under dates', { y: Object.fromEntries(rows.map(({ date, y }) => [date, y])) }, 'index'],
    [
      'values under times since 1970',
      { y: Object.fromEntries(rows.map(({ date, y }) => [Date.parse(date), y])) },
      'index',
    ],
    ['a header before the rows', [{ page: 1 }, rows], 'date'],
  ])('%s', (_, value, time) => {
    const frame = understand(parseTable(JSON.stringify(value), 't.json'), targets);
    expect(frame.account.time).toMatchObject({ columns: [time], step: '1 day' });
    expect(values(frame, 'y')).toEqual(rows.map(({ y }) => y));
  });

  test('numbers that mark what is missing are no targets of rows to come', () => {
    const promo = rows.map(({ date, y }, i) => ({ date, y: i < 6 ? y : -999, promo: i % 2 }));
    const options = { ...targets, known: ['promo'], missing: ['-999'] };
    const frame = understand(parseTable(JSON.stringify(promo), 't.json'), options);
    expect(frame.rows).toBe(6);
  });

  test('single values under dates', () => {
    const text = JSON.stringify(Object.fromEntries(rows.map(({ date, y }) => [date, y])));
    const frame = understand(parseTable(text, 't.json'), { targets: ['value'] });
    expect(values(frame, 'value')).toEqual(rows.map(({ y }) => y));
    expect(frame.account.notes).toEqual(['the keys of the rows are the column index']);
  });
});

describe('columns of dates and numbers from code', () => {
  const n = 6;
  const dates = (step: number) => Array.from({ length: n }, (_, i) => new Date(Date.UTC(2020, 0, 1) + i * step));
  const [when, other] = [dates(86_400_000), dates(300_000)];
  const y = Float64Array.from(when, (_, i) => (i * 37) % 11);
  const gone = new Float64Array(n).fill(Number.NaN);

  test('dates named as the time are read as those that are found', async () => {
    const table = await tableOfColumns({ when, y }, 't');
    const [found, named] = [understand(table, targets), understand(table, { ...targets, time: ['when'] })];
    expect(named.account).toEqual(found.account);
    expect(Array.from(named.time!.times)).toEqual(when.map(Number));
  });

  test('a second column of dates is left out, asked for or not, and is no target', async () => {
    const table = await tableOfColumns({ when, other, y }, 't');
    expect(told(understand(table, targets), 'other')?.why).toBe('a time as well; the time is when');
    expect(told(understand(table, { ...targets, features: ['other'] }), 'other')?.why).toBe('a time');
    expect(failure(() => understand(table, { targets: ['other'] }))).toBe(
      "t, row 1, column other: '2020-01-01T00:00:00Z' is not a number; the column holds text; choose one that holds numbers",
    );
  });

  test('numbers that are all missing are left out, asked for or not, and are no target', async () => {
    const table = await tableOfColumns({ when, gone, y }, 't');
    for (const options of [targets, { ...targets, features: ['gone'] }]) {
      expect(told(understand(table, options), 'gone')?.why).toBe('every cell is missing');
    }
    expect(failure(() => understand(table, { targets: ['gone'] }))).toBe(
      't: every value of column gone is missing; choose another column',
    );
  });
});
