/**
 * Keras's LSTM weights to panels and back. Rows k of the panels are h (U), x (I), then the bias; columns are the gates of 8
 * units at a time, i8 f8 c8 o8, so two panels of 16 hold a group of 8 units; units beyond U are zeros.
 */

/** 4-byte words of one row of all gates: `from` (4U) to row k of the panels, `panel` bytes apart. from = 0 stands for zeros. */
function packRow(from: usize, units: i32, to: usize, panel: usize): void {
  const gate = <usize>units << 2;
  for (; units >= 8; units -= 8) {
    for (let half = 0; half < 2; ++half) {
      for (let side = 0; side < 2; ++side) {
        const source = from + gate * <usize>(2 * half + side);
        const target = to + ((<usize>side) << 5);
        v128.store(target, v128.load(source));
        v128.store(target, v128.load(source, 16), 16);
      }
      to += panel;
    }
    from += 32;
  }
  if (units > 0) {
    for (let half = 0; half < 2; ++half) {
      for (let side = 0; side < 2; ++side) {
        const source = from + gate * <usize>(2 * half + side);
        const target = to + ((<usize>side) << 5);
        for (let u = 0; u < 8; ++u) {
          store<f32>(target + ((<usize>u) << 2), u < units ? load<f32>(source + ((<usize>u) << 2)) : 0);
        }
      }
      to += panel;
    }
  }
}

function zeroPackedRow(panels: i32, to: usize, panel: usize): void {
  for (; panels > 0; --panels) {
    for (let i: usize = 0; i < 64; i += 16) v128.store(to + i, f32x4.splat(0));
    to += panel;
  }
}

function unpackRow(from: usize, panel: usize, units: i32, to: usize): void {
  const gate = <usize>units << 2;
  for (; units > 0; units -= 8) {
    const valid = min(units, 8);
    for (let half = 0; half < 2; ++half) {
      for (let side = 0; side < 2; ++side) {
        const source = from + ((<usize>side) << 5);
        const target = to + gate * <usize>(2 * half + side);
        if (valid == 8) {
          v128.store(target, v128.load(source));
          v128.store(target, v128.load(source, 16), 16);
        } else {
          for (let u = 0; u < valid; ++u) store<f32>(target + ((<usize>u) << 2), load<f32>(source + ((<usize>u) << 2)));
        }
      }
      from += panel;
    }
    to += 32;
  }
}

/** (U,4U), (I,4U), (4U)|0 → panels [4·paddedUnits/16][U+I+1][16] */
export function lstmPack(recurrent: usize, kernel: usize, bias: usize, units: i32, inputs: i32, packed: usize): void {
  const panel = <usize>(units + inputs + 1) << 6;
  const row = <usize>units << 4;
  for (let k = 0; k < units; ++k) {
    packRow(recurrent, units, packed, panel);
    recurrent += row;
    packed += 64;
  }
  for (let k = 0; k < inputs; ++k) {
    packRow(kernel, units, packed, panel);
    kernel += row;
    packed += 64;
  }
  if (bias) packRow(bias, units, packed, panel);
  else zeroPackedRow(2 * ((units + 7) >> 3), packed, panel);
}

/** Panels (of gradients) → (U,4U), (I,4U), (4U)|0 */
export function lstmUnpack(packed: usize, units: i32, inputs: i32, recurrent: usize, kernel: usize, bias: usize): void {
  const panel = <usize>(units + inputs + 1) << 6;
  const row = <usize>units << 4;
  for (let k = 0; k < units; ++k) {
    unpackRow(packed, panel, units, recurrent);
    recurrent += row;
    packed += 64;
  }
  for (let k = 0; k < inputs; ++k) {
    unpackRow(packed, panel, units, kernel);
    kernel += row;
    packed += 64;
  }
  if (bias) unpackRow(packed, panel, units, bias);
}

/** Transposes 4 rows × 4 columns; both sides have rows of 64 bytes. */
function transpose4(from: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 64);
  const c = v128.load(from, 128);
  const d = v128.load(from, 192);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 64);
  v128.store(to, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 128);
  v128.store(to, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 192);
}

/** 16 columns of a panel, `rows` ≤ 16 of its rows → 16 rows of a panel of the transposed matrix, zeros beyond `rows`. */
function transposeBlock(from: usize, rows: i32, to: usize): void {
  let k = 0;
  for (; k + 4 <= rows; k += 4) {
    for (let column: usize = 0; column < 4; ++column) transpose4(from + (column << 4), to + (column << 8));
    from += 256;
    to += 16;
  }
  for (; k < 16; ++k) {
    for (let column: usize = 0; column < 16; ++column) {
      store<f32>(to + (column << 6), k < rows ? load<f32>(from + (column << 2)) : 0);
    }
    from += 64;
    to += 4;
  }
}

/** One panel of K rows → its 16 rows in each of the panels of the transposed matrix, `toPanel` bytes apart. */
export function transposePanel(from: usize, rows: i32, to: usize, toPanel: usize): void {
  for (let k = 0; k < rows; k += 16) {
    const count = min(rows - k, 16);
    transposeBlock(from, count, to);
    from += (<usize>count) << 6;
    to += toPanel;
  }
}

/**
 * Panels of K rows → panels [ceil(K/16)][columns][16] of the transposed matrix.
 * @param panels of the source; columns = 16·panels
 */
export function transposePanels(from: usize, panels: i32, rows: i32, to: usize): void {
  const toPanel = <usize>panels << 10;
  for (let panel = 0; panel < panels; ++panel) {
    transposePanel(from, rows, to + ((<usize>panel) << 10), toPanel);
    from += (<usize>rows) << 6;
  }
}

/** lstmPack's panels → panels of the transposed weights, for dZ = dG·Wᵀ */
export function lstmPackTransposed(packed: usize, units: i32, inputs: i32, transposed: usize): void {
  transposePanels(packed, 2 * ((units + 7) >> 3), units + inputs + 1, transposed);
}
