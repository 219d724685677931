import { MemcellError } from '../../errors.js';
import { MergeId } from '../../kernels/mergeIds.js';
import type { PositionsPlan } from '../../plan/layerPlan.js';
import { makeBlock, plainColumns, type WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { copyRows } from '../moveRows.js';
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

/** y = x + a vector for each place: rows of a learnt table (L, F), or sine and cosine waves. Backward: dx = dy, and the sum over the batch for the table. */
export class PositionsLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[];
  readonly anyOrder = true;
  readonly table: WeightBlock | undefined;
  /** Floats from one row of the table or the waves to the next. */
  readonly tableRow: number;

  constructor(
    readonly plan: PositionsPlan,
    readonly context: LayerContext,
  ) {
    const { of, width } = plan;
    this.tableRow = 16 * Math.ceil(width / 16);
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

  place(input: Signal, space: Space): PlacedLayer {
    const { of, name } = this.plan;
    const { steps } = input.values;
    if (of.kind === 'table' && steps > of.length)
      throw new MemcellError(
        `layer ${name} has ${of.length} places and got ${steps} steps; give shorter sequences, or the layer a larger sequenceLength`,
        { code: 'data' },
      );
    return new PlacedPositions(this, input, space);
  }
}

class PlacedPositions implements PlacedLayer {
  readonly output: Signal;
  private readonly dx: Rows | undefined;
  /** (T, F) of what is added, rows `tableRow` floats apart. */
  private readonly added: number;

  constructor(
    private readonly layer: PositionsLayer,
    private readonly input: Signal,
    private readonly space: Space,
  ) {
    const { plan, table } = layer;
    const { training } = space;
    const { steps, width } = input.values;
    this.added = plan.of.kind === 'waves' ? this.placeWaves(plan.of.longest) : (table?.weights ?? 0);
    this.dx = placeGradient(input, space);
    const learns = training && table !== undefined && table.gradients !== 0;
    this.output = signalFrom(input, newRows(space, steps, width), {
      wantsGradient: input.wantsGradient || learns,
    });
  }

  private placeWaves(longest: number): number {
    const { arena } = this.space;
    const { tableRow } = this.layer;
    const { steps, width } = this.input.values;
    const waves = arena.fixed(steps * tableRow);
    for (let t = 0; t < steps; t++)
      for (let i = 0; i < width; i++) {
        const angle = t / longest ** ((i - (i % 2)) / width);
        arena.f32[(waves >>> 2) + t * tableRow + i] = i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      }
    return waves;
  }

  forward({ from, to }: Range): void {
    const x = this.input.values;
    const y = this.output.values;
    const { context, tableRow } = this.layer;
    context.kernels.mergeForward(
      MergeId.sum,
      x.address,
      x.stepStride,
      x.rowStride,
      this.added,
      tableRow,
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
    const { dx } = this;
    if (dx) copyRows(this.layer.context.kernels, gradientOf(this.output), dx, rows);
  }

  gradients(part: number, parts: number): void {
    const { table, tableRow, context } = this.layer;
    if (!table?.gradients) return;
    const dy = gradientOf(this.output);
    const mine = share(table.rows, part, parts);
    const used = Math.min(mine.to, dy.steps);
    const { kernels } = context;
    // The places of the table stand for batch entries, over whose steps the kernel sums: the batch.
    kernels.sumSteps(
      dy.address,
      dy.rowStride,
      dy.stepStride,
      table.gradients,
      tableRow,
      dy.width,
      this.space.batch,
      mine.from,
      used,
    );
    const unused = Math.max(mine.from, dy.steps);
    if (unused < mine.to)
      kernels.zeroRows(table.gradients + 4 * tableRow * unused, tableRow, mine.to - unused, 0, tableRow);
  }
}
