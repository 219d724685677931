import type { Predictor } from '../prepared.js';
import type { ForecastArtefact } from './artefact.js';
import type { Forecasts, Series } from './forecaster.js';
import { forecastFrom } from './forecastFrom.js';
import { plainForecasts } from './plain.js';

/** Forecasts from origins; what is not of exponential smoothing has no anchor. */
export type SomeForecasts = Omit<Forecasts, 'anchor'> & { anchor?: Float64Array };

/**
 * Forecasts of a series by a trained model: `steps` rows from each origin t, which knows rows 0 … t−1.
 * @param probabilities of intervals; plain networks have none
 */
export function forecasts(
  model: Predictor,
  artefact: ForecastArtefact,
  series: Series,
  origins: readonly number[],
  steps: number,
  probabilities: readonly number[],
): Promise<SomeForecasts> {
  return artefact.method === 'plain'
    ? plainForecasts(model, artefact, series, origins, steps)
    : forecastFrom(model, artefact.state, series, origins, steps, probabilities);
}
