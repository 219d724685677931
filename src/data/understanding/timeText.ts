import { usageError } from '../../errors.js';
import { addSteps } from '../calendar.js';
import { day } from '../days.js';
import type { TimeReading } from '../frame.js';
import { offsetAt, plainPattern } from './notation.js';
import { candidates, notationOf } from './notations.js';
import { scaled, unscaled } from './numberTimes.js';
import { beginning } from './times.js';
import { offsetOfWall } from './zones.js';

/** A time of a frame in the data's own notation; several columns with a space between them. */
export function writeTime(time: TimeReading, at: number): string {
  const number = unscaled(time.notation, at);
  if (number !== undefined) return number;
  const offset = time.wall ? offsetOfClock(time, at) : offsetAt(at, time);
  const wall = time.wall ? at : at + offset * 60_000;
  return notationOf({ pattern: time.notation, locale: time.locale }).write(wall, { ...time, offset });
}

/**
 * The n times that follow `last` by the step, in the data's own notation. Days and months are counted by what the clock
 * shows, shorter steps by the time that passes. None where no step is known.
 */
export function labelsAfter(time: TimeReading, last: number, n: number): string[] {
  const { step } = time;
  if (step === undefined) return [];
  return Array.from({ length: n }, (_, i) => {
    if (unscaled(time.notation, last) !== undefined) return writeTime(time, addSteps(last, step, i + 1));
    const shift = time.wall ? 0 : offsetAt(last, time) * 60_000;
    if (step.unit === 'millisecond' && step.count < day) return writeTime(time, last + step.count * (i + 1));
    const wall = addSteps(last + shift, step, i + 1);
    const offset = offsetOfClock(time, wall);
    return notationOf({ pattern: time.notation, locale: time.locale }).write(wall, { ...time, offset });
  });
}

/**
 * A time as the data writes it, or as ISO does, to the number that frames have for it.
 * @throws MemcellError (usage) for a text that is no time
 */
export function readTime(time: TimeReading, text: string): number {
  const cell = text.trim();
  const value = cell === '' ? Number.NaN : Number(cell);
  const number = Number.isNaN(value) ? undefined : scaled(time.notation, value);
  if (number !== undefined) return number;
  const read = (candidate: { pattern: string; locale?: string }): number | undefined => {
    const notation = notationOf(candidate);
    if (scaled(candidate.pattern, 0) !== undefined || !(notation.read(cell) || notation.read(beginning(cell) ?? ''))) {
      return undefined;
    }
    if (time.wall) return notation.wall;
    const offset = Number.isNaN(notation.offset) ? (time.offset ?? 0) : notation.offset;
    return notation.wall - offset * 60_000;
  };
  if (time.notation !== 'number') {
    // Looking for another notation takes a thousand times as long as reading the data's own.
    const own = read({ pattern: time.notation, ...(time.locale !== undefined && { locale: time.locale }) });
    if (own !== undefined) return own;
    for (const candidate of candidates(cell)) {
      const other = read(candidate);
      if (other !== undefined) return other;
    }
  }
  throw usageError(`'${text}' is not a time; write it as the data does (${plainPattern(time.notation)})`);
}

function offsetOfClock(time: TimeReading, wall: number): number {
  const named = time.zone?.includes('/') ? offsetOfWall(time.zone, wall) : undefined;
  return named ?? time.offset ?? 0;
}
