import { EventLoop } from '../../eventLoop.js';
import { solvePositive } from './cholesky.js';
import type { Fold } from './folds.js';

/** Rows of regressors and of answers, row-major. */
export interface Regression {
  /** (n, D) */
  x: Float32Array;
  /** (n, K) */
  y: Float32Array;
  rows: number;
  regressors: number;
  answers: number;
}

/** Sums of products over rows: all that a ridge needs of them. The last regressor is the constant 1. */
export interface Moments {
  /** (D + 1, D + 1), the lower triangle */
  xx: Float64Array;
  /** (D + 1, K) */
  xy: Float64Array;
  rows: number;
}

/** How much more regressors beyond the own ones are penalised. */
const OTHER_PENALTIES = [1, 10];

/** The weight of a regressor that is to have no part. */
const LEFT_OUT = 1e9;

/** λ that are tried. */
const PENALTIES = [0.001, 0.01, 0.1, 1, 10];

export async function moments(data: Regression, rows: Iterable<number>, loop = new EventLoop()): Promise<Moments> {
  const { x, y, regressors: d, answers } = data;
  const size = d + 1;
  const xx = new Float64Array(size * size);
  const xy = new Float64Array(size * answers);
  const row = new Float64Array(size).fill(1);
  let count = 0;
  for (const i of rows) {
    if (++count % 64 === 0 && loop.waits) await loop.turn();
    for (let a = 0; a < d; a++) row[a] = x[i * d + a];
    for (let a = 0; a < size; a++) {
      const value = row[a];
      if (value === 0) continue;
      for (let b = 0; b <= a; b++) xx[a * size + b] += value * row[b];
      for (let k = 0; k < answers; k++) xy[a * answers + k] += value * y[i * answers + k];
    }
  }
  return { xx, xy, rows: count };
}

/** all − part */
export function without(all: Moments, part: Moments): Moments {
  return {
    xx: all.xx.map((sum, i) => sum - part.xx[i]),
    xy: all.xy.map((sum, i) => sum - part.xy[i]),
    rows: all.rows - part.rows,
  };
}

/**
 * B (D + 1, K) of least Σ‖y − Bᵀx‖² + λn Σ_{d<D} c_d‖B_d‖² over n rows; the constant is not penalised.
 * @param weights c of each regressor
 * @param used how many of the regressors, from the first; the others get 0
 */
export function ridge(
  { xx, xy, rows }: Moments,
  answers: number,
  penalty: number,
  weights: Float64Array,
  used: number,
): Float64Array {
  const size = Math.sqrt(xx.length);
  const n = used + 1;
  /** The place of the i-th regressor that is used: the constant is the last of all. */
  const place = (i: number) => (i < used ? i : size - 1);
  const a = new Float64Array(n * n);
  const b = new Float64Array(n * answers);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) a[i * n + j] = xx[place(i) * size + place(j)];
    a[i * n + i] += ((i < used ? penalty * weights[i] : 0) + 1e-9) * rows;
    for (let k = 0; k < answers; k++) b[i * answers + k] = xy[place(i) * answers + k];
  }
  const fitted = new Float64Array(size * answers);
  if (!solvePositive(a, b, n, answers)) return fitted;
  for (let i = 0; i < n; i++) for (let k = 0; k < answers; k++) fitted[place(i) * answers + k] = b[i * answers + k];
  return fitted;
}

/** Bᵀx of one row, added to `out`. */
export function predictRidge(
  weights: ArrayLike<number>,
  x: Float32Array,
  from: number,
  d: number,
  out: Float64Array,
): void {
  const answers = out.length;
  for (let k = 0; k < answers; k++) out[k] += weights[d * answers + k];
  for (let a = 0; a < d; a++) {
    const value = x[from + a];
    if (value === 0) continue;
    for (let k = 0; k < answers; k++) out[k] += value * weights[a * answers + k];
  }
}

export interface FittedRidge {
  /** (D + 1, K) */
  weights: Float64Array;
  /** Per answer: the penalty, and whether only the own regressors are used. */
  chosen: { penalty: number; used: number }[];
  /** Out-of-fold answers (n, K); 0 where a row is in no fold. */
  outOfFold: Float32Array;
}

