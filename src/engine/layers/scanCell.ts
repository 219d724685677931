import { ActivationId, slopeTakesInput } from '../../kernels/activationIds.js';
import { type ScanPlan, STATES } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { placeGradient } from '../gradients.js';
import { addRows, copyRows } from '../moveRows.js';
import { eachRun, newRows, type Range, type Rows, type Signal, signalFrom, timeMajor } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { DenseLayer, type PlacedDense } from './dense.js';
import { DropoutLayer } from './dropout.js';
import type { KeptState, LayerContext, PlacedLayer, Space } from './layer.js';
import { type BackwardPass, makeScan, type Pass, type PlacedScan, type Scan, type Strides } from './scans.js';
import type { CellGradients, CellPorts, PlacedSequenceCell, SequenceCell } from './sequenceCell.js';

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
  readonly scan: Scan;
  readonly dense: DenseLayer;
  readonly dropout: DropoutLayer | undefined;

  constructor(
    readonly plan: ScanPlan,
    readonly context: LayerContext,
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

  place(ports: CellPorts, space: Space): PlacedSequenceCell {
    return new PlacedScanCell(this, ports, space);
  }
}

/** What backward works in: gradients of the gates, and sums of those of h (B, heads·padded) and of the other states (B, ·). */
interface Back {
  dGates: Rows;
  dh: Rows;
  dOthers: Rows;
}

class PlacedScanCell implements PlacedSequenceCell {
  readonly states: Rows | undefined;
  readonly kept: readonly KeptState[];
  readonly finalStates: readonly Signal[];
  private readonly steps: number;
  /** x in time-major rows, where it is not. */
  private readonly arranged: Rows | undefined;
  /** In training, where the layer drops its input. */
  private readonly dropout: PlacedLayer | undefined;
  private readonly dense: PlacedDense;
  private readonly scan: PlacedScan;
  private readonly pass: Pass;
  /** The candidate's preactivations, where the activation's slope takes them. */
  private readonly preactivations: Rows | undefined;
  /** In training. */
  private readonly back: Back | undefined;
  /** Of the states before the first step, where wanted. */
  private readonly dInitial: readonly (Rows | undefined)[];

  constructor(
    private readonly cell: ScanCell,
    private readonly ports: CellPorts,
    private readonly space: Space,
  ) {
    const { plan, stateCount } = cell;
    const { arena, batch, training, stream } = space;
    const { units, activation } = plan;
    const { values } = ports.input;
    const { steps } = values;
    this.steps = steps;
    const isInOrder = steps === 1 || values.stepStride === batch * values.rowStride;
    this.arranged = isInOrder ? undefined : newRows(space, steps, values.width);
    const own = signalFrom(ports.input, this.arranged ?? values, { wantsGradient: ports.dInput !== undefined });
    own.gradient = ports.dInput;
    this.dropout = training ? cell.dropout?.place(own, space) : undefined;
    this.dense = cell.dense.place(this.dropout?.output ?? own, space);
    this.back = training ? this.placeBack() : undefined;
    this.dense.output.gradient = this.back?.dGates;
    this.scan = cell.scan.place(space, steps);
    this.pass = this.placePass();
    const { h } = this.pass;
    this.states =
      training && !plan.goBackwards
        ? timeMajor(h.address + 4 * h.stepStride, batch, steps, units, h.rowStride)
        : undefined;
    this.kept = stream ? [{ address: arena.fixed(stateCount * units), shape: [stateCount, units] }] : [];
    this.finalStates = ports.givesStates
      ? Array.from({ length: stateCount }, (_, i) => ({
          values: this.stateAt(i, steps),
          sequence: false,
          mask: 0,
          wantsGradient: training,
        }))
      : [];
    this.preactivations = training && slopeTakesInput(activation) ? newRows(space, steps, units) : undefined;
    this.dInitial = ports.initial.map((signal) => placeGradient(signal, space));
  }

  private placeBack(): Back {
    const { space } = this;
    const { scan, stateCount, plan } = this.cell;
    const others = (stateCount - 1) * plan.units;
    const dGates = newRows(space, this.steps, scan.width);
    const dh = newRows(space, 1, scan.heads * scan.padded);
    return { dGates, dh, dOthers: others > 0 ? newRows(space, 1, others) : dh };
  }

