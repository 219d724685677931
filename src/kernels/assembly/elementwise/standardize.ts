/** y = (x − mean)/max(√variance, 10⁻⁷), or back again, x·max(√variance, 10⁻⁷) + mean, of known means (0: none) and variances of n features. */
import { loadBlock, rowAt, storeBlock } from './vector';

export function standardize(
  src: usize, ldSrc: i32, dst: usize, ldDst: i32, mean: usize, variance: usize, inverted: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2;
    const m = mean != 0 ? loadBlock(mean + at, n - j, zero) : zero;
    const deviation = f32x4.pmax(f32x4.sqrt(loadBlock(variance + at, n - j, one)), f32x4.splat(1e-7));
    for (let row = row0; row < row1; row++) {
      const x = loadBlock(rowAt(src, row, ldSrc) + at, n - j, zero);
      const y = inverted ? f32x4.add(f32x4.mul(x, deviation), m) : f32x4.div(f32x4.sub(x, m), deviation);
      storeBlock(rowAt(dst, row, ldDst) + at, y, n - j);
    }
  }
}
