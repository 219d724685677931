import type { StandardizationPlan } from '../../plan/layerPlan.js';
import { vectorBlock, type WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { eachRun, newRows, signalFrom } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** y = (x − mean)/max(√variance, 10⁻⁷), or inverted x·max(√variance, 10⁻⁷) + mean: constants of F features, or weights that are not trained. */
export class StandardizationLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;

  constructor(
    readonly plan: StandardizationPlan,
    readonly context: LayerContext,
  ) {
    const { of, width } = plan;
    this.blocks =
      of.kind === 'weights'
        ? [vectorBlock(of.mean, width), vectorBlock(of.variance, width), vectorBlock(of.count, 1)]
        : [];
  }

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedStandardization(this, input, space);
  }
}

class PlacedStandardization implements PlacedLayer {
  readonly output: Signal;
  /** (F) each. */
  private readonly mean: number;
  private readonly variance: number;

  constructor(
    private readonly layer: StandardizationLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { arena } = space;
    const { steps, width } = input.values;
    const { of } = layer.plan;
    const constant = (given: readonly number[]) => {
      const address = arena.fixed(width);
      arena.f32.set(given, address >>> 2);
      return address;
    };
    [this.mean, this.variance] =
      of.kind === 'weights' ? layer.blocks.map(({ weights }) => weights) : [constant(of.mean), constant(of.variance)];
    placeGradient(input, space);
    this.output = signalFrom(input, newRows(space, steps, width));
  }

  forward(rows: Range): void {
    const { plan, context } = this.layer;
    const { values: x } = this.input;
    const { values: y } = this.output;
    eachRun(rows, this.space, x.steps, (from, to) =>
      context.kernels.standardize(
        x.address,
        x.ld,
        y.address,
        y.ld,
        this.mean,
        this.variance,
        Number(plan.inverted),
        x.width,
        from,
        to,
      ),
    );
  }

  backward(rows: Range): void {
    const { plan, context } = this.layer;
    const dx = gradientOf(this.input);
    const dy = gradientOf(this.output);
    eachRun(rows, this.space, dx.steps, (from, to) =>
      context.kernels.standardize(
        dy.address,
        dy.ld,
        dx.address,
        dx.ld,
        0,
        this.variance,
        Number(plan.inverted),
        dx.width,
        from,
        to,
      ),
    );
  }

  gradients(): void {}
}
