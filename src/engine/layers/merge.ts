/** Layers of several inputs: element by element, or one after the other. */
import { MemcellError } from '../../errors.js';
import { MergeId } from '../../kernels/mergeIds.js';
import type { ConcatenatePlan, MergePlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { copyRows, mergeRows } from '../moveRows.js';
import { eachRun, newRows, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';
import { Spread } from './spread.js';

abstract class PlacedJoining implements PlacedLayer {
  abstract readonly output: Signal;
  /** Gradients of the inputs, where wanted. */
  protected readonly slopes: readonly (Rows | undefined)[];

  constructor(
    protected readonly context: LayerContext,
    protected readonly inputs: readonly Signal[],
    protected readonly space: Space,
  ) {
    this.slopes = inputs.map((input) => placeGradient(input, space));
  }

  abstract forward(rows: Range): void;
  abstract backward(rows: Range): void;
  gradients(): void {}

  protected rows(width: number, steps: number): Rows {
    return newRows(this.space, steps, width);
  }

  protected copy(from: Rows, to: Rows, rows: Range): void {
    copyRows(this.context.kernels, from, to, rows);
  }

  /** Sets the rows, which are the engine's own, whose steps do not count, but for those that by `unless` do not either. */
  protected fillMasked(to: Rows, mask: number, value: number, rows: Range, unless = 0): void {
    const { address, ld, width, steps } = to;
    const { f32 } = this.space.arena;
    eachRun(rows, this.space, steps, (from, until) => {
      for (let row = from; row < until; row++) {
        if (f32[(mask >>> 2) + row] !== 0 || (unless && f32[(unless >>> 2) + row] === 0)) continue;
        const at = (address >>> 2) + row * ld;
        f32.fill(value, at, at + width);
      }
    });
  }

  /** mask ← a joined with b: 1 where either is. */
  protected joinMasks(a: number, b: number, to: number, rows: Range): void {
    const { f32 } = this.space.arena;
    eachRun(rows, this.space, this.output.values.steps, (from, until) => {
      for (let row = from; row < until; row++) {
        f32[(to >>> 2) + row] = Math.max(f32[(a >>> 2) + row], f32[(b >>> 2) + row]);
      }
    });
  }
}

/** What stands for steps that do not count where others do. */
const NEUTRAL: Partial<Record<MergeId, number>> = {
  [MergeId.mul]: 1,
  [MergeId.maximum]: Number.NEGATIVE_INFINITY,
  [MergeId.minimum]: Number.POSITIVE_INFINITY,
};

/**
 * y = a + b + …, a − b, a∘b∘…, the mean, the largest or the smallest of inputs, element by element, one step or one feature as often
 * as others have more. Of equal largest or smallest elements the first input's gets the gradient. A step counts that counts in any input, if all have masks.
 * As in Keras, steps of an input that do not count are ones in a product, which is 0 where none does, and left out of largest and
 * smallest, which are the first input where none does.
 */
export class MergeLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    private readonly plan: MergePlan,
    private readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space, others: readonly Signal[]): PlacedLayer {
    const given = [input, ...others];
    const largest = (of: 'steps' | 'width') => Math.max(...given.map(({ values }) => values[of]));
    const shape = { steps: largest('steps'), width: largest('width') };
    requireSameSteps(given.filter(({ values }) => values.steps > 1));
    const spreads: Spread[] = [];
    const inputs = given.map((one) => {
      if (one.values.steps === shape.steps && one.values.width === shape.width) return one;
      const spread = new Spread(one, shape, space, this.context.kernels);
      spreads.push(spread);
      return spread.signal;
    });
    return new PlacedMerge(this.plan, this.context, inputs, spreads, space);
  }
}

class PlacedMerge extends PlacedJoining {
  readonly output: Signal;
  /** What is left of dL/dy for the inputs to come: for largest and smallest. */
  private readonly left: Rows | undefined;
  /** The inputs' values; where masks change what is joined, copies of those that have masks. */
  private readonly terms: readonly Rows[];

