import { MemcellError } from '../errors.js';
import { type DateStyle, isMissing, parseDate, parseNumber } from './cells.js';
import { didYouMean, list } from './suggest.js';

export type ColumnKind = 'number' | 'date' | 'text';

export interface Column {
  readonly name: string;
  /** What more than half of the cells that hold something are; text when neither numbers nor dates are. */
  readonly kind: ColumnKind;
  /** As written, without surrounding space. */
  readonly cells: readonly string[];
}

export interface TableSource {
  /** The file's name, for error messages. */
  name: string;
  header: readonly string[];
  /** cells[column][row] */
  cells: readonly (readonly string[])[];
  /** Where each row stands in the file, from 1. */
  lines: ArrayLike<number>;
  /** What `lines` counts: 'line', or 'row' in a JSON array. */
  unit?: 'line' | 'row';
  /** Whether numbers may be written 3,5. */
  decimalComma?: boolean;
}

/** Named columns of equal length, each cell with its place in the file. */
export class Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  private readonly lines: ArrayLike<number>;
  private readonly unit: string;
  /** Whether cells are separated as where commas are decimal: by semicolons. */
  readonly decimalComma: boolean;

  /** @throws MemcellError for a column without a name, or two of one name. */
  constructor(source: TableSource) {
    this.name = source.name;
    this.lines = source.lines;
    this.unit = source.unit ?? 'line';
    this.decimalComma = source.decimalComma ?? false;
    this.rows = source.lines.length;
    const header = source.header.map((name) => name.replace(/\s+/g, ' '));
    this.columns = header.map((name, i) => {
      if (name === '') throw new MemcellError(`${this.name}, header: column ${i + 1} has no name; give it one`);
      const first = header.indexOf(name);
      if (first < i) {
        throw new MemcellError(
          `${this.name}, header: columns ${first + 1} and ${i + 1} are both named ${name}; rename one`,
        );
      }
      return { name, kind: this.kindOf(source.cells[i]), cells: source.cells[i] };
    });
  }

  /** "weather.csv, line 17, column wind": where a cell, or a row, stands. */
  where(row: number, column?: string): string {
    const place = `${this.name}, ${this.unit} ${this.lines[row]}`;
    return column === undefined ? place : `${place}, column ${column}`;
  }

  /** @throws MemcellError (usage) that lists the known columns. */
  column(name: string): Column {
    const found = this.columns.find((column) => column.name === name);
    if (found !== undefined) return found;
    const known = this.columns.map((column) => column.name);
    const suggestion = didYouMean(name, known) || '.';
    throw new MemcellError(`${this.name}: no column ${name}${suggestion} Its columns: ${list(known)}`, {
      code: 'usage',
    });
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
    const { cells, kind } = this.column(name);
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

  /**
   * A date column's times (milliseconds since 1970, as written) and how its last date is written.
   * @throws MemcellError at the first cell that is not a date.
   */
  dates(name: string): { times: Float64Array; style: DateStyle } {
    const { cells } = this.column(name);
    const times = new Float64Array(this.rows);
    let style: DateStyle = { separator: '-', precision: 'day', joint: 'T', zone: '' };
    for (let row = 0; row < this.rows; row++) {
      const date = parseDate(cells[row]);
      if (date === undefined) {
        throw new MemcellError(
          `${this.where(row, name)}: '${shorten(cells[row])}' is not a date; write dates as 2012-01-31 or 2012-01-31 12:00`,
        );
      }
      times[row] = date.time;
      style = date.style;
    }
    return { times, style };
  }

  private kindOf(cells: readonly string[]): ColumnKind {
    let numbers = 0;
    let dates = 0;
    let others = 0;
    for (const cell of cells) {
      if (isMissing(cell)) continue;
      if (!Number.isNaN(parseNumber(cell, this.decimalComma))) numbers++;
      else if (parseDate(cell) !== undefined) dates++;
      else others++;
    }
    if (numbers > dates + others) return 'number';
    return dates > numbers + others ? 'date' : 'text';
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

/** A cell for an error message: one line, at most 40 characters. */
function shorten(cell: string): string {
  const line = cell.replace(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 39)}…`;
}
