import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bench, expectClose, normals, size, strides, uniforms } from './block.js';

/** Below most of what is drawn, and exact as a float. */
const LIMIT = 0.5;

const problem = fc.record({
  n: size,
  steps: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 5 }),
  vocabulary: fc.integer({ min: 1, max: 6 }),
  pad: fc.integer({ min: 0, max: 3 }),
  batchMajor: fc.boolean(),
  batchSplit: fc.integer({ min: 0, max: 5 }),
  columnSplit: fc.integer({ min: 0, max: 67 }),
  seed: fc.nat(1e6),
});

test('rows of the table by batch-major index, in either order out, with the mask; the gradient and its squares come back, each use limited where that is asked', () => {
  fc.assert(
    fc.property(problem, ({ n, steps, batch, vocabulary, pad, batchMajor, batchSplit, columnSplit, seed }) => {
      const bench = new Bench(1 << 18);
      const { kernels } = bench;
      const rows = steps * batch;
      const values = normals(seed, vocabulary * n);
      const indices = Int32Array.from(uniforms(seed, rows), (u) => Math.floor(u * vocabulary));
      const table = bench.rows(vocabulary, n, n + pad, values);
      const at = bench.integers(indices);
      const y = bench.rows(rows, n, n + 1);
      const mask = bench.empty(rows);
      const b = Math.min(batch, batchSplit);
      for (const [from, to] of [
        [b, batch],
        [0, b],
      ]) {
        const bad = kernels.embeddingForward(
          table.address,
          table.ld,
          vocabulary,
          at,
          1,
          steps,
          y.address,
          ...strides(batchMajor, batch, steps, y.ld),
          mask.address,
          ...strides(batchMajor, batch, steps),
          n,
          steps,
          from,
          to,
        );
        expect(bad).toBe(0);
      }
      const indexOf = (row: number) => indices[batchMajor ? row : (row % batch) * steps + Math.floor(row / batch)];
      const place = Array.from({ length: rows }, (_, row) => indexOf(row));
      expect([...y.read()]).toEqual(place.flatMap((index) => [...values.slice(index * n, index * n + n)]));
      expect([...mask.read()]).toEqual(place.map((index) => (index === 0 ? 0 : 1)));

      const dy = normals(seed + 1, rows * n);
      const dY = bench.rows(rows, n, n + 2, dy);
      const zeros = () => bench.rows(vocabulary, n, n + pad, new Float32Array(vocabulary * n));
      const [dTable, squares, alone, limited, limitedSquares] = [zeros(), zeros(), zeros(), zeros(), zeros()];
      const column = Math.min(n, columnSplit);
      const backward = (to: number, squared: number, from: number, end: number, limit = Number.POSITIVE_INFINITY) =>
        kernels.embeddingBackward(
          dY.address,
          ...strides(batchMajor, batch, steps, dY.ld),
          at,
          1,
          steps,
          to,
          squared,
          table.ld,
          vocabulary,
          limit,
          steps,
          batch,
          from,
          end,
        );
      backward(dTable.address, squares.address, column, n);
      backward(dTable.address, squares.address, 0, column);
      backward(alone.address, 0, 0, n);
      backward(limited.address, limitedSquares.address, 0, n, LIMIT);
      const sums = new Float32Array(vocabulary * n);
      const sumsOfSquares = new Float32Array(vocabulary * n);
      const limitedSums = new Float32Array(vocabulary * n);
      const sumsOfLimited = new Float32Array(vocabulary * n);
      // Steps after one another, whatever the rows' order.
      const inTime = place.map((index, row) => [row, index]);
      if (batchMajor) inTime.sort(([a], [b]) => (a % steps) - (b % steps) || a - b);
      for (const [row, index] of inTime)
        for (let j = 0; j < n; j++) {
          sums[index * n + j] += dy[row * n + j];
          sumsOfSquares[index * n + j] += Math.fround(dy[row * n + j] ** 2);
          const use = Math.fround(Math.min(LIMIT, Math.max(-LIMIT, dy[row * n + j])));
          limitedSums[index * n + j] += use;
          sumsOfLimited[index * n + j] += Math.fround(use ** 2);
        }
      expect(dTable.read()).toEqual(sums);
      expect(alone.read()).toEqual(sums);
      expectClose(squares.read(), sumsOfSquares, 0, 0);
      expect(limited.read()).toEqual(limitedSums);
      expectClose(limitedSquares.read(), sumsOfLimited, 0, 0);
      bench.done();
    }),
  );
});

test('an index outside the vocabulary is reported with its place, gives a zero row and no gradient', () => {
  const bench = new Bench();
  const { kernels } = bench;
  const n = 5;
  const table = bench.rows(3, n, n, normals(1, 3 * n));
  for (const bad of [3, -1, 2147483647, -2147483648]) {
    const indices = bench.integers([0, 1, bad, 2]);
    const y = bench.rows(4, n, n);
    expect(kernels.embeddingForward(table.address, n, 3, indices, 1, 4, y.address, n, n, 0, 0, 0, n, 4, 0, 1)).toBe(3);
    expect([...y.read().slice(2 * n, 3 * n)]).toEqual(Array(n).fill(0));
    const dTable = bench.rows(3, n, n, new Float32Array(3 * n));
    kernels.embeddingBackward(
      y.address,
      n,
      n,
      indices,
      1,
      4,
      dTable.address,
      0,
      n,
      3,
      Number.POSITIVE_INFINITY,
      4,
      1,
      0,
      n,
    );
    expect([...dTable.read()]).toEqual([...y.read().slice(0, 2 * n), ...y.read().slice(3 * n)]);
  }
  bench.done();
});
