import { MergeId } from '../../kernels/mergeIds.js';
import type { WeightBlock } from '../blocks.js';
import type { BidirectionalPlan } from '../layerPlan.js';
import { eachRun, type Rows, rowLength, timeMajor } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { Cell, type CellOutput } from './cell.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

const MERGE = { sum: MergeId.sum, mul: MergeId.mul, ave: MergeId.ave };

/** The same rows from the last step to the first. */
function reversed(rows: Rows): Rows {
  const { address, steps, stepStride } = rows;
  return { ...rows, address: address + 4 * (steps - 1) * stepStride, stepStride: -stepStride };
}

/** `width` floats of each row from `offset` on. */
function columns(rows: Rows, offset: number, width: number): Rows {
  return { ...rows, address: rows.address + 4 * offset, width };
}

/**
 * Two cells over x (B,T,I), one in each direction, whose outputs are joined at each step: side by side (concat), or as
 * a + b, a∘b, (a + b)/2. Outputs of masked steps are zero.
 */
export class BidirectionalLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly carried: readonly CarriedState[];
  private readonly cells: readonly [Cell, Cell];
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  /** The cells' outputs in the order of time, and where their gradients are. */
  private outputs!: readonly [Rows, Rows];
  private gradientsOf!: readonly [Rows, Rows] | undefined;
  /** The second cell's share of dL/dx, before it is added to the first's. */
  private second: Rows | undefined;

  constructor(
    private readonly plan: BidirectionalPlan,
    private readonly context: LayerContext,
  ) {
    this.cells = [new Cell(plan.forward, context), new Cell(plan.backward, context)];
    this.blocks = this.cells.map(({ block }) => block);
    this.carried = this.cells.flatMap(({ carried }) => carried ?? []);
  }

  place(input: Signal, space: Space): Signal {
    const { arena, batch, training } = space;
    const { units, inputs, returnSequences } = this.plan.forward;
    const concat = this.plan.mergeMode === 'concat';
    const { steps } = input.values;
    const outputSteps = returnSequences ? steps : 1;
    const rows = (width: number, count: number) => {
      const ld = rowLength(width);
      return timeMajor(arena.floats(count * batch * ld), batch, count, width, ld);
    };
    this.input = input;
    this.batch = batch;
    if (input.wantsGradient) input.gradient = rows(inputs, steps);
    this.second = input.wantsGradient ? rows(inputs, steps) : undefined;
    const values = rows(concat ? 2 * units : units, outputSteps);
    this.outputs = concat
      ? [columns(values, 0, units), columns(values, units, units)]
      : [rows(units, outputSteps), rows(units, outputSteps)];
    this.gradientsOf = training && !concat ? [rows(units, outputSteps), rows(units, outputSteps)] : undefined;
    this.cells[0].place({ input, output: this.ports(this.outputs)[0], dInput: input.gradient }, space);
    this.cells[1].place({ input, output: this.ports(this.outputs)[1], dInput: this.second }, space);
    const mask = returnSequences ? input.mask : 0;
    this.output = { values, sequence: returnSequences, mask, wantsGradient: training };
    return this.output;
  }

  prepare(part: number, parts: number): void {
    for (const cell of this.cells) cell.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    for (const cell of this.cells) cell.forward(rows, training);
    const { values, mask } = this.output;
    const [a, b] = this.outputs;
    const { mergeMode } = this.plan;
    const { kernels } = this.context;
    if (mergeMode !== 'concat')
      kernels.mergeForward(
        MERGE[mergeMode],
        a.address,
        a.stepStride,
        a.rowStride,
        b.address,
        b.stepStride,
        b.rowStride,
        values.address,
        values.stepStride,
        values.rowStride,
        values.width,
        values.steps,
        rows.from,
        rows.to,
      );
    if (mask) this.clearMasked(values, rows);
  }

  backward(rows: Range): void {
    const { gradient, mask } = this.output;
    if (gradient === undefined) return;
    if (mask) this.clearMasked(gradient, rows);
    const gradients = this.ports(this.split(gradient, rows));
    this.cells[0].backward(rows, gradients[0]);
    this.cells[1].backward(rows, gradients[1]);
    const to = this.input.gradient;
    const from = this.second;
    if (to === undefined || from === undefined) return;
    this.context.kernels.addSequence(
      from.address,
      from.stepStride,
      from.rowStride,
      to.address,
      to.stepStride,
      to.rowStride,
      to.width,
      to.steps,
      rows.from,
      rows.to,
    );
  }

  gradients(part: number, parts: number): void {
    for (const cell of this.cells) cell.gradients(part, parts);
  }

  /** What each cell writes or gets gradients of: the second's steps are in the other order. */
  private ports([a, b]: readonly [Rows, Rows]): readonly [CellOutput, CellOutput] {
    return this.plan.forward.returnSequences
      ? [{ sequences: a }, { sequences: reversed(b) }]
      : [{ last: a }, { last: b }];
  }

  /** The gradients of the cells' outputs from that of the merged one. */
  private split(gradient: Rows, rows: Range): readonly [Rows, Rows] {
    const { mergeMode } = this.plan;
    const { units } = this.plan.forward;
    const places = this.gradientsOf;
    if (mergeMode === 'concat' || places === undefined)
      return [columns(gradient, 0, units), columns(gradient, units, units)];
    const { kernels } = this.context;
    const sides = [
      { to: places[0], other: this.outputs[1] },
      { to: places[1], other: this.outputs[0] },
    ];
    for (const { to, other } of sides)
      kernels.mergeBackward(
        MERGE[mergeMode],
        other.address,
        other.stepStride,
        other.rowStride,
        gradient.address,
        gradient.stepStride,
        gradient.rowStride,
        to.address,
        to.stepStride,
        to.rowStride,
        to.width,
        to.steps,
        rows.from,
        rows.to,
      );
    return places;
  }

  private clearMasked(values: Rows, rows: Range): void {
    const { mask } = this.output;
    eachRun(rows, this.batch, values.steps, (from, to) => {
      const { address, rowStride, width } = values;
      this.context.kernels.maskRows(address, rowStride, address, rowStride, mask, width, from, to);
    });
  }
}
