import type { TimeReading } from '../frame.js';
import { monthNames, weekdayNames } from './monthNames.js';
import { type Notation, plainPattern } from './notation.js';
import { type Candidate, candidates, notationOf } from './notations.js';
import { findSpacing, type Spacing } from './steps.js';

/** A column's times, or those of columns that make them together, one per row. */
export interface Times {
  /** How they are read; the step is not there yet. */
  reading: TimeReading;
  /** Milliseconds since 1970, or plain numbers, in which steps are counted; NaN where there is none. */
  calendar: Float64Array;
  /** What is to be subtracted for UTC: nothing where no zone is written or it changes. */
  shift: number;
  /** What the clock showed, where the offset changes. */
  walls?: Float64Array;
  /** The rows whose cell holds something else. */
  odd: number[];
  /** The other order of day and month, where both fit as well. */
  other?: string;
  spacing?: Spacing;
}

export interface TimeOptions {
  /** Which comes first in 01/02/2020. */
  dates?: 'day' | 'month';
  isMissing(cell: string): boolean;
  /** The notation of the model's data: tried first. */
  like?: TimeReading;
}

/** The times of texts, when more than half of those that are not missing are times in one notation. */
export function textTimes(columns: string[], cells: readonly string[], options: TimeOptions): Times | undefined {
  const samples = sample(cells, options.isMissing);
  if (samples.length === 0) return undefined;
  const saved = options.like === undefined ? [] : [{ pattern: options.like.notation, locale: options.like.locale }];
  let best = fitting(
    [...saved.filter(({ pattern }) => scaled(pattern, 0) === undefined), ...proposals(samples, false)],
    samples,
  );
  if (best.fit < samples.length) {
    const loose = fitting(proposals(samples, true), samples);
    if (loose.fit > best.fit) best = loose;
  }
  if (best.fit <= samples.length / 2) return undefined;
  const wanted = best.pool.filter(
    ({ pattern }) => options.dates === undefined || firstOf(pattern) !== other(options.dates),
  );
  const readings = families(wanted.length > 0 ? wanted : best.pool).map((family) => {
    let least: Read | undefined;
    for (const candidate of family) {
      const read = readAll(candidate, cells, options.isMissing);
      if (least === undefined || read.odd.length < least.odd.length) least = read;
      if (least.odd.length === 0) break;
    }
    return least!;
  });
  const fewest = readings.reduce((least, { odd }) => Math.min(least, odd.length), cells.length);
  const equal = readings.filter(({ odd }) => odd.length === fewest).map((read) => inTime(read, columns));
  const known = equal.find(({ reading }) => reading.notation === options.like?.notation);
  if (known !== undefined) return known;
  const regular = equal.reduce((best, one) => (share(one) < share(best) ? one : best));
  const ties = equal.filter((one) => share(one) === share(regular));
  // Where nothing tells day from month, clocks with a.m. and p.m. are American.
  const american = ties.find(({ reading }) => /a/.test(reading.notation) && firstOf(reading.notation) === 'month');
  const chosen = american ?? ties[0];
  const rival = ties.find((one) => one !== chosen);
  if (rival !== undefined) chosen.other = plainPattern(rival.reading.notation);
  return chosen;
}

/** Milliseconds since 1970 as a typed column has them, written as ISO does. */
export function typedTimes(column: string, times: Float64Array, utc: boolean): Times {
  const wholly = (length: number) => times.every((time) => Number.isNaN(time) || time % length === 0);
  const clock = wholly(60_000) ? 'HH:mm' : wholly(1000) ? 'HH:mm:ss' : 'HH:mm:ss.SSS';
  const notation = wholly(86_400_000) ? 'yyyy-MM-dd' : utc ? `yyyy-MM-dd'T'${clock}Z` : `yyyy-MM-dd ${clock}`;
  const found: Times = { reading: { columns: [column], notation }, calendar: times, shift: 0, odd: [] };
  return { ...found, spacing: spacingOf(times, false) };
}

