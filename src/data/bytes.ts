import type { FileHandle } from 'node:fs/promises';
import { MemcellError } from '../errors.js';

/** Bytes that can be read more than once, whole or in part: a file's, what came in by stdin, or those of a program. */
export interface Bytes {
  readonly name: string;
  /** Of a regular file, as it is: what others can open too. */
  readonly path?: string;
  /** In bytes; of gzipped ones as they are compressed. */
  readonly size: number;
  /** Of gzipped ones: the size of their content, all of which is taken into memory for it. */
  inflatedSize?(): Promise<number>;
  /** In memory of their own, not shared. */
  slice(start: number, end: number): Promise<Uint8Array & { buffer: ArrayBuffer }>;
  stream(): AsyncIterable<Uint8Array>;
}

/** As much as is taken from a pipe, a device or a compressed file into memory: 1 GiB. */
const mostInMemory = 2 ** 30;

const reasons: Record<string, string> = {
  ENOENT: 'no such file; check the path',
  ENOTDIR: 'no such file; check the path',
  EISDIR: 'is a folder; give a file, or its files as FOLDER/*.csv',
  MODEL: 'is a model, not data; give a file of data (memcell summary and memcell report show a model)',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
};

/** A failed call of the file system as the one line that says why. */
function readError(file: string, cause: unknown): MemcellError {
  if (cause instanceof MemcellError) return cause;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return new MemcellError(`${file}: ${reasons[code] ?? `cannot be read (${code || String(cause)})`}`, {
    code: 'io',
    cause,
  });
}

export function memoryBytes(name: string, content: Uint8Array): Bytes {
  return {
    name,
    size: content.length,
    slice: async (start, end) => new Uint8Array(content.subarray(start, end)),
    async *stream() {
      yield content;
    },
  };
}

/**
 * A file, or stdin for '-'. What is no regular file (stdin, a pipe, a device) can be read once only, so it is taken into
 * memory.
 * @throws MemcellError (io) when it cannot be read, (data) above `mostInMemory`
 */
