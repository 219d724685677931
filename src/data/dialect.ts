import { doubleQuoted, isSingleQuoted } from './singleQuotes.js';
import { shorten } from './understanding/wording.js';

/** How a file of separated values is written, told from its beginning. */
export interface Dialect {
  delimiter: string;
  /** Whether runs of spaces stand for one. */
  spaces: boolean;
  /** Characters before the header, and the lines that they are. */
  start: number;
  skippedLines: number;
  /** Whether a quote in a quoted cell stands behind a backslash, not doubled. */
  backslash: boolean;
  /** Whether cells are quoted with ' instead of ". */
  singleQuotes: boolean;
  /** Whether lines that begin with # are comments. */
  comments: boolean;
  /** The names of the columns when the first record from `start` on is data. */
  names?: string[];
  /** Whether the first column holds row names that the header has no name for. */
  rowNames: boolean;
  /** What was guessed, one line each. */
  notes: string[];
}

/** As many characters and lines as the dialect is told from. */
const dialectSample = 200_000;
const mostLines = 200;
/** As many lines as may stand before the header. */
const mostPreamble = 40;

/** In the order in which equal evidence is settled: a file with decimal commas has both ; and , in every line. */
const delimiters = ['\t', ';', '|', ','];
const delimiterNames: Record<string, string> = { '\t': 'tab', ' ': 'spaces' };

interface Line {
  text: string;
  /** Where it begins, in characters and in lines. */
  start: number;
  number: number;
}

/** @param text the beginning of a file, line ends as \n */
export function guessDialect(text: string): Dialect {
  const beginning = text.slice(0, dialectSample);
  if (isSingleQuoted(beginning)) {
    const dialect = guessDialect(doubleQuoted(beginning));
    return { ...dialect, singleQuotes: true, notes: ["cells are quoted with '", ...dialect.notes] };
  }
  // A quote behind a backslash may be a cell's last character: "5\"" has no doubled one.
  const backslash = /\\"[^,;\t|\n]/.test(beginning) && !/[^,;\t|\n\\]""/.test(beginning);
  const notes: string[] = [];
  let lines = logicalLines(backslash ? beginning.replaceAll('\\"', hidden) : beginning, text.length > dialectSample);
  const separator = /^"?sep=(.)"?$/i.exec(lines[0]?.text ?? '')?.[1];
  if (separator !== undefined) lines = lines.slice(1);
  const commented = lines.findIndex((line) => !line.text.startsWith('#'));
  let comments = lines.slice(0, Math.max(0, commented));
  lines = lines.slice(comments.length);
  const delimiter = separator ?? guessDelimiterOf(lines.map((line) => line.text));
  const split = (line: Line) => splitLine(line.text, delimiter);

  const last = comments.at(-1);
  const role = last === undefined ? 'comment' : roleOfComment(last.text, comments.length, lines.map(split), delimiter);
  if (last !== undefined && role !== 'comment') comments = comments.slice(0, -1);
  if (last !== undefined && role === 'header') lines = [last, ...lines];
  let rows = lines.map(split);
  let names = last !== undefined && role === 'names' ? splitLine(uncommented(last.text), delimiter) : undefined;
  const preamble = names === undefined ? preambleLength(rows, lines) : 0;
  rows = rows.slice(preamble);
  let first = lines[preamble];
  const rowNames = names === undefined && hasRowNames(rows);
  const headerless = names === undefined && !rowNames && rows.length > 0 && isData(rows);
  if (headerless) {
    const empty = (i: number) => rows.every((row) => (row[i] ?? '') === '');
    names = rows[0].map((_, i) => (empty(i) ? '' : `c${i + 1}`));
  }
  const under = names === undefined && !rowNames ? underHeader(rows) : 0;
  if (under > 0) {
    names = headerOf(rows.slice(0, under + 1));
    first = lines[preamble + under + 1];
    const skipped = lines.slice(preamble + 1, preamble + under + 1).map(({ text }) => text);
    notes.push(
      `skipped ${under === 1 ? 'the line' : `the ${under} lines`} below the header: ${shorten(shown(skipped.join(' / ')))}`,
    );
  }
  if (separator === undefined && [' ', '|'].includes(delimiter)) {
    notes.push(`separator ${delimiterNames[delimiter] ?? delimiter}`);
  }
  const skipped = comments.length + preamble;
  if (skipped > 0) notes.push(`skipped ${skipped} ${skipped === 1 ? 'line' : 'lines'} before the header`);
  const named = names?.filter((name) => name !== '') ?? [];
  if (headerless)
    notes.push(`no header: the columns are ${named.length === 1 ? named[0] : `${named[0]} to ${named.at(-1)}`}`);
  else if (role === 'names') notes.push('the columns are named by the comment line before them');
  return {
    delimiter,
    spaces: delimiter === ' ' && !text.includes('"'),
    start: first?.start ?? 0,
    skippedLines: first === undefined ? 0 : first.number,
    backslash,
    singleQuotes: false,
    comments: comments.length > 0,
    names: names?.map(shown),
    rowNames,
    notes,
  };
}

