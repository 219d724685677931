/** Layers that give the same numbers in another shape: Flatten, RepeatVector, Reshape, Permute, and a caller's rows as the engine's. */
import { MemcellError } from '../../errors.js';
import type { RepeatPlan, ReshapePlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { batchMajor, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import { PlacedMoving } from './moving.js';

/** (B, T, F) → (B, T·F) */
export class FlattenLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(private readonly context: LayerContext) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedFlatten(this.context, input, space);
  }
}

class PlacedFlatten extends PlacedMoving {
  constructor(context: LayerContext, input: Signal, space: Space) {
    const { steps, width } = input.values;
    super(context, input, space, { steps: 1, width: steps * width }, { sequence: false });
  }

  forward(rows: Range): void {
    const x = this.input.values;
    this.copy(x, this.parts(this.output.values), rows, x.width, x.steps);
  }

  backward(rows: Range): void {
    const { dx } = this;
    this.copy(this.parts(this.dy), dx, rows, dx.width, dx.steps);
  }

  /** The output or its gradient as (B, T, F), in either order. */
  private parts(rows: Rows): Rows {
    return { ...rows, stepStride: this.input.values.width };
  }
}

/** (B, F) → (B, n, F) */
export class RepeatLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    private readonly plan: RepeatPlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedRepeat(this.plan, this.context, input, space);
  }
}

class PlacedRepeat extends PlacedMoving {
  private readonly repeated: Rows;

  constructor({ times }: RepeatPlan, context: LayerContext, input: Signal, space: Space) {
    super(context, input, space, { steps: times, width: input.values.width });
    this.repeated = { ...input.values, stepStride: 0, steps: times };
  }

  forward(rows: Range): void {
    const { repeated } = this;
    this.copy(repeated, this.output.values, rows, repeated.width, repeated.steps);
  }

  backward({ from, to }: Range): void {
    const { dx, dy } = this;
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

/** A caller's rows → rows of the engine's own: for the model's input, so that no gradient is wanted. */
export class ArrangeLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(private readonly context: LayerContext) {}

  place(input: Signal, space: Space): PlacedLayer {
    const { values, sequence, mask } = input;
    return new PlacedArrangement(this.context, input, space, values, { sequence, mask });
  }
}

class PlacedArrangement extends PlacedMoving {
  forward(rows: Range): void {
    const { steps, width } = this.input.values;
    this.copy(this.input.values, this.output.values, rows, width, steps);
  }

  backward(): void {}
}

/** (B, T, F) → (B, T', F') of as many numbers, in the same order, by way of (B, T·F). */
export class ReshapeLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    private readonly plan: ReshapePlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    const { steps, width } = input.values;
    return new PlacedReshape(this.plan, this.context, input, space, this.shapeOf(steps * width));
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

class PlacedReshape extends PlacedMoving {
  /** The numbers of each sample one after the other, as rows of the input and of the output. */
  private readonly before: Rows;
  private readonly after: Rows;

  constructor(
    { sequence }: ReshapePlan,
    context: LayerContext,
    input: Signal,
    space: Space,
    shape: Pick<Rows, 'steps' | 'width'>,
  ) {
    super(context, input, space, shape, { sequence });
    const { steps, width } = input.values;
    const address = space.arena.floats(space.batch * steps * width);
    this.before = batchMajor(address, steps, width);
    this.after = batchMajor(address, shape.steps, shape.width);
  }

  forward(rows: Range): void {
    const { before, after } = this;
    this.copy(this.input.values, before, rows, before.width, before.steps);
    this.copy(after, this.output.values, rows, after.width, after.steps);
  }

  backward(rows: Range): void {
    const { before, after } = this;
    this.copy(this.dy, after, rows, after.width, after.steps);
    this.copy(before, this.dx, rows, before.width, before.steps);
  }
}

/** (B, T, F) → (B, F, T) */
export class TransposeLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(private readonly context: LayerContext) {}

  place(input: Signal, space: Space): PlacedLayer {
    const { steps, width } = input.values;
    return new PlacedTranspose(this.context, input, space, { steps: width, width: steps });
  }
}

class PlacedTranspose extends PlacedMoving {
  forward(rows: Range): void {
    this.transpose(this.input.values, this.output.values, rows);
  }

  backward(rows: Range): void {
    this.transpose(this.dy, this.dx, rows);
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
