/** Focal cross-entropies (Lin et al., 2017). The arguments they share with the other losses are those of regressionLosses.ts. */
import { exp4, log4 } from './exp';
import { setLoss, weightOf } from './rowLosses';
import { rowMax, shiftedExp } from './softmax';
import { keepLanes, laneSum, loadBlock, rowAt, storeBlock } from './vector';

/** Probabilities are kept this far from 0 and 1 before their logarithm is taken. */
const CLIP: f32 = 1e-7;

/** x^exponent as pow has it: 0 below exponent 0 is ∞, and what is below 0 has no powers but whole ones. */
@inline
function power(x: v128, exponent: f32): v128 {
  if (exponent == 1) return x;
  if (exponent == 2) return f32x4.mul(x, x);
  const one = f32x4.splat(1);
  if (exponent == 0) return one;
  const zero = f32x4.splat(0);
  const ends = exponent < 0 ? f32x4.splat(Infinity) : zero;
  const size = f32x4.abs(x);
  const y = v128.bitselect(ends, exp4(f32x4.mul(f32x4.splat(exponent), log4(size))), f32x4.eq(x, zero));
  const below = f32x4.lt(x, zero);
  if (exponent != floor<f32>(exponent)) return v128.bitselect(f32x4.splat(f32.NaN), y, below);
  const odd = (<i64>exponent & 1) != 0;
  return odd ? v128.bitselect(f32x4.neg(y), y, below) : y;
}

/**
 * loss = mean a·(1 − pₜ)^γ·H, H = −(y′·log q + (1 − y′)·log(1 − q)), q = p kept 1e-7 from 0 and 1, 1 − pₜ = y′·(1 − p) + (1 − y′)·p,
 * y′ = y·(1 − smoothing) + smoothing/2; p the predictions, or σ of them where `ofLogits` is 1; a = y′·α + (1 − y′)·(1 − α) where
 * `balanced` is 1, else 1.
 */
export function binaryFocalLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, smoothing: f32, alpha: f32, gamma: f32,
  balanced: i32, ofLogits: i32, weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), low = f32x4.splat(CLIP), high = f32x4.splat(1 - CLIP);
  const keep = f32x4.splat(1 - smoothing), even = f32x4.splat(smoothing * 0.5);
  const ofOnes = f32x4.splat(balanced ? alpha : 1), ofZeros = f32x4.splat(balanced ? 1 - alpha : 1);
  const g4 = f32x4.splat(gamma);
  for (let row = row0; row < row1; row++) {
    const from = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale) / <f32>n;
    const w = f32x4.splat(weight);
    const g = gradient == 0 ? 0 : rowAt(gradient, row, ldGradient);
    let sum = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const count = n - j;
      let p = loadBlock(from + at, count, zero);
      let rest = f32x4.sub(one, p);
      // Without the digits that 1 - p loses.
      if (ofLogits) {
        rest = f32x4.div(one, f32x4.add(one, exp4(p)));
        p = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(p))));
      }
      const t = f32x4.add(f32x4.mul(loadBlock(y + at, count, zero), keep), even);
      const f = f32x4.sub(one, t);
      const q = f32x4.pmin(f32x4.pmax(p, low), high);
      const r = f32x4.pmin(f32x4.pmax(rest, f32x4.sub(one, high)), f32x4.sub(one, low));
      const entropy = f32x4.neg(f32x4.add(f32x4.mul(t, log4(q)), f32x4.mul(f, log4(r))));
      const missed = f32x4.add(f32x4.mul(t, rest), f32x4.mul(f, p));
      const factor = power(missed, gamma);
      const a = f32x4.add(f32x4.mul(t, ofOnes), f32x4.mul(f, ofZeros));
      sum = f32x4.add(sum, keepLanes(f32x4.mul(a, f32x4.mul(factor, entropy)), count));
      if (g == 0) continue;
      const ofP = v128.and(f32x4.div(t, q), f32x4.eq(p, q));
      const ofRest = v128.and(f32x4.div(f, r), f32x4.eq(rest, r));
      let slope = f32x4.mul(factor, f32x4.sub(ofRest, ofP));
      if (gamma != 0) {
        const ofFactor = f32x4.mul(g4, f32x4.mul(power(missed, gamma - 1), entropy));
        slope = f32x4.sub(slope, f32x4.mul(ofFactor, f32x4.sub(t, f)));
      }
      if (ofLogits) slope = f32x4.mul(slope, f32x4.mul(p, rest));
      storeBlock(g + at, f32x4.mul(w, f32x4.mul(a, slope)), count);
    }
    setLoss(losses, row, weight * laneSum(sum));
  }
}

