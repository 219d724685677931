/**
 * Losses over rows row0..row1 of n floats: for each row the value, times the row's weight, into losses[row], and the
 * gradient, times the weight, into `gradient` (0: value only), which may be the predictions themselves. The weight of a
 * row is scale·weights[row], or scale where `weights` is 0. Definitions: Keras 3.
 */
import { EXP_MAX, EXP_MIN, expWith, LN2_HIGH, LN2_LOW, LOG2E, log1, log1p4, log4, Q0, Q1, Q2, Q3, ROUND } from './exp';
import { setLoss, weightOf } from './rowLosses';
import { rowMax, scaleRow, shiftedExp } from './softmax';
import { constant, keepLanes, laneSum, loadBlock, rowAt, storeBlock } from './vector';

const enum Kind {
  squared,
  absolute,
  huber,
  binary,
  sigmoidBinary,
}

/** Probabilities are kept this far from 0 and 1 before their logarithm is taken. */
const CLIP: f32 = 1e-7;

/**
 * loss = −Σ y′·log softmax(x), y′ = y·(1 − smoothing) + smoothing/n; gradient softmax(x)·Σy′ − y′. The softmax is
 * written to `probabilities`, which may be the logits.
 */
export function softmaxCategoricalLoss(
  logits: usize, ldLogits: i32, targets: usize, ldTargets: i32, smoothing: f32, weights: usize, scale: f32,
  losses: usize, probabilities: usize, ldProbabilities: i32, gradient: usize, ldGradient: i32,
  n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0);
  const keep = f32x4.splat(1 - smoothing), even = f32x4.splat(smoothing / <f32>n);
  for (let row = row0; row < row1; row++) {
    const x = rowAt(logits, row, ldLogits);
    const y = rowAt(targets, row, ldTargets);
    const p = rowAt(probabilities, row, ldProbabilities);
    const weight = weightOf(weights, row, scale);
    const largest = rowMax(x, n);
    const m = f32x4.splat(largest);
    let dots = zero, sums = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const target = keepLanes(f32x4.add(f32x4.mul(loadBlock(y + at, n - j, zero), keep), even), n - j);
      dots = f32x4.add(dots, f32x4.mul(target, f32x4.sub(loadBlock(x + at, n - j, m), m)));
      sums = f32x4.add(sums, target);
    }
    const total = laneSum(sums);
    const sum = shiftedExp(x, p, n, largest);
    setLoss(losses, row, weight * (total * log1(sum) - laneSum(dots)));
    scaleRow(p, n, 1 / sum);
    if (gradient == 0) continue;
    const g = rowAt(gradient, row, ldGradient);
    const w = f32x4.splat(weight), s = f32x4.splat(total);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const target = f32x4.add(f32x4.mul(loadBlock(y + at, n - j, zero), keep), even);
      const d = f32x4.sub(f32x4.mul(s, loadBlock(p + at, n - j, zero)), target);
      storeBlock(g + at, f32x4.mul(w, d), n - j);
    }
  }
}

/**
 * loss = −log softmax(x)[label], labels an int32 for each row. A label outside 0..n−1 makes its row's loss NaN.
 * @returns how many labels are outside
 */
export function softmaxSparseLoss(
  logits: usize, ldLogits: i32, labels: usize, weights: usize, scale: f32,
  losses: usize, probabilities: usize, ldProbabilities: i32, gradient: usize, ldGradient: i32,
  n: i32, row0: i32, row1: i32,
): i32 {
  const zero = f32x4.splat(0);
  let outside = 0;
  for (let row = row0; row < row1; row++) {
    const x = rowAt(logits, row, ldLogits);
    const p = rowAt(probabilities, row, ldProbabilities);
    const weight = weightOf(weights, row, scale);
    const label = load<i32>(labels + (<usize>row << 2));
    const inside = label >= 0 && label < n;
    const largest = rowMax(x, n);
    const margin: f32 = inside ? largest - load<f32>(x + (<usize>label << 2)) : f32.NaN;
    const sum = shiftedExp(x, p, n, largest);
    setLoss(losses, row, weight * (log1(sum) + margin));
    scaleRow(p, n, 1 / sum);
    if (!inside) outside++;
    if (gradient == 0) continue;
    const g = rowAt(gradient, row, ldGradient);
    const w = f32x4.splat(weight);
    const miss: f32 = inside ? weight * (load<f32>(p + (<usize>label << 2)) - 1) : 0;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      storeBlock(g + at, f32x4.mul(w, loadBlock(p + at, n - j, zero)), n - j);
    }
    if (inside) store<f32>(g + (<usize>label << 2), miss);
  }
  return outside;
}

