import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Table } from '../../../src/data/table.js';
import { accountText, encode, type UnderstandOptions, understand } from '../../../src/data/understanding/understand.js';
import { csv, days, failure, folder, next, read, told, values } from './frames.js';

describe('one series in several notations and orders', () => {
  const iso = read('saw-iso.csv', { targets: ['sales'] });
  test.each([
    ['saw-iso-desc.csv', 'sales', ['2020-07-19', '2020-07-20']],
    ['saw-dmy.csv', 'sales', ['19/07/2020', '20/07/2020']],
    ['saw-dmy-desc.csv', 'sales', ['19/07/2020', '20/07/2020']],
    ['saw-mdy-desc.csv', 'Price', ['Jul 19, 2020', 'Jul 20, 2020']],
    ['saw-de.csv', 'Umsatz', ['19.07.2020', '20.07.2020']],
    ['saw-ymd.csv', 'sales', ['20200719', '20200720']],
  ])('%s', (file, target, labels) => {
    const frame = read(file, { targets: [target] });
    expect(frame.column(target).values).toEqual(iso.column('sales').values);
    expect(frame.time?.times).toEqual(iso.time?.times);
    expect(frame.time).toMatchObject({ step: { unit: 'millisecond', count: 86_400_000 }, season: 7 });
    expect(next(frame, 2)).toEqual(labels);
  });

  test('yes and no, TRUE and FALSE, 1 and 0 are the same channel', () => {
    const [words, truths, numbers] = ['promo-yesno.csv', 'promo-true.csv', 'promo-01.csv'].map((file) =>
      read(file, { targets: ['sales'] }),
    );
    expect(encode(words, ['promo', 'sales'])).toEqual(encode(numbers, ['promo', 'sales']));
    expect(encode(truths, ['promo', 'sales'])).toEqual(encode(numbers, ['promo', 'sales']));
    expect(told(words, 'promo')).toMatchObject({ use: 'feature', how: '0/1 (no, yes)' });
    expect(new Set(words.column('promo').values)).toEqual(new Set([0, 1]));
  });
});

