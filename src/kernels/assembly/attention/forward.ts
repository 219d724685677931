/**
 * Attention forward by tiles of queries and keys, so that no (T,S) matrix is ever whole: as the keys go by each query keeps its
 * largest score and the sum of e^(score − largest), and what has been summed is scaled when a larger one comes (Milakov and
 * Gimelshein 2018; Dao et al. 2022).
 */
import { dropRow } from '../elementwise/dropout';
import { product } from '../product';
import { copyRow, zeroRow } from '../rows';
import { additiveScores } from './additive';
import { Attention, KEYS, Layout, layOut, QUERIES, TILE_ROW } from './job';
import { layCoefficients, layLowering, packHead, unpackRows } from './pack';
import { exponentialRow, lowerRow, NONE, scaleFours } from './rows';

/** Scores of `rows` queries from t and `count` keys from s, as far as a query looks at them. */
export function scores(job: Attention, at: Layout, t: i32, rows: i32, s: i32, count: i32): void {
  const K = job.keyBytes();
  const keys = at.keyTransposed + <usize>s * K;
  let n = 0;
  for (let r = 0; r < rows; r += n) {
    n = job.stripFrom(r, t, rows, s, count);
    const panels = (job.keysUpTo(t + r + n, s, count) + 15) >> 4;
    const query = at.query + <usize>(t + r) * K, to = at.tile + <usize>r * TILE_ROW;
    if (job.additive) additiveScores(n, panels, job.keyWidth, query, K, keys, at.coefficients, to);
    else product(panels, n, job.keyWidth, query, K, keys, K << 4, to, TILE_ROW, 64, false, job.wide != 0);
  }
}

/** C (rows, 16·panels) (+)= tile·B for the rows of a tile's queries, B being panels of its keys' rows; zeros of the tile are left out. */
export function timesTile(
  job: Attention, t: i32, rows: i32, s: i32, count: i32, tile: usize, panels: i32, b: usize, panel: usize, c: usize, ldc: usize,
  add: bool,
): void {
  let n = 0;
  for (let r = 0; r < rows; r += n) {
    n = job.stripFrom(r, t, rows, s, count);
    const keys = job.keysUpTo(t + r + n, s, count);
    product(panels, n, keys, tile + <usize>r * TILE_ROW, TILE_ROW, b, panel, c + <usize>r * ldc, ldc, 64, add, job.wide != 0);
  }
}

/** The number of keys that queries before `end` look at: those after a causal tile are no part of it, but where queries have no key. */
export function keysOf(job: Attention, b: i32, from: i32, end: i32, first: i32): i32 {
  if (!job.causal || end >= job.keys) return job.keys;
  for (let t = from; t < end; ++t) if (job.isClosed(b, t, first)) return job.keys;
  return end;
}

/** How many of `count` keys from s query t looks at; all, where none counts. */
export function countOf(job: Attention, t: i32, s: i32, count: i32, closed: bool): i32 {
  return job.causal && !closed ? max(min(t + 1 - s, count), 0) : count;
}

/** One tile of scores → weights that are yet to be divided by their sum; what was summed up before is made worth as much. */
function weighTile(job: Attention, at: Layout, b: i32, head: i32, t: i32, rows: i32, s: i32, count: i32, first: i32, key: i32): void {
  const V = job.valueBytes();
  const width = (count + 15) & ~15;
  let row = at.tile;
  for (let r = 0; r < rows; ++r) {
    const closed = job.isClosed(b, t + r, first);
    const n = countOf(job, t + r, s, count, closed);
    const float = (<usize>r) << 2;
    if (n == 0) {
      zeroRow(row, width);
    } else {
      lowerRow(job, row, n, closed, at.lowering + ((<usize>s) << 2));
      const worth = exponentialRow(row, n, width, at.most + float, at.sums + float);
      if (worth != 1 && s > 0) scaleFours(at.output + <usize>r * V, <i32>(V >> 2), worth);
      if (job.threshold) dropRow(row, n, job.weightIndex(b, head, t + r) + s, key, job.threshold, job.kept);
    }
    row += TILE_ROW;
  }
}

function forwardTile(job: Attention, at: Layout, b: i32, head: i32, t: i32, rows: i32, first: i32, key: i32): void {
  const V = job.valueBytes();
  for (let r: usize = 0; r < <usize>rows; ++r) {
    store<f32>(at.most + (r << 2), NONE);
    store<f32>(at.sums + (r << 2), 0);
  }
  const end = keysOf(job, b, t, t + rows, first);
  for (let s = 0; s < end; s += KEYS) {
    const count = min(KEYS, end - s);
    scores(job, at, t, rows, s, count);
    weighTile(job, at, b, head, t, rows, s, count, first, key);
    timesTile(
      job, t, rows, s, count, at.tile, <i32>(V >> 6), at.value + ((<usize>s) << 6), (<usize>job.paddedKeys()) << 6,
      at.output, V, s > 0,
    );
  }
  finishTile(job, at, b, head, t, rows, first);
}

function finishTile(job: Attention, at: Layout, b: i32, head: i32, t: i32, rows: i32, first: i32): void {
  const V = job.valueBytes();
  const width = job.valueWidth;
  let to = job.output + <usize>t * job.outputStep + <usize>b * job.outputRow + ((<usize>(head * width)) << 2);
  let from = at.output;
  for (let r = 0; r < rows; ++r) {
    const float = (<usize>r) << 2;
    const empty = job.closing == 2 && job.isClosed(b, t + r, first);
    const share: f32 = empty ? 0 : 1 / load<f32>(at.sums + float);
    if (job.isMasked(b, t + r)) zeroRow(to, width);
    else unpackRows(1, width, from, V, to, 0, share);
    if (job.most) {
      store<f32>(job.queryAt(job.most, b, head, t + r), load<f32>(at.most + float));
      store<f32>(job.queryAt(job.share, b, head, t + r), share);
    }
    from += V;
    to += job.outputStep;
  }
}

/** Bytes of scratch that a batch entry needs; writes the layout of one, 128 bytes, to `at`. */
export function attentionScratch(address: usize, at: usize, backward: i32): usize {
  return layOut(changetype<Attention>(address), at, backward != 0).end - at;
}

/** The output of batch entries batch0..batch1 for the Attention at `address`; `key` is that of the weights' dropout. */
export function attentionForward(address: usize, key: i32, batch0: i32, batch1: i32): void {
  const job = changetype<Attention>(address);
  const at = layOut(job, job.scratch + <usize>batch0 * job.scratchSize, false);
  if (job.additive) layCoefficients(job, at.coefficients);
  for (let b = batch0; b < batch1; ++b) {
    const first = layLowering(job, b, at.lowering);
    for (let head = 0; head < job.heads; ++head) {
      packHead(job, at, b, head);
      for (let t = 0; t < job.queries; t += QUERIES) {
        forwardTile(job, at, b, head, t, min(QUERIES, job.queries - t), first, key);
      }
    }
  }
}
