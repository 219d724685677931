import { solvePositive } from './cholesky.js';
import { nelderMead } from './nelderMead.js';
import { startFromMeans } from './start.js';

export type Trend = 'none' | 'additive' | 'damped';

/** What exponential smoothing has: a trend or none, a season of some rows or (1) none. */
export interface Form {
  trend: Trend;
  period: number;
}

/** Level l, slope b and seasons s before the first row; the season of row t is seasons[t mod period]. */
export interface Start {
  level: number;
  slope: number;
  /** `period` of them; none when the period is 1. */
  seasons: number[];
}

/**
 * Exponential smoothing with additive errors (ETS(A, N | A | Ad, N | A); Hyndman, Koehler, Ord, Snyder, "Forecasting with
 * exponential smoothing", 2008):
 *
 *     e_t = y_t − (l + φb + s_t)
 *     l ← l + φb + αe      b ← φb + βe      s_t ← s_t + γe
 *
 * with α in (.0001, .9999), β = α·(0, 1), γ = (1 − α)·(0, 1), φ in (.80, .98) when damped, otherwise 1.
 */
export interface Smoothing extends Form {
  alpha: number;
  beta: number;
  gamma: number;
  phi: number;
  start: Start;
}

export interface FittedSmoothing extends Smoothing {
  /** n·ln(SSE / n) + 2k + 2k(k + 1) / (n − k − 1), k parameters and initial states; 1e6 in place of the last where n is too small. */
  aicc: number;
  /** The free parameters that gave it: where a refit goes on. */
  x: Float64Array;
}

/** Where the smoothing stands before each row, and its errors one step ahead. */
export interface Path {
  /** (n + 1) */
  level: Float64Array;
  /** (n + 1) */
  slope: Float64Array;
  /** (n + period): first those of the start, then at period + t what the season of row t became. Empty without a season. */
  season: Float64Array;
  /** (n) */
  errors: Float64Array;
}

/** Runs the smoothing over the values. */
export function run(y: Float64Array, smoothing: Smoothing): Path {
  const { alpha, beta, gamma, phi, period, start } = smoothing;
  const n = y.length;
  const seasonal = period > 1;
  const path: Path = {
    level: new Float64Array(n + 1),
    slope: new Float64Array(n + 1),
    season: new Float64Array(seasonal ? n + period : 0),
    errors: new Float64Array(n),
  };
  if (seasonal) path.season.set(start.seasons);
  let { level, slope } = start;
  for (let t = 0; t < n; t++) {
    path.level[t] = level;
    path.slope[t] = slope;
    const season = seasonal ? path.season[t] : 0;
    const error = y[t] - (level + phi * slope + season);
    path.errors[t] = error;
    level += phi * slope + alpha * error;
    slope = phi * slope + beta * error;
    if (seasonal) path.season[t + period] = season + gamma * error;
  }
  path.level[n] = level;
  path.slope[n] = slope;
  return path;
}

/** Σe²: `run` without its arrays. @param seasons overwritten with the start's and then with what they become */
function squaredErrors(y: Float64Array, s: Smoothing, seasons: Float64Array): number {
  const { alpha, beta, gamma, phi, period } = s;
  let { level, slope } = s.start;
  let sum = 0;
  if (period === 1) {
    for (let t = 0; t < y.length; t++) {
      const ahead = level + phi * slope;
      const error = y[t] - ahead;
      sum += error * error;
      level = ahead + alpha * error;
      slope = phi * slope + beta * error;
    }
    return sum;
  }
  seasons.set(s.start.seasons);
  for (let t = 0, i = 0; t < y.length; t++) {
    const ahead = level + phi * slope;
    const error = y[t] - ahead - seasons[i];
    sum += error * error;
    level = ahead + alpha * error;
    slope = phi * slope + beta * error;
    seasons[i] += gamma * error;
    if (++i === period) i = 0;
  }
  return sum;
}

/** Products that solving for a start may take. */
const MOST_PRODUCTS = 2e6;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const logit = (p: number) => Math.log(p / (1 - p));

/**
 * Fits one form by least ln(SSE): the smoothing parameters, level and slope of the start by Nelder–Mead from two starts; then
 * the start is taken from running backwards over the series, and fitted again, twice at most. Below 8 seasons the errors are
 * solved for the whole start, in which they are linear, and the parameters are fitted again, up to three times.
 * @param y values of magnitude about 1, more than a few
 * @param iterations of each Nelder–Mead
 */
export function fitSmoothing(y: Float64Array, form: Form, iterations = 250): FittedSmoothing {
  let best = fitFrom(y, form, startFromMeans(y, form), undefined, iterations);
  for (let round = 0; round < 2; round++) {
    const next = fitFrom(y, form, startBackwards(y, best), best.x, iterations);
    if (!(next.aicc < best.aicc)) break;
    best = next;
  }
  if (y.length >= 8 * form.period || form.period ** 2 * y.length > MOST_PRODUCTS) return best;
  for (let round = 0; round < 3; round++) {
    const start = solveStart(y, best);
    const next = start && fitFrom(y, form, start, best.x, iterations);
    if (!(next && next.aicc < best.aicc - 1e-6)) break;
    best = next;
  }
  return best;
}