describe('numbers', () => {
  test.each([
    ['umsatz-de-tausender.csv', 'Umsatz', [1070, 1293, 1402, 1178, 852], 'number, decimal comma, thousands 1.000'],
    ['umsatz-en-tausender-quoted.csv', 'Revenue', [1070, 1293, 1402, 1178, 852], 'number, thousands 1,000'],
    ['gsheets-de.csv', 'value', [98.78, 116.01], 'number, decimal comma'],
    ['tsv-decimal-comma.tsv', 'value', [98.78, 116.01], 'number, decimal comma'],
    ['fr-nbsp.csv', 'value', [1098.78, 1116.01], 'number, decimal comma, thousands 1 000'],
    ['currency.csv', 'Revenue', [1070, 1293], 'number, thousands 1,000, in $'],
    ['units.csv', 'value', [98.78, 116.01], 'number, in kWh'],
    ['minus.csv', 'value', [98.78, 116.01, 120.49, 108.16, -89.99], 'number'],
    ['en-semicolon-decimals-mixed.csv', 'umsatz', [1.098, 1.116], 'number'],
    ['saw-de.csv', 'Umsatz', [-0.28, 10.54], 'number, decimal comma'],
    ['huge.csv', 'views', [9007199254740033], 'number'],
    ['big.csv', 'views', [3e9, 3.1e9], 'number'],
  ])('%s', (file, target, first, how) => {
    const frame = read(file, { targets: [target] });
    expect(values(frame, target).slice(0, first.length)).toEqual(first);
    expect(told(frame, target)).toMatchObject({ use: 'target', how });
  });

  test.each<[string, number[], string]>([
    ["1'234.5,2'000,17", [1234.5, 2000, 17], 'Swiss thousands'],
    ['(5),3,(2.5)', [-5, 3, -2.5], 'negative in brackets'],
    ['5-,3,2-', [-5, 3, -2], 'the sign after the number'],
    ['12%,3.5%,100%', [12, 3.5, 100], 'per cent'],
    ['1.2K,3.4M,500', [1200, 3.4e6, 500], 'thousands and millions'],
    ['€5,€-3.5,-€2', [5, -3.5, -2], 'currency before'],
    ['5 EUR,3.5 EUR,2 EUR', [5, 3.5, 2], 'currency after'],
    ['21.5 °C,-3 °C,0 °C', [21.5, -3, 0], 'degrees'],
    ['1e3,2.5E-1,3', [1000, 0.25, 3], 'exponents'],
    ['12.5 m³,3 m³,1 m³', [12.5, 3, 1], 'cubic metres'],
    ['1\u202f234,2\u202f345,17', [1234, 2345, 17], 'narrow spaces'],
    ['$ 5,$7,$ 1', [5, 7, 1], 'a space after the currency'],
    ['+5,-3,7', [5, -3, 7], 'a plus sign'],
    ['1.234.567|2.000|17', [1234567, 2000, 17], 'groups by points'],
    ['12,34,567|1,000|5', [1234567, 1000, 5], 'lakhs'],
    ['1.070|987|1.123', [1070, 987, 1123], 'around a thousand'],
    ['1.070,5|987|1.123', [1070.5, 987, 1123], 'German'],
    ['1.070|98.78|3', [1.07, 98.78, 3], 'a decimal point, by the cell beside it'],
  ])('%s', (cells, numbers) => {
    const list = cells.split(cells.includes('|') ? '|' : ',');
    const table = new Table({ name: 't.csv', header: ['y'], cells: [list], lines: list.length });
    expect(values(understand(table, { targets: ['y'] }), 'y')).toEqual(numbers);
  });

  test('a column half of whose cells are numbers is one of texts; with one more it is one of numbers, and the first other cell a fault', () => {
    const of = (cells: string[]) => {
      const y = cells.map((_, i) => String(i / 4));
      const table = new Table({ name: 't.csv', header: ['c', 'y'], cells: [cells, y], lines: cells.length });
      return understand(table, { targets: ['y'], features: ['c'] });
    };
    const half = ['1', 'a', '2', 'a', '1', 'b', '2', 'b'];
    const { columns } = of(half);
    expect(columns.find(({ name }) => name === 'c')?.reading).toMatchObject({ kind: 'category' });
    expect(failure(() => of([...half, '2']))).toMatch(/column c: 'a' is not a number/);
  });

  test('a letter that multiplies and a unit in one column are no numbers', () => {
    expect(failure(() => csv('y\n1.2K\n3.4kg\n500\n2K\n', { targets: ['y'] }))).toContain("'1.2K' is not a number");
  });

  test('what nothing settles is asked for, with two cells and the option', () => {
    const text = 'a;y\n1;1.070\n2;1.293\n3;2.402\n';
    expect(failure(() => csv(text, { targets: ['y'] }))).toBe(
      "t.csv, line 2, column y: '1.070' may have a decimal point or thousands; say which: --decimal , for 1070, --decimal . for 1.07",
    );
    expect(values(csv(text, { targets: ['y'], decimal: ',' }), 'y')).toEqual([1070, 1293, 2402]);
    expect(values(csv(text, { targets: ['y'], decimal: '.' }), 'y')).toEqual([1.07, 1.293, 2.402]);
  });

  test('a few odd cells among numbers are refused at the first one', () => {
    expect(failure(() => csv('y,x\n1,2\n2,3\n3,four\n4,5\n', { targets: ['y'] }))).toBe(
      "t.csv, line 4, column x: 'four' is not a number; correct it, or --missing four if it means that there is no value, or --drop x",
    );
    expect(failure(() => csv('y\n1\n2\n1e999\n', { targets: ['y'] }))).toContain(
      "line 4, column y: '1e999' is beyond all numbers",
    );
    expect(failure(() => csv('y,x\n1,sun\n2,rain\n', { targets: ['x'] }))).toBe(
      "t.csv, line 2, column x: 'sun' is not a number; the column holds text; choose one that holds numbers",
    );
  });
});

