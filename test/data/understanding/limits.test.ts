/** What the understanding of tables knows by heart, and the limits that it draws: a case on either side of each. */
import { describe, expect, test } from '@jest/globals';
import type { Account } from '../../../src/data/frame.js';
import { describeReading } from '../../../src/data/understanding/columns.js';
import { MissingMarks } from '../../../src/data/understanding/marks.js';
import { accountText, type UnderstandOptions } from '../../../src/data/understanding/understand.js';
import { quoted, shorten } from '../../../src/data/understanding/wording.js';
import { abbreviations, offsetOfWall } from '../../../src/data/understanding/zones.js';
import { csv, days, told } from './frames.js';

/** A table with a target y of whole numbers and further columns, row by row. */
const table = (
  rows: number,
  columns: Record<string, (row: number) => string | number>,
  options: UnderstandOptions = { targets: ['y'] },
) => {
  const names = Object.keys(columns);
  const cells = Array.from({ length: rows }, (_, row) => [
    ...names.map((name) => columns[name](row)),
    (row * 37) % 101,
  ]);
  return csv(`${[...names, 'y'].join(',')}\n${cells.map((line) => line.join(',')).join('\n')}\n`, options);
};

/** Places that keep the time, in winter and in summer there. */
const places: Record<string, string> = {
  UTC: 'Etc/UTC',
  GMT: 'Etc/UTC',
  'WET WEST': 'Europe/Lisbon',
  'GMT BST': 'Europe/London',
  'CET CEST': 'Europe/Paris',
  'MEZ MESZ': 'Europe/Berlin',
  'EET EEST': 'Europe/Helsinki',
  MSK: 'Europe/Moscow',
  'EST EDT': 'America/New_York',
  'CST CDT': 'America/Chicago',
  'MST MDT': 'America/Denver',
  'PST PDT': 'America/Los_Angeles',
  'AKST AKDT': 'America/Anchorage',
  HST: 'Pacific/Honolulu',
  JST: 'Asia/Tokyo',
  KST: 'Asia/Seoul',
  'AEST AEDT': 'Australia/Sydney',
  'NZST NZDT': 'Pacific/Auckland',
};

test('abbreviations of zones stand for what clocks show there', () => {
  const expected: Record<string, number> = {};
  for (const [names, timeZone] of Object.entries(places)) {
    const offsets = [0, 6].map((month) => {
      const at = new Date(Date.UTC(2023, month, 15, 12));
      const shown = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).format(at);
      const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(shown) ?? [];
      return hours === undefined ? 0 : (sign === '-' ? -1 : 1) * (60 * Number(hours) + Number(minutes));
    });
    const inOrder = offsets.sort((a, b) => a - b);
    for (const [i, name] of names.split(' ').entries()) expected[name] = inOrder[i];
  }
  expect(abbreviations).toEqual(expected);
});

test('what a clock shows is its first hour where one comes twice, and the later offset where one is left out', () => {
  const at = (month: number, date: number, hour: number, minute = 0) =>
    offsetOfWall('Europe/Berlin', Date.UTC(2023, month - 1, date, hour, minute));
  expect([at(10, 29, 1, 59), at(10, 29, 2), at(10, 29, 2, 59), at(10, 29, 3)]).toEqual([120, 120, 120, 60]);
  expect([at(3, 26, 1, 59), at(3, 26, 3)]).toEqual([60, 120]);
  expect([at(1, 1, 2), at(7, 1, 2)]).toEqual([60, 120]);
});

