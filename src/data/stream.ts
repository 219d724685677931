import { MemcellError, usageError } from '../errors.js';
import { type BlockReader, type ColumnType, tableOfBlocks, typedCells } from './blocks.js';
import type { Bytes } from './bytes.js';
import { isMissing, parseNumber } from './cells.js';
import { type CsvRecord, RecordReader } from './csv.js';
import { type Dialect, guessDialect } from './dialect.js';
import { type Encoding, encodingNotes } from './encoding.js';
import { elementsAt, elementsOf } from './jsonElements.js';
import { type ColumnsPlace, placeNote, type RowsPlace } from './jsonPlaces.js';
import { parseTable } from './read.js';
import { RowFitter } from './rows.js';
import { JsonColumns } from './streamColumns.js';
import { headOfLines, JsonLines, type JsonRow, type Line, linesOf } from './streamJson.js';
import { didYouMean, list } from './suggest.js';
import { Table } from './table.js';
import { openText, textBlocks } from './textForm.js';
import { toCell } from './typed.js';

/** A column that is streamed as numbers. */
export interface StreamColumn {
  name: string;
  /**
   * The number of a cell, NaN where it is missing. When not given: numbers as JavaScript writes them; those of JSON, and numbers and
   * times of Parquet, come as they are, times in milliseconds since 1970.
   * @param where "weather.csv, line 17, column wind", for an error
   */
  read?(cell: string, where: () => string): number;
}

/** Consecutive rows of a table. */
export interface TableChunk {
  /** The table's row, from 0, that is the chunk's first. */
  from: number;
  rows: number;
  /** In the order asked for, `rows` numbers each; NaN where missing. They are the receiver's to keep. */
  columns: Float64Array[];
  /** What was not plain in reading a file, one line each: with a chunk without rows after its last. */
  notes?: readonly string[];
}

/** Bytes of JSON that are read as a whole, at most: they take several times as much memory. */
const mostWhole = 200_000_000;
/** Rows of a chunk at most. */
const chunkRows = 2 ** 16;
interface Part {
  bytes: Bytes;
  content: 'text' | 'parquet';
}

/**
 * The columns of one file, chunk by chunk, in constant memory; JSON whose rows are under keys is read whole.
 * @param from the number of the first row
 */
export async function* streamPart(
  part: Part,
  columns: readonly StreamColumn[],
  from: number,
): AsyncIterable<TableChunk> {
  const { bytes } = part;
  if (part.content === 'parquet') {
    const { openParquet } = await import('./parquet.js');
    yield* streamBlocks(await openParquet(bytes), bytes.name, columns, from);
    return;
  }
  const { encoding, form, head, place, side } = await openText(bytes);
  if (side !== undefined) yield* streamSide(sideOf(bytes, encoding, side), bytes.name, side, columns, from);
  else if (form === 'whole') {
    const table = await wholeTable(bytes);
    yield* chunksOfTable(table, columns, from);
    yield* lastChunk(columns, from + table.rows, table.notes);
  } else if (form === 'values') yield* streamCsv(bytes, { encoding, dialect: guessDialect(head) }, columns, from);
  else yield* streamRows({ bytes, encoding, form, ...(place && { place }) }, columns, from);
}

/** The columns of Parquet or of a query, chunk by chunk. */
export async function* streamBlocks(
  reader: BlockReader,
  name: string,
  columns: readonly StreamColumn[],
  from: number,
): AsyncIterable<TableChunk> {
  const known = reader.columns.map((column) => column.name);
  const types = columns.map((column) => reader.columns[requireColumn(column.name, known, name)]);
  let first = from;
  for await (const block of reader.blocks(columns.map((column) => column.name))) {
    for (let at = 0; at < block.rows; at += chunkRows) {
      const rows = Math.min(chunkRows, block.rows - at);
      yield {
        from: first,
        rows,
        columns: block.columns.map((values, i) => {
          const part = values.slice(at, at + rows);
          const typed = part instanceof Float64Array;
          if (typed && columns[i].read === undefined) return part;
          const row = first - from + 1;
          return Float64Array.from(typed ? cellsOf(part, types[i]) : part, (cell, k) =>
            numberOf(cell, columns[i], false, () => `${name}, row ${row + k}, column ${columns[i].name}`),
          );
        }),
      };
      first += rows;
    }
  }
  const notes = reader.nested.map((column) => `column ${column} left out: it holds lists or objects`);
  yield* lastChunk(columns, first, notes);
}

/** Numbers or times as a table writes them. */
function cellsOf(values: Float64Array, type: ColumnType): readonly string[] {
  const lines = values.length;
  return new Table({ name: type.name, header: [type.name], cells: [typedCells(values, type)], lines }).columns[0].cells;
}

/**
 * JSON whose rows do not come one by one.
 * @throws MemcellError for more of it than goes into memory
 */
async function wholeTable(bytes: Bytes): Promise<Table> {
  if (bytes.size > mostWhole) {
    throw new MemcellError(
      `${bytes.name}: its rows are under keys, so that all ${Math.round(bytes.size / 1e6)} MB would go into memory at once; save it as JSON lines or as Parquet`,
    );
  }
  const { readTextOf } = await import('./files.js');
  return parseTable((await readTextOf(bytes)).text, bytes.name);
}