/** Stands for a quote behind a backslash, which neither opens nor closes a cell, while cells are told apart. */
const hidden = '\uE000\uE000';
const shown = (text: string) => text.replaceAll(hidden, '"');

const uncommented = (line: string) => line.replace(/^#+\s*/, '');

/**
 * What the last line of # before a table is: the names of data without a header ('# t v'), a header whose first column is
 * named # ('#,name,v'), or a comment.
 */
function roleOfComment(
  line: string,
  comments: number,
  rows: readonly string[][],
  delimiter: string,
): 'comment' | 'names' | 'header' {
  const cells = splitLine(uncommented(line), delimiter);
  if (rows.length === 0 || cells.length !== rows[0].length) return 'comment';
  if (isHeader(rows, 0)) return 'comment';
  if (isData(rows)) return 'names';
  return comments === 1 && isHeader([splitLine(line, delimiter), ...rows], 0) ? 'header' : 'comment';
}

/**
 * The delimiter of a table: of tab, semicolon, bar and comma the one that stands equally often, outside quotes, in most of
 * the first lines; spaces when none does and every line has equally many words, numbers below. A comma else (one column).
 */
export function guessDelimiter(text: string): string {
  return guessDelimiterOf(logicalLines(text.slice(0, dialectSample), false).map((line) => line.text));
}

function guessDelimiterOf(lines: readonly string[]): string {
  const decimals = lines.length > 2 && lines.slice(1).every((line) => /^"?[+-]?\d+,\d+"?$/.test(line));
  if (decimals && !lines[0].includes(',')) return ';';
  let best = { delimiter: ',', agreeing: 0 };
  for (const delimiter of delimiters) {
    const counts = lines.map((line) => splitLine(line, delimiter).length - 1);
    const { value, times } = mostFrequent(counts.filter((count) => count > 0));
    const plain = value !== undefined && (counts[0] === value || times >= 0.6 * counts.length);
    if (plain && times > best.agreeing) best = { delimiter, agreeing: times };
  }
  if (best.agreeing > 0 || lines.length < 3) return best.delimiter;
  const [header, ...words] = lines.map((line) => splitLine(line, ' '));
  const { length: width } = words[0];
  const numbers = words[0].findIndex((_, i) => words.every((row) => /^number/.test(shape(row[i] ?? ''))));
  // R prints a table with the numbers of its rows before them.
  const rowNames = header.length === width - 1 && (/^"/.test(lines[1]) || countUp(words));
  const named = header.length === width || rowNames;
  return width > 1 && numbers >= 0 && named && words.every((row) => row.length === width) ? ' ' : ',';
}

/** Lines that are not blank; a quoted cell may hold line ends. */
function logicalLines(text: string, cut: boolean): Line[] {
  const lines: Line[] = [];
  let start = 0;
  let number = 0;
  let ends = 0;
  let quoted = false;
  let cellBegins = true;
  const push = (end: number) => {
    const line = text.slice(start, end).trim();
    if (line !== '') lines.push({ text: line, start, number });
    number += ends + 1;
    ends = 0;
    start = end + 1;
  };
  for (let i = 0; i < text.length && lines.length < mostLines; i++) {
    const character = text[i];
    if (quoted) {
      if (character === '\n') ends++;
      if (character === '"') {
        if (text[i + 1] === '"') i++;
        else quoted = false;
      }
    } else if (character === '\n') {
      push(i);
      cellBegins = true;
    } else if (character === '"' && cellBegins) {
      quoted = true;
      cellBegins = false;
    } else cellBegins = /[,;\t| ]/.test(character);
  }
  if (lines.length < mostLines && !cut) push(text.length);
  return lines;
}

/** A line's cells; of a delimiter of spaces, its words. */
function splitLine(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  const pattern = delimiter === ' ' ? / +/y : undefined;
  let cell = '';
  for (let i = 0; i < line.length; ) {
    if (line[i] === '"' && cell.trim() === '') {
      const close = /"(?:[^"]|"")*"/y;
      close.lastIndex = i;
      const quoted = close.exec(line)?.[0];
      if (quoted !== undefined) {
        cell = quoted.slice(1, -1).replaceAll('""', '"');
        i += quoted.length;
        continue;
      }
    }
    if (pattern !== undefined) pattern.lastIndex = i;
    const between = pattern === undefined ? (line[i] === delimiter ? delimiter : undefined) : pattern.exec(line)?.[0];
    if (between === undefined) cell += line[i++];
    else {
      cells.push(cell.trim());
      cell = '';
      i += between.length;
    }
  }
  cells.push(cell.trim());
  return cells;
}

