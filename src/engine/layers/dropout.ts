import type { DropoutPlan } from '../../plan/layerPlan.js';
import { dropoutKey } from '../../random.js';
import type { WeightBlock } from '../blocks.js';
import { copyRows } from '../moveRows.js';
import { newRows, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

/**
 * Inverted dropout in training: element i of the input, counted as in a (B, T, F) array, is kept where uniformAt(key, i) ≥
 * rate and then divided by 1 − rate; the key is a function of (seed, layer, step). Spatial: element j of sample b, counted as in
 * (B, F), for all its steps. Otherwise the input itself.
 */
export class DropoutLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  private readonly drops: boolean;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;

  constructor(
    private readonly plan: DropoutPlan,
    private readonly context: LayerContext,
  ) {
    this.drops = plan.rate > 0 && plan.rate < 1;
  }

  place(input: Signal, { arena, batch }: Space): Signal {
    const { steps, width } = input.values;
    this.input = input;
    this.batch = batch;
    const rows = () => newRows(arena, batch, steps, width);
    if (input.wantsGradient) input.gradient = rows();
    this.output = { ...input, values: rows(), gradient: undefined };
    return this.output;
  }

  forward(rows: Range, training: boolean): void {
    this.apply(this.input.values, this.output.values, rows, training && this.drops);
  }

  backward(rows: Range): void {
    const { gradient: dx, wantsGradient } = this.input;
    const { gradient: dy } = this.output;
    if (wantsGradient && dx !== undefined && dy !== undefined) this.apply(dy, dx, rows, this.drops);
  }

  gradients(): void {}

  private apply(from: Rows, to: Rows, rows: Range, drop: boolean): void {
    const { context, batch } = this;
    const { rate, path, spatial } = this.plan;
    const { steps, width } = from;
    if (!drop) {
      copyRows(context.kernels, from, to, rows);
      return;
    }
    context.kernels.dropout(
      from.address,
      from.rowStride,
      to.address,
      to.rowStride,
      dropoutKey(context.draw, path, 'input'),
      Math.ceil(rate * 2 ** 24),
      1 / (1 - rate),
      spatial ? 0 : width,
      spatial ? width : steps * width,
      width,
      steps,
      batch,
      rows.from,
      rows.to,
    );
  }
}
