import { NONE, type RectifierPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { eachRun, newRows } from '../rows.js';
import { type EngineLayer, type LayerContext, type Range, type Signal, type Space, share } from './layer.js';

/**
 * y = x, at most `most`, where x ≥ threshold, and slope∘(x − threshold) below. The slope is a number, or a weight of one for each
 * feature, at each step or the same at all: alpha (T, F) or (1, F).
 */
export class RectifierLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly alpha: WeightBlock | undefined;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  /** (F): the slope that is no weight. */
  private constant = 0;

  constructor(
    private readonly plan: RectifierPlan,
    private readonly context: LayerContext,
  ) {
    const { alpha: weight, rows, width } = plan;
    const part = { weight, from: 0, rows, row: 0, columns: plainColumns(width) };
    this.alpha = weight === NONE ? undefined : makeBlock(rows, width, [part], { layout: 'rows' });
    this.blocks = this.alpha ? [this.alpha] : [];
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { steps, width } = input.values;
    const rows = () => newRows(arena, batch, steps, width);
    this.input = input;
    this.batch = batch;
    if (!this.alpha) {
      this.constant = arena.fixed(width);
      arena.f32.fill(this.plan.slope, this.constant >>> 2, (this.constant >>> 2) + width);
    }
    if (input.wantsGradient) input.gradient = rows();
    const wantsGradient = training && (input.wantsGradient || this.blocks.length > 0);
    this.output = { ...input, values: rows(), wantsGradient, gradient: undefined };
    return this.output;
  }

  forward(rows: Range): void {
    const { threshold, most } = this.plan;
    const { values: x } = this.input;
    const { values: y } = this.output;
    this.eachSlope(rows, (slopes, from, to) =>
      this.context.kernels.rectifyForward(
        x.address,
        x.rowStride,
        y.address,
        y.rowStride,
        slopes,
        threshold,
        most,
        x.width,
        from,
        to,
      ),
    );
  }

  backward(rows: Range): void {
    const { threshold, most } = this.plan;
    const { values: x, gradient: dx } = this.input;
    const { gradient: dy } = this.output;
    if (dx === undefined || dy === undefined) return;
    this.eachSlope(rows, (slopes, from, to) =>
      this.context.kernels.rectifyBackward(
        x.address,
        x.rowStride,
        dy.address,
        dy.rowStride,
        dx.address,
        dx.rowStride,
        slopes,
        threshold,
        most,
        x.width,
        from,
        to,
      ),
    );
  }

  gradients(part: number, parts: number): void {
    const { alpha, batch } = this;
    const { values: x } = this.input;
    const { gradient: dy } = this.output;
    if (!alpha || alpha.gradients === 0 || dy === undefined) return;
    const fours = share(Math.ceil(x.width / 4), part, parts);
    const rows = (batch * x.steps) / alpha.rows;
    for (let row = 0; row < alpha.rows; row++)
      this.context.kernels.rectifyGradients(
        x.address,
        x.rowStride,
        dy.address,
        dy.rowStride,
        alpha.gradients + 64 * alpha.panels * row,
        row * rows,
        (row + 1) * rows,
        4 * fours.from,
        Math.min(4 * fours.to, x.width),
      );
  }

  /** Calls visit for runs of rows of one slope. */
  private eachSlope(rows: Range, visit: (slopes: number, from: number, to: number) => void): void {
    const { alpha, batch } = this;
    const { steps } = this.input.values;
    if (!alpha || alpha.rows === 1)
      eachRun(rows, batch, steps, (from, to) => visit(alpha?.weights ?? this.constant, from, to));
    else
      for (let t = 0; t < steps; t++)
        visit(alpha.weights + 64 * alpha.panels * t, t * batch + rows.from, t * batch + rows.to);
  }
}
