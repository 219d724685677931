import type { Account } from '../../data/frame.js';
import type { Source } from '../../data/source.js';
import { MemcellError, usageError } from '../../errors.js';
import { EventLoop } from '../../eventLoop.js';
import { counted } from '../../format.js';
import type { Sequential } from '../../sequential.js';
import type { Stopped } from '../../training/history.js';
import type { PreparedTask, Run, Trained } from '../definition.js';
import { completeSettings } from '../plainFit.js';
import { checkSettings } from '../settings.js';
import { type ForecastArtefact, parseForecast } from './artefact.js';
import { type ForecastData, firstRows, readData, scalesOf } from './data.js';
import { originsFrom, picturesOf, scoredProbabilities } from './evaluate.js';
import { type ForecastEvaluation, Scores } from './evaluation.js';
import { checkLayers } from './fit.js';
import { type Fitted, type Fitting, fitModel, modelLayers } from './fitting.js';
import { forecasts } from './forecasts.js';
import type { ForecastOptions } from './options.js';
import { checkLengths, checkVaries, plainDefaults, plainWindow, trendWarnings } from './plain.js';
import { trainingRows } from './seriesSet.js';
import { compareColumns, optionsFrom } from './startFrom.js';

/** The newest part, which the evaluation forecasts, when nothing else is asked for. */
const defaultSplit = 0.2;

/** Reads the data and says what it understood; training then fits, evaluates and fits again on all rows. */
export async function prepareForecast(
  source: Source,
  given: ForecastOptions,
  run: Run,
): Promise<PreparedTask<ForecastArtefact, ForecastEvaluation>> {
  const split = splitOf(run);
  const before = run.from?.read(parseForecast);
  const options = before && run.from ? optionsFrom(before, given, run, run.from) : given;
  const read = await readData(source, options, run, split);
  const data = run.purpose === 'choose' ? withoutNewest(read, split) : read;
  if (before && run.from) compareColumns(before, data, run.from);
  const { series } = data.set;
  const trained = trainingRows(series, split);
  const fitting: Fitting = { options, run };
  const longest = Math.max(...data.set.series.map(({ rows }) => rows));
  if (longest < 2) {
    throw new MemcellError(
      `${source.name}: has ${counted(longest, 'row')}${data.set.series.length > 1 ? ' a series' : ''}; a forecast needs at least two`,
    );
  }
  if (!run.plain) {
    checkSizes(source.name, data, longest, options.window);
    if (run.layers !== undefined && !run.from) checkLayers(data.set, { ...options, horizon: data.horizon, run });
  }
  const warnings = [...data.warnings, ...(run.plain ? checkPlain(data, trained, fitting) : [])];
  const counts = samplesOf(data, trained, fitting);
  return {
    account: accountOf(data),
    warnings,
    layers: modelLayers(data, run),
    ...counts,
    train: () => (run.plain ? trainPlain(data, trained, fitting) : trainRecipe(data, trained, fitting)),
  };
}

/** The data as they were before what is held out of them. */
function withoutNewest(data: ForecastData, split: number): ForecastData {
  return { ...data, set: firstRows(data, trainingRows(data.set.series, split)) };
}

/** Units that a layer has at most. */
const mostUnits = 65_536;

/** @throws MemcellError (usage) for a window that no series fills, and for a horizon that no layer holds */
function checkSizes(name: string, { horizon, widths }: ForecastData, longest: number, window = 1): void {
  if (window > longest) {
    throw usageError(
      `${name}: window ${window} is longer than the ${counted(longest, 'row')} there are; take a smaller --window`,
    );
  }
  const most = Math.floor(mostUnits / widths.targets);
  if (horizon > most) {
    throw usageError(`horizon: ${horizon} is too far; at most ${most}, and predict with --steps goes further`);
  }
}

