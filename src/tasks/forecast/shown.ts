import type { TimeReading } from '../../data/frame.js';
import { type Axis, histogramOf, mostPoints, reducePoints, type ShownBlock, type ShownForecasts } from '../shown.js';
import type { Forecasts, Series } from './forecaster.js';

/** Whether a series' times are dates, numbers or none. */
export function axisOf({ times }: Pick<Series, 'times'>, time?: TimeReading): Axis {
  if (times === undefined || time === undefined) return 'row';
  return time.notation === 'number' ? 'time' : 'date';
}

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
  const { rows, targets } = series;
  const count = columns.length;
  const x = series.times ?? Float64Array.from({ length: rows }, (_, row) => row + 1);
  const first = Math.max(0, origins.length - mostPoints / 2);
  const of = (c: number) => Float64Array.from({ length: rows }, (_, row) => targets[row * count + c]);
  return {
    kind: 'forecast',
    series: series.name,
    axis: axisOf(series, time),
    scored: origins.length,
    shown: origins.length - first,
    columns: columns.map((name, c) => {
      const actual = of(c);
      const forecasts: ShownBlock[] = [];
      const stepOne = Float64Array.from(origins, (t, i) => actual[t] - values[i * horizon * count + c]);
      let [sum, compared] = [0, 0];
      for (const [i, origin] of origins.entries()) {
        for (let h = 0; h < Math.min(horizon, rows - origin); h++) {
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
          origins.map((t) => x[t]),
          stepOne,
        ),
        histogram: histogramOf(stepOne),
        mae: compared === 0 ? 0 : sum / compared,
      };
    }),
  };
}
