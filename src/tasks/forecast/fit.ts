import { day } from '../../data/days.js';
import { MemcellError, usageError } from '../../errors.js';
import { EventLoop } from '../../eventLoop.js';
import { startOf } from '../clock.js';
import type { Run } from '../definition.js';
import { fromDomain } from './anchor.js';
import { type Covariate, channelCounts, type Layout, type Tracked } from './channels.js';
import { columnOf, scaleColumns, usefulColumns } from './columns.js';
import { fitCorrections, noCorrections } from './corrections.js';
import { makeFolds } from './folds.js';
import type { Fit, ForecasterOptions, Series, SeriesSet } from './forecaster.js';
import { measureSpreads, type Spreads } from './intervals.js';
import { makeNetwork, type NetworkOptions } from './network.js';
import { type Stretch, stretchRemarks, trackStretches } from './olderRows.js';
import { oddEnds, remarksOf } from './remarks.js';
import { collectOrigins, makeWindows, type Origin } from './samples.js';
import { type SeriesState, type State, stateToJson, type Tail, type TargetState } from './state.js';
import { fitTarget, type TargetOptions } from './targets.js';
import { standardised, targetColumn, trackSeries, yearAngles } from './track.js';

const FOLDS = 5;
const LARGEST = 1e100;
const LONGEST_WINDOW = 96;

/** Fits on all rows of all series; see `Fit`. */
export const fit: Fit = async (set, options) => {
  check(set, options);
  const { horizon, run } = options;
  const started = startOf(run);
  const deadline = run.budget === undefined ? Number.POSITIVE_INFINITY : started + 600 * run.budget;
  const { season } = set;
  const window = options.window ?? defaultWindow(season);
  const { length } = set.series;
  run.stage(`exponential smoothing of ${length === 1 ? 'the series' : `${length} series`}`);
  const widths = { past: set.past.length, known: set.known.length };
  const knownColumns = scaleColumns(
    set.known,
    set.series,
    (one, index) => columnOf(one.known, index, widths.known),
    false,
  );
  const targets = await fitAnchors(set, knownColumns, { season, horizon }, run, deadline);
  const layout = makeLayout(set, targets, window, horizon, knownColumns);
  const loop = new EventLoop();
  const tracked: Tracked[] = [];
  for (const [i, series] of set.series.entries()) {
    if (loop.waits) await loop.turn();
    tracked.push(trackSeries(series, targets[i], layout, widths));
  }
  addPastColumns(set, layout, tracked);
  const stretches = trackStretches(set, targets, layout, widths);
  const all = [...tracked, ...stretches.map((one) => one.tracked)];
  const sources = [...set.series, ...stretches.map(({ series }) => series)];
  const { origins, available } = collectOrigins(all, layout, season);
  const windows = await makeWindows(all, layout, origins, channelCounts(layout).all);
  const newest = origins.filter((one) => one.series < length).length;
  const network: NetworkOptions = {
    units: length > 1 ? 32 : 16,
    run,
    deadline,
    absoluteError: (corrections) => absoluteError(sources, all, layout, origins, corrections),
  };
  if (loop.waits) await loop.turn();
  const clocks = clocksOf(set, stretches, origins);
  const enough = new Set(clocks).size >= Math.max(8, (season > 1 ? 4 : 8) * horizon);
  const folds = enough ? makeFolds(clocks, FOLDS, horizon - 1) : [];
  const corrections =
    folds.length > 0 ? await fitCorrections(windows, folds, layout, network) : noCorrections(windows, layout, network);
  const errors = errorsOfReal(corrections.errors, origins, sources, layout);
  const spreads = spreadsOf(errors, newest, layout, available / sources.length, set.series, tracked);
  const state: State = {
    targets: set.targets,
    past: set.past,
    known: set.known,
    season,
    layout,
    ...(corrections.ridge && { ridge: corrections.ridge }),
    network: corrections.gates.some((gates) => gates.network > 0),
    channels: corrections.channels,
    spreads,
    series: set.series.map((series, i) => seriesState(series, targets[i], tracked[i], window, widths.known)),
  };
  return {
    model: corrections.model,
    state: stateToJson(state),
    history: corrections.history,
    remarks: [
      ...remarksOf(set, state, corrections, { folded: folds.length > 0, windows: windows.rows, available }),
      ...oddEnds(set, tracked),
      ...stretchRemarks(set, windows.rows - newest, stretches.length),
    ],
  };
};

