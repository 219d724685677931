import type { Anchor } from './anchor.js';
import { solvePositive } from './cholesky.js';
import { dot, run } from './smoothing.js';

/** Effects that one series may have at most. */
const MOST_EFFECTS = 20;

/**
 * What known columns add to each row: Σ_k β_k x_k[row] + β_{K+k} x_k[row − 1].
 * @param known (rows, K), standardised; rows beyond count as the mean
 * @param before the known columns of the row before the first; the mean when not given
 */
export function effectsOf(
  known: Float64Array,
  effects: readonly number[],
  rows: number,
  before?: Float64Array,
): Float64Array | undefined {
  if (!effects.some((effect) => effect !== 0)) return undefined;
  const width = effects.length / 2;
  const sums = new Float64Array(rows);
  for (const [i, effect] of effects.entries()) {
    if (effect === 0) continue;
    const column = i % width;
    const lag = i < width ? 0 : 1;
    const last = Math.min(rows, known.length / width + lag);
    if (lag === 1 && before && rows > 0) sums[0] += effect * before[column];
    for (let row = lag; row < last; row++) sums[row] += effect * known[(row - lag) * width + column];
  }
  return sums;
}

/**
 * Effects of known columns, of the same row and of the row before, on what the anchor smooths: least squares on its one-step
 * errors. Smoothing with parameters held fixed is linear, so that the errors of y − Xβ are those of y less β times those of X:
 * β is what makes them least (generalised least squares, as in regression with ARIMA errors). Columns come in one after the
 * other, the best first, while n·ln(SSE before / after) is above ln n + 2·ln(number of candidates): the extended BIC (Chen and
 * Chen, Biometrika 95, 2008), which a useless column rarely passes, however many are tried.
 * @param values in the anchor's domain, without any effects
 * @param known (rows or more, K), standardised
 * @returns 2K of them, most 0
 */
export function fitEffects(values: Float64Array, known: Float64Array, width: number, anchor: Anchor): number[] {
  const n = values.length;
  const none = new Array<number>(2 * width).fill(0);
  if (width === 0 || n < 8) return none;
  const target = filtered(values, anchor, anchor.start);
  const zero = { level: 0, slope: 0, seasons: anchor.start.seasons.map(() => 0) };
  const candidates = none.map((_, i) => {
    const one = none.slice();
    one[i] = 1;
    return filtered(effectsOf(known, one, n) ?? new Float64Array(n), anchor, zero);
  });
  const bound = Math.log(n) + 2 * Math.log(2 * width);
  let chosen: number[] = [];
  let fitted: Fitted = { beta: new Float64Array(0), error: squares(target) };
  while (chosen.length < Math.min(MOST_EFFECTS, n / 4)) {
    const trials = candidates.flatMap((_, i) => {
      if (chosen.includes(i)) return [];
      const members = [...chosen, i];
      const next = leastSquares(
        target,
        members.map((member) => candidates[member]),
      );
      return next ? [{ members, ...next }] : [];
    });
    if (trials.length === 0) break;
    const best = trials.reduce((min, one) => (one.error < min.error ? one : min));
    if (!(n * Math.log(fitted.error / Math.max(best.error, 1e-300)) > bound)) break;
    chosen = best.members;
    fitted = best;
  }
  const effects = none.slice();
  for (const [i, member] of chosen.entries()) effects[member] = fitted.beta[i];
  return effects;
}

/** One-step errors of the anchor. */
function filtered(values: Float64Array, anchor: Anchor, start: Anchor['start']): Float64Array {
  if (anchor.kind === 'smoothing') return run(values, { ...anchor, start }).errors;
  return values.map((value, t) => (t < anchor.period ? 0 : value - values[t - anchor.period]));
}

interface Fitted {
  beta: Float64Array;
  error: number;
}

function leastSquares(y: Float64Array, x: readonly Float64Array[]): Fitted | undefined {
  const k = x.length;
  const a = new Float64Array(k * k);
  const b = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) a[i * k + j] = dot(x[i], x[j]) * (i === j ? 1 + 1e-9 : 1);
    b[i] = dot(x[i], y);
  }
  const against = b.slice();
  if (!solvePositive(a, b, k, 1)) return undefined;
  return { beta: b, error: Math.max(0, squares(y) - dot(b, against)) };
}

function squares(values: Float64Array): number {
  return dot(values, values);
}
