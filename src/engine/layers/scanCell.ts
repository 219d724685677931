import { ActivationId, slopeTakesInput } from '../../kernels/activationIds.js';
import { type ScanPlan, STATES } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { addRows, copyRows } from '../moveRows.js';
import { eachRun, newRows, type Range, type Rows, type Signal, timeMajor } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { DenseLayer } from './dense.js';
import { DropoutLayer } from './dropout.js';
import type { KeptState, LayerContext, Space } from './layer.js';
import { type BackwardPass, makeScan, type Pass, type Scan, type Strides } from './scans.js';
import type { CellOutput, CellPorts, SequenceCell } from './sequenceCell.js';

/**
 * A cell whose gates need of x only W·x + b: a dense layer over all steps at once, and then a scan over the steps. States lie in the
 * order of time, those before the first step of computation at one end: h (T+1,B,U), and where there are others (T+1,B,·), side by
 * side; a prediction of the last step alone keeps one row of each.
 */
export class ScanCell implements SequenceCell {
  readonly blocks: readonly WeightBlock[];
  readonly carried: readonly CarriedState[];
  readonly stateCount: number;
  /** Going backwards, states lie from the last step of computation to the first. */
  readonly keepsOutputApart: boolean;
  states: Rows | undefined;
  kept: readonly KeptState[] = [];
  finalStates: readonly Signal[] = [];
  private readonly scan: Scan;
  private readonly dense: DenseLayer;
  private readonly dropout: DropoutLayer | undefined;
  private ports!: CellPorts;
  private batch = 0;
  private steps = 0;
  private training = false;
  /** x in time-major rows, where it is not. */
  private arranged: Rows | undefined;
  /** The dense layer's output. */
  private output!: Signal;
  /** The candidate's preactivations, where the activation's slope takes them. */
  private preactivations: Rows | undefined;
  private pass!: Pass;
  private dh!: Rows;
  private dOthers!: Rows;

  constructor(
    private readonly plan: ScanPlan,
    private readonly context: LayerContext,
  ) {
    const { units, inputs, kernel, bias, dropout: rate, path } = plan;
    this.scan = makeScan(plan, context);
    const { width, columns, blocks } = this.scan;
    this.dense = new DenseLayer({ kind: 'dense', inputs, units: width, kernel, bias }, context, columns);
    this.dropout =
      rate > 0 && rate < 1 ? new DropoutLayer({ kind: 'dropout', rate, spatial: true, path }, context) : undefined;
    this.blocks = [...this.dense.blocks, ...blocks];
    this.stateCount = STATES[plan.kind];
    this.keepsOutputApart = plan.goBackwards;
    this.carried = plan.stateful ? [{ states: this.stateCount, units, before: 0, after: 0 }] : [];
  }

  place(ports: CellPorts, space: Space): void {
    const { arena, batch, training, stream } = space;
    const { units, goBackwards, activation } = this.plan;
    const { steps } = ports.input.values;
    this.ports = ports;
    this.batch = batch;
    this.steps = steps;
    this.training = training;
    const gates = this.placeProduct(ports, space);
    this.scan.place(space, steps);
    const others = (this.stateCount - 1) * units;
    const kept = training || ports.output.sequences !== undefined;
    const h = newRows(arena, batch, kept ? steps + 1 : 1, units);
    const rest = others > 0 ? newRows(arena, batch, kept ? steps + 1 : 1, others) : h;
    const { mask } = ports.input;
    this.pass = {
      gates: this.ordered(gates, steps - 1),
      mask: {
        address: mask && goBackwards ? mask + 4 * batch * (steps - 1) : mask,
        stepStride: goBackwards ? -batch : batch,
      },
      h: kept ? this.ordered(h, steps) : { ...h, stepStride: 0 },
      others: kept ? this.ordered(rest, steps) : { ...rest, stepStride: 0 },
      steps,
    };
    this.states =
      training && !goBackwards ? timeMajor(h.address + 4 * h.stepStride, batch, steps, units, h.rowStride) : undefined;
    this.kept = stream ? [{ address: arena.fixed(this.stateCount * units), shape: [this.stateCount, units] }] : [];
    this.finalStates = ports.givesStates
      ? Array.from({ length: this.stateCount }, (_, i) => ({
          values: this.stateAt(i, steps),
          sequence: false,
          mask: 0,
          wantsGradient: training,
        }))
      : [];
    this.preactivations = training && slopeTakesInput(activation) ? newRows(arena, batch, steps, units) : undefined;
    if (!training) return;
    this.dh = newRows(arena, batch, 1, this.scan.heads * this.scan.padded);
    this.dOthers = others > 0 ? newRows(arena, batch, 1, others) : this.dh;
    for (const signal of ports.initial ?? [])
      if (signal.wantsGradient) signal.gradient = newRows(arena, batch, 1, units);
  }

