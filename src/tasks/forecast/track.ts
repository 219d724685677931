import { day } from '../../data/days.js';
import { inDomain, Track } from './anchor.js';
import type { Covariate, Distances, Layout, Tracked } from './channels.js';
import { solvePositive } from './cholesky.js';
import { effectsOf } from './effects.js';
import type { Series } from './forecaster.js';
import type { Beginning, TargetState } from './state.js';

const YEAR = 365.25 * day;

/** The part of the year as an angle, per row. */
export function yearAngles(times: Float64Array): Float64Array {
  return times.map((time) => (2 * Math.PI * (time % YEAR)) / YEAR);
}

/** The share of a new row in the running mean of distances from normal: a memory of about 50 rows. */
const NEW_SHARE = 0.02;

/** Distances from what is normal for the day of the year, c_0 + c_1 sin x + c_2 cos x + c_3 sin 2x + c_4 cos 2x. */
function distances(values: Float64Array, year: Float64Array, normal: readonly number[], away: number): Distances {
  const rows = values.map((value, t) => value - normalAt(year[t], normal));
  const mean = new Float64Array(rows.length + 1);
  mean[0] = away;
  for (let t = 0; t < rows.length; t++) mean[t + 1] = mean[t] + NEW_SHARE * (rows[t] - mean[t]);
  return { rows, mean };
}

const harmonics = [() => 1, Math.sin, Math.cos, (x: number) => Math.sin(2 * x), (x: number) => Math.cos(2 * x)];

function normalAt(angle: number, normal: readonly number[]): number {
  return harmonics.reduce((sum, wave, i) => sum + normal[i] * wave(angle), 0);
}

/** The normal of least squares. */
export function fitNormal(values: Float64Array, year: Float64Array): number[] {
  const k = harmonics.length;
  const a = new Float64Array(k * k);
  const b = new Float64Array(k);
  for (let t = 0; t < values.length; t++) {
    const waves = harmonics.map((wave) => wave(year[t]));
    for (let i = 0; i < k; i++) {
      for (let j = 0; j <= i; j++) a[i * k + j] += waves[i] * waves[j];
      b[i] += waves[i] * values[t];
    }
  }
  return solvePositive(a, b, k, 1) ? Array.from(b) : new Array<number>(k).fill(0);
}

/** One target's values. */
export function targetColumn(series: Series, target: number, targets: number): Float64Array {
  return Float64Array.from({ length: series.rows }, (_, t) => series.targets[t * targets + target]);
}

/**
 * A series with its anchors run over it.
 * @param widths columns of `past` and `known`
 * @param from how things stand before the first row, where that is not the training's first
 */
export function trackSeries(
  series: Series,
  targets: readonly TargetState[],
  layout: Layout,
  widths: { past: number; known: number },
  from?: Partial<Beginning>,
): Tracked {
  const known = standardised(series.known, layout.known, widths.known);
  const year = layout.year ? series.times && yearAngles(series.times) : undefined;
  const before = from?.before && standardised(Float64Array.from(from.before), layout.known, widths.known);
  const rows = Math.max(series.rows, widths.known > 0 ? series.known.length / widths.known : 0);
  const tracked: Tracked = {
    rows: series.rows,
    targets: targets.map(({ anchor, scale, mean, std, effects, normal }, c) => {
      const y = targetColumn(series, c, targets.length);
      const added = effectsOf(known, effects, rows + (effects.length > 0 ? 1 : 0), before);
      const values = inDomain(y, anchor, added);
      const track = new Track({ ...anchor, start: from?.starts?.[c] ?? anchor.start }, values);
      const away = normal && year && { normal: distances(values, year, normal, from?.away?.[c] ?? 0) };
      return { track, scale, mean, std, ...away, ...(added && { effects: added }) };
    }),
    past: standardised(series.past, layout.past, widths.past),
    known,
  };
  return year ? { ...tracked, year } : tracked;
}

/** The columns that a layout keeps of (rows, width), z-scored; those that enter as their change, as that. */
export function standardised(values: Float64Array, columns: readonly Covariate[], width: number): Float64Array {
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
