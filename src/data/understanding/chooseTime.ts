import { MemcellError } from '../../errors.js';
import type { TimeReading } from '../frame.js';
import type { Table } from '../table.js';
import type { MissingMarks } from './marks.js';
import { candidates, isWeak } from './notations.js';
import { numberTimes, plainTimes, yearTimes } from './numberTimes.js';
import { plainNumbers, type RawColumn } from './rawColumns.js';
import { beginning, type TimeOptions, type Times, textTimes, typedTimes } from './times.js';

/** Words in a column's name that speak of time. */
const timeWords = new Set(
  (
    'date dates datetime time times timestamp ts ds dt when day days month months year years yr week weeks quarter qtr period season datum zeit ' +
    'zeitpunkt zeitstempel tag monat jahr woche kw quartal saison fecha hora mes año ano anio semana heure jour mois année annee semaine ' +
    'dato ora data giorno mese anno settimana t epoch unix utc 日期 时间 時間 年月 дата время'
  ).split(' '),
);

/** Names of a column of numbers that order the rows. */
const orderWords = new Set(
  't time step steps timestep tick seq sequence order position pos frame idx index cycle i k n'.split(' '),
);

/** Names of a column that counts the rows. */
const indexName =
  /^(index|idx|unnamed(: ?\d+)?|row|rows|row[ _]?(nr|no|num|number|id)|rownames|id|no\.?|nr\.?|#|level_0|x1|\.\.\.1)$/i;

const partNames: Record<string, RegExp> = {
  year: /^(year|yr|yyyy|jahr|año|ano|anio|année|annee|anno|jaar|rok)$/i,
  month: /^(month|mon|mo|mm|mnth|monat|mes|mois|mese|maand)$/i,
  quarter: /^(quarter|qtr|q|quartal|trimestre)$/i,
  day: /^(day|dy|dd|dom|mday|(date|day)[ _.]?(of[ _.]?)?(the[ _.]?)?month|month[ _.]?day|tag|día|dia|jour|giorno|dag)$/i,
  hour: /^(hour|hr|hh|h|hours|he|hour[ _]?(of[ _]?day|ending|beginning)|stunde|std|hora|heure|ora|uur|time|uhrzeit|zeit|clock|clock[ _]time|time[ _]of[ _]day|von|ab|from|beginn|start([ _]?time)?)$/i,
  minute: /^(minute|min|minutes|minuto)$/i,
  week: /^(week|wk|weeknum|week[ _]?(no|nr|number|of[ _]?year)|iso[ _]?week|woche|kw|kalenderwoche|semaine|semana|settimana|uge|vecka)$/i,
  halfHour: /^((settlement|trading)[ _-]?)?periods?$|^(sp|half[ _-]?hour|settlement[ _-]?period[ _-]?\w*)$/i,
  dayOfYear: /^(doy|yday|day[ _]?of[ _]?year|julian[ _]?day|jday)$/i,
};

export interface ChosenTime extends Times {
  /** Why, when it isn't plain. */
  notes: string[];
}

export interface TimeChoice {
  time?: ChosenTime;
  /** Columns that count the rows. */
  counters: string[];
  /** Columns that are times as well. */
  others: string[];
  /** Where nothing but a count of the rows is the time: a column of numbers that is named as one, and whose numbers repeat. */
  repeated?: { name: string; numbers: Float64Array };
}

/**
 * The time of a table: the columns asked for; else the column of dates that is named like one, is regular, comes first;
 * a date and an hour, or a year and a month, that make it together; numbers that look like times; a count of the rows.
 * @param groupOf the series each row is in, for columns whose numbers start again in each
 * @throws MemcellError for columns asked for that hold no times
 */
export function chooseTime(
  table: Table,
  columns: ReadonlyMap<string, RawColumn>,
  marks: MissingMarks,
  options: {
    time?: string[];
    /** Columns that are something else, and of these the ones asked for as features or as known. */
    taken: ReadonlySet<string>;
    features: ReadonlySet<string>;
    dates?: 'day' | 'month';
    like?: TimeReading;
    groupOf?: Int32Array;
    /** Whether rows have nothing to do with each other, so that a count of them is no time. */
    single?: boolean;
  },
): TimeChoice {
  const { like, taken, features, groupOf, single = false } = options;
  const timeOptions: TimeOptions = {
    isMissing: marks.isMissing,
    ...(options.dates && { dates: options.dates }),
    ...(like && { like }),
  };
  const asked = options.time ?? like?.columns;
  const free = [...columns.values()].filter(({ name }) => !taken.has(name) && asked?.includes(name) !== true);
  const counters = free.filter((column) => isCounter(column, table.rows, marks)).map(({ name }) => name);
  if (asked !== undefined) {
    const raw = asked.map((name) => columns.get(table.column(name).name)!);
    return { time: askedTime(table, raw, marks, timeOptions), counters, others: [] };
  }
  // A date is no number to learn from: among the columns asked to go in it is the time all the same.
  const possible = [...free, ...[...columns.values()].filter(({ name }) => features.has(name))];
  const dates = possible.flatMap((column) => dateColumn(column, timeOptions) ?? []);
  dates.sort((a, b) => score(b) - score(a));
  if (dates.length > 0) {
    const [time] = dates;
    const others = dates.slice(1).map(({ reading }) => reading.columns[0]);
    const joined = withHour(time, possible, timeOptions);
    if (joined !== undefined) others.push(...endClocks(free, timeOptions));
    return { time: { ...(joined ?? time), notes: joined === undefined ? [] : [joinedNote(joined)] }, counters, others };
  }
  const parts = fromParts(free, timeOptions);
  if (parts !== undefined) return { time: { ...parts, notes: [joinedNote(parts)] }, counters, others: [] };
  const repeated = groupOf === undefined ? repeatedTime(free, marks) : undefined;
  const ordering = single ? free.filter(({ name }) => !counters.includes(name)) : free;
  const numeric = numericTime(ordering, counters, marks, groupOf);
  if (numeric !== undefined) {
    const [name] = numeric.reading.columns;
    const counts = counters.includes(name) && !isNamedTime(name);
    return {
      time: numeric,
      counters: counters.filter((counter) => counter !== name),
      others: [],
      ...(counts && repeated && { repeated }),
    };
  }
  const clock = timeOfDay(free, timeOptions);
  if (clock !== undefined) return { time: { ...clock, notes: [clockNote(clock)] }, counters, others: [] };
  return { counters, others: [], ...(repeated && { repeated }) };
}

/** Years, or whole numbers called time, of which some come more than once: what months or hours do in every series. */
function repeatedTime(free: readonly RawColumn[], marks: MissingMarks): TimeChoice['repeated'] {
  for (const { name, ...column } of free) {
    if (!partNames.year.test(name) && !/^(t|time|date|period)$/i.test(name)) continue;
    const numbers = plainNumbers({ name, ...column }, marks.isMissing);
    if (numbers?.every((value) => value % 1 === 0) === true && !isDistinct(numbers)) return { name, numbers };
  }
  return undefined;
}

/** Whether a column's name speaks of time: 'order_date', 'pickupDatetime', 'Date Time'. */
export function isNamedTime(name: string): boolean {
  const words = name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
  return words.some((word) => timeWords.has(word)) || /date|time|datum|zeit|fecha/i.test(name);
}

function clockNote({ reading }: Times): string {
  return `${reading.columns[0]}: times of one day, which are read without a date`;
}

function joinedNote({ reading }: Times): string {
  return `the columns ${reading.columns.join(' and ')} make the time together`;
}

function askedTime(table: Table, raw: RawColumn[], marks: MissingMarks, options: TimeOptions): ChosenTime {
  const names = raw.map(({ name }) => name);
  const halves = raw.length === 2 && options.like === undefined ? halfHours(raw[0], raw[1], options) : undefined;
  if (halves !== undefined) return { ...halves, notes: [] };
  const found = raw.length === 1 ? singleTime(raw[0], marks, options) : textTimes(names, join(raw), options);
  if (found !== undefined) return { ...found, notes: [] };
  const row = join(raw).findIndex((cell) => !marks.isMissing(cell.trim()));
  const cell = row < 0 ? '' : join(raw)[row];
  throw new MemcellError(
    `${table.where(Math.max(0, row), names.join(' and '))}: '${cell.slice(0, 40)}' is not a time that can be read; write times as 2012-01-31 or 2012-01-31 12:00`,
  );
}

function singleTime(column: RawColumn, marks: MissingMarks, options: TimeOptions): Times | undefined {
  if (column.times !== undefined) return typedTimes(column.name, column.times, column.utc === true);
  const numbers = plainNumbers(column, marks.isMissing);
  if (numbers === undefined) return textTimes([column.name], column.cells(), options);
  const like = options.like;
  if (like?.notation === 'number') return plainTimes(column.name, numbers);
  const years = yearTimes(column.name, numbers, { named: true });
  if (years !== undefined) return years;
  const hints = { named: true, first: true, ...(like && { like }) };
  return numberTimes(column.name, numbers, hints) ?? plainTimes(column.name, numbers);
}

function dateColumn(column: RawColumn, options: TimeOptions): Times | undefined {
  if (column.times !== undefined) return typedTimes(column.name, column.times, column.utc === true);
  if (column.numbers !== undefined) return undefined;
  const cells = column.cells();
  const stride = Math.max(1, Math.floor(cells.length / 7));
  let [seen, dates] = [0, 0];
  for (let row = 0; row < cells.length && seen < 9; row += stride) {
    if (options.isMissing(cells[row])) continue;
    seen++;
    if (isDate(cells[row])) dates++;
  }
  const found = dates > seen / 2 ? textTimes([column.name], cells, options) : undefined;
  return found !== undefined && isWeak(found.reading.notation) && !isNamedTime(column.name) ? undefined : found;
}

/** Digits that are no number are dates too: 31122023, 01.2020. */
function isDate(cell: string): boolean {
  if (cell.length > 80 || (/^[+-]?\d+\.?\d*$/.test(cell) && !/^([0-3]\d{3}|\d{1,2}\.)(19|20)\d{2}$/.test(cell)))
    return false;
  const begun = beginning(cell);
  return candidates(cell).length > 0 || (begun !== undefined && candidates(begun).length > 0);
}

/** Columns that say when a step ends, where its beginning is the time. */
function endClocks(free: readonly RawColumn[], options: TimeOptions): string[] {
  const ends = /^(bis|to|ende?|until|end[ _]?time)$/i;
  return free.filter((column) => ends.test(column.name) && isClock(column, options)).map(({ name }) => name);
}

/** A column of times of one day, in the order of the rows or the other way round. */
function timeOfDay(free: readonly RawColumn[], options: TimeOptions): Times | undefined {
  for (const column of free) {
    if (!isNamedTime(column.name) && column.position > 0) continue;
    if (column.numbers !== undefined || column.times !== undefined) continue;
    const cells = column.cells();
    if (!/^\d{1,2}:\d{2}/.test(cells.find((cell) => !options.isMissing(cell)) ?? '')) continue;
    const found = textTimes([column.name], cells, { ...options, clocks: true });
    if (found?.spacing === undefined || found.odd.length > 0) continue;
    const times = found.calendar.filter((time) => !Number.isNaN(time));
    const sign = Math.sign(times[1] - times[0]);
    if (times.every((time, i) => i === 0 || Math.sign(time - times[i - 1]) === sign)) return found;
  }
  return undefined;
}

function score({ reading, spacing }: Times): number {
  return (isNamedTime(reading.columns.join(' ')) ? 2 : 0) + (spacing === undefined ? 0 : 1);
}

/** A date whose days repeat, with a column beside it that holds an hour or a time of day. */
function withHour(date: Times, free: readonly RawColumn[], options: TimeOptions): Times | undefined {
  const hasClock = date.calendar.some((time) => !Number.isNaN(time) && time % 86_400_000 !== 0);
  if (hasClock) return undefined;
  const dateColumn = free.find(({ name }) => name === date.reading.columns[0]);
  for (const period of free) {
    const halves = dateColumn && period !== dateColumn ? halfHours(dateColumn, period, options) : undefined;
    if (halves !== undefined) return halves;
  }
  const clock = free.find(
    (column) => column !== dateColumn && partNames.hour.test(column.name) && isClock(column, options),
  );
  if (dateColumn === undefined || clock === undefined) return undefined;
  const different = new Set(date.calendar).size;
  if (different > date.calendar.length / 2) return undefined;
  const minute = free.find((column) => partNames.minute.test(column.name) && isClock(column, options, 59));
  const raw = minute === undefined ? [dateColumn, clock] : [dateColumn, clock, minute];
  const joined = textTimes(
    raw.map(({ name }) => name),
    join(raw),
    options,
  );
  return joined !== undefined && new Set(joined.calendar).size > different ? joined : undefined;
}

/**
 * A date with the number of a half hour of its day, as markets for electricity count them. Which zone's days they are, of
 * those that its name speaks of, is settled by the more regular steps.
 */
function halfHours(date: RawColumn, period: RawColumn, options: TimeOptions): Times | undefined {
  if (!partNames.halfHour.test(period.name)) return undefined;
  const numbers = plainNumbers(period, options.isMissing);
  if (numbers?.every((value) => !(value < 1 || value > 50 || value % 1 !== 0)) !== true) return undefined;
  if (!numbers.some((value) => value > 24)) return undefined;
  const days = dateColumn(date, options);
  if (days === undefined) return undefined;
  const cells = join([date, period]);
  const fields = /trading/i.test(period.name)
    ? ['PPP', 'P']
    : /settlement|^sp$/i.test(period.name)
      ? ['PP', 'P']
      : ['P', 'PP'];
  const readings = fields.flatMap((field) => {
    const like = { ...days.reading, columns: [date.name, period.name], notation: `${days.reading.notation} ${field}` };
    const found = textTimes(like.columns, cells, { ...options, like });
    return found?.reading.notation === like.notation ? [found] : [];
  });
  const share = ({ spacing }: Times) => (spacing === undefined ? 1 : spacing.off / spacing.total);
  return readings.reduce<Times | undefined>(
    (best, one) => (best === undefined || share(one) < share(best) ? one : best),
    undefined,
  );
}

function isClock(column: RawColumn, { isMissing }: TimeOptions, most = 24): boolean {
  if (column.numbers !== undefined)
    return column.numbers.every((value) => value >= 0 && value <= most && value % 1 === 0);
  return column
    .cells()
    .every((cell) => isMissing(cell) || (/^\d{1,2}$/.test(cell) ? Number(cell) <= most : /^\d{1,2}:\d{2}/.test(cell)));
}

/** Year and month, quarter, week or day of the year, with day, hour and minute of a month, in columns of their own. */
function fromParts(free: readonly RawColumn[], options: TimeOptions): Times | undefined {
  const find = (part: string) => free.find(({ name }) => partNames[part].test(name));
  const year = find('year');
  const month = find('month');
  if (year === undefined) return undefined;
  const other = month === undefined ? (find('quarter') ?? find('week') ?? find('dayOfYear')) : undefined;
  if (month === undefined && other === undefined) return undefined;
  const day = month && find('day');
  const hour = day && find('hour');
  const minute = hour && find('minute');
  const raw = [year, month ?? other, day, hour, minute].filter((column) => column !== undefined);
  const names = raw.map(({ name }) => name);
  const cells = join(raw);
  const found = textTimes(names, cells, options);
  const isQuarter = other !== undefined && partNames.quarter.test(other.name);
  if (options.like !== undefined || !isQuarter || !found?.reading.notation.endsWith(' M')) return found;
  // 1 to 4 are months, too, but for the column's name.
  const like = { ...found.reading, notation: found.reading.notation.replace(/M$/, 'Q') };
  return textTimes(names, cells, { ...options, like });
}

/** Cells of several columns with a space between them; an hour and a minute with a colon, a week as 2020-W01, a day of the year as 2020-001. */
function join(raw: readonly RawColumn[]): string[] {
  const lists = raw.map((column) =>
    column.numbers === undefined ? column.cells() : Array.from(column.numbers, String),
  );
  const minutes = raw.findIndex(
    ({ name }, i) => i > 0 && partNames.minute.test(name) && partNames.hour.test(raw[i - 1].name),
  );
  const [week, yearDay] = [partNames.week, partNames.dayOfYear].map(
    (part) => raw.length === 2 && part.test(raw[1].name),
  );
  if (week || yearDay) {
    return lists[0].map((year, row) => {
      const number = lists[1][row].replace(/\D/g, '');
      if (year === '' || number === '') return '';
      return week ? `${year}-W${number.padStart(2, '0')}` : `${year}-${number.padStart(3, '0')}`;
    });
  }
  return lists[0].map((_, row) =>
    lists.reduce((text, cells, i) => {
      if (i === 0) return cells[row];
      return i === minutes ? `${text}:${cells[row].padStart(2, '0')}` : `${text} ${cells[row]}`;
    }, ''),
  );
}

function numericTime(
  free: readonly RawColumn[],
  counters: readonly string[],
  marks: MissingMarks,
  groupOf: Int32Array | undefined,
): ChosenTime | undefined {
  const named = (column: RawColumn) => isNamedTime(column.name);
  const ordered = [...free].sort((a, b) => Number(named(b)) - Number(named(a)));
  for (const column of ordered) {
    const numbers = plainNumbers(column, marks.isMissing);
    if (numbers === undefined) continue;
    if (counters.includes(column.name) && !named(column) && spanOf(numbers) <= numbers.length) continue;
    const hints = { named: named(column), first: column.position === 0 };
    const found = numberTimes(column.name, numbers, hints) ?? yearTimes(column.name, numbers, { named: named(column) });
    if (found !== undefined) return { ...found, notes: [`${column.name}: its numbers are read as times`] };
  }
  for (const column of ordered) {
    const word = orderWords.has(column.name.toLowerCase()) || named(column);
    if (!word && !counters.includes(column.name)) continue;
    const numbers = plainNumbers(column, marks.isMissing);
    // A slip in a column named as a time is told of it.
    if (numbers === undefined || !isDistinct(numbers, groupOf, named(column) ? 0.99 : 1)) continue;
    // Rows chosen from more are no series with gaps.
    if (column.name === 'index' && column.position === 0 && spanOf(numbers) > 1.2 * numbers.length) continue;
    const found = plainTimes(column.name, numbers);
    if (found.spacing !== undefined || groupOf !== undefined) return { ...found, notes: [] };
  }
  return undefined;
}

function spanOf(numbers: Float64Array): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of numbers) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most - least + 1;
}

