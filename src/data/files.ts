import { type Bytes, collect, contentOf, inflated, openBytes } from './bytes.js';
import { type Decoded, decodeText, longestText, tooLong } from './encoding.js';

/**
 * A text file's characters, or stdin's for '-': gzipped or not; UTF-8, UTF-16 or Latin-1; line ends as written, byte order
 * mark removed.
 * @throws MemcellError (io) when it cannot be read, (data) when it is empty or not text.
 */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await openBytes(file);
  return (await readTextOf((await contentOf(bytes)) === 'gzip' ? await inflated(bytes) : bytes)).text;
}

/** @throws MemcellError above `longestText`, before anything of it is decoded */
export async function readTextOf(bytes: Bytes): Promise<Decoded> {
  if (bytes.size > longestText) throw tooLong(bytes.name);
  const remedy = 'save the table as Parquet, or select from it with --sql';
  return decodeText(await collect(bytes.stream(), bytes.name, remedy, longestText), bytes.name);
}
