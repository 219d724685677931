/**
 * Embedding: rows of a table [vocabulary][ldTable] by int32 index. Indices, of one element, and activations are sequences as in
 * sequences.ts.
 */
import { loadBlock, rowAt, stepAt, storeBlock } from './vector';

/**
 * dst ← table[index], for batch entries batch0..batch1 of every step; `mask` ≠ 0, a sequence too: mask = index ≠ 0. Where the index is
 * outside 0..vocabulary−1, dst becomes 0.
 * @returns 0, or 1 + the place in `indices` of the first one outside
 */
export function embeddingForward(
  table: usize, ldTable: i32, vocabulary: i32, indices: usize, stepStride: i32, batchStride: i32,
  dst: usize, dstStep: i32, dstBatch: i32, mask: usize, maskStep: i32, maskBatch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): i32 {
  let outside = 0;
  for (let t = 0; t < steps; t++) {
    for (let b = batch0; b < batch1; b++) {
      const index = load<i32>(stepAt(indices, t, stepStride, b, batchStride));
      const o = stepAt(dst, t, dstStep, b, dstBatch);
      if (mask != 0) store<f32>(stepAt(mask, t, maskStep, b, maskBatch), index != 0 ? 1 : 0);
      if (<u32>index >= <u32>vocabulary) {
        if (outside == 0) outside = 1 + t * stepStride + b * batchStride;
        memory.fill(o, 0, <usize>n << 2);
        continue;
      }
      const p = rowAt(table, index, ldTable);
      for (let j = 0; j < n; j += 4) {
        const at = <usize>j << 2;
        storeBlock(o + at, loadBlock(p + at, n - j, f32x4.splat(0)), n - j);
      }
    }
  }
  return outside;
}

/**
 * dTable[index] ← dTable[index] + dY row, for columns column0..column1, over all steps and their batch entries in their
 * order. `squares` ≠ 0, laid out as dTable: squares[index] ← squares[index] + dY², use by use, which is what Keras's optimizers
 * take for the squared gradient of a table. Each use is first kept within ±limit (∞: as it is), as Keras's clipvalue does.
 * The caller zeroes both first; indices outside are passed over.
 */
export function embeddingBackward(
  dY: usize, dYStep: i32, dYBatch: i32, indices: usize, stepStride: i32, batchStride: i32, dTable: usize, squares: usize,
  ldTable: i32, vocabulary: i32, limit: f32, steps: i32, batch: i32, column0: i32, column1: i32,
): void {
  const zero = f32x4.splat(0);
  const most = f32x4.splat(limit), least = f32x4.splat(-limit);
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      const index = load<i32>(stepAt(indices, t, stepStride, b, batchStride));
      if (<u32>index >= <u32>vocabulary) continue;
      const p = stepAt(dY, t, dYStep, b, dYBatch);
      const o = rowAt(dTable, index, ldTable);
      for (let j = column0; j < column1; j += 4) {
        const at = <usize>j << 2;
        const left = column1 - j;
        const d = f32x4.pmin(f32x4.pmax(loadBlock(p + at, left, zero), least), most);
        storeBlock(o + at, f32x4.add(loadBlock(o + at, left, zero), d), left);
        if (squares == 0) continue;
        const q = rowAt(squares, index, ldTable) + at;
        storeBlock(q, f32x4.add(loadBlock(q, left, zero), f32x4.mul(d, d)), left);
      }
    }
  }
}
