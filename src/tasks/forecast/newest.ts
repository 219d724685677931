import { day } from '../../data/days.js';
import type { Frame, TimeReading } from '../../data/frame.js';
import { type ColumnValues, HeldRows, type RowChunk, streamRows } from '../../data/heldRows.js';
import { longTable } from '../../data/longTable.js';
import type { Source } from '../../data/source.js';
import { Table } from '../../data/table.js';
import { scaled } from '../../data/understanding/numberTimes.js';
import { readTime } from '../../data/understanding/timeText.js';
import { MemcellError } from '../../errors.js';
import { nameOf, Stretches, type StretchOptions } from './stretches.js';

/** A table, or what is kept of it where it is too long to be held. */
export interface KeptRows {
  /** All rows, or the newest ones. */
  table: Table;
  /** Rows of the whole, where not all are kept. */
  of?: number;
  /** Stretches drawn from the rows before the newest. */
  older?: { table: Table; column: string; count: number };
  /** Series of the whole, where rows have groups and not all are kept. */
  series?: number;
  /** The time as the whole table is read, where not all rows are kept. */
  time?: TimeReading;
}

export interface KeepOptions {
  /** Rows that are kept; tables of no more are read whole. */
  most?: number;
  /** The columns that tell the series of a row. */
  group?: readonly string[];
  /** How older rows are drawn: half of what is kept are then the newest, half are drawn. */
  stretches?: StretchOptions;
}

/** What is said of a table of which not all rows are kept. */
export function keptNote(of: number, newest: number, older: KeptRows['older']): string {
  const number = (rows: number) => rows.toLocaleString('en');
  const drawn =
    older === undefined
      ? ''
      : `, and ${number(older.table.rows)} older ones in ${number(older.count)} stretches drawn from all`;
  return `read as a stream: of ${number(of)} rows the newest ${number(newest)} are used${drawn}`;
}

/** What is said of rows that were left out, as notes of the account. */
export function noteKept(frame: Frame, { of, older, series = 0 }: KeptRows): Frame {
  if (of === undefined) return frame;
  const { account } = frame;
  const note = keptNote(of, account.read, older);
  const lost = series - (account.series?.count ?? series);
  const gone = lost > 0 ? [`${lost} of ${series} series have no row among the newest: left out`] : [];
  return { ...frame, account: { ...account, read: of, notes: [note, ...gone, ...account.notes] } };
}

/**
 * Reads a source: all of it, or in constant memory its newest rows by the time column (where there is none, the last ones), and
 * on request stretches of rows drawn from all that are older.
 * @param timeOf how the times of a table like its head are read
 */
export async function newestRows(
  source: Source,
  timeOf: (head: Table) => TimeReading | undefined,
  { most, group = [], stretches }: KeepOptions = {},
): Promise<KeptRows> {
  const long = await longTable(source, most);
  if (long === undefined) return { table: await source.table() };
  const { head } = long;
  const how = { most: long.most, group, ...(stretches && { stretches }) };
  const time = timeOf(head);
  const read = await readLong(source, head, time, how);
  if (time === undefined || read.odd.count === 0) return finish(source.name, read, how, time);
  const again = otherReading(time, timeOf, head, read.odd.table(source.name, []));
  return again === undefined
    ? finish(source.name, read, how, time)
    : finish(source.name, await readLong(source, head, again, how), how, again);
}

/** The time as the head and rows that do not fit it are read together, as day and month in another order; else undefined. */
function otherReading(
  time: TimeReading,
  timeOf: (head: Table) => TimeReading | undefined,
  head: Table,
  odd: Table,
): TimeReading | undefined {
  const cells = head.columns.map((column, i) => {
    const { numbers, times, utc = false, cells } = column;
    const more = odd.columns[i];
    const joined = (a: Float64Array, b?: Float64Array) => Float64Array.from([...a, ...(b ?? [])]);
    if (numbers) return { numbers: joined(numbers, more.numbers) };
    return times ? { times: joined(times, more.times), utc } : [...cells, ...more.cells];
  });
  const header = head.columns.map(({ name }) => name);
  const { name, decimalComma } = head;
  try {
    const both = timeOf(new Table({ name, header, cells, lines: head.rows + odd.rows, decimalComma }));
    return both === undefined || both.notation === time.notation ? undefined : { ...time, ...both };
  } catch (error) {
    if (error instanceof MemcellError) return undefined;
    throw error;
  }
}

interface ReadRows {
  newest: NewestRows;
  drawn?: Stretches;
  clock: RowClock;
  /** The first rows whose time is not read as the head's are. */
  odd: HeldRows;
  seen: number;
  notes: readonly string[];
}

interface How {
  most: number;
  group: readonly string[];
  stretches?: StretchOptions;
}

/** Rows that do not fit the head's notation and are looked at. */
const mostOdd = 100;

async function readLong(
  source: Source,
  head: Table,
  time: TimeReading | undefined,
  { most, group, stretches }: How,
): Promise<ReadRows> {
  const length = stretches && (await lengthOf(source, new RowClock(head, time, group), stretches.rows));
  const drawn =
    stretches && length && new Stretches(head, Math.floor(most / 2), { seed: stretches.seed, group, length });
  // Of twice as many none is given up: all rows, where there are no more than are kept.
  const newest = new NewestRows(head, drawn ? Math.ceil(most / 2) : most, drawn || undefined);
  const clock = new RowClock(head, time, group);
  const odd = new HeldRows(head);
  let seen = 0;
  const notes: string[] = [];
  for await (const chunk of streamRows(source, head)) {
    for (let row = 0; row < chunk.rows; row++) {
      const at = clock.at(chunk, row);
      if (at === Number.POSITIVE_INFINITY && odd.count < mostOdd) odd.add(chunk.columns, row, chunk.from + row);
      newest.add(chunk.columns, row, chunk.from + row, at);
    }
    seen = chunk.from + chunk.rows;
    notes.push(...(chunk.notes ?? []));
  }
  return { newest, clock, ...(drawn && { drawn }), odd, seen, notes };
}

