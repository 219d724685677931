import { type AttentionPlan, NONE } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { Fork } from '../wiring.js';
import { Heads } from './heads.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

/** What is lowered in scores of keys that do not count, as Keras's. */
const LOWERED = 1e9;

/**
 * softmax(scores)·value of query (B, T, K), value (B, S, V) and key (B, S, K), scores being factor·query·key or, additive,
 * Σ c∘tanh(factor·(query + key)): factor a learnt number or 1, c (K) learnt or ones, or one learnt number for all. Queries that do not
 * count give zeros.
 */
export class AttentionLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly factor: WeightBlock | undefined;
  private readonly coefficients: WeightBlock | undefined;
  private readonly heads: Heads;
  private inputs: readonly Fork[] = [];
  private output!: Signal;
  private batch = 0;
  /** (B) and (B, K in whole panels): gradients of the weights from each batch entry. */
  private dFactor = 0;
  private dCoefficients = 0;

  constructor(
    private readonly plan: AttentionPlan,
    private readonly context: LayerContext,
  ) {
    const { factor, coefficients, keyWidth, oneCoefficient } = plan;
    const vector = (weight: number, width: number) =>
      weight === NONE
        ? undefined
        : makeBlock(1, width, [{ weight, from: 0, rows: 1, row: 0, columns: plainColumns(width) }]);
    this.factor = vector(factor, 1);
    this.coefficients = vector(coefficients, oneCoefficient ? 1 : keyWidth);
    this.blocks = [this.factor, this.coefficients].filter((block) => block !== undefined);
    this.heads = new Heads(plan, context, () => ({
      additive: Number(plan.additive),
      scale: 1,
      lowered: LOWERED,
      factor: this.factor?.weights ?? 0,
      coefficients: this.coefficients?.weights ?? 0,
      coefficientStep: this.coefficients && !oneCoefficient ? 4 : 0,
      dFactor: this.dFactor,
      dCoefficients: this.dCoefficients,
    }));
  }

  get flops(): number {
    return this.heads.flops;
  }

  private get panels(): number {
    return Math.ceil(this.plan.keyWidth / 16);
  }

  place(input: Signal, space: Space, others: readonly Signal[]): Signal {
    const { arena, batch, training } = space;
    const [first, second, third] = [input, ...others].map((signal) => new Fork(signal, this.context.kernels));
    this.batch = batch;
    this.dFactor = training && this.factor ? arena.floats(batch) : 0;
    this.dCoefficients = training && this.plan.additive ? arena.floats(16 * batch * this.panels) : 0;
    this.inputs = third ? [first, second, third] : [first, second];
    const [query, value, key] = [first.reader(), second.reader(), (third ?? second).reader()];
    const valueMask = others[0].mask;
    const values = this.heads.place(
      { query, value, key, queryMask: 0, outputMask: input.mask, valueMask, keyMask: 0 },
      space,
    );
    for (const fork of this.inputs) fork.place();
    const learns = this.blocks.some(({ gradients }) => gradients !== 0);
    const wantsGradient = training && (learns || query.wantsGradient || value.wantsGradient || key.wantsGradient);
    this.output = { values, sequence: true, mask: input.mask, wantsGradient };
    return this.output;
  }

  forward(rows: Range, training: boolean): void {
    this.heads.forward(rows, training);
  }

  backward(rows: Range): void {
    const { gradient, wantsGradient } = this.output;
    if (gradient === undefined || !wantsGradient) return;
    this.heads.backward(gradient, rows);
    for (const fork of this.inputs) fork.add(rows);
  }

  /** Sums over batch entries, by the first thread: they are few. */
  gradients(part: number): void {
    if (part > 0 || this.output.gradient === undefined) return;
    const { kernels } = this.context;
    const { batch, panels } = this;
    if (this.factor?.gradients) kernels.sumSteps(this.dFactor, 1, 0, this.factor.gradients, 0, 1, batch, 0, 1);
    const to = this.coefficients?.gradients;
    if (!to) return;
    const width = 16 * panels;
    if (!this.plan.oneCoefficient) {
      kernels.sumSteps(this.dCoefficients, width, 0, to, 0, this.plan.keyWidth, batch, 0, 1);
      return;
    }
    kernels.sumSteps(this.dCoefficients, 1, 0, to, 0, 1, width * batch, 0, 1);
  }
}
