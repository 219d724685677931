import type { Fold } from './folds.js';

/** Sums over out-of-fold windows: products of corrections p with each other, and with what the anchor missed r. */
interface Sums {
  products: number[][];
  against: number[];
}

/**
 * How much of each correction is believed, for every answer: w ≥ 0, Σw ≤ 1, of least Σ(r − Σ w_k p_k)² out of fold. Each step is
 * weighed by its own sums and the mean of those of all steps of its target, in equal parts: a step that can be foreseen is
 * trusted beside others that cannot, and none by its own few windows alone. All steps of a target get 0 unless their
 * Σ|r − Σ w_k p_k| falls below Σ|r| too.
 * @param missed r, (n, K); answer k is of target k mod `targets`
 * @param corrections each (n, K)
 * @returns per answer the weight of each correction
 */
export function gate(
  missed: Float32Array,
  corrections: readonly Float32Array[],
  folds: readonly Fold[],
  answers: number,
  targets: number,
): number[][] {
  const sums = Array.from({ length: answers }, (_, k) => sumsOf(missed, corrections, folds, answers, k));
  const steps = answers / targets;
  const weights = sums.map((own, k) => {
    const all = sums.filter((_, i) => i % targets === k % targets);
    return weigh({
      products: own.products.map((row, a) =>
        row.map((value, b) => value + all.reduce((sum, one) => sum + one.products[a][b], 0) / steps),
      ),
      against: own.against.map((value, a) => value + all.reduce((sum, one) => sum + one.against[a], 0) / steps),
    });
  });
  const none = corrections.map(() => 0);
  for (let c = 0; c < targets; c++) {
    let change = 0;
    for (let k = c; k < answers; k += targets) {
      change += absoluteError(missed, corrections, folds, answers, k, weights[k]);
      change -= absoluteError(missed, corrections, folds, answers, k, none);
    }
    if (!(change < 0)) for (let k = c; k < answers; k += targets) weights[k] = none;
  }
  return weights;
}

/** Non-negative least squares over all subsets of the corrections; a sum above 1 is scaled back to it. */
export function weigh({ products, against }: Sums): number[] {
  const k = against.length;
  const none = new Array<number>(k).fill(0);
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
  return best.weights;
}

/** Least squares of one or two corrections; the diagonal is raised by 0.1 %, for two that are alike. */
function solve(members: number[], products: number[][], against: number[]): number[] | undefined {
  const [i, j] = members;
  if (members.length === 1) return products[i][i] > 0 ? [against[i] / products[i][i]] : undefined;
  const [a, b, c] = [1.001 * products[i][i], products[i][j], 1.001 * products[j][j]];
  const determinant = a * c - b * b;
  if (!(determinant > 0)) return undefined;
  return [(against[i] * c - against[j] * b) / determinant, (a * against[j] - b * against[i]) / determinant];
}

function sumsOf(
  missed: Float32Array,
  corrections: readonly Float32Array[],
  folds: readonly Fold[],
  answers: number,
  k: number,
): Sums {
  const product = (a: Float32Array, b: Float32Array) => {
    let sum = 0;
    for (const { held } of folds) for (const i of held) sum += a[i * answers + k] * b[i * answers + k];
    return sum;
  };
  return {
    products: corrections.map((a) => corrections.map((b) => product(a, b))),
    against: corrections.map((a) => product(a, missed)),
  };
}

function absoluteError(
  missed: Float32Array,
  corrections: readonly Float32Array[],
  folds: readonly Fold[],
  answers: number,
  k: number,
  weights: readonly number[],
): number {
  let sum = 0;
  for (const { held } of folds) {
    for (const i of held) {
      let left = missed[i * answers + k];
      for (let c = 0; c < corrections.length; c++) left -= weights[c] * corrections[c][i * answers + k];
      sum += Math.abs(left);
    }
  }
  return sum;
}
