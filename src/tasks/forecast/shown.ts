import type { TimeReading } from '../../data/frame.js';
import type { Source } from '../../data/source.js';
import { readTime } from '../../data/understanding/timeText.js';
import type { Loaded } from '../definition.js';
import {
  axisOf,
  histogramOf,
  mostPoints,
  mostSeries,
  reducePoints,
  type ShownBlock,
  type ShownForecasts,
} from '../shown.js';
import type { ForecastArtefact } from './artefact.js';
import type { Forecasts, Series } from './forecaster.js';
import { keptSeries } from './kept.js';
import type { ForecastResult, ForecastRow } from './predict.js';
import { modelColumns, readSeries } from './reading.js';

/**
 * Rolling forecasts of a series as pictures show them.
 * @param origins forecasts were made before these rows, `horizon` steps each
 */
export function showForecasts(
  {
    series,
    origins,
    columns,
    horizon,
    time,
  }: {
    series: Series;
    origins: readonly number[];
    columns: readonly string[];
    horizon: number;
    time?: TimeReading;
  },
  { values, intervals }: Pick<Forecasts, 'values' | 'intervals'>,
): ShownForecasts {
  const { rows, targets, filled } = series;
  const count = columns.length;
  const x = series.times ?? Float64Array.from({ length: rows }, (_, row) => row + 1);
  const first = Math.max(0, origins.length - mostPoints / 2);
  const of = (c: number) => Float64Array.from({ length: rows }, (_, row) => targets[row * count + c]);
  const happened = (row: number, c: number) => filled?.[row * count + c] !== 1;
  const shown: ShownForecasts = {
    kind: 'forecast',
    series: series.name,
    axis: axisOf(series.times && time),
    relative: 0,
    scored: origins.length,
    shown: origins.length - first,
    columns: columns.map((name, c) => {
      const actual = of(c);
      const forecasts: ShownBlock[] = [];
      const known = [...origins.entries()].filter(([, t]) => happened(t, c));
      const stepOne = Float64Array.from(known, ([i, t]) => actual[t] - values[i * horizon * count + c]);
      let [sum, compared] = [0, 0];
      for (const [i, origin] of origins.entries()) {
        for (let h = 0; h < Math.min(horizon, rows - origin); h++) {
          if (!happened(origin + h, c)) continue;
          sum += Math.abs(actual[origin + h] - values[(i * horizon + h) * count + c]);
          compared++;
        }
      }
      for (let i = first, next = 0; i < origins.length; i++) {
        const origin = origins[i];
        if (origin < next) continue;
        next = origin + horizon;
        const steps = Array.from({ length: Math.min(horizon, rows - origin) }, (_, h) => h);
        const at = (all: Float64Array) => steps.map((h) => all[(i * horizon + h) * count + c]);
        forecasts.push({
          x: steps.map((h) => x[origin + h]),
          y: at(values),
          intervals: intervals.map(({ probability, lower, upper }) => ({
            probability,
            lower: at(lower),
            upper: at(upper),
          })),
        });
      }
      return {
        name,
        actual: reducePoints(x, actual),
        forecasts,
        residuals: reducePoints(
          known.map(([, t]) => x[t]),
          stepOne,
        ),
        histogram: histogramOf(stepOne),
        mae: compared === 0 ? 0 : sum / compared,
      };
    }),
  };
  shown.relative = shown.columns.reduce((sum, { mae }, c) => sum + mae / (change(of(c)) || 1), 0) / count;
  return shown;
}

/** The mean absolute difference of a row and the one before it. */
function change(values: Float64Array): number {
  let sum = 0;
  for (let row = 1; row < values.length; row++) sum += Math.abs(values[row] - values[row - 1]);
  return sum / Math.max(1, values.length - 1);
}

/** The newest rows of each series of a model, or of new data, and what comes next, as pictures show them. */
export async function showNext(
  loaded: Loaded<ForecastArtefact>,
  source: Source | undefined,
  { rows, columns }: ForecastResult,
): Promise<{ shown: ShownForecasts[]; next: { series: string; columns: ShownBlock[] }[] }> {
  const { artefact } = loaded;
  const { time, group } = artefact.reading;
  const { widths } = modelColumns(artefact);
  const read = source && (await readSeries(artefact, source)).series;
  const all = read
    ? read.map(({ series }) => ({ series, rows: series.rows }))
    : artefact.series.map((kept) => ({ series: keptSeries(kept, widths), rows: kept.rows ?? 0 }));
  const shown: ShownForecasts[] = [];
  const next: { series: string; columns: ShownBlock[] }[] = [];
  for (const { series, rows: count } of all.slice(0, mostSeries)) {
    const name = { columns, horizon: artefact.horizon, ...(time && { time }) };
    const numbered = series.times ? series : { ...series, times: lastRows(series.rows, count) };
    const picture = showForecasts({ series: numbered, origins: [], ...name }, noForecasts);
    shown.push({ ...picture, axis: axisOf(series.times && time) });
    const own = rows.filter((row) => group === undefined || row.series === series.name);
    const x = own.map((row) => placeOf(numbered.times ?? new Float64Array(), row, time));
    next.push({
      series: series.name,
      columns: columns.map((_, c) => ({
        x,
        y: own.map(({ values }) => values[c]),
        intervals: (own[0]?.intervals ?? []).map(({ probability }, i) => ({
          probability,
          lower: own.map(({ intervals = [] }) => intervals[i].lower[c]),
          upper: own.map(({ intervals = [] }) => intervals[i].upper[c]),
        })),
      })),
    });
  }
  return { shown, next };
}

const noForecasts = { values: new Float64Array(), intervals: [] };

/** The numbers of the last `rows` of `count` rows, from 1. */
function lastRows(rows: number, count: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => Math.max(0, count - rows) + row + 1);
}

/** The place of a row ahead: its time, or as far on as rows are from each other on the whole. */
function placeOf(times: Float64Array, { time: label, step }: ForecastRow, time: TimeReading | undefined): number {
  if (label !== undefined && time) return readTime(time, label);
  const last = times.at(-1) ?? 0;
  return times.length < 2 ? last + step : last + (step * (last - times[0])) / (times.length - 1);
}
