import type { MemcellError } from '../../errors.js';
import type { Sequential } from '../../sequential.js';
import type { Run } from '../definition.js';
import type { StoppedFit } from '../fitNetwork.js';
import { completeSettings, plainFit, plainNetwork } from '../plainFit.js';
import type { TrainingSettings } from '../settings.js';
import type { ForecastArtefact, PlainArtefact } from './artefact.js';
import { type ForecastData, firstRows, scalesOf } from './data.js';
import { fit as fitForecaster } from './fit.js';
import { type KeptSeries, keep } from './kept.js';
import { networkDefaults } from './network.js';
import type { ForecastOptions } from './options.js';
import { checkLengths, checkVaries, fitScaling, plainDefaults, plainSamples, plainWindow } from './plain.js';
import { parseState } from './state.js';

/** A model fitted on the first rows of each series. */
export interface Fitted {
  model: Sequential;
  artefact: ForecastArtefact;
  layers: string;
  settings: TrainingSettings;
  history: Record<string, number[]>;
  /** How it came to be. */
  remarks: string[];
  /** What forecasts where the network has no part in it. */
  instead?: string;
  counts?: 'checkpoint';
  stopped?: StoppedFit;
  diverged?: MemcellError;
}

/** What fitting is told beside the data. */
export interface Fitting {
  options: ForecastOptions;
  run: Run;
}

/**
 * Fits on the first `trained` rows of each series. What is kept of the series for going on is all of their rows.
 * @param heldOut whether the other rows are what a plain network's epochs are compared on
 */
export function fitModel(
  data: ForecastData,
  trained: readonly number[],
  heldOut: boolean,
  fitting: Fitting,
): Promise<Fitted> {
  return fitting.run.plain ? fitPlain(data, trained, heldOut, fitting) : fitRecipe(data, trained, fitting);
}

async function fitRecipe(data: ForecastData, trained: readonly number[], { options, run }: Fitting): Promise<Fitted> {
  const { frame, columns, set, horizon } = data;
  const forecaster = await fitForecaster(firstRows(data, trained), {
    horizon,
    ...(options.window !== undefined && { window: options.window }),
    run,
  });
  const { model, state, history, remarks } = forecaster;
  const { series: ends, layout, network, ridge } = parseState(state, 'forecaster');
  const settings = completeSettings(run, {
    epochs: Math.max(1, history.loss?.length ?? 1),
    batchSize: networkDefaults.batchSize,
    learningRate: networkDefaults.learningRate,
    validationSplit: plainDefaults.validationSplit,
  });
  const layers = modelLayers(data, run);
  const tails = new Map(ends.map(({ name, tail }) => [name, tail.rows]));
  const artefact: ForecastArtefact = {
    kind: 'forecast',
    method: 'recipe',
    targets: columns.targets,
    past: columns.past,
    known: columns.known,
    channels: { past: set.past, known: set.known },
    window: layout.window,
    horizon,
    season: set.season,
    reading: frame.reading,
    state,
    series: kept(
      data,
      trained,
      set.series.map(({ name }) => tails.get(name) ?? 0),
    ),
  };
  const interrupted = run.signal?.aborted === true;
  return {
    model,
    artefact,
    layers,
    settings,
    history,
    remarks,
    counts: 'checkpoint',
    ...(!network && { instead: `exponential smoothing${ridge ? ' and ridge regression' : ''}` }),
    ...(interrupted && { stopped: { reason: 'interrupted', epoch: history.loss?.length ?? 0, batch: 0 } }),
  };
}

async function fitPlain(
  data: ForecastData,
  trained: readonly number[],
  heldOut: boolean,
  { options, run }: Fitting,
): Promise<Fitted> {
  const { frame, columns, set, horizon, widths } = data;
  const settings = completeSettings(run, plainDefaults);
  const window = options.window ?? plainWindow;
  checkLengths(frame.name, set.series, trained, window, horizon);
  checkVaries(frame, set.series, trained, columns.targets);
  const layers = modelLayers(data, run);
  const artefact: PlainArtefact = {
    kind: 'forecast',
    method: 'plain',
    targets: columns.targets,
    features: columns.past,
    channels: set.past,
    window,
    horizon,
    season: set.season,
    featureScaling: fitScaling(set.series, trained, (series) => series.past, widths.past),
    targetScaling: fitScaling(set.series, trained, (series) => series.targets, widths.targets),
    reading: frame.reading,
    series: kept(
      data,
      trained,
      set.series.map(({ rows }, i) => window - (rows - trained[i])),
    ),
  };
  const model = plainNetwork(layers, [window, set.past.length], run);
  try {
    const { train, validation } = plainSamples(artefact, set.series, trained, model.outputShape);
    const samples = heldOut && validation ? { train, validation } : { train };
    const loss = { loss: 'meanSquaredError' as const, metrics: ['mae' as const] };
    const { history, stopped, diverged } = await plainFit(model, loss, samples, settings, run);
    return {
      model,
      artefact,
      layers,
      settings,
      history,
      remarks: [],
      ...(stopped && { stopped }),
      ...(diverged && { diverged }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The layers that will be trained; a head is added to the user's own where they have none. */
export function modelLayers({ horizon, widths, set }: ForecastData, run: Run): string {
  const units = run.plain || set.series.length > 1 ? 32 : 16;
  const own = run.from?.layersFor([[horizon * widths.targets], [horizon, widths.targets]], 'linear') ?? run.layers;
  return own?.trim().replace(/\s+/g, ' ') ?? `LSTM(${units}), Dense(${horizon * widths.targets})`;
}

/** @param rows of each series that forecasting goes on from */
function kept(data: ForecastData, trained: readonly number[], rows: readonly number[]): KeptSeries[] {
  const scales = data.set.series.map((series, i) => scalesOf(data, series, trained[i]));
  return keep(data.set.series, trained, scales, data.widths, rows);
}
