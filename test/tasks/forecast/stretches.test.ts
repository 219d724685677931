import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TimeReading } from '../../../src/data/frame.js';
import { prepareBackend } from '../../../src/kernels/backend.js';
import { newestRows } from '../../../src/tasks/forecast/newest.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import { runOf } from '../runs.js';
import { streamed } from '../streamed.js';

const date = (i: number) => new Date(Date.UTC(2000, 0, 1 + i)).toISOString().slice(0, 10);
const daily = { columns: ['date'], notation: 'yyyy-MM-dd', step: { unit: 'millisecond' as const, count: 86_400_000 } };
const numbersOf = (table: { column(name: string): { cells: readonly string[] } } | undefined) =>
  (table?.column('v').cells ?? []).map(Number);

describe('stretches of older rows', () => {
  const csv = (order: readonly number[]) => streamed(`date,v\n${order.map((i) => `${date(i)},${i}`).join('\n')}\n`);
  const inOrder = Array.from({ length: 1000 }, (_, i) => i);
  const draw = (order: readonly number[], seed = 1) =>
    newestRows(csv(order), () => daily, { most: 200, stretches: { seed, rows: 10 } });

  test('are whole, come from all over the file, and are as many as fit', async () => {
    const { table, older, of } = await draw(inOrder);
    expect(of).toBe(1000);
    expect(numbersOf(table)).toEqual(inOrder.slice(900));
    const drawn = numbersOf(older?.table);
    expect(drawn.length).toBeGreaterThan(80);
    expect(drawn.length).toBeLessThanOrEqual(100);
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(Math.max(...drawn)).toBeLessThan(900);
    for (const from of [0, 300, 600]) expect(drawn.some((i) => i >= from && i < from + 300)).toBe(true);
    const blocks = new Map<string, number[]>();
    for (const [row, block] of (older?.table.column('stretch').cells ?? []).entries()) {
      blocks.set(block, [...(blocks.get(block) ?? []), drawn[row]]);
    }
    expect(blocks.size).toBe(older?.count);
    for (const rows of blocks.values()) expect(rows).toEqual(rows.map((_, i) => rows[0] + i));
  });

  test('last so many rows where there is no time, and as long as so many where one row has none', async () => {
    const blocksOf = async (rows: readonly string[], time: TimeReading | undefined) => {
      const source = streamed(`date,v\n${rows.join('\n')}\n`);
      const how = { most: 200, stretches: { seed: 1, rows: 10 } };
      const { older } = await newestRows(source, () => time, how);
      const lengths = new Map<string, number>();
      for (const block of older?.table.column('stretch').cells ?? []) lengths.set(block, (lengths.get(block) ?? 0) + 1);
      return [...lengths.values()];
    };
    const rows = inOrder.map((i) => `${date(i)},${i}`);
    const { step: _, ...stepless } = daily;
    const wrong = rows.map((row, i) => (i === 15 ? row.replace(/.*,/, 'soon,') : row));
    for (const lengths of [
      await blocksOf(rows, undefined),
      await blocksOf(wrong, daily),
      await blocksOf(wrong, stepless),
    ]) {
      expect(lengths.length).toBeGreaterThan(7);
      // The first one, the one before the newest rows, and the one with the wrong time may be shorter.
      expect(lengths.filter((length) => Math.abs(length - 10) > 1).length).toBeLessThan(3);
    }
  });

  test('are told apart by a column whose name no other has', async () => {
    const rows = inOrder.map((i) => `${date(i)},${i},0`);
    const source = streamed(`date,stretch,stretch_\n${rows.join('\n')}\n`);
    const { older } = await newestRows(source, () => daily, { most: 200, stretches: { seed: 1, rows: 10 } });
    expect(older?.column).toBe('stretch__');
    expect(older?.table.columns.map(({ name }) => name)).toEqual(['date', 'stretch', 'stretch_', 'stretch__']);
    expect(new Set(older?.table.column('stretch__').cells).size).toBe(older?.count);
  });

  test('every row is as likely as any other', async () => {
    const counts = new Int32Array(900);
    for (let seed = 0; seed < 30; seed++) {
      for (const i of numbersOf((await draw(inOrder, seed)).older?.table)) counts[i]++;
    }
    const parts = [0, 1, 2].map((part) => counts.subarray(300 * part, 300 * (part + 1)).reduce((a, b) => a + b, 0));
    // 30 draws of about 9 of 90 blocks: 18 a third a draw, their standard deviation over all below 8 %.
    for (const part of parts) expect(Math.abs(part / (parts[0] + parts[1] + parts[2]) - 1 / 3)).toBeLessThan(0.08);
  });

  test('are the same in whatever order the file is', async () => {
    const rows = async (order: readonly number[]) => {
      const { table, older } = await draw(order);
      return [table, older?.table].map((one) => numbersOf(one).sort((a, b) => a - b));
    };
    const expected = await rows(inOrder);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(inOrder, { minLength: 1000 }), async (order) => {
        expect(await rows(order)).toEqual(expected);
      }),
      { numRuns: 4 },
    );
  });

  test('are of one series each, and series without a new row are told', async () => {
    const rows = inOrder.flatMap((i) => (i < 300 ? ['a', 'b', 'gone'] : ['a', 'b']).map((g) => `${date(i)},${i},${g}`));
    const source = streamed(`date,v,g\n${rows.join('\n')}\n`);
    const run = runOf();
    const { account } = await forecastTask.prepare(source, { targets: ['v'], group: ['g'], mostRows: 400 }, run);
    expect(account?.notes[0]).toMatch(
      /^read as a stream: of 2,300 rows the newest 200 are used, and \d+ older ones in \d+/,
    );
    expect(account?.notes[1]).toBe('1 of 3 series have no row among the newest: left out');
    const how = { most: 400, group: ['g'], stretches: { seed: 3, rows: 10 } };
    const { older } = await newestRows(source, () => daily, how);
    // Without a step, rows of a series are as far apart as they are on average: stretches last about as long.
    const { step: _, ...stepless } = daily;
    const { older: lasting } = await newestRows(source, () => stepless, how);
    expect(Math.abs(Math.log2((lasting?.count ?? 0) / (older?.count ?? 0)))).toBeLessThan(0.7);
    const groups = older?.table.column('g').cells ?? [];
    const drawn = numbersOf(older?.table);
    for (const g of ['a', 'b']) expect(drawn.filter((_, row) => groups[row] === g).length).toBeGreaterThan(20);
  });

  test('day and month are told by the whole file, not by its beginning', async () => {
    const minutes = Array.from({ length: 2500 }, (_, i) => new Date(Date.UTC(2020, 1, 1, 0, 10 * i)));
    const two = (n: number) => String(n).padStart(2, '0');
    const written = minutes.map(
      (t, i) =>
        `${two(t.getUTCDate())}/${two(t.getUTCMonth() + 1)}/${t.getUTCFullYear()} ${two(t.getUTCHours())}:${two(t.getUTCMinutes())},${i % 7}`,
    );
    const source = { ...streamed(`date,v\n${written.join('\n')}\n`) };
    const { head } = source;
    // The first rows are of 1 and 2 February: no day above 12.
    const short = { ...source, head: (_: number) => head?.(200) ?? Promise.reject(new Error('no head')) };
    const { account } = await forecastTask.prepare(short, { targets: ['v'], mostRows: 400, horizon: 1 }, runOf());
    expect(account?.time).toMatchObject({ notation: 'dd/MM/yyyy HH:mm', last: written[2499].split(',')[0], gaps: 0 });
  });
});

test('corrections are learnt from older rows too, and it is said', async () => {
  await prepareBackend();
  const values = Array.from({ length: 3000 }, (_, i) => Math.round(1000 * Math.abs(Math.sin(i * i * 1.7))) / 1000);
  const source = streamed(`t,v\n${values.map((v, i) => `${i},${v}`).join('\n')}\n`);
  const run = runOf({ budget: 2 });
  const options = { targets: ['v'], mostRows: 800, horizon: 2, window: 4 };
  const prepared = await forecastTask.prepare(source, options, run);
  const { model, artefact, evaluation } = await prepared.train();
  model.dispose();
  expect(evaluation.notes.join('\n')).toMatch(
    /\d+ windows of these are of older rows, from [3-9] stretches drawn from all/,
  );
  expect(artefact.series[0].rows).toBe(400);
  expect(artefact.series[0].targets.at(-1)).toBe(values[2999]);
  expect(evaluation.samples).toBe(80);
});