describe('marks of a missing value', () => {
  /** What pandas reads as missing by default, and what spreadsheets and databases write. */
  const anywhere =
    '|#N/A|#NA|<NA>|N/A|NA|NULL|NaN|-NaN|n/a|nan|-nan|null|nil|NaT|#VALUE!|#REF!|#DIV/0!|#NAME?|#NULL!|#NUM!|#NV|#N/D|#WERT!|#BEZUG!|#ZAHL!|#VALEUR!|#NOM?|#NOMBRE!|#VALOR!|#¡VALOR!|#VALORE!|\\N|(null)|<null>|undefined|n.a.|k.A.|k. A.|n.v.|not available|keine Angabe|nicht verfügbar|…|-|--|—|–|.|?';
  const amongNumbers =
    'None|M|nd|n.d.|n/d|s.d.|unknown|unavailable|No data|NoData|/|..|...|---|:|-.-|─|-nan(ind)|1.#IND|-1.#IND|1.#QNAN|inf|+inf|-inf|Infinity|-Infinity|∞|-∞|*|***|#|####';
  const marks = new MissingMarks();
  test('in any column', () => {
    const missing = anywhere.split('|');
    expect(missing.filter((cell) => !marks.isMissing(cell) || !marks.isMissingNumber(cell))).toEqual([]);
  });
  test('in a column of numbers only', () => {
    const missing = amongNumbers.split('|');
    expect(missing.filter((cell) => marks.isMissing(cell) || !marks.isMissingNumber(cell))).toEqual([]);
    expect(['0', 'no', 'a*', '*a', '#1', 'na na'].filter(marks.isMissingNumber)).toEqual([]);
  });
  test('and those given, as they are written', () => {
    const given = new MissingMarks([' -999 ', 'gone', '']);
    expect(['-999', 'gone', '', '-999.0', 'Gone'].map(given.isMissing)).toEqual([true, true, true, false, false]);
    expect([...given.numbers]).toEqual([-999, Number.NaN]);
  });
});

test.each(
  'no yes|n y|false true|f t|off on|nein ja|non oui|no sí|no si|não sim|nee ja|nej ja|falsch wahr|faux vrai|нет да|closed open|absent present|inactive active|inaktiv aktiv|n j|ne ano|nie áno|nie tak|ei kyllä|hayır evet|onwaar waar|falso vero|falso verdadero|aus an|down up|fail pass|✗ ✓|否 是|low high|female male|0 1'
    .split('|')
    .map((pair) => pair.split(' ')),
)('%s is 0 and %s is 1, in capitals too', (zero, one) => {
  const flag = (words: string[]) => told(table(12, { f: (row) => words[row % 3 === 0 ? 0 : 1] }), 'f')?.how;
  expect(flag([zero, one])).toBe(`0/1 (${zero}, ${one})`);
  expect(flag([one, zero])).toBe(`0/1 (${zero}, ${one})`);
  const [Zero, One] = [zero.toUpperCase(), one.toUpperCase()];
  if (One.toLowerCase() === one && Zero.toLowerCase() === zero) expect(flag([One, Zero])).toBe(`0/1 (${Zero}, ${One})`);
});

