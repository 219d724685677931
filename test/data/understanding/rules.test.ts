/** What becomes of single cells, rows and steps: a small table for each rule, with every value or the whole message. */
import { describe, expect, test } from '@jest/globals';
import type { ColumnReading } from '../../../src/data/frame.js';
import { Table } from '../../../src/data/table.js';
import { isNamedTime } from '../../../src/data/understanding/chooseTime.js';
import { aggregateOf } from '../../../src/data/understanding/resample.js';
import { naturally } from '../../../src/data/understanding/series.js';
import { type UnderstandOptions, understand } from '../../../src/data/understanding/understand.js';
import { csv, days, failure, told, values } from './frames.js';

const y: UnderstandOptions = { targets: ['y'] };
const like = (text: string, options = y) => ({ like: csv(text, options).reading });
/** Rows of one column, or of several, and a target. */
const rows = (header: string, ...cells: string[]) =>
  `${header},y\n${cells.map((cell, i) => `${cell},${(i * 7) % 5}`).join('\n')}\n`;
/** Minutes after the beginning of 2020. */
const at = (minutes: number) => new Date(Date.UTC(2020, 0, 1, 0, minutes)).toISOString().slice(0, 16).replace('T', ' ');

describe('what is missing is filled', () => {
  test('by the time between irregular rows', () => {
    const cells = ['1', '', '7', '', '3', '4'];
    const text = [0, 10, 60, 67, 240, 241].map((minutes, i) => `${at(minutes)},${cells[i]}`).join('\n');
    const filled = values(csv(`at,y\n${text}`, y), 'y');
    [1, 2, 7, 7 - (4 * 7) / 180, 3, 4].forEach((value, i) => {
      expect(filled[i]).toBeCloseTo(value, 12);
    });
  });

  test('in series without any value by the median of the others, or the more frequent, of two the lower', () => {
    const series = {
      a: ['yes,1.5', 'no,2.5', ',4'],
      b: [',', ',', ','],
      c: ['yes,', 'no,', ','],
    };
    const text = Object.entries(series).flatMap(([name, cells]) =>
      cells.map((cell, i) => `2020-01-0${i + 1},${name},${cell},${i * i}`),
    );
    const frame = csv(`date,s,f,p,y\n${text.join('\n')}`, { targets: ['y'], group: ['s'] });
    expect(values(frame, 'f')).toEqual([1, 0, 0, 0, 0, 0, 1, 0, 0]);
    expect(values(frame, 'p')).toEqual([1.5, 2.5, 4, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5]);
    expect(frame.account.notes).toEqual([
      'f: 1 series without any value has that of the others (0)',
      'p: 2 series without any value have that of the others (2.5)',
    ]);
  });

  test('in single rows by the more frequent, and by what is there where a model has no median', () => {
    const label: UnderstandOptions = { label: 'kind', timeless: true };
    const frame = csv('f,x,kind\nno,1,u\nyes,2,v\n,4,u\nyes,5,v\nno,7,u\n', label);
    expect([values(frame, 'f')[2], told(frame, 'f')?.filled]).toEqual([0, '0']);
    // As in training, not as among the rows at hand; a model that does not know takes those.
    const { middle: _, ...unknowing } = frame.reading.columns[0].reading as { middle?: number };
    const older = {
      ...frame.reading,
      columns: frame.reading.columns.with(0, { name: 'f', use: 'feature', reading: unknowing as ColumnReading }),
    };
    for (const [like, filled] of [
      [frame.reading, 0],
      [older, 1],
    ] as const) {
      const other = csv('f,x\nyes,1\n,4\nyes,5\n', { like, timeless: true });
      expect([...values(other, 'f')]).toEqual([1, filled, 1]);
      expect(told(other, 'f')?.filled).toBe(`${filled}`);
      expect(other.reading.columns[0].reading).toEqual(like.columns[0].reading);
    }
    const { reading } = csv('x,kind\n1,u\n2,v\n4,u\n', { ...label, fill: 'leave' });
    for (const [cells, filled] of [
      ['\nNA', [0, 0]],
      ['8\n\n4', [8, 6, 4]],
    ] as const) {
      const other = csv(`x,z\n${cells.replaceAll('\n', ',1\n')},1\n`, {
        like: { ...reading, fill: 'linear' },
        timeless: true,
      });
      expect(values(other, 'x')).toEqual(filled);
      expect(told(other, 'x')?.filled).toBe(`the median, ${filled.length === 2 ? 0 : 6}`);
      expect(other.reading.columns[0].reading).toEqual({ kind: 'number', decimal: '.' });
    }
  });
});

