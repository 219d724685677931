import type { Source } from '../../data/source.js';
import { list } from '../../data/suggest.js';
import { MemcellError, usageError } from '../../errors.js';
import { keptNote, newestRows } from '../forecast/newest.js';
import { type DrawnText, drawText } from '../text/drawnText.js';

/** A number where every symbol is a whole number, else a word. */
export type SymbolValue = number | string;

export interface Sequence {
  values: SymbolValue[];
  /** What was understood that is not plain, one line each. */
  notes: string[];
}

const whole = /^[+-]?\d+(\.0*)?$/;
const fraction = /^[+-]?(\d+[.,]\d+|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The symbols of a text: whole numbers or words, separated by white space, commas or semicolons; one per character where
 * nothing separates them; or one column of a table. A first line of names over columns of whole numbers is a header; words
 * over words are not.
 * @throws MemcellError with line and column for fractions, and for tables with several columns of whole numbers
 */
export async function readSequence(source: Source, seed = 0, most = mostCharacters): Promise<Sequence> {
  if (/\.(json|jsonl|ndjson|parquet)(\.gz)?$/i.test(source.name)) return fromTable(source, seed);
  const drawn = await drawText(source, seed, most);
  if (drawn.beginning !== undefined) return fromPieces(source, drawn, drawn.beginning, seed);
  return fromLines(source, linesOf(drawn.text), seed);
}

/** Characters of a file that are held; of a longer one pieces are drawn. */
const mostCharacters = 4_000_000;

interface SymbolLine {
  cells: RegExpMatchArray[];
  /** From 1. */
  number: number;
}

function linesOf(text: string): SymbolLine[] {
  return text
    .normalize('NFC')
    .split('\n')
    .map((line, i) => ({ cells: [...line.matchAll(/[^\s,;]+/g)], number: i + 1 }))
    .filter(({ cells }) => cells.length > 0);
}

/** The symbols of pieces of a file, which is what its beginning is: a table, a column under its name, or symbols alone. */
async function fromPieces(
  source: Source,
  { text, notes }: DrawnText,
  beginning: string,
  seed: number,
): Promise<Sequence> {
  const head = linesOf(beginning);
  // The last line may be cut.
  const told = await fromLines(source, head.length > 1 ? head.slice(0, -1) : head, seed);
  if (told.table) return told;
  const [first] = head;
  const lines = linesOf(text);
  const named = told.headed === true && lines[0]?.cells.join() === first.cells.join();
  const { values } = await fromLines(source, named ? lines.slice(1) : lines, seed);
  return { values, notes: [...told.notes, ...notes] };
}

/** A sequence, and what it was read as. */
interface ReadSequence extends Sequence {
  table?: boolean;
  headed?: boolean;
}

async function fromLines(source: Source, lines: readonly SymbolLine[], seed: number): Promise<ReadSequence> {
  const [first, ...rest] = lines;
  const { name } = source;
  if (first === undefined) throw new MemcellError(`${name}: is empty; it must hold symbols`);
  const isWhole = ([cell]: RegExpMatchArray) => whole.test(cell);
  const headed = rest.length > 0 && !first.cells.some(isWhole);
  if (headed && rest.every(({ cells }) => cells.every(isWhole))) {
    if (first.cells.length > 1) {
      throw new MemcellError(
        `${name}: has several columns of whole numbers: ${list(first.cells.map(([cell]) => cell))}; leave one`,
      );
    }
    return {
      values: valuesOf(rest, name),
      notes: [`${name}: '${first.cells[0][0]}' is taken for the column's name`],
      headed: true,
    };
  }
  const width = first.cells.length;
  if (headed && width > 1 && rest.every(({ cells }) => cells.length === width && cells.some(isWhole))) {
    return { ...(await fromTable(source, seed)), table: true };
  }
  if (rest.length === 0 && width === 1 && !isWhole(first.cells[0])) {
    const characters = Array.from(first.cells[0][0]);
    return { values: typed(characters), notes: [`${name}: nothing separates the symbols; each character is one`] };
  }
  return { values: valuesOf(lines, name), notes: [] };
}

/** The symbols of an option such as --start; `known` tells whether they are single characters. */
export function parseSymbols(text: string, known: readonly SymbolValue[], name: string): SymbolValue[] {
  const cells = [...text.normalize('NFC').matchAll(/[^\s,;]+/g)];
  const single = known.every((symbol) => Array.from(String(symbol)).length === 1);
  const parts = cells.length === 1 && single ? Array.from(cells[0][0]) : cells.map(([cell]) => cell);
  if (parts.length === 0) throw usageError(`${name}: holds no symbol`);
  return typeof known[0] === 'number' ? parts.map((part) => (whole.test(part) ? Number(part) : part)) : parts;
}

/** Rows of a stretch of a table that is too long to be held. */
const stretchRows = 4096;

function valuesOf(lines: readonly { cells: RegExpMatchArray[]; number: number }[], name: string): SymbolValue[] {
  const written: string[] = [];
  for (const { cells, number } of lines) {
    for (const match of cells) {
      if (fraction.test(match[0]) && !whole.test(match[0])) {
        throw new MemcellError(
          `${name}, line ${number}, column ${(match.index ?? 0) + 1}: '${match[0].slice(0, 40)}' is neither a whole number nor a word; numbers with a fraction are for --forecast`,
        );
      }
      written.push(match[0]);
    }
  }
  return typed(written);
}

/** Numbers when all are whole and exact in 64 bits, else the words. */
function typed(written: readonly string[]): SymbolValue[] {
  const exact = (cell: string) => whole.test(cell) && Number.isSafeInteger(Number(cell));
  return written.every(exact) ? written.map((cell) => Number(cell) + 0) : [...written];
}

async function fromTable(source: Source, seed: number): Promise<Sequence> {
  const kept = await newestRows(source, () => undefined, { stretches: { seed, rows: stretchRows } });
  const { table, older, of } = kept;
  const { name } = source;
  const numeric = table.namesOf('number');
  const column = numeric.length === 1 ? numeric[0] : table.columns.length === 1 ? table.columns[0].name : undefined;
  if (column === undefined) {
    const found = numeric.length === 0 ? 'none' : list(numeric);
    throw new MemcellError(`${name}: must hold symbols, or a table with one column of them; number columns: ${found}`);
  }
  const { cells } = table.column(column);
  const broken = numeric.length === 1 ? cells.findIndex((cell) => !whole.test(cell)) : -1;
  if (broken >= 0) {
    throw new MemcellError(
      `${table.where(broken, column)}: '${cells[broken]}' is not a whole number; numbers with a fraction are for --forecast`,
    );
  }
  const notes = table.columns.length > 1 ? [`${name}: the symbols are those of column ${column}`] : [];
  if (of !== undefined) notes.push(`${name}: ${keptNote(of, table.rows, older)}`);
  return { values: typed(older ? [...older.table.column(column).cells, ...cells] : cells), notes };
}
