import { modelError, usageError } from '../errors.js';
import { callsOf, isModel } from '../model/walk.js';
import * as tf from '../tf.js';
import type { LayersModel, Tensor } from '../tfjsTypes.js';
import { runGraph, runLayer } from '../training/graph.js';

/** What an output hangs on: its change from the baseline's output, shared out over the inputs. */
export interface Attribution {
  /** Of x's shape; of an Embedding's ids (B, T). Each sample's values sum to output − baseline, but for `gap`. */
  values: { data: Float32Array; shape: number[] };
  /** Per sample, the place of the output that is explained, what it is, and what the baseline gives. */
  place: number[];
  output: number[];
  baseline: number[];
  /** The largest |Σ values − (output − baseline)| of a sample. */
  gap: number;
}

export interface AttributeOptions {
  /**
   * The place of the output that is explained, of one sample's outputs in their order, those of several output layers one after the other.
   * When not given, the largest one (of the last step); with several output layers it must be.
   */
  output?: number;
  /** One sample of inputs to compare with; zeros when not given. Of an Embedding, zeros in place of its vectors. */
  baseline?: ArrayLike<number>;
}

/** The gap that is aimed at, as a part of the change of the output; points of a stretch, and stretches at most. */
const quadrature = { gap: 5e-4, points: 8, stretches: 80 };

/**
 * Integrated gradients (M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", 2017):
 *
 *     aᵢ = (xᵢ − x′ᵢ) ∫₀¹ ∂F(x′ + α(x − x′))/∂xᵢ dα
 *
 * by Gauss–Legendre quadrature on stretches of the path. What a stretch gives must be the change of F over it, which is known:
 * the one that misses it most is halved, until all is found. Where F leaps on the way, as chaotic networks do, `gap` says what is left.
 */
export async function attributionOf(
  model: LayersModel,
  x: Tensor,
  { output, baseline }: AttributeOptions = {},
): Promise<Attribution> {
  if (model.outputs.length > 1 && output === undefined) {
    const names = model.outputNames.join(', ');
    throw usageError(
      `attribute: the model has the outputs ${names}; say by output: N which number is explained, counted over all of them`,
    );
  }
  const { run, start, mask, shape, embedded } = inputOf(model, x);
  const [batch] = x.shape;
  const from = baselineOf(start, embedded ? undefined : baseline);
  try {
    const { place, valueAt, gradientAt } = pathOf(run, start, from, output);
    const change = tf.tidy(() => tf.sub(start, from).dataSync());
    const size = change.length / batch;
    const values = new Float64Array(change.length);
    const [first, last] = [valueAt(0), valueAt(1)];
    const allowed = quadrature.gap * Math.max(1e-3, ...last.map((value, b) => Math.abs(value - first[b])));
    const { nodes, weights } = gaussLegendre(quadrature.points);
    const measured = (a: number, b: number, before: number[], after: number[]) => {
      const part = new Float64Array(change.length);
      for (const [j, node] of nodes.entries()) {
        const gradient = gradientAt(a + (b - a) * node);
        for (let i = 0; i < part.length; i++) part[i] += (b - a) * weights[j] * gradient[i] * change[i];
      }
      const missed = Math.max(...sums(part, size).map((sum, n) => Math.abs(sum - (after[n] - before[n]))));
      return { a, b, before, after, part, missed };
    };
    const stretches = [measured(0, 1, first, last)];
    while (stretches.length < quadrature.stretches) {
      if (stretches.reduce((sum, { missed }) => sum + missed, 0) <= allowed) break;
      stretches.sort((one, other) => one.missed - other.missed);
      const worst = stretches.pop();
      if (worst === undefined) break;
      const middle = (worst.a + worst.b) / 2;
      const between = valueAt(middle);
      stretches.push(measured(worst.a, middle, worst.before, between), measured(middle, worst.b, between, worst.after));
      await tf.nextFrame();
    }
    for (const { part } of stretches) for (let i = 0; i < part.length; i++) values[i] += part[i];
    const gap = Math.max(...sums(values, size).map((sum, n) => Math.abs(sum - (last[n] - first[n]))));
    const data = Float32Array.from(embedded ? sums(values, start.shape[2] ?? 1) : values);
    return { values: { data, shape }, place, output: last, baseline: first, gap };
  } finally {
    tf.dispose([start, from, ...(mask ? [mask] : [])]);
  }
}

/** Sums of each `size` numbers. */
function sums(values: Float64Array, size: number): number[] {
  return Array.from({ length: values.length / size }, (_, n) =>
    values.subarray(n * size, (n + 1) * size).reduce((sum, value) => sum + value, 0),
  );
}

