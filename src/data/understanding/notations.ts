import { languages } from './monthNames.js';
import { Notation, regexSource } from './notation.js';

/** How dates are written, one line each: the pattern, with ~ for one of the separators after it. */
const dates: readonly (readonly [string, string])[] = [
  ['yyyy~MM~dd', '-/. '],
  ['yyyy~MM~d', '-/.'],
  ['yyyy~M~dd', '-/.'],
  ['yyyy~M~d', '-/. '],
  ['yyyyMMdd', ''],
  ['ddMMyyyy', ''],
  ['MMddyyyy', ''],
  ['dd~MM~yyyy', './- '],
  ['dd~M~yyyy', './-'],
  ['d~MM~yyyy', './-'],
  ['d~M~yyyy', './- '],
  ['MM~dd~yyyy', '/-. '],
  ['MM~d~yyyy', '/-.'],
  ['M~dd~yyyy', '/-.'],
  ['M~d~yyyy', '/-. '],
  ['dd. MM. yyyy', ''],
  ['d. M. yyyy', ''],
  ['yyyy.MM.dd.', ''],
  ['yyyy. MM. dd.', ''],
  ['yyyy. M. d.', ''],
  ['dd~MM~yy', './-'],
  ['d~M~yy', './-'],
  ['MM~dd~yy', '/-.'],
  ['M~d~yy', '/-.'],
  ['yy~MM~dd', '-/.'],
  ['dd~MMM~yyyy', ' -/.'],
  ['d~MMM~yyyy', ' -/.'],
  ['dd~MMM~yy', ' -/'],
  ['d~MMM~yy', ' -/'],
  ['ddMMMyyyy', ''],
  ['ddMMMyy', ''],
  ['dd. MMM yyyy', ''],
  ['d. MMM yyyy', ''],
  ["d 'de' MMM 'de' yyyy", ''],
  ['MMM dd, yyyy', ''],
  ['MMM d, yyyy', ''],
  ['MMM~dd~yyyy', ' -/'],
  ['MMM~d~yyyy', ' -/'],
  ['yyyy~MMM~dd', '- /'],
  ['yyyy~MMM~d', '- /'],
  ['do MMM yyyy', ''],
  ['MMM do, yyyy', ''],
  ['MMM do yyyy', ''],
  ["yyyy'年'MM'月'dd'日'", ''],
  ["yyyy'年'M'月'd'日'", ''],
  ["yyyy'년' M'월' d'일'", ''],
  ['yyyy-DDD', ''],
  ["yyyy-'W'ww-e", ''],
  ["yyyy'W'wwe", ''],
];

/** Months, quarters and weeks: no clock stands after them. */
const periods: readonly (readonly [string, string])[] = [
  ['yyyy~MM', '-/. '],
  ['yyyy~M', '-/ '],
  ['MM~yyyy', '/-. '],
  ['M~yyyy', '/-. '],
  ['MMM~yyyy', ' -/.'],
  ['MMM, yyyy', ''],
  ["MMM 'de' yyyy", ''],
  ['yyyy~MMM', ' -/'],
  ['yyyyMMM', ''],
  ['MMM~yy', '- /.'],
  ["MMM~''yy", ' -'],
  ['yy~MMM', '- '],
  ['yyyy-MM-ddZ', ''],
  ['yyyy-MM-ddXXX', ''],
  ['yyyy:MM', ''],
  ["yyyy'm'M", ''],
  ["yyyy'M'MM", ''],
  ["yyyy-'M'MM", ''],
  ["yyyy'M'M", ''],
  ["yyyy'年'MM'月'", ''],
  ["yyyy'年'M'月'", ''],
  ["yyyy'년' M'월'", ''],
  ['y-MM', ''],
  ['MMM~NNN yyyy', '-–/'],
  ['MMM - NNN yyyy', ''],
  ["MMM 'to' NNN yyyy", ''],
  ['yyyy MMM~NNN', '-–/'],
  ["yyyy'Q'Q", ''],
  ["yyyy~'Q'Q", '- /:_'],
  ["'Q'Q~yyyy", ' -/'],
  ["yyyy'q'Q", ''],
  ["'q'Q~yyyy", ' -/'],
  ["Q'Q'yyyy", ''],
  ["Q'Q' yyyy", ''],
  ["Q'Q'yy", ''],
  ["'Q'Q~yy", ' -/'],
  ["'Q'Q ''yy", ''],
  ["'Q'Q''yy", ''],
  ["Q'. Quartal 'yyyy", ''],
  ["Q'. Q. 'yyyy", ''],
  ["'Quartal' Q yyyy", ''],
  ["'Quarter' Q yyyy", ''],
  ["yyyy 'Quarter' Q", ''],
  ["'FY'yyyy~'Q'Q", ' -'],
  ["'FY'yyyy'Q'Q", ''],
  ["'FY'yy~'Q'Q", ' -'],
  ["'FY'yy'Q'Q", ''],
  ["'Q'Q 'FY'yyyy", ''],
  ["'Q'Q 'FY'yy", ''],
  ["'T'Q~yyyy", ' -/'],
  ["yyyy~'T'Q", '- '],
  ["yyyy'T'Q", ''],
  ['yyyy Q', ''],
  ["yyyy'H'n", ''],
  ["yyyy~'H'n", '- '],
  ["'H'n~yyyy", ' -/'],
  ["yyyy'S'n", ''],
  ["yyyy~'S'n", '- '],
  ["'S'n yyyy", ''],
  ["n'. Halbjahr 'yyyy", ''],
  ["yyyy'P'MM", ''],
  ["yyyy~'P'MM", '- '],
  ["'P'MM~yyyy", ' -/'],
  ["'FY'yyyy~'P'MM", '- '],
  ["'FY'yyyy", ''],
  ["'FY' yyyy", ''],
  ["'FY'yy", ''],
  ["yyyy-'W'ww", ''],
  ["yyyy'W'ww", ''],
  ["yyyy~'W'ww", ' /'],
  ["'W'ww~yyyy", ' /-'],
  ["yyyy-'W'w", ''],
  ["yyyy'W'w", ''],
  ["yyyy~'W'w", ' /'],
  ["'W'w~yyyy", ' /-'],
  ["'Week' w, yyyy", ''],
  ["'Week' w yyyy", ''],
  ["yyyy 'Week' w", ''],
  ["'KW'ww~yyyy", ' /-'],
  ["'KW' ww~yyyy", ' /-'],
  ["'KW'w~yyyy", ' /-'],
  ["'KW' w~yyyy", ' /-'],
  ["w'. KW 'yyyy", ''],
  ["yyyy~'KW'ww", '- /'],
  ["yyyy~'KW'w", '- /'],
  ["yyyy~'KW' w", '- /'],
  ["yyyy'KW'ww", ''],
  ["yyyy'KW'w", ''],
  ["'S'ww~yyyy", ' -/'],
  ["yyyy~'S'ww", '- '],
  ["yyyy'S'ww", ''],
  ['ww/yyyy', ''],
  ['MM~yy', '/-'],
  ['yyyy~YY', '/-'],
  ['yyyy~YYYY', '/-'],
];

