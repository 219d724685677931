/**
 * The host's side of the fused LSTM: one call runs all steps forward, one call all steps backward, on buffers that lie in
 * the kernel module's memory. Letters: B batch, T steps, I inputs, U units. All buffers are row-major float32, in Keras's
 * shapes and gate order i, f, c, o; addresses are byte offsets into the memory, 4-byte aligned, and 0 means "not there".
 */
import type { KernelExports } from './module.js';

export interface LstmShape {
  batch: number;
  steps: number;
  inputs: number;
  units: number;
}

/** Sizes in bytes of the two workspaces that the caller allocates (any 4-byte alignment; contents need no clearing). */
export interface LstmSizes {
  /** Written by a training forward call, read and not changed by backward: keep it between the two. 0 when not training. */
  saved: number;
  /** Needed only while the forward call runs. */
  forwardScratch: number;
  /** Needed only while the backward call runs. 0 when not training. */
  backwardScratch: number;
}

/** Inputs and outputs of the forward pass. Buffers must not overlap; inputs are never written. */
export interface LstmForwardCall {
  shape: LstmShape;
  /** Keep what backward needs in `saved`. */
  training: boolean;
  /** Read x (and the mask) from the last step to the first; outputs stay in the order of computation, as in Keras. */
  goBackwards?: boolean;
  /** (B,T,I) */
  x: number;
  /** (I,4U) */
  kernel: number;
  /** (U,4U) */
  recurrentKernel: number;
  /** (4U); 0: no bias */
  bias?: number;
  /** (B,U); 0: zeros */
  h0?: number;
  /** (B,U); 0: zeros */
  c0?: number;
  /** (B,T), one byte each, 0 = masked; 0: no mask. A masked step carries h and c; its output repeats the one before, at first zeros. */
  mask?: number;
  /** (B,U) factors on h before the recurrent product, the same at every step (recurrent dropout, already scaled); 0: none */
  recurrentDropout?: number;
  /** out (B,T,U): every step's output; 0: not wanted */
  sequences?: number;
  /** out (B,U): the last step's output; 0: not wanted */
  last?: number;
  /** out (B,U): final state h; 0: not wanted. Differs from `last` only for rows that are masked throughout. */
  hT?: number;
  /** out (B,U): final state c; 0: not wanted */
  cT?: number;
  /** Workspace of `lstmSizes(…).saved` bytes; unused when not training. */
  saved?: number;
  /** Workspace of `lstmSizes(…).forwardScratch` bytes. */
  scratch: number;
}

/**
 * Inputs and outputs of the backward pass. shape, goBackwards, h0, c0, mask, recurrentDropout must be those of the forward
 * call (their buffers unchanged; for h0 and c0 only whether they were there matters); x and the weights are not needed
 * again: `saved` holds them. Outputs are written, not added to.
 */
export interface LstmBackwardCall {
  shape: LstmShape;
  goBackwards?: boolean;
  mask?: number;
  recurrentDropout?: number;
  /** Whether forward had an h0 (any non-zero value); without, h before the first step counts as zero. */
  h0?: number;
  /** (B,T,U): gradient of `sequences`; 0: none */
  dSequences?: number;
  /** (B,U): gradient of `last`; 0: none */
  dLast?: number;
  /** (B,U): gradient of `hT`; 0: none */
  dhT?: number;
  /** (B,U): gradient of `cT`; 0: none */
  dcT?: number;
  /** out (B,T,I); 0: not wanted (cheaper) */
  dx?: number;
  /** out (I,4U) */
  dKernel: number;
  /** out (U,4U) */
  dRecurrentKernel: number;
  /** out (4U); 0: not wanted */
  dBias?: number;
  /** out (B,U); 0: not wanted */
  dh0?: number;
  /** out (B,U); 0: not wanted */
  dc0?: number;
  /** The forward call's `saved`; backward may run several times on it. */
  saved: number;
  /** Workspace of `lstmSizes(…).backwardScratch` bytes. */
  scratch: number;
}

const ALIGNMENT = 64;

