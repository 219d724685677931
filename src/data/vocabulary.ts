import { MemcellError } from '../errors.js';

/** The characters (Unicode code points) of a text, sorted; a character's id is its place. */
export class Vocabulary {
  private readonly ids: Map<string, number>;

  constructor(readonly characters: readonly string[]) {
    this.ids = new Map(characters.map((character, id) => [character, id]));
  }

  static of(text: string): Vocabulary {
    return Vocabulary.ofAll([text]);
  }

  static ofAll(texts: readonly string[]): Vocabulary {
    const known = new Set<string>();
    for (const text of texts) for (const character of text) known.add(character);
    const codePoints = Array.from(known, (character) => character.codePointAt(0)!);
    return new Vocabulary(codePoints.sort((a, b) => a - b).map((codePoint) => String.fromCodePoint(codePoint)));
  }

  get size(): number {
    return this.characters.length;
  }

  /**
   * The ids of a text's characters.
   * @param what names the text in errors: a file, or 'prompt'
   * @throws MemcellError (data) at the first character that is not in the vocabulary, with its line and column.
   */
  encode(text: string, what: string): Int32Array {
    const ids = new Int32Array(text.length);
    let length = 0;
    for (const character of text) {
      const id = this.ids.get(character);
      if (id === undefined) throw this.unknown(text, length, character, what);
      ids[length++] = id;
    }
    return ids.slice(0, length);
  }

  /** @throws MemcellError (data) as `encode` does. */
  check(text: string, what: string): void {
    let position = 0;
    for (const character of text) {
      if (!this.ids.has(character)) throw this.unknown(text, position, character, what);
      position++;
    }
  }

  /** A text without its unknown characters, and which those are. */
  split(text: string): { known: string; unknown: string[] } {
    const unknown = new Set<string>();
    let known = '';
    for (const character of text) {
      if (this.ids.has(character)) known += character;
      else unknown.add(character);
    }
    return { known, unknown: [...unknown] };
  }

  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => this.characters[id]).join('');
  }

  private unknown(text: string, position: number, character: string, what: string): MemcellError {
    const before = Array.from(text).slice(0, position).join('').split('\n');
    const place = `line ${before.length}, column ${Array.from(before.at(-1)!).length + 1}`;
    const codePoint = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    const shown = character.trim() === '' ? `U+${codePoint}` : `'${character}' (U+${codePoint})`;
    return new MemcellError(
      `${what}, ${place}: the character ${shown} is not among the ${this.size} that the model knows; replace it`,
    );
  }
}