describe('columns without anything to learn from', () => {
  const use = (rows: number, name: string, cell: (row: number) => string | number) => {
    const { use, how, why } = told(table(rows, { other: (row) => (row * 7) % 9, [name]: cell }), name) ?? {};
    return why ?? `${use}: ${how}`;
  };
  test.each<[string, number, string, (row: number) => string | number, string]>([
    ['names of 21 rows', 21, 'shop_id', (row) => 100 + ((row * 5) % 21), 'names each row'],
    ['names of 20 rows', 20, 'shop_id', (row) => 100 + ((row * 3) % 20), 'feature: number'],
    ['a name that comes twice', 22, 'shop_id', (row) => 100 + ((row * 5) % 21), 'feature: number'],
    ['numbers that are not whole', 21, 'shop_id', (row) => 100.5 + ((row * 5) % 21), 'feature: number'],
    ['another name', 21, 'shopid', (row) => 100 + ((row * 5) % 21), 'feature: number'],
    ['shopId', 21, 'shopId', (row) => 100 + ((row * 5) % 21), 'names each row'],
    ['Order ID', 21, 'Order ID', (row) => 100 + ((row * 5) % 21), 'names each row'],
    ['ID', 21, 'ID', (row) => 100 + ((row * 5) % 21), 'names each row'],
    ['PAID', 21, 'PAID', (row) => 100 + ((row * 5) % 21), 'feature: number'],
    ['key', 21, 'my-key', (row) => 100 + ((row * 5) % 21), 'names each row'],
    ['nr', 21, 'Rg nr', (row) => 100 + ((row * 5) % 21), 'names each row'],
    ['one number', 9, 'x', () => 2.5, 'every value is 2.5'],
    ['one number, and a gap', 9, 'x', (row) => (row === 4 ? '' : 7), 'every value is 7'],
    ['no number', 9, 'x', () => '', 'every cell is missing'],
    ['50 names', 150, 'x', (row) => `n${row % 50}`, 'feature: one-hot of 50'],
    ['51 names', 153, 'x', (row) => `n${row % 51}`, 'text with 51 different values'],
    ['3 names in 6 rows', 6, 'x', (row) => `n${row % 3}`, 'feature: one-hot of 3'],
    ['3 names in 5 rows', 5, 'x', (row) => `n${row % 3}`, 'text that differs in nearly every row'],
    ['a mark in half of the rows', 8, 'x', (row) => (row % 2 ? 'x' : ''), 'feature: 0/1 (empty, x)'],
    ['a mark in more', 8, 'x', (row) => (row % 2 || row === 0 ? 'x' : ''), 'every cell that is not empty is x'],
    ['a mark in one row', 8, 'x', (row) => (row === 3 ? 'x' : ''), 'every cell that is not empty is x'],
    ['a name in all rows', 8, 'x', () => 'x y', 'every cell is x y'],
    ['1 in half of the rows', 8, 'x', (row) => (row % 2 ? 1 : ''), 'feature: 0/1 (empty, 1)'],
    ['1 in more', 8, 'x', (row) => (row % 2 || row === 0 ? 1 : ''), 'every value is 1'],
    ['0 and 1', 8, 'x', (row) => (row % 3 ? 1 : 0), 'feature: 0/1 (0, 1)'],
    ['0, 1 and a gap', 8, 'x', (row) => (row === 5 ? '' : row % 3 ? 1 : 0), 'feature: 0/1 (0, 1)'],
    ['0, 1 and 2', 9, 'x', (row) => row % 3, 'feature: number'],
  ])('%s', (_, rows, name, cell, expected) => {
    expect(use(rows, name, cell)).toBe(expected);
  });
});

test.each<[number, number, number, boolean]>([
  [-99, 0, 33, false],
  [-99, 1, 34, true],
  [-999, 0, 333, false],
  [-999, 0, 332, true],
  [-9999, 0, 100, true],
  [-99999, 0, 100, true],
  [-99.9, 0, 10, true],
  [-999.9, 0, 10, true],
  [9999, 0, 2499, true],
  [9999, 0, 2500, false],
  [9999, 9, 2507, false],
  [99999, 0, 100, true],
  [999999, 0, 100, true],
  [-998, 0, 10, false],
])('%d among numbers from %d to %d is told: %s', (mark, least, most, is) => {
  const { account } = table(12, {
    x: (row) => (row === 7 || row === 3 ? mark : row % 2 ? least : most - (row === 4 ? 1 : 0)),
  });
  expect(account.notes).toEqual(
    is ? [`x: ${mark} stands 2 times, far from all else; if it means that there is no value: --missing ${mark}`] : [],
  );
});

test.each<[string, string[], number]>([
  ['of five rows', ['a', 'b', 'c', 'd', 'Total'], 1],
  ['of four rows', ['a', 'b', 'c', 'Total'], 0],
  ['with a row after it', ['a', 'b', 'c', 'd', 'Total', 'Mean'], 2],
  ['third from the end', ['a', 'b', 'c', 'Total', 'd', 'e'], 1],
  ['fourth from the end', ['a', 'b', 'Total', 'c', 'd', 'e'], 0],
  ['whose name comes before, too', ['Total', 'a', 'b', 'c', 'd', 'Total'], 0],
])('a total in a table without a time, %s', (_, names, left) => {
  const frame = csv(`shop,y\n${names.map((name, i) => `${name},${i * i}`).join('\n')}`, {
    targets: ['y'],
    timeless: true,
  });
  expect(names.length - frame.rows).toBe(left);
});

