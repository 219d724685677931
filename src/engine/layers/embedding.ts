import type { EmbeddingPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { gradientOf } from '../gradients.js';
import { newRows, rowNumbers } from '../rows.js';
import {
  type EngineLayer,
  type LayerContext,
  type PlacedLayer,
  type Range,
  type Signal,
  type Space,
  share,
} from './layer.js';

/**
 * Rows of a table (V, E) by whole numbers (B, T), which are int32 in the input's rows; with maskZero, steps of number 0
 * are masked. Backward adds to the rows that were used, in the order of steps, then batch entries.
 */
export class EmbeddingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly block: WeightBlock;

  constructor(
    readonly plan: EmbeddingPlan,
    readonly context: LayerContext,
  ) {
    const { vocabulary, width, table, sparse } = plan;
    const part = { weight: table, from: 0, rows: vocabulary, row: 0, columns: plainColumns(width) };
    this.block = makeBlock(vocabulary, width, [part], { layout: 'rows', sparse });
    this.blocks = [this.block];
  }

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedEmbedding(this, input, space);
  }
}

class PlacedEmbedding implements PlacedLayer {
  readonly output: Signal;

  constructor(
    private readonly layer: EmbeddingLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { plan, block } = layer;
    const { width, maskZero } = plan;
    const { arena, batch, training } = space;
    const { steps } = input.values;
    this.output = {
      values: newRows(space, steps, width),
      sequence: true,
      mask: maskZero ? arena.floats(batch * steps) : 0,
      wantsGradient: training && block.gradients !== 0,
    };
  }

  forward({ from, to }: Range): void {
    const { plan, block, context } = this.layer;
    const { vocabulary, width } = plan;
    const { output } = this;
    const indices = this.input.values;
    const y = output.values;
    const { step, entry } = rowNumbers(this.space, y.steps);
    context.kernels.embeddingForward(
      block.weights,
      16 * block.panels,
      vocabulary,
      indices.address,
      indices.stepStride,
      indices.rowStride,
      y.address,
      y.stepStride,
      y.rowStride,
      output.mask,
      step,
      entry,
      width,
      y.steps,
      from,
      to,
    );
  }

  backward(): void {}

  gradients(part: number, parts: number): void {
    const { plan, block, context } = this.layer;
    const indices = this.input.values;
    const dy = gradientOf(this.output);
    const { kernels } = context;
    const { vocabulary, width } = plan;
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
      dy.stepStride,
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
      this.space.batch,
      from,
      to,
    );
  }
}
