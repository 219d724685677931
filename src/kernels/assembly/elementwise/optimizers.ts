/**
 * Optimizer steps over elements from..to of contiguous blocks; formulas: Keras 3. All of them first take
 * g ← clip(g·scale, ±clipvalue) (clipvalue ∞: no clipping) and w ← w − w·decay, decay = learning rate · weight decay.
 * Where w, g and the state are 0 and epsilon is not, all stay 0. Nothing is written to the gradients. `squares` ≠ 0 (embeddings, see
 * embeddingBackward) holds what stands for g² before scaling.
 */
import { loadBlock, storeBlock } from './vector';

@inline
function gradient(p: usize, count: i32, scale: v128, clip: v128): v128 {
  const g = f32x4.mul(loadBlock(p, count, f32x4.splat(0)), scale);
  return f32x4.pmin(f32x4.pmax(g, f32x4.neg(clip)), clip);
}

@inline
function square(g: v128, squares: usize, at: usize, count: i32, scale: v128): v128 {
  if (squares == 0) return f32x4.mul(g, g);
  return f32x4.mul(loadBlock(squares + at, count, g), f32x4.mul(scale, scale));
}

@inline
function decayed(p: usize, count: i32, decay: v128): v128 {
  const w = loadBlock(p, count, f32x4.splat(0));
  return f32x4.sub(w, f32x4.mul(w, decay));
}

/** w ← w − lr·g. */
export function sgd(
  weights: usize, gradients: usize, from: i32, to: i32, scale: f32, clipvalue: f32, decay: f32, learningRate: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay), lr = f32x4.splat(learningRate);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const step = f32x4.mul(lr, gradient(gradients + at, to - i, s, c));
    storeBlock(weights + at, f32x4.sub(decayed(weights + at, to - i, d), step), to - i);
  }
}

/** v ← momentum·v − lr·g; w ← w + v, or with nesterov w ← w + momentum·v − lr·g. */
export function sgdMomentum(
  weights: usize, gradients: usize, velocity: usize, from: i32, to: i32, scale: f32, clipvalue: f32, decay: f32,
  learningRate: f32, momentum: f32, nesterov: i32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay), lr = f32x4.splat(learningRate);
  const mu = f32x4.splat(momentum), zero = f32x4.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const step = f32x4.mul(lr, gradient(gradients + at, to - i, s, c));
    const v = f32x4.sub(f32x4.mul(mu, loadBlock(velocity + at, to - i, zero)), step);
    const move = nesterov ? f32x4.sub(f32x4.mul(mu, v), step) : v;
    storeBlock(velocity + at, v, to - i);
    storeBlock(weights + at, f32x4.add(decayed(weights + at, to - i, d), move), to - i);
  }
}

/**
 * v ← rho·v + (1 − rho)·g²; step = lr·g/√(v + epsilon); w ← w − step. `average` ≠ 0 (centered): a ← rho·a + (1 − rho)·g and
 * a² is taken off v in the root. `accumulated` ≠ 0: u ← momentum·u + step, and w ← w − u.
 */
export function rmsprop(
  weights: usize, gradients: usize, squares: usize, velocity: usize, accumulated: usize, average: usize,
  from: i32, to: i32, scale: f32, clipvalue: f32, decay: f32, learningRate: f32, rho: f32, oneMinusRho: f32, momentum: f32, epsilon: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay), lr = f32x4.splat(learningRate);
  const r = f32x4.splat(rho), r1 = f32x4.splat(oneMinusRho), mu = f32x4.splat(momentum), zero = f32x4.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const g = gradient(gradients + at, to - i, s, c);
    const v = f32x4.add(
      f32x4.mul(r, loadBlock(velocity + at, to - i, zero)), f32x4.mul(r1, square(g, squares, at, to - i, s)),
    );
    let root = f32x4.add(v, f32x4.splat(epsilon));
    if (average != 0) {
      const a = f32x4.add(f32x4.mul(r, loadBlock(average + at, to - i, zero)), f32x4.mul(r1, g));
      storeBlock(average + at, a, to - i);
      root = f32x4.sub(root, f32x4.mul(a, a));
    }
    let step = f32x4.div(f32x4.mul(lr, g), f32x4.sqrt(root));
    if (accumulated != 0) {
      step = f32x4.add(f32x4.mul(mu, loadBlock(accumulated + at, to - i, zero)), step);
      storeBlock(accumulated + at, step, to - i);
    }
    storeBlock(velocity + at, v, to - i);
    storeBlock(weights + at, f32x4.sub(decayed(weights + at, to - i, d), step), to - i);
  }
}

