/** Where the losses of rows go, and what rows weigh. */

/** The weight of a row: scale·weights[row], or scale where `weights` is 0. */
@inline
export function weightOf(weights: usize, row: i32, scale: f32): f32 {
  return weights == 0 ? scale : scale * load<f32>(weights + (<usize>row << 2));
}

@inline
export function setLoss(losses: usize, row: i32, value: f32): void {
  store<f32>(losses + (<usize>row << 2), value);
}
