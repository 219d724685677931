import { describe, expect, test } from '@jest/globals';
import type { FrameReading } from '../../../src/data/frame.js';
import { Table } from '../../../src/data/table.js';
import {
  parseReading,
  readTime,
  type UnderstandOptions,
  understand,
  writeTime,
} from '../../../src/data/understanding/understand.js';
import { Fields } from '../../../src/fields.js';
import { csv, failure, next, read, values } from './frames.js';

describe('what is kept with a model', () => {
  const parsed = (reading: unknown) => parseReading(new Fields(JSON.parse(JSON.stringify(reading)), 'm: task.reading'));
  const models = [
    read('saw-mdy-desc.csv', { targets: ['Price'] }),
    read('panel-months.csv', { targets: ['sales'], group: ['store'] }),
    read('dst-offset.csv', { targets: ['load'], every: '1d' }),
    read('dates/tz-name.csv', { targets: ['load'], missing: ['?'], fill: 'none' }),
    read('promo-yesno.csv', { targets: ['sales'], known: ['promo'] }),
    read('umsatz-de-tausender.csv', { targets: ['Umsatz'] }),
    read('yahoo.csv', { targets: ['Close'] }),
    read('label-na.csv', { label: 'label', timeless: true }),
  ];
  test.each(models.map((frame) => [frame.name, frame] as const))(
    '%s: its reading is plain JSON, and reads the same',
    (file, frame) => {
      expect(parsed(frame.reading)).toEqual(frame.reading);
      if (frame.account.rows !== frame.account.read) return;
      const again = read(file, { like: parsed(frame.reading) });
      expect(again.columns.map(({ name, use, values }) => [name, use, values])).toEqual(
        frame.columns.map(({ name, use, values }) => [name, use, values]),
      );
      expect(again.time).toEqual(frame.time);
    },
  );

  test.each([
    ['columns is damaged', 'columns', 3],
    ['columns[0].use is damaged', 'columns.0.use', 'nothing'],
    ['columns[1].reading.decimal is damaged', 'columns.1.reading.decimal', ';'],
    ['time.step.count is damaged', 'time.step.count', 0],
    ['time.notation is damaged', 'time.notation', '---'],
    ['time.months is damaged: must be 12 names', 'time.months', ['Jan']],
    ['time.locale is damaged', 'time.locale', 'not a language'],
    ['fill is damaged', 'fill', 'maybe'],
  ])('%s', (message, path, value) => {
    const reading = JSON.parse(JSON.stringify(models[0].reading));
    const keys = path.split('.');
    const owner = keys.slice(0, -1).reduce((object, key) => object[key], reading);
    owner[keys[keys.length - 1]] = value;
    expect(failure(() => parsed(reading))).toContain(`m: task.reading.${message}`);
  });

  const full: FrameReading = {
    columns: [
      { name: 'at', use: 'time', reading: { kind: 'time' } },
      { name: 's', use: 'group', reading: { kind: 'text' } },
      {
        name: 'y',
        use: 'target',
        reading: { kind: 'number', decimal: ',', thousands: '.', unit: 'kWh', middle: -1.5 },
      },
      { name: 'on', use: 'known', reading: { kind: 'flag', zero: '', one: 'yes', middle: 1 } },
      { name: 'k', use: 'feature', reading: { kind: 'category', values: ['a', 'b'] } },
      { name: 'l', use: 'label', reading: { kind: 'text' } },
      { name: 'o', use: 'out', reading: { kind: 'text' } },
    ],
    time: {
      columns: ['at', 'hour'],
      notation: 'EEE d MMM yyyy HH:mm XXX',
      locale: 'de',
      months: Array.from({ length: 12 }, (_, i) => `m${i}`),
      weekdays: Array.from({ length: 7 }, (_, i) => `w${i}`),
      offset: -90,
      zone: 'CET',
      wall: true,
      step: { unit: 'millisecond', count: 3_600_000 },
      season: 24,
    },
    group: ['s'],
    fill: 'none',
    missing: ['-9'],
    every: '1h',
  };

  test('every field of it comes back, and nothing else', () => {
    expect(parsed(full)).toEqual(full);
    expect(parsed({ ...full, more: 1 })).toEqual(full);
    expect(parsed({ columns: [], fill: 'linear' })).toEqual({ columns: [], fill: 'linear' });
    for (const [unit, count] of [
      ['month', 3],
      ['business day', 1],
      ['working day', 2],
      ['number', 0.25],
    ] as const) {
      const time = { columns: ['t'], notation: 'number', step: { unit, count } };
      expect(parsed({ ...full, time }).time).toEqual(time);
    }
  });

  test.each<[string, unknown, string]>([
    ['columns.1.name', 3, 'text'],
    ['columns.2.reading.decimal', ';', 'one of ., ,'],
    ['columns.2.reading.thousands', 3, 'text'],
    ['columns.2.reading.unit', ['kWh'], 'text'],
    ['columns.2.reading.middle', null, 'a finite number'],
    ['columns.3.reading.zero', null, 'text'],
    ['columns.3.reading.middle', 2, '0 or 1'],
    ['columns.3.reading.kind', 'word', 'one of number, flag, category, time, text'],
    ['columns.4.reading.values', [], '1 or more different texts'],
    ['time.columns', [], '1 or more different texts'],
    ['time.weekdays', ['Mo', 'Di'], '7 names'],
    ['time.offset', null, 'a finite number'],
    ['time.zone', 3, 'text'],
    ['time.wall', 'yes', 'true or false'],
    ['time.season', 0, 'a whole number of at least 1'],
    ['time.step.unit', 'day', 'one of month, millisecond, business day, working day, number'],
    ['time.step.count', 0.5, 'a whole number of at least 1'],
    ['time.step', { unit: 'number', count: 0 }, 'above 0'],
    ['group', [], '1 or more different texts'],
    ['missing', ['-9', '-9'], '0 or more different texts'],
    ['every', 3, 'text'],
    ['fill', 'leave', 'one of linear, none'],
  ])('%s of %j is told, with what it must be', (path, value, must) => {
    const reading = JSON.parse(JSON.stringify(full));
    const keys = path.split('.');
    const last = keys.pop()!;
    keys.reduce((object, key) => object[key], reading)[last] = value;
    const place = `${path.replace(/\.(\d)/g, '[$1]')}${path === 'time.step' ? '.count' : ''}`;
    expect(failure(() => parsed(reading))).toBe(
      `m: task.reading.${place} is damaged: must be ${must}; train the model again`,
    );
  });

  test.each([
    ['13/02/2020', '2020-04-03'],
    ['02/13/2020', '2020-03-04'],
  ])('dates that fit either order are read as those of training, with %s among them', (date, found) => {
    const [a, b] = date === '13/02/2020' ? ['11/02/2020', '12/02/2020'] : ['02/11/2020', '02/12/2020'];
    const { reading } = csv(`when,y\n${a},1\n${b},2\n${date},3\n`, { targets: ['y'] });
    const { time } = csv('when,y\n03/04/2020,1\n', { like: reading });
    expect(new Date(time!.times[0]).toISOString().slice(0, 10)).toBe(found);
  });

  test('a table of the future has the time and what is known', () => {
    const { reading } = read('promo-yesno.csv', { targets: ['sales'], known: ['promo'] });
    const frame = csv('date,promo\n05/02/2021,Yes\n04/02/2021,NO\n06/02/2021,no', {
      like: reading,
      only: ['known'],
      dates: 'day',
    });
    expect(values(frame, 'promo')).toEqual([0, 1, 0]);
    expect(next(frame, 1)).toEqual(['07/02/2021']);
    expect(failure(() => csv('date,promo\n2021-02-04,maybe', { like: reading, only: ['known'] }))).toBe(
      "t.csv, line 2, column promo: 'maybe' is neither no nor yes, which the column holds elsewhere; correct it, or leave the column out with --drop",
    );
    expect(failure(() => csv('date,promotion\n2021-02-04,no', { like: reading, only: ['known'] }))).toContain(
      'no column promo',
    );
  });

  test('times of the data, or as ISO writes them, are the frame’s numbers', () => {
    const { reading, time } = read('saw-dmy.csv', { targets: ['sales'] });
    expect(readTime(reading.time!, '03/01/2020')).toBe(time!.times[2]);
    expect(readTime(reading.time!, '2020-01-03')).toBe(time!.times[2]);
    expect(failure(() => readTime(reading.time!, 'soon'))).toBe(
      "'soon' is not a time; write it as the data does (dd/MM/yyyy)",
    );
    expect(writeTime(reading.time!, time!.times[2])).toBe('03/01/2020');
  });
});

