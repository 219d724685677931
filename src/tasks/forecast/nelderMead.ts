export interface Minimum {
  x: Float64Array;
  value: number;
}

/**
 * A local minimum without derivatives: a simplex of n + 1 points is reflected (1), expanded (2), contracted (½) or shrunk (½)
 * until its values differ by less than 1e-8. Nelder and Mead, "A simplex method for function minimization", The Computer
 * Journal 7 (1965).
 * @param step the side of the first simplex
 * @param iterations at most
 */
export function nelderMead(
  f: (x: Float64Array) => number,
  start: ArrayLike<number>,
  step: number,
  iterations: number,
): Minimum {
  const n = start.length;
  const simplex: Minimum[] = Array.from({ length: n + 1 }, (_, i) => {
    const x = Float64Array.from(start);
    if (i > 0) x[i - 1] += step;
    return { x, value: f(x) };
  });
  const centre = new Float64Array(n);
  /** The point that lies `by` times the worst one's distance beyond the centre. */
  const beyond = (by: number): Minimum => {
    const worst = simplex[n].x;
    const x = new Float64Array(n);
    for (let j = 0; j < n; j++) x[j] = centre[j] + by * (centre[j] - worst[j]);
    return { x, value: f(x) };
  };
  for (let k = 0; k < iterations; k++) {
    simplex.sort((a, b) => a.value - b.value);
    if (simplex[n].value - simplex[0].value < 1e-8) break;
    centre.fill(0);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) centre[j] += simplex[i].x[j] / n;
    const reflected = beyond(1);
    if (reflected.value < simplex[0].value) {
      const expanded = beyond(2);
      simplex[n] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[n - 1].value) {
      simplex[n] = reflected;
    } else {
      const contracted = beyond(reflected.value < simplex[n].value ? 0.5 : -0.5);
      if (contracted.value < Math.min(reflected.value, simplex[n].value)) simplex[n] = contracted;
      else shrink(simplex, f);
    }
  }
  return simplex.reduce((best, point) => (point.value < best.value ? point : best));
}

function shrink(simplex: Minimum[], f: (x: Float64Array) => number): void {
  const best = simplex[0].x;
  for (const point of simplex.slice(1)) {
    for (let j = 0; j < best.length; j++) point.x[j] = best[j] + 0.5 * (point.x[j] - best[j]);
    point.value = f(point.x);
  }
}
