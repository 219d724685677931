import { CsvError, parse } from 'csv-parse/sync';
import { MemcellError } from '../errors.js';
import { type Dialect, guessDialect } from './dialect.js';
import { printedSeries } from './printedSeries.js';
import { RowFitter } from './rows.js';
import { doubleQuoted } from './singleQuotes.js';
import { Table } from './table.js';

/** Characters that are parsed at a time. */
const blockSize = 2 ** 22;
/** A record longer than this has a quote that never closes. */
const longestRecord = 2 ** 26;

/**
 * Reads a table of separated values, however it is written (see `guessDialect`). In a semicolon-separated file numbers may
 * have decimal commas.
 * @throws MemcellError with the line: bad quotes, a row with too many or too few cells, no rows.
 */
export function parseCsv(text: string, name: string, notes: readonly string[] = []): Table {
  const written = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  const printed = printedSeries(written);
  const unified = printed ?? written;
  const dialect = guessDialect(unified);
  const cells: string[][] = [];
  const lines: number[] = [];
  const fitter = new RowFitter(name, dialect, (row, line) => {
    for (let i = 0; i < row.length; i++) {
      cells[i] ??= [];
      cells[i].push(row[i]);
    }
    lines.push(line);
  });
  const records = new RecordReader(name, dialect);
  for (let at = 0; at < unified.length; at += blockSize) {
    for (const { record, line } of records.read(unified.slice(at, at + blockSize))) fitter.add(record, line);
  }
  for (const { record, line } of records.end()) fitter.add(record, line);
  fitter.end();

  const header = fitter.header();
  const kept = header.flatMap((column, i) => (column === undefined ? [] : [i]));
  return new Table({
    name,
    header: kept.map((i) => header[i] ?? ''),
    cells: kept.map((i) => cells[i]),
    lines: printed === undefined ? lines : cells[0].length,
    decimalComma: dialect.delimiter === ';',
    notes: [
      ...notes,
      ...(printed === undefined ? [] : ['printed with a row for each year: read as the columns time and value']),
      ...dialect.notes,
      ...fitter.notes,
    ],
  });
}

export interface CsvRecord {
  record: string[];
  /** The line it ends on, from 1. */
  line: number;
}

/** The records of a text that comes in blocks, line ends as \n. */
export class RecordReader {
  private rest = '';
  private line = 0;
  private started = false;

  constructor(
    private readonly name: string,
    private readonly dialect: Dialect,
  ) {}

  /** The records that end in this block. */
  *read(block: string): Iterable<CsvRecord> {
    const text = this.rest + this.begin(block);
    // A quote behind a backslash neither opens nor closes.
    const end = this.dialect.singleQuotes
      ? text.lastIndexOf('\n') + 1
      : lastLineEnd(this.dialect.backslash ? text.replaceAll('\\"', '__') : text);
    this.rest = text.slice(end);
    if (this.rest.length > longestRecord) {
      throw new MemcellError(
        `${this.name}, line ${this.line + newlines(text.slice(0, end)) + 1}: a quote " opens here or below and never closes; close it`,
      );
    }
    if (end > 0) yield* this.parse(text.slice(0, end));
  }

  *end(): Iterable<CsvRecord> {
    if (this.rest !== '') yield* this.parse(this.rest);
    this.rest = '';
  }

  /** Without the lines before the header. */
  private begin(block: string): string {
    if (this.started) return block;
    this.started = true;
    this.line = this.dialect.skippedLines;
    return block.slice(this.dialect.start);
  }

  private parse(lines: string): CsvRecord[] {
    const { delimiter, comments, backslash, singleQuotes } = this.dialect;
    const text = singleQuotes ? doubleQuoted(lines) : lines;
    if (!text.includes('"')) return this.split(text);
    const records: CsvRecord[] = [];
    try {
      parse(text, {
        delimiter,
        record_delimiter: '\n',
        bom: true,
        ...(backslash && { escape: '\\' }),
        trim: delimiter !== ' ',
        relax_column_count: true,
        comment: comments ? '#' : null,
        comment_no_infix: true,
        on_record: (record: string[], { lines }: { lines: number }) => {
          records.push({ record, line: this.line + lines });
          return null;
        },
      });
    } catch (cause) {
      if (!(cause instanceof CsvError)) throw cause;
      throw quoteError(cause, this.name, (records.at(-1)?.line ?? this.line) + 1);
    }
    this.line += newlines(text);
    return records;
  }

  /** A block without quotes: each line is a record, and each delimiter ends a cell. */
  private split(text: string): CsvRecord[] {
    const { delimiter, spaces, comments } = this.dialect;
    const records: CsvRecord[] = [];
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const written of lines) {
      this.line++;
      if (comments && written.startsWith('#')) continue;
      const record = spaces ? written.trim().split(/ +/) : written.split(delimiter);
      for (let i = 0; i < record.length; i++) record[i] = record[i].trim();
      records.push({ record, line: this.line });
    }
    return records;
  }
}

/** One past the last line end that is outside quotes: quotes open and close, so an even number of them stands before it. */
function lastLineEnd(text: string): number {
  let before = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) before++;
  for (let i = text.length - 1; i >= 0; i--) {
    if (text[i] === '"') before--;
    else if (text[i] === '\n' && before % 2 === 0) return i + 1;
  }
  return 0;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function quoteError(error: CsvError, name: string, line: number): MemcellError {
  const place = `${name}, line ${line}`;
  const problems: Record<string, string> = {
    CSV_QUOTE_NOT_CLOSED: 'a quote " opens here and never closes; close it',
    INVALID_OPENING_QUOTE: 'a quote " inside an unquoted cell; quote the whole cell and double the quotes in it',
    CSV_INVALID_CLOSING_QUOTE: 'text after a closing quote "; double the quotes inside a cell',
    CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'text after a closing quote "; double the quotes inside a cell',
  };
  return new MemcellError(`${place}: ${problems[error.code] ?? error.message}`, { cause: error });
}
