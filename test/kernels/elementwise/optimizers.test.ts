import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adam, adamw, type Optimizer, rmsprop, sgd } from '../../../src/training/optimizers.js';
import { Bench, type Block, expectClose, type Functions, normals, size } from './block.js';

interface Step {
  w: number;
  g: number;
  squares: number;
  slots: number[];
  from: number;
  to: number;
  t: number;
}

interface Case {
  name: string;
  make(): Optimizer;
  squares?: boolean;
  run(kernels: Functions, s: Step): void;
}

const alpha = (rate: number, t: number, beta1 = 0.9, beta2 = 0.999) =>
  (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
const none = Infinity;

const cases: Case[] = [
  {
    name: 'sgd with decay',
    make: () => sgd({ learningRate: 0.1, weightDecay: 0.02 }),
    run: (k, s) => k.sgd(s.w, s.g, s.from, s.to, 1, none, 0.002, 0.1),
  },
  ...[false, true].map(
    (nesterov): Case => ({
      name: nesterov ? 'nesterov' : 'momentum',
      make: () => sgd({ learningRate: 0.05, momentum: 0.8, nesterov, clipvalue: 0.5 }),
      run: (k, s) => k.sgdMomentum(s.w, s.g, s.slots[0], s.from, s.to, 1, 0.5, 0, 0.05, 0.8, +nesterov),
    }),
  ),
  ...[false, true].map(
    (squares): Case => ({
      name: `rmsprop${squares ? ', squares given' : ''}`,
      make: () => rmsprop({ learningRate: 0.01 }),
      squares,
      run: (k, s) =>
        k.rmsprop(s.w, s.g, s.squares, s.slots[0], 0, 0, s.from, s.to, 1, none, 0, 0.01, 0.9, 1 - 0.9, 0, 1e-7),
    }),
  ),
  {
    name: 'rmsprop, centered, momentum, decay',
    make: () =>
      rmsprop({ learningRate: 0.01, rho: 0.8, momentum: 0.7, centered: true, epsilon: 1e-3, weightDecay: 0.1 }),
    run: (k, s) =>
      k.rmsprop(
        s.w,
        s.g,
        0,
        s.slots[0],
        s.slots[1],
        s.slots[2],
        s.from,
        s.to,
        1,
        none,
        0.001,
        0.01,
        0.8,
        1 - 0.8,
        0.7,
        1e-3,
      ),
  },
  ...[false, true].map(
    (squares): Case => ({
      name: `adam${squares ? ', squares given' : ''}`,
      make: () => adam({ learningRate: 0.02 }),
      squares,
      run: (k, s) =>
        k.adam(
          s.w,
          s.g,
          s.squares,
          s.slots[0],
          s.slots[1],
          s.from,
          s.to,
          1,
          none,
          0,
          alpha(0.02, s.t),
          1 - 0.9,
          1 - 0.999,
          1e-7,
        ),
    }),
  ),
  {
    name: 'adamw with clipvalue',
    make: () => adamw({ learningRate: 0.02, weightDecay: 0.1, clipvalue: 0.3 }),
    run: (k, s) =>
      k.adam(
        s.w,
        s.g,
        0,
        s.slots[0],
        s.slots[1],
        s.from,
        s.to,
        1,
        0.3,
        0.002,
        alpha(0.02, s.t),
        1 - 0.9,
        1 - 0.999,
        1e-7,
      ),
  },
  {
    name: 'adam with amsgrad',
    make: () => adam({ learningRate: 0.02, amsgrad: true, beta2: 0.5 }),
    run: (k, s) =>
      k.adamAmsgrad(
        s.w,
        s.g,
        0,
        s.slots[0],
        s.slots[1],
        s.slots[2],
        s.from,
        s.to,
        1,
        none,
        0,
        alpha(0.02, s.t, 0.9, 0.5),
        1 - 0.9,
        1 - 0.5,
        1e-7,
      ),
  },
];

describe.each(cases.map((c) => [c.name, c] as const))('%s', (_name, c) => {
  test('five steps are those of training/optimizers.ts within 1e-6; a split at any element changes no bit', () => {
    fc.assert(
      fc.property(size, fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true }), (n, seed, part) => {
        const bench = new Bench(1 << 17);
        const optimizer = c.make();
        const weights = normals(seed, n);
        const split = Math.round(part * n);
        const slots = () => optimizer.slotNames.map(() => bench.vector(new Float32Array(n)));
        const sets: [Block, Block[]][] = [0, 1].map(() => [bench.vector(weights), slots()]);
        for (let t = 1; t <= 5; t++) {
          const values = normals(seed + t, n);
          const given = normals(seed + 10 * t, n).map((x) => x * x);
          const g = bench.vector(values);
          const squares = c.squares ? bench.vector(given).address : 0;
          for (const [i, [w, state]] of sets.entries()) {
            const step = { w: w.address, g: g.address, squares, slots: state.map((s) => s.address), from: 0, to: n, t };
            if (i === 0) c.run(bench.kernels, step);
            else {
              c.run(bench.kernels, { ...step, from: split });
              c.run(bench.kernels, { ...step, to: split });
            }
          }
          expect(g.read()).toEqual(values);
          optimizer.apply([weights], [values.slice()], c.squares ? [given] : undefined);
        }
        const [[w, state], [w2, state2]] = sets;
        expectClose(w.read(), weights, 1e-6, 1e-6);
        for (const [i, slot] of state.entries()) expectClose(slot.read(), optimizer.state()[i], 1e-6, 1e-6);
        expect(w2.read()).toEqual(w.read());
        expect(state2.map((s) => s.read())).toEqual(state.map((s) => s.read()));
        bench.done();
      }),
      { numRuns: 40 },
    );
  });

  test('zeros stay zeros', () => {
    const bench = new Bench();
    const n = 21;
    const zeros = () => bench.vector(new Float32Array(n));
    const w = zeros();
    const slots = [zeros(), zeros(), zeros()];
    const step = { w: w.address, g: zeros().address, squares: 0, slots: slots.map((s) => s.address), from: 0, to: n };
    for (let t = 1; t <= 3; t++) c.run(bench.kernels, { ...step, t });
    for (const block of [w, ...slots]) expectClose(block.read(), new Float32Array(n), 0);
  });

  test('long runs of elements without a gradient get the same bits as a few elements at a time', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.array(fc.nat(700), { maxLength: 5 }), (seed, edges) => {
        const bench = new Bench();
        const n = 701;
        const weights = normals(seed, n);
        const [whole, pieces] = [0, 1].map(() =>
          [weights, ...[0, 1, 2].map(() => new Float32Array(n))].map((values) => bench.vector(values)),
        );
        for (let t = 1; t <= 3; t++) {
          // Zero before the first edge, between the second and the third, and so on; one edge less each time.
          const ends = edges.slice(t - 1).sort((a, b) => a - b);
          const isZero = (i: number) => ends.filter((edge) => edge <= i).length % 2 === 0;
          const values = normals(seed + t, n).map((x, i) => (isZero(i) ? 0 : x));
          const g = bench.vector(values).address;
          const squares = c.squares ? bench.vector(values.map((x) => x * x)).address : 0;
          const run = ([w, ...slots]: Block[], from: number, to: number) => {
            c.run(bench.kernels, { w: w.address, g, squares, slots: slots.map((s) => s.address), from, to, t });
          };
          run(whole, 0, n);
          for (let from = 0; from < n; from += 20) run(pieces, from, Math.min(from + 20, n));
        }
        expect(whole.map((block) => block.read())).toEqual(pieces.map((block) => block.read()));
      }),
      { numRuns: 10 },
    );
  });
});

