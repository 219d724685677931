import { MemcellError, usageError } from '../errors.js';
import { isDate, isMissing, parseNumber } from './cells.js';
import { day } from './days.js';
import { didYouMean, list } from './suggest.js';
import { shorten } from './understanding/wording.js';

export type ColumnKind = 'number' | 'date' | 'text';

export interface Column {
  readonly name: string;
  /** What more than half of the cells that hold something are; text when neither numbers nor dates are. */
  readonly kind: ColumnKind;
  /** As written, without surrounding space; of typed columns made when first asked for, '' where the value is missing. */
  readonly cells: readonly string[];
  /** Of a column that came as numbers (Parquet, JSON, typed arrays): one per row, NaN where missing. */
  readonly numbers?: Float64Array;
  /** Of a column that came as times: milliseconds since 1970, one per row, NaN where missing. */
  readonly times?: Float64Array;
  /** Of times: whether they are moments (written with Z) and not what a wall clock showed. */
  readonly utc?: boolean;
}

/** A column that did not come as text. */
export interface TypedCells {
  numbers?: Float64Array;
  times?: Float64Array;
  /** Of times: whether they are moments (written with Z) and not what a wall clock showed. */
  utc?: boolean;
}

export interface TableSource {
  /** The file's name, for error messages. */
  name: string;
  header: readonly string[];
  /** cells[column][row], or a column's values. */
  cells: readonly (readonly string[] | TypedCells)[];
  /** Where each row stands in the file, from 1; the number of rows where row i stands at i + 1. */
  lines: ArrayLike<number> | number;
  /** What `lines` counts: 'line', or 'row' in a JSON array. */
  unit?: 'line' | 'row';
  /** Whether numbers may be written 3,5. */
  decimalComma?: boolean;
  /** What was done to read it, one line each. */
  notes?: readonly string[];
  /** Of several files read as one table: where each begins. */
  parts?: readonly TablePart[];
}

/** One of several files that are read as one table. */
export interface TablePart {
  name: string;
  /** The row of the table that is its first. */
  from: number;
  unit: string;
}

/** More columns than this are no table that one trains on: an Excel sheet has as many. */
const mostColumns = 16_384;

/** Named columns of equal length, each cell with its place in the file. */
export class Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** What was done to read it and was not plain, one line each: a guessed separator, lines left out, an encoding. */
  readonly notes: readonly string[];
  /** Where each row stands in its file; undefined: row i stands at i + 1. */
  readonly lines: ArrayLike<number> | undefined;
  readonly unit: string;
  readonly parts: readonly TablePart[];
  /** Whether cells are separated as where commas are decimal: by semicolons. */
  readonly decimalComma: boolean;

  /** @throws MemcellError for a column without a name, two of one name, and more than `mostColumns` of them. */
  constructor(source: TableSource) {
    this.name = source.name;
    this.lines = typeof source.lines === 'number' ? undefined : source.lines;
    this.unit = source.unit ?? 'line';
    this.parts = source.parts ?? [{ name: this.name, from: 0, unit: this.unit }];
    this.decimalComma = source.decimalComma ?? false;
    this.rows = typeof source.lines === 'number' ? source.lines : source.lines.length;
    this.notes = source.notes ?? [];
    const header = source.header.map((name) => name.replace(/\s+/g, ' '));
    checkHeader(header, this.name);
    this.columns = header.map((name, i) => {
      const cells = source.cells[i];
      return 'length' in cells ? textColumn(name, cells, this.decimalComma) : typedColumn(name, cells);
    });
  }

  /** "weather.csv, line 17, column wind": where a cell, or a row, stands. */
  where(row: number, column?: string): string {
    let part = this.parts.length - 1;
    while (this.parts[part].from > row) part--;
    const { name, unit, from } = this.parts[part];
    const place = `${name}, ${unit} ${this.lines?.[row] ?? row - from + 1}`;
    return column === undefined ? place : `${place}, column ${column}`;
  }

  /** @throws MemcellError (usage) that lists the known columns. */
  column(name: string): Column {
    const found = this.columns.find((column) => column.name === name);
    if (found !== undefined) return found;
    const known = this.columns.map((column) => column.name);
    const suggestion = didYouMean(name, known) || '.';
    throw usageError(`${this.name}: no column ${name}${suggestion} Its columns: ${list(known)}`);
  }

  /** The names of the columns of one kind, in the file's order. */
  namesOf(kind: ColumnKind): string[] {
    return this.columns.filter((column) => column.kind === kind).map((column) => column.name);
  }

  /**
   * A column's numbers, one per row.
   * @throws MemcellError at the first cell that is empty, NaN, infinite or not a number.
   */
  numbers(name: string): Float64Array {
    const { numbers, cells, kind } = this.column(name);
    if (numbers !== undefined) {
      const missing = numbers.findIndex((value) => !Number.isFinite(value));
      if (missing >= 0) throw this.notANumber(missing, name, cells[missing], kind);
      return numbers;
    }
    const values = new Float64Array(this.rows);
    for (let row = 0; row < this.rows; row++) {
      const value = parseNumber(cells[row], this.decimalComma);
      if (!Number.isFinite(value)) throw this.notANumber(row, name, cells[row], kind);
      values[row] = value;
    }
    return values;
  }

  /**
   * A column's cells, one per row, none of them missing.
   * @throws MemcellError at the first empty cell.
   */
  texts(name: string): readonly string[] {
    const { cells } = this.column(name);
    const empty = cells.indexOf('');
    if (empty >= 0) throw new MemcellError(`${this.where(empty, name)}: the cell is empty; fill it or remove the row`);
    return cells;
  }

  private notANumber(row: number, name: string, cell: string, kind: ColumnKind): MemcellError {
    const place = this.where(row, name);
    if (cell === '') return new MemcellError(`${place}: the cell is empty; fill it, or remove the row or the column`);
    if (isMissing(cell) || decimalOverflow(cell)) {
      return new MemcellError(`${place}: ${cell} is not a finite number; fill it, or remove the row or the column`);
    }
    const remedy = kind === 'number' ? 'correct it' : `the column holds ${kind}s; choose one that holds numbers`;
    return new MemcellError(`${place}: '${shorten(cell)}' is not a number; ${remedy.replace('texts', 'text')}`);
  }
}

