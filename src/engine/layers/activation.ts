import { slopeTakesInput } from '../../kernels/activationIds.js';
import type { ActivationPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { eachRun, newRows, signalFrom } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** y = f(x), row by row; dx = dy·f′. */
export class ActivationLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    readonly plan: ActivationPlan,
    readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedActivation(this, input, space);
  }
}

class PlacedActivation implements PlacedLayer {
  readonly output: Signal;
  private readonly fromInput: boolean;

  constructor(
    private readonly layer: ActivationLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { activation, inPlace } = layer.plan;
    const { training } = space;
    const { steps, width } = input.values;
    this.fromInput = slopeTakesInput(activation);
    const overwrites = inPlace && !(training && this.fromInput);
    this.output = signalFrom(input, overwrites ? input.values : newRows(space, steps, width));
    // dX takes dY's place: a buffer less that goes through the cache.
    const dx = placeGradient(input, space);
    if (dx) this.output.gradient = dx;
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
    const y = this.output.values;
    context.kernels.activationForward(plan.activation, x.address, x.ld, y.address, y.ld, x.width, from, to);
  };

  private readonly runBack = (from: number, to: number): void => {
    const { plan, context } = this.layer;
    const saved = this.fromInput ? this.input.values : this.output.values;
    const dy = gradientOf(this.output);
    const dx = gradientOf(this.input);
    context.kernels.activationBackward(
      plan.activation,
      saved.address,
      saved.ld,
      dy.address,
      dy.ld,
      dx.address,
      dx.ld,
      saved.width,
      from,
      to,
    );
  };
}
