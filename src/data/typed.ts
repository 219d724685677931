import type { TypedCells } from './table.js';

/** Values of a program or of JSON as a column: numbers or times where all are that or missing, else cells. */
export function textOrNumbers(values: ArrayLike<unknown>): string[] | TypedCells {
  let numbers = 0;
  let times = 0;
  let missing = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'number') numbers++;
    else if (value instanceof Date) times++;
    else if (isNothing(value)) missing++;
    else break;
  }
  if (numbers > 0 && numbers + missing === values.length) return { numbers: filled(values) };
  if (times > 0 && times + missing === values.length) return { times: filled(values), utc: true };
  return Array.from(values, toCell);
}

/** Numbers and times of dates, NaN where there are none. */
function filled(values: ArrayLike<unknown>): Float64Array {
  const all = new Float64Array(values.length);
  for (let i = 0; i < all.length; i++) {
    const value = values[i];
    if (typeof value === 'number') all[i] = value;
    else all[i] = value instanceof Date ? value.getTime() : Number.NaN;
  }
  return all;
}

/** Text as it is, without surrounding space; numbers and booleans as JavaScript writes them; dates as ISO 8601. */
export function toCell(value: unknown): string {
  if (isNothing(value)) return '';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  return String(value).trim();
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value));
}
