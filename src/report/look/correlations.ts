import type { LookedCorrelations } from './shown.js';

/** r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² Σ(y − ȳ)²) of each two columns, over the rows where neither is NaN. */
export function correlationsOf(columns: readonly { name: string; values: Float64Array }[]): LookedCorrelations {
  const size = columns.length;
  const r = columns.map(() => new Array<number | null>(size).fill(null));
  const rows = columns.map(() => new Array<number>(size).fill(0));
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      const pair = correlation(columns[i].values, columns[j].values);
      r[i][j] = pair.r;
      r[j][i] = pair.r;
      rows[i][j] = pair.rows;
      rows[j][i] = pair.rows;
    }
  }
  return { columns: columns.map(({ name }) => name), r, rows };
}

function correlation(x: Float64Array, y: Float64Array): { r: number | null; rows: number } {
  let [rows, meanX, meanY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    rows++;
    meanX += (x[i] - meanX) / rows;
    meanY += (y[i] - meanY) / rows;
  }
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    xx += (x[i] - meanX) ** 2;
    yy += (y[i] - meanY) ** 2;
    xy += (x[i] - meanX) * (y[i] - meanY);
  }
  const r = rows < 3 || !(xx > 0 && yy > 0) ? null : Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
  return { r, rows };
}
