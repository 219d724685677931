import type { Table } from '../../data/table.js';
import { MemcellError, usageError } from '../../errors.js';

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
function distinctColumns(table: Table, names: readonly string[], option: string): void {
  for (const [i, name] of names.entries()) {
    table.column(name);
    if (names.indexOf(name) < i) throw usageError(`${option}: column ${name} is named twice`);
  }
}

/** @throws MemcellError unless there are at least two rows. */
export function checkRows(table: Table): void {
  if (table.rows >= 2) return;
  throw new MemcellError(`${table.name}: has ${table.rows} row; training needs at least two`);
}
