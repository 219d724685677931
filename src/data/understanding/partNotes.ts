import { times } from './wording.js';

/** What is said of the parts of one table, told once: counts of rows left out and of values filled in are added up. */
export class PartNotes {
  private readonly said = new Map<string, { text: string; parts: number }>();
  private readonly counts = new Map<string, { sum: number; write(sum: number): string }>();
  private readonly order: string[] = [];

  /** The notes of the next part. */
  add(notes: readonly string[]): void {
    for (const note of notes) if (!this.addRows(note) && !this.addValues(note)) this.addOther(note);
  }

  list(): string[] {
    return this.order.map((key) => {
      const counted = this.counts.get(key);
      if (counted !== undefined) return counted.write(counted.sum);
      const { text = '', parts = 1 } = this.said.get(key) ?? {};
      return parts === 1 ? text : `${text}; ${times(parts - 1, 'more part')} of the table alike`;
    });
  }

  private addRows(note: string): boolean {
    const found = /^([\d,]+) rows? left out: (.*) \((?:the first is )?(.*?)\)$/.exec(note);
    if (found === null) return false;
    const [, count, why, place] = found;
    this.sum(`rows: ${why}`, count, (sum) => {
      const where = sum === 1 ? place : `the first is ${place}`;
      return `${times(sum, 'row')} left out: ${why} (${where})`;
    });
    return true;
  }

  private addValues(note: string): boolean {
    const found = /^(.*): ([\d,]+) missing values?( \(.*\))$/.exec(note);
    if (found === null) return false;
    const [, name, count, how] = found;
    this.sum(`values: ${name}${how}`, count, (sum) => `${name}: ${times(sum, 'missing value')}${how}`);
    return true;
  }

  private sum(key: string, count: string, write: (sum: number) => string): void {
    const before = this.counts.get(key);
    if (before === undefined) this.order.push(key);
    this.counts.set(key, {
      sum: (before?.sum ?? 0) + Number(count.replaceAll(',', '')),
      write: before?.write ?? write,
    });
  }

  /** Notes that differ in numbers and in the cells that they quote are of one kind. */
  private addOther(text: string): void {
    const key = text.replace(/'[^']*'/g, "'…'").replace(/\d+/g, '#');
    const before = this.said.get(key);
    if (before === undefined) {
      this.order.push(key);
      this.said.set(key, { text, parts: 1 });
    } else if (before.text !== text) before.parts++;
  }
}
