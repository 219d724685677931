/**
 * MinGRU and MinLSTM (Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs All We Needed?", arXiv 2410.01201): gates of x
 * alone, so that one product over all steps gives them and what is left to go step by step is a weighted mean,
 *
 *     h' = h + w∘(h̃ − h)      MinGRU: w = σ(k_z)      MinLSTM: w = i/(f + i), i = σ(k_i), f = σ(k_f)
 *
 * A row of gates holds k_z, h̃ or k_f, k_i, h̃, `units` floats each; forward leaves σ of the k in their place. A sequence is given
 * by its first computed step and distances in floats, from step to step (negative: backwards in time) and from row to row.
 */
import { exp4 } from './elementwise/exp';
import { loadBlock, storeBlock } from './elementwise/vector';
import { addRow, copyRow, zeroRow } from './rows';

/** Where row b of step t begins. */
@inline
export function rowOf(base: usize, t: i32, step: i32, b: i32, row: i32): usize {
  return base + <usize>((<i64>t * <i64>step + <i64>b * <i64>row) << 2);
}

/** Whether the mask (0: none), one float a row, leaves row b of step t out. */
@inline
export function isLeftOut(mask: usize, t: i32, step: i32, b: i32): bool {
  return mask != 0 && load<f32>(rowOf(mask, t, step, b, 1)) == 0;
}

/** σ(x) = 1/(1 + e^−x), at least 1.6e-38. */
@inline
export function logistic(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

function updateRow(both: bool, units: i32, g: usize, h: usize, to: usize): void {
  const zero = f32x4.splat(0);
  const width = (<usize>units) << 2;
  const candidate = both ? 2 * width : width;
  for (let left = units; left > 0; left -= 4) {
    let w = logistic(loadBlock(g, left, zero));
    storeBlock(g, w, left);
    if (both) {
      const i = logistic(loadBlock(g + width, left, zero));
      storeBlock(g + width, i, left);
      w = f32x4.div(i, f32x4.add(w, i));
    }
    const before = loadBlock(h, left, zero);
    const change = f32x4.mul(w, f32x4.sub(loadBlock(g + candidate, left, zero), before));
    storeBlock(to, f32x4.add(before, change), left);
    g += 16;
    h += 16;
    to += 16;
  }
}

/** All steps of rows batch0..batch1: h before step t lies at t·hStep, and h after it one hStep on. `both`: MinLSTM's two gates. */
export function scanForward(
  both: i32, units: i32, g: usize, gStep: i32, gRow: i32, mask: usize, maskStep: i32, h: usize, hStep: i32, hRow: i32,
  steps: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; ++b) {
    for (let t = 0; t < steps; ++t) {
      const before = rowOf(h, t, hStep, b, hRow);
      const to = rowOf(h, t + 1, hStep, b, hRow);
      if (isLeftOut(mask, t, maskStep, b)) {
        if (hStep) copyRow(to, before, units);
      } else {
        updateRow(both != 0, units, rowOf(g, t, gStep, b, gRow), before, to);
      }
    }
  }
}

/**
 * One row: dw = dh∘(h̃ − h), dh̃ = dh∘w, and dh becomes dh∘(1 − w). MinGRU: dk_z = dw∘w(1 − w). MinLSTM, v = 1 − w:
 * dk_i = dw∘w∘v∘(1 − i), dk_f = −dw∘w∘v∘(1 − f).
 */
function updateRowBackward(both: bool, units: i32, g: usize, h: usize, dh: usize, dg: usize): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const width = (<usize>units) << 2;
  const candidate = both ? 2 * width : width;
  for (let left = units; left > 0; left -= 4) {
    const d = loadBlock(dh, left, zero);
    const first = loadBlock(g, left, zero);
    let w = first;
    let rest = f32x4.sub(one, w);
    const i = both ? loadBlock(g + width, left, zero) : zero;
    if (both) {
      const sum = f32x4.add(first, i);
      w = f32x4.div(i, sum);
      rest = f32x4.div(first, sum);
    }
    const dw = f32x4.mul(d, f32x4.sub(loadBlock(g + candidate, left, zero), loadBlock(h, left, zero)));
    const slope = f32x4.mul(dw, f32x4.mul(w, rest));
    if (both) {
      storeBlock(dg, f32x4.mul(slope, f32x4.sub(first, one)), left);
      storeBlock(dg + width, f32x4.mul(slope, f32x4.sub(one, i)), left);
    } else {
      storeBlock(dg, slope, left);
    }
    storeBlock(dg + candidate, f32x4.mul(d, w), left);
    storeBlock(dh, f32x4.mul(d, rest), left);
    g += 16;
    h += 16;
    dh += 16;
    dg += 16;
  }
}

/**
 * All steps backward: dg of every step, laid out as g, and dh (rows dhRow floats apart), at first that of the last state, at last
 * that of the first; dy (0: none) is added to dh at each step.
 */
export function scanBackward(
  both: i32, units: i32, g: usize, dg: usize, gStep: i32, gRow: i32, mask: usize, maskStep: i32, h: usize, hStep: i32,
  hRow: i32, dy: usize, dyStep: i32, dyRow: i32, dh: usize, dhRow: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; ++b) {
    const gradient = rowOf(dh, 0, 0, b, dhRow);
    for (let t = steps - 1; t >= 0; --t) {
      if (dy) addRow(gradient, rowOf(dy, t, dyStep, b, dyRow), units);
      const to = rowOf(dg, t, gStep, b, gRow);
      if (isLeftOut(mask, t, maskStep, b)) zeroRow(to, (both ? 3 : 2) * units);
      else updateRowBackward(both != 0, units, rowOf(g, t, gStep, b, gRow), rowOf(h, t, hStep, b, hRow), gradient, to);
    }
  }
}

/**
 * Rows that come before the first step that counts become 0: of y's steps, or with `last` of its only one where none of them
 * counts. Outputs are zero there, whatever the state is, and so are their gradients.
 */
export function clearBeforeFirst(
  mask: usize, maskStep: i32, steps: i32, y: usize, yStep: i32, yRow: i32, n: i32, last: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; ++b) {
    let first = 0;
    while (first < steps && isLeftOut(mask, first, maskStep, b)) ++first;
    if (last) {
      if (first == steps) zeroRow(rowOf(y, 0, 0, b, yRow), n);
    } else {
      for (let t = 0; t < first; ++t) zeroRow(rowOf(y, t, yStep, b, yRow), n);
    }
  }
}
