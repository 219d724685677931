import { dateStep, numberStep, type TimeStep } from '../data/calendar.js';
import type { DateStyle } from '../data/cells.js';
import type { Table } from '../data/table.js';
import { MemcellError } from '../errors.js';

/** The time column of a series: strictly increasing. */
export interface TimeColumn {
  column: string;
  /** Milliseconds since 1970, or the numbers themselves. */
  times: Float64Array;
  style?: DateStyle;
  /** The regular step, when there is one, and the rows after its gaps. */
  step?: TimeStep;
  gaps: number[];
}

/**
 * The time column: the one asked for (dates or numbers), else the first column of dates, else none.
 * @throws MemcellError at the first row that is not later than the one before it.
 */
export function timeColumn(table: Table, asked?: string): TimeColumn | undefined {
  const column = asked ?? table.namesOf('date')[0];
  if (column === undefined) return undefined;
  const isNumber = table.column(column).kind === 'number';
  const { times, style } = isNumber ? { times: table.numbers(column), style: undefined } : table.dates(column);
  const { cells } = table.column(column);
  for (let row = 1; row < times.length; row++) {
    if (times[row] > times[row - 1]) continue;
    throw new MemcellError(
      `${table.where(row, column)}: ${cells[row]} is not later than ${cells[row - 1]} before it; sort the rows by ${column}, one row per time`,
    );
  }
  const regular = isNumber ? numberStep(times) : dateStep(times);
  return { column, times, style, step: regular?.step, gaps: regular?.gaps ?? [] };
}

/** Columns of numbers side by side, row-major (rows, columns). */
export function matrix(table: Table, columns: readonly string[]): Float64Array {
  const values = new Float64Array(table.rows * columns.length);
  for (const [i, name] of columns.entries()) {
    const column = table.numbers(name);
    for (let row = 0; row < table.rows; row++) values[row * columns.length + i] = column[row];
  }
  return values;
}

/**
 * The columns asked for, or when none are all columns of numbers but those left out.
 * @throws MemcellError (usage) when a column is unknown or named twice, or there is none.
 */
export function featureColumns(
  table: Table,
  asked: readonly string[] | undefined,
  without: readonly string[],
): string[] {
  const features = asked ?? table.namesOf('number').filter((name) => !without.includes(name));
  distinctColumns(table, features, 'features');
  if (features.length === 0) throw new MemcellError(`${table.name}: has no column of numbers to learn from`);
  return [...features];
}

/** @throws MemcellError (usage) when a column is unknown or named twice. */
export function distinctColumns(table: Table, names: readonly string[], option: string): void {
  for (const [i, name] of names.entries()) {
    table.column(name);
    if (names.indexOf(name) < i) throw new MemcellError(`${option}: column ${name} is named twice`, { code: 'usage' });
  }
}

/** @throws MemcellError unless there are at least two rows. */
export function checkRows(table: Table): void {
  if (table.rows >= 2) return;
  throw new MemcellError(`${table.name}: has ${table.rows} row; training needs at least two`);
}
