/** softmax and log-softmax over the n floats of each row, shifted by the row's maximum so that nothing overflows. */
import { EXP_MAX, EXP_MIN, expWith, LN2_HIGH, LN2_LOW, LOG2E, log1, Q0, Q1, Q2, Q3, ROUND } from './exp';
import { constant, laneMax, laneSum, loadBlock, rowAt, storeBlock } from './vector';

/** The largest of n floats, NaN passed over: their e^x makes the sum NaN. */
@inline
export function rowMax(p: usize, n: i32): f32 {
  const none = f32x4.splat(-f32.MAX_VALUE * 2);
  let m = none;
  for (let left = n; left > 0; left -= 4, p += 16) m = f32x4.pmax(m, loadBlock(p, left, none));
  return laneMax(m);
}

/** Σ e^(x − shift) over n floats; where `dst` is not 0 the terms are written there (dst may be p). */
export function shiftedExp(p: usize, dst: usize, n: i32, shift: f32): f32 {
  const z = n >> 31;
  const one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  const m = f32x4.splat(shift);
  const none = f32x4.splat(-f32.MAX_VALUE * 2);
  let sum = f32x4.splat(0);
  for (let left = n; left > 0; left -= 4, p += 16) {
    const x = f32x4.sub(loadBlock(p, left, none), m);
    const e = expWith(x, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
    sum = f32x4.add(sum, e);
    if (dst != 0) {
      storeBlock(dst, e, left);
      dst += 16;
    }
  }
  return laneSum(sum);
}

/** row ← factor·row. */
@inline
export function scaleRow(p: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (let left = n; left > 0; left -= 4, p += 16) {
    storeBlock(p, f32x4.mul(f, loadBlock(p, left, f)), left);
  }
}

export function softmaxForward(
  src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32,
): void {
  for (let row = row0; row < row1; row++) {
    const p = rowAt(src, row, ldSrc);
    const o = rowAt(dst, row, ldDst);
    scaleRow(o, n, 1 / shiftedExp(p, o, n, rowMax(p, n)));
  }
}

export function logSoftmaxForward(
  src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32,
): void {
  for (let row = row0; row < row1; row++) {
    let p = rowAt(src, row, ldSrc);
    let o = rowAt(dst, row, ldDst);
    const largest = rowMax(p, n);
    const m = f32x4.splat(largest);
    const log = f32x4.splat(log1(shiftedExp(p, 0, n, largest)));
    for (let left = n; left > 0; left -= 4, p += 16, o += 16) {
      storeBlock(o, f32x4.sub(f32x4.sub(loadBlock(p, left, m), m), log), left);
    }
  }
}

/** dX = y∘(dY − Σ dY∘y), y = softmax(x). dX may be dY. */
export function softmaxBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let row = row0; row < row1; row++) {
    const y = rowAt(saved, row, ldSaved);
    const dy = rowAt(dY, row, ldDY);
    const dx = rowAt(dX, row, ldDX);
    let dot = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      dot = f32x4.add(dot, f32x4.mul(loadBlock(y + at, n - j, zero), loadBlock(dy + at, n - j, zero)));
    }
    const total = f32x4.splat(laneSum(dot));
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const d = f32x4.sub(loadBlock(dy + at, n - j, zero), total);
      storeBlock(dx + at, f32x4.mul(loadBlock(y + at, n - j, zero), d), n - j);
    }
  }
}

/** dX = dY − e^y·Σ dY, y = log softmax(x). dX may be dY. */
export function logSoftmaxBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  const z = n >> 31;
  const one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  const zero = f32x4.splat(0);
  for (let row = row0; row < row1; row++) {
    const y = rowAt(saved, row, ldSaved);
    const dy = rowAt(dY, row, ldDY);
    const dx = rowAt(dX, row, ldDX);
    let sum = zero;
    for (let j = 0; j < n; j += 4) sum = f32x4.add(sum, loadBlock(dy + (<usize>j << 2), n - j, zero));
    const total = f32x4.splat(laneSum(sum));
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const x = loadBlock(y + at, n - j, zero);
      const e = expWith(x, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
      storeBlock(dx + at, f32x4.sub(loadBlock(dy + at, n - j, zero), f32x4.mul(e, total)), n - j);
    }
  }
}
