import { MemcellError } from '../errors.js';

/** How the characters of a text are written in bytes; windows-1252 is Latin-1 with Microsoft's quotes and euro sign. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export interface Decoded {
  text: string;
  /** What was not plain, in one line. */
  notes: string[];
}

/** V8's longest string has 2²⁹ − 24 characters. */
export const longestText = 500_000_000;

/**
 * Bytes to text: UTF-8, UTF-16 with a byte order mark or with every other byte zero, and Latin-1 (as Windows-1252) where it
 * is not UTF-8. The byte order mark is removed.
 * @throws MemcellError when there is nothing in it, it is not text, or longer than a string can be.
 */
export function decodeText(bytes: Uint8Array, name: string): Decoded {
  if (bytes.length > longestText) throw tooLong(name);
  const encoding = guessEncoding(bytes, name);
  const text = complete(new TextDecoder(encoding).decode(bytes), encoding);
  if (text.includes('\0')) throw binary(name);
  if (text.trim() === '') throw new MemcellError(`${name}: is empty; it must hold data`);
  return { text, notes: encodingNotes(encoding) };
}

/** What Windows-1252 has where Latin-1 has control characters, from 0x80 on. */
const windows = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** Several versions of Node decode Windows-1252 as Latin-1, which has no € and no typographic quotes: these are put in. */
export function complete(text: string, encoding: Encoding): string {
  if (encoding !== 'windows-1252') return text;
  return text.replace(/[\x80-\x9f]/g, (character) => windows[character.charCodeAt(0) - 0x80]);
}

export function encodingNotes(encoding: Encoding): string[] {
  return encoding === 'windows-1252' ? ['read as Latin-1 (Windows-1252), since it is not UTF-8'] : [];
}

/**
 * The encoding of a whole text, or of its beginning.
 * @param cut whether the last character may be cut in two
 * @throws MemcellError for binary data, and for UTF-8 with a damaged character
 */
export function guessEncoding(bytes: Uint8Array, name: string, cut = false): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const head = bytes.subarray(0, 1024);
  if (head.includes(0)) {
    const zeros = [0, 0];
    for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 2]++;
    const most = head.length / 2;
    if (zeros[1] > 0.8 * most && zeros[0] === 0) return 'utf-16le';
    if (zeros[0] > 0.8 * most && zeros[1] === 0) return 'utf-16be';
    throw binary(name);
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cut });
    return 'utf-8';
  } catch {
    refuseDamage(bytes, name);
    return 'windows-1252';
  }
}

/** Text of another encoding has hardly a valid sequence of UTF-8 in it; a damaged file has hardly another. */
function refuseDamage(bytes: Uint8Array, name: string): void {
  const part = bytes.subarray(0, 2 ** 22);
  const text = new TextDecoder('utf-8').decode(part);
  let wrong = 0;
  let right = 0;
  let line = 1;
  let first = 0;
  for (const character of text) {
    if (character === '\n') line++;
    else if (character === '\uFFFD') {
      wrong++;
      if (first === 0) first = line;
    } else if (character > '\x7f') right++;
    else if (character < ' ' && !'\t\r\f\v\x1a'.includes(character)) throw binary(name);
  }
  if (right > wrong) {
    throw new MemcellError(`${name}, line ${first}: a character is not UTF-8, though others are; correct it`);
  }
}

function binary(name: string): MemcellError {
  return new MemcellError(`${name}: holds binary data, not text; give a text file`);
}

/** What is said of a text that does not go into memory. */
export function tooLong(name: string): MemcellError {
  return new MemcellError(
    `${name}: more than ${longestText / 1e6} MB of text do not fit into memory at once; save the table as Parquet, or select from it with --sql`,
  );
}
