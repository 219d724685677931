import type { Task } from '../definition.js';
import { forecastArrays } from './arrays.js';
import { type ForecastArtefact, parseForecast } from './artefact.js';
import { evaluateForecast } from './evaluate.js';
import type { ForecastEvaluation } from './evaluation.js';
import { type ForecastOptions, type ForecastPredictOptions, forecastFlags } from './options.js';
import { type ForecastResult, predictForecast } from './predict.js';
import { modelColumns } from './reading.js';
import { parseState } from './state.js';
import { tellForecast } from './tell.js';

export type { ForecastArtefact } from './artefact.js';
export type { ForecastEvaluation } from './evaluation.js';
export type { ForecastResult } from './predict.js';

export const forecastTask: Task<
  ForecastOptions,
  ForecastArtefact,
  ForecastEvaluation,
  ForecastPredictOptions,
  ForecastResult
> = {
  ...forecastFlags,
  // What trains loads TensorFlow.js, and what predicts does not.
  prepare: async (source, options, run) => (await import('./prepare.js')).prepareForecast(source, options, run),
  parse: parseForecast,
  shapes: (artefact) => {
    const { window, horizon, targets } = artefact;
    if (artefact.method === 'recipe') {
      const { channels } = parseState(artefact.state, 'forecaster');
      return { input: [window, channels], outputs: [[horizon * targets.length]] };
    }
    const { past } = modelColumns(artefact).widths;
    return { input: [window, past], outputs: [[horizon * targets.length], [horizon, targets.length]] };
  },
  arrays: forecastArrays,
  evaluate: evaluateForecast,
  predict: predictForecast,
  backtest: async (source, options, run, how) =>
    (await import('./backtest.js')).backtestForecast(source, options, run, how),
  score: ({ targets }) => {
    const scaled = targets.every(({ mase }) => mase !== null);
    const sum = targets.reduce((all, { mase, mae }) => all + (scaled ? (mase ?? 0) : mae), 0);
    return { value: sum / targets.length, name: scaled ? 'MASE' : 'mean absolute error' };
  },
  tell: tellForecast,
  next: (artefact, folder) =>
    `memcell predict ${folder}${artefact.method === 'recipe' && artefact.known.length > 0 ? ' --future FILE' : ''}`,
};
