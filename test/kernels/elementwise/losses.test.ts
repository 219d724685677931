import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  gaussianLikelihood,
  hinge,
  huber,
  kullbackLeiblerDivergence,
  type Loss,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  quantile,
  sparseCategoricalCrossentropy,
} from '../../../src/training/losses.js';
import { Bench, type Block, expectClose, type Functions, forShapes, normals, uniforms } from './block.js';

interface Arguments {
  p: Block;
  y: Block;
  labels: number;
  weights: number;
  scale: number;
  losses: number;
  probabilities: Block;
  gradient: number;
  ldGradient: number;
  row0: number;
  row1: number;
}

interface Case {
  name: string;
  loss: Loss;
  from: 'logits' | 'probabilities' | 'values';
  /** The only number of columns it takes. */
  width?: number;
  /** Targets of 0 and 1. */
  binary?: boolean;
  softmax?: boolean;
  run(kernels: Functions, a: Arguments): void;
}

const SMOOTHING = 0.1;

type Alike = Extract<
  keyof Functions,
  | 'percentageErrorLoss'
  | 'logarithmicErrorLoss'
  | 'logCoshLoss'
  | 'poissonLoss'
  | 'quantileLoss'
  | 'gaussianLoss'
  | 'cosineLoss'
  | 'divergenceLoss'
  | 'hingeLoss'
  | 'categoricalHingeLoss'
>;

/** A loss whose kernel takes the arguments that most take. */
const alike = (loss: Loss, kernel: Alike, given: Partial<Case> & { option?: number } = {}): Case => ({
  name: given.binary ? `${loss.name} of 0 and 1` : loss.name,
  loss,
  from: 'values',
  ...given,
  run: (k, a) =>
    k[kernel](
      a.p.address,
      a.p.ld,
      a.y.address,
      a.y.ld,
      given.option ?? 0,
      a.weights,
      a.scale,
      a.losses,
      a.gradient,
      a.ldGradient,
      a.p.n,
      a.row0,
      a.row1,
    ),
});

