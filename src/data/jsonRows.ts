import { MemcellError } from '../errors.js';
import { counted } from '../format.js';
import { refuseWidth, Table, type TypedCells } from './table.js';
import { textOrNumbers } from './typed.js';

/** Rows of JSON or of a program, one after the other: objects (nested ones by one level, as a.b), arrays, or single values. */
export class JsonRows {
  private readonly places: number[] = [];
  private readonly columns = new Map<string, { values: unknown[]; first: number; nested?: string }>();
  private kind: 'object' | 'array' | 'value' | undefined;

  /** @param header names of the columns, when rows are arrays and the names are known */
  constructor(
    private readonly name: string,
    private readonly unit: 'row' | 'line',
    private header?: string[],
  ) {}

  /** @throws MemcellError for a row of another kind than the first */
  add(row: unknown, place: number): void {
    const kind = Array.isArray(row) ? 'array' : typeof row === 'object' && row !== null ? 'object' : 'value';
    this.kind ??= kind;
    if (kind !== this.kind && !(this.kind === 'value' && row === null)) throw this.wrongKind(place);
    if (Array.isArray(row)) this.addArray(row, place);
    else {
      for (const [key, value] of Object.entries(kind === 'object' ? (row ?? {}) : { c1: row }))
        this.flatten(key, value);
      this.places.push(place);
    }
  }

  /** @throws MemcellError when there are no rows, or no column of single values */
  table(notes: readonly string[]): Table {
    const rows = this.places.length;
    if (rows === 0) throw new MemcellError(`${this.name}: holds no rows; it must hold data`);
    const said = [...notes];
    if (this.kind === 'array' && this.header?.[0] === 'c1') said.push('no header: the columns are c1, c2, …');
    const header: string[] = [];
    const cells: (string[] | TypedCells)[] = [];
    for (const [name, { values, first, nested }] of this.columns) {
      if (nested !== undefined) {
        said.push(`column ${name} left out: ${this.unit} ${this.places[first]} holds ${nested} in it`);
        continue;
      }
      if (first > 0) {
        const filled = values.filter((value) => value !== undefined).length;
        said.push(
          `column ${name} first comes in ${this.unit} ${this.places[first]}: missing in ${rows - filled} of ${rows} rows`,
        );
      }
      values.length = rows;
      header.push(name.trim());
      cells.push(textOrNumbers(values));
    }
    if (header.length === 0) {
      const why = said.length === 0 ? '' : ` (${said[0]})`;
      throw new MemcellError(`${this.name}: holds no column of numbers or text${why}; it must hold some`);
    }
    return new Table({ name: this.name, header, cells, lines: this.places, unit: this.unit, notes: said });
  }

  private addArray(row: unknown[], place: number): void {
    if (this.header === undefined) {
      const { header, named } = headerOf(row);
      this.header = header;
      if (new Set(this.header).size < this.header.length) {
        throw new MemcellError(`${this.name}, ${this.unit} ${place}: names a column twice; rename one`);
      }
      if (named) return;
    }
    if (row.length !== this.header.length) {
      throw wrongWidth(this.name, this.unit, place, row, this.header);
    }
    if (this.places.length === 0) refuseWidth(row.length, this.name);
    for (const [i, value] of row.entries()) this.set(this.header[i], value);
    this.places.push(place);
  }

  private flatten(key: string, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
      this.set(key, value);
      return;
    }
    for (const [name, one] of Object.entries(value)) this.set(`${key}.${name}`, one);
  }

  private set(name: string, value: unknown): void {
    const row = this.places.length;
    let column = this.columns.get(name);
    if (column === undefined) {
      column = { values: [], first: row };
      this.columns.set(name, column);
      refuseWidth(this.columns.size, this.name);
    }
    if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
      if (column.nested === undefined) column.first = row;
      column.nested ??= Array.isArray(value) ? 'a list' : 'an object';
    } else column.values[row] = value;
  }

  private wrongKind(place: number): MemcellError {
    const what = {
      object: 'an object such as {"date": "2012-01-01", "value": 1.5}',
      array: 'an array, as the first one is',
      value: 'a single value, as the first one is',
    }[this.kind ?? 'object'];
    return new MemcellError(`${this.name}, ${this.unit} ${place}: must be ${what}`);
  }
}

/** The names of the columns of rows that are arrays, from the first of them: its cells when all are text, else c1, c2, … */
export function headerOf(row: readonly unknown[]): { header: string[]; named: boolean } {
  const named = row.every((cell) => typeof cell === 'string' && cell.trim() !== '' && !Number.isFinite(Number(cell)));
  return { header: row.map((cell, i) => (named ? String(cell) : `c${i + 1}`)), named };
}

export function wrongWidth(
  name: string,
  unit: string,
  place: number,
  row: readonly unknown[],
  header: readonly string[],
): MemcellError {
  return new MemcellError(
    `${name}, ${unit} ${place}: ${counted(row.length, 'value')} where the first row has ${header.length}; correct the row`,
  );
}
