/**
 * What the recurrent kernels are asked to do. Letters: B batch, T steps, I inputs, U units. Addresses in bytes, 0 for what is
 * not there; `…Row` is the distance in bytes from one batch entry to the next and `…Step` from one step to the next, so a
 * caller may run a share of the batch in buffers that hold all of it. recurrence.ts outside writes the fields in this order.
 */
import { ActivationId } from '../activationIds';
import { product } from './product';
import { addRow, copyRow, copyRows, multiplyRow, zeroRow } from './rows';

@unmanaged
export class Recurrence {
  batch: i32;
  steps: i32;
  inputs: i32;
  units: i32;
  /** x and the mask are read from the last step to the first; what goes out stays in the order of computation. */
  goBackwards: i32;
  wide: i32;
  /** ActivationId of the candidate and the output, and of the gates. */
  activation: i32;
  recurrentActivation: i32;
  /** The 1 of rows [h | x | 1], or 0 for a cell without bias. */
  one: f32;

  x: usize; // (T,B,I)
  xRow: usize;
  xStep: usize;
  mask: usize; // (T,B): a byte each, 0 = masked
  maskRow: usize;
  maskStep: usize;
  first: usize; // (B) integers, the first step that is not masked; 0 where states before that are zero anyway
  h0: usize; // (B,U)
  c0: usize; // (B,U)
  inputDropout: usize; // (B,I) factors on x, the same at every step
  recurrentDropout: usize; // (B,U) factors on h before the products

  packed: usize; // weights in panels
  z: usize; // rows [h | x | 1] of T+1 steps; with zTurns of 2 steps
  zRow: usize;
  zStep: usize;
  zTurns: i32; // 0: every step has its own rows
  gates: usize; // rows of T+1 steps, or of one if gatesStep is 0
  gatesRow: usize;
  gatesStep: usize;
  preactivations: usize; // distance from a row of gates to that of its activations' inputs; 0: not kept
  reset: usize; // GRU, reset before: rows r∘h of T steps, or of one if resetStep is 0
  resetRow: usize;
  resetStep: usize;
  kept: usize; // GRU, reset after, with recurrentDropout: rows of h of T+1 steps as they are without it
  keptRow: usize;
  keptStep: usize;
  carry: usize; // (B, 2·padded U) floats: what masked steps pass on
  constants: usize; // table of the activations

  sequences: usize; // (T,B,U)
  sequencesRow: usize;
  sequencesStep: usize;
  last: usize; // (B,U)
  lastRow: usize;
  hT: usize; // (B,U)
  cT: usize; // (B,U)

  dSequences: usize; // (T,B,U)
  dSequencesRow: usize;
  dSequencesStep: usize;
  dLast: usize; // (B,U)
  dLastRow: usize;
  dhT: usize; // (B,U)
  dcT: usize; // (B,U)
  packedTransposed: usize;
  dz: usize; // rows [dh | dx | ·] of B
  dzRow: usize;
  dc: usize; // LSTM (B, padded U); GRU, reset before: (B, padded U) gradients of r∘h
  dGates: usize; // rows of B
  dGatesRow: usize;
  dPanels: usize; // gate gradients by panels, [panels][T·B][16]
  dPanelsStep: usize;
  dPanelsTurns: i32; // steps after which the panels are used anew; 0: never
  dPanel: usize; // from panel to panel
  dx: usize; // (T,B,I)
  dxRow: usize;
  dxStep: usize;
  dh0: usize; // (B,U)
  dc0: usize; // (B,U)

  /** tanh and sigmoid, which have code of their own. */
  hasUsualActivations(): bool {
    return this.activation == ActivationId.tanh && this.recurrentActivation == ActivationId.sigmoid;
  }

  /** Where the inputs of the activations of a row of gates are kept; 0 if they are not. */
  activationInputs(row: usize): usize {
    return this.preactivations ? row + this.preactivations : 0;
  }

  /** Index along time of x for the t-th computed step. */
  inputStep(t: i32): usize {
    return <usize>(this.goBackwards ? this.steps - 1 - t : t);
  }

