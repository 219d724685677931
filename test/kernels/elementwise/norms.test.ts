import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bench, expectClose, forShapes, normals } from './block.js';

const panels = fc.record({
  k: fc.integer({ min: 1, max: 9 }),
  panels: fc.integer({ min: 1, max: 5 }),
  rows: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
  split: fc.integer({ min: 0, max: 5 }),
  seed: fc.nat(1e6),
});

/** Indices of the elements of rows row0..row1 of panel p. */
function elements(k: number, p: number, row0: number, row1: number): number[] {
  return Array.from({ length: (row1 - row0) * 16 }, (_, i) => (p * k + row0) * 16 + i);
}

test('sums of squares, regularisers and scaling act on a row range of each panel; a split of the panels changes no bit', () => {
  fc.assert(
    fc.property(panels, ({ k, panels: count, rows, split, seed }) => {
      const bench = new Bench(1 << 17);
      const { kernels } = bench;
      const [row0, row1] = rows.map((r) => Math.min(r, k)).sort((a, b) => a - b);
      const middle = Math.min(split, count);
      const values = normals(seed, k * count * 16).map((x, i) => (i % 7 === 0 ? 0 : x));
      const w = bench.vector(values);
      const sums = bench.doubles(count);
      kernels.sumSquares(w.address, k, row0, row1, sums.address, middle, count);
      kernels.sumSquares(w.address, k, row0, row1, sums.address, 0, middle);
      const expected = Array.from({ length: count }, (_, p) =>
        elements(k, p, row0, row1).reduce((sum, i) => sum + values[i] ** 2, 0),
      );
      expectClose(sums.read(), expected, 1e-12, 1e-12);
      const total = expected.reduce((a, b) => a + b);
      expect(kernels.sumDoubles(sums.address, count)).toBeCloseTo(total, 10);

      const [l1, l2] = [0.25, 0.125];
      const gradients = normals(seed + 1, values.length);
      const g = bench.vector(gradients);
      kernels.regularize(w.address, 0, k, row0, row1, l1, l2, sums.address, 0, count);
      const valueOnly = sums.read();
      kernels.regularize(w.address, g.address, k, row0, row1, l1, l2, sums.address, middle, count);
      kernels.regularize(w.address, g.address, k, row0, row1, l1, l2, sums.address, 0, middle);
      expect(sums.read()).toEqual(valueOnly);
      const wanted = gradients.slice();
      const penalties = Array.from({ length: count }, (_, p) =>
        elements(k, p, row0, row1).reduce((sum, i) => {
          wanted[i] += l1 * Math.sign(values[i]) + 2 * l2 * values[i];
          return sum + l1 * Math.abs(values[i]) + l2 * values[i] ** 2;
        }, 0),
      );
      expectClose(valueOnly, penalties, 1e-12, 1e-12);
      expectClose(g.read(), wanted, 1e-6);
      expect(w.read()).toEqual(values);

      kernels.scalePanels(w.address, k, row0, row1, 0.5, 0, count);
      const scaled = values.slice();
      for (let p = 0; p < count; p++) for (const i of elements(k, p, row0, row1)) scaled[i] *= 0.5;
      expect(w.read()).toEqual(scaled);
      bench.done();
    }),
  );
});

test('column sums over a row range, by any split of the columns, alone or on top of what is there', () => {
  forShapes(({ rows, n, pad, split, seed }) => {
    const bench = new Bench(1 << 17);
    const values = normals(seed, rows * n);
    const src = bench.rows(rows, n, n + pad, values);
    const sums = bench.empty(n);
    const cut = Math.min(n, split);
    bench.kernels.columnSums(src.address, src.ld, 0, rows, sums.address, 0, cut, n);
    bench.kernels.columnSums(src.address, src.ld, 0, rows, sums.address, 0, 0, cut);
    const expected = Array.from({ length: n }, (_, j) =>
      Array.from({ length: rows }, (_, r) => values[r * n + j]).reduce((a, b) => a + b, 0),
    );
    expectClose(sums.read(), expected, 1e-6);
    const whole = bench.empty(n);
    bench.kernels.columnSums(src.address, src.ld, 0, rows, whole.address, 0, 0, n);
    expect(whole.read()).toEqual(sums.read());
    bench.kernels.columnSums(src.address, src.ld, 0, rows, sums.address, 1, 0, n);
    expectClose(
      sums.read(),
      expected.map((x) => 2 * x),
      2e-6,
    );
    bench.done();
  });
});

test('the sum of floats is exact to float64', () => {
  for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 1000, 1003]) {
    const bench = new Bench();
    const values = normals(n, n, 1e3);
    const sum = bench.kernels.sumFloats(bench.vector(values).address, n);
    expect(sum).toBeCloseTo(
      values.reduce((a, b) => a + b, 0),
      7,
    );
    bench.done();
  }
  const bench = new Bench();
  expect(bench.kernels.sumFloats(bench.vector([1, 2, 3, 4, Number.NaN]).address, 5)).toBeNaN();
});

test('areFinite sees NaN and both infinities at every place, and what is large as finite', () => {
  const bench = new Bench(1 << 18);
  const { kernels } = bench;
  for (const n of [4, 8, 20, 36]) {
    const values = normals(n, n).map((x, i) => (i % 3 === 0 ? 3e38 * Math.sign(x) : x));
    const floats = bench.vector(values);
    expect(kernels.areFinite(floats.address, n)).toBe(1);
    for (let i = 0; i < n; i++) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const spoilt = bench.vector(values.map((x, at) => (at === i ? bad : x)));
        expect([n, i, bad, kernels.areFinite(spoilt.address, n)]).toEqual([n, i, bad, 0]);
      }
    }
  }
  bench.done();
});
