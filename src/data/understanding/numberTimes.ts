import { monthOf } from '../calendar.js';
import type { TimeReading } from '../frame.js';
import { notationOf } from './notations.js';
import { spacingOf } from './steps.js';
import type { Times } from './times.js';

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
  5: 'yyyyQ',
  6: 'yyyyMM',
  8: 'yyyyMMdd',
  10: 'yyyyMMddHH',
  12: 'yyyyMMddHHmm',
  14: 'yyyyMMddHHmmss',
};

/**
 * The times that numbers look like: a date's digits from 1500 to 2200 (with hours from 1850, since 1583020800 is rather a second of
 * 2020 than an hour of 1583), or a count since 1970 up to 2103, with regular steps (of whole minutes), or in a column whose name
 * speaks of time. Years want both, or to be the first column; days of Excel want both.
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
  const known = like !== undefined && scaled(like.notation, 0) === undefined ? like.notation : compact[digits];
  if (whole && least > 0 && known !== undefined && String(Math.trunc(least)).length === digits) {
    for (const pattern of like === undefined ? patternsOf(column, known, least, most) : [known]) {
      const times = compactTimes(column, numbers, pattern);
      if (times === undefined) continue;
      const regular = times.spacing !== undefined;
      const plain = pattern === quarters ? regular : digits < 6 ? regular && (named || first) : regular || named;
      if (plain || like?.notation === pattern) return times;
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

const quarters = "yyyy'0'Q";

/** What six digits may be: weeks where the name says so; 201001 … 201004, 201101 are quarters, as months they skip eight. */
function patternsOf(column: string, known: string, least: number, most: number): string[] {
  if (known !== 'yyyyMM') return [known];
  if (isNamedWeek(column)) return ['yyyyww', known];
  return Math.floor(least / 100) < Math.floor(most / 100) ? [quarters, known] : [known];
}

function isNamedWeek(column: string): boolean {
  return /(^|[^\p{L}])(yearweek|weeks?|wk|woche|kw|semaine|semana|settimana|yyyyww)($|[^\p{L}])/iu.test(column);
}

/** 1949.0833 for February: years with the months as their fraction, and how many decimals are written. */
const decimalYears = /^years with (\d+) decimals$/;

/** How far a month's fraction may be from its twelfth: R prints seven digits, people two. */
const mostAway = 0.07;

/** Rows from which on years with fractions are months by their values alone. */
const fewestMonths = 12;

/** The first of the month that is nearest. */
function monthOfYears(value: number): number {
  const month = Math.round(value * 12);
  return Date.UTC(Math.floor(month / 12), month - Math.floor(month / 12) * 12, 1);
}

/**
 * Years with months or quarters as their fraction, as R writes time series: 1949, 1949.0833, 1949.1667. Undefined for a
 * number that is no month, and for months without a regular step. Where the column's name does not speak of time, every month of
 * a year and more must be there, to the last digit: nothing else counts by rounded twelfths.
 */
export function yearTimes(column: string, numbers: Float64Array, { named }: { named: boolean }): Times | undefined {
  const calendar = new Float64Array(numbers.length).fill(Number.NaN);
  let [decimals, away] = [0, 0];
  for (let row = 0; row < numbers.length; row++) {
    const value = numbers[row];
    if (Number.isNaN(value)) continue;
    const twelfth = Math.abs(value * 12 - Math.round(value * 12));
    if (value < 1500 || value > 2200 || twelfth > mostAway) return undefined;
    away = Math.max(away, twelfth);
    decimals = Math.max(decimals, (String(value).split('.')[1] ?? '').length);
    calendar[row] = monthOfYears(value);
  }
  const spacing = spacingOf(calendar, false);
  if (decimals === 0 || spacing?.step.unit !== 'month') return undefined;
  const whole = spacing.off === 0 && spacing.total === numbers.length - 1;
  const plain = spacing.step.count === 1 && whole && numbers.length >= fewestMonths;
  // Rounded to these digits a twelfth is no further away.
  if (!named && !(plain && away <= 12 * 0.5001 * 10 ** -decimals)) return undefined;
  return {
    reading: { columns: [column], notation: `years with ${decimals} decimals` },
    calendar,
    shift: 0,
    odd: [],
    spacing,
  };
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
  if (decimalYears.test(notation)) return monthOfYears(value);
  const scale = scales[notation];
  return scale && scale.origin + value * scale.size;
}

/** The number that stands for a time in a scale, or undefined for a notation of patterns. */
export function unscaled(notation: string, time: number): string | undefined {
  if (notation === 'number') return String(Number(time.toPrecision(12)));
  const decimals = decimalYears.exec(notation)?.[1];
  if (decimals !== undefined) return String(Number((monthOf(time) / 12).toFixed(Number(decimals))));
  if (notation === 'nanoseconds since 1970') return `${Math.round(time)}000000`;
  const scale = scales[notation];
  return scale && String(Number(((time - scale.origin) / scale.size).toPrecision(16)));
}

function compactTimes(column: string, numbers: Float64Array, pattern: string): Times | undefined {
  const notation = notationOf({ pattern });
  const earliest = pattern.includes('HH') ? 1850 : 1500;
  const calendar = new Float64Array(numbers.length);
  for (let row = 0; row < numbers.length; row++) {
    calendar[row] = Number.NaN;
    if (Number.isNaN(numbers[row])) continue;
    if (!notation.read(String(numbers[row]))) return undefined;
    const year = new Date(notation.wall).getUTCFullYear();
    if (year < earliest || year > 2200) return undefined;
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
