/** Numbers in row-major order with their shape: what flows between data, model and training. */
export interface NdArray {
  data: Float32Array | Int32Array;
  shape: number[];
  /** Where a row is several arrays side by side (see sideBySide.ts): their shapes without the rows' axis. */
  parts?: readonly (readonly number[])[];
}

/** The number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether no number is infinite or NaN: 0·v is 0 for what is finite, and NaN for the rest and in every sum after it. */
export function allFinite(values: Float32Array): boolean {
  // Four sums, since each waits for its last addition.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += 0 * values[i];
    b += 0 * values[i + 1];
    c += 0 * values[i + 2];
    d += 0 * values[i + 3];
  }
  for (let i = whole; i < values.length; i++) a += 0 * values[i];
  return a + b + c + d === 0;
}
