/**
 * Pooling over time. Sequences are time-major rows t·batch + b of n floats; results are one row for each batch entry;
 * mask is one float (1 or 0) for each row, or 0 for none. Batch entries batch0..batch1.
 */
import { loadBlock, rowAt, storeBlock } from './vector';

@inline
function counts(mask: usize, row: i32): bool {
  return mask == 0 || load<f32>(mask + (<usize>row << 2)) != 0;
}

function countedSteps(mask: usize, steps: i32, batch: i32, b: i32): i32 {
  let count = 0;
  for (let t = 0; t < steps; t++) if (counts(mask, t * batch + b)) count++;
  return count;
}

/** dst = the mean over the steps that count; 0 where none does. */
export function averagePoolForward(
  src: usize, ldSrc: i32, mask: usize, dst: usize, ldDst: i32, n: i32, steps: i32, batch: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; b++) {
    const count = countedSteps(mask, steps, batch, b);
    const total = f32x4.splat(count > 0 ? <f32>count : 1);
    for (let j = 0; j < n; j += 4) {
      let sum = f32x4.splat(0);
      for (let t = 0; t < steps; t++) {
        const row = t * batch + b;
        if (counts(mask, row)) sum = f32x4.add(sum, loadBlock(rowAt(src, row, ldSrc) + (<usize>j << 2), n - j, sum));
      }
      storeBlock(rowAt(dst, b, ldDst) + (<usize>j << 2), f32x4.div(sum, total), n - j);
    }
  }
}

/** dX = dY/count at the steps that count, 0 elsewhere. */
export function averagePoolBackward(
  dY: usize, ldDY: i32, mask: usize, dX: usize, ldDX: i32, n: i32, steps: i32, batch: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; b++) {
    const count = countedSteps(mask, steps, batch, b);
    const total = f32x4.splat(count > 0 ? <f32>count : 1);
    for (let t = 0; t < steps; t++) {
      const row = t * batch + b;
      const o = rowAt(dX, row, ldDX);
      if (!counts(mask, row)) {
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

/** dst = the largest over the steps that count; 0 where none does. */
export function maxPoolForward(
  src: usize, ldSrc: i32, mask: usize, dst: usize, ldDst: i32, n: i32, steps: i32, batch: i32, batch0: i32, batch1: i32,
): void {
  for (let b = batch0; b < batch1; b++) {
    const none = countedSteps(mask, steps, batch, b) == 0;
    for (let j = 0; j < n; j += 4) {
      let largest = f32x4.splat(none ? 0 : -f32.MAX_VALUE * 2);
      for (let t = 0; t < steps; t++) {
        const row = t * batch + b;
        if (!counts(mask, row)) continue;
        largest = f32x4.max(largest, loadBlock(rowAt(src, row, ldSrc) + (<usize>j << 2), n - j, largest));
      }
      storeBlock(rowAt(dst, b, ldDst) + (<usize>j << 2), largest, n - j);
    }
  }
}

/** dX = dY shared evenly among the steps that reach the maximum, 0 elsewhere; x and y are the forward's input and output. */
export function maxPoolBackward(
  x: usize, ldX: i32, y: usize, ldY: i32, mask: usize, dY: usize, ldDY: i32, dX: usize, ldDX: i32,
  n: i32, steps: i32, batch: i32, batch0: i32, batch1: i32,
): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let b = batch0; b < batch1; b++) {
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const largest = loadBlock(rowAt(y, b, ldY) + at, n - j, zero);
      let ties = zero;
      for (let t = 0; t < steps; t++) {
        const row = t * batch + b;
        if (!counts(mask, row)) continue;
        const hit = f32x4.eq(loadBlock(rowAt(x, row, ldX) + at, n - j, zero), largest);
        ties = f32x4.add(ties, v128.and(one, hit));
      }
      const share = f32x4.div(loadBlock(rowAt(dY, b, ldDY) + at, n - j, zero), ties);
      for (let t = 0; t < steps; t++) {
        const row = t * batch + b;
        const hit = f32x4.eq(loadBlock(rowAt(x, row, ldX) + at, n - j, zero), largest);
        storeBlock(rowAt(dX, row, ldDX) + at, counts(mask, row) ? v128.and(share, hit) : zero, n - j);
      }
    }
  }
}
