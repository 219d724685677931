/** What LSTM, GRU and SimpleRNN cells differ in: how their weights are packed, and which kernels run them. */

import { roundUp } from '../../kernels/recurrence.js';
import { NONE, type RecurrentPlan } from '../../plan/layerPlan.js';
import { type BlockPart, interleavedColumns, makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import type { Kernels } from '../kernels.js';
import type { Range } from '../rows.js';

export interface CellKind {
  /** Rows of the weights before those of x. */
  head: number;
  /** Floats of a row of gates, and of gate gradients (the weights' columns). */
  gates: number;
  columns: number;
  /** Vectors of U that one step hands to the next. */
  states: number;
  makeBlock(plan: RecurrentPlan): WeightBlock;
  forward(kernels: Kernels, job: number): void;
  /** @param wantsInitial whether somebody wants the gradients of the states before the first step */
  backward(kernels: Kernels, job: number, steps: number, wantsInitial: boolean): void;
  gradients(kernels: Kernels, job: number, batch: number, steps: number, to: number, panels: Range): void;
}

/** Rows [recurrent kernel (U); kernel (I); bias] of a block. */
function blockOf(plan: RecurrentPlan, columns: Int32Array, width: number): WeightBlock {
  const { units, inputs, kernel, recurrentKernel, bias } = plan;
  const parts: BlockPart[] = [
    { weight: kernel, from: 0, rows: inputs, row: units, columns },
    { weight: recurrentKernel, from: 0, rows: units, row: 0, columns },
  ];
  if (bias !== NONE) parts.push({ weight: bias, from: 0, rows: 1, row: units + inputs, columns });
  return makeBlock(units + inputs + 1, width, parts);
}

function lstm(plan: RecurrentPlan): CellKind {
  const padded = roundUp(plan.units, 8);
  return {
    head: plan.units,
    gates: 6 * padded,
    columns: 4 * padded,
    states: 2,
    makeBlock: () => blockOf(plan, interleavedColumns(4, plan.units), 4 * padded),
    forward: (kernels, job) => kernels.lstmForward(job),
    backward(kernels, job, steps, wantsInitial) {
      kernels.lstmStartBackward(job);
      kernels.lstmBackwardSteps(job, 0, steps);
      if (wantsInitial) kernels.lstmFinishBackward(job);
    },
    gradients: (kernels, job, batch, steps, to, panels) =>
      kernels.lstmGradients(job, batch, 0, steps, to, 0, panels.from, panels.to),
  };
}

function simpleRNN(plan: RecurrentPlan): CellKind {
  const padded = roundUp(plan.units, 16);
  return {
    head: plan.units,
    gates: padded,
    columns: padded,
    states: 1,
    makeBlock: () => blockOf(plan, plainColumns(plan.units), padded),
    forward: (kernels, job) => kernels.simpleRnnForward(job),
    backward: (kernels, job) => kernels.simpleRnnBackward(job),
    gradients: (kernels, job, batch, steps, to, panels) =>
      kernels.simpleRnnGradients(job, batch * steps, to, panels.from, panels.to),
  };
}

/** The columns of assembly/gru.ts: z16 r16 x16 of each group of 16 units, then n16 of each; Keras's are z, r, h̃. */
function gruColumns(units: number, candidate: 'x' | 'n'): Int32Array {
  const groups = Math.ceil(units / 16);
  const columns = new Int32Array(3 * units);
  for (let u = 0; u < units; u++) {
    const at = 48 * (u >> 4) + (u & 15);
    columns[u] = at;
    columns[units + u] = at + 16;
    columns[2 * units + u] = candidate === 'x' ? at + 32 : 48 * groups + u;
  }
  return columns;
}

function gru(plan: RecurrentPlan): CellKind {
  const { units, inputs, resetAfter, kernel, recurrentKernel, bias } = plan;
  const width = 4 * roundUp(units, 16);
  const after = Number(resetAfter);
  const head = units + after;
  return {
    head,
    gates: width,
    columns: width,
    states: 1,
    makeBlock() {
      const fromInput = gruColumns(units, 'x');
      const fromState = gruColumns(units, 'n');
      const parts: BlockPart[] = [
        { weight: kernel, from: 0, rows: inputs, row: head, columns: fromInput },
        { weight: recurrentKernel, from: 0, rows: units, row: 0, columns: fromState },
      ];
      if (bias !== NONE) {
        parts.push({ weight: bias, from: 0, rows: 1, row: head + inputs, columns: fromInput });
        if (resetAfter) parts.push({ weight: bias, from: 1, rows: 1, row: units, columns: fromState });
      }
      return makeBlock(head + inputs + 1, width, parts);
    },
    forward: (kernels, job) => kernels.gruForward(job, after),
    backward: (kernels, job) => kernels.gruBackward(job, after),
    gradients: (kernels, job, batch, steps, to, panels) =>
      kernels.gruGradients(job, after, batch * steps, to, panels.from, panels.to),
  };
}

export const KINDS = { lstm, gru, simpleRNN };
