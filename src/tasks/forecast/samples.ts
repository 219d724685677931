import { EventLoop } from '../../eventLoop.js';
import { channelCounts, firstOrigin, type Layout, type Tracked, writeTargets, writeWindow } from './channels.js';
import type { Windows } from './networkWindows.js';

/** Windows that are trained on at most, evenly spread over all, and numbers in them: bounds of time and memory. */
const MOST_WINDOWS = 20_000;
const MOST_NUMBERS = 30_000_000;

/** Where a window stands. */
export interface Origin {
  series: number;
  origin: number;
}

/** All windows with a whole horizon behind them, of all channels; thinned evenly where they are too many. */
export function collectOrigins(
  all: readonly Tracked[],
  layout: Layout,
  season: number,
): { origins: Origin[]; available: number } {
  const first = firstOrigin(layout, season);
  const counts = all.map(({ rows }) => Math.max(0, rows - layout.horizon - first + 1));
  const available = counts.reduce((sum, count) => sum + count, 0);
  const numbers = layout.window * channelCounts(layout).all + layout.horizon * layout.targets;
  const stride = Math.max(1, Math.ceil(available / Math.min(MOST_WINDOWS, MOST_NUMBERS / numbers)));
  const origins: Origin[] = [];
  let position = 0;
  for (const [series, count] of counts.entries()) {
    for (let i = 0; i < count; i++, position++)
      if (position % stride === 0) origins.push({ series, origin: first + i });
  }
  return { origins, available };
}

/** @param channels how many of the layout's, from the first */
export async function makeWindows(
  all: readonly Tracked[],
  layout: Layout,
  origins: readonly Origin[],
  channels: number,
): Promise<Windows> {
  const steps = layout.window;
  const answers = layout.horizon * layout.targets;
  const x = new Float32Array(origins.length * steps * channels);
  const y = new Float32Array(origins.length * answers);
  const loop = new EventLoop();
  for (const [i, { series, origin }] of origins.entries()) {
    if (i % 64 === 0 && loop.waits) await loop.turn();
    writeWindow(all[series], layout, origin, channels, x, i * steps * channels);
    writeTargets(all[series], layout, origin, y, i * answers);
  }
  return { x, y, rows: origins.length, steps, channels, answers };
}

/** Windows (n, T, channels) without the channels after the `own` first ones. */
export function ownChannels(windows: Windows, own: number): Windows {
  const { x, rows, steps, channels } = windows;
  if (own === channels) return windows;
  const out = new Float32Array(rows * steps * own);
  for (let i = 0; i < rows * steps; i++) {
    for (let c = 0; c < own; c++) out[i * own + c] = x[i * channels + c];
  }
  return { ...windows, x: out, channels: own };
}
