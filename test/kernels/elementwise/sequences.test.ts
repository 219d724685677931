import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MergeId } from '../../../src/kernels/mergeIds.js';
import { Bench, expectClose, forShapes, normals, size } from './block.js';

const problem = fc.record({
  n: size,
  steps: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 5 }),
  split: fc.integer({ min: 0, max: 5 }),
  pad: fc.integer({ min: 0, max: 3 }),
  seed: fc.nat(1e6),
});

/** Row t·batch + b of the result is rowOf(t, b) of a row-major array. */
function arranged(steps: number, batch: number, rowOf: (t: number, b: number) => ArrayLike<number>): number[] {
  return Array.from({ length: steps * batch }, (_, r) => Array.from(rowOf(Math.floor(r / batch), r % batch))).flat();
}

test('copies: batch-major to time-major and back, backwards in time, repeated, flattened, concatenated', () => {
  fc.assert(
    fc.property(problem, ({ n, steps, batch, split, pad, seed }) => {
      const bench = new Bench(1 << 18);
      const { kernels } = bench;
      const rows = steps * batch;
      const x = normals(seed, rows * n);
      const batchMajor = (t: number, b: number) => x.subarray((b * steps + t) * n, (b * steps + t + 1) * n);
      const user = bench.vector(x);
      const b = Math.min(split, batch);
      const copy = (...[src, sStep, sBatch, dst, dStep, dBatch, width, count]: number[]) => {
        kernels.copySequence(src, sStep, sBatch, dst, dStep, dBatch, width, count, b, batch);
        kernels.copySequence(src, sStep, sBatch, dst, dStep, dBatch, width, count, 0, b);
      };
      const ld = n + pad;
      const major = bench.rows(rows, n, ld);
      copy(user.address, n, steps * n, major.address, batch * ld, ld, n, steps);
      expect([...major.read()]).toEqual(arranged(steps, batch, batchMajor));
      const back = bench.empty(rows * n);
      copy(major.address, batch * ld, ld, back.address, n, steps * n, n, steps);
      expect(back.read()).toEqual(x);

      const last = major.address + 4 * (steps - 1) * batch * ld;
      const reversed = bench.rows(rows, n, n + 1);
      copy(last, -batch * ld, ld, reversed.address, batch * (n + 1), n + 1, n, steps);
      expect([...reversed.read()]).toEqual(arranged(steps, batch, (t, e) => batchMajor(steps - 1 - t, e)));

      const repeated = bench.rows(rows, n, n);
      copy(major.address, 0, ld, repeated.address, batch * n, n, n, steps);
      expect([...repeated.read()]).toEqual(arranged(steps, batch, (_, e) => batchMajor(0, e)));
      const sums = bench.rows(batch, n, n + 2);
      kernels.sumSteps(major.address, batch * ld, ld, sums.address, n + 2, n, steps, b, batch);
      kernels.sumSteps(major.address, batch * ld, ld, sums.address, n + 2, n, steps, 0, b);
      const expected = Array.from({ length: batch * n }, (_, i) => {
        let sum = 0;
        for (let t = 0; t < steps; t++) sum = Math.fround(sum + batchMajor(t, Math.floor(i / n))[i % n]);
        return sum;
      });
      expect([...sums.read()]).toEqual(expected);

      const flat = bench.rows(batch, steps * n, steps * n + pad);
      copy(major.address, batch * ld, ld, flat.address, n, flat.ld, n, steps);
      expect(flat.read()).toEqual(x);

      const joined = bench.rows(rows, 2 * n, 2 * n + 1);
      copy(major.address, batch * ld, ld, joined.address, batch * joined.ld, joined.ld, n, steps);
      copy(last, -batch * ld, ld, joined.address + 4 * n, batch * joined.ld, joined.ld, n, steps);
      expect([...joined.read()]).toEqual(
        arranged(steps, batch, (t, e) => [...batchMajor(t, e), ...batchMajor(steps - 1 - t, e)]),
      );

      kernels.addSequence(major.address, batch * ld, ld, reversed.address, batch * (n + 1), n + 1, n, steps, b, batch);
      kernels.addSequence(major.address, batch * ld, ld, reversed.address, batch * (n + 1), n + 1, n, steps, 0, b);
      expect([...reversed.read()]).toEqual(
        arranged(steps, batch, (t, e) => batchMajor(steps - 1 - t, e).map((v, j) => v + batchMajor(t, e)[j])),
      );
      bench.done();
    }),
  );
});

