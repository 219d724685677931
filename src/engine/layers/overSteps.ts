import type { OverStepsPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { newRows, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';
import { MovingLayer } from './moving.js';

/** What a layer of single rows does, over all steps of the features of each of G groups: rows (B, G, T·F/G) of (B, T, F) and back again. */
export class OverStepsLayer extends MovingLayer {
  override readonly blocks: readonly WeightBlock[];
  private gathered!: Signal;
  private result!: Signal;

  constructor(
    private readonly plan: OverStepsPlan,
    private readonly inner: EngineLayer,
    context: LayerContext,
  ) {
    super(context);
    this.blocks = inner.blocks;
  }

  place(input: Signal, space: Space): Signal {
    const { arena, batch } = space;
    const { steps, width } = input.values;
    const groups = this.plan.groups === -1 ? width : this.plan.groups;
    const long = (steps * width) / groups;
    const rows = () => newRows(arena, batch, groups, long);
    this.gathered = { values: rows(), sequence: true, mask: 0, wantsGradient: input.wantsGradient };
    this.result = this.inner.place(this.gathered, space, []);
    const output = this.move(input, space, { steps, width }, input.sequence);
    if (this.plan.keepsMask) output.mask = input.mask;
    output.wantsGradient = this.result.wantsGradient;
    if (output.wantsGradient) this.result.gradient = rows();
    return output;
  }

  forward(rows: Range, training: boolean): void {
    this.gather(this.input.values, this.gathered.values, rows);
    this.inner.forward(rows, training);
    this.scatter(this.result.values, this.output.values, rows);
  }

  backward(rows: Range): void {
    const { gathered, result } = this;
    const { gradient: dy } = this.output;
    const { gradient: dx } = this.input;
    if (!dy || !result.gradient) return;
    this.gather(dy, result.gradient, rows);
    this.inner.backward(rows);
    if (dx && gathered.gradient) this.scatter(gathered.gradient, dx, rows);
  }

  override gradients(part: number, parts: number): void {
    this.inner.gradients(part, parts);
  }

  private gather(from: Rows, to: Rows, rows: Range): void {
    for (let g = 0; g < to.steps; g++) {
      const n = from.width / to.steps;
      this.copy(featuresFrom(from, g * n), rowOf(to, g, n), rows, n, from.steps);
    }
  }

  private scatter(from: Rows, to: Rows, rows: Range): void {
    for (let g = 0; g < from.steps; g++) {
      const n = to.width / from.steps;
      this.copy(rowOf(from, g, n), featuresFrom(to, g * n), rows, n, to.steps);
    }
  }
}

/** The features from one on. */
function featuresFrom(rows: Rows, first: number): Rows {
  return { ...rows, address: rows.address + 4 * first };
}

/** The row of a group, as steps of n features. */
function rowOf(rows: Rows, group: number, n: number): Rows {
  return { ...rows, address: rows.address + 4 * group * rows.stepStride, stepStride: n };
}
