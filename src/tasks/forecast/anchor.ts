import type { EventLoop } from '../../eventLoop.js';
import { isWalk, SHORT, shortAnchor } from './shortAnchor.js';
import {
  type FittedSmoothing,
  fitSmoothing,
  type Path,
  run,
  type Smoothing,
  startBackwards,
  type Trend,
} from './smoothing.js';

/**
 * What a forecast holds on to: exponential smoothing of the values or of their logarithm, or (naive) the value of `period` rows
 * before, where smoothing is no better. The network and the ridge learn only what it misses.
 */
export interface Anchor extends Smoothing {
  kind: 'smoothing' | 'naive';
  log: boolean;
  /** Values below are taken for it before their logarithm is: half of the smallest that was fitted on. */
  least: number;
}

/** The value as the anchor sees it. */
function toDomain({ log, least }: Pick<Anchor, 'log' | 'least'>, value: number): number {
  return log ? Math.log(Math.max(value, least)) : value;
}

export function fromDomain({ log }: Pick<Anchor, 'log'>, value: number): number {
  return log ? Math.exp(Math.min(value, 700)) : value;
}

/** An anchor run over a series: its forecasts from every origin t, which knows rows 0 … t−1. */
export class Track {
  private readonly path: Path;
  /** φ + φ² + … + φ^(h+1) for step h. */
  private readonly damping: number[] = [];

  /** @param values the series in the anchor's domain, without the effects of known columns */
  constructor(
    readonly anchor: Anchor,
    readonly values: Float64Array,
  ) {
    this.path = run(values, anchor);
    if (anchor.kind === 'naive') {
      const { errors } = this.path;
      for (let t = 0; t < errors.length; t++) errors[t] = t < anchor.period ? 0 : values[t] - values[t - anchor.period];
    }
  }

  /** One step ahead: (n). */
  get errors(): Float64Array {
    return this.path.errors;
  }

  /** The forecast of row origin + step, step ≥ 0. */
  ahead(origin: number, step: number): number {
    const { anchor, path, values } = this;
    const { period } = anchor;
    if (anchor.kind === 'naive') {
      const row = origin + step - period * Math.ceil((step + 1) / period);
      return row >= 0 ? values[row] : origin > 0 ? values[origin - 1] : anchor.start.level;
    }
    while (this.damping.length <= step) {
      const h = this.damping.length;
      this.damping.push(anchor.phi ** (h + 1) + (h > 0 ? this.damping[h - 1] : 0));
    }
    const season = period > 1 ? path.season[seasonBefore(origin, origin + step, period)] : 0;
    return path.level[origin] + this.damping[step] * path.slope[origin] + season;
  }

  /** y − level − season of a row before the origin, with level and seasons as they stand at the origin. */
  deviation(origin: number, row: number): number {
    const { anchor, path, values } = this;
    if (anchor.kind === 'naive') return values[row] - values[origin - 1];
    const season = anchor.period > 1 ? path.season[seasonBefore(origin, row, anchor.period)] : 0;
    return values[row] - path.level[origin] - season;
  }

  /** Level, slope and seasons before a row, as a start for the rows from there on. */
  startAt(row: number): Anchor['start'] {
    const { anchor, path, values } = this;
    if (anchor.kind === 'naive') return { ...anchor.start, level: row > 0 ? values[row - 1] : anchor.start.level };
    const { period } = anchor;
    const seasons =
      period > 1 ? Array.from({ length: period }, (_, i) => path.season[seasonBefore(row, row + i, period)]) : [];
    return { level: path.level[row], slope: path.slope[row], seasons };
  }
}

/** Where in Path.season the season of `row` stands, as known at the origin. */
function seasonBefore(origin: number, row: number, period: number): number {
  return row - period * Math.floor((row - origin) / period);
}

/**
 * The standard deviation of the error h steps ahead, relative to one step:
 * √(1 + Σ_{j=1}^{h} (α + β(φ + … + φ^j) + γ·[j mod period = 0])²), h counted from 0.
 */
