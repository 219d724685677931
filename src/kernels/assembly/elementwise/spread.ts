/** Features of one number repeated to as many as others have, and the sums that are their gradients. */
import { laneSum, loadBlock, rowAt, storeBlock } from './vector';

/** Rows row0..row1 of `dst`: n times the one float of a row of `src`. */
export function repeatFloats(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  for (let row = row0; row < row1; row++) {
    const value = f32x4.splat(load<f32>(rowAt(src, row, ldSrc)));
    let o = rowAt(dst, row, ldDst);
    for (let left = n; left > 0; left -= 4, o += 16) storeBlock(o, value, left);
  }
}

/** The one float of rows row0..row1 of `dst`: Σ of the n floats of a row of `src`. */
export function sumRows(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  const zero = f32x4.splat(0);
  for (let row = row0; row < row1; row++) {
    let p = rowAt(src, row, ldSrc);
    let sum = zero;
    for (let left = n; left > 0; left -= 4, p += 16) sum = f32x4.add(sum, loadBlock(p, left, zero));
    store<f32>(rowAt(dst, row, ldDst), laneSum(sum));
  }
}
