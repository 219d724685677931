/** One output of a program as it is placed: its loss, and where its predictions go. */
import type { LayerContext, Space } from './layers/layer.js';
import { LossStep } from './loss.js';
import { copyRows } from './moveRows.js';
import type { OutputPlan } from './planData.js';
import { batchMajor, isBatchMajor, newRows, type Range, type Rows, type Signal, signalFrom } from './rows.js';

/** What an output and its losses read. */
export interface OutputSignals {
  /** The predictions. */
  result: Signal;
  /** What the loss reads. */
  read: Signal;
  /** What the loss of evaluation reads, where that is another. */
  readInEvaluation: Signal;
}

export class Output {
  /** What trains, and evaluates unless another does. */
  readonly loss: LossStep;
  /** The predictions' signal. */
  readonly result: Signal;
  /** The predictions as they go out: (B, T, C) or (B, C), without gaps. */
  readonly predicted: Rows;
  private readonly evaluationLoss: LossStep | undefined;
  /** The predictions in rows of the engine's own, where they are not written out at once. */
  private readonly scattered: Rows | undefined;

  constructor(
    readonly plan: OutputPlan,
    private readonly context: LayerContext,
    { result, read, readInEvaluation }: OutputSignals,
    space: Space,
  ) {
    const { arena, batch } = space;
    const { steps, width } = result.values;
    this.result = result;
    this.predicted = batchMajor(arena.floats(batch * steps * width), steps, width);
    const { loss, evaluationLoss, weight } = plan;
    this.scattered = loss.takesActivation && !isBatchMajor(space, steps) ? newRows(space, steps, width) : undefined;
    const probabilities = loss.takesActivation ? (this.scattered ?? this.predicted) : undefined;
    this.loss = new LossStep(loss, context, weight, read, space, probabilities);
    if (!evaluationLoss) return;
    const evaluated = signalFrom(readInEvaluation, readInEvaluation.values, { wantsGradient: false });
    this.evaluationLoss = new LossStep(evaluationLoss, context, weight, evaluated, space, undefined, this.loss);
  }

  /** What the loss has of the whole batch, once before run(). */
  begin(training: boolean, hasRowWeights: boolean): void {
    this.lossOf(training).begin(training, hasRowWeights);
  }

  /** The loss of a share of the batch, and its predictions. */
  run(rows: Range, training: boolean): void {
    if (!this.plan.loss.takesActivation) this.collect(this.result.values, rows);
    this.lossOf(training).run(rows);
    if (this.scattered) this.collect(this.scattered, rows);
  }

  /** The predictions of a share of the batch to where they go out. */
  predict(rows: Range): void {
    this.collect(this.result.values, rows);
  }

  private lossOf(training: boolean): LossStep {
    return training ? this.loss : (this.evaluationLoss ?? this.loss);
  }

  private collect(from: Rows, rows: Range): void {
    copyRows(this.context.kernels, from, this.predicted, rows);
  }
}