  private placePass(): Pass {
    const { steps, ports, space } = this;
    const { batch, training } = space;
    const { plan, stateCount } = this.cell;
    const { goBackwards, units } = plan;
    const { mask } = ports.input;
    const others = (stateCount - 1) * units;
    const kept = training || ports.output.sequences !== undefined;
    const h = newRows(space, kept ? steps + 1 : 1, units);
    const rest = others > 0 ? newRows(space, kept ? steps + 1 : 1, others) : h;
    return {
      gates: this.ordered(this.dense.output.values, steps - 1),
      mask: {
        address: mask && goBackwards ? mask + 4 * batch * (steps - 1) : mask,
        stepStride: goBackwards ? -batch : batch,
      },
      h: kept ? this.ordered(h, steps) : { ...h, stepStride: 0 },
      others: kept ? this.ordered(rest, steps) : { ...rest, stepStride: 0 },
      steps,
    };
  }

  /** Rows from the first computed step on, which lies at `last` going backwards. */
  private ordered({ address, stepStride, rowStride }: Rows, last: number): Strides {
    if (!this.cell.plan.goBackwards) return { address, stepStride, rowStride };
    return { address: address + 4 * last * stepStride, stepStride: -stepStride, rowStride };
  }

  /** One of the states before a step of computation, or after the last. */
  private stateAt(state: number, step: number): Rows {
    const { units } = this.cell.plan;
    const { address, stepStride, rowStride } = state === 0 ? this.pass.h : this.pass.others;
    const column = state === 0 ? 0 : (state - 1) * units;
    return timeMajor(address + 4 * (step * stepStride + column), this.space.batch, 1, units, rowStride);
  }

  /** Where a state of rows side by side, states after each other, lies. */
  private vectors(address: number, state: number): Rows {
    const { units } = this.cell.plan;
    return timeMajor(address + 4 * state * this.space.batch * units, this.space.batch, 1, units, units);
  }

  prepare(part: number, parts: number): void {
    this.dense.prepare(part, parts);
    this.scan.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    const { ports, arranged, dropout, steps, pass } = this;
    if (arranged) this.copy(ports.input.values, arranged, rows);
    dropout?.forward(rows, training);
    this.dense.forward(rows);
    this.activate(rows);
    for (let i = 0; i < this.cell.stateCount; i++) this.begin(i, rows);
    this.scan.forward(pass, rows);
    const { sequences, last } = ports.output;
    const { units } = this.cell.plan;
    if (sequences) {
      const { address, stepStride, rowStride } = pass.h;
      const after = { address: address + 4 * stepStride, stepStride, rowStride, ld: rowStride, steps, width: units };
      this.copy(after, sequences, rows);
      this.clear(sequences, 0, rows);
    }
    if (last) {
      this.copy(this.stateAt(0, steps), last, rows);
      this.clear(last, 1, rows);
    }
    const [kept] = this.kept;
    const [carried] = this.cell.carried;
    for (let i = 0; i < this.cell.stateCount; i++) {
      if (kept) this.copy(this.stateAt(i, steps), this.vectors(kept.address, i), rows);
      else if (carried) this.copy(this.stateAt(i, steps), this.vectors(carried.after, i), rows);
    }
  }

  /** A state before the first step. */
  private begin(state: number, rows: Range): void {
    const { ports } = this;
    const [carried] = this.cell.carried;
    const [kept] = this.kept;
    const to = this.stateAt(state, 0);
    const given = ports.initial[state]?.values;
    if (given) this.copy(given, to, rows);
    else if (kept) this.copy(this.vectors(kept.address, state), to, rows);
    else if (carried) this.copy(this.vectors(carried.before, state), to, rows);
    else this.zero(to, rows);
  }

