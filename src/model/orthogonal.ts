import type { Random } from '../random.js';

/**
 * `rows` random orthonormal rows of length `columns` ≥ `rows`, row-major, evenly distributed over all such matrices.
 *
 * The Q of a QR factorisation of a matrix of normal numbers, signs chosen so that R's diagonal is positive: Gram–Schmidt
 * gives just that, here for two rows at a time against four earlier ones, so that each number loaded is used several
 * times. A row that loses most of its length to the rows before it is left with rounding errors along them of ε times that
 * loss, so it goes through a second time, after which they are of size ε.
 */
export function orthogonalRows(rows: number, columns: number, random: Random): Float64Array {
  const q = new Float64Array(rows * columns);
  for (let k = 0; k < q.length; k++) q[k] = random.normal();
  const all = Array.from({ length: rows }, (_, i) => q.subarray(i * columns, (i + 1) * columns));
  /** Stands for rows beyond the last: nothing is along it, and it has no length to lose. */
  const none = new Float64Array(columns);
  const removeEarlier = (a: Float64Array, b: Float64Array, count: number) => {
    const row = (j: number) => (j < count ? all[j] : none);
    let [beforeA, beforeB] = [0, 0];
    do {
      [beforeA, beforeB] = [dot(a, a), dot(b, b)];
      for (let j = 0; j < count; j += 4) removeParts(a, b, row(j), row(j + 1), row(j + 2), row(j + 3));
    } while (dot(a, a) < beforeA / 2 || dot(b, b) < beforeB / 2);
  };
  for (let i = 0; i < rows; i += 2) {
    const a = all[i];
    const b = i + 1 < rows ? all[i + 1] : none;
    removeEarlier(a, b, i);
    normalise(a);
    if (b === none) break;
    while (removePart(b, a)) removeEarlier(b, none, i);
    normalise(b);
  }
  return q;
}

/** Takes the parts along the orthonormal c, d, e, f out of a and b. */
function removeParts(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
  e: Float64Array,
  f: Float64Array,
): void {
  const n = a.length;
  let [ac, ad, ae, af] = [0, 0, 0, 0];
  let [bc, bd, be, bf] = [0, 0, 0, 0];
  for (let k = 0; k < n; k++) {
    const x = a[k];
    const y = b[k];
    ac += x * c[k];
    ad += x * d[k];
    ae += x * e[k];
    af += x * f[k];
    bc += y * c[k];
    bd += y * d[k];
    be += y * e[k];
    bf += y * f[k];
  }
  for (let k = 0; k < n; k++) {
    a[k] -= ac * c[k] + ad * d[k] + (ae * e[k] + af * f[k]);
    b[k] -= bc * c[k] + bd * d[k] + (be * e[k] + bf * f[k]);
  }
}

/** Takes the part along the unit vector u out of a; true if that was most of a. */
function removePart(a: Float64Array, u: Float64Array): boolean {
  const before = dot(a, a);
  const factor = dot(a, u);
  for (let k = 0; k < a.length; k++) a[k] -= factor * u[k];
  return dot(a, a) < before / 2;
}

function normalise(a: Float64Array): void {
  const length = Math.sqrt(dot(a, a));
  for (let k = 0; k < a.length; k++) a[k] /= length;
}

/** Four sums at a time: one alone waits for its own last addition at every step. */
function dot(a: Float64Array, b: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < a.length; k += 4) {
    s0 += a[k] * b[k];
    s1 += a[k + 1] * b[k + 1];
    s2 += a[k + 2] * b[k + 2];
    s3 += a[k + 3] * b[k + 3];
  }
  for (; k < a.length; k++) s0 += a[k] * b[k];
  return s0 + s1 + (s2 + s3);
}