test('cells and names in messages are one short line', () => {
  const of = (length: number) => 'abcdefghij'.repeat(5).slice(0, length);
  expect(shorten(of(40))).toBe(of(40));
  expect(shorten(of(41))).toBe(`${of(39)}…`);
  expect(shorten('a\n b\t\tc')).toBe('a b c');
  expect(['a', 'a b', 'a,b'].map(quoted)).toEqual(['a', '"a b"', '"a,b"']);
});

test('spellings of more than five names, and of more than three series, are told in part', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const spelled = (count: number) =>
    table(48, { k: (row) => (row % 8 < 2 ? names[row % count].toUpperCase() : names[row % count]) }).account.notes;
  const told5 = names
    .slice(0, 5)
    .map((name) => `${name}, ${name.toUpperCase()}`)
    .join('; ');
  expect(spelled(5)).toEqual([`k: count as the same: ${told5}`]);
  const series = (count: number) =>
    csv(
      `date,shop,y\n${names
        .slice(0, count)
        .flatMap((name) => days(6).map((day, i) => `${day},${i < 2 ? name.toUpperCase() : name},${i}`))
        .join('\n')}`,
      { targets: ['y'], group: ['shop'] },
    ).account.notes;
  expect(series(3)).toEqual(['shop: count as the same: a, A; b, B; c, C']);
  expect(series(4)).toEqual(['shop: count as the same: a, A; b, B; c, C; …']);
});

test('series without a value of the target are left out, five by name', () => {
  const of = (empty: number) =>
    csv(
      `date,shop,y\n${['s', ...'abcdefg'.slice(0, empty)].flatMap((name) => days(4).map((day, i) => `${day},${name},${name === 's' ? i * i : ''}`)).join('\n')}`,
      { targets: ['y'], group: ['shop'] },
    );
  expect(of(5).account).toMatchObject({
    rows: 4,
    series: { count: 1, shortest: 4, longest: 4 },
    notes: ['5 series left out, which have no y: a, b, c, d, e'],
  });
  expect(of(6).account.notes).toEqual(['6 series left out, which have no y: a, b, c, d, e, …']);
  expect(() =>
    csv('date,shop,y,z\n2020-01-01,a,,1\n2020-01-02,b,2,NA\n', { targets: ['y', 'z'], group: ['shop'] }),
  ).toThrow('no series has a value of y or z');
});

