import type { DuckDBConnection } from '@duckdb/node-api';
import { MemcellError, usageError } from '../errors.js';
import type { BlockReader, ColumnType, ValueBlock } from './blocks.js';
import { type Bytes, contentOf, inflated } from './bytes.js';
import { guessDialect } from './dialect.js';
import { guessEncoding } from './encoding.js';
import { unifyLineEnds } from './read.js';

/** What a query selects from files, by DuckDB. */
export interface Query {
  sql: string;
  files: readonly Bytes[];
  /** Whether all files are one table, which is then also named data. */
  together: boolean;
  /** For messages. */
  name: string;
}

/**
 * What a query selects. Each file is a view named after it without its ending (sales.csv: sales); together, or when there is
 * one only, they are also `data`. The query reads these files and nothing else.
 * @throws MemcellError (usage) without @duckdb/node-api and for a query that is none, (data) for files it can't read
 */
export async function openQuery(query: Query): Promise<BlockReader & { views: string[] }> {
  return withViews(query, async (connection, views) => {
    const columns = await describe(connection, query, views);
    const nested = columns.filter(({ type }) => isNested(type)).map(({ name }) => name);
    const plain = columns.filter(({ type }) => !isNested(type));
    return {
      views,
      columns: plain.map(({ name, kind, utc }) => ({ name, kind, utc })),
      nested,
      blocks: (names: readonly string[]) =>
        blocksOf(
          query,
          names.flatMap((name) => plain.filter((column) => column.name === name)),
        ),
    };
  });
}

type SqlColumn = ColumnType & { type: string };

async function describe(connection: DuckDBConnection, query: Query, views: readonly string[]): Promise<SqlColumn[]> {
  try {
    const statements = await connection.extractStatements(query.sql);
    if (statements.count !== 1) {
      throw usageError(`--sql: must be one query, not ${statements.count}`);
    }
    const reader = await connection.runAndReadAll(`describe (${inner(query.sql)})`);
    return reader.getRows().map(([name, type]): SqlColumn => {
      const kind = /^(?:TIMESTAMP|DATE)/.test(String(type)) ? 'date' : isNumeric(String(type)) ? 'number' : 'text';
      return { name: String(name), type: String(type), kind, utc: String(type).includes('TIME ZONE') };
    });
  } catch (cause) {
    throw queryError(cause, query, views);
  }
}

async function* blocksOf(query: Query, columns: readonly SqlColumn[]): AsyncIterable<ValueBlock> {
  const { connection, views, close } = await connect(query);
  try {
    const selected = columns.map(({ name, kind, type }) => {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      if (kind === 'number') return `cast(${quoted} as double)`;
      if (kind === 'text') return `cast(${quoted} as varchar)`;
      return `cast(epoch_ms(${type.startsWith('DATE') ? `cast(${quoted} as timestamp)` : quoted}) as double)`;
    });
    const result = await connection.stream(`select ${selected.join(', ')} from (${inner(query.sql)})`);
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      const block: ValueBlock = { rows: chunk.rowCount, columns: [] };
      for (const [i, { kind }] of columns.entries()) {
        const values = chunk.getColumnValues(i);
        block.columns.push(
          kind === 'text'
            ? values.map((value) => (value === null ? '' : String(value).trim()))
            : Float64Array.from(values, (value) => (typeof value === 'number' ? value : Number.NaN)),
        );
      }
      yield block;
    }
  } catch (cause) {
    throw queryError(cause, query, views);
  } finally {
    close();
  }
}

async function withViews<T>(
  query: Query,
  use: (connection: DuckDBConnection, views: string[]) => Promise<T>,
): Promise<T> {
  const { connection, views, close } = await connect(query);
  try {
    return await use(connection, views);
  } finally {
    close();
  }
}

/** A database in memory with the files as views, and then no way to any other file. */
async function connect(query: Query): Promise<{ connection: DuckDBConnection; views: string[]; close(): void }> {
  const instance = await (await load()).create(':memory:', { autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    const views = viewNames(query.files);
    for (const [i, file] of query.files.entries()) {
      const from = await readCall(file);
      try {
        await connection.run(`create view ${quote(views[i])} as select * from ${from}`);
      } catch (cause) {
        throw new MemcellError(`${file.name}: cannot be read for --sql: ${firstLine(cause)}`, { cause });
      }
    }
    if ((query.together || views.length === 1) && !views.includes('data')) {
      const all = views.map((view) => `select * from ${quote(view)}`).join(' union all by name ');
      await connection.run(`create view data as ${all}`);
      views.push('data');
    }
    const paths = query.files.map((file) => literal(file.name)).join(', ');
    await connection.run(`set allowed_paths = [${paths}]`);
    await connection.run('set enable_external_access = false');
    await connection.run('set lock_configuration = true');
    return { connection, views, close };
  } catch (cause) {
    close();
    throw cause instanceof MemcellError ? cause : queryError(cause, query, []);
  }
}

async function load() {
  try {
    return (await import('@duckdb/node-api')).DuckDBInstance;
  } catch (cause) {
    throw new MemcellError('--sql needs DuckDB, which is not installed: npm install @duckdb/node-api', {
      code: 'usage',
      cause,
    });
  }
}

/** DuckDB's function that reads a file, by what is in it. */
async function readCall(file: Bytes): Promise<string> {
  const path = literal(file.name);
  const content = await contentOf(file);
  if (content === 'parquet') return `read_parquet(${path})`;
  const plain = content === 'gzip' ? await inflated(file) : file;
  const head = await plain.slice(0, 2 ** 18);
  const compression = content === 'gzip' ? ", compression = 'gzip'" : '';
  const encoding = guessEncoding(head, file.name, true);
  const text = new TextDecoder(encoding).decode(head).trimStart();
  if (/^(?:\{\s*"|\[\s*\{)/.test(text)) return `read_json(${path}${compression})`;
  const { names: headless, skippedLines } = guessDialect(unifyLineEnds(text));
  const header = skippedLines > 0 ? '' : `, header = ${headless === undefined}`;
  const names = { 'utf-8': '', 'utf-16le': 'utf-16', 'utf-16be': 'utf-16', 'windows-1252': 'latin-1' };
  return `read_csv(${path}${compression}${header}${names[encoding] === '' ? '' : `, encoding = '${names[encoding]}'`})`;
}

/** Files' names without folder and endings; a second of the same name gets a number. */
function viewNames(files: readonly Bytes[]): string[] {
  const names: string[] = [];
  for (const { name } of files) {
    const stem = name.replace(/^.*[/\\]/, '').replace(/(?<=.)\.[^.]*(?:\.gz)?$/, '');
    let free = stem;
    for (let i = 2; names.includes(free); i++) free = `${stem}_${i}`;
    names.push(free);
  }
  return names;
}

const isNumeric = (type: string) =>
  /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)|BIGNUM)$/.test(type);
const isNested = (type: string) => /\[\d*\]$|^(?:STRUCT|MAP|UNION|VARIANT)/.test(type);
const inner = (sql: string) => `${sql.trim().replace(/;\s*$/, '')}\n`;
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

function queryError(cause: unknown, query: Query, views: readonly string[]): MemcellError {
  if (cause instanceof MemcellError) return cause;
  const tables = views.length === 0 ? '' : ` (tables: ${views.join(', ')})`;
  return new MemcellError(`--sql: ${firstLine(cause)}${tables}; in '${query.sql.trim().slice(0, 60)}'`, {
    code: 'usage',
    cause,
  });
}

function firstLine(cause: unknown): string {
  const text = String(cause).replace(/^Error: /, '');
  return text.trim().split('\n')[0].slice(0, 200);
}
