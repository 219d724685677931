import type { DirectedPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientBeside, placeGradient } from '../gradients.js';
import { newRows } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import { makeCell } from './cells.js';
import type { EngineLayer, KeptState, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import type { CellOutput, PlacedSequenceCell, SequenceCell } from './sequenceCell.js';

/**
 * A recurrent layer: x (B,T,I) → every step's h (B,T,U) or the last's (B,U), and after it, with returnState, the last states.
 * Initial states are the inputs after x, else zero; in a stream, or where the layer is stateful, those before.
 */
export class RecurrentLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly carried: readonly CarriedState[];
  readonly cell: SequenceCell;

  constructor(
    readonly plan: DirectedPlan,
    context: LayerContext,
  ) {
    this.cell = makeCell(plan, context);
    this.blocks = this.cell.blocks;
    this.carried = this.cell.carried;
  }

  place(input: Signal, space: Space, initial: readonly Signal[]): PlacedRecurrent {
    return new PlacedRecurrent(this, input, space, initial);
  }
}

class PlacedRecurrent implements PlacedLayer {
  readonly output: Signal;
  readonly further: readonly Signal[];
  readonly kept: readonly KeptState[];
  private readonly cell: PlacedSequenceCell;

  constructor(
    private readonly layer: RecurrentLayer,
    input: Signal,
    space: Space,
    initial: readonly Signal[],
  ) {
    const { plan, cell } = layer;
    const { training } = space;
    const { units, returnSequences, returnState, stateful } = plan;
    const dInput = placeGradient(input, space);
    // In training the states stay where they are made, and serve as output unless the cell needs its output apart, or a mask has
    // outputs begin with zeros where states do not.
    const apart = !training || cell.keepsOutputApart || ((stateful || initial.length > 0) && input.mask !== 0);
    const own = newRows(space, returnSequences && apart ? input.values.steps : 1, units);
    const output: CellOutput = returnSequences ? (apart ? { sequences: own } : {}) : { last: own };
    this.cell = cell.place({ input, output, dInput, initial, givesStates: returnState }, space);
    this.kept = this.cell.kept;
    this.further = this.cell.finalStates;
    const values = returnSequences && !apart && this.cell.states ? this.cell.states : own;
    const mask = returnSequences ? input.mask : 0;
    this.output = { values, sequence: returnSequences, mask, wantsGradient: training };
  }

  prepare(part: number, parts: number): void {
    this.cell.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    this.cell.forward(rows, training);
  }

  backward(rows: Range): void {
    const dy = gradientBeside(this.output, this.further);
    this.cell.backward(rows, this.layer.plan.returnSequences ? { sequences: dy } : { last: dy });
  }

  gradients(part: number, parts: number): void {
    this.cell.gradients(part, parts);
  }
}
