import type { LeftOut, Note } from '../frame.js';
import { type Filled, filledText, noteText } from './notes.js';
import { times } from './wording.js';

/** What is said of the parts of one table, told once: rows left out and values filled in are added up. */
export class PartNotes {
  /** In the order in which they came first. */
  private readonly said = new Map<string, { text(): string }>();
  private readonly leftOut = new Map<string, LeftOut>();
  private readonly filled = new Map<string, Filled>();
  private readonly others = new Map<string, { text: string; parts: number }>();

  /** The notes of the next part, and what was filled in of it. */
  add(notes: readonly Note[], filled: readonly Filled[] = []): void {
    for (const note of notes) {
      if (typeof note === 'string') this.addOther(note);
      else this.addRows(note);
    }
    for (const one of filled) this.addValues(one);
  }

  list(): string[] {
    return [...this.said.values()].map(({ text }) => text());
  }

  private addRows(note: LeftOut): void {
    const before = this.leftOut.get(note.why);
    if (before !== undefined) {
      before.rows += note.rows;
      return;
    }
    const sum = { ...note };
    this.leftOut.set(note.why, sum);
    this.said.set(`rows: ${note.why}`, { text: () => noteText(sum) });
  }

  private addValues(filled: Filled): void {
    const key = `values: ${filled.name}: ${filled.how}`;
    const before = this.filled.get(key);
    if (before !== undefined) {
      before.values += filled.values;
      return;
    }
    const sum = { ...filled };
    this.filled.set(key, sum);
    this.said.set(key, { text: () => filledText(sum) });
  }

  /** Notes that differ in numbers and in the cells that they quote are of one kind. */
  private addOther(text: string): void {
    const key = text.replace(/'[^']*'/g, "'…'").replace(counts, '#');
    const before = this.others.get(key);
    if (before === undefined) {
      const first = { text, parts: 1 };
      this.others.set(key, first);
      this.said.set(`other: ${key}`, { text: () => withParts(first) });
    } else if (before.text !== text) before.parts++;
  }
}

/** Numbers that are no part of a name, as in x1, and hours behind the T of a time. */
const counts = /(?<![\p{L}\d_])\d+|(?<=\dT)\d+/gu;

function withParts({ text, parts }: { text: string; parts: number }): string {
  return parts === 1 ? text : `${text}; ${times(parts - 1, 'more part')} of the table alike`;
}
