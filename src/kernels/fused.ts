/**
 * The host's side of the fused LSTM: one call runs all steps forward, one call all steps backward, on buffers that lie in
 * the kernel module's memory. Letters: B batch, T steps, I inputs, U units. All buffers are row-major float32, in Keras's
 * shapes and gate order i, f, c, o; addresses are byte offsets into the memory, 4-byte aligned, and 0 means "not there".
 */
import { ActivationId } from './activationIds.js';
import type { KernelExports } from './module.js';
import { FIELD, ONE, RECURRENCE_CONSTANTS, RECURRENCE_WORDS, roundUp } from './recurrence.js';

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

type CommonCall = Pick<LstmForwardCall, 'shape' | 'goBackwards' | 'mask' | 'h0' | 'recurrentDropout'>;

const ALIGNMENT = 64;

/** Rows that one product over time takes at once, so that its panel of 16 gate gradients stays in L1. */
const BLOCK_ROWS = 256;

/** Row length in floats for rows of at least `length`: whole vectors, and no multiple of 256 bytes, which would share cache sets. */
const rowLength = (length: number) => {
  const floats = roundUp(length, 4);
  return floats % 64 === 0 ? floats + 16 : floats;
};

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
function placeSaved(job: Uint32Array, shape: LstmShape, training: boolean, regions: Regions): void {
  const { batch, steps } = shape;
  const { rows, columns, zRow, gatesRow } = dimensions(shape);
  job[FIELD.packed] = regions.floats(rows * columns);
  job[FIELD.z] = regions.floats((training ? steps + 1 : 2) * batch * zRow);
  job[FIELD.zRow] = 4 * zRow;
  job[FIELD.zStep] = 4 * batch * zRow;
  job[FIELD.zTurns] = training ? 0 : 2;
  job[FIELD.gates] = regions.floats((training ? steps + 1 : 1) * batch * gatesRow);
  job[FIELD.gatesRow] = 4 * gatesRow;
  job[FIELD.gatesStep] = training ? 4 * batch * gatesRow : 0;
}

/** What both directions are told. */
function placeCommon(
  job: Uint32Array,
  { shape, goBackwards, mask, h0, recurrentDropout }: CommonCall,
  wide: boolean,
  regions: Regions,
): void {
  const { batch, steps, inputs, units } = shape;
  job[FIELD.batch] = batch;
  job[FIELD.steps] = steps;
  job[FIELD.inputs] = inputs;
  job[FIELD.units] = units;
  job[FIELD.goBackwards] = Number(goBackwards ?? false);
  job[FIELD.wide] = Number(wide);
  job[FIELD.one] = ONE;
  job[FIELD.activation] = ActivationId.tanh;
  job[FIELD.recurrentActivation] = ActivationId.sigmoid;
  job[FIELD.mask] = mask ?? 0;
  job[FIELD.maskRow] = steps;
  job[FIELD.maskStep] = 1;
  job[FIELD.h0] = h0 ?? 0;
  job[FIELD.recurrentDropout] = recurrentDropout ?? 0;
  job[FIELD.constants] = regions.floats(RECURRENCE_CONSTANTS);
  job[FIELD.carry] = regions.floats(batch * 2 * dimensions(shape).paddedUnits);
  const first = regions.floats(batch);
  job[FIELD.first] = mask ? first : 0;
}

/** Returns the address of the gradients in panels. */
function placeBackward(job: Uint32Array, shape: LstmShape, regions: Regions): number {
  const { batch } = shape;
  const { rows, columns, dzRow, dGatesRow, paddedUnits, blockSteps } = dimensions(shape);
  job[FIELD.packedTransposed] = regions.floats(roundUp(rows, 16) * columns);
  job[FIELD.dz] = regions.floats(batch * dzRow);
  job[FIELD.dzRow] = 4 * dzRow;
  job[FIELD.dc] = regions.floats(batch * paddedUnits);
  job[FIELD.dGates] = regions.floats(batch * dGatesRow);
  job[FIELD.dGatesRow] = 4 * dGatesRow;
  job[FIELD.dPanels] = regions.floats(columns * blockSteps * batch);
  job[FIELD.dPanelsStep] = 64 * batch;
  job[FIELD.dPanelsTurns] = blockSteps;
  job[FIELD.dPanel] = 64 * batch * blockSteps;
  return regions.floats(rows * columns);
}

/** Byte distances of rows and steps of a caller's (B,T,n) array. */
function placeSequence(
  job: Uint32Array,
  name: 'x' | 'sequences' | 'dSequences' | 'dx',
  address: number,
  width: number,
  steps: number,
): void {
  job[FIELD[name]] = address;
  job[FIELD[`${name}Row`]] = 4 * steps * width;
  job[FIELD[`${name}Step`]] = 4 * width;
}