const number =
  /^[(]?[+\-−]?\s*[$€£¥]?\s*(?:\d{1,3}(?:[.,'’\s\u00a0\u202f]\d{3})+|\d+)?(?:[.,]\d*)?(?:e[+-]?\d+)?\s*([%$€£¥]|[\p{L}°µ][\p{L}\d°/²³·^%-]{0,9})?[)]?$/iu;
const date =
  /^(?:\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?\.?(?:[T ,]+\d{1,2}.*)?|\d{1,2}:\d{2}.*|(?:\w{3,9},? )?(?:\d{1,2}[ .-]*)?(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*\.?[ ,.-]+\d.*)$/i;

/** What a cell looks like: '' (missing), 'number', 'number kWh', 'date' or 'text'. */
export function shape(cell: string): string {
  if (/^(?:|[-–—?.]+|#?n\/?a|nan|null|none)$/i.test(cell)) return '';
  // 2020Q1 is no number with a unit.
  if (/^\d{4}-?[QW]\d{1,2}$/i.test(cell)) return 'date';
  const match = /\d/.test(cell) ? number.exec(cell) : null;
  if (match !== null) return match[1] === undefined ? 'number' : `number ${match[1]}`;
  return date.test(cell) ? 'date' : 'text';
}

/** Per column what at least 4 of 5 of its cells in the rows look like; 'text' when nothing. */
export function shapesOf(rows: readonly string[][], width: number): string[] {
  return Array.from({ length: width }, (_, i) => {
    const shapes = rows.map((row) => shape(row[i] ?? '')).filter((one) => one !== '');
    const { value, times } = mostFrequent(shapes);
    return value !== undefined && times >= 0.8 * shapes.length ? value : 'text';
  });
}

/** Whether row `at` names columns: it has something else where the rows below have numbers or dates. */
function isHeader(rows: readonly string[][], at: number): boolean {
  const row = rows[at];
  const below = rows.slice(at + 1, at + 21).filter((other) => other.length === row.length);
  const shapes = shapesOf(below, row.length);
  return row.some((cell, i) => cell !== '' && shapes[i] !== 'text' && shape(cell) !== shapes[i] && shape(cell) !== '');
}

/**
 * Whether the first row is data. Numbers only, or dates too and like those below: yes. With text cells beside them: when every column of numbers or
 * dates has one there too, and one of them has decimals or is a date, or a text comes again below.
 */
function isData(rows: readonly string[][]): boolean {
  const [first, ...rest] = rows;
  const shapes = first.map(shape);
  const typed = (one: string) => one === 'number' || one === 'date';
  const below = rest.slice(0, 20);
  const expected = shapesOf(below, first.length);
  const fits = first.every((_, i) => below.length === 0 || expected[i] === 'text' || shapes[i] === expected[i]);
  if (shapes.every(typed)) return fits || shapes.every((one) => one === 'number');
  if (below.length === 0) return false;
  const columns = expected.map((one, i) => ({ one, i })).filter(({ one }) => one !== 'text');
  if (columns.length === 0) return false;
  if (!columns.every(({ one, i }) => shapes[i] === one || shapes[i] === '')) return false;
  if (columns.length === first.length) return shapes.some((one) => one !== '');
  const plain = columns.some(({ i }) => shapes[i] === 'date' || /\d[.,]\d/.test(first[i]));
  const again = expected.some((one, i) => one === 'text' && first[i] !== '' && rest.some((row) => row[i] === first[i]));
  return plain || again;
}

/** A line that only rules off, as databases and Markdown print it: ---+---, |---|---|, +---+---+. */
export function isRuler(cells: readonly string[]): boolean {
  return cells.some((cell) => /-{3}|={3}/.test(cell)) && cells.every((cell) => /^[-+=:|\s]*$/.test(cell));
}

/**
 * How many lines below the header (three at most) are no rows: rulers, and lines of text, such as units or further levels of
 * names, in every column that has numbers or dates below them.
 */
function underHeader(rows: readonly string[][]): number {
  const width = rows[0]?.length ?? 0;
  for (let under = Math.min(3, rows.length - 3); under > 0; under--) {
    const shapes = shapesOf(
      rows.slice(under + 1, under + 21).filter(({ length }) => length === width),
      width,
    );
    const typed = shapes.flatMap((one, i) => (one === 'text' ? [] : [i]));
    const isText = (row: readonly string[]) =>
      row.length === width &&
      row.some((cell) => shape(cell) === 'text') &&
      typed.every((i) => ['', 'text'].includes(shape(row[i])));
    if (typed.length === 0 || !isHeaderOver(rows[0], typed)) continue;
    // A text in a column of numbers is a slip where nothing says that the whole line is none: units stand in all, or have no time.
    const told = (row: readonly string[]) =>
      typed.every((i) => shape(row[i]) === 'text' || (i === 0 && row[0] === '')) ||
      (row[0] !== '' && row.slice(1).every((cell) => cell === ''));
    if (rows.slice(1, under + 1).every((row) => isRuler(row) || (isText(row) && typed.length > 1 && told(row))))
      return under;
  }
  return 0;
}

const isHeaderOver = (row: readonly string[], typed: readonly number[]) =>
  typed.every((i) => shape(row[i]) === 'text' || row[i] === '') && typed.some((i) => row[i] !== '');

/** The columns' names from the lines of a header: of several levels those that tell columns apart; a first cell alone names the first. */
function headerOf([header, ...under]: readonly string[][]): string[] {
  const alone = under.find(
    (row) => row.length === header.length && row[0] !== '' && row.slice(1).every((cell) => cell === ''),
  );
  const levels = under.filter((row) => row !== alone && row.length === header.length && !isRuler(row));
  const names = header.map((name, i) =>
    header.indexOf(name) === header.lastIndexOf(name) ? name : [name, ...levels.map((row) => row[i])].join(' '),
  );
  return alone === undefined ? names : [alone[0], ...names.slice(1)];
}

/** Lines before the header: of another number of cells, or padded with empty ones, with a header after them. */
function preambleLength(rows: readonly string[][], lines: readonly Line[]): number {
  if (rows.length < 3) return 0;
  const { value: width } = mostFrequent(rows.map((row) => row.length));
  if (width === undefined || width < 2) return 0;
  if (rows[0].length === width) {
    const apart = preambleApart(rows, lines, width);
    if (apart > 0) return apart;
    const header = rows.findIndex((row) => row.length === width && !row.slice(1).includes(''));
    const padded = rows
      .slice(0, Math.max(0, header))
      .every((row) => 2 * row.filter((cell) => cell === '').length >= width);
    return header > 0 && header <= mostPreamble && padded && isHeader(rows, header) ? header : 0;
  }
  const first = rows.findIndex((row) => row.length === width);
  if (first > mostPreamble) return 0;
  const shorter = rows[0].length === width - 1 && first === 1 && !isHeader(rows, 1);
  if (shorter && (width > 2 || hasRowNames(rows))) return 0;
  if (rows[0].length === width - 1 && rows.slice(1).every((row) => row.at(-1) === '' || row.length !== width)) return 0;
  const plain = rows.slice(0, first).every((row) => row.length === 1);
  const blank = lines[first].number > lines[first - 1].number + 1;
  return isHeader(rows, first) || plain || blank ? first : 0;
}

/** Lines of the table's width before a blank line and a header, none of which is like the rows below it. */
function preambleApart(rows: readonly string[][], lines: readonly Line[], width: number): number {
  const at = lines.findIndex((line, i) => i > 0 && line.number > lines[i - 1].number + 1);
  if (at < 1 || at > mostPreamble || rows[at].length !== width || !isHeader(rows, at) || rows.length < at + 3) return 0;
  const shapes = shapesOf(rows.slice(at + 1, at + 21), width);
  const isRow = (row: readonly string[]) => shapes.every((one, i) => one === 'text' || shape(row[i] ?? '') === one);
  return rows.slice(0, at).some(isRow) || !rows.slice(at + 1, at + 4).every(isRow) ? 0 : at;
}

function countUp(rows: readonly string[][]): boolean {
  return rows.every((row, i) => Number(row[0]) === Number(rows[0][0]) + i);
}

/** Whether all rows have one cell more than the header, the first of which names or numbers the row. */
function hasRowNames(rows: readonly string[][]): boolean {
  const [header, ...rest] = rows;
  if (header === undefined || rest.length < 2) return false;
  if (!rest.every((row) => row.length === header.length + 1)) return false;
  if (rest.every((row) => row.at(-1) === '')) return false;
  return (
    countUp(rest) ||
    (rest.every((row) => shape(row[0]) === 'text') && new Set(rest.map((row) => row[0])).size === rest.length)
  );
}

function mostFrequent<T>(values: readonly T[]): { value: T; times: number } | { value: undefined; times: 0 } {
  const times = new Map<T, number>();
  let best: { value: T; times: number } | undefined;
  for (const value of values) {
    const count = (times.get(value) ?? 0) + 1;
    times.set(value, count);
    if (best === undefined || count > best.times) best = { value, times: count };
  }
  return best ?? { value: undefined, times: 0 };
}
