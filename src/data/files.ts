import { type Bytes, collect } from './bytes.js';
import { type Decoded, decodeText, longestText, tooLong } from './encoding.js';

/** @throws MemcellError above `longestText`, before anything of it is decoded */
export async function readTextOf(bytes: Bytes): Promise<Decoded> {
  if (bytes.size > longestText) throw tooLong(bytes.name);
  const remedy = 'save the table as Parquet, or select from it with --sql';
  return decodeText(await collect(bytes.stream(), bytes.name, remedy, longestText), bytes.name);
}
