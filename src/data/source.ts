import { MemcellError, usageError } from '../errors.js';
import { shown } from '../spelling.js';
import type { BlockReader } from './blocks.js';
import { type Bytes, type Content, contentOf, inflated, openBytes } from './bytes.js';
import { concatenate, tableOfColumns, tableOfRows } from './inCode.js';
import { parseTable, unifyLineEnds } from './read.js';
import type { StreamColumn, TableChunk } from './stream.js';
import type { Table } from './table.js';

/** Where data comes from: read when it is asked for, as what it is asked for. */
export interface Source {
  /** For messages and for the record of training. */
  readonly name: string;
  /** As a table: CSV and its kin, JSON, JSON lines, Parquet; gzipped or not; one file or several. */
  table(): Promise<Table>;
  /** As text: UTF-8, UTF-16 or Latin-1, line ends as \n. */
  text(): Promise<string>;
  /** How long the text is, in bytes, about; undefined when it is none, or is in memory already. */
  textSize?(): Promise<number | undefined>;
  /** The text in blocks, in constant memory, line ends as \n. */
  textBlocks?(): AsyncIterable<string>;
  /** What was not plain in reading the text, one line each; complete once `text` is done. A table has its own. */
  readonly notes?: readonly string[];
  /** What tells the content of each file from any other: its bytes and their SHA-256. Undefined for data in code. */
  digests?(): Promise<Record<string, string>>;
  /** The first rows, and how large the whole is, without reading it: what one decides by whether to read or to stream. */
  head?(rows: number): Promise<TableHead>;
  /** Columns as numbers, from the first row to the last, in constant memory; as often as asked. Undefined for data in code. */
  stream?(columns: readonly StreamColumn[]): AsyncIterable<TableChunk>;
}

/** The beginning of a table. */
export interface TableHead {
  /** The first rows: at least as many as were asked for, unless there are fewer. */
  table: Table;
  /** Rows of the whole, where the file says so (Parquet). */
  rows?: number;
  /** Bytes of all files, about: of gzipped ones as many as such tables mostly hold. */
  bytes: number;
}

/** Columns of equal length: names to values. */
export type Columns = Readonly<Record<string, ArrayLike<number | string | boolean | Date | null | undefined>>>;

/**
 * Data to learn from or to predict for: a path (a file, - for stdin, a pattern such as data/*.csv), several paths, a text with
 * a name (whose ending tells JSON), bytes with a name, an array of objects, an array of numbers, or columns.
 */
export type DataInput =
  | string
  | { readonly files: readonly string[] }
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly bytes: Uint8Array }
  | readonly Readonly<Record<string, unknown>>[]
  | readonly number[]
  | Float32Array
  | Float64Array
  | Columns;

export interface SourceOptions {
  /** A query over the files, for which @duckdb/node-api must be installed: each file is a table named after it, all are `data`. */
  sql?: string;
}

/**
 * Opens data of any kind. Nothing is read before it is asked for.
 * @throws MemcellError (usage) for what is no data
 */
export function openSource(input: DataInput, options: SourceOptions = {}): Source {
  if (typeof input === 'string') return new FileSource([input], options.sql);
  if (typeof input !== 'object' || input === null) {
    const given = input === undefined ? 'nothing' : shown(input);
    throw usageError(`${given} is no data; give a path, rows, columns or numbers`);
  }
  if (isFiles(input)) return new FileSource(input.files, options.sql);
  if (options.sql !== undefined) {
    throw usageError('sql selects from files; data in code is given as it is');
  }
  if (isText(input)) {
    const { name, text } = input;
    return { name, table: async () => parseTable(text, name), text: async () => unifyLineEnds(text) };
  }
  if (isBytes(input)) return new BytesSource(input.name, input.bytes);
  return inCodeSource(input);
}

const isFiles = (input: object): input is { files: readonly string[] } =>
  'files' in input && Array.isArray(input.files) && input.files.every((file) => typeof file === 'string');
const isText = (input: object): input is { name: string; text: string } =>
  'text' in input && typeof input.text === 'string' && 'name' in input && typeof input.name === 'string';