describe('what is refused, with its place and its remedy', () => {
  const dated = 'date,s,x,y\n2020-01-01,a,1,2\n2020-01-02,a,2,3\n2020-01-03,a,3,5\n';
  const offset = (hours: number[]) => rows('at', ...hours.map((hour) => `2020-01-01T0${hour}:00+02:00`));
  const hourly = like(rows('at', ...[0, 1, 2, 3].map((hour) => at(60 * hour))));
  const open = days(40).filter((day) => new Date(day).getUTCDay() !== 0);
  test.each<[string, UnderstandOptions, string]>([
    // Columns.
    [
      'day,when,y\nb,2020-01-02,1\na,2020-01-01,2\n',
      { targets: ['when'] },
      "t.csv, line 2, column when: '2020-01-02' is not a number; the column holds times; choose one that holds numbers",
    ],
    [
      'date,w,y\n2020-01-02,sun,1\n2020-01-01,rain,2\n',
      { targets: ['w'] },
      "t.csv, line 2, column w: 'sun' is not a number; the column holds text; choose one that holds numbers",
    ],
    [
      'x y,y\n1,2\n2,3\nfour,3\n4,4\n',
      {},
      't.csv, line 4, column x y: \'four\' is not a number; correct it, or --missing four if it means that there is no value, or --drop "x y"',
    ],
    [
      'x,y\n1,2\n2,four\n5,3\n4,4\n',
      {},
      "t.csv, line 3, column y: 'four' is not a number; correct it, or --missing four if it means that there is no value",
    ],
    [
      'date,x,y\n2020-01-04,4,1\n2020-01-03,a b,1\n2020-01-02,2,1\n2020-01-01,1e999,1\n2020-01-05,3,3\n',
      {},
      't.csv, line 3, column x: \'a b\' is not a number; correct it, or --missing "a b" if it means that there is no value, or --drop x',
    ],
    [
      'x,y\n1,1\n-1e999,2\n3,2\n',
      {},
      "t.csv, line 3, column x: '-1e999' is beyond all numbers; correct it, or --missing -1e999 if it means that there is no value, or --drop x",
    ],
    [
      'f,y\n,1\nz,4\n',
      like('f,y\n,1\nx,4\n,5\n,5\nx,4\n'),
      "t.csv, line 3, column f: 'z' is neither empty nor x, which the column holds elsewhere; correct it, or leave the column out with --drop",
    ],
    [
      'f,y\n0,1\nsome,4\n',
      like('f,y\n0,1\n1,4\n0,5\n'),
      "t.csv, line 3, column f: 'some' is neither 0 nor 1, which the column holds elsewhere; correct it, or leave the column out with --drop",
    ],
    [
      'f,y\n1,1\n2,4\n',
      like('f,y\nlow,1\n1,4\nlow,5\n1,4\n'),
      "t.csv, line 3, column f: '2' is neither 1 nor low, which the column holds elsewhere; correct it, or leave the column out with --drop",
    ],
    [
      'x,y\n1 g,1\n2 g,4\n',
      like('x,y\n1 kg,1\n2 kg,4\n4 kg,2\n'),
      "t.csv: column x is in g, the model's data in kg; bring it to kg",
    ],
    [
      'a;y\n1;-1.070\n2;12.293\n3;2.402\n',
      {},
      "t.csv, line 2, column y: '-1.070' may have a decimal point or thousands; say which: --decimal , for -1070, --decimal . for -1.07",
    ],
    // Columns that are written in both ways say nothing of a third, nor do times.
    ...[
      ['a;b;y\n1,5;1.5;1.070\n2,5;2.5;1.293\n3,5;4.5;2.402\n', '1.070', '1070', '1.07'],
      ['month;y\n01.2020;1.070\n02.2020;1.293\n03.2020;2.402\n', '1.070', '1070', '1.07'],
    ].map(([text, cell, whole, part]): [string, UnderstandOptions, string] => [
      text,
      {},
      `t.csv, line 2, column y: '${cell}' may have a decimal point or thousands; say which: --decimal , for ${whole}, --decimal . for ${part}`,
    ]),
    // Rows.
    ['date,y\n2020-01-01,NA\n2020-01-02,\n', {}, 't.csv: every value of column y is missing; choose another column'],
    [
      'date,s,y\nNA,a,1\n2020-01-01,,2\n,b,3\n',
      { time: ['date'], group: ['s'] },
      't.csv: no row is left to learn from: 2 rows left out: no time (the first is line 2); 1 row left out: no s (line 3)',
    ],
    [
      'date,hour,y\n2020-01-01,22,1\n2020-01-01,23,2\n2020-01-02,soon,5\n',
      { time: ['date', 'hour'] },
      "t.csv, line 4, column date and hour: '2020-01-02 soon' is not a time as the others are (yyyy-MM-dd HH); correct it, or name it with --missing to leave such rows out",
    ],
    [
      offset([0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8]),
      {},
      't.csv, line 5, column at: 2020-01-01T02:00+02:00 stands in line 4 too (2 rows repeat a time); keep one row per time, or aggregate them: --every 1d (or another step)',
    ],
    // Names.
    [dated, { drop: ['x', 'x'] }, 'drop: column x is named twice'],
    [dated, { drop: ['x'], features: ['x'] }, 'features: column x is dropped as well; name it once'],
    [dated, { drop: ['x'], known: ['x'] }, 'known: column x is dropped as well; name it once'],
    [dated, { time: ['date'], features: ['date'] }, 'features: column date is the time as well; name it once'],
    [dated, { time: ['date', 'date'] }, 'time: column date is named twice'],
    [dated, { time: ['x'], group: ['x'] }, 'group: column x is the time as well; name it once'],
    [dated, { label: 'y' }, 'label: column y is the target as well; name it once'],
    [dated, { known: ['nope'] }, 't.csv: no column nope. Its columns: date, s, x, y'],
    [
      'date,y\n2020-01-04,1\n',
      { ...like(dated, { ...y, group: ['s'] }), only: ['known'] },
      't.csv: no column s; did you mean y? Its columns: date, y',
    ],
    // Steps.
    [
      't,y\n1,1\n2,2\n3,4\n',
      { every: '1d' },
      'every: the times of t.csv are plain numbers; only dates can be resampled',
    ],
    [
      rows('date', '2020-01-01', '2020-02-01', '2020-03-01'),
      { every: '1w' },
      'every: the step of t.csv is 1 month; 1w would invent rows; take a longer step',
    ],
    // 800 minutes in six steps of two series, of which half is the least.
    [
      rows('at,s', ...['a', 'b'].flatMap((s) => [0, 60, 150, 400].map((minutes) => `${at(minutes)},${s}`))),
      { group: ['s'], every: '30min' },
      'every: the step of t.csv is about 4000 seconds; 30min would invent rows; take a longer step',
    ],
    [
      rows('at', at(0), at(30), at(60)),
      hourly,
      "t.csv: the model's step is 1 hour, the file's 30 minutes; --every 1h resamples",
    ],
    [
      rows('date', at(0), at(60), at(120)),
      like(rows('date', ...open)),
      "t.csv: the model's step is 1 day without Sundays, the file's 1 hour; give it rows of that step",
    ],
  ])('%j with %j', (text, options, message) => {
    expect(failure(() => csv(text, { ...(options.like ? {} : y), ...options }))).toBe(message);
  });
});

