/** One cell of a table, as text, to a number or a date. */

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const decimalWithComma = /^[+-]?\d+,\d+(?:[eE][+-]?\d+)?$/;
const missing = /^(?:|[+-]?nan|[+-]?inf(?:inity)?|na|n\/a|null|none|-|\?)$/i;

/** Whether a cell says that there is no value: empty, NaN, inf, NA, null, none, - or ?. */
export function isMissing(cell: string): boolean {
  return missing.test(cell);
}

/** A cell's number, or NaN when it is not one. With `decimalComma`, 3,5 is 3.5 too. */
export function parseNumber(cell: string, decimalComma: boolean): number {
  if (decimal.test(cell)) return Number(cell);
  if (decimalComma && decimalWithComma.test(cell)) return Number(cell.replace(',', '.'));
  return Number.NaN;
}

const isoDate =
  /^(\d{4})([-/])(\d{1,2})(?:\2(\d{1,2}))?(?:([T ])(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Whether a cell is 2012-01, 2012-01-31, 2012/1/31, 2012-01-31 12:00, 2012-01-31T12:00:00.000Z or …+01:00, and such a day exists. */
export function isDate(cell: string): boolean {
  const match = isoDate.exec(cell);
  if (match === null) return false;
  const [, year, , month, day, , hour, minute, second, , zone] = match;
  if ((zone !== undefined && hour === undefined) || (hour !== undefined && day === undefined)) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day ?? 1)));
  const exists = date.getUTCMonth() === Number(month) - 1 && Number(month) >= 1 && Number(day ?? 1) >= 1;
  return exists && Number(hour ?? 0) <= 23 && Number(minute ?? 0) <= 59 && Number(second ?? 0) <= 59;
}
