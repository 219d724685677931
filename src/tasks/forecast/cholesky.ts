/**
 * Solves A·X = B for a symmetric positive definite A by A = L·Lᵀ, in float64. A's lower triangle is overwritten with L, B with X.
 * @param a (n, n) row-major
 * @param b (n, k) row-major
 * @returns false when A is not positive definite; B is then of no use.
 */
export function solvePositive(a: Float64Array, b: Float64Array, n: number, k: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let c = 0; c < j; c++) sum -= a[i * n + c] * a[j * n + c];
      if (i !== j) a[i * n + j] = sum / a[j * n + j];
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < i; c++) for (let j = 0; j < k; j++) b[i * k + j] -= a[i * n + c] * b[c * k + j];
    for (let j = 0; j < k; j++) b[i * k + j] /= a[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let c = i + 1; c < n; c++) for (let j = 0; j < k; j++) b[i * k + j] -= a[c * n + i] * b[c * k + j];
    for (let j = 0; j < k; j++) b[i * k + j] /= a[i * n + i];
  }
  return true;
}
