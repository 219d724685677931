/** How far forecasts are from what happened. */
export interface Errors {
  /** Mean absolute error, in the data's units. */
  mae: number;
  /** Root of the mean squared error, in the data's units. */
  rmse: number;
  /** Symmetric mean absolute percentage error, 200/n Σ |y − f| / (|y| + |f|), in per cent (0 … 200); 0/0 counts as 0. */
  smape: number;
  /**
   * Mean absolute scaled error: |y − f| in units of the series' `seasonalScale`, averaged over all forecasts (Hyndman &
   * Koehler, "Another look at measures of forecast accuracy", 2006). Null when every series' scale is 0.
   */
  mase: number | null;
}

/** The share of values that came to lie inside intervals of a probability. */
export interface Coverage {
  probability: number;
  share: number;
}

/** The errors of one way to forecast, over all steps of the horizon and step by step. */
export interface MethodErrors extends Errors {
  steps: (Errors & { step: number; coverage?: Coverage[] })[];
  /** For forecasts with intervals. */
  coverage?: Coverage[];
}

/** Differences below this share of the values are of arithmetic, not of forecasts. */
const roundOff = 1e-12;

/** Sums over forecasts of one column, per step of the horizon. */
export class ErrorSums {
  private readonly count: Float64Array;
  private readonly absolute: Float64Array;
  private readonly squared: Float64Array;
  private readonly symmetric: Float64Array;
  private readonly scaled: Float64Array;
  private readonly scaledCount: Float64Array;
  /** Per probability and step. */
  private readonly inside = new Map<number, Float64Array>();

  constructor(readonly horizon: number) {
    const zeros = () => new Float64Array(horizon);
    this.count = zeros();
    this.absolute = zeros();
    this.squared = zeros();
    this.symmetric = zeros();
    this.scaled = zeros();
    this.scaledCount = zeros();
  }

  /** @param h the step, from 0 */
  add(h: number, forecast: number, actual: number, scale: number): void {
    const size = Math.abs(actual) + Math.abs(forecast);
    const difference = Math.abs(actual - forecast);
    const error = difference > roundOff * size ? difference : 0;
    this.count[h]++;
    this.absolute[h] += error;
    this.squared[h] += error ** 2;
    this.symmetric[h] += size > 0 ? (200 * error) / size : 0;
    if (scale > 0) {
      this.scaled[h] += error / scale;
      this.scaledCount[h]++;
    }
  }

  addInterval(h: number, probability: number, lower: number, upper: number, actual: number): void {
    let hits = this.inside.get(probability);
    if (hits === undefined) {
      hits = new Float64Array(this.horizon);
      this.inside.set(probability, hits);
    }
    if (actual >= lower && actual <= upper) hits[h]++;
  }

  /** Steps that nothing was compared at are left out of `steps`. */
  result(): MethodErrors {
    const coverage = this.coverage(0, this.horizon);
    const steps = Array.from({ length: this.horizon }, (_, h) => h).filter((h) => this.count[h] > 0);
    return {
      ...this.errors(0, this.horizon),
      ...(coverage && { coverage }),
      steps: steps.map((h) => {
        const own = this.coverage(h, h + 1);
        return { step: h + 1, ...this.errors(h, h + 1), ...(own && { coverage: own }) };
      }),
    };
  }

  private errors(from: number, to: number): Errors {
    const n = sum(this.count, from, to);
    const scaledCount = sum(this.scaledCount, from, to);
    return {
      mae: sum(this.absolute, from, to) / n,
      rmse: Math.sqrt(sum(this.squared, from, to) / n),
      smape: sum(this.symmetric, from, to) / n,
      mase: scaledCount > 0 ? sum(this.scaled, from, to) / scaledCount : null,
    };
  }

  private coverage(from: number, to: number): Coverage[] | undefined {
    if (this.inside.size === 0) return undefined;
    const n = sum(this.count, from, to);
    return [...this.inside].map(([probability, hits]) => ({ probability, share: sum(hits, from, to) / n }));
  }
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i];
  return total;
}
