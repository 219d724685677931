/**
 * The GRU. Units come in groups of 16. Gates and weights have for each group the panels z16 r16 x16, and behind all groups
 * one panel n16 for each: the candidate's input part x and its recurrent part n are apart, since the reset gate comes between.
 *
 *     z = σ(W_z·[h, x] + b_z)   r = σ(W_r·[h, x] + b_r)   h' = z∘h + (1 - z)∘h̃
 *     reset after:  h̃ = tanh(W_x·x + b_x + r∘(W_n·h + b_n))      reset before:  h̃ = tanh(W_x·x + b_x + W_n·(r∘h))
 *
 * Rows of the weights: h; a 1 if reset comes after; x; 1. A row of gates holds z r h̃ of each group, then n of each.
 */
import { sigmoid, tanh, writeConstants } from './activations';
import { activateGroups, slopeGroups } from './cellActivations';
import { outerProduct, product } from './product';
import {
  addOutputGradient, carryMasked, fillInputs, finishBackwardStep, putState, Recurrence, startBackward, startStates,
} from './recurrence';
import { copyRow, copyRows, zeroRow } from './rows';

/** Bytes of z r x of a group. */
const GROUP: usize = 192;

/** z and r of one row from W·[h, x] + b. */
function gateRow(groups: i32, s: usize, table: usize): void {
  for (; groups > 0; --groups) {
    for (let i: usize = 0; i < 128; i += 16) v128.store(s + i, sigmoid(v128.load(s + i), table));
    s += GROUP;
  }
}

/** r∘h of one row; padding is zero, as h's is here. */
function resetRow(groups: i32, s: usize, h: usize, to: usize): void {
  for (; groups > 0; --groups) {
    for (let i: usize = 0; i < 64; i += 16) v128.store(to + i, f32x4.mul(v128.load(s + i, 64), v128.load(h + i)));
    s += GROUP;
    h += 64;
    to += 64;
  }
}

/** The candidate and the new h of one row; h is the state before, n the candidate's recurrent part. */
function candidateRow(groups: i32, after: bool, s: usize, n: usize, h: usize, to: usize, table: usize): void {
  for (; groups > 0; --groups) {
    for (let i: usize = 0; i < 64; i += 16) {
      const one = v128.load32_splat(table);
      const recurrent = v128.load(n + i);
      const part = after ? f32x4.mul(v128.load(s + i, 64), recurrent) : recurrent;
      const c = tanh(f32x4.add(v128.load(s + i, 128), part), table);
      const z = v128.load(s + i);
      v128.store(s + i, c, 128);
      v128.store(to + i, f32x4.add(f32x4.mul(z, v128.load(h + i)), f32x4.mul(f32x4.sub(one, z), c)));
    }
    s += GROUP;
    n += 64;
    h += 64;
    to += 64;
  }
}

/** gateRow() with any activation. */
function anyGateRow(job: Recurrence, groups: i32, s: usize): void {
  const inputs = job.activationInputs(s);
  if (inputs) copyRow(inputs, s, 48 * groups);
  activateGroups(job.recurrentActivation, s, s, GROUP, 32, groups, 16, job.units);
}

/** candidateRow() with any activation. */
function anyCandidateRow(job: Recurrence, groups: i32, after: bool, s: usize, n: usize, h: usize, to: usize): void {
  const inputs = job.activationInputs(s);
  for (let group = 0; group < groups; ++group) {
    const at = GROUP * <usize>group;
    for (let i: usize = 0; i < 64; i += 16) {
      const row = s + at + i;
      const recurrent = v128.load(n + i);
      const part = after ? f32x4.mul(v128.load(row, 64), recurrent) : recurrent;
      const sum = f32x4.add(v128.load(row, 128), part);
      if (inputs) v128.store(inputs + at + i, sum, 128);
      v128.store(row, sum, 128);
    }
    n += 64;
  }
  activateGroups(job.activation, s + 128, s + 128, GROUP, 16, groups, 16, job.units);
  const one = f32x4.splat(1);
  for (; groups > 0; --groups) {
    for (let i: usize = 0; i < 64; i += 16) {
      const z = v128.load(s + i);
      const rest = f32x4.mul(f32x4.sub(one, z), v128.load(s + i, 128));
      v128.store(to + i, f32x4.add(f32x4.mul(z, v128.load(h + i)), rest));
    }
    s += GROUP;
    h += 64;
    to += 64;
  }
}

/** Rows of the weights before x. */
function beforeInputs(job: Recurrence, after: bool): i32 {
  return job.units + (after ? 1 : 0);
}

