/** Rows of floats as panels of 16 columns: what products over the engine's rows are made of. */
import { product } from './product';
import { copyRow, zeroRow } from './rows';

/** Rows that one pass over the panels takes, so that they stay in cache while the panels go by. */
const BLOCK_ROWS: i32 = 240;

/** y rows (m, 16·panels) = x rows (m, k) · B + bias; `bias` is a row of B's panels, 0 for none. */
export function multiplyRows(
  panels: i32, m: i32, k: i32, x: usize, xRow: usize, b: usize, panel: usize, bias: usize, y: usize, yRow: usize, wide: bool,
): void {
  while (m > 0) {
    const rows = min(m, BLOCK_ROWS);
    if (bias) {
      let to = y;
      for (let row = 0; row < rows; ++row) {
        let from = bias;
        for (let i = 0; i < panels; ++i) {
          copyRow(to + ((<usize>i) << 6), from, 16);
          from += panel;
        }
        to += yRow;
      }
    }
    product(panels, rows, k, x, xRow, b, panel, y, yRow, 64, bias != 0, wide);
    x += <usize>rows * xRow;
    y += <usize>rows * yRow;
    m -= rows;
  }
}

/** Rows of n floats → one panel of 16 columns, zeros beyond n. */
export function packPanel(m: i32, n: i32, from: usize, fromRow: usize, to: usize): void {
  for (; m > 0; --m) {
    if (n == 16) {
      copyRow(to, from, 16);
    } else {
      zeroRow(to, 16);
      copyRow(to, from, n);
    }
    from += fromRow;
    to += 64;
  }
}

/** sums (16) (+)= Σ over the m rows of a panel */
export function panelSums(m: i32, panel: usize, sums: usize, add: bool): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end = panel + ((<usize>m) << 6);
  for (; panel < end; panel += 64) {
    a = f32x4.add(a, v128.load(panel));
    b = f32x4.add(b, v128.load(panel, 16));
    c = f32x4.add(c, v128.load(panel, 32));
    d = f32x4.add(d, v128.load(panel, 48));
  }
  if (add) {
    a = f32x4.add(a, v128.load(sums));
    b = f32x4.add(b, v128.load(sums, 16));
    c = f32x4.add(c, v128.load(sums, 32));
    d = f32x4.add(d, v128.load(sums, 48));
  }
  v128.store(sums, a);
  v128.store(sums, b, 16);
  v128.store(sums, c, 32);
  v128.store(sums, d, 48);
}