describe('cells', () => {
  test.each<[string, UnderstandOptions, string, number[], string[]]>([
    // Another column that leaves no doubt says what a dot and a comma are.
    ['a;b;y\n1;1,5;1.070\n2;2,5;1.293\n3;3,5;2.402\n', y, 'y', [1070, 1293, 2402], []],
    ['a;b;y\n1;1.5;1.070\n2;2.5;1.293\n3;3.5;2.402\n', y, 'y', [1.07, 1.293, 2.402], []],
    // As the model's data is written, where the table leaves doubt.
    ['x;y\n1.070;1\n2.293;4\n', like('x;y\n1,5;1\n2,25;4\n'), 'x', [1070, 2293], []],
    ['x;y\n1.5;1\n2.25;4\n', like('x;y\n1,5;1\n2,25;4\n'), 'x', [1.5, 2.25], []],
    ['x;y\n1.070;1\n2.293;4\n', { ...like('x;y\n1,5;1\n2,25;4\n'), decimal: '.' }, 'x', [1.07, 2.293], []],
    ['x,y\n1,1\n2 kg,4\n', like('x,y\n1 kg,1\n2 kg,4\n4 kg,2\n'), 'x', [1, 2], []],
    [
      'f,y\n1.0,1\n 2 ,4\n,3\n',
      like('f,y\n0,1\n1,4\n0,5\n'),
      'f',
      [1, 2, 2],
      ['f: 1 value beside 0 and 1, which is all that the model has seen'],
    ],
    // The first in the file, though not in the order of time.
    [
      't,f,y\n3,zz,1\n2,B ,4\n1,z,3\n',
      like(rows('t,f', '1,a', '2,b', '3,c', '4,a', '5,b', '6,c')),
      'f',
      [1, 1, 1],
      ["t.csv, line 2, column f: 'zz' is none of the 3 values known; 2 cells like it count as none of them"],
    ],
    ['a,f,y\n1,1,0\n5,1,1\n7,,4\n3,,9\n', y, 'f', [1, 1, 0, 0], []],
    // A single one among empty cells is a number, no mark.
    ['f,y\n1,0\n,1\n,4\n,9\n', { ...y, features: ['f'] }, 'f', [1, 1, 1, 1], []],
    ['f,y\n1,0\n1,1\n,4\n,9\n', { ...y, features: ['f'] }, 'f', [1, 1, 0, 0], []],
    [
      'x,y\n1,1\nInf,2\n-inf,3\n4,5\n',
      { ...y, fill: 'leave' },
      'x',
      [1, Number.NaN, Number.NaN, 4],
      ['x: 2 infinite values taken as missing'],
    ],
  ])('%j', (text, options, name, expected, notes) => {
    const frame = csv(text, options);
    expect(values(frame, name)).toEqual(expected);
    expect(frame.account.notes).toEqual(notes);
  });

  test('names in their natural order', () => {
    const names = ['', ' 2', '02', '1e1', '2', '9', '10', 'A', 'B', 'a', 'a 2', 'a 10', 'b'];
    for (const first of names) {
      for (const second of names)
        expect(Math.sign(naturally(first, second)) + Math.sign(naturally(second, first))).toBe(0);
    }
    const sorted = (list: string[]) => [...list].sort(naturally);
    expect(sorted(['10', '9', '2e1', '2.5', '-3'])).toEqual(['-3', '2.5', '9', '10', '2e1']);
    expect(sorted(['a 10', 'a 2', 'B', 'a', 'b'])).toEqual(['a', 'a 2', 'a 10', 'b', 'B']);
    expect(sorted(['x', '', '5'])).toEqual(['', '5', 'x']);
  });
});

