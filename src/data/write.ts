import { MemcellError } from '../errors.js';
import { type TableEncoder, type TableFormat, tableEncoder, type WrittenCell } from './encodeTable.js';

const formats: Record<string, TableFormat> = {
  csv: 'csv',
  tsv: 'tsv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
};

/** The form that a file's name asks for: by its ending, CSV for all others. */
function formatOf(target: string): TableFormat {
  return formats[/\.(\w+)$/.exec(target)?.[1].toLowerCase() ?? ''] ?? 'csv';
}

/** A table that is written part by part. */
export interface TableWriter {
  write(rows: readonly (readonly WrittenCell[])[]): Promise<void>;
  /** Ends the file, which takes its name only now. */
  close(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

/**
 * Writes a table to a file in the form of its ending, whole or not at all: what is written stands beside it until it is closed.
 * A device or a pipe (/dev/stdout) is written to as it is.
 * @throws MemcellError (io) when it cannot be written
 */
export async function openTableWriter(head: readonly string[], target: string): Promise<TableWriter> {
  const encoder = tableEncoder(head, formatOf(target));
  const { open, realpath, rename, rm, stat } = await import('node:fs/promises');
  const status = await stat(target).catch(() => undefined);
  if (status?.isDirectory()) throw writeError(target, { code: 'EISDIR' });
  const apart = status === undefined || status.isFile();
  const place = status === undefined ? target : await realpath(target);
  const path = apart ? `${place}.${crypto.randomUUID().slice(0, 8)}.tmp` : target;
  const guarded = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (cause) {
      throw writeError(target, cause);
    }
  };
  const file = await guarded(() => open(path, 'w', status?.isFile() ? status.mode : undefined));
  let closed = false;
  const close = async () => {
    if (!closed) await file.close();
    closed = true;
  };
  return {
    write: (rows) => guarded(async () => writeAll(file, await encoder.rows(rows))),
    close: () =>
      guarded(async () => {
        await writeAll(file, await encoder.end());
        if (apart) await file.sync();
        await close();
        if (apart) await rename(path, place);
      }),
    discard: async () => {
      await close();
      if (apart) await rm(path, { force: true });
    },
  };
}

async function writeAll(
  file: { appendFile(content: string | Uint8Array): Promise<void> },
  content: Awaited<ReturnType<TableEncoder['end']>>,
): Promise<void> {
  if (content.length > 0) await file.appendFile(content);
}

/**
 * Writes a table that is at hand.
 * @throws MemcellError (io) when it cannot be written
 */
export async function writeTable(
  head: readonly string[],
  rows: readonly (readonly WrittenCell[])[],
  target: string,
): Promise<void> {
  const writer = await openTableWriter(head, target);
  try {
    await writer.write(rows);
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function writeError(target: string, cause: unknown): MemcellError {
  if (cause instanceof MemcellError) return cause;
  const reason = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
  return new MemcellError(`${target}: cannot be written (${reason}); give --out another file`, { code: 'io', cause });
}
