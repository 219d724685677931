/** Products of two inputs, sample by sample, along any axis of either, and inputs brought to length 1 before. */
import { laneSum, loadBlock, storeBlock } from './elementwise/vector';

@inline
function floatAt(base: usize, i: i32, step: i32): usize {
  return base + (<usize>(<i64>i * <i64>step) << 2);
}

/**
 * C(i, j) = Σₖ A(i, k)·B(j, k) for one sample: element (i, k) of A is aRow·i + aStep·k floats from a, and so on. The sums run over k
 * in order, or where both have their k side by side, in four lanes.
 */
export function contract(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, c: usize, cRow: i32, cStep: i32,
  rows: i32, columns: i32, count: i32,
): void {
  const zero = f32x4.splat(0);
  if (aStep == 1 && bStep == 1) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let p = floatAt(a, i, aRow), q = floatAt(b, j, bRow);
        let sum = zero;
        for (let left = count; left > 0; left -= 4, p += 16, q += 16)
          sum = f32x4.add(sum, f32x4.mul(loadBlock(p, left, zero), loadBlock(q, left, zero)));
        store<f32>(floatAt(c, i, cRow) + (<usize>(<i64>j * cStep) << 2), laneSum(sum));
      }
    }
    return;
  }
  if (aRow == 1 && cRow == 1 && !(bRow == 1 && cStep == 1)) {
    contract(b, bRow, bStep, a, aRow, aStep, c, cStep, cRow, columns, rows, count);
    return;
  }
  if (bRow == 1 && cStep == 1) {
    for (let i = 0; i < rows; i++) {
      const from = floatAt(a, i, aRow);
      const to = floatAt(c, i, cRow);
      for (let j = 0; j < columns; j += 4) {
        let sum = zero;
        for (let k = 0; k < count; k++) {
          const factor = f32x4.splat(load<f32>(floatAt(from, k, aStep)));
          sum = f32x4.add(sum, f32x4.mul(factor, loadBlock(floatAt(b, k, bStep) + (<usize>j << 2), columns - j, zero)));
        }
        storeBlock(to + (<usize>j << 2), sum, columns - j);
      }
    }
    return;
  }
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const p = floatAt(a, i, aRow), q = floatAt(b, j, bRow);
      let sum: f32 = 0;
      for (let k = 0; k < count; k++) sum += load<f32>(floatAt(p, k, aStep)) * load<f32>(floatAt(q, k, bStep));
      store<f32>(floatAt(c, i, cRow) + (<usize>(<i64>j * cStep) << 2), sum);
    }
  }
}

/** Of one sample y(i, k) = x(i, k)/√max(Σₖ x², least), and these factors of x into factors[i], below 0 where the sum is too small. */
export function unitForward(
  x: usize, xRow: i32, xStep: i32, y: usize, yRow: i32, yStep: i32, factors: usize, least: f32, rows: i32, count: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const p = floatAt(x, i, xRow), o = floatAt(y, i, yRow);
    let sum: f32 = 0;
    for (let k = 0; k < count; k++) {
      const value = load<f32>(floatAt(p, k, xStep));
      sum += value * value;
    }
    const factor: f32 = 1 / sqrt<f32>(sum < least ? least : sum);
    for (let k = 0; k < count; k++) store<f32>(floatAt(o, k, yStep), factor * load<f32>(floatAt(p, k, xStep)));
    store<f32>(floatAt(factors, i, 1), sum < least ? -factor : factor);
  }
}

/** dx = factor·(dy − y·Σₖ y·dy), or where the sum was too small factor·dy; in place of dy. */
export function unitBackward(
  y: usize, yRow: i32, yStep: i32, dy: usize, dRow: i32, dStep: i32, factors: usize, rows: i32, count: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const p = floatAt(y, i, yRow), d = floatAt(dy, i, dRow);
    const factor = load<f32>(floatAt(factors, i, 1));
    let dot: f32 = 0;
    if (!(factor < 0))
      for (let k = 0; k < count; k++) dot += load<f32>(floatAt(p, k, yStep)) * load<f32>(floatAt(d, k, dStep));
    const size = abs<f32>(factor);
    for (let k = 0; k < count; k++) {
      const at = floatAt(d, k, dStep);
      store<f32>(at, size * (load<f32>(at) - dot * load<f32>(floatAt(p, k, yStep))));
    }
  }
}