describe('rows that are left out', () => {
  test.each<[string, UnderstandOptions, number[], string[]]>([
    [
      'date,s,i,y\n2020-01-01,a,,1\n2020-01-02,a,1,2\n2020-01-03,a,1,5\n2020-01-02,,1,7\nTotal,,,15\n,a,1,3\n',
      { targets: ['y'], group: ['s', 'i'] },
      [2, 5],
      [
        '1 row left out: a total or the like, no data (line 6)',
        '1 row left out: no time (line 7)',
        '2 rows left out: no s or i (the first is line 2)',
      ],
    ],
    [
      'date,hour,y\n2020-01-01,22,1\n2020-01-01,23,2\n2020-01-02,0,5\nTotal,,8\n',
      { targets: ['y'], time: ['date', 'hour'] },
      [1, 2, 5],
      ['1 row left out: a total or the like, no data (line 5)'],
    ],
    [
      'date,hour,y\n2020-01-01,22,1\n2020-01-01,23,2\n2020-01-02,0,5\n,Total,8\n',
      { targets: ['y'], time: ['date', 'hour'] },
      [1, 2, 5],
      ['1 row left out: a total or the like, no data (line 5)'],
    ],
    [
      'date,kind,y\n2020-01-01,u,1\n2020-01-01,u,2\n2020-01-02,v,3\n2020-01-02,v,4\n,,5\n2020-01-03,,5\n',
      { label: 'kind' },
      [1, 2, 3, 4],
      [
        '1 row left out: no time (line 6)',
        '1 row left out: no kind (line 7)',
        '2 rows repeat a time; rows of one time keep their order',
      ],
    ],
    [
      'date,s,y\n2020-01-01,a,1\n2020-01-01,a,1\n2020-01-02,a,2\n2020-01-02,a,2\n2020-01-01,b,7\n2020-01-02,b,8\n2020-01-02,b,8\n',
      { targets: ['y'], group: ['s'] },
      [1, 2, 7, 8],
      ['3 rows left out: the same as another one (the first is line 3)'],
    ],
  ])('%j', (text, options, expected, notes) => {
    const frame = csv(text, options);
    expect(values(frame, 'y')).toEqual(expected);
    expect(frame.account.notes).toEqual(notes);
    expect(frame.series.at(-1)?.to).toBe(expected.length);
  });

  test('a total is none where the table goes on after it', () => {
    const text = 'name,y\na,1\nb,2\nc,3\nd,4\ne,6\nTotal,16\n';
    const whole = csv(text, y);
    expect([values(whole, 'y'), whole.account.notes]).toEqual([
      [1, 2, 3, 4, 6],
      ['1 row left out: a total or the like, no data (line 7)'],
    ]);
    const part = csv(text, { ...y, goesOn: true });
    expect([values(part, 'y'), part.account.notes]).toEqual([[1, 2, 3, 4, 6, 16], []]);
  });

  test('rows to come, where columns are known ahead', () => {
    const text =
      'date,s,p,y\n2020-01-01,a,1,1\n2020-01-02,a,0,\n2020-01-03,a,1,3\n2020-01-04,a,0,\n2020-01-01,b,1,4\n2020-01-02,b,0,NA\n2020-01-03,b,0,\n2020-01-01,c,1,\n';
    const options: UnderstandOptions = { targets: ['y'], group: ['s'], known: ['p'] };
    const note = '3 rows at the end have no y: taken as rows to come, whose p predict reads';
    const frame = csv(text, options);
    expect(values(frame, 'y')).toEqual([1, 2, 3, 4]);
    expect(frame.series).toEqual([
      { name: 'a', from: 0, to: 3 },
      { name: 'b', from: 3, to: 4 },
    ]);
    expect(frame.account.notes).toEqual(['1 series left out, which have no y: c', note]);
    expect(csv(text, { ...options, goesOn: true }).rows).toBe(7);
    expect(csv(text, { ...options, known: [] }).rows).toBe(7);
    // Of two targets one is enough for a row to be data.
    const two = csv('date,p,y,z\n2020-01-01,1,1,5\n2020-01-02,0,2,6\n2020-01-03,1,,7\n2020-01-04,1,NA,\n', {
      targets: ['y', 'z'],
      known: ['p'],
    });
    expect([values(two, 'y'), values(two, 'z'), two.account.notes]).toEqual([
      [1, 2, 2],
      [5, 6, 7],
      ['1 row at the end has no y or z: taken as rows to come, whose p predict reads'],
    ]);
    const single = csv('date,p,y\n2020-01-01,1,1\n2020-01-02,0,2\n2020-01-03,1,\n', { ...y, known: ['p'] });
    expect(single.account.notes).toEqual(['1 row at the end has no y: taken as rows to come, whose p predict reads']);
  });
});

