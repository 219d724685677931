/**
 * The derivatives: dX = dY·f′ over rows row0..row1 of n floats; dX may be dY. `saved` is the forward's output y where f′
 * can be had from it, and its input x otherwise: slopeTakesInput() tells.
 */
import { ActivationId } from '../../activationIds';
import { EXP_MAX, EXP_MIN, expWith, LN2_HIGH, LEAK, LN2_LOW, LOG2E, Q0, Q1, Q2, Q3, ROUND, SELU_ALPHA, SELU_SCALE } from './exp';
import { geluBackward } from './gelu';
import { logSoftmaxBackward, softmaxBackward } from './softmax';
import { constant, loadBlock, rowAt, storeBlock } from './vector';

@inline
function between(x: v128, low: v128, high: v128): v128 {
  return v128.and(f32x4.gt(x, low), f32x4.lt(x, high));
}

/** f′, from y or x (see above), for one constant id. */
@inline
function slope(
  id: i32, s: v128, zero: v128, min: v128, max: v128, log2e: v128, round: v128, high: v128, low: v128,
  q0: v128, q1: v128, q2: v128, q3: v128, one: v128,
): v128 {
  if (id == ActivationId.relu) return v128.and(one, f32x4.gt(s, zero));
  if (id == ActivationId.relu6) {
    return v128.and(one, v128.and(f32x4.gt(s, zero), f32x4.lt(s, f32x4.splat(6))));
  }
  if (id == ActivationId.leakyRelu) return v128.bitselect(one, f32x4.splat(LEAK), f32x4.gt(s, zero));
  if (id == ActivationId.elu) return v128.bitselect(f32x4.add(s, one), one, f32x4.lt(s, zero));
  if (id == ActivationId.selu) {
    const scale = f32x4.splat(SELU_SCALE);
    return v128.bitselect(f32x4.add(s, f32x4.splat(SELU_ALPHA * SELU_SCALE)), scale, f32x4.lt(s, zero));
  }
  if (id == ActivationId.sigmoid) return f32x4.mul(s, f32x4.sub(one, s));
  if (id == ActivationId.hardSigmoid) return v128.and(f32x4.splat(1.0 / 6.0), between(s, zero, one));
  if (id == ActivationId.hardSigmoid2) return v128.and(f32x4.splat(0.2), between(s, zero, one));
  if (id == ActivationId.sparseSigmoid) return v128.and(f32x4.splat(0.5), between(s, zero, one));
  if (id == ActivationId.hardTanh) return v128.and(one, between(s, f32x4.neg(one), one));
  if (id == ActivationId.hardShrink || id == ActivationId.softShrink) return v128.and(one, f32x4.ne(s, zero));
  if (id == ActivationId.sparsePlus) return f32x4.pmin(f32x4.sqrt(s), one);
  if (id == ActivationId.squareplus) {
    // y²/(y² + 1)
    const y = f32x4.pmin(s, f32x4.splat(1e9));
    const square = f32x4.mul(y, y);
    return f32x4.div(square, f32x4.add(square, one));
  }
  if (id == ActivationId.hardSilu) {
    const inner = f32x4.add(f32x4.mul(s, f32x4.splat(1.0 / 3.0)), f32x4.splat(0.5));
    const three = f32x4.splat(3);
    const rest = v128.and(one, f32x4.gt(s, zero));
    return v128.bitselect(inner, rest, between(s, f32x4.neg(three), three));
  }
  if (id == ActivationId.tanh) return f32x4.sub(one, f32x4.mul(s, s));
  if (id == ActivationId.softsign) {
    const d = f32x4.sub(one, f32x4.abs(s));
    return f32x4.mul(d, d);
  }
  if (id == ActivationId.exponential) return s;
  // the rest: e^a of some a(s)
  const bound = f32x4.splat(14);
  const b = f32x4.pmin(f32x4.pmax(s, f32x4.neg(bound)), bound);
  const square = f32x4.mul(b, b);
  let a = f32x4.neg(s);
  if (id == ActivationId.logSigmoid) a = s;
  if (id == ActivationId.tanhShrink) a = f32x4.add(s, s);
  if (id == ActivationId.mish) a = f32x4.pmin(s, f32x4.splat(20));
  if (id == ActivationId.geluTanh) {
    const cubic = f32x4.add(one, f32x4.mul(square, f32x4.splat(0.044715)));
    a = f32x4.mul(f32x4.mul(b, cubic), f32x4.splat(-1.5957691216057308));
  }
  const e = expWith(a, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
  if (id == ActivationId.softplus || id == ActivationId.logSigmoid) return f32x4.sub(one, e);
  if (id == ActivationId.tanhShrink) {
    const t = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(one, e)));
    return f32x4.mul(t, t);
  }
  if (id == ActivationId.mish) {
    // t = tanh(softplus(x)) = w/(w + 2), w = e² + 2e; f′ = t + x·σ(x)·(1 − t²)
    const two = f32x4.splat(2);
    const w = f32x4.mul(e, f32x4.add(e, two));
    const t = f32x4.div(w, f32x4.add(w, two));
    const x = f32x4.pmin(f32x4.pmax(s, min), f32x4.splat(20));
    const sigma = f32x4.div(e, f32x4.add(one, e));
    return f32x4.add(t, f32x4.mul(f32x4.mul(x, sigma), f32x4.sub(one, f32x4.mul(t, t))));
  }
  // x·σ(u): σ(u) + x·u′·σ(u)·(1 − σ(u)), u = x for silu
  const sigma = f32x4.div(one, f32x4.add(one, e));
  let x = f32x4.pmin(f32x4.pmax(s, min), max);
  if (id == ActivationId.geluTanh) {
    const du = f32x4.add(f32x4.splat(1.5957691216057308), f32x4.mul(square, f32x4.splat(3 * 0.044715 * 1.5957691216057308)));
    x = f32x4.mul(b, du);
  }
  return f32x4.add(sigma, f32x4.mul(f32x4.mul(x, sigma), f32x4.sub(one, sigma)));
}