  /** Outputs before the first step that counts are zero, whatever the states are; so are their gradients. */
  private clear(of: Rows, last: 0 | 1, { from, to }: Range): void {
    const { ports, pass, steps } = this;
    const begins = this.cell.plan.stateful || ports.initial.length > 0;
    if (!pass.mask.address || !begins || this.kept.length > 0) return;
    const { address, stepStride } = pass.mask;
    this.cell.context.kernels.clearBeforeFirst(
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
    const { plan, scan } = this.cell;
    return candidateOf(this.dense.output.values, scan.width, plan.units);
  }

  private activate(rows: Range): void {
    const { plan, context } = this.cell;
    const { activation } = plan;
    if (activation === ActivationId.linear) return;
    const { candidate, preactivations } = this;
    if (preactivations) this.copy(candidate, preactivations, rows);
    const { address, rowStride, width } = candidate;
    eachRun(rows, this.space, this.steps, (from, to) => {
      context.kernels.activationForward(activation, address, rowStride, address, rowStride, width, from, to);
    });
  }

  private get placedBack(): Back {
    if (this.back) return this.back;
    throw new Error('bug: a cell that was not placed for training goes back');
  }

  backward(rows: Range, { sequences, last }: CellGradients): void {
    const { pass, scan, ports, finalStates } = this;
    const { dGates, dh, dOthers } = this.placedBack;
    for (const [gradient, isLast] of [[sequences, 0] as const, [last, 1] as const])
      if (gradient) this.clear(gradient, isLast, rows);
    this.zero(dh, rows);
    this.zero(dOthers, rows);
    finalStates.forEach(({ gradient }, i) => {
      if (!gradient) return;
      if (i === 0) this.spread(gradient, dh, rows);
      else this.copy(gradient, this.otherGradient(dOthers, i), rows);
    });
    if (last) this.spread(last, dh, rows);
    const back: BackwardPass = {
      ...pass,
      dGates: this.ordered(dGates, this.steps - 1),
      dOutput: sequences,
      dh,
      dOthers,
    };
    scan.backward(back, rows);
    this.dInitial.forEach((gradient, i) => {
      if (!gradient) return;
      if (i === 0) this.gather(dh, gradient, rows);
      else this.copy(this.otherGradient(dOthers, i), gradient, rows);
    });
    this.activateBackward(dGates, rows);
    this.dense.backward(rows);
    if (ports.dInput) this.dropout?.backward(rows);
  }

  private activateBackward(dGates: Rows, rows: Range): void {
    const { plan, context, scan } = this.cell;
    const { activation, units } = plan;
    if (activation === ActivationId.linear) return;
    const saved = this.preactivations ?? this.candidate;
    const { address, rowStride } = candidateOf(dGates, scan.width, units);
    eachRun(rows, this.space, this.steps, (from, to) => {
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
    // Going backwards, what lies one step of time later is the state before.
    const first = this.cell.plan.goBackwards ? address + 4 * (this.steps - 1) * stepStride : address;
    this.scan.gradients({ address: first, stepStride, rowStride }, this.placedBack.dGates, part, parts);
  }

  private otherGradient(dOthers: Rows, state: number): Rows {
    const { units } = this.cell.plan;
    return { ...dOthers, address: dOthers.address + 4 * (state - 1) * units, width: units };
  }

  /** dh += rows of units, head by head. */
  private spread(from: Rows, dh: Rows, rows: Range): void {
    this.eachHead((offset, column, width) => {
      const part = { ...from, address: from.address + 4 * column, width };
      const to = { ...dh, address: dh.address + 4 * offset };
      this.add(part, to, rows);
    });
  }

  /** rows of units = dh. */
  private gather(dh: Rows, to: Rows, rows: Range): void {
    this.eachHead((offset, column, width) => {
      const part = { ...dh, address: dh.address + 4 * offset, width };
      this.copy(part, { ...to, address: to.address + 4 * column }, rows);
    });
  }

  private eachHead(visit: (offset: number, column: number, width: number) => void): void {
    const { scan, plan } = this.cell;
    const { heads, padded } = scan;
    const size = plan.units / heads;
    for (let head = 0; head < heads; head++) visit(padded * head, size * head, size);
  }

  private zero({ address, rowStride, width }: Rows, { from, to }: Range): void {
    this.cell.context.kernels.zeroRows(address + 4 * from * rowStride, rowStride, to - from, 0, width);
  }

  private copy(from: Rows, to: Rows, rows: Range): void {
    copyRows(this.cell.context.kernels, from, to, rows);
  }

  private add(from: Rows, to: Rows, rows: Range): void {
    addRows(this.cell.context.kernels, from, to, rows);
  }
}

/** The last `units` columns of rows of gates. */
function candidateOf(gates: Rows, width: number, units: number): Rows {
  return { ...gates, address: gates.address + 4 * (width - units), width: units };
}
