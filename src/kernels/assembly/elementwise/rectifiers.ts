/**
 * y = x, at most `most`, where x ≥ threshold, and slope∘(x − threshold) below: ReLU and its kin. `slopes` is one float for each of
 * the n features; rows row0..row1.
 */
import { loadBlock, rowAt, storeBlock } from './vector';

export function rectifyForward(
  src: usize, ldSrc: i32, dst: usize, ldDst: i32, slopes: usize, threshold: f32, most: f32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), from = f32x4.splat(threshold), limit = f32x4.splat(most);
  // 0·∞ would be NaN.
  const least = f32x4.splat(-f32.MAX_VALUE);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(src, row, ldSrc);
    const o = rowAt(dst, row, ldDst);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const x = loadBlock(p + at, n - j, zero);
      const below = f32x4.mul(loadBlock(slopes + at, n - j, zero), f32x4.pmax(f32x4.sub(x, from), least));
      storeBlock(o + at, v128.bitselect(f32x4.pmin(x, limit), below, f32x4.ge(x, from)), n - j);
    }
  }
}

/** dX = dY times 1 from the threshold to `most`, 0 above and where x is 0 and so is the threshold, the slope below. */
export function rectifyBackward(
  x: usize, ldX: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, slopes: usize, threshold: f32, most: f32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), from = f32x4.splat(threshold), limit = f32x4.splat(most);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(x, row, ldX);
    const g = rowAt(dY, row, ldDY);
    const o = rowAt(dX, row, ldDX);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const v = loadBlock(p + at, n - j, zero);
      const above = v128.and(one, f32x4.le(v, limit));
      let factor = v128.bitselect(above, loadBlock(slopes + at, n - j, zero), f32x4.ge(v, from));
      if (threshold == 0) factor = v128.andnot(factor, f32x4.eq(v, zero));
      storeBlock(o + at, f32x4.mul(factor, loadBlock(g + at, n - j, zero)), n - j);
    }
  }
}

/** dSlopes[c] = Σ dY∘min(x, 0) over rows row0..row1 in order, for columns column0..column1: of a threshold of 0. */
export function rectifyGradients(
  x: usize, ldX: i32, dY: usize, ldDY: i32, dSlopes: usize, row0: i32, row1: i32, column0: i32, column1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let column = column0; column < column1; column += 4) {
    const count = column1 - column;
    const at = <usize>column << 2;
    let sum = zero;
    for (let row = row0; row < row1; row++) {
      const below = f32x4.pmin(loadBlock(rowAt(x, row, ldX) + at, count, zero), zero);
      sum = f32x4.add(sum, f32x4.mul(below, loadBlock(rowAt(dY, row, ldDY) + at, count, zero)));
    }
    storeBlock(dSlopes + at, sum, count);
  }
}
