/**
 * Four floats at a time: the ends of rows, sums over lanes, constants. f32x4.pmin(x, c) and pmax(x, c) give x where x is NaN and
 * are one instruction on x86, against eight for min and max.
 */

/** The first `count` (1..3) floats at p; the lanes beyond hold `fill`. Reads nothing past them. */
@inline
export function loadPart(p: usize, count: i32, fill: v128): v128 {
  let v = v128.load_lane<f32>(p, fill, 0);
  if (count > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (count > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

/** Writes the first `count` (1..3) lanes to p. */
@inline
export function storePart(p: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(p, v, 0);
  if (count > 1) v128.store_lane<f32>(p, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(p, v, 2, 8);
}

/** load, for a block of `count` floats, 4 or more meaning a whole vector. */
@inline
export function loadBlock(p: usize, count: i32, fill: v128): v128 {
  return count >= 4 ? v128.load(p) : loadPart(p, count, fill);
}

@inline
export function storeBlock(p: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(p, v);
  else storePart(p, v, count);
}

/** (v0 + v2) + (v1 + v3). */
@inline
export function laneSum(v: v128): f32 {
  const pairs = f32x4.add(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

@inline
export function laneMax(v: v128): f32 {
  const pairs = f32x4.max(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/**
 * A constant that the compiler cannot see through, so that it stays in a register instead of being rebuilt in every turn
 * of a loop. `zero` is 0 at run time: `n >> 31` of a count.
 */
@inline
export function constant(value: f32, zero: i32): v128 {
  return i32x4.splat(reinterpret<i32>(value) + zero);
}

/** The address of row `row` of rows `ld` floats apart. */
@inline
export function rowAt(base: usize, row: i32, ld: i32): usize {
  return base + (<usize>row * <usize>ld << 2);
}

/** Step t of batch entry b of a sequence as in sequences.ts. */
@inline
export function stepAt(base: usize, t: i32, step: i32, b: i32, batch: i32): usize {
  return base + <usize>((<i64>t * <i64>step + <i64>b * <i64>batch) << 2);
}

/** v with lanes `count` and above zeroed. */
@inline
export function keepLanes(v: v128, count: i32): v128 {
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}
