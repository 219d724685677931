/** Days of the Gregorian calendar, counted from 1 January 1970. */

/** Milliseconds. */
export const day = 86_400_000;

export function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The day of a date, any year (Date.UTC takes 0–99 for 1900–1999). */
export function dayOf(year: number, month: number, date: number): number {
  if (year >= 100) return Date.UTC(year, month - 1, date) / day;
  return new Date(Date.UTC(2000, month - 1, date)).setUTCFullYear(year, month - 1, date) / day;
}

/** The Monday of the ISO year's first week: the one that has 4 January. */
export function firstWeek(year: number): number {
  const fourth = dayOf(year, 1, 4);
  return fourth - remainder(fourth + 3, 7);
}

/** The ISO week that a day is in. */
export function weekOf(today: number): { year: number; week: number } {
  const thursday = today - remainder(today + 3, 7) + 3;
  const year = new Date(thursday * day).getUTCFullYear();
  return { year, week: Math.floor((thursday - firstWeek(year)) / 7) + 1 };
}

/** a - b·⌊a/b⌋ */
export function remainder(a: number, b: number): number {
  return ((a % b) + b) % b;
}
