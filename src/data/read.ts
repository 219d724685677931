import { MemcellError } from '../errors.js';
import { parseCsv } from './csv.js';
import { parseJson, parseJsonLines } from './json.js';
import type { Table } from './table.js';

/**
 * A table from text: JSON when the name ends in .json, lines of JSON for .jsonl and .ndjson; when the name says nothing, JSON
 * where the text begins as JSON does; else separated values.
 * @param notes what was done to get the text
 * @throws MemcellError with file, line and column.
 */
export function parseTable(text: string, name: string, notes: readonly string[] = []): Table {
  const content = text.replace(/^\uFEFF/, '');
  if (content.trim() === '') throw new MemcellError(`${name}: is empty; it must hold a header and rows`);
  const extension = /\.(\w+)(?:\.gz)?$/.exec(name)?.[1].toLowerCase();
  if (extension === 'jsonl' || extension === 'ndjson') return parseJsonLines(content, name, notes);
  const form = extension === 'csv' || extension === 'tsv' ? undefined : jsonForm(content);
  if (form === 'lines') return parseJsonLines(content, name, notes);
  if (extension === 'json' || form === 'whole') return parseJson(content, name, notes);
  return parseCsv(content, name, notes);
}

/** Whether a text is JSON: one value, or one to a line. */
export function jsonForm(text: string): 'whole' | 'lines' | undefined {
  const lines = text.trim().split(/\r\n?|\n/, 3);
  if (!/^(?:\{\s*(?:"|$|\})|\[\s*(?:$|[[{"\]\d.-]|null|true|false))/.test(lines[0])) return undefined;
  if (lines.length > 1 && isJson(lines[0]) && isJson(lines[1])) return 'lines';
  return /^(?:\{\s*"|\[\s*[[{])/.test(text.trimStart()) || isJson(text) ? 'whole' : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** \r\n and \r as \n. */
export function unifyLineEnds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}
