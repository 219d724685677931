import { MemcellError } from '../../errors.js';
import type { Fields } from '../../fields.js';

const tokenKinds = ['words', 'characters'] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** What texts are cut into, and the ids that stand for it. Plain JSON, kept with the model. */
export interface TextTokens {
  kind: TokenKind;
  /** Words or characters; the id of the first one is 2: 0 fills up the end of a text, 1 stands for all that is not here. */
  known: string[];
}

export const padding = 0;
export const unknown = 1;
const firstKnown = 2;

/** Words and characters that are kept at most, the most frequent ones. */
const mostKnown = 10_000;
/** Tokens of a text that are read; the rest is cut off. */
const longest: Record<TokenKind, number> = { words: 256, characters: 512 };

/** A word with its accents and apostrophes, a number, or one other sign. */
const words = /\p{L}[\p{L}\p{M}'’]*|\p{N}+|[^\s\p{L}\p{N}]/gu;

/** The tokens of a text: in lower case, since a sentence's first word is no other word; in NFC (Unicode Annex 15). */
function cut(text: string, kind: TokenKind): string[] {
  const whole = text.normalize('NFC').toLowerCase();
  return kind === 'words' ? (whole.match(words) ?? []) : [...whole.replace(/\s+/g, ' ').trim()];
}

/**
 * The tokens that texts are cut into: those that occur at least twice. What occurs once becomes the unknown token, so that
 * its place in the network is learnt too. Without a kind: words (beginnings of 599 mails to spam or not, two divisions: 84 % of
 * the answers right, by characters 79 %), or characters when more than half of the words are
 * unknown, as in writing without spaces and in codes.
 * @throws MemcellError when nothing occurs twice.
 */
export function learnTokens(texts: readonly string[], kind: TokenKind | undefined, where: string): TextTokens {
  const learn = (one: TokenKind) => {
    const counts = new Map<string, number>();
    for (const text of texts) for (const token of cut(text, one)) counts.set(token, (counts.get(token) ?? 0) + 1);
    const frequent = [...counts].filter(([, count]) => count > 1);
    frequent.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const kept = frequent.slice(0, mostKnown);
    const sum = (entries: Iterable<[string, number]>) => [...entries].reduce((total, [, count]) => total + count, 0);
    return { tokens: { kind: one, known: kept.map(([token]) => token) }, share: sum(kept) / Math.max(1, sum(counts)) };
  };
  const first = learn(kind ?? 'words');
  const { tokens } = kind === undefined && first.share < 0.5 ? learn('characters') : first;
  if (tokens.known.length > 0) return tokens;
  throw new MemcellError(
    `${where}: no ${tokens.kind === 'words' ? 'word' : 'character'} occurs twice; give more texts`,
  );
}

export function parseTextTokens(fields: Fields): TextTokens {
  return { kind: fields.oneOf('kind', tokenKinds), known: fields.names('known', 1) };
}

/** How many different ids there are. */
export function vocabularySize({ known }: TextTokens): number {
  return firstKnown + known.length;
}

/** What an id stands for: '' what fills up, '?' all that is unknown. */
export function tokenText({ known }: TextTokens, id: number): string {
  if (id === padding) return '';
  return known[id - firstKnown] ?? '?';
}

/** How much of texts is read. */
export interface TextCounts {
  texts: number;
  /** Texts that are cut to the longest that is read. */
  cut: number;
  tokens: number;
  unknown: number;
}

export interface EncodedTexts {
  /** The ids of each text, at least one. */
  ids: Int32Array[];
  counts: TextCounts;
}

/** The ids of texts. An empty text is one unknown token. */
export function encodeTexts(tokens: TextTokens, texts: readonly string[]): EncodedTexts {
  const ids = new Map(tokens.known.map((token, i) => [token, firstKnown + i]));
  const most = longest[tokens.kind];
  let [long, strange, all] = [0, 0, 0];
  const encoded = texts.map((text) => {
    const found = cut(text, tokens.kind);
    if (found.length > most) long++;
    const own = Int32Array.from(found.slice(0, most), (token) => ids.get(token) ?? unknown);
    all += own.length;
    for (const id of own) if (id === unknown) strange++;
    return own.length > 0 ? own : Int32Array.of(unknown);
  });
  return { ids: encoded, counts: { texts: texts.length, cut: long, tokens: all, unknown: strange } };
}

/** What must not be silent about texts, one line each. */
export function textNotes({ texts, cut: long, tokens, unknown: strange }: TextCounts, kind: TokenKind): string[] {
  const share = tokens === 0 ? 0 : strange / tokens;
  return [
    ...(long > 0
      ? [`${long} of ${texts} texts are longer than ${longest[kind]} ${kind}; the rest of each is cut off`]
      : []),
    ...(share > 0.3 ? [`${Math.round(100 * share)} % of the ${kind} are not known to the model`] : []),
  ];
}
