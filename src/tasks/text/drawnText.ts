import type { Source } from '../../data/source.js';
import { deriveKey, uniformAt } from '../../random.js';

/** Characters of a text that are held; of a longer one pieces are drawn. */
const mostCharacters = 32_000_000;

/** Characters of a piece, about. */
const pieceLength = 65_536;

/** A text, or pieces drawn from one that is too long to be held, one after the other. */
export interface DrawnText {
  text: string;
  /** Where pieces are drawn: how the text begins, which need not be one of them. */
  beginning?: string;
  /** What is said of drawing, one line each. */
  notes: string[];
}

/**
 * Reads a text; of one that is longer than what is held, pieces of one length that are drawn from all of it, each as likely as
 * any other, in their order: bottom-k sampling by a number that follows from the seed and the piece's place, in one pass and
 * bounded memory. Pieces end where words do, or else where no character is cut from its accents.
 */
export async function drawText(source: Source, seed: number, most = mostCharacters): Promise<DrawnText> {
  const size = await source.textSize?.();
  if (size === undefined || size <= most || source.textBlocks === undefined) {
    return { text: await source.text(), notes: [] };
  }
  const key = deriveKey(seed, 'pieces');
  const length = Math.min(pieceLength, Math.ceil(most / 100));
  let pieces: { text: string; number: number; place: number }[] = [];
  let [held, threshold, place, characters] = [0, 1, 0, 0];
  const offer = (text: string) => {
    characters += text.length;
    const number = uniformAt(key, place++);
    if (!(number < threshold)) return;
    // A part of a text would hold on to all of it.
    pieces.push({ text: ` ${text}`.slice(1), number, place });
    held += text.length;
    if (held <= most) return;
    pieces.sort((a, b) => a.number - b.number);
    while (held > most && pieces.length > 1) {
      const last = pieces.pop();
      if (last === undefined) break;
      held -= last.text.length;
      threshold = last.number;
    }
  };
  let beginning: string | undefined;
  let rest = '';
  for await (const block of source.textBlocks()) {
    rest += block;
    while (rest.length >= 2 * length) {
      const end = cutBefore(rest, length);
      beginning ??= rest.slice(0, end);
      offer(rest.slice(0, end));
      rest = rest.slice(end);
    }
  }
  if (rest !== '') offer(rest);
  if (pieces.length === place) return { text: pieces.map(({ text }) => text).join(''), notes: [] };
  pieces = pieces.sort((a, b) => a.place - b.place);
  const number = (value: number) => value.toLocaleString('en');
  const note = `${source.name}: read as a stream: of ${number(characters)} characters ${number(held)} are used, in ${number(pieces.length)} pieces drawn from all of it`;
  return {
    text: pieces.map(({ text }) => text).join(''),
    ...(beginning !== undefined && { beginning }),
    notes: [note],
  };
}

/** How far before a piece's length a word's end is looked for. */
const longestWord = 1000;

/** Behind the last blank or comma before a place; else where neither a pair of surrogates nor a character and its marks are cut. */
export function cutBefore(text: string, at: number): number {
  for (let i = at; i > Math.max(0, at - longestWord); i--) if (/[\s,;]/.test(text[i - 1]) && !isMark(text, i)) return i;
  let end = at;
  while (end > 0 && isMark(text, end)) end--;
  if (end > 0) return end;
  for (end = at; isMark(text, end); ) end++;
  return end;
}

/** Whether what stands at a place belongs to what stands before it: the second half of a pair, a mark, a part of a syllable. */
function isMark(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code >= 0xdc00 && code < 0xe000) return true;
  return /^[\p{M}\u1160-\u11ff]/u.test(String.fromCodePoint(text.codePointAt(at) ?? 0));
}
