/**
 * The LSTM over all steps. Weights in panels of 16 columns, i8 f8 and g8 o8 for every 8 units; rows h, x, 1. A row of gates holds the
 * activated gates, c and tanh(c) of each group of 8 units (lstmCell.ts).
 */
import { writeConstants } from './activations';
import { anyCell, anyCellBackward, CELL, cell, cellBackward, GROUP, gatherCell, scatterCell } from './lstmCell';
import { outerProduct, product } from './product';
import {
  addOutputGradient, fillInputs, putInputGradient, putPanels, putState, Recurrence, startBackward, startStates,
} from './recurrence';
import { copyRow, copyRows, multiplyRow, zeroRow } from './rows';

/** Where the table of constants leaves room for 8 lanes. */
const LANES: usize = 64;

// @ts-ignore: decorator
@inline
function paddedUnits(job: Recurrence): i32 {
  return (job.units + 7) & ~7;
}

/** The carry of row b, [h | c], each as long as the padded units. */
// @ts-ignore: decorator
@inline
function carryOf(job: Recurrence, b: i32): usize {
  return job.carry + ((<usize>b * <usize>paddedUnits(job)) << 3);
}

/** The cell states before the first step, in the gates' first rows. */
function startCells(job: Recurrence): void {
  const padded = paddedUnits(job);
  const width = (<usize>job.units) << 2;
  for (let b = 0; b < job.batch; ++b) {
    const c = carryOf(job, b) + ((<usize>padded) << 2);
    zeroRow(c, padded);
    if (job.c0) copyRow(c, job.c0 + <usize>b * width, job.units);
    scatterCell(job.gates + <usize>b * job.gatesRow, c, padded >> 3);
  }
}

/** After a step: masked rows get the states from before, the others put theirs by. */
function carryMasked(job: Recurrence, t: i32, h: usize, gates: usize): void {
  const units = job.units;
  const padded = paddedUnits(job);
  for (let b = 0; b < job.batch; ++b) {
    const carry = carryOf(job, b);
    const c = carry + ((<usize>padded) << 2);
    if (job.isMasked(b, t)) {
      copyRow(h, carry, units);
      scatterCell(gates, c, padded >> 3);
    } else {
      copyRow(carry, h, units);
      gatherCell(c, gates, padded);
    }
    h += job.zRow;
    gates += job.gatesRow;
  }
}

function anyCells(job: Recurrence, groups: i32, row: usize, h: usize): void {
  const lane = job.units & 7;
  const last = (<usize>(groups - 1)) * GROUP + CELL + ((<usize>lane) << 2);
  for (let b = 0; b < job.batch; ++b) {
    anyCell(job.activation, job.recurrentActivation, groups, job.units, row, job.gatesStep, job.activationInputs(row), h);
    if (lane) {
      // Lanes without a unit: gates above 1 at 0 would let c, and what is made of it, grow without bound.
      zeroRow(row + last, 8 - lane);
      zeroRow(row + last + 32, 8 - lane);
    }
    row += job.gatesRow;
    h += job.zRow;
  }
}

function forwardStep(job: Recurrence, t: i32): void {
  const batch = job.batch;
  const rows = job.units + job.inputs + 1;
  const panel = (<usize>rows) << 6;
  const z = job.zAt(t);
  const h = job.zAt(t + 1);
  const gates = job.gates + <usize>(t + 1) * job.gatesStep;
  // Without h0 the first product leaves out h, which is zero.
  const skip = t == 0 && !job.h0 ? job.units : 0;
  const a = z + ((<usize>skip) << 2);
  fillInputs(job, t, z, job.units);
  let weights = job.packed + ((<usize>skip) << 6);
  const groups = paddedUnits(job) >> 3;
  const usual = job.hasUsualActivations();
  let s = gates;
  let to = h;
  for (let group = 0; group < groups; ++group) {
    product(2, batch, rows - skip, a, job.zRow, weights, panel, s, job.gatesRow, 64, false, <bool>job.wide);
    if (usual && batch > 1) cell(batch, s, job.gatesRow, job.gatesStep, to, job.zRow, job.constants);
    weights += 2 * panel;
    s += GROUP;
    to += 32;
  }
  // For one row the groups take the place of rows, so that their chains of operations overlap.
  if (!usual) anyCells(job, groups, gates, h);
  else if (batch == 1) cell(groups, gates, GROUP, job.gatesStep, h, 32, job.constants);
  if (job.mask) carryMasked(job, t, h, gates);
  putState(job, t, h);
}