  isMasked(b: i32, t: i32): bool {
    return load<u8>(this.mask + <usize>b * this.maskRow + this.inputStep(t) * this.maskStep) == 0;
  }

  /** Whether row b has had an unmasked step up to t: its outputs before are zero, whatever its state. */
  hasStarted(b: i32, t: i32): bool {
    return !this.first || load<i32>(this.first + ((<usize>b) << 2)) <= t;
  }

  /** Where the first row of step t lies in the first of dPanels. */
  panelsAt(t: i32): usize {
    return this.dPanels + <usize>(this.dPanelsTurns ? t % this.dPanelsTurns : t) * this.dPanelsStep;
  }

  /** Rows of z that hold the state before step t. */
  zAt(t: i32): usize {
    return this.z + <usize>(this.zTurns ? t & 1 : t) * this.zStep;
  }
}

/** Fills job.first; T where every step is masked. */
export function findFirstSteps(job: Recurrence): void {
  for (let b = 0; b < job.batch; ++b) {
    let t = 0;
    while (t < job.steps && job.isMasked(b, t)) ++t;
    store<i32>(job.first + ((<usize>b) << 2), t);
  }
}

/** Before the first step: h of z's first rows, `padded` floats wide in the carry if there are masks. */
export function startStates(job: Recurrence, padded: i32): void {
  const width = (<usize>job.units) << 2;
  const carryRow = (<usize>padded) << 3;
  if (job.first) findFirstSteps(job);
  for (let b = 0; b < job.batch; ++b) {
    const z = job.z + <usize>b * job.zRow;
    const h0 = job.h0 ? job.h0 + <usize>b * width : 0;
    if (h0) copyRow(z, h0, job.units);
    else zeroRow(z, job.units);
    if (job.mask) {
      const carry = job.carry + <usize>b * carryRow;
      zeroRow(carry, 2 * padded);
      if (h0) copyRow(carry, h0, job.units);
    }
    if (job.kept) copyRow(job.kept + <usize>b * job.keptRow, z, job.units);
    if (job.recurrentDropout) multiplyRow(z, job.recurrentDropout + <usize>b * width, job.units);
  }
}

/** The x of step t and the 1 after it, `offset` floats into the rows at z. h is stored in whole vectors, so x comes after h. */
export function fillInputs(job: Recurrence, t: i32, z: usize, offset: i32): void {
  const inputs = job.inputs;
  const width = (<usize>inputs) << 2;
  let x = job.x + job.inputStep(t) * job.xStep;
  z += (<usize>offset) << 2;
  for (let b = 0; b < job.batch; ++b) {
    copyRow(z, x, inputs);
    if (job.inputDropout) multiplyRow(z, job.inputDropout + <usize>b * width, inputs);
    store<f32>(z + width, job.one);
    x += job.xRow;
    z += job.zRow;
  }
}

/** After a step of a cell whose state is h alone: masked rows get h from before, the others put theirs by. */
export function carryMasked(job: Recurrence, t: i32, h: usize, padded: i32): void {
  for (let b = 0; b < job.batch; ++b) {
    const carry = job.carry + ((<usize>b * <usize>padded) << 3);
    if (job.isMasked(b, t)) copyRow(h, carry, job.units);
    else copyRow(carry, h, job.units);
    h += job.zRow;
  }
}

/** h of every row to rows of `to`. */
function putOutput(job: Recurrence, t: i32, h: usize, to: usize, toRow: usize): void {
  for (let b = 0; b < job.batch; ++b) {
    if (job.hasStarted(b, t)) copyRow(to, h, job.units);
    else zeroRow(to, job.units);
    h += job.zRow;
    to += toRow;
  }
}

