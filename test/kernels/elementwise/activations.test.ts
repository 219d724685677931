import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { ActivationId } from '../../../src/kernels/activationIds.js';
import { Bench, expectClose, forShapes, normals } from './block.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** erf by its Taylor series or the continued fraction of erfc: 1e-12, enough to judge float32. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  let term = a;
  let sum = a;
  for (let k = 1; k < 200; k++) {
    term *= (-a * a) / k;
    sum += term / (2 * k + 1);
  }
  if (a < 3) return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI);
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const LEAK = 0.2;
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

/** Keras 3's definitions in float64, with the limits at ±∞, and whether the backward reads x rather than y. */
const definitions: [name: keyof typeof ActivationId, f: (x: number) => number, fromInput?: boolean][] = [
  ['linear', (x) => x],
  ['relu', (x) => Math.max(x, 0)],
  ['relu6', (x) => Math.min(Math.max(x, 0), 6)],
  ['leakyRelu', (x) => (x > 0 ? x : LEAK * x)],
  ['elu', (x) => (x > 0 ? x : Math.expm1(x))],
  ['selu', (x) => SELU.scale * (x > 0 ? x : SELU.alpha * Math.expm1(x))],
  ['sigmoid', sigmoid],
  ['hardSigmoid', (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1)],
  ['hardSigmoid2', (x) => Math.min(Math.max(0.2 * x + 0.5, 0), 1)],
  ['sparseSigmoid', (x) => Math.min(Math.max(0.5 * x + 0.5, 0), 1)],
  ['tanh', Math.tanh],
  ['hardTanh', (x) => Math.min(Math.max(x, -1), 1)],
  ['squareplus', (x) => (x < 0 ? 2 / (Math.sqrt(x * x + 4) - x) : (x + Math.sqrt(x * x + 4)) / 2)],
  ['sparsePlus', (x) => Math.min(Math.max(x + 1, 0), 2) ** 2 / 4 + Math.max(x - 1, 0)],
  ['logSigmoid', (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))],
  ['hardShrink', (x) => (Math.abs(x) <= 0.5 ? 0 : x)],
  ['softShrink', (x) => x - Math.min(Math.max(x, -0.5), 0.5)],
  ['softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  ['softsign', (x) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x)))],
  ['exponential', Math.exp],
  ['silu', (x) => (x === -Infinity ? 0 : x * sigmoid(x)), true],
  ['gelu', (x) => (x === -Infinity ? 0 : 0.5 * x * (1 + erf(x / Math.SQRT2))), true],
  [
    'geluTanh',
    (x) => (x === -Infinity ? 0 : 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
    true,
  ],
  ['hardSilu', (x) => (x <= -3 ? 0 : x * Math.min(x / 6 + 0.5, 1)), true],
  ['tanhShrink', (x) => x - Math.tanh(x), true],
  ['mish', (x) => (x === -Infinity ? 0 : x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))), true],
];

/** Where f has a corner, so that a difference quotient across it means nothing. */
const corners = [0, 0.5, -0.5, 1, -1, 2.5, -2.5, 3, -3, 6];

describe.each(definitions)('%s', (name, f, fromInput) => {
  const id = ActivationId[name];

  test('is within 1e-6 of float64 from -30 to 30, right at ±∞ and beyond range, NaN for NaN', () => {
    const special = [Infinity, -Infinity, Number.NaN, 1e30, -1e30, 88.9, -88.9, 300, -300, 0, -0, 1e-30, -1e-30];
    const sweep = Float32Array.from({ length: 15001 }, (_, i) => (i - 7500) / 250 + 1e-3 * Math.sin(i));
    const x = [...special, ...sweep];
    const bench = new Bench();
    const src = bench.vector(x);
    const dst = bench.empty(x.length);
    bench.kernels.activationForward(id, src.address, x.length, dst.address, x.length, x.length, 0, 1);
    const expected = Float32Array.from(x, (v) => f(Math.fround(v)));
    expectClose(dst.read(), expected, 1e-6, 5e-7);
    bench.kernels.activationForward(id, src.address, x.length, src.address, x.length, x.length, 0, 1);
    expect(src.read()).toEqual(dst.read());
    bench.done();
  });

  test('backward is the slope of the float64 definition within 3e-6, and NaN for NaN', () => {
    const x = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 123.4 + 1e-3);
    const bench = new Bench();
    const y = x.map((v) => f(v));
    const saved = bench.vector(fromInput ? x : y);
    const dY = normals(1, x.length);
    const gradient = bench.vector(dY);
    const { address } = gradient;
    bench.kernels.activationBackward(id, saved.address, x.length, address, x.length, address, x.length, x.length, 0, 1);
    const got = gradient.read();
    const h = 1e-5;
    x.forEach((v, i) => {
      if (corners.some((c) => Math.abs(v - c) < 1e-3)) return;
      const slope = (f(v + h) - f(v - h)) / (2 * h);
      // from a saved float32 y the slope is as exact as y is
      const tolerance = 3e-6 + 4e-7 * Math.abs(slope);
      if (!(Math.abs(got[i] - dY[i] * slope) <= tolerance * Math.max(1, Math.abs(dY[i]))))
        throw new Error(`f′(${v}) · ${dY[i]}: ${got[i]}, expected ${dY[i] * slope}`);
    });
    const bad = bench.vector([Number.NaN, 1, 2]);
    bench.kernels.activationBackward(id, saved.address, 3, bad.address, 3, bad.address, 3, 3, 0, 1);
    expect(bad.read()[0]).toBeNaN();
    bench.done();
  });

  test('any rows, lengths and strides; a split changes no bit', () => {
    forShapes(({ rows, n, pad, split, seed }) => {
      const bench = new Bench(1 << 17);
      const { kernels } = bench;
      const x = normals(seed, rows * n, 3);
      const src = bench.rows(rows, n, n + pad, x);
      const whole = bench.rows(rows, n, n + 2);
      const parts = bench.rows(rows, n, n);
      kernels.activationForward(id, src.address, src.ld, whole.address, whole.ld, n, 0, rows);
      kernels.activationForward(id, src.address, src.ld, parts.address, parts.ld, n, 0, split);
      kernels.activationForward(id, src.address, src.ld, parts.address, parts.ld, n, split, rows);
      expectClose(whole.read(), x.map(f), 1e-6, 5e-7);
      expect(parts.read()).toEqual(whole.read());

      const saved = fromInput ? src : whole;
      const dY = bench.rows(rows, n, n + pad, normals(seed + 1, rows * n));
      const dX = bench.rows(rows, n, n + 1);
      const run = (to: typeof dX, row0: number, row1: number) =>
        kernels.activationBackward(id, saved.address, saved.ld, dY.address, dY.ld, to.address, to.ld, n, row0, row1);
      run(dX, 0, rows);
      const expected = dX.read();
      run(dY, 0, split);
      run(dY, split, rows);
      expect(dY.read()).toEqual(expected);
      expect(expected.every(Number.isFinite)).toBe(true);
      bench.done();
    }, 12);
  });
});

