/**
 * Products over the engine's rows: element (t, b, j) of a sequence lies at t·step + b·row + j floats. Weights are panels of
 * blockRows rows, `blockRows`·16 floats each.
 */
import { transposePanel } from './lstmPack';
import { multiplyRows, multiplyRuns, packPanel, panelSums } from './panelRows';
import { outerProduct } from './product';
import { zeroRow } from './rows';
import { madd } from './tiles';

/**
 * y = x·B + bias for batch entries batch0..batch1 of every step: x (…, k), B (k, 16·panels), y rows of 16·panels floats.
 * `bias` is the address of a row in B's first panel, 0 for none.
 */
export function rowsProduct(
  panels: i32, k: i32, x: usize, xStep: i32, xRow: i32, b: usize, blockRows: i32, bias: usize,
  y: usize, yStep: i32, yRow: i32, steps: i32, batch: i32, batch0: i32, batch1: i32, wide: i32,
): void {
  const panel = (<usize>blockRows) << 6;
  const xLine = (<usize>xRow) << 2;
  const yLine = (<usize>yRow) << 2;
  x += <usize>batch0 * xLine;
  y += <usize>batch0 * yLine;
  if (steps > 1 && xRow == steps * xStep && yRow == steps * yStep) {
    // Batch-major.
    multiplyRows(
      panels, steps * (batch1 - batch0), k, x, (<usize>xStep) << 2, b, panel, bias, y, (<usize>yStep) << 2, wide != 0,
    );
    return;
  }
  const together = steps == 1 || (xStep == batch * xRow && yStep == batch * yRow);
  if (together && batch0 == 0 && batch1 == batch) {
    multiplyRows(panels, steps * batch, k, x, xLine, b, panel, bias, y, yLine, wide != 0);
    return;
  }
  multiplyRuns(
    panels, steps, batch1 - batch0, k, x, xLine, (<usize>xStep) << 2, b, panel, bias, y, yLine, (<usize>yStep) << 2, wide != 0,
  );
}

/** One row: dW (k,16) = xᵀ·dy for x (k), dy (n ≤ 16), zeros beyond n. */
function outerRow(k: i32, n: i32, x: usize, dy: usize, to: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  if (n == 16) {
    a = v128.load(dy);
    b = v128.load(dy, 16);
    c = v128.load(dy, 32);
    d = v128.load(dy, 48);
  } else {
    packPanel(1, n, dy, 0, to);
    a = v128.load(to);
    b = v128.load(to, 16);
    c = v128.load(to, 32);
    d = v128.load(to, 48);
  }
  const end = to + ((<usize>k) << 6);
  for (; to < end; to += 64) {
    const value = v128.load32_splat(x);
    v128.store(to, f32x4.mul(value, a));
    v128.store(to, f32x4.mul(value, b), 16);
    v128.store(to, f32x4.mul(value, c), 32);
    v128.store(to, f32x4.mul(value, d), 48);
    x += 4;
  }
}

/**
 * dW = xᵀ·dy for panels panel0..panel1 of a dense layer's weights, rows in order: x rows (rows, k), dy rows (rows, n), dW in
 * panels of blockRows rows; with `bias`, row k gets Σ dy. `scratch` has room for a panel of 256 rows for each panel, of which this uses
 * panel0's for all, so that it stays in cache.
 */
export function denseGradients(
  x: usize, xRow: i32, k: i32, dy: usize, dyRow: i32, n: i32, rows: i32, dw: usize, blockRows: i32, bias: i32,
  scratch: usize, panel0: i32, panel1: i32, wide: i32,
): void {
  const xLine = (<usize>xRow) << 2;
  const dyLine = (<usize>dyRow) << 2;
  const panel = (<usize>blockRows) << 6;
  if (rows == 1) {
    for (let p = panel0; p < panel1; ++p) {
      const to = dw + <usize>p * panel;
      const from = dy + ((<usize>p) << 6);
      const width = min(n - 16 * p, 16);
      outerRow(k, width, x, from, to);
      if (bias) packPanel(1, width, from, 0, to + ((<usize>k) << 6));
    }
    return;
  }
  const gathered = scratch + ((<usize>panel0) << 14);
  let add = false;
  while (rows > 0) {
    const count = min(rows, 256);
    for (let p = panel0; p < panel1; ++p) {
      const to = dw + <usize>p * panel;
      packPanel(count, min(n - 16 * p, 16), dy + ((<usize>p) << 6), dyLine, gathered);
      outerProduct(1, k, count, x, xLine, gathered, 0, to, 0, add, wide != 0);
      if (bias) panelSums(count, gathered, to + ((<usize>k) << 6), add);
    }
    add = true;
    x += <usize>count * xLine;
    dy += <usize>count * dyLine;
    rows -= count;
  }
}

