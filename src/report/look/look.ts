import type { Frame, FrameColumn, SeriesRange } from '../../data/frame.js';
import type { Source } from '../../data/source.js';
import type { Table } from '../../data/table.js';
import { understand } from '../../data/understanding/understand.js';
import { MemcellError } from '../../errors.js';
import { newestRows, noteKept } from '../../tasks/forecast/newest.js';
import { axisOf, mostPoints, mostSeries } from '../../tasks/shown.js';
import { correlationsOf } from './correlations.js';
import { missingOf } from './missing.js';
import { lookAtNumbers } from './numbers.js';
import type { PlotOptions } from './options.js';
import type { LookedColumn, LookedNames, LookedSeries, TableLook } from './shown.js';

/** Columns that are drawn, lines over time in all, columns of the correlations, names that are counted, points in all. */
const most = { columns: 12, lines: 24, correlated: 24, names: 20, points: 5000 };

/** Points that a line has at least. */
const fewestPoints = 250;

/**
 * Looks at a table: how it is understood, each column over time, what is missing, how values lie and hang together. Nothing is
 * filled in.
 * @throws MemcellError for a table that cannot be understood, and one without a column to draw
 */
export async function lookAt(
  source: Source,
  { columns: named, mostRows, ...reading }: PlotOptions,
): Promise<TableLook> {
  const read = (table: Table) =>
    understand(table, { ...reading, fill: 'leave', ...(named && named.length > 0 && { features: named }) });
  const rows = await newestRows(source, (head) => read(head).reading.time, {
    ...(mostRows !== undefined && { most: mostRows }),
    ...(reading.group && { group: reading.group }),
  });
  const frame = noteKept(read(rows.table), rows);
  const usable = frame.columns.filter(({ use, reading: { kind } }) => use === 'feature' && kind !== 'text');
  if (usable.length === 0 || frame.rows === 0) throw nothingToDraw(frame);
  const left: string[] = [];
  // As they were asked for.
  const ordered = named ? named.flatMap((name) => usable.find((column) => column.name === name) ?? []) : usable;
  for (const name of named ?? []) {
    const why = frame.account.columns.find((column) => column.name === name && column.use === 'out')?.why;
    if (why !== undefined) left.push(`${name}: ${why}`);
  }
  const drawn = ordered.slice(0, most.columns);
  if (drawn.length < ordered.length) {
    left.push(
      `${ordered.length - drawn.length} of ${ordered.length} columns are not drawn: ${namesOf(ordered.slice(drawn.length))}; name those to look at`,
    );
  }
  const ranges = longest(frame.series, Math.max(1, Math.min(mostSeries, Math.floor(most.lines / drawn.length))));
  if (ranges.length < frame.series.length) {
    left.push(`of ${frame.series.length} series the ${ranges.length} longest are drawn`);
  }
  const axis = axisOf(frame.reading.time);
  const x = frame.time?.times ?? rowsWithin(frame);
  const points = Math.max(fewestPoints, Math.min(mostPoints, Math.floor(most.points / (ranges.length * drawn.length))));
  const season = frame.time?.season;
  const series = ranges.map(
    ({ name, from, to }): LookedSeries => ({
      name: frame.series.length > 1 ? name : '',
      rows: to - from,
      columns: drawn.flatMap((column): LookedColumn[] => {
        const values = column.values.subarray(from, to);
        if (values.every(Number.isNaN)) return [];
        const names = namesIn(column);
        if (names) return [lookAtNames(column, names, values)];
        const clock = { axis, x: x.subarray(from, to), ...(season !== undefined && { season }) };
        return [lookAtNumbers(column.name, values, clock, points)];
      }),
    }),
  );
  const numbers = ordered.filter(({ reading: { kind } }) => kind !== 'category').slice(0, most.correlated);
  const missing = missingOf(drawn, ranges, frame, x);
  return {
    understood: frame.account,
    axis,
    series,
    ...(frame.series.length > 1 && { lengths: frame.series.map((range) => lengthOf(range, drawn)) }),
    ...(missing && { missing }),
    ...(numbers.length > 1 && { correlations: correlationsOf(numbers) }),
    left,
  };
}

/** What the indices of a column of names stand for; undefined of numbers. */
function namesIn({ reading }: FrameColumn): readonly string[] | undefined {
  if (reading.kind === 'category') return reading.values;
  return reading.kind === 'flag' ? [reading.zero || 'empty', reading.one] : undefined;
}

function lookAtNames({ name }: FrameColumn, names: readonly string[], values: Float64Array): LookedNames {
  const counts = new Float64Array(names.length);
  let missing = 0;
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    else counts[value]++;
  }
  const sorted = names
    .map((value, i) => ({ value, count: counts[i] }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  return {
    kind: 'names',
    name,
    values: values.length - missing,
    missing,
    counts: sorted.slice(0, most.names),
    others: sorted.slice(most.names).reduce((sum, { count }) => sum + count, 0),
  };
}

/** The longest series, in their order. */
function longest(series: readonly SeriesRange[], count: number): readonly SeriesRange[] {
  if (series.length <= count) return series;
  const kept = new Set([...series].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, count));
  return series.filter((range) => kept.has(range));
}

function lengthOf({ name, from, to }: SeriesRange, columns: readonly FrameColumn[]) {
  let missing = 0;
  for (const { values } of columns) for (let row = from; row < to; row++) missing += Number(Number.isNaN(values[row]));
  return { name, rows: to - from, missing };
}

/** Rows of each series counted from 1. */
function rowsWithin({ rows, series }: Frame): Float64Array {
  const x = new Float64Array(rows);
  for (const { from, to } of series) for (let row = from; row < to; row++) x[row] = row - from + 1;
  return x;
}

function namesOf(columns: readonly FrameColumn[]): string {
  const shown = columns.slice(0, 8).map(({ name }) => name);
  return `${shown.join(', ')}${columns.length > shown.length ? ', …' : ''}`;
}

function nothingToDraw({ account }: Frame): MemcellError {
  const why = account.columns.flatMap(({ name, why: reason }) => (reason === undefined ? [] : [`${name}: ${reason}`]));
  const told = why.length > 0 ? ` (${why.slice(0, 4).join('; ')}${why.length > 4 ? '; …' : ''})` : '';
  return new MemcellError(`${account.source}: no column has numbers or names to draw${told}; name one that has`);
}
