/** One part of the windows, held out, and those that are trained on beside it. */
export interface Fold {
  held: Int32Array;
  trained: Int32Array;
}

/**
 * Contiguous blocks of origins, each held out once: windows that are trained on have their origin at least `gap` + 1 rows away
 * from the block, so that none of the rows they forecast is one of the block's. With several series the blocks are blocks of time
 * over all of them: what happens to all at once must not be known from the others.
 * @param clocks each window's origin on the axis of time that all series share, in rows
 */
export function makeFolds(clocks: Int32Array, count: number, gap: number): Fold[] {
  const n = clocks.length;
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => clocks[a] - clocks[b] || a - b);
  const edges = Array.from({ length: count + 1 }, (_, k) => {
    let edge = Math.floor((k * n) / count);
    while (edge > 0 && edge < n && clocks[order[edge]] === clocks[order[edge - 1]]) edge--;
    return edge;
  });
  const folds: Fold[] = [];
  for (let k = 0; k < count; k++) {
    const held = order.slice(edges[k], edges[k + 1]);
    if (held.length === 0) continue;
    const first = clocks[held[0]];
    const last = clocks[held[held.length - 1]];
    const trained = order.filter((i) => clocks[i] < first - gap || clocks[i] > last + gap);
    if (trained.length >= 8) folds.push({ held, trained });
  }
  return folds;
}
