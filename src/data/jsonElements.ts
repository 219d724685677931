import { MemcellError } from '../errors.js';
import type { Line } from './streamJson.js';

/**
 * The elements of a JSON array that comes in blocks, one after the other, each as its text and its place from 1: only brackets and
 * strings are looked at, so that an element is parsed as JSON.parse does it, and with NaN where Python wrote it.
 * @throws MemcellError for a text that ends within the array or goes on after it, and for commas without an element
 */
export async function* elementsOf(blocks: AsyncIterable<string>, name: string): AsyncIterable<Line> {
  const elements = new Elements(name);
  for await (const block of blocks) {
    yield* elements.read(block);
    elements.refuseMore();
  }
  elements.end();
}

/**
 * The elements of an array inside a JSON document, which is not looked at behind them.
 * @param at characters before the array
 */
export async function* elementsAt(blocks: AsyncIterable<string>, at: number, name: string): AsyncIterable<Line> {
  const elements = new Elements(name);
  let before = 0;
  for await (const block of blocks) {
    if (before + block.length > at) yield* elements.read(block.slice(Math.max(0, at - before)));
    if (elements.ended) break;
    before += block.length;
  }
  elements.end();
}

const codes = { quote: 34, comma: 44, open: 91, escape: 92, close: 93, openObject: 123, closeObject: 125 } as const;

class Elements {
  /** What was read of the element, and of what is before the array and after it. */
  private text = '';
  /** Where looking goes on in it: behind its end after a backslash. */
  private at = 0;
  private depth = 0;
  private quoted = false;
  private place: 'before' | 'in' | 'after' = 'before';
  private count = 0;

  constructor(private readonly name: string) {}

  *read(block: string): Iterable<Line> {
    this.text += block;
    if (this.place === 'before' && !this.begin()) return;
    while (this.place === 'in' && this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (this.quoted) {
        if (code === codes.escape) this.at++;
        else if (code === codes.quote) this.quoted = false;
      } else if (code === codes.quote) this.quoted = true;
      else if (code === codes.open || code === codes.openObject) this.depth++;
      else if (this.depth === 0 && (code === codes.comma || code === codes.close)) {
        const text = this.text.slice(0, this.at);
        this.text = this.text.slice(this.at + 1);
        this.at = -1;
        if (code === codes.close) this.place = 'after';
        const empty = text.trim() === '';
        if (!empty) yield { text, line: ++this.count };
        else if (code === codes.comma || this.count > 0) {
          throw new MemcellError(`${this.name}, row ${this.count + 1}: is empty: there is a comma too many`);
        }
      } else if (code === codes.close || code === codes.closeObject) this.depth--;
      this.at++;
    }
  }

  get ended(): boolean {
    return this.place === 'after';
  }

  end(): void {
    if (!this.ended) {
      throw new MemcellError(`${this.name}: ends within row ${this.count + 1} of its array; it may be cut off`);
    }
  }

  refuseMore(): void {
    if (!this.ended) return;
    const more = this.text.trim();
    this.text = '';
    this.at = 0;
    if (more === '') return;
    throw new MemcellError(`${this.name}: '${more.slice(0, 40)}' stands after the end of its array; remove it`);
  }

  private begin(): boolean {
    const trimmed = this.text.replace(/^\uFEFF/, '').trimStart();
    if (trimmed === '') return false;
    this.place = 'in';
    this.text = trimmed.slice(1);
    return true;
  }
}
