import { type DensePlan, NONE } from '../../plan/layerPlan.js';
import { type BlockPart, makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { newRows, type Rows, signalFrom } from '../rows.js';
import {
  type EngineLayer,
  type LayerContext,
  type PlacedLayer,
  type Range,
  type Signal,
  type Space,
  share,
} from './layer.js';

/** Rows that one pass of denseGradients gathers into a panel. */
const GATHERED_ROWS = 256;

/**
 * y = x·W + b for every row: x (…, F), W (F, N), b (N). The block's rows are W's, then b. Backward: dx = dy·Wᵀ,
 * dW = xᵀ·dy, db = Σ dy.
 */
export class DenseLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly block: WeightBlock;
  readonly hasBias: boolean;

  /** @param columns of the N outputs that hold Keras's columns, where those are fewer or in another order */
  constructor(
    readonly plan: DensePlan,
    readonly context: LayerContext,
    columns: Int32Array = plainColumns(plan.units),
  ) {
    const { inputs, units, kernel, bias } = plan;
    this.hasBias = bias !== NONE;
    const parts: BlockPart[] = [{ weight: kernel, from: 0, rows: inputs, row: 0, columns }];
    if (this.hasBias) parts.push({ weight: bias, from: 0, rows: 1, row: inputs, columns });
    this.block = makeBlock(inputs + Number(this.hasBias), units, parts);
    this.blocks = [this.block];
  }

  place(input: Signal, space: Space): PlacedDense {
    return new PlacedDense(this, input, space);
  }
}

export class PlacedDense implements PlacedLayer {
  readonly output: Signal;
  private readonly dx: Rows | undefined;
  /** Panels of [W; b]ᵀ, (⌈(F+1)/16⌉, 16·P, 16); 0 for a single row, which does without. */
  private readonly transposed: number;
  private readonly scratch: number;

  constructor(
    private readonly layer: DenseLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { arena, batch, training } = space;
    const { plan, block } = layer;
    const { steps } = input.values;
    const rows = batch * steps;
    const values = newRows(space, steps, plan.units);
    this.dx = placeGradient(input, space);
    const transposedRows = 16 * Math.ceil(block.rows / 16);
    this.transposed = this.dx && rows > 1 ? arena.fixed(transposedRows * 16 * block.panels) : 0;
    this.scratch = training && rows > 1 ? arena.floats(block.panels * 16 * GATHERED_ROWS) : 0;
    const wantsGradient = training && (input.wantsGradient || block.gradients !== 0);
    this.output = signalFrom(input, values, { wantsGradient });
  }

  prepare(part: number, parts: number): void {
    if (this.transposed === 0) return;
    const { block, context } = this.layer;
    const { rows, panels, weights } = block;
    const mine = share(panels, part, parts);
    // Panel p of W is 16 rows of every panel of Wᵀ.
    context.kernels.transposeSomePanels(weights, panels, rows, this.transposed, mine.from, mine.to);
  }

  forward({ from, to }: Range): void {
    const { plan, block, context, hasBias } = this.layer;
    const x = this.input.values;
    const y = this.output.values;
    const { inputs } = plan;
    const bias = hasBias ? block.weights + 64 * inputs : 0;
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
      this.space.batch,
      from,
      to,
      context.wide,
    );
  }

  backward({ from, to }: Range): void {
    const { dx, transposed } = this;
    if (!dx) return;
    const dy = gradientOf(this.output);
    const { plan, block, context } = this.layer;
    const { kernels, wide } = context;
    const { inputs, units } = plan;
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
      this.space.batch,
      from,
      to,
      wide,
    );
  }

  gradients(part: number, parts: number): void {
    const { plan, block, context, hasBias } = this.layer;
    if (block.gradients === 0) return;
    const dy = gradientOf(this.output);
    const { inputs, units } = plan;
    const x = this.input.values;
    const mine = share(block.panels, part, parts);
    context.kernels.denseGradients(
      x.address,
      x.ld,
      inputs,
      dy.address,
      dy.ld,
      units,
      this.space.batch * x.steps,
      block.gradients,
      block.rows,
      Number(hasBias),
      this.scratch,
      mine.from,
      mine.to,
      context.wide,
    );
  }
}