/** Elements that are passed over together: two rows of a panel. */
const CHUNK: i32 = 32;

@inline
function either(a: usize, b: usize, c: usize): v128 {
  return v128.or(v128.or(v128.load(a), v128.load(b)), v128.load(c));
}

/** Whether a chunk of g, m and v is 0. */
@inline
function isIdle(g: usize, m: usize, v: usize): bool {
  let any = either(g, m, v);
  for (let i: usize = 16; i < 4 * CHUNK; i += 16) any = v128.or(any, either(g + i, m + i, v + i));
  return !v128.any_true(any);
}

/**
 * m ← m + (g − m)(1 − beta1); v ← v + (g² − v)(1 − beta2); w ← w − m·alpha/(√v + epsilon), with
 * alpha = lr·√(1 − beta2ᵗ)/(1 − beta1ᵗ), t from 1. Also adamw, by decay. What has never had a gradient (recurrent weights of
 * sequences of one step, unused words) is only looked at.
 */
export function adam(
  weights: usize, gradients: usize, squares: usize, m: usize, v: usize, from: i32, to: i32,
  scale: f32, clipvalue: f32, decay: f32, alpha: f32, oneMinusBeta1: f32, oneMinusBeta2: f32, epsilon: f32,
): void {
  while (from < to) {
    let end = from;
    while (end < to) {
      const at = <usize>end << 2;
      // Uses of a row may cancel in g and not in their squares, and be too small for squares and not for g.
      const idle = decay == 0 && end + CHUNK <= to && isIdle(gradients + at, m + at, v + at);
      if (idle && (squares == 0 || isIdle(squares + at, m + at, v + at))) break;
      end += CHUNK;
    }
    if (end > from) {
      adamRun(
        weights, gradients, squares, m, v, from, min(end, to), scale, clipvalue, decay, alpha, oneMinusBeta1, oneMinusBeta2,
        epsilon,
      );
    }
    from = end + CHUNK;
  }
}

/** adam for `runs` stretches of `size` elements that begin `stride` elements apart. */
export function adamRuns(
  runs: i32, stride: i32, size: i32, weights: usize, gradients: usize, m: usize, v: usize,
  scale: f32, clipvalue: f32, alpha: f32, oneMinusBeta1: f32, oneMinusBeta2: f32, epsilon: f32,
): void {
  for (let from = 0; runs > 0; --runs, from += stride) {
    adamRun(
      weights, gradients, 0, m, v, from, from + size, scale, clipvalue, 0, alpha, oneMinusBeta1, oneMinusBeta2, epsilon,
    );
  }
}

function adamRun(
  weights: usize, gradients: usize, squares: usize, m: usize, v: usize, from: i32, to: i32,
  scale: f32, clipvalue: f32, decay: f32, alpha: f32, oneMinusBeta1: f32, oneMinusBeta2: f32, epsilon: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay);
  const b1 = f32x4.splat(oneMinusBeta1), b2 = f32x4.splat(oneMinusBeta2);
  const a = f32x4.splat(alpha), e = f32x4.splat(epsilon), zero = f32x4.splat(0);
  const floor = f32x4.neg(c);
  let i = from;
  for (; squares == 0 && i + 8 <= to; i += 8) {
    const at = <usize>i << 2;
    const g0 = f32x4.pmin(f32x4.pmax(f32x4.mul(v128.load(gradients + at), s), floor), c);
    const g1 = f32x4.pmin(f32x4.pmax(f32x4.mul(v128.load(gradients + at, 16), s), floor), c);
    let m0 = v128.load(m + at);
    let m1 = v128.load(m + at, 16);
    let v0 = v128.load(v + at);
    let v1 = v128.load(v + at, 16);
    let w0 = v128.load(weights + at);
    let w1 = v128.load(weights + at, 16);
    m0 = f32x4.add(m0, f32x4.mul(f32x4.sub(g0, m0), b1));
    m1 = f32x4.add(m1, f32x4.mul(f32x4.sub(g1, m1), b1));
    v0 = f32x4.add(v0, f32x4.mul(f32x4.sub(f32x4.mul(g0, g0), v0), b2));
    v1 = f32x4.add(v1, f32x4.mul(f32x4.sub(f32x4.mul(g1, g1), v1), b2));
    w0 = f32x4.sub(w0, f32x4.mul(w0, d));
    w1 = f32x4.sub(w1, f32x4.mul(w1, d));
    w0 = f32x4.sub(w0, f32x4.div(f32x4.mul(m0, a), f32x4.add(f32x4.sqrt(v0), e)));
    w1 = f32x4.sub(w1, f32x4.div(f32x4.mul(m1, a), f32x4.add(f32x4.sqrt(v1), e)));
    v128.store(m + at, m0);
    v128.store(m + at, m1, 16);
    v128.store(v + at, v0);
    v128.store(v + at, v1, 16);
    v128.store(weights + at, w0);
    v128.store(weights + at, w1, 16);
  }
  for (; i < to; i += 4) {
    const at = <usize>i << 2;
    const g = gradient(gradients + at, to - i, s, c);
    const oldM = loadBlock(m + at, to - i, zero);
    const oldV = loadBlock(v + at, to - i, zero);
    const newM = f32x4.add(oldM, f32x4.mul(f32x4.sub(g, oldM), b1));
    const newV = f32x4.add(oldV, f32x4.mul(f32x4.sub(square(g, squares, at, to - i, s), oldV), b2));
    const step = f32x4.div(f32x4.mul(newM, a), f32x4.add(f32x4.sqrt(newV), e));
    storeBlock(m + at, newM, to - i);
    storeBlock(v + at, newV, to - i);
    storeBlock(weights + at, f32x4.sub(decayed(weights + at, to - i, d), step), to - i);
  }
}