/** Rows that one product over time takes at once, so that its panel of 16 gate gradients stays in L1. */
const BLOCK_ROWS = 256;

/** Floats of the table of constants that the kernels read. */
const CONSTANTS = 24;

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** Row length in floats for rows of at least `length`: whole vectors, and no multiple of 256 bytes, which would share cache sets. */
const rowLength = (length: number) => {
  const floats = roundUp(length, 4);
  return floats % 64 === 0 ? floats + 16 : floats;
};

/** The job record that lstmForward and lstmBackward read: 32-bit words in the order of the class Job in assembly/lstm.ts. */
const JOB_FIELDS = [
  'batch',
  'steps',
  'inputs',
  'units',
  'training',
  'goBackwards',
  'wide',
  'blockSteps',
  'x',
  'mask',
  'h0',
  'c0',
  'recurrentDropout',
  'packed',
  'z',
  'zRow',
  'gates',
  'gatesRow',
  'carry',
  'first',
  'constants',
  'sequences',
  'last',
  'hT',
  'cT',
  'dSequences',
  'dLast',
  'dhT',
  'dcT',
  'packedTransposed',
  'dz',
  'dzRow',
  'dc',
  'dGates',
  'dGatesRow',
  'dGatesPanels',
  'dPacked',
  'dx',
  'dh0',
  'dc0',
] as const;

type Job = Partial<Record<(typeof JOB_FIELDS)[number], number>>;

/** Hands out consecutive aligned regions from `start`. */
class Regions {
  constructor(
    readonly start: number,
    private end = start,
  ) {}

  floats(count: number): number {
    const address = roundUp(this.end, ALIGNMENT);
    this.end = address + 4 * count;
    return address;
  }

  /** Bytes used, with room for a start that is not aligned. */
  get bytes(): number {
    return this.end - this.start + ALIGNMENT;
  }
}

function dimensions({ batch, steps, inputs, units }: LstmShape) {
  const paddedUnits = roundUp(units, 8);
  const rows = units + inputs + 1; // of the weights: h, x, 1
  return {
    rows,
    columns: 4 * paddedUnits,
    paddedUnits,
    zRow: rowLength(Math.max(rows, paddedUnits)),
    // per 8 units: i8 f8 c8 o8, the cell state c8 and tanh(c)8
    gatesRow: rowLength(6 * paddedUnits),
    dzRow: rowLength(roundUp(units + inputs, 16)),
    dGatesRow: rowLength(4 * paddedUnits),
    blockSteps: Math.max(1, Math.min(steps, Math.floor(BLOCK_ROWS / batch))),
  };
}

/** What backward reads: packed weights, rows Z = [h | x | 1] and activated gates; the first step has a row of states before it. */
function placeSaved(shape: LstmShape, training: boolean, regions: Regions): Job {
  const { rows, columns, zRow, gatesRow } = dimensions(shape);
  return {
    packed: regions.floats(rows * columns),
    z: regions.floats((training ? shape.steps + 1 : 2) * shape.batch * zRow),
    zRow: 4 * zRow,
    gates: regions.floats((training ? shape.steps + 1 : 1) * shape.batch * gatesRow),
    gatesRow: 4 * gatesRow,
  };
}

function placeCommon(shape: LstmShape, regions: Regions): Job & { job: number } {
  return {
    job: regions.floats(JOB_FIELDS.length),
    constants: regions.floats(CONSTANTS),
    carry: regions.floats(shape.batch * 2 * dimensions(shape).paddedUnits),
    first: regions.floats(shape.batch),
  };
}

function placeBackward(shape: LstmShape, regions: Regions): Job {
  const { rows, columns, dzRow, dGatesRow, paddedUnits, blockSteps } = dimensions(shape);
  return {
    packedTransposed: regions.floats(roundUp(rows, 16) * columns),
    dz: regions.floats(shape.batch * dzRow),
    dzRow: 4 * dzRow,
    dc: regions.floats(shape.batch * paddedUnits),
    dGates: regions.floats(shape.batch * dGatesRow),
    dGatesRow: 4 * dGatesRow,
    dGatesPanels: regions.floats(columns * blockSteps * shape.batch),
    dPacked: regions.floats(rows * columns),
    blockSteps,
  };
}