describe('steps', () => {
  const differ = (place: string, remedy = '') =>
    `the steps between times differ, the first at ${place}; rows count as consecutive${remedy}`;
  const every = (step: string) => `; --every ${step} brings them to one step`;
  test.each<[string, UnderstandOptions, string | undefined, number[], string[]]>([
    [rows('date', '2020-07-31', '2020-08-31'), {}, '1 month', [0, 2], []],
    [rows('date', '2020-07-01', '2020-08-01', '2020-09-01'), {}, '1 month', [0, 2, 4], []],
    [rows('t', '0.1', '0.2', '0.3', '0.4'), {}, '0.1', [0, 2, 4, 1], []],
    // One and two are as frequent: the shorter one is the step.
    [
      rows('t', '0', '1', '3', '4', '6'),
      {},
      '1',
      [0, 2, 3, 4, 1, 2, 3],
      ['2 times are missing and filled in, the first after line 3 (1)'],
    ],
    [
      rows('at', ...[0, 10, 25, 31, 40].map(at)),
      {},
      undefined,
      [0, 2, 4, 1, 3],
      [differ(`line 4 (${at(25)})`, every('1h'))],
    ],
    [
      rows('at', ...[0, 100, 250, 310, 700].map(at)),
      {},
      undefined,
      [0, 2, 4, 1, 3],
      [differ(`line 4 (${at(250)})`, every('1d'))],
    ],
    [
      rows('date', ...[0, 10, 30, 31, 61].map((day) => days(62)[day])),
      {},
      undefined,
      [0, 2, 4, 1, 3],
      [differ('line 4 (2020-01-31)', every('1mo'))],
    ],
    // From the end of one series to the beginning of the next is no step; the one in the middle says what brings rows together.
    [
      rows(
        'at,s',
        ...[0, 420, 840].map((minutes) => `${at(minutes)},a`),
        ...[60_000, 60_420, 60_870].map((minutes) => `${at(minutes)},b`),
        ...[30_000, 30_420, 31_200].map((minutes) => `${at(minutes)},c`),
      ),
      { group: ['s'] },
      undefined,
      [0, 2, 4, 1, 3, 0, 2, 4, 1],
      [differ(`line 7 (${at(60_870)})`, every('1d'))],
    ],
    [rows('t', '1', '2.5', '7', '8', '20'), { time: ['t'] }, undefined, [0, 2, 4, 1, 3], [differ('line 4 (7)')]],
    // A model's own step of putting together, and one that is asked for.
    [
      rows('at', at(0), at(30), at(60)),
      { like: { ...like(rows('at', ...[0, 60, 120].map(at))).like, every: '1h' } },
      '1 hour',
      [2, 4],
      ['3 rows put together to 2 steps of 1 hour'],
    ],
    [
      rows('at', ...[0, 30, 60, 90, 120, 150, 180].map(at)),
      { ...like(rows('at', ...[0, 60, 120].map(at))), every: '1h' },
      '1 hour',
      [2, 5, 3],
      ['7 rows put together to 3 steps of 1 hour; 1 first or last step left out, of which rows are missing'],
    ],
    [
      rows('at', ...[0, 1, 2].map((s) => `${at(0)}:0${s}`)),
      { every: '1s' },
      '1 second',
      [0, 2, 4],
      ['3 rows put together to 3 steps of 1 second'],
    ],
  ])('%j with %j', (text, options, step, expected, notes) => {
    const frame = csv(text, { ...(options.like ? {} : y), ...options });
    expect(frame.account.time?.step).toBe(step);
    expect(values(frame, 'y')).toEqual(expected);
    expect(frame.account.notes).toEqual(notes);
  });

  test('of rows with classes times may be missing or come twice, and rows count as consecutive', () => {
    const labelled = (...minutes: number[]) => {
      const frame = csv(rows('at,k', ...minutes.map((minute, i) => `${at(minute)},${'uv'[i % 2]}`)), { label: 'k' });
      return [frame.rows, frame.account.time?.gaps, ...frame.account.notes];
    };
    const kept = 'rows of one time keep their order';
    expect(labelled(0, 60, 120, 240, 300, 360)).toEqual([
      6,
      1,
      `1 time is missing, the first after line 4 (${at(120)}); rows count as consecutive`,
    ]);
    expect(labelled(600, 660, 660, 720, 780)).toEqual([5, 0, `1 row repeats a time; ${kept}`]);
    // Newest first, too.
    const dated = csv('date,x,k\n2020-01-03,1,u\n2020-01-02,2,v\n2020-01-02,3,u\n2020-01-01,4,v\n', { label: 'k' });
    expect(values(dated, 'x')).toEqual([4, 2, 3, 1]);
    // Those of one time are no steps.
    expect(labelled(0, 0, 60, 120, 120, 210, 460)).toEqual([
      7,
      0,
      `2 rows repeat a time; ${kept}`,
      differ(`line 7 (${at(210)})`, every('1d')),
    ]);
  });

  test('days are those that the clock shows, where an offset is written', () => {
    const hours = Array.from({ length: 72 }, (_, hour) => at(60 * (hour - 1)).replace(' ', 'T'));
    const frame = csv(`at,y\n${hours.map((hour) => `${hour}+01:00,1`).join('\n')}`, { targets: ['y'], every: '1d' });
    expect(values(frame, 'y')).toEqual([24, 24]);
    expect(frame.account).toMatchObject({
      time: { first: '2020-01-01T00:00+01:00', last: '2020-01-02T00:00+01:00', step: '1 day' },
      notes: ['72 rows put together to 2 steps of 1 day; 2 first or last steps left out, of which rows are missing'],
    });
  });
});

test.each<[string, number[], string | undefined, 'sum' | 'mean']>([
  ['sales', [1.5], undefined, 'sum'],
  ['sales', [1], '%', 'mean'],
  ['sales', [1], 'km/h', 'mean'],
  ['sales', [1], 'MW', 'mean'],
  ['x', [1], 'W', 'mean'],
  ['x', [1.5], 'MWh', 'sum'],
  ['x', [-1.5], '€', 'sum'],
  ['x', [1], 'hPa', 'mean'],
  ['price of sales', [1], '€', 'mean'],
  ['x', [0, 1, Number.NaN], undefined, 'sum'],
  ['x', [0, 1, Number.NaN], 'kg', 'sum'],
  ['x', [0.5, 1], 'kg', 'mean'],
  ['x', [-1, 1], undefined, 'mean'],
])('%s of %j in %s: %s of a step', (name, numbers, unit, how) => {
  expect(aggregateOf(name, Float64Array.from(numbers), unit)).toBe(how);
});

