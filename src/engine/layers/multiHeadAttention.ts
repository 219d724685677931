import type { ActivityPlan, DensePlan, MultiHeadAttentionPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf } from '../gradients.js';
import { Fork } from '../wiring.js';
import { ActivityLayer, type PlacedActivity } from './activity.js';
import { DenseLayer, type PlacedDense } from './dense.js';
import { PlacedHeads } from './heads.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** What is lowered in scores of keys that do not count, as Keras's. */
const LOWERED = 3e38;

/** x·W + b, which may be part of the loss. */
class Projection {
  readonly blocks: readonly WeightBlock[];
  private readonly dense: DenseLayer;
  private readonly activity: ActivityLayer | undefined;

  constructor(plan: DensePlan, activity: ActivityPlan | undefined, context: LayerContext) {
    this.dense = new DenseLayer(plan, context);
    this.activity = activity && new ActivityLayer(activity, context);
    this.blocks = this.dense.blocks;
  }

  place(input: Signal, space: Space): PlacedProjection {
    const dense = this.dense.place(input, space);
    return new PlacedProjection(dense, this.activity?.place(dense.output, space));
  }
}

class PlacedProjection {
  readonly output: Signal;

  constructor(
    private readonly dense: PlacedDense,
    private readonly activity: PlacedActivity | undefined,
  ) {
    this.output = (activity ?? dense).output;
  }

  prepare(part: number, parts: number): void {
    this.dense.prepare(part, parts);
  }

  forward(rows: Range): void {
    this.dense.forward(rows);
    this.activity?.forward(rows);
  }

  /** Where the output wants its gradient: not where neither the input does nor the weights learn. */
  backward(rows: Range): void {
    if (!this.output.wantsGradient) return;
    this.activity?.backward(rows);
    this.dense.backward(rows);
  }

  gradients(part: number, parts: number): void {
    if (this.output.wantsGradient) this.dense.gradients(part, parts);
  }

  get penalties(): readonly PlacedActivity[] {
    return this.activity ? [this.activity] : [];
  }
}

/**
 * softmax((query·W_q + b_q)·(key·W_k + b_k)ᵀ/√K)·(value·W_v + b_v) for each of N heads, then all heads·W_o + b_o. Of one input all three
 * are that, of two the key is the value.
 */
export class MultiHeadAttentionLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  readonly joining: Projection;

  constructor(
    readonly plan: MultiHeadAttentionPlan,
    readonly context: LayerContext,
  ) {
    const { activity } = plan;
    this.query = new Projection(plan.query, activity, context);
    this.key = new Projection(plan.key, activity, context);
    this.value = new Projection(plan.value, activity, context);
    this.joining = new Projection(plan.output, activity, context);
    this.blocks = [this.query, this.key, this.value, this.joining].flatMap(({ blocks }) => blocks);
  }

  place(input: Signal, space: Space, others: readonly Signal[]): PlacedLayer {
    return new PlacedMultiHeadAttention(this, [input, ...others], space);
  }
}

class PlacedMultiHeadAttention implements PlacedLayer {
  readonly output: Signal;
  readonly flops: number;
  readonly penalty?: () => number;
  private readonly query: PlacedProjection;
  private readonly key: PlacedProjection;
  private readonly value: PlacedProjection;
  private readonly joining: PlacedProjection;
  private readonly heads: PlacedHeads;
  /** What all heads give, side by side. */
  private readonly joined: Signal;
  /** Each input, of which there may be several readers. */
  private readonly forks: readonly Fork[];

  constructor(layer: MultiHeadAttentionLayer, inputs: readonly Signal[], space: Space) {
    const { plan, context } = layer;
    this.forks = inputs.map((signal) => new Fork(signal, context.kernels));
    const reader = (i: number) => this.forks[Math.min(i, inputs.length - 1)].reader();
    this.query = layer.query.place(reader(0), space);
    this.value = layer.value.place(reader(1), space);
    this.key = layer.key.place(reader(2), space);
    for (const fork of this.forks) fork.place();
    const [query, value, key] = [this.query, this.value, this.key].map(({ output }) => output);
    const [{ mask: queryMask }, { mask: valueMask } = inputs[0], third] = inputs;
    const scale = 1 / Math.sqrt(plan.keyWidth);
    // Where no key counts: zeros beside dropout, else the mean of all values, and no gradients of scores either way.
    const closing = plan.dropout > 0 ? 2 : 1;
    this.heads = new PlacedHeads(
      plan,
      context,
      { scale, lowered: LOWERED, closing },
      { query, value, key, queryMask, outputMask: 0, valueMask, keyMask: third?.mask ?? 0 },
      space,
    );
    this.flops = this.heads.flops;
    const wantsGradient = query.wantsGradient || value.wantsGradient || key.wantsGradient;
    this.joined = { values: this.heads.output, sequence: true, mask: queryMask, wantsGradient };
    this.joining = layer.joining.place(this.joined, space);
    this.output = this.joining.output;
    const penalties = this.projections.flatMap((projection) => projection.penalties);
    if (penalties.length > 0) this.penalty = () => penalties.reduce((sum, own) => sum + own.penalty(), 0);
  }

  private get projections(): readonly PlacedProjection[] {
    return [this.query, this.key, this.value, this.joining];
  }

  prepare(part: number, parts: number): void {
    for (const projection of this.projections) projection.prepare(part, parts);
  }

  forward(rows: Range, training: boolean): void {
    this.query.forward(rows);
    this.key.forward(rows);
    this.value.forward(rows);
    this.heads.forward(rows, training);
    this.joining.forward(rows);
  }

  backward(rows: Range): void {
    this.joining.backward(rows);
    this.heads.backward(gradientOf(this.joined), rows);
    this.query.backward(rows);
    this.key.backward(rows);
    this.value.backward(rows);
    for (const fork of this.forks) fork.add(rows);
  }

  gradients(part: number, parts: number): void {
    for (const projection of this.projections) projection.gradients(part, parts);
  }
}
