import { MemcellError } from '../errors.js';
import type { Bytes } from './bytes.js';
import { complete, type Encoding, encodingNotes, guessEncoding } from './encoding.js';
import { type ColumnsPlace, type RowsPlace, rowsPlace } from './jsonPlaces.js';
import { jsonForm, unifyLineEnds } from './read.js';

/** The beginning that encoding and dialect are told from: 1 MiB. */
const headSize = 2 ** 20;

/** How a text is written. */
export interface OpenedText {
  encoding: Encoding;
  form: 'values' | 'lines' | 'array' | 'whole';
  head: string;
  /** Of an array that is not the whole text. */
  place?: RowsPlace;
  /** Of columns side by side in a text that is long. */
  side?: ColumnsPlace;
}

/** Whether a text is separated values or JSON: one row to a line, one array, or otherwise. */
export function openText(bytes: Bytes): Promise<OpenedText> {
  const before = opened.get(bytes);
  if (before !== undefined) return before;
  const now = lookAt(bytes);
  opened.set(bytes, now);
  return now;
}

/** Finding where the rows of a long document stand takes reading all of it: once is enough. */
const opened = new WeakMap<Bytes, Promise<OpenedText>>();

async function lookAt(bytes: Bytes): Promise<OpenedText> {
  const first = await bytes.slice(0, headSize);
  const cut = first.length === headSize;
  const encoding = guessEncoding(first, bytes.name, cut);
  const head = unifyLineEnds(complete(new TextDecoder(encoding).decode(first, { stream: cut }), encoding));
  const ending = /\.(csv|tsv|json|jsonl|ndjson)(\.gz)?$/i.exec(bytes.name)?.[1].toLowerCase();
  if (ending === 'csv' || ending === 'tsv') return { encoding, form: 'values', head };
  if (ending === 'jsonl' || ending === 'ndjson' || jsonForm(head) === 'lines') return { encoding, form: 'lines', head };
  const whole = ending === 'json' || /^\s*(?:\{\s*"|\[\s*[[{\d-])/.test(head);
  if (!whole) return { encoding, form: 'values', head };
  // The World Bank's: an object about the rows, then the list of them.
  if (/^\uFEFF?\s*\[\s*\{[^{}[\]]*\}\s*,\s*\[/.test(head)) return { encoding, form: 'whole', head };
  if (/^\uFEFF?\s*\[/.test(head)) return { encoding, form: 'array', head };
  const place = cut ? await rowsPlace(textBlocks(bytes, encoding), bytes.name) : undefined;
  if (place === undefined) return { encoding, form: 'whole', head };
  return 'columns' in place ? { encoding, form: 'whole', head, side: place } : { encoding, form: 'array', head, place };
}

/** A text in blocks, with what is not plain about how it is written. */
export async function textOf(bytes: Bytes): Promise<{ notes: string[]; blocks: AsyncIterable<string> }> {
  const first = await bytes.slice(0, headSize);
  const encoding = guessEncoding(first, bytes.name, first.length === headSize);
  return { notes: encodingNotes(encoding), blocks: textBlocks(bytes, encoding) };
}

/**
 * A text in blocks, line ends as \n.
 * @throws MemcellError where it goes on in another encoding than it began
 */
export async function* textBlocks(bytes: Bytes, encoding: Encoding): AsyncIterable<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let carried = '';
  for await (const chunk of bytes.stream()) {
    const text = carried + complete(decode(decoder, chunk, bytes.name), encoding);
    carried = text.endsWith('\r') ? '\r' : '';
    yield unifyLineEnds(text.slice(0, text.length - carried.length));
  }
  yield carried.replace('\r', '\n') + complete(decode(decoder, undefined, bytes.name), encoding);
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, name: string): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new MemcellError(`${name}: begins as UTF-8 and goes on as something else; save all of it as UTF-8`, {
      cause,
    });
  }
}