/** adam with amsgrad: the largest v so far, kept in `largest`, stands for v in the root. */
export function adamAmsgrad(
  weights: usize, gradients: usize, squares: usize, m: usize, v: usize, largest: usize, from: i32, to: i32,
  scale: f32, clipvalue: f32, decay: f32, alpha: f32, oneMinusBeta1: f32, oneMinusBeta2: f32, epsilon: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay);
  const b1 = f32x4.splat(oneMinusBeta1), b2 = f32x4.splat(oneMinusBeta2);
  const a = f32x4.splat(alpha), e = f32x4.splat(epsilon), zero = f32x4.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const g = gradient(gradients + at, to - i, s, c);
    const oldM = loadBlock(m + at, to - i, zero);
    const oldV = loadBlock(v + at, to - i, zero);
    const newM = f32x4.add(oldM, f32x4.mul(f32x4.sub(g, oldM), b1));
    const newV = f32x4.add(oldV, f32x4.mul(f32x4.sub(square(g, squares, at, to - i, s), oldV), b2));
    const most = f32x4.pmax(loadBlock(largest + at, to - i, zero), newV);
    const step = f32x4.div(f32x4.mul(newM, a), f32x4.add(f32x4.sqrt(most), e));
    storeBlock(m + at, newM, to - i);
    storeBlock(v + at, newV, to - i);
    storeBlock(largest + at, most, to - i);
    storeBlock(weights + at, f32x4.sub(decayed(weights + at, to - i, d), step), to - i);
  }
}

/** a ← a + g²; w ← w − lr·g/√(a + epsilon). */
export function adagrad(
  weights: usize, gradients: usize, squares: usize, accumulator: usize, from: i32, to: i32, scale: f32, clipvalue: f32,
  decay: f32, learningRate: f32, epsilon: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay), lr = f32x4.splat(learningRate);
  const zero = f32x4.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const g = gradient(gradients + at, to - i, s, c);
    const a = f32x4.add(loadBlock(accumulator + at, to - i, zero), square(g, squares, at, to - i, s));
    const step = f32x4.div(f32x4.mul(lr, g), f32x4.sqrt(f32x4.add(a, f32x4.splat(epsilon))));
    storeBlock(accumulator + at, a, to - i);
    storeBlock(weights + at, f32x4.sub(decayed(weights + at, to - i, d), step), to - i);
  }
}

