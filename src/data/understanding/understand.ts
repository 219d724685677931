import { MemcellError } from '../../errors.js';
import type { Account, Frame, FrameReading, Note, SeriesRange, TimeReading } from '../frame.js';
import type { Table } from '../table.js';
import { chooseTime, type TimeChoice } from './chooseTime.js';
import { ColumnReader } from './columns.js';
import { makeFrame, whereIs } from './makeFrame.js';
import { MissingMarks } from './marks.js';
import { plainPattern } from './notation.js';
import { noteText } from './notes.js';
import { prepareColumn, refuseMissing } from './prepare.js';
import { type RawColumn, rawColumns } from './rawColumns.js';
import { type Request, readRequest, type UnderstandOptions } from './request.js';
import { keepRows, proposeGroup, tellRepeated, withoutRepeats } from './rows.js';
import { withoutRowsToCome } from './rowsToCome.js';
import { type Groups, groupRows, type Ordered, orderRows } from './series.js';
import { describeStep } from './steps.js';
import { type Timeline, timeline } from './timeline.js';
import { writeTime } from './timeText.js';
import { refuseWide, wideNotes } from './wide.js';
import { placeOf } from './wording.js';

export { accountText } from './account.js';
export { encode } from './encode.js';
export { parseReading } from './parseReading.js';
export type { UnderstandOptions } from './request.js';
export { labelsAfter, readTime, writeTime } from './timeText.js';

/**
 * Understands a table: which column is the time and how it is written, its step and gaps; how every column's cells become
 * numbers; which rows and columns are left out and why. Nothing is done in silence: `account` has all of it.
 * @throws MemcellError for what cannot be understood without a word from the user: the message has the option
 */
export function understand(table: Table, options: UnderstandOptions = {}): Frame {
  if (options.like === undefined) refuseWide(table, options.targets ?? []);
  const request = readRequest(table, options);
  const columns = rawColumns(table);
  const marks = new MissingMarks(request.missing);
  const notes: Note[] = [...table.notes];
  const groups = groupsOf(table, columns, request, marks);
  if (groups !== undefined && groups.spelled.length > 0) {
    const names = groups.spelled.slice(0, 3).map((names) => names.join(', '));
    notes.push(
      `${request.group.join(', ')}: count as the same: ${names.join('; ')}${groups.spelled.length > 3 ? '; …' : ''}`,
    );
  }
  const choice = findTime(table, columns, marks, request, options, groups?.of);
  notes.push(...timeNotes(table, choice, options));
  const label = [...request.uses].find(([, use]) => use === 'label')?.[0];
  const { goesOn = false } = options;
  const given = { group: request.group, time: choice.time, groups, label, goesOn };
  const kept = keepRows(table, columns, given, marks, notes);
  const timeColumns = [...(choice.time?.reading.columns ?? []), ...choice.others];
  const readerOf = (rows: Int32Array) => new ColumnReader(table, columns, rows, marks, options.decimal, timeColumns);
  const inOrder = putInOrder(table, columns, kept, { choice, groups, request, options, label }, notes);
  const filled = withoutEmptySeries(columns, inOrder, request, readerOf(inOrder.rows), notes);
  const ordered =
    goesOn || options.only !== undefined ? filled : withoutRowsToCome(columns, filled, request.uses, marks, notes);
  if (label === undefined && options.like === undefined) notes.push(...wideNotes(table, request.uses));
  const line =
    choice.time === undefined ? untimed(ordered) : timeline(table, choice.time, ordered, request, options, notes);
  const preparing = {
    table,
    request,
    options,
    choice,
    line,
    reader: readerOf(ordered.rows),
    rows: ordered.rows,
    notes,
  };
  const raw = [...columns.values()];
  const prepared = raw.map((column) => prepareColumn(column, preparing));
  const origins = line.origin.map((row) => (row < 0 ? -1 : ordered.rows[line.buckets?.from[row] ?? row]));
  if (request.fill === 'none') refuseMissing(prepared, (row, column) => whereIs(table, origins, row, column));
  const { reading: timeReading } = line;
  const written = (row: number) =>
    line.buckets === undefined ? cellsOf(timeReading?.columns, columns, origins[row]) : undefined;
  const times = frameTimes(line, choice);
  const account: Account = {
    source: table.name,
    read: table.rows,
    rows: line.origin.length,
    ...(timeReading && { time: timeAccount(timeReading, times, line.gaps, ordered.sorted, written) }),
    columns: prepared.map(({ account }) => account),
    ...(groups && { series: seriesAccount(request.group, line.series) }),
    notes: notes.map(noteText),
  };
  const reading: FrameReading = {
    columns: prepared.map(({ account: { name, use }, reading }) => ({ name, use, reading })),
    ...(timeReading && { time: timeReading }),
    ...(request.group.length > 0 && { group: [...request.group] }),
    fill: request.fill === 'none' ? 'none' : 'linear',
    ...(request.missing.length > 0 && { missing: request.missing }),
    ...(request.every !== undefined && { every: request.every }),
  };
  const time = timeReading && {
    columns: timeReading.columns,
    times,
    ...(timeReading.step && { step: timeReading.step }),
    ...(timeReading.season !== undefined && { season: timeReading.season }),
  };
  return makeFrame({
    table,
    columns: raw,
    prepared,
    origins,
    series: line.series,
    account,
    notes,
    reading,
    ...(time && { time }),
  });
}

