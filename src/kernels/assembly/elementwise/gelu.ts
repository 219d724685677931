/** gelu: x·Φ(x), and its derivative Φ(x) + x·φ(x); rows and arguments as in activations.ts and activationGradients.ts. */
import { EXP_MIN, expWithin, LN2_HIGH, LN2_LOW, LOG2E, Q0, Q1, Q2, Q3, ROUND } from './exp';
import { constant, loadBlock, rowAt, storeBlock } from './vector';

const ERFC_SCALE: f32 = 0.3275911 * 0.7071067811865476;
const P0: f32 = 0.254829592;
const P1: f32 = -0.284496736;
const P2: f32 = 1.421413741;
const P3: f32 = -1.453152027;
const P4: f32 = 1.061405429;
/** φ(0) */
const DENSITY: f32 = 0.3989422804014327;

/**
 * erfc(b/√2) for b ≥ 0, given e = exp(−b²/2): a polynomial of degree 5 in 1/(1 + p·b/√2); absolute error 1.5e-7
 * (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26).
 */
@inline
function erfcWith(b: v128, e: v128, scale: v128, p0: v128, p1: v128, p2: v128, p3: v128, p4: v128, one: v128): v128 {
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(b, scale)));
  let p = f32x4.add(f32x4.mul(t, p4), p3);
  p = f32x4.add(f32x4.mul(t, p), p2);
  p = f32x4.add(f32x4.mul(t, p), p1);
  p = f32x4.add(f32x4.mul(t, p), p0);
  return f32x4.mul(f32x4.mul(t, p), e);
}

/** max(x, 0) − |x|/2·erfc(|x|/√2) */
@inline
function value(
  x: v128, bound: v128, log2e: v128, round: v128, high: v128, low: v128,
  q0: v128, q1: v128, q2: v128, q3: v128, scale: v128, p0: v128, p1: v128, p2: v128, p3: v128, p4: v128,
  zero: v128, half: v128, one: v128, sign: v128,
): v128 {
  const b = f32x4.pmin(v128.andnot(x, sign), bound);
  const a = f32x4.mul(f32x4.mul(b, b), v128.or(half, sign));
  const e = expWithin(a, log2e, round, high, low, q0, q1, q2, q3, one);
  const tail = f32x4.mul(f32x4.mul(b, half), erfcWith(b, e, scale, p0, p1, p2, p3, p4, one));
  return f32x4.sub(f32x4.pmax(x, zero), tail);
}

@inline
function slope(
  x: v128, bound: v128, min: v128, log2e: v128, round: v128, high: v128, low: v128,
  q0: v128, q1: v128, q2: v128, q3: v128, scale: v128, p0: v128, p1: v128, p2: v128, p3: v128, p4: v128,
  zero: v128, half: v128, one: v128, sign: v128, density: v128,
): v128 {
  const b = f32x4.pmin(f32x4.pmax(x, v128.or(bound, sign)), bound);
  const a = f32x4.mul(f32x4.mul(b, b), v128.or(half, sign));
  const e = expWithin(f32x4.pmax(a, min), log2e, round, high, low, q0, q1, q2, q3, one);
  const tail = f32x4.mul(half, erfcWith(v128.andnot(b, sign), e, scale, p0, p1, p2, p3, p4, one));
  const above = f32x4.lt(zero, b);
  const cumulative = v128.or(v128.and(f32x4.sub(one, tail), above), v128.andnot(tail, above));
  return f32x4.add(cumulative, f32x4.mul(f32x4.mul(b, e), density));
}

export function geluForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  const z = n >> 31;
  const zero = constant(0, z), half = constant(0.5, z), one = constant(1, z), sign = constant(-0.0, z), bound = constant(13, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z), scale = constant(ERFC_SCALE, z);
  const p0 = constant(P0, z), p1 = constant(P1, z), p2 = constant(P2, z), p3 = constant(P3, z), p4 = constant(P4, z);
  for (let row = row0; row < row1; row++) {
    let p = rowAt(src, row, ldSrc);
    let o = rowAt(dst, row, ldDst);
    let left = n;
    for (; left >= 8; left -= 8, p += 32, o += 32) {
      const x = v128.load(p);
      const y = v128.load(p, 16);
      const fx = value(
        x, bound, log2e, round, high, low, q0, q1, q2, q3, scale, p0, p1, p2, p3, p4, zero, half, one, sign,
      );
      const fy = value(
        y, bound, log2e, round, high, low, q0, q1, q2, q3, scale, p0, p1, p2, p3, p4, zero, half, one, sign,
      );
      v128.store(o, fx);
      v128.store(o, fy, 16);
    }
    for (; left > 0; left -= 4, p += 16, o += 16) {
      const f = value(
        loadBlock(p, left, zero), bound, log2e, round, high, low, q0, q1, q2, q3, scale, p0, p1, p2, p3, p4,
        zero, half, one, sign,
      );
      storeBlock(o, f, left);
    }
  }
}

export function geluBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  const z = n >> 31;
  const zero = constant(0, z), half = constant(0.5, z), one = constant(1, z), sign = constant(-0.0, z), bound = constant(14, z), min = constant(EXP_MIN, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z), scale = constant(ERFC_SCALE, z);
  const p0 = constant(P0, z), p1 = constant(P1, z), p2 = constant(P2, z), p3 = constant(P3, z), p4 = constant(P4, z);
  const density = constant(DENSITY, z);
  for (let row = row0; row < row1; row++) {
    let p = rowAt(saved, row, ldSaved);
    let g = rowAt(dY, row, ldDY);
    let o = rowAt(dX, row, ldDX);
    let left = n;
    for (; left >= 8; left -= 8, p += 32, g += 32, o += 32) {
      const dx = v128.load(g);
      const dy = v128.load(g, 16);
      const fx = slope(
        v128.load(p), bound, min, log2e, round, high, low, q0, q1, q2, q3, scale, p0, p1, p2, p3, p4,
        zero, half, one, sign, density,
      );
      const fy = slope(
        v128.load(p, 16), bound, min, log2e, round, high, low, q0, q1, q2, q3, scale, p0, p1, p2, p3, p4,
        zero, half, one, sign, density,
      );
      const x = f32x4.mul(dx, fx);
      const y = f32x4.mul(dy, fy);
      v128.store(o, x);
      v128.store(o, y, 16);
    }
    for (; left > 0; left -= 4, p += 16, g += 16, o += 16) {
      const f = slope(
        loadBlock(p, left, zero), bound, min, log2e, round, high, low, q0, q1, q2, q3, scale, p0, p1, p2, p3, p4,
        zero, half, one, sign, density,
      );
      storeBlock(o, f32x4.mul(loadBlock(g, left, zero), f), left);
    }
  }
}
