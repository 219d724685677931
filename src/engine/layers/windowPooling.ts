import type { WindowPoolingPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { newRows } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import { windowsOver } from './windows.js';

/** (B, T, F) → (B, T', F): the mean or the largest of each window's steps; padding counts for nothing. A largest value's gradient goes to the first step that has it. */
export class WindowPoolingLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];

  constructor(
    readonly plan: WindowPoolingPlan,
    readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space): PlacedLayer {
    return new PlacedWindowPooling(this, input, space);
  }
}

class PlacedWindowPooling implements PlacedLayer {
  readonly output: Signal;
  private readonly before: number;

  constructor(
    private readonly layer: WindowPoolingLayer,
    private readonly input: Signal,
    space: Space,
  ) {
    const { steps, width } = input.values;
    const { before, count } = windowsOver(steps, layer.plan);
    this.before = before;
    placeGradient(input, space);
    const values = newRows(space, count, width);
    this.output = { values, sequence: true, mask: 0, wantsGradient: input.wantsGradient };
  }

  forward({ from, to }: Range): void {
    const { plan, context } = this.layer;
    const { kernels } = context;
    const { kind, size, stride } = plan;
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
    const { plan, context } = this.layer;
    const { kernels } = context;
    const { kind, size, stride } = plan;
    const x = this.input.values;
    const dx = gradientOf(this.input);
    const dy = gradientOf(this.output);
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
