import type { ActivityPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientBeside, placeGradient } from '../gradients.js';
import { copyRows } from '../moveRows.js';
import { eachRun, newRows, type Rows, signalFrom } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** What flows in, out of it again, and the place (T·B) for what each row adds. */
interface Counted {
  input: Signal;
  dx: Rows | undefined;
  output: Signal;
  sums: number;
}

/** y = x, with l1·Σ|x| + l2·Σx² over the samples, divided by their number, as a part of the loss; of each of its inputs. */
export class ActivityLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    readonly plan: ActivityPlan,
    readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space, others: readonly Signal[] = []): PlacedActivity {
    return new PlacedActivity(this, [input, ...others], space);
  }
}

export class PlacedActivity implements PlacedLayer {
  readonly output: Signal;
  readonly further: readonly Signal[];
  private readonly outputs: readonly Signal[];
  private readonly counted: readonly Counted[];

  constructor(
    private readonly layer: ActivityLayer,
    inputs: readonly Signal[],
    private readonly space: Space,
  ) {
    const { arena, batch } = space;
    this.counted = inputs.map((input) => {
      const { steps, width } = input.values;
      const dx = placeGradient(input, space);
      const output = signalFrom(input, newRows(space, steps, width));
      return { input, dx, output, sums: arena.floats(batch * steps) };
    });
    this.outputs = this.counted.map(({ output }) => output);
    [this.output, ...this.further] = this.outputs;
  }

  forward(rows: Range): void {
    const { plan, context } = this.layer;
    const { kernels } = context;
    const { l1, l2 } = plan;
    for (const { input, output, sums } of this.counted) {
      const { values: x } = input;
      copyRows(kernels, x, output.values, rows);
      eachRun(rows, this.space, x.steps, (from, to) =>
        kernels.activityForward(x.address, x.ld, l1, l2, sums, x.width, from, to),
      );
    }
  }

  /** What nobody reads has the slope of its penalty alone. */
  backward(rows: Range): void {
    const { plan, context } = this.layer;
    const { batch } = this.space;
    const [l1, l2] = [plan.l1 / batch, plan.l2 / batch];
    for (const { input, dx, output } of this.counted) {
      if (!dx) continue;
      const { values: x } = input;
      const dy = gradientBeside(output, this.outputs);
      eachRun(rows, this.space, x.steps, (from, to) =>
        context.kernels.activityBackward(
          x.address,
          x.ld,
          dy?.address ?? 0,
          dy?.ld ?? 0,
          dx.address,
          dx.ld,
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
    const { kernels } = this.layer.context;
    const { batch } = this.space;
    let sum = 0;
    for (const { input, sums } of this.counted) sum += kernels.sumFloats(sums, batch * input.values.steps) / batch;
    return sum;
  }
}