/** A ridge of one shape and penalty: its out-of-fold answers and their squared errors per answer. */
interface RidgeTrial {
  used: number;
  /** By which shapes are compared; 0 for one target's regressors alone. */
  size: number;
  target: number | undefined;
  penalty: number;
  predicted: Float32Array;
  errors: Float64Array;
  /** The weight of each regressor's penalty. */
  scaled: Float64Array;
  /** Its weights on all rows, once an answer has chosen it. */
  fitted?: Float64Array;
}

/**
 * Ridge regression; for each answer the penalty, and how many of the regressors are used, are those of least out-of-fold squared
 * error.
 * @param ends how many of the regressors, from the first, may be used; the smallest are the own ones
 * @param weights of each regressor's penalty
 * @param owners of several targets: which of them each regressor is of, for ridges of one target's regressors alone; answer k is
 *   of target k mod `targets`
 */
export async function fitRidge(
  data: Regression,
  folds: readonly Fold[],
  ends: readonly number[],
  weights: Float64Array,
  { owners = [], targets = 1 }: { owners?: readonly (number | undefined)[]; targets?: number } = {},
): Promise<FittedRidge> {
  const { rows, regressors: d, answers } = data;
  const loop = new EventLoop();
  const all = await moments(data, every(new Uint8Array(rows), 0), loop);
  const parts: Moments[] = [];
  for (const fold of folds) {
    const kept = new Uint8Array(rows);
    for (const i of fold.trained) kept[i] = 1;
    parts.push(without(all, await moments(data, every(kept, 0), loop)));
  }
  const own = ends[0];
  const alone = targets > 1 ? Array.from({ length: targets }, (_, target) => ({ used: own, other: 1, target })) : [];
  const shapes: { used: number; other: number; target?: number }[] = [
    ...alone,
    ...ends.flatMap((used) => (used === own ? [1] : OTHER_PENALTIES).map((other) => ({ used, other }))),
  ];
  const trials: RidgeTrial[] = [];
  for (const { used, other, target } of shapes) {
    const stranger = (i: number) => target !== undefined && owners[i] !== undefined && owners[i] !== target;
    const scaled = weights.map((weight, i) => (stranger(i) ? LEFT_OUT : i < own ? weight : other * weight));
    for (const penalty of PENALTIES) {
      const predicted = new Float32Array(rows * answers);
      const errors = new Float64Array(answers);
      const out = new Float64Array(answers);
      for (const [f, fold] of folds.entries()) {
        if (loop.waits) await loop.turn();
        const fitted = ridge(parts[f], answers, penalty, scaled, used);
        for (const i of fold.held) {
          out.fill(0);
          predictRidge(fitted, data.x, i * d, d, out);
          for (let k = 0; k < answers; k++) {
            predicted[i * answers + k] = out[k];
            errors[k] += (out[k] - data.y[i * answers + k]) ** 2;
          }
        }
      }
      trials.push({ used, size: target === undefined ? used : 0, target, penalty, scaled, predicted, errors });
    }
  }
  const result = { weights: new Float64Array((d + 1) * answers), outOfFold: new Float32Array(rows * answers) };
  const chosen = Array.from({ length: answers }, (_, k) => {
    const open = trials.filter(({ target }) => target === undefined || target === k % targets);
    const trial = open.reduce((min, one) =>
      one.errors[k] < min.errors[k] * (one.size > min.size ? EXTRA : 1) ? one : min,
    );
    const { predicted, penalty, used } = trial;
    trial.fitted ??= ridge(all, answers, penalty, trial.scaled, used);
    const { fitted } = trial;
    for (let i = 0; i < rows; i++) result.outOfFold[i * answers + k] = predicted[i * answers + k];
    for (let a = 0; a <= d; a++) result.weights[a * answers + k] = fitted[a * answers + k];
    return { penalty, used };
  });
  return { ...result, chosen };
}

/** Further regressors are taken when they lower the error to this share. */
const EXTRA = 0.998;

/** The places of a value. */
function* every(values: Uint8Array, value: number): Iterable<number> {
  for (let i = 0; i < values.length; i++) if (values[i] === value) yield i;
}
