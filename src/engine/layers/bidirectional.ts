import { MergeId } from '../../kernels/mergeIds.js';
import type { BidirectionalPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { addRows, mergeRows } from '../moveRows.js';
import { eachRun, newRows, type Rows, reversed } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { makeCell } from './cells.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';
import type { CellOutput, SequenceCell } from './sequenceCell.js';

const MERGE = { sum: MergeId.sum, mul: MergeId.mul, ave: MergeId.ave };

/** `width` floats of each row from `offset` on. */
function columns(rows: Rows, offset: number, width: number): Rows {
  return { ...rows, address: rows.address + 4 * offset, width };
}

/**
 * Two cells over x (B,T,I), one in each direction, whose outputs are joined at each step: side by side (concat), or as
 * a + b, a∘b, (a + b)/2; or stay two outputs (none). Outputs of masked steps are zero.
 */
export class BidirectionalLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly carried: readonly CarriedState[];
  private readonly cells: readonly [SequenceCell, SequenceCell];
  private input!: Signal;
  private output!: Signal;
  /** With mergeMode 'none'. */
  private secondOutput!: Signal;
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
    this.cells = [makeCell(plan.forward, context), makeCell(plan.backward, context)];
    this.blocks = this.cells.flatMap(({ blocks }) => blocks);
    this.carried = this.cells.flatMap(({ carried }) => carried);
  }

  /** With mergeMode 'none' the second cell's outputs, then the last states of the two. */
  get further(): readonly Signal[] {
    const { mergeMode } = this.plan;
    const states = this.cells.flatMap(({ finalStates }) => finalStates);
    return mergeMode === 'none' ? [this.secondOutput, ...states] : states;
  }

  /** @param initial the first cell's states, then the second's */
  place(input: Signal, space: Space, initial: readonly Signal[]): Signal {
    const { arena, batch, training } = space;
    const { units, inputs, returnSequences, returnState } = this.plan.forward;
    const concat = this.plan.mergeMode === 'concat';
    const apart = this.plan.mergeMode === 'none';
    const { steps } = input.values;
    const outputSteps = returnSequences ? steps : 1;
    const rows = (width: number, count: number) => newRows(arena, batch, count, width);
    this.input = input;
    this.batch = batch;
    if (input.wantsGradient) input.gradient = rows(inputs, steps);
    this.second = input.wantsGradient ? rows(inputs, steps) : undefined;
    const values = rows(concat ? 2 * units : units, outputSteps);
    this.outputs = concat
      ? [columns(values, 0, units), columns(values, units, units)]
      : [apart ? values : rows(units, outputSteps), rows(units, outputSteps)];
    this.gradientsOf = training && !concat && !apart ? [rows(units, outputSteps), rows(units, outputSteps)] : undefined;
    const count = initial.length > 0 ? this.cells[0].stateCount : 0;
    this.cells.forEach((cell, i) => {
      const ports = { input, output: this.port(i, this.outputs[i]), dInput: i === 0 ? input.gradient : this.second };
      cell.place({ ...ports, initial: initial.slice(i * count, (i + 1) * count), givesStates: returnState }, space);
    });
    const mask = returnSequences ? input.mask : 0;
    this.output = { values, sequence: returnSequences, mask, wantsGradient: training };
    this.secondOutput = { ...this.output, values: this.outputs[1] };
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
    if (mergeMode !== 'concat' && mergeMode !== 'none')
      mergeRows(this.context.kernels, MERGE[mergeMode], a, b, values, rows);
    if (!mask) return;
    this.clearMasked(values, rows);
    if (mergeMode === 'none') this.clearMasked(b, rows);
  }

  backward(rows: Range): void {
    const { gradient, mask } = this.output;
    const apart = this.plan.mergeMode === 'none' ? this.secondOutput.gradient : undefined;
    for (const given of [gradient, apart]) if (mask && given) this.clearMasked(given, rows);
    const [first, second] = gradient && this.plan.mergeMode !== 'none' ? this.split(gradient, rows) : [gradient, apart];
    this.cells[0].backward(rows, this.port(0, first));
    this.cells[1].backward(rows, this.port(1, second));
    const to = this.input.gradient;
    const from = this.second;
    if (to && from) addRows(this.context.kernels, from, to, rows);
  }

  gradients(part: number, parts: number): void {
    for (const cell of this.cells) cell.gradients(part, parts);
  }

  /** What a cell writes or gets gradients of: the second's steps are in the other order. */
  private port(cell: number, rows: Rows | undefined): CellOutput {
    if (!rows) return {};
    if (!this.plan.forward.returnSequences) return { last: rows };
    return { sequences: cell === 0 ? rows : reversed(rows) };
  }

  /** The gradients of the cells' outputs from that of the merged one. */
  private split(gradient: Rows, rows: Range): readonly [Rows, Rows] {
    const { mergeMode } = this.plan;
    const { units } = this.plan.forward;
    const places = this.gradientsOf;
    if (mergeMode === 'concat' || mergeMode === 'none' || places === undefined)
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