/** dx (k) = W·dy for one row, W in panels of blockRows rows: no transposed copy needed. */
export function rowTimesTransposed(k: i32, dy: usize, n: i32, w: usize, blockRows: i32, dx: usize): void {
  const panel = (<usize>blockRows) << 6;
  for (let first = true; n > 0; n -= 16) {
    let a = f32x4.splat(0), b = a, c = a, d = a;
    if (n >= 16) {
      a = v128.load(dy);
      b = v128.load(dy, 16);
      c = v128.load(dy, 32);
      d = v128.load(dy, 48);
    } else {
      // The last few columns; what lies beyond n is not taken.
      a = part(dy, n);
      b = part(dy + 16, n - 4);
      c = part(dy + 32, n - 8);
      d = part(dy + 48, n - 12);
    }
    let row = w;
    for (let i = 0; i < k; ++i) {
      let sum = f32x4.mul(a, v128.load(row));
      sum = madd(b, v128.load(row, 16), sum);
      sum = madd(c, v128.load(row, 32), sum);
      sum = madd(d, v128.load(row, 48), sum);
      const to = dx + ((<usize>i) << 2);
      const value = (f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 2)) +
        (f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 3));
      store<f32>(to, first ? value : load<f32>(to) + value);
      row += 64;
    }
    first = false;
    dy += 64;
    w += panel;
  }
}

function part(p: usize, count: i32): v128 {
  if (count >= 4) return v128.load(p);
  let v = f32x4.splat(0);
  if (count > 0) v = v128.load_lane<f32>(p, v, 0);
  if (count > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (count > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

/** to[i] = a[i]·b[i] for elements from..until */
export function multiplyFloats(a: usize, b: usize, to: usize, from: i32, until: i32): void {
  for (let i = from; i < until; ++i) {
    const at = (<usize>i) << 2;
    store<f32>(to + at, load<f32>(a + at) * load<f32>(b + at));
  }
}

/** Panels panel0..panel1 of transposePanels (whose `to` is whole). */
export function transposeSomePanels(from: usize, panels: i32, rows: i32, to: usize, panel0: i32, panel1: i32): void {
  for (let panel = panel0; panel < panel1; ++panel) {
    transposePanel(from + ((<usize>panel * <usize>rows) << 6), rows, to + ((<usize>panel) << 10), (<usize>panels) << 10);
  }
}

/** Columns column0..column1 of `rows` rows, `ld` floats apart, become 0. */
export function zeroRows(base: usize, ld: i32, rows: i32, column0: i32, column1: i32): void {
  let p = base + ((<usize>column0) << 2);
  for (; rows > 0; --rows) {
    zeroRow(p, column1 - column0);
    p += (<usize>ld) << 2;
  }
}

/** partials[p] = Σ x over rows row0..row1 of panel p, in float64: norms.ts' sumSquares for what is squared already. */
export function sumPanels(
  block: usize, k: i32, row0: i32, row1: i32, partials: usize, panel0: i32, panel1: i32,
): void {
  for (let panel = panel0; panel < panel1; ++panel) {
    let p = block + ((<usize>panel * <usize>k + <usize>row0) << 6);
    const end = block + ((<usize>panel * <usize>k + <usize>row1) << 6);
    let a = f64x2.splat(0), b = a;
    for (; p < end; p += 16) {
      const x = v128.load(p);
      a = f64x2.add(a, f64x2.promote_low_f32x4(x));
      b = f64x2.add(b, f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3)));
    }
    const sum = f64x2.add(a, b);
    store<f64>(partials + ((<usize>panel) << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}
