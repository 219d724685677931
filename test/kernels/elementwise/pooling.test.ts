import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bench, type Block, expectClose, normals, size, strides, uniforms } from './block.js';

const problem = fc.record({
  n: size,
  steps: fc.integer({ min: 1, max: 6 }),
  batch: fc.integer({ min: 1, max: 4 }),
  split: fc.integer({ min: 0, max: 4 }),
  masked: fc.boolean(),
  batchMajor: fc.boolean(),
  seed: fc.nat(1e6),
});

test('the average over the steps that count, the maximum over all, and their gradients, by any split of the batch', () => {
  fc.assert(
    fc.property(problem, ({ n, steps, batch, split, masked, batchMajor, seed }) => {
      const bench = new Bench(1 << 18);
      const { kernels } = bench;
      const rows = steps * batch;
      // few different values, so that the maximum is often reached twice
      const x = normals(seed, rows * n).map((v) => Math.round(2 * v) / 2);
      const mask = uniforms(seed, rows).map((u) => (masked && u < 0.4 ? 0 : 1));
      const src = bench.rows(rows, n, n + 1, x);
      const m = masked ? bench.vector(mask).address : 0;
      const dy = normals(seed + 1, batch * n);
      const dY = bench.rows(batch, n, n + 2, dy);
      const average = bench.rows(batch, n, n + 1);
      const largest = bench.rows(batch, n, n + 3);
      const dAverage = bench.rows(rows, n, n);
      const dLargest = bench.rows(rows, n, n + 1);
      const b = Math.min(split, batch);
      function of(): [number, number];
      function of(block: Block): [number, number, number];
      function of(block?: Block): number[] {
        const [step, entry] = strides(batchMajor, batch, steps, block?.ld);
        return block ? [block.address, step, entry] : [step, entry];
      }
      for (const [from, to] of [
        [b, batch],
        [0, b],
      ]) {
        kernels.averagePoolForward(...of(src), m, ...of(), average.address, average.ld, n, steps, from, to);
        kernels.averagePoolBackward(dY.address, dY.ld, m, ...of(), ...of(dAverage), n, steps, from, to);
        kernels.maxPoolForward(...of(src), largest.address, largest.ld, n, steps, from, to);
        kernels.maxPoolBackward(
          ...of(src),
          largest.address,
          largest.ld,
          dY.address,
          dY.ld,
          ...of(dLargest),
          n,
          steps,
          from,
          to,
        );
      }
      const expected = {
        average: new Float32Array(batch * n),
        largest: new Float32Array(batch * n),
        dAverage: new Float32Array(rows * n),
        dLargest: new Float32Array(rows * n),
      };
      for (let entry = 0; entry < batch; entry++)
        for (let j = 0; j < n; j++) {
          const [apart, first] = of();
          const all = Array.from({ length: steps }, (_, t) => t * apart + entry * first);
          const i = entry * n + j;
          const top = Math.max(...all.map((row) => x[row * n + j]));
          const ties = all.filter((row) => x[row * n + j] === top);
          expected.largest[i] = top;
          for (const row of ties) expected.dLargest[row * n + j] = dy[i] / ties.length;
          const counted = all.filter((row) => mask[row] !== 0);
          if (counted.length === 0) continue;
          expected.average[i] = counted.reduce((sum, row) => sum + x[row * n + j], 0) / counted.length;
          for (const row of counted) expected.dAverage[row * n + j] = dy[i] / counted.length;
        }
      expectClose(average.read(), expected.average, 1e-6);
      expectClose(largest.read(), expected.largest, 0);
      expectClose(dAverage.read(), expected.dAverage, 1e-6);
      expectClose(dLargest.read(), expected.dLargest, 1e-6);
      bench.done();
    }),
  );
});

test('NaN reaches the maximum, and the average from a step that counts, not from a masked one', () => {
  const bench = new Bench();
  const x = bench.rows(3, 2, 2, [1, Number.NaN, Number.NaN, 2, 3, 4]);
  const mask = bench.vector([1, 0, 1]).address;
  const y = bench.empty(2);
  bench.kernels.averagePoolForward(x.address, 2, 6, mask, 1, 3, y.address, 2, 2, 3, 0, 1);
  expect([...y.read()].map(Number.isNaN)).toEqual([false, true]);
  bench.kernels.maxPoolForward(x.address, 2, 6, y.address, 2, 2, 3, 0, 1);
  expect([...y.read()].map(Number.isNaN)).toEqual([true, true]);
});
