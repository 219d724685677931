import type { ScalePlan } from '../../plan/layerPlan.js';
import { optionalVector, type WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { eachRun, newRows, type Rows, signalFrom } from '../rows.js';
import {
  type EngineLayer,
  type LayerContext,
  type PlacedLayer,
  type Range,
  type Signal,
  type Space,
  share,
} from './layer.js';

/** y = gamma∘x + beta, (F) each: the kernels of batch normalization with mean 0, variance 1 and epsilon 0. */
export class ScaleLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly gamma: WeightBlock | undefined;
  readonly beta: WeightBlock | undefined;

  constructor(
    readonly plan: ScalePlan,
    readonly context: LayerContext,
  ) {
    this.gamma = optionalVector(plan.gamma, plan.width);
    this.beta = optionalVector(plan.beta, plan.width);
    this.blocks = [this.gamma, this.beta].filter((block) => block !== undefined);
  }

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedScale(this, input, space);
  }
}

class PlacedScale implements PlacedLayer {
  readonly output: Signal;
  private readonly dx: Rows | undefined;
  /** (F) each. */
  private readonly zeros: number;
  private readonly ones: number;
  /** Where gamma and beta are, (F) each; 0 where there is none. */
  private readonly factors: { gamma: number; beta: number };
  /** (F): a sum that no weight takes. */
  private readonly unused: number;

  constructor(
    private readonly layer: ScaleLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { arena, training } = space;
    const { steps, width } = input.values;
    this.zeros = arena.fixed(width);
    this.ones = arena.fixed(width);
    arena.f32.fill(1, this.ones >>> 2, (this.ones >>> 2) + width);
    const { constants } = layer.plan;
    const constant = (values: readonly number[]) => {
      const address = arena.fixed(width);
      arena.f32.set(values, address >>> 2);
      return address;
    };
    this.factors = constants
      ? { gamma: constant(constants.gamma), beta: constant(constants.beta) }
      : { gamma: layer.gamma?.weights ?? 0, beta: layer.beta?.weights ?? 0 };
    this.unused = training ? arena.floats(width) : 0;
    this.dx = placeGradient(input, space);
    this.output = signalFrom(input, newRows(space, steps, width), { wantsGradient: training });
  }

  forward(rows: Range): void {
    const { values: x } = this.input;
    const { values: y } = this.output;
    const { gamma, beta } = this.factors;
    eachRun(rows, this.space, x.steps, (from, to) =>
      this.layer.context.kernels.batchNormForward(
        x.address,
        x.ld,
        y.address,
        y.ld,
        gamma,
        beta,
        this.zeros,
        this.ones,
        0,
        x.width,
        from,
        to,
      ),
    );
  }

  backward(rows: Range): void {
    const { dx } = this;
    if (!dx) return;
    const { values: x } = this.input;
    const dy = gradientOf(this.output);
    const { gamma } = this.factors;
    eachRun(rows, this.space, x.steps, (from, to) =>
      this.layer.context.kernels.batchNormBackward(
        x.address,
        x.ld,
        dy.address,
        dy.ld,
        dx.address,
        dx.ld,
        gamma,
        this.zeros,
        this.ones,
        0,
        0,
        0,
        0,
        0,
        x.width,
        from,
        to,
      ),
    );
  }

  gradients(part: number, parts: number): void {
    const { blocks, gamma, beta, context } = this.layer;
    if (blocks.every(({ gradients }) => gradients === 0)) return;
    const { values: x } = this.input;
    const dy = gradientOf(this.output);
    const fours = share(Math.ceil(x.width / 4), part, parts);
    context.kernels.batchNormSums(
      x.address,
      x.ld,
      dy.address,
      dy.ld,
      this.zeros,
      this.ones,
      0,
      gamma?.gradients || this.unused,
      beta?.gradients || this.unused,
      this.space.batch * x.steps,
      4 * fours.from,
      Math.min(4 * fours.to, x.width),
    );
  }
}
