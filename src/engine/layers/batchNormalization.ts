import { type BatchNormalizationPlan, NONE } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { eachRun, newRows } from '../rows.js';
import {
  type EngineLayer,
  type Gathering,
  type LayerContext,
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
  readonly gathering: Gathering | undefined;
  private readonly gamma: WeightBlock | undefined;
  private readonly beta: WeightBlock | undefined;
  private readonly movingMean: WeightBlock;
  private readonly movingVariance: WeightBlock;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  /** (F) each: of the batch, and Σ dy∘x̂ and Σ dy over its rows. */
  private mean = 0;
  private variance = 0;
  private ofX = 0;
  private ofOne = 0;
  /** What forward and backward take for mean and variance. */
  private taken = { mean: 0, variance: 0 };

  constructor(
    private readonly plan: BatchNormalizationPlan,
    private readonly context: LayerContext,
  ) {
    const columns = plainColumns(plan.width);
    const vector = (weight: number) => makeBlock(1, plan.width, [{ weight, from: 0, rows: 1, row: 0, columns }]);
    this.gamma = plan.gamma === NONE ? undefined : vector(plan.gamma);
    this.beta = plan.beta === NONE ? undefined : vector(plan.beta);
    this.movingMean = vector(plan.movingMean);
    this.movingVariance = vector(plan.movingVariance);
    const { gamma, beta, movingMean, movingVariance } = this;
    this.blocks = [gamma, beta, movingMean, movingVariance].filter((block) => block !== undefined);
    if (plan.trained) this.gathering = { forward: this.statistics, backward: this.sums };
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { steps, width } = input.values;
    this.input = input;
    this.batch = batch;
    if (training && this.gathering) {
      this.mean = arena.floats(width);
      this.variance = arena.floats(width);
      this.ofX = arena.floats(width);
      this.ofOne = arena.floats(width);
    }
    if (input.wantsGradient) input.gradient = newRows(arena, batch, steps, width);
    this.output = {
      ...input,
      values: newRows(arena, batch, steps, width),
      wantsGradient: training && (input.wantsGradient || this.gathering !== undefined),
      gradient: undefined,
    };
    return this.output;
  }

  forward(rows: Range, training: boolean): void {
    const ofBatch = training && this.gathering !== undefined;
    this.taken.mean = ofBatch ? this.mean : this.movingMean.weights;
    this.taken.variance = ofBatch ? this.variance : this.movingVariance.weights;
    eachRun(rows, this.batch, this.input.values.steps, this.run);
  }

  backward(rows: Range): void {
    if (this.input.wantsGradient) eachRun(rows, this.batch, this.input.values.steps, this.runBack);
  }

  gradients(part: number, parts: number): void {
    if (!this.gathering) return;
    const { from, to } = this.features(part, parts);
    this.copy(this.ofX, this.gamma, from, to);
    this.copy(this.ofOne, this.beta, from, to);
  }

  follow(part: number, parts: number): void {
    if (!this.gathering) return;
    const { kernels } = this.context;
    const { from, to } = this.features(part, parts);
    kernels.followAverage(this.movingMean.weights, this.mean, this.plan.momentum, from, to);
    kernels.followAverage(this.movingVariance.weights, this.variance, this.plan.momentum, from, to);
  }

  private readonly statistics = (part: number, parts: number): void => {
    const { values: x, mask } = this.input;
    const { from, to } = this.features(part, parts);
    const rows = this.batch * x.steps;
    const { mean, variance } = this;
    this.context.kernels.batchNormStatistics(
      x.address,
      x.rowStride,
      mask,
      this.counted(),
      mean,
      variance,
      rows,
      from,
      to,
    );
  };

  private readonly sums = (part: number, parts: number): void => {
    const x = this.input.values;
    const dy = this.output.gradient;
    if (dy === undefined) return;
    const { from, to } = this.features(part, parts);
    this.context.kernels.batchNormSums(
      x.address,
      x.rowStride,
      dy.address,
      dy.rowStride,
      this.mean,
      this.variance,
      this.plan.epsilon,
      this.ofX,
      this.ofOne,
      this.batch * x.steps,
      from,
      to,
    );
  };

  /** This thread's share of the features, in fours, so that no two threads write to one vector. */
  private features(part: number, parts: number): Range {
    const { width } = this.plan;
    const { from, to } = share(Math.ceil(width / 4), part, parts);
    return { from: 4 * from, to: Math.min(4 * to, width) };
  }

  /** Rows that statistics are of. */
  private counted(): number {
    const { values, mask } = this.input;
    const rows = this.batch * values.steps;
    return mask ? this.context.kernels.sumFloats(mask, rows) : rows;
  }

  private copy(from: number, block: WeightBlock | undefined, first: number, end: number): void {
    if (!block || block.gradients === 0) return;
    const at = 4 * first;
    this.context.kernels.copySequence(from + at, 0, 0, block.gradients + at, 0, 0, end - first, 1, 0, 1);
  }

  private readonly run = (from: number, to: number): void => {
    const x = this.input.values;
    const y = this.output.values;
    this.context.kernels.batchNormForward(
      x.address,
      x.rowStride,
      y.address,
      y.rowStride,
      this.gamma?.weights ?? 0,
      this.beta?.weights ?? 0,
      this.taken.mean,
      this.taken.variance,
      this.plan.epsilon,
      x.width,
      from,
      to,
    );
  };

  private readonly runBack = (from: number, to: number): void => {
    const { values: x, gradient: dx, mask } = this.input;
    const dy = this.output.gradient;
    if (dx === undefined || dy === undefined) return;
    this.context.kernels.batchNormBackward(
      x.address,
      x.rowStride,
      dy.address,
      dy.rowStride,
      dx.address,
      dx.rowStride,
      this.gamma?.weights ?? 0,
      this.taken.mean,
      this.taken.variance,
      this.plan.epsilon,
      mask,
      this.gathering ? this.ofX : 0,
      this.gathering ? this.ofOne : 0,
      this.gathering ? this.counted() : 0,
      x.width,
      from,
      to,
    );
  };
}