/** Notations that much else is written in too: they are times in a column whose name says so. */
const weak = /^(ww\/yyyy|MM[/-]yy|yyyy[/-]YY(YY)?|ddMMyyyy|MMddyyyy|MM\.yyyy|M\.yyyy)$/;

export function isWeak(pattern: string): boolean {
  return weak.test(pattern);
}

/** Dates of which month or day has its zeros and the other hasn't: a column is in one only where a cell shows it. */
const unevenPattern = /(?<!M)MM[-/.]d(?!d)|(?<!d)d[-/.]MM(?!M)|(?<!M)M[-/.]dd|dd[-/.]M(?!M)/;
const unevenCell = /^(\d{4}[-/.])?(0\d[-/.]\d|\d[-/.]0\d)(?!\d)/;

/** Whether a date shows that: 01/1/1980. */
export function isUneven(cell: string): boolean {
  return unevenCell.test(cell);
}

const joints = [' ', "'T'", ', ', ' - ', '-', '_', ':', '/', " 'at' ", " 'um' ", ''];

const clocks = [
  'HH:mm',
  'H:mm',
  'HH:mm:ss',
  'H:mm:ss',
  'HH:mm:ss.S',
  'HH:mm:ss,S',
  'H:mm:ss.S',
  'HH:mm:ss:S',
  'HH',
  'H',
  'hh:mm a',
  'h:mm a',
  'hh:mma',
  'h:mma',
  'hh:mm:ss a',
  'h:mm:ss a',
  'hh:mm aaa',
  'h:mm aaa',
  'h:mmaaa',
  'hh:mm:ss aaa',
  'h:mm:ss aaa',
  'hh:mm aaaa',
  'h:mm aaaa',
  'h:mm:ss aaaa',
  'h a',
  'haaa',
  'HHmm',
  'HHmmss',
  'HH.mm',
  'H.mm',
  'HH.mm.ss',
  "HH'h'mm",
  "H'h'mm",
  "HH'h'",
  "HH:mm 'Uhr'",
];

const zones = [
  '',
  'Z',
  'XXX',
  'XX',
  'X',
  ' Z',
  ' XXX',
  ' XX',
  ' X',
  ' z',
  ' VV',
  "'['VV']'",
  "XXX'['VV']'",
  "Z'['VV']'",
  " 'GMT'XX",
  " 'GMT'XX zzzz",
];

/** Others, whole. */
const whole = [
  'EEE MMM d HH:mm:ss yyyy',
  'EEE MMM dd HH:mm:ss yyyy',
  'EEE MMM d HH:mm:ss z yyyy',
  'EEE MMM dd HH:mm:ss z yyyy',
  "yyyyMMdd'T'HHmmss'.000'Z",
  "yyyyMMdd'T'HHmmssZ",
];

