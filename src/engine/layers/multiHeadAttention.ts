import type { ActivityPlan, DensePlan, MultiHeadAttentionPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import type { Rows } from '../rows.js';
import { Fork } from '../wiring.js';
import { ActivityLayer } from './activity.js';
import { DenseLayer } from './dense.js';
import { Heads } from './heads.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

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

  place(input: Signal, space: Space): Signal {
    const made = this.dense.place(input, space);
    return this.activity?.place(made, space) ?? made;
  }

  get penalty(): number {
    return this.activity?.penalty() ?? 0;
  }

  prepare(part: number, parts: number): void {
    this.dense.prepare(part, parts);
  }

  forward(rows: Range): void {
    this.dense.forward(rows);
    this.activity?.forward(rows);
  }

  backward(rows: Range): void {
    this.activity?.backward(rows);
    this.dense.backward(rows);
  }

  gradients(part: number, parts: number): void {
    this.dense.gradients(part, parts);
  }
}

/**
 * softmax((query·W_q + b_q)·(key·W_k + b_k)ᵀ/√K)·(value·W_v + b_v) for each of N heads, then all heads·W_o + b_o. Of one input all three
 * are that, of two the key is the value.
 */
export class MultiHeadAttentionLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly query: Projection;
  private readonly key: Projection;
  private readonly value: Projection;
  private readonly joining: Projection;
  private readonly heads: Heads;
  /** Each input, of which there may be several readers. */
  private forks: readonly Fork[] = [];
  private joined!: Signal;
  readonly penalty?: () => number;

  constructor(
    plan: MultiHeadAttentionPlan,
    private readonly context: LayerContext,
  ) {
    const { activity } = plan;
    this.query = new Projection(plan.query, activity, context);
    this.key = new Projection(plan.key, activity, context);
    this.value = new Projection(plan.value, activity, context);
    this.joining = new Projection(plan.output, activity, context);
    if (activity)
      this.penalty = () =>
        [this.query, this.key, this.value, this.joining].reduce((sum, { penalty }) => sum + penalty, 0);
    const scale = 1 / Math.sqrt(plan.keyWidth);
    // Where no key counts: zeros beside dropout, else the mean of all values, and no gradients of scores either way.
    const closing = plan.dropout > 0 ? 2 : 1;
    this.heads = new Heads(plan, context, () => ({ scale, lowered: LOWERED, closing }));
    this.blocks = [this.query, this.key, this.value, this.joining].flatMap(({ blocks }) => blocks);
  }

  get flops(): number {
    return this.heads.flops;
  }

  place(input: Signal, space: Space, others: readonly Signal[]): Signal {
    const given = [input, ...others];
    this.forks = given.map((signal) => new Fork(signal, this.context.kernels));
    const reader = (i: number) => this.forks[Math.min(i, given.length - 1)].reader();
    const query = this.query.place(reader(0), space);
    const value = this.value.place(reader(1), space);
    const key = this.key.place(reader(2), space);
    for (const fork of this.forks) fork.place();
    const [, valueMask, keyMask] = [input, ...others].map(({ mask }) => mask);
    const values: Rows = this.heads.place(
      {
        query,
        value,
        key,
        queryMask: input.mask,
        outputMask: 0,
        valueMask: given.length === 1 ? input.mask : valueMask,
        keyMask: keyMask ?? 0,
      },
      space,
    );
    const wantsGradient = query.wantsGradient || value.wantsGradient || key.wantsGradient;
    this.joined = { values, sequence: true, mask: input.mask, wantsGradient };
    return this.joining.place(this.joined, space);
  }

  prepare(part: number, parts: number): void {
    for (const dense of [this.query, this.key, this.value, this.joining]) dense.prepare(part, parts);
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
    const { gradient } = this.joined;
    if (gradient === undefined) return;
    this.heads.backward(gradient, rows);
    this.query.backward(rows);
    this.key.backward(rows);
    this.value.backward(rows);
    for (const fork of this.forks) fork.add(rows);
  }

  gradients(part: number, parts: number): void {
    for (const dense of [this.query, this.key, this.value, this.joining]) dense.gradients(part, parts);
  }
}