/** What rows are to each other is a guess that is told: without a time, and where the calendar says nothing of a season. */
function accountOf({ frame, set: { season } }: ForecastData): Account {
  const { account } = frame;
  const found = season > 1 ? `a season of ${season} rows by their autocorrelation` : 'no season found';
  const note = frame.time ? found : `no time column: rows count as consecutive, in their order; ${found}`;
  if (frame.time && (frame.time.season !== undefined || season === 1)) return account;
  return { ...account, notes: [...account.notes, note] };
}

export function splitOf(run: Run): number {
  const settings = completeSettings(run, { ...plainDefaults, validationSplit: defaultSplit });
  checkSettings(settings);
  return settings.validationSplit;
}

function checkPlain(data: ForecastData, trained: readonly number[], { options }: Fitting): string[] {
  const { frame, set, columns, horizon } = data;
  checkLengths(frame.name, set.series, trained, options.window ?? plainWindow, horizon);
  checkVaries(frame, set.series, trained, columns.targets);
  return trendWarnings(set.series, trained, columns.targets);
}

/** Windows of a plain network; rows, from each of which a forecast is made or learnt, of the recipe. */
function samplesOf(
  { set, horizon }: ForecastData,
  trained: readonly number[],
  { options, run }: Fitting,
): { samples: number; heldOut: number } {
  const window = options.window ?? plainWindow;
  const windowsIn = (from: number, to: number) => Math.max(0, to - horizon - Math.max(from, window) + 1);
  let samples = 0;
  let heldOut = 0;
  for (const [i, { rows }] of set.series.entries()) {
    samples += run.plain ? windowsIn(0, trained[i]) : trained[i];
    heldOut += run.plain ? windowsIn(trained[i], rows) : rows - trained[i];
  }
  return { samples, heldOut };
}

async function trainPlain(
  data: ForecastData,
  trained: readonly number[],
  fitting: Fitting,
): Promise<Trained<ForecastArtefact, ForecastEvaluation>> {
  const { series } = data.set;
  const heldOut = series.some(({ rows }, i) => trained[i] < rows);
  const fitted = await fitModel(data, trained, heldOut, fitting);
  return keepModel(fitted, fitting.run, async () => {
    const pictures = picturesOf(fitting.run.shown, data.frame);
    const scores = new Scores(data.columns.targets, data.horizon, data.set.season, pictures);
    const from = heldOut ? trained : series.map(() => 0);
    const cut = await scoreRows(
      fitted,
      data,
      trained,
      from,
      series.map(({ rows }) => rows),
      scores,
      fitting.run.signal,
    );
    return scores.evaluation(!heldOut, [...cut, ...(heldOut ? [] : [nothingHeldOut])]);
  });
}

const nothingHeldOut = 'nothing was held out: these rows were trained on, errors on new rows are larger';

/**
 * Fits on all but the newest part, forecasts that from each of its rows, then fits on everything. Interrupted before the second
 * fit, the first model is what is kept.
 */
