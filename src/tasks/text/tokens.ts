import { Vocabulary } from '../../data/vocabulary.js';
import type { Fields } from '../../fields.js';
import { learnMerges, type Merges, MergeTable } from './bytePairs.js';

export const tokenKinds = ['characters', 'words', 'bpe'] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** What one token of a kind is called. */
export function unitOf(kind: TokenKind): string {
  return kind === 'bpe' ? 'token' : kind.slice(0, -1);
}

/** What is saved with a model. */
export type SavedTokens =
  | { kind: 'characters'; characters: string[] }
  | { kind: 'words'; characters: string[]; words: string[] }
  /** Two ids for each merge. */
  | { kind: 'bpe'; characters: string[]; merges: number[] };

/**
 * What a text is cut into, and the whole numbers that stand for it: its characters; or its frequent words, and characters
 * for the rest; or byte pairs. Every text of known characters can be written, in each kind. Texts are taken in NFC
 * (Unicode Standard Annex 15), so that 'é' and 'e' with an accent behind it are one.
 */
export interface Tokens {
  readonly kind: TokenKind;
  /** Different tokens; ids are below it. */
  readonly size: number;
  /** The text of each id. */
  readonly texts: readonly string[];
  /** The characters that are known, sorted. */
  readonly characters: readonly string[];
  /**
   * The ids of a text.
   * @param what names the text in errors: a file, or 'prompt'
   * @throws MemcellError (data) at the first unknown character, with its line and column
   */
  encode(text: string, what: string): Int32Array;
  /** The ids of a text without its unknown characters, and which those are. */
  encodeKnown(text: string): { ids: Int32Array; unknown: string[] };
  decode(ids: ArrayLike<number>): string;
  toJSON(): SavedTokens;
}

/** Tokens that are learnt beside the characters, when nobody says how many. */
const defaultSizes = { words: 5000, bpe: 1000 };

/**
 * The tokens of texts.
 * @param size words: how many at most, of those that occur at least twice (5000); bpe: how many merges at most (1000)
 * @param learnFrom words and merges come from these, characters from `texts`: give the part to train on, where a part is
 *   held out
 */
