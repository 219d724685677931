import type { Frame, TimeReading } from '../../data/frame.js';
import type { Source, TableHead } from '../../data/source.js';
import type { StreamColumn } from '../../data/stream.js';
import { Table, type TypedCells } from '../../data/table.js';
import { readTime } from '../../data/understanding/timeText.js';

/** Tables of more rows are read as a stream, of which the newest rows are kept: so many, whatever the length of the whole. */
const mostRows = 500_000;

/** Bytes above which a file that does not say its rows counts as one of more. */
const mostBytes = 100_000_000;

/** Rows from which it is told how times are written. */
const headRows = 2000;

/** A table, or its newest rows where it is too long to be held. */
export interface NewestRows {
  table: Table;
  /** Rows of the whole, where not all are kept. */
  of?: number;
}

/** What is said of rows that were left out, as one note of the account. */
export function noteNewest(frame: Frame, { of }: NewestRows): Frame {
  if (of === undefined) return frame;
  const { account } = frame;
  const note = `read as a stream: of ${of.toLocaleString('en')} rows the newest ${account.read.toLocaleString('en')} are used`;
  return { ...frame, account: { ...account, read: of, notes: [note, ...account.notes] } };
}

/**
 * Reads a source: all of it, or in constant memory its newest rows by the time column; where there is none, the last ones.
 * @param timeOf how the times of a table like its head are read
 */
export async function newestRows(
  source: Source,
  timeOf: (head: Table) => TimeReading | undefined,
  most = mostRows,
): Promise<NewestRows> {
  const head = await source.head?.(headRows);
  if (head === undefined || source.stream === undefined || !isLong(head, most)) return { table: await source.table() };
  const time = timeOf(head.table);
  const rows = new NewestColumns(head.table, time, most);
  for await (const { columns, rows: count } of source.stream(rows.columns)) rows.add(columns, count);
  return { table: rows.table(source.name), of: rows.seen };
}

function isLong({ rows, bytes }: TableHead, most: number): boolean {
  return rows === undefined ? bytes > mostBytes : rows > most;
}

/** The columns of the newest rows of a stream: up to twice as many, cut back to `most` when they are full. */
class NewestColumns {
  readonly columns: StreamColumn[];
  /** Rows that went by. */
  seen = 0;
  /** Per column of text: the cells that were read and whose rows are still to come, in the order of the rows. */
  private readonly waiting: (string[] | undefined)[];
  private readonly cells: (string[] | Float64Array)[];
  /** When each row was, and which of all it is. */
  private readonly times: Float64Array;
  private readonly places: Float64Array;
  private readonly timeColumns: number[];
  private held = 0;
  private threshold = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly head: Table,
    private readonly time: TimeReading | undefined,
    private readonly most: number,
  ) {
    this.waiting = head.columns.map(({ numbers, times }) => (numbers || times ? undefined : []));
    this.columns = head.columns.map(({ name }, i) => {
      const waiting = this.waiting[i];
      return waiting === undefined ? { name } : { name, read: (cell) => waiting.push(cell) };
    });
    const room = () => new Float64Array(2 * most);
    this.cells = this.waiting.map((waiting) => (waiting === undefined ? room() : []));
    this.times = room();
    this.places = room();
    this.timeColumns = (time?.columns ?? []).map((name) => head.columns.findIndex((column) => column.name === name));
  }

  add(columns: readonly Float64Array[], count: number): void {
    const chunk = columns.map((values, i) => this.waiting[i]?.splice(0, count) ?? values);
    for (let row = 0; row < count; row++) {
      const place = this.seen++;
      const time = this.timeAt(chunk, row) ?? place;
      if (!(time > this.threshold)) continue;
      if (this.held === this.times.length) this.prune();
      if (!(time > this.threshold)) continue;
      for (const [i, values] of chunk.entries()) this.cells[i][this.held] = values[row];
      this.times[this.held] = time;
      this.places[this.held++] = place;
    }
  }

  table(name: string): Table {
    if (this.held > this.most) this.prune();
    const cells = this.head.columns.map(({ numbers, utc }, i): string[] | TypedCells => {
      const values = this.cells[i].slice(0, this.held);
      if (Array.isArray(values)) return values;
      return numbers ? { numbers: values } : { times: values, ...(utc !== undefined && { utc }) };
    });
    return new Table({
      name,
      header: this.head.columns.map((column) => column.name),
      cells,
      lines: this.places.slice(0, this.held).map((place) => place + 1),
      unit: 'row',
      decimalComma: this.head.decimalComma,
    });
  }

  /** Undefined without a time column; a cell that is no time counts as the newest, so that it is told later. */
  private timeAt(chunk: readonly (string[] | Float64Array)[], row: number): number | undefined {
    const { time, timeColumns } = this;
    if (time === undefined) return undefined;
    const cells = timeColumns.map((i) => chunk[i][row]);
    if (cells.length === 1 && typeof cells[0] === 'number') {
      return Number.isNaN(cells[0]) ? Number.POSITIVE_INFINITY : cells[0];
    }
    try {
      return readTime(time, cells.join(' '));
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  /** Keeps the `most` newest rows, in the order they came in; of equally old ones the first. */
  private prune(): void {
    const sorted = this.times.slice(0, this.held).sort();
    this.threshold = sorted[this.held - this.most];
    let older = this.most - sorted.reduce((count, time) => count + (time > this.threshold ? 1 : 0), 0);
    let kept = 0;
    for (let row = 0; row < this.held; row++) {
      const time = this.times[row];
      if (!(time > this.threshold) && !(time === this.threshold && older-- > 0)) continue;
      for (const values of this.cells) values[kept] = values[row];
      this.times[kept] = time;
      this.places[kept++] = this.places[row];
    }
    this.held = kept;
  }
}