const cases: Case[] = [
  ...[0, SMOOTHING].map(
    (smoothing): Case => ({
      name: `softmax + categorical cross-entropy, smoothing ${smoothing}`,
      loss: categoricalCrossentropy({ labelSmoothing: smoothing, fromLogits: true }),
      from: 'logits',
      run: (k, a) =>
        k.softmaxCategoricalLoss(
          a.p.address,
          a.p.ld,
          a.y.address,
          a.y.ld,
          smoothing,
          a.weights,
          a.scale,
          a.losses,
          a.probabilities.address,
          a.probabilities.ld,
          a.gradient,
          a.ldGradient,
          a.p.n,
          a.row0,
          a.row1,
        ),
    }),
  ),
  {
    name: 'softmax + sparse categorical cross-entropy',
    loss: sparseCategoricalCrossentropy({ fromLogits: true }),
    from: 'logits',
    run: (k, a) =>
      expect(
        k.softmaxSparseLoss(
          a.p.address,
          a.p.ld,
          a.labels,
          a.weights,
          a.scale,
          a.losses,
          a.probabilities.address,
          a.probabilities.ld,
          a.gradient,
          a.ldGradient,
          a.p.n,
          a.row0,
          a.row1,
        ),
      ).toBe(0),
  },
  ...[0, SMOOTHING].map(
    (smoothing): Case => ({
      name: `sigmoid + binary cross-entropy, smoothing ${smoothing}`,
      loss: binaryCrossentropy({ labelSmoothing: smoothing, fromLogits: true }),
      from: 'logits',
      run: (k, a) =>
        k.sigmoidBinaryLoss(
          a.p.address,
          a.p.ld,
          a.y.address,
          a.y.ld,
          smoothing,
          a.weights,
          a.scale,
          a.losses,
          a.probabilities.address,
          a.probabilities.ld,
          a.gradient,
          a.ldGradient,
          a.p.n,
          a.row0,
          a.row1,
        ),
    }),
  ),
  {
    name: 'categorical cross-entropy of probabilities',
    loss: categoricalCrossentropy({ labelSmoothing: SMOOTHING }),
    from: 'probabilities',
    run: (k, a) =>
      k.categoricalLoss(
        a.p.address,
        a.p.ld,
        a.y.address,
        a.y.ld,
        SMOOTHING,
        a.weights,
        a.scale,
        a.losses,
        a.gradient,
        a.ldGradient,
        a.p.n,
        a.row0,
        a.row1,
      ),
  },
  {
    name: 'sparse categorical cross-entropy of probabilities',
    loss: sparseCategoricalCrossentropy(),
    from: 'probabilities',
    run: (k, a) =>
      expect(
        k.sparseCategoricalLoss(
          a.p.address,
          a.p.ld,
          a.labels,
          a.weights,
          a.scale,
          a.losses,
          a.gradient,
          a.ldGradient,
          a.p.n,
          a.row0,
          a.row1,
        ),
      ).toBe(0),
  },
  {
    name: 'binary cross-entropy of probabilities',
    loss: binaryCrossentropy({ labelSmoothing: SMOOTHING }),
    from: 'probabilities',
    run: (k, a) =>
      k.binaryLoss(
        a.p.address,
        a.p.ld,
        a.y.address,
        a.y.ld,
        SMOOTHING,
        a.weights,
        a.scale,
        a.losses,
        a.gradient,
        a.ldGradient,
        a.p.n,
        a.row0,
        a.row1,
      ),
  },
  {
    name: 'mean squared error',
    loss: meanSquaredError(),
    from: 'values',
    run: (k, a) =>
      k.squaredErrorLoss(
        a.p.address,
        a.p.ld,
        a.y.address,
        a.y.ld,
        a.weights,
        a.scale,
        a.losses,
        a.gradient,
        a.ldGradient,
        a.p.n,
        a.row0,
        a.row1,
      ),
  },
  {
    name: 'mean absolute error',
    loss: meanAbsoluteError(),
    from: 'values',
    run: (k, a) =>
      k.absoluteErrorLoss(
        a.p.address,
        a.p.ld,
        a.y.address,
        a.y.ld,
        a.weights,
        a.scale,
        a.losses,
        a.gradient,
        a.ldGradient,
        a.p.n,
        a.row0,
        a.row1,
      ),
  },
  {
    name: 'huber',
    loss: huber({ delta: 0.7 }),
    from: 'values',
    run: (k, a) =>
      k.huberLoss(
        a.p.address,
        a.p.ld,
        a.y.address,
        a.y.ld,
        0.7,
        a.weights,
        a.scale,
        a.losses,
        a.gradient,
        a.ldGradient,
        a.p.n,
        a.row0,
        a.row1,
      ),
  },
  alike(meanAbsolutePercentageError(), 'percentageErrorLoss'),
  alike(meanSquaredLogarithmicError(), 'logarithmicErrorLoss'),
  alike(logCosh(), 'logCoshLoss'),
  alike(poisson(), 'poissonLoss', { from: 'probabilities' }),
  alike(quantile({ quantile: 0.8 }), 'quantileLoss', { option: 0.8 }),
  alike(gaussianLikelihood(), 'gaussianLoss', { width: 2 }),
  alike(cosineSimilarity(), 'cosineLoss'),
  alike(kullbackLeiblerDivergence(), 'divergenceLoss', { from: 'probabilities' }),
  alike(hinge(), 'hingeLoss'),
  alike(hinge(), 'hingeLoss', { binary: true, option: 1 }),
  alike(categoricalHinge(), 'categoricalHingeLoss'),
  ...[
    { applyClassBalancing: false, alpha: 0.25, gamma: 2, labelSmoothing: 0, fromLogits: false },
    { applyClassBalancing: true, alpha: 0.4, gamma: 1.5, labelSmoothing: SMOOTHING, fromLogits: false },
    { applyClassBalancing: true, alpha: 0.7, gamma: 3, labelSmoothing: 0, fromLogits: true },
    { applyClassBalancing: false, alpha: 0.25, gamma: 0, labelSmoothing: 0, fromLogits: true },
  ].map(
    (options): Case => ({
      name: `binary focal cross-entropy ${JSON.stringify(options)}`,
      loss: binaryFocalCrossentropy(options),
      from: options.fromLogits ? 'logits' : 'probabilities',
      run: (k, a) =>
        k.binaryFocalLoss(
          a.p.address,
          a.p.ld,
          a.y.address,
          a.y.ld,
          options.labelSmoothing,
          options.alpha,
          options.gamma,
          Number(options.applyClassBalancing),
          Number(options.fromLogits),
          a.weights,
          a.scale,
          a.losses,
          a.gradient,
          a.ldGradient,
          a.p.n,
          a.row0,
          a.row1,
        ),
    }),
  ),
  ...[
    { alpha: 0.25, gamma: 2, labelSmoothing: 0, fromLogits: false },
    { alpha: 0.5, gamma: 2.5, labelSmoothing: SMOOTHING, fromLogits: false },
    { alpha: 1, gamma: 3, labelSmoothing: SMOOTHING, fromLogits: true },
    { alpha: 0.25, gamma: 1, labelSmoothing: 0, fromLogits: false },
    { alpha: 0.25, gamma: 0, labelSmoothing: 0, fromLogits: false },
  ].map(
    (options): Case => ({
      name: `categorical focal cross-entropy ${JSON.stringify(options)}`,
      loss: categoricalFocalCrossentropy(options),
      from: options.fromLogits ? 'logits' : 'probabilities',
      run: (k, a) =>
        k.categoricalFocalLoss(
          a.p.address,
          a.p.ld,
          a.y.address,
          a.y.ld,
          options.labelSmoothing,
          options.alpha,
          options.gamma,
          a.weights,
          a.scale,
          a.losses,
          options.fromLogits ? a.probabilities.address : 0,
          a.probabilities.ld,
          a.gradient,
          a.ldGradient,
          a.p.n,
          a.row0,
          a.row1,
        ),
    }),
  ),
];

