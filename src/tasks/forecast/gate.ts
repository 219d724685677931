/**
 * How much of each correction is believed: w ≥ 0, Σw ≤ 1, of least Σ(r − Σ w_k p_k)² over out-of-fold corrections p and what the
 * anchor missed r; all 0 unless Σ|r − Σ w_k p_k| is below Σ|r| too. Solved over all subsets of the corrections; a sum above 1 is
 * scaled back to it.
 * @param corrections each of r's length
 */
export function gate(missed: Float32Array, corrections: readonly Float32Array[]): number[] {
  const k = corrections.length;
  const none = new Array<number>(k).fill(0);
  const products = corrections.map((a) => corrections.map((b) => dot(a, b)));
  const against = corrections.map((a) => dot(a, missed));
  let best = { change: 0, weights: none };
  for (let subset = 1; subset < 1 << k; subset++) {
    const members = none.map((_, i) => i).filter((i) => subset & (1 << i));
    const solved = solve(members, products, against);
    if (!solved?.every((weight) => weight >= 0 && Number.isFinite(weight))) continue;
    const sum = solved.reduce((total, weight) => total + weight, 0);
    const weights = none.slice();
    for (const [i, member] of members.entries()) weights[member] = solved[i] / Math.max(1, sum);
    let change = 0;
    for (let a = 0; a < k; a++) {
      change -= 2 * weights[a] * against[a];
      for (let b = 0; b < k; b++) change += weights[a] * weights[b] * products[a][b];
    }
    if (change < best.change) best = { change, weights };
  }
  return absoluteError(missed, corrections, best.weights) < absoluteError(missed, [], []) ? best.weights : none;
}

/** Least squares of one or two corrections; the diagonal is raised by 0.1 % where two are alike. */
function solve(members: number[], products: number[][], against: number[]): number[] | undefined {
  const [i, j] = members;
  if (members.length === 1) return products[i][i] > 0 ? [against[i] / products[i][i]] : undefined;
  const [a, b, c] = [1.001 * products[i][i], products[i][j], 1.001 * products[j][j]];
  const determinant = a * c - b * b;
  if (!(determinant > 0)) return undefined;
  return [(against[i] * c - against[j] * b) / determinant, (a * against[j] - b * against[i]) / determinant];
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function absoluteError(missed: Float32Array, corrections: readonly Float32Array[], weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < missed.length; i++) {
    let left = missed[i];
    for (let k = 0; k < corrections.length; k++) left -= weights[k] * corrections[k][i];
    sum += Math.abs(left);
  }
  return sum;
}
