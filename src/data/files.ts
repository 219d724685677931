import { MemcellError } from '../errors.js';

const reasons: Record<string, string> = {
  ENOENT: 'no such file; check the path',
  EISDIR: 'is a folder; give a file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  ERR_FS_FILE_TOO_LARGE: 'larger than 2 GB; split it',
};

/**
 * A text file's characters: UTF-8, or UTF-16 with a byte order mark; line ends as written, byte order mark removed.
 * @throws MemcellError (io) when it cannot be read, (data) when it is empty or not text.
 */
export async function readTextFile(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
    throw new MemcellError(`${file}: ${reasons[code] ?? `cannot be read (${code || String(cause)})`}`, {
      code: 'io',
      cause,
    });
  }
  return decodeText(bytes, file);
}

/**
 * Bytes to text: UTF-8, or UTF-16 with a byte order mark.
 * @throws MemcellError when there is nothing in it, or it is not text.
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined;
  let text: string;
  try {
    text = new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MemcellError(`${name}: is not UTF-8 text; save it as UTF-8`, { cause });
  }
  if (text.includes('\0')) throw new MemcellError(`${name}: holds binary data, not text; give a text file`);
  if (text.trim() === '') throw new MemcellError(`${name}: is empty; it must hold data`);
  return text;
}
