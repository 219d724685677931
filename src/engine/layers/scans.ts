/** What MinGRU, MinLSTM and sLSTM do step by step, once W·x + b of all steps is there. */
import type { ScanPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { newRows, type Rows } from '../rows.js';
import { type LayerContext, type Range, type Space, share } from './layer.js';

/** Rows that one pass of denseGradients gathers into a panel. */
const GATHERED_ROWS = 256;

/** A sequence from its first computed step on: the step's distance is negative where a cell goes backwards. */
export type Strides = Pick<Rows, 'address' | 'stepStride' | 'rowStride'>;

/** What a pass reads and writes. */
export interface Pass {
  gates: Strides;
  /** One float a row, 0 where the step does not count; an address of 0: no mask. */
  mask: Pick<Strides, 'address' | 'stepStride'>;
  /** h before each step, and one step on after it. */
  h: Strides;
  /** The other states, side by side, likewise. */
  others: Strides;
  steps: number;
}

export interface BackwardPass extends Pass {
  /** Laid out as the gates. */
  dGates: Strides;
  /** Of every step's output, where there is one. */
  dOutput: Strides | undefined;
  /** (B, heads·padded), and (B, the other states): of the last states at first, of the first at last. */
  dh: Strides;
  dOthers: Strides;
}

export interface Scan {
  /** Weights beside those of the product with x. */
  readonly blocks: readonly WeightBlock[];
  /** Where W·x + b puts Keras's columns, and floats of a row of gates. */
  readonly columns: Int32Array;
  readonly width: number;
  /** Blocks of units that a row of dh has `padded` floats apart. */
  readonly heads: number;
  readonly padded: number;
  place(space: Space, steps: number): PlacedScan;
}

export interface PlacedScan {
  prepare(part: number, parts: number): void;
  forward(pass: Pass, rows: Range): void;
  backward(pass: BackwardPass, rows: Range): void;
  /** @param before h before every step in the order of time, rows as of the gates; `dGates` in the order of time */
  gradients(before: Strides, dGates: Strides, part: number, parts: number): void;
}

/** MinGRU and MinLSTM. */
class WeightedMean implements Scan, PlacedScan {
  readonly blocks: readonly WeightBlock[] = [];
  readonly columns: Int32Array;
  readonly width: number;
  readonly heads = 1;
  readonly padded: number;
  private readonly both: number;

  constructor(
    private readonly plan: ScanPlan,
    private readonly context: LayerContext,
  ) {
    this.both = Number(plan.kind === 'minLSTM');
    this.width = (2 + this.both) * plan.units;
    this.columns = plainColumns(this.width);
    this.padded = plan.units;
  }

  /** It has nothing to lay out. */
  place(): PlacedScan {
    return this;
  }

  prepare(): void {}

  forward({ gates, mask, h, steps }: Pass, { from, to }: Range): void {
    this.context.kernels.scanForward(
      this.both,
      this.plan.units,
      gates.address,
      gates.stepStride,
      gates.rowStride,
      mask.address,
      mask.stepStride,
      h.address,
      h.stepStride,
      h.rowStride,
      steps,
      from,
      to,
    );
  }

  backward({ gates, mask, h, steps, dGates, dOutput, dh }: BackwardPass, { from, to }: Range): void {
    this.context.kernels.scanBackward(
      this.both,
      this.plan.units,
      gates.address,
      dGates.address,
      gates.stepStride,
      gates.rowStride,
      mask.address,
      mask.stepStride,
      h.address,
      h.stepStride,
      h.rowStride,
      dOutput?.address ?? 0,
      dOutput?.stepStride ?? 0,
      dOutput?.rowStride ?? 0,
      dh.address,
      dh.rowStride,
      steps,
      from,
      to,
    );
  }

  gradients(): void {}
}

/** sLSTM: its block has the columns of each head in turn, rows of that head's units. */
class ExponentialGates implements Scan {
  readonly blocks: readonly WeightBlock[];
  readonly columns: Int32Array;
  readonly width: number;
  readonly heads: number;
  readonly padded: number;
  readonly block: WeightBlock;
  /** Units of a head, and floats of its gates. */
  readonly size: number;
  readonly headWidth: number;

  constructor(
    readonly plan: ScanPlan,
    readonly context: LayerContext,
  ) {
    const { units, heads, recurrentKernel } = plan;
    const size = units / heads;
    const headWidth = 16 * Math.ceil((4 * size) / 16);
    this.size = size;
    this.headWidth = headWidth;
    this.heads = heads;
    this.padded = 16 * Math.ceil(size / 16);
    this.width = heads * headWidth;
    this.columns = Int32Array.from({ length: 4 * units }, (_, column) => {
      const unit = column % units;
      return headWidth * Math.floor(unit / size) + size * Math.floor(column / units) + (unit % size);
    });
    const part = { weight: recurrentKernel, from: 0, rows: size, row: 0, columns: this.columns };
    this.block = makeBlock(size, this.width, [part]);
    this.blocks = [this.block];
  }

  place(space: Space, steps: number): PlacedScan {
    return new PlacedExponentialGates(this, space, steps);
  }
}

class PlacedExponentialGates implements PlacedScan {
  /** Of backward; 0 without training. */
  private readonly transposed: number;
  private readonly next: number;
  private readonly scratch: number;
  private readonly rows: number;

  constructor(
    private readonly gates: ExponentialGates,
    space: Space,
    steps: number,
  ) {
    const { arena, batch, training } = space;
    const { heads, padded, headWidth, block } = gates;
    this.rows = batch * steps;
    this.transposed = training ? arena.fixed(heads * padded * headWidth) : 0;
    this.next = training ? newRows(space, 1, heads * padded).address : 0;
    this.scratch = training ? arena.floats(block.panels * 16 * GATHERED_ROWS) : 0;
  }

  prepare(part: number, parts: number): void {
    const { block, size, headWidth, padded, context } = this.gates;
    const panels = headWidth / 16;
    this.eachHead(part, parts, (head, from, to) => {
      const weights = block.weights + 64 * size * panels * head;
      const transposed = this.transposed + 4 * padded * headWidth * head;
      context.kernels.transposeSomePanels(weights, panels, size, transposed, from, to);
    });
  }

  forward({ gates, mask, h, others, steps }: Pass, { from, to }: Range): void {
    const { plan, context, heads, size, headWidth, block } = this.gates;
    context.kernels.slstmForward(
      Number(plan.exponential),
      heads,
      size,
      headWidth,
      block.weights,
      gates.address,
      gates.stepStride,
      gates.rowStride,
      mask.address,
      mask.stepStride,
      h.address,
      h.stepStride,
      h.rowStride,
      others.address,
      others.stepStride,
      others.rowStride,
      steps,
      from,
      to,
      context.wide,
    );
  }

  backward({ gates, mask, others, steps, dGates, dOutput, dh, dOthers }: BackwardPass, { from, to }: Range): void {
    const { plan, context, heads, size, headWidth, padded } = this.gates;
    context.kernels.slstmBackward(
      Number(plan.exponential),
      heads,
      size,
      headWidth,
      padded,
      this.transposed,
      gates.address,
      dGates.address,
      gates.stepStride,
      gates.rowStride,
      mask.address,
      mask.stepStride,
      others.address,
      others.stepStride,
      others.rowStride,
      dOutput?.address ?? 0,
      dOutput?.stepStride ?? 0,
      dOutput?.rowStride ?? 0,
      dh.address,
      this.next,
      dh.rowStride,
      dOthers.address,
      dOthers.rowStride,
      steps,
      from,
      to,
      context.wide,
    );
  }

  gradients(before: Strides, dGates: Strides, part: number, parts: number): void {
    const { block, size, headWidth, context } = this.gates;
    if (block.gradients === 0) return;
    const panels = headWidth / 16;
    this.eachHead(part, parts, (head, from, to) => {
      context.kernels.denseGradients(
        before.address + 4 * size * head,
        before.rowStride,
        size,
        dGates.address + 4 * headWidth * head,
        dGates.rowStride,
        4 * size,
        this.rows,
        block.gradients + 64 * size * panels * head,
        size,
        0,
        this.scratch + 64 * GATHERED_ROWS * panels * head,
        from,
        to,
        context.wide,
      );
    });
  }

  /** A thread's share of the block's panels, as the panels of each head. */
  private eachHead(part: number, parts: number, visit: (head: number, from: number, to: number) => void): void {
    const { headWidth, block } = this.gates;
    const panels = headWidth / 16;
    const mine = share(block.panels, part, parts);
    for (let head = Math.floor(mine.from / panels); head * panels < mine.to; head++)
      visit(head, Math.max(mine.from - head * panels, 0), Math.min(mine.to - head * panels, panels));
  }
}

export function makeScan(plan: ScanPlan, context: LayerContext): Scan {
  return plan.kind === 'sLSTM' ? new ExponentialGates(plan, context) : new WeightedMean(plan, context);
}