test('the scale multiplies gradients, and given squares by its square, before they are clipped', () => {
  const run = (values: number[], squares: number[], scale: number, clipvalue: number) => {
    const bench = new Bench();
    const n = values.length;
    const [w, m, v] = [1, 2, 3].map(() => bench.vector(new Float32Array(n)));
    const s = squares.length > 0 ? bench.vector(squares).address : 0;
    const g = bench.vector(values).address;
    bench.kernels.adam(w.address, g, s, m.address, v.address, 0, n, scale, clipvalue, 0, 0.1, 0.1, 0.001, 1e-7);
    return [w, m, v].map((block) => block.read());
  };
  const g = [4, -8, 16, 2, -2, 1, 0, 32, -64, 3];
  expect(run(g, [], 0.25, Infinity)).toEqual(
    run(
      g.map((x) => x / 4),
      [],
      1,
      Infinity,
    ),
  );
  expect(
    run(
      g,
      g.map((x) => x * x),
      0.25,
      Infinity,
    ),
  ).toEqual(run(g, [], 0.25, Infinity));
  expect(run(g, [], 0.25, 2)).toEqual(
    run(
      g.map((x) => Math.max(-2, Math.min(2, x / 4))),
      [],
      1,
      Infinity,
    ),
  );
});

test('uses of a row that cancel in the gradient count in their squares, over whole runs of such rows', () => {
  const bench = new Bench();
  const n = 96;
  const [w, m, v] = [1, 2, 3].map(() => bench.vector(new Float32Array(n)));
  const g = bench.vector(new Float32Array(n));
  // The second run of 32 has none.
  const squares = Float32Array.from({ length: n }, (_, i) => (i < 32 || i >= 64 ? i + 1 : 0));
  const { address } = bench.vector(squares);
  bench.kernels.adam(w.address, g.address, address, m.address, v.address, 0, n, 0.5, Infinity, 0, 0.1, 0.1, 0.25, 1e-7);
  expect([...v.read()]).toEqual([...squares].map((square) => (square / 4) * 0.25));
  expect([...w.read(), ...m.read()].every((value) => value === 0)).toBe(true);
});

test('a NaN gradient makes its own weight NaN, clipped or not', () => {
  const bench = new Bench();
  const n = 11;
  const w = bench.vector(new Float32Array(n).fill(1));
  const [m, v] = [0, 1].map(() => bench.vector(new Float32Array(n)).address);
  const g = bench.vector(normals(1, n).fill(Number.NaN, 3, 4).fill(Number.NaN, 9, 10)).address;
  bench.kernels.adam(w.address, g, 0, m, v, 0, n, 1, 0.5, 0, 0.1, 0.1, 0.001, 1e-7);
  expect([...w.read().keys()].filter((i) => Number.isNaN(w.read()[i]))).toEqual([3, 9]);
});
