import { sigmoid, tanh, writeConstants } from './activations';
import { findFirstSteps, Job } from './lstmJob';
import { product } from './product';
import { copyRow, copyRows, multiplyRow, zeroRow } from './rows';
import { madd } from './tiles';

/** Bytes of a group of 8 units in a row of gates, and where the cell state lies in it. */
export const GROUP: usize = 192;
export const CELL: usize = 128;

/**
 * The gate functions for 8 units of m rows: s holds W·[h, x] + b, and gets the activated gates, c and tanh(c); the state before
 * lies `back` bytes before. The new h goes to rows of h.
 */
function cell(m: i32, s: usize, sRow: usize, back: usize, h: usize, hRow: usize, table: usize): void {
  for (; m > 0; --m) {
    const i0 = sigmoid(v128.load(s), table);
    const i1 = sigmoid(v128.load(s, 16), table);
    v128.store(s, i0);
    v128.store(s, i1, 16);
    const g0 = tanh(v128.load(s, 64), table);
    const g1 = tanh(v128.load(s, 80), table);
    v128.store(s, g0, 64);
    v128.store(s, g1, 80);
    const f0 = sigmoid(v128.load(s, 32), table);
    const f1 = sigmoid(v128.load(s, 48), table);
    v128.store(s, f0, 32);
    v128.store(s, f1, 48);
    const before = s - back;
    const c0 = madd(f0, v128.load(before, CELL), f32x4.mul(i0, g0));
    const c1 = madd(f1, v128.load(before, CELL + 16), f32x4.mul(i1, g1));
    v128.store(s, c0, CELL);
    v128.store(s, c1, CELL + 16);
    const t0 = tanh(c0, table);
    const t1 = tanh(c1, table);
    v128.store(s, t0, 160);
    v128.store(s, t1, 176);
    const o0 = sigmoid(v128.load(s, 96), table);
    const o1 = sigmoid(v128.load(s, 112), table);
    v128.store(s, o0, 96);
    v128.store(s, o1, 112);
    v128.store(h, f32x4.mul(o0, t0));
    v128.store(h, f32x4.mul(o1, t1), 16);
    s += sRow;
    h += hRow;
  }
}

/** The cell states of a row of gates from (P) floats, or back. */
function scatterCell(gates: usize, from: usize, groups: i32): void {
  for (; groups > 0; --groups) {
    v128.store(gates, v128.load(from), CELL);
    v128.store(gates, v128.load(from, 16), CELL + 16);
    gates += GROUP;
    from += 32;
  }
}

function gatherCell(to: usize, gates: usize, units: i32): void {
  for (; units > 0; units -= 8) {
    copyRow(to, gates + CELL, min(units, 8));
    gates += GROUP;
    to += 32;
  }
}

/** States before the first step. The carry holds [h | c] of each row, padded with zeros. */
function start(job: Job): void {
  const units = job.units;
  const padded = job.paddedUnits;
  const width = (<usize>units) << 2;
  if (job.mask) findFirstSteps(job);
  for (let b = 0; b < job.batch; ++b) {
    const carry = job.carryOf(b);
    const c = carry + ((<usize>padded) << 2);
    zeroRow(carry, 2 * padded);
    if (job.h0) copyRow(carry, job.h0 + <usize>b * width, units);
    if (job.c0) copyRow(c, job.c0 + <usize>b * width, units);
    const z = job.z + <usize>b * job.zRow;
    copyRow(z, carry, units);
    if (job.recurrentDropout) multiplyRow(z, job.recurrentDropout + <usize>b * width, units);
    scatterCell(job.gates + <usize>b * job.gatesRow, c, padded >> 3);
  }
}

/** After a step: masked rows get the states from before, the others put theirs by. */
function carryMasked(job: Job, t: i32, h: usize, gates: usize): void {
  const units = job.units;
  const padded = job.paddedUnits;
  for (let b = 0; b < job.batch; ++b) {
    const carry = job.carryOf(b);
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

function fillInputs(job: Job, t: i32, z: usize): void {
  const inputs = job.inputs;
  const step = job.inputStep(t);
  z += (<usize>job.units) << 2;
  for (let b = 0; b < job.batch; ++b) {
    copyRow(z, job.at(job.x, b, step, inputs), inputs);
    store<f32>(z + ((<usize>inputs) << 2), 1);
    z += job.zRow;
  }
}

/** h of every row to rows of `to`, zeros for rows whose steps were all masked so far. */
function putOutput(job: Job, t: i32, h: usize, to: usize, toRow: usize): void {
  for (let b = 0; b < job.batch; ++b) {
    if (job.hasStarted(b, t)) copyRow(to, h, job.units);
    else zeroRow(to, job.units);
    h += job.zRow;
    to += toRow;
  }
}

function step(job: Job, t: i32, z: usize, h: usize, gates: usize, back: usize): void {
  const batch = job.batch;
  const panel = (<usize>job.rows) << 6;
  // Without h0 the first product leaves out h, which is zero.
  const skip = t == 0 && !job.h0 ? job.units : 0;
  const a = z + ((<usize>skip) << 2);
  const k = job.rows - skip;
  fillInputs(job, t, z);
  let weights = job.packed + ((<usize>skip) << 6);
  const groups = job.paddedUnits >> 3;
  let s = gates;
  let to = h;
  for (let group = 0; group < groups; ++group) {
    product(2, batch, k, a, job.zRow, weights, panel, s, job.gatesRow, 64, false, <bool>job.wide);
    if (batch > 1) cell(batch, s, job.gatesRow, back, to, job.zRow, job.constants);
    weights += 2 * panel;
    s += GROUP;
    to += 32;
  }
  // For one row the groups take the place of rows, so that their chains of operations overlap.
  if (batch == 1) cell(groups, gates, GROUP, back, h, 32, job.constants);
  if (job.mask) carryMasked(job, t, h, gates);
  const width = (<usize>job.units) << 2;
  if (job.sequences) putOutput(job, t, h, job.at(job.sequences, 0, t, job.units), width * <usize>job.steps);
  if (t == job.steps - 1) {
    if (job.last) putOutput(job, t, h, job.last, width);
    if (job.hT) copyRows(batch, job.units, job.hT, width, h, job.zRow);
  } else if (job.recurrentDropout) {
    for (let b = 0; b < batch; ++b) {
      multiplyRow(h + <usize>b * job.zRow, job.recurrentDropout + <usize>b * width, job.units);
    }
  }
}

/**
 * All steps forward. Step t reads rows t of z and writes h to rows t+1 (whose x part it may touch: h is stored 8 wide, so
 * each step's x is filled in after the step before). When not training, z has two turns and the gates one.
 */
export function lstmForward(address: usize): void {
  const job = changetype<Job>(address);
  writeConstants(job.constants);
  start(job);
  const zStep = <usize>job.batch * job.zRow;
  const back = job.training ? <usize>job.batch * job.gatesRow : 0;
  let z = job.z;
  let h = z + zStep;
  let gates = job.gates + back;
  for (let t = 0; t < job.steps; ++t) {
    step(job, t, z, h, gates, back);
    gates += back;
    if (job.training) {
      z = h;
      h += zStep;
    } else {
      const swap = z;
      z = h;
      h = swap;
    }
  }
  if (job.cT) {
    const width = (<usize>job.units) << 2;
    gates -= back;
    for (let b = 0; b < job.batch; ++b) {
      gatherCell(job.cT + <usize>b * width, gates + <usize>b * job.gatesRow, job.units);
    }
  }
}
