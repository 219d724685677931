import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { parseTable } from '../../../src/data/read.js';
import { understand } from '../../../src/data/understanding/understand.js';
import { newestRows, noteKept } from '../../../src/tasks/forecast/newest.js';
import { streamed } from '../streamed.js';

const date = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
const cellsOf = (table: { columns: readonly { name: string; cells: readonly string[] }[] }) =>
  table.columns.map(({ cells }) => [...cells]);
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
    expect(await newestRows(grouped, () => undefined, { most: 12, group: ['s'] })).toMatchObject({ of: 50, series: 3 });
    const twice = streamed(`date,v\n${rows.map((i) => `${date(Math.floor(i / 2))},${i}`).join('\n')}\n`);
    const odd = await newestRows(twice, timeOf2, { most: 5 });
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
    const { account } = noteKept(understand(rows.table, { targets: ['v'] }), rows);
    expect(account).toMatchObject({ read: 40, rows: 20, time: { first: '2020-01-21', last: '2020-02-09' } });
    expect(account.notes[0]).toBe('read as a stream: of 40 rows the newest 20 are used');
  });
});

const timeOf2 = () => ({ columns: ['date'], notation: 'yyyy-MM-dd' });