/** m ← m + (1 − beta1)(g − m); u ← max(beta2·u, |g|); w ← w − alpha·m/(u + epsilon), alpha = lr/(1 − beta1ᵗ). */
export function adamax(
  weights: usize, gradients: usize, momentum: usize, norm: usize, from: i32, to: i32, scale: f32, clipvalue: f32,
  decay: f32, alpha: f32, oneMinusBeta1: f32, beta2: f32, epsilon: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay), a = f32x4.splat(alpha);
  const b1 = f32x4.splat(oneMinusBeta1), b2 = f32x4.splat(beta2), zero = f32x4.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const g = gradient(gradients + at, to - i, s, c);
    const m0 = loadBlock(momentum + at, to - i, zero);
    const m = f32x4.add(m0, f32x4.mul(b1, f32x4.sub(g, m0)));
    const u = f32x4.max(f32x4.mul(b2, loadBlock(norm + at, to - i, zero)), f32x4.abs(g));
    const step = f32x4.div(f32x4.mul(a, m), f32x4.add(u, f32x4.splat(epsilon)));
    storeBlock(momentum + at, m, to - i);
    storeBlock(norm + at, u, to - i);
    storeBlock(weights + at, f32x4.sub(decayed(weights + at, to - i, d), step), to - i);
  }
}

/**
 * m and v as in adam; w ← w − lr·(ofMomentum·m + ofGradient·g)/(√(v/unbiased) + epsilon), unbiased = 1 − beta2ᵗ.
 */
export function nadam(
  weights: usize, gradients: usize, squares: usize, momentum: usize, velocity: usize, from: i32, to: i32, scale: f32,
  clipvalue: f32, decay: f32, learningRate: f32, ofMomentum: f32, ofGradient: f32, unbiased: f32, oneMinusBeta1: f32,
  oneMinusBeta2: f32, epsilon: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay), lr = f32x4.splat(learningRate);
  const b1 = f32x4.splat(oneMinusBeta1), b2 = f32x4.splat(oneMinusBeta2), zero = f32x4.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const g = gradient(gradients + at, to - i, s, c);
    const m0 = loadBlock(momentum + at, to - i, zero);
    const v0 = loadBlock(velocity + at, to - i, zero);
    const m = f32x4.add(m0, f32x4.mul(b1, f32x4.sub(g, m0)));
    const v = f32x4.add(v0, f32x4.mul(b2, f32x4.sub(square(g, squares, at, to - i, s), v0)));
    const move = f32x4.add(f32x4.mul(f32x4.splat(ofMomentum), m), f32x4.mul(f32x4.splat(ofGradient), g));
    const root = f32x4.add(f32x4.sqrt(f32x4.div(v, f32x4.splat(unbiased))), f32x4.splat(epsilon));
    storeBlock(momentum + at, m, to - i);
    storeBlock(velocity + at, v, to - i);
    storeBlock(weights + at, f32x4.sub(decayed(weights + at, to - i, d), f32x4.div(f32x4.mul(lr, move), root)), to - i);
  }
}

/** w ← w − lr·sign(beta1·m + (1 − beta1)·g); m ← beta2·m + (1 − beta2)·g. */
export function lion(
  weights: usize, gradients: usize, momentum: usize, from: i32, to: i32, scale: f32, clipvalue: f32, decay: f32,
  learningRate: f32, beta1: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32,
): void {
  const s = f32x4.splat(scale), c = f32x4.splat(clipvalue), d = f32x4.splat(decay), lr = f32x4.splat(learningRate);
  const zero = f32x4.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    const g = gradient(gradients + at, to - i, s, c);
    const m = loadBlock(momentum + at, to - i, zero);
    const way = f32x4.add(f32x4.mul(f32x4.splat(beta1), m), f32x4.mul(f32x4.splat(oneMinusBeta1), g));
    const up = v128.and(lr, f32x4.gt(way, zero)), down = v128.and(lr, f32x4.lt(way, zero));
    const next = f32x4.add(f32x4.mul(f32x4.splat(beta2), m), f32x4.mul(f32x4.splat(oneMinusBeta2), g));
    storeBlock(momentum + at, next, to - i);
    storeBlock(weights + at, f32x4.add(f32x4.sub(decayed(weights + at, to - i, d), up), down), to - i);
  }
}

/**
 * The sums of gradients over batches: sums ← sums + g where factor is 0; else, in the batch of an update, g ← factor·(g + sums) and
 * sums ← 0. Of `count` floats, a multiple of 4.
 */
export function accumulate(gradients: usize, sums: usize, count: i32, factor: f32): void {
  const zero = f32x4.splat(0), f = f32x4.splat(factor);
  const end = gradients + ((<usize>count) << 2);
  for (; gradients < end; gradients += 16, sums += 16) {
    const sum = f32x4.add(v128.load(gradients), v128.load(sums));
    if (factor != 0) v128.store(gradients, f32x4.mul(f, sum));
    v128.store(sums, factor != 0 ? zero : sum);
  }
}