  /** The dense layer, what drops its input and what arranges it; gives its output. */
  private placeProduct({ input, dInput }: CellPorts, space: Space): Rows {
    const { values } = input;
    const { arena, batch, training } = space;
    const isInOrder = values.steps === 1 || values.stepStride === batch * values.rowStride;
    this.arranged = isInOrder ? undefined : newRows(arena, batch, values.steps, values.width);
    const own: Signal = {
      ...input,
      values: this.arranged ?? values,
      wantsGradient: dInput !== undefined,
      gradient: undefined,
    };
    const dropped = training && this.dropout ? this.dropout.place(own, space) : own;
    const output = this.dense.place(dropped, space);
    own.gradient = dInput;
    output.gradient = training ? newRows(arena, batch, values.steps, this.scan.width) : undefined;
    this.output = output;
    return output.values;
  }

  /** Rows from the first computed step on, which lies at `last` going backwards. */
  private ordered({ address, stepStride, rowStride }: Rows, last: number): Strides {
    if (!this.plan.goBackwards) return { address, stepStride, rowStride };
    return { address: address + 4 * last * stepStride, stepStride: -stepStride, rowStride };
  }

  /** One of the states before a step of computation, or after the last. */
  private stateAt(state: number, step: number): Rows {
    const { units } = this.plan;
    const { address, stepStride, rowStride } = state === 0 ? this.pass.h : this.pass.others;
    const column = state === 0 ? 0 : (state - 1) * units;
    return timeMajor(address + 4 * (step * stepStride + column), this.batch, 1, units, rowStride);
  }

  /** Where a state of rows side by side, states after each other, lies. */
  private vectors(address: number, state: number): Rows {
    const { units } = this.plan;
    return timeMajor(address + 4 * state * this.batch * units, this.batch, 1, units, units);
  }

  prepare(part: number, parts: number): void {
    this.dense.prepare(part, parts);
    this.scan.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    const { ports, arranged, dropout, steps, pass } = this;
    if (arranged) this.copy(ports.input.values, arranged, rows);
    if (this.training && dropout) dropout.forward(rows, training);
    this.dense.forward(rows);
    this.activate(rows);
    for (let i = 0; i < this.stateCount; i++) this.begin(i, rows);
    this.scan.forward(pass, rows);
    const { sequences, last } = ports.output;
    const { units } = this.plan;
    if (sequences) {
      const { address, stepStride, rowStride } = pass.h;
      const after = { address: address + 4 * stepStride, stepStride, rowStride, steps, width: units };
      this.copy(after, sequences, rows);
      this.clear(sequences, 0, rows);
    }
    if (last) {
      this.copy(this.stateAt(0, steps), last, rows);
      this.clear(last, 1, rows);
    }
    const [kept] = this.kept;
    const [carried] = this.carried;
    for (let i = 0; i < this.stateCount; i++) {
      if (kept) this.copy(this.stateAt(i, steps), this.vectors(kept.address, i), rows);
      else if (carried) this.copy(this.stateAt(i, steps), this.vectors(carried.after, i), rows);
    }
  }

  /** A state before the first step. */
  private begin(state: number, rows: Range): void {
    const { ports } = this;
    const [carried] = this.carried;
    const [kept] = this.kept;
    const to = this.stateAt(state, 0);
    const given = ports.initial?.[state]?.values;
    if (given) this.copy(given, to, rows);
    else if (kept) this.copy(this.vectors(kept.address, state), to, rows);
    else if (carried) this.copy(this.vectors(carried.before, state), to, rows);
    else this.zero(to, rows);
  }

  /** Outputs before the first step that counts are zero, whatever the states are; so are their gradients. */
  private clear(of: Rows, last: 0 | 1, { from, to }: Range): void {
    const { ports, pass, plan, steps } = this;
    const begins = plan.stateful || (ports.initial?.length ?? 0) > 0;
    if (!pass.mask.address || !begins || this.kept.length > 0) return;
    const { address, stepStride } = pass.mask;
    this.context.kernels.clearBeforeFirst(
      address,
      stepStride,
      steps,
      of.address,
      of.stepStride,
      of.rowStride,
      of.width,
      last,
      from,
      to,
    );
  }