describe('numbers of another table than the model’s', () => {
  const { reading } = csv('a;y\n1;1.070,5 kWh\n2;987 kWh\n3;1.100 kWh', { targets: ['y'] });
  test('are read as they are written there', () => {
    expect(values(csv('a,y\n1,1070.5\n2,"1,987"', { like: reading }), 'y')).toEqual([1070.5, 1987]);
    expect(values(csv('a;y\n1;1.070\n2;1.100', { like: reading }), 'y')).toEqual([1070, 1100]);
    expect(csv('a,y\n1,1070.5\n2,987', { like: reading }).reading.columns).toEqual(reading.columns);
  });

  test('where they are in doubt, as other columns of their file, and only then as the model’s', () => {
    const points = csv('a,y\n1,1070.5\n2,987.25\n3,1100.5', { targets: ['y'] }).reading;
    const doubtful = (other: string) => `a;b;y\n1;${other};1,234\n2;${other};2,345\n`;
    expect(values(csv(doubtful('0,5'), { like: points }), 'y')).toEqual([1.234, 2.345]);
    expect(values(csv(doubtful('0.5'), { like: points }), 'y')).toEqual([1234, 2345]);
    expect(values(csv(doubtful('5'), { like: points }), 'y')).toEqual([1234, 2345]);
    // Also where that other column is the first, and the only one that leaves no doubt.
    const commas = csv('b;y\n1,25;1070,5\n2,5;987,25\n4,5;1100,5', { targets: ['y'] }).reading;
    for (const [header, row] of [
      ['b;y', (other: string, cell: string) => `${other};${cell}`],
      ['y;b', (other: string, cell: string) => `${cell};${other}`],
    ] as const) {
      const table = `${header}\n${row('0.5', '1,234')}\n${row('1.5', '2,345')}\n${row('4.5', '3,456')}\n`;
      expect([header, values(csv(table, { like: commas }), 'y')]).toEqual([header, [1234, 2345, 3456]]);
    }
  });

  test('in another unit are refused', () => {
    expect(failure(() => csv('a,y\n1,1.5 MWh\n2,2 MWh', { like: reading }))).toBe(
      "t.csv: column y is in MWh, the model's data in kWh; bring it to kWh",
    );
  });
});

