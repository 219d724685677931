import type { TimeReading } from '../frame.js';
import { monthNames, weekdayNames } from './monthNames.js';
import { plainPattern } from './notation.js';
import { type Candidate, candidates, clockCandidates, isUneven, notationOf } from './notations.js';
import { scaled } from './numberTimes.js';
import { type Spacing, spacingOf } from './steps.js';
import type { TimeParts } from './timeFields.js';

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
  /** Whether the cells hold when a step begins and ends, of which the beginning counts. */
  spans?: true;
  /** The other order of day and month, where both fit as well. */
  other?: string;
  spacing?: Spacing;
}

export interface TimeOptions {
  /** Which comes first in 01/02/2020. */
  dates?: 'day' | 'month';
  isMissing(cell: string): boolean;
  /** Whether a time of day alone will do. */
  clocks?: boolean;
  /** The notation of the model's data: tried first. */
  like?: TimeReading;
}

/**
 * The times of texts, when more than half of those that are not missing are times in one notation: one time each, or two,
 * from one to the other.
 */
export function textTimes(columns: string[], cells: readonly string[], options: TimeOptions): Times | undefined {
  const single = singleTimes(columns, cells, options);
  if (single !== undefined || !sample(cells, options.isMissing).some((cell) => beginning(cell) !== undefined))
    return single;
  const begun = cells.map((cell) => beginning(cell) ?? cell);
  const found = singleTimes(columns, begun, options);
  return found && { ...found, spans: true };
}

/** What stands before 'to', '-' or '/' in a cell that has two times: '2023-01-01 00:00 - 01:00', '2022-01-03/2022-01-09'. */
export function beginning(cell: string): string | undefined {
  const parts =
    /^([^/]{8,})\/([^/]{8,})$/.exec(cell) ?? /^(.*\d.*?)\s+(?:[-–—~]|to|bis|au|à|until)\s+(\S*\d.*)$/.exec(cell);
  return parts?.[1];
}

function singleTimes(columns: string[], cells: readonly string[], options: TimeOptions): Times | undefined {
  const samples = sample(cells, options.isMissing);
  if (samples.length === 0) return undefined;
  const saved = options.like === undefined ? [] : [{ pattern: options.like.notation, locale: options.like.locale }];
  let best = fitting(
    [...saved.filter(({ pattern }) => scaled(pattern, 0) === undefined), ...proposals(samples, false, options.clocks)],
    samples,
  );
  if (best.fit < samples.length) {
    const loose = fitting(proposals(samples, true, options.clocks), samples);
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
  const regular = equal.reduce((best, one) => (unevenness(one, best) < 0 ? one : best));
  const ties = equal.filter((one) => unevenness(one, regular) === 0);
  // Where nothing tells day from month, clocks with a.m. and p.m. are American.
  const american = ties.find(({ reading }) => /a/.test(reading.notation) && firstOf(reading.notation) === 'month');
  const chosen = american ?? ties[0];
  // Nobody writes 12.31.2020.
  const rival = ties.find((one) => one !== chosen && !/M\.d/.test(one.reading.notation));
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
  const hasOffset = notation.has('XXX', 'XX', 'X', 'Z', 'z', 'VV', 'PP', 'PPP');
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
    const { parts } = notation;
    if (parts.hour === 24) read.ends = true;
    if (parts.hour === 0) read.starts = true;
    if (offsets !== undefined) offsets[row] = notation.offset;
    if (words) gatherWords(read, notation.wall, parts);
    if (parts.zone > read.zone) read.zone = parts.zone;
  }
  return read;
}

/** Of several words for one month the first in the order of the alphabet, so that the order of rows does not matter. */
function gatherWords({ months, weekdays }: Read, wall: number, { monthWord, weekdayWord }: TimeParts): void {
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

/** Candidates from the first, the last, the longest and the shortest of the samples, and one that shows uneven zeros. */
function proposals(samples: readonly string[], loose: boolean, clocks = false): Candidate[] {
  const byLength = [...samples].sort((a, b) => b.length - a.length);
  const cells = loose
    ? [byLength[0]]
    : [
        ...samples.filter(isUneven).slice(0, 1),
        samples[0],
        byLength[0],
        byLength[byLength.length - 1],
        samples[samples.length - 1],
      ];
  const found = new Map<string, Candidate>();
  for (const cell of new Set(cells)) {
    for (const one of clocks ? clockCandidates(cell) : candidates(cell, loose))
      found.set(`${one.pattern}|${one.locale}`, one);
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
      .replace(/ww/g, 'w')
      .replace(/do/g, 'd')
      .replace(/dd/g, 'd')
      .replace(/HH/g, 'H')
      .replace(/hh/g, 'h');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  }
  return [...groups.values()];
}

/** Below 0 where fewer steps of the first differ, or as many and its gaps are shorter: 23:00 on 11 and 01:00 on 12 September. */
function unevenness(one: Times, other: Times): number {
  const [a, b] = [one, other].map(({ spacing }) => spacing?.missing ?? Number.MAX_VALUE);
  return share(one) - share(other) || a - b;
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

function newest(instants: Float64Array): number {
  let last = 0;
  for (let row = 1; row < instants.length; row++)
    if (Number.isNaN(instants[last]) || instants[row] > instants[last]) last = row;
  return last;
}
