import type { StackedPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { newRows, type Range, type Rows, reversed, type Signal } from '../rows.js';
import type { CarriedState } from '../stateStore.js';
import type { KeptState, Space } from './layer.js';
import type { CellOutput, CellPorts, SequenceCell } from './sequenceCell.js';

/** What a cell below another gives it: every step's output in the order of time, and its gradient. */
interface Between {
  signal: Signal;
  gradient: Rows | undefined;
}

/** Cells one upon the other, in one direction: each runs over the whole sequence before the next does. */
export class StackedCell implements SequenceCell {
  readonly blocks: readonly WeightBlock[];
  readonly carried: readonly CarriedState[];
  readonly stateCount: number;
  private readonly last: SequenceCell;
  private between: readonly Between[] = [];

  constructor(
    private readonly plan: StackedPlan,
    private readonly cells: readonly SequenceCell[],
  ) {
    this.blocks = cells.flatMap(({ blocks }) => blocks);
    this.carried = [...cells].reverse().flatMap(({ carried }) => carried);
    this.stateCount = cells.reduce((sum, cell) => sum + cell.stateCount, 0);
    this.last = cells[cells.length - 1];
  }

  get keepsOutputApart(): boolean {
    return this.last.keepsOutputApart;
  }

  get states(): Rows | undefined {
    return this.last.states;
  }

  get kept(): readonly KeptState[] {
    return this.cells.flatMap(({ kept }) => kept);
  }

  get finalStates(): readonly Signal[] {
    return this.cells.flatMap(({ finalStates }) => finalStates);
  }

  place({ input, output, dInput, initial = [], givesStates }: CellPorts, space: Space): void {
    const { arena, batch, training } = space;
    const { steps } = input.values;
    const between: Between[] = [];
    let signal = input;
    let gradient = dInput;
    let state = 0;
    this.cells.forEach((cell, i) => {
      const own = { input: signal, dInput: gradient, initial: initial.slice(state, state + cell.stateCount) };
      state += cell.stateCount;
      if (cell === this.last) {
        cell.place({ ...own, output, givesStates }, space);
        return;
      }
      const { units } = this.plan.cells[i];
      const values = newRows(arena, batch, steps, units);
      cell.place({ ...own, output: this.inTime(values), givesStates }, space);
      signal = { values, sequence: true, mask: input.mask, wantsGradient: training };
      gradient = training ? newRows(arena, batch, steps, units) : undefined;
      between.push({ signal, gradient });
    });
    this.between = between;
  }

  prepare(part: number, parts: number): void {
    for (const cell of this.cells) cell.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    for (const cell of this.cells) cell.forward(rows, training);
  }

  backward(rows: Range, gradients: CellOutput): void {
    for (let i = this.cells.length - 1; i >= 0; i--) {
      const gradient = this.between[i]?.gradient;
      this.cells[i].backward(rows, gradient ? this.inTime(gradient) : gradients);
    }
  }

  gradients(part: number, parts: number): void {
    for (const cell of this.cells) cell.gradients(part, parts);
  }

  /** Rows in the order of time, for a cell that counts its steps as it reads them. */
  private inTime(rows: Rows): CellOutput {
    return { sequences: this.plan.goBackwards ? reversed(rows) : rows };
  }
}
