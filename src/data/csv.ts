import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import { MemcellError } from '../errors.js';
import { parseNumber } from './cells.js';
import { Table } from './table.js';

/** In the order in which equal evidence is settled: a file with decimal commas has both ; and , in every line. */
const delimiters = ['\t', ';', ','];

/**
 * The delimiter of a table: of tab, semicolon and comma the one that stands equally often, outside quotes, in most of
 * the first 20 lines. A comma when none does (one column).
 */
export function guessDelimiter(text: string): string {
  const lines = text
    .slice(0, 100_000)
    .replace(/"[^"]*"/g, '')
    .split('\n', 20)
    .filter((line) => line.trim() !== '');
  let best = { delimiter: ',', agreeing: 0 };
  for (const delimiter of delimiters) {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const agreeing = counts[0] === 0 ? 0 : counts.filter((count) => count === counts[0]).length;
    if (agreeing > best.agreeing) best = { delimiter, agreeing };
  }
  return best.delimiter;
}

/**
 * Reads a table of comma-, semicolon- or tab-separated values. The first line names the columns; when every one of its
 * cells is a number the file has no header, and the columns are c1, c2, … In a semicolon-separated file numbers may have
 * decimal commas.
 * @throws MemcellError with the line: bad quotes, a row with too many or too few cells, no rows.
 */
export function parseCsv(text: string, name: string): Table {
  const unified = text.replace(/\r\n?/g, '\n');
  const delimiter = guessDelimiter(unified);
  const { records, lines } = parseRecords(unified, name, delimiter);
  const decimalComma = delimiter === ';';

  const headerless = records[0].every((cell) => Number.isFinite(parseNumber(cell, decimalComma)));
  const header = headerless ? records[0].map((_, i) => `c${i + 1}`) : records[0];
  const first = headerless ? 0 : 1;
  if (records.length === first) {
    throw new MemcellError(`${name}: has a header and no rows; it must hold data`);
  }

  const cells: string[][] = header.map(() => new Array<string>(records.length - first));
  for (let row = first; row < records.length; row++) {
    const record = records[row];
    if (record.length !== header.length) {
      throw new MemcellError(
        `${name}, line ${lines[row]}: ${count(record.length, 'cell')} where the header has ${count(header.length, 'column')}; correct the row`,
      );
    }
    for (let i = 0; i < record.length; i++) cells[i][row - first] = record[i];
  }
  return new Table({ name, header, cells, lines: lines.slice(first), decimalComma });
}

/** All records with the line each ends on. Blank lines are left out, but for those inside a single column: empty cells. */
function parseRecords(text: string, name: string, delimiter: string): { records: string[][]; lines: number[] } {
  let records: string[][] = [];
  let lines: number[] = [];
  try {
    records = parse(text, {
      delimiter,
      record_delimiter: '\n',
      bom: true,
      trim: true,
      relax_column_count: true,
      on_record: (record: string[], { lines: line }: { lines: number }) => {
        lines.push(line);
        return record;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw quoteError(cause, name, (lines.at(-1) ?? 0) + 1);
  }
  const blank = (record: string[]) => record.length === 1 && record[0] === '';
  let end = records.length;
  while (end > 0 && blank(records[end - 1])) end--;
  const kept = records.map((record, i) => i < end && (records[0].length === 1 || !blank(record)));
  records = records.filter((_, i) => kept[i]);
  lines = lines.filter((_, i) => kept[i]);
  if (records.length === 0) throw new MemcellError(`${name}: is empty; it must hold a header and rows`);
  return { records, lines };
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

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
