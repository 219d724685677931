import stringWidth from 'string-width';

/**
 * Rows as text in columns, two spaces between them: the first column to the left, columns of numbers to the right.
 * @param head the columns' names; their line is left out when all are empty
 */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = head.some((name) => name !== '') ? [head, ...rows] : rows;
  const widths = head.map((_, column) => Math.max(...all.map((row) => stringWidth(row[column]))));
  const right = head.map(
    (_, column) => column > 0 && rows.every((row) => /^[-–]?[\d.,]*(e[+-]?\d+)?\s?%?$/.test(row[column])),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => (right[column] ? cell.padStart(widths[column]) : fill(cell, widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A text with spaces after it, so many columns of a terminal wide: of Chinese, Japanese and Korean letters each takes two. */
export function fill(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** A number as people read it: four significant digits, more before the point. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  if (size >= 1000 && size < 1e15) return value.toFixed(0);
  return size >= 1e-4 && size < 1000 ? value.toPrecision(4) : value.toExponential(3);
}

/** A value of the data, with as many digits as it has, six at most. */
export function formatValue(value: number): string {
  if (Number.isInteger(value)) return formatNumber(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e15 ? String(Number(value.toPrecision(6))) : value.toExponential(3);
}

/** Values that stand beside each other, all with the decimals of the last of four digits of a size. */
export function formatAlike(values: readonly number[], size: number): string[] {
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(size) || 1)));
  if (decimals > 8 || values.every(Number.isInteger)) return values.map(formatNumber);
  return values.map((value) => value.toFixed(decimals));
}

/** '1 h 2 min', '3 min 4 s', '5.6 s' */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** '1 row', '2 rows' */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** '41.7 %' */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A share as people set it: '80 %', '97.5 %' */
export function shortPercent(share: number): string {
  return `${Number((100 * share).toPrecision(4))} %`;
}

/** A name out of a file, as errors show it: as it is, or quoted and cut where it is long or has more than a name's characters. */
export function shownName(name: string): string {
  return /^[\w./:-]{1,80}$/.test(name) ? name : JSON.stringify(name.slice(0, 80));
}
