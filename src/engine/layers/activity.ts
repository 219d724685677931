import type { ActivityPlan } from '../../plan/layerPlan.js';
import { eachRun } from '../rows.js';
import type { LayerContext, Range, Signal, Space } from './layer.js';
import { MovingLayer } from './moving.js';

/** y = x, with l1·Σ|x| + l2·Σx² over the samples, divided by their number, as a part of the loss. */
export class ActivityLayer extends MovingLayer {
  private batch = 0;
  /** (T·B): what each row adds. */
  private sums = 0;

  constructor(
    private readonly plan: ActivityPlan,
    context: LayerContext,
  ) {
    super(context);
  }

  place(input: Signal, space: Space): Signal {
    const { steps } = input.values;
    this.batch = space.batch;
    this.sums = space.arena.floats(space.batch * steps);
    const output = this.move(input, space, input.values, input.sequence);
    output.mask = input.mask;
    return output;
  }

  forward(rows: Range): void {
    const { values: x } = this.input;
    const { l1, l2 } = this.plan;
    this.copy(x, this.output.values, rows);
    eachRun(rows, this.batch, x.steps, (from, to) =>
      this.context.kernels.activityForward(x.address, x.rowStride, l1, l2, this.sums, x.width, from, to),
    );
  }

  backward(rows: Range): void {
    const { values: x, gradient: dx } = this.input;
    const { gradient: dy } = this.output;
    if (dx === undefined) return;
    const { batch } = this;
    const [l1, l2] = [this.plan.l1 / batch, this.plan.l2 / batch];
    eachRun(rows, batch, x.steps, (from, to) =>
      this.context.kernels.activityBackward(
        x.address,
        x.rowStride,
        dy?.address ?? 0,
        dy?.rowStride ?? 0,
        dx.address,
        dx.rowStride,
        l1,
        l2,
        x.width,
        from,
        to,
      ),
    );
  }

  penalty(): number {
    return this.context.kernels.sumFloats(this.sums, this.batch * this.input.values.steps) / this.batch;
  }
}