export function spread({ kind, alpha, beta, gamma, phi, period }: Anchor, step: number): number {
  let sum = 1;
  if (kind === 'naive') return Math.sqrt(Math.ceil((step + 1) / period));
  for (let j = 1, damping = 0; j <= step; j++) {
    damping += phi ** j;
    sum += (alpha + beta * damping + (period > 1 && j % period === 0 ? gamma : 0)) ** 2;
  }
  return Math.sqrt(sum);
}

export interface AnchorOptions {
  /** Rows to a season; 1: none. */
  season: number;
  horizon: number;
  /** Of each Nelder–Mead: asked anew for each, since the time may be over by then. */
  iterations?: () => number | undefined;
  /** Is given its turn between them. */
  loop?: EventLoop;
  /** Whether the logarithm is tried; undefined: where all values are above 0. */
  log?: boolean;
  /** What known columns add to each row, in the domain; not part of what is smoothed. */
  effects?: Float64Array;
}

/** Rows that anchors are fitted on at most, the newest ones. */
export const ANCHOR_ROWS = 20_000;

/** Origins at most from which candidates are compared. */
const COMPARED_ORIGINS = 2000;

interface Candidate {
  anchor: Anchor;
  /** AICc of the values themselves, also for their logarithm. */
  aicc: number;
  /** Mean over the steps of the horizon of ln(mean squared error in sample). */
  error: number;
}

/**
 * Chooses the anchor of a series: none, additive or damped trend × season or none × values or (all above 0) their logarithm,
 * by AICc (for the logarithm + 2Σ ln y, its Jacobian) among those whose error in sample over all steps of the horizon is at most
 * 1.5 times the best (in squares). Naive or seasonal naive stays unless the choice is better by about 10 %. A short series without
 * a season tells too little to choose by: see `shortAnchor`.
 */
export async function chooseAnchor(y: Float64Array, options: AnchorOptions): Promise<Anchor> {
  const recent = y.subarray(Math.max(0, y.length - ANCHOR_ROWS));
  const effects = options.effects?.subarray(y.length - recent.length);
  const positive = recent.length > 0 && recent.every((value) => value > 0);
  const logs = options.log === undefined ? (positive ? [false, true] : [false]) : [options.log];
  const least = positive ? 0.5 * recent.reduce((min, value) => Math.min(min, value)) : 0;
  const periods = seasonCandidates(options.season, recent.length);
  if (recent.length < SHORT && options.season === 1) {
    const domain = { log: options.log ?? false, least };
    const short = shortAnchor(inDomain(recent, domain, effects), domain, options.iterations?.());
    if (short !== undefined) return short;
  }
  const candidates: Candidate[] = [];
  for (const log of logs) {
    candidates.push(...(await smoothingCandidates(recent, { log, least }, periods, options, effects)));
  }
  const best = Math.min(...candidates.map(({ error }) => error));
  const good = candidates.filter(({ error }) => error <= best + Math.log(1.5));
  const chosen = good.length > 0 ? good.reduce((min, one) => (one.aicc < min.aicc ? one : min)) : undefined;
  const domain = { log: chosen?.anchor.log ?? options.log ?? false, least };
  const naives = periods.map((period) => naiveCandidate(recent, domain, period, options, effects));
  const naive = naives.reduce((min, one) => (one.error < min.error ? one : min));
  const anchor = chosen && !(naive.error < chosen.error + Math.log(1.1)) ? chosen.anchor : naive.anchor;
  if (recent.length === y.length) return anchor;
  return { ...anchor, start: startOf(inDomain(y, anchor, options.effects), anchor) };
}

/** Where an anchor starts on other rows than those that it was fitted on. */
export function startOf(values: Float64Array, anchor: Anchor): Anchor['start'] {
  if (anchor.kind === 'naive')
    return { level: values[0] ?? anchor.start.level, slope: 0, seasons: anchor.start.seasons };
  if (isWalk(anchor)) return { ...anchor.start, level: (values[0] ?? anchor.start.level) - anchor.start.slope };
  return startBackwards(values, anchor);
}

/** A series in the anchor's domain, without the effects of known columns. */
export function inDomain(
  y: Float64Array,
  domain: Pick<Anchor, 'log' | 'least'>,
  effects: Float64Array | undefined,
): Float64Array {
  return y.map((value, t) => toDomain(domain, value) - (effects?.[t] ?? 0));
}