describe('columns that are the time, count the rows, or neither', () => {
  const d = (row: number) => days(40)[row];
  const square = (row: number) => (row * row) % 4;
  const odd = (row: number) => row % 2;
  const pick =
    <T>(...values: T[]) =>
    (row: number) =>
      values[row];
  const clock = (row: number) => `10:${10 + row}`;
  const read = (name: string) => `${name}: its numbers are read as times`;
  const joined = (...names: string[]) => `the columns ${names.join(' and ')} make the time together`;
  const differ = (place: string) =>
    `the steps between times differ, the first at ${place}; rows count as consecutive; --every 1d brings them to one step`;
  type Cells = Record<string, (row: number) => string | number>;
  /** Each column as it is used, or why it is not; then the time's columns, how they are written, first to last, and the step. */
  const cases: [Cells, number, string[], string, string[]][] = [
    [{ id: (r) => r, x: square }, 6, ['time', 'feature'], 'id number 0..5 1', []],
    [{ id: (r) => r + 1 }, 6, ['time'], 'id number 1..6 1', []],
    [{ id: (r) => r + 2 }, 6, ['feature'], '', []],
    [{ id: (r) => 5 - r }, 6, ['time'], 'id number 0..5 1', []],
    [{ id: (r) => r }, 2, ['feature'], '', []],
    [{ id: (r) => r }, 3, ['time'], 'id number 0..2 1', []],
    [{ x: square, a: (r) => r }, 6, ['feature', 'feature'], '', []],
    [{ x: square, row: (r) => r }, 6, ['feature', 'time'], 'row number 0..5 1', []],
    [{ x: square, id: pick(0, 1, 2, 3, 4, 4) }, 6, ['feature', 'feature'], '', []],
    [{ id: (r) => r / 2, x: square }, 6, ['feature', 'feature'], '', []],
    [{ index: pick(3, 5, 8, 9, 20, 40), x: square }, 6, ['counts the rows', 'feature'], '', []],
    [{ index: pick(3, 5, 8, 7, 20, 40), x: square }, 6, ['feature', 'feature'], '', []],
    [{ index: pick(-3, 5, 8, 9, 20, 40), x: square }, 6, ['feature', 'feature'], '', []],
    [{ index: pick(0, 1, 2, 3, 4, 7), x: square }, 6, ['counts the rows', 'feature'], '', []],
    [
      { index: pick(0, 1, 2, 3, 4, 6), x: square },
      6,
      ['time', 'feature'],
      'index number 0..6 1',
      ['1 time is missing and filled in, the first after line 6 (4)'],
    ],
    [{ id: (r) => r, t: (r) => r + 1 }, 6, ['counts the rows', 'time'], 't number 1..6 1', []],
    [{ t: (r) => r + 1, id: (r) => r }, 6, ['time', 'counts the rows'], 't number 1..6 1', []],
    [
      { row: (r) => r, date: d, step: (r) => r + 1, n: (r) => r },
      6,
      ['counts the rows', 'time', 'counts the rows', 'counts the rows'],
      'date yyyy-MM-dd 2020-01-01..2020-01-06 1 day',
      [],
    ],
    // By their names.
    [{ x: square, myTime: (r) => 2 * r }, 6, ['feature', 'time'], 'myTime number 0..10 2', []],
    [{ x: square, STEP: (r) => 2 * r }, 6, ['feature', 'time'], 'STEP number 0..10 2', []],
    [{ x: square, steps2: (r) => 2 * r }, 6, ['feature', 'feature'], '', []],
    [{ time: (r) => r * r }, 6, ['feature'], '', []],
    [{ x: odd, year: (r) => 1990 + r }, 6, ['feature', 'time'], 'year yyyy 1990..1995 1 year', [read('year')]],
    [{ x: odd, foo: (r) => 1990 + r }, 6, ['feature', 'feature'], '', []],
    [{ foo: (r) => 1990 + r }, 6, ['time'], 'foo yyyy 1990..1995 1 year', [read('foo')]],
    [{ x: odd, excel: (r) => 43_831 + r }, 6, ['feature', 'feature'], '', []],
    [{ date: (r) => 43_831 + r }, 6, ['time'], 'date days of Excel 43831..43836 1 day', [read('date')]],
    [
      { x: odd, stamp: (r) => 1_577_836_800 + 3600 * r },
      3,
      ['feature', 'time'],
      'stamp seconds since 1970 1577836800..1577844000 1 hour',
      [read('stamp')],
    ],
    [
      { x: odd, foo: (r) => 20_200_101 + r },
      6,
      ['feature', 'time'],
      'foo yyyyMMdd 20200101..20200106 1 day',
      [read('foo')],
    ],
    [
      { x: odd, month: (r) => 202_001 + r },
      6,
      ['feature', 'time'],
      'month yyyyMM 202001..202006 1 month',
      [read('month')],
    ],
    // Parts of a time.
    [
      { year: () => 2019, quarter: (r) => r + 1 },
      4,
      ['time', 'time'],
      'year+quarter yyyy Q 2019 1..2019 4 1 quarter',
      [joined('year', 'quarter')],
    ],
    [
      { year: (r) => 2019 + (r >> 1), quarter: (r) => (r % 2) + 1 },
      4,
      ['time', 'time'],
      'year+quarter yyyy Q 2019 1..2020 2 1 quarter',
      [joined('year', 'quarter'), '2 times are missing and filled in, the first after line 3 (2019 2)'],
    ],
    [
      { Jahr: () => 2019, Quartal: (r) => `Q${r + 1}` },
      4,
      ['time', 'time'],
      'Jahr+Quartal yyyy QQ 2019 Q1..2019 Q4 1 quarter',
      [joined('Jahr', 'Quartal')],
    ],
    [
      { Year: () => 2019, Week: (r) => r + 1 },
      6,
      ['time', 'time'],
      'Year+Week yyyy-Www 2019 1..2019 6 1 week',
      [joined('Year', 'Week')],
    ],
    [
      { year: () => 2019, doy: (r) => r + 1 },
      6,
      ['time', 'time'],
      'year+doy yyyy-DDD 2019 1..2019 6 1 day',
      [joined('year', 'doy')],
    ],
    [
      { year: () => 2019, month: () => 1, day: () => 1, hour: (r) => r },
      6,
      ['time', 'time', 'time', 'time'],
      'year+month+day+hour yyyy M d H 2019 1 1 0..2019 1 1 5 1 hour',
      [joined('year', 'month', 'day', 'hour')],
    ],
    [
      { year: () => 2019, month: () => 1, day: () => 1, hour: (r) => r >> 1, minute: (r) => 30 * (r % 2) },
      6,
      ['time', 'time', 'time', 'time', 'time'],
      'year+month+day+hour+minute yyyy M d H:mm 2019 1 1 0 0..2019 1 1 2 30 30 minutes',
      [joined('year', 'month', 'day', 'hour', 'minute')],
    ],
    [{ year: () => 2019, day: (r) => r + 1 }, 6, ['every value is 2019', 'time'], 'day number 1..6 1', []],
    [
      { date: (r) => d(r >> 2), hour: (r) => `${r % 4}:30`, to: (r) => `${(r % 4) + 1}:30` },
      12,
      ['time', 'time', 'a time as well; the time is date and hour'],
      'date+hour yyyy-MM-dd H:mm 2020-01-01 0:30..2020-01-03 3:30 undefined',
      [joined('date', 'hour'), differ('line 6 (2020-01-02 0:30)')],
    ],
    [
      { date: (r) => d(r >> 2), Stunde: (r) => r % 4, Minute: () => 0 },
      12,
      ['time', 'time', 'time'],
      'date+Stunde+Minute yyyy-MM-dd H:mm 2020-01-01 0 0..2020-01-03 3 0 undefined',
      [joined('date', 'Stunde', 'Minute'), differ('line 6 (2020-01-02 0:00)')],
    ],
    [
      {
        Datum: (r) => d(r >> 2),
        Stunde: (r) => `${r % 4}:30`,
        bis: (r) => `${(r % 4) + 1}:30`,
        Ende: odd,
        until: (r) => 1.5 * square(r),
        x: square,
      },
      12,
      ['time', 'time', ...Array(2).fill('a time as well; the time is Datum and Stunde'), 'feature', 'feature'],
      'Datum+Stunde yyyy-MM-dd H:mm 2020-01-01 0:30..2020-01-03 3:30 undefined',
      [joined('Datum', 'Stunde'), differ('line 6 (2020-01-02 0:30)')],
    ],
    // An hour of no day, and a minute of no hour, are no part of a time.
    [
      { year: () => 2019, month: (r) => r + 1, hour: odd, minute: square },
      6,
      ['time', 'time', 'feature', 'feature'],
      'year+month yyyy M 2019 1..2019 6 1 month',
      [joined('year', 'month')],
    ],
    [
      { year: () => 2019, month: () => 2, day: (r) => r + 1, minute: square },
      6,
      ['time', 'time', 'time', 'feature'],
      'year+month+day yyyy M d 2019 2 1..2019 2 6 1 day',
      [joined('year', 'month', 'day')],
    ],
    [
      { date: (r) => d(r >> 1), Minute: (r) => 30 * (r % 2), Stunde: () => 7 },
      6,
      ['time', 'time', 'time'],
      'date+Stunde+Minute yyyy-MM-dd H:mm 2020-01-01 7 0..2020-01-03 7 30 undefined',
      [joined('date', 'Stunde', 'Minute'), differ('line 4 (2020-01-02 7:00)').replace('1d', '1h')],
    ],
    [{ date: d, hour: (r) => r % 3 }, 6, ['time', 'feature'], 'date yyyy-MM-dd 2020-01-01..2020-01-06 1 day', []],
    [
      { date: (r) => `${d(r)} 10:00`, hour: (r) => r % 3 },
      6,
      ['time', 'feature'],
      'date yyyy-MM-dd HH:mm 2020-01-01 10:00..2020-01-06 10:00 1 day',
      [],
    ],
    // Times of one day.
    [
      { foo: clock },
      6,
      ['time'],
      'foo HH:mm 10:10..10:15 1 minute',
      ['foo: times of one day, which are read without a date'],
    ],
    [{ x: odd, foo: clock }, 6, ['feature', 'text that differs in nearly every row'], '', []],
    [{ foo: (r) => (r === 2 ? 'late' : clock(r)) }, 6, ['text that differs in nearly every row'], '', []],
    [{ foo: (r) => clock(r > 3 ? 5 - r : r) }, 6, ['text that differs in nearly every row'], '', []],
  ];
  test.each(cases.map(([columns, ...told]) => [Object.keys(columns).join(', '), told[0], told, columns] as const))(
    '%s in %i rows: %j',
    (_, count, [, uses, expected, notes], columns) => {
      const names = Object.keys(columns);
      const text = Array.from({ length: count }, (_, r) => [
        ...names.map((name) => columns[name](r)),
        ((r * 7) % 5) + 0.5,
      ]);
      const { account } = csv(`${names},y\n${text.join('\n')}`, y);
      const { columns: made, notation, first, last, step } = account.time ?? {};
      expect(account.columns.slice(0, -1).map(({ use, why }) => why ?? use)).toEqual(uses);
      expect(made === undefined ? '' : `${made.join('+')} ${notation} ${first}..${last} ${step}`).toBe(expected);
      expect(account.notes).toEqual(notes);
    },
  );

  test.each<[string, string]>([
    [
      rows('date,hour', ...Array.from({ length: 12 }, (_, r) => `${d(r >> 2)},${(r % 4) + 22}`)),
      't.csv, line 3, column date: 2020-01-01 stands in another row too, with another hour: several series in one table: --group hour',
    ],
    [
      rows('date,hour', ...Array.from({ length: 8 }, (_, r) => `${d(r >> 1)},9`)),
      't.csv, line 3, column date: 2020-01-01 stands in line 2 too (4 rows repeat a time); keep one row per time, or aggregate them: --every 1d (or another step)',
    ],
    [
      rows('year,month', '2019,1', '2019,2', '2019,', '2019,4'),
      "t.csv, line 4, column year and month: '2019 ' is not a time as the others are (yyyy M); correct it, or name it with --missing to leave such rows out",
    ],
    // A column that tells rows apart is of texts or of short whole numbers, not of decimals or where each row has its own.
    [
      rows('date,x,z', ...Array.from({ length: 8 }, (_, r) => `${d(r >> 1)},${r % 2 ? '1.5' : '2'},${r}`)),
      't.csv, line 3, column date: 2020-01-01 stands in line 2 too (4 rows repeat a time); keep one row per time, or aggregate them: --every 1d (or another step)',
    ],
    [
      rows('date,x,z', ...Array.from({ length: 8 }, (_, r) => `${d(r >> 1)},${r % 2 ? '1e3 ' : 2},${r}`)),
      't.csv, line 3, column date: 2020-01-01 stands in another row too, with another x: several series in one table: --group x',
    ],
    [
      rows('date,u,v,w', ...Array.from({ length: 12 }, (_, r) => `${d(r >> 2)},k,${r % 2},${(r >> 1) % 2}`)),
      't.csv, line 3, column date: 2020-01-01 stands in another row too, with another v and w: several series in one table: --group v,w',
    ],
  ])('%j is refused', (text, message) => {
    expect(failure(() => csv(text, y))).toBe(message);
  });

  test('names of columns that speak of time', () => {
    const of = (names: string) => names.split(' ').map((name) => [name, isNamedTime(name.replaceAll('_', ' '))]);
    const spoken =
      'date Date order_date pickupDatetime Date_Time the_Month day day_of_sale YEAR zeitpunkt Fecha Datum updated hourly_Time';
    expect(of(spoken)).toEqual(spoken.split(' ').map((name) => [name, true]));
    const words =
      'dates datetime time times timestamp ts ds dt when days month months years yr week weeks quarter qtr period season zeit zeitstempel tag monat jahr woche kw quartal saison hora mes año ano anio semana heure jour mois année annee semaine dato ora data giorno mese anno settimana t epoch unix utc 日期 时间 時間 年月 дата время';
    for (const word of words.split(' ')) {
      expect([word, isNamedTime(`my ${word} 2`)]).toEqual([word, true]);
      expect([word, isNamedTime(word.toUpperCase())]).toEqual([word, true]);
    }
    const others = 'value sales x mayor holiday1x';
    expect(of(others)).toEqual(others.split(' ').map((name) => [name, false]));
  });
});

