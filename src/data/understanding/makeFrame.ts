import { usageError } from '../../errors.js';
import type { Account, Frame, FrameColumn, FrameReading, FrameTime, Note, SeriesRange } from '../frame.js';
import { didYouMean, list } from '../suggest.js';
import type { Table } from '../table.js';
import type { PreparedColumn } from './prepare.js';
import type { RawColumn } from './rawColumns.js';

/** A frame of prepared columns; texts are made when they are asked for. */
export function makeFrame(given: {
  table: Table;
  columns: readonly RawColumn[];
  prepared: readonly PreparedColumn[];
  /** The table's row of each row of the frame; −1 for one that was filled in. */
  origins: Int32Array;
  series: SeriesRange[];
  time?: FrameTime;
  account: Account;
  notes: readonly Note[];
  reading: FrameReading;
}): Frame {
  const { table, prepared, origins, series, time, account, notes, reading } = given;
  const columns: FrameColumn[] = given.columns.map((column, i) => {
    const { values, filled, account, reading, texts } = prepared[i];
    let cells: readonly string[] | undefined;
    const isLabel = account.use === 'label';
    return {
      name: column.name,
      use: account.use,
      reading,
      values,
      ...(filled && { filled }),
      ...(texts && { texts }),
      get cells() {
        cells ??= isLabel ? canonical(gather(column.cells(), origins)) : gather(column.cells(), origins);
        return cells;
      },
    };
  });
  const group = (row: number) => series.find(({ from, to }) => row >= from && row < to);
  return {
    name: table.name,
    rows: origins.length,
    columns,
    series,
    origins,
    account,
    notes,
    reading,
    ...(time && { time }),
    where: (row, column) => whereIs(table, origins, row, column, group(row)?.from ?? 0),
    column(name) {
      const found = columns.find((column) => column.name === name);
      if (found !== undefined) return found;
      const known = columns.map((column) => column.name);
      throw usageError(`${table.name}: no column ${name}${didYouMean(name, known) || '.'} Its columns: ${list(known)}`);
    },
  };
}

/** Where a row stands; one that was filled in, by the one before it. */
export function whereIs(table: Table, origins: Int32Array, row: number, column?: string, first = 0): string {
  let before = row;
  while (before > first && origins[before] < 0) before--;
  const place = table.where(origins[before], column);
  return before === row ? place : `${place}, ${row - before} filled in after it`;
}

/** Class names as numbers are written shortest when all are numbers: 1.0 and 1 are one class. */
function canonical(cells: readonly string[]): readonly string[] {
  const numbers = cells.every((cell) => cell !== '' && Number.isFinite(Number(cell)));
  return numbers ? cells.map((cell) => String(Number(cell))) : cells;
}

function gather(cells: readonly string[], origins: Int32Array): string[] {
  return Array.from(origins, (row) => (row < 0 ? '' : cells[row]));
}
