import { slopeTakesInput } from '../../kernels/activationIds.js';
import type { ActivationPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { eachRun, newRows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

/** y = f(x), row by row; dx = dy·f′. */
export class ActivationLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  private readonly fromInput: boolean;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;

  constructor(
    private readonly plan: ActivationPlan,
    private readonly context: LayerContext,
  ) {
    this.fromInput = slopeTakesInput(plan.activation);
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { steps, width } = input.values;
    this.input = input;
    this.batch = batch;
    const inPlace = this.plan.inPlace && !(training && this.fromInput);
    const values = inPlace ? input.values : newRows(arena, batch, steps, width);
    if (input.wantsGradient) {
      input.gradient = newRows(arena, batch, steps, width);
    }
    this.output = { ...input, values, gradient: undefined };
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
    const { activation } = this.plan;
    const x = this.input.values;
    const y = this.output.values;
    this.context.kernels.activationForward(
      activation,
      x.address,
      x.rowStride,
      y.address,
      y.rowStride,
      x.width,
      from,
      to,
    );
  };

  private readonly runBack = (from: number, to: number): void => {
    const { activation } = this.plan;
    const saved = this.fromInput ? this.input.values : this.output.values;
    const dy = this.output.gradient;
    const dx = this.input.gradient;
    if (dx === undefined || dy === undefined) return;
    this.context.kernels.activationBackward(
      activation,
      saved.address,
      saved.rowStride,
      dy.address,
      dy.rowStride,
      dx.address,
      dx.rowStride,
      saved.width,
      from,
      to,
    );
  };
}
