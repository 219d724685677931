import { MemcellError } from '../errors.js';
import { Table, type TypedCells } from './table.js';

/** What a column holds: numbers, times (milliseconds since 1970), or text. */
export interface ColumnType {
  name: string;
  kind: 'number' | 'date' | 'text';
  /** Of times: whether they are moments and not a wall clock's. */
  utc: boolean;
}

/** Values of some columns for some consecutive rows: NaN and '' where missing. */
export interface ValueBlock {
  rows: number;
  /** In the order asked for: numbers or times, or cells of text columns. */
  columns: (Float64Array | string[])[];
}

/** A table whose values come in blocks, column by column: a file of Parquet, or what a query selects. */
export interface BlockReader {
  /** Undefined when it is known at the end only. */
  rows?: number;
  columns: ColumnType[];
  /** Columns that hold lists or objects, and so can't be read. */
  nested: string[];
  /** The values of some of its columns, from the first row on; as often as asked. */
  blocks(columns: readonly string[]): AsyncIterable<ValueBlock>;
}

/** More than this is not taken into memory as one table: 2 GiB of values. */
const largestTable = 2 ** 31;

/** All rows and columns as one table. */
export async function tableOfBlocks(reader: BlockReader, name: string, notes: readonly string[]): Promise<Table> {
  if (reader.columns.length === 0) {
    throw new MemcellError(`${name}: has no column of numbers, times or text; it must hold some`);
  }
  const most = Math.floor(largestTable / 8 / reader.columns.length);
  refuseRows(reader.rows ?? 0, most, reader, name);
  const columns = reader.columns.map(({ kind }): Float64Array<ArrayBuffer> | string[] =>
    kind === 'text' ? [] : new Float64Array(reader.rows ?? 2 ** 16),
  );
  let rows = 0;
  for await (const block of reader.blocks(reader.columns.map((column) => column.name))) {
    refuseRows(rows + block.rows, most, reader, name);
    for (const [i, values] of block.columns.entries()) {
      const into = columns[i];
      if (values instanceof Float64Array && into instanceof Float64Array) {
        const enough = rows + block.rows <= into.length ? into : grown(into, rows + block.rows);
        enough.set(values, rows);
        columns[i] = enough;
      } else if (Array.isArray(into) && Array.isArray(values)) for (const cell of values) into.push(cell);
    }
    rows += block.rows;
  }
  if (rows === 0) throw new MemcellError(`${name}: has columns and no rows; it must hold data`);
  const rounded = reader.columns.filter((_, i) => beyondExact(columns[i])).map((column) => column.name);
  return new Table({
    name,
    header: reader.columns.map((column) => column.name),
    cells: columns.map((values, i): string[] | TypedCells => {
      if (!(values instanceof Float64Array)) return values;
      const exact = values.length === rows ? values : values.slice(0, rows);
      return typedCells(exact, reader.columns[i]);
    }),
    lines: rows,
    unit: 'row',
    notes: [
      ...notes,
      ...reader.nested.map((column) => `column ${column} left out: it holds lists or objects`),
      ...rounded.map((column) => `column ${column}: whole numbers beyond 2^53 are rounded`),
    ],
  });
}

/** The values of a column of numbers or times. */
export function typedCells(values: Float64Array, { kind, utc }: ColumnType): TypedCells {
  return kind === 'date' ? { times: values, utc } : { numbers: values };
}

function refuseRows(rows: number, most: number, reader: BlockReader, name: string): void {
  if (rows <= most) return;
  const size = ((rows * reader.columns.length * 8) / 2 ** 30).toFixed(1);
  throw new MemcellError(
    `${name}: ${rows} rows and ${reader.columns.length} columns take ${size} GB; select some with --sql`,
  );
}

function grown(values: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(needed, 2 * values.length));
  larger.set(values);
  return larger;
}

function beyondExact(values: Float64Array | string[]): boolean {
  return values instanceof Float64Array && values.some((value) => Math.abs(value) > 2 ** 53 && Number.isInteger(value));
}