/** loss = −Σ y′·log q, q = p/Σp kept 1e-7 from 0 and 1; y′ as in softmaxCategoricalLoss. */
export function categoricalLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, smoothing: f32,
  weights: usize, scale: f32, losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  const zero = f32x4.splat(0), low = f32x4.splat(CLIP), high = f32x4.splat(1 - CLIP);
  const keep = f32x4.splat(1 - smoothing), even = f32x4.splat(smoothing / <f32>n);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale);
    let sums = zero;
    for (let j = 0; j < n; j += 4) sums = f32x4.add(sums, loadBlock(p + (<usize>j << 2), n - j, zero));
    const total = laneSum(sums);
    const sum = f32x4.splat(total);
    // values: Σ y′·log q; counted: Σ y′ over the classes that are not clipped
    let values = zero, counted = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const target = keepLanes(f32x4.add(f32x4.mul(loadBlock(y + at, n - j, zero), keep), even), n - j);
      const q = f32x4.div(loadBlock(p + at, n - j, zero), sum);
      const open = v128.and(f32x4.ge(q, low), f32x4.le(q, high));
      values = f32x4.add(values, f32x4.mul(target, log4(f32x4.pmin(f32x4.pmax(q, low), high))));
      counted = f32x4.add(counted, v128.and(target, open));
    }
    setLoss(losses, row, -weight * laneSum(values));
    if (gradient == 0) continue;
    const g = rowAt(gradient, row, ldGradient);
    const w = f32x4.splat(weight);
    const back = f32x4.splat(laneSum(counted) / total);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const target = f32x4.add(f32x4.mul(loadBlock(y + at, n - j, zero), keep), even);
      const value = loadBlock(p + at, n - j, sum);
      const q = f32x4.div(value, sum);
      const open = v128.and(f32x4.ge(q, low), f32x4.le(q, high));
      storeBlock(g + at, f32x4.mul(w, f32x4.sub(back, v128.and(f32x4.div(target, value), open))), n - j);
    }
  }
}

/** loss = −log(c[label]/Σc), c = p kept 1e-7 from 0 and 1 before they are scaled. Labels as in softmaxSparseLoss. */
export function sparseCategoricalLoss(
  predictions: usize, ldPredictions: i32, labels: usize, weights: usize, scale: f32,
  losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): i32 {
  const zero = f32x4.splat(0), low = f32x4.splat(CLIP), high = f32x4.splat(1 - CLIP);
  let outside = 0;
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const weight = weightOf(weights, row, scale);
    const label = load<i32>(labels + (<usize>row << 2));
    const inside = label >= 0 && label < n;
    let sums = zero;
    for (let j = 0; j < n; j += 4) {
      const value = loadBlock(p + (<usize>j << 2), n - j, zero);
      sums = f32x4.add(sums, keepLanes(f32x4.pmin(f32x4.pmax(value, low), high), n - j));
    }
    const total = laneSum(sums);
    const value: f32 = inside ? load<f32>(p + (<usize>label << 2)) : f32.NaN;
    setLoss(losses, row, -weight * log1(min<f32>(max<f32>(value, CLIP), 1 - CLIP) / total));
    if (!inside) outside++;
    if (gradient == 0) continue;
    const back = f32x4.splat(inside ? weight / total : 0);
    const g = rowAt(gradient, row, ldGradient);
    // What is clipped has no slope.
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const value = loadBlock(p + at, n - j, zero);
      storeBlock(g + at, v128.and(back, v128.and(f32x4.ge(value, low), f32x4.le(value, high))), n - j);
    }
    if (inside && value >= CLIP && value <= 1 - CLIP) store<f32>(g + (<usize>label << 2), weight / total - weight / value);
  }
  return outside;
}