function groupsOf(
  table: Table,
  columns: ReadonlyMap<string, RawColumn>,
  request: Request,
  marks: MissingMarks,
): Groups | undefined {
  if (request.group.length === 0) return undefined;
  return groupRows(
    request.group.flatMap((name) => columns.get(name) ?? []),
    table.rows,
    marks.isMissing,
  );
}

function findTime(
  table: Table,
  columns: ReadonlyMap<string, RawColumn>,
  marks: MissingMarks,
  request: Request,
  options: UnderstandOptions,
  groupOf: Int32Array | undefined,
): TimeChoice {
  const like = options.like?.time;
  if (options.like !== undefined && request.time === undefined) return { counters: [], others: [] };
  const named = [...request.uses].filter(([, use]) => use !== 'time');
  const choice = chooseTime(table, columns, marks, {
    taken: new Set(named.map(([name]) => name)),
    features: new Set(named.filter(([, use]) => use === 'feature' || use === 'known').map(([name]) => name)),
    ...(request.time && { time: request.time }),
    ...(options.dates && { dates: options.dates }),
    ...(like && { like }),
    ...(groupOf && { groupOf }),
    single: options.label !== undefined && groupOf === undefined,
  });
  const { time } = choice;
  for (const name of time?.reading.columns ?? []) {
    const use = request.uses.get(name);
    if (use !== 'feature' && use !== 'known') continue;
    const option = use === 'known' ? 'known' : 'features';
    time?.notes.push(
      `${name} is taken as the time, so it is no column of ${option}: the season and the step come from it`,
    );
  }
  return choice;
}

/** What is not plain about how the time was found and read. */
function timeNotes(table: Table, { time }: TimeChoice, { like }: UnderstandOptions): string[] {
  if (time === undefined) {
    if (like?.time === undefined) return [];
    return [`${table.name} has no ${like.time.columns.join(', ')}: its rows are taken in their order`];
  }
  const { notation } = time.reading;
  const name = time.reading.columns.join(' and ');
  const notes = [...time.notes];
  if (time.spans) notes.push(`${name}: each cell holds two times, of which the first counts`);
  if (time.other !== undefined) {
    const month = /^\W*M/.test(notation.replace(/^.*?(?=[dM])/, ''));
    notes.push(
      `${name}: day and month fit in either order; read as ${plainPattern(notation)}; --dates ${month ? 'day' : 'month'} reads ${time.other}`,
    );
  }
  if (/(^|[^y])yy($|[^y])/.test(notation)) {
    const [first, last] = [least(time.calendar), most(time.calendar)].map((at) => new Date(at).getUTCFullYear());
    notes.push(`${name}: years of two digits are read as ${first} to ${last}`);
  }
  return notes;
}

