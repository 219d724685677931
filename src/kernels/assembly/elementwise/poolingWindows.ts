/**
 * Pooling of windows over the steps of a sequence: window w reads steps w·stride − before, … of which there are `size`, those
 * outside the sequence left out. Element j of step t, batch entry b is at t·step + b·row + j floats. Batch entries
 * batch0..batch1.
 */
import { loadBlock, storeBlock } from './vector';

@inline
function at(base: usize, t: i32, step: i32, b: i32, row: i32, j: i32): usize {
  return base + (<usize>t * <usize>step + <usize>b * <usize>row + <usize>j << 2);
}

/** y = the mean over the steps of each window. */
export function averageWindowsForward(
  x: usize, xStep: i32, xRow: i32, steps: i32, size: i32, stride: i32, before: i32,
  y: usize, yStep: i32, yRow: i32, windows: i32, n: i32, batch0: i32, batch1: i32,
): void {
  for (let w = 0; w < windows; w++) {
    const first = max(w * stride - before, 0);
    const end = min(w * stride - before + size, steps);
    const count = f32x4.splat(<f32>(end - first));
    for (let b = batch0; b < batch1; b++) {
      for (let j = 0; j < n; j += 4) {
        let sum = f32x4.splat(0);
        for (let t = first; t < end; t++) sum = f32x4.add(sum, loadBlock(at(x, t, xStep, b, xRow, j), n - j, sum));
        storeBlock(at(y, w, yStep, b, yRow, j), f32x4.div(sum, count), n - j);
      }
    }
  }
}

/** y = the largest of the steps of each window. */
export function maxWindowsForward(
  x: usize, xStep: i32, xRow: i32, steps: i32, size: i32, stride: i32, before: i32,
  y: usize, yStep: i32, yRow: i32, windows: i32, n: i32, batch0: i32, batch1: i32,
): void {
  for (let w = 0; w < windows; w++) {
    const first = max(w * stride - before, 0);
    const end = min(w * stride - before + size, steps);
    for (let b = batch0; b < batch1; b++) {
      for (let j = 0; j < n; j += 4) {
        let largest = f32x4.splat(-f32.MAX_VALUE * 2);
        for (let t = first; t < end; t++) {
          largest = f32x4.max(largest, loadBlock(at(x, t, xStep, b, xRow, j), n - j, largest));
        }
        storeBlock(at(y, w, yStep, b, yRow, j), largest, n - j);
      }
    }
  }
}

/** dX: 0 everywhere. */
function clear(dX: usize, dxStep: i32, dxRow: i32, steps: i32, n: i32, batch0: i32, batch1: i32): void {
  for (let t = 0; t < steps; t++) {
    for (let b = batch0; b < batch1; b++) memory.fill(at(dX, t, dxStep, b, dxRow, 0), 0, <usize>n << 2);
  }
}

/** dX: each window's dY shared evenly among its steps. */
export function averageWindowsBackward(
  dY: usize, dyStep: i32, dyRow: i32, windows: i32, size: i32, stride: i32, before: i32,
  dX: usize, dxStep: i32, dxRow: i32, steps: i32, n: i32, batch0: i32, batch1: i32,
): void {
  clear(dX, dxStep, dxRow, steps, n, batch0, batch1);
  for (let w = 0; w < windows; w++) {
    const first = max(w * stride - before, 0);
    const end = min(w * stride - before + size, steps);
    const count = f32x4.splat(<f32>(end - first));
    for (let b = batch0; b < batch1; b++) {
      for (let j = 0; j < n; j += 4) {
        const share = f32x4.div(loadBlock(at(dY, w, dyStep, b, dyRow, j), n - j, count), count);
        for (let t = first; t < end; t++) {
          const o = at(dX, t, dxStep, b, dxRow, j);
          storeBlock(o, f32x4.add(loadBlock(o, n - j, share), share), n - j);
        }
      }
    }
  }
}

/** dX: each window's dY to the first of its steps that is the largest; x is the forward's input. */
export function maxWindowsBackward(
  x: usize, xStep: i32, xRow: i32, dY: usize, dyStep: i32, dyRow: i32, windows: i32, size: i32, stride: i32, before: i32,
  dX: usize, dxStep: i32, dxRow: i32, steps: i32, n: i32, batch0: i32, batch1: i32,
): void {
  clear(dX, dxStep, dxRow, steps, n, batch0, batch1);
  const zero = f32x4.splat(0);
  for (let w = 0; w < windows; w++) {
    const first = max(w * stride - before, 0);
    const end = min(w * stride - before + size, steps);
    for (let b = batch0; b < batch1; b++) {
      for (let j = 0; j < n; j += 4) {
        let largest = loadBlock(at(x, first, xStep, b, xRow, j), n - j, zero);
        let where = i32x4.splat(first);
        for (let t = first + 1; t < end; t++) {
          const value = loadBlock(at(x, t, xStep, b, xRow, j), n - j, zero);
          const more = f32x4.gt(value, largest);
          largest = v128.bitselect(value, largest, more);
          where = v128.bitselect(i32x4.splat(t), where, more);
        }
        const g = loadBlock(at(dY, w, dyStep, b, dyRow, j), n - j, zero);
        for (let t = first; t < end; t++) {
          const o = at(dX, t, dxStep, b, dxRow, j);
          const own = v128.and(g, i32x4.eq(where, i32x4.splat(t)));
          storeBlock(o, f32x4.add(loadBlock(o, n - j, zero), own), n - j);
        }
      }
    }
  }
}