function check(set: SeriesSet, { horizon, window }: ForecasterOptions): void {
  const targets = set.targets.length;
  if (set.series.length === 0 || targets === 0) throw new MemcellError('there is no series to forecast');
  for (const { name, rows, targets: values } of set.series) {
    if (rows === 0) throw new MemcellError(`${named(name)} has no rows; a forecast needs at least one`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const where = `row ${Math.floor(bad / targets) + 1}, column ${set.targets[bad % targets]}`;
      throw new MemcellError(`${named(name)}, ${where}: ${values[bad]} is no finite number`);
    }
    const large = values.findIndex((value) => Math.abs(value) > LARGEST);
    if (large >= 0) {
      throw new MemcellError(
        `${named(name)}: ${values[large]} is too large to be squared and summed; divide the column`,
      );
    }
  }
  for (const [option, value] of Object.entries({ horizon, window })) {
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
    throw usageError(`${option}: ${value} is not a whole number of at least 1`);
  }
}

function named(series: string): string {
  return series === '' ? 'the series' : `series ${series}`;
}

function defaultWindow(season: number): number {
  return Math.min(LONGEST_WINDOW, season > 1 ? Math.max(6, season) : 8);
}

/**
 * Layers that a user gave, on windows with as few and as many channels as the targets may come to: before anything is fitted.
 * @throws MemcellError (usage, model) for layers that take none of them, or give no forecast
 */
