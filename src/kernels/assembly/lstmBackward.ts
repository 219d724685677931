import { writeConstants } from './activations';
import { GROUP } from './lstmForward';
import { findFirstSteps, Job } from './lstmJob';
import { outerProduct, product } from './product';
import { addRow, addRows, copyRow, copyRows, multiplyRow, zeroRow } from './rows';

/** Where the table of constants leaves room for 8 lanes. */
const LANES: usize = 64;

/**
 * Gradients of 8 units of m rows through the gate functions:
 *
 *     dc += dh·o·(1 - tanh²c)   do = dh·tanh(c)·o(1-o)   di = dc·g·i(1-i)   df = dc·c₋₁·f(1-f)   dg = dc·i·(1-g²)   dc₋₁ = dc·f
 *
 * di df dg do go to rows of dGates and, two by two, to rows of the panels p and q. Lanes of dh whose bits at `keep` are zeros count as zero.
 */
function cellBackward(
  m: i32,
  s: usize,
  sRow: usize,
  back: usize,
  dh: usize,
  dhRow: usize,
  dc: usize,
  dcRow: usize,
  dGates: usize,
  dGatesRow: usize,
  p: usize,
  q: usize,
  panelRow: usize,
  keep: usize,
  table: usize,
): void {
  for (; m > 0; --m) {
    const one = v128.load32_splat(table);
    const dh0 = v128.and(v128.load(dh), v128.load(keep));
    const dh1 = v128.and(v128.load(dh, 16), v128.load(keep, 16));
    const t0 = v128.load(s, 160);
    const t1 = v128.load(s, 176);
    const o0 = v128.load(s, 96);
    const o1 = v128.load(s, 112);
    const ho0 = f32x4.mul(dh0, o0);
    const ho1 = f32x4.mul(dh1, o1);
    const do0 = f32x4.mul(f32x4.mul(ho0, t0), f32x4.sub(one, o0));
    const do1 = f32x4.mul(f32x4.mul(ho1, t1), f32x4.sub(one, o1));
    v128.store(dGates, do0, 96);
    v128.store(dGates, do1, 112);
    v128.store(q, do0, 32);
    v128.store(q, do1, 48);
    const dc0 = f32x4.add(v128.load(dc), f32x4.mul(ho0, f32x4.sub(one, f32x4.mul(t0, t0))));
    const dc1 = f32x4.add(v128.load(dc, 16), f32x4.mul(ho1, f32x4.sub(one, f32x4.mul(t1, t1))));
    const f0 = v128.load(s, 32);
    const f1 = v128.load(s, 48);
    const cf0 = f32x4.mul(dc0, f0);
    const cf1 = f32x4.mul(dc1, f1);
    v128.store(dc, cf0);
    v128.store(dc, cf1, 16);
    const before = s - back;
    const df0 = f32x4.mul(f32x4.mul(cf0, v128.load(before, 128)), f32x4.sub(one, f0));
    const df1 = f32x4.mul(f32x4.mul(cf1, v128.load(before, 144)), f32x4.sub(one, f1));
    v128.store(dGates, df0, 32);
    v128.store(dGates, df1, 48);
    v128.store(p, df0, 32);
    v128.store(p, df1, 48);
    const i0 = v128.load(s);
    const i1 = v128.load(s, 16);
    const g0 = v128.load(s, 64);
    const g1 = v128.load(s, 80);
    const ci0 = f32x4.mul(dc0, i0);
    const ci1 = f32x4.mul(dc1, i1);
    const di0 = f32x4.mul(f32x4.mul(ci0, g0), f32x4.sub(one, i0));
    const di1 = f32x4.mul(f32x4.mul(ci1, g1), f32x4.sub(one, i1));
    v128.store(dGates, di0);
    v128.store(dGates, di1, 16);
    v128.store(p, di0);
    v128.store(p, di1, 16);
    const dg0 = f32x4.mul(ci0, f32x4.sub(one, f32x4.mul(g0, g0)));
    const dg1 = f32x4.mul(ci1, f32x4.sub(one, f32x4.mul(g1, g1)));
    v128.store(dGates, dg0, 64);
    v128.store(dGates, dg1, 80);
    v128.store(q, dg0);
    v128.store(q, dg1, 16);
    s += sRow;
    dh += dhRow;
    dc += dcRow;
    dGates += dGatesRow;
    p += panelRow;
    q += panelRow;
  }
}

