/**
 * LayerNormalization over the n floats of each row: y = gamma∘x̂ + beta, x̂ = (x − mean)·rstd, rstd = 1/√(variance + epsilon).
 * mean and rstd are one float for each row, written forward and read backward; gamma and beta are n floats, or 0 for none.
 */
import { addRow, zeroRow } from '../rows';
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
    for (let q = p, left = n; left > 0; left -= 4, q += 16) sum = f32x4.add(sum, loadBlock(q, left, zero));
    const centre = laneSum(sum) * share;
    const c = f32x4.splat(centre);
    sum = zero;
    for (let q = p, left = n; left > 0; left -= 4, q += 16) {
      const d = f32x4.sub(loadBlock(q, left, c), c);
      sum = f32x4.add(sum, f32x4.mul(d, d));
    }
    const factor: f32 = 1 / sqrt<f32>(laneSum(sum) * share + epsilon);
    const f = f32x4.splat(factor);
    store<f32>(mean + (<usize>row << 2), centre);
    store<f32>(rstd + (<usize>row << 2), factor);
    let j = 0;
    if (gamma != 0 && beta != 0) {
      for (; j + 8 <= n; j += 8) {
        const at = <usize>j << 2;
        const u = f32x4.mul(f32x4.sub(v128.load(p + at), c), f);
        const v = f32x4.mul(f32x4.sub(v128.load(p + at, 16), c), f);
        const y = f32x4.add(f32x4.mul(u, v128.load(gamma + at)), v128.load(beta + at));
        const z = f32x4.add(f32x4.mul(v, v128.load(gamma + at, 16)), v128.load(beta + at, 16));
        v128.store(o + at, y);
        v128.store(o + at, z, 16);
      }
    }
    for (; j < n; j += 4) {
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
    let j = 0;
    if (gamma != 0) {
      for (; j + 8 <= n; j += 8) {
        const at = <usize>j << 2;
        const u = f32x4.mul(f32x4.sub(v128.load(p + at), c), f);
        const v = f32x4.mul(f32x4.sub(v128.load(p + at, 16), c), f);
        const d = f32x4.sub(f32x4.mul(v128.load(g + at), v128.load(gamma + at)), average);
        const e = f32x4.sub(f32x4.mul(v128.load(g + at, 16), v128.load(gamma + at, 16)), average);
        const y = f32x4.mul(f, f32x4.sub(d, f32x4.mul(u, slope)));
        const z = f32x4.mul(f, f32x4.sub(e, f32x4.mul(v, slope)));
        v128.store(o + at, y);
        v128.store(o + at, z, 16);
      }
    }
    for (; j < n; j += 4) {
      const at = <usize>j << 2;
      let d = loadBlock(g + at, n - j, zero);
      if (gamma != 0) d = f32x4.mul(d, loadBlock(gamma + at, n - j, one));
      const normalised = f32x4.mul(f32x4.sub(loadBlock(p + at, n - j, c), c), f);
      d = f32x4.sub(f32x4.sub(d, average), f32x4.mul(normalised, slope));
      storeBlock(o + at, f32x4.mul(f, d), n - j);
    }
  }
}

/** sums[0…n) += d∘(x − c)·f */
function addNormalised(sums: usize, x: usize, d: usize, c: v128, f: v128, n: i32): void {
  for (; n >= 8; n -= 8, sums += 32, x += 32, d += 32) {
    const u = f32x4.mul(v128.load(d), f32x4.mul(f32x4.sub(v128.load(x), c), f));
    const v = f32x4.mul(v128.load(d, 16), f32x4.mul(f32x4.sub(v128.load(x, 16), c), f));
    const y = f32x4.add(v128.load(sums), u);
    const z = f32x4.add(v128.load(sums, 16), v);
    v128.store(sums, y);
    v128.store(sums, z, 16);
  }
  const zero = f32x4.splat(0);
  for (; n > 0; n -= 4, sums += 16, x += 16, d += 16) {
    const u = f32x4.mul(loadBlock(d, n, zero), f32x4.mul(f32x4.sub(loadBlock(x, n, zero), c), f));
    storeBlock(sums, f32x4.add(loadBlock(sums, n, zero), u), n);
  }
}

/** dGamma[c] = Σ dY∘x̂ and dBeta[c] = Σ dY over rows row0..row1 in order, for columns column0..column1; either may be 0. */
export function layerNormGradients(
  x: usize, ldX: i32, dY: usize, ldDY: i32, mean: usize, rstd: usize, dGamma: usize, dBeta: usize,
  row0: i32, row1: i32, column0: i32, column1: i32,
): void {
  const at = <usize>column0 << 2;
  const count = column1 - column0;
  if (dGamma != 0) zeroRow(dGamma + at, count);
  if (dBeta != 0) zeroRow(dBeta + at, count);
  for (let row = row0; row < row1; row++) {
    const d = rowAt(dY, row, ldDY) + at;
    if (dGamma != 0) {
      const c = v128.load32_splat(mean + (<usize>row << 2));
      const f = v128.load32_splat(rstd + (<usize>row << 2));
      addNormalised(dGamma + at, rowAt(x, row, ldX) + at, d, c, f, count);
    }
    if (dBeta != 0) addRow(dBeta + at, d, count);
  }
}
