/**
 * Rows of n floats by their size: y = gamma∘x·f, f = 1/√(max(share·Σx², floor) + epsilon), share 1/n for a mean of squares and 1 for
 * their sum. f is one float for each row, written forward and read backward; gamma is n floats, or 0 for none.
 */
import { laneSum, loadBlock, rowAt, storeBlock } from './vector';

export function rmsNormForward(
  src: usize, ldSrc: i32, dst: usize, ldDst: i32, gamma: usize, factors: usize, share: f32, floor: f32, epsilon: f32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(src, row, ldSrc);
    const o = rowAt(dst, row, ldDst);
    let sum = zero;
    for (let j = 0; j < n; j += 4) {
      const x = loadBlock(p + (<usize>j << 2), n - j, zero);
      sum = f32x4.add(sum, f32x4.mul(x, x));
    }
    const factor: f32 = 1 / sqrt<f32>(max<f32>(laneSum(sum) * share, floor) + epsilon);
    store<f32>(factors + (<usize>row << 2), factor);
    const f = f32x4.splat(factor);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      let y = f32x4.mul(loadBlock(p + at, n - j, zero), f);
      if (gamma != 0) y = f32x4.mul(y, loadBlock(gamma + at, n - j, zero));
      storeBlock(o + at, y, n - j);
    }
  }
}

/** dX = f·(d − x̂·share·Σ d∘x̂), d = dY∘gamma, x̂ = x·f; f·d where the sum of squares was below the floor, which is 0 with an epsilon. */
export function rmsNormBackward(
  x: usize, ldX: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, gamma: usize, factors: usize, share: f32, floor: f32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0);
  const most: f32 = 1 / sqrt<f32>(floor);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(x, row, ldX);
    const g = rowAt(dY, row, ldDY);
    const o = rowAt(dX, row, ldDX);
    const factor = load<f32>(factors + (<usize>row << 2));
    const f = f32x4.splat(factor);
    let dot = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      let d = loadBlock(g + at, n - j, zero);
      if (gamma != 0) d = f32x4.mul(d, loadBlock(gamma + at, n - j, zero));
      dot = f32x4.add(dot, f32x4.mul(d, f32x4.mul(loadBlock(p + at, n - j, zero), f)));
    }
    const slope = f32x4.splat(factor < most ? laneSum(dot) * share : 0);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      let d = loadBlock(g + at, n - j, zero);
      if (gamma != 0) d = f32x4.mul(d, loadBlock(gamma + at, n - j, zero));
      const normalised = f32x4.mul(loadBlock(p + at, n - j, zero), f);
      storeBlock(o + at, f32x4.mul(f, f32x4.sub(d, f32x4.mul(normalised, slope))), n - j);
    }
  }
}