describe.each([
  ['softmax', (x: tf.Tensor) => tf.softmax(x)],
  ['logSoftmax', (x: tf.Tensor) => tf.logSoftmax(x)],
] as const)('%s', (name, builtIn) => {
  const id = ActivationId[name];

  test("value and gradient agree with tfjs's within 1e-6, for any shape; a split changes no bit", () => {
    forShapes(({ rows, n, pad, split, seed }) => {
      const bench = new Bench(1 << 17);
      const { kernels } = bench;
      const x = normals(seed, rows * n, 4);
      const dy = normals(seed + 1, rows * n);
      const src = bench.rows(rows, n, n + pad, x);
      const y = bench.rows(rows, n, n + 1);
      const dY = bench.rows(rows, n, n + pad, dy);
      const dX = bench.rows(rows, n, n);
      kernels.activationForward(id, src.address, src.ld, y.address, y.ld, n, 0, rows);
      kernels.activationBackward(id, y.address, y.ld, dY.address, dY.ld, dX.address, dX.ld, n, 0, rows);
      const [expected, gradient] = tf.tidy(() => {
        const input = tf.tensor2d(x, [rows, n]);
        const g = tf.grad((v: tf.Tensor) => builtIn(v))(input, tf.tensor2d(dy, [rows, n]));
        return [builtIn(input).dataSync(), g.dataSync()];
      });
      expectClose(y.read(), expected, 1e-6, 3e-7);
      expectClose(dX.read(), gradient, 2e-6, 1e-6);

      kernels.activationForward(id, src.address, src.ld, src.address, src.ld, n, split, rows);
      kernels.activationForward(id, src.address, src.ld, src.address, src.ld, n, 0, split);
      expect(src.read()).toEqual(y.read());
      kernels.activationBackward(id, y.address, y.ld, dY.address, dY.ld, dY.address, dY.ld, n, split, rows);
      kernels.activationBackward(id, y.address, y.ld, dY.address, dY.ld, dY.address, dY.ld, n, 0, split);
      expect(dY.read()).toEqual(dX.read());
      bench.done();
    });
  });

  test('large logits do not overflow; -∞ has probability 0; NaN makes its row NaN and no other', () => {
    const bench = new Bench();
    const rows = [
      [1e30, 1e30, -1e30, 0, 1e30],
      [500, 499, -Infinity, 0, -500],
      [1, Number.NaN, 2, 3, 4],
      [0, 0, 0, 0, 0],
    ];
    const block = bench.rows(4, 5, 6, rows.flat());
    bench.kernels.activationForward(id, block.address, 6, block.address, 6, 5, 0, 4);
    const q = 1 / (1 + Math.exp(-1));
    const expected = [
      [1 / 3, 1 / 3, 0, 0, 1 / 3],
      [q, 1 - q, 0, 0, 0],
      Array(5).fill(Number.NaN),
      Array(5).fill(0.2),
    ].flat();
    const got = block.read();
    expectClose(name === 'softmax' ? got : got.map(Math.exp), expected, 1e-6);
    bench.done();
  });
});

test('no activation id is left out', () => {
  const tested = [...definitions.map(([name]) => name), 'softmax', 'logSoftmax'];
  const ids = Object.keys(ActivationId).filter((key) => Number.isNaN(Number(key)));
  expect([...tested].sort()).toEqual(ids.sort());
});