describe('the account in lines', () => {
  const columns = (count: number): Account['columns'] =>
    Array.from({ length: count }, (_, i) => ({
      name: `c${i + 1}`,
      use: 'out' as const,
      how: 'left out',
      why: 'dropped',
    }));
  const account = (more: Partial<Account>): Account => ({
    source: 't.csv',
    read: 1500,
    rows: 1500,
    columns: [],
    notes: [],
    ...more,
  });
  test('all of it', () => {
    expect(
      accountText(
        account({
          rows: 1499,
          series: { columns: ['shop', 'kind'], count: 3, shortest: 20, longest: 1400 },
          time: {
            columns: ['day', 'hour'],
            notation: 'yyyy HH',
            first: 'a',
            last: 'b',
            step: '1 hour',
            season: 24,
            gaps: 2,
            sorted: true,
          },
          columns: [
            { name: 'k', use: 'known', how: 'number', why: 'so' },
            { name: 'f', use: 'feature', how: 'one-hot of 4', missing: 1200 },
            { name: 'y', use: 'target', how: 'number', missing: 1, filled: 'last value' },
            { name: 'l', use: 'label', how: 'text' },
            { name: 'g', use: 'group', how: 'text' },
            { name: 'o', use: 'out', how: 'left out' },
            { name: 'p', use: 'out', how: 'left out', why: 'dropped' },
            { name: 'z', use: 'target', how: 'number', missing: 0 },
          ],
          notes: ['one', 'two'],
        }),
      ),
    ).toEqual([
      'data      t.csv: 1,499 rows of 1,500, 3 series by shop, kind of 20 to 1400 rows',
      'time      day + hour (yyyy HH), a to b, step 1 hour, season 24, 2 missing times, sorted',
      'target    y: number, 1 missing (last value)',
      '          z: number',
      'label     l: text',
      'feature   f: one-hot of 4, 1,200 missing',
      'known     k: number; so',
      'left out  o: not needed',
      '          p: dropped',
      'note      one',
      '          two',
    ]);
  });
  test.each<[Partial<Account>, string]>([
    [{ rows: 1, read: 1 }, 'data  t.csv: 1 row'],
    [{ rows: 1501 }, 'data  t.csv: 1,501 rows'],
    [{ series: { columns: ['a'], count: 1, shortest: 3, longest: 3 } }, 'data  t.csv: 1,500 rows, 1 series by a'],
    [
      { series: { columns: ['a'], count: 2, shortest: 3, longest: 3 } },
      'data  t.csv: 1,500 rows, 2 series by a of 3 rows',
    ],
  ])('%j', (more, line) => {
    expect(accountText(account(more))).toEqual([line]);
  });
  test.each<[object, string]>([
    [{ gaps: 1 }, 'time  t (n), a to b, irregular steps, 1 missing time'],
    [{ gaps: 0, step: '1 year', season: 1 }, 'time  t (n), a to b, step 1 year'],
    [{ gaps: 0, step: '1 year' }, 'time  t (n), a to b, step 1 year'],
  ])('times: %j', (more, line) => {
    const time = { columns: ['t'], notation: 'n', first: 'a', last: 'b', sorted: false, gaps: 0, ...more };
    expect(accountText(account({ time }))[1]).toBe(line);
  });
  test('columns left out for one reason: eight by name, of more seven', () => {
    expect(accountText(account({ columns: columns(8) }))[1]).toBe('left out  c1, c2, c3, c4, c5, c6, c7, c8: dropped');
    expect(accountText(account({ columns: columns(9) }))[1]).toBe(
      'left out  c1, c2, c3, c4, c5, c6, c7 and 2 more: dropped',
    );
  });
});

describe('what is taken as the time', () => {
  const time = (rows: number, columns: Record<string, (row: number) => string | number>, options?: UnderstandOptions) =>
    table(rows, columns, options).account.time?.columns;
  const day = (row: number) => new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);
  test.each<[string, string[] | undefined, number, Record<string, (row: number) => string | number>]>([
    ['the first of two dates', ['a'], 9, { a: day, b: day }],
    ['the one that is named as a time', ['sent date'], 9, { a: day, 'sent date': day }],
    ['the regular one', ['b'], 9, { a: (row) => day(row * row), b: day }],
    ['a column of which more than half are dates', ['a'], 7, { a: (row) => (row < 3 ? '' : day(row)) }],
    ['an index', ['index'], 30, { index: (row) => row, b: (row) => row % 7 }],
    ['an index with few gaps', ['index'], 10, { index: (row) => row + (row > 4 ? 2 : 0), b: (row) => row % 7 }],
    ['none: an index with many', undefined, 10, { index: (row) => row + (row > 4 ? 3 : 0), b: (row) => row % 7 }],
    ['a counter that is called step', ['step'], 30, { b: (row) => row % 7, step: (row) => row }],
    ['none: numbers that are not called so', undefined, 30, { b: (row) => row % 7, level: (row) => row }],
    [
      'year and month',
      ['year', 'month'],
      30,
      { year: (row) => 2000 + Math.floor(row / 12), month: (row) => 1 + (row % 12) },
    ],
    [
      'year and quarter',
      ['year', 'quarter'],
      30,
      { year: (row) => 2000 + Math.floor(row / 4), quarter: (row) => 1 + (row % 4) },
    ],
    ['a date and an hour', ['date', 'hour'], 72, { date: (row) => day(Math.floor(row / 24)), hour: (row) => row % 24 }],
    [
      'a date and an hour up to 24',
      ['date', 'hour'],
      72,
      { date: (row) => day(Math.floor(row / 24)), hour: (row) => 1 + (row % 24) },
    ],
  ])('%s', (_, expected, rows, columns) => {
    expect(time(rows, columns)).toEqual(expected);
  });
  test('other times, counters and parts are no features, and say why', () => {
    const { account } = table(30, {
      'no.': (row) => row + 1,
      made: day,
      sent: (row) => day(row + 3),
      x: (row) => (row * 7) % 5,
    });
    expect(account.columns.map(({ name, use, why }) => [name, use, why])).toEqual([
      ['no.', 'out', 'counts the rows'],
      ['made', 'time', undefined],
      ['sent', 'out', 'a time as well; the time is made'],
      ['x', 'feature', undefined],
      ['y', 'target', undefined],
    ]);
  });
  test.each<[string, (row: number) => string | number, boolean]>([
    ['from 1', (row) => row + 1, true],
    ['from 2', (row) => row + 2, false],
    ['in another order', (row) => (row * 7) % 30, true],
    [
      'with three gaps',
      (row) => (row % 10 === 5 ? '' : row < 6 ? row : row < 16 ? row - 1 : row < 26 ? row - 2 : row - 3),
      true,
    ],
    ['in halves', (row) => row / 2, false],
  ])('a first column that counts rows %s is a counter', (_, cell, is) => {
    const { account } = table(30, { 'no.': cell, made: day });
    expect(account.columns[0].why === 'counts the rows').toBe(is);
  });
});

