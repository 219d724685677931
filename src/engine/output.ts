/** One output of a program: its loss, and where its predictions go. */
import type { LayerContext, Space } from './layers/layer.js';
import { LossStep } from './loss.js';
import { copyRows } from './moveRows.js';
import type { OutputPlan } from './planData.js';
import { newRows, type Range, type Rows, type Signal, timeMajor } from './rows.js';

export class Output {
  /** What trains, and evaluates unless another does. */
  readonly loss: LossStep;
  /** The time-major predictions' signal. */
  result!: Signal;
  /** The predictions as they go out: (B, T, C) or (B, C), without gaps. */
  address = 0;
  private readonly evaluationLoss: LossStep | undefined;
  private predicted!: Rows;
  /** The predictions in time-major rows, where they are not written out at once. */
  private scattered: Rows | undefined;

  constructor(
    readonly plan: OutputPlan,
    private readonly context: LayerContext,
  ) {
    this.loss = new LossStep(plan.loss, context, plan.weight);
    if (plan.evaluationLoss) this.evaluationLoss = new LossStep(plan.evaluationLoss, context, plan.weight);
  }

  /**
   * @param result the output's signal
   * @param read what the loss reads
   * @param readInEvaluation what the loss of evaluation reads, where that is another
   */
  place(result: Signal, read: Signal, readInEvaluation: Signal, space: Space): void {
    const { arena, batch } = space;
    const { steps, width } = result.values;
    const length = steps * width;
    this.result = result;
    this.address = arena.floats(batch * length);
    this.predicted = {
      address: this.address,
      stepStride: steps === 1 ? batch * width : width,
      rowStride: length,
      steps,
      width,
    };
    this.scattered = undefined;
    if (!this.plan.loss.takesActivation) {
      this.loss.place(read, space, undefined);
      this.evaluationLoss?.place(readInEvaluation, { ...space, training: false }, undefined, this.loss);
      return;
    }
    const inOrder = steps === 1 || batch === 1;
    const probabilities = inOrder
      ? timeMajor(this.address, batch, steps, width, width)
      : newRows(arena, batch, steps, width);
    if (!inOrder) this.scattered = probabilities;
    this.loss.place(read, space, probabilities);
  }

  /** The loss of a share of the batch, and its predictions. */
  run(rows: Range, training: boolean, hasRowWeights: boolean): void {
    if (!this.plan.loss.takesActivation) this.collect(this.result.values, rows);
    const loss = training ? this.loss : (this.evaluationLoss ?? this.loss);
    loss.run(rows, training, hasRowWeights);
    if (this.scattered) this.collect(this.scattered, rows);
  }

  /** The predictions of a share of the batch to where they go out. */
  predict(rows: Range): void {
    this.collect(this.result.values, rows);
  }

  private collect(from: Rows, rows: Range): void {
    copyRows(this.context.kernels, from, this.predicted, rows);
  }
}
