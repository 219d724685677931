/**
 * The sLSTM (Beck, Pöppel, Spanring et al. 2024, "xLSTM: Extended Long Short-Term Memory", arXiv 2405.04517, equations 8 to 17):
 * exponential gates, a normaliser n, and a stabiliser m that keeps them in range.
 *
 *     i~ f~ z~ o~ = W·x + R·h + b      z = tanh(z~)   o = σ(o~)   log f = log σ(f~) or, `exponential`, f~
 *     m' = max(log f + m, i~)          i = exp(i~ − m')   f = exp(log f + m − m')
 *     c' = f∘c + i∘z                   n' = f∘n + i       h' = o∘c'/n'
 *
 * Where n is not above 0 nothing has come yet: m' = i~, and c and m count for nothing; so n' ≥ 1 always. R is block-diagonal: each of the
 * heads reads its own units alone. The units of a head, `size` of them, have their gates i~ f~ z~ o~ side by side in `width`
 * floats, a multiple of 16, zeros at the end; W·x + b of all steps is there before the first. Forward leaves i~, f~, z and o. Rows of
 * states are c, n, m, `heads·size` floats each.
 */
import { exp4, log1p4 } from './elementwise/exp';
import { loadBlock, storeBlock } from './elementwise/vector';
import { product } from './product';
import { addRow, copyRow, zeroRow } from './rows';
import { isLeftOut, logistic, rowOf } from './scan';

/** log σ(x) */
@inline
function logLogistic(x: v128): v128 {
  return f32x4.sub(f32x4.pmin(x, f32x4.splat(0)), log1p4(exp4(f32x4.neg(f32x4.abs(x)))));
}

/** tanh(x) */
@inline
function hyperbolicTangent(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(one, exp4(f32x4.add(x, x)))));
}

/** One head of one row. s and to are rows of states before and after, `units` floats a state. */
function headForward(
  exponential: bool, size: i32, units: usize, g: usize, s: usize, to: usize, h: usize,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const gate = (<usize>size) << 2;
  const state = units << 2;
  for (let left = size; left > 0; left -= 4) {
    const input = loadBlock(g, left, zero);
    const forget = loadBlock(g + gate, left, zero);
    const z = hyperbolicTangent(loadBlock(g + 2 * gate, left, zero));
    const o = logistic(loadBlock(g + 3 * gate, left, zero));
    const c = loadBlock(s, left, zero);
    const n = loadBlock(s + state, left, one);
    const kept = f32x4.add(exponential ? forget : logLogistic(forget), loadBlock(s + 2 * state, left, zero));
    const isFresh = f32x4.le(n, zero);
    const m = v128.bitselect(input, f32x4.pmax(kept, input), isFresh);
    const i = exp4(f32x4.sub(input, m));
    const f = v128.andnot(exp4(f32x4.sub(kept, m)), isFresh);
    const nextC = f32x4.add(f32x4.mul(f, c), f32x4.mul(i, z));
    const nextN = f32x4.add(f32x4.mul(f, n), i);
    storeBlock(g + 2 * gate, z, left);
    storeBlock(g + 3 * gate, o, left);
    storeBlock(to, nextC, left);
    storeBlock(to + state, nextN, left);
    storeBlock(to + 2 * state, m, left);
    storeBlock(h, f32x4.div(f32x4.mul(o, nextC), nextN), left);
    g += 16;
    s += 16;
    to += 16;
    h += 16;
  }
}

