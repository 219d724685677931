/**
 * Rows of a tile of scores: what a mask lowers, their largest, e^(score − most), the gradients. All go by eight floats, which the
 * revectorizer joins; rows have room for that.
 */
import { EXP_MAX, EXP_MIN, exp4, expWith, LN2_HIGH, LN2_LOW, LOG2E, Q0, Q1, Q2, Q3, ROUND } from '../elementwise/exp';
import { constant, laneMax, laneSum, loadBlock } from '../elementwise/vector';
import { addRow, zeroRow } from '../rows';
import { Attention } from './job';

/** Below every score. */
export const NONE: f32 = -Infinity;

/** e^x; 0 where the vectors' is. */
export function exp1(x: f32): f32 {
  return x < EXP_MIN ? 0 : f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

/** Fills p[n…) up to the next eighth float. */
function fillEighth(p: usize, n: i32, value: f32): void {
  for (; n & 7; ++n) store<f32>(p + ((<usize>n) << 2), value);
}

/** p[0…n) += by */
function shiftRow(p: usize, n: i32, by: f32): void {
  const shift = f32x4.splat(by);
  for (let j = 0; j < n; j += 8, p += 32) {
    const x = f32x4.add(v128.load(p), shift);
    const y = f32x4.add(v128.load(p, 16), shift);
    v128.store(p, x);
    v128.store(p, y, 16);
  }
}

/** The largest of n floats, NaN passed over: their e^x makes the sum NaN. */
function largest(p: usize, n: i32): f32 {
  let a = f32x4.splat(NONE), b = a;
  for (let j = 0; j < n; j += 8, p += 32) {
    a = f32x4.pmax(a, v128.load(p));
    b = f32x4.pmax(b, v128.load(p, 16));
  }
  return laneMax(f32x4.pmax(a, b));
}

/** p[0…n) ← e^(p − shift), 0 where that is below e^−87; gives the sum. */
function exponentials(p: usize, n: i32, shift: f32): f32 {
  const z = n >> 31;
  const one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  const m = f32x4.splat(shift);
  let a = f32x4.splat(0), b = a;
  for (let j = 0; j < n; j += 8, p += 32) {
    const x = f32x4.sub(v128.load(p), m);
    const y = f32x4.sub(v128.load(p, 16), m);
    const e = v128.andnot(expWith(x, min, max, log2e, round, high, low, q0, q1, q2, q3, one), f32x4.lt(x, min));
    const f = v128.andnot(expWith(y, min, max, log2e, round, high, low, q0, q1, q2, q3, one), f32x4.lt(y, min));
    v128.store(p, e);
    v128.store(p, f, 16);
    a = f32x4.add(a, e);
    b = f32x4.add(b, f);
  }
  return laneSum(f32x4.add(a, b));
}

/** Lowers the scores of a row that do not count, those of keys `from`…, and what lies beyond them. */
export function lowerRow(job: Attention, p: usize, n: i32, closed: bool, lowering: usize): void {
  fillEighth(p, n, NONE);
  if (closed) shiftRow(p, n, -job.lowered);
  else if (job.masksKeys()) addRow(p, lowering, n);
}

/** A row of n scores → e^(score − most), zeros up to `width`; takes the largest score and the sum so far on. Gives what the sums before are worth now. */
export function exponentialRow(p: usize, n: i32, width: i32, most: usize, sum: usize): f32 {
  const before = load<f32>(most);
  const now = max<f32>(before, largest(p, n));
  // At first −∞, and so with scores that are all −∞.
  const worth: f32 = before == now ? 1 : exp1(before - now);
  store<f32>(most, now);
  store<f32>(sum, load<f32>(sum) * worth + exponentials(p, n, now));
  const whole = (n + 7) & ~7;
  if (whole < width) zeroRow(p + ((<usize>whole) << 2), width - whole);
  return worth;
}

/** p[0…n) ← weights share·e^(p − most), and d[0…n) ← p∘(d − dot), their scores' gradients; zeros up to `width`. */
export function gradientRow(p: usize, d: usize, n: i32, width: i32, most: f32, share: f32, dot: f32): void {
  const z = n >> 31;
  const one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  const m = f32x4.splat(most), part = f32x4.splat(share), less = f32x4.splat(dot);
  for (let j = 0; j < n; j += 8, p += 32, d += 32) {
    const x = f32x4.sub(v128.load(p), m);
    const y = f32x4.sub(v128.load(p, 16), m);
    const e = expWith(x, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
    const f = expWith(y, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
    const u = f32x4.mul(v128.andnot(e, f32x4.lt(x, min)), part);
    const v = f32x4.mul(v128.andnot(f, f32x4.lt(y, min)), part);
    v128.store(p, u);
    v128.store(p, v, 16);
    const g = f32x4.mul(u, f32x4.sub(v128.load(d), less));
    const h = f32x4.mul(v, f32x4.sub(v128.load(d, 16), less));
    v128.store(d, g);
    v128.store(d, h, 16);
  }
  const rest = width - ((n + 7) & ~7);
  if (rest > 0) {
    zeroRow(p, rest);
    zeroRow(d, rest);
  }
}

/** p[0…n) ← factor·p for whole fours. */
export function scaleFours(p: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (let j = 0; j < n; j += 4, p += 16) v128.store(p, f32x4.mul(f, v128.load(p)));
}

/** Σ a∘b over n floats. */
export function dot(a: usize, b: usize, n: i32): f32 {
  const zero = f32x4.splat(0);
  let sum = zero;
  for (; n > 0; n -= 4, a += 16, b += 16) sum = f32x4.add(sum, f32x4.mul(loadBlock(a, n, zero), loadBlock(b, n, zero)));
  return laneSum(sum);
}
