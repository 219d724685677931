import { monthNames, monthOfWord, ordinal, weekdayNames } from './monthNames.js';
import { abbreviations, offsetInZone, offsetOfWall, zonesOfPeriods } from './zones.js';

const day = 86_400_000;
const halfHour = 1_800_000;

/** The parts of a pattern: quoted text, fields, optional parts in brackets, and whatever stands for itself. */
const parts =
  /'([^']*)'|yyyy|yy|y|YYYY|YY|MMMM|MMM|MM|M|dd|do|d|DDD|EEEE|EEE|HH|H|kk|hh|h|mm|ss|S+|aaaa|aaa|a|XXX|XX|X|Z|VV|zzzz|z|Q|n|NNN|PPP|PP|P|ww|w|e|[^A-Za-z]/g;

/** What each field of a pattern looks like: a regular expression with one group. */
const fields: Record<string, string> = {
  yyyy: '(\\d{4})',
  yy: '(\\d{2})',
  y: '(\\d{1,2})',
  YYYY: '(\\d{4})',
  YY: '(\\d{2})',
  MMMM: '(\\p{L}+\\.?)',
  MMM: '(\\p{L}+\\.?)',
  MM: '(\\d{2})',
  M: '(\\d{1,2})',
  dd: '(\\d{2})',
  d: '(\\d{1,2})',
  do: '(\\d{1,2}(?:st|nd|rd|th|er|[º°])?)',
  DDD: '(\\d{3})',
  EEEE: '(\\p{L}+\\.?)',
  EEE: '(\\p{L}+\\.?)',
  HH: '(\\d{2})',
  H: '(\\d{1,2})',
  kk: '(\\d{2})',
  hh: '(\\d{2})',
  h: '(\\d{1,2})',
  mm: '(\\d{2})',
  ss: '(\\d{2})',
  S: '(\\d{1,9})',
  a: '([AP]M)',
  aaa: '([ap]m)',
  aaaa: '([ap]\\.\\s?m\\.)',
  XXX: '([+-]\\d{2}:\\d{2})',
  XX: '([+-]\\d{4})',
  X: '([+-]\\d{2})',
  Z: '(Z)',
  VV: '([A-Z]\\w+(?:/[\\w+-]+)+)',
  z: '([A-Z]{3,4})',
  zzzz: '(\\([^)]*\\))',
  Q: '([1-4])',
  n: '([12])',
  NNN: '(\\p{L}+\\.?)',
  P: '(\\d{1,2})',
  PP: '(\\d{1,2})',
  PPP: '(\\d{1,2})',
  ww: '(\\d{2})',
  w: '(\\d{1,2})',
  e: '([1-7])',
};

/** Literal text (kind ''), a bracket, or a field. */
interface Piece {
  kind: string;
  text: string;
}

function piecesOf(pattern: string): Piece[] {
  return Array.from(pattern.matchAll(parts), ([part, quoted]) => {
    if (quoted !== undefined) return { kind: '', text: quoted === '' ? "'" : quoted };
    const kind = part.startsWith('S') ? 'S' : part;
    return { kind: Object.hasOwn(fields, kind) || part === '[' || part === ']' ? kind : '', text: part };
  });
}

/** What a pattern looks like, with one group for each field. */
export function regexSource(pattern: string): string {
  return piecesOf(pattern)
    .map(({ kind, text }) => {
      if (kind === '[') return '(?:';
      if (kind === ']') return ')?';
      if (kind !== '') return fields[kind];
      return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/ /g, '\\s+');
    })
    .join('');
}

/** How a notation writes what the pattern leaves open. */
export interface Wording {
  /** Where month names are words: the language they were found in, such as 'de'. */
  locale?: string;
  /** The twelve month names and seven weekday names (Monday first) as the data writes them. */
  months?: readonly string[];
  weekdays?: readonly string[];
  /** Minutes east of UTC in the last row, and the zone's name where one is written. */
  offset?: number;
  zone?: string;
}