/** Workspace sizes for one LSTM layer of this shape. */
export function lstmSizes(shape: LstmShape, options: { training: boolean }): LstmSizes {
  const forward = new Regions(0);
  placeCommon(shape, forward);
  if (!options.training) {
    placeSaved(shape, false, forward);
    return { saved: 0, forwardScratch: forward.bytes, backwardScratch: 0 };
  }
  const saved = new Regions(0);
  placeSaved(shape, true, saved);
  const backward = new Regions(0);
  placeCommon(shape, backward);
  placeBackward(shape, backward);
  return { saved: saved.bytes, forwardScratch: forward.bytes, backwardScratch: backward.bytes };
}

function writeJob(memory: WebAssembly.Memory, address: number, job: Job): void {
  const words = new Uint32Array(memory.buffer, address, JOB_FIELDS.length);
  JOB_FIELDS.forEach((field, index) => {
    words[index] = job[field] ?? 0;
  });
}

/**
 * Runs all steps forward, for each step t (h₋₁ = h0, c₋₁ = c0, or zeros):
 *
 *     i = σ(W_i·[h, x] + b_i)   f = σ(W_f·[h, x] + b_f)   o = σ(W_o·[h, x] + b_o)   g = tanh(W_c·[h, x] + b_c)
 *     c = f∘c + i∘g             h = o∘tanh(c)
 *
 * Errors against exact functions: σ 1.2e-7, tanh 4e-7 relative. NaN and infinite inputs give what exact functions give.
 */
export function lstmForward(kernels: KernelExports, memory: WebAssembly.Memory, call: LstmForwardCall): void {
  const { shape, training } = call;
  const scratch = new Regions(call.scratch);
  const { job, ...common } = placeCommon(shape, scratch);
  const kept = placeSaved(shape, training, training ? new Regions(call.saved ?? 0) : scratch);
  writeJob(memory, job, {
    ...shape,
    ...common,
    ...kept,
    training: Number(training),
    goBackwards: Number(call.goBackwards ?? false),
    wide: Number(kernels.wide),
    x: call.x,
    mask: call.mask,
    h0: call.h0,
    c0: call.c0,
    recurrentDropout: call.recurrentDropout,
    sequences: call.sequences,
    last: call.last,
    hT: call.hT,
    cT: call.cT,
  });
  const { exports } = kernels;
  exports.lstmPack(call.recurrentKernel, call.kernel, call.bias ?? 0, shape.units, shape.inputs, kept.packed ?? 0);
  exports.lstmForward(job);
}

/** Runs all steps backward: the gradients of a scalar through `lstmForward`, given its gradients with respect to the outputs. */
export function lstmBackward(kernels: KernelExports, memory: WebAssembly.Memory, call: LstmBackwardCall): void {
  const { shape } = call;
  const scratch = new Regions(call.scratch);
  const { job, ...common } = placeCommon(shape, scratch);
  const kept = placeSaved(shape, true, new Regions(call.saved));
  const workspace = placeBackward(shape, scratch);
  writeJob(memory, job, {
    ...shape,
    ...common,
    ...kept,
    ...workspace,
    training: 1,
    goBackwards: Number(call.goBackwards ?? false),
    wide: Number(kernels.wide),
    mask: call.mask,
    h0: call.h0,
    recurrentDropout: call.recurrentDropout,
    dSequences: call.dSequences,
    dLast: call.dLast,
    dhT: call.dhT,
    dcT: call.dcT,
    dx: call.dx,
    dh0: call.dh0,
    dc0: call.dc0,
  });
  const { exports } = kernels;
  exports.lstmPackTransposed(kept.packed ?? 0, shape.units, shape.inputs, workspace.packedTransposed ?? 0);
  exports.lstmBackward(job);
  exports.lstmUnpack(
    workspace.dPacked ?? 0,
    shape.units,
    shape.inputs,
    call.dRecurrentKernel,
    call.dKernel,
    call.dBias ?? 0,
  );
}
