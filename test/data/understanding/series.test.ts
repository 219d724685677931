import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Table } from '../../../src/data/table.js';
import { aggregate } from '../../../src/data/understanding/resample.js';
import { understand } from '../../../src/data/understanding/understand.js';
import { csv, days, failure, next, read, told, values } from './frames.js';
import '../../propertySeed.js';

describe('several series', () => {
  test('are found where times repeat, and the columns that tell them apart proposed', () => {
    expect(failure(() => read('panel-months.csv', { targets: ['sales'] }))).toBe(
      'panel-months.csv, line 122, column month: Jan-10 stands in another row too, with another store: several series in one table: --group store',
    );
    expect(failure(() => read('panel-inter.csv', { targets: ['y'] }))).toContain('--group unique_id');
    const rows = days(9).flatMap((day) =>
      ['a', 'b'].flatMap((store) => [1, 2].map((item) => `${day},${store},${item},5`)),
    );
    expect(failure(() => csv(`date,store,item,y\n${rows.join('\n')}`, { targets: ['y'] }))).toContain(
      '--group store,item',
    );
  });

  test('are found by years that begin again, which are no time; told where they only repeat', () => {
    const gases = (order: (year: number, gas: string) => number) => {
      const rows = ['CO2', 'N2O'].flatMap((gas) =>
        Array.from({ length: 9 }, (_, i) => ({ at: order(i, gas), row: `${20 * (i + 1)},${gas},${i}` })),
      );
      return csv(
        `year,gas,y\n${rows
          .sort((a, b) => a.at - b.at)
          .map(({ row }) => row)
          .join('\n')}`,
        { targets: ['y'] },
      );
    };
    expect(failure(() => gases((year, gas) => year + (gas === 'CO2' ? 0 : 100)))).toBe(
      't.csv, line 11, column year: 20 stands in another row too, with another gas: several series in one table: --group gas',
    );
    expect(gases((year) => year).account.notes).toEqual([
      'year: its numbers repeat, so it is not taken as the time and rows count as consecutive; --group gas if they are series',
    ]);
  });

  test('a table with a row for each year: the remedy also where no such column is there', () => {
    const text = `Year,Q1,Q2,Q3,Q4\n${[1990, 1991, 1992, 1993].map((year) => `${year},1,2,3,4`).join('\n')}`;
    const remedy =
      'the columns Q1 to Q4 are times, each row part of one series; to forecast along them, turn the table: --sql \'unpivot data on columns(* exclude ("Year")) into name quarter value value\' --forecast value';
    expect(failure(() => csv(text, { targets: ['sales'] }))).toBe(`t.csv: no column sales; ${remedy}`);
    expect(csv(text, { targets: ['Q2'] }).account.notes).toContain(remedy);
  });

  test('each in the order of time, in the natural order of names, over its own columns', () => {
    const months = read('panel-months.csv', { targets: ['sales'], group: ['store'] });
    expect(months.series).toEqual([
      { name: 'A', from: 0, to: 120 },
      { name: 'B', from: 120, to: 240 },
    ]);
    expect(months.account.series).toEqual({ columns: ['store'], count: 2, shortest: 120, longest: 120 });
    expect(months.account.time).toMatchObject({ step: '1 month', season: 12, gaps: 0 });
    const inter = read('panel-inter.csv', { targets: ['y'], group: ['unique_id'] });
    expect(values(inter, 'y').slice(0, 2)).toEqual([10, 13.909]);
    expect(values(inter, 'y').slice(120, 122)).toEqual([100, 103.909]);
    const numbered = csv('g,t,y\n10,1,1\n10,2,2\n2,1,3\n2,2,4\n', { targets: ['y'], group: ['g'] });
    expect(numbered.series.map(({ name }) => name)).toEqual(['2', '10']);
  });

  test('groups of classes come out alike from any order of rows', () => {
    const ordered = read('groups2-ordered.csv', { label: 'label', group: ['id'] });
    const shuffled = read('groups2-shuffled.csv', { label: 'label', group: ['id'] });
    expect(shuffled.series).toEqual(ordered.series);
    expect(shuffled.column('x').values).toEqual(ordered.column('x').values);
    expect(shuffled.column('label').cells).toEqual(ordered.column('label').cells);
    expect(shuffled.column('when').use).toBe('time');
    const steps = read('groups-ordered.csv', { label: 'label', group: ['id'] });
    const dates = read('groups-shuffled-iso.csv', { label: 'label', group: ['id'] });
    expect(dates.column('x').values).toEqual(steps.column('x').values);
    expect(steps.column('t').use).toBe('time');
  });

  test('a count of the rows is no time of single ones; one slip in a column named as the time is told', () => {
    const single = csv(',a,kind\n1,3,x\n2,5,y\n3,4,x\n', { label: 'kind', timeless: true });
    expect(single.time).toBeUndefined();
    expect(told(single, 'index')).toMatchObject({ use: 'out', why: 'counts the rows' });
    const rows = ['a', 'b'].flatMap((id) => Array.from({ length: 90 }, (_, i) => `${id},${i === 7 ? 6 : i},${i % 5}`));
    const label = rows.map((row, i) => `${i},${i === 97 ? row.replace(/,6,/, ',7,') : row},${row[0]}`);
    const frame = csv(`,id,time,v,kind\n${label.join('\n')}`, { label: 'kind', group: ['id'] });
    expect(frame.account.time?.columns).toEqual(['time']);
    expect(frame.account.notes).toContain('1 row repeats a time; rows of one time keep their order');
  });

  test('filling and gaps stay inside a series; one without any value is left out', () => {
    const frame = csv(
      'day,s,y\n2020-01-01,a,1\n2020-01-02,a,\n2020-01-04,a,4\n2020-01-01,b,\n2020-01-02,b,7\n2020-01-03,b,8\n2020-01-01,c,\n2020-01-02,c,\n',
      { targets: ['y'], group: ['s'] },
    );
    expect(values(frame, 'y')).toEqual([1, 2, 3, 4, 7, 7, 8]);
    expect(frame.series.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(frame.account.notes[0]).toBe('1 series left out, which have no y: c');
  });

  test('one time in two rows of a series', () => {
    const twice = 'date,y\n2020-01-01,1\n2020-01-02,2\n2020-01-02,3\n2020-01-03,4\n';
    expect(failure(() => csv(twice, { targets: ['y'] }))).toBe(
      't.csv, line 4, column date: 2020-01-02 stands in line 3 too; keep one row per time, or aggregate them: --every 1d (or another step)',
    );
    expect(values(csv(twice, { targets: ['y'], every: '1d' }), 'y')).toEqual([1, 5, 4]);
    const same = csv(twice.replace(',3\n', ',2\n'), { targets: ['y'] });
    expect(same.account.notes).toEqual(['1 row left out: the same as another one (line 4)']);
    expect(values(same, 'y')).toEqual([1, 2, 4]);
  });
});

describe('steps and gaps', () => {
  test('missing times are filled in, or refused', () => {
    const frame = read('saw-gap.csv', { targets: ['sales'] });
    expect(frame.account).toMatchObject({ read: 109, rows: 199, time: { gaps: 90 } });
    expect(frame.account.notes).toEqual(['90 times are missing and filled in, the first after line 100 (2020-04-08)']);
    expect(frame.where(99)).toBe('saw-gap.csv, line 100, 1 filled in after it');
    expect(failure(() => read('saw-gap.csv', { targets: ['sales'], fill: 'none' }))).toBe(
      'saw-gap.csv: 90 times are missing, the first after line 100 (2020-04-08); add the rows, or leave out --fill none to have them filled in',
    );
  });

  test('of few rows ten times are filled in, no more', () => {
    const notes = (missing: number, there = 10) => {
      const rows = days(there + missing).filter((_, i) => i < 5 || i >= 5 + missing);
      const text = rows.flatMap((day, i) => ['00', '08', '16'].map((hour) => `${day} ${hour}:00,${i}`)).join('\n');
      return csv(`date,y\n${text}`, { targets: ['y'], every: '1d' }).account.notes.slice(1);
    };
    for (const there of [6, 10]) {
      expect(notes(10, there)).toEqual([
        '10 times are missing and filled in, the first after line 14 (2020-01-05 00:00)',
      ]);
      expect(notes(11, there)).toEqual([
        '11 times are missing, the first after line 14 (2020-01-05 00:00); rows count as consecutive',
      ]);
    }
    // Of more rows as many as there are.
    expect(notes(12, 12)[0]).toMatch('12 times are missing and filled in');
    expect(notes(13, 12)[0]).toMatch('rows count as consecutive');
  });

  test('irregular rows are consecutive, said with the first place and what mends it', () => {
    const frame = read('irregular.csv', { targets: ['value'] });
    expect(frame.time?.step).toBeUndefined();
    expect(frame.account.notes).toEqual([
      'the steps between times differ, the first at line 4 (2020-01-01 00:24); rows count as consecutive; --every 1h brings them to one step',
    ]);
    expect(read('irregular.csv', { targets: ['value'], every: '1h' }).account).toMatchObject({
      rows: 232,
      time: { step: '1 hour' },
    });
    expect(failure(() => read('irregular.csv', { targets: ['value'], every: '1s' }))).toBe(
      'every: the step of irregular.csv is about 1395 seconds; 1s would invent rows; take a longer step',
    );
  });

  test('rows are put together: amounts added, levels averaged, flags if any, the most frequent text', () => {
    const text = days(14)
      .flatMap((day, d) =>
        [0, 6, 12, 18].map(
          (hour, h) =>
            `${day} ${String(hour).padStart(2, '0')}:00,${d},${d + h / 2},${Number(h === 2 && d % 2 === 0)},${['a', 'b', 'b', 'c'][h]}`,
        ),
      )
      .slice(0, -1)
      .join('\n');
    const frame = csv(`date,sales,temperature,promo,w\n${text}`, { targets: ['sales'], every: '1d' });
    expect(values(frame, 'sales')).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48]);
    expect(values(frame, 'temperature').slice(0, 2)).toEqual([0.75, 1.75]);
    expect(values(frame, 'promo').slice(0, 3)).toEqual([1, 0, 1]);
    expect(frame.column('w').reading).toEqual({ kind: 'category', values: ['a', 'b', 'c'] });
    expect(new Set(frame.column('w').values)).toEqual(new Set([1]));
    expect(frame.account.notes).toEqual([
      '55 rows put together to 13 steps of 1 day; 1 first or last step left out, of which rows are missing',
    ]);
    expect(frame.account.columns.map(({ how }) => how)).toEqual([
      'time',
      'number, sum of a step',
      'number, mean of a step',
      '0/1 (0, 1), max of a step',
      'one-hot of 3, most frequent of a step',
    ]);
    expect(failure(() => csv(`date,sales,temperature,promo,w\n${text}`, { targets: ['sales'], every: '1h' }))).toBe(
      'every: the step of t.csv is 6 hours; 1h would invent rows; take a longer step',
    );
    expect(failure(() => read('saw-iso.csv', { targets: ['sales'], every: 'weekly' }))).toContain(
      "every: 'weekly' is not a step",
    );
  });

  test('a step of which every value is missing has none, whatever is made of the others', () => {
    const rows = Float64Array.of(1, Number.NaN, Number.NaN, 4, 2, 2);
    const [from, to, calendar] = [Int32Array.of(0, 1, 3), Int32Array.of(1, 3, 6), new Float64Array(3)];
    const steps = { from, to, calendar, series: [{ name: '', from: 0, to: 3 }], partial: 0 };
    for (const [how, last] of [
      ['sum', 8],
      ['mean', 8 / 3],
      ['max', 4],
      ['most frequent', 2],
    ] as const)
      expect(Array.from(aggregate(rows, steps, how))).toEqual([1, Number.NaN, last]);
  });

  test('a model of daily rows refuses others', () => {
    const { reading } = read('saw-iso.csv', { targets: ['sales'] });
    expect(failure(() => read('hourly.csv', { like: reading }))).toBe(
      "hourly.csv: the model's step is 1 day, the file's 1 hour; --every 1d resamples",
    );
    expect(failure(() => read('monthly.csv', { like: reading }))).toContain(
      "the model's step is 1 day, the file's 1 month",
    );
    expect(read('hourly.csv', { like: reading, every: '1d' }).rows).toBe(8);
    expect(read('saw-gap.csv', { like: reading }).rows).toBe(199);
    // Half of them one day after another: days with gaps, though two days are as frequent.
    const half = ['01', '03', '05', '06', '07'].map((day, i) => `2020-08-${day},${i}`).join('\n');
    expect(csv(`date,sales\n${half}`, { like: reading }).account.time).toMatchObject({ step: '1 day', gaps: 2 });
    expect(csv('date,sales\n2020-08-01,1\n2020-08-02,2', { like: reading }).rows).toBe(2);
    // Days that are rarely one after the other are no days with gaps, in whichever series.
    const shop = csv(
      `date,sales,shop\n${days(8)
        .map((day, i) => `${day},${i},a`)
        .join('\n')}`,
      { targets: ['sales'], group: ['shop'] },
    );
    const rare = ['01', '04', '06', '10'].map((date) => `2020-09-${date},1,a`).join('\n');
    const one = '2020-09-02,1,b';
    for (const table of [rare, `${rare}\n${one}`])
      expect(csv(`date,sales,shop\n${table}`, { like: shop.reading }).account.notes.join()).toMatch(
        /rows count as consecutive/,
      );
    expect(failure(() => csv('date,sale\n2020-08-01,1', { like: reading }))).toContain(
      'no column sales; did you mean sale?',
    );
  });
});