export function checkLayers(set: SeriesSet, { horizon, window, run }: ForecasterOptions): void {
  const targets = set.targets.length;
  const steps = window ?? defaultWindow(set.season);
  let fault: unknown;
  for (const channels of [2 * targets, 3 * targets]) {
    try {
      const shape = { steps, channels, answers: horizon * targets };
      makeNetwork(shape, { units: 1, run }, run.seed).dispose();
      return;
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}

/** Nelder–Mead's iterations where there is no time left. */
const FEW_ITERATIONS = 30;

async function fitAnchors(
  set: SeriesSet,
  knownColumns: Covariate[],
  options: TargetOptions,
  run: Run,
  deadline: number,
): Promise<TargetState[][]> {
  const loop = new EventLoop();
  const fitted: TargetState[][] = [];
  const began = performance.now();
  for (const [i, series] of set.series.entries()) {
    if (loop.waits) await loop.turn();
    const rest = ((performance.now() - began) / i) * (set.series.length - i);
    if (i > 0 && run.signal?.aborted && rest > 1000) {
      throw new MemcellError('interrupted before all series were smoothed; nothing is fitted yet', {
        code: 'interrupted',
      });
    }
    const known = standardised(series.known, knownColumns, set.known.length);
    const year = hasYears(set) ? series.times && yearAngles(series.times) : undefined;
    const iterations = () => (run.signal?.aborted || performance.now() > deadline ? FEW_ITERATIONS : undefined);
    const how = { ...options, ...(year && { year }), iterations, loop };
    const columns: TargetState[] = [];
    for (const c of set.targets.keys()) {
      columns.push(await fitTarget(targetColumn(series, c, set.targets.length), known, set.known.length, how));
    }
    fitted.push(columns);
  }
  return fitted;
}

function makeLayout(
  set: SeriesSet,
  targets: readonly TargetState[][],
  window: number,
  horizon: number,
  known: Covariate[],
): Layout {
  return {
    window,
    horizon,
    targets: set.targets.length,
    levels: set.targets.map((_, c) => targets.some((one) => one[c].anchor.trend === 'none')),
    year: hasYears(set),
    past: [],
    known,
  };
}

/** Chooses the past columns that go in, by what the anchors miss, and puts them into the layout and the series. */
function addPastColumns({ past, series }: SeriesSet, layout: Layout, tracked: readonly Tracked[]): void {
  const width = past.length;
  const column = (one: Series, index: number) => columnOf(one.past, index, width);
  const errors = tracked.map(({ targets }) => targets[0].track.errors);
  layout.past = usefulColumns(scaleColumns(past, series, column, true), series, column, errors);
  for (const [i, one] of tracked.entries()) one.past = standardised(series[i].past, layout.past, width);
}

/** Steps of an hour to a day, over two years or more. */
function hasYears({ step, series }: SeriesSet): boolean {
  if (step?.unit !== 'millisecond' || step.count > day || step.count < day / 24) return false;
  return series.every(({ times }) => times !== undefined && times[times.length - 1] - times[0] >= 2 * 365 * day);
}

/** Origins on the axis of time that all series share: the rank of the time, or the row where there are no times. */
function clocksOf(set: SeriesSet, stretches: readonly Stretch[], origins: readonly Origin[]): Int32Array {
  const all = [...set.series, ...stretches.map(({ series }) => series)];
  const timed = all.length > 1 && all.every(({ times }) => times !== undefined);
  if (!timed) {
    const before = rowsBefore(set, stretches);
    return Int32Array.from(origins, ({ series, origin }) => before[series] + origin);
  }
  const times = new Set<number>();
  for (const series of all) for (const time of series.times ?? []) times.add(time);
  const ranks = new Map([...times].sort((a, b) => a - b).map((time, rank) => [time, rank]));
  return Int32Array.from(origins, ({ series, origin }) => ranks.get(all[series].times?.[origin - 1] ?? 0) ?? 0);
}

/** Rows of earlier stretches of the same series, before each series and each stretch. */
function rowsBefore({ series }: SeriesSet, stretches: readonly Stretch[]): number[] {
  const rows = new Array<number>(series.length).fill(0);
  const earlier = stretches.map(({ of, series }) => {
    rows[of] += series.rows;
    return rows[of] - series.rows;
  });
  return [...rows, ...earlier];
}

function absoluteError(
  series: readonly Series[],
  tracked: readonly Tracked[],
  { horizon, targets }: Layout,
  origins: readonly Origin[],
  corrections: Float32Array,
): number {
  let sum = 0;
  for (const [i, { series: own, origin }] of origins.entries()) {
    for (let h = 0; h < horizon; h++) {
      for (let c = 0; c < targets; c++) {
        const { track, scale, effects } = tracked[own].targets[c];
        const domain =
          track.ahead(origin, h) + (effects?.[origin + h] ?? 0) + scale * corrections[(i * horizon + h) * targets + c];
        const actual = series[own].targets[(origin + h) * targets + c];
        sum += Math.abs(fromDomain(track.anchor, domain) - actual);
      }
    }
  }
  return sum / corrections.length;
}

/** Errors of windows (n, H · C), with NaN where what came is filled in; of a step and target that has no others, as they are. */
function errorsOfReal(
  errors: Float32Array,
  origins: readonly Origin[],
  series: readonly Series[],
  { horizon, targets }: Layout,
): Float32Array {
  if (series.every(({ filled }) => filled === undefined)) return errors;
  const size = horizon * targets;
  const real = errors.slice();
  for (let k = 0; k < size; k++) {
    let some = false;
    for (const [i, { series: own, origin }] of origins.entries()) {
      if (series[own].filled?.[origin * targets + k] === 1) real[i * size + k] = Number.NaN;
      else some ||= !Number.isNaN(errors[i * size + k]);
    }
    if (!some) for (let i = k; i < errors.length; i += size) real[i] = errors[i];
  }
  return real;
}

/**
 * Out-of-fold errors; without folds, those of the anchor in sample.
 * @param newest windows of the series themselves, which come first
 */
function spreadsOf(
  errors: Float32Array,
  newest: number,
  { horizon, targets }: Layout,
  perSeries: number,
  series: readonly Series[],
  tracked: readonly Tracked[],
): Spreads {
  const rowsOfSeries = tracked.reduce((sum, one) => sum + one.rows, 0) / tracked.length;
  if (newest >= 8) {
    return measureSpreads(errors.subarray(0, newest * horizon * targets), horizon, targets, perSeries, rowsOfSeries);
  }
  const rows: number[] = [];
  for (const [i, { rows: n, targets: list }] of tracked.entries()) {
    const { filled } = series[i];
    for (let t = 1; t < n; t++) {
      for (let h = 0; h < horizon; h++) {
        for (const [c, { track, scale }] of list.entries()) {
          const real = t + h < n && filled?.[(t + h) * targets + c] !== 1;
          rows.push(real ? (track.values[t + h] - track.ahead(t, h)) / scale : Number.NaN);
        }
      }
    }
  }
  return measureSpreads(Float32Array.from(rows), horizon, targets, Math.max(1, perSeries), rowsOfSeries);
}

function seriesState(
  series: Series,
  targets: TargetState[],
  tracked: Tracked,
  window: number,
  known: number,
): SeriesState {
  const width = targets.length;
  const naive = targets.filter(({ anchor }) => anchor.kind === 'naive').map(({ anchor }) => anchor.period);
  const rows = Math.min(series.rows, Math.max(window, ...naive) + 1);
  const from = series.rows - rows;
  const past = series.past.length / series.rows;
  const times = series.times && Array.from(series.times.subarray(from));
  const tail: Tail = {
    rows,
    starts: tracked.targets.map(({ track }) => track.startAt(from)),
    away: tracked.targets.map(({ normal }) => normal?.mean[from] ?? 0),
    before: Array.from({ length: known }, (_, k) => (from > 0 ? series.known[(from - 1) * known + k] : 0)),
    targets: Array.from(series.targets.subarray(from * width)),
    past: Array.from(series.past.subarray(from * past)),
    known: Array.from(series.known.subarray(from * known)),
    ...(times && { times }),
  };
  const first = {
    values: Array.from(series.targets.subarray(0, 4 * width)),
    ...(series.times && { time: series.times[0] }),
  };
  return { name: series.name, targets, first, tail };
}
