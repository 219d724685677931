import { fillLinear } from './fill.js';

/** Values of the same place in the season that tell a missing one's, on each side. */
const NEIGHBOURS = 3;

/** Seasons that a series must have. */
const FEWEST_SEASONS = 3;

/** The share of the error of straight lines below which the season counts as one. */
const BETTER = 0.9;

/** The season of gaps and the line through them depend on each other: so often in turn. */
const ROUNDS = 3;

/**
 * Fills missing values (NaN) of one series with a season: what is left of the values without their season is filled on straight
 * lines, the season put back. The season at row t is the mean of y − (centred mean over one season) of the three nearest rows on
 * either side that stand at the same place of theirs, so that it may change and grow. It is used where, on values that are there,
 * it foretells each from its two neighbours better than a straight line does by 10 %; filled values stay within the range of the
 * others.
 * @returns whether it was filled so; otherwise nothing was changed
 */
export function fillSeasonal(y: Float64Array, season: number): boolean {
  const n = y.length;
  const there = Uint8Array.from(y, (value) => Number(!Number.isNaN(value)));
  if (n < FEWEST_SEASONS * season || !there.includes(0) || !there.includes(1)) return false;
  const filled = linear(y);
  for (let round = 0; round < ROUNDS; round++) {
    const seasons = seasonsOf(filled, there, season);
    if (seasons === undefined || (round === 0 && !helps(y, seasons))) return false;
    const straight = linear(y.map((value, t) => value - seasons[t]));
    for (let t = 0; t < n; t++) if (there[t] === 0) filled[t] = straight[t] + seasons[t];
  }
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of y) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  for (let t = 0; t < n; t++) if (there[t] === 0) y[t] = Math.min(most, Math.max(least, filled[t]));
  return true;
}

function linear(y: Float64Array): Float64Array {
  const filled = y.slice();
  fillLinear(filled, [{ name: '', from: 0, to: y.length }]);
  return filled;
}

/** The season of every row, from others than itself; undefined where some place in it is never there. */
function seasonsOf(filled: Float64Array, there: Uint8Array, season: number): Float64Array | undefined {
  const n = filled.length;
  const half = Math.floor(season / 2);
  const away = new Float64Array(n).fill(Number.NaN);
  for (let t = half; t < n - half; t++) {
    if (there[t] === 0) continue;
    let sum = 0;
    for (let j = t - half; j <= t + half; j++) sum += filled[j];
    // The two ends of an even season are one row, each counts half.
    if (season % 2 === 0) sum -= (filled[t - half] + filled[t + half]) / 2;
    away[t] = filled[t] - sum / season;
  }
  const seasons = new Float64Array(n);
  for (let t = 0; t < n; t++) {
    let sum = 0;
    let count = 0;
    for (const step of [-season, season]) {
      for (let row = t + step, found = 0; row >= 0 && row < n && found < NEIGHBOURS; row += step) {
        if (Number.isNaN(away[row])) continue;
        sum += away[row];
        count++;
        found++;
      }
    }
    if (count === 0) return undefined;
    seasons[t] = sum / count;
  }
  return seasons;
}

function helps(y: Float64Array, seasons: Float64Array): boolean {
  let straight = 0;
  let seasonal = 0;
  for (let t = 1; t < y.length - 1; t++) {
    const error = y[t] - (y[t - 1] + y[t + 1]) / 2;
    if (Number.isNaN(error)) continue;
    straight += Math.abs(error);
    seasonal += Math.abs(error - (seasons[t] - (seasons[t - 1] + seasons[t + 1]) / 2));
  }
  return seasonal < BETTER * straight;
}
