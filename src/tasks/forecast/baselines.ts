/**
 * The simple guesses that a forecast has to beat. y is row-major (rows, columns); the forecasts of column c made before row
 * t, of rows t + h, h = 0, 1, …:
 *   naive           y[t−1]
 *   seasonal naive  y[t+h − m·⌈(h+1)/m⌉], the same place of the last season known
 *   drift           y[t−1] + (h+1)·(y[t−1] − y[0]) / (t−1), the line from the first to the last value
 */
export interface Baselines {
  naive: number;
  /** Where a season is known and one is over. */
  seasonalNaive?: number;
  drift: number;
}

/** @param season rows to a season; 1: none */
export function baselines(
  values: Float64Array,
  columns: number,
  column: number,
  origin: number,
  h: number,
  season: number,
): Baselines {
  const at = (row: number) => values[row * columns + column];
  const last = at(origin - 1);
  const slope = origin > 1 ? (last - at(0)) / (origin - 1) : 0;
  const before = origin + h - season * Math.ceil((h + 1) / season);
  return {
    naive: last,
    drift: last + (h + 1) * slope,
    ...(season > 1 && before >= 0 && { seasonalNaive: at(before) }),
  };
}

/**
 * What errors are scaled by: the mean absolute error of the seasonal naive forecast, one season ahead, inside rows [0, rows);
 * of the naive one where there is no season, or no row after it.
 */
export function seasonalScale(
  values: Float64Array,
  columns: number,
  column: number,
  rows: number,
  season: number,
): number {
  const m = season < rows ? season : 1;
  let total = 0;
  for (let row = m; row < rows; row++) {
    total += Math.abs(values[row * columns + column] - values[(row - m) * columns + column]);
  }
  return rows > m ? total / (rows - m) : 0;
}