/**
 * All steps forward. Step t reads rows t of z and writes h to rows t+1 (whose x part it may touch: h is stored 8 wide, so
 * each step's x is filled in after the step before).
 */
export function lstmForward(address: usize): void {
  const job = changetype<Recurrence>(address);
  writeConstants(job.constants);
  startStates(job, paddedUnits(job));
  startCells(job);
  for (let t = 0; t < job.steps; ++t) forwardStep(job, t);
  if (!job.cT) return;
  const width = (<usize>job.units) << 2;
  const gates = job.gates + <usize>job.steps * job.gatesStep;
  for (let b = 0; b < job.batch; ++b) gatherCell(job.cT + <usize>b * width, gates + <usize>b * job.gatesRow, job.units);
}

/** Before a step: masked rows put their gradients [dh | dc] by, which pass it unchanged. */
function keepMasked(job: Recurrence, t: i32): void {
  const padded = paddedUnits(job);
  const dcRow = (<usize>padded) << 2;
  for (let b = 0; b < job.batch; ++b) {
    if (!job.isMasked(b, t)) continue;
    copyRow(carryOf(job, b), job.dz + <usize>b * job.dzRow, job.units);
    copyRow(carryOf(job, b) + dcRow, job.dc + <usize>b * dcRow, padded);
  }
}

/** After the gate functions: masked rows have no gate gradients, and dc as before. */
function clearMasked(job: Recurrence, t: i32): void {
  const padded = paddedUnits(job);
  const dcRow = (<usize>padded) << 2;
  for (let b = 0; b < job.batch; ++b) {
    if (!job.isMasked(b, t)) continue;
    copyRow(job.dc + <usize>b * dcRow, carryOf(job, b) + dcRow, padded);
    zeroRow(job.dGates + <usize>b * job.dGatesRow, 4 * padded);
    let row = job.panelsAt(t) + ((<usize>b) << 6);
    for (let i = 0; i < padded >> 2; ++i) {
      zeroRow(row, 16);
      row += job.dPanel;
    }
  }
}

/** After the product: dz = [dh | dx] of step t; masked rows get their dh back. */
function finishStep(job: Recurrence, t: i32): void {
  const units = job.units;
  const width = (<usize>units) << 2;
  let dz = job.dz;
  for (let b = 0; b < job.batch; ++b) {
    if (job.recurrentDropout) multiplyRow(dz, job.recurrentDropout + <usize>b * width, units);
    if (job.dx) putInputGradient(job, b, t, dz + width);
    if (job.mask && job.isMasked(b, t)) copyRow(dz, carryOf(job, b), units);
    dz += job.dzRow;
  }
}

/** The gate gradients of a step, from dz = [dh | ·] and dc. */
function cellsBackward(job: Recurrence, t: i32): void {
  const batch = job.batch;
  const back = job.gatesStep;
  const panel = job.dPanel;
  const dcRow = (<usize>paddedUnits(job)) << 2;
  let gates = job.gates + <usize>(t + 1) * job.gatesStep;
  let dh = job.dz;
  let dc = job.dc;
  let dGates = job.dGates;
  let p = job.panelsAt(t);
  // Lanes that belong to units: all 8, but for the last group.
  const keep = job.constants + LANES;
  v128.store(keep, i32x4.splat(-1));
  v128.store(keep, i32x4.splat(-1), 16);
  let left = job.units;
  if (batch == 1 && left > 8) {
    // For one row the groups take the place of rows, so that their chains of operations overlap.
    const groups = (left - 1) >> 3;
    cellBackward(groups, gates, GROUP, back, dh, 32, dc, 32, dGates, 128, p, p + panel, 2 * panel, keep, job.constants);
    left -= 8 * groups;
    gates += <usize>groups * GROUP;
    dh += (<usize>groups) << 5;
    dc += (<usize>groups) << 5;
    dGates += (<usize>groups) << 7;
    p += <usize>groups * 2 * panel;
  }
  for (; left > 0; left -= 8) {
    if (left < 8) for (let i = left; i < 8; ++i) store<i32>(keep + ((<usize>i) << 2), 0);
    cellBackward(
      batch, gates, job.gatesRow, back, dh, job.dzRow, dc, dcRow, dGates, job.dGatesRow, p, p + panel, 64, keep, job.constants,
    );
    gates += GROUP;
    dh += 32;
    dc += 32;
    dGates += 128;
    p += 2 * panel;
  }
}

