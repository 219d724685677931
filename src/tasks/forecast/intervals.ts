import { SHORT } from './shortAnchor.js';

/** How far forecasts were off, by step and target: what intervals are made of. */
export interface Spreads {
  /** Per step and target (H · C): up to 200 sorted |errors| of out-of-fold forecasts, in units of the series' scale. */
  quantiles: number[][];
  /** √(1 + 2H / n): out-of-fold forecasts know the anchor's fit, real ones don't. */
  widening: number;
  /** Degrees of freedom of the scale of a short series: rows by horizon; left out where there are many. */
  freedom?: number;
}

const KEPT = 200;

/** The fewest degrees of freedom: two horizons or less tell next to nothing. */
const LEAST_FREEDOM = 2;

/**
 * @param errors out-of-fold errors (n, H · C) in units of the scale; NaN ones are left out
 * @param windows windows of a series, on average
 * @param rowsOfSeries the same of rows, on average
 */
export function measureSpreads(
  errors: Float32Array,
  horizon: number,
  targets: number,
  windows: number,
  rowsOfSeries: number,
): Spreads {
  const size = horizon * targets;
  const rows = size === 0 ? 0 : errors.length / size;
  const quantiles = Array.from({ length: size }, (_, k) => {
    const column = new Float64Array(rows);
    let count = 0;
    for (let i = 0; i < rows; i++) {
      const error = Math.abs(errors[i * size + k]);
      if (!Number.isNaN(error)) column[count++] = error;
    }
    return thinned(column.subarray(0, count).sort());
  });
  return {
    quantiles,
    widening: Math.sqrt(1 + 2 / Math.max(3, windows / horizon)),
    ...(rowsOfSeries < SHORT && { freedom: Math.max(LEAST_FREEDOM, rowsOfSeries / horizon) }),
  };
}

/** At most KEPT of sorted values, evenly by rank, the largest among them. */
function thinned(sorted: Float64Array): number[] {
  const n = sorted.length;
  if (n <= KEPT) return Array.from(sorted);
  return Array.from({ length: KEPT }, (_, i) => sorted[Math.ceil(((i + 1) * n) / KEPT) - 1]);
}

/**
 * Half the width of the interval of probability p for each step of one target, in units of the scale: the (1 + 1/n)·p quantile of
 * |error| (p, of 200 or more), at least .98 of the step before, widened: of short series also by the quantile of Student's t over
 * that of the normal distribution, as their scale is known as little as what it is measured on.
 */
export function halfWidths(spreads: Spreads, target: number, targets: number, p: number): number[] {
  const { quantiles, freedom } = spreads;
  const widening = spreads.widening * (freedom === undefined ? 1 : studentOverNormal(p, freedom));
  const widths: number[] = [];
  for (let k = target; k < quantiles.length; k += targets) {
    const sorted = quantiles[k];
    const n = sorted.length;
    const share = n < KEPT ? Math.min(1, p * (1 + 1 / n)) : p;
    const rank = Math.ceil(share * n - 1e-9);
    const width = n === 0 ? 0 : widening * sorted[Math.min(n - 1, Math.max(0, rank - 1))];
    widths.push(Math.max(width, 0.98 * (widths.at(-1) ?? 0)));
  }
  return widths;
}

/**
 * The quantile at (1 + p)/2 of Student's t with ν degrees of freedom over that of the normal distribution. Of z by Winitzki's
 * inverse of erf (to .2 %), t by Cornish and Fisher's expansion in 1/ν (Abramowitz and Stegun 26.7.5; of ν = 2 at p = .95, 4 % too
 * small).
 */
function studentOverNormal(p: number, freedom: number): number {
  const a = 0.147;
  const log = Math.log(1 - p * p);
  const half = 2 / (Math.PI * a) + log / 2;
  const square = 2 * (Math.sqrt(half * half - log / a) - half);
  const first = (square + 1) / 4;
  const second = (5 * square ** 2 + 16 * square + 3) / 96;
  const third = (3 * square ** 3 + 19 * square ** 2 + 17 * square - 15) / 384;
  return 1 + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}
