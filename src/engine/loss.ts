/** The loss on the engine's rows: values, the gradient that enters the last layer, and the predictions. */
import { placeGradient } from './gradients.js';
import type { Kernels } from './kernels.js';
import type { LayerContext, Space } from './layers/layer.js';
import type { LossKind, LossPlan } from './planData.js';
import { eachRun, newRows, type Range, type Rows, type Signal } from './rows.js';

/** Losses whose kernels take the same arguments. */
const ALIKE = {
  percentage: 'percentageErrorLoss',
  logarithmic: 'logarithmicErrorLoss',
  logCosh: 'logCoshLoss',
  poisson: 'poissonLoss',
  quantile: 'quantileLoss',
  gaussian: 'gaussianLoss',
  cosine: 'cosineLoss',
  divergence: 'divergenceLoss',
  hinge: 'hingeLoss',
  categoricalHinge: 'categoricalHingeLoss',
} as const satisfies Partial<Record<LossKind, keyof Kernels>>;

/**
 * Σ over rows of weight·loss(row), a row's weight being its sample's or step's, times 1 / the number of rows; under a mask
 * rows that do not count weigh nothing and the others 1 / their number. (training/losses.ts, weightedMean)
 */
export class LossStep {
  /** (rows, C) values, or (rows) int32 labels, in the order of rows. */
  readonly targets: number;
  /** (rows): one weight for each row. */
  readonly rowWeights: number;
  /** (rows): weighted losses. */
  readonly losses: number;
  readonly rows: number;
  private readonly combined: number;
  private readonly dx: Rows | undefined;
  private readonly probabilities: Rows | undefined;
  /** Of the batch at hand. */
  private weights = 0;
  private scale = 0;
  private wantsGradient = false;
  private hasRowWeights = false;
  private option: number;

  /**
   * @param weight of this loss in the sum of several: what its gradient is multiplied by
   * @param probabilities where a loss that takes the activation writes its result, which are the predictions
   * @param beside another loss of the same targets, whose places for them and for the losses serve this one too
   */
  constructor(
    private readonly plan: LossPlan,
    private readonly context: LayerContext,
    private readonly weight: number,
    private readonly input: Signal,
    private readonly space: Space,
    probabilities?: Rows | undefined,
    beside?: LossStep,
  ) {
    const { arena, batch } = space;
    const { steps, width } = input.values;
    this.option = plan.option;
    this.rows = batch * steps;
    const needsScratch = probabilities === undefined && this.isOfLogits;
    this.probabilities = needsScratch ? newRows(space, steps, width) : probabilities;
    this.targets = beside?.targets ?? arena.floats(this.rows * (plan.labels ? 1 : width));
    this.losses = beside?.losses ?? arena.floats(this.rows);
    this.rowWeights = beside?.rowWeights ?? arena.floats(this.rows);
    this.combined = input.mask ? arena.floats(this.rows) : 0;
    this.dx = placeGradient(input, space);
  }

  private get isOfLogits(): boolean {
    if (this.plan.kind === 'categoricalFocal') return this.plan.focal?.ofLogits === true;
    return ['softmaxCategorical', 'softmaxSparse', 'sigmoidBinary'].includes(this.plan.kind);
  }

  /** What depends on the whole batch, once before a thread's rows: after all threads' forward pass where there is a mask. */
  begin(wantsGradient: boolean, hasRowWeights: boolean): void {
    const { mask, values } = this.input;
    const { kernels } = this.context;
    this.wantsGradient = wantsGradient;
    this.hasRowWeights = hasRowWeights;
    this.weights = hasRowWeights ? this.rowWeights : mask;
    if (mask && hasRowWeights) this.weights = this.combined;
    this.scale = 1 / this.rows;
    if (mask) {
      const counted = kernels.sumFloats(mask, this.rows);
      this.scale = counted > 0 ? 1 / counted : 0;
    }
    // Targets of 0 and 1 alone, in the whole batch, stand for −1 and 1.
    if (this.plan.kind === 'hinge') this.option = kernels.areBinary(this.targets, this.rows * values.width);
  }

