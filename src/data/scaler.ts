import { MemcellError } from '../errors.js';

/** Per column: z = (x − mean) / std. */
export interface Scaling {
  mean: number[];
  std: number[];
}

/**
 * Standard scaling, column by column: z = (x − mean) / std, with the population's standard deviation of the rows it was
 * fitted on. A constant column gets std 1, so it becomes 0 and comes back exactly.
 */
export class StandardScaler {
  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
  ) {}

  /**
   * Fits on rows [0, rows) of row-major values (at least `rows`, columns).
   * @throws MemcellError (numeric) when a column's values are too large for its variance to be a number.
   */
  static fit(values: Float64Array, columns: number, rows: number): StandardScaler {
    const mean: number[] = [];
    const std: number[] = [];
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      let constant = true;
      const first = values[column];
      for (let row = 0; row < rows; row++) {
        sum += values[row * columns + column];
        constant &&= values[row * columns + column] === first;
      }
      const average = constant ? first : sum / rows;
      let squares = 0;
      for (let row = 0; row < rows; row++) squares += (values[row * columns + column] - average) ** 2;
      const deviation = constant ? 1 : Math.sqrt(squares / rows);
      if (!Number.isFinite(average) || !Number.isFinite(deviation)) {
        let most = first;
        for (let row = 1; row < rows; row++) most = Math.max(most, values[row * columns + column]);
        throw new MemcellError(`values up to ${most} are too large to scale; divide them first`, { code: 'numeric' });
      }
      mean.push(average);
      std.push(deviation > 0 ? deviation : 1);
    }
    return new StandardScaler(mean, std);
  }

  /** Row-major values (rows, columns) to float32 z. */
  transform(values: Float64Array): Float32Array {
    const columns = this.mean.length;
    const z = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) z[i] = (values[i] - this.mean[i % columns]) / this.std[i % columns];
    return z;
  }

  /** x = mean + std·z of one column. */
  inverse(z: number, column: number): number {
    return this.mean[column] + this.std[column] * z;
  }

  toJSON(): { mean: number[]; std: number[] } {
    return { mean: [...this.mean], std: [...this.std] };
  }
}