/** The first rows of a file as a table. */
export async function headOf(part: Part, rows: number): Promise<Table> {
  const { bytes } = part;
  if (part.content === 'parquet') {
    const { openParquet } = await import('./parquet.js');
    return headOfBlocks(await openParquet(bytes, rows), bytes.name, rows);
  }
  const { encoding, form, head, place, side } = await openText(bytes);
  if (side !== undefined) return sideOf(bytes, encoding, side).head(rows);
  if (form === 'whole') {
    return wholeTable(bytes);
  }
  if (form !== 'values') {
    const { elements, unit, header, notes } = jsonOf({ bytes, encoding, form, ...(place && { place }) });
    return headOfLines(elements, { name: bytes.name, rows, notes, unit, ...(header && { header }) });
  }
  const dialect = guessDialect(head);
  const cells: string[][] = [];
  const lines: number[] = [];
  const fitter = new RowFitter(bytes.name, dialect, (row, line) => {
    for (const [i, cell] of row.entries()) {
      cells[i] ??= [];
      cells[i].push(cell);
    }
    lines.push(line);
  });
  let cut = false;
  for await (const { record, line } of recordsOf(bytes, { encoding, dialect })) {
    fitter.add(record, line);
    cut = lines.length >= rows;
    if (cut) break;
  }
  if (!cut) fitter.end();
  const header = fitter.header();
  const kept = header.flatMap((name, i) => (name === undefined ? [] : [i]));
  return new Table({
    name: bytes.name,
    header: kept.map((i) => header[i] ?? ''),
    cells: kept.map((i) => cells[i]),
    lines,
    decimalComma: dialect.delimiter === ';',
    notes: [...encodingNotes(encoding), ...dialect.notes, ...fitter.notes],
  });
}

/** The first rows of Parquet or of a query as a table. */
export function headOfBlocks(reader: BlockReader, name: string, rows: number): Promise<Table> {
  const blocks = async function* (columns: readonly string[]) {
    let left = rows;
    for await (const block of reader.blocks(columns)) {
      yield {
        rows: Math.min(left, block.rows),
        columns: block.columns.map((values) => values.slice(0, left)),
      };
      left -= block.rows;
      if (left <= 0) return;
    }
  };
  return tableOfBlocks({ ...reader, rows: undefined, blocks }, name, []);
}

/** How a text is written. */
interface Opening {
  encoding: Encoding;
  dialect: Dialect;
}

async function* recordsOf(bytes: Bytes, { encoding, dialect }: Opening): AsyncIterable<CsvRecord> {
  const records = new RecordReader(bytes.name, dialect);
  for await (const block of textBlocks(bytes, encoding)) yield* records.read(block);
  yield* records.end();
}

async function* streamCsv(
  bytes: Bytes,
  opening: Opening,
  columns: readonly StreamColumn[],
  from: number,
): AsyncIterable<TableChunk> {
  const { name } = bytes;
  const decimalComma = opening.dialect.delimiter === ';';
  const ready: TableChunk[] = [];
  let places: number[] | undefined;
  let chunk: TableChunk = { from, rows: 0, columns: columns.map(() => new Float64Array(chunkRows)) };
  const flush = () => {
    if (chunk.rows === 0) return;
    const { rows } = chunk;
    ready.push(
      rows === chunkRows ? chunk : { ...chunk, columns: chunk.columns.map((values) => values.slice(0, rows)) },
    );
    chunk = { from: chunk.from + rows, rows: 0, columns: columns.map(() => new Float64Array(chunkRows)) };
  };
  const held: { row: string[]; line: number }[] = [];
  const fitter = new RowFitter(name, opening.dialect, (row, line) => held.push({ row, line }));
  const take = () => {
    if (held.length === 0) return;
    places ??= placesOf(columns, fitter.header(), name);
    for (const { row, line } of held) {
      for (const [i, column] of columns.entries()) {
        const where = () => `${name}, line ${line}, column ${column.name}`;
        chunk.columns[i][chunk.rows] = numberOf(row[places[i]], column, decimalComma, where);
      }
      chunk.rows++;
      if (chunk.rows === chunkRows) flush();
    }
    held.length = 0;
  };
  for await (const { record, line } of recordsOf(bytes, opening)) {
    fitter.add(record, line);
    // The first rows together: columns without a name are named by them.
    if (places === undefined && held.length < 100) continue;
    take();
    yield* ready.splice(0);
  }
  fitter.end();
  take();
  flush();
  yield* ready;
  const { encoding, dialect } = opening;
  yield* lastChunk(columns, chunk.from, [...encodingNotes(encoding), ...dialect.notes, ...fitter.notes]);
}

/** Notes at the end of a file, if there are any. */
function* lastChunk(columns: readonly StreamColumn[], from: number, notes: readonly string[]): Iterable<TableChunk> {
  if (notes.length > 0) yield { from, rows: 0, columns: columns.map(() => new Float64Array(0)), notes };
}

