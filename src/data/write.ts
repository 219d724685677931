import { MemcellError } from '../errors.js';

/** A cell to write; null and NaN are missing. */
export type WrittenCell = string | number | boolean | null;

/** The forms that tables are written in. */
export type TableFormat = 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet';

const formats: Record<string, TableFormat> = {
  csv: 'csv',
  tsv: 'tsv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
};

/**
 * The form that a file's name asks for by its ending; CSV for stdout (-) and for devices, which have none.
 * @throws MemcellError (usage) for an ending that stands for no form
 */
export function formatOf(target: string): TableFormat {
  if (target === '-' || target.startsWith('/dev/')) return 'csv';
  const ending = /\.([^./\\]+)$/.exec(target)?.[1].toLowerCase() ?? '';
  if (Object.hasOwn(formats, ending)) return formats[ending];
  const found = ending === '' ? 'has no ending' : `the ending .${ending} is not known`;
  const known = Object.keys(formats).map((one) => `.${one}`);
  throw new MemcellError(`${target}: ${found}; a table is written as ${known.join(', ')}`, { code: 'usage' });
}

/**
 * Writes a table: to stdout for '-', else to a file in the form of its ending, whole or not at all. A device or a pipe
 * (/dev/stdout) is written to as it is.
 * @throws MemcellError (io) when it cannot be written
 */
export async function writeTable(
  head: readonly string[],
  rows: readonly (readonly WrittenCell[])[],
  target: string,
): Promise<void> {
  await writeContent(await encodeTable(head, rows, formatOf(target)), target);
}

/**
 * Writes a file whole or not at all; to stdout for '-'. A device or a pipe (/dev/stdout) is written to as it is.
 * @throws MemcellError (io) when it cannot be written
 */
export async function writeContent(content: string | Uint8Array, target: string): Promise<void> {
  if (target === '-') {
    await new Promise<void>((done, fail) =>
      process.stdout.write(content, (cause) => (cause ? fail(writeError('stdout', cause)) : done())),
    );
    return;
  }
  const { stat, writeFile } = await import('node:fs/promises');
  try {
    const status = await stat(target).catch(() => undefined);
    if (status?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (status !== undefined && !status.isFile()) await writeFile(target, content);
    else {
      const { default: writeWhole } = await import('write-file-atomic');
      await writeWhole(target, typeof content === 'string' ? content : Buffer.from(content));
    }
  } catch (cause) {
    throw writeError(target, cause);
  }
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
  const rounded = rows.map((row) => row.map(written));
  if (format === 'csv' || format === 'tsv') {
    const { stringify } = await import('csv-stringify/sync');
    const options = { delimiter: format === 'tsv' ? '\t' : ',', cast: { boolean: String } };
    return stringify([[...head], ...rounded], options);
  }
  const twice = head.find((name, i) => head.indexOf(name) < i);
  if (twice !== undefined) {
    throw new MemcellError(`two columns are named ${twice}; write them as CSV`, { code: 'usage' });
  }
  if (format === 'parquet') return encodeParquet(head, rounded);
  const objects = rounded.map((row) => JSON.stringify(Object.fromEntries(head.map((name, i) => [name, row[i]]))));
  return format === 'jsonl' ? objects.map((one) => `${one}\n`).join('') : `[\n${objects.join(',\n')}\n]\n`;
}

/** Columns of numbers as DOUBLE, of booleans as BOOLEAN, all others as text. */
async function encodeParquet(head: readonly string[], rows: readonly WrittenCell[][]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = head.map((name, i) => {
    const cells = rows.map((row) => row[i]);
    const all = (type: string) => cells.every((cell) => cell === null || typeof cell === type);
    if (all('number')) return { name, data: cells, type: 'DOUBLE' as const };
    if (all('boolean')) return { name, data: cells, type: 'BOOLEAN' as const };
    return { name, data: cells.map((cell) => (cell === null ? null : String(cell))), type: 'STRING' as const };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function written(cell: WrittenCell): WrittenCell {
  if (typeof cell !== 'number') return cell;
  if (!Number.isFinite(cell)) return null;
  return Number.isSafeInteger(cell) ? cell : Number(cell.toPrecision(7));
}

function writeError(target: string, cause: unknown): MemcellError {
  if (cause instanceof MemcellError) return cause;
  const reason = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
  return new MemcellError(`${target}: cannot be written (${reason}); give --out another file`, { code: 'io', cause });
}
