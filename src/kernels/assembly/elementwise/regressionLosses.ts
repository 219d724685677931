/**
 * Further losses of numbers, as in losses.ts: for each row the value, times the row's weight, and the gradient. All take the same
 * arguments; `option` is what a loss can be set to.
 */
import { exp4, log1p4, log4 } from './exp';
import { setLoss, weightOf } from './rowLosses';
import { keepLanes, laneSum, loadBlock, rowAt, storeBlock } from './vector';

const enum Kind {
  percentage,
  logarithmic,
  logCosh,
  poisson,
  quantile,
}

/** What is kept from 0 before it divides or its logarithm is taken. */
const LEAST: f32 = 1e-7;
const LN2: f32 = 0.6931471805599453;
const LOG_2PI: f32 = 1.8378770664093453;

/** log x as it is at the ends too: −∞ for 0, NaN below, ∞ for ∞. */
@inline
function log(x: v128): v128 {
  const zero = f32x4.splat(0), infinity = f32x4.splat(f32.POSITIVE_INFINITY);
  let y = v128.bitselect(infinity, log4(x), f32x4.eq(x, infinity));
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, zero));
  return v128.or(y, f32x4.lt(x, zero));
}

/** v with the sign of d. */
@inline
function signed(v: v128, d: v128): v128 {
  return v128.or(v, v128.and(d, f32x4.splat(-0.0)));
}

/** The mean over a row of one value for each element; `kind` is a constant where this is inlined. */
@inline
function meanLoss(
  kind: Kind, predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), least = f32x4.splat(LEAST);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale) / <f32>n;
    const w = f32x4.splat(weight);
    const g = gradient == 0 ? 0 : rowAt(gradient, row, ldGradient);
    let sum = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const count = n - j;
      const x = loadBlock(p + at, count, zero);
      const target = loadBlock(y + at, count, zero);
      const d = f32x4.sub(x, target);
      let value: v128, slope: v128;
      if (kind == Kind.percentage) {
        const factor = f32x4.div(f32x4.splat(100), f32x4.pmax(f32x4.abs(target), least));
        value = f32x4.mul(f32x4.abs(d), factor);
        slope = v128.and(signed(factor, d), f32x4.ne(d, zero));
      } else if (kind == Kind.logarithmic) {
        const above = f32x4.add(f32x4.pmax(x, least), one);
        const e = f32x4.sub(log(above), log(f32x4.add(f32x4.pmax(target, least), one)));
        value = f32x4.mul(e, e);
        slope = v128.and(f32x4.div(f32x4.add(e, e), above), f32x4.ge(x, least));
      } else if (kind == Kind.logCosh) {
        // log(cosh(d)) = |d| + log(1 + e^−2|d|) − log 2, whose slope is tanh d
        const size = f32x4.abs(d);
        const e = exp4(f32x4.mul(size, f32x4.splat(-2)));
        value = f32x4.add(f32x4.sub(size, f32x4.splat(LN2)), log1p4(e));
        slope = signed(f32x4.div(f32x4.sub(one, e), f32x4.add(one, e)), d);
      } else if (kind == Kind.poisson) {
        const rate = f32x4.add(x, least);
        value = f32x4.sub(x, f32x4.mul(target, log(rate)));
        slope = f32x4.sub(one, f32x4.div(target, rate));
      } else {
        const q = f32x4.splat(option), below = f32x4.splat(option - 1);
        const under = f32x4.le(d, zero);
        slope = f32x4.neg(v128.bitselect(q, below, under));
        value = f32x4.mul(d, slope);
      }
      sum = f32x4.add(sum, keepLanes(value, count));
      if (g != 0) storeBlock(g + at, f32x4.mul(w, slope), count);
    }
    setLoss(losses, row, weight * laneSum(sum));
  }
}

/** loss = 100·mean |p − y|/max(|y|, 1e-7). */
export function percentageErrorLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  meanLoss(
    Kind.percentage, predictions, ldPredictions, targets, ldTargets, option, weights, scale, losses, gradient, ldGradient,
    n, row0, row1,
  );
}

/** loss = mean (log(1 + p) − log(1 + y))², both kept above 1e-7. */
export function logarithmicErrorLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  meanLoss(
    Kind.logarithmic, predictions, ldPredictions, targets, ldTargets, option, weights, scale, losses, gradient, ldGradient,
    n, row0, row1,
  );
}

/** loss = mean log(cosh(p − y)). */
export function logCoshLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  meanLoss(
    Kind.logCosh, predictions, ldPredictions, targets, ldTargets, option, weights, scale, losses, gradient, ldGradient,
    n, row0, row1,
  );
}

/** loss = mean of p − y·log(p + 1e-7). */
export function poissonLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  meanLoss(
    Kind.poisson, predictions, ldPredictions, targets, ldTargets, option, weights, scale, losses, gradient, ldGradient,
    n, row0, row1,
  );
}

/** loss = mean of q·(y − p) where p ≤ y, (1 − q)·(p − y) above. */
export function quantileLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, quantile: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  meanLoss(
    Kind.quantile, predictions, ldPredictions, targets, ldTargets, quantile, weights, scale, losses, gradient, ldGradient,
    n, row0, row1,
  );
}

/** loss = (log 2π + s + (y − μ)²·e^−s)/2 for p = (μ, s); of y's two numbers the first counts. */
export function gaussianLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const weight = weightOf(weights, row, scale);
    const d: f32 = load<f32>(p) - load<f32>(rowAt(targets, row, ldTargets));
    const s = load<f32>(p, 4);
    const slope: f32 = d * f32x4.extract_lane(exp4(f32x4.splat(-s)), 0);
    const square: f32 = d * slope;
    setLoss(losses, row, weight * 0.5 * (LOG_2PI + s + square));
    if (gradient == 0) continue;
    const g = rowAt(gradient, row, ldGradient);
    store<f32>(g, weight * slope);
    store<f32>(g, weight * 0.5 * (1 - square), 4);
  }
}

/** loss = −Σ p∘y/(|p|·|y|), the lengths at least 1e-6. */
export function cosineLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale);
    let squares = zero, targetSquares = zero, dots = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const x = loadBlock(p + at, n - j, zero), target = loadBlock(y + at, n - j, zero);
      squares = f32x4.add(squares, f32x4.mul(x, x));
      targetSquares = f32x4.add(targetSquares, f32x4.mul(target, target));
      dots = f32x4.add(dots, f32x4.mul(x, target));
    }
    const square = laneSum(squares);
    const length: f32 = sqrt<f32>(max<f32>(square, 1e-12));
    const both: f32 = length * sqrt<f32>(max<f32>(laneSum(targetSquares), 1e-12));
    const cosine: f32 = laneSum(dots) / both;
    setLoss(losses, row, -weight * cosine);
    if (gradient == 0) continue;
    const g = rowAt(gradient, row, ldGradient);
    const ofTarget = f32x4.splat(-weight / both);
    // A length that is held has no slope.
    const ofOwn = f32x4.splat(square >= 1e-12 ? (weight * cosine) / (length * length) : 0);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const x = loadBlock(p + at, n - j, zero), target = loadBlock(y + at, n - j, zero);
      storeBlock(g + at, f32x4.add(f32x4.mul(ofOwn, x), f32x4.mul(ofTarget, target)), n - j);
    }
  }
}
