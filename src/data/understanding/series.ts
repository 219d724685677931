import { MemcellError, usageError } from '../../errors.js';
import type { SeriesRange } from '../frame.js';
import type { Table } from '../table.js';
import type { RawColumn } from './rawColumns.js';
import { placeOf, quoted } from './wording.js';

const hour = 3_600_000;

/** Which series each row is in; −1 where a group's cell is missing. */
export interface Groups {
  of: Int32Array;
  /** In natural order: 2 before 10. */
  names: string[];
  /** Names that count as one, as they differ only in case or as 1 and 1.0 do. */
  spelled: string[][];
}

/** Rows by the values of group columns, which are joined by ' / '. */
export function groupRows(columns: readonly RawColumn[], rows: number, isMissing: (cell: string) => boolean): Groups {
  const lists = columns.map((column) => column.cells());
  const numbers = new Map<string, number>();
  const folded = new Map<string, number>();
  const counts: Map<string, number>[] = [];
  const found = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const cells = lists.map((cells) => cells[row]);
    if (cells.some(isMissing)) {
      found[row] = -1;
      continue;
    }
    const name = cells.join(' / ');
    let number = numbers.get(name);
    if (number === undefined) {
      const same = sameSeries(cells);
      number = folded.get(same) ?? counts.length;
      if (number === counts.length) counts.push(new Map());
      folded.set(same, number);
      numbers.set(name, number);
    }
    found[row] = number;
    counts[number].set(name, (counts[number].get(name) ?? 0) + 1);
  }
  const spellings = counts.map((names) =>
    [...names].sort(([a, n], [b, m]) => m - n || naturally(a, b)).map(([name]) => name),
  );
  const written = spellings.map(([name]) => name);
  const order = written.map((_, i) => i).sort((a, b) => naturally(written[a], written[b]));
  const rank = new Int32Array(order.length);
  for (const [i, number] of order.entries()) rank[number] = i;
  return {
    of: found.map((number) => (number < 0 ? -1 : rank[number])),
    names: order.map((i) => written[i]),
    spelled: spellings.filter(({ length }) => length > 1),
  };
}

/** What the names of one series have in common: they may differ in case, or as 1 and 1.0 do. */
export function sameSeries(cells: readonly string[]): string {
  return cells.map((cell) => (/^[1-9]\d*\.0+$/.test(cell) ? String(Number(cell)) : cell.toLowerCase())).join(' / ');
}

