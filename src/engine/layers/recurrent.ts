import type { DirectedPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { newRows } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { makeCell } from './cells.js';
import type { EngineLayer, KeptState, LayerContext, Range, Signal, Space } from './layer.js';
import type { CellOutput, SequenceCell } from './sequenceCell.js';

/**
 * A recurrent layer: x (B,T,I) → every step's h (B,T,U) or the last's (B,U), and after it, with returnState, the last states.
 * Initial states are the inputs after x, else zero; in a stream, or where the layer is stateful, those before.
 */
export class RecurrentLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly carried: readonly CarriedState[];
  private readonly cell: SequenceCell;
  private output!: Signal;

  constructor(
    private readonly plan: DirectedPlan,
    context: LayerContext,
  ) {
    this.cell = makeCell(plan, context);
    this.blocks = this.cell.blocks;
    this.carried = this.cell.carried;
  }

  get kept(): readonly KeptState[] {
    return this.cell.kept;
  }

  get further(): readonly Signal[] {
    return this.cell.finalStates;
  }

  place(input: Signal, space: Space, initial: readonly Signal[]): Signal {
    const { arena, batch, training } = space;
    const { units, inputs, returnSequences, returnState, stateful } = this.plan;
    const { steps } = input.values;
    const rows = (width: number, count: number) => newRows(arena, batch, count, width);
    if (input.wantsGradient) input.gradient = rows(inputs, steps);
    // In training the states stay where they are made, and serve as output unless the cell needs its output apart, or a mask has
    // outputs begin with zeros where states do not.
    const apart = !training || this.cell.keepsOutputApart || ((stateful || initial.length > 0) && input.mask !== 0);
    const own = rows(units, returnSequences && apart ? steps : 1);
    const output: CellOutput = returnSequences ? (apart ? { sequences: own } : {}) : { last: own };
    this.cell.place({ input, output, dInput: input.gradient, initial, givesStates: returnState }, space);
    const values = returnSequences && !apart && this.cell.states ? this.cell.states : own;
    const mask = returnSequences ? input.mask : 0;
    this.output = { values, sequence: returnSequences, mask, wantsGradient: training };
    return this.output;
  }

  prepare(part: number, parts: number): void {
    this.cell.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    this.cell.forward(rows, training);
  }

  backward(rows: Range): void {
    const { gradient } = this.output;
    this.cell.backward(rows, this.plan.returnSequences ? { sequences: gradient } : { last: gradient });
  }

  gradients(part: number, parts: number): void {
    this.cell.gradients(part, parts);
  }
}
