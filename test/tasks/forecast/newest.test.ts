import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TimeReading } from '../../../src/data/frame.js';
import type { parseTable } from '../../../src/data/read.js';
import type { Source } from '../../../src/data/source.js';
import { Table, type TypedCells } from '../../../src/data/table.js';
import { understand } from '../../../src/data/understanding/understand.js';
import { MemcellError } from '../../../src/errors.js';
import { newestRows, noteKept } from '../../../src/tasks/forecast/newest.js';
import { streamed } from '../streamed.js';

const date = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
const cellsOf = (table: { columns: readonly { name: string; cells: readonly string[] }[] }) =>
  table.columns.map(({ cells }) => [...cells]);
type Cells = string[] | TypedCells;
/** Rows [from, to) of a column. */
function part(cells: Cells, from: number, to: number): Cells {
  if (Array.isArray(cells)) return cells.slice(from, to);
  const { numbers, times } = cells;
  return {
    ...cells,
    ...(numbers && { numbers: numbers.slice(from, to) }),
    ...(times && { times: times.slice(from, to) }),
  };
}
const daysOfDate = () => ({ columns: ['date'], notation: 'yyyy-MM-dd' });
const timeOf = (head: ReturnType<typeof parseTable>) => understand(head, { targets: ['v'] }).reading.time;

describe('newestRows', () => {
  test('of a short source everything, as it is', async () => {
    const source = streamed('date,v\n2020-01-01,1\n2020-01-02,2\n');
    expect(await newestRows(source, timeOf)).toEqual({ table: await source.table() });
  });

  test('the newest rows in any order of the file, cells as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(
          Array.from({ length: 60 }, (_, i) => i),
          { minLength: 40, maxLength: 60 },
        ),
        fc.integer({ min: 5, max: 30 }),
        async (order, most) => {
          const row = (i: number) => `${date(i)},${i % 4 === 0 ? `${i}.50` : i},word${i % 5}`;
          const source = streamed(`date,v,w\n${order.map(row).join('\n')}\n`);
          const { table, of } = await newestRows(
            source,
            (head) => ({ columns: [head.columns[0].name], notation: 'yyyy-MM-dd' }),
            { most },
          );
          const least = [...order].sort((a, b) => b - a)[most - 1];
          const kept = order.filter((i) => i >= least);
          expect(of).toBe(order.length);
          expect(cellsOf(table)[0]).toEqual(kept.map(date));
          expect(cellsOf(table)[2]).toEqual(kept.map((i) => `word${i % 5}`));
          expect(cellsOf(table)[1]).toEqual(kept.map((i) => row(i).split(',')[1]));
          expect(table.where(0)).toBe(`long.csv, row ${order.indexOf(kept[0]) + 1}`);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('without times the last rows; of one time as many as fit', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => i);
    const plain = streamed(`v\n${rows.join('\n')}\n`);
    const { table, of, series } = await newestRows(plain, () => undefined, { most: 12 });
    expect(cellsOf(table)[0]).toEqual(rows.slice(-12).map(String));
    expect({ of, series }).toEqual({ of: 50, series: undefined });
    const grouped = streamed(`s,v\n${rows.map((i) => `${'abc'[i % 3]},${i}`).join('\n')}\n`);
    const ofThree = await newestRows(grouped, () => undefined, { most: 11, group: ['s'] });
    expect(ofThree).toMatchObject({ of: 50, series: 3 });
    expect(cellsOf(ofThree.table)[1]).toEqual(rows.slice(-11).map(String));
    // Rows are counted in each series: of a with 30 rows those from the 20th on, of b with 20 the last.
    const apart = streamed(`s,v\n${rows.map((i) => `${i < 30 ? 'a' : 'b'},${i}`).join('\n')}\n`);
    const counted = await newestRows(apart, () => undefined, { most: 12, group: ['s'] });
    expect(cellsOf(counted.table)[1]).toEqual([...rows.slice(19, 30), 49].map(String));
    const twice = streamed(`date,v\n${rows.map((i) => `${date(Math.floor(i / 2))},${i}`).join('\n')}\n`);
    const odd = await newestRows(twice, daysOfDate, { most: 5 });
    expect(cellsOf(odd.table)[1]).toEqual(['44', '46', '47', '48', '49']);
  });

  test('it is said', async () => {
    const source = streamed(`date,v\n${Array.from({ length: 40 }, (_, i) => `${date(i)},${i % 7}`).join('\n')}\n`);
    const heads: number[] = [];
    const look = (head: Parameters<typeof timeOf>[0]) => {
      heads.push(head.rows);
      return timeOf(head);
    };
    const rows = await newestRows(source, look, { most: 20 });
    // Where all rows are read as the head is, that is not looked at again.
    expect(heads).toHaveLength(1);
    expect(rows.time).toMatchObject({ columns: ['date'], notation: 'yyyy-MM-dd' });
    const { account } = noteKept(understand(rows.table, { targets: ['v'] }), rows);
    expect(account).toMatchObject({ read: 40, rows: 20, time: { first: '2020-01-21', last: '2020-02-09' } });
    expect(account.notes[0]).toBe('read as a stream: of 40 rows the newest 20 are used');
  });
});

