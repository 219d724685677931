import { type ColumnValues, HeldRows, streamRows } from '../../data/heldRows.js';
import { longTable } from '../../data/longTable.js';
import type { Source } from '../../data/source.js';
import type { Table } from '../../data/table.js';
import { deriveKey, uniformAt } from '../../random.js';
import type { ClassifyOptions } from './options.js';
import { Checksum } from './samples.js';

/** A table, or the rows that are drawn where it is too long to be held. */
export interface DrawnTable {
  table: Table;
  /** Rows of the table, from 0, that are there only because their class is rare: they are no part of a random sample. */
  added: ReadonlySet<number>;
  /** Rows of the whole, where not all are drawn, and what tells it again. */
  of?: number;
  checksum?: string;
  /** What is said of drawing, one line each. */
  notes: string[];
}

/** Samples of each class that are held where there are so many, and the part of all that is held which they take at most. */
const fewest = 500;
const mostForRare = 0.25;
/** More classes than this are no classes. */
const mostClasses = 10_000;

/**
 * Reads a table, or draws from one that is too long: each row (each group of rows, where samples are groups) has a number in
 * [0, 1) that follows from the seed and its place (its name), and those of the smallest numbers are held (bottom-k sampling,
 * one pass): a simple random sample. Of classes that have less than `fewest` samples in it, the ones with the next numbers are
 * held too.
 * @param rare whether samples of rare classes are added
 */
export async function drawSamples(
  source: Source,
  { label, group = [], mostRows }: ClassifyOptions,
  seed: number,
  rare = true,
): Promise<DrawnTable> {
  const long = await longTable(source, mostRows);
  if (long === undefined) return { table: await source.table(), added: new Set(), notes: [] };
  const { head, most } = long;
  // A column that is not there is told with the columns that are.
  for (const name of [label, ...group]) head.column(name);
  const drawn = new DrawnRows(head, most, { label, group, seed, rare });
  let seen = 0;
  const notes: string[] = [];
  for await (const chunk of streamRows(source, head)) {
    for (let row = 0; row < chunk.rows; row++) drawn.add(chunk.columns, row, chunk.from + row);
    seen = chunk.from + chunk.rows;
    notes.push(...(chunk.notes ?? []));
  }
  const { table, added } = drawn.table(source.name, notes);
  if (table.rows === seen) return { table, added, notes: [] };
  return { table, added, of: seen, checksum: drawn.labels.text, notes: drawn.notes(seen, table.rows, added.size) };
}

/** Of a long table's labels, each with its place: what tells the table again. */
export class LabelSum extends Checksum {
  addLabel(written: string | number, place: number): void {
    this.add(deriveKey(0, String(written)), place);
  }
}

class DrawnRows {
  readonly labels = new LabelSum();
  /** Of all rows, by class. */
  private readonly counts = new Map<string, number>();
  private readonly held: HeldRows;
  private readonly numbers: Float64Array;
  private readonly classes: string[] = [];
  private readonly label: number;
  private readonly groups: number[];
  private readonly key: number;
  /** Numbers below which a sample is held: of any class, and of each. */
  private threshold = 1;
  private thresholds = new Map<string, number>();

  constructor(
    head: Table,
    private readonly most: number,
    private readonly how: { label: string; group: readonly string[]; seed: number; rare: boolean },
  ) {
    const place = (name: string) => head.columns.findIndex((column) => column.name === name);
    this.held = new HeldRows(head);
    this.numbers = new Float64Array(2 * most);
    this.label = place(how.label);
    this.groups = how.group.map(place);
    this.key = deriveKey(how.seed, 'samples');
  }

