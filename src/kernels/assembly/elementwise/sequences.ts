/**
 * Rows of sequences moved, summed, masked and merged. A sequence is given by its address and two strides in floats:
 * element j of step t, batch entry b is at t·step + b·batch + j. Strides may be 0 (repeat) or negative (backwards in time,
 * from the address of the last step). Batch entries batch0..batch1 of every step.
 */
import { MergeId } from '../../mergeIds';
import { addRow, copyRow } from '../rows';
import { loadBlock, rowAt, stepAt, storeBlock } from './vector';

/** dst ← src: between batch-major and time-major, repeating, reversing, flattening, one part of a concatenation. */
export function copySequence(
  src: usize, srcStep: i32, srcBatch: i32, dst: usize, dstStep: i32, dstBatch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let t = 0; t < steps; t++) {
    for (let b = batch0; b < batch1; b++) copyRow(stepAt(dst, t, dstStep, b, dstBatch), stepAt(src, t, srcStep, b, srcBatch), n);
  }
}

/** dst ← dst + src. */
export function addSequence(
  src: usize, srcStep: i32, srcBatch: i32, dst: usize, dstStep: i32, dstBatch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let t = 0; t < steps; t++) {
    for (let b = batch0; b < batch1; b++) addRow(stepAt(dst, t, dstStep, b, dstBatch), stepAt(src, t, srcStep, b, srcBatch), n);
  }
}

/** dst row b ← Σ over t of src, in the order of t: RepeatVector backward. */
export function sumSteps(
  src: usize, srcStep: i32, srcBatch: i32, dst: usize, dstBatch: i32, n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; b++) {
    for (let j = 0; j < n; j += 4) {
      let sum = f32x4.splat(0);
      for (let t = 0; t < steps; t++) {
        sum = f32x4.add(sum, loadBlock(stepAt(src, t, srcStep, b, srcBatch) + (<usize>j << 2), n - j, sum));
      }
      storeBlock(stepAt(dst, 0, 0, b, dstBatch) + (<usize>j << 2), sum, n - j);
    }
  }
}

/** Masking: mask[row] = 1 where any of the row's n floats differs from `value`, else 0; dst row ← src row·mask (dst 0: not written). */
export function maskingForward(
  src: usize, ldSrc: i32, value: f32, dst: usize, ldDst: i32, mask: usize, n: i32, row0: i32, row1: i32,
): void {
  const v = f32x4.splat(value);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(src, row, ldSrc);
    let differs = f32x4.splat(0);
    for (let j = 0; j < n; j += 4) {
      differs = v128.or(differs, f32x4.ne(loadBlock(p + (<usize>j << 2), n - j, v), v));
    }
    store<f32>(mask + (<usize>row << 2), v128.any_true(differs) ? 1 : 0);
  }
  if (dst != 0) maskRows(src, ldSrc, dst, ldDst, mask, n, row0, row1);
}

/** dst row ← src row where mask[row] ≠ 0, 0 elsewhere; dst may be src. Masking backward, and the masked outputs of layers. */
export function maskRows(
  src: usize, ldSrc: i32, dst: usize, ldDst: i32, mask: usize, n: i32, row0: i32, row1: i32,
): void {
  for (let row = row0; row < row1; row++) {
    const o = rowAt(dst, row, ldDst);
    if (load<f32>(mask + (<usize>row << 2)) == 0) memory.fill(o, 0, <usize>n << 2);
    else if (src != dst) memory.copy(o, rowAt(src, row, ldSrc), <usize>n << 2);
  }
}

/** `mode` is a constant where this is inlined. */
@inline
function merged(mode: MergeId, a: v128, b: v128): v128 {
  if (mode == MergeId.mul) return f32x4.mul(a, b);
  if (mode == MergeId.subtract) return f32x4.sub(a, b);
  if (mode == MergeId.maximum) return f32x4.max(a, b);
  if (mode == MergeId.minimum) return f32x4.min(a, b);
  const sum = f32x4.add(a, b);
  return mode == MergeId.ave ? f32x4.mul(sum, f32x4.splat(0.5)) : sum;
}

@inline
function mergeRow(mode: MergeId, a: usize, b: usize, y: usize, n: i32): void {
  for (; n >= 8; n -= 8, a += 32, b += 32, y += 32) {
    const u = merged(mode, v128.load(a), v128.load(b));
    const v = merged(mode, v128.load(a, 16), v128.load(b, 16));
    v128.store(y, u);
    v128.store(y, v, 16);
  }
  const zero = f32x4.splat(0);
  for (; n > 0; n -= 4, a += 16, b += 16, y += 16) {
    storeBlock(y, merged(mode, loadBlock(a, n, zero), loadBlock(b, n, zero)), n);
  }
}

