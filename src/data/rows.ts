import { MemcellError } from '../errors.js';
import { type Dialect, isRuler, shape, shapesOf } from './dialect.js';
import { refuseWidth } from './table.js';

/** As many lines at the end may be no rows. */
const longestFooter = 20;
/** Rows that columns without a name are named by, and footers told by. */
const sampleRows = 100;

interface Held {
  record: string[];
  line: number;
  /** Of the header's width. */
  fits: boolean;
}

/**
 * Fits records to the header: drops the empty cells of trailing delimiters, lines left at the end that are no rows, and
 * refuses all else that has another number of cells.
 */
export class RowFitter {
  /** What was left out, one line each; complete after `end`. */
  readonly notes: string[] = [];
  private names: string[] | undefined;
  private rows = 0;
  private readonly sample: string[][] = [];
  private readonly filled: boolean[] = [];
  private held: Held[] = [];
  private trailing = 0;
  private readonly comments: number[] = [];
  private readonly headers: number[] = [];

  /** @param emit takes each row, in order, with its line */
  constructor(
    private readonly name: string,
    private readonly dialect: Dialect,
    private readonly emit: (row: string[], line: number) => void,
  ) {}

  /** @throws MemcellError for a row in the middle that has too many or too few cells */
  add(record: string[], line: number): void {
    const blank = record.every((cell) => cell === '') && record.length !== this.names?.length;
    if (this.names === undefined) {
      if (blank) return;
      const { names, rowNames } = this.dialect;
      this.names = names ?? (rowNames ? ['', ...record] : record);
      refuseWidth(this.names.length, this.name);
      if (names === undefined) return;
    }
    const width = this.names.length;
    if (blank) return;
    if (isHeader(record, this.names)) {
      this.headers.push(line);
      return;
    }
    const row = this.fit(record, this.names);
    if (row === undefined && record[0].startsWith('#')) this.comments.push(line);
    else if (row === undefined) {
      this.held.push({ record, line, fits: false });
      if (this.held.length > longestFooter) this.refuseHeld();
    } else if (row.slice(width > 1 ? 1 : 0).every((cell) => cell === '')) {
      this.held.push({ record: row, line, fits: true });
    } else {
      this.refuseHeld();
      for (const one of this.held) this.take(one.record, one.line);
      this.held = [];
      this.take(row, line);
    }
  }

  /** @throws MemcellError when there are no rows, or the last ones have too few or too many cells */
  end(): void {
    if (this.names === undefined) throw new MemcellError(`${this.name}: is empty; it must hold a header and rows`);
    const first = shapesOf(this.sample, 1)[0];
    const isFooter = ({ record, fits }: Held) => {
      if (record.every((cell) => cell === '') || isRuler(record)) return true;
      if (record.length === 1 && /^\(\d+ rows?( affected)?\)$/i.test(record[0])) return true;
      if (shape(record[0]) !== 'text') return false;
      return first !== 'text' || (!fits && record.length === 1 && /[:\s]/.test(record[0]));
    };
    let rows = this.held.length;
    while (rows > 0 && isFooter(this.held[rows - 1])) rows--;
    const footer = this.held.splice(rows);
    this.refuseHeld();
    for (const { record, line } of this.held) this.take(record, line);
    if (this.rows === 0) throw new MemcellError(`${this.name}: has a header and no rows; it must hold data`);
    const left = footer.filter(({ record }) => this.names?.length !== 1 || record[0] !== '');
    if (left.length > 0) {
      const text =
        left.map(({ record }) => record.filter((cell) => cell !== '').join(' ')).find((one) => one !== '') ?? '';
      const shown = text.length > 40 ? `${text.slice(0, 39)}…` : text;
      const one = left.length === 1;
      const why = shown === '' ? (one ? 'is empty' : 'are empty') : `${one ? 'is no row' : 'are no rows'}: '${shown}'`;
      this.notes.push(`left out the last ${one ? 'line' : `${left.length} lines`}, which ${why}`);
    }
    this.noteTrailing();
  }

  /**
   * The columns' names; undefined for one without a name and without any value. Those that have values get one: 'index'
   * for whole numbers that go up, else 'column 3'. Settled by the first rows, so that a stream and a table agree.
   */
  header(): (string | undefined)[] {
    const names = this.names ?? [];
    const taken = new Set(names);
    return names.map((name, i) => {
      if (name !== '') return name;
      if (!this.filled[i]) return undefined;
      const ascending = this.sample.every(
        (row, n) => /^\d+$/.test(row[i]) && (n === 0 || Number(row[i]) > Number(this.sample[n - 1][i])),
      );
      const free = ascending && !taken.has('index') ? 'index' : `column ${i + 1}`;
      taken.add(free);
      return free;
    });
  }

  private noteTrailing(): void {
    for (const [lines, one, many] of [
      [this.comments, 'a comment', 'comments'],
      [this.headers, 'the header again', 'the header again'],
    ] as const) {
      if (lines.length === 1) this.notes.push(`left out line ${lines[0]}, ${one}`);
      else if (lines.length > 1)
        this.notes.push(`left out ${lines.length} lines, ${many} (the first is line ${lines[0]})`);
    }
    const header = this.header();
    for (const [i, name] of header.entries()) {
      if (name !== undefined && this.names?.[i] === '') this.notes.push(`column ${i + 1} has no name: called ${name}`);
    }
    const empty = header.filter((name) => name === undefined).length;
    if (empty > 0) {
      const columns = empty === 1 ? 'a column' : `${empty} columns`;
      this.notes.push(`left out ${columns} without name and values (a separator at the end of each line)`);
    } else if (this.trailing > 0) {
      this.notes.push(`dropped the separator at the end of ${this.trailing} of ${this.rows} lines`);
    }
  }

  /** The record with the header's cells, and empty ones behind them; undefined for one that does not fit. */
  private fit(record: string[], names: readonly string[]): string[] | undefined {
    const width = names.length;
    if (record.length === width) return record;
    if (record.length > width) {
      if (record.slice(width).some((cell) => cell !== '')) return undefined;
      this.trailing++;
      return record;
    }
    if (record.length === 0 || names.slice(record.length).some((name) => name !== '')) return undefined;
    return [...record, ...names.slice(record.length)];
  }

  private take(row: string[], line: number): void {
    this.rows++;
    if (this.sample.length < sampleRows) this.sample.push(row);
    for (const [i, name] of (this.names ?? []).entries()) if (name === '' && row[i] !== '') this.filled[i] = true;
    this.emit(row, line);
  }

  private refuseHeld(): void {
    const odd = this.held.find(({ fits }) => !fits);
    if (odd === undefined) return;
    const cells = count(odd.record.length, 'cell');
    const columns = count(this.names?.length ?? 0, 'column');
    throw new MemcellError(`${this.name}, line ${odd.line}: ${cells} where the header has ${columns}; correct the row`);
  }
}

/** The header once more, as where files were put one after the other. */
function isHeader(record: readonly string[], names: readonly string[]): boolean {
  return names.length > 1 && record.length === names.length && record.every((cell, i) => cell === names[i]);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
