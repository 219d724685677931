import { type LayerNormalizationPlan, NONE, type RmsNormalizationPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { eachRun, newRows } from '../rows.js';
import { type EngineLayer, type LayerContext, type Range, type Signal, type Space, share } from './layer.js';

/** The least sum of squares that a row of unit length is made of. */
const LEAST_SQUARES = 1e-24;

/**
 * y = gamma∘(x − mean)/√(variance + epsilon) + beta over the F values of each row; or, without a mean,
 * y = gamma∘x/√(mean of x² + epsilon), or x/√Σx².
 */
export class LayerNormalizationLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly gamma: WeightBlock | undefined;
  private readonly beta: WeightBlock | undefined;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  /** (T·B) each, from forward for backward. */
  private mean = 0;
  private rstd = 0;

  constructor(
    private readonly plan: LayerNormalizationPlan | RmsNormalizationPlan,
    private readonly context: LayerContext,
  ) {
    const vector = (weight: number) => {
      if (weight === NONE) return undefined;
      const columns = plainColumns(plan.width);
      return makeBlock(1, plan.width, [{ weight, from: 0, rows: 1, row: 0, columns }]);
    };
    this.gamma = vector(plan.gamma);
    this.beta = vector(plan.kind === 'rmsNormalization' ? NONE : plan.beta);
    this.blocks = [this.gamma, this.beta].filter((block) => block !== undefined);
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { steps, width } = input.values;
    const rows = batch * steps;
    this.input = input;
    this.batch = batch;
    const { plan } = this;
    this.mean = plan.kind === 'rmsNormalization' ? arena.fixed(rows) : arena.floats(rows);
    this.rstd = arena.floats(rows);
    if (input.wantsGradient) input.gradient = newRows(arena, batch, steps, width);
    this.output = {
      ...input,
      mask: plan.kind === 'rmsNormalization' && !plan.keepsMask ? 0 : input.mask,
      values: newRows(arena, batch, steps, width),
      wantsGradient: training && (input.wantsGradient || this.blocks.length > 0),
      gradient: undefined,
    };
    return this.output;
  }

  forward(rows: Range): void {
    eachRun(rows, this.batch, this.input.values.steps, this.run);
  }

  backward(rows: Range): void {
    if (this.input.wantsGradient) eachRun(rows, this.batch, this.input.values.steps, this.runBack);
  }

  gradients(part: number, parts: number): void {
    const { input, output, gamma, beta, mean, rstd, batch } = this;
    const x = input.values;
    const dy = output.gradient;
    if (dy === undefined || this.blocks.every((block) => block.gradients === 0)) return;
    const fours = share(Math.ceil(x.width / 4), part, parts);
    this.context.kernels.layerNormGradients(
      x.address,
      x.rowStride,
      dy.address,
      dy.rowStride,
      mean,
      rstd,
      gamma?.gradients ?? 0,
      beta?.gradients ?? 0,
      0,
      batch * x.steps,
      4 * fours.from,
      Math.min(4 * fours.to, x.width),
    );
  }

  private readonly run = (from: number, to: number): void => {
    const x = this.input.values;
    const y = this.output.values;
    const { plan } = this;
    const { kernels } = this.context;
    if (plan.kind === 'rmsNormalization') {
      const { part, floor } = squaresOf(plan, x.width);
      kernels.rmsNormForward(
        x.address,
        x.rowStride,
        y.address,
        y.rowStride,
        this.gamma?.weights ?? 0,
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
      x.rowStride,
      y.address,
      y.rowStride,
      this.gamma?.weights ?? 0,
      this.beta?.weights ?? 0,
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
    const dx = this.input.gradient;
    const dy = this.output.gradient;
    if (dx === undefined || dy === undefined) return;
    const { plan } = this;
    const { kernels } = this.context;
    if (plan.kind === 'rmsNormalization') {
      const { part, floor } = squaresOf(plan, x.width);
      kernels.rmsNormBackward(
        x.address,
        x.rowStride,
        dy.address,
        dy.rowStride,
        dx.address,
        dx.rowStride,
        this.gamma?.weights ?? 0,
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
      x.rowStride,
      dy.address,
      dy.rowStride,
      dx.address,
      dx.rowStride,
      this.gamma?.weights ?? 0,
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
