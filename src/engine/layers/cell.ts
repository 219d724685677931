/** One recurrent cell over a sequence, in one direction: what LSTM, GRU and SimpleRNN layers are made of. */
import { slopeTakesInput } from '../../kernels/activationIds.js';
import { FIELD, ONE, RECURRENCE_CONSTANTS, RECURRENCE_WORDS } from '../../kernels/recurrence.js';
import { NONE, type RecurrentPlan } from '../../plan/layerPlan.js';
import { deriveKey } from '../../random.js';
import type { Arena } from '../arena.js';
import { type BlockPart, interleavedColumns, makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import type { Kernels } from '../kernels.js';
import { copyRows } from '../moveRows.js';
import { newRows, type Range, type Rows, rowLength, type Signal, timeMajor } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { type KeptState, type LayerContext, type Space, share } from './layer.js';

/** What differs between the cells. */
interface CellKind {
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

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

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

const KINDS = { lstm, gru, simpleRNN };

/** Where a cell's outputs go: every step's, or the last's. */
export interface CellOutput {
  sequences?: Rows;
  last?: Rows;
}

/** What a cell reads and writes. */
export interface CellPorts {
  input: Signal;
  output: CellOutput;
  /** Where dL/dx goes, if wanted. */
  dInput: Rows | undefined;
  /** The states before the first step, h and c: signals whose gradients are the cell's to place; none: zeros, or what the cell carries. */
  initial?: readonly Signal[];
  /** Whether the states after the last step go out, in finalStates. */
  givesStates?: boolean;
}

/** One recurrent cell over a sequence, in one direction. */
export interface SequenceCell {
  readonly blocks: readonly WeightBlock[];
  /** Of a stateful cell. */
  readonly carried?: CarriedState | undefined;
  /** Number of states between cells. */
  readonly stateCount: number;
  /** Whether an output of every step must be kept apart from the states as they lie in training. */
  readonly keepsOutputApart: boolean;
  /** The rows in which the states after each step will lie, when the cell is placed for training: an output without a copy. */
  readonly states: Rows | undefined;
  /** What a placement for a stream keeps between calls. */
  readonly state: KeptState | undefined;
  /** The states after the last step, where ports.givesStates. */
  readonly finalStates: readonly Signal[];
  place(ports: CellPorts, space: Space): void;
  prepare(part: number, parts: number): void;
  forward(rows: Range, training: boolean): void;
  /** Given the gradients of the outputs, of the same geometry each time. */
  backward(rows: Range, gradients: CellOutput): void;
  /** A thread's share of the weights' gradients, from all rows. */
  gradients(part: number, parts: number): void;
}

/** The cells of LSTM, GRU and SimpleRNN: rows [h | x | 1] times all weights, step by step. */
export class Cell implements SequenceCell {
  readonly blocks: readonly WeightBlock[];
  private readonly block: WeightBlock;
  /** Of a stateful cell. */
  readonly carried: CarriedState | undefined;
  private readonly kind: CellKind;
  private ports!: CellPorts;
  private arena!: Arena;
  private batch = 0;
  private steps = 0;
  private training = false;
  private jobs = 0;
  /** The record's fields for the whole batch. */
  private fields: Partial<Record<keyof typeof FIELD, number>> = {};
  /** The numbers of the records that are written. */
  private readonly written = new Set<number>();
  private inputMask = 0;
  private stateMask = 0;
  private carryRow = 0;
  /** (B, U) each, for the kernel: dL/d the states after the last step. */
  private finalGradients: readonly number[] = [];

  constructor(
    private readonly plan: RecurrentPlan,
    private readonly context: LayerContext,
  ) {
    this.kind = KINDS[plan.kind](plan);
    this.block = this.kind.makeBlock(plan);
    this.blocks = [this.block];
    if (plan.stateful) this.carried = { states: this.kind.states, units: plan.units, before: 0, after: 0 };
  }

  /** Dropout changes a state on its way to the next step. */
  get keepsOutputApart(): boolean {
    return this.dropsState;
  }

  private get dropsState(): boolean {
    return this.plan.recurrentDropout > 0 && this.plan.recurrentDropout < 1;
  }

  private get dropsInput(): boolean {
    return this.plan.dropout > 0 && this.plan.dropout < 1;
  }

  states: Rows | undefined;

  state: KeptState | undefined;

  /** h and c. */
  finalStates: readonly Signal[] = [];

  place(ports: CellPorts, { arena, batch, training, stream }: Space): void {
    const { plan, kind } = this;
    const { units, inputs, goBackwards } = plan;
    const { values: x, mask } = ports.input;
    const { steps } = x;
    this.ports = ports;
    this.arena = arena;
    this.batch = batch;
    this.steps = steps;
    this.training = training;
    this.state = undefined;
    this.finalStates = [];
    this.written.clear();
    const rows = this.block.rows;
    const padded = roundUp(units, 16);
    const zRow = rowLength(Math.max(rows, padded));
    const gatesRow = rowLength(kind.gates);
    const z = arena.floats((training ? steps + 1 : 2) * batch * zRow);
    const turns = training ? 0 : 2;
    this.states = training ? timeMajor(z + 4 * batch * zRow, batch, steps, units, zRow) : undefined;
    const keptRow = training && this.dropsState && plan.resetAfter ? rowLength(padded) : 0;
    const resetRow = plan.kind === 'gru' && !plan.resetAfter ? rowLength(padded) : 0;
    this.carryRow = 2 * padded;
    this.inputMask = training && this.dropsInput ? arena.floats(batch * inputs) : 0;
    this.stateMask = training && this.dropsState ? arena.floats(batch * units) : 0;
    this.jobs = arena.fixed((batch + 1) * (RECURRENCE_WORDS + RECURRENCE_CONSTANTS));
    const gatesFloats = (training ? steps + 1 : 1) * batch * gatesRow;
    const gates = arena.floats(gatesFloats);
    const keepsInputs = training && (slopeTakesInput(plan.activation) || slopeTakesInput(plan.recurrentActivation));
    this.fields = {
      steps,
      inputs,
      units,
      goBackwards: Number(goBackwards),
      wide: this.context.wide,
      activation: plan.activation,
      recurrentActivation: plan.recurrentActivation,
      one: plan.bias === NONE ? 0 : ONE,
      x: x.address,
      xRow: 4 * x.rowStride,
      xStep: 4 * x.stepStride,
      // The highest byte of a float mask is 0 for 0 and not for 1.
      mask: mask ? mask + 3 : 0,
      maskRow: 4,
      maskStep: 4 * batch,
      packed: this.block.weights,
      z,
      zRow: 4 * zRow,
      zStep: 4 * batch * zRow,
      zTurns: turns,
      gates,
      gatesRow: 4 * gatesRow,
      gatesStep: training ? 4 * batch * gatesRow : 0,
      preactivations: keepsInputs ? arena.floats(gatesFloats) - gates : 0,
      reset: resetRow ? arena.floats((training ? steps : 1) * batch * resetRow) : 0,
      resetRow: 4 * resetRow,
      resetStep: training ? 4 * batch * resetRow : 0,
      kept: keptRow ? arena.floats((steps + 1) * batch * keptRow) : 0,
      keptRow: 4 * keptRow,
      keptStep: 4 * batch * keptRow,
      carry: arena.floats(batch * this.carryRow),
      ...rowsFields('sequences', ports.output.sequences),
      last: ports.output.last?.address ?? 0,
      lastRow: 4 * (ports.output.last?.rowStride ?? 0),
      ...(stream ? this.placeState(arena) : this.carry(mask !== 0)),
      ...this.placeStates(mask !== 0),
      ...(training ? this.placeBackward(arena) : {}),
    };
  }

  /** The states after a call take the place of those before it. */
  private placeState(arena: Arena): typeof this.fields {
    const { units } = this.plan;
    const { states } = this.kind;
    const h = arena.fixed(states * units);
    const c = states === 2 ? h + 4 * units : 0;
    this.state = { address: h, shape: [states, units] };
    return { h0: h, hT: h, c0: c, cT: c };
  }

  /** The states of a stateful cell, and where each row's first unmasked step is noted: its outputs before that are zero, not its state. */
  private carry(masked: boolean): typeof this.fields {
    if (!this.carried) return {};
    const { arena, batch, plan } = this;
    const { before, after, states } = this.carried;
    const c = 4 * batch * plan.units;
    return {
      h0: before,
      hT: after,
      ...(states === 2 ? { c0: before + c, cT: after + c } : {}),
      ...(masked ? { first: arena.floats(batch) } : {}),
    };
  }

  /** h and c of an LSTM. */
  get stateCount(): number {
    return this.kind.states;
  }

  private get hasInitial(): boolean {
    return (this.ports.initial?.length ?? 0) > 0;
  }

  /** Where states come in and go out, (B, U) without gaps as the kernels take them. */
  private placeStates(masked: boolean): typeof this.fields {
    const { arena, batch, ports, plan, training } = this;
    const { units } = plan;
    const fields: typeof this.fields = {};
    const vectors = (names: readonly (typeof STATES)[number][]) => {
      for (const name of names.slice(0, this.kind.states)) fields[name] = arena.floats(batch * units);
    };
    if (this.hasInitial) {
      vectors(['h0', 'c0']);
      if (ports.initial?.some(({ wantsGradient }) => wantsGradient)) vectors(['dh0', 'dc0']);
      if (masked) fields.first = arena.floats(batch);
      for (const signal of ports.initial ?? [])
        if (signal.wantsGradient) signal.gradient = newRows(arena, batch, 1, units);
    }
    if (!ports.givesStates) return fields;
    const kept = this.state?.address ?? this.carried?.after;
    if (kept === undefined) vectors(['hT', 'cT']);
    // Given to the kernel in backward, where somebody has gradients of them.
    this.finalGradients = training ? [arena.floats(batch * units), arena.floats(batch * units)] : [];
    this.finalStates = [fields.hT, fields.cT].slice(0, this.kind.states).map((address, i) => ({
      values: timeMajor(address ?? (kept ?? 0) + 4 * i * batch * units, batch, 1, units, units),
      sequence: false,
      mask: 0,
      wantsGradient: training,
    }));
    return fields;
  }

  private placeBackward(arena: Arena): typeof this.fields {
    const { batch, steps, kind, ports, plan, block } = this;
    // Where nothing is carried, the state before a single step is zero, and so are the gradients of what it is multiplied with.
    block.quietRows = plan.kind === 'lstm' && steps === 1 && !plan.stateful && !this.hasInitial ? plan.units : 0;
    for (let panel = 0; block.gradients !== 0 && panel < block.panels; panel++) {
      const start = (block.gradients >>> 2) + 16 * block.rows * panel;
      arena.f32.fill(0, start, start + 16 * block.quietRows);
    }
    const { columns, head } = kind;
    const padded = roundUp(plan.units, 16);
    const dzRow = rowLength(Math.max(roundUp(head + plan.inputs, 16), padded));
    const dGatesRow = rowLength(columns);
    return {
      packedTransposed: arena.fixed(roundUp(block.rows, 16) * columns),
      dz: arena.floats(batch * dzRow),
      dzRow: 4 * dzRow,
      dc: arena.floats(batch * padded),
      dGates: arena.floats(batch * dGatesRow),
      dGatesRow: 4 * dGatesRow,
      dPanels: arena.floats(columns * steps * batch),
      dPanelsStep: 64 * batch,
      dPanelsTurns: 0,
      dPanel: 64 * batch * steps,
      ...rowsFields('dx', ports.dInput),
    };
  }

  /** The transposed weights, for backward; a single step from no state, without a gradient of x, does without. */
  prepare(part: number, parts: number): void {
    const { kernels } = this.context;
    const { packedTransposed = 0 } = this.fields;
    if (!packedTransposed || (this.steps === 1 && !this.ports.dInput && !this.carried && !this.hasInitial)) return;
    const { panels, rows, weights } = this.block;
    const mine = share(panels, part, parts);
    kernels.transposeSomePanels(weights, panels, rows, packedTransposed, mine.from, mine.to);
  }

  forward(rows: Range, training: boolean): void {
    const { context, kind, plan } = this;
    const job = this.record(rows);
    const drop = training && this.training;
    if (this.inputMask) this.drop(rows, 'inputDropout', this.inputMask, plan.inputs, plan.dropout, drop);
    if (this.stateMask) this.drop(rows, 'recurrentDropout', this.stateMask, plan.units, plan.recurrentDropout, drop);
    this.ports.initial?.forEach(({ values }, i) => {
      this.copy(values, this.vectorsAt(i === 0 ? 'h0' : 'c0'), rows);
    });
    kind.forward(context.kernels, job);
  }

  backward(rows: Range, { sequences, last }: CellOutput): void {
    const job = this.record(rows);
    const words = this.arena.i32;
    const at = job >>> 2;
    if (words[at + FIELD.dSequences] === 0 && words[at + FIELD.dLast] === 0) {
      if (sequences) {
        words[at + FIELD.dSequences] = sequences.address + 4 * rows.from * sequences.rowStride;
        words[at + FIELD.dSequencesRow] = 4 * sequences.rowStride;
        words[at + FIELD.dSequencesStep] = 4 * sequences.stepStride;
      }
      if (last) {
        words[at + FIELD.dLast] = last.address + 4 * rows.from * last.rowStride;
        words[at + FIELD.dLastRow] = 4 * last.rowStride;
      }
    }
    for (let i = 0; i < this.finalStates.length; i++) {
      const { gradient } = this.finalStates[i];
      if (!gradient) continue;
      const to = this.finalGradients[i];
      words[at + (i === 0 ? FIELD.dhT : FIELD.dcT)] = to + 4 * rows.from * this.plan.units;
      this.copy(gradient, this.vectors(to), rows);
    }
    this.kind.backward(this.context.kernels, job, this.steps, this.fields.dh0 !== undefined);
    if (!this.hasInitial) return;
    this.ports.initial?.forEach(({ gradient }, i) => {
      if (gradient) this.copy(this.vectorsAt(i === 0 ? 'dh0' : 'dc0'), gradient, rows);
    });
  }

  /** (B, U) without gaps. */
  private vectors(address: number): Rows {
    return timeMajor(address, this.batch, 1, this.plan.units, this.plan.units);
  }

  private vectorsAt(name: 'h0' | 'c0' | 'dh0' | 'dc0'): Rows {
    return this.vectors(this.fields[name] ?? 0);
  }

  private copy(from: Rows, to: Rows, rows: Range): void {
    copyRows(this.context.kernels, from, to, rows);
  }

  gradients(part: number, parts: number): void {
    const { block, batch, steps, kind, context } = this;
    if (block.gradients === 0) return;
    // A record of its own, the same for all threads: no share's, which another thread may be writing.
    const job = this.recordAt(batch, { from: 0, to: batch });
    kind.gradients(context.kernels, job, batch, steps, block.gradients, share(block.panels, part, parts));
  }

  /** Draws a share's factors, or leaves the record without. */
  private drop(
    { from, to }: Range,
    field: 'inputDropout' | 'recurrentDropout',
    mask: number,
    width: number,
    rate: number,
    on: boolean,
  ): void {
    const { context, plan } = this;
    const { seed, step } = context.draw;
    this.arena.i32[(this.recordAddress(from) >>> 2) + FIELD[field]] = on ? mask + 4 * from * width : 0;
    if (!on) return;
    const key = deriveKey(seed, 'dropout', plan.path, field === 'inputDropout' ? 'input' : 'recurrent', step);
    context.kernels.dropoutMask(mask, width, key, Math.ceil(rate * 2 ** 24), 1 / (1 - rate), width, from, to);
  }

  private recordAddress(number: number): number {
    return this.jobs + 4 * number * (RECURRENCE_WORDS + RECURRENCE_CONSTANTS);
  }

  /** The address of the record for a share of the batch; shares do not overlap, so `from` tells them apart. */
  private record(rows: Range): number {
    return this.recordAt(rows.from, rows);
  }

  /** The address of the record with this number, written once. */
  private recordAt(number: number, { from, to }: Range): number {
    const address = this.recordAddress(number);
    const words = this.arena.i32;
    const at = address >>> 2;
    // Another number of threads cuts other shares, some of which begin where one of these does.
    if (this.written.has(number) && words[at + FIELD.batch] === to - from) return address;
    const fields = this.fields;
    for (const name of Object.keys(fields) as (keyof typeof FIELD)[]) words[at + FIELD[name]] = fields[name] ?? 0;
    for (const name of PER_ROW) {
      const start = fields[name] ?? 0;
      if (start) words[at + FIELD[name]] = start + from * (fields[`${name}Row`] ?? 0);
    }
    for (const name of STATES) {
      const start = fields[name] ?? 0;
      if (start) words[at + FIELD[name]] = start + 4 * from * this.plan.units;
    }
    const { carry = 0, dc = 0, dPanels = 0, first = 0 } = fields;
    if (first) words[at + FIELD.first] = first + 4 * from;
    words[at + FIELD.batch] = to - from;
    words[at + FIELD.carry] = carry + 4 * from * this.carryRow;
    words[at + FIELD.dc] = dc + 2 * from * this.carryRow;
    words[at + FIELD.dPanels] = dPanels + 64 * from;
    words[at + FIELD.constants] = address + 4 * RECURRENCE_WORDS;
    this.written.add(number);
    return address;
  }
}

/** Fields whose address moves on by their row for each batch entry. */
const PER_ROW = ['x', 'mask', 'z', 'gates', 'reset', 'kept', 'sequences', 'last', 'dz', 'dGates', 'dx'] as const;

/** Fields whose rows lie side by side, U floats each. */
const STATES = ['h0', 'c0', 'hT', 'cT', 'dh0', 'dc0'] as const;

function rowsFields(name: 'sequences' | 'dx', rows: Rows | undefined): Partial<Record<keyof typeof FIELD, number>> {
  if (!rows) return {};
  return {
    [name]: rows.address,
    [`${name}Row`]: 4 * rows.rowStride,
    [`${name}Step`]: 4 * rows.stepStride,
  };
}
