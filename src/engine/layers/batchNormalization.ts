import type { BatchNormalizationPlan } from '../../plan/layerPlan.js';
import { optionalVector, vectorBlock, type WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { eachRun, newRows, type Rows, signalFrom } from '../rows.js';
import {
  type EngineLayer,
  type Gathering,
  type LayerContext,
  type PlacedLayer,
  type Range,
  type Signal,
  type Space,
  share,
} from './layer.js';

/**
 * y = gamma∘(x − mean)/√(variance + epsilon) + beta for each feature. In training mean and variance are those of all rows of the
 * batch that no mask leaves out, and after the step moving ← momentum·moving + (1 − momentum)·of the batch; otherwise, and in a
 * frozen layer, they are the moving ones.
 */
export class BatchNormalizationLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly gamma: WeightBlock | undefined;
  readonly beta: WeightBlock | undefined;
  readonly movingMean: WeightBlock;
  readonly movingVariance: WeightBlock;

  constructor(
    readonly plan: BatchNormalizationPlan,
    readonly context: LayerContext,
  ) {
    this.gamma = optionalVector(plan.gamma, plan.width);
    this.beta = optionalVector(plan.beta, plan.width);
    this.movingMean = vectorBlock(plan.movingMean, plan.width);
    this.movingVariance = vectorBlock(plan.movingVariance, plan.width);
    const { gamma, beta, movingMean, movingVariance } = this;
    this.blocks = [gamma, beta, movingMean, movingVariance].filter((block) => block !== undefined);
  }

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedBatchNormalization(this, input, space);
  }
}

/** (F) each: mean and variance of the batch, and Σ dy∘x̂ and Σ dy over its rows. */
interface Sums {
  mean: number;
  variance: number;
  ofX: number;
  ofOne: number;
}

class PlacedBatchNormalization implements PlacedLayer {
  readonly output: Signal;
  readonly gathering: Gathering | undefined;
  private readonly dx: Rows | undefined;
  /** Where the layer learns. */
  private readonly sums: Sums | undefined;
  private readonly moving: Pick<Sums, 'mean' | 'variance'>;
  /** Rows that the batch's statistics are of, where the layer learns. */
  private counted = 0;

  constructor(
    private readonly layer: BatchNormalizationLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { plan, movingMean, movingVariance } = layer;
    const { arena, training } = space;
    const { steps, width } = input.values;
    this.moving = { mean: movingMean.weights, variance: movingVariance.weights };
    if (training && plan.trained) {
      const vector = () => arena.floats(width);
      const sums: Sums = { mean: vector(), variance: vector(), ofX: vector(), ofOne: vector() };
      this.sums = sums;
      this.gathering = {
        forward: (part, parts) => this.gather(sums, part, parts),
        backward: (part, parts) => this.gatherSlopes(sums, part, parts),
      };
    }
    this.dx = placeGradient(input, space);
    this.output = signalFrom(input, newRows(space, steps, width), {
      wantsGradient: training && (input.wantsGradient || plan.trained),
    });
  }

  forward(rows: Range, training: boolean): void {
    const { gamma, beta, plan, context } = this.layer;
    const x = this.input.values;
    const y = this.output.values;
    const { mean, variance } = (training ? this.sums : undefined) ?? this.moving;
    eachRun(rows, this.space, x.steps, (from, to) =>
      context.kernels.batchNormForward(
        x.address,
        x.ld,
        y.address,
        y.ld,
        gamma?.weights ?? 0,
        beta?.weights ?? 0,
        mean,
        variance,
        plan.epsilon,
        x.width,
        from,
        to,
      ),
    );
  }

  backward(rows: Range): void {
    const { dx, sums } = this;
    if (!dx) return;
    const { gamma, plan, context } = this.layer;
    const { values: x, mask } = this.input;
    const dy = gradientOf(this.output);
    const { mean, variance } = sums ?? this.moving;
    eachRun(rows, this.space, x.steps, (from, to) =>
      context.kernels.batchNormBackward(
        x.address,
        x.ld,
        dy.address,
        dy.ld,
        dx.address,
        dx.ld,
        gamma?.weights ?? 0,
        mean,
        variance,
        plan.epsilon,
        mask,
        sums?.ofX ?? 0,
        sums?.ofOne ?? 0,
        this.counted,
        x.width,
        from,
        to,
      ),
    );
  }

  gradients(part: number, parts: number): void {
    const { sums } = this;
    if (!sums) return;
    const { from, to } = this.features(part, parts);
    this.copy(sums.ofX, this.layer.gamma, from, to);
    this.copy(sums.ofOne, this.layer.beta, from, to);
  }

  follow(part: number, parts: number): void {
    const { sums, moving } = this;
    if (!sums) return;
    const { plan, context } = this.layer;
    const { kernels } = context;
    const { from, to } = this.features(part, parts);
    kernels.followAverage(moving.mean, sums.mean, plan.momentum, from, to);
    kernels.followAverage(moving.variance, sums.variance, plan.momentum, from, to);
  }

  private gather({ mean, variance }: Sums, part: number, parts: number): void {
    const { values: x, mask } = this.input;
    const { from, to } = this.features(part, parts);
    const { kernels } = this.layer.context;
    const rows = this.space.batch * x.steps;
    this.counted = mask ? kernels.sumFloats(mask, rows) : rows;
    kernels.batchNormStatistics(x.address, x.ld, mask, this.counted, mean, variance, rows, from, to);
  }

  private gatherSlopes({ mean, variance, ofX, ofOne }: Sums, part: number, parts: number): void {
    const { plan, context } = this.layer;
    const x = this.input.values;
    const dy = gradientOf(this.output);
    const { from, to } = this.features(part, parts);
    context.kernels.batchNormSums(
      x.address,
      x.ld,
      dy.address,
      dy.ld,
      mean,
      variance,
      plan.epsilon,
      ofX,
      ofOne,
      this.space.batch * x.steps,
      from,
      to,
    );
  }

  /** This thread's share of the features, in fours, so that no two threads write to one vector. */
  private features(part: number, parts: number): Range {
    const { width } = this.layer.plan;
    const { from, to } = share(Math.ceil(width / 4), part, parts);
    return { from: 4 * from, to: Math.min(4 * to, width) };
  }

  private copy(from: number, block: WeightBlock | undefined, first: number, end: number): void {
    if (!block || block.gradients === 0) return;
    const at = 4 * first;
    this.layer.context.kernels.copySequence(from + at, 0, 0, block.gradients + at, 0, 0, end - first, 1, 0, 1);
  }
}
