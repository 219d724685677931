import { openSource, type Source } from '../../data/source.js';
import type { Table } from '../../data/table.js';
import { accountNotes } from '../../data/understanding/account.js';
import { labelsAfter, writeTime } from '../../data/understanding/timeText.js';
import { encode, understand } from '../../data/understanding/understand.js';
import { MemcellError, usageError } from '../../errors.js';
import { counted } from '../../format.js';
import type { Loaded, Prediction } from '../definition.js';
import { checkCount } from '../settings.js';
import type { ForecastArtefact, RecipeArtefact } from './artefact.js';
import type { Series } from './forecaster.js';
import { forecasts } from './forecasts.js';
import { fromKept, keptSeries } from './kept.js';
import type { ForecastPredictOptions } from './options.js';
import { checkRows, hasRows, modelColumns, readSeries, some } from './reading.js';

/** Rows that a prediction may have, of all series. */
const mostRows = 100_000;

/** What comes after the end of the data; in code, and with --json. */
export interface ForecastResult {
  /** The columns that are forecast. */
  columns: string[];
  /** `time` as the data writes it, when its times are regular; `series` when there are several. */
  rows: ForecastRow[];
}

export interface ForecastRow {
  series?: string;
  step: number;
  time?: string;
  /** Per column. */
  values: number[];
  /** Between which ends the value lies with a probability; per column. Not of plain networks. */
  intervals?: { probability: number; lower: number[]; upper: number[] }[];
}

/**
 * The steps after the data's last row, or after the end of the training data.
 * @throws MemcellError (usage) for options that the model does not take, (data) for data that it cannot go on from
 */
export async function predictForecast(
  { model, artefact, name }: Loaded<ForecastArtefact>,
  source: Source | undefined,
  options: ForecastPredictOptions,
): Promise<Prediction<ForecastResult>> {
  const steps = checkCount(options.steps ?? artefact.horizon, 'steps');
  const probabilities = intervalsOf(artefact, options, name);
  const { widths } = modelColumns(artefact);
  const read = source && (await readSeries(artefact, source));
  const all =
    read?.series.map((one) => {
      const settled = fromKept(one, widths).series;
      // Data that ends soon after what was kept begins.
      return hasRows(settled, artefact) ? settled : one.series;
    }) ?? artefact.series.map((kept) => keptSeries(kept, widths));
  if (steps * all.length > mostRows) {
    const most = Math.floor(mostRows / all.length);
    throw usageError(
      `steps: ${steps} are too many${all.length > 1 ? ` for ${all.length} series` : ''}; at most ${most}`,
    );
  }
  const notes = [...(read?.notes ?? [])];
  const future = await futureOf(artefact, options.future, read?.table, name, notes);
  const rows: ForecastRow[] = [];
  for (const series of all) {
    checkRows(source?.name ?? name, series, artefact);
    const whole = future ? { ...series, known: future(series, steps) } : series;
    const made = await forecasts(model, artefact, whole, [series.rows], steps, probabilities);
    const labels = timeLabels(artefact, series, steps);
    for (let h = 0; h < steps; h++) {
      const at = (values: Float64Array) => Array.from(values.subarray(h * widths.targets, (h + 1) * widths.targets));
      rows.push({
        ...(artefact.reading.group && { series: series.name }),
        step: h + 1,
        ...(labels && { time: labels[h] }),
        values: at(made.values),
        ...(made.intervals.length > 0 && {
          intervals: made.intervals.map(({ probability, lower, upper }) => ({
            probability,
            lower: at(lower),
            upper: at(upper),
          })),
        }),
      });
    }
  }
  const result: ForecastResult = { columns: [...artefact.targets], rows };
  return { ...asTable(artefact, rows, probabilities), result, notes };
}

function asTable(
  artefact: ForecastArtefact,
  rows: ForecastRow[],
  probabilities: number[],
): Pick<Prediction, 'head' | 'rows'> {
  const { targets, reading } = artefact;
  const timed = rows[0]?.time !== undefined;
  const place = timed ? (reading.time?.columns.join(' ') ?? 'time') : 'step';
  const head = [...(reading.group ? [reading.group.join(' / ')] : []), place];
  for (const target of targets) {
    const of = targets.length > 1 ? `${target} ` : '';
    head.push(target);
    for (const p of probabilities) head.push(`${of}${percentOf(p)} low`, `${of}${percentOf(p)} high`);
  }
  return {
    head,
    rows: rows.map(({ series, step, time, values, intervals = [] }) => [
      ...(series === undefined ? [] : [series]),
      time ?? String(step),
      ...values.flatMap((value, c) => [value, ...intervals.flatMap(({ lower, upper }) => [lower[c], upper[c]])]),
    ]),
  };
}

