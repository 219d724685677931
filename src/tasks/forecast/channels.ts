import type { Track } from './anchor.js';

/** A column that goes in beside the targets: how it is scaled, and whether it enters as its change from row to row. */
export interface Covariate {
  column: string;
  /** Its place among the series' columns. */
  index: number;
  mean: number;
  std: number;
  change: boolean;
}

/** What a window is made of. */
export interface Layout {
  /** Rows T of a window. */
  window: number;
  horizon: number;
  targets: number;
  /** Whether the z-scored level of each target is a channel. */
  levels: boolean[];
  /** Sine and cosine of the day of the year, and how far each target has been from its normal. */
  year: boolean;
  past: Covariate[];
  /** All known columns. */
  known: Covariate[];
}

/** One target of one series, with its anchor run over it. */
export interface TrackedTarget {
  track: Track;
  /** The root mean square of what the anchor misses over all steps: the unit of windows and of their targets. */
  scale: number;
  mean: number;
  std: number;
  /** How far values are from what is normal for the day of the year. */
  normal?: Distances;
  /** What known columns add to each row, also to those ahead; not part of what the anchor smooths. */
  effects?: Float64Array;
}

export interface Distances {
  /** y − normal of each row, in the domain: (n). */
  rows: Float64Array;
  /** Their running mean before each row: (n + 1). */
  mean: Float64Array;
}

/** A series made ready for windows. */
export interface Tracked {
  rows: number;
  targets: TrackedTarget[];
  /** (n, P), standardised. */
  past: Float64Array;
  /** (n + f, K), standardised. */
  known: Float64Array;
  /** The part of the year that has passed, as an angle: (n). */
  year?: Float64Array;
}

/** Channels that come from the targets and the calendar, and all of them. */
export function channelCounts({ targets, levels, year, past, known }: Layout): { own: number; all: number } {
  const own = 2 * targets + levels.filter(Boolean).length + (year ? 4 + targets : 0);
  return { own, all: own + past.length + known.length };
}

/** The first origin that has a whole window: T rows, and a few more for the anchor to settle. */
export function firstOrigin(layout: Layout, season: number): number {
  return layout.window + Math.min(season, 4);
}

/**
 * Writes the window before an origin, (T, channels): for each target the anchor's one-step errors, the distance from its level
 * and season at the origin, both in units of `scale`, and where its anchor has no trend the z-scored level, or the distance from normal; the day of the year;
 * past columns; known columns shifted so that the last rows are those ahead.
 * @param channels how many of the channels, from the first
 */
export function writeWindow(
  series: Tracked,
  layout: Layout,
  origin: number,
  channels: number,
  out: Float32Array,
  offset: number,
): void {
  const { window } = layout;
  const { own } = channelCounts(layout);
  const shift = Math.min(window, layout.horizon);
  const ahead = layout.known.length;
  const knownRows = ahead > 0 ? series.known.length / ahead : 0;
  for (let j = 0; j < window; j++) {
    const row = origin - window + j;
    let at = offset + j * channels;
    for (const [c, { track, scale, mean, std, normal }] of series.targets.entries()) {
      out[at++] = track.errors[row] / scale;
      out[at++] = track.deviation(origin, row) / scale;
      if (!layout.levels[c]) continue;
      const level = normal ? normal.rows[row] / scale : (track.values[row] - mean) / std;
      out[at++] = track.anchor.trend === 'none' ? level : 0;
    }
    if (layout.year) {
      const angle = series.year?.[row] ?? 0;
      out[at++] = Math.sin(angle);
      out[at++] = Math.cos(angle);
      out[at++] = Math.sin(2 * angle);
      out[at++] = Math.cos(2 * angle);
      for (const { normal, scale } of series.targets) out[at++] = (normal?.mean[row + 1] ?? 0) / scale;
    }
    if (channels === own) continue;
    const past = layout.past.length;
    for (let p = 0; p < past; p++) out[at++] = series.past[row * past + p];
    for (let k = 0; k < ahead; k++) out[at++] = row + shift < knownRows ? series.known[(row + shift) * ahead + k] : 0;
  }
}

/** What the channels of `writeWindow` are, in its order, in words. */
export function channelNames({ levels, year, past, known }: Layout, targets: readonly string[]): string[] {
  return [
    ...targets.flatMap((name, c) => [
      `one-step error of ${name}`,
      `distance of ${name} from its level and season`,
      ...(levels[c] ? [`level of ${name}`] : []),
    ]),
    ...(year ? ['sine of the year', 'cosine of the year', 'sine of the half-year', 'cosine of the half-year'] : []),
    ...(year ? targets.map((name) => `mean distance of ${name} from normal`) : []),
    ...past.map(({ column, change }) => (change ? `change of ${column}` : column)),
    ...known.map(({ column }) => `${column} ahead`),
  ];
}

/** What the anchor misses of each step and target after an origin, in units of its scale: (H · C). NaN beyond the series. */
export function writeTargets(series: Tracked, layout: Layout, origin: number, out: Float32Array, offset: number): void {
  const { horizon, targets } = layout;
  for (let h = 0; h < horizon; h++) {
    for (let c = 0; c < targets; c++) {
      const { track, scale } = series.targets[c];
      const row = origin + h;
      const value = row < series.rows ? track.values[row] : Number.NaN;
      out[offset + h * targets + c] = (value - track.ahead(origin, h)) / scale;
    }
  }
}