@inline
function backward(
  id: i32, saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  const z = n >> 31;
  const zero = constant(0, z), one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  for (let row = row0; row < row1; row++) {
    let p = rowAt(saved, row, ldSaved);
    let g = rowAt(dY, row, ldDY);
    let o = rowAt(dX, row, ldDX);
    let left = n;
    for (; left >= 8; left -= 8, p += 32, g += 32, o += 32) {
      const dx = v128.load(g);
      const dy = v128.load(g, 16);
      const fx = slope(id, v128.load(p), zero, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
      const fy = slope(id, v128.load(p, 16), zero, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
      const x = f32x4.mul(dx, fx);
      const y = f32x4.mul(dy, fy);
      v128.store(o, x);
      v128.store(o, y, 16);
    }
    for (; left > 0; left -= 4, p += 16, g += 16, o += 16) {
      const s = loadBlock(p, left, zero);
      const f = slope(id, s, zero, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
      storeBlock(o, f32x4.mul(loadBlock(g, left, zero), f), left);
    }
  }
}

// One function each, so that each is compiled by itself.

export function reluBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.relu, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function relu6Backward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.relu6, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function leakyReluBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.leakyRelu, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function eluBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.elu, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function seluBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.selu, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function sigmoidBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.sigmoid, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function hardSigmoidBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.hardSigmoid, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function tanhBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.tanh, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function softplusBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.softplus, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function softsignBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.softsign, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function exponentialBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.exponential, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function siluBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.silu, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function geluTanhBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.geluTanh, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function mishBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.mish, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function hardSigmoid2Backward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.hardSigmoid2, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function sparseSigmoidBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.sparseSigmoid, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function hardTanhBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.hardTanh, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function squareplusBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.squareplus, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function sparsePlusBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.sparsePlus, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function logSigmoidBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.logSigmoid, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function hardShrinkBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.hardShrink, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function softShrinkBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.softShrink, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function hardSiluBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.hardSilu, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

export function tanhShrinkBackward(
  saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  backward(ActivationId.tanhShrink, saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
}

/** dX = dY·f′ for the activation `id`. linear copies (nothing, in place). */
export function activationBackward(
  id: i32, saved: usize, ldSaved: i32, dY: usize, ldDY: i32, dX: usize, ldDX: i32, n: i32, row0: i32, row1: i32,
): void {
  switch (id) {
    case ActivationId.linear:
      if (dX == dY) return;
      for (let row = row0; row < row1; row++) memory.copy(rowAt(dX, row, ldDX), rowAt(dY, row, ldDY), <usize>n << 2);
      return;
    case ActivationId.relu: return reluBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.relu6: return relu6Backward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.leakyRelu: return leakyReluBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.elu: return eluBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.selu: return seluBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.sigmoid: return sigmoidBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.hardSigmoid: return hardSigmoidBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.tanh: return tanhBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.softplus: return softplusBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.softsign: return softsignBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.exponential: return exponentialBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.silu: return siluBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.gelu: return geluBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.geluTanh: return geluTanhBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.mish: return mishBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.hardSigmoid2: return hardSigmoid2Backward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.sparseSigmoid: return sparseSigmoidBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.hardTanh: return hardTanhBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.squareplus: return squareplusBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.sparsePlus: return sparsePlusBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.logSigmoid: return logSigmoidBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.hardShrink: return hardShrinkBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.softShrink: return softShrinkBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.hardSilu: return hardSiluBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.tanhShrink: return tanhShrinkBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.softmax: return softmaxBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
    case ActivationId.logSoftmax: return logSoftmaxBackward(saved, ldSaved, dY, ldDY, dX, ldDX, n, row0, row1);
  }
}