  /** Some of the rows, after begin(). */
  run(rows: Range): void {
    const { mask, values } = this.input;
    if (mask && this.hasRowWeights) eachRun(rows, this.space, values.steps, this.combine);
    eachRun(rows, this.space, values.steps, this.runRows);
    if (this.gradient && this.weight !== 1) eachRun(rows, this.space, values.steps, this.weigh);
  }

  /** Σ of all rows' losses, without the weight of this loss among others. */
  total(): number {
    return this.context.kernels.sumFloats(this.losses, this.rows);
  }

  private readonly combine = (from: number, to: number): void => {
    this.context.kernels.multiplyFloats(this.input.mask, this.rowWeights, this.combined, from, to);
  };

  /** In training, where the input wants one. */
  private get gradient(): Rows | undefined {
    return this.wantsGradient ? this.dx : undefined;
  }

  private readonly weigh = (from: number, to: number): void => {
    const { gradient } = this;
    if (!gradient) return;
    // Whole rows, sixteen floats at a time.
    const panels = gradient.ld / 16;
    this.context.kernels.scalePanels(gradient.address, 1, 0, 1, this.weight, panels * from, panels * to);
  };

  private readonly runRows = (from: number, to: number): void => {
    const { plan, targets, weights, scale, losses, probabilities } = this;
    const { kernels } = this.context;
    const { address: x, ld: ldX, width: n } = this.input.values;
    const { gradient } = this;
    const dx = gradient?.address ?? 0;
    const ldDx = gradient?.ld ?? 0;
    const p = probabilities?.address ?? 0;
    const ldP = probabilities?.ld ?? 0;
    const { option } = plan;
    switch (plan.kind) {
      case 'softmaxCategorical':
        kernels.softmaxCategoricalLoss(
          x,
          ldX,
          targets,
          n,
          option,
          weights,
          scale,
          losses,
          p,
          ldP,
          dx,
          ldDx,
          n,
          from,
          to,
        );
        return;
      case 'softmaxSparse':
        kernels.softmaxSparseLoss(x, ldX, targets, weights, scale, losses, p, ldP, dx, ldDx, n, from, to);
        return;
      case 'sigmoidBinary':
        kernels.sigmoidBinaryLoss(x, ldX, targets, n, option, weights, scale, losses, p, ldP, dx, ldDx, n, from, to);
        return;
      case 'categorical':
        kernels.categoricalLoss(x, ldX, targets, n, option, weights, scale, losses, dx, ldDx, n, from, to);
        return;
      case 'sparseCategorical':
        kernels.sparseCategoricalLoss(x, ldX, targets, weights, scale, losses, dx, ldDx, n, from, to);
        return;
      case 'binary':
        kernels.binaryLoss(x, ldX, targets, n, option, weights, scale, losses, dx, ldDx, n, from, to);
        return;
      case 'squared':
        kernels.squaredErrorLoss(x, ldX, targets, n, weights, scale, losses, dx, ldDx, n, from, to);
        return;
      case 'absolute':
        kernels.absoluteErrorLoss(x, ldX, targets, n, weights, scale, losses, dx, ldDx, n, from, to);
        return;
      case 'binaryFocal': {
        const { alpha, gamma, balanced, ofLogits } = focalOf(plan);
        kernels.binaryFocalLoss(
          x,
          ldX,
          targets,
          n,
          option,
          alpha,
          gamma,
          Number(balanced),
          Number(ofLogits),
          weights,
          scale,
          losses,
          dx,
          ldDx,
          n,
          from,
          to,
        );
        return;
      }
      case 'categoricalFocal': {
        const { alpha, gamma } = focalOf(plan);
        kernels.categoricalFocalLoss(
          x,
          ldX,
          targets,
          n,
          option,
          alpha,
          gamma,
          weights,
          scale,
          losses,
          p,
          ldP,
          dx,
          ldDx,
          n,
          from,
          to,
        );
        return;
      }
      case 'huber':
        kernels.huberLoss(x, ldX, targets, n, option, weights, scale, losses, dx, ldDx, n, from, to);
        return;
      default:
        kernels[ALIKE[plan.kind]](x, ldX, targets, n, this.option, weights, scale, losses, dx, ldDx, n, from, to);
    }
  };
}

function focalOf({ kind, focal }: LossPlan): NonNullable<LossPlan['focal']> {
  if (focal) return focal;
  throw new Error(`the loss ${kind} was planned without its options`);
}
