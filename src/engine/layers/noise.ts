import { MergeId } from '../../kernels/mergeIds.js';
import type { NoisePlan } from '../../plan/layerPlan.js';
import { dropoutKey, normalAt } from '../../random.js';
import type { WeightBlock } from '../blocks.js';
import { mergeRows } from '../moveRows.js';
import { newRows, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import { PlacedMoving } from './moving.js';

/**
 * In training y = x + noise, or x∘(1 + noise), noise normal of a deviation; otherwise x. Element i of it, counted as in a (B, T, F)
 * array, is the i-th normal number of a key that is a function of (seed, layer, step).
 */
export class NoiseLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    private readonly plan: NoisePlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedNoise(this.plan, this.context, input, space);
  }
}

class PlacedNoise extends PlacedMoving {
  private readonly noise: Rows | undefined;

  constructor(
    private readonly plan: NoisePlan,
    context: LayerContext,
    input: Signal,
    private readonly space: Space,
  ) {
    const { values, sequence, mask } = input;
    super(context, input, space, values, { sequence, mask });
    if (space.training && plan.deviation > 0) this.noise = newRows(space, values.steps, values.width);
  }

  forward(rows: Range, training: boolean): void {
    const { values: x } = this.input;
    const { values: y } = this.output;
    const { noise } = this;
    if (!training || !noise) {
      this.copy(x, y, rows);
      return;
    }
    this.draw(noise, rows);
    this.merge(x, noise, y, rows);
  }

  backward(rows: Range): void {
    const { noise, dx, dy } = this;
    if (noise && this.plan.multiplies) this.merge(dy, noise, dx, rows);
    else this.copy(dy, dx, rows);
  }

  private draw(noise: Rows, { from, to }: Range): void {
    const { path, deviation, multiplies } = this.plan;
    const key = dropoutKey(this.context.draw, path, 'input');
    const { f32 } = this.space.arena;
    const { steps, width } = noise;
    for (let t = 0; t < steps; t++)
      for (let b = from; b < to; b++) {
        const row = (noise.address >>> 2) + t * noise.stepStride + b * noise.rowStride;
        for (let j = 0; j < width; j++) {
          const value = Math.fround(Math.fround(normalAt(key, (b * steps + t) * width + j)) * Math.fround(deviation));
          f32[row + j] = multiplies ? 1 + value : value;
        }
      }
  }

  private merge(a: Rows, b: Rows, to: Rows, rows: Range): void {
    const how = this.plan.multiplies ? MergeId.mul : MergeId.sum;
    mergeRows(this.context.kernels, how, a, b, to, rows);
  }
}