export function learnTokens(
  texts: readonly string[],
  kind: TokenKind,
  size?: number,
  learnFrom: readonly string[] = texts,
): Tokens {
  const vocabulary = Vocabulary.ofAll(texts.map(normalise));
  if (kind === 'characters') return new CharacterTokens(vocabulary);
  const counts = new Map<string, number>();
  for (const text of learnFrom) {
    for (const [word] of normalise(text).matchAll(words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  if (kind === 'words') {
    const frequent = [...counts].filter(([word, count]) => count > 1 && [...word].length > 1);
    frequent.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return new WordTokens(
      vocabulary,
      frequent.slice(0, size ?? defaultSizes.words).map(([word]) => word),
    );
  }
  const known = [...counts].map(([word, count]) => ({ ids: Array.from(vocabulary.encode(word, 'text')), count }));
  return new BytePairTokens(vocabulary, learnMerges(known, vocabulary.size, size ?? defaultSizes.bpe));
}

/** @throws MemcellError (model) that names the damaged field */
export function parseTokens(fields: Fields): Tokens {
  const kind = fields.oneOf('kind', tokenKinds);
  if (kind === 'characters') return parseCharacters(fields);
  const vocabulary = parseVocabulary(fields);
  if (kind === 'words') return new WordTokens(vocabulary, fields.names('words', 0));
  const flat = fields.numbers('merges');
  const merges: [number, number][] = [];
  for (let i = 0; i < flat.length; i += 2) merges.push([flat[i], flat[i + 1]]);
  const fits = (id: number, i: number) => Number.isInteger(id) && id >= 0 && id < vocabulary.size + i;
  if (!merges.every((pair, i) => pair.every((id) => fits(id, i)))) {
    fields.damaged('merges', 'pairs of ids that were known before');
  }
  return new BytePairTokens(vocabulary, merges);
}

/** The same of an object with a list of characters. */
export function parseCharacters(fields: Fields): Tokens {
  return new CharacterTokens(parseVocabulary(fields));
}

function parseVocabulary(fields: Fields): Vocabulary {
  const characters = fields.names('characters', 1);
  if (characters.some((one) => [...one].length !== 1)) fields.damaged('characters', 'single characters');
  return new Vocabulary(characters);
}

/** A word with the space before it, a number, other signs, line ends, or one space. */
const words = / ?\p{L}[\p{L}\p{M}'’]*| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\n+|\s/gu;

function normalise(text: string): string {
  return text.normalize('NFC');
}

abstract class TokensOfWords implements Tokens {
  abstract readonly kind: TokenKind;
  abstract readonly texts: readonly string[];
  private readonly seen = new Map<string, readonly number[]>();

  constructor(protected readonly vocabulary: Vocabulary) {}

  /** The ids of a word of known characters, from the ids of those. */
  protected abstract idsOf(word: string, characters: number[]): readonly number[];
  abstract toJSON(): SavedTokens;

  get size(): number {
    return this.texts.length;
  }

  get characters(): readonly string[] {
    return this.vocabulary.characters;
  }

  encode(text: string, what: string): Int32Array {
    const whole = normalise(text);
    this.vocabulary.check(whole, what);
    const ids: number[] = [];
    for (const [word] of whole.matchAll(words)) {
      let own = this.seen.get(word);
      if (own === undefined) {
        own = this.idsOf(word, Array.from(this.vocabulary.encode(word, what)));
        if (this.seen.size < mostKept) this.seen.set(word, own);
      }
      for (const id of own) ids.push(id);
    }
    return Int32Array.from(ids);
  }

  encodeKnown(text: string): { ids: Int32Array; unknown: string[] } {
    const { known, unknown } = this.vocabulary.split(normalise(text));
    return { ids: this.encode(known, 'text'), unknown };
  }

  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => this.texts[id]).join('');
  }
}

/** Words whose ids are kept for the next time. */
const mostKept = 100_000;

class CharacterTokens implements Tokens {
  readonly kind = 'characters';

  constructor(private readonly vocabulary: Vocabulary) {}

  get size(): number {
    return this.vocabulary.size;
  }

  get texts(): readonly string[] {
    return this.vocabulary.characters;
  }

  get characters(): readonly string[] {
    return this.vocabulary.characters;
  }

  encode(text: string, what: string): Int32Array {
    return this.vocabulary.encode(normalise(text), what);
  }

  encodeKnown(text: string): { ids: Int32Array; unknown: string[] } {
    const { known, unknown } = this.vocabulary.split(normalise(text));
    return { ids: this.vocabulary.encode(known, 'text'), unknown };
  }

  decode(ids: ArrayLike<number>): string {
    return this.vocabulary.decode(ids);
  }

  toJSON(): SavedTokens {
    return { kind: 'characters', characters: [...this.characters] };
  }
}

class WordTokens extends TokensOfWords {
  readonly kind = 'words';
  readonly texts: readonly string[];
  private readonly ids: Map<string, number>;

  constructor(
    vocabulary: Vocabulary,
    private readonly known: readonly string[],
  ) {
    super(vocabulary);
    this.texts = [...vocabulary.characters, ...known];
    this.ids = new Map(known.map((word, i) => [word, vocabulary.size + i]));
  }

  protected idsOf(word: string, characters: number[]): readonly number[] {
    const id = this.ids.get(word);
    return id === undefined ? characters : [id];
  }

  toJSON(): SavedTokens {
    return { kind: 'words', characters: [...this.characters], words: [...this.known] };
  }
}

class BytePairTokens extends TokensOfWords {
  readonly kind = 'bpe';
  readonly texts: readonly string[];
  private readonly table: MergeTable;

  constructor(
    vocabulary: Vocabulary,
    private readonly merges: Merges,
  ) {
    super(vocabulary);
    const texts = [...vocabulary.characters];
    for (const [left, right] of merges) texts.push(texts[left] + texts[right]);
    this.texts = texts;
    this.table = new MergeTable(merges, vocabulary.size);
  }

  protected idsOf(_word: string, characters: number[]): readonly number[] {
    return this.table.apply(characters);
  }

  toJSON(): SavedTokens {
    return { kind: 'bpe', characters: [...this.characters], merges: this.merges.flat() };
  }
}
