/** Layers that move rows and compute nothing but sums of them. */
import type { WeightBlock } from '../blocks.js';
import { copyRows } from '../moveRows.js';
import { newRows, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';

export abstract class MovingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  protected input!: Signal;
  protected output!: Signal;

  constructor(protected readonly context: LayerContext) {}

  abstract place(input: Signal, space: Space): Signal;
  abstract forward(rows: Range, training: boolean): void;
  abstract backward(rows: Range): void;
  gradients(_part: number, _parts: number): void {}

  /** Takes the input and a place for its gradient, and gives the output a place of its own, without a mask. */
  protected move(
    input: Signal,
    { arena, batch }: Space,
    output: Pick<Rows, 'steps' | 'width'>,
    sequence = true,
  ): Signal {
    const rows = ({ steps, width }: Pick<Rows, 'steps' | 'width'>) => newRows(arena, batch, steps, width);
    this.input = input;
    if (input.wantsGradient) input.gradient = rows(input.values);
    this.output = { values: rows(output), sequence, mask: 0, wantsGradient: input.wantsGradient };
    return this.output;
  }

  /** dL/dx and dL/dy, where both are there. */
  protected get slopes(): { dx: Rows; dy: Rows } | undefined {
    const { gradient: dx } = this.input;
    const { gradient: dy } = this.output;
    return dx && dy && { dx, dy };
  }

  protected copy(from: Rows, to: Rows, rows: Range, width?: number, steps?: number): void {
    copyRows(this.context.kernels, from, to, rows, width, steps);
  }
}

/** The rows from step `first` on, every `apart`-th. */
export function stepsFrom(rows: Rows, first: number, apart = 1): Rows {
  return { ...rows, address: rows.address + 4 * first * rows.stepStride, stepStride: apart * rows.stepStride };
}
