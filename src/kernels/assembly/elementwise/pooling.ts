/**
 * Pooling over time. Sequences are as in sequences.ts; results are one row for each batch entry; a mask is a sequence of one
 * float (1 or 0), or 0 for none. Batch entries batch0..batch1.
 */
import { loadBlock, rowAt, stepAt, storeBlock } from './vector';

@inline
function counts(mask: usize, t: i32, maskStep: i32, b: i32, maskBatch: i32): bool {
  return mask == 0 || load<f32>(stepAt(mask, t, maskStep, b, maskBatch)) != 0;
}

function countedSteps(mask: usize, steps: i32, maskStep: i32, b: i32, maskBatch: i32): i32 {
  let count = 0;
  for (let t = 0; t < steps; t++) if (counts(mask, t, maskStep, b, maskBatch)) count++;
  return count;
}

/** dst = the mean over the steps that count; 0 where none does. */
export function averagePoolForward(
  src: usize, srcStep: i32, srcBatch: i32, mask: usize, maskStep: i32, maskBatch: i32, dst: usize, ldDst: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; b++) {
    const count = countedSteps(mask, steps, maskStep, b, maskBatch);
    const total = f32x4.splat(count > 0 ? <f32>count : 1);
    for (let j = 0; j < n; j += 4) {
      let sum = f32x4.splat(0);
      for (let t = 0; t < steps; t++) {
        if (!counts(mask, t, maskStep, b, maskBatch)) continue;
        sum = f32x4.add(sum, loadBlock(stepAt(src, t, srcStep, b, srcBatch) + (<usize>j << 2), n - j, sum));
      }
      storeBlock(rowAt(dst, b, ldDst) + (<usize>j << 2), f32x4.div(sum, total), n - j);
    }
  }
}

/** dX = dY/count at the steps that count, 0 elsewhere. */
export function averagePoolBackward(
  dY: usize, ldDY: i32, mask: usize, maskStep: i32, maskBatch: i32, dX: usize, dXStep: i32, dXBatch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; b++) {
    const count = countedSteps(mask, steps, maskStep, b, maskBatch);
    const total = f32x4.splat(count > 0 ? <f32>count : 1);
    for (let t = 0; t < steps; t++) {
      const o = stepAt(dX, t, dXStep, b, dXBatch);
      if (!counts(mask, t, maskStep, b, maskBatch)) {
        memory.fill(o, 0, <usize>n << 2);
        continue;
      }
      for (let j = 0; j < n; j += 4) {
        const g = loadBlock(rowAt(dY, b, ldDY) + (<usize>j << 2), n - j, total);
        storeBlock(o + (<usize>j << 2), f32x4.div(g, total), n - j);
      }
    }
  }
}

/** dst = the largest over all steps. */
export function maxPoolForward(
  src: usize, srcStep: i32, srcBatch: i32, dst: usize, ldDst: i32, n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; b++) {
    for (let j = 0; j < n; j += 4) {
      let largest = f32x4.splat(-f32.MAX_VALUE * 2);
      for (let t = 0; t < steps; t++) {
        largest = f32x4.max(largest, loadBlock(stepAt(src, t, srcStep, b, srcBatch) + (<usize>j << 2), n - j, largest));
      }
      storeBlock(rowAt(dst, b, ldDst) + (<usize>j << 2), largest, n - j);
    }
  }
}

/** dX = dY shared evenly among the steps that reach the maximum, 0 elsewhere; x and y are the forward's input and output. */
export function maxPoolBackward(
  x: usize, xStep: i32, xBatch: i32, y: usize, ldY: i32, dY: usize, ldDY: i32, dX: usize, dXStep: i32, dXBatch: i32,
  n: i32, steps: i32, batch0: i32, batch1: i32,
): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let b = batch0; b < batch1; b++) {
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const largest = loadBlock(rowAt(y, b, ldY) + at, n - j, zero);
      let ties = zero;
      for (let t = 0; t < steps; t++) {
        const hit = f32x4.eq(loadBlock(stepAt(x, t, xStep, b, xBatch) + at, n - j, zero), largest);
        ties = f32x4.add(ties, v128.and(one, hit));
      }
      const share = f32x4.div(loadBlock(rowAt(dY, b, ldDY) + at, n - j, zero), ties);
      for (let t = 0; t < steps; t++) {
        const hit = f32x4.eq(loadBlock(stepAt(x, t, xStep, b, xBatch) + at, n - j, zero), largest);
        storeBlock(stepAt(dX, t, dXStep, b, dXBatch) + at, v128.and(share, hit), n - j);
      }
    }
  }
}
