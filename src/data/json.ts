import { MemcellError } from '../errors.js';
import { isRecord } from '../fields.js';
import { deepest, fewestKeyed, isDateKey, placeNote } from './jsonPlaces.js';
import { JsonRows } from './jsonRows.js';
import { Table, type TypedCells } from './table.js';
import { textOrNumbers } from './typed.js';

/**
 * Reads a table from JSON: an array of objects, of arrays (the first one names the columns when it holds text only), or of
 * single values (c1); an object of columns, as { "date": [...], "value": [...] }; an object of rows, whose keys become the
 * column index ({ "2020-01-01": { "value": 1.5 }, … } or { "2020-01-01": 1.5, … }); or one of these under a key.
 * @throws MemcellError with the row, from 1: not JSON, no rows, rows of several kinds.
 */
export function parseJson(text: string, name: string, notes: readonly string[] = []): Table {
  const said = [...notes];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    value = parseWithNaN(text);
    if (value === undefined) {
      const why = cause instanceof Error ? cause.message.replace(/\s+/g, ' ') : cause;
      throw new MemcellError(`${name}: is not JSON: ${why}`, { cause });
    }
    said.push(nanNote);
  }
  const found: Found[] = [];
  find(value, [], found);
  if (found.length === 0) {
    const what = 'must be an array of objects, one per row, or an object of columns';
    throw new MemcellError(Array.isArray(value) ? `${name}: holds no rows; it must hold data` : `${name}: ${what}`);
  }
  const largest = found.reduce((best, one) => (size(one) > size(best) ? one : best));
  if (largest.path.length > 0) {
    const others = found.filter((one) => one !== largest).map((one) => one.path.join('.'));
    said.push(placeNote(largest.path, others));
  }
  if (largest.keyed) said.push('the keys of the rows are the column index');
  if (largest.columns !== undefined) return fromColumns(largest.columns, largest.rows, name, said);
  const rows = new JsonRows(name, 'row', largest.header);
  for (const [i, row] of (largest.array ?? []).entries()) rows.add(row, i + 1);
  return rows.table(said);
}

/**
 * Reads a table from lines of JSON, one object or array each, or from one array.
 * @throws MemcellError with the line.
 */
export function parseJsonLines(text: string, name: string, notes: readonly string[] = []): Table {
  const rows = new JsonRows(name, 'line');
  const said = [...notes];
  let number = 0;
  for (const line of text.split(/\r\n?|\n/)) {
    number++;
    if (line.trim() === '') continue;
    const { row, mended } = parseJsonLine(line, name, number, 'line');
    if (mended && !said.includes(nanNote)) said.push(nanNote);
    rows.add(row, number);
  }
  return rows.table(said);
}

/**
 * One line of JSON, or one row of an array.
 * @returns with whether NaN or Infinity stood in it
 * @throws MemcellError with the line
 */
export function parseJsonLine(
  text: string,
  name: string,
  line: number,
  unit: 'line' | 'row',
): { row: unknown; mended: boolean } {
  try {
    return { row: JSON.parse(text), mended: false };
  } catch (cause) {
    const row = parseWithNaN(text);
    if (row !== undefined) return { row, mended: true };
    throw new MemcellError(`${name}, ${unit} ${line}: is not JSON; each ${unit} must hold one object`, { cause });
  }
}

export const nanNote = 'NaN and Infinity, which JSON does not have, read as missing';

/** JSON as Python writes it, with NaN and Infinity outside strings; undefined when it is none, or has neither. */
function parseWithNaN(text: string): unknown {
  let seen = 0;
  const mended = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (match) => {
    if (match.startsWith('"')) return match;
    seen++;
    return 'null';
  });
  if (seen === 0) return undefined;
  try {
    return JSON.parse(mended);
  } catch {
    return undefined;
  }
}

/** A place in a document that holds rows. */
interface Found {
  path: string[];
  rows: number;
  array?: unknown[];
  /** Of an array of arrays whose columns are named beside it. */
  header?: string[];
  columns?: [name: string, values: unknown[]][];
  /** Whether the rows had keys. */
  keyed?: boolean;
}

