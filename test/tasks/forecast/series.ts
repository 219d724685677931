import { prepareBackend } from '../../../src/kernels/backend.js';
import { Random } from '../../../src/random.js';
import type { Run } from '../../../src/tasks/definition.js';
import { fit as fitForecaster } from '../../../src/tasks/forecast/fit.js';
import type { Forecaster, Series, SeriesSet } from '../../../src/tasks/forecast/forecaster.js';
import { forecastFrom } from '../../../src/tasks/forecast/forecastFrom.js';

export const quiet: Run = {
  seed: 1,
  plain: false,
  settings: {},
  callbacks: [],
  stage: () => {},
  trained: async () => {},
};

/** Few steps: enough to tell that all parts are there. */
export const quick: Run = { ...quiet, settings: { epochs: 2 } };

export interface Columns {
  targets: number[][];
  past?: number[][];
  known?: number[][];
  times?: number[];
}

/** A series from columns. */
export function seriesOf({ targets, past = [], known = [], times }: Columns, name = ''): Series {
  const rowMajor = (columns: number[][]) =>
    Float64Array.from({ length: (columns[0]?.length ?? 0) * columns.length }, (_, i) => {
      return columns[i % columns.length][Math.floor(i / columns.length)];
    });
  return {
    name,
    rows: targets[0].length,
    targets: rowMajor(targets),
    past: rowMajor(past),
    known: rowMajor(known),
    ...(times && { times: Float64Array.from(times) }),
  };
}

export function setOf(columns: Columns, season = 1, more: Partial<SeriesSet> = {}): SeriesSet {
  return {
    targets: columns.targets.map((_, c) => `y${c}`),
    past: (columns.past ?? []).map((_, p) => `p${p}`),
    known: (columns.known ?? []).map((_, k) => `k${k}`),
    series: [seriesOf(columns)],
    season,
    ...more,
  };
}

export async function fitted(set: SeriesSet, horizon: number, run: Run = quick): Promise<Forecaster> {
  await prepareBackend();
  return fitForecaster(set, { horizon, run });
}

/** Values of the forecasts from some origins. */
export async function values(forecaster: Forecaster, series: Series, origins: number[], steps: number) {
  const made = await forecastFrom(forecaster.model, forecaster.state, series, origins, steps, [0.8]);
  return Array.from(made.values);
}

/** Noise from a stream of its own. */
export function noise(n: number, key = 1): number[] {
  const random = new Random(key);
  return Array.from({ length: n }, () => random.normal());
}

/** Level 50, a trend, a season of 4 and noise. */
export function seasonal(n: number, key = 1): number[] {
  return noise(n, key).map((e, t) => 50 + 0.1 * t + [3, -1, -4, 2][t % 4] + 0.5 * e);
}