/**
 * Whether a column counts the rows, from 0 or 1, in some order: by its name, or as the first one; an index may have gaps, as
 * that of rows chosen from more.
 */
function isCounter(column: RawColumn, rows: number, marks: MissingMarks): boolean {
  const word = indexName.test(column.name) || orderWords.has(column.name.toLowerCase());
  if (rows < 3 || (!word && column.position > 0)) return false;
  const numbers = plainNumbers(column, marks.isMissing);
  if (numbers === undefined) return false;
  let [least, most, missing, last, ascending] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    Number.NEGATIVE_INFINITY,
    true,
  ];
  for (const value of numbers) {
    ascending &&= value > last;
    last = value;
    if (Number.isNaN(value)) missing++;
    else if (!Number.isInteger(value)) return false;
    else {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (column.position === 0 && column.name === 'index' && ascending && least >= 0) return true;
  const count = rows - missing;
  return (least === 0 || least === 1) && missing <= 3 && most - least === count - 1 && isDistinct(numbers);
}

/** @param share of the numbers, in each series, that must differ */
function isDistinct(numbers: Float64Array, groupOf?: Int32Array, share = 1): boolean {
  const seen = new Set<number | string>();
  let count = 0;
  for (let row = 0; row < numbers.length; row++) {
    if (Number.isNaN(numbers[row])) continue;
    seen.add(groupOf === undefined ? numbers[row] : `${groupOf[row]} ${numbers[row]}`);
    count++;
  }
  return seen.size >= share * count;
}
