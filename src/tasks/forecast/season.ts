/**
 * Rows to a season, found in the values: the lag k in 2 … n/3 at which the autocorrelation r of the first differences has a
 * local maximum above max(0.3, 1.645·√((1 + 2Σ_{j<k} r_j²) / n)) (Bartlett's bound, as M4's test of seasonality). The smallest
 * such lag, unless a larger one has 10 % more; half or a third of it, where that has 85 % of it. 1: none.
 */
export function findSeason(y: ArrayLike<number>): number {
  const longest = Math.min(y.length, mostRows);
  const from = y.length - longest;
  const d = Float64Array.from({ length: Math.max(0, longest - 1) }, (_, i) => y[from + i + 1] - y[from + i]);
  const most = Math.min(Math.floor(longest / 3), longestSeason);
  if (most < 3) return 1;
  const r = autocorrelation(d, most);
  const peaks: number[] = [];
  let bartlett = 1;
  for (let k = 2; k < most; k++) {
    bartlett += 2 * r[k - 1] ** 2;
    const bound = Math.max(0.3, 1.645 * Math.sqrt(bartlett / d.length));
    if (r[k] > r[k - 1] && r[k] >= r[k + 1] && r[k] > bound) peaks.push(k);
  }
  let best = 0;
  for (const k of peaks) if (best === 0 || r[k] > 1.1 * r[best]) best = k;
  for (const part of [best / 2, best / 3]) if (peaks.includes(part) && r[part] >= 0.85 * r[best]) return part;
  return best === 0 ? 1 : best;
}

/** The newest rows that are looked at, and the longest season: bounds of the time it takes. */
const mostRows = 10_000;
const longestSeason = 800;

/** r_k = Σ (d_t − d̄)(d_{t−k} − d̄) / Σ (d_t − d̄)² for k = 0 … most; 0 for constant values. */
export function autocorrelation(d: Float64Array, most: number): Float64Array {
  const mean = d.reduce((sum, value) => sum + value, 0) / d.length;
  const centred = d.map((value) => value - mean);
  const variance = centred.reduce((sum, value) => sum + value * value, 0);
  const r = new Float64Array(most + 1);
  if (!(variance > 0)) return r;
  for (let k = 0; k <= most; k++) {
    let sum = 0;
    for (let t = k; t < d.length; t++) sum += centred[t] * centred[t - k];
    r[k] = sum / variance;
  }
  return r;
}
