import type { Anchor } from './anchor.js';
import { fitSmoothing, type Smoothing, type Trend } from './smoothing.js';

/** Rows below which a series without a season is short. */
export const SHORT = 60;

/** By how much the AICc of a whole trend must be lower: in short series what looks like one has often ended, or bends. */
const TREND_EVIDENCE = 15;

/** Rows below which only the walks can be told apart. */
const FEWEST = 5;

interface Candidate {
  smoothing: Smoothing;
  aicc: number;
}

/**
 * What a short series without a season is forecast by. The last value with half of the mean change a row of the newest half m = ⌊n/2⌋
 * (the mean of the naive forecast and of that half's drift, as Theta takes half the slope of its line; Assimakopoulos and
 * Nikolopoulos, Int. J. Forecasting 16, 2000),
 *
 *     F[t][h] = y[t−1] + (h + 1)/2 · (y[n−1] − y[m−1]) / (n − m),
 *
 * (half of the change over all rows: MASE of cigar 2.65 instead of 2.48, fertility 1.27 and 1.24, y-airmiles 3.44 and 2.87; no change, half
 * or all of it by the errors of rolling origins over all series of a table chooses wrongly: cigar 2.70 instead of 2.39, orange .85 and .38), or exponential smoothing without a trend, by AICc; one with a trend, or the whole mean change, only where the AICc leaves no doubt.
 * @param values in the anchor's domain
 * @returns undefined where there are too few rows, or all are the same
 */
export function shortAnchor(
  values: Float64Array,
  domain: Pick<Anchor, 'log' | 'least'>,
  iterations?: number,
): Anchor | undefined {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
  if (n < FEWEST || !(scale > 1e-12 * Math.abs(mean))) return undefined;
  const z = values.map((value) => (value - mean) / scale);
  const fitted = (trend: Trend): Candidate => {
    const { x: _, aicc, ...smoothing } = fitSmoothing(z, { trend, period: 1 }, iterations);
    return { smoothing, aicc };
  };
  const level = lowest([walk(z, 0.5 * meanChange(z, n >> 1), 2), fitted('none')]);
  const sloped = lowest([walk(z, meanChange(z, 1), 3), fitted('additive'), fitted('damped')]);
  const { smoothing } = sloped.aicc < level.aicc - TREND_EVIDENCE ? sloped : level;
  const { start, ...rest } = smoothing;
  return {
    kind: 'smoothing',
    ...domain,
    ...rest,
    start: { level: mean + scale * start.level, slope: scale * start.slope, seasons: [] },
  };
}

/** The mean change a row over rows from − 1 … n − 1. */
function meanChange(z: Float64Array, from: number): number {
  const n = z.length;
  return (z[n - 1] - z[from - 1]) / (n - from);
}

/**
 * The last value and a change a row, as exponential smoothing with α = 1 and a slope that stays.
 * @param k its parameters: a variance, and the slope where it is no prior's
 */
function walk(z: Float64Array, slope: number, k: number): Candidate {
  const n = z.length;
  let squares = 0;
  for (let t = 1; t < n; t++) squares += (z[t] - z[t - 1] - slope) ** 2;
  const small = n > k + 1 ? (2 * k * (k + 1)) / (n - k - 1) : 1e6;
  return {
    smoothing: {
      trend: 'additive',
      period: 1,
      alpha: 1,
      beta: 0,
      gamma: 0,
      phi: 1,
      start: { level: z[0] - slope, slope, seasons: [] },
    },
    aicc: n * Math.log(squares / (n - 1) + 1e-12) + 2 * k + small,
  };
}

/** Whether a smoothing is the last value and a change that stays the same. */
export function isWalk({ trend, alpha, beta }: Pick<Anchor, 'trend' | 'alpha' | 'beta'>): boolean {
  return trend === 'additive' && alpha === 1 && beta === 0;
}

function lowest(candidates: readonly Candidate[]): Candidate {
  return candidates.reduce((min, one) => (one.aicc < min.aicc ? one : min));
}
