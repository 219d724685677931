import type { DropoutPlan } from '../../plan/layerPlan.js';
import { dropoutKey, dropoutThreshold } from '../../random.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { copyRows } from '../moveRows.js';
import { newRows, type Rows, signalFrom } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/**
 * Inverted dropout in training: element i of the input, counted as in a (B, T, F) array, is kept where uniformAt(key, i) ≥
 * rate and then divided by 1 − rate; the key is a function of (seed, layer, step). Spatial: element j of sample b, counted as in
 * (B, F), for all its steps. Otherwise the input itself.
 */
export class DropoutLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    readonly plan: DropoutPlan,
    readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedDropout(this, input, space);
  }
}

class PlacedDropout implements PlacedLayer {
  readonly output: Signal;
  private readonly drops: boolean;

  constructor(
    private readonly layer: DropoutLayer,
    private readonly input: Signal,
    space: Space,
  ) {
    const { rate } = layer.plan;
    const { steps, width } = input.values;
    this.drops = rate > 0 && rate < 1;
    placeGradient(input, space);
    this.output = signalFrom(input, newRows(space, steps, width));
  }

  forward(rows: Range, training: boolean): void {
    this.apply(this.input.values, this.output.values, rows, training && this.drops);
  }

  backward(rows: Range): void {
    this.apply(gradientOf(this.output), gradientOf(this.input), rows, this.drops);
  }

  gradients(): void {}

  private apply(from: Rows, to: Rows, rows: Range, drop: boolean): void {
    const { context, plan } = this.layer;
    const { rate, path, spatial } = plan;
    const { steps, width } = from;
    if (!drop) {
      copyRows(context.kernels, from, to, rows);
      return;
    }
    context.kernels.dropout(
      from.address,
      from.stepStride,
      from.rowStride,
      to.address,
      to.stepStride,
      to.rowStride,
      dropoutKey(context.draw, path, 'input'),
      dropoutThreshold(rate),
      1 / (1 - rate),
      spatial ? 0 : width,
      spatial ? width : steps * width,
      width,
      steps,
      rows.from,
      rows.to,
    );
  }
}