/** Natural order of names: numbers by their size, also within texts. */
export function naturally(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y;
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

const collator = new Intl.Collator('en', { numeric: true });

export interface Ordered {
  /** The table's rows in the order of series and time. */
  rows: Int32Array;
  series: SeriesRange[];
  /** Whether they stood in another order. */
  sorted: boolean;
  /** Rows whose clock was put back by an hour before them. */
  putBack: number[];
}

/**
 * Brings rows into the order of series and time. Rows of one time keep their order; where a clock is put back (an hour that
 * comes twice, in rows that are otherwise in order) the file's order is taken.
 */
export function orderRows(
  kept: Int32Array,
  calendar: Float64Array | undefined,
  groups: Groups | undefined,
  clock: { mayChange: boolean },
): Ordered {
  const count = groups === undefined ? 1 : groups.names.length;
  const buckets: number[][] = Array.from({ length: count }, () => []);
  for (const row of kept) buckets[groups === undefined ? 0 : groups.of[row]].push(row);
  const rows = new Int32Array(kept.length);
  const series: SeriesRange[] = [];
  const putBack: number[] = [];
  let sorted = false;
  let at = 0;
  for (const [i, bucket] of buckets.entries()) {
    if (bucket.length === 0) continue;
    let inOrder = bucket;
    if (calendar !== undefined) {
      const changes = clock.mayChange ? clockChanges(bucket, calendar) : undefined;
      if (changes !== undefined) {
        inOrder = changes.rows;
        putBack.push(...changes.putBack);
      } else inOrder = inTime(bucket, calendar);
      sorted ||= inOrder !== bucket;
    }
    rows.set(inOrder, at);
    series.push({ name: groups?.names[i] ?? '', from: at, to: at + bucket.length });
    at += bucket.length;
  }
  return { rows, series, sorted, putBack };
}

/** The same list when it is in order already. */
function inTime(rows: number[], calendar: Float64Array): number[] {
  let [up, down] = [true, true];
  for (let i = 1; i < rows.length; i++) {
    const difference = calendar[rows[i]] - calendar[rows[i - 1]];
    up &&= difference >= 0;
    down &&= difference < 0;
  }
  if (up) return rows;
  if (down) return [...rows].reverse();
  return [...rows].sort((a, b) => calendar[a] - calendar[b] || a - b);
}

/** Rows in the file's order (or its reverse) when that is the order of time but for an hour that comes twice now and then. */
function clockChanges(rows: number[], calendar: Float64Array): { rows: number[]; putBack: number[] } | undefined {
  for (const inOrder of [rows, [...rows].reverse()]) {
    const putBack: number[] = [];
    let step = Number.POSITIVE_INFINITY;
    let most = 1;
    for (let i = 1; i < inOrder.length && putBack.length <= most; i++) {
      const difference = calendar[inOrder[i]] - calendar[inOrder[i - 1]];
      if (difference > 0) step = Math.min(step, difference);
      else putBack.push(inOrder[i]);
      most = 1 + Math.abs(calendar[inOrder[i]] - calendar[inOrder[0]]) / (300 * 24 * hour);
    }
    const isHour = (row: number, i: number) =>
      i > 0 && calendar[row] - calendar[inOrder[i - 1]] === step - hour && calendar[row] % (24 * hour) < 4 * hour;
    if (putBack.length === 0 || putBack.length > most || step > hour) continue;
    if (putBack.every((row) => isHour(row, inOrder.indexOf(row)))) {
      return { rows: inOrder === rows ? rows : inOrder, putBack };
    }
  }
  return undefined;
}

/** The pairs of neighbouring rows of one time in one series, but where a clock is put back: the later row's place in the order. */
export function repeats({ rows, series, putBack }: Ordered, calendar: Float64Array): number[] {
  const back = new Set(putBack);
  const found: number[] = [];
  for (const { from, to } of series) {
    for (let i = from + 1; i < to; i++)
      if (calendar[rows[i]] === calendar[rows[i - 1]] && !back.has(rows[i])) found.push(i);
  }
  return found;
}

/**
 * The fewest columns (up to three) that tell rows of one time apart: a text or a whole number that takes few values, each of
 * them at several times. Undefined when there are none.
 */
export function distinguishing(
  columns: readonly RawColumn[],
  rows: Int32Array,
  calendar: Float64Array,
): string[] | undefined {
  const possible = columns.flatMap((column) => {
    const cells = column.cells();
    const different = new Set<string>();
    for (const row of rows) {
      different.add(cells[row]);
      if (different.size > rows.length / 2) return [];
    }
    const words = [...different].every((cell) => /^\d{1,6}$/.test(cell) || !/^[+-]?[\d.,]+$/.test(cell));
    return different.size > 1 && words ? [{ name: column.name, cells }] : [];
  });
  const texts = possible.slice(0, 8);
  for (const size of [1, 2, 3]) {
    for (const chosen of choose(texts, size)) {
      const seen = new Set<string>();
      const unique = rows.every((row) => {
        const key = `${calendar[row]} ${chosen.map(({ cells }) => cells[row]).join(' / ')}`;
        return seen.size < seen.add(key).size;
      });
      if (unique) return chosen.map(({ name }) => name);
    }
  }
  return undefined;
}

function choose<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => choose(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

/** @throws MemcellError naming two rows of one time, and what to do. */
export function refuseRepeats(
  table: Table,
  places: { row: number; before: number; text: string; column: string; count: number },
  group: string[] | undefined,
): never {
  const { row, before, text, column, count } = places;
  if (group !== undefined) {
    throw usageError(
      `${table.where(row, column)}: ${text} stands in another row too, with another ${group.join(' and ')}: several series in one table: --group ${group.map(quoted).join(',')}`,
    );
  }
  const line = placeOf(table, before);
  const more = count > 1 ? ` (${count} rows repeat a time)` : '';
  throw new MemcellError(
    `${table.where(row, column)}: ${text} stands in ${line} too${more}; keep one row per time, or aggregate them: --every 1d (or another step)`,
  );
}
