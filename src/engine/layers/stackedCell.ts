import type { StackedPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { placeGradient } from '../gradients.js';
import { newRows, type Range, type Rows, reversed, type Signal } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import type { KeptState, Space } from './layer.js';
import type { CellGradients, CellPorts, PlacedSequenceCell, SequenceCell } from './sequenceCell.js';

/** Cells one upon the other, in one direction: each runs over the whole sequence before the next does. */
export class StackedCell implements SequenceCell {
  readonly blocks: readonly WeightBlock[];
  readonly carried: readonly CarriedState[];
  readonly stateCount: number;
  readonly keepsOutputApart: boolean;

  constructor(
    private readonly plan: StackedPlan,
    private readonly cells: readonly SequenceCell[],
  ) {
    this.blocks = cells.flatMap(({ blocks }) => blocks);
    this.carried = [...cells].reverse().flatMap(({ carried }) => carried);
    this.stateCount = cells.reduce((sum, cell) => sum + cell.stateCount, 0);
    this.keepsOutputApart = cells[cells.length - 1].keepsOutputApart;
  }

  /** Each cell gives the next every step's output in the order of time, and has that one's gradient. */
  place({ input, output, dInput, initial, givesStates }: CellPorts, space: Space): PlacedSequenceCell {
    const { training } = space;
    const { goBackwards } = this.plan;
    const placed: PlacedSequenceCell[] = [];
    const between: (Rows | undefined)[] = [];
    let own = { input, dInput };
    let state = 0;
    this.cells.forEach((cell, i) => {
      const ports = { ...own, initial: initial.slice(state, state + cell.stateCount), givesStates };
      state += cell.stateCount;
      if (i === this.cells.length - 1) {
        placed.push(cell.place({ ...ports, output }, space));
        return;
      }
      const values = newRows(space, input.values.steps, this.plan.cells[i].units);
      placed.push(cell.place({ ...ports, output: inTime(values, goBackwards) }, space));
      const next: Signal = { values, sequence: true, mask: input.mask, wantsGradient: training };
      own = { input: next, dInput: placeGradient(next, space) };
      between.push(own.dInput);
    });
    return new PlacedStack(
      placed,
      between.map((gradient) => gradient && inTime(gradient, goBackwards)),
    );
  }
}

/** Rows in the order of time, for a cell that counts its steps as it reads them. */
function inTime(rows: Rows, goBackwards: boolean): { sequences: Rows } {
  return { sequences: goBackwards ? reversed(rows) : rows };
}

class PlacedStack implements PlacedSequenceCell {
  readonly states: Rows | undefined;
  readonly kept: readonly KeptState[];
  readonly finalStates: readonly Signal[];

  constructor(
    private readonly cells: readonly PlacedSequenceCell[],
    /** Of the outputs of all cells but the last; none without training. */
    private readonly between: readonly (CellGradients | undefined)[],
  ) {
    this.states = cells[cells.length - 1].states;
    this.kept = cells.flatMap(({ kept }) => kept);
    this.finalStates = cells.flatMap(({ finalStates }) => finalStates);
  }

  prepare(part: number, parts: number): void {
    for (const cell of this.cells) cell.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    for (const cell of this.cells) cell.forward(rows, training);
  }

  backward(rows: Range, gradients: CellGradients): void {
    for (let i = this.cells.length - 1; i >= 0; i--) this.cells[i].backward(rows, this.between[i] ?? gradients);
  }

  gradients(part: number, parts: number): void {
    for (const cell of this.cells) cell.gradients(part, parts);
  }
}