  constructor(
    private readonly plan: MergePlan,
    context: LayerContext,
    inputs: readonly Signal[],
    /** The inputs whose steps or features are repeated. */
    private readonly spreads: readonly Spread[],
    space: Space,
  ) {
    super(context, inputs, space);
    const { mode } = plan;
    const { steps, width } = inputs[0].values;
    const wantsGradient = inputs.some((one) => one.wantsGradient);
    const selects = mode === MergeId.maximum || mode === MergeId.minimum;
    this.left = wantsGradient && selects ? this.rows(width, steps) : undefined;
    const isCopied = (mask: number) => NEUTRAL[mode] !== undefined && mask !== 0;
    this.terms = inputs.map(({ values, mask }) => (isCopied(mask) ? this.rows(width, values.steps) : values));
    const masked = inputs.every(({ mask }) => mask !== 0);
    const mask = masked ? (inputs.length === 1 ? inputs[0].mask : space.arena.floats(space.batch * steps)) : 0;
    const sequence = inputs.some((one) => one.sequence);
    this.output = { values: this.rows(width, steps), sequence, mask, wantsGradient };
    const passedOn = this.passedOn();
    if (passedOn) this.output.gradient = passedOn;
  }

  /** The place of the gradient of an input that has that of the output: a copy less. */
  private passedOn(): Rows | undefined {
    const { mode } = this.plan;
    if (mode === MergeId.sum) return this.slopes.find((dx) => dx !== undefined);
    return mode === MergeId.subtract ? this.slopes[0] : undefined;
  }

  forward(rows: Range): void {
    const { inputs, output, terms } = this;
    for (const spread of this.spreads) spread.forward(rows);
    const { mode } = this.plan;
    const y = output.values;
    if (output.mask) {
      for (let i = 1; i < inputs.length; i++)
        this.joinMasks(i === 1 ? inputs[0].mask : output.mask, inputs[i].mask, output.mask, rows);
    }
    const neutral = NEUTRAL[mode];
    inputs.forEach(({ values, mask }, i) => {
      if (neutral === undefined || terms[i] === values) return;
      this.copy(values, terms[i], rows);
      this.fillMasked(terms[i], mask, neutral, rows, i === 0 ? output.mask : 0);
    });
    if (inputs.length === 1) this.copy(terms[0], y, rows);
    const halves = mode === MergeId.ave && inputs.length === 2;
    for (let i = 1; i < inputs.length; i++)
      this.merge(mode === MergeId.ave && !halves ? MergeId.sum : mode, i === 1 ? terms[0] : y, terms[i], rows);
    if (mode === MergeId.ave && !halves) this.scale(y, 1 / inputs.length, rows);
    if (mode === MergeId.mul && output.mask) this.fillMasked(y, output.mask, 0, rows);
  }

  backward(rows: Range): void {
    const dy = gradientOf(this.output);
    if (this.left) this.copy(dy, this.left, rows);
    this.slopes.forEach((dx, i) => {
      if (this.left) this.select(i, this.left, dx, rows);
      else if (dx) this.backwardOf(i, dy, dx, rows);
    });
    for (const spread of this.spreads) spread.backward(rows);
  }

  private backwardOf(i: number, dy: Rows, dx: Rows, rows: Range): void {
    const { inputs, terms } = this;
    const { mode } = this.plan;
    if (dx !== dy) this.copy(dy, dx, rows);
    if (mode === MergeId.ave) this.scale(dx, 1 / inputs.length, rows);
    if (mode === MergeId.subtract && i === 1) this.scale(dx, -1, rows);
    if (mode !== MergeId.mul) return;
    terms.forEach((values, other) => {
      if (other !== i) this.timesOther(values, dx, rows);
    });
    if (inputs[i].mask) this.fillMasked(dx, inputs[i].mask, 0, rows);
  }

  private merge(mode: MergeId, a: Rows, b: Rows, rows: Range): void {
    mergeRows(this.context.kernels, mode, a, b, this.output.values, rows);
  }

  /** dx ← dx∘other */
  private timesOther(other: Rows, dx: Rows, { from, to }: Range): void {
    this.context.kernels.mergeBackward(
      MergeId.mul,
      other.address,
      other.stepStride,
      other.rowStride,
      dx.address,
      dx.stepStride,
      dx.rowStride,
      dx.address,
      dx.stepStride,
      dx.rowStride,
      dx.width,
      dx.steps,
      from,
      to,
    );
  }

  /** Moves to dx what is left where the input is what was selected; away, where nobody wants it. */
  private select(i: number, left: Rows, dx: Rows | undefined, { from, to }: Range): void {
    const x = this.terms[i];
    const y = this.output.values;
    this.context.kernels.selectBackward(
      x.address,
      x.stepStride,
      x.rowStride,
      y.address,
      left.address,
      dx?.address ?? 0,
      y.stepStride,
      y.rowStride,
      y.width,
      y.steps,
      from,
      to,
    );
  }

