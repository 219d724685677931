/** Rows of a head from the engine's rows to where products read them, and back. */
import { transposePanels } from '../lstmPack';
import { packPanel } from '../panelRows';
import { copyRow, zeroRow } from '../rows';
import { Attention, Layout } from './job';

/** to[0…n) = factor·from[0…n) */
function scaleRow(to: usize, from: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; n >= 4; n -= 4) {
    v128.store(to, f32x4.mul(f, v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; n > 0; --n) {
    store<f32>(to, factor * load<f32>(from));
    to += 4;
    from += 4;
  }
}

/** Rows of n floats, `step` bytes apart, times factor → rows of `width` bytes, zeros beyond n. */
export function packRows(count: i32, n: i32, from: usize, step: usize, to: usize, width: usize, factor: f32): void {
  const rest = <i32>(width >> 2) - n;
  const tail = (<usize>n) << 2;
  for (; count > 0; --count) {
    scaleRow(to, from, n, factor);
    if (rest > 0) zeroRow(to + tail, rest);
    from += step;
    to += width;
  }
}

/** Rows of n floats, `step` bytes apart → panels of `rows` rows, zeros beyond n and the count. */
export function packPanels(count: i32, n: i32, from: usize, step: usize, to: usize, rows: i32): void {
  for (; n > 0; n -= 16) {
    packPanel(count, min(n, 16), from, step, to);
    to += (<usize>count) << 6;
    zeroRow(to, (rows - count) << 4);
    to += (<usize>(rows - count)) << 6;
    from += 64;
  }
}

/** Panels of `rows` rows → rows of n floats, `step` bytes apart, times factor. */
export function unpackPanels(count: i32, n: i32, from: usize, rows: i32, to: usize, step: usize, factor: f32): void {
  for (; n > 0; n -= 16) {
    let panelRow = from;
    let row = to;
    for (let i = 0; i < count; ++i) {
      scaleRow(row, panelRow, min(n, 16), factor);
      panelRow += 64;
      row += step;
    }
    from += (<usize>rows) << 6;
    to += 64;
  }
}

/** Rows of `width` bytes → rows of n floats, `step` bytes apart, times factor. */
export function unpackRows(count: i32, n: i32, from: usize, width: usize, to: usize, step: usize, factor: f32): void {
  for (; count > 0; --count) {
    scaleRow(to, from, n, factor);
    from += width;
    to += step;
  }
}

/** What each key's scores are changed by: 0, or −lowered where it does not count; gives the first that counts, S if there is none. */
export function layLowering(job: Attention, b: i32, to: usize): i32 {
  if (!job.masksKeys()) return 0;
  const entry = <usize>b * job.keyMaskRow;
  let first = job.keys;
  for (let s = 0; s < job.keys; ++s) {
    const at = <usize>s * job.maskStep + entry;
    const counts = (job.keyMask == 0 || load<f32>(job.keyMask + at) != 0) &&
      (job.valueMask == 0 || load<f32>(job.valueMask + at) != 0);
    if (counts && first > s) first = s;
    store<f32>(to + ((<usize>s) << 2), counts ? 0 : -job.lowered);
  }
  return first;
}

/** The queries, keys and values of a head. */
export function packHead(job: Attention, at: Layout, b: i32, head: i32): void {
  const entry = <usize>b, h = <usize>head;
  const keyWidth = job.keyWidth, valueWidth = job.valueWidth, keys = job.keys;
  const S = job.paddedKeys();
  const keyOffset = (h * <usize>keyWidth) << 2, valueOffset = (h * <usize>valueWidth) << 2;
  const factor = job.scaling();
  packRows(
    job.queries, keyWidth, job.query + entry * job.queryRow + keyOffset, job.queryStep, at.query, job.keyBytes(), factor,
  );
  packPanels(keys, keyWidth, job.key + entry * job.keyRow + keyOffset, job.keyStep, at.key, S);
  if (job.additive && factor != 1) scaleRow(at.key, at.key, S * <i32>(job.keyBytes() >> 2), factor);
  transposePanels(at.key, <i32>(job.keyBytes() >> 6), S, at.keyTransposed);
  packPanels(keys, valueWidth, job.value + entry * job.valueRow + valueOffset, job.valueStep, at.value, S);
}

/** The coefficients of additive scores, (K). */
export function layCoefficients(job: Attention, to: usize): void {
  zeroRow(to, <i32>(job.keyBytes() >> 2));
  let from = job.coefficients;
  for (let i = 0; i < job.keyWidth; ++i) {
    store<f32>(to + ((<usize>i) << 2), from ? load<f32>(from) : 1);
    from += job.coefficientStep;
  }
}

/** Rows → panels of as many rows. */
export function rowsToPanels(count: i32, from: usize, width: usize, to: usize): void {
  for (let offset: usize = 0; offset < width; offset += 64) {
    for (let i = 0; i < count; ++i) {
      copyRow(to, from + <usize>i * width + offset, 16);
      to += 64;
    }
  }
}