/** Hours, half hours and quarters of an hour to a day: of these a week is tried as a season too. */
const rowsOfDay = [24, 48, 96];

function seasonCandidates(season: number, rows: number): number[] {
  const all = rowsOfDay.includes(season) ? [season, 7 * season] : [season];
  return [1, ...all.filter((period) => period > 1 && rows >= 2 * period + 3)];
}

async function smoothingCandidates(
  y: Float64Array,
  domain: Pick<Anchor, 'log' | 'least'>,
  periods: readonly number[],
  options: AnchorOptions,
  effects: Float64Array | undefined,
): Promise<Candidate[]> {
  const values = inDomain(y, domain, effects);
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
  if (!(scale > 1e-12 * Math.abs(mean))) return [];
  const z = values.map((value) => (value - mean) / scale);
  const jacobian = domain.log ? y.reduce((sum, value) => sum + 2 * Math.log(value), 0) : 0;
  const candidates: Candidate[] = [];
  for (const trend of ['none', 'additive', 'damped'] satisfies Trend[]) {
    for (const period of periods) {
      const parameters = 2 + (trend === 'none' ? 1 : trend === 'additive' ? 3 : 4) + (period > 1 ? period : 0);
      if (n <= parameters + 2) continue;
      if (options.loop?.waits) await options.loop.turn();
      const fitted = fitSmoothing(z, { trend, period }, options.iterations?.());
      const anchor: Anchor = { kind: 'smoothing', ...domain, ...rescaled(fitted, mean, scale) };
      const aicc = fitted.aicc + 2 * n * Math.log(scale) + jacobian;
      const error = horizonError(y, new Track(anchor, values), options, effects);
      if (Number.isFinite(aicc) && Number.isFinite(error)) candidates.push({ anchor, aicc, error });
    }
  }
  return candidates;
}

/** The smoothing of mean + scale·z from that of z. */
function rescaled({ x: _, aicc: __, start, ...rest }: FittedSmoothing, mean: number, scale: number): Smoothing {
  const { level, slope, seasons } = start;
  return {
    ...rest,
    start: { level: mean + scale * level, slope: scale * slope, seasons: seasons.map((season) => scale * season) },
  };
}

function naiveCandidate(
  y: Float64Array,
  domain: Pick<Anchor, 'log' | 'least'>,
  period: number,
  options: AnchorOptions,
  effects: Float64Array | undefined,
): Candidate {
  const values = inDomain(y, domain, effects);
  const start = { level: values[0] ?? 0, slope: 0, seasons: new Array<number>(period > 1 ? period : 0).fill(0) };
  const anchor: Anchor = {
    kind: 'naive',
    ...domain,
    trend: 'none',
    period,
    alpha: 1,
    beta: 0,
    gamma: 0,
    phi: 1,
    start,
  };
  const error = horizonError(y, new Track(anchor, values), options, effects);
  return { anchor, aicc: 0, error: Number.isNaN(error) ? 0 : error };
}

/** Mean over the steps of ln(mean squared error), in units of the series; NaN when no step can be scored. */
function horizonError(
  y: Float64Array,
  track: Track,
  { season, horizon }: AnchorOptions,
  effects: Float64Array | undefined,
): number {
  const n = y.length;
  const from = Math.min(Math.max(2 * season, 4), Math.floor(n / 3));
  const steps = Math.min(horizon, n - from);
  const last = n - steps;
  const stride = Math.max(1, Math.ceil((last - from + 1) / COMPARED_ORIGINS));
  const scale = y.reduce((sum, value) => sum + value * value, 0) / n + 1e-300;
  let sum = 0;
  for (let h = 0; h < steps; h++) {
    let squares = 0;
    let count = 0;
    for (let t = last; t >= from; t -= stride, count++) {
      squares += (fromDomain(track.anchor, track.ahead(t, h) + (effects?.[t + h] ?? 0)) - y[t + h]) ** 2;
    }
    sum += Math.log(squares / count / scale + 1e-24);
  }
  return sum / steps;
}
