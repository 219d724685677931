import type { NdArray } from '../../data/array.js';
import { tokenWindows } from '../../data/windows.js';
import { deriveKey, Random } from '../../random.js';
import type { Callback } from '../../training/callbacks.js';
import type { Samples } from '../prepared.js';

/**
 * Windows end to end, with the token after every position: x and y (N, W). Each epoch they begin at another offset, drawn
 * from (seed, epoch) in [0, W), so that in the long run every token is predicted from every length of context; that costs
 * half of what overlapping windows do. `callback` moves them, before fit shuffles them.
 */
export function movingWindows(ids: Int32Array, window: number, seed: number): { samples: Samples; callback: Callback } {
  const n = Math.floor((ids.length - window) / window);
  const x = new Int32Array(n * window);
  const y = new Int32Array(n * window);
  const place = (offset: number) => {
    x.set(ids.subarray(offset, offset + n * window));
    y.set(ids.subarray(offset + 1, offset + n * window + 1));
  };
  place(0);
  const shape = [n, window];
  return {
    samples: { x: { data: x, shape }, y: { data: y, shape } },
    callback: { onEpochBegin: (epoch) => place(new Random(deriveKey(seed, 'offset', epoch)).integer(window)) },
  };
}

/**
 * A text as `rows` streams side by side, cut into windows: row b of batch k goes on where row b of batch k − 1 ended, so that layers
 * may carry their states along. x and y (K·rows, W), batch after batch. Each epoch the streams begin at another place of the text,
 * drawn from (seed, epoch), and go past its end to its beginning. `callback` moves them.
 */
export function streamWindows(
  ids: Int32Array,
  window: number,
  rows: number,
  seed: number,
): { samples: Samples; callback: Callback } {
  const { length } = ids;
  const batches = Math.floor(length / (rows * window));
  const apart = Math.floor(length / rows);
  const x = new Int32Array(batches * rows * window);
  const y = new Int32Array(x.length);
  const place = (offset: number) => {
    for (let row = 0; row < rows; row++)
      for (let t = 0; t < batches * window; t++) {
        const from = offset + row * apart + t;
        const to = (Math.floor(t / window) * rows + row) * window + (t % window);
        x[to] = ids[from % length];
        y[to] = ids[(from + 1) % length];
      }
  };
  place(0);
  const shape = [batches * rows, window];
  return {
    samples: { x: { data: x, shape }, y: { data: y, shape } },
    callback: { onEpochBegin: (epoch) => place(new Random(deriveKey(seed, 'offset', epoch)).integer(length)) },
  };
}

/** Windows at every token, with the token after each: x (N, W), y (N). */
export function lastTokenWindows(ids: Int32Array, window: number): Samples {
  return tokenWindows(ids, window, 1, false);
}

/**
 * Windows that predict each token of [from, to) once, each from at least `least` tokens before it where the text has them.
 * @returns x and y (N, W), and `counts` (N, W): whether a position is the one that counts for its token
 */
export function coveringWindows(
  ids: Int32Array,
  window: number,
  from: number,
  to: number,
  least: number,
): { x: NdArray; y: NdArray; counts: Uint8Array } {
  const starts: number[] = [];
  const begins: number[] = [];
  for (let next = Math.max(from, 1); next < to; ) {
    const start = Math.max(0, Math.min(next - 1 - least, to - 1 - window, ids.length - 1 - window));
    starts.push(start);
    begins.push(next);
    next = start + window + 1;
  }
  const size = starts.length * window;
  const x = new Int32Array(size);
  const y = new Int32Array(size);
  const counts = new Uint8Array(size);
  for (const [i, start] of starts.entries()) {
    x.set(ids.subarray(start, start + window), i * window);
    y.set(ids.subarray(start + 1, start + window + 1), i * window);
    for (let t = begins[i]; t <= start + window && t < to; t++) counts[i * window + t - start - 1] = 1;
  }
  const shape = [starts.length, window];
  return { x: { data: x, shape }, y: { data: y, shape }, counts };
}

/** Samples with weights that stop training. */
export type StoppingSamples = Samples & { sampleWeight?: NdArray };

/**
 * The tokens of [from, to) as `rows` streams to stop training by, each counted once, as in stoppingWindows(). Each stream begins with
 * a window that does not count, since the states come from somewhere else.
 */
export function stoppingStreams(
  ids: Int32Array,
  window: number,
  rows: number,
  from: number,
  to: number,
): StoppingSamples {
  const each = Math.ceil((to - from) / rows);
  const batches = Math.ceil(each / window) + 1;
  const x = new Int32Array(batches * rows * window);
  const y = new Int32Array(x.length);
  const counts = new Uint8Array(x.length);
  let counted = 0;
  for (let row = 0; row < rows; row++) {
    const begins = from + row * each;
    const ends = Math.min(begins + each, to);
    for (let t = 0; t < batches * window; t++) {
      const token = begins - window + t;
      if (token < 1 || token >= ends) continue;
      const at = (Math.floor(t / window) * rows + row) * window + (t % window);
      x[at] = ids[token - 1];
      y[at] = ids[token];
      counts[at] = Number(token >= begins);
      counted += counts[at];
    }
  }
  const shape = [batches * rows, window];
  const weight = x.length / counted;
  const weights = Float32Array.from(counts, (count) => count * weight);
  return { x: { data: x, shape }, y: { data: y, shape }, sampleWeight: { data: weights, shape } };
}

/** The tokens of [from, to) to stop training by: weights make the loss the mean over each token once. */
export function stoppingWindows(ids: Int32Array, window: number, from: number, to: number): StoppingSamples {
  const { x, y, counts } = coveringWindows(ids, window, from, to, 0);
  const each = counts.length / counts.reduce((sum, count) => sum + count, 0);
  return { x, y, sampleWeight: { data: Float32Array.from(counts, (count) => count * each), shape: x.shape } };
}
