/** Rows of floats as panels of 16 columns: what products over the engine's rows are made of. */
import { productOfRuns, productPlus } from './product';
import { copyRow, zeroRow } from './rows';
import { MAX_ROWS } from './tiles';

/** Rows that one pass over the panels takes, so that they stay in cache while the panels go by. */
const BLOCK_ROWS: i32 = 120;

/** y rows (m, 16·panels) = x rows (m, k) · B + bias; `bias` is a row of B's panels, 0 for none. */
export function multiplyRows(
  panels: i32, m: i32, k: i32, x: usize, xRow: usize, b: usize, panel: usize, bias: usize, y: usize, yRow: usize, wide: bool,
): void {
  while (m > 0) {
    const rows = min(m, BLOCK_ROWS);
    productPlus(panels, rows, k, x, xRow, b, panel, y, yRow, 64, bias, 0, panel, wide);
    x += <usize>rows * xRow;
    y += <usize>rows * yRow;
    m -= rows;
  }
}

/** Runs of as many rows have few beyond whole tiles. */
const LONG_RUN: i32 = 48;

/** multiplyRows() for runs of m rows, `xRun` and `yRun` bytes apart. */
export function multiplyRuns(
  panels: i32, runs: i32, m: i32, k: i32, x: usize, xRow: usize, xRun: usize, b: usize, panel: usize, bias: usize,
  y: usize, yRow: usize, yRun: usize, wide: bool,
): void {
  // As many at once that no tile is left over: whole multiples of a tile's rows. Where tiles are narrow, those over a gap spill.
  const most = wide && m >= MAX_ROWS && m < LONG_RUN ? max(BLOCK_ROWS / (m * MAX_ROWS), 1) * MAX_ROWS : 1;
  while (runs > 0) {
    const count = min(runs, most);
    if (count == 1) multiplyRows(panels, m, k, x, xRow, b, panel, bias, y, yRow, wide);
    else productOfRuns(panels, count, m, k, x, xRow, xRun, b, panel, y, yRow, yRun, bias);
    x += <usize>count * xRun;
    y += <usize>count * yRun;
    runs -= count;
  }
}

/** m whole rows → one panel of 16 columns. */
function packWhole(m: i32, from: usize, fromRow: usize, to: usize): void {
  const end = to + ((<usize>m) << 6);
  while (to < end) {
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    from += fromRow;
    to += 64;
  }
}

/** Rows of n floats → one panel of 16 columns, zeros beyond n. */
export function packPanel(m: i32, n: i32, from: usize, fromRow: usize, to: usize): void {
  if (n == 16) {
    packWhole(m, from, fromRow, to);
    return;
  }
  for (; m > 0; --m) {
    zeroRow(to, 16);
    copyRow(to, from, n);
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
