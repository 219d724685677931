/**
 * Sums in an order that depends on the sizes alone, so that threads cannot change a bit. A panel block is k rows by 16
 * columns for each panel, panel p at p·k·16 floats; partial results are one float64 for each panel, and sumDoubles adds them.
 */
import { loadBlock, rowAt, storeBlock } from './vector';

@inline
function panelAt(block: usize, k: i32, panel: i32, row: i32): usize {
  return block + ((<usize>panel * <usize>k + <usize>row) << 6);
}

@inline
function pairSum(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Both halves of four floats as float64. */
@inline
function lowHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

@inline
function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
}

/** partials[p] = Σ x² over rows row0..row1 of panel p, in float64. */
export function sumSquares(
  block: usize, k: i32, row0: i32, row1: i32, partials: usize, panel0: i32, panel1: i32,
): void {
  for (let panel = panel0; panel < panel1; panel++) {
    let p = panelAt(block, k, panel, row0);
    const end = panelAt(block, k, panel, row1);
    let a = f64x2.splat(0), b = a;
    for (; p < end; p += 16) {
      const x = v128.load(p);
      const low = lowHalf(x), high = highHalf(x);
      a = f64x2.add(a, f64x2.mul(low, low));
      b = f64x2.add(b, f64x2.mul(high, high));
    }
    store<f64>(partials + (<usize>panel << 3), pairSum(f64x2.add(a, b)));
  }
}

/**
 * The L1/L2 regulariser of rows row0..row1: partials[p] = Σ l1·|w| + l2·w² over panel p, in float64, and (gradients ≠ 0)
 * g ← g + l1·sign(w) + 2·l2·w.
 */
export function regularize(
  weights: usize, gradients: usize, k: i32, row0: i32, row1: i32, l1: f32, l2: f32, partials: usize,
  panel0: i32, panel1: i32,
): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0), sign = f32x4.splat(-0.0);
  const a1 = f32x4.splat(l1), a2 = f32x4.splat(2 * l2);
  for (let panel = panel0; panel < panel1; panel++) {
    const start = panelAt(weights, k, panel, row0);
    const length = panelAt(weights, k, panel, row1) - start;
    const g = panelAt(gradients, k, panel, row0);
    let absolute = f64x2.splat(0), square = absolute;
    for (let at: usize = 0; at < length; at += 16) {
      const w = v128.load(start + at);
      const low = lowHalf(w), high = highHalf(w);
      absolute = f64x2.add(absolute, f64x2.add(f64x2.abs(low), f64x2.abs(high)));
      square = f64x2.add(square, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
      if (gradients != 0) {
        const direction = v128.and(v128.or(one, v128.and(w, sign)), f32x4.ne(w, zero));
        const d = f32x4.add(f32x4.mul(a1, direction), f32x4.mul(a2, w));
        v128.store(g + at, f32x4.add(v128.load(g + at), d));
      }
    }
    store<f64>(partials + (<usize>panel << 3), <f64>l1 * pairSum(absolute) + <f64>l2 * pairSum(square));
  }
}

/** x ← factor·x over rows row0..row1 of panels panel0..panel1: clipping one variable of a block by its norm. */
export function scalePanels(
  block: usize, k: i32, row0: i32, row1: i32, factor: f32, panel0: i32, panel1: i32,
): void {
  const f = f32x4.splat(factor);
  for (let panel = panel0; panel < panel1; panel++) {
    let p = panelAt(block, k, panel, row0);
    const end = panelAt(block, k, panel, row1);
    for (; p < end; p += 16) v128.store(p, f32x4.mul(v128.load(p), f));
  }
}

/** Σ of n floats, in float64. */
export function sumFloats(p: usize, n: i32): f64 {
  let a = f64x2.splat(0), b = a;
  const zero = f32x4.splat(0);
  for (let left = n; left > 0; left -= 4, p += 16) {
    const x = loadBlock(p, left, zero);
    a = f64x2.add(a, lowHalf(x));
    b = f64x2.add(b, highHalf(x));
  }
  return pairSum(f64x2.add(a, b));
}

/** Σ of n float64. */
export function sumDoubles(p: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) sum += load<f64>(p + (<usize>i << 3));
  return sum;
}

/** sums[c] = Σ over rows row0..row1 of src[row][c] for columns column0..column1; `accumulate` adds to what is there. */
export function columnSums(
  src: usize, ld: i32, row0: i32, row1: i32, sums: usize, accumulate: i32, column0: i32, column1: i32,
): void {
  const zero = f32x4.splat(0);
  let column = column0;
  for (; column + 16 <= column1; column += 16) {
    let p = rowAt(src, row0, ld) + (<usize>column << 2);
    let a = zero, b = zero, c = zero, d = zero;
    for (let row = row0; row < row1; row++, p += <usize>ld << 2) {
      a = f32x4.add(a, v128.load(p));
      b = f32x4.add(b, v128.load(p, 16));
      c = f32x4.add(c, v128.load(p, 32));
      d = f32x4.add(d, v128.load(p, 48));
    }
    const o = sums + (<usize>column << 2);
    if (accumulate) {
      a = f32x4.add(v128.load(o), a);
      b = f32x4.add(v128.load(o, 16), b);
      c = f32x4.add(v128.load(o, 32), c);
      d = f32x4.add(v128.load(o, 48), d);
    }
    v128.store(o, a);
    v128.store(o, b, 16);
    v128.store(o, c, 32);
    v128.store(o, d, 48);
  }
  for (; column < column1; column += 4) {
    const count = column1 - column;
    let p = rowAt(src, row0, ld) + (<usize>column << 2);
    let a = zero;
    for (let row = row0; row < row1; row++, p += <usize>ld << 2) a = f32x4.add(a, loadBlock(p, count, zero));
    const o = sums + (<usize>column << 2);
    if (accumulate) a = f32x4.add(loadBlock(o, count, zero), a);
    storeBlock(o, a, count);
  }
}

/** 1 if none of n floats, a multiple of 4, is infinite or NaN: then x − x is 0 for all. */
export function areFinite(values: usize, n: i32): i32 {
  let any = f32x4.splat(0);
  const end = values + ((<usize>n) << 2);
  for (; values < end; values += 16) {
    const x = v128.load(values);
    any = v128.or(any, f32x4.sub(x, x));
  }
  return v128.any_true(any) ? 0 : 1;
}
