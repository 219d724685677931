import { type ConvolutionPlan, NONE } from '../../plan/layerPlan.js';
import { type BlockPart, makeBlock, type WeightBlock } from '../blocks.js';
import { newRows, type Rows, rowLength, timeMajor } from '../rows.js';
import { type EngineLayer, type LayerContext, type Range, type Signal, type Space, share } from './layer.js';
import { windowsOver } from './windows.js';

/** Rows that one pass of convolveGradients gathers into a panel. */
const GATHERED_ROWS = 256;

/** Floats of windows' gradients that backward holds at a time, about, and the rows these are at least and at most. */
const CHUNK = { floats: 4096, least: 12, most: 48 };

/**
 * y = Σₖ x at step t·stride + k·dilation · W[k] + b: x (B, T, G·I), W (K, I, G·F), b (G·F) → (B, T', G·F), each of the G groups of
 * channels by itself. The block's rows are W's, (k, i) in order, then b; the F columns of each group begin a panel. Backward:
 * dx is the sum of dy·W[k]ᵀ over the windows that read a step, dW[k] = Σ xᵀ·dy, db = Σ dy.
 */
export class ConvolutionLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly block: WeightBlock;
  /** I, F and panels of one group. */
  private readonly inputs: number;
  private readonly filters: number;
  private readonly panels: number;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  private before = 0;
  /** Steps of one phase of the laid-out input. */
  private length = 0;
  /** x as layWindows leaves it, (B, G, dilation, length, I). */
  private laid = 0;
  private transposed = 0;
  private sums = 0;
  private windows = 0;
  private chunk = 0;
  private scratch = 0;

  constructor(
    private readonly plan: ConvolutionPlan,
    private readonly context: LayerContext,
  ) {
    const { groups, size, kernel, bias } = plan;
    this.inputs = plan.inputs / groups;
    this.filters = plan.filters / groups;
    this.panels = Math.ceil(this.filters / 16);
    const { filters, panels } = this;
    const columns = Int32Array.from(
      { length: plan.filters },
      (_, f) => 16 * panels * Math.floor(f / filters) + (f % filters),
    );
    const rows = size * this.inputs;
    const parts: BlockPart[] = [{ weight: kernel, from: 0, rows, row: 0, columns }];
    if (bias !== NONE) parts.push({ weight: bias, from: 0, rows: 1, row: rows, columns });
    this.block = makeBlock(rows + Number(bias !== NONE), 16 * panels * groups, parts);
    this.blocks = [this.block];
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { groups, size, stride, dilation } = this.plan;
    const { inputs, filters, panels, block } = this;
    const { steps, width } = input.values;
    const { before, count } = windowsOver(steps, this.plan);
    this.input = input;
    this.batch = batch;
    this.before = before;
    this.length = (Math.ceil(count / dilation) - 1) * stride + size;
    const laid = batch * groups * dilation * this.length * inputs;
    this.laid = arena.floats(laid);
    if (input.wantsGradient) {
      input.gradient = newRows(arena, batch, steps, width);
      const across = 16 * Math.ceil((size * inputs) / 16);
      this.chunk = Math.min(Math.max(Math.ceil(CHUNK.floats / across), CHUNK.least), CHUNK.most);
      this.transposed = arena.fixed(16 * Math.ceil(block.rows / 16) * 16 * block.panels);
      this.sums = arena.floats(laid);
      this.windows = arena.floats(batch * this.chunk * across);
    }
    this.scratch = training ? arena.floats(block.panels * 16 * GATHERED_ROWS) : 0;
    // The last group's panels may end after its filters.
    const ld = rowLength((groups - 1) * filters + 16 * panels);
    const values = timeMajor(arena.floats(batch * count * ld), batch, count, this.plan.filters, ld);
    this.output = {
      values,
      sequence: true,
      mask: 0,
      wantsGradient: training && (input.wantsGradient || this.block.gradients !== 0),
    };
    return this.output;
  }

  prepare(part: number, parts: number): void {
    if (!this.input.wantsGradient) return;
    const { rows, panels, weights } = this.block;
    const mine = share(panels, part, parts);
    this.context.kernels.transposeSomePanels(weights, panels, rows, this.transposed, mine.from, mine.to);
  }

  forward({ from, to }: Range): void {
    const { kernels, wide } = this.context;
    const { groups, size, stride, dilation } = this.plan;
    const { inputs, filters, panels, block, length, laid, before } = this;
    const x = this.input.values;
    const y = this.output.values;
    kernels.layWindows(
      x.address,
      x.stepStride,
      x.rowStride,
      x.steps,
      inputs,
      groups,
      before,
      dilation,
      length,
      laid,
      from,
      to,
    );
    kernels.convolveForward(
      laid,
      inputs,
      size,
      groups,
      filters,
      stride,
      dilation,
      length,
      block.weights,
      panels,
      block.rows,
      y.address,
      y.stepStride,
      y.rowStride,
      y.steps,
      from,
      to,
      wide,
    );
  }

  backward({ from, to }: Range): void {
    if (!this.input.wantsGradient) return;
    const { kernels, wide } = this.context;
    const { groups, size, stride, dilation } = this.plan;
    const dx = placed(this.input);
    const dy = placed(this.output);
    kernels.convolveBackward(
      dy.address,
      dy.stepStride,
      dy.rowStride,
      dy.steps,
      this.filters,
      this.transposed,
      this.panels,
      this.inputs,
      size,
      groups,
      stride,
      dilation,
      this.length,
      this.sums,
      this.windows,
      this.chunk,
      dx.address,
      dx.stepStride,
      dx.rowStride,
      dx.steps,
      this.before,
      from,
      to,
      wide,
    );
  }

  gradients(part: number, parts: number): void {
    const { kernels, wide } = this.context;
    const { groups, size, stride, dilation } = this.plan;
    const { block, batch } = this;
    if (block.gradients === 0) return;
    const dy = placed(this.output);
    const mine = share(block.panels, part, parts);
    kernels.convolveGradients(
      this.laid,
      this.inputs,
      size,
      groups,
      this.filters,
      stride,
      dilation,
      this.length,
      dy.address,
      dy.stepStride,
      dy.rowStride,
      dy.steps,
      batch,
      block.gradients,
      this.panels,
      block.rows,
      this.scratch,
      mine.from,
      mine.to,
      wide,
    );
  }
}

/** The gradient of a signal whose reader has been placed. */
function placed({ gradient }: Signal): Rows {
  if (gradient) return gradient;
  throw new Error('a signal without a gradient');
}
