import { MemcellError } from '../../errors.js';
import type { Account, ColumnReading, ColumnUse, Note } from '../frame.js';
import type { Table } from '../table.js';
import { isNamedTime, type TimeChoice } from './chooseTime.js';
import {
  type ColumnReader,
  describeReading,
  isOneOrMissing,
  isZeroOne,
  type ReadColumn,
  type Unread,
} from './columns.js';
import { fillLast, fillLinear, median } from './fill.js';
import { fillSeasonal } from './fillSeasonal.js';
import { spreadOut } from './gaps.js';
import type { RawColumn } from './rawColumns.js';
import type { Request, UnderstandOptions } from './request.js';
import { type Aggregate, aggregate, aggregateOf } from './resample.js';
import type { Timeline } from './timeline.js';
import { quoted, shorten, times } from './wording.js';

/** A column as frames have it, with what is told of it. */
export interface PreparedColumn {
  reading: ColumnReading;
  /** One per row of the frame; empty for texts and times. */
  values: Float64Array;
  /** Per row 1 where a missing value was filled in; left out where none was. */
  filled?: Uint8Array;
  account: Account['columns'][number];
  /** The first row of the frame that is missing, or −1. */
  firstMissing: number;
  /** Whether it is left out as it holds too many different texts. */
  texts?: true;
}

export interface Preparing {
  table: Table;
  request: Request;
  options: UnderstandOptions;
  choice: TimeChoice;
  line: Timeline;
  reader: ColumnReader;
  /** The table's rows in the order of series and time. */
  rows: Int32Array;
  notes: Note[];
}

const nothing = new Float64Array(0);

/** What a column is used for and how, its values in the rows of the frame, missing ones filled in. */
export function prepareColumn(column: RawColumn, given: Preparing): PreparedColumn {
  const { choice, request, options, line, notes } = given;
  const { name } = column;
  const told = (use: ColumnUse, reading: ColumnReading, how: string, why?: string): PreparedColumn => ({
    reading,
    values: nothing,
    account: { name, use, how, ...(why !== undefined && { why }) },
    firstMissing: -1,
  });
  const out = (why: string) => told('out', { kind: 'text' }, 'left out', why);
  const asked = request.uses.get(name);
  if (choice.time?.reading.columns.includes(name)) return told('time', { kind: 'time' }, 'time');
  if (asked === 'group') return told('group', { kind: 'text' }, 'text');
  if (asked === 'label') return told('label', { kind: 'text' }, 'text');
  if (asked === 'out') return out(options.like === undefined ? 'dropped' : 'not needed here');
  if (asked === undefined) {
    if (options.like !== undefined) return out('the model does not use it');
    if (choice.others.includes(name))
      return out(`a time as well; the time is ${choice.time?.reading.columns.join(' and ')}`);
    if (choice.counters.includes(name)) return out('counts the rows');
    if (request.named) return out('not among the features');
  }
  const use = asked ?? 'feature';
  const read = readValues(column, use, given);
  if ('why' in read) {
    if (choice.time === undefined && isNamedTime(name) && read.texts) notes.push(unreadTime(column, given));
    return { ...out(read.why), ...(read.texts && { texts: true }) };
  }
  const { reading } = read;
  notes.push(...read.notes);
  if (use === 'feature' && options.like === undefined && options.whole !== true) {
    const why = useless(name, read, given);
    if (why !== undefined) return out(why);
  }
  if (use === 'target' || asked === undefined) notes.push(...outlandish(name, read.values));
  const { values, how, zeros } = onRows(name, read, line, request);
  const missing = values.reduce((sum, value) => sum + Number(Number.isNaN(value)), 0);
  const firstMissing = values.findIndex((value) => Number.isNaN(value));
  const written =
    line.buckets === undefined
      ? describeReading(reading)
      : `${describeReading(reading)}, ${how} of a step${zeros ? ', 0 in those without a row' : ''}`;
  const account = { name, use, how: written, ...(missing > 0 && { missing }) };
  if (missing === 0 || request.fill !== 'linear')
    return { reading: withMiddle(read, values, given), values, account, firstMissing };
  const filled = Uint8Array.from(values, (value) => Number(Number.isNaN(value)));
  const by = options.timeless === true ? fillAlone(read, values, given) : fillAlong(name, read, values, given);
  return { reading: by.reading, values, filled, account: { ...account, filled: by.how }, firstMissing };
}

