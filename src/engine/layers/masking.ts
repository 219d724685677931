import type { MaskingPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { eachRun, newRows } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** A step whose F values all equal `value` is masked, and its values become 0. */
export class MaskingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    readonly plan: MaskingPlan,
    readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedMasking(this, input, space);
  }
}

class PlacedMasking implements PlacedLayer {
  readonly output: Signal;

  constructor(
    private readonly layer: MaskingLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { arena, batch } = space;
    const { steps, width } = input.values;
    const values = newRows(space, steps, width);
    placeGradient(input, space);
    this.output = { values, sequence: true, mask: arena.floats(batch * steps), wantsGradient: input.wantsGradient };
  }

  forward(rows: Range): void {
    eachRun(rows, this.space, this.input.values.steps, this.run);
  }

  backward(rows: Range): void {
    eachRun(rows, this.space, this.input.values.steps, this.runBack);
  }

  gradients(): void {}

  private readonly run = (from: number, to: number): void => {
    const { plan, context } = this.layer;
    const x = this.input.values;
    const { values: y, mask } = this.output;
    const { kernels } = context;
    kernels.maskingForward(x.address, x.ld, plan.value, y.address, y.ld, mask, x.width, from, to);
  };

  private readonly runBack = (from: number, to: number): void => {
    const dx = gradientOf(this.input);
    const dy = gradientOf(this.output);
    const { kernels } = this.layer.context;
    kernels.maskRows(dy.address, dy.ld, dx.address, dx.ld, this.output.mask, dx.width, from, to);
  };
}