/** Predictions, targets in the shape of the loss, and labels, for rows of n. */
function problem({ from, loss, binary }: Case, rows: number, n: number, seed: number) {
  let p = normals(seed, rows * n, 3);
  let y = normals(seed + 1, rows * n);
  const labels = Int32Array.from(uniforms(seed + 2, rows), (u) => Math.floor(u * n));
  if (from === 'probabilities') {
    // one class below the clip, so that its gradient must be 0
    p = uniforms(seed, rows * n).map((u, i) => (i % 5 === 4 ? 1e-9 : 0.01 + 0.9 * u));
  }
  if (loss.targets === 'probabilities') {
    y = uniforms(seed + 1, rows * n);
    // probabilities that sum to 1, or, for logits, any: the gradient takes their sum
    if (loss.logitsOf === 'softmax' && from === 'probabilities')
      for (let row = 0; row < rows; row++) {
        const sum = y.slice(row * n, row * n + n).reduce((a, b) => a + b);
        for (let j = 0; j < n; j++) y[row * n + j] /= sum;
      }
  }
  if (binary) y = y.map((value) => Number(value > 0));
  return { p, y, labels };
}

describe.each(cases.map((c) => [c.name, c] as const))('%s', (_name, c) => {
  test("value and gradient are tfjs's for Keras's definition within 2e-6; splits, aliases and no gradient change no bit", () => {
    forShapes(({ rows, n: drawn, pad, split, seed }) => {
      const any = c.width ?? drawn;
      const n = c.loss.targets === 'labels' ? Math.max(any, 2) : any; // tfjs's oneHot takes no single class
      const bench = new Bench(1 << 17);
      const { p, y, labels } = problem(c, rows, n, seed);
      const weights = uniforms(seed + 3, rows);
      const scale = 0.25;
      const predictions = bench.rows(rows, n, n + pad, p);
      const losses = bench.empty(rows);
      const gradient = bench.rows(rows, n, n + 1);
      const probabilities = bench.rows(rows, n, n + 2);
      const a: Arguments = {
        p: predictions,
        y: bench.rows(rows, n, n + pad, y),
        labels: bench.integers(labels),
        weights: bench.vector(weights).address,
        scale,
        losses: losses.address,
        probabilities,
        gradient: gradient.address,
        ldGradient: gradient.ld,
        row0: 0,
        row1: rows,
      };
      c.run(bench.kernels, a);
      const [values, slopes] = tf.tidy(() => {
        const yTrue = c.loss.targets === 'labels' ? tf.tensor1d(labels, 'int32') : tf.tensor2d(y, [rows, n]);
        const w = tf.mul(tf.tensor1d(weights), scale);
        const weighted = (v: tf.Tensor) => tf.mul(c.loss.positions(yTrue, v, c.from === 'logits'), w);
        const input = tf.tensor2d(p, [rows, n]);
        return [
          weighted(input).dataSync(),
          tf
            .grad((v: tf.Tensor) => tf.sum(weighted(v)))(input)
            .dataSync(),
        ];
      });
      expectClose(losses.read(), values, 2e-6, 2e-6, 'loss');
      const got = gradient.read();
      expectClose(got, slopes, 2e-6, 4e-6, 'gradient');
      if (c.from === 'logits' && c.loss.logitsOf) {
        const activation = c.loss.logitsOf === 'softmax' ? tf.softmax : tf.sigmoid;
        const expected = tf.tidy(() => activation(tf.tensor2d(p, [rows, n])).dataSync());
        expectClose(probabilities.read(), expected, 1e-6, 0, 'probability');
      }

      const again = bench.empty(rows);
      const other = bench.rows(rows, n, n + 2);
      c.run(bench.kernels, { ...a, losses: again.address, probabilities: other, gradient: 0 });
      expect(again.read()).toEqual(losses.read());
      const parts = { ...a, losses: again.address, gradient: predictions.address, ldGradient: predictions.ld };
      c.run(bench.kernels, { ...parts, row0: split });
      c.run(bench.kernels, { ...parts, row1: split });
      expect(predictions.read()).toEqual(got);
      expect(again.read()).toEqual(losses.read());
      bench.done();
    }, 40);
  });
});

