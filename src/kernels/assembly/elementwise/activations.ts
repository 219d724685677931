/**
 * Activations over rows. A block is rows row0..row1 of n floats, `ld` floats apart. Forward reads src and writes dst (which
 * may be src). NaN stays NaN; the limits at ±∞ are right; the absolute error is ≤ 1e-6 where the value is below 8, and
 * 2 units in the last place above.
 */
import { ActivationId } from '../../activationIds';
import { EXP_MAX, EXP_MIN, expWith, LN2_HIGH, LN2_LOW, LEAK, LOG2E, log1p4, Q0, Q1, Q2, Q3, ROUND, SELU_ALPHA, SELU_SCALE } from './exp';
import { geluForward } from './gelu';
import { logSoftmaxForward, softmaxForward } from './softmax';
import { constant, loadBlock, rowAt, storeBlock } from './vector';

/** slope·x + 1/2, clipped to [0, 1] */
@inline
function ramp(x: v128, slope: f32, zero: v128, one: v128): v128 {
  return f32x4.pmin(f32x4.pmax(f32x4.add(f32x4.mul(x, f32x4.splat(slope)), f32x4.splat(0.5)), zero), one);
}

/** f(x) for one constant id; every branch but one is gone after compilation. */
@inline
function value(
  id: i32, x: v128, zero: v128, min: v128, max: v128, log2e: v128, round: v128, high: v128, low: v128,
  q0: v128, q1: v128, q2: v128, q3: v128, one: v128,
): v128 {
  if (id == ActivationId.relu) return f32x4.pmax(x, zero);
  if (id == ActivationId.relu6) return f32x4.pmin(f32x4.pmax(x, zero), f32x4.splat(6));
  if (id == ActivationId.leakyRelu) return v128.bitselect(x, f32x4.mul(x, f32x4.splat(LEAK)), f32x4.gt(x, zero));
  if (id == ActivationId.hardSigmoid) return ramp(x, 1.0 / 6.0, zero, one);
  if (id == ActivationId.hardSigmoid2) return ramp(x, 0.2, zero, one);
  if (id == ActivationId.sparseSigmoid) return ramp(x, 0.5, zero, one);
  if (id == ActivationId.hardSilu) {
    const y = f32x4.mul(f32x4.pmax(x, f32x4.splat(-3)), ramp(x, 1.0 / 6.0, zero, one));
    return v128.bitselect(x, y, f32x4.gt(x, f32x4.splat(3)));
  }
  if (id == ActivationId.hardTanh) return f32x4.pmin(f32x4.pmax(x, f32x4.neg(one)), one);
  if (id == ActivationId.hardShrink) {
    const small = f32x4.le(f32x4.abs(x), f32x4.splat(0.5));
    return v128.andnot(x, small);
  }
  if (id == ActivationId.softShrink) {
    // x less its part within ±½; at ±∞ and NaN that is x
    const half = f32x4.splat(0.5);
    return f32x4.sub(x, f32x4.pmin(f32x4.pmax(x, f32x4.neg(half)), half));
  }
  if (id == ActivationId.sparsePlus) {
    const two = f32x4.splat(2);
    const part = f32x4.pmin(f32x4.pmax(f32x4.add(x, one), zero), two);
    return f32x4.add(f32x4.mul(f32x4.mul(part, part), f32x4.splat(0.25)), f32x4.pmax(f32x4.sub(x, one), zero));
  }
  if (id == ActivationId.squareplus) {
    // (x + r)/2 with r = √(x² + 4), for x < 0 as 2/(r − x), without cancellation
    const b = f32x4.abs(x);
    const c = f32x4.pmin(b, f32x4.splat(1e9));
    const r = f32x4.pmax(f32x4.sqrt(f32x4.add(f32x4.mul(c, c), f32x4.splat(4))), b);
    const sum = f32x4.add(r, b);
    return v128.bitselect(f32x4.div(f32x4.splat(2), sum), f32x4.mul(sum, f32x4.splat(0.5)), f32x4.lt(x, zero));
  }
  if (id == ActivationId.softsign) {
    const limit = f32x4.splat(1e30);
    x = f32x4.pmin(f32x4.pmax(x, f32x4.neg(limit)), limit);
    return f32x4.div(x, f32x4.add(one, f32x4.abs(x)));
  }
  // the rest: e^a of some a(x)
  let a = x;
  if (id == ActivationId.elu || id == ActivationId.selu) a = f32x4.pmin(x, zero);
  if (id == ActivationId.sigmoid || id == ActivationId.silu) a = f32x4.neg(x);
  if (id == ActivationId.tanh || id == ActivationId.tanhShrink) a = f32x4.add(x, x);
  if (id == ActivationId.softplus || id == ActivationId.logSigmoid) a = f32x4.neg(f32x4.abs(x));
  if (id == ActivationId.exponential) a = f32x4.mul(x, f32x4.splat(0.5));
  if (id == ActivationId.mish) a = f32x4.pmin(x, f32x4.splat(20));
  if (id == ActivationId.geluTanh) {
    const b = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-14)), f32x4.splat(14));
    const cube = f32x4.mul(f32x4.mul(b, b), f32x4.mul(b, f32x4.splat(0.044715)));
    a = f32x4.mul(f32x4.add(b, cube), f32x4.splat(-1.5957691216057308));
  }
  const e = expWith(a, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
  if (id == ActivationId.elu) return v128.bitselect(x, f32x4.sub(e, one), f32x4.gt(x, zero));
  if (id == ActivationId.selu) {
    const negative = f32x4.mul(f32x4.splat(SELU_ALPHA), f32x4.sub(e, one));
    return f32x4.mul(f32x4.splat(SELU_SCALE), v128.bitselect(x, negative, f32x4.gt(x, zero)));
  }
  if (id == ActivationId.sigmoid) return f32x4.div(one, f32x4.add(one, e));
  if (id == ActivationId.silu) return f32x4.div(f32x4.pmax(x, min), f32x4.add(one, e));
  if (id == ActivationId.tanh) return f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(one, e)));
  if (id == ActivationId.tanhShrink) {
    const y = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(one, e)));
    return f32x4.sub(x, y);
  }
  if (id == ActivationId.softplus) return f32x4.add(f32x4.pmax(x, zero), log1p4(e));
  if (id == ActivationId.logSigmoid) return f32x4.sub(f32x4.pmin(x, zero), log1p4(e));
  if (id == ActivationId.exponential) return f32x4.mul(e, e); // by halves: overflows and underflows where float32 does
  if (id == ActivationId.mish) {
    // tanh(log(1 + e)) = w/(w + 2), w = e² + 2e
    const w = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
    return f32x4.mul(f32x4.pmax(x, min), f32x4.div(w, f32x4.add(w, f32x4.splat(2))));
  }
  // geluTanh
  return f32x4.div(f32x4.pmax(x, f32x4.splat(-14)), f32x4.add(one, e));
}