/** The explained output of each sample, and its gradient, on the line from the baseline (α = 0) to the input (1). */
function pathOf(
  run: (input: tf.Tensor) => tf.Tensor,
  start: tf.Tensor,
  from: tf.Tensor,
  output: number | undefined,
): { place: number[]; valueAt(alpha: number): number[]; gradientAt(alpha: number): ArrayLike<number> } {
  const [batch] = start.shape;
  const rows = (input: tf.Tensor) => tf.reshape(run(input), [batch, -1]) as tf.Tensor2D;
  const at = (alpha: number) => tf.add(from, tf.mul(tf.sub(start, from), alpha));
  const { whole, steps } = tf.tidy(() => {
    const out = run(start);
    return { whole: (tf.reshape(out, [batch, -1]) as tf.Tensor2D).arraySync(), steps: out.rank > 2 ? out.shape[1] : 1 };
  });
  const [{ length: width }] = whole;
  if (output !== undefined && !(Number.isInteger(output) && output >= 0 && output < width)) {
    throw usageError(`attribute: output ${output} is none of the ${width} outputs`);
  }
  const place = whole.map((row) => output ?? largest(row, width - width / (steps ?? 1)));
  const chosen = new Float32Array(width * batch);
  for (const [b, one] of place.entries()) chosen[b * width + one] = 1;
  return {
    place,
    valueAt: (alpha) => tf.tidy(() => rows(at(alpha)).arraySync()).map((row, b) => row[place[b]]),
    gradientAt: (alpha) =>
      tf.tidy(() => {
        const picked = tf.tensor2d(chosen, [batch, width]);
        const explained = (input: tf.Tensor) => tf.sum(tf.mul(rows(input), picked)) as tf.Scalar;
        return tf.grad(explained)(at(alpha)).dataSync();
      }),
  };
}

interface Explained {
  /** The rest of the model, on what its beginning gives. */
  run: (input: tf.Tensor) => tf.Tensor;
  /** What the beginning gives for x, and the steps that count. */
  start: tf.Tensor;
  mask?: tf.Tensor;
  shape: number[];
  embedded: boolean;
}

/**
 * The part of a model after its Embedding, since whole numbers have no gradient, or after its Masking: steps that are masked stay so on
 * the whole way from the baseline.
 * @throws MemcellError (model) where x goes into such a layer and into others beside it
 */
function inputOf(model: tf.LayersModel, x: tf.Tensor): Explained {
  const read = readers(model);
  const first = read.find((layer) => ['Embedding', 'Masking'].includes(layer.getClassName()));
  const shape = [...x.shape];
  const embedded = first?.getClassName() === 'Embedding';
  if (first === undefined) {
    const run = (input: tf.Tensor) => sideBySide(runGraph(model, [{ value: input }], false));
    return { run, start: tf.cast(x, 'float32'), shape, embedded };
  }
  if (read.length > 1) {
    const names = read.map(({ name }) => name).join(', ');
    throw modelError(
      `attribute: ${names} read the model's input; a model with ${embedded ? 'an Embedding' : 'a Masking'} is explained where nothing else reads it`,
    );
  }
  const begun = tf.tidy(() => {
    const { value, mask } = runLayer(first, [{ value: x }], false)[0];
    return mask ? [value, mask] : [value];
  });
  const [start, mask] = begun;
  const run = (input: tf.Tensor) => {
    const begin = [{ value: input, ...(mask && { mask }) }];
    return sideBySide(runGraph(model, [{ value: x }], false, (_, [{ value }]) => (value === x ? begin : undefined)));
  };
  return { run, start, ...(mask && { mask }), shape, embedded };
}

/** One output as it is; of several each sample's numbers, one after the other. */
function sideBySide(outputs: readonly { value: tf.Tensor }[]): tf.Tensor {
  if (outputs.length === 1) return outputs[0].value;
  return tf.concat(
    outputs.map(({ value }) => tf.reshape(value, [value.shape[0], -1])),
    1,
  );
}

/** The layers that a model's first input goes into, models in it opened up; each as often as it does. */
function readers(model: tf.LayersModel): tf.layers.Layer[] {
  const direct =
    model instanceof tf.Sequential
      ? model.layers.filter((layer) => layer.getClassName() !== 'InputLayer').slice(0, 1)
      : callsOf(model).flatMap(({ inputTensors, outboundLayer }) =>
          inputTensors.filter((tensor) => tensor === model.inputs[0]).map(() => outboundLayer),
        );
  return direct.flatMap((layer) => (isModel(layer) ? readers(layer) : [layer]));
}

/** The place of the largest number from `from` on. */
function largest(row: readonly number[], from: number): number {
  let best = from;
  for (let i = from; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}

function baselineOf(start: tf.Tensor, baseline: ArrayLike<number> | undefined): tf.Tensor {
  if (baseline === undefined) return tf.zerosLike(start);
  const [batch, ...sample] = start.shape;
  const size = sample.reduce((product, one) => product * one, 1);
  const given = typeof baseline === 'object' && baseline !== null ? Array.from(baseline) : [];
  if (given.length !== size || !given.every(Number.isFinite)) {
    throw usageError(`attribute: the baseline must be ${size} finite numbers, as one sample is`);
  }
  return tf.tidy(() => tf.tile(tf.tensor(given, [1, ...sample]), [batch, ...sample.map(() => 1)]));
}

/**
 * Nodes and weights on [0, 1] that integrate polynomials of degree 2n − 1 exactly: the roots of the Legendre polynomial Pₙ, by
 * Newton's method from cos(π(i − ¼)/(n + ½)) with Pₙ from its three-term recurrence.
 */
function gaussLegendre(n: number): { nodes: number[]; weights: number[] } {
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