/** All steps of rows batch0..batch1. h and s before step t lie at t·hStep and t·sStep, those after it one step on. */
export function slstmForward(
  exponential: i32, heads: i32, size: i32, width: i32, recurrent: usize, g: usize, gStep: i32, gRow: i32, mask: usize,
  maskStep: i32, h: usize, hStep: i32, hRow: i32, s: usize, sStep: i32, sRow: i32, steps: i32, batch0: i32, batch1: i32,
  wide: i32,
): void {
  const units = heads * size;
  const panel = (<usize>size) << 6;
  const panels = width >> 4;
  for (let t = 0; t < steps; ++t) {
    for (let head = 0; head < heads; ++head) {
      product(
        panels, batch1 - batch0, size, rowOf(h, t, hStep, batch0, hRow) + ((<usize>head * <usize>size) << 2),
        (<usize>hRow) << 2, recurrent + <usize>(head * panels) * panel, panel,
        rowOf(g, t, gStep, batch0, gRow) + ((<usize>head * <usize>width) << 2), (<usize>gRow) << 2, 64, true, wide != 0,
      );
    }
    for (let b = batch0; b < batch1; ++b) {
      const gates = rowOf(g, t, gStep, b, gRow);
      const from = rowOf(s, t, sStep, b, sRow);
      const to = rowOf(s, t + 1, sStep, b, sRow);
      const next = rowOf(h, t + 1, hStep, b, hRow);
      if (isLeftOut(mask, t, maskStep, b)) {
        if (hStep) copyRow(next, rowOf(h, t, hStep, b, hRow), units);
        if (sStep) copyRow(to, from, 3 * units);
        continue;
      }
      for (let head = 0; head < heads; ++head) {
        const at = (<usize>head * <usize>size) << 2;
        const own = gates + ((<usize>head * <usize>width) << 2);
        headForward(exponential != 0, size, <usize>units, own, from + at, to + at, next + at);
      }
    }
  }
}

/**
 * One head of one row. Given dh, dc, dn, dm of the states after the step, with dc' = dc + dh∘o/n', dn' = dn − dh∘h'/n':
 *
 *     do~ = dh∘c'/n'∘o(1 − o)     dz~ = dc'∘i∘(1 − z²)     p = (dc'∘z + dn')∘i     q = (dc'∘c + dn'∘n)∘f     r = dm − p − q
 *     log f + m ≥ i~:  d log f = q + r, dm = q + r, di~ = p       else:  d log f = q, dm = q, di~ = p + r
 *     df~ = d log f∘σ(−f~), or d log f where it is exponential;   dc becomes dc'∘f, dn dn'∘f
 */
function headBackward(
  exponential: bool, size: i32, units: usize, width: i32, g: usize, s: usize, after: usize, dh: usize, ds: usize, dg: usize,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const gate = (<usize>size) << 2;
  const state = units << 2;
  zeroRow(dg + 4 * gate, width - 4 * size);
  for (let left = size; left > 0; left -= 4) {
    const input = loadBlock(g, left, zero);
    const forget = loadBlock(g + gate, left, zero);
    const z = loadBlock(g + 2 * gate, left, zero);
    const o = loadBlock(g + 3 * gate, left, zero);
    const n = loadBlock(s + state, left, one);
    const kept = f32x4.add(exponential ? forget : logLogistic(forget), loadBlock(s + 2 * state, left, zero));
    const isFresh = f32x4.le(n, zero);
    const m = loadBlock(after + 2 * state, left, zero);
    const i = exp4(f32x4.sub(input, m));
    const f = v128.andnot(exp4(f32x4.sub(kept, m)), isFresh);
    const nextN = loadBlock(after + state, left, one);
    const mean = f32x4.div(loadBlock(after, left, zero), nextN);
    const d = loadBlock(dh, left, zero);
    const open = f32x4.mul(d, o);
    const dc = f32x4.add(loadBlock(ds, left, zero), f32x4.div(open, nextN));
    const dn = f32x4.sub(loadBlock(ds + state, left, zero), f32x4.div(f32x4.mul(open, mean), nextN));
    const p = f32x4.mul(f32x4.add(f32x4.mul(dc, z), dn), i);
    const q = f32x4.mul(f32x4.add(f32x4.mul(dc, loadBlock(s, left, zero)), f32x4.mul(dn, n)), f);
    const r = f32x4.sub(f32x4.sub(loadBlock(ds + 2 * state, left, zero), p), q);
    const takesKept = v128.andnot(f32x4.ge(kept, input), isFresh);
    const dLogF = f32x4.add(q, v128.and(r, takesKept));
    const slope = exponential ? dLogF : f32x4.mul(dLogF, logistic(f32x4.neg(forget)));
    storeBlock(dg, f32x4.add(p, v128.andnot(r, takesKept)), left);
    storeBlock(dg + gate, slope, left);
    storeBlock(dg + 2 * gate, f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(z, z))), left);
    storeBlock(dg + 3 * gate, f32x4.mul(f32x4.mul(d, mean), f32x4.mul(o, f32x4.sub(one, o))), left);
    storeBlock(ds, f32x4.mul(dc, f), left);
    storeBlock(ds + state, f32x4.mul(dn, f), left);
    storeBlock(ds + 2 * state, dLogF, left);
    g += 16;
    s += 16;
    after += 16;
    dh += 16;
    ds += 16;
    dg += 16;
  }
}

