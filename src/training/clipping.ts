/** Limits on gradients before an optimizer uses them, as Keras 3 sets them. */

export interface ClippingOptions {
  /** Scales each variable's gradient down to this Euclidean norm. */
  clipnorm?: number | null;
  /** Limits each element of the gradient to ±this. */
  clipvalue?: number | null;
  /** Scales all gradients together down to this norm. Only one of the three may be given. */
  globalClipnorm?: number | null;
}

/**
 * clipnorm, clipvalue or globalClipnorm, in place. A gradient that is NaN stays NaN. Where there are squares of a gradient's uses,
 * clipvalue has limited each use already.
 */
export function clip(
  gradients: readonly Float32Array[],
  squares: readonly (Float32Array | undefined)[],
  { clipnorm, clipvalue, globalClipnorm }: Required<ClippingOptions>,
): void {
  if (clipnorm !== null) for (const [i, gradient] of gradients.entries()) limitNorm([gradient], [squares[i]], clipnorm);
  if (globalClipnorm !== null) limitNorm(gradients, squares, globalClipnorm);
  if (clipvalue !== null)
    gradients.forEach((gradient, i) => {
      if (squares[i] === undefined) limitEach(gradient, clipvalue);
    });
}

/** Keeps every number within ±limit. */
export function limitEach(values: Float32Array, limit: number): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.min(limit, Math.max(-limit, values[i]));
}

function limitNorm(
  gradients: readonly Float32Array[],
  squares: readonly (Float32Array | undefined)[],
  limit: number,
): void {
  let total = 0;
  gradients.forEach((gradient, i) => {
    const given = squares[i];
    if (given) for (let j = 0; j < given.length; j++) total += given[j];
    else for (let j = 0; j < gradient.length; j++) total += gradient[j] * gradient[j];
  });
  const norm = Math.sqrt(total);
  if (!(norm > limit)) return;
  gradients.forEach((gradient, i) => {
    scale(gradient, limit / norm);
    const given = squares[i];
    if (given) scale(given, (limit / norm) ** 2);
  });
}

export function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] *= factor;
}
