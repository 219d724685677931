import type { AttentionPlan } from '../../plan/layerPlan.js';
import { optionalVector, type WeightBlock } from '../blocks.js';
import { gradientOf } from '../gradients.js';
import { Fork } from '../wiring.js';
import { type HeadFields, PlacedHeads } from './heads.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** What is lowered in scores of keys that do not count, as Keras's. */
const LOWERED = 1e9;

/**
 * softmax(scores)·value of query (B, T, K), value (B, S, V) and key (B, S, K), scores being factor·query·key or, additive,
 * Σ c∘tanh(factor·(query + key)): factor a learnt number or 1, c (K) learnt or ones, or one learnt number for all. Queries that do not
 * count give zeros.
 */
export class AttentionLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly factor: WeightBlock | undefined;
  readonly coefficients: WeightBlock | undefined;

  constructor(
    readonly plan: AttentionPlan,
    readonly context: LayerContext,
  ) {
    const { factor, coefficients, keyWidth, oneCoefficient } = plan;
    this.factor = optionalVector(factor, 1);
    this.coefficients = optionalVector(coefficients, oneCoefficient ? 1 : keyWidth);
    this.blocks = [this.factor, this.coefficients].filter((block) => block !== undefined);
  }

  place(input: Signal, space: Space, others: readonly Signal[]): PlacedLayer {
    return new PlacedAttention(this, [input, ...others], space);
  }
}

class PlacedAttention implements PlacedLayer {
  readonly output: Signal;
  private readonly heads: PlacedHeads;
  private readonly forks: readonly Fork[];
  private readonly panels: number;
  /** (B) and (B, K in whole panels): gradients of the weights from each batch entry. */
  private readonly dFactor: number;
  private readonly dCoefficients: number;

  constructor(
    private readonly layer: AttentionLayer,
    inputs: readonly Signal[],
    private readonly space: Space,
  ) {
    const { plan, context, factor, blocks } = layer;
    const { arena, batch, training } = space;
    this.panels = Math.ceil(plan.keyWidth / 16);
    this.dFactor = training && factor ? arena.floats(batch) : 0;
    this.dCoefficients = training && plan.additive ? arena.floats(16 * batch * this.panels) : 0;
    this.forks = inputs.map((signal) => new Fork(signal, context.kernels));
    const [first, second, third = second] = this.forks;
    const [query, value, key] = [first.reader(), second.reader(), third.reader()];
    const [{ mask }, { mask: valueMask }] = inputs;
    const ports = { query, value, key, queryMask: 0, outputMask: mask, valueMask, keyMask: 0 };
    this.heads = new PlacedHeads(plan, context, this.fields(), ports, space);
    for (const fork of this.forks) fork.place();
    const learns = blocks.some(({ gradients }) => gradients !== 0);
    const wantsGradient = training && (learns || query.wantsGradient || value.wantsGradient || key.wantsGradient);
    this.output = { values: this.heads.output, sequence: true, mask, wantsGradient };
  }

  get flops(): number {
    return this.heads.flops;
  }

  private fields(): HeadFields {
    const { plan, factor, coefficients } = this.layer;
    return {
      additive: Number(plan.additive),
      scale: 1,
      lowered: LOWERED,
      factor: factor?.weights ?? 0,
      coefficients: coefficients?.weights ?? 0,
      coefficientStep: coefficients && !plan.oneCoefficient ? 4 : 0,
      dFactor: this.dFactor,
      dCoefficients: this.dCoefficients,
    };
  }

  forward(rows: Range, training: boolean): void {
    this.heads.forward(rows, training);
  }

  backward(rows: Range): void {
    this.heads.backward(gradientOf(this.output), rows);
    for (const fork of this.forks) fork.add(rows);
  }

  /** Sums over batch entries, by the first thread: they are few. */
  gradients(part: number): void {
    if (part > 0) return;
    const { plan, context, factor, coefficients } = this.layer;
    const { kernels } = context;
    const { batch } = this.space;
    if (factor?.gradients) kernels.sumSteps(this.dFactor, 1, 0, factor.gradients, 0, 1, batch, 0, 1);
    const to = coefficients?.gradients;
    if (!to) return;
    const width = 16 * this.panels;
    if (!plan.oneCoefficient) {
      kernels.sumSteps(this.dCoefficients, width, 0, to, 0, plan.keyWidth, batch, 0, 1);
      return;
    }
    kernels.sumSteps(this.dCoefficients, 1, 0, to, 0, 1, width * batch, 0, 1);
  }
}
