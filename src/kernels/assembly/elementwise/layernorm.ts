/**
 * LayerNormalization over the n floats of each row: y = gamma∘x̂ + beta, x̂ = (x − mean)·rstd, rstd = 1/√(variance + epsilon).
 * mean and rstd are one float for each row, written forward and read backward; gamma and beta are n floats, or 0 for none.
 */
import { laneSum, loadBlock, rowAt, storeBlock } from './vector';

export function layerNormForward(
  src: usize, ldSrc: i32, dst: usize, ldDst: i32, gamma: usize, beta: usize, mean: usize, rstd: usize, epsilon: f32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const share: f32 = 1 / <f32>n;
  for (let row = row0; row < row1; row++) {
    const p = rowAt(src, row, ldSrc);
    const o = rowAt(dst, row, ldDst);
    let sum = zero;
    for (let j = 0; j < n; j += 4) sum = f32x4.add(sum, loadBlock(p + (<usize>j << 2), n - j, zero));
    const centre = laneSum(sum) * share;
    const c = f32x4.splat(centre);
    sum = zero;
    for (let j = 0; j < n; j += 4) {
      const d = f32x4.sub(loadBlock(p + (<usize>j << 2), n - j, c), c);
      sum = f32x4.add(sum, f32x4.mul(d, d));
    }
    const factor: f32 = 1 / sqrt<f32>(laneSum(sum) * share + epsilon);
    const f = f32x4.splat(factor);
    store<f32>(mean + (<usize>row << 2), centre);
    store<f32>(rstd + (<usize>row << 2), factor);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      let y = f32x4.mul(f32x4.sub(loadBlock(p + at, n - j, c), c), f);
      if (gamma != 0) y = f32x4.mul(y, loadBlock(gamma + at, n - j, one));
      if (beta != 0) y = f32x4.add(y, loadBlock(beta + at, n - j, zero));
      storeBlock(o + at, y, n - j);
    }
  }
}

/** dX = rstd·(d − mean(d) − x̂·mean(d∘x̂)), d = dY∘gamma; x is the forward's input. dX may be dY where layerNormGradients ran before. */
export function layerNormBackward(
  x: usize, ldX: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, gamma: usize, mean: usize, rstd: usize,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const share: f32 = 1 / <f32>n;
  for (let row = row0; row < row1; row++) {
    const p = rowAt(x, row, ldX);
    const g = rowAt(dY, row, ldDY);
    const o = rowAt(dX, row, ldDX);
    const c = f32x4.splat(load<f32>(mean + (<usize>row << 2)));
    const f = f32x4.splat(load<f32>(rstd + (<usize>row << 2)));
    let sum = zero, dot = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      let d = loadBlock(g + at, n - j, zero);
      if (gamma != 0) d = f32x4.mul(d, loadBlock(gamma + at, n - j, one));
      sum = f32x4.add(sum, d);
      dot = f32x4.add(dot, f32x4.mul(d, f32x4.mul(f32x4.sub(loadBlock(p + at, n - j, c), c), f)));
    }
    const average = f32x4.splat(laneSum(sum) * share);
    const slope = f32x4.splat(laneSum(dot) * share);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      let d = loadBlock(g + at, n - j, zero);
      if (gamma != 0) d = f32x4.mul(d, loadBlock(gamma + at, n - j, one));
      const normalised = f32x4.mul(f32x4.sub(loadBlock(p + at, n - j, c), c), f);
      d = f32x4.sub(f32x4.sub(d, average), f32x4.mul(normalised, slope));
      storeBlock(o + at, f32x4.mul(f, d), n - j);
    }
  }
}

/** dGamma[c] = Σ dY∘x̂ and dBeta[c] = Σ dY over rows row0..row1 in order, for columns column0..column1; either may be 0. */
export function layerNormGradients(
  x: usize, ldX: i32, dY: usize, ldDY: i32, mean: usize, rstd: usize, dGamma: usize, dBeta: usize,
  row0: i32, row1: i32, column0: i32, column1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let column = column0; column < column1; column += 4) {
    const count = column1 - column;
    const at = <usize>column << 2;
    let a = zero, b = zero;
    for (let row = row0; row < row1; row++) {
      const c = f32x4.splat(load<f32>(mean + (<usize>row << 2)));
      const f = f32x4.splat(load<f32>(rstd + (<usize>row << 2)));
      const d = loadBlock(rowAt(dY, row, ldDY) + at, count, zero);
      const normalised = f32x4.mul(f32x4.sub(loadBlock(rowAt(x, row, ldX) + at, count, zero), c), f);
      a = f32x4.add(a, f32x4.mul(d, normalised));
      b = f32x4.add(b, d);
    }
    if (dGamma != 0) storeBlock(dGamma + at, a, count);
    if (dBeta != 0) storeBlock(dBeta + at, b, count);
  }
}