/** Its rows; of two with as many, the one whose rows are not single values is the larger. */
function size({ rows, array }: Found): number {
  return rows + (array === undefined || Array.isArray(array[0]) || isRecord(array[0]) ? 0.5 : 0);
}

function find(value: unknown, path: string[], found: Found[]): void {
  if (Array.isArray(value)) {
    // A header of its own before the rows, as the World Bank sends it.
    if (value.length === 2 && isRecord(value[0]) && Array.isArray(value[1]) && isRecord(value[1][0])) {
      find(value[1], [...path, '1'], found);
      return;
    }
    if (value.length > 0) found.push({ path, rows: value.length, array: value });
    return;
  }
  if (!isRecord(value)) return;
  const columns = columnsOf(value);
  if (columns !== undefined) {
    found.push({
      path,
      rows: columns[0][1].length,
      columns,
      ...(columns[0][0] === 'index' && { keyed: !('index' in value) }),
    });
    return;
  }
  const keyed = keyedRows(value);
  if (keyed !== undefined) {
    found.push({ path, rows: keyed.length, array: keyed, keyed: true });
    return;
  }
  if (path.length === deepest) return;
  const header = namesOf(value.columns);
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'data' && header !== undefined && areRowsOf(header, inner)) {
      found.push({ path: [...path, key], rows: inner.length, array: inner, header });
    } else if (key !== 'columns' || header === undefined || !areRowsOf(header, value.data)) {
      find(inner, [...path, key], found);
    }
  }
}

/**
 * Columns of equal length beside single values, which say something of the whole: { "value": [...], "date": [...] }; or as
 * pandas writes them, each an object from row name to value.
 */
function columnsOf(value: Record<string, unknown>): Found['columns'] {
  const lists = Object.entries(value).filter(([, one]) => typeof one === 'object' && one !== null);
  if (lists.length === 0) return undefined;
  const columns: [string, unknown[]][] = [];
  let keys: string | undefined;
  for (const [name, one] of lists) {
    const values = Array.isArray(one) ? one : Object.values(one ?? {});
    if (values.length === 0 || values.some((cell) => typeof cell === 'object' && cell !== null)) return undefined;
    if (columns.length > 0 && values.length !== columns[0][1].length) return undefined;
    if (!Array.isArray(one)) {
      const names = Object.keys(one ?? {}).join('\n');
      if (keys !== undefined && names !== keys) return undefined;
      const rowNames = Object.keys(one ?? {});
      if (lists.length < Object.keys(value).length) return undefined;
      if (!rowNames.every((key) => /^\d+$/.test(key)) && !rowNames.every(isDateKey)) return undefined;
      keys = names;
      if (columns.length === 0 && !('index' in value) && rowNames.some((key, i) => key !== String(i)))
        columns.push(['index', rowNames]);
    }
    columns.push([name, values]);
  }
  return columns;
}

/** Rows under keys: objects of single values, or single values under dates. */
function keyedRows(value: Record<string, unknown>): Record<string, unknown>[] | undefined {
  const entries = Object.entries(value);
  if (entries.length < fewestKeyed) return undefined;
  const isRow = (one: unknown) => isRecord(one) && Object.values(one).length > 0 && Object.values(one).every(isSingle);
  if (entries.every(([, one]) => isRow(one))) return entries.map(([index, one]) => ({ index, ...Object(one) }));
  if (!entries.every(([key, one]) => isDateKey(key) && isSingle(one))) return undefined;
  return entries.map(([index, one]) => ({ index, value: one }));
}

const isSingle = (value: unknown) => typeof value !== 'object' || value === null;

function namesOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined;
}

function areRowsOf(header: readonly string[], rows: unknown): rows is unknown[][] {
  const fits = (row: unknown) => Array.isArray(row) && row.length === header.length;
  return Array.isArray(rows) && rows.length > 0 && rows.every(fits);
}

function fromColumns(columns: [string, unknown[]][], rows: number, name: string, notes: readonly string[]): Table {
  const cells: (string[] | TypedCells)[] = columns.map(([, values]) => textOrNumbers(values));
  const header = columns.map(([column]) => column.trim());
  return new Table({ name, header, cells, lines: rows, unit: 'row', notes });
}
