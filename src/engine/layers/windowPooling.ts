import type { WindowPoolingPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { newRows } from '../rows.js';
import type { EngineLayer, LayerContext, Range, Signal, Space } from './layer.js';
import { windowsOver } from './windows.js';

/** (B, T, F) → (B, T', F): the mean or the largest of each window's steps; padding counts for nothing. A largest value's gradient goes to the first step that has it. */
export class WindowPoolingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  private input!: Signal;
  private output!: Signal;
  private before = 0;

  constructor(
    private readonly plan: WindowPoolingPlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, { arena, batch }: Space): Signal {
    const { steps, width } = input.values;
    const { before, count } = windowsOver(steps, this.plan);
    this.input = input;
    this.before = before;
    if (input.wantsGradient) {
      input.gradient = newRows(arena, batch, steps, width);
    }
    const values = newRows(arena, batch, count, width);
    this.output = { values, sequence: true, mask: 0, wantsGradient: input.wantsGradient };
    return this.output;
  }

  forward({ from, to }: Range): void {
    const { kernels } = this.context;
    const { kind, size, stride } = this.plan;
    const x = this.input.values;
    const y = this.output.values;
    const run = kind === 'averageWindows' ? kernels.averageWindowsForward : kernels.maxWindowsForward;
    run(
      x.address,
      x.stepStride,
      x.rowStride,
      x.steps,
      size,
      stride,
      this.before,
      y.address,
      y.stepStride,
      y.rowStride,
      y.steps,
      x.width,
      from,
      to,
    );
  }

  backward({ from, to }: Range): void {
    const { kernels } = this.context;
    const { kind, size, stride } = this.plan;
    const { values: x, gradient: dx, wantsGradient } = this.input;
    const { gradient: dy } = this.output;
    if (!wantsGradient || dx === undefined || dy === undefined) return;
    if (kind === 'averageWindows')
      kernels.averageWindowsBackward(
        dy.address,
        dy.stepStride,
        dy.rowStride,
        dy.steps,
        size,
        stride,
        this.before,
        dx.address,
        dx.stepStride,
        dx.rowStride,
        dx.steps,
        x.width,
        from,
        to,
      );
    else
      kernels.maxWindowsBackward(
        x.address,
        x.stepStride,
        x.rowStride,
        dy.address,
        dy.stepStride,
        dy.rowStride,
        dy.steps,
        size,
        stride,
        this.before,
        dx.address,
        dx.stepStride,
        dx.rowStride,
        dx.steps,
        x.width,
        from,
        to,
      );
  }

  gradients(): void {}
}
