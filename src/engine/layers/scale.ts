import { NONE, type ScalePlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { eachRun, newRows } from '../rows.js';
import { type EngineLayer, type LayerContext, type Range, type Signal, type Space, share } from './layer.js';

/** y = gamma∘x + beta, (F) each: the kernels of batch normalization with mean 0, variance 1 and epsilon 0. */
export class ScaleLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly gamma: WeightBlock | undefined;
  private readonly beta: WeightBlock | undefined;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  /** (F) each. */
  private zeros = 0;
  private ones = 0;
  /** Where gamma and beta are, (F) each; 0 where there is none. */
  private factors = { gamma: 0, beta: 0 };
  /** (F): a sum that no weight takes. */
  private unused = 0;

  constructor(
    private readonly plan: ScalePlan,
    private readonly context: LayerContext,
  ) {
    const columns = plainColumns(plan.width);
    const vector = (weight: number) =>
      weight === NONE ? undefined : makeBlock(1, plan.width, [{ weight, from: 0, rows: 1, row: 0, columns }]);
    this.gamma = vector(plan.gamma);
    this.beta = vector(plan.beta);
    this.blocks = [this.gamma, this.beta].filter((block) => block !== undefined);
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { steps, width } = input.values;
    const rows = () => newRows(arena, batch, steps, width);
    this.input = input;
    this.batch = batch;
    this.zeros = arena.fixed(width);
    this.ones = arena.fixed(width);
    arena.f32.fill(1, this.ones >>> 2, (this.ones >>> 2) + width);
    const { constants } = this.plan;
    const constant = (values: readonly number[]) => {
      const address = arena.fixed(width);
      arena.f32.set(values, address >>> 2);
      return address;
    };
    this.factors = constants
      ? { gamma: constant(constants.gamma), beta: constant(constants.beta) }
      : { gamma: this.gamma?.weights ?? 0, beta: this.beta?.weights ?? 0 };
    this.unused = training ? arena.floats(width) : 0;
    if (input.wantsGradient) input.gradient = rows();
    this.output = { ...input, values: rows(), wantsGradient: training, gradient: undefined };
    return this.output;
  }

  forward(rows: Range): void {
    const { values: x } = this.input;
    const { values: y } = this.output;
    const { gamma, beta } = this.factors;
    eachRun(rows, this.batch, x.steps, (from, to) =>
      this.context.kernels.batchNormForward(
        x.address,
        x.rowStride,
        y.address,
        y.rowStride,
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
    const { values: x, gradient: dx } = this.input;
    const { gradient: dy } = this.output;
    if (dx === undefined || dy === undefined) return;
    const { gamma } = this.factors;
    eachRun(rows, this.batch, x.steps, (from, to) =>
      this.context.kernels.batchNormBackward(
        x.address,
        x.rowStride,
        dy.address,
        dy.rowStride,
        dx.address,
        dx.rowStride,
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
    const { values: x } = this.input;
    const { gradient: dy } = this.output;
    if (dy === undefined || this.blocks.every(({ gradients }) => gradients === 0)) return;
    const fours = share(Math.ceil(x.width / 4), part, parts);
    this.context.kernels.batchNormSums(
      x.address,
      x.rowStride,
      dy.address,
      dy.rowStride,
      this.zeros,
      this.ones,
      0,
      this.gamma?.gradients || this.unused,
      this.beta?.gradients || this.unused,
      this.batch * x.steps,
      4 * fours.from,
      Math.min(4 * fours.to, x.width),
    );
  }
}
