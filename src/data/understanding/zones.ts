import { day } from '../days.js';
/** Minutes east of UTC of the abbreviations that stand for one offset in most of the data that has them. */
export const abbreviations: Record<string, number> = {
  UTC: 0,
  GMT: 0,
  WET: 0,
  WEST: 60,
  BST: 60,
  CET: 60,
  CEST: 120,
  MEZ: 60,
  MESZ: 120,
  EET: 120,
  EEST: 180,
  MSK: 180,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
  AKST: -540,
  AKDT: -480,
  HST: -600,
  JST: 540,
  KST: 540,
  AEST: 600,
  AEDT: 660,
  NZST: 720,
  NZDT: 780,
};

const formats = new Map<string, Intl.DateTimeFormat | undefined>();
const quarter = 900_000;
const known = new Map<string, Map<number, number>>();

/** Minutes east of UTC at an instant in a named zone such as Europe/Paris; undefined for an unknown zone. */
export function offsetInZone(zone: string, instant: number): number | undefined {
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  let offsets = known.get(zone);
  if (offsets === undefined) {
    offsets = new Map();
    known.set(zone, offsets);
  }
  const key = Math.floor(instant / quarter);
  const found = offsets.get(key);
  if (found !== undefined) return found;
  const at: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(key * quarter)) at[type] = Number(value);
  const wall = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second);
  const offset = Math.round((wall - key * quarter) / 60_000);
  offsets.set(key, offset);
  return offset;
}

/** The same for what a clock there shows; of an hour that comes twice the first. */
export function offsetOfWall(zone: string, wall: number): number | undefined {
  const before = offsetInZone(zone, wall - day);
  const after = offsetInZone(zone, wall + day);
  if (before === undefined || after === undefined || before === after) return before;
  return offsetInZone(zone, wall - before * 60_000) === before ? before : after;
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone);
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    // Intl throws a RangeError for a zone that it does not know.
    if (!(error instanceof RangeError)) throw error;
  }
  formats.set(zone, format);
  return format;
}