  /** In place, in rows of the engine's own. */
  private scale({ address, ld, steps }: Rows, factor: number, rows: Range): void {
    const panels = ld / 16;
    eachRun(rows, this.space, steps, (from, to) => {
      this.context.kernels.scalePanels(address, 1, 0, 1, factor, panels * from, panels * to);
    });
  }
}

/**
 * Inputs side by side, (B, T, F₁ + F₂ + …), or over steps one after the other, (B, T₁ + T₂ + …, F). A step counts that counts in
 * any input, over steps in its own; an input without a mask counts as a whole.
 */
export class ConcatenateLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];

  constructor(
    private readonly plan: ConcatenatePlan,
    private readonly context: LayerContext,
  ) {}

  get anyOrder(): boolean {
    return !this.plan.overSteps;
  }

  place(input: Signal, space: Space, others: readonly Signal[]): PlacedLayer {
    const inputs = [input, ...others];
    if (!this.plan.overSteps) requireSameSteps(inputs);
    return new PlacedConcatenation(this.plan, this.context, inputs, space);
  }
}

class PlacedConcatenation extends PlacedJoining {
  readonly output: Signal;
  /** Where each input's values are in the output. */
  private readonly places: readonly Rows[];
  /** A mask of ones for inputs without. */
  private readonly ones: number;

  constructor(
    private readonly plan: ConcatenatePlan,
    context: LayerContext,
    inputs: readonly Signal[],
    space: Space,
  ) {
    super(context, inputs, space);
    const { overSteps } = plan;
    const [{ values: first, sequence }] = inputs;
    const sum = (of: 'steps' | 'width') => inputs.reduce((total, { values }) => total + values[of], 0);
    const steps = overSteps ? sum('steps') : first.steps;
    const values = this.rows(overSteps ? first.width : sum('width'), steps);
    const masked = inputs.some(({ mask }) => mask !== 0);
    const lacking = masked && !overSteps && inputs.some(({ mask }) => mask === 0);
    this.ones = lacking ? space.arena.floats(space.batch * steps) : 0;
    this.output = {
      values,
      sequence,
      mask: masked ? space.arena.floats(space.batch * steps) : 0,
      wantsGradient: inputs.some(({ wantsGradient }) => wantsGradient),
    };
    this.places = this.placesIn(values);
  }

  forward(rows: Range): void {
    for (const [i, { values }] of this.inputs.entries()) this.copy(values, this.places[i], rows);
    if (this.output.mask === 0) return;
    if (this.plan.overSteps) this.concatenateMasks(rows);
    else this.joinAllMasks(rows);
  }

  backward(rows: Range): void {
    const places = this.placesIn(gradientOf(this.output));
    this.slopes.forEach((dx, i) => {
      if (dx) this.copy(places[i], dx, rows);
    });
  }

  private placesIn(rows: Rows): Rows[] {
    let offset = 0;
    return this.inputs.map(({ values: { width, steps } }) => {
      const address = rows.address + 4 * offset;
      offset += this.plan.overSteps ? steps * rows.stepStride : width;
      return { ...rows, address, width, steps };
    });
  }

  private joinAllMasks(rows: Range): void {
    const { output, ones, inputs } = this;
    if (ones) this.fill(ones, output.values.steps, rows);
    let before = inputs[0].mask || ones;
    for (const { mask } of inputs.slice(1)) {
      this.joinMasks(before, mask || ones, output.mask, rows);
      before = output.mask;
    }
  }

  private concatenateMasks({ from, to }: Range): void {
    const { output, inputs } = this;
    const { arena, batch } = this.space;
    const { f32 } = arena;
    let at = output.mask;
    for (const { mask, values } of inputs) {
      if (mask === 0) this.fill(at, values.steps, { from, to });
      else
        eachRun({ from, to }, this.space, values.steps, (row0, row1) => {
          f32.copyWithin((at >>> 2) + row0, (mask >>> 2) + row0, (mask >>> 2) + row1);
        });
      at += 4 * batch * values.steps;
    }
  }

  private fill(mask: number, steps: number, rows: Range): void {
    const { f32 } = this.space.arena;
    eachRun(rows, this.space, steps, (from, to) => f32.fill(1, (mask >>> 2) + from, (mask >>> 2) + to));
  }
}

function requireSameSteps(inputs: readonly Signal[]): void {
  const [first, ...others] = inputs.map(({ values }) => values.steps);
  const unlike = others.find((steps) => steps !== first);
  if (unlike !== undefined)
    throw new MemcellError(
      `a layer that joins sequences gets ${first} steps of one and ${unlike} of another; give x as many steps in each`,
    );
}
