/**
 * Matrix products over panels. A matrix B (K,N) is kept as panels of 16 columns, each K rows of 16 floats one after the
 * other, so that a tile reads it straight through whatever N is.
 */
import * as tiles from './tiles';

/** Rows of the next wide tile when `left` rows are to do: near-equal tiles, since those of few rows wait for their sums. */
// @ts-ignore: decorator
@inline
function nextWideRows(left: i32): i32 {
  const count = (left + (tiles.MAX_ROWS - 1)) / tiles.MAX_ROWS;
  return (left + count - 1) / count;
}

/** One panel: C (m,16) (+)= A (m,k)·B (k,16). */
function panelProduct(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  while (m > 0) {
    // As many of the largest tile as there are: the others are slower by a quarter, three rows in one by more.
    const rows = m == 3 ? 2 : min(m, tiles.MAX_ROWS);
    if (rows == 6) {
      tiles.tile6x8(k, a, lda, b, c, ldc, add);
      tiles.tile6x8(k, a, lda, b + 32, c + 32, ldc, add);
    } else if (rows == 5) {
      tiles.tile5x8(k, a, lda, b, c, ldc, add);
      tiles.tile5x8(k, a, lda, b + 32, c + 32, ldc, add);
    } else if (rows == 4) {
      tiles.tile4x8(k, a, lda, b, c, ldc, add);
      tiles.tile4x8(k, a, lda, b + 32, c + 32, ldc, add);
    } else if (rows == 2) {
      tiles.tile2x16(k, a, lda, b, c, ldc, add);
    } else {
      tiles.tile1x16(k, a, lda, b, c, ldc, add);
    }
    a += <usize>rows * lda;
    c += <usize>rows * ldc;
    m -= rows;
  }
}

/** The same in 16-column tiles, for the revectorizer. */
function panelProductWide(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  while (m > 0) {
    const rows = nextWideRows(m);
    if (rows == 6) tiles.tile6x16(k, a, lda, b, c, ldc, add);
    else if (rows == 5) tiles.tile5x16(k, a, lda, b, c, ldc, add);
    else if (rows == 4) tiles.tile4x16(k, a, lda, b, c, ldc, add);
    else if (rows == 3) tiles.tile3x16(k, a, lda, b, c, ldc, add);
    else if (rows == 2) tiles.tile2x16(k, a, lda, b, c, ldc, add);
    else tiles.tile1x16(k, a, lda, b, c, ldc, add);
    a += <usize>rows * lda;
    c += <usize>rows * ldc;
    m -= rows;
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
  if (m == 1) {
    for (; panels > 1; panels -= 2) {
      tiles.tile1x32(k, a, b, panel, c, c + cPanel, add);
      b += 2 * panel;
      c += 2 * cPanel;
    }
  }
  for (; panels > 0; --panels) {
    if (wide) panelProductWide(m, k, a, lda, b, c, ldc, add);
    else panelProduct(m, k, a, lda, b, c, ldc, add);
    b += panel;
    c += cPanel;
  }
}

/**
 * product() by wide tiles, for `runs` runs of m rows each, at least MAX_ROWS, that are `aRun` and `cRun` bytes apart: tiles go over the ends of runs,
 * so that all but the last have as many rows as there may be.
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
  add: bool,
): void {
  const aGap = aRun - <usize>m * lda, cGap = cRun - <usize>m * ldc;
  for (; panels > 0; --panels) {
    let from = a, to = c, rest = m;
    let left = runs * m;
    for (; left >= tiles.MAX_ROWS; left -= tiles.MAX_ROWS) {
      if (rest < tiles.MAX_ROWS) tiles.tileOverGap(k, from, lda, b, to, ldc, add, rest, aGap, cGap);
      else panelProductWide(tiles.MAX_ROWS, k, from, lda, b, to, ldc, add);
      from += <usize>tiles.MAX_ROWS * lda;
      to += <usize>tiles.MAX_ROWS * ldc;
      rest -= tiles.MAX_ROWS;
      if (rest <= 0) {
        rest += m;
        from += aGap;
        to += cGap;
      }
    }
    panelProductWide(left, k, from, lda, b, to, ldc, add);
    b += panel;
    c += 64;
  }
}

/** One panel: C (m,16) (+)= Aᵀ·B for A (k,m), B (k,16). */
function panelOuter(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  while (m > 0) {
    const rows = min(m, tiles.MAX_ROWS);
    if (rows == 6) {
      tiles.outer6x8(k, a, lda, b, c, ldc, add);
      tiles.outer6x8(k, a, lda, b + 32, c + 32, ldc, add);
    } else if (rows == 5) {
      tiles.outer5x8(k, a, lda, b, c, ldc, add);
      tiles.outer5x8(k, a, lda, b + 32, c + 32, ldc, add);
    } else if (rows == 4) {
      tiles.outer4x8(k, a, lda, b, c, ldc, add);
      tiles.outer4x8(k, a, lda, b + 32, c + 32, ldc, add);
    } else if (rows == 3) {
      tiles.outer3x8(k, a, lda, b, c, ldc, add);
      tiles.outer3x8(k, a, lda, b + 32, c + 32, ldc, add);
    } else if (rows == 2) {
      tiles.outer2x16(k, a, lda, b, c, ldc, add);
    } else {
      tiles.outer1x16(k, a, lda, b, c, ldc, add);
    }
    a += <usize>rows << 2;
    c += <usize>rows * ldc;
    m -= rows;
  }
}

function panelOuterWide(m: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  while (m > 0) {
    const rows = nextWideRows(m);
    if (rows == 6) tiles.outer6x16(k, a, lda, b, c, ldc, add);
    else if (rows == 5) tiles.outer5x16(k, a, lda, b, c, ldc, add);
    else if (rows == 4) tiles.outer4x16(k, a, lda, b, c, ldc, add);
    else if (rows == 3) tiles.outer3x16(k, a, lda, b, c, ldc, add);
    else if (rows == 2) tiles.outer2x16(k, a, lda, b, c, ldc, add);
    else tiles.outer1x16(k, a, lda, b, c, ldc, add);
    a += <usize>rows << 2;
    c += <usize>rows * ldc;
    m -= rows;
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
