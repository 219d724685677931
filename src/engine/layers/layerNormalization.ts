import type { LayerNormalizationPlan, RmsNormalizationPlan } from '../../plan/layerPlan.js';
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

/** The least sum of squares that a row of unit length is made of. */
const LEAST_SQUARES = 1e-24;

/**
 * y = gamma∘(x − mean)/√(variance + epsilon) + beta over the F values of each row; or, without a mean,
 * y = gamma∘x/√(mean of x² + epsilon), or x/√Σx².
 */
export class LayerNormalizationLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly gamma: WeightBlock | undefined;
  readonly beta: WeightBlock | undefined;

  constructor(
    readonly plan: LayerNormalizationPlan | RmsNormalizationPlan,
    readonly context: LayerContext,
  ) {
    this.gamma = optionalVector(plan.gamma, plan.width);
    this.beta = plan.kind === 'rmsNormalization' ? undefined : optionalVector(plan.beta, plan.width);
    this.blocks = [this.gamma, this.beta].filter((block) => block !== undefined);
  }

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedLayerNormalization(this, input, space);
  }
}

class PlacedLayerNormalization implements PlacedLayer {
  readonly output: Signal;
  private readonly dx: Rows | undefined;
  /** (T·B) each, from forward for backward. */
  private readonly mean: number;
  private readonly rstd: number;

  constructor(
    private readonly layer: LayerNormalizationLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { arena, batch, training } = space;
    const { steps, width } = input.values;
    const rows = batch * steps;
    const { plan, blocks } = layer;
    this.mean = plan.kind === 'rmsNormalization' ? arena.fixed(rows) : arena.floats(rows);
    this.rstd = arena.floats(rows);
    this.dx = placeGradient(input, space);
    this.output = signalFrom(input, newRows(space, steps, width), {
      mask: plan.kind === 'rmsNormalization' && !plan.keepsMask ? 0 : input.mask,
      wantsGradient: training && (input.wantsGradient || blocks.length > 0),
    });
  }

  forward(rows: Range): void {
    eachRun(rows, this.space, this.input.values.steps, this.run);
  }

  backward(rows: Range): void {
    if (this.dx) eachRun(rows, this.space, this.input.values.steps, this.runBack);
  }

  gradients(part: number, parts: number): void {
    const { blocks, gamma, beta, context } = this.layer;
    if (blocks.every((block) => block.gradients === 0)) return;
    const x = this.input.values;
    const dy = gradientOf(this.output);
    const fours = share(Math.ceil(x.width / 4), part, parts);
    context.kernels.layerNormGradients(
      x.address,
      x.ld,
      dy.address,
      dy.ld,
      this.mean,
      this.rstd,
      gamma?.gradients ?? 0,
      beta?.gradients ?? 0,
      0,
      this.space.batch * x.steps,
      4 * fours.from,
      Math.min(4 * fours.to, x.width),
    );
  }

  private readonly run = (from: number, to: number): void => {
    const x = this.input.values;
    const y = this.output.values;
    const { plan, gamma, beta, context } = this.layer;
    const { kernels } = context;
    if (plan.kind === 'rmsNormalization') {
      const { part, floor } = squaresOf(plan, x.width);
      kernels.rmsNormForward(
        x.address,
        x.ld,
        y.address,
        y.ld,
        gamma?.weights ?? 0,
        this.rstd,
        part,
        floor,
        plan.epsilon,
        x.width,
        from,
        to,
      );
      return;
    }
    kernels.layerNormForward(
      x.address,
      x.ld,
      y.address,
      y.ld,
      gamma?.weights ?? 0,
      beta?.weights ?? 0,
      this.mean,
      this.rstd,
      plan.epsilon,
      x.width,
      from,
      to,
    );
  };

  private readonly runBack = (from: number, to: number): void => {
    const x = this.input.values;
    const dx = gradientOf(this.input);
    const dy = gradientOf(this.output);
    const { plan, gamma, context } = this.layer;
    const { kernels } = context;
    if (plan.kind === 'rmsNormalization') {
      const { part, floor } = squaresOf(plan, x.width);
      kernels.rmsNormBackward(
        x.address,
        x.ld,
        dy.address,
        dy.ld,
        dx.address,
        dx.ld,
        gamma?.weights ?? 0,
        this.rstd,
        part,
        floor,
        x.width,
        from,
        to,
      );
      return;
    }
    kernels.layerNormBackward(
      x.address,
      x.ld,
      dy.address,
      dy.ld,
      dx.address,
      dx.ld,
      gamma?.weights ?? 0,
      this.mean,
      this.rstd,
      x.width,
      from,
      to,
    );
  };
}

/** What of Σx² a row is divided by the root of: its mean, or itself and at least the floor. */
function squaresOf({ unit }: RmsNormalizationPlan, width: number): { part: number; floor: number } {
  return unit ? { part: 1, floor: LEAST_SQUARES } : { part: 1 / width, floor: 0 };
}
