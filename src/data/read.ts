import { MemcellError } from '../errors.js';
import { parseCsv } from './csv.js';
import { readTextFile } from './files.js';
import { parseJson, parseJsonLines } from './json.js';
import type { Table } from './table.js';

/**
 * A table from text: JSON when the name ends in .json, lines of JSON for .jsonl and .ndjson, else separated values.
 * @throws MemcellError with file, line and column.
 */
export function parseTable(text: string, name: string): Table {
  const content = text.replace(/^\uFEFF/, '');
  if (content.trim() === '') throw new MemcellError(`${name}: is empty; it must hold a header and rows`);
  const extension = /\.(\w+)$/.exec(name)?.[1].toLowerCase();
  if (extension === 'json') return parseJson(content, name);
  if (extension === 'jsonl' || extension === 'ndjson') return parseJsonLines(content, name);
  return parseCsv(content, name);
}

/** A table from a file; see `parseTable`. */
export async function readTable(file: string): Promise<Table> {
  return parseTable(await readTextFile(file), file);
}

/** A text file with all line ends as \n. */
export async function readText(file: string): Promise<string> {
  return unifyLineEnds(await readTextFile(file));
}

/** \r\n and \r as \n. */
export function unifyLineEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