test('columns that come as numbers are the model’s, whose median fills them', () => {
  const table = 'x;on;kind\n1,5 kg;0;u\n2,5 kg;0;v\n4,5 kg;1;u\n';
  const { reading: like } = csv(table, { label: 'kind', timeless: true });
  const columns = [Float64Array.of(Number.NaN, 8, 9), Float64Array.of(1, 1, Number.NaN)];
  const cells = columns.map((numbers) => ({ numbers }));
  const typed = new Table({ name: 't', header: ['x', 'on'], cells, lines: 3 });
  const frame = understand(typed, { like, timeless: true });
  expect([values(frame, 'x'), values(frame, 'on')]).toEqual([
    [2.5, 8, 9],
    [1, 1, 0],
  ]);
  expect(frame.reading.columns).toEqual(like.columns.slice(0, 2));
  expect(frame.account.columns.map(({ how }) => how)).toEqual(['number, decimal comma, in kg', '0/1 (0, 1)']);
});

describe('rows at another step than the model’s', () => {
  const start = Date.UTC(2020, 0, 1);
  const table = (minutes: number[]) =>
    `at,y\n${minutes.map((minute, i) => `${new Date(start + 60_000 * minute).toISOString()},${i}\n`).join('')}`;
  const hourly = Array.from({ length: 30 }, (_, hour) => 60 * hour);
  const { reading } = csv(table(hourly), { targets: ['y'] });

  test('whole numbers of steps apart have gaps that are filled, by a part of a step they count as consecutive', () => {
    const gap = (minutes: number) =>
      csv(table(hourly.map((minute, i) => minute + (i > 9 ? minutes : 0))), { like: reading });
    const filled = gap(60);
    expect([filled.rows, filled.account.time?.gaps]).toEqual([31, 1]);
    expect(values(filled, 'y').slice(9, 12)).toEqual([9, 9.5, 10]);
    expect(filled.account.notes).toEqual([
      '1 time is missing and filled in, the first after line 11 (2020-01-01T09:00:00.000Z)',
    ]);
    const part = gap(30);
    expect([part.rows, values(part, 'y')]).toEqual([30, hourly.map((_, i) => i)]);
  });
});

test('counts that were 0 or 1 in training may be more', () => {
  const { reading } = csv('y,n\n1,0\n2,1\n3,0', { targets: ['y'] });
  const frame = csv('y,n\n1,0\n2,3\n3,1', { like: reading });
  expect(values(frame, 'n')).toEqual([0, 3, 1]);
  expect(frame.account.notes).toEqual(['n: 1 value beside 0 and 1, which is all that the model has seen']);
});

