import { type ColumnValues, HeldRows } from '../../data/heldRows.js';
import type { Table } from '../../data/table.js';
import { sameSeries } from '../../data/understanding/series.js';
import { deriveKey, uniformAt } from '../../random.js';

export interface StretchOptions {
  seed: number;
  /** Rows of a stretch, about. */
  rows: number;
}

/**
 * Stretches of consecutive rows, drawn from a stream in one pass: time is cut into blocks of one length, each block of a series
 * has a number in [0, 1) that follows from the seed, the series and the block alone, and the blocks of the smallest numbers are
 * held, as many as there is room for (bottom-k sampling). So each row is as likely to be drawn as any other, rows of one time
 * stay together, and the order of the file does not matter, except where rows have no time.
 */
export class Stretches {
  private readonly held: HeldRows;
  /** Of each held row, its block's number; and which block it is. */
  private readonly numbers: Float64Array;
  private readonly blocks: Float64Array;
  private readonly groups: number[];
  private readonly keys = new Map<string, number>();
  private threshold = 1;

  /**
   * @param most rows that are held: up to twice as many while the stream lasts
   * @param options `length` of a block, in units of what is given as the time of rows; `group`: the columns that tell the
   *   series of a row, since a stretch is of one series
   */
  constructor(
    private readonly head: Table,
    private readonly most: number,
    private readonly options: { seed: number; group: readonly string[]; length: number },
  ) {
    this.held = new HeldRows(head);
    this.numbers = new Float64Array(2 * most);
    this.blocks = new Float64Array(2 * most);
    this.groups = options.group.map((name) => head.columns.findIndex((column) => column.name === name));
  }

  offer(values: readonly ColumnValues[], row: number, place: number, at: number): void {
    const block = Math.floor(at / this.options.length);
    const number = uniformAt(this.keyOf(values, row), block);
    if (!(number < this.threshold)) return;
    if (this.held.count === this.numbers.length) {
      this.prune();
      if (!(number < this.threshold)) return;
    }
    this.numbers[this.held.count] = number;
    this.blocks[this.held.count] = block;
    this.held.add(values, row, place);
  }

  /** The stretches as one table with a column more, which tells them apart; undefined when there are none. */
  table(name: string): { table: Table; column: string; count: number } | undefined {
    if (this.held.count > this.most) this.prune();
    if (this.held.count === 0) return undefined;
    const names = this.head.columns.map((column) => column.name);
    let column = 'stretch';
    while (names.includes(column)) column += '_';
    const cells = Array.from(this.blocks.subarray(0, this.held.count), String);
    const count = new Set(this.numbers.subarray(0, this.held.count)).size;
    return { table: this.held.table(name, [], { name: column, cells }), column, count };
  }

  /** Keeps the blocks of the smallest numbers, as many as have `most` rows together. */
  private prune(): void {
    const { held, numbers, blocks } = this;
    const sorted = numbers.slice(0, held.count).sort();
    // The first block that does not fit as a whole is the first to go.
    this.threshold = sorted[this.most];
    let kept = 0;
    const stays = new Uint8Array(held.count);
    for (let row = 0; row < held.count; row++) {
      if (!(numbers[row] < this.threshold)) continue;
      stays[row] = 1;
      numbers[kept] = numbers[row];
      blocks[kept++] = blocks[row];
    }
    held.thin((row) => stays[row] === 1);
  }

  private keyOf(values: readonly ColumnValues[], row: number): number {
    if (this.groups.length === 0) return this.keyOfName('');
    return this.keyOfName(nameOf(this.groups, values, row));
  }

  private keyOfName(name: string): number {
    let key = this.keys.get(name);
    if (key === undefined) {
      key = deriveKey(this.options.seed, 'stretches', name);
      if (this.keys.size < mostKeys) this.keys.set(name, key);
    }
    return key;
  }
}

/** What tells a row's series: the cells of the group columns, in whatever case they are written. */
export function nameOf(columns: readonly number[], values: readonly ColumnValues[], row: number): string {
  return sameSeries(columns.map((i) => String(values[i][row])));
}

/** Series whose keys are kept for the next time. */
const mostKeys = 100_000;
