/** Layers that move rows and compute nothing but sums of them. */
import { gradientOf, placeGradient } from '../gradients.js';
import { copyRows } from '../moveRows.js';
import { newRows, type Rows } from '../rows.js';
import type { LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** What an output is, where it is not a sequence without a mask that wants its gradient as the input does. */
type OutputFlow = Partial<Pick<Signal, 'sequence' | 'mask' | 'wantsGradient'>>;

export abstract class PlacedMoving implements PlacedLayer {
  readonly output: Signal;

  /** Gives the output a place of its own, and the input one for its gradient. */
  constructor(
    protected readonly context: LayerContext,
    protected readonly input: Signal,
    space: Space,
    { steps, width }: Pick<Rows, 'steps' | 'width'>,
    flow: OutputFlow = {},
  ) {
    placeGradient(input, space);
    const values = newRows(space, steps, width);
    this.output = { values, sequence: true, mask: 0, wantsGradient: input.wantsGradient, ...flow };
  }

  abstract forward(rows: Range, training: boolean): void;
  abstract backward(rows: Range): void;
  gradients(_part: number, _parts: number): void {}

  protected get dx(): Rows {
    return gradientOf(this.input);
  }

  protected get dy(): Rows {
    return gradientOf(this.output);
  }

  protected copy(from: Rows, to: Rows, rows: Range, width?: number, steps?: number): void {
    copyRows(this.context.kernels, from, to, rows, width, steps);
  }
}

/** The rows from step `first` on, every `apart`-th. */
export function stepsFrom(rows: Rows, first: number, apart = 1): Rows {
  return { ...rows, address: rows.address + 4 * first * rows.stepStride, stepStride: apart * rows.stepStride };
}

/** The features from one on. */
export function featuresFrom(rows: Rows, first: number): Rows {
  return { ...rows, address: rows.address + 4 * first };
}