test('a label outside the classes is counted, its loss is NaN and the other rows are right', () => {
  const bench = new Bench();
  const n = 5;
  const x = bench.rows(4, n, n, normals(1, 4 * n));
  const labels = bench.integers([2, 5, -1, 0]);
  const losses = bench.empty(4);
  const p = bench.rows(4, n, n);
  const g = bench.rows(4, n, n);
  expect(
    bench.kernels.softmaxSparseLoss(x.address, n, labels, 0, 1, losses.address, p.address, n, g.address, n, n, 0, 4),
  ).toBe(2);
  expect([...losses.read()].map(Number.isNaN)).toEqual([false, true, true, false]);
  expect(bench.kernels.sparseCategoricalLoss(p.address, n, labels, 0, 1, losses.address, g.address, n, n, 0, 4)).toBe(
    2,
  );
  expect([...losses.read()].map(Number.isNaN)).toEqual([false, true, true, false]);
  bench.done();
});

test('a sparse target is the one-hot target, value and gradient', () => {
  const bench = new Bench();
  const [rows, n] = [3, 7];
  const p = bench.rows(rows, n, n, uniforms(4, rows * n));
  const labels = [6, 0, 3];
  const y = bench.rows(
    rows,
    n,
    n,
    labels.flatMap((label) => Array.from({ length: n }, (_, j) => +(j === label))),
  );
  const losses = [bench.empty(rows), bench.empty(rows)];
  const g = [bench.rows(rows, n, n), bench.rows(rows, n, n)];
  bench.kernels.sparseCategoricalLoss(
    p.address,
    n,
    bench.integers(labels),
    0,
    1,
    losses[0].address,
    g[0].address,
    n,
    n,
    0,
    rows,
  );
  bench.kernels.categoricalLoss(p.address, n, y.address, n, 0, 0, 1, losses[1].address, g[1].address, n, n, 0, rows);
  expectClose(losses[0].read(), losses[1].read(), 1e-6);
  expectClose(g[0].read(), g[1].read(), 1e-6, 1e-6);
});

