import { nanNote, parseJsonLine } from './json.js';
import { headerOf, JsonRows, wrongWidth } from './jsonRows.js';
import { list } from './suggest.js';
import type { Table } from './table.js';

/** A line of a text, or an element of an array, from 1. */
export interface Line {
  text: string;
  line: number;
}

/** The lines of a text that comes in blocks, line ends as \n. */
export async function* linesOf(blocks: AsyncIterable<string>): AsyncIterable<Line> {
  let rest = '';
  let line = 0;
  for await (const block of blocks) {
    const lines = (rest + block).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) yield { text, line: ++line };
  }
  if (rest !== '') yield { text: rest, line: ++line };
}

/** The first rows of lines of JSON, or of an array's elements. */
export async function headOfLines(
  lines: AsyncIterable<Line>,
  how: { name: string; rows: number; notes: readonly string[]; unit: 'line' | 'row'; header?: string[] },
): Promise<Table> {
  const { name, rows, notes, unit, header } = how;
  const read = new JsonRows(name, unit, header);
  const said = [...notes];
  let count = 0;
  for await (const { text, line } of lines) {
    if (text.trim() === '') continue;
    const { row, mended } = parseJsonLine(text, name, line, unit);
    if (mended && !said.includes(nanNote)) said.push(nanNote);
    read.add(row, line);
    if (++count > rows) break;
  }
  return read.table(said);
}

/** A row of lines of JSON: of each column asked for the value as it was parsed, undefined where there is none. */
export interface JsonRow {
  values: unknown[];
  line: number;
}

/**
 * Rows of some columns of lines of JSON, or of an array's elements, one after the other; each an object (nested ones by one level, as a.b), an array
 * or a single value, as in a table. Lists and deeper objects count as missing.
 */
export class JsonLines {
  private readonly places = new Map<string, number>();
  private readonly asked: ReadonlyMap<string, number>;
  private readonly late = new Map<string, number>();
  private readonly nested = new Map<string, number>();
  private mended = false;

  /** @param header names of the columns, when rows are arrays and the names are known */
  constructor(
    private readonly name: string,
    private readonly columns: readonly string[],
    private readonly unit: 'line' | 'row',
    private header?: string[],
  ) {
    this.asked = new Map(columns.map((column, i) => [column, i]));
  }

  /** @throws MemcellError for a line that is no JSON, or an array of another length */
  async *rows(lines: AsyncIterable<Line>): AsyncIterable<JsonRow> {
    for await (const { text, line } of lines) {
      if (text.trim() === '') continue;
      const { row, mended } = parseJsonLine(text, this.name, line, this.unit);
      this.mended ||= mended;
      const values = new Array<unknown>(this.columns.length).fill(undefined);
      const set = (key: string, value: unknown) => this.set(values, key, value, line);
      if (Array.isArray(row)) {
        if (this.header === undefined) {
          const { header, named } = headerOf(row);
          this.header = header;
          if (named) continue;
        }
        if (row.length !== this.header.length) throw wrongWidth(this.name, this.unit, line, row, this.header);
        for (const [i, value] of row.entries()) set(this.header[i], value);
      } else if (typeof row !== 'object' || row === null) set('c1', row);
      else {
        for (const [key, value] of Object.entries(row)) {
          if (typeof value !== 'object' || value === null || Array.isArray(value)) set(key, value);
          else for (const [inner, one] of Object.entries(value)) set(`${key}.${inner}`, one);
        }
      }
      yield { values, line };
    }
  }

  /** What was not plain; complete once all rows have come. */
  notes(): string[] {
    const named = (found: ReadonlyMap<string, number>) => list([...found.keys()], 4);
    const first = (found: ReadonlyMap<string, number>) => Math.min(...found.values());
    const some = (found: ReadonlyMap<string, number>) => (found.size === 1 ? 'column' : 'columns');
    return [
      ...(this.mended ? [nanNote] : []),
      ...(this.late.size > 0
        ? [
            `left out, as no row at the beginning has it: ${some(this.late)} ${named(this.late)} (from ${this.unit} ${first(this.late)} on)`,
          ]
        : []),
      ...(this.nested.size > 0
        ? [
            `${some(this.nested)} ${named(this.nested)}: lists and objects count as missing (the first is in ${this.unit} ${first(this.nested)})`,
          ]
        : []),
    ];
  }

  private set(values: unknown[], key: string, value: unknown, line: number): void {
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.asked.get(key.trim().replace(/\s+/g, ' ')) ?? -1;
      if (this.places.size < mostNames) this.places.set(key, place);
    }
    const inside = typeof value === 'object' && value !== null;
    if (place >= 0) {
      if (!inside) values[place] = value;
      else if (!this.nested.has(key)) this.nested.set(key, line);
    } else if (!inside && value !== null && !this.late.has(key) && this.late.size < mostNames) this.late.set(key, line);
  }
}

/** Names of columns that are remembered. */
const mostNames = 20_000;