describe('a row whose time is missing or none is kept, so that it is told', () => {
  const count = 40;
  const odd = 3;
  const cells = (cell: (i: number) => string, wrong: string) =>
    Array.from({ length: count }, (_, i) => (i === odd ? wrong : cell(i)));
  const numbers = (cell: (i: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => (i === odd ? Number.NaN : cell(i)));
  const at = (i: number) => Date.UTC(2020, 0, 1 + i);
  test.each<[string, Cells[], TimeReading]>([
    ['an empty cell', [cells(date, '')], { columns: ['t'], notation: 'yyyy-MM-dd' }],
    ['a word', [cells(date, 'soon')], { columns: ['t'], notation: 'yyyy-MM-dd' }],
    ['an empty cell among numbers', [cells(String, '')], { columns: ['t'], notation: 'number' }],
    ['a number that is missing', [{ numbers: numbers((i) => i) }], { columns: ['t'], notation: 'number' }],
    [
      'seconds that are missing',
      [{ numbers: numbers((i) => at(i) / 1000) }],
      { columns: ['t'], notation: 'seconds since 1970' },
    ],
    ['a time that is missing', [{ times: numbers(at), utc: false }], { columns: ['t'], notation: 'yyyy-MM-dd' }],
    [
      'one of two columns',
      [cells(date, ''), cells(() => '10:00', '10:00')],
      { columns: ['t', 'u'], notation: 'yyyy-MM-dd HH:mm' },
    ],
  ])('%s', async (_, columns, time) => {
    const header = ['t', 'u'].slice(0, columns.length);
    const values = Array.from({ length: count }, (_, i) => String(i));
    const all = (from: number, to: number) =>
      new Table({
        name: 'long',
        header: [...header, 'v'],
        cells: [...columns, values].map((one) => part(one, from, to)),
        lines: to - from,
      });
    const source: Source = {
      name: 'long',
      table: async () => all(0, count),
      text: async () => '',
      head: async () => ({ table: all(10, 20), rows: count, bytes: 0 }),
      stream: async function* (columns) {
        for (let from = 0; from < count; from += 7) {
          const table = all(from, Math.min(count, from + 7));
          yield {
            from,
            rows: table.rows,
            columns: columns.map(({ name, read }) => {
              const { cells, numbers, times } = table.column(name);
              return numbers ?? times ?? Float64Array.from(cells, (cell) => read?.(cell, () => '') ?? Number(cell));
            }),
          };
        }
      },
    };
    const { table, of } = await newestRows(source, () => time, { most: 6 });
    expect(of).toBe(count);
    expect(cellsOf(table).at(-1)).toEqual(['3', '35', '36', '37', '38', '39']);
  });
});

describe('where rows do not fit the time as the head is read', () => {
  const days = Array.from({ length: 40 }, (_, i) => `${i === 15 ? 'soon' : date(i)},${i}`);
  const source = streamed(`date,v\n${days.join('\n')}\n`);
  /** The last rows by time, and the one that has none; how the head is read, then head and odd rows together. */
  const read = (again: () => TimeReading | undefined) => {
    const looks = [daysOfDate, again];
    return newestRows(source, () => looks.shift()?.(), { most: 6 });
  };
  const newest = { rows: ['soon', ...[35, 36, 37, 38, 39].map(date)], time: daysOfDate() };

  test.each<[string, () => TimeReading | undefined, { rows: string[]; time: TimeReading }]>([
    ['a reading of both that is no other is not taken', daysOfDate, newest],
    ['nor none', () => undefined, newest],
    [
      'nor one that cannot be',
      () => {
        throw new MemcellError('no');
      },
      newest,
    ],
    [
      'another one is',
      () => ({ columns: ['date'], notation: 'yyyy-dd-MM' }),
      // The newest are then of the first of September to December and the second of September; the 13th stays in January.
      {
        rows: ['2020-01-09', '2020-01-10', '2020-01-11', '2020-01-12', 'soon', '2020-02-09'],
        time: { columns: ['date'], notation: 'yyyy-dd-MM' },
      },
    ],
  ])('%s', async (_, again, { rows, time }) => {
    const kept = await read(again);
    expect([cellsOf(kept.table)[0], kept.time]).toEqual([rows, time]);
  });

  test('what is wrong with the program is not hidden', async () => {
    const wrong = () => {
      throw new TypeError('wrong');
    };
    await expect(read(wrong)).rejects.toThrow(TypeError);
  });
});

test.each([1, 2, 3, 5, 6, 20, 21])(
  'of a source that does not say its rows all are read where they are no more than %d',
  async (most) => {
    const of = async (rows: number) => {
      const lines = Array.from({ length: rows }, (_, i) => `${date(i)},${i}`);
      const source = streamed(`date,v\n${lines.join('\n')}\n`);
      const silent: Source = {
        ...source,
        head: async (n) => ({ ...(await source.head!(n)), rows: undefined, bytes: 1e9 }),
      };
      return newestRows(silent, daysOfDate, { most, stretches: { seed: 1, rows: 3 } });
    };
    for (const rows of [most - 1, most]) {
      if (rows === 0) continue;
      const { table, ...rest } = await of(rows);
      expect(rest).toEqual({});
      expect(cellsOf(table)[1]).toEqual(Array.from({ length: rows }, (_, i) => String(i)));
    }
    const { table, of: all, older } = await of(most + 1);
    expect(all).toBe(most + 1);
    expect(cellsOf(table)[1].at(-1)).toBe(String(most));
    expect(table.rows + (older?.table.rows ?? 0)).toBeLessThanOrEqual(most);
  },
);
