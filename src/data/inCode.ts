import { MemcellError, usageError } from '../errors.js';
import { EventLoop } from '../eventLoop.js';
import { counted } from '../format.js';
import { JsonRows } from './jsonRows.js';
import type { DataInput } from './source.js';
import { list } from './suggest.js';
import { Table, type TablePart, type TypedCells } from './table.js';
import { textOrNumbers } from './typed.js';

/** Numbers alone are a column named value. */
export function valuesNamed(data: DataInput): DataInput {
  const numbers =
    ArrayBuffer.isView(data) || (Array.isArray(data) && (data.length === 0 || typeof data[0] === 'number'));
  return numbers ? { value: data as readonly number[] } : data;
}

/** Rows between two looks at the clock. */
const ROWS_AT_ONCE = 1000;

/**
 * A table of a program's rows: objects, or numbers (one column, c1). Timers run meanwhile.
 * @throws MemcellError with the row, from 1
 */
export async function tableOfRows(rows: ArrayLike<unknown>, name: string): Promise<Table> {
  if (rows instanceof Float32Array || rows instanceof Float64Array) return tableOfColumns({ c1: rows }, name);
  const read = new JsonRows(name, 'row');
  const loop = new EventLoop();
  for (let i = 0; i < rows.length; i++) {
    if (i % ROWS_AT_ONCE === 0 && loop.waits) await loop.turn();
    read.add(rows[i], i + 1);
  }
  return read.table([]);
}

/**
 * A table of a program's columns.
 * @throws MemcellError for columns of several lengths
 */
export function tableOfColumns(columns: object, name: string): Table {
  const entries = Object.entries(columns);
  if (entries.length === 0) throw usageError(`${name}: has no columns; give at least one`);
  const cells = entries.map(([column, values]): string[] | TypedCells => {
    if (!isList(values)) {
      throw usageError(`${name}, column ${column}: must be an array or a typed array`);
    }
    return values instanceof Float64Array ? { numbers: values } : textOrNumbers(values);
  });
  const rows: number = entries[0][1].length;
  for (const [column, values] of entries) {
    if (values.length === rows) continue;
    throw usageError(
      `${name}, column ${column}: has ${counted(values.length, 'value')} where ${entries[0][0]} has ${rows}; give as many`,
    );
  }
  if (rows === 0) throw usageError(`${name}: holds no rows; it must hold data`);
  return new Table({ name, header: entries.map(([column]) => column.trim()), cells, lines: rows, unit: 'row' });
}

function isList(values: unknown): values is ArrayLike<unknown> {
  return Array.isArray(values) || (ArrayBuffer.isView(values) && 'length' in values);
}

/**
 * Tables one after the other, as one.
 * @throws MemcellError when one has other columns than the first
 */
export function concatenate(tables: readonly Table[], name: string): Table {
  const [first] = tables;
  const header = first.columns.map((column) => column.name);
  const parts: TablePart[] = [];
  const notes: string[] = [];
  let rows = 0;
  for (const table of tables) {
    const names = table.columns.map((column) => column.name);
    const missing = header.find((column) => !names.includes(column));
    const extra = names.find((column) => !header.includes(column));
    if (missing !== undefined) {
      throw new MemcellError(
        `${table.name}: has no column ${missing}, which ${first.name} has; its columns: ${list(names)}`,
      );
    }
    if (extra !== undefined) {
      throw new MemcellError(
        `${table.name}: has a column ${extra}, which ${first.name} has not; take files of one kind`,
      );
    }
    parts.push({ name: table.name, from: rows, unit: table.unit });
    for (const note of table.notes) notes.push(`${table.name}: ${note}`);
    rows += table.rows;
  }
  const numbered = tables.every((table) => table.lines === undefined);
  const lines = numbered
    ? rows
    : tables.flatMap((table) => Array.from(table.lines ?? { length: table.rows }, (line, i) => line ?? i + 1));
  return new Table({
    name,
    header,
    cells: header.map((column) => joined(tables.map((table) => table.column(column)))),
    lines,
    parts,
    decimalComma: tables.some((table) => table.decimalComma),
    notes: [
      `${tables.length} files: ${list(
        tables.map((table) => table.name),
        4,
      )}`,
      ...notes,
    ],
  });
}

function joined(columns: readonly Table['columns'][number][]): string[] | TypedCells {
  const numbers = columns.flatMap((column) => (column.numbers === undefined ? [] : [column.numbers]));
  if (numbers.length === columns.length) return { numbers: joinedValues(numbers) };
  const times = columns.flatMap((column) => (column.times === undefined ? [] : [column.times]));
  if (times.length === columns.length) return { times: joinedValues(times), utc: columns.some((one) => one.utc) };
  const cells: string[] = [];
  for (const column of columns) for (const cell of column.cells) cells.push(cell);
  return cells;
}

function joinedValues(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