describe('what is asked for beside what a model keeps', () => {
  const table = (...cells: string[]) =>
    `date,x,y\n${cells.map((cell, i) => `2020-01-0${i + 1},${cell},${(i * 7) % 5}`).join('\n')}\n`;
  const model = (options: UnderstandOptions, ...cells: string[]) =>
    csv(table(...cells), { targets: ['y'], ...options }).reading;
  const nothing = Number.NaN;

  test('marks of a missing value come to those of the model, and are kept with them', () => {
    const like = model({ missing: ['-9'] }, '1', '-9', '4', '8');
    expect(like.missing).toEqual(['-9']);
    for (const [missing, cells, expected] of [
      [undefined, ['1', '-9', 'NA', '7'], ['-9']],
      [['mis'], ['1', '-9', 'mis', '7'], ['-9', 'mis']],
      // One that is given twice is kept once, as a saved model must have it.
      [
        ['mis', '-9', 'mis'],
        ['1', '-9', 'mis', '7'],
        ['-9', 'mis'],
      ],
    ] as const) {
      const other = csv(table(...cells), { like, ...(missing && { missing: [...missing] }) });
      expect(values(other, 'x')).toEqual([1, 3, 5, 7]);
      expect(other.reading.missing).toEqual(expected);
    }
    expect(model({ missing: ['-9', '?', '-9'] }, '1', '-9', '4').missing).toEqual(['-9', '?']);
    // A mark of numbers counts in columns that came as such.
    const typed = new Table({
      name: 't',
      header: ['date', 'x', 'y'],
      cells: [
        ['2020-01-01', '2020-01-02', '2020-01-03'],
        ...[1, 2].map(() => ({ numbers: Float64Array.of(1, -9, 5) })),
      ],
      lines: 3,
    });
    expect(values(understand(typed, { like }), 'x')).toEqual([1, 3, 5]);
  });

  test('whether what is missing is filled is the model’s where nothing else is said', () => {
    const [none, linear] = [model({ fill: 'none' }, '1', '2', '4'), model({}, '1', '2', '4')];
    const refused =
      't.csv, line 3, column x: the value is missing; fill it, leave the row or the column out, or leave out --fill none to have it filled in';
    for (const [like, fill, expected, kept] of [
      [none, undefined, refused, undefined],
      [none, 'linear', [1, 2, 3], 'linear'],
      [none, 'leave', [1, nothing, 3], 'linear'],
      [linear, undefined, [1, 2, 3], 'linear'],
      [linear, 'none', refused, undefined],
      [linear, 'leave', [1, nothing, 3], 'linear'],
    ] as const) {
      const read = () => csv(table('1', '', '3'), { like, ...(fill && { fill }) });
      if (typeof expected === 'string') expect(failure(read)).toBe(expected);
      else expect([values(read(), 'x'), read().reading.fill]).toEqual([expected, kept]);
    }
    expect(csv(table('1', '2', '3'), { like: none }).reading.fill).toBe('none');
  });

  test('the step that rows are put together to, where nothing else is said', () => {
    const halves = (n: number) =>
      `at,y\n${Array.from({ length: n }, (_, i) => `${new Date(30 * 60_000 * i).toISOString()},${i + 0.5}\n`).join('')}`;
    const like = csv(halves(8), { targets: ['y'], every: '1h' }).reading;
    expect([like.every, like.time?.step]).toEqual(['1h', { unit: 'millisecond', count: 3_600_000 }]);
    const other = csv(halves(6), { like });
    expect([values(other, 'y'), other.reading.every]).toEqual([[1, 3, 5], '1h']);
    expect(failure(() => csv(halves(12), { like, every: '2h' }))).toBe(
      "t.csv: the model's step is 1 hour, the file's 2 hours; --every 1h resamples",
    );
  });

  test('a season is the model’s, which has none of irregular rows', () => {
    const at = (...dates: number[]) => `date,y\n${dates.map((date) => `2020-01-${date + 10},${date % 4}\n`).join('')}`;
    const like = csv(at(0, 1, 5, 6, 13, 19), { targets: ['y'] }).reading;
    expect([like.time?.step, like.time?.season]).toEqual([undefined, undefined]);
    const { time, account } = csv(at(0, 1, 2, 3, 4, 5), { like });
    expect([time?.step, time?.season, account.time?.season]).toEqual([
      { unit: 'millisecond', count: 86_400_000 },
      undefined,
      undefined,
    ]);
  });

  test('a time of two columns, of which one is lost, is none', () => {
    const joined = 'date,hour,y\n2020-01-01,22,1\n2020-01-01,23,2\n2020-01-02,0,5\n2020-01-02,1,4\n';
    const { reading: like } = csv(joined, { targets: ['y'] });
    const other = csv('date,y\n2020-01-01,1\n2020-01-02,2\n', { like });
    expect([other.time, other.account.notes]).toEqual([
      undefined,
      ['t.csv has no date, hour: its rows are taken in their order'],
    ]);
  });
});