const isBytes = (input: object): input is { name: string; bytes: Uint8Array } =>
  'bytes' in input && input.bytes instanceof Uint8Array && 'name' in input && typeof input.name === 'string';

function inCodeSource(input: Exclude<DataInput, string>): Source {
  const name = 'data';
  return {
    name,
    table: async () =>
      Array.isArray(input) || ArrayBuffer.isView(input) ? tableOfRows(input, name) : tableOfColumns(input, name),
    text: async () => {
      throw usageError('data: is a table, not a text; give { name, text }');
    },
  };
}

/** One file of a source. */
interface Part {
  bytes: Bytes;
  content: Exclude<Content, 'gzip'>;
}

/** Files, one or several that are parts of one table. */
class FileSource implements Source {
  readonly name: string;
  readonly notes: string[] = [];
  private opened: Promise<Part[]> | undefined;

  constructor(
    private readonly paths: readonly string[],
    private readonly sql: string | undefined,
  ) {
    if (paths.length === 0) throw usageError('no files are given; give at least one');
    this.name =
      paths.length === 1 ? (paths[0] === '-' ? 'stdin' : paths[0]) : `${paths[0]} and ${paths.length - 1} more`;
  }

  async table(): Promise<Table> {
    const { tableOfBlocks } = await import('./blocks.js');
    if (this.sql !== undefined) {
      const query = await this.query(this.sql);
      return tableOfBlocks(query, this.name, [`selected by --sql from ${query.views.join(', ')}`]);
    }
    const tables: Table[] = [];
    for (const part of await this.parts()) tables.push(await tableOfPart(part));
    return tables.length === 1 ? tables[0] : concatenate(tables, this.name);
  }

  async text(): Promise<string> {
    if (this.sql !== undefined) throw usageError('--sql selects a table, not a text');
    const texts: string[] = [];
    const { readTextOf } = await import('./files.js');
    for (const { bytes, content } of await this.parts()) {
      if (content === 'parquet') throw new MemcellError(`${bytes.name}: is a table (Parquet), not a text`);
      const { text, notes } = await readTextOf(bytes);
      texts.push(unifyLineEnds(text));
      for (const note of notes) this.say(`${bytes.name}: ${note}`);
    }
    return texts.map((text, i) => (i === 0 || texts[i - 1].endsWith('\n') ? text : `\n${text}`)).join('');
  }

  async textSize(): Promise<number | undefined> {
    if (this.sql !== undefined) return undefined;
    const parts = await this.parts();
    if (parts.some(({ content }) => content === 'parquet')) return undefined;
    return parts.reduce((sum, { bytes }) => sum + textSize(bytes), 0);
  }

  async *textBlocks(): AsyncIterable<string> {
    const { textOf } = await import('./textForm.js');
    let ended = true;
    for (const { bytes } of await this.parts()) {
      if (!ended) yield '\n';
      const { notes, blocks } = await textOf(bytes);
      for (const note of notes) this.say(`${bytes.name}: ${note}`);
      for await (const block of blocks) {
        yield block;
        if (block !== '') ended = block.endsWith('\n');
      }
    }
  }

  async head(rows: number): Promise<TableHead> {
    const { headOf, headOfBlocks } = await import('./stream.js');
    const parts = await this.parts();
    const bytes = parts.reduce((sum, part) => sum + textSize(part.bytes), 0);
    if (this.sql !== undefined)
      return { table: await headOfBlocks(await this.query(this.sql), this.name, rows), bytes };
    const counts = await Promise.all(
      parts.map(async (part) => (part.content === 'parquet' ? (await parquetOf(part)).rows : undefined)),
    );
    const known = counts.every((one) => one !== undefined);
    return {
      table: await headOf(parts[0], rows),
      rows: known ? counts.reduce((sum: number, one) => sum + (one ?? 0), 0) : undefined,
      bytes,
    };
  }

