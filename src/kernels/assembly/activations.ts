/**
 * Sigmoid and tanh through 2^y: y = n + f with n the nearest integer, |f| ≤ 0.5, 2^f = 1 + f·q(f), q of degree 4 with a
 * relative error of 4.4e-7 (minimax). Absolute error of sigmoid 1.2e-7; tanh keeps its relative error, 7.5e-7, near 0 as well.
 * Beyond |y| = 126 both have reached their limits; NaN stays NaN.
 *
 * The constants come from a table in memory: V8 builds vector constants anew in every round of a loop.
 */
import { madd } from './tiles';

/** Writes the constants, 11 floats, to `table`. */
export function writeConstants(table: usize): void {
  store<f32>(table, 1);
  store<f32>(table, -1.4426950408889634, 4); // -log2(e)
  store<f32>(table, 2.8853900817779268, 8); // 2·log2(e)
  store<f32>(table, 126, 12);
  store<f32>(table, -126, 16);
  store<f32>(table, 12583039, 20); // 1.5·2^23 + 127: adding it leaves n + 127 in the lowest bits
  store<f32>(table, 0.0013333538081496954, 24);
  store<f32>(table, 0.009666245430707932, 28);
  store<f32>(table, 0.05550500378012657, 32);
  store<f32>(table, 0.24022351205348969, 36);
  store<f32>(table, 0.6931471228599548, 40);
}

// @ts-ignore: decorator
@inline
function polynomial(f: v128, p4: v128, p3: v128, p2: v128, p1: v128, p0: v128): v128 {
  let q = madd(f, p4, p3);
  q = madd(f, q, p2);
  q = madd(f, q, p1);
  q = madd(f, q, p0);
  return f32x4.mul(f, q);
}

/** 1 / (1 + 2^(-x·log2 e)), with the constants from the table, so that a loop loads them once. */
// @ts-ignore: decorator
@inline
export function sigmoidWith(
  x: v128, one: v128, scale: v128, high: v128, low: v128, magic: v128, p4: v128, p3: v128, p2: v128, p1: v128, p0: v128,
): v128 {
  const y = f32x4.pmax(f32x4.pmin(f32x4.mul(x, scale), high), low);
  const t = f32x4.add(y, magic);
  const f = f32x4.sub(y, f32x4.sub(t, magic));
  const power = i32x4.shl(t, 23);
  const e = madd(power, polynomial(f, p4, p3, p2, p1, p0), power);
  return f32x4.div(one, f32x4.add(one, e));
}

/** e / (e + 2) for e = 2^(2x·log2 e) - 1, taken without cancellation */
// @ts-ignore: decorator
@inline
export function tanhWith(
  x: v128, one: v128, scale: v128, high: v128, low: v128, magic: v128, p4: v128, p3: v128, p2: v128, p1: v128, p0: v128,
): v128 {
  const y = f32x4.pmax(f32x4.pmin(f32x4.mul(x, scale), high), low);
  const t = f32x4.add(y, magic);
  const f = f32x4.sub(y, f32x4.sub(t, magic));
  const power = i32x4.shl(t, 23);
  const e = madd(power, polynomial(f, p4, p3, p2, p1, p0), f32x4.sub(power, one));
  return f32x4.div(e, f32x4.add(f32x4.add(e, one), one));
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: v128, table: usize): v128 {
  return sigmoidWith(
    x, v128.load32_splat(table), v128.load32_splat(table, 4), v128.load32_splat(table, 12), v128.load32_splat(table, 16),
    v128.load32_splat(table, 20), v128.load32_splat(table, 24), v128.load32_splat(table, 28), v128.load32_splat(table, 32),
    v128.load32_splat(table, 36), v128.load32_splat(table, 40),
  );
}

// @ts-ignore: decorator
@inline
export function tanh(x: v128, table: usize): v128 {
  return tanhWith(
    x, v128.load32_splat(table), v128.load32_splat(table, 8), v128.load32_splat(table, 12), v128.load32_splat(table, 16),
    v128.load32_splat(table, 20), v128.load32_splat(table, 24), v128.load32_splat(table, 28), v128.load32_splat(table, 32),
    v128.load32_splat(table, 36), v128.load32_splat(table, 40),
  );
}