test('a whole table, as a frame has it', () => {
  const frame = csv(
    'day,shop,sold,sky,promo,note\n02.01.2020,b,"1,5",sun,yes,x1\n01.01.2020,b,2,,no,x2\n04.01.2020,b,4,rain,yes,x3\n01.01.2020,A,-1,fog,yes,x4\n02.01.2020,A,,sun,,x5\n03.01.2020,A,3,rain,no,x6\nTotal,,9,,,\n'.replace(
      '1,5',
      '1.5',
    ),
    { targets: ['sold'], group: ['shop'], known: ['promo'] },
  );
  const at = [1, 2, 3, 1, 2, 3, 4].map((date) => Date.UTC(2020, 0, date));
  expect({ ...frame, column: undefined, where: undefined, account: undefined, notes: undefined }).toMatchSnapshot();
  expect(Array.from(frame.time?.times ?? [])).toEqual(at);
  expect([0, 5, 6].map((row) => frame.where(row, 'sold'))).toMatchSnapshot();
  expect(accountText(frame.account)).toMatchSnapshot();
  // Another table is read in the same way.
  const later = csv('day,shop,sold,sky,promo,note\n05.01.2020,b,7,hail,no,\n04.01.2020,A,8,fog,yes,\n', {
    like: frame.reading,
  });
  expect({
    ...later,
    column: undefined,
    where: undefined,
    account: undefined,
    notes: undefined,
    reading: undefined,
  }).toMatchSnapshot();
  expect(accountText(later.account)).toMatchSnapshot();
  expect(later.reading).toEqual(frame.reading);
});

test.each<[Parameters<typeof describeReading>[0], string]>([
  [{ kind: 'number', decimal: '.' }, 'number'],
  [{ kind: 'number', decimal: ',' }, 'number, decimal comma'],
  [{ kind: 'flag', zero: 'no', one: 'yes' }, '0/1 (no, yes)'],
  [{ kind: 'flag', zero: '', one: 'yes' }, '0/1 (empty, yes)'],
  [{ kind: 'category', values: ['a', 'b', 'c'] }, 'one-hot of 3'],
  [{ kind: 'text' } as Parameters<typeof describeReading>[0], 'text'],
])('how a column is read: %j is %s', (reading, told) => {
  expect(describeReading(reading)).toBe(told);
});
