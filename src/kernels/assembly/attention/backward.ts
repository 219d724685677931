/**
 * Attention backward, tile by tile: weights are computed again from each query's largest score and sum (Dao et al. 2022). With weights
 * P = softmax(scores), dropped ones P̂ = P∘mask and Y = P̂·V: dV = P̂ᵀ·dY, dP = (dY·Vᵀ)∘mask, dScores = P∘(dP − Σ dP∘P), the sum being
 * Σ dY∘Y of a query.
 */
import { dropRow } from '../elementwise/dropout';
import { transposePanels } from '../lstmPack';
import { outerProduct, product } from '../product';
import { zeroRow } from '../rows';
import { additiveGradients } from './additive';
import { countOf, keysOf, scores, timesTile } from './forward';
import { Attention, KEYS, Layout, layOut, QUERIES, STRIP, TILE_ROW } from './job';
import { layCoefficients, layLowering, packHead, packRows, rowsToPanels, unpackPanels, unpackRows } from './pack';
import { dot, gradientRow, lowerRow } from './rows';

/** The tile of scores → weights as they were after dropout, and dTile → gradients of scores. */
function gradientTile(job: Attention, at: Layout, b: i32, head: i32, t: i32, rows: i32, s: i32, count: i32, first: i32, key: i32): void {
  const width = (count + 15) & ~15;
  let row = at.tile;
  let dRow = at.dTile;
  for (let r = t; r < t + rows; ++r) {
    const closed = job.isClosed(b, r, first);
    const n = countOf(job, r, s, count, closed);
    if (n == 0) {
      zeroRow(row, width);
      zeroRow(dRow, width);
    } else {
      const index = job.weightIndex(b, head, r) + s;
      lowerRow(job, row, n, closed, at.lowering + ((<usize>s) << 2));
      if (job.threshold) dropRow(dRow, n, index, key, job.threshold, job.kept);
      gradientRow(
        row, dRow, n, width, load<f32>(job.queryAt(job.most, b, head, r)), load<f32>(job.queryAt(job.share, b, head, r)),
        load<f32>(at.dots + ((<usize>r) << 2)),
      );
      if (closed && job.closing) zeroRow(dRow, width);
      if (job.threshold) dropRow(row, n, index, key, job.threshold, job.kept);
    }
    row += TILE_ROW;
    dRow += TILE_ROW;
  }
}

function backwardTile(job: Attention, at: Layout, b: i32, head: i32, t: i32, rows: i32, s: i32, count: i32, first: i32, key: i32): void {
  const K = job.keyBytes(), V = job.valueBytes();
  const queries = (<usize>job.queries) << 6, keys = (<usize>job.paddedKeys()) << 6;
  const tLine = (<usize>t) << 6, sLine = (<usize>s) << 6;
  scores(job, at, t, rows, s, count);
  let n = 0;
  for (let r = 0; r < rows; r += n) {
    n = job.stripFrom(r, t, rows, s, count);
    product(
      (job.keysUpTo(t + r + n, s, count) + 15) >> 4, n, job.valueWidth, at.dOutput + <usize>(t + r) * V, V,
      at.valueTransposed + <usize>s * V, V << 4, at.dTile + <usize>r * TILE_ROW, TILE_ROW, 64, false, job.wide != 0,
    );
  }
  gradientTile(job, at, b, head, t, rows, s, count, first, key);
  if (job.dValue) {
    tileTimes(job, t, rows, s, count, at.tile, <i32>(V >> 6), at.dOutputPanels + tLine, queries, at.dValue + sLine, keys);
  }
  if (job.additive) {
    for (let r = 0; r < rows; r += n) {
      n = job.stripFrom(r, t, rows, s, count);
      additiveGradients(
        n, (job.keysUpTo(t + r + n, s, count) + 15) >> 4, job.keyWidth, at.query + <usize>(t + r) * K, K,
        at.keyTransposed + <usize>s * K, at.coefficients, at.dTile + <usize>r * TILE_ROW, at.dQuery + <usize>(t + r) * K,
        at.dKeyTransposed + <usize>s * K, job.dCoefficients + <usize>b * K,
      );
    }
    return;
  }
  const panels = <i32>(K >> 6);
  if (job.dKey) tileTimes(job, t, rows, s, count, at.dTile, panels, at.queryPanels + tLine, queries, at.dKey + sLine, keys);
  timesTile(job, t, rows, s, count, at.dTile, panels, at.key + sLine, keys, at.dQuery + <usize>t * K, K, true);
}

/** C (count, 16·panels) += tileᵀ·B for the rows of a tile's keys, B being panels of its queries' rows; zeros of the tile are left out. */
function tileTimes(
  job: Attention, t: i32, rows: i32, s: i32, count: i32, tile: usize, panels: i32, b: usize, panel: usize, c: usize, cPanel: usize,
): void {
  let n = 0;
  for (let i = 0; i < count; i += n) {
    const isTriangular = job.isTriangular();
    // All queries look at the keys before them; at a strip of others those from its first key on.
    const before = isTriangular ? t - s - i : count - i;
    n = min(before > 0 ? before : STRIP, count - i);
    const r = isTriangular ? max(s + i - t, 0) : 0;
    outerProduct(
      panels, n, rows - r, tile + <usize>r * TILE_ROW + ((<usize>i) << 2), TILE_ROW, b + ((<usize>r) << 6), panel,
      c + ((<usize>i) << 6), cPanel, true, job.wide != 0,
    );
  }
}

