import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Bench, expectClose, forShapes, normals } from './block.js';

const EPSILON = 1e-3;

function layerNormalization(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return x
    .sub(mean)
    .mul(tf.rsqrt(variance.add(EPSILON)))
    .mul(gamma)
    .add(beta);
}

test("value and gradients are tfjs autograd's within 1e-5; splits over rows and columns change no bit", () => {
  forShapes(({ rows, n, pad, split, seed }) => {
    const bench = new Bench(1 << 18);
    const { kernels } = bench;
    const [x, dy] = [normals(seed, rows * n, 2).map((v) => v + 3), normals(seed + 1, rows * n)];
    const [gamma, beta] = [normals(seed + 2, n), normals(seed + 3, n)];
    const src = bench.rows(rows, n, n + pad, x);
    const y = bench.rows(rows, n, n + 1);
    const dY = bench.rows(rows, n, n + pad, dy);
    const dX = bench.rows(rows, n, n);
    const [g, b] = [bench.vector(gamma).address, bench.vector(beta).address];
    const [mean, rstd] = [bench.empty(rows).address, bench.empty(rows).address];
    const [dGamma, dBeta] = [bench.empty(n), bench.empty(n)];
    const forward = (row0: number, row1: number) =>
      kernels.layerNormForward(src.address, src.ld, y.address, y.ld, g, b, mean, rstd, EPSILON, n, row0, row1);
    const backward = (to: typeof dX, row0: number, row1: number) =>
      kernels.layerNormBackward(
        src.address,
        src.ld,
        dY.address,
        dY.ld,
        to.address,
        to.ld,
        g,
        mean,
        rstd,
        n,
        row0,
        row1,
      );
    const gradients = (toGamma: number, toBeta: number, from: number, to: number) =>
      kernels.layerNormGradients(
        src.address,
        src.ld,
        dY.address,
        dY.ld,
        mean,
        rstd,
        toGamma,
        toBeta,
        0,
        rows,
        from,
        to,
      );
    forward(split, rows);
    forward(0, split);
    backward(dX, 0, rows);
    const column = Math.min(n, split);
    gradients(dGamma.address, dBeta.address, column, n);
    gradients(dGamma.address, dBeta.address, 0, column);

    const expected = tf.tidy(() => {
      const inputs = [tf.tensor2d(x, [rows, n]), tf.tensor1d(gamma), tf.tensor1d(beta)];
      const call = (a: tf.Tensor, c: tf.Tensor, d: tf.Tensor) => layerNormalization(a, c, d);
      const grads = tf.grads(call)(inputs, tf.tensor2d(dy, [rows, n]));
      return [call(inputs[0], inputs[1], inputs[2]), ...grads].map((t) => t.dataSync());
    });
    expectClose(y.read(), expected[0], 1e-5, 0, 'y');
    expectClose(dX.read(), expected[1], 2e-5, 1e-5, 'dX');
    expectClose(dGamma.read(), expected[2], 2e-5, 0, 'dGamma');
    expectClose(dBeta.read(), expected[3], 1e-5, 0, 'dBeta');

    const wholeGamma = bench.empty(n);
    gradients(wholeGamma.address, 0, 0, n);
    expect(wholeGamma.read()).toEqual(dGamma.read());
    backward(dY, split, rows);
    backward(dY, 0, split);
    expect(dY.read()).toEqual(dX.read());
    bench.done();
  });
});

test('without gamma and beta they count as 1 and 0', () => {
  const bench = new Bench();
  const [rows, n] = [3, 7];
  const x = normals(1, rows * n);
  const src = bench.rows(rows, n, n, x);
  const ones = bench.vector(new Float32Array(n).fill(1)).address;
  const zeros = bench.vector(new Float32Array(n)).address;
  const saved = [0, 1].map(() => bench.empty(rows).address);
  const results = [
    [0, 0],
    [ones, zeros],
  ].map(([g, b]) => {
    const y = bench.rows(rows, n, n);
    const dX = bench.rows(rows, n, n);
    bench.kernels.layerNormForward(src.address, n, y.address, n, g, b, saved[0], saved[1], EPSILON, n, 0, rows);
    bench.kernels.layerNormBackward(src.address, n, y.address, n, dX.address, n, g, saved[0], saved[1], n, 0, rows);
    return [y.read(), dX.read()];
  });
  expect(results[0]).toEqual(results[1]);
});