export async function openBytes(path: string): Promise<Bytes> {
  const { createReadStream } = await import('node:fs');
  const { open, readdir, stat } = await import('node:fs/promises');
  const name = path === '-' ? 'stdin' : path;
  try {
    if (path === '-') return memoryBytes(name, await collect(process.stdin, name));
    const status = await stat(path);
    if (status.isDirectory()) {
      const isModel = (await readdir(path)).includes('model.json');
      throw Object.assign(new Error(), { code: isModel ? 'MODEL' : 'EISDIR' });
    }
    if (!status.isFile()) return memoryBytes(name, await collect(createReadStream(path), name));
    await (await open(path)).close();
    return {
      name,
      path,
      size: status.size,
      async slice(start, end) {
        let handle: FileHandle | undefined;
        try {
          handle = await open(path);
          const into = new Uint8Array(Math.max(0, Math.min(end, status.size) - start));
          let filled = 0;
          while (filled < into.length) {
            const { bytesRead } = await handle.read(into, filled, into.length - filled, start + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return filled === into.length ? into : into.slice(0, filled);
        } catch (cause) {
          throw readError(name, cause);
        } finally {
          await handle?.close();
        }
      },
      stream: () => createReadStream(path, { highWaterMark: 2 ** 20 }),
    };
  } catch (cause) {
    throw readError(name, cause);
  }
}

/**
 * All that a stream gives, in one array.
 * @param end what is said when it is more than `most` bytes
 */
export async function collect(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  end = 'save it as a file',
  most = mostInMemory,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    if (size === 0 && chunk.length > 0 && chunk.subarray(0, 4096).every((byte) => byte === 0)) {
      throw new MemcellError(`${name}: holds nothing but zero bytes; give a table or a text`);
    }
    size += chunk.length;
    if (size > most) {
      throw new MemcellError(`${name}: gives more than ${(most / 2 ** 30).toFixed(1)} GB; ${end}`);
    }
    chunks.push(chunk);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** What bytes hold, told from their first ones. */
export type Content = 'text' | 'gzip' | 'parquet';

/** Files that are no table to us: their first bytes and what to do about them. */
const others: [signature: string, what: string][] = [
  ['PK\x03\x04', 'is an Excel workbook or another zip file; save the sheet as CSV'],
  ['\xd0\xcf\x11\xe0', 'is an old Excel workbook; save the sheet as CSV'],
  ['\x89HDF', 'is an HDF5 file; save the table as CSV or Parquet'],
  ['SQLite format 3', 'is an SQLite database; save the table as CSV'],
  ['ARROW1', 'is an Arrow (Feather) file; save the table as Parquet or CSV'],
  ['FEA1', 'is a Feather file; save the table as Parquet or CSV'],
  ['PARE', 'is an encrypted Parquet file; save it without encryption'],
  ['\x93NUMPY', 'is a NumPy array; save it as CSV with numpy.savetxt'],
  ['(\xb5/\xfd', 'is compressed by zstd; decompress it, or compress it by gzip'],
  ['BZh', 'is compressed by bzip2; decompress it, or compress it by gzip'],
  ['\xfd7zXZ', 'is compressed by xz; decompress it, or compress it by gzip'],
  ['%PDF', 'is a PDF; give the table behind it as CSV'],
];

/** @throws MemcellError for formats that are known and not read */
export async function contentOf(bytes: Bytes): Promise<Content> {
  const head = await bytes.slice(0, 16);
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const text = String.fromCharCode(...head);
  if (text.startsWith('PAR1')) return 'parquet';
  const other = others.find(([signature]) => text.startsWith(signature));
  if (other !== undefined) throw new MemcellError(`${bytes.name}: ${other[1]}`);
  return 'text';
}

/** The content of gzipped bytes: streamed as often as asked, in memory only where a part of it is asked for. */
export async function inflated(bytes: Bytes): Promise<Bytes> {
  const { name } = bytes;
  const zlib = await import('node:zlib').catch(() => undefined);
  const inflate = typeof zlib?.createGunzip === 'function' ? inflateByNode : inflateByWeb;
  async function* stream(): AsyncIterable<Uint8Array> {
    try {
      yield* inflate(bytes);
    } catch (cause) {
      if (cause instanceof MemcellError) throw cause;
      if (typeof cause === 'object' && cause !== null && 'syscall' in cause) throw readError(name, cause);
      const why = String(cause).replace(/^\w*Error: /, '');
      throw new MemcellError(`${name}: is a damaged gzip file (${why}); get it again`, { cause });
    }
  }
  let head: Promise<Uint8Array> | undefined;
  let whole: Promise<Uint8Array> | undefined;
  const all = () => {
    whole ??= collect(stream(), name, 'decompress it first');
    return whole;
  };
  return {
    name,
    size: bytes.size,
    inflatedSize: async () => (await all()).length,
    stream,
    async slice(start, end) {
      if (whole === undefined && start === 0 && end <= 2 ** 20) {
        head ??= beginning(stream(), 2 ** 20);
        return new Uint8Array((await head).subarray(start, end));
      }
      return new Uint8Array((await all()).subarray(start, end));
    },
  };
}

async function* inflateByNode(bytes: Bytes): AsyncIterable<Uint8Array> {
  const { createGunzip } = await import('node:zlib');
  const { pipeline, Readable } = await import('node:stream');
  const gunzip = createGunzip();
  // An error of either end comes out of the loop below; leaving the loop closes both.
  pipeline(Readable.from(bytes.stream()), gunzip, () => {});
  for await (const chunk of gunzip) yield chunk;
}

/** In browsers; of several gzip members one after the other it takes the first only, and fails. */
export async function* inflateByWeb(bytes: Bytes): AsyncIterable<Uint8Array> {
  const blob = new Blob([await bytes.slice(0, bytes.size)]);
  const reader = blob.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
}

async function beginning(stream: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const first = new Uint8Array(most);
  let filled = 0;
  for await (const chunk of stream) {
    const part = chunk.subarray(0, most - filled);
    first.set(part, filled);
    filled += part.length;
    if (filled === most) break;
  }
  return first.subarray(0, filled);
}