test('the order of rows never matters where there is a time', () => {
  const numbers = fc.oneof(fc.integer({ min: -999, max: 999 }).map(String), fc.constantFrom('', 'NA', '3.25'));
  const row = fc.record({ y: numbers, w: fc.constantFrom('sun', 'rain', 'fog', ''), p: fc.constantFrom('yes', 'no') });
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 6, maxLength: 40 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1 })),
      fc.boolean(),
      (rows, keys, grouped) => {
        const lines = days(rows.length).map((day, i) => ({
          cells: [grouped ? days(rows.length)[i >> 1] : day, String(i % 2), rows[i].y, rows[i].w, rows[i].p],
          key: keys.next().value,
        }));
        lines[0].cells[2] = lines[1].cells[2] = '1';
        const frame = (list: typeof lines) =>
          understand(
            new Table({
              name: 't',
              header: ['date', 's', 'y', 'w', 'p'],
              cells: [0, 1, 2, 3, 4].map((c) => list.map(({ cells }) => cells[c])),
              lines: list.length,
            }),
            { targets: ['y'], ...(grouped && { group: ['s'] }) },
          );
        const [one, other] = [frame(lines), frame([...lines].sort((a, b) => a.key - b.key))];
        expect(other.reading).toEqual(one.reading);
        expect(other.series).toEqual(one.series);
        expect(other.time).toEqual(one.time);
        expect(other.columns.map(({ name, use, values }) => [name, use, values])).toEqual(
          one.columns.map(({ name, use, values }) => [name, use, values]),
        );
      },
    ),
  );
});

