import { MemcellError } from '../../errors.js';
import type { Note } from '../frame.js';
import type { Table } from '../table.js';
import type { ChosenTime } from './chooseTime.js';
import type { MissingMarks } from './marks.js';
import { plainPattern } from './notation.js';
import { noteText } from './notes.js';
import { isFooter, type RawColumn } from './rawColumns.js';
import { distinguishing, type Groups, type Ordered, refuseRepeats, repeats } from './series.js';
import { placeOf, quoted, shorten, times } from './wording.js';

/** Nothing is left of a table: of a part of a longer one that is no reason to stop. */
export class NoRowLeft extends MemcellError {
  constructor(
    message: string,
    /** Why, one line each. */
    readonly notes: readonly Note[],
  ) {
    super(message);
  }
}

/**
 * The rows that can be used: without footers ('Total'), rows without a time, a group or a label, each told.
 * @throws MemcellError at the first cell of the time that is none
 */
export function keepRows(
  table: Table,
  columns: ReadonlyMap<string, RawColumn>,
  given: {
    time: ChosenTime | undefined;
    groups: Groups | undefined;
    group: readonly string[];
    label: string | undefined;
    goesOn?: boolean;
  },
  marks: MissingMarks,
  notes: Note[],
): Int32Array {
  const { time, groups, label, goesOn = false } = given;
  const dropped = new Uint8Array(table.rows);
  const leaveOut = (rows: number[], why: string) => {
    if (rows.length === 0) return;
    for (const row of rows) dropped[row] = 1;
    notes.push({ rows: rows.length, why, first: placeOf(table, rows[0]) });
  };
  const footers = time !== undefined ? timeFooters(columns, time) : goesOn ? [] : footersOf(table, columns);
  leaveOut(footers, 'a total or the like, no data');
  if (time !== undefined) {
    const odd = time.odd.find((row) => dropped[row] === 0);
    if (odd !== undefined) throw notATime(table, columns, time, odd);
    leaveOut(
      rowsWhere(table, (row) => dropped[row] === 0 && Number.isNaN(time.calendar[row])),
      'no time',
    );
  }
  if (groups !== undefined) {
    leaveOut(
      rowsWhere(table, (row) => dropped[row] === 0 && groups.of[row] < 0),
      `no ${given.group.join(' or ')}`,
    );
  }
  const cells = label === undefined ? undefined : columns.get(label)?.cells();
  if (cells !== undefined) {
    leaveOut(
      rowsWhere(table, (row) => dropped[row] === 0 && marks.isMissing(cells[row])),
      `no ${label}`,
    );
  }
  const kept = new Int32Array(table.rows).map((_, row) => row).filter((row) => dropped[row] === 0);
  if (kept.length === 0) {
    throw new NoRowLeft(`${table.name}: no row is left to learn from: ${notes.map(noteText).join('; ')}`, notes);
  }
  return kept;
}

/** The share of rows that repeat a time from which on they are several series and no slips: two series have half. */
const seriesShare = 0.2;

/**
 * Rows of one time in one series: repetitions of a whole row are left out, others are refused, with the column that makes
 * them several series where there is one.
 * @returns the rows in their order without those left out
 */
export function withoutRepeats(
  table: Table,
  columns: ReadonlyMap<string, RawColumn>,
  time: ChosenTime,
  ordered: Ordered,
  how: { free: readonly string[]; write(at: number): string; refuse: boolean },
  notes: Note[],
): Ordered {
  const found = repeats(ordered, time.calendar);
  if (found.length === 0) return ordered;
  const { rows } = ordered;
  const name = time.reading.columns.join(' and ');
  if (!how.refuse) {
    notes.push(`${times(found.length, 'row repeats', 'rows repeat')} a time; rows of one time keep their order`);
    return ordered;
  }
  const lists = [...columns.values()].map((column) => column.numbers ?? column.times ?? column.cells());
  const whole = new Set(found.filter((i) => lists.every((cells) => Object.is(cells[rows[i]], cells[rows[i - 1]]))));
  if (whole.size < found.length) {
    const i = found.find((place) => !whole.has(place)) ?? found[0];
    const free = how.free.flatMap((column) => columns.get(column) ?? []);
    const group = found.length >= seriesShare * rows.length ? distinguishing(free, rows, time.calendar) : undefined;
    const [row, before] = [Math.max(rows[i], rows[i - 1]), Math.min(rows[i], rows[i - 1])];
    const text = how.write(time.calendar[row] - time.shift);
    refuseRepeats(table, { row, before, text, column: name, count: found.length }, group);
  }
  notes.push({ rows: whole.size, why: 'the same as another one', first: placeOf(table, rows[found[0]]) });
  const kept = rows.filter((_, i) => !whole.has(i));
  let gone = 0;
  const series = ordered.series.map(({ name, from, to }) => {
    const begin = from - gone;
    for (let i = from; i < to; i++) if (whole.has(i)) gone++;
    return { name, from: begin, to: to - gone };
  });
  return { ...ordered, rows: kept, series };
}

