import type { AsyncBuffer, Compressors, FileMetaData, SchemaElement } from 'hyparquet';
import { MemcellError } from '../errors.js';
import type { BlockReader, ColumnType, ValueBlock } from './blocks.js';
import type { Bytes } from './bytes.js';

/** Rows that are decoded at a time, of row groups larger than that. */
const mostRowsAtOnce = 2 ** 20;
/** Row groups with more rows than this are left to DuckDB where it is installed: their pages are decoded whole for each block. */
const largestGroup = 2 ** 22;
/** A page or dictionary that claims to be larger when decompressed is not believed: 1 GiB. */
const largestPage = 2 ** 30;

/**
 * A file of Parquet, read without anything native.
 * @param most rows of a block at most
 * @throws MemcellError when it is damaged
 */
export async function openParquet(bytes: Bytes, most = mostRowsAtOnce): Promise<BlockReader> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const file = await bufferOf(bytes);
  const metadata = await reading(bytes.name, () => parquetMetadataAsync(file, { geoparquet: false }));
  const top = topLevel(metadata.schema);
  const columns = top.flatMap((element) => (isPlain(element) ? [typeOf(element)] : []));
  const nested = top.filter((element) => !isPlain(element)).map((element) => element.name);
  const groups = metadata.row_groups.map((group) => Number(group.num_rows));
  const rows = groups.reduce((sum, one) => sum + one, 0);
  if (rows !== Number(metadata.num_rows) || groups.some((one) => one < 0) || rows > 2 ** 40) {
    throw new MemcellError(`${bytes.name}: is damaged Parquet: its row groups don't add up; get it again`);
  }
  if (bytes.path !== undefined && groups.some((one) => one > largestGroup)) {
    const { openQuery } = await import('./duckdb.js');
    const query = { sql: 'select * from data', files: [bytes], together: true, name: bytes.name };
    const faster = await openQuery(query).catch(() => undefined);
    if (faster !== undefined) return { ...faster, rows };
  }
  return {
    rows,
    columns,
    nested,
    async *blocks(names) {
      const types = names.flatMap((name) => columns.filter((column) => column.name === name));
      let first = 0;
      for (const group of groups) {
        for (let at = 0; at < group; at += most) {
          const from = first + at;
          const to = first + Math.min(group, at + most);
          yield await reading(bytes.name, () => readBlock(file, metadata, types, from, to));
        }
        first += group;
      }
    },
  };
}

async function bufferOf(bytes: Bytes): Promise<AsyncBuffer> {
  // The size of what is gzipped is known only when it is all there.
  const all = bytes.inflatedSize === undefined ? bytes.size : await bytes.inflatedSize();
  return {
    byteLength: all,
    slice: async (start, end) => (await bytes.slice(start, end ?? all)).buffer,
  };
}

/** Rows [from, to) of some columns. */
async function readBlock(
  file: AsyncBuffer,
  metadata: FileMetaData,
  types: readonly ColumnType[],
  from: number,
  to: number,
): Promise<ValueBlock> {
  const { parquetRead } = await import('hyparquet');
  const rows = to - from;
  const elements = new Map(topLevel(metadata.schema).map((element) => [element.name, element]));
  const columns: (Float64Array | string[])[] = [];
  const filled = types.map(() => 0);
  // One column after the other: the largest thing in memory is one column of one block, as it is decoded.
  for (const [i, { name, kind }] of types.entries()) {
    const chunks: { values: ArrayLike<unknown>; start: number }[] = [];
    await parquetRead({
      file,
      metadata: { ...metadata, schema: metadata.schema.map(withoutTimes) },
      columns: [name],
      rowStart: from,
      rowEnd: to,
      useOffsetIndex: rows < mostRowsAtOnce,
      geoparquet: false,
      compressors: await boundedCompressors(),
      parsers: { jsonFromBytes: (json) => new TextDecoder().decode(json) },
      onChunk: ({ columnData, rowStart }) => chunks.push({ values: columnData, start: rowStart }),
    });
    const convert = converterOf(elements.get(name));
    const into = kind === 'text' ? new Array<string>(rows).fill('') : new Float64Array(rows).fill(Number.NaN);
    for (const { values, start } of chunks) {
      const begin = Math.max(0, from - start);
      const end = Math.min(values.length, to - start);
      if (end > begin) filled[i] += end - begin;
      if (into instanceof Float64Array) fillNumbers(into, values, begin, end, start - from, convert);
      else for (let k = begin; k < end; k++) into[start - from + k] = cellOf(values[k]);
    }
    if (filled[i] !== rows) throw new Error(`column ${name} has ${filled[i]} of ${rows} rows`);
    columns.push(into);
  }
  return { rows, columns };
}