@inline
function forward(
  id: i32, src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32,
): void {
  const z = n >> 31;
  const zero = constant(0, z), one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  for (let row = row0; row < row1; row++) {
    let p = rowAt(src, row, ldSrc);
    let o = rowAt(dst, row, ldDst);
    let left = n;
    for (; left >= 8; left -= 8, p += 32, o += 32) {
      const x = v128.load(p);
      const y = v128.load(p, 16);
      const fx = value(id, x, zero, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
      const fy = value(id, y, zero, min, max, log2e, round, high, low, q0, q1, q2, q3, one);
      v128.store(o, fx);
      v128.store(o, fy, 16);
    }
    for (; left > 0; left -= 4, p += 16, o += 16) {
      const x = loadBlock(p, left, zero);
      storeBlock(o, value(id, x, zero, min, max, log2e, round, high, low, q0, q1, q2, q3, one), left);
    }
  }
}

// One function each, so that each is compiled by itself.
export function reluForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.relu, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function relu6Forward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.relu6, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function leakyReluForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.leakyRelu, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function eluForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.elu, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function seluForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.selu, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function sigmoidForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.sigmoid, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function hardSigmoidForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.hardSigmoid, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function tanhForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.tanh, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function softplusForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.softplus, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function softsignForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.softsign, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function exponentialForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.exponential, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function siluForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.silu, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function geluTanhForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.geluTanh, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function mishForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.mish, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function hardSigmoid2Forward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.hardSigmoid2, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function sparseSigmoidForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.sparseSigmoid, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function hardTanhForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.hardTanh, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function squareplusForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.squareplus, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function sparsePlusForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.sparsePlus, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function logSigmoidForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.logSigmoid, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function hardShrinkForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.hardShrink, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function softShrinkForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.softShrink, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function hardSiluForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.hardSilu, src, ldSrc, dst, ldDst, n, row0, row1);
}
export function tanhShrinkForward(src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32): void {
  forward(ActivationId.tanhShrink, src, ldSrc, dst, ldDst, n, row0, row1);
}

/** dst = f(src) for the activation `id`. linear copies (nothing, in place). */
export function activationForward(
  id: i32, src: usize, ldSrc: i32, dst: usize, ldDst: i32, n: i32, row0: i32, row1: i32,
): void {
  switch (id) {
    case ActivationId.linear:
      if (src == dst) return;
      for (let row = row0; row < row1; row++) memory.copy(rowAt(dst, row, ldDst), rowAt(src, row, ldSrc), <usize>n << 2);
      return;
    case ActivationId.relu: return reluForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.relu6: return relu6Forward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.leakyRelu: return leakyReluForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.elu: return eluForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.selu: return seluForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.sigmoid: return sigmoidForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.hardSigmoid: return hardSigmoidForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.tanh: return tanhForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.softplus: return softplusForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.softsign: return softsignForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.exponential: return exponentialForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.silu: return siluForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.gelu: return geluForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.geluTanh: return geluTanhForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.mish: return mishForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.hardSigmoid2: return hardSigmoid2Forward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.sparseSigmoid: return sparseSigmoidForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.hardTanh: return hardTanhForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.squareplus: return squareplusForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.sparsePlus: return sparsePlusForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.logSigmoid: return logSigmoidForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.hardShrink: return hardShrinkForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.softShrink: return softShrinkForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.hardSilu: return hardSiluForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.tanhShrink: return tanhShrinkForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.softmax: return softmaxForward(src, ldSrc, dst, ldDst, n, row0, row1);
    case ActivationId.logSoftmax: return logSoftmaxForward(src, ldSrc, dst, ldDst, n, row0, row1);
  }
}
