import type { PoolingPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { newRows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

/** (B, T, F) → (B, F): the mean over the steps that count, or the largest over all steps. */
export class PoolingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  private input!: Signal;
  private output!: Signal;
  private batch = 0;

  constructor(
    private readonly plan: PoolingPlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, { arena, batch }: Space): Signal {
    const { steps, width } = input.values;
    this.input = input;
    this.batch = batch;
    if (input.wantsGradient) {
      input.gradient = newRows(arena, batch, steps, width);
    }
    const values = newRows(arena, batch, 1, width);
    this.output = { values, sequence: false, mask: 0, wantsGradient: input.wantsGradient };
    return this.output;
  }

  forward({ from, to }: Range): void {
    const { kernels } = this.context;
    const x = this.input.values;
    const y = this.output.values;
    if (this.plan.kind === 'averagePooling')
      kernels.averagePoolForward(
        x.address,
        x.rowStride,
        this.input.mask,
        y.address,
        y.rowStride,
        x.width,
        x.steps,
        this.batch,
        from,
        to,
      );
    else
      kernels.maxPoolForward(x.address, x.rowStride, 0, y.address, y.rowStride, x.width, x.steps, this.batch, from, to);
  }

  backward({ from, to }: Range): void {
    const { kernels } = this.context;
    const { values: x, gradient: dx, wantsGradient, mask } = this.input;
    const { values: y, gradient: dy } = this.output;
    if (!wantsGradient || dx === undefined || dy === undefined) return;
    if (this.plan.kind === 'averagePooling')
      kernels.averagePoolBackward(
        dy.address,
        dy.rowStride,
        mask,
        dx.address,
        dx.rowStride,
        x.width,
        x.steps,
        this.batch,
        from,
        to,
      );
    else
      kernels.maxPoolBackward(
        x.address,
        x.rowStride,
        y.address,
        y.rowStride,
        0,
        dy.address,
        dy.rowStride,
        dx.address,
        dx.rowStride,
        x.width,
        x.steps,
        this.batch,
        from,
        to,
      );
  }

  gradients(): void {}
}
