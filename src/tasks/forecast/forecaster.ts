import type { TimeStep } from '../../data/calendar.js';
import type { Sequential } from '../../sequential.js';
import type { Run } from '../definition.js';
import type { Predictor } from '../prepared.js';

/** Several series of the same columns: n rows each, C targets, P columns known up to now, K columns known ahead. */
export interface SeriesSet {
  targets: string[];
  past: string[];
  known: string[];
  series: Series[];
  /** Stretches of rows before those of `series`, each under its series' name: corrections are learnt from them too. */
  older?: Series[];
  step?: TimeStep;
  /** Rows to a season; 1: none. */
  season: number;
}

/** One series, without a gap and without a missing value. All arrays are row-major. */
export interface Series {
  name: string;
  rows: number;
  /** (n, C), in the data's units. */
  targets: Float64Array;
  /** (n, C): 1 where the target was missing and is filled in, which no error is counted for; left out where none was. */
  filled?: Uint8Array;
  /** (n, P) */
  past: Float64Array;
  /** (n + f, K): f ≥ 0 rows ahead are known too. */
  known: Float64Array;
  /** (n): milliseconds since 1970 or plain numbers. */
  times?: Float64Array;
}

export interface ForecasterOptions {
  horizon: number;
  /** Rows that go into the network; chosen by the season when not given. */
  window?: number;
  run: Run;
}

/** A fitted forecaster: exponential smoothing for each series, ridge and network over all of them. */
export interface Forecaster {
  /** The network, its gate folded into the last layer: (B, T, channels) → (B, H · C). */
  model: Sequential;
  /** All else that forecasting needs, as plain JSON. */
  state: ForecasterState;
  /** One number per checkpoint and key: loss, val_loss, val_mae. */
  history: Record<string, number[]>;
  /** How it came to be, in words: 'the network adds nothing to exponential smoothing here'. */
  remarks: string[];
}

/** Owned and checked by the forecaster. */
export type ForecasterState = Record<string, unknown>;

/** Forecasts from some origins: origin t knows rows 0 … t−1, and known columns of all rows. */
export interface Forecasts {
  /** (origins, H, C), in the data's units. */
  values: Float64Array;
  /** The same of exponential smoothing alone. */
  anchor: Float64Array;
  /** Per probability: lower and upper ends, each (origins, H, C). */
  intervals: { probability: number; lower: Float64Array; upper: Float64Array }[];
}

/**
 * Fits on all rows of all series.
 * @throws MemcellError for series too short for anything.
 */
export type Fit = (set: SeriesSet, options: ForecasterOptions) => Promise<Forecaster>;

/**
 * Forecasts from each origin, nothing fitted: the state's parameters run over the series up to the origin. More steps than
 * the horizon are made too: the anchor goes on, the last correction stays. The series may begin where that of the training
 * did, be its end (`endOf`), follow it by its times, or be from elsewhere: then smoothing starts from its own rows before the
 * first origin. Known columns that are not given far enough ahead count as their mean.
 * @throws MemcellError for a series of another name than all of several that were trained on
 */
export type ForecastFrom = (
  model: Predictor,
  state: ForecasterState,
  series: Series,
  origins: readonly number[],
  steps: number,
  probabilities: readonly number[],
) => Promise<Forecasts>;
