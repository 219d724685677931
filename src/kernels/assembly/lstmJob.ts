/**
 * What the LSTM kernels are asked to do. Letters: B batch, T steps, I inputs, U units, P = U rounded up to 8. Addresses in bytes,
 * 0 for what is not there; `…Row` is the distance of two rows in bytes. fused.ts writes the fields in this order.
 */
@unmanaged
export class Job {
  batch: i32;
  steps: i32;
  inputs: i32;
  units: i32;
  training: i32;
  goBackwards: i32;
  wide: i32;
  /** steps whose gate gradients are gathered before they go into the weights' gradients */
  blockSteps: i32;

  x: usize; // (B,T,I)
  mask: usize; // (B,T) bytes
  h0: usize; // (B,U)
  c0: usize; // (B,U)
  recurrentDropout: usize; // (B,U)

  packed: usize; // lstmPack's panels
  z: usize; // rows [h | x | 1] of (T+1)·B, or of 2·B when not training
  zRow: usize;
  gates: usize; // rows of (T+1)·B, or B when not training: per 8 units i8 f8 g8 o8 c8 tanh(c)8
  gatesRow: usize;
  carry: usize; // (B,2P): what masked steps pass on
  first: usize; // (B) integers: the first step that is not masked
  constants: usize; // table of the activations

  sequences: usize; // (B,T,U)
  last: usize; // (B,U)
  hT: usize; // (B,U)
  cT: usize; // (B,U)

  dSequences: usize; // (B,T,U)
  dLast: usize; // (B,U)
  dhT: usize; // (B,U)
  dcT: usize; // (B,U)
  packedTransposed: usize;
  dz: usize; // rows [dh | dx] of B
  dzRow: usize;
  dc: usize; // (B,P)
  dGates: usize; // rows of B: per 8 units i8 f8 g8 o8
  dGatesRow: usize;
  dGatesPanels: usize; // [4P/16][blockSteps·B][16]
  dPacked: usize; // as packed
  dx: usize; // (B,T,I)
  dh0: usize; // (B,U)
  dc0: usize; // (B,U)

  /** U rounded up to 8 */
  get paddedUnits(): i32 {
    return (this.units + 7) & ~7;
  }

  /** Rows of the weights: h, x, 1 */
  get rows(): i32 {
    return this.units + this.inputs + 1;
  }

  /** Index along time of x for the t-th computed step. */
  inputStep(t: i32): i32 {
    return this.goBackwards ? this.steps - 1 - t : t;
  }

  /** Address of row b of (B,T,n) floats at time t. */
  at(base: usize, b: i32, t: i32, n: i32): usize {
    return base + ((<usize>b * <usize>this.steps + <usize>t) * <usize>n << 2);
  }

  isMasked(b: i32, t: i32): bool {
    return load<u8>(this.mask + <usize>b * <usize>this.steps + <usize>this.inputStep(t)) == 0;
  }

  /** Whether row b has had an unmasked step up to t. */
  hasStarted(b: i32, t: i32): bool {
    return !this.mask || load<i32>(this.first + ((<usize>b) << 2)) <= t;
  }

  carryOf(b: i32): usize {
    return this.carry + ((<usize>b * <usize>this.paddedUnits) << 3);
  }
}

/** Fills job.first; T where every step is masked. */
export function findFirstSteps(job: Job): void {
  for (let b = 0; b < job.batch; ++b) {
    let t = 0;
    while (t < job.steps && job.isMasked(b, t)) ++t;
    store<i32>(job.first + ((<usize>b) << 2), t);
  }
}