/** Times as plain numbers: what one is in milliseconds, where 0 stands, and the numbers that look like it. */
const scales: Record<string, { size: number; origin: number; least: number; most: number }> = {
  'seconds since 1970': { size: 1000, origin: 0, least: 1e8, most: 4.2e9 },
  'milliseconds since 1970': { size: 1, origin: 0, least: 1e11, most: 4.2e12 },
  'microseconds since 1970': { size: 1e-3, origin: 0, least: 1e14, most: 4.2e15 },
  'nanoseconds since 1970': { size: 1e-6, origin: 0, least: 1e17, most: 4.2e18 },
  'days of Excel': { size: 86_400_000, origin: Date.UTC(1899, 11, 30), least: 20_000, most: 80_000 },
};

/** Whole numbers that are a date without separators, by the count of their digits. */
const compact: Record<number, string> = {
  4: 'yyyy',
  6: 'yyyyMM',
  8: 'yyyyMMdd',
  10: 'yyyyMMddHH',
  12: 'yyyyMMddHHmm',
  14: 'yyyyMMddHHmmss',
};

/**
 * The times that numbers look like: a date's digits from 1500 to 2200, or a count since 1970 up to 2103, with regular steps
 * (of whole minutes), or in a column whose name speaks of time. Years want both, or to be the first column; days of
 * Excel want both.
 */
export function numberTimes(
  column: string,
  numbers: Float64Array,
  hints: { named: boolean; first: boolean; like?: TimeReading },
): Times | undefined {
  const [least, most, whole, some] = extent(numbers);
  if (!some) return undefined;
  const { named, first, like } = hints;
  const digits = String(Math.trunc(most)).length;
  const pattern = like !== undefined && scaled(like.notation, 0) === undefined ? like.notation : compact[digits];
  if (whole && least > 0 && pattern !== undefined && String(Math.trunc(least)).length === digits) {
    const times = compactTimes(column, numbers, pattern);
    if (times !== undefined) {
      const regular = times.spacing !== undefined;
      if (like?.notation === pattern || (digits === 4 ? regular && (named || first) : regular || named)) return times;
    }
  }
  for (const [notation, { size, origin, least: lowest, most: highest }] of Object.entries(scales)) {
    if (least < lowest || most > highest) continue;
    const calendar = numbers.map((value) => origin + Math.round(value * size * 1000) / 1000);
    const spacing = spacingOf(calendar, false);
    const plain = spacing?.step.unit === 'millisecond' && spacing.step.count % 60_000 === 0;
    const accepted = notation === 'days of Excel' ? named && spacing !== undefined : named || plain;
    if (!accepted && like?.notation !== notation) continue;
    return { reading: { columns: [column], notation }, calendar, shift: 0, odd: [], ...(spacing && { spacing }) };
  }
  return undefined;
}

/** Plain numbers that order the rows: steps, positions, decimal years. */
export function plainTimes(column: string, numbers: Float64Array): Times {
  const spacing = spacingOf(numbers, true);
  const reading = { columns: [column], notation: 'number' };
  return { reading, calendar: numbers, shift: 0, odd: [], ...(spacing && { spacing }) };
}

/** One time of a scale, or undefined for a notation of patterns. */
export function scaled(notation: string, value: number): number | undefined {
  if (notation === 'number') return value;
  const scale = scales[notation];
  return scale && scale.origin + value * scale.size;
}

/** The number that stands for a time in a scale, or undefined for a notation of patterns. */
export function unscaled(notation: string, time: number): string | undefined {
  if (notation === 'number') return String(Number(time.toPrecision(12)));
  if (notation === 'nanoseconds since 1970') return `${Math.round(time)}000000`;
  const scale = scales[notation];
  return scale && String(Number(((time - scale.origin) / scale.size).toPrecision(16)));
}

/** The spacing of the different times among some, in their order; NaN is none. */
export function spacingOf(times: Float64Array, numbers: boolean): Spacing | undefined {
  const sorted = times.filter((time) => !Number.isNaN(time)).sort();
  let n = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[n - 1]) sorted[n++] = sorted[i];
  return findSpacing([sorted.subarray(0, n)], numbers);
}

interface Read {
  candidate: Candidate;
  walls: Float64Array;
  /** Minutes east of UTC; undefined without zones. */
  offsets?: Float64Array;
  zone: string;
  /** Whether midnight is written as 24:00, and as 00:00. */
  ends: boolean;
  starts: boolean;
  months: string[];
  weekdays: string[];
  odd: number[];
}

