import type { MaskingPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { eachRun, newRows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

/** A step whose F values all equal `value` is masked, and its values become 0. */
export class MaskingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  private input!: Signal;
  private output!: Signal;
  private batch = 0;

  constructor(
    private readonly plan: MaskingPlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, { arena, batch }: Space): Signal {
    const { steps, width } = input.values;
    const rows = batch * steps;
    this.input = input;
    this.batch = batch;
    const values = newRows(arena, batch, steps, width);
    if (input.wantsGradient) input.gradient = newRows(arena, batch, steps, width);
    this.output = { values, sequence: true, mask: arena.floats(rows), wantsGradient: input.wantsGradient };
    return this.output;
  }

  forward(rows: Range): void {
    eachRun(rows, this.batch, this.input.values.steps, this.run);
  }

  backward(rows: Range): void {
    if (this.input.wantsGradient) eachRun(rows, this.batch, this.input.values.steps, this.runBack);
  }

  gradients(): void {}

  private readonly run = (from: number, to: number): void => {
    const x = this.input.values;
    const { values: y, mask } = this.output;
    const { kernels } = this.context;
    kernels.maskingForward(x.address, x.rowStride, this.plan.value, y.address, y.rowStride, mask, x.width, from, to);
  };

  private readonly runBack = (from: number, to: number): void => {
    const dx = this.input.gradient;
    const { gradient: dy, mask } = this.output;
    if (dx === undefined || dy === undefined) return;
    this.context.kernels.maskRows(dy.address, dy.rowStride, dx.address, dx.rowStride, mask, dx.width, from, to);
  };
}