function anyCellsBackward(job: Recurrence, t: i32): void {
  const padded = paddedUnits(job);
  const dcRow = (<usize>padded) << 2;
  let row = job.gates + <usize>(t + 1) * job.gatesStep;
  for (let b = 0; b < job.batch; ++b) {
    const dh = job.dz + <usize>b * job.dzRow;
    zeroRow(dh + ((<usize>job.units) << 2), padded - job.units);
    anyCellBackward(
      job.activation, job.recurrentActivation, padded >> 3, job.units, row, job.gatesStep, job.activationInputs(row), dh,
      job.dc + <usize>b * dcRow, job.dGates + <usize>b * job.dGatesRow,
    );
    putPanels(job, t, b, padded >> 2);
    row += job.gatesRow;
  }
}

function backwardStep(job: Recurrence, t: i32): void {
  const batch = job.batch;
  const units = job.units;
  if (job.dSequences) addOutputGradient(job, t, job.dSequences + <usize>t * job.dSequencesStep, job.dSequencesRow);
  if (job.mask) keepMasked(job, t);
  if (job.hasUsualActivations()) cellsBackward(job, t);
  else anyCellsBackward(job, t);
  if (job.mask) clearMasked(job, t);
  // Panels of [dh | dx] that somebody reads.
  const from = t == 0 && !job.dh0 ? units >> 4 : 0;
  const to = ((job.dx ? units + job.inputs : t == 0 && !job.dh0 ? 0 : units) + 15) >> 4;
  const columns = 4 * paddedUnits(job);
  const weights = (<usize>columns) << 6;
  product(
    to - from, batch, columns, job.dGates, job.dGatesRow, job.packedTransposed + <usize>from * weights, weights,
    job.dz + ((<usize>from) << 6), job.dzRow, 64, false, <bool>job.wide,
  );
  finishStep(job, t);
}

/** Before the last step backward. */
export function lstmStartBackward(address: usize): void {
  const job = changetype<Recurrence>(address);
  const padded = paddedUnits(job);
  writeConstants(job.constants);
  startBackward(job);
  zeroRow(job.dc, job.batch * padded);
  if (job.dcT) copyRows(job.batch, job.units, job.dc, (<usize>padded) << 2, job.dcT, (<usize>job.units) << 2);
}

/** Steps to-1 … from backward, after those behind them: gate gradients into dPanels, and dx. */
export function lstmBackwardSteps(address: usize, from: i32, to: i32): void {
  const job = changetype<Recurrence>(address);
  for (let t = to - 1; t >= from; --t) backwardStep(job, t);
}

/** After the first step backward: gradients of the states before it. */
export function lstmFinishBackward(address: usize): void {
  const job = changetype<Recurrence>(address);
  const width = (<usize>job.units) << 2;
  if (job.dh0) copyRows(job.batch, job.units, job.dh0, width, job.dz, job.dzRow);
  if (job.dc0) copyRows(job.batch, job.units, job.dc0, width, job.dc, (<usize>paddedUnits(job)) << 2);
}

/**
 * dW (+)= Zᵀ·dG for panels panel0…panel1 of the weights, from `batch` rows of each of the steps from…to; dPacked is whole.
 * Without h0, a single step has h = 0 in all of Z, and nothing reaches the recurrent weights: those rows are not written.
 */
export function lstmGradients(
  address: usize, batch: i32, from: i32, to: i32, dPacked: usize, add: i32, panel0: i32, panel1: i32,
): void {
  const job = changetype<Recurrence>(address);
  const rows = job.units + job.inputs + 1;
  const panel = (<usize>rows) << 6;
  const skip = job.steps == 1 && !job.h0 ? job.units : 0;
  const c = dPacked + <usize>panel0 * panel;
  outerProduct(
    panel1 - panel0, rows - skip, batch * (to - from), job.zAt(from) + ((<usize>skip) << 2), job.zRow,
    job.panelsAt(from) + <usize>panel0 * job.dPanel, job.dPanel, c + ((<usize>skip) << 6), panel, add != 0, <bool>job.wide,
  );
}
