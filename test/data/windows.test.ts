import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tokenWindows, windows } from '../../src/data/windows.js';

describe('windows', () => {
  const inputs = Float32Array.of(1, -1, 2, -2, 3, -3, 4, -4, 5, -5);
  const targets = Float32Array.of(10, 20, 30, 40, 50);

  test('by hand: 5 rows of 2, window 2, horizon 2', () => {
    const { x, y, first } = windows({ inputs, features: 2, targets, outputs: 1 }, 2, 2, 0, 5);
    expect(x).toEqual({ data: Float32Array.of(1, -1, 2, -2, 2, -2, 3, -3), shape: [2, 2, 2] });
    expect(y).toEqual({ data: Float32Array.of(30, 40, 40, 50), shape: [2, 2, 1] });
    expect(first).toBe(2);
  });

  test('a later part reaches back for its inputs, never for its targets', () => {
    const series = { inputs, features: 2, targets, outputs: 1 };
    expect([...windows(series, 2, 1, 0, 3).y.data]).toEqual([30]);
    expect([...windows(series, 2, 1, 3, 5).y.data]).toEqual([40, 50]);
    expect([...windows(series, 2, 1, 3, 5).x.data.slice(0, 4)]).toEqual([2, -2, 3, -3]);
  });

  test('any series: x and y are the rows before and from t on; parts share no target', () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 40 }),
      features: fc.integer({ min: 1, max: 3 }),
      outputs: fc.integer({ min: 1, max: 2 }),
      window: fc.integer({ min: 1, max: 12 }),
      horizon: fc.integer({ min: 1, max: 5 }),
      split: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(sizes, ({ rows, features, outputs, window, horizon, split }) => {
        const series = {
          inputs: Float32Array.from({ length: rows * features }, (_, i) => i),
          features,
          targets: Float32Array.from({ length: rows * outputs }, (_, i) => 1000 + i),
          outputs,
        };
        const edge = Math.min(split, rows);
        const parts = [windows(series, window, horizon, 0, edge), windows(series, window, horizon, edge, rows)];
        for (const [part, { x, y, first }] of parts.entries()) {
          const [n] = x.shape;
          expect(x.data.length).toBe(n * window * features);
          for (let i = 0; i < n; i++) {
            const t = first + i;
            expect(x.data[i * window * features]).toBe((t - window) * features);
            expect(x.data[(i + 1) * window * features - 1]).toBe(t * features - 1);
            expect(y.data[i * horizon * outputs]).toBe(1000 + t * outputs);
            const last = (y.data[(i + 1) * horizon * outputs - 1] - 1000) / outputs;
            expect(part === 0 ? last < edge : t >= edge && last < rows).toBe(true);
          }
        }
      }),
    );
  });

  test('too much for one array', () => {
    const series = { inputs: new Float32Array(0), features: 1000, targets: new Float32Array(0), outputs: 1 };
    expect(() => windows(series, 10_000, 1, 10_000, 20_000)).toThrow('take a smaller window');
    const long = new Int32Array(200_000);
    expect(() => tokenWindows(long, 100_000, 1, false)).toThrow('windows of shape (100000, 100000) need 37.3 GB');
  });
});

describe('tokenWindows', () => {
  const ids = Int32Array.of(0, 1, 2, 3, 4, 5);
  test('by hand', () => {
    expect(tokenWindows(ids, 2, 1, false)).toEqual({
      x: { data: Int32Array.of(0, 1, 1, 2, 2, 3, 3, 4), shape: [4, 2] },
      y: { data: Int32Array.of(2, 3, 4, 5), shape: [4] },
    });
    expect(tokenWindows(ids, 2, 2, true)).toEqual({
      x: { data: Int32Array.of(0, 1, 2, 3), shape: [2, 2] },
      y: { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] },
    });
  });
  test('as many as fit, none when too short', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (length, window, stride) => {
          const sequence = Int32Array.from({ length }, (_, i) => i);
          const { x, y } = tokenWindows(sequence, window, stride, true);
          let n = 0;
          for (let start = 0; start + window < length; start += stride) n++;
          expect(x.shape).toEqual([n, window]);
          expect([...y.data]).toEqual(Array.from(x.data, (id) => id + 1));
        },
      ),
    );
  });
});
