/** How far forecasts were off, by step and target: what intervals are made of. */
export interface Spreads {
  /** Per step and target (H · C): up to 200 sorted |errors| of out-of-fold forecasts, in units of the series' scale. */
  quantiles: number[][];
  /** √(1 + 2H / n): out-of-fold forecasts know the anchor's fit, real ones don't. */
  widening: number;
}

const KEPT = 200;

/**
 * @param errors out-of-fold errors (n, H · C) in units of the scale; NaN ones are left out
 * @param windows windows of a series, on average
 */
export function measureSpreads(errors: Float32Array, horizon: number, targets: number, windows: number): Spreads {
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
  return { quantiles, widening: Math.sqrt(1 + 2 / Math.max(3, windows / horizon)) };
}

/** At most KEPT of sorted values, evenly by rank, the largest among them. */
function thinned(sorted: Float64Array): number[] {
  const n = sorted.length;
  if (n <= KEPT) return Array.from(sorted);
  return Array.from({ length: KEPT }, (_, i) => sorted[Math.ceil(((i + 1) * n) / KEPT) - 1]);
}

/**
 * Half the width of the interval of probability p for each step of one target, in units of the scale: the (1 + 1/n)·p quantile of
 * |error| (p, of 200 or more), at least .98 of the step before, widened.
 */
export function halfWidths({ quantiles, widening }: Spreads, target: number, targets: number, p: number): number[] {
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