  async *stream(columns: readonly StreamColumn[]): AsyncIterable<TableChunk> {
    const { streamBlocks, streamPart } = await import('./stream.js');
    if (this.sql !== undefined) {
      yield* streamBlocks(await this.query(this.sql), this.name, columns, 0);
      return;
    }
    let from = 0;
    const parts = await this.parts();
    for (const part of parts) {
      for await (const chunk of streamPart(part, columns, from)) {
        const { notes } = chunk;
        yield notes && parts.length > 1
          ? { ...chunk, notes: notes.map((note) => `${part.bytes.name}: ${note}`) }
          : chunk;
        from = chunk.from + chunk.rows;
      }
    }
  }

  async digests(): Promise<Record<string, string>> {
    const { createHash } = await import('node:crypto');
    const files = this.sql === undefined ? (await this.parts()).map(({ bytes }) => bytes) : await this.files();
    const digests: Record<string, string> = {};
    for (const { name, stream } of files) {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of stream()) {
        hash.update(chunk);
        size += chunk.length;
      }
      digests[name] = `${size} bytes, SHA-256 ${hash.digest('hex').slice(0, 16)}`;
    }
    return digests;
  }

  private say(note: string): void {
    if (!this.notes.includes(note)) this.notes.push(note);
  }

  private parts(): Promise<Part[]> {
    this.opened ??= this.open();
    return this.opened;
  }

  private async open(): Promise<Part[]> {
    const { expandPath } = await import('./paths.js');
    const parts: Part[] = [];
    for (const path of this.paths) {
      for (const file of path === '-' ? ['-'] : await expandPath(path))
        parts.push(await openPart(await openBytes(file)));
    }
    return parts;
  }

  /** What a query reads. */
  private async files(): Promise<Bytes[]> {
    const { expandPath } = await import('./paths.js');
    const files = (await Promise.all(this.paths.map((path) => expandPath(path)))).flat();
    return Promise.all(files.map((file) => openBytes(file)));
  }

  private async query(sql: string): Promise<BlockReader & { views: string[] }> {
    if (this.paths.includes('-')) throw usageError('--sql reads files; save stdin as one');
    const { openQuery } = await import('./duckdb.js');
    const opened = await this.files();
    const other = opened.find(({ path }) => path === undefined);
    if (other !== undefined) {
      throw usageError(`--sql reads files; save ${other.name} as one`);
    }
    return openQuery({ sql, files: opened, together: this.paths.length === 1, name: this.name });
  }
}

/** Bytes of a program: what a page's file input gives. */
class BytesSource implements Source {
  constructor(
    readonly name: string,
    private readonly content: Uint8Array,
  ) {}

  async table(): Promise<Table> {
    return tableOfPart(await this.part());
  }

  async text(): Promise<string> {
    const { readTextOf } = await import('./files.js');
    return unifyLineEnds((await readTextOf((await this.part()).bytes)).text);
  }

  private async part(): Promise<Part> {
    const { memoryBytes } = await import('./bytes.js');
    return openPart(memoryBytes(this.name, this.content));
  }
}

/** Gzip makes tables to about a sixth. */
function textSize({ size, inflatedSize }: Bytes): number {
  return inflatedSize === undefined ? size : 6 * size;
}

async function openPart(bytes: Bytes): Promise<Part> {
  const content = await contentOf(bytes);
  if (content !== 'gzip') return { bytes, content };
  const plain = await inflated(bytes);
  const inside = await contentOf(plain);
  if (inside === 'gzip') throw new MemcellError(`${bytes.name}: is gzipped twice; decompress it once`);
  return { bytes: plain, content: inside };
}

async function parquetOf({ bytes }: Part): Promise<BlockReader> {
  const { openParquet } = await import('./parquet.js');
  return openParquet(bytes);
}

async function tableOfPart(part: Part): Promise<Table> {
  if (part.content === 'parquet') {
    const { tableOfBlocks } = await import('./blocks.js');
    return tableOfBlocks(await parquetOf(part), part.bytes.name, []);
  }
  const { readTextOf } = await import('./files.js');
  const { text, notes } = await readTextOf(part.bytes);
  return parseTable(text, part.bytes.name, notes);
}
