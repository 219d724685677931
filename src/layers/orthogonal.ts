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
  // The last row stays zero and stands for rows that are not there: nothing is along it, and it has no length to lose.
  const q = new Float64Array((rows + 1) * columns);
  const none = rows * columns;
  for (let k = 0; k < none; k++) q[k] = random.normal();
  const removeEarlier = (a: number, b: number, count: number) => {
    const row = (j: number) => (j < count ? j * columns : none);
    let [beforeA, beforeB] = [0, 0];
    do {
      [beforeA, beforeB] = [dot(q, columns, a, a), dot(q, columns, b, b)];
      for (let j = 0; j < count; j += 4) removeParts(q, columns, a, b, row(j), row(j + 1), row(j + 2), row(j + 3));
    } while (dot(q, columns, a, a) < beforeA / 2 || dot(q, columns, b, b) < beforeB / 2);
  };
  for (let i = 0; i < rows; i += 2) {
    const a = i * columns;
    const b = a + columns;
    removeEarlier(a, b, i);
    normalise(q, columns, a);
    if (b === none) break;
    while (removePart(q, columns, b, a)) removeEarlier(b, none, i);
    normalise(q, columns, b);
  }
  return q.subarray(0, none);
}

// Below, rows of q are given by where they begin, and n is their length.

/** Takes the parts along the orthonormal c, d, e, f out of a and b. */
function removeParts(
  q: Float64Array,
  n: number,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
): void {
  let ac = 0;
  let ad = 0;
  let ae = 0;
  let af = 0;
  let bc = 0;
  let bd = 0;
  let be = 0;
  let bf = 0;
  for (let k = 0; k < n; k++) {
    const x = q[a + k];
    const y = q[b + k];
    const r = q[c + k];
    const s = q[d + k];
    const t = q[e + k];
    const u = q[f + k];
    ac += x * r;
    ad += x * s;
    ae += x * t;
    af += x * u;
    bc += y * r;
    bd += y * s;
    be += y * t;
    bf += y * u;
  }
  for (let k = 0; k < n; k++) {
    const r = q[c + k];
    const s = q[d + k];
    const t = q[e + k];
    const u = q[f + k];
    q[a + k] -= ac * r + ad * s + (ae * t + af * u);
    q[b + k] -= bc * r + bd * s + (be * t + bf * u);
  }
}

/** Takes the part along the unit vector u out of a; true if that was most of a. */
function removePart(q: Float64Array, n: number, a: number, u: number): boolean {
  const before = dot(q, n, a, a);
  const factor = dot(q, n, a, u);
  for (let k = 0; k < n; k++) q[a + k] -= factor * q[u + k];
  return dot(q, n, a, a) < before / 2;
}

function normalise(q: Float64Array, n: number, a: number): void {
  const length = Math.sqrt(dot(q, n, a, a));
  for (let k = 0; k < n; k++) q[a + k] /= length;
}

function dot(q: Float64Array, n: number, a: number, b: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += q[a + k] * q[b + k];
  return sum;
}