function putInOrder(
  table: Table,
  columns: ReadonlyMap<string, RawColumn>,
  kept: Int32Array,
  given: {
    choice: TimeChoice;
    groups: Groups | undefined;
    request: Request;
    options: UnderstandOptions;
    label: string | undefined;
  },
  notes: Note[],
): Ordered {
  const { groups, request, options, label } = given;
  const { time, others, repeated } = given.choice;
  const mayChange = time !== undefined && time.reading.offset === undefined && time.walls === undefined;
  const ordered = orderRows(kept, time?.calendar, groups, { mayChange });
  const times = [...(time?.reading.columns ?? []), ...others];
  const free = [...columns.keys()].filter((name) => {
    if (options.like !== undefined) return false;
    return !times.includes(name) && (request.uses.get(name) ?? 'feature') === 'feature';
  });
  if (repeated !== undefined && label === undefined && options.timeless !== true)
    tellRepeated(table, columns, ordered.rows, repeated, free, notes);
  if (time === undefined || options.timeless === true) return ordered;
  if (ordered.putBack.length > 0) {
    const place = placeOf(table, ordered.putBack[0]);
    notes.push(`an hour comes twice at ${place}, as clocks are put back; rows are taken in their order there`);
  }
  if (request.every === undefined) {
    const write = (at: number) => writeTime(time.reading, at);
    return withoutRepeats(table, columns, time, ordered, { free, write, refuse: label === undefined }, notes);
  }
  const proposal = groups === undefined ? proposeGroup(columns, time, ordered, free) : undefined;
  if (proposal !== undefined) notes.push(`rows of several series are put together; ${proposal} keeps them apart`);
  return ordered;
}

/** Series that have no value of any target at all are left out, and told. */
function withoutEmptySeries(
  columns: ReadonlyMap<string, RawColumn>,
  ordered: Ordered,
  request: Request,
  reader: ColumnReader,
  notes: Note[],
): Ordered {
  if (ordered.series.length < 2) return ordered;
  const targets = [...request.uses].filter(([, use]) => use === 'target').flatMap(([name]) => columns.get(name) ?? []);
  const values = targets.map((column) => reader.numbers(column, '')?.values);
  const empty = ordered.series.filter(({ from, to }) =>
    values.some((column) => column?.subarray(from, to).every((value) => Number.isNaN(value))),
  );
  if (empty.length === 0) return ordered;
  const names = targets.map(({ name }) => name).join(' or ');
  if (empty.length === ordered.series.length) throw new MemcellError(`no series has a value of ${names}`);
  notes.push(
    `${empty.length} series left out, which have no ${names}: ${empty
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ')}${empty.length > 5 ? ', …' : ''}`,
  );
  const rows: number[] = [];
  const series: SeriesRange[] = [];
  for (const range of ordered.series) {
    if (empty.includes(range)) continue;
    series.push({ name: range.name, from: rows.length, to: rows.length + range.to - range.from });
    for (let i = range.from; i < range.to; i++) rows.push(ordered.rows[i]);
  }
  return { ...ordered, rows: Int32Array.from(rows), series };
}

/** Rows in their order, without a time. */
function untimed({ rows, series }: Ordered): Timeline {
  const origin = rows.map((_, i) => i);
  return { origin, calendar: new Float64Array(0), series, gaps: 0, irregular: false, events: false };
}

/** Times as frames have them: UTC where one offset is written. */
function frameTimes({ calendar }: Timeline, { time }: TimeChoice): Float64Array {
  const shift = time?.shift ?? 0;
  return shift === 0 ? calendar : calendar.map((at) => at - shift);
}

function timeAccount(
  reading: TimeReading,
  times: Float64Array,
  gaps: number,
  sorted: boolean,
  cell: (row: number) => string | undefined,
): Account['time'] {
  const write = (at: number) => cell(times.indexOf(at)) ?? writeTime(reading, at);
  const language = reading.locale === undefined || reading.locale === 'en' ? '' : ` (${reading.locale})`;
  return {
    columns: [...reading.columns],
    notation: plainPattern(reading.notation) + language,
    first: write(least(times)),
    last: write(most(times)),
    ...(reading.step && { step: describeStep(reading.step) }),
    ...(reading.season !== undefined && { season: reading.season }),
    gaps,
    sorted,
  };
}

function cellsOf(names: readonly string[] = [], columns: ReadonlyMap<string, RawColumn>, row: number): string {
  return names.map((name) => columns.get(name)?.cells()[row] ?? '').join(' ');
}

function least(values: Float64Array): number {
  return values.reduce((least, value) => (value < least ? value : least), Number.POSITIVE_INFINITY);
}

function most(values: Float64Array): number {
  return values.reduce((most, value) => (value > most ? value : most), Number.NEGATIVE_INFINITY);
}

function seriesAccount(columns: readonly string[], series: readonly SeriesRange[]): Account['series'] {
  const lengths = series.map(({ from, to }) => to - from);
  return {
    columns: [...columns],
    count: series.length,
    shortest: lengths.reduce((least, length) => Math.min(least, length)),
    longest: lengths.reduce((most, length) => Math.max(most, length)),
  };
}
