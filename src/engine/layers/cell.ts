/** One recurrent cell over a sequence, in one direction: what LSTM, GRU and SimpleRNN layers are made of. */
import { slopeTakesInput } from '../../kernels/activationIds.js';
import { FIELD, ONE } from '../../kernels/recurrence.js';
import { NONE, type RecurrentPlan } from '../../plan/layerPlan.js';
import { dropoutKey } from '../../random.js';
import type { Arena } from '../arena.js';
import type { WeightBlock } from '../blocks.js';
import { copyRows } from '../moveRows.js';
import { newRows, type Range, type Rows, rowLength, type Signal, timeMajor } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { type CellKind, KINDS, roundUp } from './cellKinds.js';
import { CellRecords, type RecordFields, rowsFields, type STATES } from './cellRecords.js';
import { type KeptState, type LayerContext, type Space, share } from './layer.js';
import type { CellOutput, CellPorts, SequenceCell } from './sequenceCell.js';

/** The cells of LSTM, GRU and SimpleRNN: rows [h | x | 1] times all weights, step by step. */
export class Cell implements SequenceCell {
  readonly blocks: readonly WeightBlock[];
  private readonly block: WeightBlock;
  readonly carried: readonly CarriedState[];
  private readonly kind: CellKind;
  private ports!: CellPorts;
  private arena!: Arena;
  private batch = 0;
  private steps = 0;
  private training = false;
  private records!: CellRecords;
  /** The record's fields for the whole batch. */
  private fields: RecordFields = {};
  private inputMask = 0;
  private stateMask = 0;
  /** (B, U) each, for the kernel: dL/d the states after the last step. */
  private finalGradients: readonly number[] = [];

  constructor(
    private readonly plan: RecurrentPlan,
    private readonly context: LayerContext,
  ) {
    this.kind = KINDS[plan.kind](plan);
    this.block = this.kind.makeBlock(plan);
    this.blocks = [this.block];
    this.carried = plan.stateful ? [{ states: this.kind.states, units: plan.units, before: 0, after: 0 }] : [];
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

  kept: readonly KeptState[] = [];

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
    this.kept = [];
    this.finalStates = [];
    const rows = this.block.rows;
    const padded = roundUp(units, 16);
    const zRow = rowLength(Math.max(rows, padded));
    const gatesRow = rowLength(kind.gates);
    const z = arena.floats((training ? steps + 1 : 2) * batch * zRow);
    const turns = training ? 0 : 2;
    this.states = training ? timeMajor(z + 4 * batch * zRow, batch, steps, units, zRow) : undefined;
    const keptRow = training && this.dropsState && plan.resetAfter ? rowLength(padded) : 0;
    const resetRow = plan.kind === 'gru' && !plan.resetAfter ? rowLength(padded) : 0;
    this.inputMask = training && this.dropsInput ? arena.floats(batch * inputs) : 0;
    this.stateMask = training && this.dropsState ? arena.floats(batch * units) : 0;
    this.records = new CellRecords(arena, batch, units);
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
      carry: arena.floats(batch * this.records.carryRow),
      ...rowsFields('sequences', ports.output.sequences),
      last: ports.output.last?.address ?? 0,
      lastRow: 4 * (ports.output.last?.rowStride ?? 0),
      ...(stream ? this.placeState(arena) : this.carry(mask !== 0)),
      ...this.placeStates(mask !== 0),
      ...(training ? this.placeBackward(arena) : {}),
    };
  }

  /** The states after a call take the place of those before it. */
  private placeState(arena: Arena): RecordFields {
    const { units } = this.plan;
    const { states } = this.kind;
    const h = arena.fixed(states * units);
    const c = states === 2 ? h + 4 * units : 0;
    this.kept = [{ address: h, shape: [states, units] }];
    return { h0: h, hT: h, c0: c, cT: c };
  }

  /** The states of a stateful cell, and where each row's first unmasked step is noted: its outputs before that are zero, not its state. */
  private carry(masked: boolean): RecordFields {
    const { arena, batch, plan } = this;
    const [carried] = this.carried;
    if (!carried) return {};
    const { before, after, states } = carried;
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
  private placeStates(masked: boolean): RecordFields {
    const { arena, batch, ports, plan, training } = this;
    const { units } = plan;
    const fields: RecordFields = {};
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
    const kept = this.kept[0]?.address ?? this.carried[0]?.after;
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

  private placeBackward(arena: Arena): RecordFields {
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
    const { plan } = this;
    const { kernels } = this.context;
    const { packedTransposed = 0 } = this.fields;
    if (!packedTransposed || (this.steps === 1 && !this.ports.dInput && !plan.stateful && !this.hasInitial)) return;
    const { panels, rows, weights } = this.block;
    const mine = share(panels, part, parts);
    kernels.transposeSomePanels(weights, panels, rows, packedTransposed, mine.from, mine.to);
  }

  forward(rows: Range, training: boolean): void {
    const { context, kind, plan } = this;
    const job = this.records.of(rows, this.fields);
    const drop = training && this.training;
    if (this.inputMask) this.drop(rows, 'inputDropout', this.inputMask, plan.inputs, plan.dropout, drop);
    if (this.stateMask) this.drop(rows, 'recurrentDropout', this.stateMask, plan.units, plan.recurrentDropout, drop);
    this.ports.initial?.forEach(({ values }, i) => {
      this.copy(values, this.vectorsAt(i === 0 ? 'h0' : 'c0'), rows);
    });
    kind.forward(context.kernels, job);
  }

  backward(rows: Range, { sequences, last }: CellOutput): void {
    const job = this.records.of(rows, this.fields);
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
    const job = this.records.ofAll(this.fields);
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
    this.arena.i32[(this.records.addressAt(from) >>> 2) + FIELD[field]] = on ? mask + 4 * from * width : 0;
    if (!on) return;
    const key = dropoutKey(context.draw, plan.path, field === 'inputDropout' ? 'input' : 'recurrent');
    context.kernels.dropoutMask(mask, width, key, Math.ceil(rate * 2 ** 24), 1 / (1 - rate), width, from, to);
  }
}
