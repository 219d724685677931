import type { Table } from '../table.js';

/** A cell for a message: one line, at most 40 characters. */
export function shorten(cell: string): string {
  const line = cell.replace(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 39)}…`;
}

/** '1 row', '3,000 rows'. */
export function times(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** A name as an option takes it: in quotes when it holds a comma or a space. */
export function quoted(name: string): string {
  return name.includes(',') || name.includes(' ') ? `"${name}"` : name;
}

/** Where a row stands, without the table's name where that is plain: 'line 17'. */
export function placeOf(table: Table, row: number): string {
  const place = table.where(row);
  const name = `${table.name}, `;
  return place.startsWith(name) ? place.slice(name.length) : place;
}
