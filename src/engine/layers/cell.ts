/** One recurrent cell over a sequence, in one direction: what LSTM, GRU and SimpleRNN layers are made of. */
import { slopeTakesInput } from '../../kernels/activationIds.js';
import { FIELD, ONE, roundUp } from '../../kernels/recurrence.js';
import { NONE, type RecurrentPlan } from '../../plan/layerPlan.js';
import { dropoutKey, dropoutThreshold } from '../../random.js';
import type { WeightBlock } from '../blocks.js';
import { placeGradient } from '../gradients.js';
import { copyRows } from '../moveRows.js';
import { type Range, type Rows, rowLength, type Signal, timeMajor } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { type CellKind, KINDS } from './cellKinds.js';
import { CellRecords, type RecordFields, rowsFields, type STATES } from './cellRecords.js';
import { type KeptState, type LayerContext, type Space, share } from './layer.js';
import type { CellGradients, CellPorts, PlacedSequenceCell, SequenceCell } from './sequenceCell.js';

/** The cells of LSTM, GRU and SimpleRNN: rows [h | x | 1] times all weights, step by step. */
export class Cell implements SequenceCell {
  readonly blocks: readonly WeightBlock[];
  readonly block: WeightBlock;
  readonly carried: readonly CarriedState[];
  /** h and c of an LSTM. */
  readonly stateCount: number;
  readonly kind: CellKind;
  readonly dropsInput: boolean;
  readonly dropsState: boolean;

  constructor(
    readonly plan: RecurrentPlan,
    readonly context: LayerContext,
  ) {
    const { units, dropout, recurrentDropout, stateful } = plan;
    this.kind = KINDS[plan.kind](plan);
    this.block = this.kind.makeBlock(plan);
    this.blocks = [this.block];
    this.stateCount = this.kind.states;
    this.carried = stateful ? [{ states: this.stateCount, units, before: 0, after: 0 }] : [];
    this.dropsInput = dropout > 0 && dropout < 1;
    this.dropsState = recurrentDropout > 0 && recurrentDropout < 1;
  }

  /** Dropout changes a state on its way to the next step. */
  get keepsOutputApart(): boolean {
    return this.dropsState;
  }

  place(ports: CellPorts, space: Space): PlacedSequenceCell {
    return new PlacedCell(this, ports, space);
  }
}

class PlacedCell implements PlacedSequenceCell {
  readonly states: Rows | undefined;
  readonly kept: readonly KeptState[];
  /** h and c. */
  readonly finalStates: readonly Signal[];
  private readonly steps: number;
  private readonly records: CellRecords;
  /** The record's fields for the whole batch. */
  private readonly fields: RecordFields;
  private readonly inputMask: number;
  private readonly stateMask: number;
  /** (B, U) each, for the kernel: dL/d the states after the last step. */
  private readonly finalGradients: readonly number[];
  /** Of the states before the first step, where wanted. */
  private readonly dInitial: readonly (Rows | undefined)[];

  constructor(
    private readonly cell: Cell,
    private readonly ports: CellPorts,
    private readonly space: Space,
  ) {
    const { plan, kind, block, context, dropsInput, dropsState } = cell;
    const { arena, batch, training, stream } = space;
    const { units, inputs, goBackwards } = plan;
    const { values: x, mask } = ports.input;
    const { steps } = x;
    const padded = roundUp(units, 16);
    const zRow = rowLength(Math.max(block.rows, padded));
    const gatesRow = rowLength(kind.gates);
    const z = arena.floats((training ? steps + 1 : 2) * batch * zRow);
    const turns = training ? 0 : 2;
    this.steps = steps;
    this.states = training ? timeMajor(z + 4 * batch * zRow, batch, steps, units, zRow) : undefined;
    const keptRow = training && dropsState && plan.resetAfter ? rowLength(padded) : 0;
    const resetRow = plan.kind === 'gru' && !plan.resetAfter ? rowLength(padded) : 0;
    this.inputMask = training && dropsInput ? arena.floats(batch * inputs) : 0;
    this.stateMask = training && dropsState ? arena.floats(batch * units) : 0;
    this.records = new CellRecords(arena, batch, units);
    const gatesFloats = (training ? steps + 1 : 1) * batch * gatesRow;
    const gates = arena.floats(gatesFloats);
    const keepsInputs = training && (slopeTakesInput(plan.activation) || slopeTakesInput(plan.recurrentActivation));
    this.kept = stream ? [{ address: arena.fixed(kind.states * units), shape: [kind.states, units] }] : [];
    this.dInitial = ports.initial.map((signal) => placeGradient(signal, space));
    const ofStates = this.placeStates(mask !== 0);
    this.fields = {
      steps,
      inputs,
      units,
      goBackwards: Number(goBackwards),
      wide: context.wide,
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
      packed: block.weights,
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
      ...ofStates,
      ...(training ? this.placeBackward() : {}),
    };
    const vector = () => arena.floats(batch * units);
    // Given to the kernel in backward, where somebody has gradients of them.
    this.finalGradients = ports.givesStates && training ? [vector(), vector()] : [];
    this.finalStates = ports.givesStates
      ? [ofStates.hT, ofStates.cT].slice(0, kind.states).map((address = 0) => ({
          values: this.vectors(address),
          sequence: false,
          mask: 0,
          wantsGradient: training,
        }))
      : [];
  }

