/** Numbers in row-major order with their shape: what flows between data, model and training. */
export interface NdArray {
  data: Float32Array | Int32Array;
  shape: number[];
}

/** The number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
