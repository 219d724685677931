import { MemcellError } from '../errors.js';
import { parseTable } from './read.js';
import { list } from './suggest.js';

/** Integers that float32 holds exactly. */
const largest = 2 ** 24;

/**
 * The integers of a text, separated by white space, commas or semicolons; or of a table (JSON by its name, or a text that
 * starts with a letter or a quote) with exactly one column of numbers.
 * @throws MemcellError with line and column at the first thing that is not an integer, or is beyond ±2²⁴.
 */
export function parseIntegers(text: string, name: string): Int32Array {
  const isTable = /\.(json|jsonl|ndjson)$/i.test(name) || /^\s*[\p{L}_"]/u.test(text);
  return isTable ? fromTable(text, name) : fromList(text, name);
}

function fromList(text: string, name: string): Int32Array {
  const values: number[] = [];
  for (const [i, line] of text.split(/\r\n?|\n/).entries()) {
    for (const match of line.matchAll(/[^\s,;]+/g)) {
      values.push(toInteger(match[0], `${name}, line ${i + 1}, column ${match.index + 1}`));
    }
  }
  return Int32Array.from(values);
}

function fromTable(text: string, name: string): Int32Array {
  const table = parseTable(text, name);
  const columns = table.namesOf('number');
  if (columns.length !== 1) {
    const found = columns.length === 0 ? 'none' : list(columns);
    throw new MemcellError(`${name}: must hold integers, or a table with one column of them; number columns: ${found}`);
  }
  const { cells } = table.column(columns[0]);
  return Int32Array.from(cells, (cell, row) => toInteger(cell, table.where(row, columns[0])));
}

function toInteger(written: string, place: string): number {
  const value = /^[+-]?\d+(\.0*)?$/.test(written) ? Number(written) : Number.NaN;
  if (Number.isNaN(value)) {
    throw new MemcellError(`${place}: '${written.slice(0, 40)}' is not an integer; the sequence takes integers only`);
  }
  if (Math.abs(value) > largest) {
    throw new MemcellError(`${place}: ${written} is beyond ±${largest}; number the symbols from 0`);
  }
  return value;
}
