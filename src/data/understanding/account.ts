import type { Account } from '../frame.js';
import { filledOf, filledText } from './notes.js';
import { times } from './wording.js';

/** What was understood of a table in a few aligned lines for people. */
export function accountText(account: Account): string[] {
  const lines: [string, string][] = [];
  const { time, series, columns } = account;
  const left = account.read - account.rows;
  const rows = `${times(account.rows, 'row')}${left > 0 ? ` of ${account.read.toLocaleString('en')}` : ''}`;
  const many =
    series === undefined ? '' : `, ${times(series.count, 'series', 'series')} by ${series.columns.join(', ')}`;
  const lengths =
    series === undefined || series.count < 2
      ? ''
      : series.shortest === series.longest
        ? ` of ${series.longest} rows`
        : ` of ${series.shortest} to ${series.longest} rows`;
  lines.push(['data', `${account.source}: ${rows}${many}${lengths}`]);
  if (time !== undefined) {
    const season = time.season === undefined || time.season === 1 ? '' : `, season ${time.season}`;
    const step = time.step === undefined ? 'irregular steps' : `step ${time.step}${season}`;
    const gaps = time.gaps === 0 ? '' : `, ${times(time.gaps, 'missing time')}`;
    const sorted = time.sorted ? ', sorted' : '';
    lines.push([
      'time',
      `${time.columns.join(' + ')} (${time.notation}), ${time.first} to ${time.last}, ${step}${gaps}${sorted}`,
    ]);
  }
  for (const use of ['target', 'label', 'feature', 'known', 'out'] as const) {
    const told = columns.filter((column) => column.use === use);
    for (const [i, text] of (use === 'out' ? leftOut(told) : told.map(columnText)).entries()) {
      lines.push([i === 0 ? headings[use] : '', text]);
    }
  }
  for (const [i, note] of account.notes.entries()) lines.push([i === 0 ? 'note' : '', note]);
  const width = Math.max(...lines.map(([heading]) => heading.length));
  return lines.map(([heading, text]) => `${heading.padEnd(width)}  ${text}`);
}

/** What was done to a table that must not be silent. */
export function accountNotes(account: Account): string[] {
  return [...account.notes, ...filledOf(account).map(filledText)];
}

const headings = { target: 'target', label: 'label', feature: 'feature', known: 'known', out: 'left out' };

type Column = Account['columns'][number];

function columnText({ name, how, why, missing, filled }: Column): string {
  const gaps =
    missing === undefined || missing === 0
      ? ''
      : `, ${missing.toLocaleString('en')} missing${filled === undefined ? '' : ` (${filled})`}`;
  return `${name}: ${how}${gaps}${why === undefined ? '' : `; ${why}`}`;
}

/** Columns left out for one reason together. */
function leftOut(columns: readonly Column[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const { name, why = 'not needed' } of columns) reasons.set(why, [...(reasons.get(why) ?? []), name]);
  return [...reasons].map(([why, names]) => {
    const shown = names.length > 8 ? `${names.slice(0, 7).join(', ')} and ${names.length - 7} more` : names.join(', ');
    return `${shown}: ${why}`;
  });
}