/**
 * loss = −Σ α·(1 − q)^γ·y′·log q, q = p/Σp kept 1e-7 from 0 and 1, y′ = y·(1 − smoothing) + smoothing/n. Where `probabilities` is
 * not 0, p is the softmax of the predictions, and e^(predictions − the largest) is written there.
 */
export function categoricalFocalLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, smoothing: f32, alpha: f32, gamma: f32,
  weights: usize, scale: f32, losses: usize, probabilities: usize, ldProbabilities: i32, gradient: usize, ldGradient: i32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), low = f32x4.splat(CLIP), high = f32x4.splat(1 - CLIP);
  const keep = f32x4.splat(1 - smoothing), even = f32x4.splat(smoothing / <f32>n);
  const g4 = f32x4.splat(gamma);
  for (let row = row0; row < row1; row++) {
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale) * alpha;
    let p = rowAt(predictions, row, ldPredictions);
    let total: f32 = 0;
    if (probabilities != 0) {
      const to = rowAt(probabilities, row, ldProbabilities);
      total = shiftedExp(p, to, n, rowMax(p, n));
      p = to;
    } else {
      let sums = zero;
      for (let j = 0; j < n; j += 4) sums = f32x4.add(sums, loadBlock(p + (<usize>j << 2), n - j, zero));
      total = laneSum(sums);
    }
    const whole = f32x4.splat(total);
    const g = gradient == 0 ? 0 : rowAt(gradient, row, ldGradient);
    // dots: Σ q·dL/dq, which the scaling to sum 1 takes off every slope
    let values = zero, dots = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const share = f32x4.div(loadBlock(p + at, n - j, zero), whole);
      const q = f32x4.pmin(f32x4.pmax(share, low), high);
      const t = keepLanes(f32x4.add(f32x4.mul(loadBlock(y + at, n - j, zero), keep), even), n - j);
      const missed = f32x4.sub(one, q);
      const factor = power(missed, gamma);
      const entropy = f32x4.neg(f32x4.mul(t, log4(q)));
      values = f32x4.add(values, f32x4.mul(factor, entropy));
      if (g == 0) continue;
      let slope = f32x4.neg(f32x4.mul(factor, f32x4.div(t, q)));
      if (gamma != 0) slope = f32x4.sub(slope, f32x4.mul(g4, f32x4.mul(power(missed, gamma - 1), entropy)));
      slope = v128.and(slope, v128.and(f32x4.ge(share, low), f32x4.le(share, high)));
      dots = f32x4.add(dots, keepLanes(f32x4.mul(share, slope), n - j));
      storeBlock(g + at, slope, n - j);
    }
    setLoss(losses, row, weight * laneSum(values));
    if (g == 0) continue;
    const dot = f32x4.splat(laneSum(dots));
    const w = f32x4.splat(weight);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      // By logits the slope of a share is the share itself, by what is scaled 1/Σp.
      const inner = probabilities != 0 ? f32x4.div(loadBlock(p + at, n - j, zero), whole) : f32x4.div(one, whole);
      const slope = f32x4.sub(loadBlock(g + at, n - j, zero), dot);
      storeBlock(g + at, f32x4.mul(w, f32x4.mul(inner, slope)), n - j);
    }
  }
}