function readAll(candidate: Candidate, cells: readonly string[], isMissing: (cell: string) => boolean): Read {
  const notation = notationOf(candidate);
  const walls = new Float64Array(cells.length).fill(Number.NaN);
  const hasOffset = notation.has('XXX', 'XX', 'X', 'Z', 'z', 'VV');
  const offsets = hasOffset ? new Float64Array(cells.length).fill(Number.NaN) : undefined;
  const words = notation.has('MMM', 'MMMM', 'EEE', 'EEEE');
  const read: Read = {
    candidate,
    walls,
    zone: '',
    ends: false,
    starts: false,
    months: [],
    weekdays: [],
    odd: [],
    ...(offsets && { offsets }),
  };
  for (let row = 0; row < cells.length; row++) {
    if (!notation.read(cells[row])) {
      if (!isMissing(cells[row])) read.odd.push(row);
      continue;
    }
    walls[row] = notation.wall;
    if (notation.hour === 24) read.ends = true;
    if (notation.hour === 0) read.starts = true;
    if (offsets !== undefined) offsets[row] = notation.offset;
    if (words) gatherWords(read, notation);
    if (notation.zone > read.zone) read.zone = notation.zone;
  }
  return read;
}

/** Of several words for one month the first in the order of the alphabet, so that the order of rows does not matter. */
function gatherWords({ months, weekdays }: Read, { wall, monthWord, weekdayWord }: Notation): void {
  const at = new Date(wall);
  const [month, weekday] = [at.getUTCMonth(), (at.getUTCDay() + 6) % 7];
  if (monthWord !== '' && (months[month] === undefined || monthWord < months[month])) months[month] = monthWord;
  if (weekdayWord !== '' && (weekdays[weekday] === undefined || weekdayWord < weekdays[weekday])) {
    weekdays[weekday] = weekdayWord;
  }
}

/** Instants where an offset is written and they are as regular as what the clock shows, else the clock. */
function inTime(read: Read, columns: string[]): Times {
  const { candidate, walls, offsets, odd, zone } = read;
  const locale = candidate.locale;
  const pattern = read.ends && !read.starts ? candidate.pattern.replace('HH', 'kk') : candidate.pattern;
  const months = complete(read.months, locale, monthNames);
  const weekdays = complete(read.weekdays, locale, weekdayNames);
  const reading: TimeReading = {
    columns,
    notation: months?.long ? pattern.replace(/M{3,4}/, 'MMMM') : pattern,
    ...(months && { locale, months: months.names }),
    ...(weekdays && { weekdays: weekdays.names }),
    ...(zone !== '' && { zone }),
  };
  const known = offsets?.filter((offset) => !Number.isNaN(offset));
  if (offsets === undefined || known === undefined || known.length === 0) {
    return withSpacing({ reading, calendar: walls, shift: 0, odd }, spacingOf(walls, false));
  }
  if (known.every((offset) => offset === known[0])) {
    reading.offset = known[0];
    return withSpacing({ reading, calendar: walls, shift: known[0] * 60_000, odd }, spacingOf(walls, false));
  }
  const instants = walls.map((wall, row) => wall - offsets[row] * 60_000);
  reading.offset = offsets[newest(instants)];
  const [ofInstants, ofWalls] = [spacingOf(instants, false), spacingOf(walls, false)];
  if (ofWalls !== undefined && ofWalls.off < (ofInstants?.off ?? Number.POSITIVE_INFINITY)) {
    return withSpacing({ reading: { ...reading, wall: true }, calendar: walls, shift: 0, odd }, ofWalls);
  }
  return withSpacing({ reading, calendar: instants, shift: 0, walls, odd }, ofInstants);
}

function withSpacing(times: Times, spacing: Spacing | undefined): Times {
  return spacing === undefined ? times : { ...times, spacing };
}

/** All names, those that were not seen from the language's own in the length and case of those that were. */
function complete(
  seen: readonly string[],
  locale: string | undefined,
  namesOf: (locale: string, length: 'long' | 'short') => string[],
): { names: string[]; long: boolean } | undefined {
  const words = seen.filter((word) => word !== undefined);
  if (words.length === 0) return undefined;
  const [long, short] = [namesOf(locale ?? 'en', 'long'), namesOf(locale ?? 'en', 'short')];
  const same = (a: string, b: string | undefined) => b === undefined || a.toLowerCase() === b.toLowerCase();
  const isLong = long.every((name, i) => same(name, seen[i])) && !short.every((name, i) => same(name, seen[i]));
  const dots = words.some((word) => word.endsWith('.'));
  const upper = words.every((word) => word === word.toUpperCase());
  const lower = words.every((word) => word === word.toLowerCase());
  const names = (isLong ? long : short).map((name, i) => {
    if (seen[i] !== undefined) return seen[i];
    const bare = isLong ? name : name.replace(/\.$/, '');
    const plain = dots && bare !== long[i] ? `${bare}.` : bare;
    if (upper) return plain.toUpperCase();
    return lower ? plain.toLowerCase() : plain[0].toUpperCase() + plain.slice(1);
  });
  return { names, long: isLong };
}

