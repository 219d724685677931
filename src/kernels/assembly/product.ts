/**
 * Matrix products over panels. A matrix B (K,N) is kept as panels of 16 columns, each K rows of 16 floats one after the
 * other, so that a tile reads it straight through whatever N is.
 */
import * as tiles from './tiles';

/** Wide tiles for `rows` rows: near-equal ones, since those of few rows wait for their sums. */
// @ts-ignore: decorator
@inline
function wideTiles(rows: i32): i32 {
  return (rows + (tiles.MAX_ROWS - 1)) / tiles.MAX_ROWS;
}

/** One panel: C (m,16) = A (m,k)·B (k,16) + S, S as tiles take it. */
function panelProduct(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, s: usize, lds: usize): void {
  while (m > 0) {
    // As many of the largest tile as there are: the others are slower by a quarter, three rows in one by more.
    const rows = m == 3 ? 2 : min(m, tiles.MAX_ROWS);
    const t = s ? s + 32 : 0;
    if (rows == 6) {
      tiles.tile6x8(k, a, lda, b, c, ldc, s, lds);
      tiles.tile6x8(k, a, lda, b + 32, c + 32, ldc, t, lds);
    } else if (rows == 5) {
      tiles.tile5x8(k, a, lda, b, c, ldc, s, lds);
      tiles.tile5x8(k, a, lda, b + 32, c + 32, ldc, t, lds);
    } else if (rows == 4) {
      tiles.tile4x8(k, a, lda, b, c, ldc, s, lds);
      tiles.tile4x8(k, a, lda, b + 32, c + 32, ldc, t, lds);
    } else if (rows == 2) {
      tiles.tile2x16(k, a, lda, b, c, ldc, s, lds);
    } else {
      tiles.tile1x16(k, a, lda, b, c, ldc, s, lds);
    }
    a += <usize>rows * lda;
    c += <usize>rows * ldc;
    if (s) s += <usize>rows * lds;
    m -= rows;
  }
}

/** The same in 16-column tiles, for the revectorizer. */
function panelProductWide(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, s: usize, lds: usize): void {
  while (m > 0) {
    const all = wideTiles(m);
    const rows = (m + all - 1) / all;
    const count = rows > 3 ? m - (rows - 1) * all : 1;
    const done = rows * count;
    if (rows == 6) tiles.tile6x16(k, a, lda, b, c, ldc, s, lds, count);
    else if (rows == 5) tiles.tile5x16(k, a, lda, b, c, ldc, s, lds, count);
    else if (rows == 4) tiles.tile4x16(k, a, lda, b, c, ldc, s, lds, count);
    else if (rows == 3) tiles.tile3x16(k, a, lda, b, c, ldc, s, lds);
    else if (rows == 2) tiles.tile2x16(k, a, lda, b, c, ldc, s, lds);
    else tiles.tile1x16(k, a, lda, b, c, ldc, s, lds);
    a += <usize>done * lda;
    c += <usize>done * ldc;
    if (s) s += <usize>done * lds;
    m -= done;
  }
}

/**
 * C (m, 16·panels) (+)= A (m,k)·B (k, 16·panels). A's and C's rows are `lda` and `ldc` bytes apart; B's panels are `panel`
 * bytes apart, their columns in C `cPanel` bytes (64: side by side).
 */
export function product(
  panels: i32,
  m: i32,
  k: i32,
  a: usize,
  lda: usize,
  b: usize,
  panel: usize,
  c: usize,
  ldc: usize,
  cPanel: usize,
  add: bool,
  wide: bool,
): void {
  productPlus(panels, m, k, a, lda, b, panel, c, ldc, cPanel, add ? c : 0, ldc, cPanel, wide);
}

/** product() of one panel beside the other that adds rows at s, `lds` bytes apart (0: one row to all), of panels `sPanel` bytes apart; s = 0: none. */
export function productPlus(
  panels: i32, m: i32, k: i32, a: usize, lda: usize, b: usize, panel: usize, c: usize, ldc: usize, cPanel: usize,
  s: usize, lds: usize, sPanel: usize, wide: bool,
): void {
  if (s == 0) sPanel = 0;
  if (m == 1) {
    for (; panels > 1; panels -= 2) {
      tiles.tile1x32(k, a, b, panel, c, c + cPanel, s, s + sPanel);
      b += 2 * panel;
      c += 2 * cPanel;
      s += 2 * sPanel;
    }
  }
  for (; panels > 0; --panels) {
    if (wide) panelProductWide(m, k, a, lda, b, c, ldc, s, lds);
    else panelProduct(m, k, a, lda, b, c, ldc, s, lds);
    b += panel;
    c += cPanel;
    s += sPanel;
  }
}

/**
 * productPlus() by wide tiles with one row at s to all, for `runs` runs of m rows each, at least MAX_ROWS, that are `aRun` and `cRun` bytes
 * apart: tiles go over the ends of runs, so that all but the last have as many rows as there may be.
 */