  /** The candidate's columns of the gates. */
  private get candidate(): Rows {
    const { output, plan, scan } = this;
    return candidateOf(output.values, scan.width, plan.units);
  }

  private activate(rows: Range): void {
    const { plan, context, batch, preactivations } = this;
    const { activation } = plan;
    if (activation === ActivationId.linear) return;
    const { candidate } = this;
    if (preactivations) this.copy(candidate, preactivations, rows);
    const { address, rowStride, width } = candidate;
    eachRun(rows, batch, this.steps, (from, to) => {
      context.kernels.activationForward(activation, address, rowStride, address, rowStride, width, from, to);
    });
  }

  backward(rows: Range, { sequences, last }: CellOutput): void {
    const { pass, scan, ports, dh, dOthers, finalStates } = this;
    const dGates = this.output.gradient;
    if (!dGates) throw new Error('the cell was not placed for training');
    for (const [gradient, isLast] of [[sequences, 0] as const, [last, 1] as const])
      if (gradient) this.clear(gradient, isLast, rows);
    this.zero(dh, rows);
    this.zero(dOthers, rows);
    finalStates.forEach(({ gradient }, i) => {
      if (!gradient) return;
      if (i === 0) this.spread(gradient, rows);
      else this.copy(gradient, this.otherGradient(i), rows);
    });
    if (last) this.spread(last, rows);
    const back: BackwardPass = {
      ...pass,
      dGates: this.ordered(dGates, this.steps - 1),
      dOutput: sequences,
      dh,
      dOthers,
    };
    scan.backward(back, rows);
    ports.initial?.forEach(({ gradient }, i) => {
      if (!gradient) return;
      if (i === 0) this.gather(gradient, rows);
      else this.copy(this.otherGradient(i), gradient, rows);
    });
    this.activateBackward(dGates, rows);
    this.dense.backward(rows);
    if (this.dropout) this.dropout.backward(rows);
  }

  private activateBackward(dGates: Rows, rows: Range): void {
    const { plan, context, batch, preactivations, scan } = this;
    const { activation, units } = plan;
    if (activation === ActivationId.linear) return;
    const saved = preactivations ?? this.candidate;
    const { address, rowStride } = candidateOf(dGates, scan.width, units);
    eachRun(rows, batch, this.steps, (from, to) => {
      context.kernels.activationBackward(
        activation,
        saved.address,
        saved.rowStride,
        address,
        rowStride,
        address,
        rowStride,
        units,
        from,
        to,
      );
    });
  }

  gradients(part: number, parts: number): void {
    this.dense.gradients(part, parts);
    const { address, stepStride, rowStride } = this.pass.h;
    const dGates = this.output.gradient;
    // Going backwards, what lies one step of time later is the state before.
    const first = this.plan.goBackwards ? address + 4 * (this.steps - 1) * stepStride : address;
    if (dGates) this.scan.gradients({ address: first, stepStride, rowStride }, dGates, part, parts);
  }

  private otherGradient(state: number): Rows {
    const { units } = this.plan;
    return { ...this.dOthers, address: this.dOthers.address + 4 * (state - 1) * units, width: units };
  }

  /** dh += rows of units, head by head. */
  private spread(from: Rows, rows: Range): void {
    this.eachHead((offset, column, width) => {
      const part = { ...from, address: from.address + 4 * column, width };
      const to = { ...this.dh, address: this.dh.address + 4 * offset };
      this.add(part, to, rows);
    });
  }

  /** rows of units = dh. */
  private gather(to: Rows, rows: Range): void {
    this.eachHead((offset, column, width) => {
      const part = { ...this.dh, address: this.dh.address + 4 * offset, width };
      this.copy(part, { ...to, address: to.address + 4 * column }, rows);
    });
  }

  private eachHead(visit: (offset: number, column: number, width: number) => void): void {
    const { heads, padded } = this.scan;
    const size = this.plan.units / heads;
    for (let head = 0; head < heads; head++) visit(padded * head, size * head, size);
  }

  private zero({ address, rowStride, width }: Rows, { from, to }: Range): void {
    this.context.kernels.zeroRows(address + 4 * from * rowStride, rowStride, to - from, 0, width);
  }

  private copy(from: Rows, to: Rows, rows: Range): void {
    copyRows(this.context.kernels, from, to, rows);
  }

  private add(from: Rows, to: Rows, rows: Range): void {
    addRows(this.context.kernels, from, to, rows);
  }
}

/** The last `units` columns of rows of gates. */
function candidateOf(gates: Rows, width: number, units: number): Rows {
  return { ...gates, address: gates.address + 4 * (width - units), width: units };
}