  private get hasInitial(): boolean {
    return this.ports.initial.length > 0;
  }

  /** Where states come in and go out, (B, U) without gaps as the kernels take them. */
  private placeStates(masked: boolean): RecordFields {
    const { arena, batch } = this.space;
    const { plan, kind } = this.cell;
    const fields: RecordFields = { ...this.keptStates(), ...this.carriedStates(masked) };
    const vectors = (names: readonly (typeof STATES)[number][]) => {
      for (const name of names.slice(0, kind.states)) fields[name] = arena.floats(batch * plan.units);
    };
    if (this.hasInitial) {
      vectors(['h0', 'c0']);
      if (this.dInitial.some((gradient) => gradient)) vectors(['dh0', 'dc0']);
      if (masked) fields.first = arena.floats(batch);
    }
    if (this.ports.givesStates && fields.hT === undefined) vectors(['hT', 'cT']);
    return fields;
  }

  /** In a stream the states after a call take the place of those before it. */
  private keptStates(): RecordFields {
    const [kept] = this.kept;
    if (!kept) return {};
    const h = kept.address;
    const c = this.cell.kind.states === 2 ? h + 4 * this.cell.plan.units : 0;
    return { h0: h, hT: h, c0: c, cT: c };
  }

  /** The states of a stateful cell, and where each row's first unmasked step is noted: its outputs before that are zero, not its state. */
  private carriedStates(masked: boolean): RecordFields {
    const [carried] = this.cell.carried;
    if (!carried || this.kept.length > 0) return {};
    const { arena, batch } = this.space;
    const { before, after, states, units } = carried;
    const c = 4 * batch * units;
    return {
      h0: before,
      hT: after,
      ...(states === 2 ? { c0: before + c, cT: after + c } : {}),
      ...(masked ? { first: arena.floats(batch) } : {}),
    };
  }

  private placeBackward(): RecordFields {
    const { steps, ports } = this;
    const { arena, batch } = this.space;
    const { kind, plan, block } = this.cell;
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
    const { plan, block, context } = this.cell;
    const { packedTransposed = 0 } = this.fields;
    if (!packedTransposed || (this.steps === 1 && !this.ports.dInput && !plan.stateful && !this.hasInitial)) return;
    const { panels, rows, weights } = block;
    const mine = share(panels, part, parts);
    context.kernels.transposeSomePanels(weights, panels, rows, packedTransposed, mine.from, mine.to);
  }

  forward(rows: Range, training: boolean): void {
    const { context, kind, plan } = this.cell;
    const job = this.records.of(rows, this.fields);
    const drop = training && this.space.training;
    if (this.inputMask) this.drop(rows, 'inputDropout', this.inputMask, plan.inputs, plan.dropout, drop);
    if (this.stateMask) this.drop(rows, 'recurrentDropout', this.stateMask, plan.units, plan.recurrentDropout, drop);
    const { initial } = this.ports;
    for (let i = 0; i < initial.length; i++) this.copy(initial[i].values, this.vectorsAt(i === 0 ? 'h0' : 'c0'), rows);
    kind.forward(context.kernels, job);
  }

  backward(rows: Range, { sequences, last }: CellGradients): void {
    const { context, kind, plan } = this.cell;
    const job = this.records.of(rows, this.fields);
    const words = this.space.arena.i32;
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
      words[at + (i === 0 ? FIELD.dhT : FIELD.dcT)] = to + 4 * rows.from * plan.units;
      this.copy(gradient, this.vectors(to), rows);
    }
    kind.backward(context.kernels, job, this.steps, this.fields.dh0 !== undefined);
    for (let i = 0; i < this.dInitial.length; i++) {
      const gradient = this.dInitial[i];
      if (gradient) this.copy(this.vectorsAt(i === 0 ? 'dh0' : 'dc0'), gradient, rows);
    }
  }

  /** (B, U) without gaps. */
  private vectors(address: number): Rows {
    const { units } = this.cell.plan;
    return timeMajor(address, this.space.batch, 1, units, units);
  }

  private vectorsAt(name: 'h0' | 'c0' | 'dh0' | 'dc0'): Rows {
    return this.vectors(this.fields[name] ?? 0);
  }

  private copy(from: Rows, to: Rows, rows: Range): void {
    copyRows(this.cell.context.kernels, from, to, rows);
  }

  gradients(part: number, parts: number): void {
    const { block, kind, context } = this.cell;
    if (block.gradients === 0) return;
    // A record of its own, the same for all threads: no share's, which another thread may be writing.
    const job = this.records.ofAll(this.fields);
    kind.gradients(
      context.kernels,
      job,
      this.space.batch,
      this.steps,
      block.gradients,
      share(block.panels, part, parts),
    );
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
    const { context, plan } = this.cell;
    this.space.arena.i32[(this.records.addressAt(from) >>> 2) + FIELD[field]] = on ? mask + 4 * from * width : 0;
    if (!on) return;
    const key = dropoutKey(context.draw, plan.path, field === 'inputDropout' ? 'input' : 'recurrent');
    context.kernels.dropoutMask(mask, width, key, dropoutThreshold(rate), 1 / (1 - rate), width, from, to);
  }
}
