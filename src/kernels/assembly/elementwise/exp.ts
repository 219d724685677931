/** e^x and log for four floats. */

// Method of exp: n = round(x / ln 2), r = x − n·ln 2 in two parts, |r| ≤ 0.3466; e^r = 1 + r + r²·q(r), q of degree 3
// (minimax, relative error 1.1e-7); times 2^n. Relative error ≤ 2.5e-7 on [−87, 88]; outside, the value at that end; NaN stays.
export const LOG2E: f32 = 1.44269504;
export const ROUND: f32 = 12582912.0; // 1.5·2^23: adding it rounds to an integer, held in the low bits
export const LN2_HIGH: f32 = 0.693359375;
export const LN2_LOW: f32 = -2.12194440e-4;
export const Q0: f32 = 0.4999922811985016;
export const Q1: f32 = 0.16667115688323975;
export const Q2: f32 = 0.041890550404787064;
export const Q3: f32 = 0.008312477730214596;
export const EXP_MIN: f32 = -87.0;
export const EXP_MAX: f32 = 88.0;
/** The slope of leakyRelu below 0. */
export const LEAK: f32 = 0.2;
export const SELU_ALPHA: f32 = 1.6732632423543772;
export const SELU_SCALE: f32 = 1.0507009873554805;

/** e^x with x clamped to [min, max]; the constants are arguments so that a caller's loop keeps them in registers. */
@inline
export function expWith(
  x: v128, min: v128, max: v128, log2e: v128, round: v128, high: v128, low: v128,
  q0: v128, q1: v128, q2: v128, q3: v128, one: v128,
): v128 {
  return expWithin(f32x4.pmin(f32x4.pmax(x, min), max), log2e, round, high, low, q0, q1, q2, q3, one);
}

/** e^x for x that is within [EXP_MIN, EXP_MAX], or NaN. */
@inline
export function expWithin(
  x: v128, log2e: v128, round: v128, high: v128, low: v128, q0: v128, q1: v128, q2: v128, q3: v128, one: v128,
): v128 {
  const t = f32x4.add(f32x4.mul(x, log2e), round);
  const n = f32x4.sub(t, round);
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, high)), f32x4.mul(n, low));
  let q = f32x4.add(f32x4.mul(q3, r), q2);
  q = f32x4.add(f32x4.mul(q, r), q1);
  q = f32x4.add(f32x4.mul(q, r), q0);
  q = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(q, r), r), r), one);
  return f32x4.mul(q, i32x4.add(i32x4.shl(t, 23), one)); // one's bits are the exponent's bias
}

/** e^x outside hot loops. */
@inline
export function exp4(x: v128): v128 {
  return expWith(
    x, f32x4.splat(EXP_MIN), f32x4.splat(EXP_MAX), f32x4.splat(LOG2E), f32x4.splat(ROUND), f32x4.splat(LN2_HIGH),
    f32x4.splat(LN2_LOW), f32x4.splat(Q0), f32x4.splat(Q1), f32x4.splat(Q2), f32x4.splat(Q3), f32x4.splat(1),
  );
}

/**
 * log(1 + u) for u in [0, 1]: with s = u/(2 + u) ≤ 1/3, log(1 + u) = 2·artanh(s) = s·p(s²), p of degree 4 (minimax,
 * relative error 2e-9). Relative error ≤ 2e-7.
 */
@inline
export function log1p4(u: v128): v128 {
  const s = f32x4.div(u, f32x4.add(u, f32x4.splat(2)));
  const w = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(f32x4.splat(0.28191548585891724), w), f32x4.splat(0.2795766592025757));
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(0.4002511501312256));
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(0.6666631102561951));
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(2));
  return f32x4.mul(s, p);
}

/**
 * log(x) for positive normal x: x = 2^k·m, √½ ≤ m < √2, log m = 2·artanh((m − 1)/(m + 1)) by a polynomial of degree 3
 * in its square (relative error 7e-10). Error ≤ 1e-7·max(|log x|, 1). NaN stays; +∞ gives 88.72….
 */
@inline
export function log4(x: v128): v128 {
  // bits − bits(√½), so that the exponent field counts from √½
  const offset = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const k = i32x4.shr_s(offset, 23);
  const m = i32x4.sub(x, i32x4.shl(k, 23));
  const one = f32x4.splat(1);
  const s = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
  const w = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(f32x4.splat(0.29927122592926025), w), f32x4.splat(0.3997473418712616));
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(0.666668176651001));
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(2));
  const n = f32x4.convert_i32x4_s(k);
  const log = f32x4.add(
    f32x4.mul(n, f32x4.splat(LN2_HIGH)),
    f32x4.add(f32x4.mul(n, f32x4.splat(LN2_LOW)), f32x4.mul(s, p)),
  );
  return v128.bitselect(log, x, f32x4.eq(x, x));
}

@inline
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}