/** A notation that a cell may be in. */
export interface Candidate {
  pattern: string;
  locale?: string;
}

const prefixes = ['', 'EEE, ', 'EEE '];
const parsers = new Map<string, RegExp>();
const notations = new Map<string, Notation>();

/** The notation of a pattern, compiled once. */
export function notationOf({ pattern, locale = 'en' }: Candidate): Notation {
  const key = `${pattern}|${locale}`;
  let notation = notations.get(key);
  if (notation === undefined) {
    notation = new Notation(pattern, locale);
    notations.set(key, notation);
  }
  return notation;
}

/** Times of day alone that a cell is in. */
export function clockCandidates(cell: string): Candidate[] {
  return clocks
    .filter((clock) => clock.includes('mm') && matches(clock, cell))
    .map((pattern) => ({ pattern: withDigits(pattern, cell) }));
}

/**
 * Every notation that a cell is a valid time in, those with fixed widths first.
 * @param loose with a clock, or its fraction, that other cells may leave out
 */
export function candidates(cell: string, loose = false): Candidate[] {
  const found = new Set<string>();
  const letters = /\p{L}/u.test(cell);
  const startsWithLetter = /^\p{L}/u.test(cell);
  if (!loose)
    for (const pattern of [...spread(periods, cell, letters), ...(letters ? whole : [])])
      if (matches(pattern, cell)) found.add(pattern);
  for (const date of spread(dates, cell, letters)) {
    if (unevenPattern.test(date) && !isUneven(cell)) continue;
    for (const prefix of startsWithLetter ? prefixes : ['']) {
      const start = prefix + date;
      const length = begins(start, cell);
      if (length === undefined) continue;
      if (length === cell.length) {
        if (!loose) found.add(start);
        continue;
      }
      const rest = cell.slice(length);
      for (const joint of joints) {
        if (joint !== '' && !rest.startsWith(joint.replace(/'/g, '')[0])) continue;
        if (joint === '' && date !== 'yyyyMMdd') continue;
        const between = begins(joint, rest);
        if (between === undefined) continue;
        const clockAndZone = rest.slice(between);
        for (const clock of clocks) {
          const clockLength = begins(clock, clockAndZone);
          if (clockLength === undefined) continue;
          const zone = zones.find((pattern) => matches(pattern, clockAndZone.slice(clockLength)));
          if (zone === undefined) continue;
          if (!loose) found.add(start + joint + clock + zone);
          else {
            const open = /[.,]S$/.test(clock) ? `${clock.slice(0, -2)}[${clock.slice(-2)}]` : clock;
            if (open !== clock) found.add(start + joint + open + zone);
            found.add(`${start}[${joint}${open}${zone}]`);
          }
        }
      }
    }
  }
  if (!loose && /^\d{1,2}:\d{2}/.test(cell)) {
    for (const clock of clocks) {
      const length = begins(`${clock} `, cell);
      if (length === undefined) continue;
      for (const date of spread(dates, cell, letters))
        if (matches(date, cell.slice(length))) found.add(`${clock} ${date}`);
    }
  }
  return [...found].flatMap((pattern) => withLanguage(withDigits(pattern, cell), cell));
}

/** A fraction gets as many letters as the cell has digits. */
function withDigits(pattern: string, cell: string): string {
  const fraction = /:\d{2}:\d{2}[.,:](\d+)/.exec(cell)?.[1] ?? '';
  return pattern.replace(/([.,:])S(?!S)/, `$1${'S'.repeat(Math.max(1, fraction.length))}`);
}

function withLanguage(pattern: string, cell: string): Candidate[] {
  const possible: Candidate[] = pattern.includes('MMM')
    ? languages.map((locale) => ({ pattern, locale }))
    : [{ pattern }];
  return possible.filter((candidate) => notationOf(candidate).read(cell));
}

/** The patterns of a list that a cell may be in, by its separators and whether it has letters. */
function spread(rows: readonly (readonly [string, string])[], cell: string, letters: boolean): string[] {
  return rows.flatMap(([pattern, separators]) => {
    if (!letters && /MMM|'\p{L}/u.test(pattern)) return [];
    if (separators === '') return [pattern];
    return [...separators]
      .filter((separator) => cell.includes(separator))
      .map((separator) => pattern.replaceAll('~', separator));
  });
}

/** How many characters of a text a pattern takes at its start, if it fits there. */
function begins(pattern: string, text: string): number | undefined {
  return parser(`^${regexSource(pattern)}`).exec(text)?.[0].length;
}

function matches(pattern: string, text: string): boolean {
  return parser(`^${regexSource(pattern)}$`).test(text);
}

function parser(source: string): RegExp {
  let regex = parsers.get(source);
  if (regex === undefined) {
    regex = new RegExp(source, 'u');
    parsers.set(source, regex);
  }
  return regex;
}