/** The h before step t that z∘h takes: without recurrent dropout where that is kept apart, as Keras does with reset after. */
function stateBefore(job: Recurrence, t: i32, b: i32): usize {
  if (job.kept) return job.kept + <usize>t * job.keptStep + <usize>b * job.keptRow;
  return job.zAt(t) + <usize>b * job.zRow;
}

function forwardStep(job: Recurrence, t: i32, after: bool): void {
  const batch = job.batch;
  const groups = (job.units + 15) >> 4;
  const wide = <bool>job.wide;
  const head = beforeInputs(job, after);
  const rows = head + job.inputs + 1;
  const panel = (<usize>rows) << 6;
  const z = job.zAt(t);
  const h = job.zAt(t + 1);
  const gates = job.gates + <usize>(t + 1) * job.gatesStep;
  const recurrent = GROUP * <usize>groups;
  const reset = job.reset + <usize>t * job.resetStep;
  if (after) for (let b = 0; b < batch; ++b) store<f32>(z + <usize>b * job.zRow + ((<usize>job.units) << 2), job.one);
  fillInputs(job, t, z, head);
  let weights = job.packed;
  const xWeights = (<usize>head) << 6;
  for (let g = 0; g < groups; ++g) {
    const s = gates + GROUP * <usize>g;
    product(2, batch, rows, z, job.zRow, weights, panel, s, job.gatesRow, 64, false, wide);
    product(
      1, batch, job.inputs + 1, z + ((<usize>head) << 2), job.zRow, weights + 2 * panel + xWeights, panel, s + 128,
      job.gatesRow, 64, false, wide,
    );
    weights += 3 * panel;
  }
  const usual = job.hasUsualActivations();
  for (let b = 0; b < batch; ++b) {
    const s = gates + <usize>b * job.gatesRow;
    if (usual) gateRow(groups, s, job.constants);
    else anyGateRow(job, groups, s);
  }
  let a = z;
  let aRow = job.zRow;
  if (!after) {
    a = reset;
    aRow = job.resetRow;
    for (let b = 0; b < batch; ++b) {
      resetRow(groups, gates + <usize>b * job.gatesRow, z + <usize>b * job.zRow, reset + <usize>b * job.resetRow);
    }
  }
  product(groups, batch, head, a, aRow, weights, panel, gates + recurrent, job.gatesRow, 64, false, wide);
  for (let b = 0; b < batch; ++b) {
    const s = gates + <usize>b * job.gatesRow;
    const before = stateBefore(job, t, b);
    const to = h + <usize>b * job.zRow;
    if (usual) candidateRow(groups, after, s, s + recurrent, before, to, job.constants);
    else anyCandidateRow(job, groups, after, s, s + recurrent, before, to);
  }
  if (job.mask) carryMasked(job, t, h, groups << 4);
  putState(job, t, h);
}

/** All steps forward. With reset after, `after` is 1. */
export function gruForward(address: usize, after: i32): void {
  const job = changetype<Recurrence>(address);
  writeConstants(job.constants);
  startStates(job, ((job.units + 15) >> 4) << 4);
  for (let t = 0; t < job.steps; ++t) forwardStep(job, t, after != 0);
}

/**
 * Gradients of one row through the gate functions, given dh of the step's output:
 *
 *     dz = dh·(h - h̃)·z(1-z)   dx = dh·(1-z)·(1-h̃²)   after: dr = dx·n·r(1-r), dn = dx·r   before: dn = dx, dr later
 *     and dh becomes dh·z
 */
function cellBackwardRow(
  units: i32, after: bool, s: usize, n: usize, h: usize, dh: usize, d: usize, dn: usize, lane: usize, table: usize,
): void {
  for (; units > 0; units -= 16) {
    for (let i: usize = 0; i < 64; i += 16) {
      const one = v128.load32_splat(table);
      const keep = v128.load(lane + (min(max(units - <i32>(i >> 2), 0), 4) << 4));
      const g = v128.and(v128.load(dh + i), keep);
      const z = v128.load(s + i);
      const c = v128.load(s + i, 128);
      const before = v128.and(v128.load(h + i), keep);
      const rest = f32x4.sub(one, z);
      v128.store(d + i, f32x4.mul(f32x4.mul(g, f32x4.sub(before, c)), f32x4.mul(z, rest)));
      const dx = f32x4.mul(f32x4.mul(g, rest), f32x4.sub(one, f32x4.mul(c, c)));
      v128.store(d + i, dx, 128);
      if (after) {
        const r = v128.load(s + i, 64);
        v128.store(dn + i, f32x4.mul(dx, r));
        v128.store(d + i, f32x4.mul(f32x4.mul(dx, v128.load(n + i)), f32x4.mul(r, f32x4.sub(one, r))), 64);
      } else {
        v128.store(dn + i, dx);
      }
      v128.store(dh + i, f32x4.mul(g, z));
    }
    s += GROUP;
    d += GROUP;
    n += 64;
    h += 64;
    dh += 64;
    dn += 64;
  }
}