/** Candidates from the first, the last, the longest and the shortest of the samples. */
function proposals(samples: readonly string[], loose: boolean): Candidate[] {
  const byLength = [...samples].sort((a, b) => b.length - a.length);
  const cells = loose
    ? [byLength[0]]
    : [samples[0], byLength[0], byLength[byLength.length - 1], samples[samples.length - 1]];
  const found = new Map<string, Candidate>();
  for (const cell of new Set(cells)) {
    for (const one of candidates(cell, loose)) found.set(`${one.pattern}|${one.locale}`, one);
  }
  return [...found.values()];
}

/** The candidates that fit most of the samples. */
function fitting(pool: readonly Candidate[], samples: readonly string[]): { pool: Candidate[]; fit: number } {
  let best: { pool: Candidate[]; fit: number } = { pool: [], fit: 0 };
  for (const candidate of pool) {
    const notation = notationOf(candidate);
    let fit = 0;
    for (const cell of samples) if (notation.read(cell)) fit++;
    if (fit > best.fit) best = { pool: [candidate], fit };
    else if (fit === best.fit) best.pool.push(candidate);
  }
  return best;
}

/** Candidates that differ only in padding or language, together. */
function families(pool: readonly Candidate[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of pool) {
    const key = candidate.pattern
      .replace(/MM(?!M)/g, 'M')
      .replace(/dd/g, 'd')
      .replace(/HH/g, 'H')
      .replace(/hh/g, 'h');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  }
  return [...groups.values()];
}

/** The share of steps that differ. */
function share({ spacing }: Times): number {
  return spacing === undefined ? 1 : spacing.off / spacing.total;
}

/** Up to 400 different cells from all over the column, with the first and last. */
function sample(cells: readonly string[], isMissing: (cell: string) => boolean): string[] {
  const found = new Set<string>();
  const stride = Math.max(1, Math.floor(cells.length / 400));
  for (let row = 0; row < cells.length && found.size < 400; row += stride) {
    if (!isMissing(cells[row])) found.add(cells[row]);
  }
  return [...found];
}

function firstOf(pattern: string): 'day' | 'month' | undefined {
  const first = /d{1,2}[-/. ]M{1,2}(?!M)|M{1,2}(?!M)[-/. ]d{1,2}/.exec(pattern)?.[0];
  if (first === undefined || /^yy/.test(pattern)) return undefined;
  return first.startsWith('d') ? 'day' : 'month';
}

function other(order: 'day' | 'month'): 'day' | 'month' {
  return order === 'day' ? 'month' : 'day';
}

function compactTimes(column: string, numbers: Float64Array, pattern: string): Times | undefined {
  const notation = notationOf({ pattern });
  const calendar = new Float64Array(numbers.length);
  for (let row = 0; row < numbers.length; row++) {
    calendar[row] = Number.NaN;
    if (Number.isNaN(numbers[row])) continue;
    if (!notation.read(String(numbers[row]))) return undefined;
    const year = new Date(notation.wall).getUTCFullYear();
    if (year < 1500 || year > 2200) return undefined;
    calendar[row] = notation.wall;
  }
  const spacing = spacingOf(calendar, false);
  const reading = { columns: [column], notation: pattern };
  return { reading, calendar, shift: 0, odd: [], ...(spacing && { spacing }) };
}

function extent(numbers: Float64Array): [least: number, most: number, whole: boolean, some: boolean] {
  let [least, most, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const value of numbers) {
    if (Number.isNaN(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    whole &&= Number.isInteger(value);
  }
  return [least, most, whole, most >= least];
}

function newest(instants: Float64Array): number {
  let last = 0;
  for (let row = 1; row < instants.length; row++) if (!(instants[row] <= instants[last])) last = row;
  return last;
}
