/** Layers that move rows and compute nothing: Flatten, RepeatVector, and batch-major rows to time-major ones. */
import type { WeightBlock } from '../blocks.js';
import type { RepeatPlan } from '../layerPlan.js';
import { type Rows, rowLength, timeMajor } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

abstract class MovingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  protected input!: Signal;
  protected output!: Signal;

  constructor(protected readonly context: LayerContext) {}

  abstract place(input: Signal, space: Space): Signal;
  abstract forward(rows: Range): void;
  abstract backward(rows: Range): void;
  gradients(): void {}

  protected copy(from: Rows, to: Rows, width: number, steps: number, rows: Range): void {
    this.context.kernels.copySequence(
      from.address,
      from.stepStride,
      from.rowStride,
      to.address,
      to.stepStride,
      to.rowStride,
      width,
      steps,
      rows.from,
      rows.to,
    );
  }
}

/** (B, T, F) → (B, T·F) */
export class FlattenLayer extends MovingLayer {
  /** The output and its gradient as (B, T, F), time-major or not. */
  private parts!: Rows;
  private gradientParts: Rows | undefined;

  place(input: Signal, { arena, batch }: Space): Signal {
    const { steps, width } = input.values;
    this.input = input;
    const ld = rowLength(steps * width);
    const values = timeMajor(arena.floats(batch * ld), batch, 1, steps * width, ld);
    this.parts = { ...values, stepStride: width };
    this.gradientParts = undefined;
    if (input.wantsGradient) {
      const row = rowLength(width);
      input.gradient = timeMajor(arena.floats(batch * steps * row), batch, steps, width, row);
    }
    this.output = { values, sequence: false, mask: 0, wantsGradient: input.wantsGradient };
    return this.output;
  }

  forward(rows: Range): void {
    const { steps, width } = this.input.values;
    this.copy(this.input.values, this.parts, width, steps, rows);
  }

  backward(rows: Range): void {
    const { gradient: dx, wantsGradient } = this.input;
    const { gradient: dy } = this.output;
    if (!wantsGradient || dx === undefined || dy === undefined) return;
    this.gradientParts ??= { ...dy, stepStride: dx.width };
    this.copy(this.gradientParts, dx, dx.width, dx.steps, rows);
  }
}

/** (B, F) → (B, n, F) */
export class RepeatLayer extends MovingLayer {
  private repeated!: Rows;

  constructor(
    private readonly plan: RepeatPlan,
    context: LayerContext,
  ) {
    super(context);
  }

  place(input: Signal, { arena, batch }: Space): Signal {
    const { width } = input.values;
    const { times } = this.plan;
    const ld = rowLength(width);
    this.input = input;
    this.repeated = { ...input.values, stepStride: 0, steps: times };
    if (input.wantsGradient) input.gradient = timeMajor(arena.floats(batch * ld), batch, 1, width, ld);
    const values = timeMajor(arena.floats(batch * times * ld), batch, times, width, ld);
    this.output = { values, sequence: true, mask: 0, wantsGradient: input.wantsGradient };
    return this.output;
  }

  forward(rows: Range): void {
    this.copy(this.repeated, this.output.values, this.repeated.width, this.plan.times, rows);
  }

  backward({ from, to }: Range): void {
    const { gradient: dx, wantsGradient } = this.input;
    const { gradient: dy } = this.output;
    if (!wantsGradient || dx === undefined || dy === undefined) return;
    this.context.kernels.sumSteps(
      dy.address,
      dy.stepStride,
      dy.rowStride,
      dx.address,
      dx.rowStride,
      dx.width,
      dy.steps,
      from,
      to,
    );
  }
}

/** Rows in any order → time-major rows: for the model's input, so that no gradient is wanted. */
export class ArrangeLayer extends MovingLayer {
  place(input: Signal, { arena, batch }: Space): Signal {
    const { steps, width } = input.values;
    const ld = rowLength(width);
    this.input = input;
    this.output = { ...input, values: timeMajor(arena.floats(batch * steps * ld), batch, steps, width, ld) };
    return this.output;
  }

  forward(rows: Range): void {
    const { steps, width } = this.input.values;
    this.copy(this.input.values, this.output.values, width, steps, rows);
  }

  backward(): void {}
}