/** y = a + b, a∘b, (a + b)/2, a − b, or the larger or smaller of the two; concatenation is copySequence, twice. y may be a or b. */
export function mergeForward(
  mode: i32, a: usize, aStep: i32, aBatch: i32, b: usize, bStep: i32, bBatch: i32, y: usize, yStep: i32, yBatch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  if (mode == MergeId.maximum || mode == MergeId.minimum) {
    selectForward(mode, a, aStep, aBatch, b, bStep, bBatch, y, yStep, yBatch, n, steps, batch0, batch1);
    return;
  }
  for (let t = 0; t < steps; t++) {
    for (let entry = batch0; entry < batch1; entry++) {
      const p = stepAt(a, t, aStep, entry, aBatch);
      const q = stepAt(b, t, bStep, entry, bBatch);
      const o = stepAt(y, t, yStep, entry, yBatch);
      if (mode == MergeId.mul) mergeRow(MergeId.mul, p, q, o, n);
      else if (mode == MergeId.subtract) mergeRow(MergeId.subtract, p, q, o, n);
      else if (mode == MergeId.ave) mergeRow(MergeId.ave, p, q, o, n);
      else mergeRow(MergeId.sum, p, q, o, n);
    }
  }
}

/** mergeForward's largest or smallest: by themselves, since the revectorizer leaves a function alone that has f32x4.max or min. */
export function selectForward(
  mode: i32, a: usize, aStep: i32, aBatch: i32, b: usize, bStep: i32, bBatch: i32, y: usize, yStep: i32, yBatch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let t = 0; t < steps; t++) {
    for (let entry = batch0; entry < batch1; entry++) {
      const p = stepAt(a, t, aStep, entry, aBatch);
      const q = stepAt(b, t, bStep, entry, bBatch);
      const o = stepAt(y, t, yStep, entry, yBatch);
      if (mode == MergeId.maximum) mergeRow(MergeId.maximum, p, q, o, n);
      else mergeRow(MergeId.minimum, p, q, o, n);
    }
  }
}

/** The gradient of one side: dX = dY, dY∘other or dY/2, `other` being the other side's output (read for mul only). */
export function mergeBackward(
  mode: i32, other: usize, otherStep: i32, otherBatch: i32, dY: usize, yStep: i32, yBatch: i32,
  dX: usize, xStep: i32, xBatch: i32, n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  const zero = f32x4.splat(0), half = f32x4.splat(0.5);
  for (let t = 0; t < steps; t++) {
    for (let entry = batch0; entry < batch1; entry++) {
      const p = stepAt(other, t, otherStep, entry, otherBatch);
      const q = stepAt(dY, t, yStep, entry, yBatch);
      const o = stepAt(dX, t, xStep, entry, xBatch);
      for (let j = 0; j < n; j += 4) {
        const offset = <usize>j << 2;
        let d = loadBlock(q + offset, n - j, zero);
        if (mode == MergeId.mul) d = f32x4.mul(d, loadBlock(p + offset, n - j, zero));
        if (mode == MergeId.ave) d = f32x4.mul(d, half);
        storeBlock(o + offset, d, n - j);
      }
    }
  }
}

/**
 * The gradient of one input of a largest or smallest: moves what is left of dY to dX (0: nowhere) where x is what y has become,
 * and leaves the rest for the inputs after it. y, left and dX have the same strides.
 */
export function selectBackward(
  x: usize, xStep: i32, xBatch: i32, y: usize, left: usize, dX: usize, step: i32, batch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let t = 0; t < steps; t++) {
    for (let entry = batch0; entry < batch1; entry++) {
      const p = stepAt(x, t, xStep, entry, xBatch);
      const offset0 = stepAt(0, t, step, entry, batch);
      for (let j = 0; j < n; j += 4) {
        const offset = offset0 + (<usize>j << 2);
        const selected = f32x4.eq(loadBlock(p + (<usize>j << 2), n - j, zero), loadBlock(y + offset, n - j, zero));
        const d = loadBlock(left + offset, n - j, zero);
        if (dX != 0) storeBlock(dX + offset, v128.and(d, selected), n - j);
        storeBlock(left + offset, v128.andnot(d, selected), n - j);
      }
    }
  }
}