function fillNumbers(
  into: Float64Array,
  values: ArrayLike<unknown>,
  begin: number,
  end: number,
  offset: number,
  convert: ((value: number) => number) | undefined,
): void {
  if (values instanceof Float64Array || values instanceof Float32Array || values instanceof Int32Array) {
    into.set(values.subarray(begin, end), offset + begin);
  } else if (values instanceof BigInt64Array) {
    // As halves: a number a time, and no BigInt for each.
    const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    for (let k = begin; k < end; k++) into[offset + k] = halves[2 * k + 1] * 2 ** 32 + (halves[2 * k] >>> 0);
  } else {
    for (let k = begin; k < end; k++) {
      const value = values[k];
      if (value !== null && value !== undefined) into[offset + k] = Number(value);
    }
  }
  if (convert !== undefined) for (let k = begin; k < end; k++) into[offset + k] = convert(into[offset + k]);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return String(value).trim();
}

/** The elements below the root, each without those inside it. */
function topLevel(schema: readonly SchemaElement[]): SchemaElement[] {
  const top: SchemaElement[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let i = 0; i < (schema[at]?.num_children ?? 0); i++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) top.push(schema[at]);
  return top;
}

function isPlain(element: SchemaElement): boolean {
  return (element.num_children ?? 0) === 0 && element.repetition_type !== 'REPEATED';
}

function typeOf(element: SchemaElement): ColumnType {
  const { name, type, converted_type: converted, logical_type: logical } = element;
  const isTime =
    type === 'INT96' ||
    ['DATE', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS'].includes(converted ?? '') ||
    ['DATE', 'TIMESTAMP'].includes(logical?.type ?? '');
  const utc = logical?.type === 'TIMESTAMP' ? logical.isAdjustedToUTC : converted?.startsWith('TIMESTAMP') === true;
  if (isTime) return { name, kind: 'date', utc };
  const isNumber =
    type === 'INT32' ||
    type === 'INT64' ||
    type === 'FLOAT' ||
    type === 'DOUBLE' ||
    converted === 'DECIMAL' ||
    logical?.type === 'FLOAT16';
  const isClock = converted?.startsWith('TIME_') === true || logical?.type === 'TIME';
  return { name, kind: isNumber && !isClock ? 'number' : 'text', utc: false };
}

/** A schema element of times as the plain integers it is stored in, which `converterOf` makes milliseconds of. */
function withoutTimes(element: SchemaElement): SchemaElement {
  if (element.type === 'INT96' || typeOf(element).kind !== 'date' || (element.num_children ?? 0) > 0) return element;
  const { converted_type: _, logical_type: __, ...plain } = element;
  return plain;
}

function converterOf(element: SchemaElement | undefined): ((value: number) => number) | undefined {
  if (element === undefined || typeOf(element).kind !== 'date' || element.type === 'INT96') return undefined;
  const { converted_type: converted, logical_type: logical } = element;
  if (converted === 'DATE' || logical?.type === 'DATE') return (days) => days * 86_400_000;
  const unit = logical?.type === 'TIMESTAMP' ? logical.unit : converted === 'TIMESTAMP_MICROS' ? 'MICROS' : 'MILLIS';
  if (unit === 'MICROS') return (time) => Math.floor(time / 1000);
  return unit === 'NANOS' ? (time) => Math.floor(time / 1e6) : undefined;
}

let compressors: Promise<Compressors> | undefined;

/** The decompressors, none of which is told to make room for more than `largestPage`. */
function boundedCompressors(): Promise<Compressors> {
  compressors ??= import('hyparquet-compressors').then(({ compressors: all }) =>
    Object.fromEntries(
      Object.entries(all).map(([codec, decompress]) => [
        codec,
        (input: Uint8Array, length: number) => {
          if (length > largestPage || length < 0) throw new Error(`a page of ${length} bytes`);
          return decompress(input, length);
        },
      ]),
    ),
  );
  return compressors;
}

/** A step of reading; whatever the library stumbles over is damage. */
async function reading<T>(name: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof MemcellError) throw cause;
    const why = String(cause)
      .replace(/^\w*Error: /, '')
      .replace(/\s+/g, ' ')
      .slice(0, 120);
    throw new MemcellError(`${name}: is damaged Parquet, or of a kind that can't be read (${why})`, { cause });
  }
}