/** What a head's tiles read beside what forward's do, and zeros for their sums. */
function startHead(job: Attention, at: Layout, b: i32, head: i32, dy: usize, dyRow: usize, dyStep: usize): void {
  const T = job.queries, S = job.paddedKeys();
  const K = job.keyBytes(), V = job.valueBytes();
  const width = job.valueWidth;
  const offset = (<usize>(head * width)) << 2;
  packHead(job, at, b, head);
  transposePanels(at.value, <i32>(V >> 6), S, at.valueTransposed);
  const from = dy + <usize>b * dyRow + offset;
  packRows(T, width, from, dyStep, at.dOutput, V, 1);
  let y = job.output + <usize>b * job.outputRow + offset;
  let d = at.dOutput;
  for (let t = 0; t < T; ++t) {
    if (job.isMasked(b, t)) zeroRow(d, <i32>(V >> 2));
    store<f32>(at.dots + ((<usize>t) << 2), dot(d, y, width));
    d += V;
    y += job.outputStep;
  }
  rowsToPanels(T, at.dOutput, V, at.dOutputPanels);
  if (!job.additive) rowsToPanels(T, at.query, K, at.queryPanels);
  zeroRow(at.dQuery, T * <i32>(K >> 2));
  zeroRow(job.additive ? at.dKeyTransposed : at.dKey, S * <i32>(K >> 2));
  zeroRow(at.dValue, S * <i32>(V >> 2));
}

/** Σ x∘d over rows of n floats. */
function sumDots(count: i32, n: i32, x: usize, xStep: usize, d: usize, dStep: usize): f32 {
  let sum: f32 = 0;
  for (; count > 0; --count) {
    for (let i = 0; i < n; ++i) sum += load<f32>(x + ((<usize>i) << 2)) * load<f32>(d + ((<usize>i) << 2));
    x += xStep;
    d += dStep;
  }
  return sum;
}

/** The sums to where the gradients go. */
function finishHead(job: Attention, at: Layout, b: i32, head: i32): void {
  const T = job.queries, S = job.paddedKeys();
  const K = job.keyBytes();
  const entry = <usize>b;
  const keys = job.keys, keyWidth = job.keyWidth, valueWidth = job.valueWidth;
  const offset = (<usize>(head * keyWidth)) << 2;
  const factor = job.scaling();
  if (job.additive) transposePanels(at.dKeyTransposed, S >> 4, <i32>(K >> 2), at.dKey);
  if (job.dFactor) {
    let sum = sumDots(T, keyWidth, job.query + entry * job.queryRow + offset, job.queryStep, at.dQuery, K);
    if (job.additive) {
      for (let p = 0; p < keyWidth; p += 16) {
        sum += sumDots(
          keys, min(keyWidth - p, 16), job.key + entry * job.keyRow + offset + ((<usize>p) << 2), job.keyStep,
          at.dKey + ((<usize>(p >> 4) * <usize>S) << 6), 64,
        );
      }
    }
    const to = job.dFactor + (entry << 2);
    store<f32>(to, load<f32>(to) + sum);
  }
  if (job.dQuery) {
    unpackRows(T, keyWidth, at.dQuery, K, job.dQuery + entry * job.dQueryRow + offset, job.dQueryStep, factor);
  }
  if (job.dKey) {
    unpackPanels(
      keys, keyWidth, at.dKey, S, job.dKey + entry * job.dKeyRow + offset, job.dKeyStep, job.additive ? factor : 1,
    );
  }
  if (job.dValue) {
    unpackPanels(
      keys, valueWidth, at.dValue, S, job.dValue + entry * job.dValueRow + ((<usize>(head * valueWidth)) << 2),
      job.dValueStep, 1,
    );
  }
}

function backwardHead(job: Attention, at: Layout, b: i32, head: i32, first: i32, key: i32): void {
  for (let t = 0; t < job.queries; t += QUERIES) {
    const rows = min(QUERIES, job.queries - t);
    const end = keysOf(job, b, t, t + rows, first);
    for (let s = 0; s < end; s += KEYS) backwardTile(job, at, b, head, t, rows, s, min(KEYS, end - s), first, key);
  }
}

/** The gradients of batch entries batch0..batch1 from those of the output, dy, whose rows and steps are in bytes. */
export function attentionBackward(
  address: usize, key: i32, dy: usize, dyRow: usize, dyStep: usize, batch0: i32, batch1: i32,
): void {
  const job = changetype<Attention>(address);
  const at = layOut(job, job.scratch + <usize>batch0 * job.scratchSize, true);
  if (job.additive) layCoefficients(job, at.coefficients);
  for (let b = batch0; b < batch1; ++b) {
    const first = layLowering(job, b, at.lowering);
    if (job.dFactor) store<f32>(job.dFactor + ((<usize>b) << 2), 0);
    if (job.additive) zeroRow(job.dCoefficients + <usize>b * job.keyBytes(), <i32>(job.keyBytes() >> 2));
    for (let head = 0; head < job.heads; ++head) {
      startHead(job, at, b, head, dy, dyRow, dyStep);
      backwardHead(job, at, b, head, first, key);
      finishHead(job, at, b, head);
    }
  }
}