/** Reset before, one row: dr = dq·h·r(1-r), dh += dq·r for q = r∘h. */
function resetBackwardRow(units: i32, s: usize, h: usize, dq: usize, dh: usize, d: usize, lane: usize, table: usize): void {
  for (; units > 0; units -= 16) {
    for (let i: usize = 0; i < 64; i += 16) {
      const one = v128.load32_splat(table);
      const keep = v128.load(lane + (min(max(units - <i32>(i >> 2), 0), 4) << 4));
      const r = v128.load(s + i, 64);
      const g = v128.and(v128.load(dq + i), keep);
      const before = v128.and(v128.load(h + i), keep);
      v128.store(d + i, f32x4.mul(f32x4.mul(g, before), f32x4.mul(r, f32x4.sub(one, r))), 64);
      v128.store(dh + i, f32x4.add(v128.load(dh + i), f32x4.mul(g, r)));
    }
    s += GROUP;
    d += GROUP;
    h += 64;
    dq += 64;
    dh += 64;
  }
}

/** cellBackwardRow() with any activations; lanes of dh and h beyond the units are taken for zeros. */
function anyCellBackwardRow(
  job: Recurrence, groups: i32, after: bool, s: usize, n: usize, h: usize, dh: usize, d: usize, dn: usize, lanes: usize,
): void {
  const inputs = job.activationInputs(s);
  const one = f32x4.splat(1);
  let units = job.units;
  for (let group = 0; group < groups; ++group) {
    const at = GROUP * <usize>group;
    for (let i: usize = 0; i < 64; i += 16) {
      const keep = v128.load(lanes + (min(max(units - <i32>(i >> 2), 0), 4) << 4));
      const g = v128.and(v128.load(dh + i), keep);
      const before = v128.and(v128.load(h + i), keep);
      const row = s + at + i;
      const z = v128.load(row);
      v128.store(d + at + i, f32x4.mul(g, f32x4.sub(before, v128.load(row, 128))));
      v128.store(d + at + i, f32x4.mul(g, f32x4.sub(one, z)), 128);
      v128.store(dh + i, f32x4.mul(g, z));
    }
    units -= 16;
    h += 64;
    dh += 64;
  }
  slopeGroups(job.recurrentActivation, inputs, s, GROUP, d, GROUP, 16, groups, 16, job.units);
  slopeGroups(job.activation, inputs + 128, s + 128, GROUP, d + 128, GROUP, 16, groups, 16, job.units);
  for (let group = 0; group < groups; ++group) {
    const at = GROUP * <usize>group;
    for (let i: usize = 0; i < 64; i += 16) {
      const dx = v128.load(d + at + i, 128);
      if (after) v128.store(d + at + i, f32x4.mul(dx, v128.load(n + i)), 64);
      v128.store(dn + i, after ? f32x4.mul(dx, v128.load(s + at + i, 64)) : dx);
    }
    n += 64;
    dn += 64;
  }
  if (after) slopeGroups(job.recurrentActivation, inputs + 64, s + 64, GROUP, d + 64, GROUP, 16, groups, 16, job.units);
}

/** resetBackwardRow() with any activation. */
function anyResetBackwardRow(job: Recurrence, groups: i32, s: usize, h: usize, dq: usize, dh: usize, d: usize, lanes: usize): void {
  let units = job.units;
  for (let group = 0; group < groups; ++group) {
    const at = GROUP * <usize>group;
    for (let i: usize = 0; i < 64; i += 16) {
      const keep = v128.load(lanes + (min(max(units - <i32>(i >> 2), 0), 4) << 4));
      const g = v128.and(v128.load(dq + i), keep);
      v128.store(d + at + i, f32x4.mul(g, v128.and(v128.load(h + i), keep)), 64);
      v128.store(dh + i, f32x4.add(v128.load(dh + i), f32x4.mul(g, v128.load(s + at + i, 64))));
    }
    units -= 16;
    h += 64;
    dq += 64;
    dh += 64;
  }
  slopeGroups(job.recurrentActivation, job.activationInputs(s) + 64, s + 64, GROUP, d + 64, GROUP, 16, groups, 16, job.units);
}

