import { MemcellError } from '../../errors.js';
import { EventLoop } from '../../eventLoop.js';
import type { Predicting } from '../../predicting.js';
import type { Predictor } from '../prepared.js';
import type { KneserNey } from './kneserNey.js';
import { coveringWindows, lastTokenWindows } from './samples.js';

/** What text needs of a network. One that predicts only, and does not stream, will do. */
export type Network = Predictor & Partial<Pick<Predicting, 'stream' | 'outputs'>>;

/** Takes a token and gives the probabilities of the next one, in an array that the next push overwrites. */
export type PushToken = (token: number) => ArrayLike<number>;

/**
 * The network as a stream of tokens; or why it is none: it needs the whole window, or gives only what follows a window,
 * so that it has never seen a longer context.
 */
export function openStream(network: Network): { push: PushToken } | { why: string } {
  if (network.stream === undefined) return { why: 'it only predicts' };
  if (network.outputs?.[0].shape.length !== 3)
    return { why: 'it was trained to answer after the last token of a window only' };
  try {
    const stream = network.stream();
    const input = new Int32Array(1);
    return {
      push: (token) => {
        input[0] = token;
        return stream.push(input);
      },
    };
  } catch (error) {
    if (error instanceof MemcellError && error.code === 'model') return { why: error.message };
    throw error;
  }
}

/** Tokens before the first scored one that are given to a stream, so that it does not start cold. */
const warmUp = 1000;
/** Tokens that are scored at most: some ten seconds. */
const mostScored = 300_000;
/** Tokens that are scored at least where training was interrupted. */
const fewScored = 1000;

/** Probabilities that were given to the tokens [first, to) of a text, each knowing all tokens before it. */
export interface Scores {
  first: number;
  to: number;
  p: Float64Array;
}

/**
 * The network's probabilities of the tokens [from, to). By windows, and for the very first tokens of a text, there are some
 * that are not predicted; `first` says where it begins.
 * @param ids at least a window and one more where the network is asked by windows
 * @param least by windows: tokens of context that each prediction has, half a window when not given
 */
export async function scoreNetwork(
  network: Network,
  size: number,
  ids: Int32Array,
  part: { from: number; to: number },
  by: { context: 'stream' | 'window'; window: number; least?: number },
  signal?: AbortSignal,
): Promise<Scores> {
  const to = Math.min(part.to, part.from + (signal?.aborted ? fewScored : mostScored));
  const opened = by.context === 'stream' ? openStream(network) : { why: '' };
  if ('push' in opened) return scoreStream(opened.push, ids, part.from, to, signal);
  const { window, least = window >> 1 } = by;
  const probe = await network.predict({ data: ids.slice(0, window), shape: [1, window] });
  if (probe.shape.length === 3)
    return scoreWindows(network, size, ids, { from: part.from, to }, { window, least }, signal);
  const first = Math.max(part.from, window);
  const { x } = lastTokenWindows(ids.subarray(first - window, to), window);
  const p = new Float64Array(to - first);
  let next = 0;
  const take = (row: number, output: ArrayLike<number>) => {
    p[next++] = output[ids[first + row]];
  };
  await predictWindows(network, x.data, window, take, () => signal?.aborted === true && next >= fewScored);
  return { first, to: first + next, p: p.subarray(0, next) };
}

async function scoreStream(
  push: PushToken,
  ids: Int32Array,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): Promise<Scores> {
  const first = Math.max(from, 1);
  const p = new Float64Array(to - first);
  const loop = new EventLoop();
  let next = 0;
  for (let i = Math.max(0, first - 1 - warmUp); i < to - 1; i++) {
    const probabilities = push(ids[i]);
    if (i + 1 >= first) p[next++] = probabilities[ids[i + 1]];
    if (loop.waits) await loop.turn();
    if (signal?.aborted && next >= fewScored) break;
  }
  return { first, to: first + next, p: p.subarray(0, next) };
}

async function scoreWindows(
  network: Network,
  size: number,
  ids: Int32Array,
  { from, to }: { from: number; to: number },
  { window, least }: { window: number; least: number },
  signal: AbortSignal | undefined,
): Promise<Scores> {
  const first = Math.max(from, 1);
  const { x, y, counts } = coveringWindows(ids, window, first, to, least);
  const p = new Float64Array(to - first);
  let next = 0;
  const take = (row: number, output: ArrayLike<number>) => {
    for (let t = 0; t < window; t++) {
      if (counts[row * window + t] === 1) p[next++] = output[t * size + y.data[row * window + t]];
    }
  };
  await predictWindows(network, x.data, window, take, () => signal?.aborted === true && next >= fewScored);
  return { first, to: first + next, p: p.subarray(0, next) };
}

/** Predicts windows, and hands out each one's output, until there are enough. */
export async function predictWindows(
  network: Network,
  x: Float32Array | Int32Array,
  window: number,
  take: (row: number, output: Float32Array | Int32Array) => void,
  isEnough: () => boolean = () => false,
): Promise<void> {
  const rows = x.length / window;
  const batch = 64;
  for (let start = 0; start < rows && !isEnough(); start += batch) {
    const n = Math.min(batch, rows - start);
    const data = x.subarray(start * window, (start + n) * window);
    const { data: output } = await network.predict({ data, shape: [n, window] }, { batchSize: batch });
    const each = output.length / n;
    for (let i = 0; i < n; i++) take(start + i, output.subarray(i * each, (i + 1) * each));
  }
}

/** The same tokens' probabilities by counts. */
export async function scoreCounts(
  counts: KneserNey,
  ids: Int32Array,
  first: number,
  to: number,
): Promise<Float64Array> {
  const loop = new EventLoop();
  const state = counts.start();
  for (const id of ids.subarray(Math.max(0, first - counts.order), first)) state.push(id);
  const p = new Float64Array(to - first);
  for (const [i, id] of ids.subarray(first, to).entries()) {
    p[i] = state.probability(id);
    state.push(id);
    if (loop.waits) await loop.turn();
  }
  return p;
}

/** A probability that a network gives as 0 in float32 counts as this. */
const least = 1e-7;

/** −Σ ln p, in nats. */
export function nats(p: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum -= Math.log(Math.max(p[i], least));
  return sum;
}

/** w·p + (1 − w)·q of each. */
export function mixed(p: Float64Array, q: Float64Array, weight: number): Float64Array {
  return p.map((value, i) => weight * value + (1 - weight) * q[i]);
}

/**
 * The weight w of p in w·p + (1 − w)·q that makes the data likeliest, by expectation maximisation: w becomes the mean of
 * w·p / (w·p + (1 − w)·q), which never makes the likelihood smaller (F. Jelinek, R. L. Mercer, "Interpolated estimation of
 * Markov source parameters from sparse data", 1980).
 */
export function fitWeight(p: Float64Array, q: Float64Array): number {
  let weight = 0.5;
  for (let round = 0; round < 100; round++) {
    let sum = 0;
    for (let i = 0; i < p.length; i++) {
      const own = weight * p[i];
      sum += own / Math.max(own + (1 - weight) * q[i], Number.MIN_VALUE);
    }
    const next = sum / p.length;
    if (Math.abs(next - weight) < 1e-4) return next;
    weight = next;
  }
  return weight;
}