export function productOfRuns(
  panels: i32,
  runs: i32,
  m: i32,
  k: i32,
  a: usize,
  lda: usize,
  aRun: usize,
  b: usize,
  panel: usize,
  c: usize,
  ldc: usize,
  cRun: usize,
  s: usize,
): void {
  const aGap = aRun - <usize>m * lda, cGap = cRun - <usize>m * ldc;
  for (; panels > 0; --panels) {
    let from = a, to = c, rest = m;
    let left = runs * m;
    while (left >= tiles.MAX_ROWS) {
      const rows = max(min(rest, left) / tiles.MAX_ROWS, 1) * tiles.MAX_ROWS;
      if (rest < tiles.MAX_ROWS) tiles.tileOverGap(k, from, lda, b, to, ldc, s, rest, aGap, cGap);
      else panelProductWide(rows, k, from, lda, b, to, ldc, s, 0);
      from += <usize>rows * lda;
      to += <usize>rows * ldc;
      left -= rows;
      rest -= rows;
      if (rest <= 0) {
        rest += m;
        from += aGap;
        to += cGap;
      }
    }
    panelProductWide(left, k, from, lda, b, to, ldc, s, 0);
    b += panel;
    c += 64;
    if (s) s += panel;
  }
}

/** One panel: C (m,16) (+)= Aᵀ·B for A (k,m), B (k,16). */
function panelOuter(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  while (m > 0) {
    const rows = min(m, tiles.MAX_ROWS);
    const s = add ? c : 0, t = add ? c + 32 : 0;
    if (rows == 6) {
      tiles.outer6x8(k, a, lda, b, c, ldc, s, ldc);
      tiles.outer6x8(k, a, lda, b + 32, c + 32, ldc, t, ldc);
    } else if (rows == 5) {
      tiles.outer5x8(k, a, lda, b, c, ldc, s, ldc);
      tiles.outer5x8(k, a, lda, b + 32, c + 32, ldc, t, ldc);
    } else if (rows == 4) {
      tiles.outer4x8(k, a, lda, b, c, ldc, s, ldc);
      tiles.outer4x8(k, a, lda, b + 32, c + 32, ldc, t, ldc);
    } else if (rows == 3) {
      tiles.outer3x8(k, a, lda, b, c, ldc, s, ldc);
      tiles.outer3x8(k, a, lda, b + 32, c + 32, ldc, t, ldc);
    } else if (rows == 2) {
      tiles.outer2x16(k, a, lda, b, c, ldc, s, ldc);
    } else {
      tiles.outer1x16(k, a, lda, b, c, ldc, s, ldc);
    }
    a += <usize>rows << 2;
    c += <usize>rows * ldc;
    m -= rows;
  }
}

function panelOuterWide(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  while (m > 0) {
    const all = wideTiles(m);
    const rows = (m + all - 1) / all;
    const count = rows > 3 ? m - (rows - 1) * all : 1;
    const done = rows * count;
    const s = add ? c : 0;
    if (rows == 6) tiles.outer6x16(k, a, lda, b, c, ldc, s, ldc, count);
    else if (rows == 5) tiles.outer5x16(k, a, lda, b, c, ldc, s, ldc, count);
    else if (rows == 4) tiles.outer4x16(k, a, lda, b, c, ldc, s, ldc, count);
    else if (rows == 3) tiles.outer3x16(k, a, lda, b, c, ldc, s, ldc);
    else if (rows == 2) tiles.outer2x16(k, a, lda, b, c, ldc, s, ldc);
    else tiles.outer1x16(k, a, lda, b, c, ldc, s, ldc);
    a += <usize>done << 2;
    c += <usize>done * ldc;
    m -= done;
  }
}

/** Rows that one pass over k takes: a panel of 256 rows is 16 kB and stays in L1 while the tiles of C go by. */
const BLOCK_ROWS: i32 = 256;

/**
 * C (m, 16·panels) (+)= Aᵀ·B for A (k,m), B (k, 16·panels): the gradient of weights from inputs and output gradients. A's
 * rows are `lda` bytes apart, B's panels `panel` bytes; C is in panels of m rows, `cPanel` bytes apart.
 */
export function outerProduct(
  panels: i32,
  m: i32,
  k: i32,
  a: usize,
  lda: usize,
  b: usize,
  panel: usize,
  c: usize,
  cPanel: usize,
  add: bool,
  wide: bool,
): void {
  while (k > 0) {
    const rows = min(k, BLOCK_ROWS);
    let from = b;
    let to = c;
    for (let i = 0; i < panels; ++i) {
      if (wide) panelOuterWide(m, rows, a, lda, from, to, 64, add);
      else panelOuter(m, rows, a, lda, from, to, 64, add);
      from += panel;
      to += cPanel;
    }
    add = true;
    a += <usize>rows * lda;
    b += <usize>rows << 6;
    k -= rows;
  }
}