/**
 * A way to write times: a pattern in the letters of Unicode's date fields (yyyy-MM-dd HH:mm), where 'text' stands for
 * itself and [ ] holds what may be left out. Beside these: do (1st, 1er), n (half of a year), YY and YYYY (the year after
 * the one before it, as in 2019/20), NNN (the last of the three months of which the first is named before it; the year is
 * that of the last), P, PP and PPP (half hours of a day from 1, see `zonesOfPeriods`).
 */
export class Notation {
  /** What `read` found: milliseconds since 1970 as the clock shows it, and minutes east of UTC (NaN without a zone). */
  wall = Number.NaN;
  offset = Number.NaN;
  /** The hour as written: 24 ends a day. */
  hour = 0;
  /** The month and weekday words, and the zone's name, of the cell that was read last. */
  monthWord = '';
  weekdayWord = '';
  zone = '';
  private readonly regex: RegExp;
  private readonly names: string[];
  private readonly pieces: Piece[];

  constructor(
    readonly pattern: string,
    private readonly locale = 'en',
  ) {
    this.pieces = piecesOf(pattern);
    this.names = this.pieces.filter(({ kind }) => Object.hasOwn(fields, kind)).map(({ kind }) => kind);
    this.regex = new RegExp(`^${regexSource(pattern)}$`, 'u');
  }

  /** Whether the cell is a time in this notation; `wall` and `offset` then hold it. */
  read(cell: string): boolean {
    const match = this.regex.exec(cell);
    if (match === null) return false;
    let year = 1970;
    let month = 1;
    let date = 1;
    let [hour, minute, second, fraction] = [0, 0, 0, 0];
    let [week, weekday, yearDay, period] = [0, 1, 0, 0];
    let half = '';
    let endsNextYear = false;
    let offset = Number.NaN;
    this.zone = '';
    for (let i = 0; i < this.names.length; i++) {
      const text = match[i + 1];
      if (text === undefined) continue;
      switch (this.names[i]) {
        case 'yyyy':
        case 'y':
          year = Number(text);
          break;
        case 'yy':
          year = Number(text) + (Number(text) < twoDigitPivot ? 2000 : 1900);
          break;
        case 'YYYY':
        case 'YY':
          if (Number(text) !== (year + 1) % 10 ** text.length) return false;
          break;
        case 'MM':
        case 'M':
          month = Number(text);
          break;
        case 'MMM':
        case 'MMMM':
          this.monthWord = text;
          month = monthOfWord(text, this.locale);
          break;
        case 'dd':
        case 'd':
        case 'do':
          date = Number.parseInt(text, 10);
          break;
        case 'DDD':
          yearDay = Number(text);
          if (yearDay < 1 || yearDay > 366) return false;
          break;
        case 'EEE':
        case 'EEEE':
          this.weekdayWord = text;
          break;
        case 'HH':
        case 'H':
        case 'kk':
          hour = Number(text);
          break;
        case 'hh':
        case 'h':
          hour = Number(text);
          if (hour < 1 || hour > 12) return false;
          break;
        case 'mm':
          minute = Number(text);
          break;
        case 'ss':
          second = Number(text);
          break;
        case 'S':
          fraction = Number(`0.${text}`) * 1000;
          break;
        case 'a':
        case 'aaa':
        case 'aaaa':
          half = text[0].toLowerCase();
          break;
        case 'XXX':
        case 'XX':
        case 'X':
          offset =
            (text[0] === '-' ? -1 : 1) * (Number(text.slice(1, 3)) * 60 + Number(text.slice(-2)) * +(text.length > 3));
          break;
        case 'Z':
          offset = 0;
          break;
        case 'z':
          if (!Object.hasOwn(abbreviations, text)) return false;
          offset = abbreviations[text];
          this.zone = text;
          break;
        case 'zzzz':
        case 'VV':
          this.zone = text;
          break;
        case 'Q':
          month = Number(text) * 3 - 2;
          break;
        case 'n':
          month = Number(text) * 6 - 5;
          break;
        case 'NNN':
          if (monthOfWord(text, this.locale) !== ((month + 1) % 12) + 1) return false;
          endsNextYear = month > 10;
          break;
        case 'P':
        case 'PP':
        case 'PPP':
          period = Number(text);
          if (period < 1 || period > 50) return false;
          this.zone = zonesOfPeriods[this.names[i]];
          break;
        case 'ww':
        case 'w':
          week = Number(text);
          break;
        case 'e':
          weekday = Number(text);
          break;
      }
    }
    if (endsNextYear) year--;
    if (half !== '') hour = (hour % 12) + (half === 'p' ? 12 : 0);
    if (month < 1 || month > 12 || date < 1 || date > daysIn(year, month)) return false;
    if (hour > 24 || (hour === 24 && minute + second + fraction > 0) || minute > 59 || second > 60) return false;
    this.hour = hour;
    let start = dayOf(year, month, yearDay > 0 ? yearDay : date);
    if (this.has('ww', 'w')) {
      if (week < 1 || week > 53) return false;
      start = firstWeek(year) + (week - 1) * 7 + weekday - 1;
    }
    this.wall = start * day + ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    if (period > 0) {
      if (this.zone !== '') offset = offsetOfWall(this.zone, start * day) ?? Number.NaN;
      this.wall += (period - 1) * halfHour;
    }
    if (this.zone !== '' && Number.isNaN(offset)) {
      const found = offsetOfWall(this.zone, this.wall);
      if (found === undefined) return false;
      offset = found;
    }
    this.offset = offset;
    return true;
  }

