import { channelCounts, type Layout } from './channels.js';
import type { Windows } from './networkWindows.js';
import type { Regression } from './ridge.js';

/** Where in a window a regressor of the ridge stands. */
export interface Regressor {
  /** Rows before the window's end: 1 is the newest row. */
  lag: number;
  channel: number;
  /** Of its penalty. */
  weight: number;
  /** The target that its channel is of; the calendar's and other columns' are of none. */
  target?: number;
}

/** Regressors of past columns at most, and of known ones: what they may be worth does not grow with their number, the time does. */
const MOST_OTHERS = 120;

/**
 * A window as regressors: the targets' channels of all rows; the calendar's, which move slowly, of the newest row; known columns;
 * past columns of the newest row; past columns of the rows before, penalised by the square of how far back they lie.
 * @returns the regressors, and after how many of them a smaller ridge may end: without other columns, with known ones, with the
 *   newest past row, with all
 */
export function regressorsOf(layout: Layout): { regressors: Regressor[]; ends: number[] } {
  const { window, targets, levels, past, known } = layout;
  const { own } = channelCounts(layout);
  const fast = 2 * targets + levels.filter(Boolean).length;
  const owners = levels.flatMap((level, c) => new Array<number>(level ? 3 : 2).fill(c));
  const regressors: Regressor[] = [];
  const ends: number[] = [];
  const add = (from: number, to: number, lags: number[], weight: (lag: number) => number) => {
    for (const lag of lags)
      for (let channel = from; channel < to; channel++) {
        const target = owners[channel];
        regressors.push({ lag, channel, weight: weight(lag), ...(target !== undefined && { target }) });
      }
  };
  const upTo = (columns: number) => Math.max(1, Math.min(window, Math.floor(MOST_OTHERS / Math.max(1, columns))));
  const lags = Array.from({ length: window }, (_, i) => i + 1);
  add(0, fast, lags.toReversed(), () => 1);
  add(fast, own, [1], () => 1);
  ends.push(regressors.length);
  if (known.length > 0) {
    add(own + past.length, own + past.length + known.length, lags.slice(0, upTo(known.length)), () => 1);
    ends.push(regressors.length);
  }
  if (past.length > 0) {
    add(own, own + past.length, [1], () => 1);
    ends.push(regressors.length);
    add(own, own + past.length, lags.slice(1, upTo(past.length)), (lag) => lag ** 2);
    if (regressors.length > ends[ends.length - 1]) ends.push(regressors.length);
  }
  return { regressors, ends };
}

/** @param x windows of all channels (n, T, channels) @returns (n, D) */
export function flatten(x: Float32Array, layout: Layout, regressors: readonly Regressor[]): Float32Array {
  const { all } = channelCounts(layout);
  const size = layout.window * all;
  const rows = x.length / size;
  const places = Int32Array.from(regressors, ({ lag, channel }) => (layout.window - lag) * all + channel);
  const out = new Float32Array(rows * places.length);
  for (let i = 0, at = 0; i < rows; i++) for (const place of places) out[at++] = x[i * size + place];
  return out;
}

export function asRegression(windows: Windows, layout: Layout, regressors: readonly Regressor[]): Regression {
  const { x, y, rows, answers } = windows;
  return { x: flatten(x, layout, regressors), y, rows, regressors: regressors.length, answers };
}
