import type { Source } from './source.js';
import type { StreamColumn } from './stream.js';
import { Table, type TypedCells } from './table.js';

/** Consecutive values of a column: cells of text, numbers or times. */
export type ColumnValues = string[] | Float64Array;

/** Consecutive rows of a source, with all of its columns. */
export interface RowChunk {
  /** The source's row, from 0, that is the chunk's first. */
  from: number;
  rows: number;
  columns: ColumnValues[];
  /** What was not plain in reading the source, one line each; with the last chunk. */
  notes?: readonly string[];
}

/** The rows of a source from the first to the last, in constant memory, with the columns of its head: typed ones as numbers. */
export async function* streamRows(source: Source, head: Pick<Table, 'columns'>): AsyncIterable<RowChunk> {
  if (source.stream === undefined) return;
  /** Per column of text: the cells that were read and whose rows are still to come, in the order of the rows. */
  const waiting = head.columns.map(({ numbers, times }): string[] | undefined => (numbers || times ? undefined : []));
  const columns = head.columns.map(({ name }, i): StreamColumn => {
    const cells = waiting[i];
    return cells === undefined ? { name } : { name, read: (cell) => cells.push(cell) };
  });
  for await (const { from, rows, columns: values, notes } of source.stream(columns)) {
    const taken = values.map((numbers, i) => waiting[i]?.splice(0, rows) ?? numbers);
    yield { from, rows, columns: taken, ...(notes && { notes }) };
  }
}

/** Rows of a stream that are held: a table that can be added to and thinned. */
export class HeldRows {
  count = 0;
  private columns: ColumnValues[];
  /** Which row of the whole each one is, from 0. */
  private places = new Float64Array(firstRoom);

  constructor(private readonly head: Table) {
    this.columns = head.columns.map(({ numbers, times }) => (numbers || times ? new Float64Array(firstRoom) : []));
  }

  /** Adds a row of a chunk, or of what others hold. */
  add(values: readonly ColumnValues[], row: number, place: number): void {
    if (this.count === this.places.length) this.grow();
    for (const [i, into] of this.columns.entries()) {
      const value = values[i][row];
      into[this.count] = typeof value === 'string' ? ownText(value) : value;
    }
    this.places[this.count++] = place;
  }

  /** Hands a held row over. */
  give(row: number, to: (values: readonly ColumnValues[], row: number, place: number) => void): void {
    to(this.columns, row, this.places[row]);
  }

  /** Keeps the rows that are to stay, in their order. */
  thin(stays: (row: number) => boolean): void {
    let kept = 0;
    for (let row = 0; row < this.count; row++) {
      if (!stays(row)) continue;
      for (const values of this.columns) values[kept] = values[row];
      this.places[kept++] = this.places[row];
    }
    for (const values of this.columns) if (Array.isArray(values)) values.length = kept;
    this.count = kept;
  }

  /** Which row of the whole a held one is, from 0. */
  placeOf(row: number): number {
    return this.places[row];
  }

  /**
   * The rows as a table, in the order of their places. What is held is the table's from then on.
   * @param extra a column more, of cells in the order in which rows are held
   */
  table(name: string, notes: readonly string[], extra?: { name: string; cells: readonly string[] }): Table {
    const { count, places, head } = this;
    const order = Uint32Array.from({ length: count }, (_, row) => row).sort((a, b) => places[a] - places[b]);
    const cells = head.columns.map(({ numbers, utc }, i): string[] | TypedCells => {
      const values = this.columns[i];
      this.columns[i] = [];
      if (Array.isArray(values)) return Array.from(order, (row) => values[row]);
      const sorted = Float64Array.from(order, (row) => values[row]);
      return numbers ? { numbers: sorted } : { times: sorted, ...(utc !== undefined && { utc }) };
    });
    if (extra !== undefined) cells.push(Array.from(order, (row) => extra.cells[row]));
    return new Table({
      name,
      header: [...head.columns.map((column) => column.name), ...(extra === undefined ? [] : [extra.name])],
      cells,
      lines: Float64Array.from(order, (row) => places[row] + 1),
      unit: 'row',
      decimalComma: head.decimalComma,
      notes,
    });
  }

  private grow(): void {
    const larger = (old: Float64Array) => {
      const twice = new Float64Array(2 * old.length);
      twice.set(old);
      return twice;
    };
    this.columns = this.columns.map((values) => (Array.isArray(values) ? values : larger(values)));
    this.places = larger(this.places);
  }
}

const firstRoom = 1024;

/** V8 keeps shorter parts of a text as texts of their own, longer ones as views that hold all of it. */
const shortestView = 13;

/** A cell that doesn't hold on to the megabyte of text that it was cut from. */
function ownText(cell: string): string {
  return cell.length < shortestView ? cell : ` ${cell}`.slice(1);
}
