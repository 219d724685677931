import { day, dayOf, daysIn, firstWeek, remainder, weekOf } from '../days.js';
import { type Moment, type TimeField, TimeParts, timeFields, type Wording } from './timeFields.js';
import { offsetInZone, offsetOfWall } from './zones.js';

/** The parts of a pattern: quoted text, fields (the longest first), and what stands for itself: optional parts are in brackets. */
const partsOfPattern = new RegExp(
  `'([^']*)'|S+|${Object.keys(timeFields)
    .sort((a, b) => b.length - a.length)
    .join('|')}|[^A-Za-z]`,
  'g',
);

/** Literal text (kind ''), a bracket, or a field. */
interface Piece {
  kind: string;
  text: string;
}

function piecesOf(pattern: string): Piece[] {
  return Array.from(pattern.matchAll(partsOfPattern), ([part, quoted]) => {
    if (quoted !== undefined) return { kind: '', text: quoted === '' ? "'" : quoted };
    const kind = part.startsWith('S') ? 'S' : part;
    return { kind: Object.hasOwn(timeFields, kind) || part === '[' || part === ']' ? kind : '', text: part };
  });
}

/** What a pattern looks like, with one group for each field. */
export function regexSource(pattern: string): string {
  return piecesOf(pattern)
    .map(({ kind, text }) => {
      if (kind === '[') return '(?:';
      if (kind === ']') return ')?';
      if (kind !== '') return timeFields[kind].shape;
      return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/ /g, '\\s+');
    })
    .join('');
}

/**
 * A way to write times: a pattern in the letters of `timeFields` (yyyy-MM-dd HH:mm), where 'text' stands for itself and [ ]
 * holds what may be left out.
 */
export class Notation {
  /** What `read` found: milliseconds since 1970 as the clock shows it, and minutes east of UTC (NaN without a zone). */
  wall = Number.NaN;
  offset = Number.NaN;
  /** The parts of the cell that was read last. */
  parts = new TimeParts();
  private readonly regex: RegExp;
  private readonly names: string[];
  private readonly fields: TimeField[];
  private readonly pieces: Piece[];

  constructor(
    readonly pattern: string,
    private readonly locale = 'en',
  ) {
    this.pieces = piecesOf(pattern);
    this.names = this.pieces.filter(({ kind }) => Object.hasOwn(timeFields, kind)).map(({ kind }) => kind);
    this.fields = this.names.map((name) => timeFields[name]);
    this.regex = new RegExp(`^${regexSource(pattern)}$`, 'u');
  }

  /** Whether the cell is a time in this notation; `wall` and `offset` then hold it. */
  read(cell: string): boolean {
    const match = this.regex.exec(cell);
    if (match === null) return false;
    const parts = new TimeParts();
    for (let i = 0; i < this.fields.length; i++) {
      const text = match[i + 1];
      if (text !== undefined && !this.fields[i].read(text, parts, this.locale)) return false;
    }
    const { year, month, date, yearDay, week, weekday, half, minute, second, milliseconds, zone } = parts;
    if (half !== '') parts.hour = (parts.hour % 12) + (half === 'p' ? 12 : 0);
    const { hour } = parts;
    if (month < 1 || month > 12 || date < 1 || date > daysIn(year, month)) return false;
    if (hour > 24 || (hour === 24 && minute + second + milliseconds > 0)) return false;
    let start = dayOf(year, month, yearDay > 0 ? yearDay : date);
    if (week > 0) start = firstWeek(year) + (week - 1) * 7 + weekday - 1;
    this.wall = start * day + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
    if (zone !== '' && Number.isNaN(parts.offset)) {
      const found = offsetOfWall(zone, this.wall);
      if (found === undefined) return false;
      parts.offset = found;
    }
    this.offset = parts.offset;
    this.parts = parts;
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
    const moment = this.momentOf(wall, wording);
    let written = '';
    let optional: string | undefined;
    for (const { kind, text } of this.pieces) {
      if (kind === '[') optional = '';
      else if (kind === ']') {
        written += /[1-9]/.test(optional ?? '') ? optional : '';
        optional = undefined;
      } else {
        const part = kind === '' ? text : timeFields[kind].write(moment, text);
        if (optional === undefined) written += part;
        else optional += part;
      }
    }
    return written;
  }

  private momentOf(wall: number, wording: Wording): Moment {
    // 24:00 belongs to the day that ends.
    const shown = this.has('kk') && remainder(wall, day) < 3_600_000 ? wall - 1 : wall;
    const date = new Date(shown);
    const { year, week } = this.has('ww', 'w')
      ? weekOf(Math.floor(wall / day))
      : { year: date.getUTCFullYear(), week: 1 };
    return { clock: new Date(wall), date, year, week, wording };
  }
}

/** Minutes east of UTC at a time of a zone, for writing it. */
export function offsetAt(instant: number, wording: Wording): number {
  return (wording.zone?.includes('/') ? offsetInZone(wording.zone, instant) : undefined) ?? wording.offset ?? 0;
}

/** A pattern for people: without quotes. */
export function plainPattern(pattern: string): string {
  return pattern.replace(/'/g, '');
}
