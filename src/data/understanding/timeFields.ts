/** The fields that a way to write times is made of: what each looks like, and how it is read and written. */
import { day, dayOf, remainder } from '../days.js';
import { monthNames, monthOfWord, ordinal, weekdayNames } from './monthNames.js';
import { abbreviations } from './zones.js';

/** What the fields of one cell said. */
export class TimeParts {
  year = 1970;
  month = 1;
  date = 1;
  /** 0–24: 24 ends a day. */
  hour = 0;
  minute = 0;
  second = 0;
  milliseconds = 0;
  /** Of the ISO year. */
  week = 0;
  /** 1 is Monday. */
  weekday = 1;
  /** From 1; 0: none was given. */
  yearDay = 0;
  half: '' | 'a' | 'p' = '';
  /** Minutes east of UTC; NaN: none was given. */
  offset = Number.NaN;
  zone = '';
  monthWord = '';
  weekdayWord = '';
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

/** A time that is to be written, as the clock shows it: its fields are those of UTC. */
export interface Moment {
  clock: Date;
  /** The same, but the day before where 24:00 ends it. */
  date: Date;
  /** The ISO year where weeks are written. */
  year: number;
  week: number;
  wording: Wording;
}

export interface TimeField {
  /** A regular expression with one group. */
  shape: string;
  /** Puts what the cell has there into the parts; false where no time has that. */
  read(text: string, parts: TimeParts, locale: string): boolean;
  /** @param kind the field's letters, as many as the pattern has */
  write(moment: Moment, kind: string): string;
}

/** Two-digit years below it are 20xx, others 19xx. */
const twoDigitPivot = 40;

type NumberPart = 'year' | 'month' | 'date' | 'hour' | 'minute' | 'second' | 'week' | 'weekday' | 'yearDay';

const [two, few, word] = ['(\\d{2})', '(\\d{1,2})', '(\\p{L}+\\.?)'];

/** A number of at least `width` digits, from `from` to `to`. */
function counted(
  part: NumberPart,
  [shape, width]: readonly [string, number],
  write: (moment: Moment) => number,
  [from, to] = [0, 9999],
): TimeField {
  return {
    shape,
    read(text, parts) {
      parts[part] = Number.parseInt(text, 10);
      return parts[part] >= from && parts[part] <= to;
    },
    write: (moment) => pad(write(moment), width),
  };
}

const year = ({ year }: Moment) => year;
const month = ({ date }: Moment) => date.getUTCMonth() + 1;
const date = ({ date }: Moment) => date.getUTCDate();
const hour = ({ clock }: Moment) => clock.getUTCHours();
const hourOfHalf = (moment: Moment) => ((hour(moment) + 11) % 12) + 1;
const week = ({ week }: Moment) => week;
const weekday = ({ date }: Moment) => ((date.getUTCDay() + 6) % 7) + 1;

/** The year after the one that was read before, as in 2019/20. */
const nextYear = (digits: number): TimeField => ({
  shape: `(\\d{${digits}})`,
  read: (text, parts) => Number(text) === (parts.year + 1) % 10 ** digits,
  write: ({ year }) => pad(remainder(year + 1, 10 ** digits), digits),
});

const monthWord = (style: 'long' | 'short'): TimeField => ({
  shape: word,
  read(text, parts, locale) {
    parts.monthWord = text;
    parts.month = monthOfWord(text, locale);
    return true;
  },
  write: ({ date, wording: { months, locale = 'en' } }) => (months ?? monthNames(locale, style))[date.getUTCMonth()],
});

const weekdayWord = (style: 'long' | 'short'): TimeField => ({
  shape: word,
  read(text, parts) {
    parts.weekdayWord = text;
    return true;
  },
  write: (moment) =>
    (moment.wording.weekdays ?? weekdayNames(moment.wording.locale ?? 'en', style))[weekday(moment) - 1],
});

/** Part of a year by its number, of `months` months each. */
const partOfYear = (shape: string, months: number): TimeField => ({
  shape,
  read(text, parts) {
    parts.month = (Number(text) - 1) * months + 1;
    return true;
  },
  write: ({ date }) => String(Math.floor(date.getUTCMonth() / months) + 1),
});

const halfOfDay = (shape: string, am: string, pm: string): TimeField => ({
  shape,
  read(text, parts) {
    parts.half = text[0].toLowerCase() === 'p' ? 'p' : 'a';
    return true;
  },
  write: (moment) => (hour(moment) < 12 ? am : pm),
});

const offset = (shape: string, write: (sign: string, hours: string, minutes: string) => string): TimeField => ({
  shape,
  read(text, parts) {
    const minutes = text.length > 3 ? Number(text.slice(-2)) : 0;
    parts.offset = (text[0] === '-' ? -1 : 1) * (Number(text.slice(1, 3)) * 60 + minutes);
    return true;
  },
  write({ wording: { offset = 0 } }) {
    const size = Math.abs(offset);
    return write(offset < 0 ? '-' : '+', pad(Math.floor(size / 60), 2), pad(size % 60, 2));
  },
});

const zoneName = (shape: string): TimeField => ({
  shape,
  read(text, parts) {
    parts.zone = text;
    return true;
  },
  write: ({ wording }) => wording.zone ?? 'UTC',
});

/**
 * By the letters of Unicode's date fields. Beside these: do (1st, 1er), n (half of a year), YY and YYYY (the year after the
 * one before it).
 */
export const timeFields: Readonly<Record<string, TimeField>> = {
  yyyy: counted('year', ['(\\d{4})', 4], year),
  yy: {
    shape: two,
    read(text, parts) {
      parts.year = Number(text) + (Number(text) < twoDigitPivot ? 2000 : 1900);
      return true;
    },
    write: ({ year }) => pad(remainder(year, 100), 2),
  },
  y: counted('year', [few, 1], year),
  YYYY: nextYear(4),
  YY: nextYear(2),
  MMMM: monthWord('long'),
  MMM: monthWord('short'),
  MM: counted('month', [two, 2], month, [1, 12]),
  M: counted('month', [few, 1], month, [1, 12]),
  dd: counted('date', [two, 2], date),
  d: counted('date', [few, 1], date),
  do: {
    ...counted('date', ['(\\d{1,2}(?:st|nd|rd|th|er|[º°])?)', 1], date),
    write: ({ date, wording }) => ordinal(date.getUTCDate(), wording.locale),
  },
  DDD: counted(
    'yearDay',
    ['(\\d{3})', 3],
    ({ date }) => Math.floor(date.getTime() / day) - dayOf(date.getUTCFullYear(), 1, 1) + 1,
    [1, 366],
  ),
  EEEE: weekdayWord('long'),
  EEE: weekdayWord('short'),
  HH: counted('hour', [two, 2], hour),
  H: counted('hour', [few, 1], hour),
  kk: counted('hour', [two, 2], (moment) => hour(moment) || 24),
  hh: counted('hour', [two, 2], hourOfHalf, [1, 12]),
  h: counted('hour', [few, 1], hourOfHalf, [1, 12]),
  mm: counted('minute', [two, 2], ({ clock }) => clock.getUTCMinutes(), [0, 59]),
  // 60 is a leap second.
  ss: counted('second', [two, 2], ({ clock }) => clock.getUTCSeconds(), [0, 60]),
  S: {
    shape: '(\\d{1,9})',
    read(text, parts) {
      parts.milliseconds = Number(`0.${text}`) * 1000;
      return true;
    },
    write: ({ clock }, { length }) => `${pad(clock.getUTCMilliseconds(), 3)}000000`.slice(0, length),
  },
  a: halfOfDay('([AP]M)', 'AM', 'PM'),
  aaa: halfOfDay('([ap]m)', 'am', 'pm'),
  aaaa: halfOfDay('([ap]\\.\\s?m\\.)', 'a.m.', 'p.m.'),
  XXX: offset('([+-]\\d{2}:\\d{2})', (sign, hours, minutes) => `${sign}${hours}:${minutes}`),
  XX: offset('([+-]\\d{4})', (sign, hours, minutes) => `${sign}${hours}${minutes}`),
  X: offset('([+-]\\d{2})', (sign, hours) => `${sign}${hours}`),
  Z: {
    shape: '(Z)',
    read(_text, parts) {
      parts.offset = 0;
      return true;
    },
    write: () => 'Z',
  },
  VV: zoneName('([A-Z]\\w+(?:/[\\w+-]+)+)'),
  z: {
    ...zoneName('([A-Z]{3,4})'),
    read(text, parts) {
      if (!Object.hasOwn(abbreviations, text)) return false;
      parts.offset = abbreviations[text];
      parts.zone = text;
      return true;
    },
  },
  zzzz: zoneName('(\\([^)]*\\))'),
  Q: partOfYear('([1-4])', 3),
  n: partOfYear('([12])', 6),
  ww: counted('week', [two, 2], week, [1, 53]),
  w: counted('week', [few, 1], week, [1, 53]),
  e: counted('weekday', ['([1-7])', 1], weekday),
};

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