/** @throws MemcellError at the first value that is missing from a column that is used */
export function refuseMissing(
  prepared: readonly PreparedColumn[],
  where: (row: number, column: string) => string,
): void {
  for (const { account, firstMissing } of prepared) {
    if (firstMissing < 0) continue;
    throw new MemcellError(
      `${where(firstMissing, account.name)}: the value is missing; fill it, leave the row or the column out, or leave out --fill none to have it filled in`,
    );
  }
}

function readValues(column: RawColumn, use: ColumnUse, given: Preparing): ReadColumn | Unread {
  const { options, reader, table, rows } = given;
  const saved = options.like?.columns.find(({ name }) => name === column.name)?.reading;
  const remedy = use === 'target' ? '' : `, or --drop ${quoted(column.name)}`;
  if (saved?.kind === 'number') return reader.numbersLike(column, saved, remedy);
  if (saved?.kind === 'flag') return reader.asFlag(column, saved);
  if (saved?.kind === 'category') return reader.asCategory(column, saved);
  const numbers = reader.numbers(column, remedy);
  if (use === 'target') {
    if (numbers === undefined && reader.isEmpty(column)) throw empty(table, column);
    if (numbers === undefined) throw noNumbers(table, column, rows, isNamedTime(column.name));
    if (numbers.values.every(Number.isNaN)) throw empty(table, column);
    return numbers;
  }
  if (numbers === undefined) return reader.texts(column);
  if (isOneOrMissing(numbers.values)) return reader.texts(column);
  if (!isZeroOne(numbers.values)) return numbers;
  return { ...numbers, reading: { kind: 'flag', zero: '0', one: '1' } };
}

/** Of a table without a time: that a column which is named like one could not be read as such. */
function unreadTime(column: RawColumn, { table, rows }: Preparing): string {
  const row = rows.reduce((least, one) => Math.min(least, one), rows[0]);
  return `${table.where(row, column.name)}: '${shorten(column.cells()[row])}' is not read as a time, so rows count as consecutive; write times as 2012-01-31 or 2012-01-31 12:00`;
}

/** Why a column has nothing to learn from. */
function useless(name: string, { reading, values }: ReadColumn, { table, request }: Preparing): string | undefined {
  let [least, most, whole, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    if (value < least) least = value;
    if (value > most) most = value;
    whole &&= Number.isInteger(value);
  }
  if (count === 0) return 'every cell is missing';
  if (request.named) return undefined;
  if (least === most) return `every value is ${reading.kind === 'number' ? least : 'the same'}`;
  if (
    reading.kind === 'number' &&
    whole &&
    (/(^|[_\s-])(id|uuid|key|nr|no)$/i.test(name) || /[a-z]I[dD]$/.test(name)) &&
    count > 20
  ) {
    if (new Set(values).size === table.rows) return 'names each row';
  }
  return undefined;
}

/** Values that stand for missing ones as -999 does: alone and far from all others. */
function outlandish(name: string, values: Float64Array): string[] {
  const marks = [-99, -999, -9999, -99999, -99.9, -999.9, 9999, 99999, 999999];
  return marks.flatMap((mark) => {
    let [count, least, most] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      if (value === mark) count++;
      else if (!Number.isNaN(value)) {
        if (value < least) least = value;
        if (value > most) most = value;
      }
    }
    if (count === 0 || most < least) return [];
    const distance = mark < least ? least - mark : mark - most;
    if (distance <= 3 * (most - least)) return [];
    return [
      `${name}: ${mark} stands ${times(count, 'time')}, far from all else; if it means that there is no value: --missing ${mark}`,
    ];
  });
}

/** Values in the rows of the frame: put together by steps, with missing ones where rows were filled in. */
function onRows(
  name: string,
  { reading, values }: ReadColumn,
  line: Timeline,
  request: Request,
): { values: Float64Array; how?: Aggregate; zeros?: boolean } {
  if (line.buckets === undefined) return { values: spreadOut(values, line.origin) };
  const how: Aggregate =
    reading.kind === 'flag'
      ? 'max'
      : reading.kind === 'category'
        ? 'most frequent'
        : aggregateOf(name, values, unitOf(reading));
  const step = spreadOut(aggregate(values, line.buckets, how), line.origin);
  const zeros = how === 'sum' && line.events && request.fill === 'linear' && line.origin.includes(-1);
  if (zeros) for (let row = 0; row < step.length; row++) if (line.origin[row] < 0) step[row] = 0;
  return { values: step, how, zeros };
}

