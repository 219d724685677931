import { MemcellError } from '../../errors.js';
import { MergeId } from '../../kernels/mergeIds.js';
import type { PositionsPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { copyRows } from '../moveRows.js';
import { newRows } from '../rows.js';
import { type EngineLayer, type LayerContext, type Range, type Signal, type Space, share } from './layer.js';

/** y = x + a vector for each place: rows of a learnt table (L, F), or sine and cosine waves. Backward: dx = dy, and the sum over the batch for the table. */
export class PositionsLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  private readonly table: WeightBlock | undefined;
  private input!: Signal;
  private output!: Signal;
  private batch = 0;
  /** (T, F), rows `waveRow` floats apart. */
  private waves = 0;

  constructor(
    private readonly plan: PositionsPlan,
    private readonly context: LayerContext,
  ) {
    const { of, width } = plan;
    this.table =
      of.kind === 'table'
        ? makeBlock(
            of.length,
            width,
            [{ weight: of.weight, from: 0, rows: of.length, row: 0, columns: plainColumns(width) }],
            { layout: 'rows' },
          )
        : undefined;
    this.blocks = this.table ? [this.table] : [];
  }

  /** Floats from one row of the table or the waves to the next. */
  private get tableRow(): number {
    return 16 * Math.ceil(this.plan.width / 16);
  }

  place(input: Signal, { arena, batch, training }: Space): Signal {
    const { of, name } = this.plan;
    const { steps, width } = input.values;
    if (of.kind === 'table' && steps > of.length)
      throw new MemcellError(
        `layer ${name} has ${of.length} places and got ${steps} steps; give shorter sequences, or the layer a larger sequenceLength`,
        { code: 'data' },
      );
    this.input = input;
    this.batch = batch;
    if (of.kind === 'waves') {
      this.waves = arena.fixed(steps * this.tableRow);
      for (let t = 0; t < steps; t++)
        for (let i = 0; i < width; i++) {
          const angle = t / of.longest ** ((i - (i % 2)) / width);
          arena.f32[(this.waves >>> 2) + t * this.tableRow + i] = i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
        }
    }
    if (input.wantsGradient) input.gradient = newRows(arena, batch, steps, width);
    const learns = training && this.table !== undefined && this.table.gradients !== 0;
    this.output = {
      ...input,
      values: newRows(arena, batch, steps, width),
      gradient: undefined,
      wantsGradient: input.wantsGradient || learns,
    };
    return this.output;
  }

  forward({ from, to }: Range): void {
    const x = this.input.values;
    const y = this.output.values;
    this.context.kernels.mergeForward(
      MergeId.sum,
      x.address,
      x.stepStride,
      x.rowStride,
      this.table?.weights ?? this.waves,
      this.tableRow,
      0,
      y.address,
      y.stepStride,
      y.rowStride,
      y.width,
      y.steps,
      from,
      to,
    );
  }

  backward(rows: Range): void {
    const { gradient: dx } = this.input;
    const { gradient: dy } = this.output;
    if (dx && dy) copyRows(this.context.kernels, dy, dx, rows);
  }

  gradients(part: number, parts: number): void {
    const { gradient: dy } = this.output;
    const { table, batch, tableRow } = this;
    if (dy === undefined || !table?.gradients) return;
    const mine = share(table.rows, part, parts);
    const used = Math.min(mine.to, dy.steps);
    const { kernels } = this.context;
    // The places of the table stand for batch entries, over whose steps the kernel sums: the batch.
    kernels.sumSteps(
      dy.address,
      dy.rowStride,
      dy.stepStride,
      table.gradients,
      tableRow,
      dy.width,
      batch,
      mine.from,
      used,
    );
    const unused = Math.max(mine.from, dy.steps);
    if (unused < mine.to)
      kernels.zeroRows(table.gradients + 4 * tableRow * unused, tableRow, mine.to - unused, 0, tableRow);
  }
}
