import type { StandardizationPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { eachRun, newRows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

/** y = (x − mean)/max(√variance, 10⁻⁷), or inverted x·max(√variance, 10⁻⁷) + mean: constants of F features, or weights that are not trained. */
export class StandardizationLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  private mean = 0;
  private variance = 0;

  constructor(
    private readonly plan: StandardizationPlan,
    private readonly context: LayerContext,
  ) {
    const vector = (weight: number, width: number) =>
      makeBlock(1, width, [{ weight, from: 0, rows: 1, row: 0, columns: plainColumns(width) }]);
    const { of, width } = plan;
    this.blocks =
      of.kind === 'weights' ? [vector(of.mean, width), vector(of.variance, width), vector(of.count, 1)] : [];
  }

  place(input: Signal, { arena, batch }: Space): Signal {
    const { steps, width } = input.values;
    const rows = () => newRows(arena, batch, steps, width);
    this.input = input;
    this.batch = batch;
    const { of } = this.plan;
    if (of.kind === 'weights') [this.mean, this.variance] = this.blocks.map(({ weights }) => weights);
    else {
      const constant = (given: readonly number[]) => {
        const address = arena.fixed(width);
        arena.f32.set(given, address >>> 2);
        return address;
      };
      this.mean = constant(of.mean);
      this.variance = constant(of.variance);
    }
    if (input.wantsGradient) input.gradient = rows();
    this.output = { ...input, values: rows(), gradient: undefined };
    return this.output;
  }

  forward(rows: Range): void {
    const { values: x } = this.input;
    const { values: y } = this.output;
    eachRun(rows, this.batch, x.steps, (from, to) =>
      this.context.kernels.standardize(
        x.address,
        x.rowStride,
        y.address,
        y.rowStride,
        this.mean,
        this.variance,
        Number(this.plan.inverted),
        x.width,
        from,
        to,
      ),
    );
  }

  backward(rows: Range): void {
    const { gradient: dx } = this.input;
    const { gradient: dy } = this.output;
    if (dx === undefined || dy === undefined) return;
    eachRun(rows, this.batch, dx.steps, (from, to) =>
      this.context.kernels.standardize(
        dy.address,
        dy.rowStride,
        dx.address,
        dx.rowStride,
        0,
        this.variance,
        Number(this.plan.inverted),
        dx.width,
        from,
        to,
      ),
    );
  }

  gradients(): void {}
}
