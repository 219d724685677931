import type { EmbeddingPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { newRows } from '../rows.js';
import { type EngineLayer, type LayerContext, type Range, type Signal, type Space, share } from './layer.js';

/**
 * Rows of a table (V, E) by whole numbers (B, T), which are int32 in the input's rows; with maskZero, steps of number 0
 * are masked. Backward adds to the rows that were used, in the order of steps, then batch entries.
 */
export class EmbeddingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly block: WeightBlock;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;

  constructor(
    private readonly plan: EmbeddingPlan,
    private readonly context: LayerContext,
  ) {
    const { vocabulary, width, table, sparse } = plan;
    const part = { weight: table, from: 0, rows: vocabulary, row: 0, columns: plainColumns(width) };
    this.block = makeBlock(vocabulary, width, [part], { layout: 'rows', sparse });
    this.blocks = [this.block];
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { width, maskZero } = this.plan;
    const { steps } = input.values;
    this.input = input;
    this.batch = batch;
    this.output = {
      values: newRows(arena, batch, steps, width),
      sequence: true,
      mask: maskZero ? arena.floats(batch * steps) : 0,
      wantsGradient: training && this.block.gradients !== 0,
    };
    return this.output;
  }

  forward({ from, to }: Range): void {
    const { vocabulary, width } = this.plan;
    const { block, context, output, batch } = this;
    const indices = this.input.values;
    const y = output.values;
    context.kernels.embeddingForward(
      block.weights,
      16 * block.panels,
      vocabulary,
      indices.address,
      indices.stepStride,
      indices.rowStride,
      y.address,
      y.rowStride,
      output.mask,
      width,
      y.steps,
      batch,
      from,
      to,
    );
  }

  backward(): void {}

  gradients(part: number, parts: number): void {
    const { block, context, batch } = this;
    const indices = this.input.values;
    const dy = this.output.gradient;
    if (dy === undefined || block.gradients === 0) return;
    const { kernels } = context;
    const { vocabulary, width } = this.plan;
    const ld = 16 * block.panels;
    // Columns in fours, so that no two threads write to one vector.
    const fours = share(Math.ceil(width / 4), part, parts);
    const from = 4 * fours.from;
    const to = Math.min(4 * fours.to, width);
    if (from >= to) return;
    kernels.zeroRows(block.gradients, ld, vocabulary, from, to);
    if (block.squares) kernels.zeroRows(block.squares, ld, vocabulary, from, to);
    kernels.embeddingBackward(
      dy.address,
      dy.rowStride,
      indices.address,
      indices.stepStride,
      indices.rowStride,
      block.gradients,
      block.squares,
      ld,
      vocabulary,
      block.useLimit,
      indices.steps,
      batch,
      from,
      to,
    );
  }
}