function unitOf(reading: ColumnReading): string | undefined {
  return reading.kind === 'number' ? reading.unit : undefined;
}

/** Along time, series by series; a series without any value gets the median, or the most frequent one, of all. */
function fillAlong(
  name: string,
  { reading }: ReadColumn,
  values: Float64Array,
  { line, notes }: Preparing,
): { reading: ColumnReading; how: string } {
  const [numbers, middle] = [reading.kind === 'number', middleOf(reading, values)];
  const season = line.reading?.season ?? 1;
  const seasonal =
    numbers && season > 1
      ? line.series.filter(({ from, to }) => fillSeasonal(values.subarray(from, to), season)).length
      : 0;
  if (numbers) fillLinear(values, line.series, line.irregular ? line.calendar : undefined);
  else fillLast(values, line.series);
  const rest = line.series.filter(({ from, to }) => to > from && Number.isNaN(values[from]));
  if (rest.length > 0) {
    for (const { from, to } of rest) values.fill(middle, from, to);
    notes.push(
      `${name}: ${times(rest.length, 'series', 'series')} without any value ${rest.length === 1 ? 'has' : 'have'} that of the others (${middle})`,
    );
  }
  const withSeason = seasonal > 0 ? ` with the season of ${season} rows` : '';
  return { reading, how: numbers ? `filled in between${withSeason}, next or last value at the ends` : 'last value' };
}

/** A row alone is filled by what others had in training, which is remembered also where none was missing. */
function withMiddle({ reading }: ReadColumn, values: Float64Array, { options, request }: Preparing): ColumnReading {
  const remembers = options.timeless === true && options.like === undefined && request.fill === 'linear';
  if (!hasMiddle(reading) || !remembers || values.every(Number.isNaN)) return reading;
  return { ...reading, middle: middleOf(reading, values) };
}

function hasMiddle(reading: ColumnReading): reading is Extract<ColumnReading, { kind: 'number' | 'flag' }> {
  return reading.kind === 'number' || reading.kind === 'flag';
}

/** The median, or the most frequent flag or category. */
function middleOf({ kind }: ColumnReading, values: Float64Array): number {
  return kind === 'number' ? median(values) : mode(values);
}

/** Without time: the median, or the most frequent flag; a category is none of its values. */
function fillAlone(
  { reading }: ReadColumn,
  values: Float64Array,
  { options }: Preparing,
): { reading: ColumnReading; how: string } {
  if (!hasMiddle(reading)) return { reading, how: 'none of them' };
  const found = reading.middle ?? middleOf(reading, values);
  const middle = Number.isNaN(found) ? 0 : found;
  replaceMissing(values, middle);
  return {
    reading: options.like === undefined ? { ...reading, middle } : reading,
    how: reading.kind === 'number' ? `the median, ${middle}` : `${middle}`,
  };
}

function replaceMissing(values: Float64Array, by: number): void {
  for (let row = 0; row < values.length; row++) if (Number.isNaN(values[row])) values[row] = by;
}

/** The most frequent index; 0 when there is none. */
function mode(values: Float64Array): number {
  const counts = new Map<number, number>();
  for (const value of values) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce(
    (best, entry) => (entry[1] > best[1] || (entry[1] === best[1] && entry[0] < best[0]) ? entry : best),
    [0, 0],
  )[0];
}

function empty(table: Table, column: RawColumn): MemcellError {
  return new MemcellError(`${table.name}: every value of column ${column.name} is missing; choose another column`);
}

function noNumbers(table: Table, column: RawColumn, rows: Int32Array, time: boolean): MemcellError {
  const first = rows.reduce((least, row) => Math.min(least, row), rows[0]);
  const cell = column.cells()[first];
  return new MemcellError(
    `${table.where(first, column.name)}: '${shorten(cell)}' is not a number; the column holds ${time ? 'times' : 'text'}; choose one that holds numbers`,
  );
}