describe('tables with the times as names of columns', () => {
  const turned = (from: string, to: string, as: string, others: string[], group = '', rows = 'a series of its own') =>
    `the columns ${from} to ${to} are times, each row ${rows}; to forecast along them, turn the table: --sql 'unpivot data on columns(*${others.length > 0 ? ` exclude (${others.join(', ')})` : ''}) into name ${as} value value' --forecast value${group}`;
  test.each<[string, string, string | undefined]>([
    ['n|2000|2001|2002', '2002', undefined],
    ['n|2000|2001|2002|2003', '2003', turned('2000', '2003', 'time', ['"n"'], ' --group n')],
    ['2000|2001|2002|2003', '2003', turned('2000', '2003', 'time', [])],
    // As many of them as of all others.
    ['a|b|2000|2001|2002|2003|c|d', '2003', turned('2000', '2003', 'time', ['"a"', '"b"', '"c"', '"d"'], ' --group a')],
    ['a|b|2000|2001|2002|2003|c|d|e', '2003', undefined],
    ['x y|the "n"|Q1|q2|Q3|Q4', 'Q3', turned('Q1', 'Q4', 'quarter', ['"x y"', '"the ""n"""'], ' --group "x y"')],
    ['Year|Jan|Feb|Mar|Apr', 'Apr', turned('Jan', 'Apr', 'month', ['"Year"'], '', 'part of one series')],
    ['n|2020-01|2020-02|2020-03|2020-04', '2020-02', turned('2020-01', '2020-04', 'time', ['"n"'], ' --group n')],
    ['n|1.2.20|1.3.20|1.4.20|1.5.20', '1.3.20', turned('1.2.20', '1.5.20', 'time', ['"n"'], ' --group n')],
    // Years from 1500 to 2199.
    [
      'n|1499|1500|1700|2199|2200|1600',
      '1500',
      turned('1500', '1600', 'time', ['"n"', '"1499"', '"2200"'], ' --group n'),
    ],
    ['n|1499|1500|1700|2199|2200|1600', '1499', undefined],
  ])('%s, of which %s is forecast', (header, target, told) => {
    const names = header.split('|');
    const cells = names.map((name, i) =>
      /^([a-eny]|x y|the)/i.test(name) && !/^(jan|feb|mar|apr|year)/i.test(name)
        ? ['u', 'v', 'u', 'v']
        : [1, 5, 2, 4].map((value) => String(value + i)),
    );
    const table = new Table({ name: 't', header: names, cells, lines: 4 });
    const { notes } = understand(table, { targets: [target] }).account;
    expect(notes.filter((note) => note.startsWith('the columns'))).toEqual(told === undefined ? [] : [told]);
    if (told !== undefined)
      expect(failure(() => understand(table, { targets: ['other'] }))).toBe(`t: no column other; ${told}`);
  });
});