/** After a step: the new h of every row to where it is wanted, then dropped out for the next product. */
export function putState(job: Recurrence, t: i32, h: usize): void {
  const units = job.units;
  const width = (<usize>units) << 2;
  if (job.kept) {
    copyRows(job.batch, units, job.kept + <usize>(t + 1) * job.keptStep, job.keptRow, h, job.zRow);
  }
  if (job.sequences) putOutput(job, t, h, job.sequences + <usize>t * job.sequencesStep, job.sequencesRow);
  if (t == job.steps - 1) {
    if (job.last) putOutput(job, t, h, job.last, job.lastRow);
    if (job.hT) copyRows(job.batch, units, job.hT, width, h, job.zRow);
  } else if (job.recurrentDropout) {
    for (let b = 0; b < job.batch; ++b) {
      multiplyRow(h + <usize>b * job.zRow, job.recurrentDropout + <usize>b * width, units);
    }
  }
}

/** Before the last step backward: dh of the final state and of the last output. */
export function startBackward(job: Recurrence): void {
  if (job.first) findFirstSteps(job);
  copyRows(job.batch, job.units, job.dz, job.dzRow, job.dhT, (<usize>job.units) << 2);
  if (job.dLast) addOutputGradient(job, job.steps - 1, job.dLast, job.dLastRow);
}

/** Adds rows of an output's gradient at step t to dh, but for rows whose output is zero whatever h is. */
export function addOutputGradient(job: Recurrence, t: i32, from: usize, fromRow: usize): void {
  for (let b = 0; b < job.batch; ++b) {
    if (job.hasStarted(b, t)) addRow(job.dz + <usize>b * job.dzRow, from + <usize>b * fromRow, job.units);
  }
}

/** A row's gradient of x at step t. */
export function putInputGradient(job: Recurrence, b: i32, t: i32, from: usize): void {
  const to = job.dx + <usize>b * job.dxRow + job.inputStep(t) * job.dxStep;
  copyRow(to, from, job.inputs);
  if (job.inputDropout) multiplyRow(to, job.inputDropout + ((<usize>b * <usize>job.inputs) << 2), job.inputs);
}

/** Row b of a step's gate gradients into the panels of all steps. */
export function putPanels(job: Recurrence, t: i32, b: i32, panels: i32): void {
  let to = job.panelsAt(t) + ((<usize>b) << 6);
  let row = job.dGates + <usize>b * job.dGatesRow;
  for (let i = 0; i < panels; ++i) {
    copyRow(to, row, 16);
    to += job.dPanel;
    row += 64;
  }
}

/**
 * After a step's gate gradients (rows of 16·panels columns, of which `columns` go into the product): they go into the panels of
 * all steps, and dz = [dh | dx] = dG·Wᵀ with x `head` floats into the rows. The carry's rows hold a masked row's dh and then,
 * if `past`, what of dh goes round the product.
 */
export function finishBackwardStep(job: Recurrence, t: i32, panels: i32, columns: i32, head: i32, past: i32): void {
  const batch = job.batch;
  const units = job.units;
  const padded = (units + 15) & ~15;
  for (let b = 0; b < batch; ++b) putPanels(job, t, b, panels);
  const needed = job.dx ? head + job.inputs : units;
  product(
    (needed + 15) >> 4, batch, columns, job.dGates, job.dGatesRow, job.packedTransposed, (<usize>panels) << 10, job.dz,
    job.dzRow, 64, false, <bool>job.wide,
  );
  for (let b = 0; b < batch; ++b) {
    const dz = job.dz + <usize>b * job.dzRow;
    const carry = job.carry + ((<usize>b * <usize>padded) << 3);
    if (job.dx) putInputGradient(job, b, t, dz + ((<usize>head) << 2));
    if (job.mask && job.isMasked(b, t)) {
      copyRow(dz, carry, units);
      continue;
    }
    const dropout = job.recurrentDropout ? job.recurrentDropout + ((<usize>b * <usize>units) << 2) : 0;
    if (dropout && job.kept) multiplyRow(dz, dropout, units);
    if (past) addRow(dz, carry + ((<usize>padded) << 2), units);
    if (dropout && !job.kept) multiplyRow(dz, dropout, units);
  }
}
