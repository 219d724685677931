import type { ActivityPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { copyRows } from '../moveRows.js';
import { eachRun, newRows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

/** What flows in, out of it again, and the place (T·B) for what each row adds. */
interface Counted {
  input: Signal;
  output: Signal;
  sums: number;
}

/** y = x, with l1·Σ|x| + l2·Σx² over the samples, divided by their number, as a part of the loss; of each of its inputs. */
export class ActivityLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  private batch = 0;
  private counted: readonly Counted[] = [];

  constructor(
    private readonly plan: ActivityPlan,
    private readonly context: LayerContext,
  ) {}

  place(first: Signal, { arena, batch }: Space, others: readonly Signal[] = []): Signal {
    this.batch = batch;
    this.counted = [first, ...others].map((input) => {
      const { steps, width } = input.values;
      if (input.wantsGradient) input.gradient = newRows(arena, batch, steps, width);
      const output: Signal = {
        values: newRows(arena, batch, steps, width),
        sequence: input.sequence,
        mask: input.mask,
        wantsGradient: input.wantsGradient,
      };
      return { input, output, sums: arena.floats(batch * steps) };
    });
    return this.counted[0].output;
  }

  get further(): readonly Signal[] {
    return this.counted.slice(1).map(({ output }) => output);
  }

  forward(rows: Range): void {
    const { kernels } = this.context;
    const { l1, l2 } = this.plan;
    for (const { input, output, sums } of this.counted) {
      const { values: x } = input;
      copyRows(kernels, x, output.values, rows);
      eachRun(rows, this.batch, x.steps, (from, to) =>
        kernels.activityForward(x.address, x.rowStride, l1, l2, sums, x.width, from, to),
      );
    }
  }

  backward(rows: Range): void {
    const { batch } = this;
    const [l1, l2] = [this.plan.l1 / batch, this.plan.l2 / batch];
    for (const { input, output } of this.counted) {
      const { values: x, gradient: dx } = input;
      const { gradient: dy } = output;
      if (dx === undefined) continue;
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
  }

  gradients(): void {}

  penalty(): number {
    let sum = 0;
    for (const { input, sums } of this.counted)
      sum += this.context.kernels.sumFloats(sums, this.batch * input.values.steps) / this.batch;
    return sum;
  }
}