/** Workspace sizes for one LSTM layer of this shape. */
export function lstmSizes(shape: LstmShape, options: { training: boolean }): LstmSizes {
  const job = new Uint32Array(RECURRENCE_WORDS);
  const forward = new Regions(0);
  forward.floats(RECURRENCE_WORDS);
  placeCommon(job, { shape }, false, forward);
  if (!options.training) {
    placeSaved(job, shape, false, forward);
    return { saved: 0, forwardScratch: forward.bytes, backwardScratch: 0 };
  }
  const saved = new Regions(0);
  placeSaved(job, shape, true, saved);
  const backward = new Regions(0);
  backward.floats(RECURRENCE_WORDS);
  placeCommon(job, { shape }, false, backward);
  placeBackward(job, shape, backward);
  return { saved: saved.bytes, forwardScratch: forward.bytes, backwardScratch: backward.bytes };
}

/**
 * Runs all steps forward, for each step t (h₋₁ = h0, c₋₁ = c0, or zeros):
 *
 *     i = σ(W_i·[h, x] + b_i)   f = σ(W_f·[h, x] + b_f)   o = σ(W_o·[h, x] + b_o)   g = tanh(W_c·[h, x] + b_c)
 *     c = f∘c + i∘g             h = o∘tanh(c)
 *
 * Errors against exact functions: σ 1.2e-7, tanh 7.5e-7 relative. NaN and infinite inputs give what exact functions give.
 */
export function lstmForward(kernels: KernelExports, memory: WebAssembly.Memory, call: LstmForwardCall): void {
  const { shape, training } = call;
  const scratch = new Regions(call.scratch);
  const address = scratch.floats(RECURRENCE_WORDS);
  const job = new Uint32Array(memory.buffer, address, RECURRENCE_WORDS).fill(0);
  placeCommon(job, call, kernels.wide, scratch);
  placeSaved(job, shape, training, training ? new Regions(call.saved ?? 0) : scratch);
  const { units, inputs, steps } = shape;
  placeSequence(job, 'x', call.x, inputs, steps);
  placeSequence(job, 'sequences', call.sequences ?? 0, units, steps);
  job[FIELD.c0] = call.c0 ?? 0;
  job[FIELD.last] = call.last ?? 0;
  job[FIELD.lastRow] = 4 * units;
  job[FIELD.hT] = call.hT ?? 0;
  job[FIELD.cT] = call.cT ?? 0;
  const { exports } = kernels;
  exports.lstmPack(call.recurrentKernel, call.kernel, call.bias ?? 0, units, inputs, job[FIELD.packed]);
  exports.lstmForward(address);
}

/** Runs all steps backward: the gradients of a scalar through `lstmForward`, given its gradients with respect to the outputs. */
export function lstmBackward(kernels: KernelExports, memory: WebAssembly.Memory, call: LstmBackwardCall): void {
  const { shape } = call;
  const scratch = new Regions(call.scratch);
  const address = scratch.floats(RECURRENCE_WORDS);
  const job = new Uint32Array(memory.buffer, address, RECURRENCE_WORDS).fill(0);
  placeCommon(job, call, kernels.wide, scratch);
  const gradients = placeBackward(job, shape, scratch);
  placeSaved(job, shape, true, new Regions(call.saved));
  const { batch, units, inputs, steps } = shape;
  placeSequence(job, 'dSequences', call.dSequences ?? 0, units, steps);
  placeSequence(job, 'dx', call.dx ?? 0, inputs, steps);
  job[FIELD.dLast] = call.dLast ?? 0;
  job[FIELD.dLastRow] = 4 * units;
  job[FIELD.dhT] = call.dhT ?? 0;
  job[FIELD.dcT] = call.dcT ?? 0;
  job[FIELD.dh0] = call.dh0 ?? 0;
  job[FIELD.dc0] = call.dc0 ?? 0;
  const { exports } = kernels;
  const { rows, columns, blockSteps } = dimensions(shape);
  // A single step without h0 leaves the recurrent weights' rows alone.
  if (steps === 1 && !call.h0) new Float32Array(memory.buffer, gradients, rows * columns).fill(0);
  exports.lstmPackTransposed(job[FIELD.packed], units, inputs, job[FIELD.packedTransposed]);
  exports.lstmStartBackward(address);
  // In blocks, whose gate gradients are still in cache when they go into the weights'.
  for (let to = steps; to > 0; ) {
    const from = Math.floor((to - 1) / blockSteps) * blockSteps;
    exports.lstmBackwardSteps(address, from, to);
    exports.lstmGradients(address, batch, from, to, gradients, Number(to < steps), 0, columns / 16);
    to = from;
  }
  exports.lstmFinishBackward(address);
  exports.lstmUnpack(gradients, units, inputs, call.dRecurrentKernel, call.dKernel, call.dBias ?? 0);
}