  add(values: readonly ColumnValues[], row: number, place: number): void {
    const written = values[this.label][row];
    this.labels.addLabel(written, place);
    const name = typeof written === 'number' && Number.isNaN(written) ? '' : String(written);
    const before = this.counts.get(name);
    if (before !== undefined || this.counts.size < mostClasses) this.counts.set(name, (before ?? 0) + 1);
    const number = this.numberOf(values, row, place);
    if (!this.stays(number, name)) return;
    if (this.held.count === this.numbers.length) {
      this.prune();
      if (!this.stays(number, name)) return;
    }
    this.numbers[this.held.count] = number;
    this.classes[this.held.count] = name;
    this.held.add(values, row, place);
  }

  /** The rows that are held, and which of them are only there because they are rare. */
  table(name: string, notes: readonly string[]): { table: Table; added: Set<number> } {
    if (this.held.count > this.most) this.prune();
    const { held, numbers, threshold } = this;
    const places = new Set<number>();
    for (let row = 0; row < held.count; row++) if (!(numbers[row] < threshold)) places.add(held.placeOf(row));
    const table = held.table(name, notes);
    const added = new Set<number>();
    for (let row = 0; row < table.rows; row++) if (places.has((table.lines?.[row] ?? 0) - 1)) added.add(row);
    return { table, added };
  }

  notes(of: number, drawn: number, added: number): string[] {
    const number = (value: number) => value.toLocaleString('en');
    const unit = this.groups.length > 0 ? 'rows in whole groups' : 'rows';
    const more =
      added === 0 ? '' : `, and ${number(added)} more of rare classes, which are trained on and never held out`;
    const classes = [...this.counts].filter(([name]) => name !== '').sort(([, a], [, b]) => b - a);
    const shown = classes.slice(0, 10).map(([name, count]) => `${name} ${number(count)}`);
    const others = classes.length - shown.length;
    const rest = others > 0 ? `, and ${number(others)} ${others === 1 ? 'other' : 'others'}` : '';
    return [
      `read as a stream: of ${number(of)} rows ${number(drawn - added)} ${unit} are drawn at random${more}`,
      `classes in all rows: ${shown.join(', ')}${rest}`,
    ];
  }

  private numberOf(values: readonly ColumnValues[], row: number, place: number): number {
    if (this.groups.length === 0) return uniformAt(this.key, place);
    return uniformAt(this.key, deriveKey(0, ...this.groups.map((i) => String(values[i][row]))));
  }

  private stays(number: number, name: string): boolean {
    return number < this.threshold || number < (this.thresholds.get(name) ?? this.unseen());
  }

  /** A class that is met for the first time is held, as long as rare ones are. */
  private unseen(): number {
    return this.how.rare && this.counts.size < mostClasses ? 1 : 0;
  }

  /** Lowers the numbers below which rows are held, so that no more than `most` are. */
  private prune(): void {
    const { held, numbers, classes, most } = this;
    const byClass = new Map<string, number[]>();
    for (let row = 0; row < held.count; row++) {
      const own = byClass.get(classes[row]);
      if (own === undefined) byClass.set(classes[row], [numbers[row]]);
      else own.push(numbers[row]);
    }
    const least = this.how.rare ? Math.min(fewest, Math.floor((mostForRare * most) / byClass.size)) : 0;
    let reserved = 0;
    for (const [name, own] of byClass) {
      if (name === '' || least === 0) {
        this.thresholds.set(name, 0);
        continue;
      }
      own.sort((a, b) => a - b);
      reserved += Math.min(own.length, least);
      if (own.length > least) this.thresholds.set(name, own[least]);
    }
    const sorted = numbers.slice(0, held.count).sort();
    this.threshold = Math.min(this.threshold, sorted[Math.min(held.count - 1, most - reserved)]);
    const staying = new Uint8Array(held.count);
    let kept = 0;
    for (let row = 0; row < held.count; row++) {
      if (!this.stays(numbers[row], classes[row])) continue;
      staying[row] = 1;
      numbers[kept] = numbers[row];
      classes[kept++] = classes[row];
    }
    classes.length = kept;
    held.thin((row) => staying[row] === 1);
  }
}