test('steps without a row of what is counted have none of it', () => {
  const text =
    'ts,orders\n2020-01-01 10:03,1\n2020-01-01 12:44,2\n2020-01-03 09:00,1\n2020-01-03 19:30,5\n2020-01-04 01:00,1';
  const orders = csv(text, { targets: ['orders'], every: '1d' });
  expect(values(orders, 'orders')).toEqual([3, 0, 6, 1]);
  expect(told(orders, 'orders')?.how).toBe('number, sum of a step, 0 in those without a row');
});

test('months become whole quarters', () => {
  const rows = Array.from(
    { length: 14 },
    (_, i) => `${2019 + Math.floor((i + 1) / 12)}-${String(((i + 1) % 12) + 1).padStart(2, '0')},${i}`,
  );
  const frame = csv(`month,sales\n${rows.join('\n')}`, { targets: ['sales'], every: '1q' });
  expect(values(frame, 'sales')).toEqual([2 + 3 + 4, 5 + 6 + 7, 8 + 9 + 10, 11 + 12 + 13]);
  expect(frame.account.time).toMatchObject({ step: '1 quarter', season: 4 });
  expect(next(frame, 1)).toEqual(['2020-04']);
});

test('series are where every fifth row repeats a time, and are told where rows are put together', () => {
  const rows = days(8).map((day, i) => `${day},a,${i}`);
  const repeated = days(2).map((day) => `${day},b,5`);
  const notes = (text: string[]) =>
    csv(`date,s,y\n${text.join('\n')}`, { targets: ['y'], every: '2d' }).account.notes.join('\n');
  expect(notes([...rows, ...repeated])).toContain(
    'rows of several series are put together; --group s keeps them apart',
  );
  expect(notes([...rows, ...repeated.slice(1)])).not.toContain('several series');
});

