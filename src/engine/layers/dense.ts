import { type DensePlan, NONE } from '../../plan/layerPlan.js';
import { type BlockPart, makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { newRows } from '../rows.js';
import { type EngineLayer, type LayerContext, type Range, type Signal, type Space, share } from './layer.js';

/** Rows that one pass of denseGradients gathers into a panel. */
const GATHERED_ROWS = 256;

/**
 * y = x·W + b for every row: x (…, F), W (F, N), b (N). The block's rows are W's, then b. Backward: dx = dy·Wᵀ,
 * dW = xᵀ·dy, db = Σ dy.
 */
export class DenseLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly block: WeightBlock;
  private readonly hasBias: boolean;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  /** Panels of [W; b]ᵀ, (⌈(F+1)/16⌉, 16·P, 16); 0 for a single row, which does without. */
  private transposed = 0;
  private scratch = 0;

  /** @param columns of the N outputs that hold Keras's columns, where those are fewer or in another order */
  constructor(
    private readonly plan: DensePlan,
    private readonly context: LayerContext,
    columns: Int32Array = plainColumns(plan.units),
  ) {
    const { inputs, units, kernel, bias } = plan;
    this.hasBias = bias !== NONE;
    const parts: BlockPart[] = [{ weight: kernel, from: 0, rows: inputs, row: 0, columns }];
    if (this.hasBias) parts.push({ weight: bias, from: 0, rows: 1, row: inputs, columns });
    this.block = makeBlock(inputs + Number(this.hasBias), units, parts);
    this.blocks = [this.block];
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { inputs, units } = this.plan;
    const { panels } = this.block;
    const { steps } = input.values;
    const rows = batch * steps;
    this.input = input;
    this.batch = batch;
    const values = newRows(arena, batch, steps, units);
    if (input.wantsGradient) {
      input.gradient = newRows(arena, batch, steps, inputs);
    }
    const transposedRows = 16 * Math.ceil(this.block.rows / 16);
    this.transposed = input.wantsGradient && rows > 1 ? arena.fixed(transposedRows * 16 * panels) : 0;
    this.scratch = training && rows > 1 ? arena.floats(panels * 16 * GATHERED_ROWS) : 0;
    this.output = {
      values,
      sequence: input.sequence,
      mask: input.mask,
      wantsGradient: training && (input.wantsGradient || this.block.gradients !== 0),
    };
    return this.output;
  }

  prepare(part: number, parts: number): void {
    if (this.transposed === 0) return;
    const { rows, panels, weights } = this.block;
    const mine = share(panels, part, parts);
    // Panel p of W is 16 rows of every panel of Wᵀ.
    this.context.kernels.transposeSomePanels(weights, panels, rows, this.transposed, mine.from, mine.to);
  }

  forward({ from, to }: Range): void {
    const { block, context, input, output, batch } = this;
    const x = input.values;
    const y = output.values;
    const { inputs } = this.plan;
    const bias = this.hasBias ? block.weights + 64 * inputs : 0;
    context.kernels.rowsProduct(
      block.panels,
      inputs,
      x.address,
      x.stepStride,
      x.rowStride,
      block.weights,
      block.rows,
      bias,
      y.address,
      y.stepStride,
      y.rowStride,
      y.steps,
      batch,
      from,
      to,
      context.wide,
    );
  }

  backward({ from, to }: Range): void {
    const dx = this.input.gradient;
    const dy = this.output.gradient;
    if (!this.input.wantsGradient || dx === undefined || dy === undefined) return;
    const { kernels, wide } = this.context;
    const { inputs, units } = this.plan;
    const { block, batch, transposed } = this;
    if (transposed === 0) {
      kernels.rowTimesTransposed(inputs, dy.address, units, block.weights, block.rows, dx.address);
      return;
    }
    kernels.rowsProduct(
      Math.ceil(inputs / 16),
      units,
      dy.address,
      dy.stepStride,
      dy.rowStride,
      transposed,
      16 * block.panels,
      0,
      dx.address,
      dx.stepStride,
      dx.rowStride,
      dy.steps,
      batch,
      from,
      to,
      wide,
    );
  }

  gradients(part: number, parts: number): void {
    const { block, context, input, output, scratch, batch } = this;
    const dy = output.gradient;
    if (dy === undefined || block.gradients === 0) return;
    const { inputs, units } = this.plan;
    const x = input.values;
    const mine = share(block.panels, part, parts);
    context.kernels.denseGradients(
      x.address,
      x.rowStride,
      inputs,
      dy.address,
      dy.rowStride,
      units,
      batch * x.steps,
      block.gradients,
      block.rows,
      Number(this.hasBias),
      scratch,
      mine.from,
      mine.to,
      context.wide,
    );
  }
}