function decimalOverflow(cell: string): boolean {
  return Math.abs(parseNumber(cell, false)) === Number.POSITIVE_INFINITY;
}

/** @throws MemcellError */
function checkHeader(header: readonly string[], name: string): void {
  refuseWidth(header.length, name);
  const first = new Map<string, number>();
  for (const [i, column] of header.entries()) {
    if (column === '') throw new MemcellError(`${name}, header: column ${i + 1} has no name; give it one`);
    const same = first.get(column);
    if (same !== undefined) {
      throw new MemcellError(
        `${name}, header: columns ${same + 1} and ${i + 1} are both named ${shorten(column)}; rename one`,
      );
    }
    first.set(column, i);
  }
}

/** @throws MemcellError for more than `mostColumns` columns */
export function refuseWidth(columns: number, name: string): void {
  if (columns <= mostColumns) return;
  throw new MemcellError(
    `${name}: has ${columns} columns; at most ${mostColumns} can be read: select from them with --sql, or transpose it`,
  );
}

/** A column of cells, whose kind is told when somebody asks for it. */
function textColumn(name: string, cells: readonly string[], decimalComma: boolean): Column {
  let kind: ColumnKind | undefined;
  return {
    name,
    cells,
    get kind() {
      kind ??= kindOf(cells, decimalComma);
      return kind;
    },
  };
}

function kindOf(cells: readonly string[], decimalComma: boolean): ColumnKind {
  let numbers = 0;
  let dates = 0;
  let others = 0;
  for (const cell of cells) {
    if (isMissing(cell)) continue;
    if (!Number.isNaN(parseNumber(cell, decimalComma))) numbers++;
    else if (isDate(cell)) dates++;
    else others++;
  }
  if (numbers > dates + others) return 'number';
  return dates > numbers + others ? 'date' : 'text';
}

/** A column of numbers or times whose cells are written when somebody reads them. */
function typedColumn(name: string, { numbers, times, utc = false }: TypedCells): Column {
  let cells: string[] | undefined;
  const write = (): string[] => {
    if (times !== undefined) return writeTimes(times, utc);
    return Array.from(numbers ?? [], (value) => (Number.isNaN(value) ? '' : String(value)));
  };
  return {
    name,
    kind: times === undefined ? 'number' : 'date',
    numbers,
    times,
    utc: times === undefined ? undefined : utc,
    get cells() {
      cells ??= write();
      return cells;
    },
  };
}

/** 2020-01-31 where all times are midnights, else 2020-01-31T12:00:00 with milliseconds where there are any. */
function writeTimes(times: Float64Array, utc: boolean): string[] {
  const known = (time: number) => Math.abs(time) <= 8.64e15; // the last time that Date knows
  const days = times.every((time) => !known(time) || time % day === 0);
  const seconds = times.every((time) => !known(time) || time % 1000 === 0);
  const end = days ? 14 : seconds ? 5 : 1;
  const zone = utc && !days ? 'Z' : '';
  return Array.from(times, (time) => (known(time) ? new Date(time).toISOString().slice(0, -end) + zone : ''));
}
