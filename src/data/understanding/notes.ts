import type { Account, Note } from '../frame.js';
import { times } from './wording.js';

export function noteText(note: Note): string {
  if (typeof note === 'string') return note;
  const { rows, why, first } = note;
  return `${times(rows, 'row')} left out: ${why} (${rows === 1 ? first : `the first is ${first}`})`;
}

/** Values of a column that were missing and are filled in. */
export interface Filled {
  name: string;
  values: number;
  how: string;
}

export function filledText({ name, values, how }: Filled): string {
  return `${name}: ${times(values, 'missing value')} (${how})`;
}

/** What was filled in, column by column; values of times that were not there are told by those. */
export function filledOf({ time, columns }: Account): Filled[] {
  const gaps = time?.gaps ?? 0;
  return columns.flatMap(({ name, missing = 0, filled }) =>
    missing > gaps && filled !== undefined ? [{ name, values: missing - gaps, how: filled }] : [],
  );
}
