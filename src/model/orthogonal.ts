import type { Random } from '../random.js';

/**
 * `rows` random orthonormal rows of length `columns` ≥ `rows`, row-major, evenly distributed over all such matrices.
 *
 * The Q of a QR factorisation of a matrix of normal numbers, signs chosen so that R's diagonal is positive: Gram–Schmidt
 * gives just that. A row that loses most of its length to the rows before it is left with rounding errors along them of
 * ε times that loss, so it goes through a second time, after which they are of size ε.
 */
export function orthogonalRows(rows: number, columns: number, random: Random): Float64Array {
  const q = Float64Array.from({ length: rows * columns }, () => random.normal());
  for (let i = 0; i < rows; i++) {
    const row = q.subarray(i * columns, (i + 1) * columns);
    let before: number;
    let after = dot(row, row);
    do {
      before = after;
      for (let j = 0; j < i; j++) {
        const earlier = q.subarray(j * columns, (j + 1) * columns);
        subtract(row, earlier, dot(row, earlier));
      }
      after = dot(row, row);
    } while (after < before / 2);
    const length = Math.sqrt(after);
    for (let k = 0; k < columns; k++) row[k] /= length;
  }
  return q;
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

function subtract(row: Float64Array, earlier: Float64Array, factor: number): void {
  for (let k = 0; k < row.length; k++) row[k] -= factor * earlier[k];
}
