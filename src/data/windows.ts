import { MemcellError } from '../errors.js';
import { elements, type NdArray } from './array.js';

export interface Series {
  /** Row-major (rows, F). */
  inputs: Float32Array;
  features: number;
  /** Row-major (rows, C). */
  targets: Float32Array;
  outputs: number;
}

/**
 * Windows of a series: for every t with [t, t+H) inside [from, to), the inputs are rows t−W … t−1 and the targets rows
 * t … t+H−1. Rows before `from` may be inputs, rows from `to` on appear nowhere, so parts split at a row share no target.
 * @returns x (N, W, F), y (N, H, C), and the first t; N may be 0.
 */
export function windows(
  series: Series,
  window: number,
  horizon: number,
  from: number,
  to: number,
): { x: NdArray; y: NdArray; first: number } {
  const { inputs, features, targets, outputs } = series;
  const first = Math.max(from, window);
  const n = Math.max(0, to - horizon - first + 1);
  const x = { data: allocate([n, window, features], 'windows'), shape: [n, window, features] };
  const y = { data: allocate([n, horizon, outputs], 'targets'), shape: [n, horizon, outputs] };
  for (let i = 0; i < n; i++) {
    const t = first + i;
    x.data.set(inputs.subarray((t - window) * features, t * features), i * window * features);
    y.data.set(targets.subarray(t * outputs, (t + horizon) * outputs), i * horizon * outputs);
  }
  return { x, y, first };
}

/**
 * Windows of integers with the one that follows: x[i] = ids[i·stride … i·stride+W−1], and y[i] the next integer after
 * each position (N, W) when `everyPosition`, else after the last one (N).
 */
export function tokenWindows(
  ids: Int32Array,
  window: number,
  stride: number,
  everyPosition: boolean,
): { x: NdArray; y: NdArray } {
  const n = ids.length <= window ? 0 : Math.floor((ids.length - 1 - window) / stride) + 1;
  checkSize([n, window], 'windows');
  const x = new Int32Array(n * window);
  const y = new Int32Array(everyPosition ? n * window : n);
  for (let i = 0; i < n; i++) {
    const start = i * stride;
    x.set(ids.subarray(start, start + window), i * window);
    if (everyPosition) y.set(ids.subarray(start + 1, start + window + 1), i * window);
    else y[i] = ids[start + window];
  }
  return { x: { data: x, shape: [n, window] }, y: { data: y, shape: everyPosition ? [n, window] : [n] } };
}

function allocate(shape: number[], what: string): Float32Array {
  checkSize(shape, what);
  return new Float32Array(elements(shape));
}

/** @throws MemcellError (data) above 2³⁰ elements (4 GB). */
function checkSize(shape: number[], what: string): void {
  const size = elements(shape);
  if (size <= 2 ** 30) return;
  const gigabytes = ((size * 4) / 2 ** 30).toFixed(1);
  throw new MemcellError(`${what} of shape (${shape.join(', ')}) need ${gigabytes} GB; take a smaller window`);
}
