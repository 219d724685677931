import type { Frame, TimeReading } from '../../data/frame.js';
import type { Source } from '../../data/source.js';
import { scaled } from '../../data/understanding/numberTimes.js';
import { readTime } from '../../data/understanding/timeText.js';
import { MemcellError, usageError } from '../../errors.js';
import { counted } from '../../format.js';
import type { EvaluateOptions, Loaded } from '../definition.js';
import type { ForecastArtefact } from './artefact.js';
import { seasonalScale } from './baselines.js';
import { type ForecastEvaluation, Scores } from './evaluation.js';
import type { Series } from './forecaster.js';
import { forecasts } from './forecasts.js';
import { fromKept } from './kept.js';
import { checkRows, modelColumns, type ReadSeries, readSeries } from './reading.js';

/** The intervals whose coverage is told. */
export const scoredProbabilities = [0.8, 0.95];

/**
 * Forecasts from every row of the data that the model was not trained on, without fitting anything; from all rows that it can
 * forecast from, when there are no others, and the evaluation says so.
 */
export async function evaluateForecast(
  { model, artefact }: Loaded<ForecastArtefact>,
  source: Source,
  { from, shown }: EvaluateOptions,
): Promise<ForecastEvaluation> {
  const { frame, series: read, notes } = await readSeries(artefact, source);
  const { targets, horizon, season } = artefact;
  const asked = from === undefined ? undefined : firstRows(from, artefact, read);
  const unseen = read.filter(({ series, seen }) => series.rows > seen);
  const trainedOn = asked === undefined ? unseen.length === 0 : read.some(({ seen }, i) => asked[i] < seen);
  const { widths } = modelColumns(artefact);
  const scores = new Scores(targets, horizon, season, picturesOf(shown, frame));
  const least = artefact.method === 'plain' ? horizon : 1;
  let rows = 0;
  for (const [i, one] of read.entries()) {
    const { series, before, seen, kept } = one;
    const first = asked?.[i] ?? (trainedOn ? before : seen);
    const origins = originsFrom(series, Math.max(first, artefact.window), least);
    if (origins.length === 0 && read.length === 1) checkRows(frame.name, series, artefact, least);
    if (origins.length === 0) continue;
    rows += origins.length;
    const known = fromKept(one, widths);
    const settled = known.series.rows > 0 && origins[0] >= known.skipped + artefact.window;
    const [whole, skipped] = settled ? [known.series, known.skipped] : [series, 0];
    const shifted = origins.map((origin) => origin - skipped);
    const made = await forecasts(model, artefact, whole, shifted, horizon, scoredProbabilities);
    const scales =
      kept.scales ?? targets.map((_, c) => seasonalScale(series.targets, targets.length, c, origins[0], season));
    await scores.add({ series, origins, scales }, made);
  }
  if (rows === 0) {
    throw new MemcellError(
      `${frame.name}: no row is left to score: the model needs ${counted(artefact.window, 'row')} to forecast from and ${least} to compare with`,
    );
  }
  const seenRows = read.reduce((sum, { seen, before }) => sum + Math.max(0, seen - before), 0);
  if (trainedOn)
    notes.unshift('the model was trained on rows that it is scored on here: errors on new rows are larger');
  else if (asked === undefined && seenRows > 0) {
    notes.unshift(
      `scored on the ${counted(rows, 'row')} after those that the model was trained on; --from chooses others`,
    );
  }
  return scores.evaluation(trainedOn, notes);
}

/** Who is given pictures, with how the data's times are read. */
export function picturesOf(shown: EvaluateOptions['shown'], { reading: { time } }: Pick<Frame, 'reading'>) {
  return shown && { shown, ...(time && { time }) };
}

/** Rows from `first` on that have at least `least` rows to compare with. */
export function originsFrom({ rows }: Series, first: number, least: number): number[] {
  return Array.from({ length: Math.max(0, rows - least + 1 - first) }, (_, i) => first + i);
}

/** Per series, the first row at or after --from: a row counted from 1, unless the data writes its times as such numbers. */
function firstRows(from: string, { reading }: ForecastArtefact, read: ReadSeries['series']): number[] {
  const { time } = reading;
  const digits = from.trim();
  const row = /^\d+$/.test(digits) && !isNumberNotation(time, digits.length) ? Number(digits) : 0;
  if (row >= 1) return read.map(({ before }) => before + row - 1);
  if (time === undefined) {
    throw usageError(`from: '${from}' is not a row, counted from 1`);
  }
  const at = readTime(time, from);
  return read.map(({ series, before }) => {
    const first = series.times?.findIndex((own) => own >= at) ?? -1;
    return first < 0 ? series.rows : Math.max(first, before);
  });
}

/** Whether times are plain numbers, or dates of so many digits without anything between them. */
function isNumberNotation(time: TimeReading | undefined, digits: number): boolean {
  if (time === undefined) return false;
  return (
    scaled(time.notation, 0) !== undefined || (/^[A-Za-z]+$/.test(time.notation) && time.notation.length === digits)
  );
}
