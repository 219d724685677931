/** Placeholder until the kernels land: proves the build. */
export function probe(pointer: usize): f32 {
  return load<f32>(pointer);
}