function percentOf(probability: number): string {
  return `${Number((100 * probability).toPrecision(6))} %`;
}

function intervalsOf(artefact: ForecastArtefact, { interval }: ForecastPredictOptions, name: string): number[] {
  if (artefact.method === 'plain') {
    if (interval === undefined) return [];
    throw usageError(`${name}: --interval: a model trained with --plain has no intervals; train it without --plain`);
  }
  return [...new Set(interval ?? [80])].sort((a, b) => a - b).map((share) => share / 100);
}

/** The times of the next rows, as the data writes them; undefined when it has no regular ones. */
function timeLabels({ reading }: ForecastArtefact, { times, rows }: Series, steps: number): string[] | undefined {
  if (reading.time?.step === undefined || times === undefined) return undefined;
  return labelsAfter(reading.time, times[rows - 1], steps);
}

/**
 * What is known of the rows ahead, from --future or from the data's own rows after its last target (of data that is held
 * whole): gives a series' known columns with `steps` rows more.
 * @throws MemcellError (usage) when the file is needed and not given, or the other way round
 */
async function futureOf(
  artefact: ForecastArtefact,
  future: ForecastPredictOptions['future'],
  held: Table | undefined,
  name: string,
  notes: string[],
): Promise<((series: Series, steps: number) => Float64Array) | undefined> {
  const asked = future !== undefined;
  if (artefact.method === 'plain' || artefact.known.length === 0) {
    if (!asked) return undefined;
    throw usageError(`${name}: --future: the model has no columns known ahead; train it with --known COL`);
  }
  const columns = [
    ...(artefact.reading.time?.columns ?? []),
    ...(artefact.reading.group ?? []),
    ...artefact.known,
  ].join(', ');
  const needed = usageError(
    `${name}: needs ${artefact.known.join(', ')} of the rows to come: give --future FILE with the columns ${columns}`,
  );
  const table = asked ? await openSource(future).table() : held;
  if (table === undefined) throw needed;
  const file = table.name;
  const frame = understand(table, { like: artefact.reading, only: ['known'] });
  if (asked) notes.push(...accountNotes(frame.account));
  const { data, names } = encode(frame, artefact.known);
  return (series, steps) => {
    const range = frame.series.find((one) => one.name === series.name);
    if (range === undefined) {
      if (!asked) throw needed;
      throw new MemcellError(
        `${file}: has no rows of series ${series.name}, but of ${some(frame.series.map((one) => one.name))}`,
      );
    }
    const newest = series.times?.[series.rows - 1] ?? Number.POSITIVE_INFINITY;
    if (!asked && !((frame.time?.times[range.to - 1] ?? Number.NEGATIVE_INFINITY) > newest)) throw needed;
    const from = firstAfter(artefact, frame.time?.times.subarray(range.from, range.to), series, file);
    const given = range.to - range.from - from;
    if (given < steps) {
      throw new MemcellError(
        `${file}: has ${counted(given, 'row')} after the end of the data${series.name && ` of ${series.name}`}, and ${counted(steps, 'step')} are to be forecast; give more rows, or --steps ${Math.max(1, given)}`,
      );
    }
    const known = new Float64Array((series.rows + steps) * names.length);
    known.set(series.known.subarray(0, series.rows * names.length));
    known.set(
      data.subarray((range.from + from) * names.length, (range.from + from + steps) * names.length),
      series.rows * names.length,
    );
    return known;
  };
}

/** The first of the rows ahead that is after the series' last one: the next time, when there are times. */
function firstAfter(
  { reading }: RecipeArtefact,
  times: Float64Array | undefined,
  series: Series,
  file: string,
): number {
  const { time } = reading;
  if (times === undefined || series.times === undefined || time?.step === undefined) return 0;
  const last = series.times[series.rows - 1];
  const first = times.findIndex((at) => at > last);
  const [next] = labelsAfter(time, last, 1);
  if (first >= 0 && writeTime(time, times[first]) === next) return first;
  throw new MemcellError(`${file}: has no row for ${next}, the first one to forecast; its rows must go on from there`);
}
