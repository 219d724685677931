import { MemcellError } from '../../errors.js';
import type { DotPlan } from '../../plan/layerPlan.js';
import type { WeightBlock } from '../blocks.js';
import { gradientOf, placeGradient } from '../gradients.js';
import { newRows, type Rows } from '../rows.js';
import type { EngineLayer, LayerContext, PlacedLayer, Range, Signal, Space } from './layer.js';

/** The least square of the length that inputs are divided by. */
const LEAST_SQUARES = 1e-14;

/** A matrix of each sample: element (i, k) is row·i + step·k floats from the sample's address. */
interface Matrix {
  row: number;
  step: number;
  rows: number;
  count: number;
}

/** One side of the product. */
interface Side {
  x: Rows;
  dx: Rows | undefined;
  /** What is summed over lies along its steps. */
  overSteps: boolean;
  /** The input itself, or brought to length 1. */
  values: Rows;
  shape: Matrix;
  /** What brings each row of a sample to length 1; 0: none. */
  factors: number;
}

/**
 * y(b, i, j) = Σₖ x(b, i, k)·z(b, j, k) of two inputs, k along the steps or the features of either: (B, T, I) and (B, S, I) →
 * (B, T, S). An input without steps has one i, or j. `normalize` divides both by their length along k first.
 */
export class DotLayer implements EngineLayer {
  readonly blocks: readonly WeightBlock[] = [];
  readonly anyOrder = true;

  constructor(
    readonly plan: DotPlan,
    readonly context: LayerContext,
  ) {}

  place(input: Signal, space: Space, [other]: readonly Signal[]): PlacedLayer {
    return new PlacedDot(this, [input, other], space);
  }
}

class PlacedDot implements PlacedLayer {
  readonly output: Signal;
  readonly flops: number;
  private readonly sides: readonly [Side, Side];

  constructor(
    private readonly layer: DotLayer,
    [one, other]: readonly [Signal, Signal],
    private readonly space: Space,
  ) {
    const { plan } = layer;
    this.sides = [this.sideOf(one, plan.overSteps[0]), this.sideOf(other, plan.overSteps[1])];
    const [{ shape: a }, { shape: b }] = this.sides;
    if (a.count !== b.count)
      throw new MemcellError(
        `layer ${plan.name} multiplies along axes of ${a.count} and of ${b.count}; give x sequences of as many steps`,
        { code: 'data' },
      );
    const sequence = one.sequence && other.sequence;
    const [steps, width] = sequence ? [a.rows, b.rows] : [1, a.rows * b.rows];
    const wantsGradient = one.wantsGradient || other.wantsGradient;
    const values = newRows(space, steps, width);
    this.output = { values, sequence, mask: 0, wantsGradient };
    this.flops = (2 * a.rows * a.count * b.rows) / one.values.steps;
  }

  private sideOf(signal: Signal, overSteps: boolean): Side {
    const { space } = this;
    const { arena, batch } = space;
    const { normalize } = this.layer.plan;
    const { values: x } = signal;
    const values = normalize ? newRows(space, x.steps, x.width) : x;
    const shape = matrixOf(values, overSteps);
    const dx = placeGradient(signal, space);
    return { x, dx, overSteps, values, shape, factors: normalize ? arena.floats(batch * shape.rows) : 0 };
  }

  forward({ from, to }: Range): void {
    const [one, other] = this.sides;
    const y = this.output.values;
    const shape = this.outputShape(y);
    for (let entry = from; entry < to; entry++) {
      for (const side of this.sides) if (side.factors) this.scale(side, entry);
      this.contract(entry, one.values, one.shape, other.values, other.shape, y, shape);
    }
  }

  backward({ from, to }: Range): void {
    const dy = gradientOf(this.output);
    const [one, other] = this.sides;
    const shape = this.outputShape(dy);
    for (let entry = from; entry < to; entry++) {
      this.backwardOf(one, entry, dy, shape, other);
      this.backwardOf(other, entry, dy, turned(shape), one);
    }
  }

  gradients(): void {}

  /** dx(i, k) = Σ over j of dy(i, j)·z(j, k). */
  private backwardOf({ dx, overSteps, ...side }: Side, entry: number, dy: Rows, shape: Matrix, other: Side): void {
    if (!dx) return;
    const { kernels } = this.layer.context;
    this.contract(entry, dy, shape, other.values, turned(other.shape), dx, matrixOf(dx, overSteps));
    if (side.factors === 0) return;
    const { row, step, rows, count } = side.shape;
    const factors = side.factors + 4 * rows * entry;
    kernels.unitBackward(atEntry(side.values, entry), row, step, atEntry(dx, entry), row, step, factors, rows, count);
  }

  /** The output's i and j: its steps and features, or its features alone. */
  private outputShape({ stepStride }: Rows): Matrix {
    const [{ shape: a }, { shape: b }] = this.sides;
    return { row: this.output.sequence ? stepStride : 1, step: 1, rows: a.rows, count: b.rows };
  }

  /** C ← A·Bᵀ of one sample. */
  private contract(entry: number, a: Rows, ofA: Matrix, b: Rows, ofB: Matrix, c: Rows, ofC: Matrix): void {
    this.layer.context.kernels.contract(
      atEntry(a, entry),
      ofA.row,
      ofA.step,
      atEntry(b, entry),
      ofB.row,
      ofB.step,
      atEntry(c, entry),
      ofC.row,
      ofC.step,
      ofA.rows,
      ofB.rows,
      ofA.count,
    );
  }

  private scale({ x, overSteps, values: y, shape, factors }: Side, entry: number): void {
    const from = matrixOf(x, overSteps);
    this.layer.context.kernels.unitForward(
      atEntry(x, entry),
      from.row,
      from.step,
      atEntry(y, entry),
      shape.row,
      shape.step,
      factors + 4 * shape.rows * entry,
      LEAST_SQUARES,
      shape.rows,
      shape.count,
    );
  }
}

function atEntry({ address, rowStride }: Rows, entry: number): number {
  return address + 4 * rowStride * entry;
}

/** Rows (T, F) of a sample with what is summed over, steps or features, last. */
function matrixOf({ stepStride, steps, width }: Rows, overSteps: boolean): Matrix {
  return overSteps
    ? { row: 1, step: stepStride, rows: width, count: steps }
    : { row: stepStride, step: 1, rows: steps, count: width };
}

function turned({ row, step, rows, count }: Matrix): Matrix {
  return { row: step, step: row, rows: count, count: rows };
}
