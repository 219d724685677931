/** Layers that give the same numbers in another shape: Flatten, RepeatVector, Reshape, Permute, and batch-major rows to time-major ones. */
import { MemcellError } from '../../errors.js';
import type { RepeatPlan, ReshapePlan } from '../../plan/layerPlan.js';
import { newRows, type Rows } from '../rows.js';
import type { LayerContext, Range, Signal, Space } from './layer.js';
import { MovingLayer } from './moving.js';

/** (B, T, F) → (B, T·F) */
export class FlattenLayer extends MovingLayer {
  /** The output and its gradient as (B, T, F), time-major or not. */
  private parts!: Rows;
  private gradientParts: Rows | undefined;

  place(input: Signal, space: Space): Signal {
    const { steps, width } = input.values;
    const output = this.move(input, space, { steps: 1, width: steps * width }, false);
    this.parts = { ...output.values, stepStride: width };
    this.gradientParts = undefined;
    return output;
  }

  forward(rows: Range): void {
    const { steps, width } = this.input.values;
    this.copy(this.input.values, this.parts, rows, width, steps);
  }

  backward(rows: Range): void {
    const { slopes } = this;
    if (!slopes) return;
    const { dx, dy } = slopes;
    this.gradientParts ??= { ...dy, stepStride: dx.width };
    this.copy(this.gradientParts, dx, rows, dx.width, dx.steps);
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

  place(input: Signal, space: Space): Signal {
    const { width } = input.values;
    const { times } = this.plan;
    this.repeated = { ...input.values, stepStride: 0, steps: times };
    return this.move(input, space, { steps: times, width });
  }

  forward(rows: Range): void {
    this.copy(this.repeated, this.output.values, rows, this.repeated.width, this.plan.times);
  }

  backward({ from, to }: Range): void {
    const { slopes } = this;
    if (!slopes) return;
    const { dx, dy } = slopes;
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
    this.input = input;
    this.output = { ...input, values: newRows(arena, batch, steps, width) };
    return this.output;
  }

  forward(rows: Range): void {
    const { steps, width } = this.input.values;
    this.copy(this.input.values, this.output.values, rows, width, steps);
  }

  backward(): void {}
}

/** (B, T, F) → (B, T', F') of as many numbers, in the same order, by way of (B, T·F). */
export class ReshapeLayer extends MovingLayer {
  /** The numbers of each sample one after the other, as rows of the input and of the output. */
  private before!: Rows;
  private after!: Rows;

  constructor(
    private readonly plan: ReshapePlan,
    context: LayerContext,
  ) {
    super(context);
  }

  place(input: Signal, space: Space): Signal {
    const { steps, width } = input.values;
    const size = steps * width;
    const shape = this.shapeOf(size);
    const output = this.move(input, space, shape, this.plan.sequence);
    const address = space.arena.floats(space.batch * size);
    this.before = { address, stepStride: width, rowStride: size, steps, width };
    this.after = { ...shape, address, stepStride: shape.width, rowStride: size };
    return output;
  }

  forward(rows: Range): void {
    const { before, after } = this;
    this.copy(this.input.values, before, rows, before.width, before.steps);
    this.copy(after, this.output.values, rows, after.width, after.steps);
  }

  backward(rows: Range): void {
    const { before, after, slopes } = this;
    if (!slopes) return;
    this.copy(slopes.dy, after, rows, after.width, after.steps);
    this.copy(before, slopes.dx, rows, before.width, before.steps);
  }

  private shapeOf(size: number): Pick<Rows, 'steps' | 'width'> {
    const { name } = this.plan;
    let { steps, width } = this.plan;
    if (steps === -1) steps = size / width;
    else if (width === -1) width = size / steps;
    if (!Number.isInteger(steps) || !Number.isInteger(width) || steps * width !== size)
      throw new MemcellError(
        `layer ${name} gets ${size} values of each sample, which do not fill its targetShape; give it sequences of another length`,
        { code: 'data' },
      );
    return { steps, width };
  }
}

/** (B, T, F) → (B, F, T) */
export class TransposeLayer extends MovingLayer {
  place(input: Signal, space: Space): Signal {
    const { steps, width } = input.values;
    return this.move(input, space, { steps: width, width: steps });
  }

  forward(rows: Range): void {
    this.transpose(this.input.values, this.output.values, rows);
  }

  backward(rows: Range): void {
    const { slopes } = this;
    if (slopes) this.transpose(slopes.dy, slopes.dx, rows);
  }

  /** Feature by feature: each becomes a row whose elements are one step of the source apart. */
  private transpose(from: Rows, to: Rows, rows: Range): void {
    for (let j = 0; j < from.width; j++) {
      const feature = { ...from, address: from.address + 4 * j };
      const row = { ...to, address: to.address + 4 * j * to.stepStride, stepStride: 1 };
      this.copy(feature, row, rows, 1, from.steps);
    }
  }
}