test('logits beyond the range of e^x give finite losses, and NaN is not hidden', () => {
  const bench = new Bench();
  const x = bench.rows(3, 4, 4, [1000, -1000, 0, 5, -500, 500, 80, -80, 1, Number.NaN, 2, 3]);
  const y = bench.rows(3, 4, 4, [0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
  const losses = bench.empty(3);
  const p = bench.rows(3, 4, 4);
  const { kernels } = bench;
  kernels.softmaxCategoricalLoss(x.address, 4, y.address, 4, 0, 0, 1, losses.address, p.address, 4, 0, 0, 4, 0, 3);
  expectClose(losses.read(), [2000, 1000, Number.NaN], 1e-3);
  kernels.sigmoidBinaryLoss(x.address, 4, y.address, 4, 0, 0, 1, losses.address, p.address, 4, 0, 0, 4, 0, 3);
  expectClose(losses.read(), [(1000 + 1000 + Math.log(2) + 5.0067153) / 4, 1080 / 4, Number.NaN], 1e-3);
  kernels.squaredErrorLoss(x.address, 4, y.address, 4, 0, 1, losses.address, 0, 0, 4, 2, 3);
  expect(losses.read()[2]).toBeNaN();
});

test('sparse cross-entropy of logits ± 1000: the margin, and a gradient of 0 and ±1', () => {
  const bench = new Bench();
  const [rows, n] = [4, 5];
  const x = bench.rows(rows, n, n, [
    ...[1000, -1000, 0, 0, 0],
    ...[1000, -1000, 0, 0, 0],
    ...[-1000, -1000, -1000, -1000, -1000],
    ...[0, 0, 0, 999, 1000],
  ]);
  const labels = bench.integers([0, 1, 2, 3]);
  const [losses, p, g] = [bench.empty(rows), bench.rows(rows, n, n), bench.rows(rows, n, n)];
  const { kernels } = bench;
  kernels.softmaxSparseLoss(x.address, n, labels, 0, 1, losses.address, p.address, n, g.address, n, n, 0, rows);
  const tail = 1 / (1 + Math.exp(-1));
  expectClose(losses.read(), [0, 2000, Math.log(5), 1 + Math.log1p(Math.exp(-1))], 1e-6, 1e-6);
  const even = [0.2, 0.2, 0.2, 0.2, 0.2];
  expectClose(p.read(), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...even, 0, 0, 0, 1 - tail, tail], 1e-6);
  expectClose(g.read(), [0, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0.2, 0.2, -0.8, 0.2, 0.2, 0, 0, 0, -tail, tail], 1e-6);
  bench.done();
});

test('sparse cross-entropy of outputs that are no probabilities: each is first brought into [1e-7, 1 - 1e-7], where it has no slope', () => {
  const bench = new Bench();
  const x = bench.rows(3, 3, 3, [2, 3, 0.5, -1, 0.25, 0.5, 0.1, 0.2, 0.3]);
  const labels = bench.integers([0, 0, 2]);
  const [losses, g] = [bench.empty(3), bench.rows(3, 3, 3)];
  bench.kernels.sparseCategoricalLoss(x.address, 3, labels, 0, 1, losses.address, g.address, 3, 3, 0, 3);
  expectClose(losses.read(), [Math.log(2.5), -Math.log(1e-7 / 0.75), Math.log(2)], 1e-5, 1e-6);
  const third = 1 / 0.6;
  expectClose(g.read(), [0, 0, 0.4, 0, 1 / 0.75, 1 / 0.75, third, third, third - 1 / 0.3], 1e-5);
  bench.done();
});