/** The mean over a row of one value for each element; `kind` is a constant where this is inlined. */
@inline
function elementLoss(
  kind: Kind, predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, option: f32,
  weights: usize, scale: f32, losses: usize, probabilities: usize, ldProbabilities: i32,
  gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  const z = n >> 31;
  const zero = constant(0, z), one = constant(1, z), lowest = constant(EXP_MIN, z), highest = constant(EXP_MAX, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  const delta = f32x4.splat(option);
  const half = f32x4.splat(0.5);
  const least = f32x4.splat(CLIP), most = f32x4.splat(1 - CLIP);
  const keep = f32x4.splat(1 - option), even = f32x4.splat(option * 0.5);
  for (let row = row0; row < row1; row++) {
    const p = rowAt(predictions, row, ldPredictions);
    const y = rowAt(targets, row, ldTargets);
    const weight = weightOf(weights, row, scale) / <f32>n;
    const w = f32x4.splat(weight);
    const g = gradient == 0 ? 0 : rowAt(gradient, row, ldGradient);
    const o = probabilities == 0 ? 0 : rowAt(probabilities, row, ldProbabilities);
    let sum = zero;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const count = n - j;
      const x = loadBlock(p + at, count, zero);
      let target = loadBlock(y + at, count, zero);
      let value: v128, slope: v128;
      if (kind == Kind.binary || kind == Kind.sigmoidBinary) target = f32x4.add(f32x4.mul(target, keep), even);
      if (kind == Kind.sigmoidBinary) {
        const e = expWith(
          f32x4.neg(f32x4.abs(x)), lowest, highest, log2e, round, high, low, q0, q1, q2, q3, one,
        );
        value = f32x4.add(f32x4.sub(f32x4.pmax(x, zero), f32x4.mul(x, target)), log1p4(e));
        const sigma = f32x4.div(v128.bitselect(e, one, f32x4.lt(x, zero)), f32x4.add(one, e));
        if (o != 0) storeBlock(o + at, sigma, count);
        slope = f32x4.sub(sigma, target);
      } else if (kind == Kind.binary) {
        const q = f32x4.pmin(f32x4.pmax(x, least), most);
        const rest = f32x4.sub(one, q);
        value = f32x4.neg(
          f32x4.add(f32x4.mul(target, log4(q)), f32x4.mul(f32x4.sub(one, target), log4(rest))),
        );
        const open = v128.and(f32x4.ge(x, least), f32x4.le(x, most));
        slope = v128.and(f32x4.div(f32x4.sub(q, target), f32x4.mul(q, rest)), open);
      } else {
        const d = f32x4.sub(x, target);
        if (kind == Kind.squared) {
          value = f32x4.mul(d, d);
          slope = f32x4.add(d, d);
        } else if (kind == Kind.absolute) {
          value = f32x4.abs(d);
          // the sign, 0 at 0, NaN for NaN
          slope = v128.bitselect(d, v128.or(one, v128.and(d, f32x4.splat(-0.0))), v128.or(f32x4.eq(d, zero), f32x4.ne(d, d)));
        } else {
          slope = f32x4.pmin(f32x4.pmax(d, f32x4.neg(delta)), delta);
          // |d| beyond delta is counted delta at a time: slope·(d − slope/2)
          value = f32x4.mul(slope, f32x4.sub(d, f32x4.mul(half, slope)));
        }
      }
      sum = f32x4.add(sum, keepLanes(value, count));
      if (g != 0) storeBlock(g + at, f32x4.mul(w, slope), count);
    }
    setLoss(losses, row, weight * laneSum(sum));
  }
}

/** loss = mean (p − y)². */
export function squaredErrorLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, weights: usize, scale: f32,
  losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  elementLoss(
    Kind.squared, predictions, ldPredictions, targets, ldTargets, 0, weights, scale, losses, 0, 0,
    gradient, ldGradient, n, row0, row1,
  );
}

/** loss = mean |p − y|; the gradient at 0 is 0. */
export function absoluteErrorLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, weights: usize, scale: f32,
  losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  elementLoss(
    Kind.absolute, predictions, ldPredictions, targets, ldTargets, 0, weights, scale, losses, 0, 0,
    gradient, ldGradient, n, row0, row1,
  );
}

/** loss = mean of d²/2 where |d| ≤ delta, delta·|d| − delta²/2 elsewhere; d = p − y. */
export function huberLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, delta: f32, weights: usize, scale: f32,
  losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  elementLoss(
    Kind.huber, predictions, ldPredictions, targets, ldTargets, delta, weights, scale, losses, 0, 0,
    gradient, ldGradient, n, row0, row1,
  );
}

/** loss = −mean (y′·log q + (1 − y′)·log(1 − q)), q = p kept 1e-7 from 0 and 1, y′ = y·(1 − smoothing) + smoothing/2. */
export function binaryLoss(
  predictions: usize, ldPredictions: i32, targets: usize, ldTargets: i32, smoothing: f32, weights: usize, scale: f32,
  losses: usize, gradient: usize, ldGradient: i32, n: i32, row0: i32, row1: i32,
): void {
  elementLoss(
    Kind.binary, predictions, ldPredictions, targets, ldTargets, smoothing, weights, scale, losses, 0, 0,
    gradient, ldGradient, n, row0, row1,
  );
}

/**
 * binaryLoss of σ(x): mean of max(x, 0) − x·y′ + log(1 + e^−|x|), gradient σ(x) − y′. σ(x) is written to `probabilities`
 * (0: nowhere), which may be the logits where the gradient is not.
 */
export function sigmoidBinaryLoss(
  logits: usize, ldLogits: i32, targets: usize, ldTargets: i32, smoothing: f32, weights: usize, scale: f32,
  losses: usize, probabilities: usize, ldProbabilities: i32, gradient: usize, ldGradient: i32,
  n: i32, row0: i32, row1: i32,
): void {
  elementLoss(
    Kind.sigmoidBinary, logits, ldLogits, targets, ldTargets, smoothing, weights, scale,
    losses, probabilities, ldProbabilities, gradient, ldGradient, n, row0, row1,
  );
}