test('a slip is no series: two rows of one time among many, that differ in a text', () => {
  const rows = days(30).map((day, i) => `${day},${['sun', 'rain', 'fog'][i % 3]},${i}`);
  expect(failure(() => csv(`date,w,y\n${rows.join('\n')}\n2020-01-30,rain,7`, { targets: ['y'] }))).toContain(
    'line 32, column date: 2020-01-30 stands in line 31 too; keep one row per time',
  );
});

test('rows to come are those at the end of a series with values, not a series without any', () => {
  const rows = ['a', 'b'].flatMap((s) =>
    days(5).map((day, i) => `${s},${day},${i % 2},${s === 'a' && i < 3 ? i + 4 : ''}`),
  );
  const frame = csv(`s,when,promo,y\n${rows.join('\n')}\n`, { targets: ['y'], group: ['s'], known: ['promo'] });
  expect(frame.series).toEqual([{ name: 'a', from: 0, to: 3 }]);
  expect(values(frame, 'y')).toEqual([4, 5, 6]);
  expect(frame.account.notes).toEqual([
    '1 series left out, which have no y: b',
    '2 rows at the end have no y: taken as rows to come, whose promo predict reads',
  ]);
});

test('of spellings of a series that come as often, the order of rows does not say which is first', () => {
  const noteOf = (...spellings: string[]) => {
    const rows = spellings.flatMap((s, k) =>
      days(6)
        .slice(3 * k, 3 * k + 3)
        .map((day, i) => `${s},${day},${i}`),
    );
    return csv(`s,when,y\n${rows.join('\n')}\n`, { targets: ['y'], group: ['s'] }).account.notes;
  };
  expect(noteOf('b', 'B')).toEqual(['s: count as the same: b, B']);
  expect(noteOf('B', 'b')).toEqual(['s: count as the same: b, B']);
});