function finish(
  name: string,
  { newest, drawn, clock, seen, notes }: ReadRows,
  { most, group }: How,
  time: TimeReading | undefined,
): KeptRows {
  // Files that don't say their rows may turn out to have no more than are kept.
  if (seen <= most) return { table: newest.all(name, notes) };
  const table = newest.table(name, notes);
  const older = drawn?.table(name);
  const series = group.length > 0 && clock.series.size < mostSeries ? { series: clock.series.size } : {};
  return { table, of: seen, ...(older && { older }), ...series, ...(time && { time }) };
}

/** Units of time that a stretch lasts: so many steps, or where no step is known so many times the mean from row to row. */
async function lengthOf(source: Source, clock: RowClock, rows: number): Promise<number> {
  const { time, head } = clock;
  if (time === undefined) return rows;
  if (time.step !== undefined) return rows * time.step.count * stepUnits[time.step.unit];
  let [first, last, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for await (const chunk of streamRows(source, head)) {
    for (let row = 0; row < chunk.rows; row++) {
      const at = clock.at(chunk, row);
      if (at === Number.POSITIVE_INFINITY) continue;
      count++;
      if (at < first) first = at;
      if (at > last) last = at;
    }
  }
  return (rows * (last - first || 1) * Math.max(1, clock.series.size)) / Math.max(1, count);
}

const mostSeries = 1_000_000;
/** About: stretches need no exact ends. */
const stepUnits = { millisecond: 1, number: 1, month: 30.4 * day, 'business day': 1.4 * day, 'working day': 1.2 * day };

/** When rows are: by their time, or where there is none by their place, in each series by itself. */
class RowClock {
  /** Rows of each series so far. */
  readonly series = new Map<string, number>();
  readonly time: TimeReading | undefined;
  private readonly columns: number[];
  private readonly groups: number[];
  private last: { text: string; at: number } | undefined;

  constructor(
    readonly head: Table,
    time: TimeReading | undefined,
    group: readonly string[],
  ) {
    const places = (names: readonly string[]) =>
      names.map((name) => head.columns.findIndex((column) => column.name === name));
    this.columns = places(time?.columns ?? []);
    // New data may have no time: then its rows are taken in their order.
    this.time = this.columns.includes(-1) ? undefined : time;
    this.groups = places(group);
  }

  /** A cell that is no time counts as the newest, so that it is told later. */
  at({ columns, from }: RowChunk, row: number): number {
    const place = this.groups.length > 0 ? this.count(columns, row) : from + row;
    const { time } = this;
    if (time === undefined) return place;
    const first = columns[this.columns[0]][row];
    if (this.columns.length === 1 && typeof first === 'number') {
      const at = this.head.columns[this.columns[0]].times ? first : scaled(time.notation, first);
      if (at !== undefined) return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
    }
    const text = this.columns.length === 1 ? String(first) : this.columns.map((i) => columns[i][row]).join(' ');
    if (this.last?.text === text) return this.last.at;
    this.last = { text, at: read(time, text) };
    return this.last.at;
  }

  private count(columns: readonly ColumnValues[], row: number): number {
    const name = nameOf(this.groups, columns, row);
    const before = this.series.get(name) ?? 0;
    if (before > 0 || this.series.size < mostSeries) this.series.set(name, before + 1);
    return before;
  }
}

function read(time: TimeReading, text: string): number {
  try {
    const at = readTime(time, text);
    return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The newest rows of a stream: up to twice as many, cut back to `most` when they are full. Others go to `rest`. */
class NewestRows {
  private readonly held: HeldRows;
  /** When each held row was. */
  private times: Float64Array;
  private threshold = Number.NEGATIVE_INFINITY;

  constructor(
    head: Table,
    private readonly most: number,
    private readonly rest: Stretches | undefined,
  ) {
    this.held = new HeldRows(head);
    this.times = new Float64Array(2 * most);
  }

  add(values: readonly ColumnValues[], row: number, place: number, at: number): void {
    if (at > this.threshold && this.held.count === this.times.length) this.prune();
    if (!(at > this.threshold)) {
      this.rest?.offer(values, row, place, at);
      return;
    }
    this.times[this.held.count] = at;
    this.held.add(values, row, place);
  }

  table(name: string, notes: readonly string[]): Table {
    if (this.held.count > this.most) this.prune();
    return this.all(name, notes);
  }

  /** Everything that is held. */
  all(name: string, notes: readonly string[]): Table {
    return this.held.table(name, notes);
  }

  /** Keeps the `most` newest rows, in the order they came in; of equally old ones the first. */
  private prune(): void {
    const { held, times, rest } = this;
    const sorted = times.slice(0, held.count).sort();
    this.threshold = sorted[held.count - this.most];
    let older = this.most - sorted.reduce((count, time) => count + (time > this.threshold ? 1 : 0), 0);
    const stays = new Uint8Array(held.count);
    let kept = 0;
    for (let row = 0; row < held.count; row++) {
      const at = times[row];
      if (at > this.threshold || (at === this.threshold && older-- > 0)) {
        stays[row] = 1;
        times[kept++] = at;
      } else if (rest) held.give(row, (values, from, place) => rest.offer(values, from, place, at));
    }
    held.thin((row) => stays[row] === 1);
  }
}
