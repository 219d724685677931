import type { Frame } from '../../data/frame.js';
import { mostRows } from '../../data/longTable.js';
import type { Source } from '../../data/source.js';
import type { Table } from '../../data/table.js';
import { understand } from '../../data/understanding/understand.js';
import { usageError } from '../../errors.js';
import type { Run } from '../definition.js';
import { seasonalScale } from './baselines.js';
import type { Series, SeriesSet } from './forecaster.js';
import { type KeptRows, newestRows, noteKept } from './newest.js';
import { readStretches } from './olderRows.js';
import type { ForecastOptions } from './options.js';
import { findSeason } from './season.js';
import {
  columnsOf,
  type SeriesColumns,
  seriesSet,
  sliceSeries,
  trainingRows,
  type Widths,
  widthsOf,
} from './seriesSet.js';

/** A table that has been understood, as the series that a forecast works on. */
export interface ForecastData {
  frame: Frame;
  columns: SeriesColumns;
  widths: Widths;
  set: SeriesSet;
  horizon: number;
  warnings: string[];
}

/** Steps that are forecast where nothing has a season. */
const horizonWithoutSeason = 6;

/**
 * @param split the newest part, which the season is not looked for in
 * @throws MemcellError for columns and options that a forecast cannot take
 */
export async function readData(
  source: Source,
  options: ForecastOptions,
  run: Run,
  split: number,
): Promise<ForecastData> {
  const { mostRows: most, ...reading } = options;
  const rows = await newestRows(source, (head) => understood(head, { ...reading, fill: 'linear' }).reading.time, {
    ...(most !== undefined && { most }),
    ...(options.group && { group: options.group }),
    stretches: { seed: run.seed, rows: stretchRows(options) },
  });
  const asWhole = { ...reading, ...ordersOf(rows) };
  const { frame: read, warnings } = run.plain
    ? understandPlainly(rows.table, asWhole)
    : { frame: understood(rows.table, asWhole), warnings: [] };
  const noted = noteKept(read, rows);
  const shared = columnsOf(read, options.targets);
  const columns = run.plain ? { ...shared, past: plainFeatures(read, options) } : shared;
  const older = rows.older && readStretches(rows.older, read.reading, columns);
  const frame = older ? withNotes(noted, older.notes) : noted;
  const found = { ...seriesSet(frame, columns), ...(older && { older: older.series }) };
  const season = found.season ?? seasonIn(found.series, trainingRows(found.series, split), columns.targets.length);
  const set = { ...found, season };
  const horizon = options.horizon ?? (run.plain ? 1 : season > 1 ? season : horizonWithoutSeason);
  return { frame, columns, widths: widthsOf(set), set, horizon, warnings };
}

/** Rows of a stretch of older rows: enough for windows after an anchor has settled, and few enough for eight stretches. */
function stretchRows({ window = 96, horizon = 24, mostRows: most = mostRows }: ForecastOptions): number {
  return Math.max(16, Math.min(Math.max(2048, 8 * (window + horizon)), Math.floor(most / 16)));
}

/** Whether day or month comes first, as the whole table tells where the rows that are kept may not. */
function ordersOf({ time }: KeptRows): Pick<ForecastOptions, 'dates'> {
  const parts = time && /(d+)[^dMy]+M+|M+[^dMy]+(d+)/.exec(time.notation);
  if (!parts || /^y/.test(time.notation)) return {};
  return { dates: parts[1] === undefined ? 'month' : 'day' };
}

function withNotes(frame: Frame, notes: readonly string[]): Frame {
  const { account } = frame;
  return { ...frame, account: { ...account, notes: [...account.notes, ...notes] } };
}

function understood(table: Table, options: ForecastOptions): Frame {
  const { window: _window, horizon: _horizon, mostRows: _mostRows, ...reading } = options;
  return understand(table, reading);
}

/** A plain network takes columns of numbers, unless others are asked for. */
function understandPlainly(table: Table, options: ForecastOptions): { frame: Frame; warnings: string[] } {
  if (options.known !== undefined) {
    throw usageError('known: a plain network takes no columns known ahead; leave --known or --plain out');
  }
  const frame = understood(table, options);
  if (options.features !== undefined) return { frame, warnings: [] };
  const texts = frame.columns
    .filter(({ use, reading }) => use === 'feature' && reading.kind === 'category')
    .map(({ name }) => name);
  if (texts.length === 0) return { frame, warnings: [] };
  const warnings = [
    `left out, as a plain network takes columns of numbers: ${texts.join(', ')}; --features takes them in`,
  ];
  return { frame: understood(table, { ...options, drop: [...(options.drop ?? []), ...texts] }), warnings };
}

/** As asked for, in that order; else every column that can go in, the targets too, in the table's order. */
function plainFeatures(frame: Frame, options: ForecastOptions): string[] {
  if (options.features !== undefined) return [...options.features];
  return frame.columns.filter(({ use }) => use === 'feature' || use === 'target').map(({ name }) => name);
}

/** The season that most series have in their training part. */
function seasonIn(series: readonly Series[], trained: readonly number[], columns: number): number {
  const counts = new Map<number, number>();
  for (const [i, { targets }] of series.entries()) {
    const first = Float64Array.from({ length: trained[i] }, (_, row) => targets[row * columns]);
    const season = findSeason(first);
    counts.set(season, (counts.get(season) ?? 0) + 1);
  }
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/** The first rows of each series, as they were when nothing later was known. Series without a row are left out. */
export function firstRows({ set, widths }: ForecastData, rows: readonly number[]): SeriesSet {
  const series = set.series.flatMap((one, i) => (rows[i] > 0 ? [sliceSeries(one, widths, 0, rows[i])] : []));
  return { ...set, series };
}

/** What the errors of a series are divided by: per target, over the rows trained on. */
export function scalesOf({ widths, set: { season } }: ForecastData, series: Series, trained: number): number[] {
  const rows = trained > 1 ? trained : series.rows;
  return Array.from({ length: widths.targets }, (_, c) =>
    seasonalScale(series.targets, widths.targets, c, rows, season),
  );
}