/**
 * Numbers named as a time that repeat are none: told, with the column that makes the rows several series where there is one.
 * @throws MemcellError where the numbers begin again, row after row: then one series stands below the other
 */
export function tellRepeated(
  table: Table,
  columns: ReadonlyMap<string, RawColumn>,
  rows: Int32Array,
  { name, numbers }: { name: string; numbers: Float64Array },
  free: readonly string[],
  notes: Note[],
): void {
  const others = free.filter((column) => column !== name).flatMap((column) => columns.get(column) ?? []);
  const group = distinguishing(others, rows, numbers);
  const falls = numbers.findIndex((value, row) => value < numbers[row - 1]);
  if (group !== undefined && falls > 0) {
    const before = numbers.indexOf(numbers[falls]);
    refuseRepeats(table, { row: falls, before, text: String(numbers[falls]), column: name, count: 1 }, group);
  }
  const remedy =
    group === undefined ? 'keep one row of each' : `--group ${group.map(quoted).join(',')} if they are series`;
  notes.push(`${name}: its numbers repeat, so it is not taken as the time and rows count as consecutive; ${remedy}`);
}

/** What several rows of one time are when nothing refuses them: a column that tells them apart. */
export function proposeGroup(
  columns: ReadonlyMap<string, RawColumn>,
  time: ChosenTime,
  ordered: Ordered,
  free: readonly string[],
): string | undefined {
  if (repeats(ordered, time.calendar).length < seriesShare * ordered.rows.length) return undefined;
  const group = distinguishing(
    free.flatMap((column) => columns.get(column) ?? []),
    ordered.rows,
    time.calendar,
  );
  return group && `--group ${group.map(quoted).join(',')}`;
}

function rowsWhere(table: Table, holds: (row: number) => boolean): number[] {
  const rows: number[] = [];
  for (let row = 0; row < table.rows; row++) if (holds(row)) rows.push(row);
  return rows;
}

function timeFooters(columns: ReadonlyMap<string, RawColumn>, time: ChosenTime): number[] {
  const cells = time.reading.columns.map((name) => columns.get(name)).filter((column) => column !== undefined);
  const texts = cells.filter(({ numbers, times }) => numbers === undefined && times === undefined);
  const missing = time.calendar;
  if (texts.length === 0) return [];
  const lists = texts.map((column) => column.cells());
  const rows: number[] = [];
  for (let row = 0; row < missing.length; row++) {
    if (Number.isNaN(missing[row]) && lists.some((list) => isFooter(list[row]))) rows.push(row);
  }
  return rows;
}

/** Of a table without a time: among its last three rows those whose first cell is 'Total' or the like, and no other's is. */
function footersOf(table: Table, columns: ReadonlyMap<string, RawColumn>): number[] {
  const first = [...columns.values()][0];
  if (first === undefined || first.numbers !== undefined || first.times !== undefined || table.rows < 5) return [];
  const cells = first.cells();
  const rows: number[] = [];
  for (let row = table.rows - 3; row < table.rows; row++) {
    if (isFooter(cells[row]) && cells.indexOf(cells[row]) === row) rows.push(row);
  }
  return rows;
}

function notATime(table: Table, columns: ReadonlyMap<string, RawColumn>, time: ChosenTime, row: number): MemcellError {
  const names = time.reading.columns;
  const cell = names.map((name) => columns.get(name)?.cells()[row] ?? '').join(' ');
  return new MemcellError(
    `${table.where(row, names.join(' and '))}: '${shorten(cell)}' is not a time as the others are (${plainPattern(time.reading.notation)}); correct it, or name it with --missing to leave such rows out`,
  );
}