test('merging two directions, the second backwards in time, and the gradient of each', () => {
  fc.assert(
    fc.property(problem, fc.constantFrom(MergeId.sum, MergeId.mul, MergeId.ave), (p, mode) => {
      const { n, steps, batch, split, pad, seed } = p;
      const bench = new Bench(1 << 18);
      const { kernels } = bench;
      const rows = steps * batch;
      const [a, c, dy] = [0, 1, 2].map((k) => normals(seed + k, rows * n));
      const [A, C] = [bench.rows(rows, n, n + pad, a), bench.rows(rows, n, n + 1, c)];
      const dY = bench.rows(rows, n, n + 2, dy);
      const y = bench.rows(rows, n, n);
      const [dA, dC] = [bench.rows(rows, n, n), bench.rows(rows, n, n + 3)];
      const reverse = ({ address, ld }: typeof A) => [address + 4 * (steps - 1) * batch * ld, -batch * ld, ld] as const;
      const direct = ({ address, ld }: typeof A) => [address, batch * ld, ld] as const;
      const b = Math.min(split, batch);
      for (const [from, to] of [
        [b, batch],
        [0, b],
      ]) {
        kernels.mergeForward(mode, ...direct(A), ...reverse(C), ...direct(y), n, steps, from, to);
        kernels.mergeBackward(mode, ...reverse(C), ...direct(dY), ...direct(dA), n, steps, from, to);
        kernels.mergeBackward(mode, ...direct(A), ...direct(dY), ...reverse(dC), n, steps, from, to);
      }
      const mirrored = (i: number) => {
        const row = Math.floor(i / n);
        return ((steps - 1 - Math.floor(row / batch)) * batch + (row % batch)) * n + (i % n);
      };
      const merge = (u: number, v: number) =>
        mode === MergeId.mul ? u * v : mode === MergeId.ave ? (u + v) / 2 : u + v;
      const slope = (other: number) => (mode === MergeId.mul ? other : mode === MergeId.ave ? 0.5 : 1);
      expectClose(
        y.read(),
        a.map((u, i) => merge(u, c[mirrored(i)])),
        1e-6,
      );
      expectClose(
        dA.read(),
        dy.map((d, i) => d * slope(c[mirrored(i)])),
        1e-6,
      );
      expectClose(
        dC.read(),
        dy.map((_, i) => dy[mirrored(i)] * slope(a[mirrored(i)])),
        1e-6,
      );
      bench.done();
    }),
  );
});

test('a row counts where any value differs from the masked one, and is zeroed where not', () => {
  forShapes(({ rows, n, pad, split, seed }) => {
    const value = 0.5;
    const x = normals(seed, rows * n);
    for (let row = 0; row < rows; row++) {
      const kind = (seed + row) % 4;
      if (kind < 2) x.fill(value, row * n, row * n + n);
      if (kind === 1) x[row * n + (seed % n)] = 0;
    }
    const bench = new Bench(1 << 17);
    const src = bench.rows(rows, n, n + pad, x);
    const dst = bench.rows(rows, n, n + 1);
    const mask = bench.empty(rows);
    for (const [from, to] of [
      [split, rows],
      [0, split],
    ])
      bench.kernels.maskingForward(src.address, src.ld, value, dst.address, dst.ld, mask.address, n, from, to);
    const counts = Array.from({ length: rows }, (_, row) => +((seed + row) % 4 !== 0));
    expect([...mask.read()]).toEqual(counts);
    const expected = x.map((v, i) => (counts[Math.floor(i / n)] ? v : 0));
    expect(dst.read()).toEqual(expected);
    bench.kernels.maskRows(src.address, src.ld, src.address, src.ld, mask.address, n, 0, rows);
    expect(src.read()).toEqual(expected);
    bench.done();
  });
});