async function trainRecipe(
  data: ForecastData,
  trained: readonly number[],
  fitting: Fitting,
): Promise<Trained<ForecastArtefact, ForecastEvaluation>> {
  const { run } = fitting;
  const rows = data.set.series.map((series) => series.rows);
  const [first, all] = [trained, rows].map((counts) => counts.reduce((sum, count) => sum + count, 0));
  const half = run.budget === undefined ? run : { ...run, budget: run.budget / 2 };
  let evaluation: ForecastEvaluation | undefined;
  let scoring: string[] = [];
  let before: Sequential | undefined;
  let keepFirst: (() => Promise<Trained<ForecastArtefact, ForecastEvaluation>>) | undefined;
  if (first < all) {
    run.stage(`fitting on the first ${counted(first, 'row')}, to forecast the other ${all - first}`);
    const fitted = await fitModel(data, trained, true, { ...fitting, run: half });
    try {
      const scores = new Scores(data.columns.targets, data.horizon, data.set.season, picturesOf(run.shown, data.frame));
      const cut = await scoreRows(fitted, data, trained, trained, rows, scores, run.signal);
      evaluation = scores.evaluation(false, cut);
      scoring = evaluation.notes;
      evaluation.notes = [...fitted.remarks, ...scoring];
    } catch (error) {
      fitted.model.dispose();
      throw error;
    }
    const scored = evaluation;
    if (run.purpose) return keepModel(fitted, run, async () => scored);
    keepFirst = () => {
      scored.notes.push(`interrupted: the model saved is fitted on the first ${counted(first, 'row')} only`);
      return keepModel({ ...fitted, stopped: fitted.stopped ?? interrupted(fitted) }, run, async () => scored);
    };
    if (fitted.stopped) return keepFirst();
    before = fitted.model;
  }
  const longestHeld = Math.max(...rows.map((count, i) => count - trained[i]));
  let fitted: Fitted;
  try {
    run.stage(`fitting on all ${counted(all, 'row')}`);
    fitted = await fitModel(data, rows, false, { ...fitting, run: evaluation ? half : run });
  } catch (error) {
    if (keepFirst && error instanceof MemcellError && error.code === 'interrupted') return keepFirst();
    before?.dispose();
    throw error;
  }
  before?.dispose();
  return keepModel(fitted, run, async () => {
    if (evaluation) {
      evaluation.notes = [
        ...(data.horizon > longestHeld
          ? [`only the first ${longestHeld} of ${data.horizon} steps could be compared with what came`]
          : []),
        `the errors are of a model fitted on the first ${counted(first, 'row')}; the one saved is fitted on all ${all}, and of it:`,
        ...fitted.remarks,
        ...scoring,
      ];
      return evaluation;
    }
    const scores = new Scores(data.columns.targets, data.horizon, data.set.season, picturesOf(run.shown, data.frame));
    const from = trainingRows(data.set.series, defaultSplit);
    const cut = await scoreRows(fitted, data, rows, from, rows, scores, run.signal);
    return scores.evaluation(true, [...fitted.remarks, ...cut, nothingHeldOut]);
  });
}

function interrupted({ history }: Fitted): Stopped {
  return { reason: 'interrupted', epoch: history.loss?.length ?? 0, batch: 0 };
}

/** Hands the model over to be saved, then evaluates it. */
async function keepModel(
  fitted: Fitted,
  run: Run,
  evaluate: () => Promise<ForecastEvaluation>,
): Promise<Trained<ForecastArtefact, ForecastEvaluation>> {
  const { remarks: _, ...rest } = fitted;
  const { model } = fitted;
  try {
    await run.trained(model, fitted);
    const evaluation = await evaluate();
    const { verdict, trainedOn } = evaluation;
    return { ...rest, evaluation, warnings: verdict.better || trainedOn ? [] : [verdict.text] };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * Forecasts from rows [from, to) of each series, compared with what came.
 * @param trained rows that errors are scaled by, and that the model was fitted on
 * @param signal once it is aborted, the rows of the series that then come take a second at most
 * @returns what is to be said of rows that were left out
 */
export async function scoreRows(
  { model, artefact }: Pick<Fitted, 'model' | 'artefact'>,
  data: ForecastData,
  trained: readonly number[],
  from: readonly number[],
  to: readonly number[],
  scores: Scores,
  signal?: AbortSignal,
): Promise<string[]> {
  const { window, horizon, method } = artefact;
  // A plain network forecasts what its windows were made for: all steps of the horizon.
  const least = method === 'plain' ? horizon : 1;
  const loop = new EventLoop();
  const began = performance.now();
  for (const [i, series] of data.set.series.entries()) {
    if (loop.waits) await loop.turn();
    if (i > 0 && signal?.aborted && performance.now() - began > 1000) {
      return [`interrupted: scored on the first ${i} of ${data.set.series.length} series`];
    }
    const origins = originsFrom(series, Math.max(from[i], method === 'plain' ? window : 1), least).filter(
      (t) => t < to[i],
    );
    if (origins.length === 0 || trained[i] === 0) continue;
    const made = await forecasts(model, artefact, series, origins, horizon, scoredProbabilities);
    await scores.add({ series, origins, scales: scalesOf(data, series, trained[i]) }, made);
  }
  return [];
}
