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

/** How a date is written, so that later ones can be written the same way. */
export interface DateStyle {
  separator: string;
  /** The last part that is written. */
  precision: 'month' | 'day' | 'minute' | 'second' | 'millisecond';
  /** Between the date and the time: T or a space. */
  joint: string;
  /** '', 'Z' or an offset such as +01:00. */
  zone: string;
}

export interface ParsedDate {
  /** Milliseconds since 1970 of the date as written, without its zone's offset. */
  time: number;
  style: DateStyle;
}

/** Reads 2012-01, 2012-01-31, 2012/1/31, 2012-01-31 12:00, 2012-01-31T12:00:00.000Z, …+01:00; undefined for all else. */
export function parseDate(cell: string): ParsedDate | undefined {
  const match = isoDate.exec(cell);
  if (match === null) return undefined;
  const [, year, separator, month, day, joint, hour, minute, second, fraction, zone = ''] = match;
  if (zone !== '' && hour === undefined) return undefined;
  if (hour !== undefined && day === undefined) return undefined;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day ?? 1));
  const exists = new Date(date).getUTCMonth() === Number(month) - 1 && Number(month) >= 1 && Number(day ?? 1) >= 1;
  if (!exists || Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined;
  const milliseconds = Math.round(Number(`0${fraction ?? ''}`) * 1000);
  const time = date + (Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60 + Number(second ?? 0)) * 1000 + milliseconds;
  const precision =
    day === undefined
      ? 'month'
      : hour === undefined
        ? 'day'
        : second === undefined
          ? 'minute'
          : fraction === undefined
            ? 'second'
            : 'millisecond';
  return { time, style: { separator, precision, joint: joint ?? 'T', zone } };
}

/** Writes a time as `parseDate` read it. */
export function formatDate(time: number, style: DateStyle): string {
  const iso = new Date(time).toISOString();
  const year = iso.slice(0, iso.indexOf('-', 1));
  const rest = iso.slice(year.length + 1);
  const [month, day] = [rest.slice(0, 2), rest.slice(3, 5)];
  if (style.precision === 'month') return [year, month].join(style.separator);
  const date = [year, month, day].join(style.separator);
  if (style.precision === 'day') return date;
  const ends = { minute: 11, second: 14, millisecond: 18 };
  return `${date}${style.joint}${rest.slice(6, ends[style.precision])}${style.zone}`;
}