/** Gradients of the final states into dz and dc, whose padding becomes zero. */
function start(job: Job): void {
  const units = job.units;
  const width = (<usize>units) << 2;
  const dcRow = (<usize>job.paddedUnits) << 2;
  if (job.mask) findFirstSteps(job);
  copyRows(job.batch, units, job.dz, job.dzRow, job.dhT, width);
  zeroRow(job.dc, job.batch * job.paddedUnits);
  if (job.dcT) copyRows(job.batch, units, job.dc, dcRow, job.dcT, width);
  if (job.dLast) addOutputGradient(job, job.steps - 1, job.dLast, width);
}

/** Adds rows of an output's gradient at step t to dh, but for rows whose steps were all masked so far: their output is constant. */
function addOutputGradient(job: Job, t: i32, from: usize, fromRow: usize): void {
  for (let b = 0; b < job.batch; ++b) {
    if (job.hasStarted(b, t)) addRow(job.dz + <usize>b * job.dzRow, from + <usize>b * fromRow, job.units);
  }
}

/** Before a step: masked rows put their gradients [dh | dc] by, which pass it unchanged. */
function keepMasked(job: Job, t: i32): void {
  const padded = job.paddedUnits;
  const dcRow = (<usize>padded) << 2;
  for (let b = 0; b < job.batch; ++b) {
    if (!job.isMasked(b, t)) continue;
    copyRow(job.carryOf(b), job.dz + <usize>b * job.dzRow, job.units);
    copyRow(job.carryOf(b) + dcRow, job.dc + <usize>b * dcRow, padded);
  }
}

/** After the gate functions: masked rows have no gate gradients, and dc as before. `panels`: row 0 of this step in dGatesPanels. */
function clearMasked(job: Job, t: i32, panels: usize, panel: usize): void {
  const padded = job.paddedUnits;
  const dcRow = (<usize>padded) << 2;
  for (let b = 0; b < job.batch; ++b) {
    if (!job.isMasked(b, t)) continue;
    copyRow(job.dc + <usize>b * dcRow, job.carryOf(b) + dcRow, padded);
    zeroRow(job.dGates + <usize>b * job.dGatesRow, 4 * padded);
    let row = panels + ((<usize>b) << 6);
    for (let i = 0; i < padded >> 2; ++i) {
      zeroRow(row, 16);
      row += panel;
    }
  }
}

/** After the product: dz = [dh | dx] of step t; masked rows get their dh back. */
function finishStep(job: Job, t: i32): void {
  const units = job.units;
  const inputs = job.inputs;
  const width = (<usize>units) << 2;
  const step = job.inputStep(t);
  let dz = job.dz;
  for (let b = 0; b < job.batch; ++b) {
    if (job.recurrentDropout) multiplyRow(dz, job.recurrentDropout + <usize>b * width, units);
    if (job.dx) copyRow(job.at(job.dx, b, step, inputs), dz + width, inputs);
    if (job.mask && job.isMasked(b, t)) copyRow(dz, job.carryOf(b), units);
    dz += job.dzRow;
  }
}

