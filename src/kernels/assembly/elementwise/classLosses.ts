/** Further losses of classes: divergence and margins. The arguments are those of regressionLosses.ts. */
import { log4 } from './exp';
import { setLoss, weightOf } from './rowLosses';
import { keepLanes, laneMax, laneSum, loadBlock, rowAt, storeBlock } from './vector';

/** loss = Σ y·log(y/p), both kept in [1e-7, 1]. */
export function divergenceLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), least = f32x4.splat(1e-7), one = f32x4.splat(1);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale);
    const w = f32x4.splat(-weight);
    const g = gradient == 0 ? 0 : rowAt(gradient, row, ldGradient);
    let sum = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const count = n - j;
      const x = loadBlock(p + at, count, one);
      const target = f32x4.pmin(f32x4.pmax(loadBlock(y + at, count, one), least), one);
      const q = f32x4.pmin(f32x4.pmax(x, least), one);
      sum = f32x4.add(sum, keepLanes(f32x4.mul(target, log4(f32x4.div(target, q))), count));
      const open = v128.and(f32x4.ge(x, least), f32x4.le(x, one));
      if (g != 0) storeBlock(g + at, v128.and(f32x4.mul(w, f32x4.div(target, q)), open), count);
    }
    setLoss(losses, row, weight * laneSum(sum));
  }
}

/** Whether all of these floats are 0 or 1. */
export function areBinary(p: usize, count: i32): i32 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  for (let j = 0; j < count; j += 4, p += 16) {
    const x = loadBlock(p, count - j, zero);
    if (!v128.all_true<i32>(v128.or(f32x4.eq(x, zero), f32x4.eq(x, one)))) return 0;
  }
  return 1;
}

/** loss = mean max(1 − y′·p, 0), y′ = y, or 2·y − 1 where `binary` is 1. */
export function hingeLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, binary: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), b = f32x4.splat(binary);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale) / <f32>n;
    const w = f32x4.splat(-weight);
    const g = gradient == 0 ? 0 : rowAt(gradient, row, ldGradient);
    let sum = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const count = n - j;
      const given = loadBlock(y + at, count, zero);
      const sign = f32x4.add(given, f32x4.mul(b, f32x4.sub(given, one)));
      const margin = f32x4.sub(one, f32x4.mul(sign, loadBlock(p + at, count, zero)));
      sum = f32x4.add(sum, keepLanes(f32x4.pmax(margin, zero), count));
      if (g != 0) storeBlock(g + at, v128.and(f32x4.mul(w, sign), f32x4.gt(margin, zero)), count);
    }
    setLoss(losses, row, weight * laneSum(sum));
  }
}

/** loss = max(max (1 − y)∘p − Σ y∘p + 1, 0); each of equal largest has the whole slope. */
export function categoricalHingeLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), none = f32x4.splat(f32.NEGATIVE_INFINITY);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale);
    let own = zero, largest = none;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const target = loadBlock(y + at, n - j, zero);
      // Beyond the row −∞, which no class is below.
      const x = loadBlock(p + at, n - j, none);
      own = f32x4.add(own, keepLanes(f32x4.mul(target, x), n - j));
      largest = f32x4.max(largest, f32x4.mul(f32x4.sub(one, target), x));
    }
    const other = laneMax(largest);
    const margin: f32 = other - laneSum(own) + 1;
    // NaN stays.
    const open = !(margin <= 0);
    setLoss(losses, row, open ? weight * margin : 0);
    if (gradient == 0) continue;
    const g = rowAt(gradient, row, ldGradient);
    const w = f32x4.splat(open ? weight : 0), m = f32x4.splat(other);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const target = loadBlock(y + at, n - j, zero);
      const rest = f32x4.sub(one, target);
      const x = loadBlock(p + at, n - j, zero);
      const isLargest = f32x4.eq(f32x4.mul(rest, x), m);
      storeBlock(g + at, f32x4.mul(w, f32x4.sub(v128.and(rest, isLargest), target)), n - j);
    }
  }
}
