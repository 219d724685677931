/** Layers that change the number of steps, or of features: padding with zeros, cropping, picking, up-sampling. */
import { MemcellError } from '../../errors.js';
import type { PaddingPlan, PickPlan, UpSamplingPlan } from '../../plan/layerPlan.js';
import { type Picked, picked } from '../../plan/picked.js';
import type { WeightBlock } from '../blocks.js';
import { addRows } from '../moveRows.js';
import { type Rows, timeMajor } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import { featuresFrom, PlacedMoving, stepsFrom } from './moving.js';

/** (B, T, F) → (B, before + T + after, F): zeros around the steps, or fewer of them where a number is below 0. */
export class PaddingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    private readonly plan: PaddingPlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    const { before, after, name } = this.plan;
    const { steps } = input.values;
    if (steps + before + after < 1)
      throw new MemcellError(
        `layer ${name} leaves out ${-before - after} steps and gets ${steps}; give it longer sequences`,
        { code: 'data' },
      );
    return new PlacedPadding(this.plan, this.context, input, space);
  }
}

class PlacedPadding extends PlacedMoving {
  /** A row of zeros. */
  private readonly zeros: Rows;
  /** Steps that input and output have in common. */
  private readonly common: number;

  constructor(
    private readonly plan: PaddingPlan,
    context: LayerContext,
    input: Signal,
    space: Space,
  ) {
    const { before, after } = plan;
    const { steps, width } = input.values;
    super(context, input, space, { steps: steps + before + after, width });
    this.common = steps + Math.min(before, 0) + Math.min(after, 0);
    this.zeros = timeMajor(space.arena.fixed(width), 0, 1, width, 0);
  }

  forward(rows: Range): void {
    this.shift(this.input.values, this.output.values, this.plan.before, rows);
  }

  backward(rows: Range): void {
    this.shift(this.dy, this.dx, -this.plan.before, rows);
  }

  /** Step t of `from` becomes step t + by of `to`, whose other steps become zeros. */
  private shift(from: Rows, to: Rows, by: number, rows: Range): void {
    const { common, zeros } = this;
    const first = Math.max(by, 0);
    this.copy(stepsFrom(from, Math.max(-by, 0)), stepsFrom(to, first), rows, to.width, common);
    this.copy(zeros, to, rows, to.width, first);
    this.copy(zeros, stepsFrom(to, first + common), rows, to.width, to.steps - first - common);
  }
}

/** (B, T, F) → (B, T', F) or (B, T, F'): some of the steps or features. The gradient of the others is 0. */
export class PickLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    private readonly plan: PickPlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    const { item, overSteps, name } = this.plan;
    const { steps, width } = input.values;
    const found = picked(item, overSteps ? steps : width);
    if (!found)
      throw new MemcellError(
        `layer ${name} picks ${JSON.stringify(item)} of ${steps} steps, which have none there; give it longer sequences`,
        { code: 'data' },
      );
    return new PlacedPick(this.plan, found, this.context, input, space);
  }
}

class PlacedPick extends PlacedMoving {
  /** A row of zeros. */
  private readonly zeros: Rows;

  constructor(
    private readonly plan: PickPlan,
    private readonly picked: Picked,
    context: LayerContext,
    input: Signal,
    space: Space,
  ) {
    const { steps, width } = input.values;
    const { sequence, overSteps } = plan;
    super(context, input, space, overSteps ? { steps: picked.count, width } : { steps, width: picked.count }, {
      sequence,
    });
    this.zeros = timeMajor(space.arena.fixed(width), 0, 1, width, 0);
  }

  forward(rows: Range): void {
    this.eachRun(this.input.values, this.output.values, (from, to, width) => {
      this.copy(from, to, rows, width, to.steps);
    });
  }

  backward(rows: Range): void {
    const { dx, dy } = this;
    this.copy(this.zeros, dx, rows, dx.width, dx.steps);
    this.eachRun(dx, dy, (to, from, width) => {
      this.copy(from, to, rows, width, from.steps);
    });
  }

  /** Calls visit for the places of `whole` that `some` has, as many features at once as lie side by side. */
  private eachRun(whole: Rows, some: Rows, visit: (whole: Rows, some: Rows, width: number) => void): void {
    const { first, count, step } = this.picked;
    if (this.plan.overSteps) visit(stepsFrom(whole, first, step), some, some.width);
    else if (step === 1) visit(featuresFrom(whole, first), some, count);
    else for (let i = 0; i < count; i++) visit(featuresFrom(whole, first + i * step), featuresFrom(some, i), 1);
  }
}

/** (B, T, F) → (B, n·T, F): every step n times. Backward sums its n gradients in their order. */
export class UpSamplingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    private readonly plan: UpSamplingPlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedUpSampling(this.plan, this.context, input, space);
  }
}

class PlacedUpSampling extends PlacedMoving {
  constructor(
    private readonly plan: UpSamplingPlan,
    context: LayerContext,
    input: Signal,
    space: Space,
  ) {
    const { steps, width } = input.values;
    super(context, input, space, { steps: plan.times * steps, width });
  }

  forward(rows: Range): void {
    const { times } = this.plan;
    const x = this.input.values;
    for (let k = 0; k < times; k++) this.copy(x, stepsFrom(this.output.values, k, times), rows, x.width, x.steps);
  }

  backward(rows: Range): void {
    const { times } = this.plan;
    const { dx, dy } = this;
    this.copy(stepsFrom(dy, 0, times), dx, rows, dx.width, dx.steps);
    for (let k = 1; k < times; k++) addRows(this.context.kernels, stepsFrom(dy, k, times), dx, rows);
  }
}
