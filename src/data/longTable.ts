import type { Source, TableHead } from './source.js';
import type { Table } from './table.js';

/** Tables of more rows are read as a stream, of which so many rows are held, whatever the length of the whole. */
export const mostRows = 500_000;

/** Bytes above which a file that does not say its rows counts as one of more. */
const mostBytes = 100_000_000;

/** Cells that are held of wide tables, when nobody says how many rows. */
const mostCells = 20_000_000;

/** Rows from which it is told how columns and times are written. */
const headRows = 2000;

/** A table that is read as a stream. */
export interface LongTable {
  head: Table;
  /** Rows of it that are held. */
  most: number;
}

/**
 * The beginning of a table that is too long to be held as a whole; undefined of one that is not.
 * @param most rows that are held, where somebody said so
 */
export async function longTable(source: Source, most: number | undefined): Promise<LongTable | undefined> {
  const head = await source.head?.(headRows);
  if (head === undefined || source.stream === undefined || !isLong(head, most ?? mostRows)) return undefined;
  const width = Math.max(1, head.table.columns.length);
  return { head: head.table, most: most ?? Math.min(mostRows, Math.ceil(mostCells / width)) };
}

function isLong({ rows, bytes }: TableHead, most: number): boolean {
  return rows === undefined ? bytes > mostBytes * (most / mostRows) : rows > most;
}
