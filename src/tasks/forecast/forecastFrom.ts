import { MemcellError, usageError } from '../../errors.js';
import { EventLoop } from '../../eventLoop.js';
import { counted } from '../../format.js';
import type { Predictor } from '../prepared.js';
import { fromDomain, inDomain, spread, startOf } from './anchor.js';
import { channelCounts, firstOrigin, type Tracked, writeWindow } from './channels.js';
import { effectsOf } from './effects.js';
import type { ForecasterState, ForecastFrom, Forecasts, Series } from './forecaster.js';
import { halfWidths } from './intervals.js';
import { predictWindows } from './networkWindows.js';
import { flatten, regressorsOf } from './regressors.js';
import { predictRidge } from './ridge.js';
import { ownChannels } from './samples.js';
import type { Start } from './smoothing.js';
import { parseState, type SeriesState, type State, type Tail, type TargetState } from './state.js';
import { standardised, targetColumn, trackSeries } from './track.js';

const BATCH = 2000;

/** Forecasts from each origin; see `ForecastFrom`. */
export const forecastFrom: ForecastFrom = async (model, saved, series, origins, steps, probabilities) => {
  const state = stateOf(saved);
  const own = findSeries(state, series);
  const bad = origins.find((origin) => !(Number.isSafeInteger(origin) && origin >= 0 && origin <= series.rows));
  if (bad !== undefined) {
    throw usageError(`origin ${bad} is no row of the ${counted(series.rows, 'row')} given`);
  }
  const placed = place(state, own, series, origins);
  const { targets, horizon } = state.layout;
  const size = steps * targets;
  const forecasts: Forecasts = {
    values: new Float64Array(origins.length * size),
    anchor: new Float64Array(origins.length * size),
    intervals: probabilities.map((probability) => ({
      probability,
      lower: new Float64Array(origins.length * size),
      upper: new Float64Array(origins.length * size),
    })),
  };
  const widths = probabilities.map((p) => own.targets.map((_, c) => halfWidths(state.spreads, c, targets, p)));
  const loop = new EventLoop();
  for (let from = 0; from < origins.length; from += BATCH) {
    const part = origins.slice(from, from + BATCH).map((origin) => origin + placed.lead);
    const corrections = await correct(model, state, placed, part);
    for (const [i, origin] of part.entries()) {
      if (i % 64 === 0 && loop.waits) await loop.turn();
      for (let h = 0; h < steps; h++) {
        for (const [c, { anchor, floor, widening }] of own.targets.entries()) {
          const { track, scale, effects } = placed.tracked.targets[c];
          const at = (from + i) * size + h * targets + c;
          const ahead = track.ahead(origin, h) + (effects?.[origin + h] ?? 0);
          const put = (value: number) => {
            const back = fromDomain(anchor, value);
            return floor ? Math.max(0, back) : back;
          };
          const last = Math.min(h, horizon - 1);
          // Beyond the horizon the last correction stays: what it mends is mostly the level.
          const correction = scale * corrections[(i * horizon + last) * targets + c];
          forecasts.anchor[at] = put(ahead);
          forecasts.values[at] = put(ahead + correction);
          const growth = h < horizon ? 1 : spread(anchor, h) / spread(anchor, last);
          for (const [p, { lower, upper }] of forecasts.intervals.entries()) {
            const half = scale * widening * growth * (widths[p][c][last] ?? 0);
            lower[at] = put(ahead + correction - half);
            upper[at] = put(ahead + correction + half);
          }
        }
      }
    }
  }
  return forecasts;
};

/** The newest rows of each series of the training: forecasts from their end are, to the bit, those from the whole series'. */
export function endOf(saved: ForecasterState): Series[] {
  return stateOf(saved).series.map(({ name, tail }) => ({
    name,
    rows: tail.rows,
    targets: Float64Array.from(tail.targets),
    past: Float64Array.from(tail.past),
    known: Float64Array.from(tail.known),
    ...(tail.times && { times: Float64Array.from(tail.times) }),
  }));
}

const parsed = new WeakMap<ForecasterState, State>();

/** A state is checked once, however many series are forecast with it. */
function stateOf(saved: ForecasterState): State {
  const state = parsed.get(saved) ?? parseState(saved, 'forecaster');
  parsed.set(saved, state);
  return state;
}

function findSeries(state: State, { name }: Series): SeriesState {
  const own = state.series.length === 1 ? state.series[0] : state.series.find((one) => one.name === name);
  if (own) return own;
  const known = state.series
    .slice(0, 8)
    .map((one) => one.name)
    .join(', ');
  throw new MemcellError(
    `series ${name} is none that the model was trained on (${known}${state.series.length > 8 ? ', …' : ''}); train again with its rows`,
  );
}

interface Placed {
  tracked: Tracked;
  /** Rows of the training's end that were put before the series. */
  lead: number;
  /** Whether the anchors' start is known, so that they need no rows to settle. */
  settled: boolean;
}

