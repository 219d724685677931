import { NONE, type RectifierPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
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

/**
 * y = x, at most `most`, where x ≥ threshold, and slope∘(x − threshold) below. The slope is a number, or a weight of one for each
 * feature, at each step or the same at all: alpha (T, F) or (1, F).
 */
export class RectifierLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly alpha: WeightBlock | undefined;

  constructor(
    readonly plan: RectifierPlan,
    readonly context: LayerContext,
  ) {
    const { alpha: weight, rows, width } = plan;
    const part = { weight, from: 0, rows, row: 0, columns: plainColumns(width) };
    this.alpha = weight === NONE ? undefined : makeBlock(rows, width, [part], { layout: 'rows' });
    this.blocks = this.alpha ? [this.alpha] : [];
  }

  /** Rows of a step lie together for slopes of its own. */
  get anyOrder(): boolean {
    return !this.alpha || this.alpha.rows === 1;
  }

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedRectifier(this, input, space);
  }
}

class PlacedRectifier implements PlacedLayer {
  readonly output: Signal;
  private readonly dx: Rows | undefined;
  /** (F): the slope that is no weight. */
  private readonly constant: number;

  constructor(
    private readonly layer: RectifierLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { arena, training } = space;
    const { alpha, plan } = layer;
    const { steps, width } = input.values;
    this.constant = alpha ? 0 : arena.fixed(width);
    if (!alpha) arena.f32.fill(plan.slope, this.constant >>> 2, (this.constant >>> 2) + width);
    this.dx = placeGradient(input, space);
    const wantsGradient = training && (input.wantsGradient || alpha !== undefined);
    this.output = signalFrom(input, newRows(space, steps, width), { wantsGradient });
  }

  forward(rows: Range): void {
    const { threshold, most } = this.layer.plan;
    const { values: x } = this.input;
    const { values: y } = this.output;
    this.eachSlope(rows, (slopes, from, to) =>
      this.layer.context.kernels.rectifyForward(
        x.address,
        x.ld,
        y.address,
        y.ld,
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
    const { dx } = this;
    if (!dx) return;
    const { threshold, most } = this.layer.plan;
    const { values: x } = this.input;
    const dy = gradientOf(this.output);
    this.eachSlope(rows, (slopes, from, to) =>
      this.layer.context.kernels.rectifyBackward(
        x.address,
        x.ld,
        dy.address,
        dy.ld,
        dx.address,
        dx.ld,
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
    const { alpha, context } = this.layer;
    if (!alpha || alpha.gradients === 0) return;
    const { values: x } = this.input;
    const dy = gradientOf(this.output);
    const fours = share(Math.ceil(x.width / 4), part, parts);
    const rows = (this.space.batch * x.steps) / alpha.rows;
    for (let row = 0; row < alpha.rows; row++)
      context.kernels.rectifyGradients(
        x.address,
        x.ld,
        dy.address,
        dy.ld,
        alpha.gradients + 64 * alpha.panels * row,
        row * rows,
        (row + 1) * rows,
        4 * fours.from,
        Math.min(4 * fours.to, x.width),
      );
  }

  /** Calls visit for runs of rows of one slope. */
  private eachSlope(rows: Range, visit: (slopes: number, from: number, to: number) => void): void {
    const { alpha } = this.layer;
    const { batch } = this.space;
    const { steps } = this.input.values;
    if (!alpha || alpha.rows === 1)
      eachRun(rows, this.space, steps, (from, to) => visit(alpha?.weights ?? this.constant, from, to));
    else
      for (let t = 0; t < steps; t++)
        visit(alpha.weights + 64 * alpha.panels * t, t * batch + rows.from, t * batch + rows.to);
  }
}
