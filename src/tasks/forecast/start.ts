import type { Form, Start } from './smoothing.js';

/**
 * A first guess of where exponential smoothing starts: seasons as the mean distance from the centred moving average over the
 * first five seasons (from a straight line where there are only two), level and slope from a straight line through the first rows
 * without their seasons.
 */
export function startFromMeans(y: Float64Array, { trend, period }: Form): Start {
  const seasons = period > 1 ? meanSeasons(y, period) : [];
  const n = Math.min(y.length, Math.max(10, 2 * period));
  const first = y.subarray(0, n).map((value, t) => value - (period > 1 ? seasons[t % period] : 0));
  const { slope, intercept, mean } = line(first);
  return trend === 'none' ? { level: mean, slope: 0, seasons } : { level: intercept - slope, slope, seasons };
}

function meanSeasons(y: Float64Array, period: number): number[] {
  const cycles = Math.min(Math.floor(y.length / period), 5);
  const n = cycles * period;
  const sums = new Array<number>(period).fill(0);
  const counts = new Array<number>(period).fill(0);
  const straight = line(y.subarray(0, n));
  for (let t = 0; t < n; t++) {
    const inside = t >= period / 2 && t < n - period / 2;
    if (cycles > 2 && !inside) continue;
    const level = cycles > 2 ? centredMean(y, t, period, n) : straight.intercept + straight.slope * t;
    sums[t % period] += y[t] - level;
    counts[t % period]++;
  }
  const means = sums.map((sum, i) => sum / Math.max(1, counts[i]));
  const mean = means.reduce((sum, value) => sum + value, 0) / period;
  return means.map((value) => value - mean);
}

/** The mean over one season around t; the two ends of an even season count half. Near the ends of 0 … n−1, of the nearest season. */
function centredMean(y: Float64Array, t: number, period: number, n: number): number {
  const even = period % 2 === 0;
  const width = period + (even ? 1 : 0);
  const to = Math.min(n, Math.max(0, t - Math.floor(period / 2)) + width);
  const from = Math.max(0, to - width);
  let sum = 0;
  let weights = 0;
  for (let j = from; j < to; j++) {
    const weight = even && (j === from || j === to - 1) ? 0.5 : 1;
    sum += weight * y[j];
    weights += weight;
  }
  return sum / weights;
}

/** The straight line of least squares through (0, y_0), (1, y_1), … */
function line(y: Float64Array): { slope: number; intercept: number; mean: number } {
  const n = y.length;
  if (n === 0) return { slope: 0, intercept: 0, mean: 0 };
  let sy = 0;
  let sty = 0;
  for (let t = 0; t < n; t++) {
    sy += y[t];
    sty += t * y[t];
  }
  const st = (n * (n - 1)) / 2;
  const stt = ((n - 1) * n * (2 * n - 1)) / 6;
  const slope = n > 1 ? (n * sty - st * sy) / (n * stt - st * st) : 0;
  return { slope, intercept: sy / n - (slope * st) / n, mean: sy / n };
}
