import { MemcellError } from '../errors.js';
import { list } from './suggest.js';
import { Table } from './table.js';

/**
 * Reads a table from JSON: an array of objects, one per row, or an array of numbers (one column, c1). The first object's
 * keys name the columns.
 * @throws MemcellError with the row, from 1: not JSON, not objects, other keys, nested values, no rows.
 */
export function parseJson(text: string, name: string): Table {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw new MemcellError(`${name}: is not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  if (!Array.isArray(rows)) throw new MemcellError(`${name}: must be an array of objects, one per row`);
  return fromObjects(rows, name, 'row');
}

/**
 * Reads a table from lines of JSON, one object each, or from one array.
 * @throws MemcellError with the line.
 */
export function parseJsonLines(text: string, name: string): Table {
  const rows: unknown[] = [];
  const lines: number[] = [];
  for (const [i, line] of text.split(/\r\n?|\n/).entries()) {
    if (line.trim() === '') continue;
    try {
      rows.push(JSON.parse(line));
    } catch (cause) {
      throw new MemcellError(`${name}, line ${i + 1}: is not JSON; each line must hold one object`, { cause });
    }
    lines.push(i + 1);
  }
  return fromObjects(rows, name, 'line', lines);
}

function fromObjects(rows: readonly unknown[], name: string, unit: 'row' | 'line', lines?: number[]): Table {
  if (rows.length === 0) throw new MemcellError(`${name}: holds no rows; it must hold data`);
  const places = lines ?? rows.map((_, i) => i + 1);
  const objects = rows.map((row, i) => (typeof row === 'number' ? { c1: row } : asObject(row, name, unit, places[i])));
  const header = Object.keys(objects[0]);
  const known = new Set(header);
  const cells: string[][] = header.map(() => []);
  for (const [row, object] of objects.entries()) {
    const place = `${name}, ${unit} ${places[row]}`;
    const extra = Object.keys(object).find((key) => !known.has(key));
    if (extra !== undefined) {
      throw new MemcellError(`${place}: the first row has no ${extra}; its columns: ${list(header)}`);
    }
    for (const [i, key] of header.entries()) cells[i].push(toCell(object[key], `${place}, column ${key}`));
  }
  return new Table({ name, header, cells, lines: places, unit });
}

function asObject(row: unknown, name: string, unit: string, place: number): Record<string, unknown> {
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return { ...row };
  throw new MemcellError(`${name}, ${unit} ${place}: must be an object such as {"date": "2012-01-01", "value": 1.5}`);
}

function toCell(value: unknown, place: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object')
    throw new MemcellError(`${place}: holds a nested value; only numbers and text can be read`);
  return String(value).trim();
}
