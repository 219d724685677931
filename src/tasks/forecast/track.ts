import { inDomain, Track } from './anchor.js';
import type { Covariate, Layout, Tracked } from './channels.js';
import type { Series } from './forecaster.js';
import type { Start } from './smoothing.js';
import type { TargetState } from './state.js';

const DAY = 86_400_000;
const YEAR = 365.25 * DAY;

/** The part of the year as an angle, per row. */
export function yearAngles(times: Float64Array): Float64Array {
  return times.map((time) => (2 * Math.PI * (time % YEAR)) / YEAR);
}

/** What known columns add to each of `rows` rows: Σ β x of the row and of the one before. */
export function effectsOf(series: Series, effects: readonly number[], rows: number): Float64Array | undefined {
  if (!effects.some((effect) => effect !== 0)) return undefined;
  const k = effects.length / 2;
  const known = series.known.length / k;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < k; i++) {
      if (row < known) sum += effects[i] * series.known[row * k + i];
      if (row > 0 && row - 1 < known) sum += effects[k + i] * series.known[(row - 1) * k + i];
    }
    return sum;
  });
}

/** One target's values. */
export function targetColumn(series: Series, target: number, targets: number): Float64Array {
  return Float64Array.from({ length: series.rows }, (_, t) => series.targets[t * targets + target]);
}

/**
 * A series with its anchors run over it.
 * @param widths columns of `past` and `known`
 * @param starts of the anchors, where not their own
 */
export function trackSeries(
  series: Series,
  targets: readonly TargetState[],
  layout: Layout,
  widths: { past: number; known: number },
  starts?: readonly Start[],
): Tracked {
  const tracked: Tracked = {
    rows: series.rows,
    targets: targets.map(({ anchor, scale, mean, std, effects }, c) => {
      const y = targetColumn(series, c, targets.length);
      const values = inDomain(y, anchor, effectsOf(series, effects, series.rows));
      return { track: new Track({ ...anchor, start: starts?.[c] ?? anchor.start }, values), scale, mean, std };
    }),
    past: standardised(series.past, layout.past, widths.past),
    known: standardised(series.known, layout.known, widths.known),
  };
  return layout.year && series.times ? { ...tracked, year: yearAngles(series.times) } : tracked;
}

/** The columns that a layout keeps of (rows, width), z-scored; those that enter as their change, as that. */
function standardised(values: Float64Array, columns: readonly Covariate[], width: number): Float64Array {
  const kept = columns.length;
  if (kept === 0) return new Float64Array(0);
  const rows = values.length / width;
  const out = new Float64Array(rows * kept);
  for (const [k, { index, mean, std, change }] of columns.entries()) {
    for (let row = 0; row < rows; row++) {
      const value = values[row * width + index];
      const before = row > 0 ? values[(row - 1) * width + index] : value;
      out[row * kept + k] = ((change ? value - before : value) - mean) / std;
    }
  }
  return out;
}