/** JSON whose rows come one by one. */
interface JsonOpening {
  bytes: Bytes;
  encoding: Encoding;
  form: 'lines' | 'array';
  place?: RowsPlace;
}

/** The rows of JSON as texts, and what is said of them. */
interface JsonText {
  elements: AsyncIterable<Line>;
  unit: 'line' | 'row';
  header?: string[];
  notes: string[];
}

function jsonOf({ bytes, encoding, form, place }: JsonOpening): JsonText {
  const blocks = textBlocks(bytes, encoding);
  const notes = encodingNotes(encoding);
  if (form === 'lines') return { elements: linesOf(blocks), unit: 'line', notes };
  if (place === undefined) return { elements: elementsOf(blocks, bytes.name), unit: 'row', notes };
  notes.push(placeNote(place.path, place.others));
  const { at, header } = place;
  return { elements: elementsAt(blocks, at, bytes.name), unit: 'row', notes, ...(header && { header }) };
}

async function* streamRows(
  opening: JsonOpening,
  columns: readonly StreamColumn[],
  from: number,
): AsyncIterable<TableChunk> {
  const { name } = opening.bytes;
  const { elements, unit, header, notes } = jsonOf(opening);
  const reader = new JsonLines(
    name,
    columns.map((column) => column.name),
    unit,
    header,
  );
  const end = yield* chunksOfRows(reader.rows(elements), `${name}, ${unit} `, columns, from);
  yield* lastChunk(columns, end, [...notes, ...reader.notes()]);
}

const sideOf = (bytes: Bytes, encoding: Encoding, side: ColumnsPlace) =>
  new JsonColumns(bytes.name, () => textBlocks(bytes, encoding), side, encodingNotes(encoding));

async function* streamSide(
  reader: JsonColumns,
  name: string,
  side: ColumnsPlace,
  columns: readonly StreamColumn[],
  from: number,
): AsyncIterable<TableChunk> {
  const names = columns.map((column) => column.name);
  placesOf(
    columns,
    side.columns.map((column) => column.name),
    name,
  );
  const end = yield* chunksOfRows(reader.rows(names), `${name}, row `, columns, from);
  yield* lastChunk(columns, end, reader.notes());
}

/** Rows of JSON as chunks. Returns the number of the row after the last one. */
async function* chunksOfRows(
  rows: AsyncIterable<JsonRow>,
  where: string,
  columns: readonly StreamColumn[],
  from: number,
): AsyncGenerator<TableChunk, number> {
  const empty = () => columns.map(() => new Float64Array(chunkRows));
  let chunk: TableChunk = { from, rows: 0, columns: empty() };
  for await (const { values, line } of rows) {
    for (const [i, column] of columns.entries()) {
      const value = values[i];
      chunk.columns[i][chunk.rows] =
        typeof value === 'number' && column.read === undefined
          ? value
          : numberOf(toCell(value), column, false, () => `${where}${line}, column ${column.name}`);
    }
    chunk.rows++;
    if (chunk.rows < chunkRows) continue;
    yield chunk;
    chunk = { from: chunk.from + chunkRows, rows: 0, columns: empty() };
  }
  const { rows: last } = chunk;
  if (last > 0) yield { ...chunk, columns: chunk.columns.map((values) => values.slice(0, last)) };
  return chunk.from + last;
}

async function* chunksOfTable(table: Table, columns: readonly StreamColumn[], from: number): AsyncIterable<TableChunk> {
  for (let at = 0; at < table.rows; at += chunkRows) {
    const rows = Math.min(chunkRows, table.rows - at);
    yield {
      from: from + at,
      rows,
      columns: columns.map((column) => {
        const found = table.column(column.name);
        const values = found.numbers ?? found.times;
        if (values !== undefined && column.read === undefined) return values.slice(at, at + rows);
        return Float64Array.from({ length: rows }, (_, k) =>
          numberOf(found.cells[at + k], column, table.decimalComma, () => table.where(at + k, column.name)),
        );
      }),
    };
  }
}

function placesOf(columns: readonly StreamColumn[], header: readonly (string | undefined)[], name: string): number[] {
  const names = header.map((column) => column?.replace(/\s+/g, ' ') ?? '');
  return columns.map((column) => requireColumn(column.name, names, name));
}

function requireColumn(column: string, known: readonly string[], name: string): number {
  const at = known.indexOf(column);
  if (at >= 0) return at;
  const suggestion = didYouMean(column, known) || '.';
  throw usageError(`${name}: no column ${column}${suggestion} Its columns: ${list(known)}`);
}

function numberOf(cell: string, column: StreamColumn, decimalComma: boolean, where: () => string): number {
  if (column.read !== undefined) return column.read(cell, where);
  const value = parseNumber(cell, decimalComma);
  if (Number.isFinite(value)) return value;
  if (isMissing(cell)) return Number.NaN;
  throw new MemcellError(`${where()}: '${cell.slice(0, 40)}' is not a number; correct it, or choose another column`);
}
