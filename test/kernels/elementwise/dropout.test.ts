import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deriveKey, dropoutMask, uniformAt } from '../../../src/random.js';
import { Bench, normals, size, strides } from './block.js';

const problem = fc.record({
  n: size,
  steps: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 5 }),
  batchMajor: fc.boolean(),
  split: fc.integer({ min: 0, max: 5 }),
  rate: fc.oneof(fc.double({ min: 1e-9, max: 0.999, noNaN: true }), fc.constantFrom(0.1, 0.25, 0.5, 2 ** -24)),
  seed: fc.nat(2 ** 31),
});

const threshold = (rate: number) => Math.ceil(rate * 2 ** 24);

test('masks are those of random.ts bit by bit, counted batch-major whatever the order of rows, however the batch is split', () => {
  fc.assert(
    fc.property(problem, ({ n, steps, batch, batchMajor, split, rate, seed }) => {
      const bench = new Bench(1 << 18);
      const { kernels } = bench;
      const rows = steps * batch;
      const key = deriveKey(seed, 'dropout');
      const scale = 1 / (1 - rate);
      const mask = dropoutMask(key, rows * n, rate);
      const x = normals(seed, rows * n);
      const src = bench.rows(rows, n, n + 1, x);
      const dst = bench.rows(rows, n, n + 2);
      const b = Math.min(split, batch);
      const run = (to: typeof dst, from: number, end: number) =>
        kernels.dropout(
          src.address,
          ...strides(batchMajor, batch, steps, src.ld),
          to.address,
          ...strides(batchMajor, batch, steps, to.ld),
          key,
          threshold(rate),
          scale,
          n,
          steps * n,
          n,
          steps,
          from,
          end,
        );
      run(dst, b, batch);
      run(dst, 0, b);
      const expected = x.map((value, i) => {
        const row = Math.floor(i / n);
        const index = batchMajor ? row : (row % batch) * steps + Math.floor(row / batch);
        return value * mask[index * n + (i % n)];
      });
      expect(dst.read()).toEqual(expected);
      run(src, 0, batch);
      expect(src.read()).toEqual(expected);

      const own = bench.rows(rows, n, n + 3);
      kernels.dropoutMask(own.address, own.ld, key, threshold(rate), scale, n, Math.min(split, rows), rows);
      kernels.dropoutMask(own.address, own.ld, key, threshold(rate), scale, n, 0, Math.min(split, rows));
      expect(own.read()).toEqual(mask);
      bench.done();
    }),
  );
});

test('100,000 elements of one row agree too, at rates below 2⁻²⁴, at a draw and just above one', () => {
  const n = 100_000;
  const bench = new Bench();
  const key = deriveKey(11, 'long');
  const mask = bench.empty(n);
  for (const rate of [0.3, 1e-12, uniformAt(key, 7), uniformAt(key, 8) + 2 ** -26]) {
    bench.kernels.dropoutMask(mask.address, n, key, threshold(rate), 1 / (1 - rate), n, 0, 1);
    expect(mask.read()).toEqual(dropoutMask(key, n, rate));
  }
  bench.done();
});