function fitFrom(
  y: Float64Array,
  { trend, period }: Form,
  start: Start,
  before: Float64Array | undefined,
  iterations: number,
): FittedSmoothing {
  const n = y.length;
  const sloped = trend !== 'none';
  const free = sloped ? 2 : 1;
  let differences = 0;
  for (let t = 1; t < n; t++) differences += (y[t] - y[t - 1]) ** 2;
  const scale = Math.sqrt(differences / n) || 1;
  const fitted: Smoothing = { trend, period, alpha: 0, beta: 0, gamma: 0, phi: 1, start: { ...start } };
  const decode = (x: ArrayLike<number>): Smoothing => {
    let i = 0;
    const alpha = 0.0001 + 0.9998 * sigmoid(x[i++]);
    fitted.alpha = alpha;
    if (sloped) fitted.beta = alpha * sigmoid(x[i++]);
    if (trend === 'damped') fitted.phi = 0.8 + 0.18 * sigmoid(x[i++]);
    if (period > 1) fitted.gamma = (1 - alpha) * sigmoid(x[i++]);
    fitted.start.level = start.level + x[i++] * scale;
    fitted.start.slope = sloped ? start.slope + 0.1 * x[i++] * scale : 0;
    return fitted;
  };
  const seasons = new Float64Array(period);
  const loss = (x: ArrayLike<number>) => {
    const sum = squaredErrors(y, decode(x), seasons);
    return Number.isFinite(sum) ? Math.log(sum + 1e-12) : 1e9;
  };
  const starts = before
    ? [[...before.subarray(0, before.length - free), ...new Array<number>(free).fill(0)]]
    : [0.3, 0.8].map((alpha) => [
        logit(alpha),
        ...(sloped ? [logit(0.1)] : []),
        ...(trend === 'damped' ? [0.5] : []),
        ...(period > 1 ? [logit(0.1)] : []),
        ...new Array<number>(free).fill(0),
      ]);
  const minima = starts.map((x) => nelderMead(loss, x, 0.4, iterations));
  const { x } = minima.reduce((best, one) => (one.value < best.value ? one : best));
  const k = x.length + (period > 1 ? period - 1 : 0) + 1;
  const small = n > k + 2 ? (2 * k * (k + 1)) / (n - k - 1) : 1e6;
  const aicc = n * Math.log(squaredErrors(y, decode(x), seasons) / n) + 2 * k + small;
  const { start: at, ...parameters } = decode(x);
  return { ...parameters, start: { ...at }, x, aicc: Number.isFinite(aicc) ? aicc : Number.POSITIVE_INFINITY };
}

/** The start as the end of the smoothing that runs backwards over the first 12 seasons and 24 rows. */
export function startBackwards(y: Float64Array, smoothing: Smoothing): Start {
  const { period } = smoothing;
  const count = Math.min(y.length, 12 * period + 24);
  const reversed = y.slice(0, count).reverse();
  const path = run(reversed, { ...smoothing, start: startFromMeans(reversed, smoothing) });
  const seasons =
    period === 1
      ? []
      : Array.from({ length: period }, (_, t) => {
          const phase = (((count - 1 - t) % period) + period) % period;
          const last = phase + period * Math.floor((count - 1 - phase) / period);
          return path.season[period + last];
        });
  return { level: path.level[count], slope: smoothing.trend === 'none' ? 0 : -path.slope[count], seasons };
}

/** The start of least Σe² at the given parameters: e is linear in level, slope and the seasons (which sum to 0). */
function solveStart(y: Float64Array, smoothing: Smoothing): Start | undefined {
  const { period, trend } = smoothing;
  const zero = (): Start => ({ level: 0, slope: 0, seasons: new Array<number>(period > 1 ? period : 0).fill(0) });
  const basis: Start[] = [{ ...zero(), level: 1 }];
  if (trend !== 'none') basis.push({ ...zero(), slope: 1 });
  for (let j = 0; j < period - 1; j++) {
    const one = zero();
    one.seasons[j] = 1;
    one.seasons[period - 1] = -1;
    basis.push(one);
  }
  const silence = new Float64Array(y.length);
  const errors = run(y, { ...smoothing, start: zero() }).errors;
  const responses = basis.map((start) => run(silence, { ...smoothing, start }).errors);
  const k = basis.length;
  const a = new Float64Array(k * k);
  const x = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) a[i * k + j] = dot(responses[i], responses[j]) * (i === j ? 1 + 1e-9 : 1);
    x[i] = -dot(responses[i], errors);
  }
  if (!solvePositive(a, x, k, 1) || !x.every(Number.isFinite)) return undefined;
  const start = zero();
  for (const [i, one] of basis.entries()) {
    start.level += x[i] * one.level;
    start.slope += x[i] * one.slope;
    for (let j = 0; j < one.seasons.length; j++) start.seasons[j] += x[i] * one.seasons[j];
  }
  return start;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += a[t] * b[t];
  return sum;
}
