import { MemcellError } from '../errors.js';
import * as tf from '../tf.js';

/** What an output hangs on: its change from the baseline's output, shared out over the inputs. */
export interface Attribution {
  /** Of x's shape; of an Embedding's ids (B, T). Each sample's values sum to output − baseline, but for `gap`. */
  values: { data: Float32Array; shape: number[] };
  /** Per sample, the output that is explained, and what the baseline gives. */
  output: number[];
  baseline: number[];
  /** The largest |Σ values − (output − baseline)| of a sample. */
  gap: number;
}

export interface AttributeOptions {
  /** The place of the output that is explained, of one sample's outputs in their order; the largest one when not given. */
  output?: number;
  /** One sample of inputs to compare with; zeros when not given. Of an Embedding, zeros in place of its vectors. */
  baseline?: ArrayLike<number>;
}

/** Points of the first try, and of the last: each doubles the one before until the gap is small. */
const points = { first: 16, last: 256 };
const smallGap = 1e-3;

/**
 * Integrated gradients (M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", 2017):
 *
 *     aᵢ = (xᵢ − x′ᵢ) ∫₀¹ ∂F(x′ + α(x − x′))/∂xᵢ dα
 *
 * by Gauss–Legendre quadrature, with so many points that the parts sum to F(x) − F(x′) within 1e-3 of it.
 */
export async function attributionOf(
  model: tf.LayersModel,
  x: tf.Tensor,
  { output, baseline }: AttributeOptions = {},
): Promise<Attribution> {
  const { run, start, shape, embedded } = inputOf(model, x);
  const [batch] = x.shape;
  const from = baselineOf(start, embedded ? undefined : baseline);
  const disposed: tf.Tensor[] = [start, from];
  try {
    const whole = tf.tidy(() => rowsOf(run(start), batch));
    const places = whole.map((row) => output ?? row.reduce((best, value, i) => (value > row[best] ? i : best), 0));
    const bad = places.find((place) => !(Number.isInteger(place) && place >= 0 && place < whole[0].length));
    if (bad !== undefined) {
      throw new MemcellError(`attribute: output ${bad} is none of the ${whole[0].length} outputs`, {
        code: 'usage',
      });
    }
    const base = tf.tidy(() => rowsOf(run(from), batch));
    const [outputs, baselines] = [whole, base].map((rows) => rows.map((row, b) => row[places[b]]));
    for (let count = points.first; ; count *= 2) {
      const sums = integrate(run, start, from, places, count);
      const values = embedded ? sumLast(sums, start.shape[2] ?? 1) : sums;
      const each = values.length / batch;
      let gap = 0;
      for (let b = 0; b < batch; b++) {
        let sum = 0;
        for (let i = 0; i < each; i++) sum += values[b * each + i];
        gap = Math.max(gap, Math.abs(sum - (outputs[b] - baselines[b])));
      }
      const largest = Math.max(...outputs.map((value, b) => Math.abs(value - baselines[b])));
      if (gap <= smallGap * Math.max(largest, 1e-3) || count >= points.last) {
        return { values: { data: Float32Array.from(values), shape }, output: outputs, baseline: baselines, gap };
      }
      await tf.nextFrame();
    }
  } finally {
    tf.dispose(disposed);
  }
}

/** The part of a model after its Embedding, if it begins with one, since whole numbers have no gradient. */
function inputOf(model: tf.LayersModel, x: tf.Tensor) {
  const [first, ...rest] = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
  if (first.getClassName() !== 'Embedding') {
    const run = (input: tf.Tensor) => model.apply(input) as tf.Tensor;
    return { run, start: tf.cast(tf.clone(x), 'float32'), shape: [...x.shape], embedded: false };
  }
  const mask = first.computeMask(x);
  const run = (input: tf.Tensor) => {
    let value = input;
    let known = Array.isArray(mask) ? mask[0] : mask;
    for (const layer of rest) {
      const next = layer.call(value, known ? { mask: known } : {});
      const nextMask = layer.computeMask(value, known);
      value = Array.isArray(next) ? next[0] : next;
      known = Array.isArray(nextMask) ? nextMask[0] : nextMask;
    }
    return value;
  };
  return { run, start: first.apply(x) as tf.Tensor, shape: [...x.shape], embedded: true };
}

function rowsOf(output: tf.Tensor, batch: number): number[][] {
  return (tf.reshape(output, [batch, -1]) as tf.Tensor2D).arraySync();
}

function baselineOf(start: tf.Tensor, baseline: ArrayLike<number> | undefined): tf.Tensor {
  if (baseline === undefined) return tf.zerosLike(start);
  const [batch, ...sample] = start.shape;
  const size = sample.reduce((product, one) => product * one, 1);
  if (baseline.length !== size) {
    throw new MemcellError(`attribute: the baseline has ${baseline.length} numbers; one sample has ${size}`, {
      code: 'usage',
    });
  }
  return tf.tidy(() => tf.tile(tf.tensor(Array.from(baseline), [1, ...sample]), [batch, ...sample.map(() => 1)]));
}

/** (x − x′) Σ wⱼ ∂F(x′ + αⱼ(x − x′))/∂x, in x's order. */
function integrate(
  run: (input: tf.Tensor) => tf.Tensor,
  start: tf.Tensor,
  from: tf.Tensor,
  places: readonly number[],
  count: number,
): Float64Array {
  const sums = new Float64Array(start.size);
  const { nodes, weights } = gaussLegendre(count);
  for (const [j, alpha] of nodes.entries()) {
    const gradient = tf.tidy(() => {
      const width = run(from).size / places.length;
      const chosen = new Float32Array(width * places.length);
      for (const [b, place] of places.entries()) chosen[b * width + place] = 1;
      const picked = tf.tensor2d(chosen, [places.length, width]);
      const explained = (input: tf.Tensor) => tf.sum(tf.mul(tf.reshape(run(input), picked.shape), picked)) as tf.Scalar;
      return tf
        .grad(explained)(tf.add(from, tf.mul(tf.sub(start, from), alpha)))
        .dataSync();
    });
    for (let i = 0; i < sums.length; i++) sums[i] += weights[j] * gradient[i];
  }
  const change = tf.tidy(() => tf.sub(start, from).dataSync());
  for (let i = 0; i < sums.length; i++) sums[i] *= change[i];
  return sums;
}

function sumLast(values: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(values.length / width);
  for (let i = 0; i < values.length; i++) sums[Math.floor(i / width)] += values[i];
  return sums;
}

/**
 * Nodes and weights on [0, 1] that integrate polynomials of degree 2n − 1 exactly: the roots of the Legendre polynomial Pₙ, by
 * Newton's method from cos(π(i − ¼)/(n + ½)) with Pₙ from its three-term recurrence.
 */
export function gaussLegendre(n: number): { nodes: number[]; weights: number[] } {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 1; i <= n; i++) {
    let x = Math.cos((Math.PI * (i - 0.25)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let [p, before] = [1, 0];
      for (let k = 1; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p];
      slope = (n * (x * p - before)) / (x * x - 1);
      const step = p / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes.push((1 - x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}