/** Runs the anchors over a series from where they stood: at the training's beginning, near its end, or elsewhere. */
function place(state: State, own: SeriesState, series: Series, origins: readonly number[]): Placed {
  const { layout } = state;
  const widths = { past: state.past.length, known: state.known.length };
  const { tail, first } = own;
  const starts = (values: readonly number[], time: number | undefined) =>
    (time === undefined || series.times === undefined || time === series.times[0]) &&
    values.slice(0, series.targets.length).every((value, i) => value === series.targets[i]);
  if (starts(first.values, first.time)) {
    return { tracked: trackSeries(series, own.targets, layout, widths), lead: 0, settled: false };
  }
  if (starts(tail.targets.slice(0, 4 * layout.targets), tail.times?.[0])) {
    return { tracked: trackSeries(series, own.targets, layout, widths, tail), lead: 0, settled: true };
  }
  const lead = leadRows(own, series);
  if (lead > 0) {
    const joined = join(own, series, lead);
    return { tracked: trackSeries(joined, own.targets, layout, widths, tail), lead, settled: true };
  }
  const earliest = origins.reduce((least, origin) => Math.min(least, origin), series.rows);
  const known = standardised(series.known, layout.known, widths.known);
  const elsewhere = own.targets.map((target, c) => {
    const y = targetColumn(series, c, layout.targets).subarray(0, earliest);
    const values = inDomain(y, target.anchor, effectsOf(known, target.effects, earliest));
    return startElsewhere(target, tail, tail.starts[c], values);
  });
  return { tracked: trackSeries(series, own.targets, layout, widths, { starts: elsewhere }), lead: 0, settled: false };
}

/**
 * Where an anchor starts on rows that neither begin with nor follow those of the training: from themselves, if they are two
 * seasons or more; else with the season as it stood at the training's end, as if they followed.
 */
function startElsewhere({ anchor }: TargetState, tail: Tail, end: Start, values: Float64Array): Start {
  const { period } = anchor;
  if (values.length === 0) return end;
  if (anchor.kind === 'naive' || values.length >= Math.max(4, 2 * period)) return startOf(values, anchor);
  const { length } = end.seasons;
  const seasons = end.seasons.map((_, i) => end.seasons[(i + tail.rows) % length]);
  const level = values.reduce((sum, value, t) => sum + value - (seasons[t % period] ?? 0), 0) / values.length;
  return { level, slope: 0, seasons };
}

/** How many of the tail's rows come before the series by their times: all when it goes on where the training ended. */
function leadRows({ tail }: SeriesState, { times }: Series): number {
  if (tail.times === undefined || times === undefined || times.length === 0) return 0;
  const within = tail.times.indexOf(times[0]);
  if (within >= 0) return within;
  const last = tail.times[tail.rows - 1];
  const step = tail.rows > 1 ? last - tail.times[tail.rows - 2] : Number.NaN;
  const gap = (times[0] - last) / step;
  return gap > 0.8 && gap < 1.25 ? tail.rows : 0;
}

function join({ tail }: SeriesState, series: Series, lead: number): Series {
  const head = (values: readonly number[]) => values.slice(0, (values.length / tail.rows) * lead);
  return {
    name: series.name,
    rows: lead + series.rows,
    targets: Float64Array.from([...head(tail.targets), ...series.targets]),
    past: Float64Array.from([...head(tail.past), ...series.past]),
    known: Float64Array.from([...head(tail.known), ...series.known]),
    ...(series.times && tail.times && { times: Float64Array.from([...head(tail.times), ...series.times]) }),
  };
}

/** What ridge and network add after each origin, in units of the scale: (origins, H · C). 0 where there is no whole window. */
async function correct(
  model: Predictor,
  state: State,
  { tracked, settled }: Placed,
  origins: readonly number[],
): Promise<Float32Array> {
  const { layout, ridge } = state;
  const answers = layout.horizon * layout.targets;
  const out = new Float32Array(origins.length * answers);
  const first = settled ? layout.window : firstOrigin(layout, state.season);
  const whole = origins.flatMap((origin, i) => (origin >= first ? [i] : []));
  if (whole.length === 0 || !(ridge || state.network)) return out;
  const { all } = channelCounts(layout);
  const size = layout.window * all;
  const x = new Float32Array(whole.length * size);
  for (const [j, i] of whole.entries()) writeWindow(tracked, layout, origins[i], all, x, j * size);
  if (ridge) {
    const { regressors } = regressorsOf(layout);
    const flat = flatten(x, layout, regressors);
    const { length } = regressors;
    const sum = new Float64Array(answers);
    for (const [j, i] of whole.entries()) {
      sum.fill(0);
      predictRidge(ridge, flat, j * length, length, sum);
      out.set(sum, i * answers);
    }
  }
  if (state.network) {
    const windows = { x, y: out, rows: whole.length, steps: layout.window, channels: all, answers };
    const taken = ownChannels(windows, state.channels);
    const predicted = await predictWindows(model, taken.x, taken);
    for (const [j, i] of whole.entries()) {
      for (let k = 0; k < answers; k++) out[i * answers + k] += predicted[j * answers + k];
    }
  }
  return out;
}