/**
 * All steps backward: dg of every step, laid out as g; dh and ds, at first those of the last states, at last those of the first; dy
 * (0: none) is added to dh at each step. The units of a head lie `padded` floats, a multiple of 16, apart in rows of dh and of
 * `next`, which is room for as many rows. `transposed` has the panels of each head's R by the rows of its units.
 */
export function slstmBackward(
  exponential: i32, heads: i32, size: i32, width: i32, padded: i32, transposed: usize, g: usize, dg: usize, gStep: i32,
  gRow: i32, mask: usize, maskStep: i32, s: usize, sStep: i32, sRow: i32, dy: usize, dyStep: i32, dyRow: i32, dh: usize,
  next: usize, dhRow: i32, ds: usize, dsRow: i32, steps: i32, batch0: i32, batch1: i32, wide: i32,
): void {
  const units = heads * size;
  const panel = (<usize>width) << 6;
  const panels = padded >> 4;
  for (let t = steps - 1; t >= 0; --t) {
    for (let b = batch0; b < batch1; ++b) {
      const gradient = rowOf(dh, 0, 0, b, dhRow);
      const to = rowOf(dg, t, gStep, b, gRow);
      const isOut = isLeftOut(mask, t, maskStep, b);
      if (isOut) zeroRow(to, heads * width);
      for (let head = 0; head < heads; ++head) {
        const at = (<usize>head * <usize>size) << 2;
        const own = gradient + ((<usize>head * <usize>padded) << 2);
        const gates = (<usize>head * <usize>width) << 2;
        if (dy) addRow(own, rowOf(dy, t, dyStep, b, dyRow) + at, size);
        if (isOut) continue;
        headBackward(
          exponential != 0, size, <usize>units, width, rowOf(g, t, gStep, b, gRow) + gates, rowOf(s, t, sStep, b, sRow) + at,
          rowOf(s, t + 1, sStep, b, sRow) + at, own, rowOf(ds, 0, 0, b, dsRow) + at, to + gates,
        );
      }
    }
    for (let head = 0; head < heads; ++head) {
      product(
        panels, batch1 - batch0, width, rowOf(dg, t, gStep, batch0, gRow) + ((<usize>head * <usize>width) << 2),
        (<usize>gRow) << 2, transposed + <usize>(head * panels) * panel, panel,
        rowOf(next, 0, 0, batch0, dhRow) + ((<usize>head * <usize>padded) << 2), (<usize>dhRow) << 2, 64, false, wide != 0,
      );
    }
    for (let b = batch0; b < batch1; ++b) {
      if (!isLeftOut(mask, t, maskStep, b)) copyRow(rowOf(dh, 0, 0, b, dhRow), rowOf(next, 0, 0, b, dhRow), heads * padded);
    }
  }
}
