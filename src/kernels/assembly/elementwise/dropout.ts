/**
 * Inverted dropout with the random numbers of random.ts: element i is kept where uniformAt(key, i) ≥ rate and then times
 * 1/(1 − rate). `threshold` is ⌈rate·2²⁴⌉, `scale` is 1/(1 − rate). The index of an element does not depend on how rows are split.
 */
import { loadBlock, rowAt, stepAt, storeBlock } from './vector';

@inline
function mix(x: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(<i32>0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** scale or 0 for the elements index..index+3. */
@inline
function maskAt(index: i32, key: v128, shift: v128, threshold: v128, scale: v128): v128 {
  const indices = i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3));
  const bits = mix(i32x4.add(mix(v128.xor(indices, key)), shift));
  return v128.and(scale, i32x4.ge_s(i32x4.shr_u(bits, 8), threshold));
}

/**
 * dst = src∘mask for batch entries batch0..batch1 of every step, forward and backward alike; dst may be src. Both are sequences as in
 * sequences.ts. Element j of step t, entry b has index t·stepIndex + b·batchIndex + j: (n, steps·n) counts as a batch-major array does.
 */
export function dropout(
  src: usize, srcStep: i32, srcBatch: i32, dst: usize, dstStep: i32, dstBatch: i32, key: i32, threshold: i32, scale: f32,
  stepIndex: i32, batchIndex: i32, n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  const k = i32x4.splat(key), shift = i32x4.splat(key * <i32>0x9e3779b9);
  const limit = i32x4.splat(threshold), s = f32x4.splat(scale), zero = f32x4.splat(0);
  for (let t = 0; t < steps; t++) {
    for (let b = batch0; b < batch1; b++) {
      const p = stepAt(src, t, srcStep, b, srcBatch);
      const o = stepAt(dst, t, dstStep, b, dstBatch);
      const index = t * stepIndex + b * batchIndex;
      for (let j = 0; j < n; j += 4) {
        const at = <usize>j << 2;
        const x = loadBlock(p + at, n - j, zero);
        storeBlock(o + at, f32x4.mul(x, maskAt(index + j, k, shift, limit, s)), n - j);
      }
    }
  }
}

/** The mask itself, rows row0..row1 of n: a recurrent layer's on its input (B,I) or its state (B,U). Index: row·n + j. */
export function dropoutMask(
  dst: usize, ld: i32, key: i32, threshold: i32, scale: f32, n: i32, row0: i32, row1: i32,
): void {
  const k = i32x4.splat(key), shift = i32x4.splat(key * <i32>0x9e3779b9);
  const limit = i32x4.splat(threshold), s = f32x4.splat(scale);
  for (let row = row0; row < row1; row++) {
    const o = rowAt(dst, row, ld);
    for (let j = 0; j < n; j += 4) {
      storeBlock(o + (<usize>j << 2), maskAt(row * n + j, k, shift, limit, s), n - j);
    }
  }
}

/** p[0…n) ← p∘mask, p's elements being number index… of what is dropped. */
export function dropRow(p: usize, n: i32, index: i32, key: i32, threshold: i32, scale: f32): void {
  const k = i32x4.splat(key), shift = i32x4.splat(key * <i32>0x9e3779b9);
  const limit = i32x4.splat(threshold), s = f32x4.splat(scale), zero = f32x4.splat(0);
  for (let j = 0; j < n; j += 4, p += 16) {
    storeBlock(p, f32x4.mul(loadBlock(p, n - j, zero), maskAt(index + j, k, shift, limit, s)), n - j);
  }
}
