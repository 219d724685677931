/** The products on the engine's rows against sums written out, over sizes, shares of the batch and both kinds of tiles. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bench, expectClose, normals, size } from './elementwise/block.js';

interface Shape {
  inputs: number;
  units: number;
  steps: number;
  batch: number;
  split: number;
  pad: number;
  /** Rows between the steps of x and of y that are not theirs. */
  gaps: readonly [number, number];
  seed: number;
}

const shape: fc.Arbitrary<Shape> = fc
  .record({
    inputs: size,
    units: size,
    steps: fc.integer({ min: 1, max: 4 }),
    batch: fc.constantFrom(1, 2, 5, 6, 7, 13, 70),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    pad: fc.integer({ min: 0, max: 5 }),
    gaps: fc.constantFrom([0, 0], [0, 2], [3, 0], [1, 2]) satisfies fc.Arbitrary<readonly [number, number]>,
    seed: fc.nat(1e6),
  })
  .map(({ part, ...rest }) => ({ ...rest, split: Math.round(part * rest.batch) }));

/** (rows, columns) row-major → panels [⌈columns/16⌉][rows][16], zeros beyond. */
function panelsOf(values: Float32Array, rows: number, columns: number): Float32Array {
  const panels = Math.ceil(columns / 16);
  const out = new Float32Array(16 * rows * panels);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[((c >> 4) * rows + r) * 16 + (c & 15)] = values[r * columns + c];
  return out;
}

function expected(x: Float32Array, w: Float32Array, rows: number, { inputs, units }: Shape): Float32Array {
  const y = new Float32Array(rows * 16 * Math.ceil(units / 16));
  const width = y.length / rows;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < units; c++) {
      let sum = w[inputs * units + c];
      for (let k = 0; k < inputs; k++) sum += x[r * inputs + k] * w[k * units + c];
      y[r * width + c] = sum;
    }
  return y;
}

test.each([0, 1])('rowsProduct, wide %i: x·W + b to 1e-5, whole and split, padding untouched', (wide) => {
  fc.assert(
    fc.property(shape, (s) => {
      const { inputs, units, steps, batch, split, pad, gaps, seed } = s;
      const bench = new Bench(1 << 21);
      const rows = steps * batch;
      const x = normals(seed, rows * inputs);
      const w = normals(seed + 1, (inputs + 1) * units);
      const width = 16 * Math.ceil(units / 16);
      const [xRows, yRows] = gaps.map((gap) => batch + gap);
      const apart = new Float32Array(steps * xRows * inputs);
      for (let t = 0; t < steps; t++)
        apart.set(x.subarray(t * batch * inputs, (t + 1) * batch * inputs), t * xRows * inputs);
      const input = bench.rows(steps * xRows, inputs, inputs + pad, apart);
      const weights = bench.vector(panelsOf(w, inputs + 1, units));
      const [whole, parts] = [0, 1].map(() => bench.rows(steps * yRows, width, width + pad));
      const run = (to: number, from: number, until: number) =>
        bench.kernels.rowsProduct(
          width / 16,
          inputs,
          input.address,
          xRows * (inputs + pad),
          inputs + pad,
          weights.address,
          inputs + 1,
          weights.address + 64 * inputs,
          to,
          yRows * (width + pad),
          width + pad,
          steps,
          batch,
          from,
          until,
          wide,
        );
      run(whole.address, 0, batch);
      run(parts.address, split, batch);
      run(parts.address, 0, split);
      const ofRows = (from: number, to: number) => whole.read().subarray(from * width, to * width);
      const right = expected(x, w, rows, s);
      for (let t = 0; t < steps; t++) {
        const own = ofRows(t * yRows, t * yRows + batch);
        expectClose(own, right.subarray(t * batch * width, (t + 1) * batch * width), 1e-5, 1e-5);
        expect(ofRows(t * yRows + batch, (t + 1) * yRows).every(Number.isNaN)).toBe(true);
      }
      expect(parts.read()).toEqual(whole.read());
      bench.done();
    }),
    { numRuns: 40 },
  );
});

test.each([0, 1])('denseGradients and the transposed products, wide %i: xᵀ·dy, Σ dy and dy·Wᵀ to 1e-4', (wide) => {
  fc.assert(
    fc.property(shape, (s) => {
      const { inputs, units, steps, batch, pad, seed } = s;
      const bench = new Bench(1 << 22);
      const rows = steps * batch;
      const x = normals(seed, rows * inputs);
      const dy = normals(seed + 1, rows * units);
      const w = normals(seed + 2, (inputs + 1) * units);
      const panels = Math.ceil(units / 16);
      const input = bench.rows(rows, inputs, inputs + pad, x);
      const gradient = bench.rows(rows, units, units + pad, dy);
      const weights = bench.vector(panelsOf(w, inputs + 1, units));
      const dw = bench.empty(16 * panels * (inputs + 1));
      const scratch = bench.empty(panels * 16 * 256);
      const cut = Math.floor(panels / 2);
      for (const [from, to] of [
        [cut, panels],
        [0, cut],
      ])
        bench.kernels.denseGradients(
          input.address,
          inputs + pad,
          inputs,
          gradient.address,
          units + pad,
          units,
          rows,
          dw.address,
          inputs + 1,
          1,
          scratch.address,
          from,
          to,
          wide,
        );
      const sums = new Float32Array((inputs + 1) * units);
      for (let k = 0; k <= inputs; k++)
        for (let c = 0; c < units; c++) {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum += (k < inputs ? x[r * inputs + k] : 1) * dy[r * units + c];
          sums[k * units + c] = sum;
        }
      expectClose(dw.read(), panelsOf(sums, inputs + 1, units), 1e-4, 1e-5);

      const back = new Float32Array(rows * inputs);
      for (let r = 0; r < rows; r++)
        for (let k = 0; k < inputs; k++)
          for (let c = 0; c < units; c++) back[r * inputs + k] += dy[r * units + c] * w[k * units + c];
      const one = bench.empty(inputs);
      // Behind a row there may be anything.
      const row = bench.vector([...dy.subarray(0, units), ...new Array<number>(16).fill(Number.NaN)]);
      bench.kernels.rowTimesTransposed(inputs, row.address, units, weights.address, inputs + 1, one.address);
      expectClose(one.read(), back.subarray(0, inputs), 1e-4, 1e-5);

      const wide16 = 16 * Math.ceil(inputs / 16);
      const transposed = bench.empty(16 * Math.ceil((inputs + 1) / 16) * 16 * panels);
      bench.kernels.transposeSomePanels(weights.address, panels, inputs + 1, transposed.address, cut, panels);
      bench.kernels.transposeSomePanels(weights.address, panels, inputs + 1, transposed.address, 0, cut);
      const dx = bench.rows(rows, wide16, wide16 + pad);
      bench.kernels.rowsProduct(
        wide16 / 16,
        units,
        gradient.address,
        batch * (units + pad),
        units + pad,
        transposed.address,
        16 * panels,
        0,
        dx.address,
        batch * (wide16 + pad),
        wide16 + pad,
        steps,
        batch,
        0,
        batch,
        wide,
      );
      const got = dx.read();
      const used = Float32Array.from(
        { length: rows * inputs },
        (_, i) => got[Math.floor(i / inputs) * wide16 + (i % inputs)],
      );
      expectClose(used, back, 1e-4, 1e-5);
      bench.done();
    }),
    { numRuns: 40 },
  );
});
