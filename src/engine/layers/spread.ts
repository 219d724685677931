import { gradientOf, placeGradient } from '../gradients.js';
import type { Kernels } from '../kernels.js';
import { copyRows } from '../moveRows.js';
import { newRows, type Rows, rowNumbers, signalFrom } from '../rows.js';
import type { Range, Signal, Space } from './layer.js';

/**
 * An input of one step, or of one feature, as often as others beside it have more: what it gives is read in its place, and its
 * gradient is the sum of theirs.
 */
export class Spread {
  /** The input in the shape of the others. */
  readonly signal: Signal;
  /** Of the input, each step's one feature repeated, where that is not what it has. */
  private readonly widened: Rows | undefined;
  /** Its gradient, summed over steps alone. */
  private readonly narrowed: Rows | undefined;

  constructor(
    private readonly input: Signal,
    private readonly shape: Pick<Rows, 'steps' | 'width'>,
    private readonly space: Space,
    private readonly kernels: Kernels,
  ) {
    const { arena, batch } = space;
    const { steps, width } = input.values;
    const widens = width < shape.width;
    const both = widens && steps < shape.steps;
    this.widened = both ? newRows(space, steps, shape.width) : undefined;
    this.narrowed = both && input.wantsGradient ? newRows(space, steps, shape.width) : undefined;
    placeGradient(input, space);
    const mask = input.mask && steps < shape.steps ? arena.floats(batch * shape.steps) : input.mask;
    this.signal = signalFrom(input, newRows(space, shape.steps, shape.width), { mask });
  }

  forward(rows: Range): void {
    const { input, signal, shape, widened } = this;
    const { values: x } = input;
    const { values: y } = signal;
    if (x.width < shape.width) this.widen(x, widened ?? y, rows);
    const before = widened ?? x;
    if (before.steps < shape.steps) this.repeatSteps(before, y, rows);
    if (signal.mask !== input.mask) this.repeatMask(rows);
  }

  /** From the gradient of what it gives, where that wants one. */
  backward(rows: Range): void {
    const { input, signal, narrowed } = this;
    if (!input.wantsGradient) return;
    const dx = gradientOf(input);
    const dy = gradientOf(signal);
    const before = narrowed ?? dx;
    if (before.steps < dy.steps) this.sumSteps(dy, before, rows);
    const given = before.steps < dy.steps ? before : dy;
    if (given.width > dx.width) this.narrow(given, dx, rows);
  }

  private widen(from: Rows, to: Rows, rows: Range): void {
    this.eachStep('repeatFloats', from, to, to.width, rows);
  }

  private narrow(from: Rows, to: Rows, rows: Range): void {
    this.eachStep('sumRows', from, to, from.width, rows);
  }

  /** Between one feature and `width` of them. */
  private eachStep(kernel: 'repeatFloats' | 'sumRows', from: Rows, to: Rows, width: number, rows: Range): void {
    for (let t = 0; t < from.steps; t++)
      this.kernels[kernel](
        from.address + 4 * t * from.stepStride,
        from.rowStride,
        to.address + 4 * t * to.stepStride,
        to.rowStride,
        width,
        rows.from,
        rows.to,
      );
  }

  private repeatSteps(from: Rows, to: Rows, rows: Range): void {
    copyRows(this.kernels, { ...from, stepStride: 0 }, to, rows, to.width, to.steps);
  }

  private sumSteps(from: Rows, to: Rows, { from: batch0, to: batch1 }: Range): void {
    this.kernels.sumSteps(
      from.address,
      from.stepStride,
      from.rowStride,
      to.address,
      to.rowStride,
      from.width,
      from.steps,
      batch0,
      batch1,
    );
  }

  private repeatMask(rows: Range): void {
    const { arena } = this.space;
    const { steps } = this.shape;
    const [from, to] = [this.input.mask >>> 2, this.signal.mask >>> 2];
    const { step, entry } = rowNumbers(this.space, steps);
    for (let b = rows.from; b < rows.to; b++)
      for (let t = 0; t < steps; t++) arena.f32[to + t * step + b * entry] = arena.f32[from + b];
  }
}
