/** Penalties on what a layer gives. */
import { laneSum, loadBlock, rowAt, storeBlock } from './vector';

/** sums[row] = Σ l1·|x| + l2·x² over the n floats of rows row0..row1. */
export function activityForward(
  x: usize, ldX: i32, l1: f32, l2: f32, sums: usize, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), a = f32x4.splat(l1), b = f32x4.splat(l2);
  for (let row = row0; row < row1; row++) {
    let p = rowAt(x, row, ldX);
    let sum = zero;
    for (let left = n; left > 0; left -= 4, p += 16) {
      const value = loadBlock(p, left, zero);
      sum = f32x4.add(sum, f32x4.mul(f32x4.abs(value), f32x4.add(a, f32x4.mul(b, f32x4.abs(value)))));
    }
    store<f32>(rowAt(sums, row, 1), laneSum(sum));
  }
}

/** dx = dy + l1·sign(x) + 2·l2·x; dy 0: nothing else hangs on x. */
export function activityBackward(
  x: usize, ldX: i32, dy: usize, ldDy: i32, dx: usize, ldDx: i32, l1: f32, l2: f32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), a = f32x4.splat(l1), b = f32x4.splat(2 * l2), sign = f32x4.splat(-0.0);
  for (let row = row0; row < row1; row++) {
    for (let j = 0; j < n; j += 4) {
      const offset = <usize>j << 2;
      const value = loadBlock(rowAt(x, row, ldX) + offset, n - j, zero);
      const given = dy == 0 ? zero : loadBlock(rowAt(dy, row, ldDy) + offset, n - j, zero);
      const ofSize = v128.andnot(v128.or(a, v128.and(value, sign)), f32x4.eq(value, zero));
      storeBlock(rowAt(dx, row, ldDx) + offset, f32x4.add(given, f32x4.add(ofSize, f32x4.mul(b, value))), n - j);
    }
  }
}
