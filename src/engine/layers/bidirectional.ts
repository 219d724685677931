import { MergeId } from '../../kernels/mergeIds.js';
import type { BidirectionalPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientBeside, placeGradient } from '../gradients.js';
import { addRows, mergeRows } from '../moveRows.js';
import { eachRun, newRows, type Rows, reversed, rowNumbers, signalFrom } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { makeCell } from './cells.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import type { CellOutput, PlacedSequenceCell, SequenceCell } from './sequenceCell.js';

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
  readonly cells: readonly [SequenceCell, SequenceCell];

  constructor(
    readonly plan: BidirectionalPlan,
    readonly context: LayerContext,
  ) {
    this.cells = [makeCell(plan.forward, context), makeCell(plan.backward, context)];
    this.blocks = this.cells.flatMap(({ blocks }) => blocks);
    this.carried = this.cells.flatMap(({ carried }) => carried);
  }

  /** @param initial the first cell's states, then the second's */
  place(input: Signal, space: Space, initial: readonly Signal[]): PlacedLayer {
    return new PlacedBidirectional(this, input, space, initial);
  }
}

class PlacedBidirectional implements PlacedLayer {
  readonly output: Signal;
  /** With mergeMode 'none' the second cell's outputs, then the last states of the two. */
  readonly further: readonly Signal[];
  private readonly cells: readonly [PlacedSequenceCell, PlacedSequenceCell];
  /** The cells' outputs in the order of time, and, where they are merged, places for their gradients. */
  private readonly outputs: readonly [Rows, Rows];
  private readonly slopes: readonly [Rows, Rows] | undefined;
  private readonly dx: Rows | undefined;
  /** The second cell's share of dL/dx, before it is added to the first's. */
  private readonly second: Rows | undefined;

  constructor(
    private readonly layer: BidirectionalLayer,
    input: Signal,
    private readonly space: Space,
    initial: readonly Signal[],
  ) {
    const { mergeMode, forward: plan } = layer.plan;
    const { training } = space;
    const { units, inputs, returnSequences } = plan;
    const concat = mergeMode === 'concat';
    const apart = mergeMode === 'none';
    const { steps } = input.values;
    const outputSteps = returnSequences ? steps : 1;
    const rows = (width: number, count = outputSteps) => newRows(space, count, width);
    this.dx = placeGradient(input, space);
    this.second = this.dx && rows(inputs, steps);
    const values = rows(concat ? 2 * units : units);
    this.outputs = concat
      ? [columns(values, 0, units), columns(values, units, units)]
      : [apart ? values : rows(units), rows(units)];
    this.slopes = training && !concat && !apart ? [rows(units), rows(units)] : undefined;
    const [first, second] = this.outputs;
    const count = initial.length > 0 ? layer.cells[0].stateCount : 0;
    this.cells = [
      this.placeCell(0, input, first, this.dx, initial.slice(0, count)),
      this.placeCell(1, input, second, this.second, initial.slice(count, 2 * count)),
    ];
    const mask = returnSequences ? input.mask : 0;
    this.output = { values, sequence: returnSequences, mask, wantsGradient: training };
    const states = this.cells.flatMap(({ finalStates }) => finalStates);
    this.further = apart ? [signalFrom(this.output, second), ...states] : states;
  }

  private placeCell(
    i: 0 | 1,
    input: Signal,
    output: Rows,
    dInput: Rows | undefined,
    initial: readonly Signal[],
  ): PlacedSequenceCell {
    const { cells, plan } = this.layer;
    const ports = { input, output: this.port(i, output), dInput, initial, givesStates: plan.forward.returnState };
    return cells[i].place(ports, this.space);
  }

  prepare(part: number, parts: number): void {
    for (const cell of this.cells) cell.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    for (const cell of this.cells) cell.forward(rows, training);
    const { values, mask } = this.output;
    const [a, b] = this.outputs;
    const { plan, context } = this.layer;
    const { mergeMode } = plan;
    if (mergeMode !== 'concat' && mergeMode !== 'none')
      mergeRows(context.kernels, MERGE[mergeMode], a, b, values, rows);
    if (!mask) return;
    this.clearMasked(values, rows);
    if (mergeMode === 'none') this.clearMasked(b, rows);
  }

  backward(rows: Range): void {
    const { mask } = this.output;
    const { kernels } = this.layer.context;
    const given = gradientBeside(this.output, this.further);
    const apart = this.layer.plan.mergeMode === 'none' ? this.further[0].gradient : undefined;
    for (const gradient of [given, apart]) if (mask && gradient) this.clearMasked(gradient, rows);
    const [first, second] = this.split(given, apart, rows);
    this.cells[0].backward(rows, this.port(0, first));
    this.cells[1].backward(rows, this.port(1, second));
    if (this.dx && this.second) addRows(kernels, this.second, this.dx, rows);
  }

  gradients(part: number, parts: number): void {
    for (const cell of this.cells) cell.gradients(part, parts);
  }

  /** What a cell writes or gets gradients of: the second's steps are in the other order. */
  private port(cell: number, rows: Rows | undefined): CellOutput {
    if (!rows) return {};
    if (!this.layer.plan.forward.returnSequences) return { last: rows };
    return { sequences: cell === 0 ? rows : reversed(rows) };
  }

  /** The gradients of the cells' outputs: of two outputs their own, else from that of the merged one. */
  private split(
    given: Rows | undefined,
    apart: Rows | undefined,
    rows: Range,
  ): readonly [Rows | undefined, Rows | undefined] {
    const { plan, context } = this.layer;
    const { mergeMode, forward } = plan;
    const { units } = forward;
    if (mergeMode === 'none') return [given, apart];
    if (!given) return [undefined, undefined];
    if (mergeMode === 'concat') return [columns(given, 0, units), columns(given, units, units)];
    const { slopes, outputs } = this;
    if (!slopes) throw new Error('bug: a Bidirectional that was not placed for training goes back');
    slopes.forEach((to, i) => {
      const other = outputs[1 - i];
      context.kernels.mergeBackward(
        MERGE[mergeMode],
        other.address,
        other.stepStride,
        other.rowStride,
        given.address,
        given.stepStride,
        given.rowStride,
        to.address,
        to.stepStride,
        to.rowStride,
        to.width,
        to.steps,
        rows.from,
        rows.to,
      );
    });
    return slopes;
  }

  private clearMasked(values: Rows, rows: Range): void {
    const { mask } = this.output;
    const { address, rowStride, steps, width } = values;
    const { plan, context } = this.layer;
    const clear = (from: number, to: number, numbers = mask) =>
      context.kernels.maskRows(address, rowStride, address, rowStride, numbers, width, from, to);
    if (!plan.forward.goBackwards) {
      eachRun(rows, this.space, steps, clear);
      return;
    }
    // The outputs are in the order in which the cells read: the step of row t is T - 1 - t.
    const { step, entry } = rowNumbers(this.space, steps);
    for (let t = 0; t < steps; t++)
      for (let b = rows.from; b < rows.to; b++) {
        const row = t * step + b * entry;
        clear(row, row + 1, mask + 4 * step * (steps - 1 - 2 * t));
      }
  }
}
