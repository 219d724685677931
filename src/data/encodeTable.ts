import { usageError } from '../errors.js';

/** A cell to write; null and NaN are missing. */
export type WrittenCell = string | number | boolean | null;

/** The forms that tables are written in. */
export type TableFormat = 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet';

/** A table that becomes the content of a file part by part. */
export interface TableEncoder {
  /** The next rows; with the first ones the head. */
  rows(rows: readonly (readonly WrittenCell[])[]): Promise<string | Uint8Array>;
  /** What comes after the last row. */
  end(): Promise<string | Uint8Array>;
}

/**
 * A table as the content of a file. Numbers have the seven digits that float32 has; whole numbers have all of theirs.
 * @throws MemcellError (usage) for two columns of one name where a name can stand once only
 */
export async function encodeTable(
  head: readonly string[],
  rows: readonly (readonly WrittenCell[])[],
  format: TableFormat,
): Promise<string | Uint8Array> {
  const encoder = tableEncoder(head, format);
  const [content, end] = [await encoder.rows(rows), await encoder.end()];
  if (typeof content === 'string' && typeof end === 'string') return content + end;
  const bytes = [content, end].filter((part) => typeof part !== 'string');
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @throws MemcellError (usage) for two columns of one name where a name can stand once only */
export function tableEncoder(head: readonly string[], format: TableFormat): TableEncoder {
  if (format === 'csv' || format === 'tsv') return separated(head, format === 'tsv' ? '\t' : ',');
  const twice = head.find((name, i) => head.indexOf(name) < i);
  if (twice !== undefined) {
    throw usageError(`two columns are named ${twice}; write them as CSV`);
  }
  return format === 'parquet' ? parquet(head) : objects(head, format === 'jsonl');
}

function separated(head: readonly string[], delimiter: string): TableEncoder {
  let begun = false;
  const rowsOf = async (rows: readonly (readonly WrittenCell[])[]) => {
    const { stringify } = await import('csv-stringify/sync');
    const all = [...(begun ? [] : [[...head]]), ...rows.map((row) => row.map(written))];
    begun = true;
    return all.length === 0 ? '' : stringify(all, { delimiter, cast: { boolean: String } });
  };
  return { rows: rowsOf, end: () => (begun ? Promise.resolve('') : rowsOf([])) };
}

/** An object to a row: one on each line, or as one array. */
function objects(head: readonly string[], lines: boolean): TableEncoder {
  let begun = false;
  return {
    rows: async (rows) => {
      const all = rows.map((row) => JSON.stringify(Object.fromEntries(head.map((name, i) => [name, written(row[i])]))));
      if (lines) return all.map((one) => `${one}\n`).join('');
      if (all.length === 0) return '';
      const joint = begun ? ',\n' : '[\n';
      begun = true;
      return joint + all.join(',\n');
    },
    end: async () => (lines ? '' : begun ? '\n]\n' : '[\n\n]\n'),
  };
}

/** Rows to a row group at most. */
const groupRows = 2 ** 17;

/** Columns of numbers as DOUBLE, of booleans as BOOLEAN, all others as text, as the first rows are; a row group to each part. */
function parquet(head: readonly string[]): TableEncoder {
  const opened = open();
  let types: ('DOUBLE' | 'BOOLEAN' | 'STRING')[] | undefined;
  async function open() {
    const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer');
    return { bytes: new ByteWriter(), ParquetWriter, schemaFromColumnData };
  }
  let writer: InstanceType<Awaited<typeof opened>['ParquetWriter']> | undefined;
  /** What was encoded since it was last taken. */
  const taken = async () => {
    const { bytes } = await opened;
    const part = new Uint8Array(bytes.buffer.slice(0, bytes.index));
    bytes.index = 0;
    return part;
  };
  const encode = async (rows: readonly (readonly WrittenCell[])[]) => {
    const { bytes, ParquetWriter, schemaFromColumnData } = await opened;
    const columns = head.map((_, i) => rows.map((row) => written(row[i])));
    types ??= columns.map(typeOf);
    const columnData = columns.map((cells, i) => {
      const type = types?.[i] ?? 'STRING';
      const data = type === 'STRING' ? cells.map((cell) => (cell === null ? null : String(cell))) : cells;
      return { name: head[i], data, type };
    });
    writer ??= new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData }) });
    await writer.write({ columnData, rowGroupSize: groupRows });
  };
  return {
    rows: async (rows) => {
      if (rows.length === 0) return new Uint8Array(0);
      await encode(rows);
      return taken();
    },
    end: async () => {
      if (writer === undefined) await encode([]);
      await writer?.finish();
      return taken();
    },
  };
}

function typeOf(cells: readonly WrittenCell[]): 'DOUBLE' | 'BOOLEAN' | 'STRING' {
  const all = (type: string) => cells.every((cell) => cell === null || typeof cell === type);
  return all('number') ? 'DOUBLE' : all('boolean') ? 'BOOLEAN' : 'STRING';
}

function written(cell: WrittenCell): WrittenCell {
  if (typeof cell !== 'number') return cell;
  if (!Number.isFinite(cell)) return null;
  return Number.isSafeInteger(cell) ? cell : Number(cell.toPrecision(7));
}