  /** Whether it has no field at all. */
  isEmpty(): boolean {
    return this.names.length === 0;
  }

  /** Whether the notation has one of these fields. */
  has(...kinds: string[]): boolean {
    return kinds.some((kind) => this.names.includes(kind));
  }

  /** Writes a time; `wall` is what the clock shows. */
  write(wall: number, wording: Wording): string {
    const offset = wording.offset ?? 0;
    // 24:00 belongs to the day that ends.
    const shown = this.has('kk') && mod(wall, day) < 3_600_000 ? wall - 1 : wall;
    const at = new Date(shown);
    const clock = new Date(wall);
    const weekYear = this.has('ww', 'w') ? isoWeek(wall) : undefined;
    const year = (weekYear?.year ?? at.getUTCFullYear()) + Number(this.has('NNN') && at.getUTCMonth() > 9);
    const hour = clock.getUTCHours();
    const write = (kind: string, text: string): string => {
      switch (kind) {
        case 'yyyy':
          return pad(year, 4);
        case 'yy':
          return pad(mod(year, 100), 2);
        case 'y':
          return String(year);
        case 'YYYY':
        case 'YY':
          return pad(mod(year + 1, 10 ** kind.length), kind.length);
        case 'MMMM':
        case 'MMM':
        case 'NNN': {
          const names = wording.months ?? monthNames(wording.locale ?? 'en', kind === 'MMMM' ? 'long' : 'short');
          return names[(at.getUTCMonth() + (kind === 'NNN' ? 2 : 0)) % 12];
        }
        case 'EEEE':
        case 'EEE': {
          const names = wording.weekdays ?? weekdayNames(wording.locale ?? 'en', kind === 'EEEE' ? 'long' : 'short');
          return names[(at.getUTCDay() + 6) % 7];
        }
        case 'MM':
        case 'M':
          return pad(at.getUTCMonth() + 1, kind.length);
        case 'dd':
        case 'd':
          return pad(at.getUTCDate(), kind.length);
        case 'do':
          return ordinal(at.getUTCDate(), wording.locale);
        case 'DDD':
          return pad(Math.floor((shown - dayOf(year, 1, 1) * day) / day) + 1, 3);
        case 'HH':
        case 'H':
          return pad(hour, kind.length);
        case 'kk':
          return pad(hour === 0 ? 24 : hour, 2);
        case 'hh':
        case 'h':
          return pad(hour % 12 === 0 ? 12 : hour % 12, kind.length);
        case 'mm':
          return pad(clock.getUTCMinutes(), 2);
        case 'ss':
          return pad(clock.getUTCSeconds(), 2);
        case 'S':
          return `${pad(clock.getUTCMilliseconds(), 3)}000000`.slice(0, text.length);
        case 'a':
          return hour < 12 ? 'AM' : 'PM';
        case 'aaa':
          return hour < 12 ? 'am' : 'pm';
        case 'aaaa':
          return hour < 12 ? 'a.m.' : 'p.m.';
        case 'XXX':
          return writeOffset(offset, ':');
        case 'XX':
          return writeOffset(offset, '');
        case 'X':
          return writeOffset(offset, '').slice(0, 3);
        case 'Z':
          return 'Z';
        case 'VV':
        case 'z':
        case 'zzzz':
          return wording.zone ?? 'UTC';
        case 'Q':
          return String(Math.floor(at.getUTCMonth() / 3) + 1);
        case 'n':
          return at.getUTCMonth() < 6 ? '1' : '2';
        case 'ww':
        case 'w':
          return pad(weekYear?.week ?? 1, kind.length);
        case 'P':
        case 'PP':
        case 'PPP': {
          const midnight = mod(wall, day);
          const changed = offset - (offsetOfWall(zonesOfPeriods[kind], wall - midnight) ?? offset);
          return String(Math.floor((midnight - changed * 60_000) / halfHour) + 1);
        }
        case 'e':
          return String(((at.getUTCDay() + 6) % 7) + 1);
        default:
          return text;
      }
    };
    let written = '';
    let optional: string | undefined;
    for (const { kind, text } of this.pieces) {
      if (kind === '[') optional = '';
      else if (kind === ']') {
        written += /[1-9]/.test(optional ?? '') ? optional : '';
        optional = undefined;
      } else if (optional !== undefined) optional += write(kind, text);
      else written += write(kind, text);
    }
    return written;
  }
}

