import type { NetworkArrays } from '../definition.js';
import type { ForecastArtefact } from './artefact.js';
import { parseState } from './state.js';

/** What goes into a forecast's network and comes out, in words. */
export function forecastArrays(artefact: ForecastArtefact): NetworkArrays {
  const { window, horizon, targets } = artefact;
  if (artefact.method === 'plain') {
    const { channels, featureScaling, targetScaling } = artefact;
    return {
      x: `float32 [batch, ${window}, ${channels.length}]: the last ${window} rows, oldest first, of x_columns, each (value - x_mean) / x_std`,
      y: `float32 [batch, ${horizon * targets.length}]: the next ${horizon} rows of y_columns, row by row; the value is y * y_std + y_mean`,
      x_columns: channels,
      x_mean: featureScaling.mean,
      x_std: featureScaling.std,
      y_columns: targets,
      y_mean: targetScaling.mean,
      y_std: targetScaling.std,
    };
  }
  const { channels } = parseState(artefact.state, 'forecaster');
  return {
    x: `float32 [batch, ${window}, ${channels}]: the last ${window} rows, oldest first, of y_columns as exponential smoothing leaves them (one-step errors and distances from its level, in units of the series' scale), then the other channels`,
    y: `float32 [batch, ${horizon * targets.length}]: what is added to smoothing's forecast of the next ${horizon} rows of y_columns, in units of the scale; a part of the forecast alone: smoothing, scales and regression are in memcell's metadata, and memcell predict puts all together`,
    y_columns: targets,
  };
}
