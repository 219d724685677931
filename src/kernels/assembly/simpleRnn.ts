/**
 * The simple recurrent cell: h' = f(W·[h, x] + b). Weights in panels of 16 units, rows h, x, 1; a row of gates holds h'
 * itself, from which f' follows, or from f's input where that is kept.
 */
import { ActivationId } from '../activationIds';
import { tanh, writeConstants } from './activations';
import { activateGroups, slopeGroups } from './cellActivations';
import { outerProduct, product } from './product';
import {
  addOutputGradient, carryMasked, fillInputs, finishBackwardStep, putState, Recurrence, startBackward, startStates,
} from './recurrence';
import { copyRow, copyRows, zeroRow } from './rows';

function activate(job: Recurrence, n: i32, s: usize, h: usize): void {
  if (job.activation == ActivationId.tanh) {
    for (let i: usize = 0; i < <usize>n << 2; i += 16) {
      const y = tanh(v128.load(s + i), job.constants);
      v128.store(s + i, y);
      v128.store(h + i, y);
    }
    return;
  }
  const inputs = job.activationInputs(s);
  if (inputs) copyRow(inputs, s, n);
  activateGroups(job.activation, s, s, 0, n, 1, n, job.units);
  copyRow(h, s, n);
}

/** d = dh·f'(…); columns n to the end of the panel become 0. */
function activateBackward(job: Recurrence, n: i32, s: usize, dh: usize, d: usize): void {
  copyRow(d, dh, n);
  slopeGroups(job.activation, job.activationInputs(s), s, 0, d, 0, n, 1, n, n);
  for (let j = n; j & 15; ++j) store<f32>(d + ((<usize>j) << 2), 0);
}

export function simpleRnnForward(address: usize): void {
  const job = changetype<Recurrence>(address);
  const panels = (job.units + 15) >> 4;
  const padded = panels << 4;
  const rows = job.units + job.inputs + 1;
  writeConstants(job.constants);
  startStates(job, padded);
  for (let t = 0; t < job.steps; ++t) {
    const z = job.zAt(t);
    const h = job.zAt(t + 1);
    const gates = job.gates + <usize>(t + 1) * job.gatesStep;
    fillInputs(job, t, z, job.units);
    product(
      panels, job.batch, rows, z, job.zRow, job.packed, (<usize>rows) << 6, gates, job.gatesRow, 64, false, <bool>job.wide,
    );
    for (let b = 0; b < job.batch; ++b) {
      activate(job, padded, gates + <usize>b * job.gatesRow, h + <usize>b * job.zRow);
    }
    if (job.mask) carryMasked(job, t, h, padded);
    putState(job, t, h);
  }
}

export function simpleRnnBackward(address: usize): void {
  const job = changetype<Recurrence>(address);
  const batch = job.batch;
  const units = job.units;
  const panels = (units + 15) >> 4;
  const padded = panels << 4;
  startBackward(job);
  for (let t = job.steps - 1; t >= 0; --t) {
    if (job.dSequences) addOutputGradient(job, t, job.dSequences + <usize>t * job.dSequencesStep, job.dSequencesRow);
    const gates = job.gates + <usize>(t + 1) * job.gatesStep;
    for (let b = 0; b < batch; ++b) {
      const dh = job.dz + <usize>b * job.dzRow;
      const d = job.dGates + <usize>b * job.dGatesRow;
      if (job.mask && job.isMasked(b, t)) {
        copyRow(job.carry + ((<usize>b * <usize>padded) << 3), dh, units);
        zeroRow(d, padded);
      } else {
        activateBackward(job, units, gates + <usize>b * job.gatesRow, dh, d);
      }
    }
    finishBackwardStep(job, t, panels, padded, units, 0);
  }
  if (job.dh0) copyRows(batch, units, job.dh0, (<usize>units) << 2, job.dz, job.dzRow);
}

/** dW for panels panel0…panel1 from all k rows (t, b). */
export function simpleRnnGradients(address: usize, k: i32, dPacked: usize, panel0: i32, panel1: i32): void {
  const job = changetype<Recurrence>(address);
  const rows = job.units + job.inputs + 1;
  const panel = (<usize>rows) << 6;
  outerProduct(
    panel1 - panel0, rows, k, job.z, job.zRow, job.dPanels + <usize>panel0 * job.dPanel, job.dPanel,
    dPacked + <usize>panel0 * panel, panel, false, <bool>job.wide,
  );
}
