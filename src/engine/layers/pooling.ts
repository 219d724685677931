import type { PoolingPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { newRows, rowNumbers } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** (B, T, F) → (B, F): the mean over the steps that count, or the largest over all steps. */
export class PoolingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    readonly plan: PoolingPlan,
    readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedPooling(this, input, space);
  }
}

class PlacedPooling implements PlacedLayer {
  readonly output: Signal;

  constructor(
    private readonly layer: PoolingLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    placeGradient(input, space);
    const values = newRows(space, 1, input.values.width);
    this.output = { values, sequence: false, mask: 0, wantsGradient: input.wantsGradient };
  }

  forward({ from, to }: Range): void {
    const { plan, context } = this.layer;
    const { kernels } = context;
    const { values: x, mask } = this.input;
    const { step, entry } = rowNumbers(this.space, x.steps);
    const y = this.output.values;
    if (plan.kind === 'averagePooling')
      kernels.averagePoolForward(
        x.address,
        x.stepStride,
        x.rowStride,
        mask,
        step,
        entry,
        y.address,
        y.rowStride,
        x.width,
        x.steps,
        from,
        to,
      );
    else
      kernels.maxPoolForward(x.address, x.stepStride, x.rowStride, y.address, y.rowStride, x.width, x.steps, from, to);
  }

  backward({ from, to }: Range): void {
    const { plan, context } = this.layer;
    const { kernels } = context;
    const { values: x, mask } = this.input;
    const { step, entry } = rowNumbers(this.space, x.steps);
    const { values: y } = this.output;
    const dx = gradientOf(this.input);
    const dy = gradientOf(this.output);
    if (plan.kind === 'averagePooling')
      kernels.averagePoolBackward(
        dy.address,
        dy.rowStride,
        mask,
        step,
        entry,
        dx.address,
        dx.stepStride,
        dx.rowStride,
        x.width,
        x.steps,
        from,
        to,
      );
    else
      kernels.maxPoolBackward(
        x.address,
        x.stepStride,
        x.rowStride,
        y.address,
        y.rowStride,
        dy.address,
        dy.rowStride,
        dx.address,
        dx.stepStride,
        dx.rowStride,
        x.width,
        x.steps,
        from,
        to,
      );
  }

  gradients(): void {}
}