describe('missing values', () => {
  test.each(readdirSync(folder).filter((file) => file.startsWith('missing-')))('%s', (file) => {
    const missing = file === 'missing-missing.csv' ? { missing: ['missing'] } : {};
    if (file === 'missing-missing.csv') {
      expect(failure(() => read(file, { targets: ['a'] }))).toContain(
        "line 35, column a: 'missing' is not a number; correct it, or --missing missing",
      );
    }
    const frame = read(file, { targets: ['a'], ...missing });
    const [before, filled, after] = values(frame, 'a').slice(32, 35);
    expect(filled).toBeCloseTo((before + after) / 2, 12);
    expect(told(frame, 'a')).toMatchObject({ missing: 1, filled: 'filled in between, next or last value at the ends' });
    expect(failure(() => read(file, { targets: ['a'], fill: 'none', ...missing }))).toContain(
      `${file}, line 35, column a: the value is missing`,
    );
  });

  test('ends take the next and the last value, texts the last one', () => {
    const frame = csv(
      'date,y,w,p\n2020-01-01,,sun,\n2020-01-02,1,,yes\n2020-01-03,,rain,no\n2020-01-04,4,sun,\n2020-01-05,NA,rain,no\n2020-01-06,?,fog,no\n2020-01-07,5,fog,no',
      {
        targets: ['y'],
      },
    );
    expect(values(frame, 'y')).toEqual(
      [1, 1, 2.5, 4, 4 + 1 / 3, 4 + 2 / 3, 5].map((value) => expect.closeTo(value, 12)),
    );
    expect(frame.column('w').reading).toEqual({ kind: 'category', values: ['fog', 'rain', 'sun'] });
    expect(values(frame, 'w')).toEqual([2, 2, 1, 2, 1, 0, 0]);
    expect(values(frame, 'p')).toEqual([1, 1, 0, 0, 0, 0, 0]);
  });

  test('none is a value among texts, and infinite numbers are missing', () => {
    const frame = csv('y,promo\n1,none\nInf,small\n3,large\n4,none\n5,small\n6,large', { targets: ['y'] });
    expect(frame.column('promo').reading).toEqual({ kind: 'category', values: ['large', 'none', 'small'] });
    expect(values(frame, 'y')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(frame.account.notes).toEqual(['y: 1 infinite value taken as missing']);
  });

  test('of columns that came as numbers, infinite ones are missing, and only those are told', () => {
    const typed = (...numbers: number[]) => {
      const table = new Table({
        name: 'n',
        header: ['y'],
        cells: [{ numbers: Float64Array.from(numbers) }],
        lines: numbers.length,
      });
      const frame = understand(table, { targets: ['y'] });
      return { y: values(frame, 'y'), notes: frame.account.notes };
    };
    expect(typed(1, 2, 3, 4, 5, 6)).toEqual({ y: [1, 2, 3, 4, 5, 6], notes: [] });
    expect(typed(1, Infinity, 3, Number.NaN, 5, -Infinity, 7)).toEqual({
      y: [1, 2, 3, 4, 5, 6, 7],
      notes: ['y: 2 infinite values taken as missing'],
    });
  });

  test('a value far from all else is pointed at', () => {
    const frame = csv('y\n1\n2\n-999\n4\n-999\n6', { targets: ['y'] });
    expect(frame.account.notes).toEqual([
      'y: -999 stands 2 times, far from all else; if it means that there is no value: --missing -999',
    ]);
    expect(values(csv('y\n1\n2\n-999\n4\n-999\n6', { targets: ['y'], missing: ['-999'] }), 'y')).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });

  test('rows without a label, a footer and rows without a time are left out, and told', () => {
    const labels = read('label-na.csv', { label: 'label', timeless: true });
    expect(labels.account).toMatchObject({
      read: 100,
      rows: 95,
      notes: ['5 rows left out: no label (the first is line 2)'],
    });
    expect(new Set(labels.column('label').cells)).toEqual(new Set(['cat', 'dog']));
    expect(read('total-row.csv', { targets: ['value'] }).account).toMatchObject({
      read: 201,
      rows: 200,
      notes: ['1 row left out: a total or the like, no data (line 202)'],
    });
    const gone = csv('date,y\n2020-01-01,1\n,2\n2020-01-02,3\n2020-01-03,4', { targets: ['y'] });
    expect(gone.account.notes).toEqual(['1 row left out: no time (line 3)']);
  });

  test('1 and 1.0 are one class', () => {
    const frame = read('label-1-1.0.csv', { label: 'label', timeless: true });
    expect(new Set(frame.column('label').cells)).toEqual(new Set(['0', '1']));
    expect(frame.column('label')).toMatchObject({
      use: 'label',
      reading: { kind: 'text' },
      values: new Float64Array(0),
    });
  });

  test('classes are as they are written unless all are numbers', () => {
    const classes = (...cells: string[]) =>
      csv(`x,label\n${cells.map((cell, i) => `${i},${cell}`).join('\n')}`, { label: 'label', timeless: true }).column(
        'label',
      ).cells;
    expect(classes('1.0', '1', '2.50', '2.5')).toEqual(['1', '1', '2.5', '2.5']);
    expect(classes('1.0', 'a', '1.0', 'a')).toEqual(['1.0', 'a', '1.0', 'a']);
  });

  test('single rows take the median, which is kept for other tables', () => {
    const frame = csv('x,w,label\n1,a,u\n,b,v\n3,c,u\n9,,v\n5,b,u\n5,a,u\n2,c,u', { label: 'label', timeless: true });
    expect(values(frame, 'x')).toEqual([1, 4, 3, 9, 5, 5, 2]);
    expect(encode(frame, ['w']).data.slice(9, 12)).toEqual(Float64Array.of(0, 0, 0));
    const other = csv('x,w\n,c\n7,d', { like: frame.reading, timeless: true });
    expect(values(other, 'x')).toEqual([4, 7]);
    expect(other.account.notes).toEqual([
      "t.csv, line 3, column w: 'd' is none of the 3 values known; 1 cell like it count as none of them",
    ]);
    expect(encode(other, ['w'])).toMatchObject({
      names: ['w=a', 'w=b', 'w=c'],
      widths: [3],
      data: Float64Array.of(0, 0, 1, 0, 0, 0),
    });
  });
});

describe('columns', () => {
  test('what has nothing to learn from is left out, with the reason', () => {
    const n = 120;
    const rows = days(n).map(
      (day, i) => `${day},${i % 7},${i},x,7,${['a', 'b', 'c'][i % 3]},note ${i},${day},${9000 - i * 3}`,
    );
    const frame = csv(`date,y,Unnamed: 0,same,seven,kind,remark,shipped,order_id\n${rows.join('\n')}`, {
      targets: ['y'],
    });
    const out = frame.account.columns.filter(({ use }) => use === 'out').map(({ name, why }) => [name, why]);
    expect(out).toEqual([
      ['Unnamed: 0', 'counts the rows'],
      ['same', 'every cell is x'],
      ['seven', 'every value is 7'],
      ['remark', 'text with 120 different values'],
      ['shipped', 'a time as well; the time is date'],
      ['order_id', 'names each row'],
    ]);
    expect(told(frame, 'kind')).toMatchObject({ use: 'feature', how: 'one-hot of 3' });
    expect(accountText(frame.account)).toEqual([
      'data      t.csv: 120 rows',
      'time      date (yyyy-MM-dd), 2020-01-01 to 2020-04-29, step 1 day, season 7',
      'target    y: number',
      'feature   kind: one-hot of 3',
      'left out  Unnamed: 0: counts the rows',
      '          same: every cell is x',
      '          seven: every value is 7',
      '          remark: text with 120 different values',
      '          shipped: a time as well; the time is date',
      '          order_id: names each row',
    ]);
  });

  test.each([
    ['unix.csv', 'value', 'timestamp', '1 hour'],
    ['unix-desc.csv', 'value', 'timestamp', '1 hour'],
    ['epochms.json', 'v', 'date', '1 day'],
    ['isoZ.json', 'v', 'date', '1 day'],
    ['pandas-index.csv', 'value', 'date', '1 day'],
    ['pandas-index-named.csv', 'value', 'date', '1 day'],
    ['monthly.csv', 'sales', 'date', '1 month'],
    ['air-monyy.csv', 'Passengers', 'Month', '1 month'],
    ['shampoo.csv', 'Sales', 'Month', '1 month'],
    ['yahoo.csv', 'Close', 'Date', '1 business day'],
  ])('%s: the time is found and is no feature', (file, target, time, step) => {
    const frame = read(file, { targets: [target] });
    expect(frame.account.time).toMatchObject({ columns: [time], step });
    expect(frame.column(time).use).toBe('time');
    const counted = frame.account.columns.filter(({ why }) => why === 'counts the rows');
    expect(counted.length).toBe(file.startsWith('pandas') ? 1 : 0);
    if (file.startsWith('unix')) {
      expect(frame.account.notes).toEqual(['timestamp: its numbers are read as times']);
      expect(next(frame, 1)).toEqual(['1578916800']);
    }
  });

  test('of two columns that count the rows one is the time, the other is left out', () => {
    const frame = csv(`row,t,y\n${Array.from({ length: 12 }, (_, i) => `${i},${i + 1},${i % 5}`).join('\n')}`, {
      targets: ['y'],
    });
    expect(frame.account.columns.map(({ use, why }) => why ?? use)).toEqual(['counts the rows', 'time', 'target']);
  });

  test('no time at all', () => {
    const frame = read('nodate.csv', { targets: ['sales'] });
    expect(frame.time).toBeUndefined();
    expect(frame.series).toEqual([{ name: '', from: 0, to: 200 }]);
    expect(read('count.csv', { targets: ['n'] }).time).toBeUndefined();
  });

  test('years of stocks skip weekends, and holidays are no gaps', () => {
    const frame = read('yahoo.csv', { targets: ['Close'] });
    expect(next(frame, 2)).toEqual(['2019-12-02', '2019-12-03']);
    const closed = csv(
      `date,y\n${days(60)
        .filter((day) => ![0, 6].includes(new Date(day).getUTCDay()) && day !== '2020-01-20')
        .map((day, i) => `${day},${i}`)
        .join('\n')}`,
      { targets: ['y'] },
    );
    expect(closed.account.time).toMatchObject({ step: '1 business day', season: 5, gaps: 0 });
  });

  test('features, drop and known say what a column is for', () => {
    const text = 'date,y,wind,temp,"promo, big"\n2020-01-01,1,2,3,0\n2020-01-02,2,3,3.5,1\n2020-01-03,3,1,4,0\n';
    const uses = (options: UnderstandOptions) =>
      csv(text, { targets: ['y'], ...options }).columns.map(({ use }) => use);
    expect(uses({})).toEqual(['time', 'target', 'feature', 'feature', 'feature']);
    expect(uses({ features: ['wind'] })).toEqual(['time', 'target', 'feature', 'out', 'out']);
    expect(uses({ drop: ['wind'], known: ['promo, big'] })).toEqual(['time', 'target', 'out', 'feature', 'known']);
    expect(failure(() => csv(text, { targets: ['y'], features: ['wnd'] }))).toContain(
      'no column wnd; did you mean wind?',
    );
    expect(failure(() => csv(text, { targets: ['y'], drop: ['y'] }))).toBe(
      'targets: column y is dropped as well; name it once',
    );
    expect(failure(() => csv(text, { targets: ['y', 'y'] }))).toBe('targets: column y is named twice');
    expect(failure(() => csv(text, { targets: ['y'], known: ['y'] }))).toBe(
      'known: column y is the target as well; name it once',
    );
    expect(uses({ features: ['y', 'wind'] })).toEqual(['time', 'target', 'feature', 'out', 'out']);
  });

  test('a date and an hour, a year and a month make the time together', () => {
    for (const options of [{}, { time: ['date', 'hour'] }]) {
      const frame = read('date-hour.csv', { targets: ['load'], ...options });
      expect(frame.account.time).toMatchObject({ columns: ['date', 'hour'], step: '1 hour', season: 24 });
      expect(next(frame, 2)).toEqual(['2020-01-11 0', '2020-01-11 1']);
      expect(frame.columns.map(({ use }) => use)).toEqual(['time', 'time', 'target']);
    }
    const months = Array.from({ length: 30 }, (_, i) => `${2018 + Math.floor(i / 12)},${(i % 12) + 1},${i}`);
    const frame = csv(`year,month,y\n${months.join('\n')}`, { targets: ['y'] });
    expect(frame.account.time).toMatchObject({ columns: ['year', 'month'], step: '1 month' });
    const days = Array.from({ length: 40 }, (_, i) => `2000,${1 + Math.floor(i / 31)},${1 + (i % 31)},${i}.5`);
    const byDay = csv(`year,month,date_of_month,y\n${days.join('\n')}`, { targets: ['y'] });
    expect(byDay.account.time).toMatchObject({ columns: ['year', 'month', 'date_of_month'], step: '1 day' });
    expect(next(frame, 2)).toEqual(['2020 7', '2020 8']);
  });
});

test('constant columns stay where each has its place', () => {
  const text = 'a,b,label\n0,1,x\n0,2,y\n0,3,x';
  expect(told(csv(text, { label: 'label', timeless: true }), 'a')).toMatchObject({
    use: 'out',
    why: 'every value is 0',
  });
  expect(told(csv(text, { label: 'label', timeless: true, whole: true }), 'a')).toMatchObject({ use: 'feature' });
  expect(told(csv(text, { label: 'label', timeless: true, features: ['a'] }), 'a')).toMatchObject({ use: 'feature' });
});

test('a column without any value', () => {
  expect(failure(() => csv('date,y\n2020-01-01,NA\n2020-01-02,', { targets: ['y'] }))).toBe(
    't.csv: every value of column y is missing; choose another column',
  );
  expect(told(csv('date,y,x\n2020-01-01,1,NA\n2020-01-02,2,', { targets: ['y'] }), 'x')).toMatchObject({
    use: 'out',
    why: 'every cell is missing',
  });
});

test('typed columns are read as they are', () => {
  const at = Float64Array.from({ length: 30 }, (_, i) => Date.UTC(2020, 0, 1, i));
  const y = Float64Array.from({ length: 30 }, (_, i) => (i === 4 ? Number.NaN : i));
  const table = new Table({
    name: 'rows',
    header: ['at', 'y'],
    cells: [{ times: at, utc: true }, { numbers: y }],
    lines: 30,
    unit: 'row',
  });
  const frame = understand(table, { targets: ['y'] });
  expect(values(frame, 'y').slice(3, 6)).toEqual([3, 4, 5]);
  expect(frame.time).toMatchObject({ step: { unit: 'millisecond', count: 3_600_000 }, season: 24 });
  expect(next(frame, 1)).toEqual(['2020-01-02T06:00Z']);
});

test('a date among the features asked for is the time', () => {
  const frame = csv('date,wind,y\n2020-01-03,1,3\n2020-01-02,2,2\n2020-01-01,3,1', {
    targets: ['y'],
    features: ['date', 'wind'],
  });
  expect(frame.columns.map(({ use }) => use)).toEqual(['time', 'feature', 'target']);
  expect(values(frame, 'y')).toEqual([1, 2, 3]);
});