/** Step t through the gate functions and back to dz; `panels` is where its rows start in dGatesPanels. */
function step(job: Job, t: i32, gates: usize, panels: usize, panel: usize): void {
  const batch = job.batch;
  const units = job.units;
  const back = <usize>batch * job.gatesRow;
  const dcRow = (<usize>job.paddedUnits) << 2;
  const width = (<usize>units) << 2;
  if (job.dSequences) addOutputGradient(job, t, job.at(job.dSequences, 0, t, units), width * <usize>job.steps);
  if (job.mask) keepMasked(job, t);
  let dh = job.dz;
  let dc = job.dc;
  let dGates = job.dGates;
  let p = panels;
  // Lanes that belong to units: all 8, but for the last group.
  const keep = job.constants + LANES;
  v128.store(keep, i32x4.splat(-1));
  v128.store(keep, i32x4.splat(-1), 16);
  let left = units;
  if (batch == 1 && left > 8) {
    // For one row the groups take the place of rows, so that their chains of operations overlap.
    const groups = (left - 1) >> 3;
    cellBackward(groups, gates, GROUP, back, dh, 32, dc, 32, dGates, 128, p, p + panel, 2 * panel, keep, job.constants);
    left -= 8 * groups;
    gates += <usize>groups * GROUP;
    dh += <usize>groups << 5;
    dc += <usize>groups << 5;
    dGates += <usize>groups << 7;
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
  if (job.mask) clearMasked(job, t, panels, panel);
  // Panels of [dh | dx] that somebody reads.
  const from = t == 0 && !job.dh0 ? units >> 4 : 0;
  const to = ((job.dx ? units + job.inputs : t == 0 && !job.dh0 ? 0 : units) + 15) >> 4;
  const columns = 4 * job.paddedUnits;
  const weights = (<usize>columns) << 6;
  product(
    to - from, batch, columns, job.dGates, job.dGatesRow, job.packedTransposed + <usize>from * weights, weights,
    job.dz + ((<usize>from) << 6), job.dzRow, 64, false, <bool>job.wide,
  );
  finishStep(job, t);
}

/** dPacked (+)= Zᵀ·dG over a block of k rows; `skip` leading rows of the weights get zero. */
function addWeightGradients(job: Job, k: i32, z: usize, panel: usize, add: bool, skip: i32): void {
  const panels = job.paddedUnits >> 2;
  const rows = job.rows;
  const to = (<usize>rows) << 6;
  if (skip) for (let i = 0; i < panels; ++i) zeroRow(job.dPacked + <usize>i * to, 16 * skip);
  outerProduct(
    panels, rows - skip, k, z + ((<usize>skip) << 2), job.zRow, job.dGatesPanels, panel, job.dPacked + ((<usize>skip) << 6),
    to, add, <bool>job.wide,
  );
}

/** All steps backward, after a forward pass with training on. */
export function lstmBackward(address: usize): void {
  const job = changetype<Job>(address);
  const batch = job.batch;
  const gatesStep = <usize>batch * job.gatesRow;
  const zStep = <usize>batch * job.zRow;
  const panelStep = (<usize>batch) << 6;
  const panel = panelStep * <usize>job.blockSteps;
  const width = (<usize>job.units) << 2;
  writeConstants(job.constants);
  start(job);
  let blockEnd = job.steps;
  for (let t = job.steps - 1; t >= 0; --t) {
    const turn = t % job.blockSteps;
    step(job, t, job.gates + <usize>(t + 1) * gatesStep, job.dGatesPanels + <usize>turn * panelStep, panel);
    if (turn == 0) {
      // A single step without h0 has h = 0 in all of Z, so nothing reaches the recurrent weights.
      const skip = job.steps == 1 && !job.h0 ? job.units : 0;
      addWeightGradients(job, (blockEnd - t) * batch, job.z + <usize>t * zStep, panel, blockEnd < job.steps, skip);
      blockEnd = t;
    }
  }
  if (job.dh0) copyRows(batch, job.units, job.dh0, width, job.dz, job.dzRow);
  if (job.dc0) copyRows(batch, job.units, job.dc0, width, job.dc, (<usize>job.paddedUnits) << 2);
}
