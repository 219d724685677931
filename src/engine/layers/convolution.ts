import { type ConvolutionPlan, NONE } from '../../plan/layerPlan.js';
import { type BlockPart, makeBlock, type WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { type Rows, rowLength, timeMajor } from '../rows.js';
import {
  type EngineLayer,
  type LayerContext,
  type PlacedLayer,
  type Range,
  type Signal,
  type Space,
  share,
} from './layer.js';
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
  readonly block: WeightBlock;
  /** I, F and panels of one group. */
  readonly inputs: number;
  readonly filters: number;
  readonly panels: number;

  constructor(
    readonly plan: ConvolutionPlan,
    readonly context: LayerContext,
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

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedConvolution(this, input, space);
  }
}

/** What the input's gradient is made in. */
interface Back {
  dx: Rows;
  transposed: number;
  sums: number;
  windows: number;
  chunk: number;
}

class PlacedConvolution implements PlacedLayer {
  readonly output: Signal;
  private readonly before: number;
  /** Steps of one phase of the laid-out input. */
  private readonly length: number;
  /** x as layWindows leaves it, (B, G, dilation, length, I). */
  private readonly laid: number;
  /** Where the input wants its gradient. */
  private readonly back: Back | undefined;
  private readonly scratch: number;

  constructor(
    private readonly layer: ConvolutionLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { plan, inputs, filters, panels, block } = layer;
    const { groups, size, stride, dilation } = plan;
    const { arena, batch, training } = space;
    const { before, count } = windowsOver(input.values.steps, plan);
    this.before = before;
    this.length = (Math.ceil(count / dilation) - 1) * stride + size;
    const laid = batch * groups * dilation * this.length * inputs;
    this.laid = arena.floats(laid);
    const dx = placeGradient(input, space);
    this.back = dx && this.placeBack(dx, laid);
    this.scratch = training ? arena.floats(block.panels * 16 * GATHERED_ROWS) : 0;
    // The last group's panels may end after its filters.
    const ld = rowLength((groups - 1) * filters + 16 * panels);
    const values = timeMajor(arena.floats(batch * count * ld), batch, count, plan.filters, ld);
    this.output = {
      values,
      sequence: true,
      mask: 0,
      wantsGradient: training && (input.wantsGradient || block.gradients !== 0),
    };
  }

  private placeBack(dx: Rows, laid: number): Back {
    const { arena, batch } = this.space;
    const { plan, inputs, block } = this.layer;
    const across = 16 * Math.ceil((plan.size * inputs) / 16);
    const chunk = Math.min(Math.max(Math.ceil(CHUNK.floats / across), CHUNK.least), CHUNK.most);
    const transposed = arena.fixed(16 * Math.ceil(block.rows / 16) * 16 * block.panels);
    return { dx, transposed, sums: arena.floats(laid), windows: arena.floats(batch * chunk * across), chunk };
  }

  prepare(part: number, parts: number): void {
    if (!this.back) return;
    const { block, context } = this.layer;
    const { rows, panels, weights } = block;
    const mine = share(panels, part, parts);
    context.kernels.transposeSomePanels(weights, panels, rows, this.back.transposed, mine.from, mine.to);
  }

  forward({ from, to }: Range): void {
    const { plan, context, inputs, filters, panels, block } = this.layer;
    const { kernels, wide } = context;
    const { groups, size, stride, dilation } = plan;
    const { length, laid, before } = this;
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
    if (!this.back) return;
    const { plan, context, inputs, filters, panels } = this.layer;
    const { kernels, wide } = context;
    const { groups, size, stride, dilation } = plan;
    const { dx, transposed, sums, windows, chunk } = this.back;
    const dy = gradientOf(this.output);
    kernels.convolveBackward(
      dy.address,
      dy.stepStride,
      dy.rowStride,
      dy.steps,
      filters,
      transposed,
      panels,
      inputs,
      size,
      groups,
      stride,
      dilation,
      this.length,
      sums,
      windows,
      chunk,
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
    const { plan, context, inputs, filters, panels, block } = this.layer;
    const { kernels, wide } = context;
    const { groups, size, stride, dilation } = plan;
    if (block.gradients === 0) return;
    const dy = gradientOf(this.output);
    const mine = share(block.panels, part, parts);
    kernels.convolveGradients(
      this.laid,
      inputs,
      size,
      groups,
      filters,
      stride,
      dilation,
      this.length,
      dy.address,
      dy.stepStride,
      dy.rowStride,
      dy.steps,
      this.space.batch,
      block.gradients,
      panels,
      block.rows,
      this.scratch,
      mine.from,
      mine.to,
      wide,
    );
  }
}
