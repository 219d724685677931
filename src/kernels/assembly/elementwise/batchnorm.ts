/**
 * Batch normalisation: y = gamma∘(x − mean)/√(variance + epsilon) + beta for each feature, mean and variance over all rows that
 * count (mask: one float, 1 or 0, for each row; 0: all do). Sums over rows are taken in float64, in the order of the rows, so
 * that no result depends on how features are split over threads. gamma and beta may be 0 for none. Features column0..column1.
 */
import { loadBlock, rowAt, storeBlock } from './vector';

@inline
function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

@inline
function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
}

@inline
function joined(a: v128, b: v128): v128 {
  return i8x16.shuffle(
    f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23,
  );
}

@inline
function counts(mask: usize, row: i32): bool {
  return mask == 0 || load<f32>(mask + (<usize>row << 2)) != 0;
}

/** mean and variance (the mean of squared distances from it), of `count` rows that count. */
export function batchNormStatistics(
  x: usize, ldX: i32, mask: usize, count: f64, mean: usize, variance: usize, rows: i32, column0: i32, column1: i32,
): void {
  const zero = f32x4.splat(0), n = f64x2.splat(max<f64>(count, 1));
  for (let j = column0; j < column1; j += 4) {
    const at = <usize>j << 2;
    let a = f64x2.splat(0), b = a;
    for (let row = 0; row < rows; row++) {
      if (!counts(mask, row)) continue;
      const v = loadBlock(rowAt(x, row, ldX) + at, column1 - j, zero);
      a = f64x2.add(a, low(v));
      b = f64x2.add(b, high(v));
    }
    a = f64x2.div(a, n);
    b = f64x2.div(b, n);
    storeBlock(mean + at, joined(a, b), column1 - j);
    let c = f64x2.splat(0), d = c;
    for (let row = 0; row < rows; row++) {
      if (!counts(mask, row)) continue;
      const v = loadBlock(rowAt(x, row, ldX) + at, column1 - j, zero);
      const p = f64x2.sub(low(v), a), q = f64x2.sub(high(v), b);
      c = f64x2.add(c, f64x2.mul(p, p));
      d = f64x2.add(d, f64x2.mul(q, q));
    }
    storeBlock(variance + at, joined(f64x2.div(c, n), f64x2.div(d, n)), column1 - j);
  }
}

@inline
function rate(variance: usize, epsilon: f32, count: i32): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.sqrt(f32x4.add(loadBlock(variance, count, one), f32x4.splat(epsilon))));
}

/** Rows row0..row1 of all n features. */
export function batchNormForward(
  x: usize, ldX: i32, y: usize, ldY: i32, gamma: usize, beta: usize, mean: usize, variance: usize, epsilon: f32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2;
    const m = loadBlock(mean + at, n - j, zero);
    let scale = rate(variance + at, epsilon, n - j);
    if (gamma != 0) scale = f32x4.mul(scale, loadBlock(gamma + at, n - j, zero));
    const shift = beta != 0 ? loadBlock(beta + at, n - j, zero) : zero;
    for (let row = row0; row < row1; row++) {
      const v = f32x4.sub(loadBlock(rowAt(x, row, ldX) + at, n - j, zero), m);
      storeBlock(rowAt(y, row, ldY) + at, f32x4.add(f32x4.mul(v, scale), shift), n - j);
    }
  }
}

/** dGamma = Σ dY∘(x − mean)/√(variance + epsilon) and dBeta = Σ dY over all rows, whether they count or not. */
export function batchNormSums(
  x: usize, ldX: i32, dY: usize, ldDY: i32, mean: usize, variance: usize, epsilon: f32,
  dGamma: usize, dBeta: usize, rows: i32, column0: i32, column1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let j = column0; j < column1; j += 4) {
    const at = <usize>j << 2;
    const m = loadBlock(mean + at, column1 - j, zero);
    const r = rate(variance + at, epsilon, column1 - j);
    let a = f64x2.splat(0), b = a, c = a, d = a;
    for (let row = 0; row < rows; row++) {
      const g = loadBlock(rowAt(dY, row, ldDY) + at, column1 - j, zero);
      const v = f32x4.mul(f32x4.mul(f32x4.sub(loadBlock(rowAt(x, row, ldX) + at, column1 - j, zero), m), r), g);
      a = f64x2.add(a, low(v));
      b = f64x2.add(b, high(v));
      c = f64x2.add(c, low(g));
      d = f64x2.add(d, high(g));
    }
    storeBlock(dGamma + at, joined(a, b), column1 - j);
    storeBlock(dBeta + at, joined(c, d), column1 - j);
  }
}

/**
 * dX = gamma/√(variance + epsilon)∘(dY − (sums of dY + x̂∘sums of dY∘x̂)/count at rows that count), x̂ the normalised x. ofX and ofOne
 * are those sums, 0 where mean and variance do not hang on x.
 */
export function batchNormBackward(
  x: usize, ldX: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, gamma: usize, mean: usize, variance: usize, epsilon: f32,
  mask: usize, ofX: usize, ofOne: usize, count: f32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), total = f32x4.splat(max<f32>(count, 1));
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2;
    const m = loadBlock(mean + at, n - j, zero);
    const r = rate(variance + at, epsilon, n - j);
    const scale = gamma != 0 ? f32x4.mul(r, loadBlock(gamma + at, n - j, zero)) : r;
    const a = ofX != 0 ? f32x4.div(loadBlock(ofX + at, n - j, zero), total) : zero;
    const b = ofOne != 0 ? f32x4.div(loadBlock(ofOne + at, n - j, zero), total) : zero;
    for (let row = row0; row < row1; row++) {
      let g = loadBlock(rowAt(dY, row, ldDY) + at, n - j, zero);
      if (ofX != 0 && counts(mask, row)) {
        const v = f32x4.mul(f32x4.sub(loadBlock(rowAt(x, row, ldX) + at, n - j, zero), m), r);
        g = f32x4.sub(f32x4.sub(g, b), f32x4.mul(v, a));
      }
      storeBlock(rowAt(dX, row, ldDX) + at, f32x4.mul(g, scale), n - j);
    }
  }
}

/** average ← momentum·average + (1 − momentum)·value for elements from..to. */
export function followAverage(average: usize, value: usize, momentum: f64, from: i32, to: i32): void {
  for (let i = from; i < to; i++) {
    const at = <usize>i << 2;
    const next = <f64>load<f32>(average + at) * momentum + <f64>load<f32>(value + at) * (1 - momentum);
    store<f32>(average + at, <f32>next);
  }
}