/** Minutes east of UTC at a time of a zone, for writing it. */
export function offsetAt(instant: number, wording: Wording): number {
  return (wording.zone?.includes('/') ? offsetInZone(wording.zone, instant) : undefined) ?? wording.offset ?? 0;
}

/** Two-digit years below it are 20xx, others 19xx. */
const twoDigitPivot = 40;

/** A pattern for people: without quotes. */
export function plainPattern(pattern: string): string {
  return pattern
    .replace(/ P{1,3}$/, ' half-hour')
    .replace('NNN', 'MMM')
    .replace(/'/g, '');
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970 of a date of the Gregorian calendar, any year (Date.UTC takes 0–99 for 1900–1999). */
function dayOf(year: number, month: number, date: number): number {
  if (year >= 100) return Date.UTC(year, month - 1, date) / day;
  return new Date(Date.UTC(2000, month - 1, date)).setUTCFullYear(year, month - 1, date) / day;
}

/** Days since 1970 of the Monday of the ISO year's first week: the one that has 4 January. */
function firstWeek(year: number): number {
  const fourth = dayOf(year, 1, 4);
  return fourth - mod(fourth + 3, 7);
}

function isoWeek(wall: number): { year: number; week: number } {
  const today = Math.floor(wall / day);
  const thursday = today - mod(today + 3, 7) + 3;
  const year = new Date(thursday * day).getUTCFullYear();
  return { year, week: Math.floor((thursday - firstWeek(year)) / 7) + 1 };
}

function writeOffset(minutes: number, between: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${between}${pad(size % 60, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b;
}
