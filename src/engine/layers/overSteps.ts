import type { OverStepsPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { newRows, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import { featuresFrom, PlacedMoving } from './moving.js';

/** What a layer of single rows does, over all steps of the features of each of G groups: rows (B, G, T·F/G) of (B, T, F) and back again. */
export class OverStepsLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];

  constructor(
    private readonly plan: OverStepsPlan,
    private readonly inner: EngineLayer,
    private readonly context: LayerContext,
  ) {
    this.blocks = inner.blocks;
  }

  get anyOrder(): boolean {
    return this.inner.anyOrder ?? false;
  }

  place(input: Signal, space: Space): PlacedLayer {
    const { values, sequence, mask, wantsGradient } = input;
    const groups = this.plan.groups === -1 ? values.width : this.plan.groups;
    const rows = newRows(space, groups, (values.steps * values.width) / groups);
    const gathered: Signal = { values: rows, sequence: true, mask: 0, wantsGradient };
    const inner = this.inner.place(gathered, space, []);
    const flow = { sequence, mask: this.plan.keepsMask ? mask : 0, wantsGradient: inner.output.wantsGradient };
    return new PlacedOverSteps(this.context, input, space, gathered, inner, flow);
  }
}

class PlacedOverSteps extends PlacedMoving {
  constructor(
    context: LayerContext,
    input: Signal,
    space: Space,
    private readonly gathered: Signal,
    private readonly inner: PlacedLayer,
    flow: Pick<Signal, 'sequence' | 'mask' | 'wantsGradient'>,
  ) {
    super(context, input, space, input.values, flow);
    placeGradient(inner.output, space);
  }

  forward(rows: Range, training: boolean): void {
    this.gather(this.input.values, this.gathered.values, rows);
    this.inner.forward(rows, training);
    this.scatter(this.inner.output.values, this.output.values, rows);
  }

  backward(rows: Range): void {
    this.gather(this.dy, gradientOf(this.inner.output), rows);
    this.inner.backward(rows);
    if (this.input.wantsGradient) this.scatter(gradientOf(this.gathered), this.dx, rows);
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

/** The row of a group, as steps of n features. */
function rowOf(rows: Rows, group: number, n: number): Rows {
  return { ...rows, address: rows.address + 4 * group * rows.stepStride, stepStride: n };
}
