import { MemcellError, usageError } from '../errors.js';
import { encodeTable, type TableFormat, tableEncoder, type WrittenCell } from './encodeTable.js';

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
  throw usageError(`${target}: ${found}; a table is written as ${known.join(', ')}`);
}

/** A file that is written part by part. */
export interface PartWriter<Part> {
  write(part: Part): Promise<void>;
  /** Ends the file, which takes its name only now. */
  close(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export type TableWriter = PartWriter<readonly (readonly WrittenCell[])[]>;

/**
 * Writes a table to a file in the form of its ending.
 * @see openWriter
 */
export async function openTableWriter(head: readonly string[], target: string): Promise<TableWriter> {
  const encoder = tableEncoder(head, formatOf(target));
  const { write, close, discard } = await openWriter(target);
  return {
    write: async (rows) => write(await encoder.rows(rows)),
    close: async () => {
      await write(await encoder.end());
      await close();
    },
    discard,
  };
}

/**
 * Writes a file whole or not at all: what is written stands beside it until it is closed. A device or a pipe (/dev/stdout) is
 * written to as it is.
 * @throws MemcellError (io) when it cannot be written
 */
async function openWriter(target: string): Promise<PartWriter<string | Uint8Array>> {
  const { open, realpath, rename, rm, stat } = await import('node:fs/promises');
  const guarded = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (cause) {
      throw writeError(target, cause);
    }
  };
  const status = await stat(target).catch(() => undefined);
  if (status?.isDirectory()) throw writeError(target, { code: 'EISDIR' });
  const apart = status === undefined || status.isFile();
  const place = status?.isFile() ? await realpath(target) : target;
  const path = apart ? `${place}.${crypto.randomUUID().slice(0, 8)}.tmp` : target;
  const file = await guarded(() => open(path, 'w', status?.isFile() ? status.mode : undefined));
  let closed = false;
  const close = async () => {
    if (!closed) await file.close();
    closed = true;
  };
  return {
    write: (content) =>
      guarded(async () => {
        if (content.length > 0) await file.appendFile(content);
      }),
    close: () =>
      guarded(async () => {
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

/**
 * Writes a table that is at hand.
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
 * Writes a file whole or not at all; to stdout for '-'.
 * @throws MemcellError (io) when it cannot be written
 */
export async function writeContent(content: string | Uint8Array, target: string): Promise<void> {
  if (target === '-') {
    await new Promise<void>((done, fail) =>
      process.stdout.write(content, (cause) => (cause ? fail(writeError('stdout', cause)) : done())),
    );
    return;
  }
  const writer = await openWriter(target);
  try {
    await writer.write(content);
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function writeError(target: string, cause: unknown): MemcellError {
  const reason = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
  return new MemcellError(`${target}: cannot be written (${reason}); give another file`, { code: 'io', cause });
}