function backwardStep(job: Recurrence, t: i32, after: bool): void {
  const batch = job.batch;
  const units = job.units;
  const groups = (units + 15) >> 4;
  const padded = groups << 4;
  const wide = <bool>job.wide;
  const head = beforeInputs(job, after);
  const recurrent = GROUP * <usize>groups;
  const z = job.zAt(t);
  const gates = job.gates + <usize>(t + 1) * job.gatesStep;
  const lanes = job.constants + 64;
  const usual = job.hasUsualActivations();
  if (job.dSequences) addOutputGradient(job, t, job.dSequences + <usize>t * job.dSequencesStep, job.dSequencesRow);
  // dh·z, the part that goes past the products, is kept in the carry's second half; a masked row's whole dh in the first.
  for (let b = 0; b < batch; ++b) {
    const dh = job.dz + <usize>b * job.dzRow;
    const d = job.dGates + <usize>b * job.dGatesRow;
    const s = gates + <usize>b * job.gatesRow;
    const past = job.carry + ((<usize>b * <usize>padded) << 3);
    if (job.mask && job.isMasked(b, t)) {
      copyRow(past, dh, units);
      zeroRow(d, 64 * groups);
      continue;
    }
    const before = stateBefore(job, t, b);
    if (usual) cellBackwardRow(units, after, s, s + recurrent, before, dh, d, d + recurrent, lanes, job.constants);
    else anyCellBackwardRow(job, groups, after, s, s + recurrent, before, dh, d, d + recurrent, lanes);
    copyRow(past + ((<usize>padded) << 2), dh, units);
  }
  const columns = 64 * groups;
  const panel = (<usize>columns) << 6;
  if (!after) {
    product(
      groups, batch, padded, job.dGates + recurrent, job.dGatesRow, job.packedTransposed + 16 * recurrent, panel, job.dc,
      (<usize>padded) << 2, 64, false, wide,
    );
    for (let b = 0; b < batch; ++b) {
      if (job.mask && job.isMasked(b, t)) continue;
      const past = job.carry + ((<usize>b * <usize>padded) << 3) + ((<usize>padded) << 2);
      const s = gates + <usize>b * job.gatesRow;
      const h = z + <usize>b * job.zRow;
      const dq = job.dc + ((<usize>b * <usize>padded) << 2);
      const d = job.dGates + <usize>b * job.dGatesRow;
      if (usual) resetBackwardRow(units, s, h, dq, past, d, lanes, job.constants);
      else anyResetBackwardRow(job, groups, s, h, dq, past, d, lanes);
    }
  }
  finishBackwardStep(job, t, 4 * groups, after ? columns : 48 * groups, head, 1);
}

/** All steps backward: gate gradients into dPanels, dx and dh0. */
export function gruBackward(address: usize, after: i32): void {
  const job = changetype<Recurrence>(address);
  writeConstants(job.constants);
  writeLanes(job.constants + 64);
  startBackward(job);
  for (let t = job.steps - 1; t >= 0; --t) backwardStep(job, t, after != 0);
  if (job.dh0) copyRows(job.batch, job.units, job.dh0, (<usize>job.units) << 2, job.dz, job.dzRow);
}

/** Five masks of 0 to 4 leading lanes. */
function writeLanes(to: usize): void {
  for (let count = 0; count < 5; ++count) {
    for (let lane = 0; lane < 4; ++lane) store<i32>(to + ((<usize>(4 * count + lane)) << 2), lane < count ? -1 : 0);
  }
}

/** dW for panels panel0…panel1 of the weights from all k rows (t, b): dPanels, and rows of z or, reset before, of r∘h. */
export function gruGradients(address: usize, after: i32, k: i32, dPacked: usize, panel0: i32, panel1: i32): void {
  const job = changetype<Recurrence>(address);
  const groups = (job.units + 15) >> 4;
  const head = beforeInputs(job, after != 0);
  const rows = head + job.inputs + 1;
  const panel = (<usize>rows) << 6;
  for (let p = panel0; p < panel1; ++p) {
    const from = job.dPanels + <usize>p * job.dPanel;
    const to = dPacked + <usize>p * panel;
    if (p >= 3 * groups) {
      const a = after ? job.z : job.reset;
      outerProduct(1, head, k, a, after ? job.zRow : job.resetRow, from, 0, to, 0, false, <bool>job.wide);
    } else if (p % 3 == 2) {
      const skip = (<usize>head) << 2;
      outerProduct(1, job.inputs + 1, k, job.z + skip, job.zRow, from, 0, to + 16 * skip, 0, false, <bool>job.wide);
    } else {
      outerProduct(1, rows, k, job.z, job.zRow, from, 0, to, 0, false, <bool>job.wide);
    }
  }
}
